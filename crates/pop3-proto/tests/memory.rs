//! What an idle session holds: the machine and its heap, below 1 KiB on either side.
#![allow(clippy::unwrap_used)]

use pop3_proto::{Client, Server, client, server};
use posta_core::{Input, Instant, Machine, Step};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::{alloc::System, sync::Arc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so there is no harness with threads of its own.
fn main() {
    sessions_are_small();
    println!("sessions_are_small ... ok");
}

fn sessions_are_small() {
    let config = Arc::new(server::Config { tls: server::Tls::None, ..Default::default() });
    let mut input = Input::new(4096);
    input.extend(b"USER bea@b.com\r\nPASS secret\r\nNOOP\r\n");
    let region = Region::new(ALLOCATOR);
    let mut server = Server::new(config, Some("<1.2@mx1.b.com>"), Instant::ORIGIN).unwrap();
    loop {
        match server.step(&mut input, Instant::ORIGIN).unwrap() {
            Step::Event(server::Event::Pass("secret")) => server.open(1 << 20, 1 << 40).unwrap(),
            Step::Event(event) => panic!("{event:?}"),
            Step::Wait(_) | Step::Closed => panic!("stuck"),
            Step::Read(_) => {
                let n = server.output().len();
                server.output().sent(n);
                if n == 0 {
                    break;
                }
            }
        }
    }
    let held = held(&region) + size_of::<Server>();
    assert!(held < 1024, "the server holds {held} octets");
    drop(server);

    // A million listed messages pass through a bounded output.
    let config = server::Config { tls: server::Tls::None, ..Default::default() };
    let mut server = Server::new(Arc::new(config), None, Instant::ORIGIN).unwrap();
    input.extend(b"USER bea\r\nPASS secret\r\nLIST\r\n");
    let (mut listed, mut most) = (0, 0);
    loop {
        match server.step(&mut input, Instant::ORIGIN).unwrap() {
            Step::Event(server::Event::Pass(_)) => server.open(1_000_000, 0).unwrap(),
            Step::Event(server::Event::Size(n)) => {
                listed = n;
                server.size(5000).unwrap();
            }
            Step::Event(event) => panic!("{event:?}"),
            _ => {
                let n = server.output().len();
                most = most.max(server.output().capacity());
                server.output().sent(n);
                if n == 0 {
                    break;
                }
            }
        }
    }
    assert_eq!(listed, 1_000_000);
    assert!(most <= 64 * 1024, "{most}");
    drop(server);

    let mut input = Input::new(4096);
    input.extend(b"+OK ready <1.2@mx1.b.com>\r\n+OK\r\nTOP\r\nPIPELINING\r\n.\r\n+OK\r\n+OK\r\n");
    let region = Region::new(ALLOCATOR);
    let mut client = Client::new(client::Limits::default(), client::Quirks::default());
    client.capa().unwrap();
    client.login("bea@b.com", "secret").unwrap();
    loop {
        let idle = match client.step(&mut input, Instant::ORIGIN).unwrap() {
            Step::Wait(_) => true,
            Step::Event(_) | Step::Read(_) => false,
            Step::Closed => panic!("closed"),
        };
        let n = client.output().len();
        client.output().sent(n);
        if idle && n == 0 {
            break;
        }
    }
    let held = self::held(&region) + size_of::<Client>();
    assert!(held < 1024, "the client holds {held} octets");
}

/// Octets of heap taken since the region began and not given back.
fn held(region: &Region<'_, System>) -> usize {
    let stats = region.change();
    usize::try_from(stats.bytes_allocated as isize - stats.bytes_deallocated as isize).unwrap_or(0)
}
