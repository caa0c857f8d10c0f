//! What an idle session holds, and that a long one needs no more and allocates nothing.
#![allow(clippy::unwrap_used)]

use imap_proto::{
    Client,
    client::{Config, Event, Tls},
    codec::{Data, FetchItem},
};
use posta_core::{Input, Instant, Machine, Step};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so there is no harness with threads of its own.
fn main() {
    an_idle_client_is_small();
    messages_and_listings_of_any_length_need_no_memory();
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
