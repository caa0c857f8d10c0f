//! Both machines on a bench: bytes in, bytes out, no pipes.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use posta_core::{Input, Instant, Machine, Step, testing::Log};
use smtp_proto::{Client, Server, client, server};
use std::{fmt::Debug, time::Duration};

/// A machine, its input, and what it told the application.
pub struct Bench<M> {
    pub machine: M,
    pub input: Input,
    pub now: Instant,
    pub log: Log,
    pub over: bool,
    /// Whether the machine wants to read.
    pub reads: bool,
}

impl<M: Machine> Bench<M>
where
    M::Error: Debug,
{
    pub fn new(machine: M) -> Self {
        Self {
            machine,
            input: Input::new(16 * 1024),
            now: Instant::ORIGIN,
            log: Log::default(),
            over: false,
            reads: false,
        }
    }

    /// Hands in bytes, steps until nothing moves, and returns what was sent.
    pub fn feed(
        &mut self,
        bytes: impl AsRef<[u8]>,
        mut app: impl FnMut(M::Event<'_>, &mut M, &mut Log),
    ) -> String {
        let bytes = bytes.as_ref();
        assert_eq!(self.input.extend(bytes), bytes.len(), "the input is full");
        let mut sent = Vec::new();
        loop {
            let moved = match self.machine.step(&mut self.input, self.now) {
                Ok(Step::Event(event)) => {
                    app(event, &mut self.machine, &mut self.log);
                    true
                }
                Ok(Step::Read(_)) => {
                    self.reads = true;
                    false
                }
                Ok(Step::Wait(_)) => {
                    self.reads = false;
                    false
                }
                Ok(Step::Closed) => {
                    self.over = true;
                    false
                }
                Err(error) => {
                    self.log.line(format!("error: {error:?}"));
                    self.over = true;
                    false
                }
            };
            let output = self.machine.output();
            sent.extend_from_slice(output.bytes());
            let n = output.len();
            output.sent(n);
            if !moved && (n == 0 || self.over) {
                return String::from_utf8_lossy(&sent).into_owned();
            }
        }
    }

    pub fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// The events since the last call.
    pub fn events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log).events
    }
}

/// A server's application that says yes to everything, and notes it.
pub fn yes(event: server::Event<'_>, server: &mut Server, log: &mut Log) {
    note(&event, log);
    say_yes(&event, server);
}

pub fn note(event: &server::Event<'_>, log: &mut Log) {
    match event {
        server::Event::Chunk(bytes) => log.chunk(bytes),
        event => log.event(event),
    }
}

pub fn say_yes(event: &server::Event<'_>, server: &mut Server) {
    match event {
        server::Event::End => while server.accept().is_ok() {},
        server::Event::Helo { .. }
        | server::Event::Mail { .. }
        | server::Event::Rcpt { .. }
        | server::Event::Data
        | server::Event::Auth { .. }
        | server::Event::AuthResponse(_)
        | server::Event::Vrfy(_) => server.accept().unwrap(),
        _ => {}
    }
}

impl Bench<Server> {
    pub fn server(config: server::Config) -> Self {
        Self::new(Server::new(config, Instant::ORIGIN))
    }

    /// A server that has greeted and been greeted.
    pub fn greeted(config: server::Config) -> Self {
        let hello = match config.protocol {
            smtp_proto::Protocol::Smtp => "EHLO a.org\r\n",
            smtp_proto::Protocol::Lmtp => "LHLO a.org\r\n",
        };
        let mut bench = Self::server(config);
        bench.say(hello);
        bench.events();
        bench
    }

    /// Hands in bytes, with an application that says yes.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> String {
        self.feed(bytes, yes)
    }
}

/// A client's application that only takes notes.
pub fn listen(event: client::Event<'_>, _: &mut Client, log: &mut Log) {
    log.event(event);
}

impl Bench<Client> {
    pub fn client(config: client::Config) -> Self {
        Self::new(Client::new(config, Instant::ORIGIN))
    }

    /// A client whose server offers `keywords`.
    pub fn ready(config: client::Config, keywords: &[&str]) -> Self {
        let mut bench = Self::client(config);
        bench.hear("220 mx1.b.com ESMTP\r\n");
        let mut reply = String::from("250-mx1.b.com\r\n");
        for keyword in keywords {
            reply += &format!("250-{keyword}\r\n");
        }
        bench.hear(reply + "250 HELP\r\n");
        assert_eq!(bench.events(), ["Ready"]);
        bench
    }

    /// Hands in what the server says.
    pub fn hear(&mut self, bytes: impl AsRef<[u8]>) -> String {
        self.feed(bytes, listen)
    }

    /// What it says by itself.
    pub fn flush(&mut self) -> String {
        self.feed("", listen)
    }
}

pub fn mx() -> server::Config {
    server::Config::new("mx1.b.com").unwrap()
}

/// A server that does not mind being told everything at once, so that one blob can be cut anywhere.
pub fn patient() -> server::Config {
    let mut config = mx();
    config.quirks.early_talker = true;
    config
}

pub fn mua() -> client::Config {
    client::Config::new("a.org").unwrap()
}

/// The codes of replies, one a line.
pub fn codes(sent: &str) -> Vec<&str> {
    sent.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|l| &l[..3]).collect()
}
