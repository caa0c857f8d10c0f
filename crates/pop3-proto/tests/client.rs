//! The client machine alone: each named trap, at every split.
#![allow(clippy::unwrap_used)]

use pop3_proto::{
    Client, Misuse,
    client::{Error, Event, Limits, Quirks, Verb},
};
use posta_core::{
    Input, Instant, Machine, Step,
    testing::{Log, every_split, run},
};
use proptest::prelude::*;
use std::time::Duration;

fn make() -> Client {
    Client::new(Limits::default(), Quirks::default())
}

fn tolerant() -> Client {
    Client::new(Limits::default(), Quirks { bare_lf: true })
}

/// A client that gives the next of these on each `Ready`.
type Steps = [Give];
type Give = fn(&mut Client) -> Result<(), Misuse>;

/// `Log` has no state of the client's: how many were `Ready` is counted in the log.
fn app<'s>(steps: &'s Steps) -> impl FnMut(Event<'_>, &mut Client, &mut Log) + 's {
    move |event, pop3, log| match event {
        Event::Chunk(bytes) => log.chunk(bytes),
        Event::Ready => {
            let done = log.events.iter().filter(|line| *line == "Ready").count();
            log.line("Ready");
            if let Some(step) = steps.get(done) {
                step(pop3).unwrap();
            }
        }
        Event::Challenge("") => pop3.respond("").unwrap(),
        Event::Challenge("cGFzcw==") => pop3.cancel().unwrap(),
        Event::Challenge(text) => {
            log.line(format!("Challenge {text}"));
            pop3.respond("b2s=").unwrap();
        }
        event => log.event(event),
    }
}

/// The events between the greeting and the last `Ready`, without the `Ready`s.
fn talk(wire: &str, steps: &Steps) -> (Vec<String>, String) {
    let wire = format!("+OK\r\n{wire}");
    let log = every_split(make, wire.as_bytes(), 4096, app(steps));
    let sent = log.sent();
    (log.events.into_iter().skip(1).filter(|line| line != "Ready").collect(), sent)
}

#[test]
fn ok_without_text() {
    let (events, sent) =
        talk("+OK\r\n+OK\r\n-ERR\r\n", &[|c| c.noop(), |c| c.dele(1), |c| c.rset()]);
    assert_eq!(events[..3], ["Noop Ok \"\"", "Dele Ok \"\"", "Rset Err \"\""]);
    assert_eq!(sent, "NOOP\r\nDELE 1\r\nRSET\r\n");
}

#[test]
fn the_timestamp_of_the_greeting_is_kept_and_checked() {
    let timestamp = |greeting: &str| {
        let mut client = make();
        let mut input = Input::new(512);
        input.extend(greeting.as_bytes());
        while let Step::Event(_) = client.step(&mut input, Instant::ORIGIN).unwrap() {}
        client.timestamp().map(str::to_owned)
    };
    assert_eq!(timestamp("+OK hi <1.2@mx1.b.com>\r\n").as_deref(), Some("<1.2@mx1.b.com>"));
    for bad in ["+OK\r\n", "+OK <>\r\n", "+OK <a b@c>\r\n", "+OK <a\x01@c>\r\n", "+OK <a@\r\n"] {
        assert_eq!(timestamp(bad), None, "{bad:?}");
    }
}

#[test]
fn apop_needs_a_timestamp() {
    let digest = "c4c9334bac560ecc979e58001b3e22fb";
    assert_eq!(make().apop("ana", digest), Err(Misuse::State));
    let log = every_split(
        make,
        b"+OK <a@b>\r\n+OK\r\n",
        512,
        app(&[|c| c.apop("ana", "c4c9334bac560ecc979e58001b3e22fb")]),
    );
    assert_eq!(log.sent(), format!("APOP ana {digest}\r\n"));
}

#[test]
fn a_refused_greeting_closes() {
    let log = every_split(make, b"-ERR [SYS/TEMP] later\r\n", 512, app(&[]));
    assert_eq!(log.events, ["Connect Err [SYS/TEMP] \"later\"", "closed"]);
}

#[test]
fn a_message_is_unstuffed_at_every_split() {
    let wire = "+OK\r\nA: b\r\n\r\n..\r\n...x\r\n.y\r\n.z.\r\n\r\n.\r\n+OK\r\n";
    let (events, _) = talk(wire, &[|c| c.retr(1), |c| c.noop()]);
    let want = r"A: b\r\n\r\n.\r\n..x\r\ny\r\nz.\r\n\r\n";
    assert_eq!(events[..4], ["Retr Ok \"\"", want, "End(Retr)", "Noop Ok \"\""]);
}

#[test]
fn an_empty_message_and_one_with_bare_line_ends() {
    let (events, _) = talk("+OK\r\n.\r\n", &[|c| c.retr(1)]);
    assert_eq!(events[..2], ["Retr Ok \"\"", "End(Retr)"]);
    // What is stored with bare line ends does not end early.
    let (events, _) = talk("+OK\r\na\n.\n.\r\nb\r.\r\n.\r\n", &[|c| c.top(1, 5)]);
    assert_eq!(events[1..3], [r"a\n.\n.\r\nb\r.\r\n", "End(Top)"]);
}

#[test]
fn in_use_is_a_code() {
    let wire = "+OK\r\n-ERR [IN-USE] Do you have another POP session running?\r\n";
    let (events, sent) = talk(wire, &[|c| c.login("ana", "pass word")]);
    assert_eq!(events[0], "Pass Err [IN-USE] \"Do you have another POP session running?\"");
    assert_eq!(sent, "USER ana\r\nPASS pass word\r\n");
}

#[test]
fn the_password_is_not_sent_to_a_server_that_refuses_the_user() {
    let (events, sent) = talk("-ERR no\r\n+OK\r\n", &[|c| c.login("ana", "secret"), |c| c.noop()]);
    assert_eq!(events[..2], ["User Err \"no\"", "Noop Ok \"\""]);
    assert_eq!(sent, "USER ana\r\nNOOP\r\n");
}

#[test]
fn lists_with_gaps_and_long_unique_ids() {
    let uid = "u".repeat(70);
    let wire = format!(
        "+OK\r\n1 120\r\n3 200 more\r\n.\r\n+OK\r\n2 {uid}\r\n.\r\n+OK 2 {uid}\r\n+OK 3 99\r\n+OK\r\n.\r\n"
    );
    let steps: &Steps = &[
        |c| c.list(None),
        |c| c.uidl(None),
        |c| c.uidl(Some(2)),
        |c| c.list(Some(3)),
        |c| c.list(None),
    ];
    let (events, _) = talk(&wire, steps);
    let id = format!("Uid(2 {uid})");
    let want = [
        "List Ok \"\"",
        "Listing(1 120)",
        "Listing(3 200)",
        "End(List)",
        "Uidl Ok \"\"",
        &id,
        "End(Uidl)",
        &id,
        "Listing(3 99)",
        "List Ok \"\"",
        "End(List)",
    ];
    assert_eq!(events[..11], want);
}

#[test]
fn stat() {
    let (events, _) = talk("+OK 2 320 extra\r\n-ERR\r\n", &[|c| c.stat(), |c| c.stat()]);
    assert_eq!(events[..2], ["Stat(2 320)", "Stat Err \"\""]);
}

#[test]
fn broken_replies_end_the_conversation() {
    #[rustfmt::skip]
    let table: &[(&str, Give, &str)] = &[
        ("+OK 7\r\n",                    |c| c.stat(),        "Syntax"),
        ("+OK seven 1800662\r\n",        |c| c.stat(),        "Syntax"),
        ("+OK 99 1024\r\n",              |c| c.list(Some(1)), "WrongMessage { asked: 1, told: 99 }"),
        ("+OK 1\r\n",                    |c| c.list(Some(1)), "Syntax"),
        ("+OK\r\n7\r\n.\r\n",            |c| c.list(None),    "Syntax"),
        ("+OK 2 x\r\n",                  |c| c.uidl(Some(1)), "WrongMessage"),
        ("+OK\r\n1 a b\r\n.\r\n",        |c| c.uidl(None),    "Syntax"),
        ("* OK\r\n",                     |c| c.noop(),        "Syntax"),
        ("+ b2s=\r\n",                   |c| c.noop(),        "Unexpected"),
        ("+OK\n",                        |c| c.noop(),        "BareLf"),
        ("+OK\r\n1 2\n.\r\n",            |c| c.list(None),    "BareLf"),
        ("+OK\r\nA: b\r\n",              |c| c.retr(1),       "UnexpectedEof"),
        ("+OK\r\nA: b\r\n.",             |c| c.retr(1),       "UnexpectedEof"),
        ("+OK\r\n1 2\r\n",               |c| c.list(None),    "UnexpectedEof"),
        ("+O",                           |c| c.noop(),        "UnexpectedEof"),
        ("",                             |c| c.dele(1),       "UnexpectedEof"),
    ];
    for (wire, step, want) in table {
        let (events, _) = talk(wire, &[*step]);
        let last = events.last().unwrap();
        assert!(last.starts_with(&format!("error: {want}")), "{wire:?}: {last}");
    }
}

#[test]
fn bare_lf_is_tolerated_on_request_and_told() {
    let wire = b"+OK\n+OK\n1 2\n.\n+OK\nA: b\n\n..\nx\r\n.\n+OK\r\n";
    let log =
        every_split(tolerant, wire, 4096, app(&[|c| c.list(None), |c| c.retr(1), |c| c.noop()]));
    let want = [
        "Quirk(BareLf)",
        "Connect Ok \"\"",
        "Ready",
        "List Ok \"\"",
        "Listing(1 2)",
        "End(List)",
        "Ready",
        "Retr Ok \"\"",
        r"A: b\n\n.\nx\r\n",
        "End(Retr)",
        "Ready",
        "Noop Ok \"\"",
        "Ready",
    ];
    assert_eq!(log.events[..13], want);
    // Only a reply that begins so may end so.
    let wire = b"+OK\r\n+OK\r\na\r\n.\nb\r\n.\r\n";
    let log = every_split(tolerant, wire, 4096, app(&[|c| c.retr(1)]));
    assert_eq!(log.events[3], r"a\r\n\nb\r\n");
    // A line longer than the buffer, with a dot where the buffer ends.
    let long = format!("+OK\n+OK\n{}.\n..{}\n.\n", "x".repeat(600), "y".repeat(600));
    let log = every_split(tolerant, long.as_bytes(), 100, app(&[|c| c.retr(1)]));
    assert_eq!(log.events[4], format!("{}.\\n.{}\\n", "x".repeat(600), "y".repeat(600)));
    assert_eq!(log.events[5], "End(Retr)");
}

#[test]
fn lines_too_long_end_the_conversation() {
    let fits = format!("+OK {}\r\n", "x".repeat(506));
    assert_eq!(talk(&fits, &[|c| c.noop()]).0.len(), 2);
    let over = format!("+OK {}\r\n", "x".repeat(507));
    assert_eq!(talk(&over, &[|c| c.noop()]).0, ["error: LineTooLong"]);
    let endless = "x".repeat(9000);
    assert_eq!(talk(&endless, &[|c| c.noop()]).0, ["error: LineTooLong"]);
    let endless = format!("+OK\r\n{}", "x".repeat(9000));
    assert_eq!(talk(&endless, &[|c| c.list(None)]).0[1], "error: LineTooLong");
    // But a line of a message may have any length.
    let message = format!("+OK\r\n{}\r\n.\r\n", "x".repeat(9000));
    assert_eq!(talk(&message, &[|c| c.retr(1)]).0[2], "End(Retr)");
}

/// V6: a reply injected behind the one to STLS is not taken for the server's.
#[test]
fn replies_behind_stls_are_refused() {
    let wire = b"+OK\r\n+OK\r\n+OK\r\nSASL PLAIN\r\n.\r\n";
    let log = run(make(), wire, 999, 512, app(&[|c| c.starttls()]));
    assert_eq!(log.events.last().unwrap(), "error: EarlyData");
    assert_eq!(log.events.iter().filter(|line| *line == "Ready").count(), 1);
    let log = run(make(), b"+OK\r\n+OK\r\n-ERR\r\n", 1, 512, app(&[|c| c.starttls()]));
    assert_eq!(log.events[2..], ["StartTls", "waits"]);
    // Later, but before TLS.
    let (mut client, mut input) = (make(), Input::new(512));
    input.extend(b"+OK\r\n");
    while let Step::Event(_) = client.step(&mut input, Instant::ORIGIN).unwrap() {}
    client.starttls().unwrap();
    input.extend(b"+OK\r\n");
    let event = client.step(&mut input, Instant::ORIGIN);
    assert!(matches!(event, Ok(Step::Event(Event::StartTls))));
    input.extend(b"+OK\r\n");
    assert!(matches!(client.step(&mut input, Instant::ORIGIN), Err(Error::EarlyData)));
}

#[test]
fn tls_forgets_what_was_learnt_in_the_clear() {
    let mut client = make();
    let mut input = Input::new(512);
    let mut feed = |client: &mut Client, wire: &[u8]| {
        input.extend(wire);
        let mut events = vec![];
        while let Step::Event(event) = client.step(&mut input, Instant::ORIGIN).unwrap() {
            events.push(format!("{event:?}"));
        }
        events
    };
    feed(&mut client, b"+OK <a@b>\r\n");
    client.capa().unwrap();
    feed(&mut client, b"+OK\r\nPIPELINING\r\nSTLS\r\n.\r\n");
    assert!(client.capabilities().unwrap().pipelining && client.timestamp().is_some());
    client.starttls().unwrap();
    assert_eq!(feed(&mut client, b"+OK\r\n"), ["StartTls"]);
    assert_eq!(client.login("ana", "secret"), Err(Misuse::State));
    client.tls_started().unwrap();
    assert!(client.capabilities().is_none() && client.timestamp().is_none());
    assert_eq!(feed(&mut client, b""), ["Ready"]);
    client.stat().unwrap();
    assert_eq!(client.starttls(), Err(Misuse::State));
}

#[test]
fn auth_frames_challenges_and_responses() {
    let (events, sent) = talk("+ \r\n+ aGk=\r\n+OK\r\n", &[|c| c.auth("PLAIN", None)]);
    assert_eq!(events[..2], ["Challenge aGk=", "Auth Ok \"\""]);
    assert_eq!(sent, "AUTH PLAIN\r\n\r\nb2s=\r\n");
    let (_, sent) = talk("+OK\r\n", &[|c| c.auth("EXTERNAL", Some(""))]);
    assert_eq!(sent, "AUTH EXTERNAL =\r\n");
    let (_, sent) = talk("+OK\r\n", &[|c| c.auth("EXTERNAL", Some("="))]);
    assert_eq!(sent, "AUTH EXTERNAL =\r\n");
}

#[test]
fn auth_is_cancelled_by_us_and_for_bad_base64() {
    let (events, sent) = talk("+ cGFzcw==\r\n-ERR\r\n", &[|c| c.auth("PLAIN", None)]);
    assert_eq!((&*events[0], &*sent), ("Auth Err \"\"", "AUTH PLAIN\r\n*\r\n"));
    for bad in ["=AAA", "AAA=BBB=", "a b", "AAA", "hello!"] {
        let (events, sent) = talk(&format!("+ {bad}\r\n-ERR\r\n"), &[|c| c.auth("PLAIN", None)]);
        assert_eq!((&*events[0], &*sent), ("Auth Err \"\"", "AUTH PLAIN\r\n*\r\n"), "{bad}");
    }
}

/// RFC 5034 4: it would not fit in 255 octets.
#[test]
fn a_long_initial_response_waits_for_the_empty_challenge() {
    let steps: &Steps = &[|c| c.auth("PLAIN", Some(&"QUJD".repeat(100)))];
    let (events, sent) = talk("+ \r\n+OK\r\n", steps);
    assert_eq!(events[0], "Auth Ok \"\"");
    assert_eq!(sent, format!("AUTH PLAIN\r\n{}\r\n", "QUJD".repeat(100)));
    // It is not given to a server that asks something else, nor kept for the next exchange.
    let (events, sent) =
        talk("+ QUJD\r\n-ERR\r\n+ \r\n+OK\r\n", &[steps[0], |c| c.auth("LOGIN", None)]);
    assert_eq!(events[..2], ["Auth Err \"\"", "Auth Ok \"\""]);
    assert_eq!(sent, "AUTH PLAIN\r\n*\r\nAUTH LOGIN\r\n\r\n");
}

#[test]
fn commands_go_one_by_one_until_the_server_pipelines() {
    let mut client = make();
    let mut input = Input::new(4096);
    let mut feed = |client: &mut Client, wire: &str| {
        input.extend(wire.as_bytes());
        while let Step::Event(_) = client.step(&mut input, Instant::ORIGIN).unwrap() {}
        let sent = String::from_utf8(client.output().bytes().to_vec()).unwrap();
        client.output().sent(sent.len());
        sent
    };
    client.capa().unwrap();
    for n in 1..=3 {
        client.dele(n).unwrap();
    }
    assert_eq!(feed(&mut client, ""), "");
    assert_eq!(feed(&mut client, "+OK\r\n"), "CAPA\r\n");
    assert_eq!(feed(&mut client, "-ERR\r\n"), "DELE 1\r\n");
    assert_eq!(client.capabilities().copied(), Some(Default::default()));
    assert_eq!(feed(&mut client, "+OK\r\n"), "DELE 2\r\n");
    client.capa().unwrap();
    client.login("ana", "secret").unwrap();
    client.stat().unwrap();
    client.retr(1).unwrap();
    client.quit().unwrap();
    assert_eq!(client.noop(), Err(Misuse::State));
    assert_eq!(
        feed(&mut client, "+OK\r\n+OK\r\n+OK\r\nPIPELINING\r\n.\r\n"),
        "DELE 3\r\nCAPA\r\nUSER ana\r\n"
    );
    assert_eq!(feed(&mut client, "+OK\r\n"), "PASS secret\r\n");
    assert_eq!(feed(&mut client, "+OK\r\n"), "STAT\r\nRETR 1\r\nQUIT\r\n");
    assert_eq!(feed(&mut client, "+OK 0 0\r\n+OK\r\n.\r\n+OK\r\n"), "");
    assert!(matches!(client.step(&mut input, Instant::ORIGIN), Ok(Step::Closed)));
}

#[test]
fn the_queue_and_the_window_are_bounded() {
    let limits = Limits { queue: 5, window: 3, ..Limits::default() };
    let mut client = Client::new(limits, Quirks::default());
    let mut input = Input::new(4096);
    client.capa().unwrap();
    for _ in 0..4 {
        client.noop().unwrap();
    }
    assert_eq!(client.noop(), Err(Misuse::Full));
    assert_eq!(client.login("ana", "x"), Err(Misuse::Full));
    input.extend(b"+OK\r\n+OK\r\nPIPELINING\r\n.\r\n");
    while let Step::Event(_) = client.step(&mut input, Instant::ORIGIN).unwrap() {}
    assert_eq!(client.output().bytes(), b"CAPA\r\nNOOP\r\nNOOP\r\nNOOP\r\n");
}

#[test]
fn arguments_cannot_inject_commands() {
    let mut client = make();
    for bad in ["", "a\r\nDELE 1", "a\nb", "a\0"] {
        assert!(matches!(client.login(bad, "x"), Err(Misuse::Argument(_))), "{bad:?}");
        assert!(matches!(client.login("x", bad), Err(Misuse::Argument(_))), "{bad:?}");
        assert!(matches!(client.auth(bad, None), Err(Misuse::Argument(_))), "{bad:?}");
    }
    assert!(matches!(client.auth("PLAIN", Some("a\r\nb")), Err(Misuse::Argument(_))));
    assert!(matches!(client.login("x", &"p".repeat(300)), Err(Misuse::TooLong(255))));
    assert!(matches!(client.retr(0), Err(Misuse::Argument(_))));
    assert_eq!(client.respond(""), Err(Misuse::State));
    assert_eq!(client.cancel(), Err(Misuse::State));
    assert_eq!(client.tls_started(), Err(Misuse::State));
    let mut input = Input::new(512);
    input.extend(b"+OK\r\n+ \r\n");
    client.auth("PLAIN", None).unwrap();
    while let Step::Event(_) = client.step(&mut input, Instant::ORIGIN).unwrap() {}
    assert!(matches!(client.respond("a\r\nQUIT"), Err(Misuse::Argument(_))));
    assert!(matches!(client.respond(&"AAAA".repeat(4000)), Err(Misuse::TooLong(_))));
    assert_eq!(client.output().bytes(), b"AUTH PLAIN\r\n");
}

#[test]
fn debug_shows_no_password() {
    let mut client = make();
    client.login("ana", "secret").unwrap();
    client.auth("PLAIN", Some("c2VjcmV0")).unwrap();
    let mut input = Input::new(512);
    input.extend(b"+OK\r\n+OK\r\n");
    while let Step::Event(_) = client.step(&mut input, Instant::ORIGIN).unwrap() {}
    assert!(client.output().bytes().ends_with(b"PASS secret\r\n"));
    let shown = format!("{client:?}");
    assert!(!shown.contains("secret") && !shown.contains("115, 101") && !shown.contains("c2Vj"));
}

#[test]
fn a_long_bad_initial_response_is_refused() {
    let mut client = make();
    let bad = format!("{}\r\nQUIT", "AAAA".repeat(100));
    assert!(matches!(client.auth("PLAIN", Some(&bad)), Err(Misuse::Argument(_))));
}

#[test]
fn a_silent_server_times_out() {
    let mut client = make();
    let mut input = Input::new(512);
    let minutes = |n: u64| Instant::from_origin(Duration::from_secs(60 * n));
    assert!(matches!(client.step(&mut input, minutes(0)), Ok(Step::Read(_))));
    assert_eq!(client.deadline(), Some(minutes(5)));
    input.extend(b"+OK\r\n");
    let event = client.step(&mut input, minutes(4));
    assert!(matches!(event, Ok(Step::Event(Event::Reply(Verb::Connect, _)))));
    assert!(matches!(client.step(&mut input, minutes(4)), Ok(Step::Event(Event::Ready))));
    assert!(matches!(client.step(&mut input, minutes(4)), Ok(Step::Wait(_))));
    // It is our turn: nobody is late.
    assert_eq!(client.deadline(), None);
    client.stat().unwrap();
    assert!(matches!(client.step(&mut input, minutes(60)), Ok(Step::Read(_))));
    assert!(matches!(client.step(&mut input, minutes(65)), Err(Error::Timeout)));
    assert!(matches!(client.step(&mut input, minutes(66)), Ok(Step::Closed)));
}

#[test]
fn a_server_that_speaks_out_of_turn() {
    let log = run(make(), b"+OK\r\n-ERR logged out\r\n", 99, 512, app(&[]));
    assert_eq!(log.events, ["Connect Ok \"\"", "Ready", "error: Unexpected"]);
}

proptest! {
    #[test]
    fn any_split_of_any_message_gives_the_same_text(
        pieces in proptest::collection::vec(prop_oneof![
            Just("\r\n"), Just("\r\n."), Just("."), Just("\r"), Just("\n"), Just("text"), Just("\r\n.\r\n"),
        ], 0..30),
        size in 1usize..40,
    ) {
        let wire = format!("+OK\r\n+OK\r\n{}\r\n.\r\n", pieces.concat());
        let steps: &Steps = &[|c| c.retr(1), |c| c.quit()];
        for make in [make, tolerant] {
            let whole = run(make(), wire.as_bytes(), wire.len(), 4096, app(steps));
            prop_assert_eq!(run(make(), wire.as_bytes(), size, 4096, app(steps)), whole);
        }
    }

    #[test]
    fn no_input_panics(wire in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..60) {
        let wire = [b"+OK\r\n+OK\r\n", &wire[..]].concat();
        for steps in [&[(|c| c.capa()) as fn(&mut Client) -> _][..], &[|c| c.list(None)], &[|c| c.retr(1)], &[|c| c.auth("X", None)]] {
            for make in [make, tolerant] {
                let _ = run(make(), &wire, size, 4096, app(steps));
            }
        }
    }
}
