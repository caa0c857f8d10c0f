//! POP3, with a mail program and with a person on a terminal.
#![allow(clippy::unwrap_used)]

mod common;

use agent::{AccessError, Account, Maildrop, Security};
use common::{PASSWORD, World};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

async fn open(world: &World, security: Security) -> Result<Maildrop, AccessError> {
    open_as(world, &world.bea("pop3", security)).await
}

async fn open_as(world: &World, account: &Account) -> Result<Maildrop, AccessError> {
    Maildrop::open(account, &world.trust()).await
}

#[tokio::test]
async fn bea_reads_and_removes() {
    let world = World::start().await;
    world.deliver(1, "Subject: one\r\n\r\n.dots\r\n..\r\n");
    world.deliver(2, "Subject: two\n\nonly LF\n");
    for security in [Security::Tls, Security::StartTls] {
        let mut mailbox = open(&world, security).await.unwrap();
        let list = mailbox.list().await.unwrap();
        assert_eq!(list.iter().map(|entry| entry.octets).collect::<Vec<_>>(), [27, 25]);
        let one = mailbox.read(1, None).await.unwrap();
        assert_eq!(one, b"Subject: one\r\n\r\n.dots\r\n..\r\n");
        let two = mailbox.read(2, None).await.unwrap();
        assert_eq!(two, b"Subject: two\r\n\r\nonly LF\r\n");
        assert_eq!(mailbox.read(1, Some(0)).await.unwrap(), b"Subject: one\r\n\r\n");
        mailbox.close().await.unwrap();
    }
    let mut mailbox = open(&world, Security::Tls).await.unwrap();
    let before = mailbox.list().await.unwrap();
    mailbox.delete(1).await.unwrap();
    mailbox.close().await.unwrap();
    let mut mailbox = open(&world, Security::Tls).await.unwrap();
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
    let mut mailbox = open(&world, Security::Tls).await.unwrap();
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
            if let Ok(mailbox) = open(world, Security::Tls).await {
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
    let first = open(&world, Security::Tls).await.unwrap();
    let second = open(&world, Security::StartTls).await;
    let refusal = second.err().unwrap().to_string();
    assert!(refusal.contains("another session"), "{refusal}");
    // Mail may come meanwhile; this session does not see it.
    world.deliver(2, "Subject: two\r\n\r\n");
    first.close().await.unwrap();
    let mut third = open(&world, Security::Tls).await.unwrap();
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
        let (user, password) = (Some(user.into()), Some(password.into()));
        let account = Account { user, password, ..world.bea("pop3", Security::Tls) };
        let error = open_as(&world, &account).await.err().unwrap().to_string();
        assert!(!error.contains(PASSWORD), "{error}");
        refusals.push(error);
    }
    // Nobody learns which users exist.
    assert_eq!(refusals[0], refusals[1]);
    let user = Some("homeless@b.com".into());
    let account = Account { user, ..world.bea("pop3", Security::Tls) };
    let error = open_as(&world, &account).await.err().unwrap().to_string();
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
    assert!(said[0].starts_with("+OK mail.b.com"), "{said:?}");
    assert!(said[1..5].iter().all(|line| line.starts_with("-ERR")), "{said:?}");
    assert!(said[5].starts_with("+OK"), "{said:?}");
    world.end().await;
}

#[tokio::test]
async fn passwords_go_in_the_clear_where_that_is_allowed() {
    let world = World::start_with("plain_text_without_tls = true").await;
    let said = telnet(&world, &["USER bea@b.com", "PASS looking-glass", "QUIT"]).await;
    assert!(said[2].starts_with("+OK maildrop has 0"), "{said:?}");
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
