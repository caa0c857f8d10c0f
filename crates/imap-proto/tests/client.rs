//! The client machine alone: each named trap, at every split.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use imap_proto::{
    Client, Misuse,
    client::{Config, Error, Event, Handle, Limits},
    codec::{
        Capability, Data, DateTime, FetchItem, Flag, IdField, Items, Number, Quirks, Section,
        Store, Text, What,
    },
};
use posta_core::{
    Input, Instant, Machine, Step,
    testing::{every_split, run},
};
use std::time::Duration;

const HEADER: FetchItem<'static> = FetchItem::Section {
    section: Section { part: Items::new(&[]), what: What::Header },
    peek: false,
    partial: None,
};

const RFC_3501: &str = concat!(
    "* OK IMAP4rev1 Service Ready\r\n",
    "A1 OK LOGIN completed\r\n",
    "* 18 EXISTS\r\n",
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n",
    "* 2 RECENT\r\n",
    "* OK [UNSEEN 17] Message 17 is the first unseen message\r\n",
    "* OK [UIDVALIDITY 3857529045] UIDs valid\r\n",
    "A2 OK [READ-WRITE] SELECT completed\r\n",
    "* 12 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" ",
    "RFC822.SIZE 4286 ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" ",
    "\"IMAP4rev1 WG mtg summary and minutes\" ",
    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
    "((NIL NIL \"imap\" \"cac.washington.edu\")) ",
    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")",
    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL ",
    "\"<B27397-0100000@cac.washington.edu>\") ",
    "BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92))\r\n",
    "A3 OK FETCH completed\r\n",
    "* 12 FETCH (BODY[HEADER] {342}\r\n",
    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n",
    "From: Terry Gray <gray@cac.washington.edu>\r\n",
    "Subject: IMAP4rev1 WG mtg summary and minutes\r\n",
    "To: imap@cac.washington.edu\r\n",
    "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n",
    "Message-Id: <B27397-0100000@cac.washington.edu>\r\n",
    "MIME-Version: 1.0\r\n",
    "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n",
    "\r\n",
    ")\r\n",
    "A4 OK FETCH completed\r\n",
    "* 12 FETCH (FLAGS (\\Seen \\Deleted))\r\n",
    "A5 OK +FLAGS completed\r\n",
    "* BYE IMAP4rev1 server terminating connection\r\n",
    "A6 OK LOGOUT completed\r\n",
);

const RFC_3501_STEPS: &Steps = &[
    |c| c.login("mrc", "secret"),
    |c| c.select("inbox"),
    |c| c.fetch("12", &[FetchItem::Envelope, FetchItem::Body]),
    |c| c.fetch("12", &[HEADER]),
    |c| c.store("12", Store::Add, &[Flag::Deleted], false),
    |c| c.logout(),
];

#[test]
fn the_sample_connection_of_rfc_3501() {
    // Whole; with the header too long for a line; and with an input that holds little more than a line.
    for (literal, limit, cuts, literals) in
        [(4096, 65536, 0, 0), (100, 65536, 0, 1), (4096, 530, 1, 0), (100, 530, 1, 1)]
    {
        let limits = Limits { literal, ..Limits::default() };
        let make = || Client::new(Config { limits, ..config() });
        let log = talk_with(make, RFC_3501, limit, RFC_3501_STEPS);
        let events: Vec<&str> = log.events.iter().map(String::as_str).collect();
        let count = |of: fn(&&&str) -> bool| events.iter().filter(of).count();
        assert_eq!(events.last(), Some(&"closed"));
        assert_eq!(count(|line| line.ends_with('…')), cuts, "{events:#?}");
        assert_eq!(count(|line| line.starts_with("Literal(12")), literals);
        assert_eq!(events.iter().filter(|line| line.starts_with("Done(")).count(), 6);
        assert!(log.events.concat().contains("Content-Type: TEXT/PLAIN; CHARSET=US-ASCII"));
        assert_eq!(
            log.sent(),
            "A1 LOGIN \"mrc\" \"secret\"\r\nA2 SELECT \"inbox\"\r\nA3 FETCH 12 (ENVELOPE BODY)\r\n\
             A4 FETCH 12 (BODY[HEADER])\r\nA5 STORE 12 +FLAGS (\\Deleted)\r\nA6 LOGOUT\r\n"
        );
    }
}

#[test]
fn a_long_literal_comes_in_chunks_and_the_rest_behind_it() {
    let limits = Limits { literal: 10, ..Limits::default() };
    let log = talk_with(
        || Client::new(Config { limits, ..config() }),
        "* PREAUTH hi\r\n* 7 FETCH (UID 4 X {3}\r\na\r\n BODY[1]<5> {13}\r\n)\r\nA1 OK no\r\n FLAGS ())\r\nA1 OK\x20done\r\n",
        4096,
        &[|c| c.uid_fetch("4", &[FetchItem::message()])],
    );
    assert_eq!(
        log.events[2],
        "Fetch(Fetch { number: 7, data: [Uid(4), Other { name: [88], value: [123, 51, 125, 13, 10, 97, 13, 10] }] }) …"
    );
    assert!(log.events[3].starts_with("Literal(7, Some(4), Body {"), "{}", log.events[3]);
    assert_eq!(
        log.events[4..7],
        [")\\r\\nA1 OK no\\r\\n", "End", "Fetch(Fetch { number: 7, data: [Flags([])] })"]
    );
}

#[test]
fn two_long_literals_in_one_response() {
    let limits = Limits { literal: 2, ..Limits::default() };
    let log = talk_with(
        || Client::new(Config { limits, ..config() }),
        "* PREAUTH hi\r\n* 1 FETCH (BODY[1] {3}\r\nabc BODY[2] {4}\r\ndefg UID 9)\r\n* 2 EXISTS\r\n",
        4096,
        &[],
    );
    let events: Vec<&str> = log.events.iter().map(String::as_str).collect();
    assert_eq!(events[3], "abc");
    assert_eq!(
        events[6..],
        [
            "defg",
            "End",
            "Fetch(Fetch { number: 1, data: [Uid(9)] })",
            "Exists(2)",
            "error: UnexpectedEof"
        ][..]
    );
}

/// A literal where a line of text ends with what looks like one would swallow the next response.
#[test]
fn no_literal_in_words() {
    let (events, _) = talk("* OK see {5}\r\n* NO [X] {99}\r\n* BYE {1}\r\n", &[]);
    assert_eq!(events.len(), 4);
    assert_eq!(events[3], "error: Bye");
    let (events, _) = talk("A1 OK {3}\r\n* 1 EXISTS\r\n", &[|c| c.noop()]);
    assert_eq!(events[1], "Exists(1)");
}

/// A literal announced within ENVELOPE is no message text.
#[test]
fn a_long_literal_that_is_no_text_is_refused() {
    let limits = Limits { literal: 10, ..Limits::default() };
    for wire in [
        "* 1 FETCH (UID 3 ENVELOPE (NIL {5000}\r\n",
        "* 1 FETCH (X (BODY[] {5000}\r\n",
        "* 1 FETCH ({5000}\r\n",
        "* LIST () NIL {5000}\r\n",
        "* 1 FETCH (BODY[] {99999999999999999999999}\r\n",
    ] {
        let wire = format!("* PREAUTH hi\r\n{wire}");
        let log = talk_with(|| Client::new(Config { limits, ..config() }), &wire, 4096, &[]);
        let last = log.events.last().unwrap();
        let endless = wire.contains("BODY[] {9999") && last == "error: UnexpectedEof";
        assert!(
            last.starts_with("error: TooLong") || last.starts_with("error: Syntax") || endless,
            "{wire}: {last}"
        );
    }
    // One that fits stays where it is.
    let wire = format!(
        "* PREAUTH hi\r\n* 1 FETCH (UID 3 ENVELOPE (NIL {{20}}\r\n{} NIL NIL NIL NIL NIL NIL NIL NIL))\r\n",
        "x".repeat(20)
    );
    let log = talk_with(|| Client::new(Config { limits, ..config() }), &wire, 4096, &[]);
    assert!(log.events[2].starts_with("Fetch("), "{:?}", log.events);
}

#[test]
fn a_hundred_thousand_search_results_pass_through_4_kib() {
    let ids: Vec<u32> = (0..100_000).map(|n| n * 40_000 + 1).collect();
    let list = |separator: &str| ids.iter().map(u32::to_string).collect::<Vec<_>>().join(separator);
    for (wire, uid) in [
        (format!("* SEARCH {} (MODSEQ 99)\r\n", list(" ")), false),
        (format!("* VANISHED (EARLIER) {}\r\n", list(",")), false),
        (format!("* ESEARCH (TAG \"A1\") UID COUNT 100000 ALL {} MODSEQ 9\r\n", list(",")), true),
    ] {
        let wire = format!("* PREAUTH hi\r\n{wire}");
        for piece in [1000, 4096, usize::MAX] {
            let (mut found, mut last_seen, mut parts) = (Vec::new(), false, 0);
            run(make(), wire.as_bytes(), piece, 4096, |event, _, _| {
                let Event::Data { data, last } = event else { return };
                assert!(!last_seen);
                (last_seen, parts) = (last, parts + 1);
                match data {
                    Data::Search(search) => {
                        assert_eq!(search.mod_seq, last.then_some(99));
                        found.extend(search.found);
                    }
                    Data::Vanished { earlier: true, uids } => {
                        found.extend(uids.iter().map(|r| r.first))
                    }
                    Data::Esearch(esearch) => {
                        assert_eq!(esearch.uid, uid);
                        for data in esearch.data {
                            if let imap_proto::codec::SearchData::All(set) = data {
                                found.extend(set.iter().map(|r| r.first));
                            }
                        }
                    }
                    other => panic!("{other:?}"),
                }
            });
            assert!(last_seen && parts > 200, "{parts}");
            assert!(found == ids);
        }
    }
}

#[test]
fn a_fetch_that_fills_the_input_is_cut_between_its_items() {
    let items: Vec<String> = (0..100).map(|n| format!("X-{n} \"{}\"", "x".repeat(n))).collect();
    let wire = format!("* PREAUTH hi\r\n* 5 FETCH ({} UID 7)\r\n", items.join(" "));
    let log = talk_with(make, &wire, 256, &[]);
    let all: String = log.events.concat();
    assert_eq!(all.matches("Other {").count(), 100);
    assert_eq!(log.events.iter().filter(|line| line.ends_with('…')).count(), log.events.len() - 4);
    // One item that does not fit.
    let wire = format!("* PREAUTH hi\r\n* 5 FETCH (UID 1 X \"{}\")\r\n", "x".repeat(300));
    let log = talk_with(make, &wire, 256, &[]);
    assert_eq!(log.events.last().unwrap(), "error: TooLong");
}

#[test]
fn literals_of_commands_wait_unless_they_need_not() {
    let login: &Steps = &[|c| c.login("ana", "a\r\nb"), |c| c.logout()];
    let tail = "A1 OK in\r\n* BYE\x20x\r\nA2 OK\x20x\r\n";
    let (_, sent) = talk("", &[]);
    assert_eq!(sent, "");
    let greet = |wire: String| talk_with(make, &wire, 4096, login).sent();
    assert_eq!(
        greet(format!("* OK hi\r\n+ go\r\n{tail}")),
        "A1 LOGIN \"ana\" {4}\r\na\r\nb\r\nA2 LOGOUT\r\n"
    );
    for capability in ["LITERAL+", "LITERAL-", "IMAP4rev2"] {
        assert_eq!(
            greet(format!("* OK [CAPABILITY {capability}] hi\r\n{tail}")),
            "A1 LOGIN \"ana\" {4+}\r\na\r\nb\r\nA2 LOGOUT\r\n"
        );
    }
}

/// Octets of a literal that the server refuses would be read as commands.
#[test]
fn a_refused_literal_is_not_sent() {
    let log = talk_with(
        make,
        "* OK hi\r\nA1 NO too long\r\nA2 OK fine\r\n",
        4096,
        &[|c| c.login("ana", "\r\nA9 DELETE x"), |c| c.noop()],
    );
    assert_eq!(log.sent(), "A1 LOGIN \"ana\" {13}\r\nA2 NOOP\r\n");
}

#[test]
fn append_waits_and_is_pulled() {
    let append: &Steps = &[|c| {
        c.append("Sent", &[Flag::Seen], None, 23)?;
        c.noop()
    }];
    for piece in [1, 2, 7, 100] {
        let mut client = make();
        let mut input = Input::new(4096);
        let mut sent = Vec::new();
        let mut say = |client: &mut Client, words: &str| {
            let mut events = Vec::new();
            for part in words.as_bytes().chunks(piece) {
                input.extend(part);
                loop {
                    match client.step(&mut input, Instant::ORIGIN).unwrap() {
                        Step::Event(Event::Body(_, room)) => {
                            assert_eq!(room, 23);
                            let message = b"From: ana@a.org\r\n\r\nHi\r\n";
                            assert_eq!(client.body(message), Ok(23));
                            events.push("Body".to_owned());
                        }
                        Step::Event(event) => events.push(format!("{event:?}")),
                        _ => break,
                    }
                }
                sent.extend_from_slice(client.output().bytes());
                let n = client.output().len();
                client.output().sent(n);
            }
            events
        };
        say(&mut client, "* PREAUTH hi\r\n");
        append[0](&mut client).unwrap();
        assert_eq!(say(&mut client, "* 3 EXISTS\r\n+ go\r\n"), ["Exists(3)", "Body"]);
        let done = say(&mut client, "A1 OK [APPENDUID 5 7] done\r\nA2 OK \r\n");
        assert!(done[0].contains("AppendUid"), "{done:?}");
        assert_eq!(
            String::from_utf8(sent).unwrap(),
            "A1 APPEND \"Sent\" (\\Seen) {23}\r\nFrom: ana@a.org\r\n\r\nHi\r\n\r\nA2 NOOP\r\n"
        );
    }
    // Refused: nothing of it is sent.
    let (events, sent) = talk("A1 NO [TRYCREATE] no\r\nA2 OK\x20\r\n", append);
    assert_eq!(sent, "A1 APPEND \"Sent\" (\\Seen) {23}\r\nA2 NOOP\r\n");
    assert!(events[0].starts_with("Done(1, Status { condition: No"), "{events:?}");
}

/// What follows would be read as the rest of the message, or the rest as commands.
#[test]
fn an_answer_in_the_middle_of_a_message_is_told_and_ends_the_session() {
    let mut client = make();
    let mut input = Input::new(4096);
    input.extend(b"* PREAUTH hi\r\n");
    drive(&mut client, &mut input);
    client.append("Sent", &[], None, 100).unwrap();
    input.extend(b"+ go\r\n");
    drive(&mut client, &mut input);
    client.body(b"From:").unwrap();
    input.extend(b"A1 NO [OVERQUOTA] full\r\n");
    let Step::Event(Event::Done(..)) = client.step(&mut input, Instant::ORIGIN).unwrap() else {
        panic!()
    };
    assert_eq!(client.body(b"ana"), Err(Misuse::State));
    assert_eq!(client.step(&mut input, Instant::ORIGIN).unwrap_err(), Error::Interrupted);
}

#[test]
fn a_body_is_counted_and_checked() {
    let mut client = make();
    let mut input = Input::new(4096);
    input.extend(b"* PREAUTH hi\r\n");
    assert_eq!(client.body(b"x"), Err(Misuse::State));
    drive(&mut client, &mut input);
    client.append("x", &[], None, 5).unwrap();
    assert_eq!(client.body(b"x"), Err(Misuse::State));
    input.extend(b"+ go\r\n");
    drive(&mut client, &mut input);
    assert!(matches!(client.body(b"a\0"), Err(Misuse::Argument(_))));
    assert_eq!(client.body(b"abcdefgh"), Ok(5));
    assert_eq!(client.body(b"x"), Err(Misuse::State));
}

#[test]
fn commands_overlap_where_no_answer_is_ambiguous() {
    let sent = |wire: &str, first: Give| talk(wire, &[first]).1;
    let both: Give = |c| {
        c.fetch("1", &[FetchItem::Flags])?;
        c.fetch("2", &[FetchItem::Flags])
    };
    assert_eq!(sent("", both), "A1 FETCH 1 (FLAGS)\r\nA2 FETCH 2 (FLAGS)\r\n");
    // RFC 3501 5.5: NOOP lets the server expunge, and 1 would be another message.
    let waits: Give = |c| {
        c.noop()?;
        c.fetch("1", &[FetchItem::Flags])
    };
    assert_eq!(sent("", waits), "A1 NOOP\r\n");
    assert_eq!(sent("A1 OK\x20\r\n", waits), "A1 NOOP\r\nA2 FETCH 1 (FLAGS)\r\n");
    let searches: Give = |c| {
        c.search(b"ALL")?;
        c.search(b"UNSEEN")
    };
    assert_eq!(sent("", searches), "A1 SEARCH ALL\r\n");
    let lists: Give = |c| {
        c.list("", "*")?;
        c.noop()?;
        c.lsub("", "*")
    };
    assert_eq!(sent("", lists), "A1 LIST \"\" \"*\"\r\nA2 NOOP\r\n");
}

#[test]
fn answers_may_come_in_another_order() {
    let (events, _) = talk(
        "A2 OK second\r\nA1 NO first\r\n",
        &[|c| {
            c.uid_fetch("1", &[FetchItem::Flags])?;
            c.uid_fetch("2", &[FetchItem::Flags])
        }],
    );
    assert!(events[0].starts_with("Done(2, ") && events[1].starts_with("Done(1, "));
}

/// A tagged answer from before, or invented, is not taken for the answer to LOGIN.
#[test]
fn stale_tags_are_refused() {
    for tag in ["A0", "A2", "A01", "a1", "B1", "A", "A+1", "A99999999999"] {
        let (events, _) = talk(&format!("{tag} OK in\r\n"), &[|c| c.noop()]);
        let error = &events[0];
        assert!(
            error == "error: UnknownTag" || error.starts_with("error: Syntax"),
            "{tag}: {error}"
        );
    }
    let (events, _) = talk("A1 OK\x20\r\nA1 OK again\r\n", &[|c| c.noop()]);
    assert_eq!(events[1], "error: UnknownTag");
}

#[test]
fn idle_is_ended_by_done() {
    let log = every_split(
        make,
        b"* PREAUTH hi\r\n+ idling\r\n* 4 EXISTS\r\n* 2 EXPUNGE\r\nA1 OK done\r\nA2 OK\x20\r\n",
        4096,
        |event, imap, log| {
            log.event(event);
            match event {
                Event::Ready if log.events.len() < 4 => {
                    imap.idle().unwrap();
                    imap.noop().unwrap();
                }
                Event::Data { data: Data::Expunge(2), .. } => {
                    imap.done().unwrap();
                    assert_eq!(imap.done(), Err(Misuse::State));
                }
                _ => {}
            }
        },
    );
    assert_eq!(log.sent(), "A1 IDLE\r\nDONE\r\nA2 NOOP\r\n");
    assert_eq!(log.events[2..5], ["Idling(1)", "Exists(4)", "Expunge(2)"]);
}

#[test]
fn idle_ends_by_itself_after_29_minutes() {
    let mut client = make();
    let mut input = Input::new(4096);
    input.extend(b"* PREAUTH hi\r\n");
    drive(&mut client, &mut input);
    client.idle().unwrap();
    input.extend(b"+\x20\r\n");
    drive(&mut client, &mut input);
    let minutes = |n: u64| Instant::from_origin(Duration::from_secs(60 * n));
    assert_eq!(client.deadline(), Some(minutes(29)));
    // Whatever is told meanwhile.
    input.extend(b"* 4 EXISTS\r\n");
    assert!(matches!(client.step(&mut input, minutes(28)), Ok(Step::Event(_))));
    assert_eq!(client.deadline(), Some(minutes(29)));
    assert!(matches!(client.step(&mut input, minutes(29)), Ok(Step::Read(_))));
    assert!(client.output().bytes().ends_with(b"DONE\r\n"));
    assert_eq!(client.step(&mut input, minutes(40)).unwrap_err(), Error::Timeout);
    assert!(matches!(client.step(&mut input, minutes(41)), Ok(Step::Closed)));
}

#[test]
fn a_silent_server_is_given_up() {
    let mut client = make();
    let mut input = Input::new(4096);
    drive(&mut client, &mut input);
    let after = |s| Instant::from_origin(Duration::from_secs(s));
    assert_eq!(client.deadline(), Some(after(300)));
    input.extend(b"* PREAUTH hi\r\n");
    drive(&mut client, &mut input);
    // Nothing is asked: the server may be silent for ever.
    assert_eq!(client.deadline(), None);
    client.noop().unwrap();
    drive(&mut client, &mut input);
    assert_eq!(client.step(&mut input, after(300)).unwrap_err(), Error::Timeout);
}

#[test]
fn authenticate_frames_and_hides_nothing_else() {
    let plain: &Steps = &[|c| c.authenticate("PLAIN", Some("AGEAYg=="))];
    let sent = |wire: &str, steps| talk_with(make, wire, 4096, steps).sent();
    // RFC 4959: with the command, or when the server asks.
    assert_eq!(
        sent("* OK [CAPABILITY SASL-IR] hi\r\nA1 OK in\r\n", plain),
        "A1 AUTHENTICATE PLAIN AGEAYg==\r\n"
    );
    assert_eq!(
        sent("* OK hi\r\n+\x20\r\nA1 OK in\r\n", plain),
        "A1 AUTHENTICATE PLAIN\r\nAGEAYg==\r\n"
    );
    let empty: &Steps = &[|c| c.authenticate("EXTERNAL", Some(""))];
    assert_eq!(
        sent("* OK [CAPABILITY SASL-IR] hi\r\nA1 OK in\r\n", empty),
        "A1 AUTHENTICATE EXTERNAL =\r\n"
    );
    assert_eq!(sent("* OK hi\r\n+\x20\r\nA1 OK in\r\n", empty), "A1 AUTHENTICATE EXTERNAL\r\n\r\n");
    let none: &Steps = &[|c| c.authenticate("X", None)];
    assert_eq!(
        sent("* OK hi\r\n+ YQ==\r\n+\x20\r\nA1 OK in\r\n", none),
        "A1 AUTHENTICATE X\r\nb2s=\r\n\r\n"
    );
    assert_eq!(
        sent("* OK hi\r\n+ cGFzcw==\r\nA1 BAD gone\r\n", none),
        "A1 AUTHENTICATE X\r\n*\r\n"
    );
    // Not base64, or a challenge where the mechanism speaks first.
    assert_eq!(sent("* OK hi\r\n+ what?\r\nA1 BAD gone\r\n", none), "A1 AUTHENTICATE X\r\n*\r\n");
    assert_eq!(
        sent("* OK hi\r\n+ YQ==\r\nA1 BAD gone\r\n", plain),
        "A1 AUTHENTICATE PLAIN\r\n*\r\n"
    );
    assert!(!format!("{:?}", Event::Challenge(handle(), "c2VjcmV0")).contains("c2Vj"));
}

/// No mail leaves before the login, whatever the server claims.
#[test]
fn commands_that_need_a_login_wait_for_it() {
    let mut client = make();
    let mut input = Input::new(4096);
    input.extend(b"* OK hi\r\n");
    drive(&mut client, &mut input);
    assert_eq!(client.append("x", &[], None, 1), Err(Misuse::State));
    assert_eq!(client.select("x"), Err(Misuse::State));
    assert_eq!(client.idle(), Err(Misuse::State));
    client.login("ana", "secret").unwrap();
    assert_eq!(client.select("x"), Err(Misuse::State));
    input.extend(b"A1 OK in\r\n");
    drive(&mut client, &mut input);
    client.select("x").unwrap();
}

#[test]
fn commands_as_they_are_sent() {
    let fields = [Text::from("To"), Text::from("Date")];
    let parts = [Number(1), Number(2)];
    let section = Section { part: Items::new(&parts), what: What::Fields(Items::new(&fields)) };
    let date = DateTime::parse(b" 1-Feb-2025 03:04:05 -0130").unwrap();
    let cases: &[(&dyn Fn(&mut Client) -> Result<Handle, Misuse>, &str)] = &[
        (&|c| c.capability(), "CAPABILITY"),
        (&|c| c.id(&[]), "ID NIL"),
        (
            &|c| c.id(&[IdField { name: "name".into(), value: Some("posta".into()) }]),
            "ID (\"name\" \"posta\")",
        ),
        (&|c| c.enable(&[Capability::new("IMAP4rev2")]), "ENABLE IMAP4rev2"),
        (&|c| c.examine("INBOX"), "EXAMINE \"INBOX\""),
        (&|c| c.create("a\"b"), "CREATE \"a\\\"b\""),
        (&|c| c.delete("a"), "DELETE \"a\""),
        (&|c| c.rename("a", "b"), "RENAME \"a\" \"b\""),
        (&|c| c.subscribe("a"), "SUBSCRIBE \"a\""),
        (&|c| c.unsubscribe("a"), "UNSUBSCRIBE \"a\""),
        (&|c| c.namespace(), "NAMESPACE"),
        (&|c| c.status("a", &["MESSAGES", "UIDNEXT"]), "STATUS \"a\" (MESSAGES UIDNEXT)"),
        (&|c| c.close_mailbox(), "CLOSE"),
        (&|c| c.unselect(), "UNSELECT"),
        (&|c| c.expunge(), "EXPUNGE"),
        (&|c| c.uid_expunge("3:*"), "UID EXPUNGE 3:*"),
        (
            &|c| c.uid_fetch("1,3:5", &[FetchItem::Uid, FetchItem::Size, FetchItem::ModSeq]),
            "UID FETCH 1,3:5 (UID RFC822.SIZE MODSEQ)",
        ),
        (
            &|c| {
                c.fetch("$", &[FetchItem::Section { section, peek: false, partial: Some((0, 9)) }])
            },
            "FETCH $ (BODY[1.2.HEADER.FIELDS (To Date)]<0.9>)",
        ),
        (&|c| c.fetch("1", &[FetchItem::message()]), "FETCH 1 (BODY.PEEK[])"),
        (&|c| c.store("*", Store::Set, &[], true), "STORE * FLAGS.SILENT ()"),
        (
            &|c| c.uid_store("1", Store::Remove, &[Flag::Seen, Flag::Other("$A")], false),
            "UID STORE 1 -FLAGS (\\Seen $A)",
        ),
        (&|c| c.copy("1", "a"), "COPY 1 \"a\""),
        (&|c| c.uid_copy("1", "a"), "UID COPY 1 \"a\""),
        (&|c| c.uid_move("1", "a"), "UID MOVE 1 \"a\""),
        (&|c| c.uid_search(b"OR (NOT SEEN) TEXT \"a b\""), "UID SEARCH OR (NOT SEEN) TEXT \"a b\""),
        (
            &|c| c.append("a", &[Flag::Draft], Some(date), 7),
            "APPEND \"a\" (\\Draft) \"01-Feb-2025 03:04:05 -0130\" {7}",
        ),
    ];
    for (give, line) in cases {
        let mut client = make();
        let mut input = Input::new(4096);
        input.extend(b"* PREAUTH hi\r\n");
        drive(&mut client, &mut input);
        give(&mut client).unwrap();
        assert_eq!(String::from_utf8_lossy(client.output().bytes()), format!("A1 {line}\r\n"));
    }
}

#[test]
fn too_many_commands_are_refused() {
    let mut client = make();
    let given = (0..100_000).take_while(|_| client.noop().is_ok()).count();
    assert!((1000..10_000).contains(&given), "{given}");
    assert_eq!(client.noop(), Err(Misuse::Full));
}

/// A quirk of the very response that ends the session is told to nobody: the session is over.
#[test]
fn an_error_is_the_last_that_is_heard() {
    for wire in ["* NO \r\n", "* PREAUTH\r\n* OK\r\nA9 OK x\r\n", "* BAD\r\n"] {
        let mut client = Client::new(Config { quirks: Quirks::all(), ..config() });
        let mut input = Input::new(Limits::INPUT);
        input.extend(wire.as_bytes());
        let mut steps = 0..20;
        assert!(steps.any(|_| client.step(&mut input, Instant::ORIGIN).is_err()), "{wire:?}");
        let last = client.step(&mut input, Instant::ORIGIN);
        assert!(matches!(last, Ok(Step::Closed)), "{wire:?}: {last:?}");
    }
}
