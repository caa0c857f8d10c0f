//! What an IMAP server says of messages, by the examples of RFC 3501 and by tables.
#![allow(clippy::unwrap_used)]

#[path = "imap/grammar.rs"]
mod grammar;

use imf_message::Message;
use imf_message::imap::{self, Text};

fn envelope(message: &[u8]) -> String {
    let mut out = Vec::new();
    imap::envelope(&Message::new(message), &mut out);
    grammar::check(message);
    String::from_utf8(out).unwrap()
}

fn structure(message: &[u8], extended: bool) -> String {
    let mut out = Vec::new();
    imap::body_structure(&Message::new(message), extended, &mut out);
    grammar::check(message);
    String::from_utf8(out).unwrap()
}

fn section(message: &Message<'_>, path: &[u32], text: Text<'_>) -> Option<String> {
    imap::section(message, path, &text).map(|octets| String::from_utf8(octets.into()).unwrap())
}

/// A body of so many lines and octets, all in all.
fn text_of(lines: usize, octets: usize) -> String {
    let mut text = "line\r\n".repeat(lines - 1);
    let last = octets - text.len() - 2;
    text += &"x".repeat(last);
    text + "\r\n"
}

/// The message of the sample connection.
// RFC 3501 8
fn sample() -> String {
    let header = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n\
        From: Terry Gray <gray@cac.washington.edu>\r\n\
        Subject: IMAP4rev1 WG mtg summary and minutes\r\n\
        To: imap@cac.washington.edu\r\n\
        cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n\
        Message-Id: <B27397-0100000@cac.washington.edu>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n";
    header.to_owned() + &text_of(92, 3028)
}

#[test]
fn the_envelope_of_rfc_3501_section_8() {
    assert_eq!(
        envelope(sample().as_bytes()),
        "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \
         \"IMAP4rev1 WG mtg summary and minutes\" \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
         ((NIL NIL \"imap\" \"cac.washington.edu\")) \
         ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")\
         (\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL \
         \"<B27397-0100000@cac.washington.edu>\")"
    );
}

#[test]
fn the_bodies_of_rfc_3501() {
    // Section 8: BODY, and BODY[HEADER] {342}
    assert_eq!(
        structure(sample().as_bytes(), false),
        r#"("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92)"#
    );
    let sample = sample();
    let header = section(&Message::new(sample.as_bytes()), &[], Text::Header).unwrap();
    assert_eq!(header.len(), 342);
    // Section 7.4.2: a text of 48 lines and 2279 octets
    let text = "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n".to_owned() + &text_of(48, 2279);
    assert_eq!(
        structure(text.as_bytes(), false),
        r#"("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 2279 48)"#
    );
    // and one with an attachment
    let two = format!(
        "Content-Type: multipart/MIXED; boundary=b\r\n\r\n\
         --b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n{}\r\n\
         --b\r\nContent-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=\"cc.diff\"\r\n\
         Content-ID: <960723163407.20117h@cac.washington.edu>\r\n\
         Content-Description: Compiler diff\r\n\
         Content-Transfer-Encoding: BASE64\r\n\r\n{}\r\n--b--\r\n",
        text_of(23, 1152),
        text_of(73, 4554)
    );
    assert_eq!(
        structure(two.as_bytes(), false),
        "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1152 23)\
         (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" \"cc.diff\") \
         \"<960723163407.20117h@cac.washington.edu>\" \"Compiler diff\" \"BASE64\" 4554 73) \"MIXED\")"
    );
}

/// A multipart of these parts, each given with its header.
fn multipart(kind: &str, boundary: &str, parts: &[&str]) -> String {
    let mut text = format!("Content-Type: {kind}; boundary={boundary}\r\n\r\n");
    for part in parts {
        text += &format!("--{boundary}\r\n{part}\r\n");
    }
    text + &format!("--{boundary}--\r\n")
}

#[test]
fn the_part_numbers_of_rfc_3501_section_6_4_5() {
    let plain = |text: &str| format!("Content-Type: text/plain\r\n\r\n{text}");
    let octets = |text: &str| format!("Content-Type: application/octet-stream\r\n\r\n{text}");
    let inner = |message: &str| format!("Content-Type: message/rfc822\r\n\r\n{message}");
    let three = "Subject: three\r\n".to_owned()
        + &multipart("multipart/mixed", "b3", &[&plain("3.1"), &octets("3.2")]);
    let rich = "Content-Type: text/richtext\r\n\r\n4.2.2.2";
    let four_two_two = multipart("multipart/alternative", "b422", &[&plain("4.2.2.1"), rich]);
    let four_two = "Subject: four.two\r\n".to_owned()
        + &multipart("multipart/mixed", "b42", &[&plain("4.2.1"), &four_two_two]);
    let gif = "Content-Type: image/gif\r\n\r\n4.1";
    let four = multipart("multipart/mixed", "b4", &[gif, &inner(&four_two)]);
    let whole = "Subject: whole\r\n".to_owned()
        + &multipart("MULTIPART/MIXED", "b", &[&plain("1"), &octets("2"), &inner(&three), &four]);
    grammar::check(whole.as_bytes());
    let message = Message::new(whole.as_bytes());
    let body_of = |message: &str| message.split_once("\r\n\r\n").unwrap().1.to_owned();
    let header_of =
        |message: &str| message.split_once("\r\n\r\n").unwrap().0.to_owned() + "\r\n\r\n";
    let cases: &[(&[u32], Text<'_>, &str)] = &[
        (&[], Text::All, &whole),
        (&[], Text::Header, &header_of(&whole)),
        (&[], Text::Text, &body_of(&whole)),
        (&[1], Text::All, "1"),
        (&[1], Text::Mime, "Content-Type: text/plain\r\n\r\n"),
        (&[2], Text::All, "2"),
        (&[3], Text::All, &three),
        (&[3], Text::Mime, "Content-Type: message/rfc822\r\n\r\n"),
        (&[3], Text::Header, &header_of(&three)),
        (&[3], Text::HeaderFields(&[b"Subject"]), "Subject: three\r\n\r\n"),
        (&[3], Text::Text, &body_of(&three)),
        (&[3, 1], Text::All, "3.1"),
        (&[3, 2], Text::All, "3.2"),
        (&[4], Text::All, &body_of(&four)),
        (&[4], Text::Mime, &header_of(&four)),
        (&[4, 1], Text::All, "4.1"),
        (&[4, 1], Text::Mime, "Content-Type: image/gif\r\n\r\n"),
        (&[4, 2], Text::All, &four_two),
        (&[4, 2], Text::Header, &header_of(&four_two)),
        (&[4, 2], Text::Text, &body_of(&four_two)),
        (&[4, 2, 1], Text::All, "4.2.1"),
        (&[4, 2, 2], Text::All, &body_of(&four_two_two)),
        (&[4, 2, 2, 1], Text::All, "4.2.2.1"),
        (&[4, 2, 2, 2], Text::All, "4.2.2.2"),
        (&[4, 2, 2, 2], Text::Mime, "Content-Type: text/richtext\r\n\r\n"),
    ];
    for (path, text, octets) in cases {
        // What ends a part that ends with a boundary belongs to that of the part around it.
        let octets = section(&message, path, *text).map(|found| (found, (*octets).to_owned()));
        let (found, octets) = octets.unwrap_or_else(|| panic!("{path:?} {text:?}"));
        assert_eq!(found, octets, "{path:?} {text:?}");
    }
    let none: &[(&[u32], Text<'_>)] = &[
        (&[], Text::Mime),
        (&[0], Text::All),
        (&[5], Text::All),
        (&[u32::MAX], Text::All),
        (&[1, 1], Text::All),
        (&[1], Text::Header),
        (&[1], Text::Text),
        (&[4], Text::Header),
        (&[4], Text::HeaderFields(&[])),
        (&[4], Text::HeaderFieldsNot(&[])),
        (&[4], Text::Text),
        (&[3, 3], Text::All),
        (&[3, 1, 1], Text::All),
        (&[4, 2, 2, 3], Text::All),
        (&[3; 1000], Text::All),
    ];
    for (path, text) in none {
        assert_eq!(section(&message, path, *text), None, "{path:?} {text:?}");
    }
}

#[test]
fn part_numbers_of_messages_that_are_no_multipart() {
    let plain = Message::new(b"Subject: Tea\r\n\r\nAt four?\r\n");
    let at = |path: &[u32], text| section(&plain, path, text);
    assert_eq!(at(&[1], Text::All).unwrap(), "At four?\r\n");
    assert_eq!(at(&[1], Text::Mime).unwrap(), "Subject: Tea\r\n\r\n");
    assert_eq!(at(&[1], Text::Header), None);
    assert_eq!(at(&[1, 1], Text::All), None);
    assert_eq!(at(&[2], Text::All), None);
    // A message that is nothing but a message
    let outer = Message::new(
        b"Subject: outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nAt five.\r\n",
    );
    let at = |path: &[u32], text| section(&outer, path, text);
    assert_eq!(at(&[1], Text::All).unwrap(), "Subject: inner\r\n\r\nAt five.\r\n");
    assert_eq!(at(&[1], Text::Header).unwrap(), "Subject: inner\r\n\r\n");
    assert_eq!(at(&[1], Text::Text).unwrap(), "At five.\r\n");
    assert_eq!(at(&[1, 1], Text::All).unwrap(), "At five.\r\n");
    assert_eq!(at(&[1, 1], Text::Mime).unwrap(), "Subject: inner\r\n\r\n");
    assert_eq!(at(&[1, 1, 1], Text::All), None);
    assert_eq!(at(&[], Text::Header).unwrap().len(), 48);
    // A digest: messages without saying so
    let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: one\r\n\r\n1\r\n--b--\r\n";
    let digest = Message::new(digest.as_bytes());
    assert_eq!(section(&digest, &[1], Text::Header).unwrap(), "Subject: one\r\n\r\n");
    assert_eq!(section(&digest, &[1, 1], Text::All).unwrap(), "1");
    assert_eq!(section(&digest, &[1], Text::Mime).unwrap(), "\r\n");
}

#[test]
fn header_fields_are_whole_in_order_and_closed() {
    let text = "Received: a\r\n\tb\r\nSubject: 1\r\nFROM : x\r\nreceived: c\r\n\r\nbody";
    let message = Message::new(text.as_bytes());
    let some = |names: &[&[u8]]| section(&message, &[], Text::HeaderFields(names)).unwrap();
    let others = |names: &[&[u8]]| section(&message, &[], Text::HeaderFieldsNot(names)).unwrap();
    let cases: &[(&[&[u8]], &str, &str)] = &[
        (
            &[b"RECEIVED"],
            "Received: a\r\n\tb\r\nreceived: c\r\n\r\n",
            "Subject: 1\r\nFROM : x\r\n\r\n",
        ),
        (
            &[b"from", b"Subject"],
            "Subject: 1\r\nFROM : x\r\n\r\n",
            "Received: a\r\n\tb\r\nreceived: c\r\n\r\n",
        ),
        (&[b"X"], "\r\n", "Received: a\r\n\tb\r\nSubject: 1\r\nFROM : x\r\nreceived: c\r\n\r\n"),
        (&[b"Subj", b"Subjects", b"", b"\xff"], "\r\n", &text[..text.len() - 4]),
        (&[b"X-Z", b"subject", b"Received", b"From", b"A"], &text[..text.len() - 4], "\r\n"),
        (&[], "\r\n", &text[..text.len() - 4]),
    ];
    for (names, found, rest) in cases {
        assert_eq!((some(names).as_str(), others(names).as_str()), (*found, *rest), "{names:?}");
    }
    // The empty line is there even if the message has none, and a field ends with its line.
    for (text, header, fields) in [
        ("", "", "\r\n"),
        ("\r\n", "\r\n", "\r\n"),
        ("A: b", "A: b", "A: b\r\n\r\n"),
        ("A: b\r\n", "A: b\r\n", "A: b\r\n\r\n"),
        ("A: b\r\nno field\r\n", "A: b\r\n", "A: b\r\n\r\n"),
    ] {
        let message = Message::new(text.as_bytes());
        assert_eq!(section(&message, &[], Text::Header).unwrap(), header, "{text:?}");
        assert_eq!(
            section(&message, &[], Text::HeaderFields(&[b"a"])).unwrap(),
            fields,
            "{text:?}"
        );
    }
}

#[test]
fn octets_that_imap_cannot_carry_are_replaced() {
    let bytes = b"Subject: a\0b\r\nX: \0\r\n\r\n\0\xe9";
    grammar::check(bytes);
    let message = Message::new(bytes);
    let at = |text| imap::section(&message, &[], &text).unwrap();
    assert_eq!(*at(Text::All), *b"Subject: a\x80b\r\nX: \x80\r\n\r\n\x80\xe9");
    assert_eq!(*at(Text::HeaderFields(&[b"x"])), *b"X: \x80\r\n\r\n");
    assert_eq!(*imap::section(&message, &[1], &Text::All).unwrap(), *b"\x80\xe9");
    let mut out = Vec::new();
    imap::envelope(&message, &mut out);
    assert!(out.starts_with(b"(NIL {2}\r\nab NIL"), "{}", out.escape_ascii());
}

#[test]
fn partial_fetches() {
    let cases: [(u32, u32, &[u8]); 9] = [
        (0, 100, b"hello"),
        (0, 5, b"hello"),
        (0, 2, b"he"),
        (3, 1, b"l"),
        (4, 9, b"o"),
        (5, 9, b""),
        (6, 9, b""),
        (u32::MAX, u32::MAX, b""),
        (0, 0, b""),
    ];
    for (origin, octets, cut) in cases {
        assert_eq!(imap::partial(b"hello", origin, octets), cut, "<{origin}.{octets}>");
    }
}

/// What ENVELOPE has for From when the field has this value.
fn from(value: &str) -> String {
    let text =
        envelope(format!("Sender: s@s\r\nReply-To: r@r\r\nFrom: {value}\r\n\r\n").as_bytes());
    let text = text.strip_prefix("(NIL NIL ").unwrap();
    let rest = r#" ((NIL NIL "s" "s")) ((NIL NIL "r" "r")) NIL NIL NIL NIL NIL)"#;
    text.strip_suffix(rest).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn addresses_of_envelopes() {
    for (value, list) in [
        ("ana@a.org", r#"((NIL NIL "ana" "a.org"))"#),
        ("Ana <ana@a.org>", r#"(("Ana" NIL "ana" "a.org"))"#),
        ("\"Ana \\\"A\\\" B\" <ana@a.org>", r#"(("Ana \"A\" B" NIL "ana" "a.org"))"#),
        ("Ana\r\n\tA. <ana@a.org>", r#"(("Ana A." NIL "ana" "a.org"))"#),
        ("ana@a.org (Ana)", r#"(("Ana" NIL "ana" "a.org"))"#),
        ("ana@a.org (An\\a\r\n A)", r#"(("Ana A" NIL "ana" "a.org"))"#),
        ("ana@a.org ()", r#"((NIL NIL "ana" "a.org"))"#),
        ("\"a b\"@a.org", r#"((NIL NIL "a b" "a.org"))"#),
        ("ana@[192.0.2.1]", r#"((NIL NIL "ana" "[192.0.2.1]"))"#),
        // Encoded words stay, whatever they hold.
        ("=?utf-8?q?B=C3=A9a?= X <bea@b.com>", r#"(("=?utf-8?q?B=C3=A9a?= X" NIL "bea" "b.com"))"#),
        ("bea@b.com (=?utf-8?q?B=C3=A9a?=)", r#"(("=?utf-8?q?B=C3=A9a?=" NIL "bea" "b.com"))"#),
        ("Béa <bea@b.com>", "(({4}\r\nBéa NIL \"bea\" \"b.com\"))"),
        ("A\x01 <ana@a.org>", "((\"A\" NIL \"ana\" \"a.org\"))"),
        ("\"A\x01\" <ana@a.org>", "(({2}\r\nA\x01 NIL \"ana\" \"a.org\"))"),
        // RFC 5322 4.4: routes
        ("<@x.org,@y.org:ana@a.org>", r#"((NIL "@x.org,@y.org" "ana" "a.org"))"#),
        ("Ana <,@x , @y : ana@a.org>", r#"(("Ana" "@x,@y" "ana" "a.org"))"#),
        ("<@x.org ana@a.org>", r#"((NIL "@x.org" "ana" "a.org"))"#),
        // Groups
        (
            "friends: a@b, B <b@c>;",
            r#"((NIL NIL "friends" NIL)(NIL NIL "a" "b")("B" NIL "b" "c")(NIL NIL NIL NIL))"#,
        ),
        (
            "a@b, \"no one\":;, c@d",
            r#"((NIL NIL "a" "b")(NIL NIL "no one" NIL)(NIL NIL NIL NIL)(NIL NIL "c" "d"))"#,
        ),
        ("open: a@b", r#"((NIL NIL "open" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL))"#),
        ("a: b: c@d;", r#"((NIL NIL "a" NIL)(NIL NIL "bc" "d")(NIL NIL NIL NIL))"#),
        // What is missing, as Dovecot has it: NIL would make a group of it
        ("root", r#"((NIL NIL "root" "MISSING_DOMAIN"))"#),
        ("<root>", r#"((NIL NIL "root" "MISSING_DOMAIN"))"#),
        ("Cron <root>", r#"(("Cron" NIL "root" "MISSING_DOMAIN"))"#),
        ("Ana Smith", r#"(("Ana Smith" NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))"#),
        ("=?utf-8?q?Ana?=", r#"(("=?utf-8?q?Ana?=" NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))"#),
        ("<>", r#"((NIL NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))"#),
        ("<@b.com>", r#"((NIL "@b.com" "MISSING_MAILBOX" "MISSING_DOMAIN"))"#),
        ("ana@", r#"((NIL NIL "ana" "MISSING_DOMAIN"))"#),
        ("@b.com", r#"((NIL NIL "MISSING_MAILBOX" "b.com"))"#),
        // Nothing
        ("", "NIL"),
        (" (nobody) ", "NIL"),
        (",,", "NIL"),
        (";", "NIL"),
    ] {
        assert_eq!(from(value), list, "{value:?}");
    }
}

#[test]
fn fields_of_envelopes() {
    let a = r#"((NIL NIL "a" "a"))"#;
    let b = r#"((NIL NIL "b" "b"))"#;
    let c = r#"((NIL NIL "c" "c"))"#;
    for (header, text) in [
        ("", "NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL".to_owned()),
        // Absent, or present but empty
        ("Date:\r\nSubject: \r\n", r#""" "" NIL NIL NIL NIL NIL NIL NIL NIL"#.to_owned()),
        (
            "In-Reply-To:\r\nMessage-ID:\t\r\n",
            r#"NIL NIL NIL NIL NIL NIL NIL NIL "" """#.to_owned(),
        ),
        ("From: a@a\r\n", format!("NIL NIL {a} {a} {a} NIL NIL NIL NIL NIL")),
        (
            "From: a@a\r\nSender:\r\nReply-To: (x)\r\n",
            format!("NIL NIL {a} {a} {a} NIL NIL NIL NIL NIL"),
        ),
        ("From: a@a\r\nSender: b@b\r\n", format!("NIL NIL {a} {b} {a} NIL NIL NIL NIL NIL")),
        ("From: a@a\r\nReply-To: c@c\r\n", format!("NIL NIL {a} {a} {c} NIL NIL NIL NIL NIL")),
        ("Reply-To: c@c\r\n", format!("NIL NIL NIL NIL {c} NIL NIL NIL NIL NIL")),
        ("to: a@a\r\nCC: b@b\r\nbCc: c@c\r\n", format!("NIL NIL NIL NIL NIL {a} {b} {c} NIL NIL")),
        // RFC 5322 4.5.3: one list
        (
            "To: a@a\r\nTo:\r\nTo: b@b\r\n",
            r#"NIL NIL NIL NIL NIL ((NIL NIL "a" "a")(NIL NIL "b" "b")) NIL NIL NIL NIL"#
                .to_owned(),
        ),
        ("Subject: 1\r\nSubject: 2\r\n", r#"NIL "1" NIL NIL NIL NIL NIL NIL NIL NIL"#.to_owned()),
        // Raw, but unfolded
        (
            "Subject: a\r\n\tb\r\n  c \r\n",
            "NIL \"a\tb  c\" NIL NIL NIL NIL NIL NIL NIL NIL".to_owned(),
        ),
        (
            "Subject: =?utf-8?q?=C3=A9?=\r\n =?x?=\r\n",
            r#"NIL "=?utf-8?q?=C3=A9?= =?x?=" NIL NIL NIL NIL NIL NIL NIL NIL"#.to_owned(),
        ),
        ("Subject: \"\\\r\n", r#"NIL "\"\\" NIL NIL NIL NIL NIL NIL NIL NIL"#.to_owned()),
        ("Subject: é\r\n", "NIL {2}\r\né NIL NIL NIL NIL NIL NIL NIL NIL".to_owned()),
        ("Date: not a date\r\n", r#""not a date" NIL NIL NIL NIL NIL NIL NIL NIL NIL"#.to_owned()),
        (
            "In-Reply-To: <a@b>\r\n <c@d> (x)\r\nMessage-Id: e f\r\n",
            r#"NIL NIL NIL NIL NIL NIL NIL NIL "<a@b> <c@d> (x)" "e f""#.to_owned(),
        ),
    ] {
        assert_eq!(envelope(format!("{header}\r\n").as_bytes()), format!("({text})"), "{header:?}");
    }
    // A long line becomes a literal.
    for (len, start) in [(1_024, "(NIL \"xxx".to_owned()), (1_025, "(NIL {1025}\r\nxxx".to_owned())]
    {
        let text = envelope(format!("Subject: {}\r\n\r\n", "x".repeat(len)).as_bytes());
        assert!(text.starts_with(&start), "{len}");
    }
}

#[test]
fn structures() {
    let text = r#""text" "plain" ("charset" "us-ascii") NIL NIL "7BIT""#;
    for (message, written) in [
        ("", format!("({text} 0 0 NIL NIL NIL NIL)")),
        ("\r\nhello", format!("({text} 5 1 NIL NIL NIL NIL)")),
        ("\r\nhello\r\n", format!("({text} 7 1 NIL NIL NIL NIL)")),
        ("\r\n\r\n\r\nx", format!("({text} 5 3 NIL NIL NIL NIL)")),
        // LF as it stands, if it is handed in
        ("\n1\n2\n", format!("({text} 4 2 NIL NIL NIL NIL)")),
        // A type that does not parse is none.
        ("Content-Type: text\r\n\r\n", format!("({text} 0 0 NIL NIL NIL NIL)")),
        ("Content-Type: Text/HTML\r\n\r\n", r#"("Text" "HTML" NIL NIL NIL "7BIT" 0 0 NIL NIL NIL NIL)"#.to_owned()),
        ("Content-Type: a/b; n=\"\"\r\n\r\n", r#"("a" "b" ("n" "") NIL NIL "7BIT" 0 NIL NIL NIL NIL)"#.to_owned()),
        ("Content-ID: <1@a.org>\r\nContent-Description: a\r\n b\r\n\r\n",
         r#"("text" "plain" ("charset" "us-ascii") "<1@a.org>" "a b" "7BIT" 0 0 NIL NIL NIL NIL)"#.to_owned()),
        ("Content-MD5: Q2hlY2s=\r\n\r\n", format!("({text} 0 0 \"Q2hlY2s=\" NIL NIL NIL)")),
        ("Content-Disposition: Inline\r\n\r\n", format!("({text} 0 0 NIL (\"Inline\" NIL) NIL NIL)")),
        ("Content-Disposition: attachment; filename=a\r\n\r\n",
         format!("({text} 0 0 NIL (\"attachment\" (\"filename\" \"a\")) NIL NIL)")),
        ("Content-Disposition: ;\r\n\r\n", format!("({text} 0 0 NIL NIL NIL NIL)")),
        ("Content-Language: en\r\n\r\n", format!("({text} 0 0 NIL NIL (\"en\") NIL)")),
        ("Content-Language: (c) en , ,\r\n de-CH (d); x\r\n\r\n",
         format!("({text} 0 0 NIL NIL (\"en\" \"de-CH\" \"x\") NIL)")),
        ("Content-Language: ,\r\n\r\n", format!("({text} 0 0 NIL NIL NIL NIL)")),
        ("Content-Location: http://example.org/\r\n\r\n",
         format!("({text} 0 0 NIL NIL NIL \"http://example.org/\")")),
        // Multiparts
        ("Content-Type: multipart/x; boundary=\"b\"\r\nContent-Language: en\r\nContent-Disposition: inline\r\nContent-Location: l\r\n\r\n--b\r\n\r\n1\r\n--b\r\nContent-Type: a/b\r\n\r\n22\r\n--b--\r\n",
         format!("(({text} 1 1 NIL NIL NIL NIL)(\"a\" \"b\" NIL NIL NIL \"7BIT\" 2 NIL NIL NIL NIL) \"x\" (\"boundary\" \"b\") (\"inline\" NIL) (\"en\") \"l\")")),
        // Messages
        ("Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n",
         format!("(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 21 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) ({text} 6 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)")),
        ("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\n--b--\r\n",
         format!("((\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 15 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) ({text} 0 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) \"digest\" (\"boundary\" \"b\") NIL NIL NIL)")),
        ("Content-Type: message/delivery-status\r\n\r\nA: b\r\n", r#"("message" "delivery-status" NIL NIL NIL "7BIT" 6 NIL NIL NIL NIL)"#.to_owned()),
        // RFC 3501 does not know it.
        ("Content-Type: message/global\r\n\r\nA: b\r\n", r#"("message" "global" NIL NIL NIL "7BIT" 6 NIL NIL NIL NIL)"#.to_owned()),
    ] {
        assert_eq!(structure(message.as_bytes(), true), written, "{message:?}");
    }
}

/// A server that decoded them sent clients parameters whose names they did not know (stalwart#3247).
#[test]
fn parameters_are_raw() {
    for (params, written) in [
        ("N=\"x \\\"y\\\"\"", r#""N" "x \"y\"""#),
        ("n*0*=utf-8''%C3; n*1=b", r#""n*0*" "utf-8''%C3" "n*1" "b""#),
        ("n*=''%41", r#""n*" "''%41""#),
        ("c=d e (f); g", r#""c" "d e""#),
        ("n=\"=?utf-8?q?=C3=A9?=\r\n =?x?=\"", r#""n" "=?utf-8?q?=C3=A9?= =?x?=""#),
        ("m=\u{e9}", "\"m\" {2}\r\n\u{e9}"),
    ] {
        let message =
            format!("Content-Type: a/b; {params}\r\nContent-Disposition: x; {params}\r\n\r\n");
        let parts =
            format!(r#"("a" "b" ({written}) NIL NIL "7BIT" 0 NIL ("x" ({written})) NIL NIL)"#);
        assert_eq!(structure(message.as_bytes(), true), parts, "{params}");
    }
}

/// Dovecot 2.3 counts the line end before the delimiter when the message inside ends with a closing one.
#[test]
fn the_line_end_before_a_delimiter_is_not_of_the_message_inside() {
    let inner = multipart("multipart/mixed", "in", &["\r\nx"]);
    let inner = inner.strip_suffix("\r\n").unwrap();
    let part = format!("Content-Type: message/rfc822\r\n\r\n{inner}");
    let message = multipart("multipart/mixed", "out", &[&part, "\r\ny"]);
    assert!(
        structure(message.as_bytes(), false).contains(&format!("\"7BIT\" {} (NIL", inner.len()))
    );
    let message = Message::new(message.as_bytes());
    assert_eq!(section(&message, &[1], Text::All).unwrap(), inner);
}

#[test]
fn transfer_encodings() {
    for (value, written) in [
        ("7bit", "7bit"),
        ("Quoted-Printable", "Quoted-Printable"),
        ("(c) BASE64 (d)", "BASE64"),
        ("base64;", "base64"),
        ("X-Foo", "X-Foo"),
        ("(c)\r\n X-Foo", "X-Foo"),
        // None of these names an encoding.
        ("", "7BIT"),
        (";", "7BIT"),
        ("quoted printable", "7BIT"),
        ("text/html", "7BIT"),
    ] {
        let message = format!("Content-Type: a/b\r\nContent-Transfer-Encoding: {value}\r\n\r\n");
        let written = format!(r#"("a" "b" NIL NIL NIL "{written}" 0)"#);
        assert_eq!(structure(message.as_bytes(), false), written, "{value}");
    }
}

#[test]
fn body_has_no_extension_data() {
    let inner =
        "Content-Type: message/rfc822\r\nContent-MD5: x\r\n\r\nContent-Language: en\r\n\r\nhi";
    let message = multipart("multipart/mixed", "b", &["\r\n1", inner]);
    assert_eq!(
        structure(message.as_bytes(), false),
        "((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 1 1)\
         (\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 26 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) \
         (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 2 1) 3) \"mixed\")"
    );
}

/// Where the grammar wants a part and the message has none, there is a text with what can be read.
#[test]
fn composites_that_cannot_be_taken_apart() {
    let text = r#"("text" "plain" ("charset" "us-ascii") NIL NIL"#;
    for (message, written, path, octets) in [
        (
            "Content-Type: multipart/mixed\r\n\r\nbody\r\n",
            format!("({text} \"7BIT\" 6 1) \"mixed\")"),
            [1],
            "body\r\n",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\r\n\r\nbody\r\nmore",
            format!("({text} \"7BIT\" 10 2) \"mixed\")"),
            [1],
            "body\r\nmore",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\r\n\r\nbefore\r\n--b--\r\nafter\r\n",
            format!("({text} \"7BIT\" 6 1) \"mixed\")"),
            [1],
            "before",
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
            format!("({text} \"7BIT\" 0 0) \"mixed\")"),
            [1],
            "",
        ),
    ] {
        assert_eq!(structure(message.as_bytes(), false), written, "{message:?}");
        let message = Message::new(message.as_bytes());
        assert_eq!(section(&message, &path, Text::All).unwrap(), octets);
        assert_eq!(section(&message, &[1, 1], Text::All), None);
        assert_eq!(section(&message, &[1], Text::Mime), None);
    }
    // RFC 2045 6.4: a message may not be encoded, and some are.
    let encoded = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDog\r\neA0KDQp0ZWE=";
    let message = multipart("multipart/mixed", "b", &[encoded]);
    assert_eq!(
        structure(message.as_bytes(), false),
        format!(
            "((\"message\" \"rfc822\" NIL NIL NIL \"base64\" 26 \
             (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) {text} \"base64\" 26 2) 2) \"mixed\")"
        )
    );
    let message = Message::new(message.as_bytes());
    let body = "U3ViamVjdDog\r\neA0KDQp0ZWE=";
    assert_eq!(section(&message, &[1], Text::All).unwrap(), body);
    assert_eq!(section(&message, &[1, 1], Text::All).unwrap(), body);
    for text in [Text::Header, Text::Text, Text::HeaderFields(&[])] {
        assert_eq!(section(&message, &[1], text), None);
    }
    assert!(imap::body_contains(&message, "subject: X"));
}

#[test]
fn an_mbox_line_is_before_the_header() {
    let message = b"From ana@a.org Mon Jan  1 00:00:00 2024\r\nSubject: Tea\r\n\r\nbody";
    grammar::check(message);
    let message = Message::new(message);
    let at = |text| section(&message, &[], text).unwrap();
    assert_eq!(at(Text::HeaderFieldsNot(&[])), "Subject: Tea\r\n\r\n");
    assert!(at(Text::Header).starts_with("From ana"));
}

#[test]
fn searches() {
    let text = "Subject: =?utf-8?q?Th=C3=89?= =?utf-8?q?_\u{c3}?=\r\n folded\r\n\
         From: \"B\u{e9}a\" <bea@b.com>\r\nReceived: one\r\nReceived: two\r\nX-Empty:\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n\
         --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         At f=\r\nour in the CAF=C9\r\n\
         --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPGI+w5ZsPC9iPg==\r\n\
         --b\r\nContent-Type: application/x; name=secret\r\n\r\nhidden\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nSubject: =?utf-8?q?inn=C3=A9r?=\r\n\r\n\u{39f}\u{394}\u{39f}\u{3a3} inside\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n--b--\r\nepilogue\r\n";
    let message = Message::new(text.as_bytes());
    for (name, needle, found) in [
        ("Subject", "th\u{e9}", true),
        ("subject", "TH\u{c9}", true),
        ("SUBJECT", "the", false),
        ("Subject", "folded", true),
        ("Subject", "utf-8", false),
        ("Subject", "Subject", false),
        ("From", "b\u{c9}A\" <BEA@b", true),
        ("From", "ana", false),
        ("Received", "one", true),
        ("Received", "two", true),
        ("Received", "one two", false),
        ("Received", "", true),
        ("X-Empty", "", true),
        ("X-Empty", "x", false),
        ("X-None", "", false),
        ("X", "", false),
    ] {
        assert_eq!(imap::header_contains(&message, name, needle), found, "{name} {needle}");
    }
    for (needle, body, all) in [
        ("at four in", true, true),
        ("caf\u{e9}", true, true),
        ("<B>\u{f6}l", true, true),
        ("hidden", false, false),
        ("preamble", false, false),
        ("epilogue", false, false),
        ("secret", false, true),
        ("inn\u{c9}r", false, true),
        ("subject: inn", false, true),
        ("\u{3bf}\u{3b4}\u{3bf}\u{3c3} in", true, true),
        ("action: FAILED", true, true),
        ("bea@b.com", false, true),
        ("received: two", false, true),
        ("content-type: message/RFC822", false, true),
        ("th\u{e9}", false, true),
        ("", true, true),
        ("nothing of the kind", false, false),
    ] {
        assert_eq!(imap::body_contains(&message, needle), body, "{needle}");
        assert_eq!(imap::text_contains(&message, needle), all, "{needle}");
    }
    let nothing = Message::new(b"");
    assert!(imap::body_contains(&nothing, "") && imap::text_contains(&nothing, ""));
    assert!(!imap::body_contains(&nothing, "x") && !imap::text_contains(&nothing, "x"));
}
