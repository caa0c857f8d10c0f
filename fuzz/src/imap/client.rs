//! The client: a hostile server, and an application that says what it likes when it likes.

use crate::{
    drive::{Bounds, Heard, cut, drive},
    script::heard,
};
use imap_proto::{
    Client, Misuse,
    client::{Config, Event, Limits, Tls},
    codec::{Capability, DateTime, FetchItem, Flag, Quirks, Store},
};
use posta_core::Output;

/// What a server says, with the application's orders between it. The first octet sets switches.
pub fn client(data: &[u8]) {
    let Some((switches, script)) = data.split_first() else { return };
    in_any_order(*switches, script);
    cut_anywhere(*switches, &heard(script));
}

fn in_any_order(switches: u8, script: &[u8]) {
    let bounds = Bounds { input: 4096, output: 2 * Output::LIMIT, order: 600 };
    let mut literal = None;
    drive(
        Client::new(config(switches)),
        script,
        bounds,
        |event, _| {
            match event {
                Event::Literal { size, .. } => assert_eq!(literal.replace(size), None),
                Event::Chunk(octets) => {
                    let left = literal.expect("announced").checked_sub(octets.len() as u64);
                    literal = Some(left.expect("no more than was announced"));
                }
                Event::End => assert_eq!(literal.take(), Some(0)),
                event => {
                    assert_eq!(literal, None, "{event:?}");
                    let _ = format!("{event:?}");
                }
            }
            if matches!(event, Event::Body(..)) { Heard::Hold } else { Heard::GoOn }
        },
        |order, client| {
            // In a wrong state they do nothing, and say so.
            let _misuse = give(order, client);
        },
    );
}

/// To a client that does something with its mail.
fn cut_anywhere(switches: u8, wire: &[u8]) {
    let make = || {
        let mut config = config(switches);
        config.tls = Tls::Optional;
        Client::new(config)
    };
    let app = |event: Event<'_>, client: &mut Client, log: &mut posta_core::testing::Log| {
        let turn = log.events.iter().filter(|line| *line == "Ready").count();
        match event {
            Event::Chunk(octets) => log.chunk(octets),
            // How much room there is depends on how it is driven.
            Event::Body(..) => {}
            event => log.event(event),
        }
        let order = match event {
            Event::Ready => *b"ALsfnUFipO".get(turn).unwrap_or(&b'q'),
            Event::Challenge(..) => b'o',
            Event::StartTls(_) => b'T',
            Event::Idling(_) => b'd',
            Event::Body(..) => b'b',
            _ => return,
        };
        let _misuse = give(order, client);
    };
    cut(make, wire, 300, app, |cut, whole| cut.events == whole.events);
}

fn config(switches: u8) -> Config {
    let tls = match switches & 3 {
        0 => Tls::Optional,
        1 => Tls::Required,
        _ => Tls::Started,
    };
    let quirks = if switches & 4 != 0 { Quirks::all() } else { Quirks::default() };
    let limits = Limits { literal: 20, queue: 2000, window: 4, ..Limits::default() };
    Config { tls, quirks, limits }
}

pub(super) fn give(order: u8, client: &mut Client) -> Result<(), Misuse> {
    let done = match order {
        b'A' => client.authenticate("PLAIN", Some("AGJlYQBz")),
        b'G' => client.authenticate("LOGIN", None),
        b'L' => client.login("bea", "se\"cr\u{e9}t"),
        b'l' => client.login("bea", "secret"),
        b'C' => client.capability(),
        b'n' => client.noop(),
        b'q' => client.logout(),
        b'S' => client.starttls(),
        b's' => client.select("INBOX"),
        b'e' => client.examine("a b\u{e9}"),
        b'E' => client.select("\0"),
        b'+' => client.create("a\"\\b"),
        b'-' => client.delete("a"),
        b'R' => client.rename("a\r\nb", "c"),
        b'u' => client.subscribe("a"),
        b'v' => client.unsubscribe("a"),
        b'w' => client.list("", "*"),
        b'W' => client.lsub("", "%"),
        b'N' => client.namespace(),
        b'y' => client.status("a", &["MESSAGES", "UIDNEXT"]),
        b'a' => client.append("a", &[Flag::Seen], None, 30),
        b'p' => client.append("a", &[], Some(DateTime::from_unix(1_790_000_000)), 10),
        b'P' => client.append("a", &[], None, u64::MAX),
        b'c' => client.close_mailbox(),
        b'z' => client.unselect(),
        b'k' => client.check(),
        b'x' => client.expunge(),
        b'X' => client.uid_expunge("1:*"),
        b'f' => client.fetch("1:*", &[FetchItem::Flags, FetchItem::message()]),
        b'F' => client.uid_fetch("1,2:3", &[FetchItem::Envelope, FetchItem::BodyStructure]),
        b'0' => client.fetch("0", &[FetchItem::Uid]),
        b't' => client.store("1", Store::Set, &[Flag::Other("$Junk")], false),
        b'U' => client.uid_store("1", Store::Add, &[Flag::Seen], true),
        b'O' => client.copy("1", "b"),
        b'Q' => client.uid_copy("1", "b\u{e9}"),
        b'm' => client.move_to("1", "b"),
        b'M' => client.uid_move("1", "b"),
        b'h' => client.search(b"UNSEEN SUBJECT {3}\r\nabc"),
        b'H' => client.uid_search(b"ALL"),
        b'j' => client.search(b"ALL\r\nA9 LOGOUT"),
        b'i' => client.idle(),
        b'I' => client.id(&[]),
        b'V' => client.enable(&[Capability::new("CONDSTORE")]),
        b'd' => return client.done(),
        b'T' => return client.tls_started(),
        b'o' => return client.respond("QQ=="),
        b'r' => return client.respond("\r\n"),
        b'!' => return client.cancel(),
        b'b' => return client.body(b"Hi\r\n.\r\nBea").map(|_| ()),
        b'B' => return client.body(&[b'x'; 20_000]).map(|_| ()),
        _ => return Ok(()),
    };
    done.map(|_| ())
}
