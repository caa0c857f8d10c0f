//! A session with a host serves for several messages, as long as the host likes.
#![allow(clippy::unwrap_used)]

use agent::{Courier, Letter};
use posta_net::Stop;
use smtp_proto::Protocol;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    sync::mpsc,
    thread,
    time::Duration,
};

const MESSAGE: &[u8] = b"From: ana@a.org\r\nSubject: Tea\r\n\r\nAt four?\r\n";

/// How long a message may take; one that is put off takes five minutes.
const PATIENCE: Duration = Duration::from_secs(60);

/// An LMTP host that closes each connection after so many messages. Tells of each message in which connection,
/// counted from 0, it came.
fn host(messages: usize) -> (SocketAddr, mpsc::Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let sender = sender.clone();
            thread::spawn(move || serve(connection.unwrap(), messages, &|| sender.send(number)));
        }
    });
    (address, receiver)
}

/// Serves a connection; an error is the end of it.
fn serve<E>(
    mut connection: TcpStream,
    messages: usize,
    took: &dyn Fn() -> Result<(), E>,
) -> Option<()> {
    let mut lines = BufReader::new(connection.try_clone().ok()?).lines();
    connection.write_all(b"220 mda.b.com\r\n").ok()?;
    let mut left = messages;
    while left > 0 {
        let line = lines.next()?.ok()?;
        let reply: &[u8] = match line.split(' ').next()? {
            "DATA" => b"354 go on\r\n",
            "QUIT" => b"221 bye\r\n",
            "LHLO" => b"250-mda.b.com\r\n250 8BITMIME\r\n",
            _ => b"250 good\r\n",
        };
        connection.write_all(reply).ok()?;
        if line == "DATA" {
            while lines.next()?.ok()? != "." {}
            took().ok()?;
            left -= 1;
            connection.write_all(b"250 taken\r\n").ok()?;
        }
    }
    Some(())
}

/// Has the relay send messages, each when the one before is out of the queue, to a host that takes so many in a
/// connection; in which connections they came.
async fn relay(count: usize, per_connection: usize) -> Vec<usize> {
    let folder = tempfile::tempdir().unwrap();
    let (address, took) = host(per_connection);
    let path = folder.path().join("mta.toml");
    let spool = folder.path().join("spool");
    let text = format!(
        "hostname = \"mx1.b.com\"\nspool = {spool:?}\ndomains = [\"b.com\"]\ndeliver = \"{address}\"\n\
         [listen]\nmx = [\"127.0.0.1:0\"]\n[dns]\nservers = [\"127.0.0.1:9\"]\n"
    );
    fs::write(&path, text).unwrap();
    let stop = Stop::new();
    let service = mta::start(agent::load(&path).unwrap(), stop.clone()).await.unwrap();
    let mx = [service.address("mx").unwrap()];
    let mut courier =
        Courier::connect(&mx, "mx1.b.com", Protocol::Smtp, "out.a.org").await.unwrap();
    let recipients = ["bea@b.com".to_owned()];
    let letter = Letter {
        sender: "ana@a.org",
        recipients: &recipients,
        size: MESSAGE.len() as u64,
        eight_bit: false,
    };
    let mut connections = Vec::new();
    for n in 0..count {
        assert!(
            courier.deliver(&letter, &mut &*MESSAGE).await.unwrap()[0].as_reply().is_positive()
        );
        let came = took.recv_timeout(PATIENCE);
        connections.push(came.unwrap_or_else(|_| panic!("message {n} does not come")));
        empty(&spool.join("mail")).await;
    }
    courier.leave().await.unwrap();
    stop.stop();
    service.finished().await.unwrap();
    connections
}

async fn empty(folder: &Path) {
    let gone = async {
        while fs::read_dir(folder).unwrap().next().is_some() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the queue is emptied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_messages_go_in_one_session() {
    let connections = relay(20, usize::MAX).await;
    let different = connections.last().unwrap() + 1;
    // Not one: a machine that is busy may let a session wait for too long.
    assert!(different < 10, "20 messages in {different} sessions: {connections:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_the_host_has_closed_is_no_failure() {
    assert_eq!(relay(5, 1).await, [0, 1, 2, 3, 4]);
}
