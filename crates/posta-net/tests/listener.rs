//! Accepting and connecting over loopback, on ports that the system chooses.
#![allow(clippy::unwrap_used)]

use posta_net::{Limits, Listener, Stop, connect};
use std::{future::pending, io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(10);

/// Greets, then echoes until the client leaves; panics when told to.
async fn echo(mut stream: TcpStream, _: SocketAddr) {
    stream.write_all(b"220 \n").await.unwrap();
    let mut bytes = [0; 64];
    loop {
        match stream.read(&mut bytes).await.unwrap() {
            0 => return,
            n => {
                assert_ne!(&bytes[..n], b"panic");
                stream.write_all(&bytes[..n]).await.unwrap();
            }
        }
    }
}

async fn start<F>(
    limits: Limits,
    stop: &Stop,
    session: impl FnMut(TcpStream, SocketAddr) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<usize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = Listener::bind("127.0.0.1:0", limits).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = stop.clone();
    (address, tokio::spawn(async move { listener.serve(&stop, session).await }))
}

/// A client that has read its greeting, or the goodbye.
async fn client(address: SocketAddr) -> (TcpStream, String) {
    let mut stream = connect(&[address], LONG).await.unwrap();
    let mut bytes = [0; 64];
    let n = stream.read(&mut bytes).await.unwrap();
    (stream, String::from_utf8_lossy(&bytes[..n]).into_owned())
}

#[tokio::test]
async fn over_a_limit_a_client_is_sent_away_until_another_leaves() {
    let goodbye = b"421 too many\r\n".to_vec();
    for limits in [
        Limits { sessions: 2, goodbye: goodbye.clone(), ..Limits::default() },
        Limits { per_address: 2, goodbye, ..Limits::default() },
    ] {
        let stop = Stop::new();
        let (address, server) = start(limits, &stop, echo).await;
        let first = client(address).await;
        let second = client(address).await;
        assert_eq!((&*first.1, &*second.1), ("220 \n", "220 \n"));
        let (mut third, heard) = client(address).await;
        assert_eq!(heard, "421 too many\r\n");
        assert_eq!(third.read(&mut [0; 8]).await.unwrap(), 0);
        drop(first);
        // The session may take a moment to see it.
        while client(address).await.1 != "220 \n" {
            tokio::task::yield_now().await;
        }
        drop(second);
        stop.stop();
        assert_eq!(server.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn without_a_goodbye_it_just_closes() {
    let stop = Stop::new();
    let (address, _server) = start(Limits { sessions: 0, ..Limits::default() }, &stop, echo).await;
    assert_eq!(client(address).await.1, "");
}

#[tokio::test]
async fn a_panic_ends_its_own_session_and_gives_the_permit_back() {
    let stop = Stop::new();
    let (address, server) = start(Limits { sessions: 1, ..Limits::default() }, &stop, echo).await;
    let (mut first, _) = client(address).await;
    first.write_all(b"panic").await.unwrap();
    assert_eq!(first.read(&mut [0; 8]).await.unwrap_or(0), 0);
    while client(address).await.1 != "220 \n" {
        tokio::task::yield_now().await;
    }
    stop.stop();
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test]
async fn a_stop_lets_sessions_end_and_takes_no_more() {
    let stop = Stop::new();
    let (address, server) = start(Limits::default(), &stop, echo).await;
    let (mut first, _) = client(address).await;
    stop.stop();
    while connect(&[address], LONG).await.is_ok() {
        tokio::task::yield_now().await;
    }
    first.write_all(b"still here").await.unwrap();
    let mut heard = [0; 10];
    first.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still here");
    assert!(!server.is_finished());
    drop(first);
    assert_eq!(server.await.unwrap(), 0);
}

#[tokio::test]
async fn a_session_that_watches_the_stop_ends_at_once() {
    let stop = Stop::new();
    let watched = stop.clone();
    let session = move |mut stream: TcpStream, _| {
        let stop = watched.clone();
        async move {
            stream.write_all(b"220 \n").await.unwrap();
            stop.stopped().await;
            stream.write_all(b"421 \n").await.unwrap();
        }
    };
    let (address, server) = start(Limits::default(), &stop, session).await;
    let (mut first, _) = client(address).await;
    assert!(!stop.is_stopped());
    stop.stop();
    let mut heard = String::new();
    first.read_to_string(&mut heard).await.unwrap();
    assert_eq!(heard, "421 \n");
    assert_eq!(server.await.unwrap(), 0);
    stop.stopped().await;
}

#[tokio::test]
async fn sessions_that_outlast_the_grace_period_are_dropped() {
    let stop = Stop::new();
    let session = |mut stream: TcpStream, _| async move {
        stream.write_all(b"220 \n").await.unwrap();
        pending::<()>().await;
        drop(stream);
    };
    let limits = Limits { grace: SHORT, ..Limits::default() };
    let (address, server) = start(limits, &stop, session).await;
    let (mut first, _) = client(address).await;
    stop.stop();
    assert_eq!(server.await.unwrap(), 1);
    assert_eq!(first.read(&mut [0; 8]).await.unwrap(), 0);
}

#[tokio::test]
async fn takes_over_a_socket_that_listens_already() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = Listener::from_std(socket, Limits::default()).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = Stop::new();
    let serving = listener.serve(&stop, echo);
    let (left, ()) = tokio::join!(serving, async {
        assert_eq!(client(address).await.1, "220 \n");
        stop.stop();
    });
    assert_eq!(left, 0);
}

/// A port where nobody listens: one that was just given back.
async fn nobody() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn connects_to_the_first_that_answers() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stream = connect(&[nobody().await, address], LONG).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    assert!(stream.nodelay().unwrap());
}

#[tokio::test]
async fn says_why_each_address_failed() {
    let (a, b) = (nobody().await, nobody().await);
    let error = connect(&[a, b], LONG).await.unwrap_err();
    let kinds: Vec<_> = error.attempts.iter().map(|(at, error)| (*at, error.kind())).collect();
    let refused = io::ErrorKind::ConnectionRefused;
    assert_eq!(kinds, [(a, refused), (b, refused)]);
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot connect: {a}: ")), "{text}");
    assert!(text.contains(&format!(", {b}: ")), "{text}");
    let error = connect(&[], LONG).await.unwrap_err();
    assert_eq!(error.to_string(), "no address to connect to");
}

#[tokio::test]
async fn an_address_that_does_not_answer_in_time_is_passed_over() {
    let error = connect(&[nobody().await], Duration::ZERO).await.unwrap_err();
    let kind = error.attempts[0].1.kind();
    // Loopback may refuse before the time is up.
    assert!(matches!(kind, io::ErrorKind::TimedOut | io::ErrorKind::ConnectionRefused), "{kind}");
}
