//! What an idle session holds, and that a long one needs no more and allocates nothing.
#![allow(clippy::unwrap_used)]

use imap_proto::{
    Client, Server,
    client::{Config, Event, Tls},
    codec::{Data, Fetch, FetchData, FetchItem, Flag, Items, Place},
    server,
};
use posta_core::{Input, Instant, Machine, Step};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so there is no harness with threads of its own.
fn main() {
    an_idle_client_is_small();
    an_idle_server_is_small();
    messages_and_listings_of_any_length_need_no_memory();
    a_server_tells_of_any_number_of_messages_without_memory();
    println!("memory ... ok");
}

fn drive(client: &mut Client, input: &mut Input, mut on: impl FnMut(Event<'_>)) {
    loop {
        match client.step(input, Instant::ORIGIN).unwrap() {
            Step::Event(event) => on(event),
            Step::Read(_) | Step::Wait(_) => break,
            Step::Closed => panic!("closed"),
        }
    }
    let n = client.output().len();
    client.output().sent(n);
}

fn an_idle_client_is_small() {
    let mut input = Input::new(4096);
    input.extend(b"* OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE MOVE UIDPLUS] hi\r\n");
    let region = Region::new(ALLOCATOR);
    let mut client = Client::new(Config { tls: Tls::Started, ..Config::default() });
    drive(&mut client, &mut input, |_| {});
    client.login("bea", "secret").unwrap();
    drive(&mut client, &mut input, |_| {});
    input.extend(b"A1 OK [CAPABILITY IMAP4rev1 LITERAL+ IDLE MOVE UIDPLUS] in\r\n");
    drive(&mut client, &mut input, |_| {});
    drive(&mut client, &mut input, |_| {});
    let stats = region.change();
    let held = stats.bytes_allocated as isize - stats.bytes_deallocated as isize;
    let held = usize::try_from(held).unwrap() + size_of::<Client>();
    assert!(held < 1024, "the client holds {held} octets");
}

/// A server with a mailbox open, waiting for the next command, and its output.
fn serve(
    server: &mut Server,
    input: &mut Input,
    wire: &[u8],
    mut on: impl FnMut(server::Event<'_>, &mut Server),
) {
    input.extend(wire);
    loop {
        match server.step(input, Instant::ORIGIN).unwrap() {
            Step::Event(event) => on(event, server),
            Step::Read(_) if server.output().is_empty() => break,
            Step::Read(_) | Step::Wait(_) => {
                let n = server.output().len();
                server.output().sent(n);
            }
            Step::Closed => panic!("closed"),
        }
    }
}

fn open(input: &mut Input) -> Server {
    let config = server::Config { tls: server::Tls::Implicit, ..server::Config::default() };
    let mut server = Server::new(config.into(), Instant::ORIGIN).unwrap();
    serve(&mut server, input, b"a LOGIN bea secret\r\nb SELECT INBOX\r\n", |event, server| {
        match event {
            server::Event::Login { .. } => server.accept().unwrap(),
            server::Event::Command(..) => {
                let mailbox = server::Mailbox { uid_validity: 1, ..server::Mailbox::default() };
                server.select(&mailbox).unwrap();
            }
            event => panic!("{event:?}"),
        }
    });
    server
}

fn an_idle_server_is_small() {
    let region = Region::new(ALLOCATOR);
    let mut input = Input::new(4096);
    let mut server = open(&mut input);
    input.release();
    server.output().release();
    let stats = region.change();
    let held = stats.bytes_allocated as isize - stats.bytes_deallocated as isize;
    let held = usize::try_from(held).unwrap() + size_of::<Server>();
    assert!(held < 1024, "the server holds {held} octets, {} of them its own", size_of::<Server>());
}

fn a_server_tells_of_any_number_of_messages_without_memory() {
    let mut input = Input::new(4096);
    let mut server = open(&mut input);
    let mut number = 0;
    let mut tell = |server: &mut Server, most: u32| {
        let flags = [Flag::Seen, Flag::Flagged];
        let data = [FetchData::Uid(7), FetchData::Flags(Items::new(&flags)), FetchData::Size(5000)];
        while number < most && server.output().room() > 200 {
            number += 1;
            if number % 100 == 0 {
                server.begin_fetch(number, &data).unwrap();
                server.literal(Place::Rfc822, 4).unwrap();
                server.body(b"text").unwrap();
                server.end_fetch().unwrap();
            } else {
                server.data(&Data::Fetch(Fetch { number, data: Items::new(&data) })).unwrap();
            }
        }
        if number == most { server.accept().unwrap() } else { server.more().unwrap() }
    };
    let command = b"c FETCH 1:* FAST\r\n";
    serve(&mut server, &mut input, command, |_, server| tell(server, 10_000));
    let region = Region::new(ALLOCATOR);
    serve(&mut server, &mut input, command, |_, server| tell(server, 100_000));
    let stats = region.change();
    assert_eq!((stats.allocations, stats.reallocations), (0, 0));
}

fn messages_and_listings_of_any_length_need_no_memory() {
    let mut input = Input::new(64 * 1024);
    input.extend(b"* PREAUTH hi\r\n");
    let mut client = Client::new(Config { tls: Tls::Started, ..Config::default() });
    drive(&mut client, &mut input, |_| {});
    client.uid_fetch("1:*", &[FetchItem::message()]).unwrap();
    // The input grows once.
    let line = b"* 1 FETCH (UID 7 FLAGS (\\Seen) RFC822.SIZE 5000 ENVELOPE (NIL \"a\" NIL NIL NIL \
        ((NIL NIL \"bea\" \"b.com\")) NIL NIL NIL NIL))\r\n";
    for _ in 0..1000 {
        input.extend(line);
        if input.len() > 60_000 {
            drive(&mut client, &mut input, |_| {});
        }
    }
    drive(&mut client, &mut input, |_| {});
    let region = Region::new(ALLOCATOR);
    let (mut messages, mut octets) = (0, 0);
    for _ in 0..10_000 {
        input.extend(line);
        drive(&mut client, &mut input, |event| {
            let Event::Data { data: Data::Fetch(fetch), .. } = event else { panic!("{event:?}") };
            messages += fetch.data.iter().count();
        });
    }
    input.extend(b"* 2 FETCH (UID 8 BODY[] {268435456}\r\n");
    let block = [b'x'; 65536];
    for _ in 0..4096 {
        input.extend(&block);
        drive(&mut client, &mut input, |event| match event {
            Event::Chunk(chunk) => octets += chunk.len(),
            Event::Literal { uid: Some(8), size: 268_435_456, .. } | Event::Data { .. } => {}
            event => panic!("{event:?}"),
        });
    }
    let stats = region.change();
    assert_eq!(messages, 40_000);
    assert!(octets > 268_000_000, "{octets}");
    assert_eq!((stats.allocations, stats.reallocations), (0, 0));
}
