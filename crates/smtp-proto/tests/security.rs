//! Attacks, each by its name.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, codes, mua, mx, note, patient, yes};
use posta_core::{
    Instant,
    dot::Bare,
    testing::{Log, Pair, every_split},
};
use smtp_proto::{
    Client, Misuse, Server,
    client::{self, Event},
    codec::{EnhancedCode, MailParams, Mailbox, Path, RcptParams},
    server,
};

const INPUT: usize = 16 * 1024;
const ENVELOPE: &str = "EHLO a.org\r\nMAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n";

/// What looks like the end of a message to some, followed by what they would take for commands.
const SMUGGLED: [&str; 13] = [
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r\n.\r",
    "\n.\r",
    "\r.\r\n",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\r\n\r.\r\n",
    "\n\n.\r\n",
    "\r\n\0.\r\n",
    "\r\n.\0\r\n",
];

fn smuggle(end: &str) -> String {
    format!(
        "{ENVELOPE}Subject: one\r\n\r\nfirst{end}MAIL FROM:<x@evil.example>\r\n\
        RCPT TO:<bea@b.com>\r\nDATA\r\nsecond\r\n.\r\nQUIT\r\n"
    )
}

/// V1, CVE-2023-51764, -51765, -51766: SMTP smuggling. One message at most, refused if it has bare line
/// ends, and never a second sender.
#[test]
fn v1_smuggling_at_every_split() {
    for end in SMUGGLED {
        for bare in [Bare::Reject, Bare::Convert, Bare::Pass] {
            let mut config = patient();
            config.bare = bare;
            let wire = smuggle(end);
            let log = every_split(
                || Server::new(config.clone(), Instant::ORIGIN),
                wire.as_bytes(),
                INPUT,
                yes,
            );
            let count = |start: &str| log.events.iter().filter(|e| e.starts_with(start)).count();
            assert_eq!((count("Mail "), count("Quit")), (1, 1), "{end:?} {bare:?}");
            let sent = log.sent();
            let codes = codes(&sent);
            let clean = end.contains('\0');
            if bare == Bare::Reject && !clean {
                assert_eq!((count("Aborted(Bare)"), count("End")), (1, 0), "{end:?}");
                assert_eq!(codes, ["220", "250", "250", "250", "354", "550", "221"], "{end:?}");
                assert!(sent.contains("550 5.6.11 "), "{sent}");
            } else {
                assert_eq!((count("Aborted"), count("End")), (0, 1), "{end:?} {bare:?}");
                assert_eq!(codes, ["220", "250", "250", "250", "354", "250", "221"], "{end:?}");
            }
        }
    }
}

/// All words of up to three CRs and LFs.
fn line_ends() -> Vec<String> {
    let mut words = vec![String::new()];
    for from in 0..7 {
        for octet in ['\r', '\n'] {
            words.push(format!("{}{octet}", words[from]));
        }
    }
    words
}

/// V1: a dot between any line ends at all. Only CRLF.CRLF ends the message; the oracle is a search for it.
#[test]
fn v1_every_line_end_around_the_dot() {
    let (mut ends, mut others) = (0, 0);
    for (before, after) in
        line_ends().iter().flat_map(|a| line_ends().into_iter().map(move |b| (a, b)))
    {
        let wire = smuggle(&format!("{before}.{after}"));
        let within = wire.strip_prefix(ENVELOPE).unwrap();
        let messages = within.split("\r\n.\r\n").next().unwrap().len();
        // A true end stands at the place of the attempt, or only where the message was to end.
        let is_end = messages < within.find("MAIL FROM").unwrap();
        for bare in [Bare::Reject, Bare::Convert, Bare::Pass] {
            for piece in [1, 2, 3, wire.len()] {
                let mut config = patient();
                config.bare = bare;
                let server = Server::new(config, Instant::ORIGIN);
                let log = posta_core::testing::run(server, wire.as_bytes(), piece, INPUT, yes);
                let count =
                    |start: &str| log.events.iter().filter(|e| e.starts_with(start)).count();
                let (ended, void) = (count("End"), count("Aborted"));
                // Behind a true end come commands, of which the first may be spoilt by what stands there.
                let expected = if is_end { 1..=2 } else { 1..=1 };
                assert!(expected.contains(&(ended + void)), "{before:?}.{after:?}: {log:?}");
                let spoilt = !matches!(after.as_str(), "\r\n");
                let senders = if is_end && !spoilt { 2 } else { 1 };
                assert_eq!(count("Mail "), senders, "{before:?}.{after:?} {bare:?} by {piece}");
            }
        }
        if is_end { ends += 1 } else { others += 1 }
    }
    assert_eq!((ends, others), (9, 216));
}

/// A NUL neither ends nor hides anything: no command holds one, a message keeps its own.
#[test]
fn nul_octets() {
    for line in ["MAIL FROM:<ana@a.org>\0", "NOOP\0x", "\0", "MAIL FROM:<an\0a@a.org>", "VRFY a\0b"]
    {
        let mut bench = Bench::greeted(mx());
        assert_eq!(codes(&bench.say(format!("{line}\r\n"))), ["500"], "{line:?}");
        assert!(bench.events().iter().all(|event| event.starts_with("Bad")), "no verdict asked");
    }
    assert!(Path::new("an\0a@a.org").is_err() && client::Config::new("a\0.org").is_err());
    assert_eq!(outbound(b"a\0\r\n\0.\r\n", 1), "a\0\r\n\0.\r\n.\r\n");
    let wire = format!("{ENVELOPE}a\0\r\n\0.\r\n.\r\n");
    let log = every_split(|| Server::new(patient(), Instant::ORIGIN), wire.as_bytes(), INPUT, yes);
    assert_eq!(log.events[4..], [r"a\x00\r\n\x00.\r\n", "End", "closed"]);
}

/// Whoever answers what was not asked is cut off at the first such reply, in every state.
#[test]
fn reply_flood() {
    let flood = |reply: &str| format!("{reply}\r\n").repeat(1000);
    // Idle.
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    bench.hear(flood("250 OK"));
    assert_eq!(bench.events(), ["error: Unexpected(Reply(250 OK))"]);
    // One command, then a group, of which only as many are heard as were given.
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    bench.machine.noop().unwrap();
    bench.flush();
    bench.hear(flood("250 OK"));
    assert_eq!(
        bench.events(),
        ["Reply(Reply(250 OK))", "error: Unexpected(Reply(250 OK))"],
        "it is never Ready with replies to nothing at hand"
    );
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    bench.machine.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    bench.flush();
    bench.hear(flood("550 No"));
    let events = bench.events();
    assert_eq!(events[..2], ["Mail(Reply(550 No))", "Done(Reply(550 No))"]);
    assert_eq!(events[2..], ["error: Unexpected(Reply(550 No))"]);
    // Within a message, a verdict and no more.
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    bench.machine.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    bench.machine.data().unwrap();
    bench.flush();
    bench.hear("250 OK\r\n250 OK\r\n354 go\r\n");
    bench.events();
    bench.hear(flood("250 OK"));
    assert_eq!(bench.events(), ["error: Unexpected(Reply(250 OK))"]);
    assert!(bench.over);
}

/// A bare LF, or a bare CR, ends no command: what is behind it is no second one.
#[test]
fn v1_bare_line_ends_in_commands() {
    for line in [
        "NOOP\nMAIL FROM:<x@evil.example>\r\n",
        "NOOP\n\nMAIL FROM:<x@evil.example>\n\r\n",
        "NOOP\rMAIL FROM:<x@evil.example>\r\n",
        "NO\rOP\r\n",
        "\nMAIL FROM:<x@evil.example>\r\n",
    ] {
        let wire = format!("EHLO a.org\r\n{line}NOOP\r\n");
        let make = || Server::new(patient(), Instant::ORIGIN);
        let log = every_split(make, wire.as_bytes(), INPUT, yes);
        assert_eq!(codes(&log.sent()), ["220", "250", "500", "250"], "{line:?}");
        assert!(!log.events.iter().any(|event| event.starts_with("Mail")), "{line:?}");
    }
}

/// Sends `body` through a client in pieces of `piece` and returns what went over the wire after DATA.
fn outbound(body: &[u8], piece: usize) -> String {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    let (ana, bea) = (Path::new("ana@a.org").unwrap(), Path::new("bea@b.com").unwrap());
    bench.machine.mail(ana, &MailParams::default()).unwrap();
    bench.machine.rcpt(bea, &RcptParams::default()).unwrap();
    bench.machine.data().unwrap();
    let mut pieces = body.chunks(piece);
    bench.flush();
    bench.feed("250 OK\r\n250 OK\r\n354 go\r\n", |event, client, _| {
        if let Event::Body(_) = event {
            match pieces.next() {
                Some(piece) => assert_eq!(client.body(piece), Ok(piece.len())),
                None => client.end().unwrap(),
            }
        }
    })
}

/// V2: whatever the message, nothing leaves that anybody could take for two.
#[test]
fn v2_outbound_smuggling() {
    for end in SMUGGLED {
        let body = format!("first{end}MAIL FROM:<x@evil.example>\r\n.\r\n..\r\nlast");
        for piece in 1..body.len() {
            let wire = outbound(body.as_bytes(), piece);
            let message = wire.strip_suffix("\r\n.\r\n").unwrap();
            assert!(!message.contains("\r\n.\r\n"), "{wire:?}");
            let lines = message.replace("\r\n", "");
            assert!(!lines.contains(['\r', '\n']), "{wire:?}");
            assert_eq!(wire, outbound(body.as_bytes(), body.len()), "{end:?} by {piece}");

            let make = || Server::new(patient(), Instant::ORIGIN);
            let wire = format!("{ENVELOPE}{wire}QUIT\r\n");
            let log = posta_core::testing::run(make(), wire.as_bytes(), piece, INPUT, yes);
            assert_eq!(log.events.iter().filter(|event| *event == "End").count(), 1);
            assert!(!log.events.iter().any(|event| event.contains("Aborted")));
        }
    }
}

/// V2, strict: a client told to refuse bare line ends sends no end after one.
#[test]
fn v2_a_refused_body_has_no_end() {
    let mut config = mua();
    config.bare = Bare::Reject;
    let mut bench = Bench::ready(config, &[]);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    bench.machine.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
    bench.machine.data().unwrap();
    bench.hear("250 OK\r\n");
    bench.hear("250 OK\r\n");
    let sent = bench.feed("354 go\r\n", |event, client, _| {
        if let Event::Body(_) = event {
            assert!(matches!(client.body(b"a\n.\n"), Err(Misuse::Bare(_))));
            assert_eq!(client.end(), Err(Misuse::State));
            assert_eq!(client.body(b"more"), Err(Misuse::State));
            client.abort();
        }
    });
    assert_eq!(sent, "");
    assert!(bench.over);
}

/// V3, go-smtp 315: BDAT that is not offered is followed by a message, which is not read as commands.
#[test]
fn v3_bdat_is_not_followed_by_commands() {
    for line in ["BDAT 18446744073709551616", "BDAT -1", "BDAT 5 LASTX", "bdat 27 LAST", "BDAT"] {
        let mut bench = Bench::greeted(mx());
        let sent = bench.say(format!("{line}\r\nMAIL FROM:<x@evil.example>\r\n"));
        assert_eq!(codes(&sent), ["500"], "{line}");
        assert_eq!(bench.events(), ["error: Chunking"]);
    }
}

/// V4: commands behind EHLO are refused, and bytes behind DATA are a message or nothing.
#[test]
fn v4_unauthorised_pipelining() {
    let mut bench = Bench::server(mx());
    let sent = bench.say("EHLO a.org\r\nMAIL FROM:<x@evil.example>\r\n");
    assert_eq!(codes(&sent), ["220", "554"]);
    assert_eq!(bench.events(), ["error: Pipelining"]);

    // Accepted: they are the message, at every split.
    let wire = format!("{ENVELOPE}QUIT\r\n.\r\nNOOP\r\n");
    let make = || Server::new(patient(), Instant::ORIGIN);
    let log = every_split(make, wire.as_bytes(), INPUT, yes);
    assert_eq!(log.events[3..], ["Data", r"QUIT\r\n", "End", "closed"]);

    // Refused by the server: no recipient.
    let mut bench = Bench::greeted(mx());
    let sent = bench.say("MAIL FROM:<ana@a.org>\r\nDATA\r\nRCPT TO:<bea@b.com>\r\nNOOP\r\n.\r\n");
    assert_eq!(codes(&sent), ["250", "503", "554"]);
    assert_eq!(bench.events().last().unwrap(), "error: Pipelining");

    // Refused by the application.
    let mut bench = Bench::greeted(mx());
    bench.say("MAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\n");
    let sent = bench.feed("DATA\r\nRSET\r\n.\r\n", |_, server, _| {
        server.reject(451, EnhancedCode(4, 3, 0), "Not now").unwrap();
    });
    assert_eq!(codes(&sent), ["451", "554"]);
    assert!(bench.over);
}

fn with_tls() -> server::Config {
    let mut config = mx();
    config.starttls = true;
    config.auth = vec!["PLAIN".into()];
    config
}

/// V5, CVE-2011-0411, CVE-2021-33515: what was sent behind STARTTLS is never heard.
#[test]
fn v5_starttls_command_injection() {
    let mut bench = Bench::greeted(with_tls());
    let sent = bench.say("STARTTLS\r\nRSET\r\nMAIL FROM:<x@evil.example>\r\n");
    assert_eq!(codes(&sent), ["554"]);
    assert_eq!(bench.events(), ["error: Pipelining"]);
    assert!(bench.over);

    // Behind the 220, but before TLS.
    let mut bench = Bench::greeted(with_tls());
    assert_eq!(codes(&bench.say("STARTTLS\r\n")), ["220"]);
    assert!(!bench.reads);
    bench.say("R");
    assert_eq!(bench.events(), ["StartTls", "error: Pipelining"]);
}

/// V5: all that was said before TLS is forgotten.
#[test]
fn v5_starttls_forgets_the_client() {
    let mut bench = Bench::greeted(with_tls());
    bench.say("MAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\n");
    assert_eq!(codes(&bench.say("STARTTLS\r\n")), ["220"]);
    bench.machine.tls_started().unwrap();
    assert_eq!(bench.machine.tls_started(), Err(Misuse::State));
    for line in ["DATA", "RCPT TO:<bea@b.com>", "MAIL FROM:<ana@a.org>", "AUTH PLAIN", "STARTTLS"] {
        assert_eq!(codes(&bench.say(format!("{line}\r\n"))), ["503"], "{line}");
    }
    let sent = bench.say("EHLO a.org\r\n");
    assert!(!sent.contains("STARTTLS") && sent.contains("AUTH PLAIN"), "{sent}");
}

/// V6, NO STARTTLS: what a server said behind its 220 is never heard.
#[test]
fn v6_starttls_response_injection() {
    let mut bench = Bench::ready(mua(), &["STARTTLS"]);
    bench.machine.starttls().unwrap();
    assert_eq!(bench.flush(), "STARTTLS\r\n");
    bench.hear("220 go\r\n250-mx1.b.com\r\n250 AUTH PLAIN\r\n");
    assert_eq!(bench.events(), ["error: Pipelining"]);
    assert!(bench.over);

    let mut bench = Bench::ready(mua(), &["STARTTLS"]);
    bench.machine.starttls().unwrap();
    bench.hear("220 go\r\n");
    assert!(!bench.reads);
    bench.hear("2");
    assert_eq!(bench.events(), ["StartTls", "error: Pipelining"]);
}

/// V7: after TLS nothing is left of what the server offered before, and nothing can be said until it
/// has offered anew.
#[test]
fn v7_capabilities_are_forgotten() {
    let mut bench = Bench::ready(mua(), &["STARTTLS", "AUTH PLAIN", "SIZE 1", "PIPELINING"]);
    bench.machine.starttls().unwrap();
    assert_eq!(bench.machine.auth("PLAIN", None), Err(Misuse::State), "not in the clear");
    assert_eq!(bench.machine.mail(Path::Null, &MailParams::default()), Err(Misuse::State));
    bench.hear("220 go\r\n");
    assert_eq!(bench.machine.auth("PLAIN", None), Err(Misuse::State), "not before the handshake");
    bench.machine.tls_started().unwrap();
    assert!(bench.machine.is_tls());
    assert_eq!(bench.machine.capabilities(), &Default::default());
    assert_eq!(bench.machine.auth("PLAIN", None), Err(Misuse::State), "not before EHLO");
    assert_eq!(bench.flush(), "EHLO a.org\r\n");
    bench.hear("250-mx1.b.com\r\n250 STARTTLS\r\n");
    assert_eq!(bench.events(), ["StartTls", "Ready"]);
    assert_eq!(bench.machine.auth("PLAIN", None), Err(Misuse::NotOffered("this mechanism")));
    assert_eq!(bench.machine.starttls(), Err(Misuse::State), "RFC 3207 4.2");
}

/// V7: a refusal of TLS is an event of its own, and a stripped offer is an error.
#[test]
fn v7_stripping() {
    let mut bench = Bench::ready(mua(), &["AUTH PLAIN"]);
    assert_eq!(bench.machine.starttls(), Err(Misuse::NotOffered("STARTTLS")));
    let mut bench = Bench::ready(mua(), &["STARTTLS"]);
    bench.machine.starttls().unwrap();
    bench.hear("454 4.7.0 TLS not available\r\n");
    assert_eq!(bench.events(), ["TlsRefused(Reply(454 4.7.0 TLS not available))", "Ready"]);
    assert!(!bench.machine.is_tls());
}

/// V8: no AUTH in the clear, neither offered nor taken.
#[test]
fn v8_auth_in_the_clear() {
    let mut bench = Bench::server(with_tls());
    assert!(!bench.say("EHLO a.org\r\n").contains("AUTH"));
    assert!(bench.say("AUTH PLAIN AGFuYQBzZWNyZXQ=\r\n").starts_with("538 5.7.11 "));
    assert!(!bench.events().iter().any(|event| event.starts_with("Auth")));

    let mut config = with_tls();
    config.require_tls = true;
    let mut bench = Bench::greeted(config);
    for line in
        ["MAIL FROM:<>", "AUTH PLAIN", "RCPT TO:<bea@b.com>", "DATA", "VRFY bea", "HELO a.org"]
    {
        assert!(bench.say(format!("{line}\r\n")).starts_with("530 5.7.0 "), "{line}");
    }
    assert_eq!(codes(&bench.say("NOOP\r\n")), ["250"]);
}

fn auth_bench() -> Bench<Server> {
    let mut config = mx();
    config.tls = true;
    config.auth = vec!["PLAIN".into(), "LOGIN".into()];
    Bench::greeted(config)
}

/// V8: the states of AUTH.
#[test]
fn v8_auth_states() {
    let mut bench = auth_bench();
    let challenge = |event: server::Event<'_>, server: &mut Server, log: &mut Log| {
        note(&event, log);
        if matches!(event, server::Event::Auth { .. } | server::Event::AuthResponse(_)) {
            assert_eq!(server.challenge("not base64"), Err(Misuse::Base64));
            server.challenge("VXNlcg==").unwrap();
        }
    };
    assert_eq!(codes(&bench.say("AUTH CRAM-MD5\r\n")), ["504"]);
    assert_eq!(bench.feed("AUTH LOGIN\r\n", challenge), "334 VXNlcg==\r\n");
    assert_eq!(bench.feed("YW5h\r\n", challenge), "334 VXNlcg==\r\n");
    assert_eq!(bench.say("*\r\n"), "501 5.7.0 Authentication cancelled\r\n");
    assert_eq!(bench.feed("AUTH PLAIN =\r\n", challenge), "334 VXNlcg==\r\n");
    assert_eq!(bench.say("not base64\r\n"), "501 5.5.2 Not BASE64\r\n");
    assert_eq!(
        bench.events()[1..],
        [
            r#"Auth { mechanism: "LOGIN", initial: None }"#,
            "AuthResponse(Base64(..))",
            "AuthCancelled",
            r#"Auth { mechanism: "PLAIN", initial: Some(Base64(..)) }"#,
            "AuthCancelled",
        ]
    );
    bench.say("MAIL FROM:<ana@a.org>\r\n");
    assert_eq!(codes(&bench.say("AUTH PLAIN\r\n")), ["503"], "in a transaction");
    bench.say("RSET\r\n");
    assert_eq!(bench.say("AUTH PLAIN AGFuYQBzZWNyZXQ=\r\n"), "235 2.7.0 Authenticated\r\n");
    assert!(bench.machine.is_authenticated());
    assert_eq!(codes(&bench.say("AUTH PLAIN\r\n")), ["503"], "twice");
    assert_eq!(codes(&bench.say("MAIL FROM:<ana@a.org>\r\n")), ["250"]);
}

/// V8: a response may be as long as RFC 4954 says, and no longer.
#[test]
fn v8_auth_line_limit() {
    let start = |event: server::Event<'_>, server: &mut Server, log: &mut Log| {
        note(&event, log);
        server.challenge("").unwrap();
    };
    let mut bench = auth_bench();
    assert_eq!(bench.feed("AUTH PLAIN\r\n", start), "334 \r\n");
    bench.feed(format!("{}\r\n", "A".repeat(12284)), start);
    assert_eq!(
        bench.events(),
        [r#"Auth { mechanism: "PLAIN", initial: None }"#, "AuthResponse(Base64(..))"]
    );
    let sent = bench.say(format!("{}\r\n", "A".repeat(12288)));
    assert_eq!(sent, "500 5.5.6 The line is too long\r\n");
    assert_eq!(bench.events(), ["AuthCancelled"]);
    let initial = format!("AUTH PLAIN {}\r\n", "A".repeat(8192));
    assert_eq!(codes(&bench.say(initial)), ["235"]);
}

/// V8: nobody guesses for ever, and nobody sends the answer before the question.
#[test]
fn v8_auth_guessing() {
    let mut bench = auth_bench();
    for _ in 0..19 {
        let sent = bench.feed("AUTH PLAIN AAAA\r\n", |_, server, _| {
            server.reject(535, EnhancedCode(5, 7, 8), "No").unwrap();
        });
        assert_eq!(codes(&sent), ["535"]);
    }
    let sent = bench.feed("AUTH PLAIN AAAA\r\n", |_, server, _| {
        server.reject(535, EnhancedCode(5, 7, 8), "No").unwrap();
    });
    assert_eq!(codes(&sent), ["535", "421"]);
    let mut bench = auth_bench();
    assert_eq!(codes(&bench.say("AUTH LOGIN\r\nYW5h\r\nc2VjcmV0\r\n")), ["554"]);
    assert_eq!(bench.events(), ["error: Pipelining"]);
}

/// V10: no argument of a client carries a line end to the wire.
#[test]
fn v10_command_injection() {
    assert!(client::Config::new("a.org\r\nMAIL FROM:<>").is_err());
    assert!(client::Config::new("").is_err());
    assert!(server::Config::new("b.com\r\n250 x").is_err());
    for text in ["\"a\r\nDATA\"@b.com", "x>\r\nRCPT TO:<y@b.com", "a@b.com>\r\nDATA\r\n<"] {
        assert!(Mailbox::new(text).is_err() && Path::new(text).is_err(), "{text:?}");
    }
    let mut bench = Bench::ready(mua(), &["DSN", "AUTH PLAIN", "PIPELINING"]);
    let envid = MailParams { envid: Some("a\r\nDATA"), ..MailParams::default() };
    assert_eq!(bench.machine.mail(Path::Null, &envid), Err(Misuse::Parameter));
    assert!(bench.machine.vrfy("x\r\nDATA").is_err());
    assert!(bench.machine.auth("PLAIN\r\nDATA", None).is_err());
    assert_eq!(bench.machine.auth("PLAIN", Some("a\r\nDATA")), Err(Misuse::Base64));
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    for orcpt in [("rfc822", "a\r\nDATA"), ("rfc822\r\n", "a"), ("", "a"), ("rfc822", "")] {
        let params = RcptParams { orcpt: Some(orcpt), notify: None };
        assert_eq!(bench.machine.rcpt(Path::Postmaster, &params), Err(Misuse::Parameter));
    }
    let envid = "a b=c+d";
    let orcpt = RcptParams { orcpt: Some(("rfc822", envid)), notify: None };
    bench.machine.rcpt(Path::Postmaster, &orcpt).unwrap();
    assert_eq!(
        bench.flush(),
        "MAIL FROM:<>\r\nRCPT TO:<Postmaster> ORCPT=rfc822;a+20b+3Dc+2Bd\r\n"
    );
}

/// V10, CVE-2020-8794: a remote reply of many lines, with anything in them, stays one reply.
#[test]
fn v10_hostile_reply_texts() {
    let mut bench = Bench::ready(mua(), &[]);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    bench.hear("550-5.1.1 a\r250 OK\0\x1b[31m\r\n550 \r\n");
    let shown = "Reply(550 5.1.1 a?250 OK??[31m / )";
    assert_eq!(
        bench.events(),
        [format!("Mail({shown})"), format!("Done({shown})"), "Ready".into()]
    );
}

/// V30: no secret gets into what is printed for debugging.
#[test]
fn v30_secrets_are_not_printed() {
    let mut bench = Bench::ready(mua(), &["AUTH PLAIN"]);
    bench.machine.auth("PLAIN", Some("AGFuYQBzZWNyZXQ=")).unwrap();
    assert!(!format!("{:?}", bench.machine).contains("AGFu"));
    let mut server = auth_bench();
    server.feed("AUTH PLAIN AGFuYQBzZWNyZXQ=\r\n", |event, server, log| {
        note(&event, log);
        server.reject(535, EnhancedCode(5, 7, 8), "No").unwrap();
    });
    server.say("AUTH PLAIN AGFuYQBzZWNyZXQ\r\n");
    server.say("AGFuYQBzZWNyZXQ=\r\n");
    assert!(!server.events().concat().contains("AGFu"));
}

/// The two machines, one hostile message, pipes of every size.
#[test]
fn v2_client_to_server_at_every_piece() {
    let body = "first\n.\nMAIL FROM:<x@evil.example>\r.\rlast\r\n.\r\n";
    for piece in 1..200 {
        let client = Client::new(mua(), Instant::ORIGIN);
        let mut pair = Pair::new(client, Server::new(mx(), Instant::ORIGIN), INPUT, piece);
        let (mut sent, mut heard) = (false, Log::default());
        let errors = pair.run(
            |event, client| match event {
                Event::Ready if sent => client.quit().unwrap(),
                Event::Ready => {
                    client.mail(Path::Null, &MailParams::default()).unwrap();
                    client.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
                    client.data().unwrap();
                }
                Event::Body(_) => {
                    client.body(body.as_bytes()).unwrap();
                    client.end().unwrap();
                    sent = true;
                }
                _ => {}
            },
            |event, server| yes(event, server, &mut heard),
        );
        assert_eq!(errors, (None, None));
        assert_eq!(heard.events.iter().filter(|event| *event == "End").count(), 1);
        assert!(
            heard.events.iter().any(
                |line| line.ends_with(r".\r\nMAIL FROM:<x@evil.example>\r\n.\r\nlast\r\n.\r\n")
            )
        );
    }
}
