//! The sink, and the client on a transport of its own.
#![allow(clippy::unwrap_used)]

mod common;

use common::LONG;
use posta_core::{Input, Instant, Machine, Step};
use posta_net::{Limits, Listener, Stop};
use smtp_proto::{
    Server,
    server::{self, Event},
};
use snippets::{
    own_transport,
    sink::{Count, sink},
};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, atomic::Ordering::Relaxed},
};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::timeout,
};

const MESSAGE: &[u8] = b"From: ana@a.org\r\nTo: bea@b.com\r\n\r\n.\r\n..\r\nHi Bea\r\n";

async fn start() -> (SocketAddr, Stop, Arc<Count>, JoinHandle<()>) {
    let listener = Listener::bind("127.0.0.1:0", Limits::default()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, count) = (Stop::new(), Arc::<Count>::default());
    let (until, counted) = (stop.clone(), Arc::clone(&count));
    let server = tokio::spawn(async move { sink(listener, &until, &counted).await });
    (address, stop, count, server)
}

fn dial(address: SocketAddr) -> TcpStream {
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(LONG)).unwrap();
    tcp
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_taken_and_counted() {
    let (address, stop, count, server) = start().await;
    let client = spawn_blocking(move || {
        for text in [MESSAGE, b"", &MESSAGE.repeat(5_000)] {
            let code = own_transport::send(dial(address), "ana@a.org", "bea@b.com", text).unwrap();
            assert_eq!(code, 250);
        }
    });
    timeout(LONG, client).await.expect("too long").unwrap();
    stop.stop();
    timeout(LONG, server).await.expect("too long").unwrap();
    assert_eq!(count.messages.load(Relaxed), 3);
    assert_eq!(count.octets.load(Relaxed), 5_001 * MESSAGE.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_leaves_the_client_waiting() {
    let (address, stop, count, server) = start().await;
    #[rustfmt::skip]
    let dialogue = [
        ("HELO a.org", "250"), ("VRFY bea", "252"), ("NOOP", "250"), ("WHAT", "500"),
        ("MAIL FROM:<>", "250"), ("RSET", "250"),
        ("MAIL FROM:<ana@a.org>", "250"), ("RCPT TO:<bea@b.com>", "250"), ("DATA", "354"), ("a\nb\r\n.", "550"),
        ("MAIL FROM:<ana@a.org>", "250"), ("RCPT TO:<bea@b.com>", "250"), ("DATA", "354"), ("12\r\n.", "250"),
        ("QUIT", "221"),
    ];
    let client = spawn_blocking(move || {
        let mut tcp = dial(address);
        let mut heard = BufReader::new(tcp.try_clone().unwrap()).lines();
        assert!(heard.next().unwrap().unwrap().starts_with("220"));
        for (command, code) in dialogue {
            tcp.write_all(format!("{command}\r\n").as_bytes()).unwrap();
            let reply = heard.next().unwrap().unwrap();
            assert!(reply.starts_with(code), "{command}: {reply}");
        }
        assert!(heard.next().is_none());
    });
    timeout(LONG, client).await.expect("too long").unwrap();
    stop.stop();
    timeout(LONG, server).await.expect("too long").unwrap();
    // Of the message with the bare LF nothing is counted.
    assert_eq!((count.messages.load(Relaxed), count.octets.load(Relaxed)), (1, 4));
}

/// A server machine at the other end of the same thread: no socket, no clock, no runtime.
struct Memory {
    server: Server,
    input: Input,
    arrived: Vec<u8>,
}

impl Write for &mut Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = self.input.extend(octets);
        self.run();
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for &mut Memory {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.run();
        let output = self.server.output();
        // In pieces that cut the replies.
        let n = output.len().min(into.len()).min(7);
        into[..n].copy_from_slice(&output.bytes()[..n]);
        output.sent(n);
        Ok(n)
    }
}

impl Memory {
    fn run(&mut self) {
        while let Step::Event(event) = self.server.step(&mut self.input, Instant::ORIGIN).unwrap() {
            match event {
                Event::Chunk(octets) => self.arrived.extend_from_slice(octets),
                Event::Quit => {}
                _ => self.server.accept().unwrap(),
            }
        }
    }
}

#[test]
fn a_transport_of_ones_own_may_be_memory() {
    let config = server::Config::new("mx1.b.com").unwrap();
    let mut memory = Memory {
        server: Server::new(config, Instant::ORIGIN),
        input: Input::new(server::Limits::INPUT),
        arrived: Vec::new(),
    };
    let text = MESSAGE.repeat(1_000);
    let code = own_transport::send(&mut memory, "ana@a.org", "bea@b.com", &text).unwrap();
    assert_eq!(code, 250);
    assert!(memory.arrived == text);
}

#[test]
fn a_transport_that_ends_is_an_error_unless_the_verdict_is_known() {
    /// Says this, a line at a time, then nothing more.
    struct Script(&'static [u8]);
    impl Read for Script {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.0.iter().position(|octet| *octet == b'\n').map_or(0, |at| at + 1);
            (&self.0[..n]).read_exact(&mut into[..n])?;
            self.0 = &self.0[n..];
            Ok(n)
        }
    }
    impl Write for Script {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            match octets == b"QUIT\r\n" {
                true => Err(io::ErrorKind::BrokenPipe.into()),
                false => Ok(octets.len()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let table: [(&[u8], _); 4] = [
        (b"", Err("the connection was cut")),
        (b"220 a\r\n250 a\r\n250 a\r\n250 a\r\n354 a\r\n", Err("the connection was cut")),
        (b"220 a\r\n250 a\r\n250 a\r\n250 a\r\n354 a\r\n250 a\r\n", Ok(250)),
        (b"220 a\r\n250 a\r\n250 a\r\n550 a\r\n", Ok(550)),
    ];
    for (script, result) in table {
        let sent = own_transport::send(Script(script), "ana@a.org", "bea@b.com", MESSAGE);
        assert_eq!(sent.map_err(|error| error.to_string()), result.map_err(str::to_owned));
    }
}
