//! The client: a hostile server, and an application that says what it likes when it likes.

use crate::{
    drive::{Bounds, Heard, cut_lines, drive},
    script::heard,
};
use pop3_proto::{
    Client, Misuse,
    client::{Event, Limits, Quirks},
};
use posta_core::Output;

/// What a server says, with the application's orders between it. The first octet sets switches.
pub fn client(data: &[u8]) {
    let Some((switches, script)) = data.split_first() else { return };
    in_any_order(*switches, script);
    cut_anywhere(*switches, &heard(script));
}

fn in_any_order(switches: u8, script: &[u8]) {
    let bounds = Bounds { input: Limits::INPUT, output: 2 * Output::LIMIT, order: 600 };
    drive(
        make(switches),
        script,
        bounds,
        |_, _| Heard::GoOn,
        |order, client| {
            // In a wrong state they do nothing, and say so.
            let _misuse = give(order, client);
        },
    );
}

/// To a client that has a maildrop to look through.
fn cut_anywhere(switches: u8, wire: &[u8]) {
    cut_lines(
        || make(switches),
        wire,
        Limits::INPUT,
        |event, client, log| {
            let turn = log.events.iter().filter(|line| *line == "Ready").count();
            match event {
                Event::Chunk(bytes) => log.chunk(bytes),
                event => log.event(event),
            }
            let orders: &[u8] = match event {
                Event::Ready => [&b"c"[..], b"S", b"A", b"L", b"slu", b"rt", b"d", b"q"]
                    .get(turn)
                    .copied()
                    .unwrap_or_default(),
                Event::Challenge(_) => b"o",
                Event::StartTls => b"T",
                _ => b"",
            };
            for order in orders {
                let _misuse = give(*order, client);
            }
        },
    );
}

fn make(switches: u8) -> Client {
    let limits = Limits { queue: 8, ..Limits::default() };
    Client::new(limits, Quirks { bare_lf: switches & 1 != 0 })
}

pub(super) fn give(order: u8, client: &mut Client) -> Result<(), Misuse> {
    match order {
        b'c' => client.capa(),
        b'S' => client.starttls(),
        b'T' => client.tls_started(),
        b'l' => client.list(None),
        b'i' => client.list(Some(2)),
        b'u' => client.uidl(None),
        b'v' => client.uidl(Some(2)),
        b's' => client.stat(),
        b'r' => client.retr(1),
        b't' => client.top(2, 1),
        b'd' => client.dele(1),
        b'0' => client.retr(0),
        b'N' => client.noop(),
        b'Z' => client.rset(),
        b'q' => client.quit(),
        b'L' => client.login("bea", "secret"),
        b'E' => client.login("bea", "\r\nQUIT"),
        b'P' => client.apop("bea", "c4c9334bac560ecc979e58001b3e22fb"),
        b'A' => client.auth("PLAIN", Some("AGJlYQBz")),
        b'B' => client.auth("PLAIN", Some(&"QUFB".repeat(100))),
        b'G' => client.auth("LOGIN", None),
        b'o' => client.respond("QQ=="),
        b'O' => client.respond("\r\n"),
        b'x' => client.cancel(),
        b'8' => client.utf8(),
        _ => Ok(()),
    }
}
