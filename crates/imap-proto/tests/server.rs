//! The server machine alone, at every split.
#![allow(clippy::unwrap_used)]

use imap_proto::{
    Misuse, Server,
    codec::{
        Code, Command, Condition, Data, Fetch, FetchData, Flag, Items, Place, Range, Section,
        Status,
    },
    server::{Config, Error, Event, Limits, Mailbox, Tls},
};
use posta_core::{
    Input, Instant, Machine, Step,
    testing::{Log, every_split, run},
};
use std::{sync::Arc, time::Duration};

fn config() -> Config {
    Config { tls: Tls::None, sasl: "PLAIN X-TWO".into(), ..Config::default() }
}

fn with(config: Config) -> Server {
    Server::new(Arc::new(config), Instant::ORIGIN).unwrap()
}

fn make() -> Server {
    with(config())
}

const INBOX: Mailbox<'static> = Mailbox {
    exists: 3,
    recent: 1,
    flags: &[Flag::Seen, Flag::Deleted],
    permanent_flags: &[Flag::Seen, Flag::Any],
    unseen: Some(2),
    uid_validity: 77,
    uid_next: 9,
    read_only: false,
};

const TEXT: &[u8] = b"From: ana@a.org\r\n\r\nHi\r\n";

/// A server's application in small: Bea has an INBOX of three messages.
fn app(event: Event<'_>, imap: &mut Server, log: &mut Log) {
    match event {
        Event::Chunk(octets) => return log.chunk(octets),
        // How often that is depends on how it is driven.
        Event::More(_) => {}
        event => log.event(event),
    }
    match event {
        Event::Login { user, password } if user == "bea" && password.0 == "secret" => {
            imap.accept().unwrap();
        }
        Event::Login { .. } => imap.reject(Some(Code::AuthenticationFailed), "no").unwrap(),
        Event::Authenticate { initial: Some(_), .. } => imap.accept().unwrap(),
        Event::Authenticate { .. } => imap.challenge("").unwrap(),
        Event::Response(text) if text.0 == "YWdhaW4=" => imap.challenge("bW9yZQ==").unwrap(),
        Event::Response(_) => imap.accept().unwrap(),
        Event::Append { mailbox, .. } if mailbox == "s" => imap.accept().unwrap(),
        Event::Append { .. } => {
            imap.reject(Some(Code::TryCreate), "there is no such mailbox").unwrap()
        }
        Event::Appended => {
            let uids = [Range::from(9)];
            let code = Code::AppendUid { uid_validity: 5, uids: Items::new(&uids) };
            let status = Status { code: Some(code), ..Status::new(Condition::Ok, "stored") };
            imap.finish(&status).unwrap();
        }
        Event::Idle => imap.data(&Data::Exists(4)).unwrap(),
        Event::Command(command, _) => match command {
            Command::Select(mailbox) if mailbox.is("inbox") => imap.select(&INBOX).unwrap(),
            Command::Examine(mailbox) if mailbox.is("inbox") => {
                imap.select(&Mailbox { read_only: true, ..INBOX }).unwrap();
            }
            Command::Select(_) | Command::Examine(_) => {
                imap.reject(Some(Code::NonExistent), "no such mailbox").unwrap();
            }
            Command::Noop => {
                if imap.is_selected() {
                    imap.data(&Data::Expunge(1)).unwrap();
                }
                imap.accept().unwrap();
            }
            Command::Search { .. } => {
                imap.found(&[2]).unwrap();
                imap.found(&[3]).unwrap();
                imap.accept().unwrap();
            }
            Command::Fetch { .. } => {
                imap.begin_fetch(2, &[FetchData::Uid(7)]).unwrap();
                imap.literal(PLACE, TEXT.len() as u64).unwrap();
                assert_eq!(imap.body(TEXT), Ok(TEXT.len()));
                imap.end_fetch().unwrap();
                imap.accept().unwrap();
            }
            _ => imap.accept().unwrap(),
        },
        Event::Done => imap.accept().unwrap(),
        _ => {}
    }
}

const PLACE: Place<'static> = Place::Body {
    section: Section { part: Items::new(&[]), what: imap_proto::codec::What::All },
    origin: None,
};

/// What was heard and what was said behind the greeting.
fn talk_with(make: impl Fn() -> Server, wire: &str) -> (Vec<String>, String) {
    let log = every_split(make, wire.as_bytes(), 4096, app);
    let sent = log.sent();
    let (_, sent) = sent.split_once("\r\n").unwrap();
    (log.events, sent.to_owned())
}

fn sent(wire: &str) -> String {
    talk_with(make, wire).1
}

/// What is said to these behind a login.
fn logged_in(wire: &str) -> String {
    let sent = sent(&format!("l LOGIN bea secret\r\n{wire}"));
    sent.split_once("\r\n").unwrap().1.to_owned()
}

/// What is said to these behind a SELECT.
fn selected(wire: &str) -> String {
    let sent = logged_in(&format!("s SELECT INBOX\r\n{wire}"));
    sent.split_once("s OK [READ-WRITE] selected\r\n").unwrap().1.to_owned()
}

#[test]
fn a_whole_session() {
    let (events, sent) = talk_with(
        make,
        "1 CAPABILITY\r\n2 LOGIN {3}\r\nbea {6+}\r\nsecret\r\n3 ID NIL\r\n4 ENABLE X\r\n5 SELECT inbox\r\n\
         6 SEARCH ALL\r\n7 FETCH 2 BODY[]\r\n8 NOOP\r\n9 IDLE\r\nDONE\r\n10 CLOSE\r\n11 LOGOUT\r\n12 NOOP\r\n",
    );
    assert_eq!(
        sent,
        "* CAPABILITY IMAP4rev1 ENABLE ID LITERAL+ SASL-IR CHILDREN IDLE MOVE NAMESPACE SPECIAL-USE UIDPLUS \
         UNSELECT AUTH=PLAIN AUTH=X-TWO\r\n1 OK done\r\n\
         + go on\r\n\
         2 OK [CAPABILITY IMAP4rev1 ENABLE ID LITERAL+ SASL-IR CHILDREN IDLE MOVE NAMESPACE SPECIAL-USE \
         UIDPLUS UNSELECT] done\r\n\
         * ID NIL\r\n3 OK done\r\n\
         * ENABLED\r\n4 OK done\r\n\
         * FLAGS (\\Seen \\Deleted)\r\n* 3 EXISTS\r\n* 1 RECENT\r\n\
         * OK [PERMANENTFLAGS (\\Seen \\*)] these can be changed\r\n\
         * OK [UNSEEN 2] the first that is not seen\r\n\
         * OK [UIDVALIDITY 77] UIDs are valid\r\n* OK [UIDNEXT 9] the next UID\r\n5 OK [READ-WRITE] selected\r\n\
         * SEARCH 2 3\r\n6 OK done\r\n\
         * 2 FETCH (UID 7 BODY[] {23}\r\nFrom: ana@a.org\r\n\r\nHi\r\n)\r\n7 OK done\r\n\
         * 1 EXPUNGE\r\n8 OK done\r\n\
         + idling\r\n* 4 EXISTS\r\n9 OK done\r\n\
         10 OK done\r\n* BYE bye\r\n11 OK done\r\n"
    );
    assert_eq!(events[0], "Login { user: \"bea\", password: *** }");
    assert_eq!(events.last().unwrap(), "closed");
    assert_eq!(events.len(), 9, "{events:#?}");
}

#[test]
fn what_is_possible_when() {
    let table = [
        ("a SELECT INBOX\r\n", "a BAD log in first\r\n"),
        ("a APPEND s {3}\r\n", "a BAD log in first\r\n"),
        ("a APPEND s {3+}\r\nabc\r\nb NOOP\r\n", "a BAD log in first\r\nb OK done\r\n"),
        ("a IDLE\r\n", "a BAD log in first\r\n"),
        ("a FETCH 1 UID\r\n", "a BAD select a mailbox first\r\n"),
        ("a UID FETCH 1 UID\r\n", "a BAD select a mailbox first\r\n"),
        ("a NOPE\r\n", "a BAD no such command\r\n"),
        ("a UID NOOP x\r\n", "a BAD bad argument at octet 2: expected a command that knows UIDs"),
        ("a\r\n", "a BAD no such command\r\n"),
        ("\r\n", "* BAD a command begins with a tag\r\n"),
        ("* NOOP\r\n", "* BAD a command begins with a tag\r\n"),
        ("a NOOP x\r\n", "a BAD "),
        ("a LOGIN bea wrong\r\n", "a NO [AUTHENTICATIONFAILED] no\r\n"),
        ("a LOGIN bea\r\n", "a BAD "),
        ("a AUTHENTICATE SCRAM\r\n", "a NO [CANNOT] not offered\r\n"),
        ("a STARTTLS\r\n", "a BAD not offered\r\n"),
    ];
    for (wire, answer) in table {
        let sent = sent(wire);
        assert!(sent.starts_with(answer), "{wire:?}: {sent}");
    }
    for (wire, answer) in [
        ("a LOGIN bea secret\r\n", "a BAD logged in already\r\n"),
        ("a AUTHENTICATE PLAIN\r\n", "a BAD logged in already\r\n"),
        ("a STARTTLS\r\n", "a BAD too late for TLS\r\n"),
        ("a FETCH 1 UID\r\n", "a BAD select a mailbox first\r\n"),
        ("a SELECT nope\r\n", "a NO [NONEXISTENT] no such mailbox\r\n"),
    ] {
        assert_eq!(logged_in(wire), answer, "{wire:?}");
    }
    // RFC 3501 6.3.1: a SELECT that fails leaves no mailbox selected; one that is no command does not.
    let after = selected("a SELECT nope\r\nb FETCH 1 UID\r\n");
    assert!(after.ends_with("b BAD select a mailbox first\r\n"), "{after}");
    let after = selected("a SELECT\r\nb CHECK\r\nc UNSELECT\r\nd CHECK\r\n");
    assert!(
        after.ends_with("b OK done\r\nc OK done\r\nd BAD select a mailbox first\r\n"),
        "{after}"
    );
    assert!(logged_in("a EXAMINE inbox\r\n").ends_with("a OK [READ-ONLY] selected\r\n"));
}

#[test]
fn extensions_that_are_not_offered_are_unknown() {
    let bare = || with(Config { extensions: String::new(), ..config() });
    for command in ["IDLE", "NAMESPACE", "UNSELECT", "UID EXPUNGE 1", "MOVE 1 a", "UID MOVE 1 a"] {
        let wire = format!("l LOGIN bea secret\r\ns SELECT INBOX\r\na {command}\r\n");
        let (_, sent) = talk_with(bare, &wire);
        assert!(sent.ends_with("a BAD no such command\r\n"), "{sent}");
    }
}

#[test]
fn authenticate() {
    let table = [
        ("a AUTHENTICATE plain AGJlYQBzZWNyZXQ=\r\n", "a OK [CAPABILITY IMAP4rev1 "),
        ("a AUTHENTICATE PLAIN =\r\n", "a OK [CAPABILITY "),
        ("a AUTHENTICATE PLAIN\r\nAGJlYQBzZWNyZXQ=\r\n", "+ \r\na OK [CAPABILITY "),
        ("a AUTHENTICATE PLAIN\r\n\r\n", "+ \r\na OK [CAPABILITY "),
        ("a AUTHENTICATE X-TWO\r\nYWdhaW4=\r\nZG9uZQ==\r\n", "+ \r\n+ bW9yZQ==\r\na OK "),
        ("a AUTHENTICATE PLAIN\r\n*\r\nb NOOP\r\n", "+ \r\na BAD cancelled\r\nb OK done\r\n"),
        ("a AUTHENTICATE PLAIN\r\nb NOOP\r\nc NOOP\r\n", "+ \r\na BAD not base64\r\nc OK done\r\n"),
        ("a AUTHENTICATE PLAIN *\r\n", "a BAD "),
    ];
    for (wire, answer) in table {
        let (events, sent) = talk_with(make, wire);
        assert!(sent.starts_with(answer), "{wire:?}: {sent}");
        assert!(!format!("{events:?}").contains("AGJl"), "{events:?}");
    }
}

#[test]
fn no_login_in_the_clear() {
    let required = || with(Config { tls: Tls::Required, ..config() });
    let log = run(required(), b"", 1, 4096, app);
    let greeting = log.sent();
    assert!(greeting.contains(" STARTTLS LOGINDISABLED]") && !greeting.contains("AUTH="));
    for command in ["LOGIN bea secret", "AUTHENTICATE PLAIN", "AUTHENTICATE PLAIN AGJlYQBzZWNyZXQ="]
    {
        let (events, sent) = talk_with(required, &format!("a {command}\r\n"));
        assert_eq!(sent, "a NO [PRIVACYREQUIRED] TLS must be started first\r\n");
        assert_eq!(events, ["closed"]);
    }
}

/// CVE-2011-0411 and its kin: what came before TLS may be anyone's.
#[test]
fn what_follows_starttls_in_the_clear_is_refused() {
    let offered = || with(Config { tls: Tls::Required, ..config() });
    for early in ["x", "b LOGIN bea secret\r\n", "\x16\x03\x01"] {
        let log = run(offered(), format!("a STARTTLS\r\n{early}").as_bytes(), 1000, 4096, app);
        assert_eq!(log.events.last().unwrap(), "error: EarlyData");
        // In pieces it comes behind the event.
        let log = run(offered(), format!("a STARTTLS\r\n{early}").as_bytes(), 1, 4096, app);
        assert_eq!(log.events.first().unwrap(), "StartTls");
        assert!(!log.events.iter().any(|event| event.starts_with("Login")), "{:?}", log.events);
    }
}

#[test]
fn starttls() {
    let mut imap = with(Config { tls: Tls::Required, ..config() });
    let mut input = Input::new(4096);
    assert_eq!(imap.tls_started(), Err(Misuse::State));
    input.extend(b"a STARTTLS\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Event(Event::StartTls))));
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Wait(_))));
    imap.tls_started().unwrap();
    assert!(imap.is_tls());
    let before = imap.output().len();
    input.extend(b"b CAPABILITY\r\nc STARTTLS\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Read(_))));
    let sent = String::from_utf8_lossy(&imap.output().bytes()[before..]).into_owned();
    assert!(
        sent.contains(" AUTH=PLAIN") && !sent.contains("STARTTLS") && !sent.contains("DISABLED")
    );
    assert!(sent.ends_with("c BAD too late for TLS\r\n"), "{sent}");
}

#[test]
fn append() {
    let table = [
        (
            "a APPEND s {23}\r\nFrom: ana@a.org\r\n\r\nHi\r\n\r\n",
            "+ go on\r\na OK [APPENDUID 5 9] stored\r\n",
        ),
        (
            "a APPEND s {23+}\r\nFrom: ana@a.org\r\n\r\nHi\r\n\r\n",
            "a OK [APPENDUID 5 9] stored\r\n",
        ),
        (
            "a APPEND {1}\r\ns (\\Seen) {1}\r\nx\r\n",
            "+ go on\r\n+ go on\r\na OK [APPENDUID 5 9] stored\r\n",
        ),
        // What looks like commands is the message.
        (
            "a APPEND s {11+}\r\nb LOGOUT\r\n\r\r\nc NOOP\r\n",
            "a OK [APPENDUID 5 9] stored\r\nc OK done\r\n",
        ),
        // Refused before it is sent.
        (
            "a APPEND t {23}\r\nb NOOP\r\n",
            "a NO [TRYCREATE] there is no such mailbox\r\nb OK done\r\n",
        ),
        (
            "a APPEND s {9999999999}\r\nb NOOP\r\n",
            "a NO [TOOBIG] the message is too big\r\nb OK done\r\n",
        ),
        ("a APPEND s {0}\r\nb NOOP\r\n", "a NO [CANNOT] a message is not empty\r\nb OK done\r\n"),
        ("a APPEND s {99999999999999999999}\r\nb NOOP\r\n", "a BAD [TOOBIG] "),
        // Refused while it comes: none of it is a command.
        (
            "a APPEND t {10+}\r\nb LOGOUT\r\n\r\nc NOOP\r\n",
            "a NO [TRYCREATE] there is no such mailbox\r\nc OK done\r\n",
        ),
        (
            "a APPEND s {0+}\r\n\r\nb NOOP\r\n",
            "a NO [CANNOT] a message is not empty\r\nb OK done\r\n",
        ),
        // RFC 3502 is not offered.
        (
            "a APPEND s {1+}\r\nx {10+}\r\nb LOGOUT\r\n\r\nc NOOP\r\n",
            "a BAD a command ends behind its message\r\nc OK done\r\n",
        ),
        (
            "a APPEND s {1+}\r\nx {10}\r\nb NOOP\r\n",
            "a BAD a command ends behind its message\r\nb OK done\r\n",
        ),
        // A command that is none keeps nothing of its literals.
        ("a APPEND s nonsense {10+}\r\nb LOGOUT\r\n\r\nc NOOP\r\n", "a BAD "),
    ];
    for (wire, answer) in table {
        let sent = logged_in(wire);
        assert!(sent.starts_with(answer), "{wire:?}: {sent}");
        assert!(!sent.contains("BYE"), "{wire:?}: {sent}");
    }
    // Half a message is none.
    let (events, _) = talk_with(make, "l LOGIN bea secret\r\na APPEND s {9+}\r\nFrom: ");
    assert_eq!(events[2..], ["From: ", "error: UnexpectedEof"]);
}

#[test]
fn literals_are_refused_before_they_are_sent() {
    // No leave is given.
    assert_eq!(
        sent("a LOGIN {16385}\r\nb NOOP\r\n"),
        "a BAD [TOOBIG] the literal is too large\r\nb OK done\r\n"
    );
    assert_eq!(
        sent("a LOGIN {4090}\r\nb NOOP\r\n"),
        "a BAD [TOOBIG] the literal is too large\r\nb OK done\r\n",
        "it does not fit into the input"
    );
    // It comes all the same, and is not taken for commands.
    let octets = "b LOGOUT\r\n".repeat(2000);
    let wire =
        format!("a LOGIN {{{}+}}\r\n{octets} {{10+}}\r\nc LOGOUT\r\n\r\nd NOOP\r\n", octets.len());
    assert_eq!(sent(&wire), "a BAD [TOOBIG] the literal is too large\r\nd OK done\r\n");
}

#[test]
fn lines_end_with_crlf() {
    for bad in ["a NOOP\n", "a NO\rOP\r\n", "a NO\0OP\r\n", "a NOOP\r\r\n"] {
        let sent = sent(&format!("{bad}b NOOP\r\n"));
        assert_eq!(
            sent, "a BAD a line ends with CRLF and holds no other CR, nor NUL\r\nb OK done\r\n",
            "{bad:?}"
        );
    }
}

#[test]
fn spaces_may_be_tolerated() {
    use imap_proto::codec::Quirks;
    let quirks = Quirks { spaces: true, ..Quirks::default() };
    let tolerant = move || with(Config { quirks, ..config() });
    let wire =
        "a LOGIN  bea  secret \r\nb SELECT INBOX\r\nc SEARCH ( ALL )\r\nd APPEND s  {1+}\r\nx\r\n";
    let (events, sent) = talk_with(tolerant, wire);
    assert!(sent.contains("c OK done\r\nd OK [APPENDUID"), "{sent} {events:?}");
    assert!(talk_with(make, wire).1.starts_with("a BAD not tolerated (Spaces)"));
}

#[test]
fn commands_have_a_longest() {
    let wire = format!("a LOGIN {} x\r\nb NOOP\r\n", "x".repeat(10_000));
    assert_eq!(sent(&wire), "a BAD [TOOBIG] the command is too long\r\nb OK done\r\n");
    let wire = format!("{} NOOP\r\nb NOOP\r\n", "x".repeat(256));
    assert_eq!(sent(&wire), "* BAD a command begins with a tag\r\nb OK done\r\n");
    let wire = format!("a AUTHENTICATE PLAIN\r\n{}\r\nb NOOP\r\n", "x".repeat(10_000));
    assert_eq!(sent(&wire), "+ \r\na BAD not base64\r\nb OK done\r\n");
}

#[test]
fn idle() {
    let after = selected("i IDLE\r\nDONE\r\nb NOOP\r\n");
    assert_eq!(after, "+ idling\r\n* 4 EXISTS\r\ni OK done\r\n* 1 EXPUNGE\r\nb OK done\r\n");
    let after = selected("i IDLE\r\nb NOOP\r\nc CHECK\r\n");
    assert_eq!(after, "+ idling\r\n* 4 EXISTS\r\ni BAD DONE was due\r\nc OK done\r\n");

    let (mut imap, mut input) = at_inbox();
    input.extend(b"i IDLE\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Event(Event::Idle))));
    assert!(imap.is_idling() && imap.may_expunge());
    assert_eq!(imap.accept(), Err(Misuse::State), "only the client ends it");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Read(_))));
    imap.data(&Data::Expunge(3)).unwrap();
    imap.data(&Data::Exists(3)).unwrap();
    assert!(said(&mut imap).ends_with("+ idling\r\n* 3 EXPUNGE\r\n* 3 EXISTS\r\n"));
}

fn at_inbox() -> (Server, Input) {
    let (mut imap, mut input) = (make(), Input::new(4096));
    input.extend(b"l LOGIN bea secret\r\ns SELECT INBOX\r\n");
    let mut log = Log::default();
    while let Ok(Step::Event(event)) = imap.step(&mut input, Instant::ORIGIN) {
        app(event, &mut imap, &mut log);
    }
    said(&mut imap);
    (imap, input)
}

fn said(imap: &mut Server) -> String {
    let said = String::from_utf8_lossy(imap.output().bytes()).into_owned();
    let n = imap.output().len();
    imap.output().sent(n);
    said
}

#[test]
fn a_mailbox_that_is_no_more_is_not_selected() {
    let (mut imap, mut input) = at_inbox();
    imap.deselect().unwrap();
    assert!(!imap.is_selected() && imap.is_authenticated());
    assert_eq!(imap.deselect(), Err(Misuse::State));
    input.extend(b"a CHECK\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Read(_))));
    assert_eq!(said(&mut imap), "a BAD select a mailbox first\r\n");
}

/// RFC 3501 7.4.1: a sequence number must not change its meaning on the way.
#[test]
fn expunges_wait_for_a_command_that_bears_them() {
    for (command, bears) in [
        ("FETCH 1 UID", false),
        ("STORE 1 FLAGS ()", false),
        ("SEARCH ALL", false),
        ("UID FETCH 1 UID", true),
        ("UID STORE 1 FLAGS ()", true),
        ("UID SEARCH ALL", true),
        ("NOOP", true),
        ("COPY 1 a", true),
        ("EXPUNGE", true),
    ] {
        let (mut imap, mut input) = at_inbox();
        assert_eq!(imap.data(&Data::Expunge(1)), Err(Misuse::State), "between commands");
        imap.data(&Data::Exists(5)).unwrap();
        input.extend(format!("a {command}\r\n").as_bytes());
        assert!(matches!(
            imap.step(&mut input, Instant::ORIGIN),
            Ok(Step::Event(Event::Command(..)))
        ));
        let expected = if bears { Ok(()) } else { Err(Misuse::State) };
        assert_eq!(imap.data(&Data::Expunge(1)), expected, "{command}");
        assert_eq!(imap.may_expunge(), bears);
        imap.data(&Data::Exists(4)).unwrap();
        imap.accept().unwrap();
    }
}

/// Changes are announced between responses, never inside a literal.
#[test]
fn nothing_comes_between_the_parts_of_a_response() {
    let (mut imap, mut input) = at_inbox();
    input.extend(b"a FETCH 2 BODY[]\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Event(_))));
    let exists = Data::Exists(5);
    imap.begin_fetch(2, &[]).unwrap();
    let fetch = Data::Fetch(Fetch { number: 1, data: Items::new(&[]) });
    for _ in 0..2 {
        assert_eq!(imap.data(&exists), Err(Misuse::State));
        assert_eq!(imap.data(&fetch), Err(Misuse::State));
        assert_eq!(imap.begin_fetch(1, &[]), Err(Misuse::State));
        assert_eq!(imap.status(&Status::new(Condition::Ok, "hm")), Err(Misuse::State));
        assert_eq!(imap.accept(), Err(Misuse::State));
        assert_eq!(imap.reject(None, "no"), Err(Misuse::State));
        if imap.body(b"").is_err() {
            imap.literal(PLACE, 3).unwrap();
        }
    }
    assert_eq!(imap.end_fetch(), Err(Misuse::State), "the literal has no octets yet");
    assert_eq!(imap.literal(PLACE, 3), Err(Misuse::State));
    assert_eq!(imap.body(b"ab"), Ok(2));
    assert_eq!(imap.body(b"cdef"), Ok(1), "no octet more than was announced");
    assert_eq!(imap.body(b"d"), Err(Misuse::State));
    imap.fetch_data(&[FetchData::Uid(7), FetchData::Size(9)]).unwrap();
    imap.literal(Place::Rfc822Text, 0).unwrap();
    imap.end_fetch().unwrap();
    assert_eq!(imap.fetch_data(&[]), Err(Misuse::State));
    imap.data(&exists).unwrap();
    imap.accept().unwrap();
    assert_eq!(
        said(&mut imap),
        "* 2 FETCH (BODY[] {3}\r\nabc UID 7 RFC822.SIZE 9 RFC822.TEXT {0}\r\n)\r\n* 5 EXISTS\r\na OK done\r\n"
    );
}

/// A message of any size goes through the output's limit, as fast as the client takes it.
#[test]
fn messages_are_pulled() {
    let (mut imap, mut input) = at_inbox();
    input.extend(b"a FETCH 2 BODY[]\r\nb NOOP\r\n");
    let (size, mut left, mut octets, mut most) = (1_000_000, 1_000_000usize, 0, 0);
    loop {
        match imap.step(&mut input, Instant::ORIGIN).unwrap() {
            Step::Event(Event::Command(Command::Fetch { .. }, _)) => {
                imap.begin_fetch(2, &[]).unwrap();
                imap.literal(PLACE, size).unwrap();
                imap.more().unwrap();
            }
            Step::Event(Event::More(room)) => {
                let chunk = vec![b'x'; room.min(left)];
                assert_eq!(imap.body(&chunk), Ok(chunk.len()));
                left -= chunk.len();
                if left == 0 {
                    imap.end_fetch().unwrap();
                    imap.accept().unwrap();
                } else {
                    imap.more().unwrap();
                }
            }
            Step::Event(Event::Command(Command::Noop, _)) => break,
            Step::Wait(_) => {
                most = most.max(imap.output().len());
                let sent = imap.output().len().min(1000);
                octets += sent;
                imap.output().sent(sent);
            }
            other => panic!("{other:?}"),
        }
    }
    octets += imap.output().len();
    assert_eq!(octets, 1_000_000 + "* 2 FETCH (BODY[] {1000000}\r\n)\r\na OK done\r\n".len());
    assert!(most <= 17 * 1024, "{most}");
}

#[test]
fn a_search_that_finds_nothing_says_so() {
    let nothing = |event: Event<'_>, imap: &mut Server, log: &mut Log| match event {
        Event::Command(Command::Search { .. }, _) => imap.accept().unwrap(),
        event => app(event, imap, log),
    };
    let wire = b"l LOGIN bea secret\r\ns SELECT INBOX\r\na UID SEARCH ALL\r\n";
    let log = every_split(make, wire, 4096, nothing);
    assert!(log.sent().ends_with("* SEARCH\r\na OK done\r\n"), "{}", log.sent());
    let refused = |event: Event<'_>, imap: &mut Server, log: &mut Log| match event {
        Event::Command(Command::Search { .. }, _) => imap.reject(None, "no").unwrap(),
        event => app(event, imap, log),
    };
    let log = every_split(make, wire, 4096, refused);
    assert!(log.sent().ends_with("selected\r\na NO no\r\n"), "{}", log.sent());
}

#[test]
fn too_many_errors_end_the_session() {
    let few = || with(Config { limits: Limits { errors: 3, ..Limits::default() }, ..config() });
    let (events, sent) = talk_with(few, &"a LOGIN bea wrong\r\n".repeat(9));
    assert_eq!(events.last().unwrap(), "error: TooManyErrors");
    assert_eq!(sent.matches("a NO").count(), 3);
    assert!(sent.ends_with("* BYE too many errors\r\n"), "{sent}");
}

#[test]
fn clients_that_say_nothing_are_let_go() {
    let seconds = |n| Instant::ORIGIN + Duration::from_secs(n);
    let (mut imap, mut input) = (make(), Input::new(4096));
    // Babble does not buy time.
    input.extend(b"a NOOP\r\n");
    let mut log = Log::default();
    while let Ok(Step::Event(event)) = imap.step(&mut input, seconds(100)) {
        app(event, &mut imap, &mut log);
    }
    assert_eq!(imap.deadline(), Some(seconds(180)));
    assert!(matches!(imap.step(&mut input, seconds(180)), Err(Error::Idle)));
    assert!(said(&mut imap).ends_with("* BYE idle for too long\r\n"));
    assert!(matches!(imap.step(&mut input, seconds(180)), Ok(Step::Closed)));

    let (mut imap, mut input) = at_inbox();
    assert!(matches!(imap.step(&mut input, seconds(10)), Ok(Step::Read(_))));
    assert_eq!(imap.deadline(), Some(seconds(1800)));
    input.extend(b"a");
    assert!(matches!(imap.step(&mut input, seconds(1799)), Ok(Step::Read(_))));
    assert!(matches!(imap.step(&mut input, seconds(1800)), Err(Error::Idle)));
    assert_eq!(said(&mut imap), "* BYE idle for too long\r\n");
}

#[test]
fn bye_is_never_said_inside_a_literal() {
    let (mut imap, mut input) = at_inbox();
    imap.bye("the server stops").unwrap();
    assert_eq!(said(&mut imap), "* BYE the server stops\r\n");
    assert_eq!(imap.bye("again"), Err(Misuse::State));
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Closed)));

    let (mut imap, mut input) = at_inbox();
    input.extend(b"a FETCH 2 BODY[]\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Event(_))));
    imap.begin_fetch(2, &[]).unwrap();
    imap.literal(PLACE, 3).unwrap();
    imap.bye("the server stops").unwrap();
    assert_eq!(said(&mut imap), "* 2 FETCH (BODY[] {3}\r\n");
}

#[test]
fn misuse_is_told_and_says_nothing() {
    let (mut imap, mut input) = at_inbox();
    assert_eq!(imap.accept(), Err(Misuse::State));
    assert_eq!(imap.reject(None, "no"), Err(Misuse::State));
    assert_eq!(imap.select(&INBOX), Err(Misuse::State));
    assert_eq!(imap.challenge(""), Err(Misuse::State));
    assert_eq!(imap.found(&[1]), Err(Misuse::State));
    assert_eq!(imap.body(b"x"), Err(Misuse::State));
    assert_eq!(imap.literal(PLACE, 1), Err(Misuse::State));
    assert_eq!(imap.end_fetch(), Err(Misuse::State));
    input.extend(b"a SELECT INBOX\r\n");
    assert!(matches!(imap.step(&mut input, Instant::ORIGIN), Ok(Step::Event(_))));
    assert_eq!(imap.accept(), Err(Misuse::State));
    assert!(imap.reject(None, "two\r\nlines").is_err());
    assert!(imap.finish(&Status::new(Condition::Bye, "no")).is_err());
    assert!(imap.select(&Mailbox { flags: &[Flag::Other("a b")], ..INBOX }).is_err());
    let inject = "a\r\n* 1 EXPUNGE";
    let name = Data::Other(inject.as_bytes());
    assert!(imap.data(&name).is_err());
    assert_eq!(said(&mut imap), "");
    imap.select(&INBOX).unwrap();

    for (greeting, sasl, extensions) in
        [("a\r\nb", "", ""), ("a", "PLA(IN", ""), ("a", "", "ID\r\nLE")]
    {
        let config = Config {
            greeting: greeting.into(),
            sasl: sasl.into(),
            extensions: extensions.into(),
            ..config()
        };
        assert!(Server::new(Arc::new(config), Instant::ORIGIN).is_err());
    }
}
