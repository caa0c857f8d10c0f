//! The client machine.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, mua};
use posta_core::{Input, Instant, Machine, Output, Step, testing::Log};
use smtp_proto::{
    Client, Misuse, Protocol,
    client::Event,
    codec::{Body, MailParams, Mailbox, Notify, Path, RcptParams, Ret},
};
use std::time::Duration;

fn mailbox(text: &str) -> Mailbox {
    text.parse().unwrap()
}

/// Gives a whole transaction at once.
fn send(client: &mut Client, recipients: &[&str]) {
    client.mail(&mailbox("ana@a.org"), &MailParams::default()).unwrap();
    for recipient in recipients {
        client.rcpt(&mailbox(recipient), &RcptParams::default()).unwrap();
    }
    client.data().unwrap();
}

/// Sends "Hi" when asked.
fn hi(event: Event<'_>, client: &mut Client, log: &mut Log) {
    if let Event::Body(_) = event {
        client.body(b"Hi\r\n").unwrap();
        client.end().unwrap();
    }
    log.event(match event {
        Event::Body(_) => Event::Body(0),
        event => event,
    });
}

const GROUP: &str =
    "MAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nRCPT TO:<nobody@b.com>\r\nDATA\r\n";

#[test]
fn a_pipelined_transaction_is_one_group() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    send(&mut bench.machine, &["bea@b.com", "nobody@b.com"]);
    assert_eq!(bench.flush(), GROUP);
    let sent = bench.feed("250 OK\r\n250 OK\r\n550 No such user\r\n354 go\r\n", hi);
    assert_eq!(sent, "Hi\r\n.\r\n");
    bench.feed("250 queued\r\n", hi);
    assert_eq!(
        bench.events(),
        [
            "Mail(Reply(250 OK))",
            "Rcpt(0, Reply(250 OK))",
            "Rcpt(1, Reply(550 No such user))",
            "Body(0)",
            "Done(Reply(250 queued))",
            "Ready",
        ]
    );
    bench.machine.quit().unwrap();
    assert_eq!(bench.flush(), "QUIT\r\n");
    bench.hear("221 Bye\r\n");
    assert!(bench.over);
    assert!(bench.events().is_empty());
}

#[test]
fn without_pipelining_one_by_one() {
    let mut bench = Bench::ready(mua(), &[]);
    send(&mut bench.machine, &["bea@b.com", "nobody@b.com"]);
    bench.machine.quit().unwrap();
    let lines: Vec<_> = GROUP.split_inclusive("\r\n").collect();
    assert_eq!(bench.flush(), lines[0]);
    assert_eq!(bench.feed("250 OK\r\n", hi), lines[1]);
    assert_eq!(bench.feed("250 OK\r\n", hi), lines[2]);
    assert_eq!(bench.feed("550 No such user\r\n", hi), lines[3]);
    assert_eq!(bench.feed("354 go\r\n", hi), "Hi\r\n.\r\n");
    assert_eq!(bench.feed("250 queued\r\n", hi), "QUIT\r\n");
    bench.feed("221 Bye\r\n", hi);
    assert!(bench.over);
    assert_eq!(
        bench.events(),
        [
            "Mail(Reply(250 OK))",
            "Rcpt(0, Reply(250 OK))",
            "Rcpt(1, Reply(550 No such user))",
            "Body(0)",
            "Done(Reply(250 queued))",
        ]
    );
}

/// In both ways of sending: no body, one verdict, and a clean server for the next message.
#[test]
fn a_refused_sender_ends_the_transaction() {
    let expected = ["Mail(Reply(451 Later))", "Done(Reply(451 Later))", "Ready"];
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    send(&mut bench.machine, &["bea@b.com", "nobody@b.com"]);
    bench.flush();
    // Nothing is heard of the 503s that follow, which are no verdict on anybody.
    assert_eq!(
        bench.hear("451 Later\r\n503 MAIL first\r\n503 MAIL first\r\n503 MAIL first\r\n"),
        ""
    );
    assert_eq!(bench.events(), expected);

    let mut bench = Bench::ready(mua(), &[]);
    send(&mut bench.machine, &["bea@b.com", "nobody@b.com"]);
    bench.flush();
    assert_eq!(bench.hear("451 Later\r\n"), "");
    assert_eq!(bench.events(), expected);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    assert_eq!(bench.flush(), "MAIL FROM:<>\r\n");
}

#[test]
fn refused_recipients_end_the_transaction() {
    let no = "550 No such user\r\n";
    let expected = [
        "Mail(Reply(250 OK))",
        "Rcpt(0, Reply(550 No such user))",
        "Rcpt(1, Reply(550 No such user))",
        "Done(Reply(550 No such user))",
        "Ready",
    ];
    for (keyword, replies, last) in [
        ("PIPELINING", format!("250 OK\r\n{no}{no}554 No recipients\r\n"), ""),
        // RFC 2920 3.1: DATA is taken although nobody was. A dot, for nobody.
        ("PIPELINING", format!("250 OK\r\n{no}{no}354 go\r\n"), ".\r\n"),
        ("HELP", format!("250 OK\r\n{no}{no}"), ""),
    ] {
        let mut bench = Bench::ready(mua(), &[keyword]);
        send(&mut bench.machine, &["bea@b.com", "nobody@b.com"]);
        bench.flush();
        let mut sent = String::new();
        for reply in replies.split_inclusive("\r\n") {
            sent += &bench.hear(reply);
        }
        assert!(sent.ends_with(last) && !sent.contains("DATA"), "{sent}");
        if !last.is_empty() {
            assert_eq!(sent, last);
            bench.hear("554 Nobody\r\n");
        }
        assert_eq!(bench.events(), expected);
        // The server may still hold the sender.
        bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
        let reset = if last.is_empty() { "RSET\r\n" } else { "MAIL FROM:<>\r\n" };
        assert!(bench.flush().starts_with(reset));
    }
}

#[test]
fn refused_data_ends_the_transaction() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    send(&mut bench.machine, &["bea@b.com"]);
    bench.flush();
    assert_eq!(bench.hear("250 OK\r\n250 OK\r\n451 Not now\r\n"), "");
    assert_eq!(bench.events()[2..], ["Done(Reply(451 Not now))", "Ready"]);
    send(&mut bench.machine, &["bea@b.com"]);
    bench.machine.quit().unwrap();
    let sent = bench.flush();
    assert!(sent.starts_with("RSET\r\nMAIL FROM:") && sent.ends_with("DATA\r\n"), "{sent}");
    let sent = bench.feed("250 Reset\r\n250 OK\r\n250 OK\r\n354 go\r\n", hi);
    assert_eq!(sent, "Hi\r\n.\r\n");
}

/// The verdict comes while the message is still on its way.
#[test]
fn refusal_in_mid_body_is_seen_at_once() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    send(&mut bench.machine, &["bea@b.com"]);
    bench.flush();
    let mut parts = 0;
    let sent = bench.feed("250 OK\r\n250 OK\r\n354 go\r\n", |event, client, _| {
        if event == Event::Body(Output::LIMIT) && parts < 3 {
            client.body(b"a part\r\n").unwrap();
            parts += 1;
        }
    });
    assert_eq!(sent, "a part\r\n".repeat(3));
    assert_eq!(bench.hear("552 Too much\r\n"), "", "no end, which would make it a message");
    assert_eq!(bench.events(), ["Done(Reply(552 Too much))"]);
    assert!(bench.over);
    assert_eq!(bench.machine.body(b"more"), Err(Misuse::State));
}

#[test]
fn nothing_leaves_after_abort() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    send(&mut bench.machine, &["bea@b.com"]);
    bench.flush();
    let sent = bench.feed("250 OK\r\n250 OK\r\n354 go\r\n", |event, client, _| {
        if let Event::Body(_) = event {
            client.body(b"half").unwrap();
            client.abort();
            assert_eq!(client.end(), Err(Misuse::State));
            assert_eq!(client.quit(), Err(Misuse::State));
            assert_eq!(client.data(), Err(Misuse::State));
        }
    });
    assert_eq!(sent, "");
    assert!(bench.over);
}

/// The last octets of a message that was given up would make it a message after all.
#[test]
fn nothing_but_quit_leaves_after_an_error() {
    for (reply, wait, error) in [
        ("421 Later\r\n", 0, "Shutdown(Reply(421 Later))"),
        ("354 What?\r\n", 0, "Unexpected(Reply(354 What?))"),
        (
            "what?\r\n",
            0,
            "Syntax(ParseError { kind: Reply, offset: 0, expected: \"a reply code\" })",
        ),
        ("", 10, "Timeout"),
    ] {
        let mut bench = Bench::ready(mua(), &["PIPELINING"]);
        send(&mut bench.machine, &["bea@b.com"]);
        bench.flush();
        bench.hear("250 OK\r\n250 OK\r\n354 go\r\n");
        bench.machine.body(b"Hi\r\n").unwrap();
        bench.machine.end().unwrap();
        // A step without a flush sets the deadline.
        assert!(matches!(bench.machine.step(&mut bench.input, bench.now), Ok(Step::Read(_))));
        bench.events();
        bench.wait(Duration::from_secs(60 * wait));
        assert_eq!(bench.hear(reply), "");
        assert_eq!(bench.events(), [format!("error: {error}")]);
    }
}

/// A server that answers and does not read cannot make the client wait for ever.
#[test]
fn a_command_behind_a_full_output_times_out() {
    for tls in [true, false] {
        let mut bench = Bench::ready(mua(), &["STARTTLS"]);
        let Bench { machine: client, input, .. } = &mut bench;
        client.output().put(&[b'x'; Output::LIMIT]);
        if tls {
            client.starttls().unwrap();
        } else {
            client.noop().unwrap();
        }
        assert!(matches!(client.step(input, Instant::ORIGIN), Ok(Step::Read(_))));
        assert_eq!(client.deadline(), Some(Instant::ORIGIN + Duration::from_secs(300)));
        let n = client.output().len();
        client.output().sent(n);
        let sent = bench.flush();
        assert_eq!(sent, if tls { "STARTTLS\r\n" } else { "NOOP\r\n" });
    }
}

#[test]
fn lmtp_delivers_to_each_recipient() {
    let mut config = mua();
    config.protocol = Protocol::Lmtp;
    let mut bench = Bench::client(config);
    assert_eq!(bench.hear("220 foo.edu LMTP\r\n"), "LHLO a.org\r\n");
    bench.hear("250-foo.edu\r\n250-PIPELINING\r\n250 SIZE\r\n");
    send(&mut bench.machine, &["pat@foo.edu", "jones@foo.edu", "green@foo.edu"]);
    bench.flush();
    bench.feed("250 OK\r\n250 OK\r\n550 No\r\n250 OK\r\n354 go\r\n", hi);
    bench.events();
    bench.hear("250 OK\r\n");
    assert_eq!(bench.events(), ["Delivered(0, Reply(250 OK))"]);
    bench.hear("452 <green@foo.edu> is temporarily over quota\r\n");
    let quota = "Reply(452 <green@foo.edu> is temporarily over quota)";
    assert_eq!(
        bench.events(),
        [format!("Delivered(2, {quota})"), format!("Done({quota})"), "Ready".into()]
    );
}

/// Between the recipients and DATA the client has nothing to do, and says so. It has not forgotten them.
#[test]
fn lmtp_remembers_the_recipients_of_a_transaction_that_pauses() {
    let mut config = mua();
    config.protocol = Protocol::Lmtp;
    let mut bench = Bench::client(config);
    bench.hear("220 foo.edu LMTP\r\n");
    bench.hear("250-foo.edu\r\n250 PIPELINING\r\n");
    let ana = Mailbox::new("ana@a.org").unwrap();
    bench.machine.mail(&ana, &MailParams::default()).unwrap();
    for _ in 0..20 {
        bench.machine.rcpt(&ana, &RcptParams::default()).unwrap();
    }
    bench.hear("250 OK\r\n".repeat(21));
    assert_eq!(bench.events().last().map(String::as_str), Some("Ready"));
    bench.machine.data().unwrap();
    bench.feed("354 go\r\n", hi);
    bench.events();
    bench.hear("250 OK\r\n".repeat(20));
    let events = bench.events();
    assert_eq!(events.len(), 22, "{events:?}");
    assert_eq!(events[19..], ["Delivered(19, Reply(250 OK))", "Done(Reply(250 OK))", "Ready"]);
}

#[test]
fn helo_for_old_servers() {
    let mut bench = Bench::client(mua());
    assert_eq!(bench.hear("220-mx1.b.com\r\n220 SMTP\r\n"), "EHLO a.org\r\n");
    assert_eq!(bench.hear("502 What?\r\n"), "HELO a.org\r\n");
    bench.hear("250\r\n");
    assert_eq!(bench.events(), ["Ready"]);
    assert_eq!(bench.machine.capabilities(), &Default::default());

    let mut config = mua();
    config.protocol = Protocol::Lmtp;
    let mut bench = Bench::client(config);
    bench.hear("220 LMTP\r\n");
    bench.hear("500 What?\r\n");
    assert_eq!(bench.events(), ["error: Refused(Reply(500 What?))"]);
}

#[test]
fn servers_that_will_not_serve() {
    let mut bench = Bench::client(mua());
    assert_eq!(bench.hear("554 No SMTP here\r\n"), "QUIT\r\n");
    assert_eq!(bench.events(), ["error: Refused(Reply(554 No SMTP here))"]);
    let mut bench = Bench::client(mua());
    bench.hear("220 ESMTP\r\n");
    bench.hear("450 Not you\r\n");
    assert_eq!(bench.events(), ["error: Refused(Reply(450 Not you))"]);
}

/// 421 may come at any time: in place of any reply, in a message, and to no command at all.
#[test]
fn service_shutdown_at_any_time() {
    let script =
        ["220 ESMTP\r\n", "250 PIPELINING\r\n", "250 OK\r\n", "250 OK\r\n", "354 go\r\n", ""];
    for n in 0..script.len() {
        let mut bench = Bench::client(mua());
        for reply in &script[..n] {
            bench.feed(reply, |event, client, _| {
                if event == Event::Ready {
                    send(client, &["bea@b.com"]);
                }
            });
        }
        assert_eq!(bench.hear("421 4.3.2 Shutting down\r\n"), "");
        assert_eq!(
            bench.events(),
            ["error: Shutdown(Reply(421 4.3.2 Shutting down))"],
            "after {n}"
        );
        assert!(bench.over);
    }
}

#[test]
fn replies_out_of_order() {
    for (replies, error) in [
        ("354 go\r\n", "error: Unexpected(Reply(354 go))"),
        ("250 OK\r\n250 nobody asked\r\n", "error: Unexpected(Reply(250 nobody asked))"),
        ("334 \r\n", "error: Unexpected(Reply(334))"),
    ] {
        let mut bench = Bench::ready(mua(), &[]);
        bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
        bench.flush();
        bench.hear(replies);
        assert_eq!(bench.events().last().unwrap().trim_end_matches(' '), error, "{replies:?}");
    }
}

#[test]
fn bad_replies_are_errors() {
    for bad in ["hello\r\n", "250-a\r\n251 b\r\n", "250 bare\n", "999 x\r\n", "\r\n"] {
        let mut bench = Bench::client(mua());
        bench.hear("220 ESMTP\r\n");
        bench.hear(bad);
        assert!(bench.events()[0].starts_with("error: Syntax("), "{bad:?}");
        assert!(bench.over);
    }
}

/// A server that talks without end is cut off at the limit, at the same place however it is cut.
#[test]
fn endless_replies() {
    for wire in ["250-".to_owned() + &"x".repeat(20_000), "220-more\r\n".repeat(2000)] {
        let make = || Client::new(mua(), Instant::ORIGIN);
        let app = |event: Event<'_>, _: &mut Client, log: &mut Log| log.event(event);
        let log = posta_core::testing::every_split(make, wire.as_bytes(), 16 * 1024, app);
        assert!(log.events[0].contains("TooLong"), "{:?}", log.events);
    }
}

/// Several replies in one read, one reply in many.
#[test]
fn replies_at_every_split() {
    let script = [
        ("220-mx1.b.com\r\n220 ESMTP\r\n", "EHLO a.org\r\n"),
        (
            "250-mx1.b.com\r\n250-pipelining\r\n250-size 1000\r\n250 AUTH=LOGIN\r\n",
            "MAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nRCPT TO:<nobody@b.com>\r\nDATA\r\n",
        ),
        ("250\r\n250 OK\r\n550-No\r\n550\r\n354 \r\n", "..\r\n.\r\n"),
        ("250-2.0.0 queued\r\n250 as 1\r\n", "QUIT\r\n"),
        ("221 Bye\r\n", ""),
    ];
    for piece in 1..script.iter().map(|(reply, _)| reply.len()).max().unwrap() {
        let mut bench = Bench::client(mua());
        let mut done = false;
        for (replies, sent) in script {
            let mut said = String::new();
            for part in replies.as_bytes().chunks(piece) {
                said += &bench.feed(part, |event, client, log| {
                    log.event(event);
                    match event {
                        Event::Ready if done => client.quit().unwrap(),
                        Event::Ready => {
                            assert!(client.capabilities().has_auth("LOGIN"));
                            send(client, &["bea@b.com", "nobody@b.com"]);
                        }
                        Event::Body(_) => {
                            client.body(b".\r\n").unwrap();
                            client.end().unwrap();
                            done = true;
                        }
                        _ => {}
                    }
                });
            }
            assert_eq!(said, sent, "in pieces of {piece}");
        }
        assert_eq!(
            bench.events(),
            [
                "Ready",
                "Mail(Reply(250))",
                "Rcpt(0, Reply(250 OK))",
                "Rcpt(1, Reply(550 No / ))",
                "Body(16384)",
                "Done(Reply(250 2.0.0 queued / as 1))",
                "Ready",
            ]
        );
        assert!(bench.over);
    }
}

#[test]
fn parameters_only_where_offered() {
    let mail = MailParams {
        size: Some(1000),
        body: Some(Body::EightBitMime),
        auth: Some(Path::Null),
        ret: Some(Ret::Headers),
        envid: Some("id+1"),
        ..MailParams::default()
    };
    let notify = Notify { success: true, failure: true, delay: false };
    let rcpt = RcptParams { notify: Some(notify), orcpt: Some(("rfc822", "bea@b.com")) };
    for (keywords, wire) in [
        (&[][..], "MAIL FROM:<>\r\n"),
        (
            &["PIPELINING", "SIZE", "8BITMIME", "AUTH PLAIN", "DSN"],
            "MAIL FROM:<> SIZE=1000 BODY=8BITMIME AUTH=<> RET=HDRS ENVID=id+2B1\r\n\
            RCPT TO:<bea@b.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bea@b.com\r\n",
        ),
        (&["PIPELINING", "SIZE 10"], "MAIL FROM:<> SIZE=1000\r\nRCPT TO:<bea@b.com>\r\n"),
    ] {
        let mut bench = Bench::ready(mua(), keywords);
        bench.machine.mail(Path::Null, &mail).unwrap();
        bench.machine.rcpt(&mailbox("bea@b.com"), &rcpt).unwrap();
        assert_eq!(bench.flush(), wire);
    }
    let utf8 = MailParams { smtputf8: true, ..MailParams::default() };
    let sender = mailbox("\u{e9}@a.org");
    let mut bench = Bench::ready(mua(), &[]);
    assert_eq!(bench.machine.mail(&sender, &utf8), Err(Misuse::NotOffered("SMTPUTF8")));
    let mut bench = Bench::ready(mua(), &["SMTPUTF8"]);
    assert!(bench.machine.mail(&sender, &MailParams::default()).is_err());
    bench.machine.mail(&sender, &utf8).unwrap();
    assert_eq!(bench.flush(), "MAIL FROM:<\u{e9}@a.org> SMTPUTF8\r\n");
}

#[test]
fn authentication() {
    let mut bench = Bench::ready(mua(), &["AUTH LOGIN PLAIN"]);
    bench.machine.auth("PLAIN", Some("")).unwrap();
    assert_eq!(bench.machine.auth("PLAIN", None), Err(Misuse::State));
    assert_eq!(bench.machine.respond("AAAA"), Err(Misuse::State));
    assert_eq!(bench.flush(), "AUTH PLAIN =\r\n");
    bench.hear("535 5.7.8 No\r\n");
    bench.machine.auth("login", None).unwrap();
    assert_eq!(bench.flush(), "AUTH login\r\n");
    bench.hear("334 VXNlcm5hbWU6\r\n");
    assert_eq!(bench.machine.respond("no base64"), Err(Misuse::Base64));
    bench.machine.respond("YW5h").unwrap();
    assert_eq!(bench.machine.cancel_auth(), Err(Misuse::State));
    assert_eq!(bench.flush(), "YW5h\r\n");
    bench.hear("334 \r\n");
    bench.machine.cancel_auth().unwrap();
    assert_eq!(bench.flush(), "*\r\n");
    bench.hear("501 cancelled\r\n");
    bench.machine.auth("PLAIN", Some("AGFuYQBzZWNyZXQ=")).unwrap();
    bench.hear("235 Welcome\r\n");
    assert!(bench.machine.is_authenticated());
    assert_eq!(bench.machine.auth("PLAIN", None), Err(Misuse::State), "twice");
    assert_eq!(
        bench.events(),
        [
            "Auth(Reply(535 5.7.8 No))",
            "Ready",
            "Challenge(Base64(..))",
            "Challenge(Base64(..))",
            "Auth(Reply(501 cancelled))",
            "Ready",
            "Auth(Reply(235 Welcome))",
            "Ready",
        ]
    );
    let mut bench = Bench::ready(mua(), &["AUTH PLAIN"]);
    bench.machine.auth("PLAIN", None).unwrap();
    bench.hear("334 not base64\r\n");
    assert!(bench.events()[0].starts_with("error: Unexpected("));
}

/// RFC 4954 4: the command line stays within 512 octets.
#[test]
fn a_long_initial_response_waits_for_the_challenge() {
    let fits = "A".repeat(496);
    let mut bench = Bench::ready(mua(), &["AUTH PLAIN"]);
    bench.machine.auth("PLAIN", Some(&fits)).unwrap();
    let sent = bench.flush();
    assert!(sent.len() <= 512 && sent.contains(&fits));

    let long = "A".repeat(504);
    let mut bench = Bench::ready(mua(), &["AUTH PLAIN"]);
    bench.machine.auth("PLAIN", Some(&long)).unwrap();
    assert_eq!(bench.flush(), "AUTH PLAIN\r\n");
    assert_eq!(bench.hear("334 \r\n"), format!("{long}\r\n"));
    bench.hear("235 Welcome\r\n");
    assert_eq!(bench.events(), ["Auth(Reply(235 Welcome))", "Ready"]);
}

#[test]
fn plain_commands() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    bench.machine.noop().unwrap();
    assert_eq!(bench.machine.vrfy("bea"), Err(Misuse::State));
    send(&mut bench.machine, &["bea@b.com"]);
    // RFC 2920 3.1: NOOP ends a group, so MAIL waits.
    assert_eq!(bench.flush(), "NOOP\r\n");
    assert!(bench.hear("250 OK\r\n").starts_with("MAIL FROM:"));
    bench.hear("250 OK\r\n250 OK\r\n451 No\r\n");
    assert!(matches!(bench.machine.vrfy("b\u{e9}a"), Err(Misuse::Argument(_))));
    bench.machine.vrfy("bea").unwrap();
    assert_eq!(bench.flush(), "VRFY bea\r\n");
    bench.hear("252 Perhaps\r\n");
    bench.machine.rset().unwrap();
    bench.hear("250 OK\r\n");
    let events = bench.events();
    assert_eq!(events[0], "Reply(Reply(250 OK))");
    assert_eq!(
        events[5..],
        ["Reply(Reply(252 Perhaps))", "Ready", "Reply(Reply(250 OK))", "Ready"]
    );
}

/// One recipient at a time, and a change of mind: RFC 5321 D.2.
#[test]
fn a_transaction_step_by_step() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    assert_eq!(bench.machine.data(), Err(Misuse::NoRecipient));
    bench.hear("250 OK\r\n");
    bench.machine.rcpt(&mailbox("nobody@b.com"), &RcptParams::default()).unwrap();
    bench.hear("550 No\r\n");
    assert_eq!(bench.machine.data(), Err(Misuse::NoRecipient));
    assert_eq!(bench.machine.mail(Path::Null, &MailParams::default()), Err(Misuse::State));
    bench.machine.rset().unwrap();
    bench.hear("250 OK\r\n");
    assert_eq!(bench.events().iter().filter(|event| *event == "Ready").count(), 3);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
}

#[test]
fn misuse_is_no_error() {
    let mut client = Client::new(mua(), Instant::ORIGIN);
    assert_eq!(client.mail(Path::Null, &MailParams::default()), Err(Misuse::State));
    assert_eq!(client.rcpt(Path::Postmaster, &RcptParams::default()), Err(Misuse::State));
    assert_eq!(client.data(), Err(Misuse::State));
    assert_eq!(client.body(b""), Err(Misuse::State));
    assert_eq!(client.end(), Err(Misuse::State));
    assert_eq!(client.quit(), Err(Misuse::State));
    assert_eq!(client.noop(), Err(Misuse::State));
    assert_eq!(client.starttls(), Err(Misuse::State));
    assert_eq!(client.tls_started(), Err(Misuse::State));
    let mut bench = Bench::ready(mua(), &[]);
    bench.machine.quit().unwrap();
    assert_eq!(bench.machine.quit(), Err(Misuse::State));
    assert_eq!(bench.machine.mail(Path::Null, &MailParams::default()), Err(Misuse::State));
}

/// No more than a window is unanswered, and the queue has an end.
#[test]
fn many_recipients() {
    let mut config = mua();
    (config.limits.window, config.limits.queue) = (4, 1000);
    let mut bench = Bench::ready(config, &["PIPELINING"]);
    bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
    let recipient = mailbox("bea@b.com");
    let mut given = 0;
    while bench.machine.rcpt(&recipient, &RcptParams::default()).is_ok() {
        given += 1;
    }
    assert_eq!(bench.machine.rcpt(&recipient, &RcptParams::default()), Err(Misuse::Full));
    assert!((40..60).contains(&given), "{given}");
    assert_eq!(bench.flush().lines().count(), 4);
    assert_eq!(bench.hear("250 OK\r\n").lines().count(), 1);
    assert_eq!(bench.hear("250 OK\r\n".repeat(3)).lines().count(), 3);
    for _ in 4..given {
        bench.hear("250 OK\r\n");
    }
    bench.hear("250 OK\r\n");
    assert_eq!(bench.events().last().unwrap(), "Ready");
}

/// RFC 5321 4.5.3.2: each command has its own time.
#[test]
fn timeouts() {
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let app = |event: Event<'_>, client: &mut Client, log: &mut Log| match event {
        Event::Body(_) => {
            client.body(&[b'x'; Output::LIMIT]).unwrap();
        }
        event => log.event(event),
    };
    for (replies, time) in [
        (&[][..], 5),
        (&["220 ESMTP\r\n"], 5),
        (&["220 ESMTP\r\n", "250 x\r\n"], 5),
        (&["220 ESMTP\r\n", "250 x\r\n", "250 OK\r\n"], 5),
        (&["220 ESMTP\r\n", "250 x\r\n", "250 OK\r\n", "250 OK\r\n"], 2),
    ] {
        let mut bench = Bench::client(mua());
        for reply in replies {
            bench.wait(minutes(1));
            bench.feed(reply, app);
            if bench.events() == ["Ready"] {
                send(&mut bench.machine, &["bea@b.com"]);
                bench.feed("", app);
            }
        }
        assert_eq!(bench.machine.deadline(), Some(bench.now + minutes(time)), "{replies:?}");
        bench.wait(minutes(time));
        bench.feed("", app);
        assert_eq!(bench.events().last().unwrap(), "error: Timeout");
    }
    // The end of the message: 10 minutes.
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    assert_eq!(bench.machine.deadline(), None, "idle");
    send(&mut bench.machine, &["bea@b.com"]);
    bench.flush();
    bench.feed("250 OK\r\n250 OK\r\n354 go\r\n", hi);
    assert_eq!(bench.machine.deadline(), Some(bench.now + minutes(10)));
}

/// A server that stops reading in the middle of a message has 3 minutes; one that reads slowly lives.
#[test]
fn a_stuck_message_times_out() {
    let mut bench = Bench::ready(mua(), &["PIPELINING"]);
    send(&mut bench.machine, &["bea@b.com"]);
    bench.flush();
    let Bench { machine: mut client, mut input, mut now, .. } = bench;
    input.extend(b"250 OK\r\n250 OK\r\n354 go\r\n");
    let step = |client: &mut Client, input: &mut Input, now| loop {
        match client.step(input, now) {
            Ok(Step::Event(Event::Body(room))) => {
                assert_eq!(client.body(&vec![b'x'; room]), Ok(room));
            }
            Ok(Step::Event(_)) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error),
        }
    };
    for _ in 0..10 {
        step(&mut client, &mut input, now).unwrap();
        now = now + Duration::from_secs(170);
        client.output().sent(1000);
    }
    step(&mut client, &mut input, now).unwrap();
    now = now + Duration::from_secs(180);
    assert_eq!(step(&mut client, &mut input, now), Err(smtp_proto::Error::Timeout));
    assert!(client.output().is_empty(), "what was not sent is not sent");
}

#[test]
fn the_end_of_the_stream() {
    for replies in ["", "220 ESM", "220 ESMTP\r\n", "220 ESMTP\r\n250 x\r\n"] {
        let mut bench = Bench::client(mua());
        bench.input.extend(replies.as_bytes());
        bench.input.end();
        bench.hear("");
        assert_eq!(bench.events().last().unwrap(), "error: UnexpectedEof", "{replies:?}");
    }
    let mut bench = Bench::ready(mua(), &[]);
    bench.machine.quit().unwrap();
    bench.flush();
    bench.input.end();
    bench.hear("");
    assert!(bench.over && bench.events().is_empty(), "some hang up without 221");
}
