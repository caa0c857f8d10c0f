//! POP3: commands, messages at both ends, sessions.

use crate::{
    data::{READ, body, stuffed},
    harness::{Bench, Case, Contender, Goal, Growth, Holding, heap_of},
};
use pop3_codec::types::Response;
use pop3_proto::{Client, Server, client, codec::Command, server};
use posta_core::{Input, Instant, Machine, Output, Step};
use std::{rc::Rc, sync::Arc};

const COMMANDS: &[u8] = b"USER bea\r\nPASS secret\r\nSTAT\r\nLIST\r\nLIST 3\r\nRETR 3\r\n\
    TOP 3 10\r\nDELE 3\r\nQUIT\r\n";

/// What a server says until the message is due.
const LOGIN: [&[u8]; 3] = [b"+OK hi\r\n", b"+OK\r\n", b"+OK\r\n"];

const SMALL: usize = 8 << 10;
const LARGE: usize = 10_000_000;

pub fn benches(_quick: bool) -> Vec<Bench> {
    vec![
        Bench::new("POP3 commands, 9", commands),
        Bench::new("POP3 RETR, 10 MB, client", || retrieve(LARGE)),
        Bench::new("POP3 RETR, 10 MB, server", || serve(LARGE)),
        Bench::new("POP3 session, 8 KiB, client", || retrieve(SMALL)),
        Bench::new("POP3 session, 8 KiB, server", || serve(SMALL)),
    ]
}

/// A message whose every line has a dot to take out, and one of empty lines.
pub fn growth() -> Vec<Growth> {
    let read: fn(&[u8]) -> u64 = |wire| fetch(&mut Input::new(READ), wire);
    vec![
        Growth { name: "POP3 RETR, client, of dots", make: |n| reply(b"..\r\n", n), read },
        Growth { name: "POP3 RETR, client, of empty lines", make: |n| reply(b"\r\n", n), read },
    ]
}

/// A reply to RETR of about so many octets, of such lines.
fn reply(line: &[u8], octets: usize) -> Vec<u8> {
    [b"+OK\r\n", &*line.repeat(octets / line.len()), b".\r\n"].concat()
}

pub fn holding() -> Vec<Holding> {
    vec![
        Holding { name: "POP3 server, logged in", most: 1024, octets: idle_server },
        Holding { name: "POP3 client, logged in", most: 1024, octets: idle_client },
    ]
}

fn commands() -> Case {
    let ours = Contender::ours(|| {
        let lines = COMMANDS.split_inclusive(|octet| *octet == b'\n');
        lines.filter(|line| Command::parse(&line[..line.len() - 2]).is_ok()).count() as u64
    });
    let pop3_codec = Contender::peer("pop3-codec 0.3.0", 2.0, || {
        let (mut rest, mut found) = (COMMANDS, 0);
        while let Ok((after, _)) = pop3_codec::parse::command(rest) {
            (rest, found) = (after, found + 1);
        }
        found
    });
    Case { octets: COMMANDS.len(), goal: Goal::NOTHING, ours, peers: vec![pop3_codec] }
}

/// A login and a RETR. pop3-codec has no session and makes lines of a whole reply, dots left in.
fn retrieve(octets: usize) -> Case {
    let wire: Rc<[u8]> = [b"+OK\r\n", &*stuffed(&body(octets))].concat().into();
    let (octets, theirs) = (wire.len(), Rc::clone(&wire));
    let mut input = Input::new(READ);
    let ours = Contender::ours(move || fetch(&mut input, &wire));
    let name = "pop3-codec 0.3.0, the reply alone, as a list of lines, dots left in";
    let pop3_codec = Contender::peer(name, 5.0, move || {
        let (rest, reply) = pop3_codec::parse::response_retr(&theirs).expect("a reply");
        assert!(rest.is_empty(), "a reply, and nothing behind it");
        let Response::Ok(reply) = reply else { panic!("+OK") };
        let length = |line: &String| line.len() - usize::from(line.starts_with('.')) + 2;
        reply.body.iter().map(length).sum::<usize>() as u64
    });
    let goal = Goal { allocations: None, peak: Some(16 << 10) };
    Case { octets, goal, ours, peers: vec![pop3_codec] }
}

/// Logs in, asks for a message, and counts its octets. `wire` is the reply.
fn fetch(input: &mut Input, mut wire: &[u8]) -> u64 {
    let mut pop3 = Client::new(client::Limits::default(), client::Quirks::default());
    pop3.login("bea", "secret").expect("in turn");
    pop3.retr(1).expect("in turn");
    let mut received = LOGIN.iter().map(|reply| hear(&mut pop3, input, reply)).sum();
    while !wire.is_empty() {
        let (read, rest) = wire.split_at(wire.len().min(READ));
        received += hear(&mut pop3, input, read);
        wire = rest;
    }
    received
}

fn hear(pop3: &mut Client, input: &mut Input, mut read: &[u8]) -> u64 {
    let mut received = 0;
    while !read.is_empty() {
        read = &read[input.extend(read)..];
        loop {
            match pop3.step(input, Instant::ORIGIN).expect("no fault") {
                Step::Event(client::Event::Chunk(chunk)) => received += chunk.len() as u64,
                Step::Event(_) => {}
                Step::Read(_) | Step::Wait(_) | Step::Closed => {
                    if drain(pop3.output()) == 0 {
                        break;
                    }
                }
            }
        }
    }
    received
}

/// A login, a RETR and QUIT. No peer has a server without I/O.
fn serve(octets: usize) -> Case {
    let message = body(octets);
    let octets = message.len();
    let config = config();
    let mut input = Input::new(READ);
    let ours = Contender::ours(move || {
        let mut pop3 = Server::new(Arc::clone(&config), None, Instant::ORIGIN).expect("a greeting");
        input.extend(b"USER bea\r\nPASS secret\r\nRETR 1\r\nQUIT\r\n");
        answer(&mut pop3, &mut input, &message)
    });
    let goal = Goal { allocations: None, peak: Some(64 << 10) };
    Case { octets, goal, ours, peers: Vec::new() }
}

fn config() -> Arc<server::Config> {
    Arc::new(server::Config { tls: server::Tls::None, ..server::Config::default() })
}

/// Answers what is in the input, and counts the octets it sends.
fn answer(pop3: &mut Server, input: &mut Input, message: &[u8]) -> u64 {
    let (mut rest, mut sent) = (message, 0);
    loop {
        match pop3.step(input, Instant::ORIGIN).expect("no fault") {
            Step::Event(server::Event::Pass(_)) => {
                pop3.open(1, message.len() as u64).expect("in turn");
            }
            Step::Event(server::Event::Body(_)) if rest.is_empty() => pop3.end().expect("in turn"),
            Step::Event(server::Event::Body(room)) => {
                let taken = pop3.body(&rest[..room.min(rest.len())]).expect("in turn");
                rest = &rest[taken..];
            }
            // Events that want no verdict refuse it.
            Step::Event(_) => _ = pop3.accept(),
            Step::Read(_) | Step::Wait(_) | Step::Closed => match drain(pop3.output()) {
                0 => return sent,
                n => sent += n,
            },
        }
    }
}

fn drain(output: &mut Output) -> u64 {
    let n = output.len();
    output.sent(n);
    n as u64
}

/// The input gives its memory back while nothing is in it.
fn idle_server() -> usize {
    let config = config();
    let heap = heap_of(|| {
        let server = Server::new(Arc::clone(&config), None, Instant::ORIGIN);
        let (mut pop3, mut input) = (server.expect("a greeting"), Input::new(READ));
        input.extend(b"USER bea\r\nPASS secret\r\n");
        answer(&mut pop3, &mut input, b"");
        input.release();
        (pop3, input)
    });
    heap + size_of::<(Server, Input)>()
}

fn idle_client() -> usize {
    let heap = heap_of(|| {
        let mut pop3 = Client::new(client::Limits::default(), client::Quirks::default());
        let mut input = Input::new(READ);
        pop3.login("bea", "secret").expect("in turn");
        LOGIN.iter().for_each(|reply| _ = hear(&mut pop3, &mut input, reply));
        input.release();
        (pop3, input)
    });
    heap + size_of::<(Client, Input)>()
}
