//! The server machine.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, codes, mx, note, patient, say_yes, yes};
use posta_core::{Instant, Machine, Step, dot::Bare, testing::every_split};
use smtp_proto::{
    Error, Misuse, Protocol, Server,
    codec::EnhancedCode,
    server::{Config, Event},
};
use std::time::Duration;

const INPUT: usize = 16 * 1024;

fn split(config: &Config, wire: &[u8]) -> posta_core::testing::Log {
    every_split(|| Server::new(config.clone(), Instant::ORIGIN), wire, INPUT, yes)
}

#[test]
fn a_whole_session() {
    let log = split(
        &patient(),
        b"EHLO a.org\r\nMAIL FROM:<ana@a.org> SIZE=20\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n\
        Hi\r\n..dot\r\n.\r\nNOOP\r\nRSET\r\nQUIT\r\n",
    );
    assert_eq!(
        log.events,
        [
            r#"Helo { hello: Ehlo, name: "a.org" }"#,
            r#"Mail { path: <ana@a.org>, params: "SIZE=20", tolerated: None }"#,
            r#"Rcpt { path: <bea@b.com>, params: "", tolerated: None }"#,
            "Data",
            r"Hi\r\n.dot\r\n",
            "End",
            "Rset",
            "Quit",
            "closed",
        ]
    );
    assert_eq!(
        log.sent(),
        "220 mx1.b.com ESMTP\r\n\
        250-mx1.b.com at your service\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n\
        250-8BITMIME\r\n250 SIZE 52428800\r\n\
        250 2.1.0 Sender OK\r\n250 2.1.5 Recipient OK\r\n\
        354 End the message with a line that holds only a dot\r\n250 2.0.0 Message accepted\r\n\
        250 2.0.0 OK\r\n250 2.0.0 Reset\r\n221 2.0.0 Bye\r\n"
    );
}

/// The empty message that some parsers never see the end of, and the dot on the first line.
#[test]
fn messages_at_every_split() {
    for (body, seen) in [
        (&b".\r\n"[..], ""),
        (b"..\r\n.\r\n", r".\r\n"),
        (b"..x\r\n.\r\n", r".x\r\n"),
        (b"\r\n.\r\n", r"\r\n"),
        (b"a\r\n...\r\n.\r\n", r"a\r\n..\r\n"),
        (b"a\0b\xff\r\n.\r\n", r"a\x00b\xff\r\n"),
        (b".a\r\n.\r\n", r"a\r\n"),
    ] {
        let mut wire = b"HELO a.org\r\nMAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\nDATA\r\n".to_vec();
        wire.extend_from_slice(body);
        wire.extend_from_slice(b"QUIT\r\n");
        let log = split(&patient(), &wire);
        let mut expected = vec!["Data", seen, "End", "Quit", "closed"];
        expected.retain(|line| !line.is_empty());
        assert_eq!(log.events[3..], expected, "{}", body.escape_ascii());
    }
}

#[test]
fn typed_by_hand() {
    let mut bench = Bench::greeted(mx());
    for (line, reply) in [
        (
            "MAIL FROM: mi@dominio.com",
            "555 5.5.2 The address needs angle brackets: MAIL FROM:<mi@dominio.com>\r\n",
        ),
        (
            "MAIL FROM:mi",
            "555 5.5.2 The address needs angle brackets: MAIL FROM:<user@example.org>\r\n",
        ),
        ("mail from: <mi@dominio.com>", "250 2.1.0 Sender OK\r\n"),
        (
            "RCPT TO: bea@b.com",
            "555 5.5.2 The address needs angle brackets: RCPT TO:<bea@b.com>\r\n",
        ),
        ("rcpt to: <bea@b.com>", "250 2.1.5 Recipient OK\r\n"),
    ] {
        assert_eq!(bench.say(format!("{line}\r\n")), reply);
    }
    let events = bench.events();
    assert!(events[2].ends_with("tolerated: Some(SpaceAfterColon) }"), "{}", events[2]);
    assert!(events[4].ends_with("tolerated: Some(SpaceAfterColon) }"), "{}", events[4]);

    let mut strict = mx();
    strict.quirks.space_after_colon = false;
    let mut bench = Bench::greeted(strict);
    assert_eq!(codes(&bench.say("MAIL FROM: <mi@dominio.com>\r\n")), ["501"]);
}

#[test]
fn the_order_of_commands() {
    let mut bench = Bench::server(mx());
    for (line, code) in [
        ("MAIL FROM:<ana@a.org>", "503"),
        ("RCPT TO:<bea@b.com>", "503"),
        ("DATA", "503"),
        ("VRFY bea", "503"),
        ("NOOP", "250"),
        ("RSET", "250"),
        ("HELP", "214"),
        ("LHLO a.org", "500"),
        ("EHLO a.org", "250"),
        ("RCPT TO:<bea@b.com>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:<ana@a.org>", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<ana@a.org>", "503"),
        ("RCPT TO:<bea@b.com>", "250"),
        ("RSET", "250"),
        ("RCPT TO:<bea@b.com>", "503"),
        ("MAIL FROM:<ana@a.org>", "250"),
        ("RCPT TO:<bea@b.com>", "250"),
        ("HELO a.org", "250"),
        ("DATA", "503"),
        ("STARTTLS", "502"),
        ("AUTH PLAIN", "502"),
        ("EXPN list", "502"),
        ("VRFY bea", "252"),
        ("XYZZY", "500"),
        ("DATA now", "501"),
    ] {
        let sent = bench.say(format!("{line}\r\n"));
        assert_eq!(codes(&sent).last(), Some(&code), "{line}: {sent}");
    }
    assert_eq!(bench.say("QUIT\r\n"), "221 2.0.0 Bye\r\n");
    assert!(bench.over);
}

#[test]
fn the_application_decides() {
    let mut bench = Bench::greeted(mx());
    let no = |event: Event<'_>, server: &mut Server, log: &mut posta_core::testing::Log| {
        log.event(event);
        server.reject(450, EnhancedCode(4, 7, 1), "Later\nplease").unwrap();
    };
    let later = "450-4.7.1 Later\r\n450 4.7.1 please\r\n";
    assert_eq!(bench.feed("MAIL FROM:<ana@a.org>\r\n", no), later);
    assert_eq!(codes(&bench.say("RCPT TO:<bea@b.com>\r\n")), ["503"]);
    bench.say("MAIL FROM:<ana@a.org>\r\n");
    assert_eq!(bench.feed("RCPT TO:<bea@b.com>\r\n", no), later);
    bench.say("RCPT TO:<bea@b.com>\r\n");
    assert_eq!(bench.feed("DATA\r\n", no), later);
    assert_eq!(codes(&bench.say("DATA\r\n")), ["354"]);
    assert_eq!(
        bench.feed("Hi\r\n.\r\n", |event, server, _| match event {
            Event::End => server.accept_with("queued as 1\r\n250 forged").unwrap(),
            event => assert_eq!(event, Event::Chunk(b"Hi\r\n")),
        }),
        "250-2.0.0 queued as 1\r\n250 2.0.0 250 forged\r\n"
    );
    // The transaction is over.
    assert_eq!(codes(&bench.say("DATA\r\n")), ["503"]);
}

#[test]
fn misuse_is_no_error() {
    let mut bench = Bench::greeted(mx());
    let server = &mut bench.machine;
    assert_eq!(server.accept(), Err(Misuse::State));
    assert_eq!(server.reject(550, EnhancedCode(5, 1, 1), "no"), Err(Misuse::State));
    assert_eq!(server.challenge(""), Err(Misuse::State));
    assert_eq!(server.tls_started(), Err(Misuse::State));
    bench.feed("MAIL FROM:<>\r\n", |_, server, _| {
        assert_eq!(server.reject(250, EnhancedCode(2, 0, 0), "yes"), Err(Misuse::Code));
        assert_eq!(server.reject(550, EnhancedCode(4, 0, 0), "no"), Err(Misuse::Code));
        assert_eq!(server.reject(999, EnhancedCode(9, 0, 0), "no"), Err(Misuse::Code));
        assert_eq!(server.challenge(""), Err(Misuse::State));
    });
    assert!(!bench.reads);
    assert_eq!(bench.machine.deadline(), None, "the application may think for ever");
    bench.machine.accept().unwrap();
    assert_eq!(bench.say("RSET\r\n"), "250 2.1.0 Sender OK\r\n250 2.0.0 Reset\r\n");
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let mut bench = Bench::greeted(mx());
    let sent = bench.feed(
        "MAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nRCPT TO:<nobody@b.com>\r\nDATA\r\n",
        |event, server, _| match event {
            Event::Rcpt { path, .. } if path.as_str() == "nobody@b.com" => {
                server.reject(550, EnhancedCode(5, 1, 1), "No such user").unwrap();
            }
            event => say_yes(&event, server),
        },
    );
    assert_eq!(codes(&sent), ["250", "250", "550", "354"]);
}

#[test]
fn sizes() {
    let mut config = mx();
    config.limits.message = 10;
    let mut bench = Bench::greeted(config.clone());
    for (params, code) in [
        (" SIZE=11", "552"),
        (" SIZE=18446744073709551616", "552"),
        (" SIZE=99999999999999999999999", "552"),
        (" SIZE=x", "501"),
        (" BODY=BINARYMIME", "555"),
        (" SMTPUTF8", "555"),
        (" SIZE=1 SIZE=2", "501"),
        (" SIZE=10", "250"),
    ] {
        let sent = bench.say(format!("MAIL FROM:<ana@a.org>{params}\r\n"));
        assert_eq!(codes(&sent), [code], "{params}");
    }
    config.quirks.early_talker = true;
    let envelope = "EHLO a.org\r\nMAIL FROM:<>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n";
    for (body, event, code) in [
        ("12345678\r\n.\r\n", "End", "250"),
        ("..2345678\r\n.\r\n", "End", "250"),
        ("..23456789\r\n.\r\n", "Aborted(TooLarge)", "552"),
        ("123456789\r\n.\r\n", "Aborted(TooLarge)", "552"),
        ("12345678\r\nMAIL FROM:<x@evil>\r\nQUIT\r\n.\r\n", "Aborted(TooLarge)", "552"),
    ] {
        let wire = format!("{envelope}{body}NOOP\r\n");
        // How much is heard before the limit depends on the pieces, so it is not noted.
        let log = every_split(
            || Server::new(config.clone(), Instant::ORIGIN),
            wire.as_bytes(),
            INPUT,
            |e, server, log| {
                if !matches!(e, Event::Chunk(_)) {
                    log.event(e);
                }
                say_yes(&e, server);
            },
        );
        assert_eq!(log.events[4..], [event, "closed"], "{body}");
        let sent = log.sent();
        assert_eq!(codes(&sent)[5..], [code, "250"], "{body}");
    }
}

#[test]
fn parameters_only_where_offered() {
    let mut config = mx();
    let commands = [
        "MAIL FROM:<ana@a.org> RET=HDRS",
        "MAIL FROM:<ana@a.org> ENVID=1",
        "RCPT TO:<bea@b.com> NOTIFY=NEVER",
        "RCPT TO:<bea@b.com> ORCPT=rfc822;bea@b.com",
    ];
    for (dsn, code) in [(false, "555"), (true, "250")] {
        config.dsn = dsn;
        for command in commands {
            let mut bench = Bench::greeted(config.clone());
            if command.starts_with("RCPT") {
                bench.say("MAIL FROM:<ana@a.org>\r\n");
            }
            assert_eq!(codes(&bench.say(format!("{command}\r\n"))), [code], "{command}");
        }
    }
    for (mechanisms, code) in [(vec![], "555"), (vec!["PLAIN".to_owned()], "250")] {
        config.auth = mechanisms;
        let mut bench = Bench::greeted(config.clone());
        assert_eq!(codes(&bench.say("MAIL FROM:<ana@a.org> AUTH=<>\r\n")), [code]);
    }
    let mut bench = Bench::greeted(mx());
    for (body, code) in [("9BIT", "501"), ("BINARYMIME", "555"), ("8bitmime", "250")] {
        let sent = bench.say(format!("MAIL FROM:<ana@a.org> BODY={body}\r\n"));
        assert_eq!(codes(&sent), [code], "{body}");
    }
}

#[test]
fn too_many_recipients() {
    let mut config = mx();
    config.limits.recipients = 2;
    let mut bench = Bench::greeted(config);
    bench.say("MAIL FROM:<ana@a.org>\r\n");
    for code in ["250", "250", "452", "452"] {
        assert_eq!(codes(&bench.say("RCPT TO:<bea@b.com>\r\n")), [code]);
    }
    for _ in 0..100 {
        assert!(bench.say("RCPT TO:<bea@b.com>\r\n").starts_with("452 4.5.3 "));
    }
    assert_eq!(codes(&bench.say("DATA\r\n")), ["354"]);
}

#[test]
fn lmtp_gives_a_verdict_for_each_recipient() {
    let mut config = mx();
    config.protocol = Protocol::Lmtp;
    let mut bench = Bench::greeted(config.clone());
    assert_eq!(codes(&bench.say("EHLO a.org\r\n")), ["500"]);
    assert_eq!(codes(&bench.say("HELO a.org\r\n")), ["500"]);
    bench.say("MAIL FROM:<chris@bar.com>\r\n");
    assert_eq!(codes(&bench.say("DATA\r\n")), ["503"]);
    bench.say("RCPT TO:<pat@foo.edu>\r\n");
    bench.feed("RCPT TO:<jones@foo.edu>\r\n", |_, server, _| {
        server.reject(550, EnhancedCode(5, 1, 1), "No such user here").unwrap();
    });
    bench.say("RCPT TO:<green@foo.edu>\r\n");
    bench.say("DATA\r\n");
    let sent = bench.feed("Blah blah blah...\r\n.\r\n", |event, server, _| {
        if event == Event::End {
            server.accept().unwrap();
            server.reject(452, EnhancedCode(4, 2, 2), "Over quota").unwrap();
            assert_eq!(server.accept(), Err(Misuse::State));
        }
    });
    assert_eq!(sent, "250 2.0.0 Message accepted\r\n452 4.2.2 Over quota\r\n");

    config.limits.message = 1;
    let mut bench = Bench::greeted(config);
    bench.say("MAIL FROM:<>\r\nRCPT TO:<bea@b.com>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n");
    let sent = bench.say("too much\r\n.\r\nNOOP\r\n");
    assert_eq!(codes(&sent), ["552", "552", "250"]);
}

#[test]
fn lines_that_are_too_long_are_skipped() {
    let limit = mx().limits.line;
    let long = |n: usize| format!("NOOP {}\r\n", "x".repeat(n - 7));
    for (n, code) in [(limit, "250"), (limit + 1, "500"), (INPUT + 5, "500")] {
        let wire = format!("{}NOOP\r\n", long(n));
        let log = split(&patient(), wire.as_bytes());
        assert_eq!(codes(&log.sent()), ["220", code, "250"], "{n}");
    }
    // No line end of any other kind, and no end at all.
    let wire = format!("{}\nQUIT\n\rRSET\r\r\nNOOP\r\n", "x".repeat(limit));
    assert_eq!(codes(&split(&patient(), wire.as_bytes()).sent()), ["220", "500", "250"]);
    let log = split(&patient(), "x".repeat(100_000).as_bytes());
    assert_eq!(log.events, ["error: UnexpectedEof"]);
}

#[test]
fn too_many_errors() {
    let mut bench = Bench::greeted(mx());
    let sent = bench.say("XYZZY\r\n".repeat(25));
    let sent = codes(&sent);
    assert_eq!(sent.len(), 21);
    assert_eq!((sent[19], sent[20]), ("500", "421"));
    assert!(bench.over);
    assert_eq!(bench.events().last().unwrap(), "error: TooManyErrors");
}

#[test]
fn timeouts() {
    let five = Duration::from_secs(300);
    let mut bench = Bench::greeted(mx());
    bench.wait(five - Duration::from_secs(1));
    // A piece of a line is no progress.
    bench.say("NO");
    bench.wait(Duration::from_secs(1));
    let sent = bench.say("");
    assert!(sent.starts_with("421 4.4.2 "), "{sent}");
    assert_eq!(bench.events(), ["error: Timeout"]);
    assert!(bench.machine.deadline().is_some_and(|last| last > bench.now));

    let mut bench = Bench::greeted(mx());
    bench.say("MAIL FROM:<>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n");
    for _ in 0..3 {
        bench.wait(five - Duration::from_secs(1));
        for _ in 0..3 {
            assert_eq!(bench.say("more and more\r\n".repeat(700)), "");
        }
    }
    bench.wait(five);
    assert!(bench.say("").starts_with("421 4.4.2 "));
}

/// Each piece comes in time, but the message never ends.
#[test]
fn a_message_may_not_trickle_for_ever() {
    let ten = Duration::from_secs(10);
    for (octets, patience) in [(1, Some(30)), (50, Some(60)), (100, None), (1000, None)] {
        let mut bench = Bench::greeted(mx());
        bench.say("MAIL FROM:<>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n");
        let tick = (1..1000).find(|_| {
            bench.wait(ten);
            bench.say("x".repeat(octets * 10)).starts_with("421 4.4.2 ")
        });
        let near = |wanted: i32| tick.is_some_and(|tick: i32| (tick - wanted).abs() <= 1);
        assert!(patience.map_or_else(|| tick.is_none(), near), "{octets}: {tick:?}");
    }
}

/// A peer that sends and never reads is stopped, then timed out.
#[test]
fn replies_that_nobody_reads_stop_the_server() {
    let mut server = Server::new(patient(), Instant::ORIGIN);
    let mut input = posta_core::Input::new(INPUT);
    let mut commands = 0;
    loop {
        commands += input.extend(b"NOOP\r\n") / 6;
        if let Step::Wait(_) = server.step(&mut input, Instant::ORIGIN).unwrap() {
            break;
        }
        assert!(commands < 10_000);
    }
    assert!(server.output().len() < 17 * 1024);
    let late = Instant::ORIGIN + Duration::from_secs(301);
    assert_eq!(server.step(&mut input, late).unwrap_err(), Error::Timeout);
}

#[test]
fn the_end_of_the_stream() {
    for (wire, last) in [
        ("EHLO a.org\r\n", "closed"),
        ("EHLO a.org\r\nNO", "error: UnexpectedEof"),
        ("EHLO a.org\r\nMAIL FROM:<>\r\n", "closed"),
        (
            "EHLO a.org\r\nMAIL FROM:<>\r\nRCPT TO:<b@b.com>\r\nDATA\r\nHi\r\n.",
            "error: UnexpectedEof",
        ),
    ] {
        let log = split(&patient(), wire.as_bytes());
        assert_eq!(log.events.last().unwrap(), last, "{wire}");
        assert!(!log.events.iter().any(|event| event == "End"));
    }
}

#[test]
fn shutdown_says_421() {
    for wire in ["", "MAIL FROM:<>\r\n", "MAIL FROM:<>\r\nRCPT TO:<b@b.com>\r\nDATA\r\nHi\r\n"] {
        let mut bench = Bench::greeted(mx());
        bench.say(wire);
        bench.machine.shutdown();
        bench.machine.shutdown();
        assert_eq!(bench.say(""), "421 4.3.2 Shutting down, try again later\r\n");
        assert!(bench.over);
    }
    let mut bench = Bench::greeted(mx());
    bench.feed("MAIL FROM:<>\r\n", |_, server, _| {
        server.reject(421, EnhancedCode(4, 7, 0), "Go away").unwrap();
    });
    assert!(bench.over);
}

#[test]
fn bare_line_ends_may_be_converted_or_passed() {
    let wire =
        b"EHLO a.org\r\nMAIL FROM:<>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\na\nb\rc\n.\n.\r\nd\r\n.\r\n";
    for (bare, body) in [
        (Bare::Convert, r"a\r\nb\r\nc\r\n.\r\n.\r\nd\r\n"),
        (Bare::Pass, r"a\nb\rc\n.\n.\r\nd\r\n"),
    ] {
        let mut config = patient();
        config.bare = bare;
        assert_eq!(split(&config, wire).events[3..], ["Data", body, "End", "closed"]);
    }
}

#[test]
fn everything_is_offered_once() {
    let mut config = mx();
    (config.starttls, config.dsn, config.smtputf8) = (true, true, true);
    config.auth = vec!["SCRAM-SHA-256".into(), "PLAIN".into()];
    let mut bench = Bench::server(config);
    let sent = bench.say("EHLO a.org\r\n");
    assert!(sent.contains("250-DSN\r\n") && sent.contains("250-SMTPUTF8\r\n"), "{sent}");
    assert!(sent.ends_with("250 STARTTLS\r\n") && !sent.contains("AUTH"), "{sent}");
    assert_eq!(codes(&bench.say("MAIL FROM:<\u{e9}@a.org>\r\n")), ["553"]);
    assert_eq!(codes(&bench.say("MAIL FROM:<\u{e9}@a.org> SMTPUTF8\r\n")), ["250"]);
    assert_eq!(codes(&bench.say("RCPT TO:<\u{e9}@b.com>\r\n")), ["250"]);
    bench.say("RSET\r\nMAIL FROM:<ana@a.org>\r\n");
    assert_eq!(codes(&bench.say("RCPT TO:<\u{e9}@b.com>\r\n")), ["553"]);
    assert!(bench.say("HELO a.org\r\n").starts_with("250 mx1.b.com "));
}

#[test]
fn vrfy_and_help() {
    let mut bench = Bench::greeted(mx());
    let sent = bench.feed("VRFY bea\r\n", |event, server, log| {
        note(&event, log);
        server.accept_with("Bea <bea@b.com>").unwrap();
    });
    assert_eq!(sent, "250 2.1.5 Bea <bea@b.com>\r\n");
    assert_eq!(bench.events(), [r#"Vrfy("bea")"#]);
    assert!(bench.say("HELP MAIL\r\n").starts_with("214 2.0.0 EHLO HELO MAIL "));
}
