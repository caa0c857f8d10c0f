//! The delivery agent, by LMTP and by standard input.
#![allow(clippy::unwrap_used)]

use agent::{Courier, Letter, Service};
use maildir::Maildir;
use posta_core::disk::fs::Fs;
use posta_net::{Clock, Conn, Stop, Stream};
use smtp_proto::{Client, Protocol, client};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;
use tokio::net::TcpStream;

const MESSAGE: &[u8] = b"From: ana@a.org\r\nSubject: Tea\r\n\r\nAt four?\r\n.\r\n";

/// A configuration for Ana and Bea.
fn config(folder: &Path) -> PathBuf {
    let text = format!(
        "hostname = \"mda.b.com\"\nlisten = [\"127.0.0.1:0\"]\nmessage_size = 50_000\ndelimiter = \"+\"\n\
         aliases = {:?}\nrelay = \"127.0.0.1:1\"\n[mailboxes]\n\"ana@b.com\" = {:?}\n\"bea@b.com\" = {:?}\n",
        folder.join("aliases"),
        folder.join("ana"),
        folder.join("bea")
    );
    let aliases = "both: bea, ana, both\npostmaster: bea@b.com\naway: bea, x@example.org\n";
    fs::write(folder.join("aliases"), aliases).unwrap();
    let path = folder.join("mda.toml");
    fs::write(&path, text).unwrap();
    path
}

async fn start(folder: &Path) -> (Service, Stop) {
    let stop = Stop::new();
    (mda::start(agent::load(&config(folder)).unwrap(), stop.clone()).await.unwrap(), stop)
}

async fn courier(service: &Service) -> Courier {
    let tcp = TcpStream::connect(service.address("lmtp").unwrap()).await.unwrap();
    let mut config = client::Config::new("mx1.b.com").unwrap();
    config.protocol = Protocol::Lmtp;
    let clock = Clock::start();
    let machine = Client::new(config, clock.now());
    let conn = Conn::new(machine, Stream::Plain(tcp), client::Limits::INPUT, clock);
    Courier::meet(conn).await.unwrap()
}

async fn deliver(courier: &mut Courier, to: &[&str], mut message: &[u8]) -> Vec<u16> {
    let recipients: Vec<String> = to.iter().map(|to| (*to).to_owned()).collect();
    let size = message.len() as u64;
    let letter = Letter { sender: "ana@a.org", recipients: &recipients, size, eight_bit: false };
    let verdicts = courier.deliver(&letter, &mut message).await.unwrap();
    verdicts.iter().map(|reply| reply.as_reply().code).collect()
}

fn mail(folder: &Path, owner: &str) -> Vec<String> {
    let maildir = Maildir::create(Fs::new(folder.join(owner))).unwrap();
    let read = |entry| {
        let mut text = String::new();
        maildir.open(&entry).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    maildir.list().unwrap().into_iter().map(read).collect()
}

#[tokio::test]
async fn each_recipient_has_a_verdict_of_its_own() {
    let folder = TempDir::new().unwrap();
    let (service, stop) = start(folder.path()).await;
    // Ana's Maildir cannot be made.
    fs::write(folder.path().join("ana"), "in the way").unwrap();
    let mut courier = courier(&service).await;
    let to = ["bea@B.COM", "nobody@b.com", "ana@b.com", "bea@a.org"];
    assert_eq!(deliver(&mut courier, &to, MESSAGE).await, [250, 550, 451, 550]);
    let want = format!(
        "Return-Path: <ana@a.org>\r\nDelivered-To: bea@b.com\r\n{}",
        String::from_utf8_lossy(MESSAGE)
    );
    assert_eq!(mail(folder.path(), "bea"), [want]);
    // The session goes on.
    assert_eq!(deliver(&mut courier, &["bea@b.com"], MESSAGE).await, [250]);
    assert_eq!(mail(folder.path(), "bea").len(), 2);
    courier.leave().await.unwrap();
    stop.stop();
    service.finished().await.unwrap();
}

/// Each is made once, but what is made may be removed.
#[tokio::test]
async fn a_maildir_that_goes_away_is_made_again() {
    let folder = TempDir::new().unwrap();
    let (service, stop) = start(folder.path()).await;
    let mut courier = courier(&service).await;
    for _ in 0..2 {
        assert_eq!(deliver(&mut courier, &["bea@b.com"], MESSAGE).await, [250]);
        assert_eq!(mail(folder.path(), "bea").len(), 1);
        fs::remove_dir_all(folder.path().join("bea")).unwrap();
    }
    drop(courier);
    stop.stop();
    service.finished().await.unwrap();
}

/// Who has got a message is not given it again: it goes in circles.
#[tokio::test]
async fn a_message_that_was_here_before_is_refused() {
    let folder = TempDir::new().unwrap();
    let (service, stop) = start(folder.path()).await;
    let mut courier = courier(&service).await;
    let again = [b"Delivered-To: BEA@b.com\r\n", MESSAGE].concat();
    let to = ["bea@b.com", "bea+x@b.com", "ana@b.com"];
    assert_eq!(deliver(&mut courier, &to, &again).await, [554, 554, 250]);
    assert!(mail(folder.path(), "bea").is_empty());
    let deep = [b"X-Padding: x\r\n".repeat(1000), again].concat();
    assert_eq!(deliver(&mut courier, &["bea@b.com"], &deep).await, [554]);
    drop(courier);
    stop.stop();
    service.finished().await.unwrap();
}

/// An alias has as many as it stands for, and each of them has one copy.
#[tokio::test]
async fn aliases_and_what_is_behind_a_name() {
    let folder = TempDir::new().unwrap();
    let (service, stop) = start(folder.path()).await;
    let mut courier = courier(&service).await;
    let to = ["both@b.com", "bea+news@b.com", "postmaster", "away@b.com"];
    assert_eq!(deliver(&mut courier, &to, MESSAGE).await, [250, 250, 250, 451]);
    assert_eq!(mail(folder.path(), "bea").len(), 3);
    assert_eq!(mail(folder.path(), "ana").len(), 1);
    drop(courier);
    stop.stop();
    service.finished().await.unwrap();
}

#[tokio::test]
async fn what_is_too_large_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let (service, stop) = start(folder.path()).await;
    let mut courier = courier(&service).await;
    assert_eq!(deliver(&mut courier, &["bea@b.com"], &[b'x'; 60_000]).await, [552]);
    assert!(mail(folder.path(), "bea").is_empty());
    assert_eq!(fs::read_dir(folder.path().join("bea/tmp")).unwrap().count(), 0);
    drop(courier);
    stop.stop();
    service.finished().await.unwrap();
}

/// Runs `mda deliver` and returns its exit code.
fn pipe(config: &Path, arguments: &[&str], message: &[u8]) -> i32 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mda"))
        .args(["--config", config.to_str().unwrap(), "deliver"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It may have refused before it read.
    let _ = child.stdin.take().unwrap().write_all(message);
    child.wait().unwrap().code().unwrap()
}

#[test]
fn standard_input_is_delivered() {
    let folder = TempDir::new().unwrap();
    let config = config(folder.path());
    assert_eq!(pipe(&config, &["--sender", "ana@a.org", "bea@b.com"], b"Subject: a\n\nb\n"), 0);
    assert_eq!(
        mail(folder.path(), "bea"),
        ["Return-Path: <ana@a.org>\r\nDelivered-To: bea@b.com\r\nSubject: a\n\nb\n"]
    );
}

#[test]
fn exit_codes_tell_what_to_do() {
    let folder = TempDir::new().unwrap();
    let config = config(folder.path());
    assert_eq!(pipe(&config, &["nobody@b.com"], MESSAGE), 67);
    assert_eq!(pipe(&folder.path().join("missing"), &["bea@b.com"], MESSAGE), 75);
    assert_eq!(pipe(&config, &["--sender", "a\r\nX-Bad: b", "bea@b.com"], MESSAGE), 64);
    assert_eq!(pipe(&config, &["bea+x\r\nX-Bad: b@b.com"], MESSAGE), 64);
    assert_eq!(pipe(&config, &["postmaster"], MESSAGE), 0);
    fs::write(folder.path().join("ana"), "in the way").unwrap();
    assert_eq!(pipe(&config, &["ana@b.com"], MESSAGE), 75);
    // The postmaster's alone.
    assert_eq!(mail(folder.path(), "bea").len(), 1);
}
