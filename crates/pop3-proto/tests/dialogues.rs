//! The dialogues of the RFCs, through a client and a server joined in memory, passed on in pieces of
//! every size.
#![allow(clippy::unwrap_used)]

use pop3_proto::{
    Client, Misuse, Server,
    client::{self, Quirks},
    codec::Code,
    server::{self, Config, Tls},
};
use posta_core::{Instant, testing::Pair};
use std::sync::Arc;

type Steps = [fn(&mut Client) -> Result<(), Misuse>];

/// What each side said and saw, with the message numbers that were removed.
#[derive(Debug, PartialEq, Eq, Default, Clone)]
struct Talk {
    client: Vec<String>,
    server: Vec<String>,
    text: Vec<u8>,
    removed: Vec<u32>,
}

fn message(n: u32) -> Vec<u8> {
    // 120 and 200 octets as they are sent, the first with a line to be stuffed.
    let (head, size) =
        if n == 1 { ("Subject: one\n\n.\n", 120) } else { ("Subject: two\r\n\r\n", 200) };
    let sent = head.replace("\r\n", "\n").replace('\n', "\r\n").len();
    [head.as_bytes(), &vec![b'x'; size - sent - 2], b"\r\n"].concat()
}

fn talk(config: &Config, timestamp: Option<&str>, steps: &Steps) -> Talk {
    let all: Vec<Talk> = (1..=64).map(|piece| talk_in(config, timestamp, steps, piece)).collect();
    for other in &all {
        assert_eq!(other, &all[0]);
    }
    all[0].clone()
}

fn talk_in(config: &Config, timestamp: Option<&str>, steps: &Steps, piece: usize) -> Talk {
    let server = Server::new(Arc::new(config.clone()), timestamp, Instant::ORIGIN).unwrap();
    let client = Client::new(client::Limits::default(), Quirks::default());
    let mut pair = Pair::new(client, server, 512, piece);
    let (mut talk, mut done) = (Talk::default(), 0);
    let (mut seen, mut text, mut removed, mut told) = (vec![], vec![], vec![], vec![]);
    let (mut at, mut current) = (0, 0);
    // Both sides of the tests' TLS start at once: the pipes need no change.
    let failed = pair.run(
        |event, pop3| match event {
            client::Event::Ready => {
                if let Some(step) = steps.get(done) {
                    step(pop3).unwrap();
                }
                done += 1;
            }
            client::Event::Chunk(bytes) => text.extend_from_slice(bytes),
            client::Event::StartTls => {
                seen.push("StartTls".into());
                pop3.tls_started().unwrap();
            }
            client::Event::Challenge("") => pop3.respond("dGVzdAB0ZXN0AHRlc3Q=").unwrap(),
            client::Event::Challenge("cmVhbG0=") => pop3.respond("Y2hhcnNldA==").unwrap(),
            client::Event::Challenge(_) => pop3.respond("").unwrap(),
            event => seen.push(format!("{event:?}")),
        },
        |event, pop3| {
            if !matches!(event, server::Event::Body(_)) {
                told.push(format!("{event:?}"));
            }
            match event {
                server::Event::Pass("secret") if pop3.user() == Some("mrose") => pop3.open(2, 320),
                server::Event::Pass(_) => pop3.reject(Some(Code::Auth), "invalid password"),
                server::Event::Apop {
                    name: "mrose",
                    digest: "c4c9334bac560ecc979e58001b3e22fb",
                } => pop3.open(2, 320),
                server::Event::Apop { .. } => {
                    pop3.reject(Some(Code::InUse), "Do you have another POP session running?")
                }
                server::Event::Auth { mechanism: "DIGEST-MD5", .. } => pop3.challenge("cmVhbG0="),
                server::Event::AuthResponse("Y2hhcnNldA==") => pop3.challenge("cnNwYXV0aD0="),
                server::Event::AuthResponse("") => pop3.open(2, 320),
                server::Event::Auth { initial: None, .. } => pop3.challenge(""),
                server::Event::Auth { initial: Some("dGVzdAB0ZXN0AHRlc3Q="), .. }
                | server::Event::AuthResponse("dGVzdAB0ZXN0AHRlc3Q=") => pop3.open(2, 320),
                server::Event::StartTls => pop3.tls_started(),
                server::Event::Size(1) => pop3.size(120),
                server::Event::Size(_) => pop3.size(200),
                server::Event::Uid(1) => pop3.uid("whqtswO00WBw418f9t5JxYwZ"),
                server::Event::Uid(_) => pop3.uid("QhdPYR:00WBw1Ph7x7"),
                server::Event::Message { number, .. } => {
                    (at, current) = (0, number);
                    pop3.accept()
                }
                server::Event::Body(room) => {
                    let text = message(current);
                    let chunk = &text[at..text.len().min(at + room.min(7))];
                    if chunk.is_empty() { pop3.end() } else { pop3.body(chunk).map(|n| at += n) }
                }
                server::Event::Quit => {
                    removed.extend(pop3.deleted());
                    pop3.accept()
                }
                _ => Ok(()),
            }
            .unwrap();
        },
    );
    assert_eq!(failed, (None, None), "{seen:?}");
    (talk.client, talk.server, talk.text, talk.removed) = (seen, told, text, removed);
    talk
}

fn clear() -> Config {
    Config { tls: Tls::None, ..Config::default() }
}

#[test]
fn rfc_1939_10() {
    let talk = talk(
        &clear(),
        Some("<1896.697170952@dbc.mtview.ca.us>"),
        &[
            |c| {
                assert_eq!(c.timestamp(), Some("<1896.697170952@dbc.mtview.ca.us>"));
                c.apop("mrose", "c4c9334bac560ecc979e58001b3e22fb")
            },
            |c| c.stat(),
            |c| c.list(None),
            |c| c.retr(1),
            |c| c.dele(1),
            |c| c.retr(2),
            |c| c.dele(2),
            |c| c.quit(),
        ],
    );
    let want = [
        "Connect Ok \"POP3 server ready <1896.697170952@dbc.mtview.ca.us>\"",
        "Apop Ok \"maildrop has 2 messages (320 octets)\"",
        "Stat(2 320)",
        "List Ok \"2 messages (320 octets)\"",
        "Listing(1 120)",
        "Listing(2 200)",
        "End(List)",
        "Retr Ok \"message follows\"",
        "End(Retr)",
        "Dele Ok \"message 1 deleted\"",
        "Retr Ok \"message follows\"",
        "End(Retr)",
        "Dele Ok \"message 2 deleted\"",
        "Quit Ok \"bye\"",
    ];
    assert_eq!(talk.client, want);
    assert_eq!(talk.removed, [1, 2]);
    let sent = message(1).iter().fold(vec![], |mut text: Vec<u8>, octet| {
        if *octet == b'\n' && text.last() != Some(&b'\r') {
            text.push(b'\r');
        }
        text.push(*octet);
        text
    });
    assert_eq!(talk.text, [sent, message(2)].concat());
    assert_eq!(talk.text.len(), 320);
}

#[test]
fn rfc_1939_5_and_7() {
    let talk = talk(
        &clear(),
        None,
        &[
            |c| c.login("mrose", "wrong"),
            |c| c.login("mrose", "secret"),
            |c| c.list(Some(2)),
            |c| c.list(Some(3)),
            |c| c.uidl(None),
            |c| c.uidl(Some(2)),
            |c| c.dele(1),
            |c| c.dele(1),
            |c| c.top(1, 10),
            |c| c.top(100, 3),
            |c| c.rset(),
            |c| c.top(1, 0),
            |c| c.noop(),
            |c| c.quit(),
        ],
    );
    let want = [
        "Connect Ok \"POP3 server ready\"",
        "Pass Err [AUTH] \"invalid password\"",
        "Pass Ok \"maildrop has 2 messages (320 octets)\"",
        "Listing(2 200)",
        "List Err \"no such message, the last is 2\"",
        "Uidl Ok \"unique-id listing follows\"",
        "Uid(1 whqtswO00WBw418f9t5JxYwZ)",
        "Uid(2 QhdPYR:00WBw1Ph7x7)",
        "End(Uidl)",
        "Uid(2 QhdPYR:00WBw1Ph7x7)",
        "Dele Ok \"message 1 deleted\"",
        "Dele Err \"message 1 is deleted\"",
        "Top Err \"message 1 is deleted\"",
        "Top Err \"no such message, the last is 2\"",
        "Rset Ok \"maildrop has 2 messages (320 octets)\"",
        "Top Ok \"top of message follows\"",
        "End(Top)",
        "Noop Ok \"\"",
        "Quit Ok \"bye\"",
    ];
    assert_eq!(talk.client, want);
    assert_eq!(talk.text, b"Subject: one\r\n\r\n");
    assert!(talk.removed.is_empty());
}

#[test]
fn rfc_2449_5_and_8() {
    let config = Config {
        sasl: "CRAM-MD5 KERBEROS_V4".into(),
        login_delay: Some(900),
        expire: Some(pop3_proto::codec::Expire { days: Some(60), user: false }),
        implementation: "Shlemazle-Plotz-v302".into(),
        ..clear()
    };
    let talk = talk(
        &config,
        Some("<a@b>"),
        &[|c| c.capa(), |c| c.apop("other", "c4c9334bac560ecc979e58001b3e22fb"), |c| c.quit()],
    );
    let all = talk.client.join("\n");
    for want in [
        "\nTop\n",
        "\nUser\n",
        "\nSasl(\"CRAM-MD5 KERBEROS_V4\")\n",
        "\nRespCodes\n",
        "\nPipelining\n",
        "\nLoginDelay(LoginDelay { seconds: 900, user: false })\n",
        "\nUidl\n",
        "\nEnd(Capa)\n",
        "\nExpire(Expire { days: Some(60), user: false })\n",
        "\nImplementation(\"Shlemazle-Plotz-v302\")\n",
        "\nApop Err [IN-USE] \"Do you have another POP session running?\"\n",
    ] {
        assert!(all.contains(want), "{want} in {all}");
    }
}

/// With PIPELINING, many commands at once and their replies in order.
#[test]
fn rfc_2449_6_6() {
    let talk = talk(
        &clear(),
        None,
        &[
            |c| c.capa(),
            |c| c.login("mrose", "secret"),
            |c| {
                c.uidl(None)?;
                c.retr(1)?;
                c.dele(1)?;
                c.retr(2)?;
                c.dele(2)?;
                c.stat()?;
                c.quit()
            },
        ],
    );
    let tail = talk.client[talk.client.len() - 11..].join("\n");
    assert!(tail.contains("End(Uidl)\nRetr Ok \"message follows\"\nEnd(Retr)\nDele Ok"), "{tail}");
    assert!(tail.ends_with("Stat(0 0)\nQuit Ok \"bye\""), "{tail}");
    assert_eq!((talk.text.len(), talk.removed), (320, vec![1, 2]));
}

/// STLS, then a second STLS is refused.
#[test]
fn rfc_2595_4() {
    let config = Config { tls: Tls::Required, ..Config::default() };
    let talk = talk(
        &config,
        None,
        &[
            |c| c.login("mrose", "secret"),
            |c| c.starttls(),
            |c| c.starttls(),
            |c| c.login("mrose", "secret"),
            |c| c.quit(),
        ],
    );
    let want = [
        "Connect Ok \"POP3 server ready\"",
        "User Err [AUTH] \"TLS is required, use STLS first\"",
        "StartTls",
        "Stls Err \"TLS is active already\"",
        "Pass Ok \"maildrop has 2 messages (320 octets)\"",
        "Quit Ok \"bye\"",
    ];
    assert_eq!(talk.client, want);
    assert_eq!(talk.server, ["StartTls", "Pass(***)", "Quit"]);
}

#[test]
fn rfc_5034_6() {
    let config = Config {
        tls: Tls::Required,
        sasl: "PLAIN DIGEST-MD5 GSSAPI ANONYMOUS".into(),
        implementation: "BlurdyBlurp POP3 server".into(),
        ..Config::default()
    };
    // With an initial response, without, and beginning with a challenge.
    let exchanges: [fn(&mut Client) -> _; 3] = [
        |c| c.auth("PLAIN", Some("dGVzdAB0ZXN0AHRlc3Q=")),
        |c| c.auth("PLAIN", None),
        |c| c.auth("DIGEST-MD5", None),
    ];
    for exchange in exchanges {
        let talk = talk(
            &config,
            None,
            &[|c| c.capa(), |c| c.starttls(), |c| c.capa(), exchange, |c| c.quit()],
        );
        let tls = talk.client.iter().position(|line| line == "StartTls").unwrap();
        let sasl = "Sasl(\"PLAIN DIGEST-MD5 GSSAPI ANONYMOUS\")".to_owned();
        assert!(!talk.client[..tls].contains(&sasl) && talk.client[tls..].contains(&sasl));
        assert!(talk.client[..tls].contains(&"Stls".into()));
        assert!(talk.client.iter().any(|line| line.starts_with("Auth Ok")), "{talk:?}");
    }
}
