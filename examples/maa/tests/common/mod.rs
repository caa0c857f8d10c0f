//! What the tests share: a server with Bea's mailbox.
#![allow(dead_code, clippy::unwrap_used)]

use agent::{Account, Security, Service};
use maildir::{Maildir, Stamp};
use posta_core::disk::fs::Fs;
use posta_net::{Stop, tls::ClientConfig};
use std::{fs, sync::Arc, time::Duration};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "looking-glass";

/// A server with Bea's mailbox in a folder.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) service: Service,
    pub(crate) stop: Stop,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with("").await
    }

    /// With more lines at the top of the configuration.
    pub(crate) async fn start_with(more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let certified = rcgen::generate_simple_self_signed(["mail.b.com".to_owned()]).unwrap();
        fs::write(at("cert.pem"), certified.cert.pem()).unwrap();
        fs::write(at("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        let users =
            ["bea@b.com", "homeless@b.com"].map(|user| agent::make_keys(user, PASSWORD).unwrap());
        fs::write(at("users"), users.concat()).unwrap();
        let free = "[\"127.0.0.1:0\"]";
        let text = format!(
            "hostname = \"mail.b.com\"\nusers = {:?}\n{more}\n[listen]\npop3 = {free}\npop3s = {free}\nimap = {free}\n\
             imaps = {free}\n[tls]\ncertificate = {:?}\nkey = {:?}\n[mailboxes]\n\"bea@b.com\" = {:?}\n",
            at("users"),
            at("cert.pem"),
            at("key.pem"),
            at("bea"),
        );
        fs::write(at("maa.toml"), text).unwrap();
        let stop = Stop::new();
        let config = agent::load(&at("maa.toml")).unwrap();
        let service = maa::start(config, stop.clone()).await.unwrap();
        Self { folder, service, stop }
    }

    /// Bea's account at `pop3` or `imap`.
    pub(crate) fn bea(&self, protocol: &str, security: Security) -> Account {
        let service = match security {
            Security::Tls => format!("{protocol}s"),
            Security::StartTls => protocol.to_owned(),
        };
        Account {
            host: "mail.b.com".into(),
            connect: Some(self.service.address(&service).unwrap().to_string()),
            security,
            user: Some("bea@b.com".into()),
            password: Some(PASSWORD.into()),
        }
    }

    pub(crate) fn trust(&self) -> Arc<ClientConfig> {
        agent::trust(Some(&self.folder.path().join("cert.pem"))).unwrap()
    }

    pub(crate) fn maildir(&self) -> Maildir<Fs> {
        Maildir::create(Fs::new(self.folder.path().join("bea"))).unwrap()
    }

    pub(crate) fn deliver(&self, count: u64, text: &str) {
        let time = Duration::from_secs(1_790_000_000 + count);
        let stamp = Stamp { time, process: 1, count, random: 2, host: "mda.b.com" };
        let mut delivery = self.maildir().deliver(&stamp).unwrap();
        delivery.write(text.as_bytes()).unwrap();
        delivery.commit().unwrap();
    }

    pub(crate) async fn end(self) {
        self.stop.stop();
        self.service.finished().await.unwrap();
    }
}
