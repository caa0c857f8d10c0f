//! The access agent, with a mail program and with a person on a terminal.
#![allow(clippy::unwrap_used)]

use agent::{Account, Maildrop, Security, Service};
use maildir::{Maildir, Stamp};

use posta_core::disk::fs::Fs;
use posta_net::Stop;
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

const PASSWORD: &str = "looking-glass";

/// A server with Bea's mailbox in a folder.
struct World {
    folder: TempDir,
    service: Service,
    stop: Stop,
}

impl World {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name);
        let certified = rcgen::generate_simple_self_signed(["pop.b.com".to_owned()]).unwrap();
        fs::write(at("cert.pem"), certified.cert.pem()).unwrap();
        fs::write(at("key.pem"), certified.signing_key.serialize_pem()).unwrap();
        let users =
            ["bea@b.com", "homeless@b.com"].map(|user| agent::make_keys(user, PASSWORD).unwrap());
        fs::write(at("users"), users.concat()).unwrap();
        let text = format!(
            "hostname = \"pop.b.com\"\nusers = {:?}\n[listen]\npop3 = [\"127.0.0.1:0\"]\n\
             pop3s = [\"127.0.0.1:0\"]\n[tls]\ncertificate = {:?}\nkey = {:?}\n[mailboxes]\n\
             \"bea@b.com\" = {:?}\n",
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

    /// The configuration of Bea's mail program.
    fn bea(&self, security: Security) -> mua::Config {
        let service = if security == Security::Tls { "pop3s" } else { "pop3" };
        let account = Account {
            host: "pop.b.com".into(),
            connect: Some(self.service.address(service).unwrap().to_string()),
            security,
            user: Some("bea@b.com".into()),
            password: Some(PASSWORD.into()),
        };
        mua::Config {
            name: "Bea".into(),
            address: "bea@b.com".into(),
            ca: Some(self.folder.path().join("cert.pem")),
            submission: account.clone(),
            pop3: account,
        }
    }

    fn maildir(&self) -> Maildir<Fs> {
        Maildir::create(Fs::new(self.folder.path().join("bea"))).unwrap()
    }

    fn deliver(&self, count: u64, text: &str) {
        let time = Duration::from_secs(1_790_000_000 + count);
        let stamp = Stamp { time, process: 1, count, random: 2, host: "mda.b.com" };
        let mut delivery = self.maildir().deliver(&stamp).unwrap();
        delivery.write(text.as_bytes()).unwrap();
        delivery.commit().unwrap();
    }

    async fn end(self) {
        self.stop.stop();
        self.service.finished().await.unwrap();
    }
}

#[tokio::test]
async fn bea_reads_and_removes() {
    let world = World::start().await;
    world.deliver(1, "Subject: one\r\n\r\n.dots\r\n..\r\n");
    world.deliver(2, "Subject: two\n\nonly LF\n");
    for security in [Security::Tls, Security::StartTls] {
        let mut mailbox = mua::open(&world.bea(security)).await.unwrap();
        let list = mailbox.list().await.unwrap();
        assert_eq!(list.iter().map(|entry| entry.octets).collect::<Vec<_>>(), [27, 25]);
        let one = mailbox.read(1, None).await.unwrap();
        assert_eq!(one, b"Subject: one\r\n\r\n.dots\r\n..\r\n");
        let two = mailbox.read(2, None).await.unwrap();
        assert_eq!(two, b"Subject: two\r\n\r\nonly LF\r\n");
        assert_eq!(mailbox.read(1, Some(0)).await.unwrap(), b"Subject: one\r\n\r\n");
        mailbox.close().await.unwrap();
    }
    let mut mailbox = mua::open(&world.bea(Security::Tls)).await.unwrap();
    let before = mailbox.list().await.unwrap();
    mailbox.delete(1).await.unwrap();
    mailbox.close().await.unwrap();
    let mut mailbox = mua::open(&world.bea(Security::Tls)).await.unwrap();
    let after = mailbox.list().await.unwrap();
    assert_eq!(after.len(), 1);
    assert_eq!((after[0].number, &after[0].uid), (1, &before[1].uid));
    mailbox.close().await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn without_quit_nothing_is_removed() {
    let world = World::start().await;
    world.deliver(1, "Subject: one\r\n\r\n");
    let mut mailbox = mua::open(&world.bea(Security::Tls)).await.unwrap();
    mailbox.delete(1).await.unwrap();
    drop(mailbox);
    assert_eq!(world.maildir().list().unwrap().len(), 1);
    // The server's end, too, is no QUIT.
    let mut mailbox = again(&world).await;
    mailbox.delete(1).await.unwrap();
    let maildir = world.maildir();
    world.stop.stop();
    world.service.finished().await.unwrap();
    assert_eq!(maildir.list().unwrap().len(), 1);
}

/// Opens the mailbox as soon as the server has noticed that the last session is over.
async fn again(world: &World) -> Maildrop {
    let open = async {
        loop {
            if let Ok(mailbox) = mua::open(&world.bea(Security::Tls)).await {
                return mailbox;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), open).await.unwrap()
}

#[tokio::test]
async fn a_mailbox_belongs_to_one_session() {
    let world = World::start().await;
    world.deliver(1, "Subject: one\r\n\r\n");
    let first = mua::open(&world.bea(Security::Tls)).await.unwrap();
    let second = mua::open(&world.bea(Security::StartTls)).await;
    let refusal = second.err().unwrap().to_string();
    assert!(refusal.contains("another session"), "{refusal}");
    // Mail may come meanwhile; this session does not see it.
    world.deliver(2, "Subject: two\r\n\r\n");
    first.close().await.unwrap();
    let mut third = mua::open(&world.bea(Security::Tls)).await.unwrap();
    assert_eq!(third.list().await.unwrap().len(), 2);
    third.close().await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn only_the_right_password_opens_it() {
    let world = World::start().await;
    let mut refusals = Vec::new();
    for (user, password) in [
        ("bea@b.com", "wrong"),
        ("nobody@b.com", PASSWORD),
        ("bea@b.com", ""),
        ("../bea", PASSWORD),
    ] {
        let mut config = world.bea(Security::Tls);
        (config.pop3.user, config.pop3.password) = (Some(user.into()), Some(password.into()));
        let error = mua::open(&config).await.err().unwrap().to_string();
        assert!(!error.contains(PASSWORD), "{error}");
        refusals.push(error);
    }
    // Nobody learns which users exist.
    assert_eq!(refusals[0], refusals[1]);
    let mut config = world.bea(Security::Tls);
    config.pop3.user = Some("homeless@b.com".into());
    let error = mua::open(&config).await.err().unwrap().to_string();
    assert!(error.contains("no mailbox"), "{error}");
    world.end().await;
}

/// What the server says to each line, in the clear.
async fn telnet(world: &World, lines: &[&str]) -> Vec<String> {
    let tcp = TcpStream::connect(world.service.address("pop3").unwrap()).await.unwrap();
    let (read, mut write) = tcp.into_split();
    let mut replies = BufReader::new(read).lines();
    let mut said = vec![replies.next_line().await.unwrap().unwrap()];
    for line in lines {
        write.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        said.push(replies.next_line().await.unwrap().unwrap_or_default());
    }
    said
}

#[tokio::test]
async fn no_password_is_taken_in_the_clear() {
    let world = World::start().await;
    world.deliver(1, "Subject: one\r\n\r\n");
    let plain = "AUTH PLAIN AGJlYUBiLmNvbQBsb29raW5nLWdsYXNz";
    let said =
        telnet(&world, &["USER bea@b.com", "PASS looking-glass", plain, "STAT", "QUIT"]).await;
    assert!(said[0].starts_with("+OK pop.b.com"), "{said:?}");
    assert!(said[1..5].iter().all(|line| line.starts_with("-ERR")), "{said:?}");
    assert!(said[5].starts_with("+OK"), "{said:?}");
    world.end().await;
}

#[test]
fn keys_are_made_from_standard_input() {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_maa"))
        .args(["keys", "bea@b.com"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && line.starts_with("bea@b.com:SCRAM-SHA-256$"), "{line}");
    assert!(!line.contains(PASSWORD));
    let file = TempDir::new().unwrap();
    let path: &Path = &file.path().join("users");
    fs::write(path, line).unwrap();
    agent::users(path).unwrap();
}
