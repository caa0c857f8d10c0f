//! What the machines hold: below 1 KiB when idle, a constant amount whatever the size of a message, and
//! no more for a hostile peer than the limits say. Allocations are counted, no clock is read.
#![allow(clippy::unwrap_used)]

use posta_core::{Input, Instant, Machine, Output, Step};
use smtp_proto::{
    Client, Server, client,
    codec::{MailParams, Path, RcptParams},
    server,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};
use std::{alloc::System, sync::Arc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const INPUT: usize = server::Limits::INPUT;

/// The allocator counts for the whole process, so there is no harness with threads of its own.
fn main() {
    machines_are_small();
    println!("machines_are_small ... ok");
}

fn machines_are_small() {
    idle_server();
    idle_client();
    large_message_in();
    large_message_out();
    large_message_out_in_trickles();
    long_queue();
    hostile_client();
    hostile_server();
}

/// Octets of heap taken since the region began and not given back.
fn held(stats: Stats) -> usize {
    usize::try_from(stats.bytes_allocated as isize - stats.bytes_deallocated as isize).unwrap_or(0)
}

fn mx() -> Arc<server::Config> {
    Arc::new(server::Config::new("mx1.b.com").unwrap())
}

fn mua() -> Arc<client::Config> {
    Arc::new(client::Config::new("a.org").unwrap())
}

/// Steps a server that says yes until it wants to read; returns how many octets it put out.
fn serve(server: &mut Server, input: &mut Input) -> usize {
    let mut sent = 0;
    loop {
        match server.step(input, Instant::ORIGIN) {
            Ok(Step::Event(server::Event::Chunk(_) | server::Event::Bad(_))) => {}
            Ok(Step::Event(_)) => {
                // Events that want no verdict refuse it.
                let _ = server.accept();
            }
            Ok(Step::Read(_) | Step::Wait(_) | Step::Closed) | Err(_) => {
                let n = server.output().len();
                server.output().sent(n);
                sent += n;
                if n == 0 {
                    return sent;
                }
            }
        }
    }
}

/// Hands in what the other side says, as much at a time as fits.
fn tell(server: &mut Server, input: &mut Input, mut wire: &[u8]) -> usize {
    let mut sent = 0;
    while !wire.is_empty() {
        wire = &wire[input.extend(wire)..];
        sent += serve(server, input);
    }
    sent
}

const HELLO: &[u8] = b"EHLO a.org\r\n";
const ENVELOPE: &[u8] = b"MAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n";

/// After a session with a long group of commands, a refused line, and a message.
fn idle_server() {
    let (config, mut input) = (mx(), Input::new(INPUT));
    input.extend(&[b'x'; INPUT]);
    input.take(INPUT);
    let region = Region::new(ALLOCATOR);
    let mut server = Server::new(config, Instant::ORIGIN);
    tell(&mut server, &mut input, HELLO);
    tell(&mut server, &mut input, &b"NOOP\r\n".repeat(2000));
    tell(&mut server, &mut input, b"XYZZY\r\n");
    tell(&mut server, &mut input, ENVELOPE);
    tell(&mut server, &mut input, b"Hi\r\n.\r\n");
    let held = held(region.change()) + size_of::<Server>();
    assert!(held < 1024, "an idle server holds {held} octets");
}

/// Steps a client until it wants to read, with an application that sends `message` octets a piece.
fn talk(client: &mut Client, input: &mut Input, left: &mut usize) -> usize {
    let (mut sent, piece) = (0, [b'x'; 4096]);
    loop {
        match client.step(input, Instant::ORIGIN).unwrap() {
            Step::Event(client::Event::Body(room)) => {
                let n = client.body(&piece[..room.min(piece.len()).min(*left)]).unwrap();
                *left -= n;
                if *left == 0 {
                    client.end().unwrap();
                }
            }
            Step::Event(_) => {}
            Step::Read(_) | Step::Wait(_) | Step::Closed => {
                let n = client.output().len();
                client.output().sent(n);
                sent += n;
                if n == 0 {
                    return sent;
                }
            }
        }
    }
}

/// Has the client do a transaction with `recipients` and a message of `octets`.
fn transact(client: &mut Client, input: &mut Input, recipients: usize, octets: usize) -> usize {
    client.mail(Path::Null, &MailParams::default()).unwrap();
    for _ in 0..recipients {
        client.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    }
    client.data().unwrap();
    let (mut left, mut sent) = (octets, talk(client, input, &mut 0));
    for _ in 0..=recipients {
        input.extend(b"250 OK\r\n");
        sent += talk(client, input, &mut left);
    }
    for reply in ["354 go\r\n", "250 queued\r\n"] {
        input.extend(reply.as_bytes());
        sent += talk(client, input, &mut left);
    }
    sent
}

/// After a message to many, whose commands had to queue.
fn idle_client() {
    let (config, mut input) = (mua(), Input::new(INPUT));
    input.extend(&[b'x'; INPUT]);
    input.take(INPUT);
    let region = Region::new(ALLOCATOR);
    let mut client = Client::new(config, Instant::ORIGIN);
    input.extend(
        b"220 mx1.b.com ESMTP\r\n250-mx1.b.com\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n\
        250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250 DSN\r\n",
    );
    talk(&mut client, &mut input, &mut 0);
    let before = region.change();
    transact(&mut client, &mut input, 1000, 100_000);
    assert!(region.change().bytes_allocated - before.bytes_allocated > 16_384, "it was busy");
    let held = held(region.change()) + size_of::<Client>();
    assert!(held < 1024, "an idle client holds {held} octets");
}

/// 1 MiB and 16 MiB cost the same: no allocation at all once the message flows.
fn large_message_in() {
    let (mut server, mut input) = (Server::new(mx(), Instant::ORIGIN), Input::new(INPUT));
    tell(&mut server, &mut input, HELLO);
    tell(&mut server, &mut input, ENVELOPE);
    let block = b"..A line that begins with a dot, and one that is longer than most of them.\r\n";
    let block = block.repeat(1024 * 1024 / block.len());
    // Enough reads for the input to have its full size.
    tell(&mut server, &mut input, &block);
    let region = Region::new(ALLOCATOR);
    for _ in 0..16 {
        tell(&mut server, &mut input, &block);
    }
    assert_eq!(region.change(), Stats::default());
    assert!(tell(&mut server, &mut input, b".\r\n") > 0);
}

/// A server that reads slowly: the output is never empty, and never grows.
fn large_message_out_in_trickles() {
    let (mut client, mut input) = (Client::new(mua(), Instant::ORIGIN), Input::new(INPUT));
    input.extend(b"220 mx1.b.com\r\n250 mx1.b.com\r\n");
    talk(&mut client, &mut input, &mut 0);
    client.mail(Path::Null, &MailParams::default()).unwrap();
    client.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    client.data().unwrap();
    for reply in ["", "250 OK\r\n", "250 OK\r\n"] {
        input.extend(reply.as_bytes());
        talk(&mut client, &mut input, &mut 0);
    }
    input.extend(b"354 go\r\n");
    let (mut sent, mut most) = (0, 0);
    while sent < 4 * 1024 * 1024 {
        match client.step(&mut input, Instant::ORIGIN).unwrap() {
            Step::Event(client::Event::Body(room)) => {
                assert_eq!(client.body(&vec![b'x'; room]), Ok(room));
            }
            Step::Event(_) => {}
            Step::Read(_) | Step::Wait(_) | Step::Closed => {
                let n = client.output().len().min(5000);
                client.output().sent(n);
                sent += n;
            }
        }
        most = most.max(client.output().capacity());
    }
    assert!(most <= 4 * Output::LIMIT, "the output holds {most} octets");
}

/// A thousand recipients, and another for each reply: the queue is never empty, and never grows.
fn long_queue() {
    let (mut client, mut input) = (Client::new(mua(), Instant::ORIGIN), Input::new(INPUT));
    input.extend(b"220 mx1.b.com\r\n250-mx1.b.com\r\n250 PIPELINING\r\n");
    talk(&mut client, &mut input, &mut 0);
    client.mail(Path::Null, &MailParams::default()).unwrap();
    for _ in 0..1000 {
        client.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    }
    let region = Region::new(ALLOCATOR);
    for _ in 0..100_000 {
        talk(&mut client, &mut input, &mut 0);
        input.extend(b"250 OK\r\n");
        client.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    }
    assert!(held(region.change()) <= 64 * 1024, "{:?}", region.change());
}

fn large_message_out() {
    let mut peaks = Vec::new();
    for octets in [1024 * 1024, 16 * 1024 * 1024] {
        let (mut client, mut input) = (Client::new(mua(), Instant::ORIGIN), Input::new(INPUT));
        input.extend(b"220 mx1.b.com\r\n250 mx1.b.com\r\n");
        talk(&mut client, &mut input, &mut 0);
        let region = Region::new(ALLOCATOR);
        let sent = transact(&mut client, &mut input, 1, octets);
        assert!(sent > octets);
        peaks.push(region.change().bytes_allocated);
    }
    assert_eq!(peaks[0], peaks[1]);
    assert!(peaks[0] <= 4 * Output::LIMIT, "{peaks:?}");
}

/// V13: whoever sends twice as much costs twice as much, and leaves nothing behind.
fn hostile_client() {
    let long = |n: usize| [&b"MAIL FROM:<"[..], &vec![b'x'; n], b">\r\n"].concat();
    type Wire = fn(usize) -> Vec<u8>;
    let generators: [(&str, Wire); 8] = [
        ("a line without an end", |n| vec![b'x'; n]),
        ("bare LFs in a command", |n| vec![b'\n'; n]),
        ("CRs", |n| vec![b'\r'; n]),
        ("NULs", |n| vec![0; n]),
        ("commands", |n| b"NOOP\r\n".repeat(n / 6)),
        ("recipients", |n| [&ENVELOPE[..23], &b"RCPT TO:<a@b>\r\n".repeat(n / 15)].concat()),
        ("parameters", |n| {
            let line = format!("MAIL FROM:<a@b>{}\r\nRSET\r\n", " A=B".repeat(400));
            line.repeat(n / line.len()).into_bytes()
        }),
        ("source routes", |n| {
            let line = format!("RCPT TO:<{}a@b>\r\nRSET\r\n", "@a,".repeat(400));
            line.repeat(n / line.len()).into_bytes()
        }),
    ];
    for (name, wire) in generators {
        let mut costs = Vec::new();
        for n in [1 << 18, 1 << 19] {
            let mut config = server::Config::new("mx1.b.com").unwrap();
            config.limits.errors = u32::MAX;
            config.limits.recipients = usize::MAX;
            let wire = wire(n);
            let (config, mut input) = (Arc::new(config), Input::new(INPUT));
            let region = Region::new(ALLOCATOR);
            let mut server = Server::new(config, Instant::ORIGIN);
            tell(&mut server, &mut input, HELLO);
            tell(&mut server, &mut input, &wire);
            let stats = region.change();
            assert!(held(stats) <= INPUT + 1024, "{name}: {stats:?}");
            costs.push((stats.allocations + stats.reallocations, stats.bytes_allocated));
        }
        let [(few, small), (many, large)] = costs[..] else { panic!() };
        assert!(many <= 2 * few + 8 && large <= 2 * small + 1024, "{name}: {costs:?}");
    }
    // A single line that is as long as it may be, and one octet more.
    for n in [200, 2048, 12_288] {
        let mut server = Server::new(mx(), Instant::ORIGIN);
        let mut input = Input::new(INPUT);
        tell(&mut server, &mut input, HELLO);
        let region = Region::new(ALLOCATOR);
        for octet in long(n) {
            tell(&mut server, &mut input, &[octet]);
        }
        assert!(region.change().bytes_allocated <= 2 * INPUT + 4096, "octet by octet: {n}");
    }
}

/// V13 for the other side: replies without an end, and replies that nobody asked for.
fn hostile_server() {
    for flood in [&b"250-x\r\n"[..], b"x", b"250 OK\r\n", b"\r", b"\0", b"421\r\n", b"334 \r\n"] {
        let wire = flood.repeat(1 << 16);
        let (config, mut input) = (mua(), Input::new(INPUT));
        let region = Region::new(ALLOCATOR);
        let mut client = Client::new(config, Instant::ORIGIN);
        input.extend(b"220 mx1.b.com\r\n250 mx1.b.com\r\n");
        talk(&mut client, &mut input, &mut 0);
        client.noop().unwrap();
        let (mut rest, mut replies, mut over) = (&wire[..], 0, false);
        while !over {
            let n = input.extend(rest);
            assert!(n > 0, "{:?}: the client takes nothing, and goes on", flood.escape_ascii());
            rest = &rest[n..];
            over = loop {
                match client.step(&mut input, Instant::ORIGIN) {
                    Ok(Step::Event(_)) => replies += 1,
                    Ok(Step::Read(_)) => break false,
                    Ok(Step::Wait(_) | Step::Closed) => panic!("{:?}", flood.escape_ascii()),
                    Err(_) => break true,
                }
            };
        }
        assert!(replies <= 1, "NOOP has one reply, not {replies}");
        assert!(wire.len() - rest.len() <= 2 * INPUT);
        let held = held(region.change());
        assert!(held <= 2 * INPUT + 2048, "{:?}: {held}", flood.escape_ascii());
    }
}
