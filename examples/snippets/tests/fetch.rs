//! Fetching mails: which, whole, and how much of one is held.
#![allow(clippy::unwrap_used)]

mod common;

use common::{HOST, LONG, certificate, imap, uid};
use posta_net::tls;
use snippets::fetch::fetch;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

type Files = Arc<Mutex<BTreeMap<u32, Vec<u8>>>>;

/// A file that remembers no more than its content, and takes no more at once than the input holds.
struct File(u32, Files);

impl Write for File {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        assert!(octets.len() <= 64 * 1024, "{} octets at once", octets.len());
        self.1.lock().unwrap().entry(self.0).or_default().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is fetched of these mails, and what the server heard.
async fn run(
    mails: &[Vec<u8>],
    newest: u32,
    password: &str,
) -> (Result<BTreeMap<u32, Vec<u8>>, String>, Vec<&'static str>) {
    let (server, trust) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (_keep, exists) = watch::channel(mails.len() as u32);
    let files = Files::default();
    let there = async {
        let stream = tls::accept(listener.accept().await.unwrap().0, &server, LONG).await.unwrap();
        imap(stream, mails.to_vec(), exists).await
    };
    let here = async {
        let open = |uid| {
            assert!(files.lock().unwrap().insert(uid, Vec::new()).is_none(), "{uid} comes twice");
            Ok(File(uid, Arc::clone(&files)))
        };
        let fetched = fetch((tcp, HOST), &trust, ("bea", password), newest, open).await;
        fetched.map_err(|error| error.to_string())
    };
    let (fetched, heard) =
        timeout(LONG, async { tokio::join!(here, there) }).await.expect("too long");
    (fetched.map(|()| std::mem::take(&mut *files.lock().unwrap())), heard)
}

/// Short and long, with everything that might be taken for an end.
fn mails() -> Vec<Vec<u8>> {
    let large = b"0123456789abcdef)\r\nA4 OK\r\n.\r\n\xff".repeat(40_000);
    let odd = b"Subject: \"\\{3}\r\n\r\n\r\n.\r\n)\r\n* BYE\r\n".to_vec();
    vec![
        b"From: ana@a.org\r\n\r\nHi Bea\r\n".to_vec(),
        large,
        odd,
        vec![b'x'; 4096],
        vec![b'y'; 4097],
    ]
}

fn expected(mails: &[Vec<u8>], newest: usize) -> BTreeMap<u32, Vec<u8>> {
    let skip = mails.len().saturating_sub(newest);
    mails.iter().enumerate().skip(skip).map(|(at, mail)| (uid(at), mail.clone())).collect()
}

#[tokio::test]
async fn the_newest_come_octet_for_octet() {
    let mails = mails();
    for newest in [1, 2, 4, 5, 99] {
        let (fetched, heard) = run(&mails, newest, "secret").await;
        assert!(fetched.unwrap() == expected(&mails, newest as usize), "{newest}");
        let fetches = heard.iter().filter(|command| **command == "UID FETCH").count();
        assert_eq!(fetches, mails.len().min(newest as usize));
    }
}

#[tokio::test]
async fn of_nothing_nothing_is_asked() {
    let (fetched, heard) = run(&[], 3, "secret").await;
    assert!(fetched.unwrap().is_empty());
    assert_eq!(heard, ["EXAMINE"]);
    let (fetched, heard) = run(&mails(), 0, "secret").await;
    assert!(fetched.unwrap().is_empty());
    assert_eq!(heard, ["EXAMINE"]);
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let (fetched, heard) = run(&mails(), 1, "guess").await;
    assert_eq!(fetched.unwrap_err(), "not you");
    assert!(heard.is_empty());
}
