//! Fetching mails: which, whole, and how much of one is held.
#![allow(clippy::unwrap_used)]

mod common;

use common::{HOST, LONG, certificate, imap, uid};
use posta_net::{Stream, tls};
use snippets::fetch::fetch;
use std::{
    collections::BTreeMap,
    io::{self, Write},
    mem,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
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

type Fetched = Result<BTreeMap<u32, Vec<u8>>, String>;

/// What is fetched from a server, and what that says in the end.
async fn run<T>(
    newest: u32,
    password: &str,
    server: impl AsyncFnOnce(Stream) -> T,
) -> (Fetched, T) {
    let (tls, trust) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let files = Files::default();
    let there = async {
        let tcp = listener.accept().await.unwrap().0;
        server(tls::accept(tcp, &tls, LONG).await.unwrap()).await
    };
    let here = async {
        let open = |uid| {
            assert!(files.lock().unwrap().insert(uid, Vec::new()).is_none(), "{uid} comes twice");
            Ok(File(uid, Arc::clone(&files)))
        };
        let fetched = fetch((tcp, HOST), &trust, ("bea", password), newest, open).await;
        fetched.map_err(|error| error.to_string())
    };
    let both = timeout(LONG, async { tokio::join!(here, there) });
    let (fetched, told) = both.await.expect("too long");
    (fetched.map(|()| mem::take(&mut *files.lock().unwrap())), told)
}

/// What is fetched of these mails, and which commands that took.
async fn run_mails(mails: &[Vec<u8>], newest: u32, password: &str) -> (Fetched, Vec<&'static str>) {
    let (_keep, exists) = watch::channel(mails.len() as u32);
    run(newest, password, async |stream| imap(stream, mails.to_vec(), exists).await).await
}

/// A server that says one of these to each command.
async fn script(mut stream: Stream, replies: &[&str]) {
    stream.write_all(b"* OK hi\r\n").await.unwrap();
    let mut stream = BufReader::new(stream);
    for reply in replies {
        stream.read_line(&mut String::new()).await.unwrap();
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
    stream.shutdown().await.unwrap();
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
        let (fetched, heard) = run_mails(&mails, newest, "secret").await;
        assert!(fetched.unwrap() == expected(&mails, newest as usize), "{newest}");
        let fetches = heard.iter().filter(|command| **command == "UID FETCH").count();
        assert_eq!(fetches, mails.len().min(newest as usize));
    }
}

#[tokio::test]
async fn of_nothing_nothing_is_asked() {
    let (fetched, heard) = run_mails(&[], 3, "secret").await;
    assert!(fetched.unwrap().is_empty());
    assert_eq!(heard, ["EXAMINE"]);
    let (fetched, heard) = run_mails(&mails(), 0, "secret").await;
    assert!(fetched.unwrap().is_empty());
    assert_eq!(heard, ["EXAMINE"]);
}

#[tokio::test]
async fn a_wrong_password_is_told() {
    let (fetched, heard) = run_mails(&mails(), 1, "guess").await;
    assert_eq!(fetched.unwrap_err(), "not you");
    assert!(heard.is_empty());
}

#[tokio::test]
async fn a_mail_that_breaks_off_is_an_error() {
    let replies = [
        "A1 OK in\r\n",
        "* 1 EXISTS\r\nA2 OK there\r\n",
        "* SEARCH 70\r\nA3 OK found\r\n",
        "* 1 FETCH (UID 70 BODY[] {5000}\r\nFrom: ana@a.org\r\n",
    ];
    let (fetched, ()) = run(1, "secret", async |stream| script(stream, &replies).await).await;
    assert_eq!(fetched, Err("the server closed the connection".to_owned()));
}

/// The UID behind the text, flags that somebody else has set, and a mail that is gone meanwhile.
#[tokio::test]
async fn a_server_may_say_it_in_its_own_way() {
    let text = "x".repeat(5000);
    let long = format!("* 2 FETCH (BODY[] {{5000}}\r\n{text} UID 71)\r\nA5 OK fetched\r\n");
    let replies = [
        "A1 OK in\r\n",
        "* 3 EXISTS\r\nA2 OK there\r\n",
        "* SEARCH 70 71 72\r\nA3 OK found\r\n",
        "* 3 EXPUNGE\r\nA4 OK no such mail\r\n",
        &long,
        "* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (UID 70 BODY[] \"\")\r\nA6 OK fetched\r\n",
        "* BYE bye\r\nA7 OK bye\r\n",
    ];
    let (fetched, ()) = run(3, "secret", async |stream| script(stream, &replies).await).await;
    let expected = [(70, Vec::new()), (71, text.into_bytes())];
    assert_eq!(fetched, Ok(BTreeMap::from(expected)));
}
