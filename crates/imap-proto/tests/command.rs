//! What clients say, one by one.
#![allow(clippy::unwrap_used)]

use imap_proto::codec::{
    Command, Date, DateTime, FetchItem, Flag, Items, Number, SearchKey, Secret, Section, Sequence,
    StatusItem, Store, Text, What,
};
use proptest::prelude::*;

fn parse(wire: &str) -> Command<'_> {
    let (tag, command) =
        Command::parse(wire.as_bytes()).unwrap_or_else(|error| panic!("{wire}: {error}"));
    assert_eq!(tag, "a1");
    // One octet more or less is another command, or none.
    for cut in 0..wire.len() {
        assert_ne!(
            Command::parse(&wire.as_bytes()[..cut]).ok(),
            Some((tag, command)),
            "{wire} at {cut}"
        );
    }
    assert!(Command::parse(format!("{wire}\r\n").as_bytes()).is_err() || wire.contains("APPEND"));
    command
}

fn text(text: &str) -> Text<'_> {
    Text::from(text)
}

const fn one(number: u32) -> Sequence {
    Sequence { first: Some(number), last: Some(number) }
}

const NAMES: [Text<'static>; 2] = [Text::new(b"From"), Text::new(b"To")];
const SEEN_OR_SEVEN: [SearchKey<'static>; 2] =
    [SearchKey::Seen, SearchKey::Uid(Items::new(&SEVEN))];
const BOTH: [Sequence; 2] = [one(1), one(7)];
const MANY: [Sequence; 3] =
    [Sequence { first: Some(2), last: Some(4) }, one(7), Sequence { first: None, last: Some(9) }];
const FIELDS: [FetchItem<'static>; 1] = [FetchItem::Section {
    section: Section {
        part: Items::new(&[Number(1), Number(2)]),
        what: What::Fields(Items::new(&NAMES)),
    },
    peek: true,
    partial: Some((0, 100)),
}];
const ONE: [Sequence; 1] = [one(1)];
const THREE: [Sequence; 1] = [one(3)];
const SEVEN: [Sequence; 1] = [one(7)];

#[test]
fn every_command() {
    let table: &[(&str, Command<'_>)] = &[
        ("a1 CAPABILITY", Command::Capability),
        ("a1 noop", Command::Noop),
        ("a1 Logout", Command::Logout),
        ("a1 STARTTLS", Command::StartTls),
        ("a1 ID NIL", Command::Id(Items::default())),
        ("a1 NAMESPACE", Command::Namespace),
        ("a1 IDLE", Command::Idle),
        ("a1 CHECK", Command::Check),
        ("a1 CLOSE", Command::Close),
        ("a1 UNSELECT", Command::Unselect),
        ("a1 EXPUNGE", Command::Expunge(None)),
        ("a1 UID EXPUNGE 3", Command::Expunge(Some(Items::new(&THREE)))),
        (
            "a1 LOGIN bea \"se\\\"cr\\\\et\"",
            Command::Login { user: text("bea"), password: Secret(text("se\"cr\\et")) },
        ),
        (
            "a1 LOGIN {3}\r\nbea {6+}\r\nse\r\net",
            Command::Login { user: text("bea"), password: Secret(text("se\r\net")) },
        ),
        ("a1 AUTHENTICATE PLAIN", Command::Authenticate { mechanism: "PLAIN", initial: None }),
        (
            "a1 AUTHENTICATE PLAIN =",
            Command::Authenticate { mechanism: "PLAIN", initial: Some(Secret("")) },
        ),
        (
            "a1 AUTHENTICATE SCRAM-SHA-256 biws",
            Command::Authenticate { mechanism: "SCRAM-SHA-256", initial: Some(Secret("biws")) },
        ),
        ("a1 SELECT INBOX", Command::Select(text("INBOX"))),
        ("a1 EXAMINE \"a b\"", Command::Examine(text("a b"))),
        ("a1 CREATE a.b", Command::Create(text("a.b"))),
        ("a1 DELETE {3}\r\na\"b", Command::Delete(text("a\"b"))),
        ("a1 RENAME a &AOk-", Command::Rename { from: text("a"), to: text("&AOk-") }),
        ("a1 SUBSCRIBE [x]", Command::Subscribe(text("[x]"))),
        ("a1 UNSUBSCRIBE nil", Command::Unsubscribe(text("nil"))),
        ("a1 LIST \"\" *", Command::List { reference: text(""), pattern: text("*") }),
        ("a1 LIST \"\" \"\"", Command::List { reference: text(""), pattern: text("") }),
        ("a1 LSUB #news. %.a]", Command::Lsub { reference: text("#news."), pattern: text("%.a]") }),
        (
            "a1 STATUS b (MESSAGES unseen UIDNEXT UIDVALIDITY RECENT)",
            Command::Status {
                mailbox: text("b"),
                items: Items::new(&[
                    StatusItem::Messages,
                    StatusItem::Unseen,
                    StatusItem::UidNext,
                    StatusItem::UidValidity,
                    StatusItem::Recent,
                ]),
            },
        ),
        (
            "a1 APPEND s {310}\r\n",
            Command::Append { mailbox: text("s"), flags: Items::default(), date: None, size: 310 },
        ),
        (
            "a1 APPEND {1}\r\ns (\\Seen $a) \" 7-Feb-1994 21:52:25 -0800\" {9+}\r\n",
            Command::Append {
                mailbox: text("s"),
                flags: Items::new(&[Flag::Seen, Flag::Other("$a")]),
                date: Some(DateTime {
                    year: 1994,
                    month: 2,
                    day: 7,
                    hour: 21,
                    minute: 52,
                    second: 25,
                    offset: -480,
                }),
                size: 9,
            },
        ),
        (
            "a1 FETCH 2:4,7,*:9 FAST",
            Command::Fetch {
                uid: false,
                set: Items::new(&MANY),
                items: Items::new(&[FetchItem::Flags, FetchItem::InternalDate, FetchItem::Size]),
            },
        ),
        (
            "a1 UID FETCH 1:* (UID BODY BODYSTRUCTURE ENVELOPE RFC822 RFC822.HEADER RFC822.TEXT)",
            Command::Fetch {
                uid: true,
                set: Items::new(&[Sequence { first: Some(1), last: None }]),
                items: Items::new(&[
                    FetchItem::Uid,
                    FetchItem::Body,
                    FetchItem::BodyStructure,
                    FetchItem::Envelope,
                    FetchItem::Rfc822,
                    FetchItem::Rfc822Header,
                    FetchItem::Rfc822Text,
                ]),
            },
        ),
        (
            "a1 FETCH * BODY.PEEK[1.2.HEADER.FIELDS (From \"To\")]<0.100>",
            Command::Fetch {
                uid: false,
                set: Items::new(&[Sequence { first: None, last: None }]),
                items: Items::new(&FIELDS),
            },
        ),
        (
            "a1 STORE 1 +FLAGS.SILENT (\\Deleted)",
            Command::Store {
                uid: false,
                set: Items::new(&ONE),
                how: Store::Add,
                silent: true,
                flags: Items::new(&[Flag::Deleted]),
            },
        ),
        (
            "a1 UID STORE 1 -FLAGS \\Seen a",
            Command::Store {
                uid: true,
                set: Items::new(&ONE),
                how: Store::Remove,
                silent: false,
                flags: Items::new(&[Flag::Seen, Flag::Other("a")]),
            },
        ),
        (
            "a1 STORE 1 FLAGS ()",
            Command::Store {
                uid: false,
                set: Items::new(&ONE),
                how: Store::Set,
                silent: false,
                flags: Items::default(),
            },
        ),
        ("a1 COPY 1 b", Command::Copy { uid: false, set: Items::new(&ONE), mailbox: text("b") }),
        ("a1 UID MOVE 1 b", Command::Move { uid: true, set: Items::new(&ONE), mailbox: text("b") }),
    ];
    for (wire, command) in table {
        assert_eq!(parse(wire), *command, "{wire}");
    }
}

#[test]
fn every_search_key() {
    let day = Date { year: 2026, month: 2, day: 1 };
    #[rustfmt::skip]
    let table: &[(&str, SearchKey<'_>)] = &[
        ("ALL", SearchKey::All),
        ("answered", SearchKey::Answered),
        ("DELETED", SearchKey::Deleted),
        ("DRAFT", SearchKey::Draft),
        ("FLAGGED", SearchKey::Flagged),
        ("NEW", SearchKey::New),
        ("OLD", SearchKey::Old),
        ("RECENT", SearchKey::Recent),
        ("SEEN", SearchKey::Seen),
        ("UNANSWERED", SearchKey::Unanswered),
        ("UNDELETED", SearchKey::Undeleted),
        ("UNDRAFT", SearchKey::Undraft),
        ("UNFLAGGED", SearchKey::Unflagged),
        ("UNSEEN", SearchKey::Unseen),
        ("KEYWORD $Junk", SearchKey::Keyword("$Junk")),
        ("UNKEYWORD a", SearchKey::Unkeyword("a")),
        ("BCC x", SearchKey::Bcc(Text::new(b"x"))),
        ("BODY \"a b\"", SearchKey::Body(Text::new(b"a b"))),
        ("CC {2}\r\n\u{e9}", SearchKey::Cc(Text::new("\u{e9}".as_bytes()))),
        ("FROM ana", SearchKey::From(Text::new(b"ana"))),
        ("SUBJECT tea", SearchKey::Subject(Text::new(b"tea"))),
        ("TEXT x", SearchKey::Text(Text::new(b"x"))),
        ("TO bea", SearchKey::To(Text::new(b"bea"))),
        ("HEADER List-Id \"\"", SearchKey::Header(Text::new(b"List-Id"), Text::new(b""))),
        ("BEFORE 1-Feb-2026", SearchKey::Before(day)),
        ("ON 01-feb-2026", SearchKey::On(day)),
        ("SINCE \"1-Feb-2026\"", SearchKey::Since(day)),
        ("SENTBEFORE 1-Feb-2026", SearchKey::SentBefore(day)),
        ("SENTON 1-Feb-2026", SearchKey::SentOn(day)),
        ("SENTSINCE 1-Feb-2026", SearchKey::SentSince(day)),
        ("LARGER 0", SearchKey::Larger(0)),
        ("SMALLER 4294967295", SearchKey::Smaller(u32::MAX)),
        ("1,7", SearchKey::Set(Items::new(&BOTH))),
        ("*", SearchKey::Set(Items::new(&[Sequence { first: None, last: None }]))),
        ("UID 7", SearchKey::Uid(Items::new(&SEVEN))),
        ("NOT SEEN", SearchKey::Not(Items::new(&[SearchKey::Seen]))),
        ("OR SEEN UID 7", SearchKey::Or(Items::new(&SEEN_OR_SEVEN))),
        ("(SEEN NEW)", SearchKey::And(Items::new(&[SearchKey::Seen, SearchKey::New]))),
    ];
    for (wire, key) in table {
        let keys =
            SearchKey::parse(wire.as_bytes()).unwrap_or_else(|error| panic!("{wire}: {error}"));
        assert_eq!(keys.iter().collect::<Vec<_>>(), [*key], "{wire}");
        let twice = format!("a1 UID SEARCH CHARSET UTF-8 {wire} NOT ({wire})");
        let (_, command) = Command::parse(twice.as_bytes()).unwrap();
        let not = [SearchKey::And(Items::new(core::slice::from_ref(key)))];
        let both = [*key, SearchKey::Not(Items::new(&not))];
        let charset = Some(Text::new(b"UTF-8"));
        assert_eq!(command, Command::Search { uid: true, charset, keys: Items::new(&both) });
    }
}

#[test]
fn what_is_none() {
    #[rustfmt::skip]
    let table = [
        "", " ", "a1", "a1 ", "+ NOOP", "a+ NOOP", "a1  NOOP", "a1 NOOP ", "a1 NOOP x", "a1 NOPE", "a(1 NOOP",
        "a1 LOGIN bea", "a1 LOGIN bea ", "a1 LOGIN bea secret more", "a1 LOGIN \"bea secret", "a1 LOGIN be(a x",
        "a1 LOGIN {3}\r\nbe", "a1 LOGIN {-1}\r\n x", "a1 LOGIN {99999999999999999999}\r\nx y",
        "a1 LOGIN \"a\rb\" c", "a1 LOGIN \"a\0b\" c", "a1 LOGIN be*a x",
        "a1 AUTHENTICATE", "a1 AUTHENTICATE PLAIN *", "a1 AUTHENTICATE PLAIN a", "a1 AUTHENTICATE PLAIN = =",
        "a1 SELECT", "a1 SELECT a b", "a1 RENAME a", "a1 LIST \"\"", "a1 LIST", "a1 ENABLE", "a1 ENABLE ",
        "a1 STATUS a", "a1 STATUS a ()", "a1 STATUS a (MESSAGES", "a1 STATUS a (NOTHING)",
        "a1 APPEND a", "a1 APPEND a \"x\"", "a1 APPEND a {3}\r\nabc", "a1 APPEND a ~{3}\r\n",
        "a1 APPEND a (\\Seen {3}\r\n", "a1 APPEND a \"99-Feb-1994 21:52:25 -0800\" {3}\r\n",
        "a1 UID NOOP", "a1 UID", "a1 UID EXPUNGE", "a1 EXPUNGE 1", "a1 UID UID FETCH 1 UID",
        "a1 FETCH", "a1 FETCH 1", "a1 FETCH 0 UID", "a1 FETCH 1: UID", "a1 FETCH 1,,2 UID", "a1 FETCH 1 ()",
        "a1 FETCH 4294967296 UID", "a1 FETCH 1 NOTHING", "a1 FETCH 1 (UID FAST)", "a1 FETCH 1 BODY[",
        "a1 FETCH 1 BODY[1..2]", "a1 FETCH 1 BODY[0]", "a1 FETCH 1 BODY[MIME]", "a1 FETCH 1 BODY[]<0>",
        "a1 FETCH 1 BODY[]<0.0>", "a1 FETCH 1 RFC822[]", "a1 FETCH $ UID",
        "a1 STORE 1 FLAGS", "a1 STORE 1 FLAGS ", "a1 STORE 1 *FLAGS (x)", "a1 STORE 1 FLAGS (a b", "a1 STORE 1 FLAGS {1}\r\na",
        "a1 COPY 1", "a1 MOVE b", "a1 SEARCH", "a1 SEARCH CHARSET", "a1 SEARCH CHARSET UTF-8", "a1 SEARCH ()",
        "a1 SEARCH NOT", "a1 SEARCH OR SEEN", "a1 SEARCH (SEEN", "a1 SEARCH SEEN)", "a1 SEARCH NOTHING",
        "a1 SEARCH ON 32-Feb-2026", "a1 SEARCH ON 1-Feb-26", "a1 SEARCH ON 1-Foo-2026", "a1 SEARCH LARGER -1",
        "a1 SEARCH KEYWORD \\Seen", "a1 ID", "a1 ID (\"name\")", "a1 IDLE x", "a1 DONE",
    ];
    for wire in table {
        assert!(
            Command::parse(wire.as_bytes()).is_err(),
            "{wire}: {:?}",
            Command::parse(wire.as_bytes())
        );
    }
    let error = Command::parse(b"a1 FETCH 1 (UID NOPE)").unwrap_err();
    assert_eq!(error.tag, Some("a1"));
    assert_eq!(error.error.offset, 16);
}

#[test]
fn sets_mean_what_they_say() {
    for (first, last, of, low, high) in [
        (Some(2), Some(4), 9, 2, 4),
        (Some(4), Some(2), 9, 2, 4),
        (Some(3), None, 9, 3, 9),
        (Some(12), None, 9, 9, 12),
        (None, None, 9, 9, 9),
        (None, None, 0, 0, 0),
    ] {
        let range = Sequence { first, last }.resolve(of);
        assert_eq!((range.first, range.last), (low, high));
    }
}

#[test]
fn secrets_are_not_shown() {
    for wire in ["a1 LOGIN bea hunter2", "a1 AUTHENTICATE PLAIN aHVudGVyMgo="] {
        let shown = format!("{:?}", Command::parse(wire.as_bytes()).unwrap());
        assert!(!shown.contains("hunter2") && !shown.contains("aHVu") && shown.contains("***"));
    }
}

/// Nesting costs memory and time in proportion to its length, and is refused beyond a depth.
#[test]
fn nesting_bombs_are_refused() {
    for (open, close) in [("(", ")"), ("NOT ", ""), ("OR SEEN ", "")] {
        let keys = format!("a1 SEARCH {}SEEN{}", open.repeat(20), close.repeat(20));
        assert!(Command::parse(keys.as_bytes()).is_ok(), "{keys}");
        let keys = format!("a1 SEARCH {}SEEN{}", open.repeat(100_000), close.repeat(100_000));
        assert!(Command::parse(keys.as_bytes()).is_err());
    }
}

proptest! {
    #[test]
    fn nothing_panics(wire in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Command::parse(&wire);
    }

    /// Pieces of commands in any order reach deeper than octets do.
    #[test]
    fn no_pieces_panic(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "a1 ", "UID ", "FETCH ", "STORE ", "SEARCH ", "APPEND ", "LIST ", "STATUS ", "1:*", ",", " ", "(", ")", "BODY[",
        "]", "<0.1>", "\"", "\\", "{3}\r\n", "{3+}\r\n", "abc", "NOT ", "OR ", "+FLAGS ", "\\Seen", "HEADER.FIELDS ", "NIL",
        "1-Feb-2026", "*", "%",
    ]), 0..20)) {
        let wire = pieces.concat();
        if let Ok((_, command)) = Command::parse(wire.as_bytes()) {
            let _ = format!("{command:?}");
        }
    }
}
