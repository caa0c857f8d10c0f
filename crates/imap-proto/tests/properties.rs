//! Anything at all, cut anywhere.
#![allow(clippy::unwrap_used)]

use imap_proto::{
    Client,
    client::{Config, Event, Limits, Tls},
    codec::{
        Address, Code, Condition, Data, Envelope, Fetch, FetchData, FetchItem, Flag, Items, Quirks,
        Response, Search, Status, Store, Text,
    },
};
use posta_core::testing::{Log, run};
use proptest::prelude::*;

/// Responses, pieces of them, and what has a meaning somewhere.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just("* ".to_owned()),
        Just("* 1 FETCH (".to_owned()),
        Just("* OK ".to_owned()),
        Just("* SEARCH 1 2 3\r\n".to_owned()),
        Just("* 2 FETCH (UID 5 BODY[] {3}\r\nabc)\r\n".to_owned()),
        Just("* 2 FETCH (BODY[1] {40}\r\n".to_owned()),
        Just("* VANISHED 1:5,7\r\n".to_owned()),
        Just("* ESEARCH UID ALL 1:5,7\r\n".to_owned()),
        Just("* BYE\r\n".to_owned()),
        Just("* 4 EXPUNGE\r\n".to_owned()),
        Just("BODYSTRUCTURE ((".to_owned()),
        Just("ENVELOPE (NIL NIL".to_owned()),
        Just("+ \r\n".to_owned()),
        Just("+ YQ==\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("{5}\r\n".to_owned()),
        Just("\"a\\\"".to_owned()),
        (1..9u32).prop_map(|n| format!("A{n} OK [X] done\r\n")),
        (1..9u32).prop_map(|n| format!("A{n} NO\r\n")),
        "[ -~]{0,3}",
        "[(){}\\[\\]<> \"\\\\NIL,:*%~0-9\r\n]{1,6}",
    ];
    prop::collection::vec(word, 0..30).prop_map(|words| words.concat().into_bytes())
}

fn app(event: Event<'_>, imap: &mut Client, log: &mut Log) {
    match event {
        Event::Chunk(octets) => log.chunk(octets),
        Event::Ready => {
            let turn = log.events.iter().filter(|line| *line == "Ready").count();
            log.line("Ready");
            let given = match turn {
                0 => imap.authenticate("X", Some("YQ==")),
                1 => imap.uid_fetch("1:*", &[FetchItem::message()]),
                2 => imap.idle(),
                3 => imap.append("a", &[], None, 5),
                4 => imap.uid_store("1", Store::Add, &[Flag::Seen], true),
                5 => imap.logout(),
                _ => return,
            };
            // What cannot be given in this state is not sent.
            let _misuse = given.err();
        }
        Event::Challenge(..) => imap.respond("YQ==").unwrap(),
        Event::Idling(_) => imap.done().unwrap(),
        Event::Body(..) => {
            imap.body(b"Hello").unwrap();
        }
        Event::StartTls(_) => imap.tls_started().unwrap(),
        event => log.event(event),
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof!["[ -~]{0,12}".prop_map(String::into_bytes), prop::collection::vec(1..=255u8, 0..8)]
}

proptest! {
    #[test]
    fn any_split_gives_the_same(
        wire in words(),
        piece in 1..40usize,
        quirks in any::<bool>(),
        limit in 64..300usize,
        greet in prop_oneof![Just("* OK hi\r\n"), Just("* PREAUTH hi\r\n"), Just("")],
    ) {
        let quirks = if quirks { Quirks::all() } else { Quirks::default() };
        let limits = Limits { literal: 20, ..Limits::default() };
        let config = Config { tls: Tls::Optional, quirks, limits };
        let wire = [greet.as_bytes(), &wire].concat();
        let whole = run(Client::new(config), &wire, wire.len().max(1), limit, app);
        let cut = run(Client::new(config), &wire, piece, limit, app);
        prop_assert_eq!(&cut.events, &whole.events);
        for line in cut.sent.split_inclusive(|octet| *octet == b'\n') {
            prop_assert!(line.ends_with(b"\r\n") || line == b"Hello", "{}", line.escape_ascii());
        }
    }

    #[test]
    fn anything_can_be_read(wire in words(), noise in prop::collection::vec(any::<u8>(), 0..60)) {
        for wire in [&wire[..], &noise, &[b"* ", &noise[..]].concat(), &[b"* 1 FETCH (", &noise[..]].concat()] {
            let Ok((response, needed)) = Response::parse_with(wire, Quirks::all()) else { continue };
            let _ = format!("{response:?}");
            if needed == Quirks::default() {
                prop_assert_eq!(Response::parse(wire), Ok(response));
            }
            let mut written = Vec::new();
            if response.write(&mut written).is_ok() {
                let again = Response::parse_with(&written[..written.len() - 2], Quirks::all());
                prop_assert_eq!(again.map(|(response, _)| response), Ok(response));
            } else {
                prop_assert!(written.is_empty());
            }
        }
    }

    #[test]
    fn what_is_written_is_read(
        number in 1..u32::MAX, uid in 1..u32::MAX, size in 0..i64::MAX as u64,
        subject in text(), name in text(), mailbox in text(), status in "[ -Z^-~]{0,20}",
        found in prop::collection::vec(1..u32::MAX, 0..9),
    ) {
        let address = Address { name: Some(Text::new(&name)), mailbox: Some(Text::new(&mailbox)), ..Address::default() };
        let addresses = [address, Address::default()];
        let envelope = Envelope { subject: Some(Text::new(&subject)), to: Items::new(&addresses), ..Envelope::default() };
        let flags = [Flag::Seen, Flag::Other("$Junk")];
        let data = [
            FetchData::Uid(uid), FetchData::Size(size), FetchData::Envelope(envelope),
            FetchData::Flags(Items::new(&flags)),
        ];
        let fetch = Fetch { number, data: Items::new(&data) };
        let status = Status { condition: Condition::No, code: Some(Code::UidNext(uid)), text: Text::from(&*status) };
        for response in [
            Response::Data(Data::Fetch(fetch)),
            Response::Tagged("A1", status),
            Response::Data(Data::Search(Search { found: Items::new(&found), mod_seq: Some(size) })),
        ] {
            let mut wire = Vec::new();
            response.write(&mut wire).unwrap();
            prop_assert_eq!(Response::parse(&wire[..wire.len() - 2]), Ok(response));
        }
    }
}
