//! Sessions from the greeting to QUIT, and what is held between two commands.

use super::data::drain;
use crate::{
    data::{READ, body, stuffed},
    harness::{Bench, Case, Contender, Goal, Holding, heap_of},
};
use posta_core::{Input, Instant, Machine, Step};
use smtp_proto::{
    Client, Server, client,
    codec::{MailParams, Mailbox, RcptParams},
    server,
};
use std::{cell::Cell, rc::Rc, sync::Arc};

const MESSAGE: usize = 1 << 20;

const ENVELOPE: &[u8] = b"EHLO a.org\r\nMAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n";

const REPLIES: [&[u8]; 5] = [
    b"220 mx1.b.com ESMTP\r\n",
    b"250-mx1.b.com\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n",
    b"250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354 go\r\n",
    b"250 2.0.0 queued\r\n",
    b"221 2.0.0 Bye\r\n",
];

pub(super) fn benches() -> [Bench; 2] {
    [
        Bench::new("SMTP session with 1 MiB, server", serve),
        Bench::new("SMTP session with 1 MiB, client", send),
    ]
}

pub(super) fn holding() -> Vec<Holding> {
    vec![
        Holding { name: "SMTP server, after EHLO", most: 1024, octets: idle_server },
        Holding { name: "SMTP client, after EHLO", most: 1024, octets: idle_client },
    ]
}

/// The lines of the envelope come one by one, the message in reads of 8 KiB.
fn serve() -> Case {
    let wire: Rc<[u8]> = stuffed(&body(MESSAGE)).into();
    let (octets, theirs) = (wire.len(), Rc::clone(&wire));
    let config = Arc::new(server::Config::new("mx1.b.com").expect("a domain"));
    let mut input = Input::new(server::Limits::INPUT);
    let ours = Contender::ours(move || {
        let mut smtp = Server::new(Arc::clone(&config), Instant::ORIGIN);
        let lines = ENVELOPE.split_inclusive(|octet| *octet == b'\n');
        let reads = lines.chain(wire.chunks(READ)).chain([&b"QUIT\r\n"[..]]);
        reads.map(|read| answer(&mut smtp, &mut input, read)).sum()
    });
    let name = "mailin 0.6.5, lines cut by the caller, CR and LF not checked";
    let mailin = Contender::peer(name, 2.0, move || serve_with_mailin(&theirs));
    let goal = Goal { allocations: Some(4), peak: None };
    Case { octets, goal, ours, peers: vec![mailin] }
}

/// Hands the server a read, says yes to everything, and counts the octets of the message.
fn answer(smtp: &mut Server, input: &mut Input, mut read: &[u8]) -> u64 {
    let mut received = 0;
    while !read.is_empty() {
        read = &read[input.extend(read)..];
        loop {
            match smtp.step(input, Instant::ORIGIN).expect("no fault") {
                Step::Event(server::Event::Chunk(chunk)) => received += chunk.len() as u64,
                // Events that want no verdict refuse it.
                Step::Event(_) => _ = smtp.accept(),
                Step::Read(_) | Step::Wait(_) | Step::Closed => {
                    if drain(smtp.output()) == 0 {
                        break;
                    }
                }
            }
        }
    }
    received
}

fn serve_with_mailin(wire: &[u8]) -> u64 {
    let received = Rc::new(Cell::new(0));
    let builder = mailin::SessionBuilder::new("mx1.b.com");
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let mut session = builder.build(address, Received(Rc::clone(&received)));
    let mut replies = Vec::new();
    session.greeting().write_to(&mut replies).expect("in memory");
    let parts = [ENVELOPE, wire, b"QUIT\r\n"];
    for line in parts.iter().flat_map(|part| part.split_inclusive(|octet| *octet == b'\n')) {
        let response = session.process(line);
        if response.action != mailin::Action::NoReply {
            replies.clear();
            response.write_to(&mut replies).expect("in memory");
        }
    }
    received.get()
}

struct Received(Rc<Cell<u64>>);

impl mailin::Handler for Received {
    fn data(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.0.set(self.0.get() + octets.len() as u64);
        Ok(())
    }
}

/// No peer has a client without I/O that streams a message.
fn send() -> Case {
    let message = body(MESSAGE);
    let octets = message.len();
    let config = Arc::new(client::Config::new("a.org").expect("a domain"));
    let mut input = Input::new(server::Limits::INPUT);
    let ours = Contender::ours(move || {
        let mut smtp = Client::new(Arc::clone(&config), Instant::ORIGIN);
        let mut job = Job { message: &message, sent: 0, done: false };
        REPLIES.iter().for_each(|reply| job.hear(&mut smtp, &mut input, reply));
        // The reply to QUIT, which a client that is closed leaves there.
        input.take(input.len());
        u64::from(job.done && job.sent > message.len() as u64)
    });
    let goal = Goal { allocations: Some(8), peak: Some(64 << 10) };
    Case { octets, goal, ours, peers: Vec::new() }
}

/// A message on its way out.
struct Job<'m> {
    /// What of it is left.
    message: &'m [u8],
    /// Octets on the wire.
    sent: u64,
    done: bool,
}

impl Job<'_> {
    fn hear(&mut self, smtp: &mut Client, input: &mut Input, reply: &[u8]) {
        input.extend(reply);
        loop {
            match smtp.step(input, Instant::ORIGIN).expect("no fault") {
                Step::Event(client::Event::Ready) if self.done => smtp.quit().expect("in turn"),
                Step::Event(client::Event::Ready) => transact(smtp),
                Step::Event(client::Event::Body(_)) if self.message.is_empty() => {
                    smtp.end().expect("in turn");
                }
                Step::Event(client::Event::Body(room)) => {
                    let piece = &self.message[..room.min(self.message.len())];
                    let taken = smtp.body(piece).expect("in turn");
                    self.message = &self.message[taken..];
                }
                Step::Event(client::Event::Done(reply)) => self.done = reply.is_positive(),
                Step::Event(_) => {}
                Step::Read(_) | Step::Wait(_) | Step::Closed => match drain(smtp.output()) {
                    0 => return,
                    n => self.sent += n,
                },
            }
        }
    }
}

fn transact(smtp: &mut Client) {
    let (ana, bea) = (Mailbox::new("ana@a.org"), Mailbox::new("bea@b.com"));
    smtp.mail(&ana.expect("a mailbox"), &MailParams::default()).expect("in turn");
    smtp.rcpt(&bea.expect("a mailbox"), &RcptParams::default()).expect("in turn");
    smtp.data().expect("in turn");
}

/// The input gives its memory back while nothing is in it.
fn idle_server() -> usize {
    let config = Arc::new(server::Config::new("mx1.b.com").expect("a domain"));
    let heap = heap_of(|| {
        let mut smtp = Server::new(Arc::clone(&config), Instant::ORIGIN);
        let mut input = Input::new(server::Limits::INPUT);
        answer(&mut smtp, &mut input, b"EHLO a.org\r\n");
        input.release();
        (smtp, input)
    });
    heap + size_of::<(Server, Input)>()
}

fn idle_client() -> usize {
    let config = Arc::new(client::Config::new("a.org").expect("a domain"));
    let heap = heap_of(|| {
        let mut smtp = Client::new(Arc::clone(&config), Instant::ORIGIN);
        let mut input = Input::new(server::Limits::INPUT);
        for reply in &REPLIES[..2] {
            input.extend(reply);
            while let Step::Event(_) = smtp.step(&mut input, Instant::ORIGIN).expect("no fault") {}
            drain(smtp.output());
        }
        input.release();
        (smtp, input)
    });
    heap + size_of::<(Client, Input)>()
}
