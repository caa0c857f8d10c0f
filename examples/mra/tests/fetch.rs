//! Fetching Bea's mailbox, again and again, whatever goes wrong.
#![allow(clippy::unwrap_used)]

use agent::Service;
use maildir::{Maildir, Stamp};
use mra::{Config, Fetched, fetch_all};
use posta_core::disk::fs::Fs;
use posta_net::Stop;
use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    time::Duration,
};
use tempfile::TempDir;

const PASSWORD: &str = "looking-glass";

/// A POP3 server with Bea's mailbox, and a delivery agent with another one of hers.
struct World {
    folder: TempDir,
    maa: Service,
    mda: Service,
    stop: Stop,
}

impl World {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let certified = rcgen::generate_simple_self_signed(["pop.b.com".to_owned()]).unwrap();
        fs::write(at("cert.pem"), certified.cert.pem()).unwrap();
        fs::write(at("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        fs::write(at("users"), agent::make_keys("bea@b.com", PASSWORD).unwrap()).unwrap();
        let maa = format!(
            "hostname = \"pop.b.com\"\nusers = {:?}\n[listen]\npop3s = [\"127.0.0.1:0\"]\nimaps = [\"127.0.0.1:0\"]\n[tls]\n\
             certificate = {:?}\nkey = {:?}\n[mailboxes]\n\"bea@b.com\" = {:?}\n",
            at("users"),
            at("cert.pem"),
            at("key.pem"),
            at("there"),
        );
        fs::write(at("maa.toml"), maa).unwrap();
        let mda = format!(
            "hostname = \"mda.b.com\"\nlisten = [\"127.0.0.1:0\"]\n[mailboxes]\n\"bea@b.com\" = {:?}\n",
            at("delivered")
        );
        fs::write(at("mda.toml"), mda).unwrap();
        let stop = Stop::new();
        let maa = maa::start(agent::load(&at("maa.toml")).unwrap(), stop.clone()).await.unwrap();
        let mda = mda::start(agent::load(&at("mda.toml")).unwrap(), stop.clone()).await.unwrap();
        Self { folder, maa, mda, stop }
    }

    fn config(&self, place: &str, keep: bool) -> Config {
        self.config_by("pop3", place, keep)
    }

    fn imap_config(&self, keep: bool) -> Config {
        let place = format!("maildir = {:?}", self.folder.path().join("here"));
        self.config_by("imap", &place, keep)
    }

    fn config_by(&self, protocol: &str, place: &str, keep: bool) -> Config {
        let at = |name: &str| self.folder.path().join(name);
        let text = format!(
            "hostname = \"laptop.b.com\"\nstate = {:?}\nca = {:?}\n[[mailbox]]\nname = \"b.com\"\nkeep = {keep}\n\
             {place}\n[mailbox.{protocol}]\nhost = \"pop.b.com\"\nconnect = \"{}\"\nsecurity = \"tls\"\n\
             user = \"bea@b.com\"\npassword = {PASSWORD:?}\n",
            at("state"),
            at("cert.pem"),
            self.maa.address(if protocol == "imap" { "imaps" } else { "pop3s" }).unwrap(),
        );
        fs::write(at("mra.toml"), text).unwrap();
        agent::load(&at("mra.toml")).unwrap()
    }

    fn maildir_config(&self, keep: bool) -> Config {
        self.config(&format!("maildir = {:?}", self.folder.path().join("here")), keep)
    }

    fn lmtp_config(&self) -> Config {
        let at = self.mda.address("lmtp").unwrap();
        self.config(&format!("lmtp = \"{at}\"\nrecipient = \"bea@b.com\""), true)
    }

    fn arrive(&self, count: u64) {
        let time = Duration::from_secs(1_790_000_000 + count);
        let stamp = Stamp { time, process: 1, count, random: 2, host: "mda.b.com" };
        let maildir = Maildir::create(Fs::new(self.folder.path().join("there"))).unwrap();
        let mut delivery = maildir.deliver(&stamp).unwrap();
        delivery.write(format!("Subject: {count}\r\n\r\n.\r\nñ {count}\r\n").as_bytes()).unwrap();
        delivery.commit().unwrap();
    }

    /// What is in one of the Maildirs.
    fn mail(&self, name: &str) -> Vec<String> {
        let maildir = Maildir::create(Fs::new(self.folder.path().join(name))).unwrap();
        let read = |entry| {
            let mut text = String::new();
            maildir.open(&entry).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        maildir.list().unwrap().into_iter().map(read).collect()
    }

    async fn end(self) {
        self.stop.stop();
        self.maa.finished().await.unwrap();
        self.mda.finished().await.unwrap();
    }
}

async fn fetched(config: &Config) -> (usize, usize, usize) {
    let Fetched { fetched, removed, failed } = fetch_all(config).await.remove(0).unwrap();
    (fetched, removed, failed)
}

#[tokio::test]
async fn a_message_is_fetched_once() {
    let world = World::start().await;
    let config = world.maildir_config(true);
    world.arrive(1);
    world.arrive(2);
    assert_eq!(fetched(&config).await, (2, 0, 0));
    assert_eq!(world.mail("here"), world.mail("there"));
    assert_eq!(fetched(&config).await, (0, 0, 0));
    world.arrive(3);
    assert_eq!(fetched(&config).await, (1, 0, 0));
    assert_eq!(world.mail("here"), world.mail("there"));
    assert_eq!(world.mail("here").len(), 3);
    // Without `keep` they go, those too that are here since long.
    assert_eq!(fetched(&world.maildir_config(false)).await, (0, 3, 0));
    assert_eq!(world.mail("there"), [""; 0]);
    assert_eq!(world.mail("here").len(), 3);
    world.end().await;
}

#[tokio::test]
async fn by_imap_it_is_the_same() {
    let world = World::start().await;
    world.arrive(1);
    world.arrive(2);
    assert_eq!(fetched(&world.imap_config(true)).await, (2, 0, 0));
    assert_eq!(world.mail("here"), world.mail("there"));
    assert_eq!(fetched(&world.imap_config(true)).await, (0, 0, 0));
    world.arrive(3);
    assert_eq!(fetched(&world.imap_config(false)).await, (1, 3, 0));
    assert_eq!((world.mail("here").len(), world.mail("there").len()), (3, 0));
    let mut both = world.imap_config(true);
    both.mailboxes[0].pop3 = both.mailboxes[0].imap.clone();
    assert!(matches!(fetch_all(&both).await.remove(0), Err(mra::FetchError::Config)));
    world.end().await;
}

/// Each message comes as soon as it is there, and once.
#[tokio::test]
async fn it_waits_for_news() {
    let world = World::start().await;
    let mut config = world.imap_config(false);
    config.mailboxes[0].idle = true;
    let stop = Stop::new();
    let arrivals = async {
        for count in 1..=3 {
            world.arrive(count);
            while world.mail("here").len() < count as usize || !world.mail("there").is_empty() {
                tokio::task::yield_now().await;
            }
        }
        stop.stop();
    };
    let all = async { tokio::join!(mra::watch(&config, &stop), arrivals) };
    tokio::time::timeout(Duration::from_secs(60), all).await.unwrap().0.unwrap();
    assert_eq!(world.mail("here").len(), 3);
    world.end().await;
}

/// What cannot be stored stays where it is.
#[tokio::test]
async fn only_what_is_safe_is_removed() {
    let world = World::start().await;
    let config = world.maildir_config(false);
    world.arrive(1);
    let here = world.folder.path().join("here");
    Maildir::create(Fs::new(&here)).unwrap();
    fs::remove_dir(here.join("tmp")).unwrap();
    fs::write(here.join("tmp"), "in the way").unwrap();
    assert!(fetch_all(&config).await.remove(0).is_err() || fetched(&config).await == (0, 0, 1));
    assert_eq!(world.mail("there").len(), 1);
    fs::remove_file(here.join("tmp")).unwrap();
    assert_eq!(fetched(&config).await, (1, 1, 0));
    assert_eq!((world.mail("here").len(), world.mail("there").len()), (1, 0));
    world.end().await;
}

/// We stopped after the message was stored and before that was noted.
#[tokio::test]
async fn a_crash_does_not_double_a_message() {
    let world = World::start().await;
    let config = world.maildir_config(true);
    world.arrive(1);
    assert_eq!(fetched(&config).await, (1, 0, 0));
    let state = world.folder.path().join("state/b.com");
    let uid = fs::read_to_string(&state).unwrap();
    let uid = uid.strip_prefix("seen ").unwrap().trim_end();
    let here = Maildir::create(Fs::new(world.folder.path().join("here"))).unwrap();
    let name = here.list().unwrap()[0].id().to_owned();
    fs::write(&state, format!("pending {uid} {name}\n")).unwrap();
    assert_eq!(fetched(&config).await, (0, 0, 0));
    assert_eq!(world.mail("here").len(), 1);
    // Before the message was stored: it is fetched.
    fs::write(&state, format!("pending {uid} another-name\nsee")).unwrap();
    assert_eq!(fetched(&config).await, (1, 0, 0));
    assert_eq!(world.mail("here").len(), 2);
    // A damaged file is told, and nothing is fetched for nothing.
    OpenOptions::new().append(true).open(&state).unwrap().write_all(b"what?\n").unwrap();
    assert!(fetch_all(&config).await.remove(0).is_err());
    world.end().await;
}

#[tokio::test]
async fn messages_are_handed_on_by_lmtp() {
    let world = World::start().await;
    let config = world.lmtp_config();
    world.arrive(1);
    assert_eq!(fetched(&config).await, (1, 0, 0));
    assert_eq!(fetched(&config).await, (0, 0, 0));
    let delivered = world.mail("delivered");
    assert_eq!(delivered.len(), 1);
    assert!(delivered[0].ends_with(&world.mail("there")[0]));
    world.end().await;
}

#[tokio::test]
async fn a_mailbox_that_fails_does_not_stop_the_others() {
    let world = World::start().await;
    world.arrive(1);
    let mut config = world.maildir_config(true);
    let mut broken = config.mailboxes[0].clone();
    broken.name = "broken".into();
    broken.pop3.as_mut().unwrap().password = Some("wrong".into());
    config.mailboxes.insert(0, broken);
    let all = fetch_all(&config).await;
    assert!(all[0].is_err());
    assert_eq!(all[1].as_ref().unwrap().fetched, 1);
    world.end().await;
}
