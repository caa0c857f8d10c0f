//! The client machine and those who are not to be trusted: servers, those in between, its own arguments.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use imap_proto::{
    Client, Misuse,
    client::{Config, Event, Handle, Tls},
    codec::{Capability, FetchItem, Flag, Quirks, Store},
};
use posta_core::{
    Input, Machine,
    testing::{Log, every_split, run},
};

#[test]
fn a_continuation_that_nobody_waits_for_is_refused() {
    for steps in [&[][..], &[(|c| c.noop()) as Give]] {
        let (events, _) = talk("+ go on\r\n", steps);
        assert_eq!(events, ["error: Unexpected"]);
    }
}

#[test]
fn no_password_without_tls_or_where_login_is_disabled() {
    let after = |greeting: &str, tls| {
        let mut client = Client::new(Config { tls, ..Config::default() });
        let mut input = Input::new(4096);
        input.extend(greeting.as_bytes());
        drive(&mut client, &mut input);
        client
    };
    let mut client = after("* OK hi\r\n", Tls::Required);
    assert_eq!(client.login("ana", "secret"), Err(Misuse::NoTls));
    assert_eq!(client.authenticate("PLAIN", None), Err(Misuse::NoTls));
    client.starttls().unwrap();
    let disabled = "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hi\r\n";
    let mut client = after(disabled, Tls::Optional);
    assert_eq!(client.login("ana", "secret"), Err(Misuse::NotOffered("LOGIN")));
    client.authenticate("PLAIN", None).unwrap();
    let mut client = after("* OK [CAPABILITY IMAP4rev1] hi\r\n", Tls::Required);
    assert_eq!(client.starttls(), Err(Misuse::NotOffered("STARTTLS")));
    after("* OK hi\r\n", Tls::Optional).login("ana", "secret").unwrap();
    // Not ahead of the greeting, which may say LOGINDISABLED.
    assert_eq!(make().login("ana", "secret"), Err(Misuse::State));
}

/// A server, or whoever stands before it, that greets with PREAUTH gets no mail in the clear.
#[test]
fn preauth_in_the_clear_is_refused() {
    for (tls, refused) in [(Tls::Required, true), (Tls::Optional, false), (Tls::Started, false)] {
        let make = || Client::new(Config { tls, ..Config::default() });
        let log = talk_with(make, "* PREAUTH hi\r\n", 4096, &[]);
        assert_eq!(log.events[0] == "error: PreAuth", refused);
    }
}

fn tls(wire: &'static [u8]) -> (Log, bool, bool) {
    let (mut tls, mut known) = (false, true);
    let log = run(Client::new(Config::default()), wire, wire.len(), 4096, |event, imap, log| {
        match event {
            Event::Ready if !imap.is_tls() && log.events.len() < 3 => drop(imap.starttls()),
            Event::StartTls(_) => {
                imap.tls_started().unwrap();
                (tls, known) = (imap.is_tls(), imap.capabilities().is_some());
            }
            _ => {}
        }
        log.event(event);
    });
    (log, tls, known)
}

#[test]
fn starttls_forgets_and_refuses_what_was_injected() {
    let (log, started, known) = tls(b"* OK [CAPABILITY STARTTLS AUTH=PLAIN] hi\r\nA1 OK go\r\n");
    assert!(started && !known);
    assert_eq!(log.events[2], "StartTls(1)");
    let (log, started, _) =
        tls(b"* OK [CAPABILITY STARTTLS] hi\r\nA1 OK go\r\n* CAPABILITY AUTH=PLAIN\r\n");
    assert!(!started);
    assert_eq!(log.events.last().unwrap(), "error: EarlyData");
    let (log, started, _) = tls(b"* OK hi\r\nA1 NO later\r\n");
    assert!(!started && log.events[2].starts_with("Done(1, "));
}

#[test]
fn bye() {
    let (events, _) = talk("* BYE going down\r\n", &[]);
    assert_eq!(events[1], "error: Bye");
    let log = talk_with(make, "* BYE go away\r\n", 4096, &[]);
    assert!(log.events[0].starts_with("Greeting(") && log.events[1] == "error: Bye");
    let (events, _) = talk("* BYE\x20bye\r\nA1 OK\x20\r\n", &[|c| c.logout()]);
    assert_eq!(events.last().unwrap(), "closed");
    // The connection may be gone behind BYE.
    let (events, _) = talk("* BYE\x20bye\r\n", &[|c| c.logout()]);
    assert_eq!(events.last().unwrap(), "closed");
    let (events, _) = talk("* 3 EXISTS\r\n", &[|c| c.logout()]);
    assert_eq!(events.last().unwrap(), "error: UnexpectedEof");
}

#[test]
fn what_is_no_imap_server_is_told() {
    for line in
        ["220 mx1.b.com ESMTP", "+OK ready", "* 3 EXISTS", "A1 OK hi", "* NO hi", "HTTP/1.1 400"]
    {
        let log = talk_with(make, &format!("{line}\r\n"), 4096, &[]);
        assert_eq!(log.events[0], "error: NoGreeting", "{line}");
    }
}

#[test]
fn bare_line_ends_and_nul_are_refused() {
    for line in [
        "* 3 EXISTS\n",
        "* OK a\rb\r\n",
        "* OK a\0b\r\n",
        "* LIST () NIL \"a\rb\"\r\n",
        "* X \0\r\n",
    ] {
        let (events, _) = talk(line, &[]);
        assert_eq!(events, ["error: BareCrOrLf"], "{line:?}");
    }
}

#[test]
fn quirks_are_refused_or_told_once() {
    let wire = "* SEARCH 1 \r\n* SEARCH 2 \r\n* OK [X]\r\n";
    let (events, _) = talk(wire, &[]);
    assert!(events[0].starts_with("error: Syntax(ParseError { kind: Quirk(Spaces)"), "{events:?}");
    let make = || Client::new(Config { quirks: Quirks::all(), ..config() });
    let log = talk_with(make, &format!("* PREAUTH hi\r\n{wire}"), 4096, &[]);
    assert_eq!(log.events.iter().filter(|line| *line == "Quirk(Spaces)").count(), 1);
    assert_eq!(log.events.iter().filter(|line| *line == "Quirk(MissingText)").count(), 1);
}

#[test]
fn capabilities_are_those_told_last() {
    let known = |wire: &str| {
        let mut client = make();
        let mut input = Input::new(4096);
        input.extend(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n");
        drive(&mut client, &mut input);
        assert!(client.capabilities().unwrap().has("sasl-ir"));
        client.login("ana", "secret").unwrap();
        input.extend(wire.as_bytes());
        drive(&mut client, &mut input);
        client.capabilities().map(|capabilities| capabilities.has("IDLE"))
    };
    assert_eq!(known("A1 OK in\r\n"), None);
    assert_eq!(known("A1 OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"), Some(true));
    assert_eq!(known("* CAPABILITY IMAP4rev2\r\nA1 OK in\r\n"), Some(true));
    assert_eq!(known("A1 NO out\r\n"), Some(false));
}

#[test]
fn nothing_smuggles_a_command() {
    let mut client = make();
    let mut input = Input::new(4096);
    input.extend(b"* OK hi\r\n");
    drive(&mut client, &mut input);
    assert!(client.login("ana\0", "x").is_err());
    assert!(client.authenticate("PLAIN\r\nA2 NOOP", None).is_err());
    assert!(client.authenticate("PLAIN", Some("x\r\n")).is_err());
    assert!(client.output().is_empty());
    assert_eq!(client.respond("AA=="), Err(Misuse::State));
    assert_eq!(client.cancel(), Err(Misuse::State));
    assert_eq!(client.tls_started(), Err(Misuse::State));
    client.logout().unwrap();
    assert_eq!(client.noop(), Err(Misuse::State));
}

#[test]
fn no_argument_smuggles_a_command() {
    let inject = "x\r\nA9 LOGOUT";
    let mut client = make();
    let mut input = Input::new(4096);
    input.extend(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n");
    drive(&mut client, &mut input);
    let bad = |given: Result<Handle, Misuse>| {
        assert!(matches!(given, Err(Misuse::Argument(_))), "{given:?}");
    };
    for set in ["", "0", "1,", "1:", "01", "4294967296", "a", "1 2", "1\r\nA9 LOGOUT", "**", "$1"] {
        bad(client.fetch(set, &[FetchItem::Flags]));
        bad(client.uid_store(set, Store::Set, &[], true));
        bad(client.uid_copy(set, "x"));
        bad(client.uid_expunge(set));
    }
    bad(client.fetch("1", &[]));
    bad(client.store("1", Store::Add, &[Flag::Other(inject)], false));
    bad(client.store("1", Store::Add, &[Flag::Other("a b")], false));
    bad(client.append("x", &[Flag::Other("a) {9}")], None, 1));
    bad(client.status("x", &[]));
    bad(client.status("x", &["MESSAGES)"]));
    bad(client.enable(&[Capability::new(inject)]));
    bad(client.search(inject.as_bytes()));
    bad(client.search(b""));
    bad(client.uid_search(b"TEXT \"a"));
    bad(client.uid_search(b"TEXT {9}\r\na"));
    bad(client.select("a\0"));
    assert_eq!(client.uid_move("1", "x"), Err(Misuse::NotOffered("MOVE")));
    assert!(client.output().is_empty());
    // A mailbox can have such a name; it goes as a literal.
    client.select(inject).unwrap();
    assert_eq!(client.output().bytes(), b"A1 SELECT {12}\r\n");
}

#[test]
fn a_quirk_is_told_before_the_error_behind_it() {
    let make = || Client::new(Config { quirks: Quirks::all(), ..config() });
    // No base64, so the exchange is given up without an event.
    let wire = b"* OK hi\r\n+ \x80\r\n+\x07 x\r\n";
    let steps: &Steps = &[|c| c.authenticate("PLAIN", Some("AGEAYg=="))];
    let log = every_split(make, wire, 4096, app(steps));
    let [.., quirk, error] = &log.events[..] else { panic!("{log:?}") };
    assert_eq!(quirk, "Quirk(EightBit)");
    assert!(error.starts_with("error: "), "{error}");
}

#[test]
fn nothing_is_told_within_a_literal() {
    let make = || Client::new(Config { quirks: Quirks::all(), ..config() });
    let wire =
        "* PREAUTH hi\r\n* 1 FETCH (BODY[]   {60}\r\n".to_owned() + &"x".repeat(60) + ")\r\n";
    // Too little room for the whole of it.
    let log = every_split(make, wire.as_bytes(), 64, app(&[]));
    let at = |front: &str| log.events.iter().position(|line| line.starts_with(front));
    let (Some(begin), Some(end)) = (at("Literal("), at("End")) else { panic!("{log:?}") };
    assert_eq!(end, begin + 2, "{log:?}");
    assert_eq!(at("Quirk(Spaces)"), Some(end + 1));
}
