//! Emptying a mailbox: what is collected is deleted, and nothing else.
#![allow(clippy::unwrap_used)]

mod common;

use common::{HOST, LONG, certificate};
use maildir::Maildir;
use pop3_proto::server::{Config, Event, Limits, Server, Tls};
use posta_core::disk::fs::Fs;
use posta_net::{
    Clock,
    blocking::{Conn, ServerConnection, StreamOwned},
    tls::ServerConfig,
};
use snippets::collect::collect;
use std::{
    io::Read,
    net::{TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
};

/// A session of Bea's; what it deletes. The message after the `whole` ones breaks off in the middle.
fn serve(tcp: TcpStream, tls: Arc<ServerConfig>, mails: &[Vec<u8>], whole: u32) -> Vec<u32> {
    tcp.set_read_timeout(Some(LONG)).unwrap();
    let tls = StreamOwned::new(ServerConnection::new(tls).unwrap(), tcp);
    let config = Config { tls: Tls::Implicit, ..Config::default() };
    let clock = Clock::start();
    let machine = Server::new(config.into(), None, clock.now()).unwrap();
    let mut conn = Conn::new(machine, tls, Limits::INPUT, clock);
    let (mut deleted, mut rest, mut current) = (Vec::new(), &b""[..], 0);
    // A client that leaves without QUIT deletes nothing.
    while let Ok(Some((event, pop3))) = conn.next() {
        let size = |n: u32| mails[n as usize - 1].len() as u64;
        match event {
            Event::Pass("secret") if pop3.user() == Some("bea") => {
                let octets = mails.iter().map(|mail| mail.len() as u64).sum();
                pop3.open(mails.len() as u32, octets).unwrap();
            }
            Event::Pass(_) => pop3.reject(None, "not you").unwrap(),
            Event::Message { number, lines: None } => {
                (current, rest) = (number, &mails[number as usize - 1]);
                pop3.accept().unwrap();
            }
            Event::Body(_) if current > whole => {
                pop3.body(&rest[..rest.len() / 2]).unwrap();
                pop3.abort().unwrap();
            }
            Event::Body(_) if rest.is_empty() => pop3.end().unwrap(),
            Event::Body(_) => rest = &rest[pop3.body(rest).unwrap()..],
            Event::Size(number) => pop3.size(size(number)).unwrap(),
            Event::Quit => {
                deleted.extend(pop3.deleted());
                pop3.accept().unwrap();
            }
            Event::Sent => {}
            event => panic!("{event:?}"),
        }
    }
    deleted
}

/// What was collected, or the error; what is in the Maildir then, and what the server deleted.
fn run(
    mails: &[Vec<u8>],
    whole: u32,
    password: &'static str,
) -> (Result<u32, String>, Vec<Vec<u8>>, Vec<u32>) {
    let (server, trust) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let there = listener.accept().unwrap().0;
    let theirs = mails.to_vec();
    let (done, waiting) = mpsc::channel();
    let folder = tempfile::tempdir().unwrap();
    let maildir = Maildir::create(Fs::new(folder.path().join("bea"))).unwrap();
    let collected = {
        let maildir = Maildir::create(Fs::new(folder.path().join("bea"))).unwrap();
        let (done, result) = (done, waiting);
        let deleted = thread::spawn(move || serve(there, server, &theirs, whole));
        thread::spawn(move || {
            let collected = collect((tcp, HOST), &trust, ("bea", password), &maildir);
            let collected = collected.map_err(|error| error.to_string());
            done.send((collected, deleted.join().unwrap())).unwrap();
        });
        result.recv_timeout(LONG).expect("too long")
    };
    let read = |entry| {
        let mut text = Vec::new();
        maildir.open(entry).unwrap().read_to_end(&mut text).unwrap();
        text
    };
    let there = maildir.list().unwrap().iter().map(read).collect();
    (collected.0, there, collected.1)
}

fn mails() -> Vec<Vec<u8>> {
    let large = b"0123456789abcdef\r\n.\r\n..\r\n".repeat(20_000);
    vec![b"From: ana@a.org\r\n\r\n.\r\nHi Bea\r\n".to_vec(), large, b"\r\n".to_vec()]
}

#[test]
fn all_is_collected_octet_for_octet_and_deleted() {
    let (collected, there, deleted) = run(&mails(), 3, "secret");
    assert_eq!(collected, Ok(3));
    assert!(there == mails());
    assert_eq!(deleted, [1, 2, 3]);
}

#[test]
fn an_empty_mailbox_is_no_error() {
    assert_eq!(run(&[], 0, "secret"), (Ok(0), vec![], vec![]));
}

#[test]
fn what_breaks_off_is_neither_kept_nor_deleted() {
    let (collected, there, deleted) = run(&mails(), 1, "secret");
    assert_eq!(collected, Err("the server closed the connection".to_owned()));
    // The first is safe here and still there: it will come twice, and is never lost.
    assert!(there == mails()[..1]);
    assert!(deleted.is_empty());
}

#[test]
fn a_wrong_password_is_told() {
    assert_eq!(run(&mails(), 3, "guess"), (Err("not you".to_owned()), vec![], vec![]));
}
