//! A server's machine: commands that it answers, messages that it takes; what it holds while nothing happens.

use crate::{
    data::{READ, body},
    harness::{Bench, Case, Contender, Goal, heap_of},
};
use imap_codec::imap_types::{
    command::CommandBody,
    core::Text,
    extensions::binary::LiteralOrLiteral8,
    response::{Greeting, Status},
};
use imap_next::{Interrupt, Io, State, server as next};
use imap_proto::{
    Server,
    codec::Command,
    server::{Config, Event, Limits, Mailbox, Tls},
};
use posta_core::{Input, Instant, Machine, Step};
use std::rc::Rc;

const LOGIN: &[u8] = b"a LOGIN bea secret\r\nb SELECT INBOX\r\n";

/// What a client asks while a mailbox is open; no answer but the last line is given.
const COMMANDS: &[u8] = b"a1 NOOP\r\na2 CHECK\r\na3 UID FETCH 1:* (FLAGS UID)\r\na4 NOOP\r\n\
    a5 UID STORE 7 +FLAGS (\\Seen)\r\na6 UID FETCH 7 (ENVELOPE BODYSTRUCTURE)\r\n\
    a7 UID STORE 8 -FLAGS (\\Seen)\r\na8 UID FETCH 8:9 (BODY.PEEK[])\r\na9 CHECK\r\na10 NOOP\r\n";

pub(super) fn benches() -> [Bench; 3] {
    [
        Bench::new("IMAP commands answered, 10", commands),
        Bench::new("IMAP APPEND, 1 MB, LITERAL+, in reads of 8 KiB", || append(1_000_000)),
        Bench::new("IMAP APPEND, 10 MB, LITERAL+, in reads of 8 KiB", || append(10_000_000)),
    ]
}

/// Counts the commands that the application is asked for.
fn commands() -> Case {
    let (mut imap, mut input) = selected();
    let ours = Contender::ours(move || hear(&mut imap, &mut input, COMMANDS));
    let mut theirs = next_greeted();
    let imap_next =
        Contender::peer("imap-next 0.3.4", 7.0, move || hear_next(&mut theirs, COMMANDS));
    Case { octets: COMMANDS.len(), goal: Goal::NOTHING, ours, peers: vec![imap_next] }
}

/// Counts the octets of the message. posta hands it out as it comes; imap-next holds all of it.
fn append(octets: usize) -> Case {
    let text = body(octets);
    let head = format!("a APPEND INBOX (\\Seen) {{{}+}}\r\n", text.len());
    let wire: Rc<[u8]> = [head.as_bytes(), &text, b"\r\n"].concat().into();
    let (octets, second) = (wire.len(), Rc::clone(&wire));
    let (mut imap, mut input) = selected();
    let ours = Contender::ours(move || hear(&mut imap, &mut input, &wire));
    let mut theirs = next_greeted();
    let imap_next =
        Contender::peer("imap-next 0.3.4", 12.0, move || hear_next(&mut theirs, &second));
    let goal = Goal { allocations: Some(0), peak: Some(64 << 10) };
    Case { octets, goal, ours, peers: vec![imap_next] }
}

fn selected() -> (Server, Input) {
    let config = Config { tls: Tls::Implicit, ..Config::default() };
    let mut imap = Server::new(config.into(), Instant::ORIGIN).expect("a greeting");
    let mut input = Input::new(Limits::INPUT);
    hear(&mut imap, &mut input, LOGIN);
    (imap, input)
}

/// Says yes to everything, and counts commands and octets of messages.
fn hear(imap: &mut Server, input: &mut Input, wire: &[u8]) -> u64 {
    let mut found = 0;
    for mut read in wire.chunks(READ) {
        while !read.is_empty() {
            read = &read[input.extend(read)..];
            loop {
                match imap.step(input, Instant::ORIGIN).expect("no fault") {
                    Step::Event(Event::Chunk(chunk)) => found += chunk.len() as u64,
                    Step::Event(Event::Command(Command::Select(_), _)) => {
                        let mailbox = Mailbox { uid_validity: 1, ..Mailbox::default() };
                        imap.select(&mailbox).expect("in turn");
                    }
                    Step::Event(Event::Command(..)) => {
                        found += 1;
                        imap.accept().expect("in turn");
                    }
                    Step::Event(Event::Login { .. } | Event::Append { .. } | Event::Appended) => {
                        imap.accept().expect("in turn");
                    }
                    Step::Event(event) => panic!("{event:?}"),
                    Step::Read(_) | Step::Wait(_) | Step::Closed => {
                        let n = imap.output().len();
                        imap.output().sent(n);
                        if n == 0 {
                            break;
                        }
                    }
                }
            }
        }
    }
    found
}

fn next_greeted() -> next::Server {
    let greeting = Greeting::ok(None, "hi").expect("a greeting");
    let mut imap = next::Server::new(next::Options::default(), greeting);
    hear_next(&mut imap, b"");
    imap
}

fn hear_next(imap: &mut next::Server, wire: &[u8]) -> u64 {
    let mut found = 0;
    for read in wire.chunks(READ).chain(wire.is_empty().then_some(wire)) {
        imap.enqueue_input(read);
        loop {
            match imap.next() {
                Ok(next::Event::CommandReceived { command }) => {
                    found += match &command.body {
                        CommandBody::Append { message, .. } => literal(message),
                        _ => 1,
                    };
                    let text = Text::try_from("done").expect("a text");
                    let done = Status::ok(Some(command.tag), None, text).expect("a status");
                    imap.enqueue_status(done);
                }
                Ok(_) => {}
                Err(Interrupt::Io(Io::NeedMoreInput)) => break,
                Err(Interrupt::Io(Io::Output(octets))) => _ = std::hint::black_box(octets),
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    found
}

fn literal(message: &LiteralOrLiteral8<'_>) -> u64 {
    let octets: &[u8] = match message {
        LiteralOrLiteral8::Literal(literal) => literal.as_ref(),
        LiteralOrLiteral8::Literal8(literal) => &literal.data,
    };
    octets.len() as u64
}

/// The input gives its memory back while nothing is in it, and so does the output.
pub(super) fn idle() -> usize {
    let config = std::sync::Arc::new(Config { tls: Tls::Implicit, ..Config::default() });
    let heap = heap_of(|| {
        let imap = Server::new(std::sync::Arc::clone(&config), Instant::ORIGIN);
        let (mut imap, mut input) = (imap.expect("a greeting"), Input::new(Limits::INPUT));
        hear(&mut imap, &mut input, LOGIN);
        input.release();
        imap.output().release();
        (imap, input)
    });
    heap + size_of::<(Server, Input)>()
}
