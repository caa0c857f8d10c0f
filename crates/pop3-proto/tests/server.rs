//! The server machine alone: each named trap, at every split.
#![allow(clippy::unwrap_used)]

use pop3_proto::{
    Misuse, Server,
    codec::{Code, Expire},
    server::{Config, Error, Event, Limits, Tls},
};
use posta_core::{
    Input, Instant, Machine, Step,
    testing::{Log, every_split, run},
};
use proptest::prelude::*;
use std::{sync::Arc, time::Duration};

/// Three messages as they are stored, and as they are sent.
const STORED: [&str; 3] = ["A: 1\n\n.dot\n..\nthree\n", "A: 2\r\n\r\nno end", "A: 3\n\nx\n"];

fn size(n: u32) -> u64 {
    let text = STORED[n as usize - 1].replace("\r\n", "\n").replace('\n', "\r\n");
    text.len() as u64 + if text.ends_with("\r\n") { 0 } else { 2 }
}

fn config(tls: Tls) -> Config {
    let expire = Some(Expire { days: None, user: true });
    Config { tls, sasl: "PLAIN CRAM-MD5".into(), expire, utf8: true, ..Config::default() }
}

fn make(config: &Config) -> Server {
    Server::new(Arc::new(config.clone()), Some("<1.2@mx1.b.com>"), Instant::ORIGIN).unwrap()
}

/// An agent in a few lines: one user, three messages.
fn app(event: Event<'_>, pop3: &mut Server, log: &mut Log) {
    if !matches!(event, Event::Size(_) | Event::Uid(_) | Event::Body(_)) {
        log.event(event);
    }
    let open = |pop3: &mut Server| pop3.open(3, (1..=3).map(size).sum());
    match event {
        Event::Pass(pass) => match (pop3.user(), pass) {
            (Some("bea"), "secret word") => open(pop3),
            (Some("busy"), _) => pop3.reject(Some(Code::InUse), "another session is open"),
            _ => pop3.reject(Some(Code::Auth), "wrong name or password"),
        },
        Event::Apop { name: "bea", digest } if digest.starts_with("c4c9") => open(pop3),
        Event::Apop { .. } => pop3.reject(Some(Code::Auth), "no"),
        Event::Auth { initial: None, .. } => pop3.challenge(""),
        Event::Auth { initial: Some("b2s="), .. } | Event::AuthResponse("b2s=") => open(pop3),
        Event::AuthResponse("") => pop3.challenge("bW9yZQ=="),
        Event::Auth { .. } | Event::AuthResponse(_) => pop3.reject(Some(Code::Auth), "no"),
        Event::Size(n) => pop3.size(size(n)),
        Event::Uid(n) => pop3.uid(&format!("uid-{n}")),
        Event::Message { .. } => pop3.accept(),
        Event::Body(_) => {
            let n = log
                .events
                .iter()
                .rev()
                .find_map(|line| line.strip_prefix("Message(")?[..1].parse::<usize>().ok());
            pop3.body(STORED[n.unwrap() - 1].as_bytes()).unwrap();
            pop3.end()
        }
        Event::Quit => {
            let list: Vec<u32> = pop3.deleted().collect();
            log.line(format!("remove {list:?}"));
            pop3.accept()
        }
        _ => Ok(()),
    }
    .unwrap();
}

/// Runs commands after the login and returns what came back.
fn session(commands: &str) -> (String, Vec<String>) {
    let wire = format!("USER bea\r\nPASS secret word\r\n{commands}");
    let log = every_split(|| make(&config(Tls::None)), wire.as_bytes(), 512, app);
    let sent = log.sent();
    let at = sent.find("+OK maildrop").unwrap();
    let at = at + sent[at..].find("\r\n").unwrap() + 2;
    (sent[at..].to_owned(), log.events)
}

fn raw(config: &Config, wire: &[u8]) -> Log {
    every_split(|| make(config), wire, 16384, app)
}

fn last(log: &Log) -> &str {
    log.events.last().unwrap()
}

#[test]
fn greeting_carries_the_timestamp() {
    let log = raw(&config(Tls::None), b"QUIT\r\n");
    assert_eq!(log.sent(), "+OK POP3 server ready <1.2@mx1.b.com>\r\n+OK bye\r\n");
}

#[test]
fn a_greeting_that_would_break_the_line_is_refused() {
    let bad = |timestamp| Server::new(Arc::default(), timestamp, Instant::ORIGIN).is_err();
    assert!(bad(Some("<a@b>\r\n+OK")) && bad(Some("a@b")) && bad(Some("<ab>")) && !bad(None));
    for config in [
        Config { greeting: "a\r\nb".into(), ..Config::default() },
        Config { greeting: "<a@b>".into(), ..Config::default() },
        Config { greeting: "[AUTH] x".into(), ..Config::default() },
        Config { sasl: "PLAIN\r\n.".into(), ..Config::default() },
        Config { implementation: "x".repeat(600), ..Config::default() },
    ] {
        assert!(Server::new(Arc::new(config), None, Instant::ORIGIN).is_err());
    }
}

#[test]
fn top_0_sends_the_header_and_the_blank_line() {
    assert_eq!(session("TOP 1 0\r\n").0, "+OK top of message follows\r\nA: 1\r\n\r\n.\r\n");
}

#[test]
fn top_counts_behind_the_blank_line_and_stuffs() {
    let (sent, events) = session("TOP 1 2\r\nTOP 1 99\r\n");
    let want = "+OK top of message follows\r\nA: 1\r\n\r\n..dot\r\n...\r\n.\r\n\
                +OK top of message follows\r\nA: 1\r\n\r\n..dot\r\n...\r\nthree\r\n.\r\n";
    assert_eq!(sent, want);
    assert_eq!(events.iter().filter(|line| *line == "Sent").count(), 2);
}

#[test]
fn retr_stuffs_dots_and_closes_the_last_line() {
    let (sent, _) = session("RETR 1\r\nRETR 2\r\n");
    let want = "+OK message follows\r\nA: 1\r\n\r\n..dot\r\n...\r\nthree\r\n.\r\n\
                +OK message follows\r\nA: 2\r\n\r\nno end\r\n.\r\n";
    assert_eq!(sent, want);
}

#[test]
fn numbers_stay_and_list_has_gaps_after_dele() {
    let (sent, events) = session(
        "DELE 2\r\nLIST\r\nUIDL\r\nSTAT\r\nRETR 2\r\nTOP 2 0\r\nLIST 2\r\nUIDL 2\r\nDELE 2\r\n\
         LIST 3\r\nUIDL 3\r\nRETR 4\r\nRSET\r\nSTAT\r\nDELE 1\r\nDELE 3\r\nQUIT\r\n",
    );
    let want = "+OK message 2 deleted\r\n\
                +OK 2 messages (36 octets)\r\n1 25\r\n3 11\r\n.\r\n\
                +OK unique-id listing follows\r\n1 uid-1\r\n3 uid-3\r\n.\r\n\
                +OK 2 36\r\n";
    assert!(sent.starts_with(want), "{sent}");
    let rest = &sent[want.len()..];
    let gone = "-ERR message 2 is deleted\r\n".repeat(5);
    let want = "+OK 3 11\r\n+OK 3 uid-3\r\n-ERR no such message, the last is 3\r\n\
                +OK maildrop has 3 messages (52 octets)\r\n+OK 3 52\r\n\
                +OK message 1 deleted\r\n+OK message 3 deleted\r\n+OK bye\r\n";
    assert_eq!(rest, gone + want);
    assert!(events.contains(&"remove [1, 3]".into()));
}

/// RFC 1939 6
#[test]
fn without_quit_nothing_is_removed() {
    for end in ["DELE 1\r\n", "DELE 1\r\nQUI", "DELE 1\r\nQUIT\n", "DELE 1\r\nRETR 1\r\n"] {
        let (_, events) = session(end);
        assert!(!events.iter().any(|line| line.contains("Quit") || line.contains("remove")));
        assert_eq!(events.last().unwrap(), "closed");
    }
}

#[test]
fn a_failed_removal_is_told_and_ends_the_session() {
    let wire = b"USER bea\r\nPASS secret word\r\nDELE 1\r\nQUIT\r\n";
    let log = every_split(
        || make(&config(Tls::None)),
        wire,
        512,
        |event, pop3, log| match event {
            Event::Quit => pop3.reject(Some(Code::SysTemp), "some messages not removed").unwrap(),
            event => app(event, pop3, log),
        },
    );
    assert!(log.sent().ends_with("-ERR [SYS/TEMP] some messages not removed\r\n"));
    assert_eq!(last(&log), "closed");
}

#[test]
fn quit_before_the_login_has_no_update_state() {
    let log = raw(&config(Tls::None), b"USER bea\r\nQUIT\r\nSTAT\r\n");
    assert_eq!(log.events, ["closed"]);
    assert!(log.sent().ends_with("+OK send PASS\r\n+OK bye\r\n"));
}

#[test]
fn in_use_is_told() {
    let log = raw(&config(Tls::None), b"USER busy\r\nPASS x\r\nQUIT\r\n");
    assert!(log.sent().contains("-ERR [IN-USE] another session is open\r\n"));
}

#[test]
fn pass_comes_immediately_after_user() {
    let wire = b"PASS a\r\nUSER x\r\nPASS a\r\nPASS secret word\r\nUSER bea\r\nNOOP\r\nPASS secret word\r\n";
    let log = raw(&config(Tls::None), wire);
    assert_eq!(log.events.iter().filter(|line| line.starts_with("Pass")).count(), 1);
    assert_eq!(log.sent().matches("-ERR USER first").count(), 3);
    assert!(!log.sent().contains("+OK maildrop"));
}

/// V25: these crashed a server.
#[test]
fn odd_commands_are_answered() {
    let log = raw(&config(Tls::None), b"\r\n:\r\n:x y\r\n \r\nX\0\r\nLIST 99999999999\r\nSTAT\r\n");
    assert_eq!(log.sent().matches("\r\n-ERR").count(), 7);
    let (sent, _) =
        session("LIST 99999999999\r\nRETR 18446744073709551616\r\nTOP 1 -1\r\nNOOP\r\n");
    assert!(sent.matches("-ERR").count() == 3 && sent.ends_with("+OK\r\n"), "{sent}");
}

#[test]
fn commands_in_the_wrong_state_are_refused() {
    let log = raw(&config(Tls::None), b"STAT\r\nLIST\r\nRETR 1\r\nDELE 1\r\nRSET\r\nNOOP\r\n");
    assert_eq!(log.sent().matches("-ERR log in first").count(), 6);
    let (sent, events) =
        session("USER a\r\nPASS a\r\nAUTH PLAIN\r\nSTLS\r\nUTF8\r\nLANG\r\nNOOP\r\n");
    assert_eq!(sent.matches("-ERR").count(), 6);
    assert!(sent.ends_with("+OK\r\n"));
    assert_eq!(events, ["Pass(***)", "closed"]);
}

/// V8
#[test]
fn logins_are_refused_without_tls() {
    let wire = b"USER bea\r\nPASS x\r\nAUTH PLAIN b2s=\r\n\
                 APOP bea c4c9334bac560ecc979e58001b3e22fb\r\nQUIT\r\n";
    let log = raw(&config(Tls::Required), wire);
    assert_eq!(log.events, ["closed"]);
    assert_eq!(log.sent().matches("-ERR [AUTH] TLS is required").count(), 4);
    assert_eq!(Config::default().tls, Tls::Required);
}

#[test]
fn capa_differs_before_and_after_stls() {
    let tls = config(Tls::Required);
    let wire = b"CAPA\r\n";
    let before = raw(&tls, wire).sent();
    assert!(before.contains("\r\nSTLS\r\n") && before.contains("\r\nPIPELINING\r\n"));
    assert!(!before.contains("USER\r\nSTLS") && !before.contains("SASL"), "{before}");
    assert!(!before.contains("\r\nUSER\r\n"));
    let after = raw(&config(Tls::Implicit), wire).sent();
    assert!(after.contains("\r\nUSER\r\n") && after.contains("\r\nSASL PLAIN CRAM-MD5\r\n"));
    assert!(!after.contains("STLS") && after.contains("\r\nEXPIRE NEVER\r\n"));
    let (inside, _) = session("CAPA\r\n");
    assert!(inside.contains("\r\nSASL PLAIN CRAM-MD5\r\n") && !inside.contains("STLS"));
}

/// V5: what comes behind STLS in the clear is never executed.
#[test]
fn commands_behind_stls_are_refused() {
    let log = run(make(&config(Tls::Required)), b"STLS\r\nUSER x\r\n", 99, 512, app);
    assert!(log.sent().ends_with("-ERR nothing may follow STLS\r\n"), "{}", log.sent());
    assert_eq!(log.events, ["error: EarlyData"]);
    // Later, but before TLS: too late to say so, never too late to stop.
    let mut server = make(&config(Tls::Required));
    let mut input = Input::new(512);
    input.extend(b"STLS\r\n");
    let event = server.step(&mut input, Instant::ORIGIN);
    assert!(matches!(event, Ok(Step::Event(Event::StartTls))));
    input.extend(b"USER x\r\n");
    assert!(matches!(server.step(&mut input, Instant::ORIGIN), Err(Error::EarlyData)));
    assert!(matches!(server.step(&mut input, Instant::ORIGIN), Ok(Step::Closed)));
    assert!(!String::from_utf8_lossy(server.output().bytes()).contains("PASS"));
}

#[test]
fn tls_forgets_the_user_and_happens_once() {
    let mut server = make(&config(Tls::Offered));
    let mut input = Input::new(512);
    let mut feed = |server: &mut Server, wire: &[u8]| {
        input.extend(wire);
        while let Step::Event(event) = server.step(&mut input, Instant::ORIGIN).unwrap() {
            if event == Event::StartTls {
                server.tls_started().unwrap();
            }
        }
        let sent = String::from_utf8_lossy(server.output().bytes()).into_owned();
        let n = server.output().len();
        server.output().sent(n);
        sent
    };
    feed(&mut server, b"USER bea\r\n");
    assert_eq!(server.user(), Some("bea"));
    feed(&mut server, b"STLS\r\n");
    assert!(server.is_tls() && server.user().is_none());
    assert_eq!(feed(&mut server, b"PASS secret word\r\n"), "-ERR USER first\r\n");
    assert_eq!(feed(&mut server, b"STLS\r\n"), "-ERR TLS is active already\r\n");
    assert!(!feed(&mut server, b"CAPA\r\n").contains("STLS"));
    assert_eq!(server.tls_started(), Err(Misuse::State));
}

/// RFC 6856 2.1
#[test]
fn stls_does_not_follow_utf8() {
    let log = raw(&config(Tls::Offered), b"UTF8\r\nSTLS\r\n");
    assert!(log.sent().ends_with("+OK UTF8 enabled\r\n-ERR STLS comes before UTF8\r\n"));
}

#[test]
fn auth_with_an_empty_initial_response() {
    let log = raw(&config(Tls::None), b"AUTH PLAIN =\r\nAUTH PLAIN\r\n\r\n\r\nb2s=\r\n");
    let events = ["Auth(\"PLAIN\", ***)", "Auth(\"PLAIN\")"];
    assert_eq!(log.events[..2], events);
    assert!(
        log.sent().contains("-ERR [AUTH] no\r\n+ \r\n+ bW9yZQ==\r\n+ bW9yZQ==\r\n+OK maildrop")
    );
}

#[test]
fn auth_is_cancelled_by_a_star_and_by_what_is_not_base64() {
    for bad in ["*", "=AAA", "AAA", "dGVz dA==", "*x", "NOOP!", "\u{e9}"] {
        let wire = format!("AUTH cram-md5\r\n{bad}\r\nCAPA\r\n");
        let log = raw(&config(Tls::None), wire.as_bytes());
        assert_eq!(log.events, ["Auth(\"cram-md5\")", "AuthCancelled", "closed"], "{bad}");
        assert!(log.sent().contains("+ \r\n-ERR"), "{bad}");
        assert!(log.sent().contains("+OK capability list"), "{bad}");
    }
}

#[test]
fn auth_takes_only_what_is_offered() {
    let log = raw(&config(Tls::None), b"AUTH GSSAPI\r\nAUTH\r\n");
    assert_eq!(log.events, ["closed"]);
    assert!(log.sent().contains("-ERR no such mechanism"));
}

#[test]
fn apop_is_taken_only_with_a_timestamp() {
    let wire = b"APOP bea c4c9334bac560ecc979e58001b3e22fb\r\nSTAT\r\n";
    assert!(raw(&config(Tls::None), wire).sent().contains("+OK 3 52\r\n"));
    let make = || Server::new(Arc::new(config(Tls::None)), None, Instant::ORIGIN).unwrap();
    let log = every_split(make, wire, 512, app);
    assert!(log.sent().contains("-ERR not offered\r\n"));
}

#[test]
fn lines_too_long_are_refused_whole() {
    let long = format!("NOOP {}\r\nCAPA\r\n", "x".repeat(300));
    let log = raw(&config(Tls::None), long.as_bytes());
    assert_eq!(log.sent().matches("-ERR line too long").count(), 1);
    assert!(log.sent().contains("+OK capability list"));
    // Exactly 255 octets is not too long.
    let fits = format!("USER {}\r\n", "x".repeat(248));
    assert!(raw(&config(Tls::None), fits.as_bytes()).sent().ends_with("+OK send PASS\r\n"));
    let over = format!("USER {}\r\n", "x".repeat(249));
    assert!(raw(&config(Tls::None), over.as_bytes()).sent().ends_with("-ERR line too long\r\n"));
    // An exchange may have longer ones, but not endless ones.
    let auth = |n: usize| format!("AUTH PLAIN\r\n{}\r\n", "A".repeat(n));
    let log = raw(&config(Tls::None), auth(12_284).as_bytes());
    assert!(log.events.contains(&"AuthResponse(***)".into()));
    let log = raw(&config(Tls::None), auth(12_288).as_bytes());
    assert!(log.events.contains(&"AuthCancelled".into()));
    // More than the buffer holds.
    let flood = format!("{}\r\nCAPA\r\n", "x".repeat(5000));
    let log = every_split(|| make(&config(Tls::None)), flood.as_bytes(), 100, app);
    assert_eq!(log.sent().matches("-ERR line too long").count(), 1);
    assert!(log.sent().contains("+OK capability list"));
}

#[test]
fn a_bare_lf_ends_no_command() {
    let log = raw(&config(Tls::None), b"USER bea\nPASS secret word\r\nNOOP\n");
    assert_eq!(log.events, ["closed"]);
    assert_eq!(log.sent().matches("-ERR a line ends with CRLF").count(), 2);
}

#[test]
fn too_many_errors_end_the_session() {
    let log = raw(&config(Tls::None), "JUNK\r\n".repeat(50).as_bytes());
    assert_eq!(log.events, ["error: TooManyErrors"]);
    assert_eq!(log.sent().matches("-ERR").count(), 11);
    let logins = "USER bea\r\nPASS guess\r\n".repeat(50);
    let log = raw(&config(Tls::None), logins.as_bytes());
    assert_eq!(log.events.iter().filter(|line| line.starts_with("Pass")).count(), 10);
    assert_eq!(last(&log), "error: TooManyErrors");
}

/// RFC 1939 3: 10 minutes, nothing removed, nothing said.
#[test]
fn autologout_is_silent() {
    let mut server = make(&config(Tls::None));
    let mut input = Input::new(512);
    let n = server.output().len();
    server.output().sent(n);
    let minutes = |n: u64| Instant::from_origin(Duration::from_secs(60 * n));
    assert_eq!(server.deadline(), Some(minutes(10)));
    assert!(matches!(server.step(&mut input, minutes(9)), Ok(Step::Read(_))));
    input.extend(b"CAPA\r\n");
    assert!(matches!(server.step(&mut input, minutes(9)), Ok(Step::Read(_))));
    assert_eq!(server.deadline(), Some(minutes(19)));
    let n = server.output().len();
    server.output().sent(n);
    // Part of a command is no command.
    input.extend(b"NOO");
    assert!(matches!(server.step(&mut input, minutes(18)), Ok(Step::Read(_))));
    assert!(matches!(server.step(&mut input, minutes(19)), Err(Error::Idle)));
    assert!(server.output().is_empty());
    assert!(matches!(server.step(&mut input, minutes(20)), Ok(Step::Closed)));
}

#[test]
fn a_client_that_never_reads_is_stopped() {
    let limits = Limits { output: 2000, ..Limits::default() };
    let config = Config { limits, ..config(Tls::None) };
    let mut server = make(&config);
    let mut input = Input::new(4096);
    input.extend(b"USER bea\r\nPASS x\r\n");
    loop {
        match server.step(&mut input, Instant::ORIGIN).unwrap() {
            Step::Event(Event::Pass(_)) => server.open(1, 1 << 40).unwrap(),
            Step::Event(Event::Message { .. }) => server.accept().unwrap(),
            Step::Event(Event::Body(room)) => {
                assert!(server.body(&[b'.'; 9000]).unwrap() <= room);
            }
            Step::Read(input) => {
                input.extend(b"RETR 1\r\n");
            }
            Step::Wait(_) => break,
            step => panic!("{step:?}"),
        }
    }
    assert!(server.output().len() < 2 * 2000 + 200);
    let late = Instant::from_origin(Duration::from_secs(600));
    assert!(matches!(server.step(&mut input, late), Err(Error::Idle)));
}

#[test]
fn a_message_that_cannot_be_read_closes_the_connection() {
    let log = every_split(
        || make(&config(Tls::None)),
        b"USER bea\r\nPASS secret word\r\nRETR 1\r\nQUIT\r\n",
        512,
        |event, pop3, log| match event {
            Event::Body(_) => {
                pop3.body(b"A: 1\n").unwrap();
                pop3.abort().unwrap();
            }
            event => app(event, pop3, log),
        },
    );
    assert!(log.sent().ends_with("A: 1\r\n") && !log.sent().contains("\r\n.\r\n"));
    assert_eq!(last(&log), "closed");
}

#[test]
fn messages_that_vanished_are_left_out_of_listings() {
    let wire = b"USER bea\r\nPASS secret word\r\nLIST\r\nUIDL\r\nLIST 2\r\nDELE 2\r\nSTAT\r\n";
    let log = every_split(
        || make(&config(Tls::None)),
        wire,
        512,
        |event, pop3, log| match event {
            Event::Size(2) | Event::Uid(2) => {
                pop3.reject(Some(Code::SysTemp), "it is gone").unwrap();
            }
            event => app(event, pop3, log),
        },
    );
    let sent = log.sent();
    assert!(
        sent.contains("\r\n1 25\r\n3 11\r\n.\r\n")
            && sent.contains("\r\n1 uid-1\r\n3 uid-3\r\n.\r\n")
    );
    assert!(
        sent.ends_with("-ERR [SYS/TEMP] it is gone\r\n-ERR [SYS/TEMP] it is gone\r\n+OK 3 52\r\n")
    );
}

#[test]
fn misuse_changes_nothing() {
    let mut server = make(&config(Tls::None));
    let mut input = Input::new(512);
    let greeting = server.output().len();
    assert_eq!(server.accept(), Err(Misuse::State));
    assert_eq!(server.reject(None, "x"), Err(Misuse::State));
    assert_eq!(server.open(1, 1), Err(Misuse::State));
    assert_eq!(server.size(1), Err(Misuse::State));
    assert_eq!(server.uid("x"), Err(Misuse::State));
    assert_eq!(server.body(b"x"), Err(Misuse::State));
    assert_eq!(server.end(), Err(Misuse::State));
    assert_eq!(server.abort(), Err(Misuse::State));
    assert_eq!(server.challenge(""), Err(Misuse::State));
    assert_eq!(server.tls_started(), Err(Misuse::State));
    assert_eq!(server.output().len(), greeting);
    input.extend(b"USER bea\r\nPASS x\r\n");
    let event = server.step(&mut input, Instant::ORIGIN);
    assert!(matches!(event, Ok(Step::Event(Event::Pass("x")))));
    let before = server.output().len();
    assert!(matches!(server.reject(None, "a\r\n+OK b"), Err(Misuse::Argument(_))));
    assert!(matches!(server.reject(Some(Code::Other(b"a]b")), ""), Err(Misuse::Argument(_))));
    assert!(matches!(server.reject(None, &"x".repeat(600)), Err(Misuse::TooLong(512))));
    assert_eq!(server.open(u32::MAX, 1), Err(Misuse::Full));
    assert_eq!(server.output().len(), before);
    server.open(1, 1).unwrap();
    input.extend(b"UIDL 1\r\n");
    assert!(matches!(server.step(&mut input, Instant::ORIGIN), Ok(Step::Event(Event::Uid(1)))));
    for bad in ["", "a b", "a\r\n", "é", &"u".repeat(71)] {
        assert!(matches!(server.uid(bad), Err(Misuse::Argument(_))), "{bad}");
    }
    server.uid(&"u".repeat(70)).unwrap();
}

proptest! {
    #[test]
    fn any_split_of_any_commands_gives_the_same_session(
        lines in proptest::collection::vec(prop_oneof![
            Just("STAT\r\n"), Just("LIST\r\n"), Just("LIST 2\r\n"), Just("UIDL\r\n"), Just("RETR 1\r\n"),
            Just("TOP 2 1\r\n"), Just("TOP 3 0\r\n"), Just("DELE 1\r\n"), Just("DELE 3\r\n"),
            Just("RSET\r\n"), Just("NOOP\r\n"), Just("CAPA\r\n"), Just("\r\n"), Just("X\n"),
            Just("AUTH PLAIN\r\n"), Just("USER bea\r\nPASS secret word\r\n"), Just("*\r\n"),
            Just("USER x\r\n"), Just("PASS y\r\n"), Just("AUTH PLAIN b2s=\r\n"), Just("b2s=\r\n"),
        ], 0..20),
        size in 1usize..60,
    ) {
        let wire = lines.concat();
        let whole = run(make(&config(Tls::None)), wire.as_bytes(), wire.len(), 512, app);
        let cut = run(make(&config(Tls::None)), wire.as_bytes(), size, 512, app);
        prop_assert_eq!(&cut, &whole);
        prop_assert!(posta_core::dot::find_bare(&whole.sent).is_none());
    }

    #[test]
    fn no_input_panics(wire in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..60) {
        let whole = run(make(&config(Tls::None)), &wire, wire.len(), 512, app);
        prop_assert_eq!(run(make(&config(Tls::None)), &wire, size, 512, app), whole);
    }
}
