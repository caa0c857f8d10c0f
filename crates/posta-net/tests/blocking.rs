//! The blocking driver over loopback.
#![allow(clippy::unwrap_used)]

#[path = "common/certs.rs"]
mod certs;
mod common;

use certs::Authority;
use common::{Fault, Lines};
use posta_core::Instant;
use posta_net::{
    Clock, Error,
    blocking::{Conn, Transport},
    tls::{self, Verify},
};
use rustls::{ClientConnection, ServerConnection, StreamOwned};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (here, listener.accept().unwrap().0)
}

fn conn<S: Transport>(machine: Lines, stream: S) -> Conn<Lines, S> {
    Conn::new(machine, stream, 1024, Clock::start())
}

fn echo(mut conn: Conn<Lines, impl Transport>) {
    while let Some((line, machine)) = conn.next().unwrap() {
        machine.say(std::str::from_utf8(line).unwrap());
        machine.over = line == b"\n";
    }
    assert!(conn.next().unwrap().is_none());
}

#[test]
fn talks_and_closes() {
    let (mut here, there) = pair();
    let mut machine = Lines::default();
    machine.say("welcome\n");
    let server = thread::spawn(move || echo(conn(machine, there)));
    here.write_all(b"one\ntwo\n\n").unwrap();
    let mut heard = String::new();
    here.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "welcome\none\ntwo\n\n");
    server.join().unwrap();
}

#[test]
fn talks_under_tls_and_closes_with_close_notify() {
    let (here, there) = pair();
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let server = thread::spawn(move || {
        let config = tls::server_der(host.chain, host.key).unwrap();
        let tls = StreamOwned::new(ServerConnection::new(config).unwrap(), there);
        let mut machine = Lines::default();
        machine.say("welcome\n");
        echo(conn(machine, tls));
    });
    let config = tls::client(&Verify::CaDer(vec![authority.der()])).unwrap();
    let name = tls::server_name("mx1.b.com").unwrap();
    let mut here = StreamOwned::new(ClientConnection::new(config, name).unwrap(), here);
    here.write_all(b"one\ntwo\n\n").unwrap();
    let mut heard = String::new();
    // Without close_notify this would be an `UnexpectedEof`.
    here.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "welcome\none\ntwo\n\n");
    server.join().unwrap();
}

#[test]
fn the_deadline_ends_a_read() {
    let (mut here, there) = pair();
    let mut machine = Lines { last_words: "421 too slow\n", ..Lines::default() };
    machine.deadline = Some(Instant::ORIGIN + Duration::from_millis(30));
    let mut server = conn(machine, there);
    assert!(matches!(server.next(), Err(Error::Protocol(Fault::Timeout))));
    assert!(server.next().unwrap().is_none());
    let mut heard = String::new();
    here.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "421 too slow\n");
}

#[test]
fn the_deadline_ends_a_write_to_a_peer_that_does_not_read() {
    let (_here, there) = pair();
    let mut machine = Lines::default();
    // More than the buffers of two sockets hold.
    machine.output.put(&vec![b'x'; 64 << 20]);
    machine.deadline = Some(Instant::ORIGIN + Duration::from_millis(50));
    let mut server = conn(machine, there);
    // In a thread of its own, so that a hang shows as a missing answer.
    let (sent, heard) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let flushed = server.flush().map_err(|error| error.kind());
        sent.send(flushed).unwrap();
    });
    let failed = heard.recv_timeout(Duration::from_secs(20)).expect("hangs");
    assert_eq!(failed, Err(std::io::ErrorKind::TimedOut));
}

#[test]
fn waiting_without_a_deadline_is_said_and_with_one_is_done() {
    let (_here, there) = pair();
    let mut server = conn(Lines { deaf: true, ..Lines::default() }, there);
    assert!(matches!(server.next(), Err(Error::Stalled)));
    server.machine().deadline = Some(Instant::ORIGIN + Duration::from_millis(30));
    assert!(matches!(server.next(), Err(Error::Protocol(Fault::Timeout))));
}

#[test]
fn a_peer_that_leaves_is_the_machines_to_judge() {
    let (mut here, there) = pair();
    here.write_all(b"hal").unwrap();
    drop(here);
    let failed = conn(Lines::default(), there).next().unwrap_err();
    assert!(matches!(failed, Error::Protocol(Fault::CutOff)));
}

#[test]
fn the_parts_make_a_new_connection() {
    let (mut here, there) = pair();
    let mut server = conn(Lines::default(), there);
    server.machine().say("220 go ahead\n");
    server.flush().unwrap();
    let mut heard = [0; 13];
    here.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"220 go ahead\n");
    let (machine, stream, input) = server.into_parts();
    assert!(input.is_empty());
    here.write_all(b"again\n").unwrap();
    assert_eq!(conn(machine, stream).next().unwrap().unwrap().0, b"again\n");
}
