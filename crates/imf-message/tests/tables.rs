//! One case a line: the examples of the RFCs, and what is seen in the wild.
#![allow(clippy::unwrap_used)]

use imf_message::{
    Address, AddressList, ContentType, Date, Decoder, Disposition, Encoding, Mailbox, Received,
    decode_words, encode_base64, encode_quoted_printable, encode_words, parse_ids,
};

/// Shows a list as `name <local@domain>`, groups as `name: …;`.
fn show(list: &AddressList) -> String {
    let mailbox = |m: &Mailbox| match &m.name {
        Some(name) => format!("{name} <{}@{}>", m.local, m.domain),
        None => format!("{}@{}", m.local, m.domain),
    };
    let all = list.addresses.iter().map(|address| match address {
        Address::Mailbox(m) => mailbox(m),
        Address::Group { name, members } => {
            format!("{name}: {};", members.iter().map(mailbox).collect::<Vec<_>>().join(", "))
        }
    });
    all.collect::<Vec<_>>().join(" | ")
}

#[test]
fn addresses_of_rfc_5322_appendix_a() {
    for (value, expected) in [
        ("John Doe <jdoe@machine.example>", "John Doe <jdoe@machine.example>"),
        (
            "\"Joe Q. Public\" <john.q.public@example.com>",
            "Joe Q. Public <john.q.public@example.com>",
        ),
        (
            "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
            "Mary Smith <mary@x.test> | jdoe@example.org | Who? <one@y.test>",
        ),
        (
            "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
            "boss@nil.test | Giant; \"Big\" Box <sysservices@example.net>",
        ),
        (
            "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
            "A Group: Ed Jones <c@a.test>, joe@where.test, John <jdoe@one.test>;",
        ),
        ("Undisclosed recipients:;", "Undisclosed recipients: ;"),
        // A.5: white space and comments
        (
            "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
            "Pete <pete@silly.test>",
        ),
        (
            "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
            "A Group: Chris Jones <c@public.example>, joe@example.org, John <jdoe@one.test>;",
        ),
        ("(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "Hidden recipients: ;"),
        // A.6.1: obsolete
        ("Joe Q. Public <john.q.public@example.com>", "Joe Q. Public <john.q.public@example.com>"),
        (
            "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
            "Mary Smith <mary@example.net> | jdoe@test.example",
        ),
        // and some more
        ("ana@[192.0.2.1]", "ana@[192.0.2.1]"),
        ("\"a b\"@b.com", "a b@b.com"),
        ("ana@a.org (Ana of A)", "Ana of A <ana@a.org>"),
        ("ána@á.org", "ána@á.org"),
        ("=?utf-8?q?B=C3=A9a?= =?utf-8?q?_B?= <bea@b.com>", "Béa B <bea@b.com>"),
        ("\"=?utf-8?q?B=C3=A9a?=\" <bea@b.com>", "Béa <bea@b.com>"),
        ("=?utf-8?q?_B=C3=A9a_?= <bea@b.com>", "Béa <bea@b.com>"),
        ("bea@b.com (=?utf-8?q?_B=C3=A9a?=)", "Béa <bea@b.com>"),
        ("=?utf-8?q?_?= <bea@b.com> (Bea)", "Bea <bea@b.com>"),
        ("=?utf-8?q?_?= <bea@b.com>", "bea@b.com"),
        ("\".\" <ana@a.org>", ". <ana@a.org>"),
        ("a: ana@a.org;, bea@b.com, c:;", "a: ana@a.org; | bea@b.com | c: ;"),
    ] {
        let list = AddressList::parse(value.as_bytes());
        assert_eq!(show(&list), expected, "{value}");
        assert!(list.sound, "{value}");
    }
}

#[test]
fn broken_addresses_give_what_is_there_and_are_not_sound() {
    for (value, expected) in [
        ("", ""),
        ("MAILER-DAEMON", "MAILER-DAEMON <@>"),
        ("<>", "@"),
        ("ana@a.org; bea@b.com", "ana@a.org | bea@b.com"),
        ("Ana <ana@a.org, Bea <bea@b.com>", "Ana <ana@a.org> | Bea <bea@b.com>"),
        ("ana@a.org <bea@b.com>", "ana@a.org <bea@b.com>"),
        ("<ana@a.org> <bea@b.com>", "ana@a.org"),
        ("=?utf-8?q?Doe,_Ana?= <ana@a.org>", "Doe, Ana <ana@a.org>"),
        ("ana@@a.org", "ana@"),
        (".ana@a.org", ".ana@a.org"),
        (". <ana@a.org>", ". <ana@a.org>"),
        ("ana.@a.org", "ana.@a.org"),
        ("a na@a.org", "ana@a.org"),
        ("ana@a..org", "ana@a..org"),
        ("\"ana@a.org", "ana@a.org <@>"),
        ("g: ana@a.org", "g: ana@a.org;"),
        ("ana@a.org (", "ana@a.org"),
        ("ana\0@a.org", "ana@a.org"),
        ("ana@a.org\r\n", "ana@a.org"),
    ] {
        let list = AddressList::parse(value.as_bytes());
        assert_eq!(show(&list), expected, "{value:?}");
        assert!(!list.sound, "{value:?}");
        assert!(value.parse::<Mailbox>().is_err());
    }
}

#[test]
fn dates() {
    for (value, unix, offset) in [
        ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706, -360),
        ("Tue, 1 Jul 2003 10:52:37 +0200", 1_057_049_557, 120),
        ("Thu, 13 Feb 1969 23:32:54 -0330", -27_723_426, -210),
        (
            "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)",
            -27_723_480,
            -210,
        ),
        // RFC 5322 A.6.2
        ("21 Nov 97 09:55:06 GMT", 880_106_106, 0),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880_127_706, -360),
        ("1 Jan 1970 00:00 Z", 0, 0),
        ("1 Jan 49 00:00:00 EST", 2_493_090_000, -300),
        ("1 Jan 50 00:00:00 PDT", -631_126_800, -420),
        ("1 Jan 100 00:00:00 +0000", 946_684_800, 0),
        ("Sat, 29 Feb 2020 23:59:60 +0000", 1_583_020_800, 0),
        ("Wednesday, 4 March 2020 01:02:03 -0000", 1_583_283_723, 0),
        ("1 Jan 1970 00:00:10", 10, 0),
    ] {
        assert_eq!(Date::parse(value.as_bytes()), Ok(Date::new(unix, offset)), "{value}");
    }
    for value in [
        "",
        "now",
        "30 Feb 2020 00:00:00 +0000",
        "29 Feb 2021 00:00:00 +0000",
        "0 Jan 2020 00:00:00 +0000",
        "1 Foo 2020 00:00:00 +0000",
        "1 Jan 2020 24:00:00 +0000",
        "1 Jan 2020 00:60:00 +0000",
        "1 Jan 2020",
        "1 Jan 2020 00:00:61 +0000",
        "(((1 Jan 2020 00:00:00 +0000",
    ] {
        assert!(Date::parse(value.as_bytes()).is_err(), "{value}");
    }
}

#[test]
fn dates_written() {
    for (unix, offset, text) in [
        (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"),
        (-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"),
        (1_057_049_557, 120, "Tue, 1 Jul 2003 10:52:37 +0200"),
        (951_782_400, -570, "Mon, 28 Feb 2000 14:30:00 -0930"),
        (951_782_400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"),
    ] {
        assert_eq!(Date::new(unix, offset).to_string(), text);
    }
    // Any number gives some text, and none panics.
    for unix in [i64::MIN, i64::MAX] {
        for offset in [i16::MIN, 0, i16::MAX] {
            assert!(Date::new(unix, offset).to_string().len() > 20);
        }
    }
}

#[test]
fn encoded_words_of_rfc_2047_section_8() {
    for (text, expected) in [
        ("=?US-ASCII?Q?Keith_Moore?=", "Keith Moore"),
        ("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?=", "Keld Jørn Simonsen"),
        ("=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"),
        (
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example.",
        ),
        ("=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?=", "Patrik Fältström"),
        ("=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ"),
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        // RFC 2231 5: a language; a character cut in two; a label that is not known; no words
        ("=?us-ascii*en-us?q?This_is?=", "This is"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?utf-8?b?w6k?=", "é"),
        ("=?cp932?b?k/qWew==?=", "日本"),
        ("=?x-none?q?=C3=A9?=", "é"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("a =? b ?= c", "a =? b ?= c"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"),
        ("plain", "plain"),
    ] {
        assert_eq!(decode_words(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn encoded_words_are_short_and_whole() {
    for text in
        ["é", "Thé à quatre heures", &"日本語".repeat(60), &"aé".repeat(200), &"x".repeat(500)]
    {
        let words = encode_words(text);
        for word in &words {
            assert!(word.len() <= 75, "{word}");
            assert!(!decode_words(word.as_bytes()).contains('\u{fffd}'), "{word}");
        }
        assert_eq!(decode_words(words.join("\r\n ").as_bytes()), text);
    }
}

#[test]
fn parameters_of_rfc_2231() {
    for (value, name, expected) in [
        (
            "message/external-body; access-type=URL;\r\n URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
            "url",
            Some("ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"),
        ),
        (
            "application/x-stuff;\r\n title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
            "title",
            Some("This is ***fun***"),
        ),
        (
            "application/x-stuff;\r\n title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n title*2=\"isn't it!\"",
            "title",
            Some("This is even more ***fun*** isn't it!"),
        ),
        ("text/plain; charset=us-ascii (Plain text)", "charset", Some("us-ascii")),
        ("text/plain; charset = \"us-ascii\"", "CHARSET", Some("us-ascii")),
        ("text/plain; name*1=b; name*0=a", "name", Some("ab")),
        ("text/plain; name*0=a; name*2=c", "name", Some("a")),
        ("text/plain; name=x; name*=utf-8''%C3%A9", "name", Some("é")),
        ("text/plain; name=\"=?utf-8?q?=C3=A9?=\"", "name", Some("é")),
        ("text/plain; name*=%zz%4", "name", Some("%zz%4")),
        ("text/plain; name=a=b; x", "name", Some("a=b")),
        ("text/plain;;; name=a", "name", Some("a")),
        ("text/plain; names=a", "name", None),
        ("text/plain", "name", None),
    ] {
        let kind = ContentType::parse(value.as_bytes()).unwrap();
        assert_eq!(kind.params.get(name).as_deref(), expected, "{value}");
    }
    let disposition = Disposition::parse(b"ATTACHMENT; filename=\"a \\\"b\\\".txt\"").unwrap();
    assert!(disposition.is_attachment());
    assert_eq!(disposition.file_name().as_deref(), Some("a \"b\".txt"));
    assert!(ContentType::parse(b"inline").is_none());
    assert!(ContentType::parse(b" text / plain ").unwrap().is("TEXT", "PLAIN"));
}

#[test]
fn transfer_decoding_whole_and_byte_by_byte() {
    use Encoding::{Base64, QuotedPrintable};
    for (encoding, text, expected) in [
        (Base64, "aGVsbG8=", "hello"),
        (Base64, "aGVs\r\nbG8=\r\n", "hello"),
        (Base64, "aGVsbG8", "hello"),
        (Base64, "aG V*s\nbG8", "hello"),
        (Base64, "aA==aQ==", "hi"),
        (Base64, "====", ""),
        (Base64, "a", ""),
        (QuotedPrintable, "caf=C3=A9", "café"),
        (QuotedPrintable, "caf=c3=a9", "café"),
        (QuotedPrintable, "a=\r\nb", "ab"),
        (QuotedPrintable, "a=  \r\nb", "ab"),
        (QuotedPrintable, "a=\nb", "ab"),
        (QuotedPrintable, "a  \r\nb\t\n", "a\r\nb\n"),
        (QuotedPrintable, "a b", "a b"),
        (QuotedPrintable, "a=zb=", "a=zb"),
        (QuotedPrintable, "a=4", "a=4"),
        (QuotedPrintable, "a=4g", "a=4g"),
        (QuotedPrintable, "==41", "=A"),
        (QuotedPrintable, "a  ", "a"),
        (QuotedPrintable, "a\rb", "a\rb"),
        (Encoding::SevenBit, "a =41", "a =41"),
    ] {
        for size in 1..=text.len().max(1) {
            let mut out = Vec::new();
            let mut decoder = Decoder::new(encoding);
            text.as_bytes().chunks(size).for_each(|chunk| decoder.push(chunk, &mut out));
            decoder.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "{text:?} by {size}");
        }
    }
}

#[test]
fn transfer_encoding() {
    assert_eq!(encode_base64(b"hello"), "aGVsbG8=\r\n");
    assert_eq!(encode_base64(&[0; 58]).lines().map(str::len).collect::<Vec<_>>(), [76, 4]);
    for (text, expected) in [
        ("a b \r\nc", "a b=20\r\nc"),
        ("é=\n", "=C3=A9=3D\r\n"),
        (".\r\nFrom x\r\n", "=2E\r\n=46rom x\r\n"),
        ("a\rb", "a=0Db"),
    ] {
        assert_eq!(encode_quoted_printable(text.as_bytes()), expected);
    }
    let long = encode_quoted_printable("é".repeat(100).as_bytes());
    assert!(long.lines().all(|line| line.len() <= 76), "{long}");
    assert_eq!(encode_quoted_printable("x".repeat(76).as_bytes()).lines().count(), 1);
}

#[test]
fn identifiers() {
    for (value, expected) in [
        ("<1234@local.machine.example>", vec!["1234@local.machine.example"]),
        ("<1@a.org> (x <2@a.org>)\r\n <3@b.com>", vec!["1@a.org", "3@b.com"]),
        ("Your note of <1 @a. org>, and <2@b.com", vec!["1@a.org", "2@b.com"]),
        // RFC 5322 A.6.3
        ("<1234   @   local(blah)  .machine .example>", vec!["1234@local.machine.example"]),
        ("1@a.org 2@b.com", vec!["1@a.org", "2@b.com"]),
        ("\"<x>\" <1@a.org>", vec!["1@a.org"]),
        ("<>", vec![]),
        ("", vec![]),
    ] {
        assert_eq!(parse_ids(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn received_fields() {
    let some = |text: &str| Some(text.to_owned());
    let value = "from x.y.test\r\n   by example.net\r\n   via TCP\r\n   with ESMTP\r\n   id ABC12345\r\n   for <mary@example.net>;  21 Nov 1997 10:05:43 -0600";
    assert_eq!(
        Received::parse(value.as_bytes()),
        Received {
            from: some("x.y.test"),
            from_info: None,
            by: some("example.net"),
            via: some("TCP"),
            with: some("ESMTP"),
            id: some("ABC12345"),
            for_: some("mary@example.net"),
            date: Some(Date::new(880_128_343, -360)),
        }
    );
    let field =
        Received::parse(b"from [192.0.2.1] (helo=a (b) [c]) (ana) by mx; 1 Jan 1970 00:00 Z");
    assert_eq!(field.from_info.as_deref(), Some("ana"));
    assert_eq!(field.from.as_deref(), Some("[192.0.2.1]"));
    for value in ["", ";", "by", "(((", "from", "by ; x", "for <"] {
        assert_eq!(Received::parse(value.as_bytes()).by, None, "{value}");
    }
}

#[test]
fn received_clauses_cannot_leave_their_place() {
    let evil = "x\r\nBcc: bea@b.com\r\n (by y; \"<é".to_owned();
    let field = Received {
        from: Some(evil.clone()),
        from_info: Some(evil.clone()),
        by: Some(evil.clone()),
        via: Some(evil.clone()),
        with: Some(evil.clone()),
        id: Some(String::new()),
        for_: Some("a".repeat(5_000)),
        date: Some(Date::new(0, 0)),
    };
    let header = field.header().unwrap();
    let message = [header.as_str(), "\r\n"].concat();
    let message = imf_message::Message::new(message.as_bytes());
    assert_eq!(message.fields().count(), 1);
    let back = Received::parse(message.field("Received").unwrap().value());
    assert_eq!(back.id.as_deref(), Some("?"));
    assert_eq!(back.date, field.date);
    assert_eq!(back.for_.map(|f| f.len()), Some(256));
    let wide = Received { by: Some("é".repeat(500)), ..field };
    assert!(wide.header().unwrap().as_str().lines().all(|line| line.len() < 998));
    assert!(Received::default().header().is_err());
}
