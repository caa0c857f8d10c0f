//! The classes that are about clients, at ours: servers that follow a script, cut at every split.
#![allow(clippy::unwrap_used)]

use imap_proto::client as imap;
use pop3_proto::client as pop3;
use posta_core::{
    Instant, Machine,
    testing::{Log, run},
};
use probe::ENDS;
use smtp_proto::{
    client as smtp,
    codec::{MailParams, Mailbox, Path, RcptParams},
};

const SECRET: &str = "looking-glass";
const PLAIN: &str = "AGJlYUBiLmNvbQBsb29raW5nLWdsYXNz";

/// A client that wants TLS, and logs in under it. Without TLS it tries what its machine lets it.
trait User: Machine<Error: std::fmt::Debug> + Sized {
    fn make() -> Self;

    /// `tls` tells whether TLS begins when both agree on it.
    fn answer(event: Self::Event<'_>, client: &mut Self, log: &mut Log, tls: bool);
}

/// Whether this is the first time.
fn first(log: &mut Log, what: &str) -> bool {
    let first = !log.events.iter().any(|event| event == what);
    log.line(what);
    first
}

impl User for smtp_proto::Client {
    fn make() -> Self {
        Self::new(smtp::Config::new("a.org").unwrap(), Instant::ORIGIN)
    }

    fn answer(event: smtp::Event<'_>, client: &mut Self, log: &mut Log, tls: bool) {
        match event {
            smtp::Event::Ready if client.is_tls() => log.event(client.auth("PLAIN", Some(PLAIN))),
            smtp::Event::Ready if first(log, "STARTTLS") => log.event(client.starttls()),
            smtp::Event::StartTls => {
                log.line("agreed");
                if tls {
                    client.tls_started().unwrap();
                }
            }
            event => log.event(event),
        }
    }
}

impl User for pop3_proto::Client {
    fn make() -> Self {
        Self::new(pop3::Limits::default(), pop3::Quirks::default())
    }

    fn answer(event: pop3::Event<'_>, client: &mut Self, log: &mut Log, tls: bool) {
        match event {
            pop3::Event::Ready if log.events.iter().any(|event| event == "agreed") => {
                log.event(client.login("bea@b.com", SECRET));
            }
            pop3::Event::Ready if first(log, "STARTTLS") => log.event(client.starttls()),
            pop3::Event::StartTls => {
                log.line("agreed");
                if tls {
                    client.tls_started().unwrap();
                }
            }
            event => log.event(event),
        }
    }
}

impl User for imap_proto::Client {
    fn make() -> Self {
        Self::new(imap::Config::default())
    }

    fn answer(event: imap::Event<'_>, client: &mut Self, log: &mut Log, tls: bool) {
        match event {
            imap::Event::Ready if client.is_tls() || !first(log, "STARTTLS") => {
                // Without TLS the machine must refuse.
                log.event(client.login("bea@b.com", SECRET).map(drop));
                log.event(client.authenticate("PLAIN", Some(PLAIN)).map(drop));
            }
            imap::Event::Ready => {
                if client.starttls().is_err() {
                    log.event(client.login("bea@b.com", SECRET).map(drop));
                }
            }
            imap::Event::StartTls(_) => {
                log.line("agreed");
                if tls {
                    client.tls_started().unwrap();
                }
            }
            event => log.event(event),
        }
    }
}

/// Runs a client over what a server says, in pieces of every size.
fn hear<C: User>(script: &str, tls: bool, check: impl Fn(&Log)) {
    for piece in 1..=script.len() {
        let answer = |event: C::Event<'_>, client: &mut C, log: &mut Log| {
            C::answer(event, client, log, tls);
        };
        check(&run(C::make(), script.as_bytes(), piece, 16 * 1024, answer));
    }
}

fn said_it(log: &Log) -> bool {
    log.sent().contains(SECRET) || log.sent().contains(PLAIN)
}

/// V6: what comes behind the agreement to TLS, and so before TLS, is heard neither then nor later.
#[test]
fn v6_what_is_said_before_tls_is_not_heard_after_it() {
    fn check<C: User>(script: &str, injected: &str) {
        let all = format!("{script}{injected}");
        hear::<C>(&all, false, |log| {
            let last = log.events.last().unwrap();
            // In the same piece it is seen, and ends the session; otherwise it is left to the handshake.
            let agreed = log.events.iter().any(|event| event == "agreed");
            assert!(last.starts_with("error: ") || agreed && last == "waits", "{all:?}: {log:?}");
            assert!(!log.events.iter().any(|event| event.contains("evil")), "{all:?}: {log:?}");
            assert!(!said_it(log));
        });
        let whole = |event: C::Event<'_>, client: &mut C, log: &mut Log| {
            C::answer(event, client, log, true)
        };
        let log = run(C::make(), all.as_bytes(), all.len(), 16 * 1024, whole);
        assert!(log.events.last().unwrap().starts_with("error: "), "at once: {log:?}");
    }
    let smtp = "220 b.com\r\n250-b.com\r\n250 STARTTLS\r\n220 go\r\n";
    for injected in ["250-evil\r\n250 AUTH PLAIN\r\n", "2", "235 evil\r\n", "421 evil\r\n"] {
        check::<smtp_proto::Client>(smtp, injected);
    }
    for injected in ["+OK evil\r\n", "+", "-ERR evil\r\n"] {
        check::<pop3_proto::Client>("+OK hi\r\n+OK go\r\n", injected);
    }
    let imap = "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\nA1 OK go\r\n";
    for injected in
        ["* CAPABILITY IMAP4rev1 EVIL\r\n", "*", "A2 OK [ALERT] evil\r\n", "* 1 EXISTS\r\n"]
    {
        check::<imap_proto::Client>(imap, injected);
    }
}

/// V7: TLS that is stripped, refused or bypassed, and offers that were made before it.
#[test]
fn v7_no_password_leaves_without_tls() {
    fn never<C: User>(scripts: &[&str]) {
        for script in scripts {
            hear::<C>(script, true, |log| assert!(!said_it(log), "{script:?}: {log:?}"));
        }
    }
    fn once<C: User>(script: &str) {
        // Octet by octet, so that what is said under TLS is not there before it.
        let answer = |event: C::Event<'_>, client: &mut C, log: &mut Log| {
            C::answer(event, client, log, true)
        };
        let log = run(C::make(), script.as_bytes(), 1, 16 * 1024, answer);
        assert!(said_it(&log), "{script:?}: {log:?}");
    }
    never::<smtp_proto::Client>(&[
        "220 b.com\r\n250-b.com\r\n250 AUTH PLAIN\r\n",
        "220 b.com\r\n250-b.com\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n454 later\r\n",
        "220 b.com\r\n250-b.com\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n220 go\r\n250 b.com\r\n",
        "220 b.com\r\n502 no\r\n250 b.com\r\n",
    ]);
    once::<smtp_proto::Client>(
        "220 b.com\r\n250-b.com\r\n250 STARTTLS\r\n220 go\r\n250-b.com\r\n250 AUTH PLAIN\r\n",
    );
    never::<pop3_proto::Client>(&[
        "+OK hi\r\n-ERR no\r\n",
        "+OK hi\r\n+OK go\r\n-ERR no such user\r\n",
    ]);
    once::<pop3_proto::Client>("+OK hi\r\n+OK go\r\n+OK\r\n");
    never::<imap_proto::Client>(&[
        "* OK hi\r\nA1 NO later\r\n",
        "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n",
        "* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\nA1 BAD no\r\n",
        "* PREAUTH hi\r\n",
        "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n",
    ]);
    once::<imap_proto::Client>("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\nA1 OK go\r\n");
}

/// What a client sends of this body, given to it in pieces.
fn outbound(body: &[u8], piece: usize) -> String {
    let script = "220 b.com\r\n250 b.com\r\n250 OK\r\n250 OK\r\n354 go\r\n250 OK\r\n";
    let mut pieces = body.chunks(piece);
    let client = smtp_proto::Client::new(smtp::Config::new("a.org").unwrap(), Instant::ORIGIN);
    // Octet by octet, so that no reply comes before its command.
    let log = run(client, script.as_bytes(), 1, 16 * 1024, |event, client, log| match event {
        smtp::Event::Ready if first(log, "message") => {
            client.mail(Path::new("ana@a.org").unwrap(), &MailParams::default()).unwrap();
            client.rcpt(Path::new("bea@b.com").unwrap(), &RcptParams::default()).unwrap();
            client.data().unwrap();
        }
        smtp::Event::Body(_) => match pieces.next() {
            Some(piece) => assert_eq!(client.body(piece), Ok(piece.len())),
            None => client.end().unwrap(),
        },
        event => log.event(event),
    });
    let sent = log.sent();
    sent.split_once("DATA\r\n").unwrap().1.to_owned()
}

/// V2: whatever the message, there is one CRLF.CRLF on the wire, at its end, and no CR or LF but in CRLF; so
/// the strictest server and the laxest see one message, and the same.
#[test]
fn v2_nothing_leaves_that_could_be_taken_for_two() {
    for end in ENDS {
        let body = format!("first{end}MAIL FROM:<x@evil.example>\r\n.\r\n..\r\nlast");
        let whole = outbound(body.as_bytes(), body.len());
        let message = whole.strip_suffix("\r\n.\r\n").unwrap();
        assert!(!message.replace("\r\n", "").contains(['\r', '\n']), "{whole:?}");
        // A lax server takes any line end for one: it sees no line of a dot alone either.
        assert!(message.lines().all(|line| line != "."), "{whole:?}");
        for piece in 1..body.len() {
            assert_eq!(outbound(body.as_bytes(), piece), whole, "{end:?} by {piece}");
        }
    }
}

/// V10: no argument of ours carries a second line to the server.
#[test]
fn v10_no_argument_makes_a_second_line() {
    for text in ["a\r\nQUIT", "a\nQUIT", "a\rQUIT", "a\0b"] {
        assert!(
            Mailbox::new(format!("{text}@b.com")).is_err() && Path::new(text).is_err(),
            "{text:?}"
        );
        assert!(Mailbox::new(format!("\"{text}\"@b.com")).is_err(), "{text:?}");
        assert!(smtp::Config::new(text).is_err(), "{text:?}");
        let mut pop3 = pop3_proto::Client::make();
        assert!(pop3.login(text, SECRET).is_err() && pop3.login("bea", text).is_err(), "{text:?}");
        assert!(pop3.auth(text, None).is_err(), "{text:?}");
        imap_commands(text);
    }
}

/// IMAP can carry CR and LF in a literal: then what is announced is what is sent.
fn imap_commands(text: &str) {
    type Give = fn(&mut imap_proto::Client, &str) -> Result<imap::Handle, imap_proto::Misuse>;
    let commands: [Give; 6] = [
        |client, text| client.create(text),
        |client, text| client.rename("a", text),
        |client, text| client.login(text, SECRET),
        |client, text| client.list("", text),
        |client, text| client.fetch(text, &[]),
        |client, text| client.authenticate(text, None),
    ];
    for give in commands {
        let config = imap::Config { tls: imap::Tls::Started, ..imap::Config::default() };
        let make = imap_proto::Client::new(config);
        let script = b"* OK [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n";
        let log = run(make, script, 1000, 16 * 1024, |event, client, log| match event {
            imap::Event::Ready if first(log, "command") => {
                let given = give(client, text);
                log.event(given.map(drop));
            }
            event => log.event(event),
        });
        let sent = log.sent();
        let announced = format!("{{{}+}}\r\n{text}", text.len());
        let rest = sent.replace(&announced, "");
        assert!(!rest.contains(text) && !sent.contains('\0'), "{sent:?}");
    }
}
