//! Building, editing and reporting.
#![allow(clippy::unwrap_used)]

use imf_message::report::{self, Action, Original, Recipient, Report};
use imf_message::{
    Address, Attachment, Builder, Date, Edit, Encoding, Header, Kind, Mailbox, Message, Misuse,
    Received,
};

fn ana() -> Mailbox {
    Mailbox::new("ana", "a.org").named("Ana")
}

fn builder() -> Builder {
    Builder::new().from(ana()).to(Mailbox::new("bea", "b.com")).date(Date::new(0, 0))
}

fn check_lines(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.split("\r\n") {
        assert!(line.len() <= 998, "{line}");
        assert!(!line.contains(['\r', '\n']), "{line:?}");
    }
}

#[test]
fn text_alone() {
    let bytes = builder().message_id("1@a.org").subject("Tea").text("At four?\n").build(0).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
         From: Ana <ana@a.org>\r\n\
         To: bea@b.com\r\n\
         Message-ID: <1@a.org>\r\n\
         Subject: Tea\r\n\
         MIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\
         Content-Transfer-Encoding: 7bit\r\n\
         \r\n\
         At four?\r\n"
    );
}

#[test]
fn all_kinds_of_parts() {
    let data: Vec<u8> = (0..=255).cycle().take(10_000).collect();
    let inner = builder().subject("Inner").text("x").build(0).unwrap();
    let bytes = builder()
        .text("Grüße\n")
        .html("<p>Grüße")
        .attach(Attachment::new("naïve plan.bin", "application/octet-stream", data.clone()))
        .attach(Attachment::new("in.eml", "message/rfc822", inner.clone()))
        .attach(Attachment::new("", "image/png", "x").inline("pic@a.org"))
        .build(9)
        .unwrap();
    check_lines(&bytes);
    let message = Message::new(&bytes);
    assert_eq!(message.index().issues, []);
    assert_eq!(message.text_part().unwrap().text(), "Grüße\r\n");
    assert_eq!(message.html_part().unwrap().text(), "<p>Grüße");
    let attachments = message.attachments();
    assert_eq!(attachments[0].file_name().as_deref(), Some("naïve plan.bin"));
    assert_eq!(attachments[0].decoded(), data);
    assert_eq!(attachments[1].kind(), Kind::Message);
    assert_eq!(attachments[1].body(), inner);
    let kinds: Vec<_> =
        message.root().children().map(|p| p.content_type().subtype().into_owned()).collect();
    assert_eq!(kinds, ["alternative", "octet-stream", "rfc822", "png"]);
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("filename=\"na_ve plan.bin\";"), "{text}");
    assert!(text.contains("filename*=utf-8''na%C3%AFve%20plan.bin"), "{text}");
    assert!(text.contains("Content-ID: <pic@a.org>"));
}

#[test]
fn boundaries_are_never_in_the_content() {
    let first = builder().text("x").attach(Attachment::new("a", "a/b", "")).build(3).unwrap();
    let line = first.split(|&b| b == b'\n').find(|l| l.starts_with(b"--=_")).unwrap();
    let line = std::str::from_utf8(line).unwrap();
    let bytes = builder().text(line).attach(Attachment::new("a", "a/b", "")).build(3).unwrap();
    let message = Message::new(&bytes);
    assert_eq!(message.root().children().count(), 2);
    assert_eq!(message.text_part().unwrap().text(), format!("{}\r\n", line.trim_end()));
}

#[test]
fn bcc_is_written_only_when_asked() {
    let builder = builder().bcc(Mailbox::new("cy", "example.com"));
    assert!(Message::new(&builder.build(0).unwrap()).field("Bcc").is_none());
    assert_eq!(builder.recipients().count(), 2);
    assert!(Message::new(&builder.write_bcc().build(0).unwrap()).field("Bcc").is_some());
}

#[test]
fn encodings_are_as_plain_as_can_be() {
    let long = "x".repeat(999);
    for (text, eight_bit, expected) in [
        ("abc\n", false, Encoding::SevenBit),
        ("abc é abc abc abc\n", false, Encoding::QuotedPrintable),
        ("abc é abc abc abc\n", true, Encoding::EightBit),
        ("日本語日本語", false, Encoding::Base64),
        (&long, true, Encoding::QuotedPrintable),
        ("a\0", true, Encoding::QuotedPrintable),
    ] {
        let builder = builder().text(text);
        let builder = if eight_bit { builder.eight_bit() } else { builder };
        let bytes = builder.build(0).unwrap();
        check_lines(&bytes);
        let message = Message::new(&bytes);
        assert_eq!(message.root().encoding(), expected, "{text}");
        assert_eq!(message.root().text(), text.replace('\n', "\r\n"));
    }
}

#[test]
fn what_cannot_be_built() {
    let missing = Err(Misuse::Missing);
    assert_eq!(Builder::new().build(0), missing);
    assert_eq!(Builder::new().from(ana()).build(0), missing);
    assert_eq!(builder().from(ana()).build(0), missing, "two authors and no sender");
    assert!(builder().from(ana()).sender(ana()).build(0).is_ok());
    assert_eq!(builder().message_id("x").build(0), Err(Misuse::MessageId));
    for (local, domain) in
        [("", "a.org"), ("a", ""), ("a", "a b"), ("a", "[x"), ("a", "[x]]"), ("a", ".b")]
    {
        assert_eq!(builder().cc(Mailbox::new(local, domain)).build(0), Err(Misuse::Address));
    }
    let long = Mailbox::new("a".repeat(950), "a.org");
    assert_eq!(builder().cc(long).build(0), Err(Misuse::TooLong));
    for kind in ["multipart/mixed", "message/partial", "text", "a/b c", "/"] {
        let result = builder().attach(Attachment::new("a", kind, "")).build(0);
        assert_eq!(result, Err(Misuse::ContentType));
    }
    let odd = Header::text("Content-Type", "text/html").unwrap();
    assert_eq!(builder().header(odd).build(0), Err(Misuse::Name));
    assert_eq!(Header::date("Date", Date::new(i64::MAX, 0)), Err(Misuse::Date));
    assert_eq!(Header::date("Date", Date::new(-2_208_988_801, 0)), Err(Misuse::Date));
}

#[test]
fn headers_fold_at_78_and_never_inside_an_address() {
    let many: Vec<Address> = (0..50)
        .map(|i| Mailbox::new(format!("user{i}"), "a.org").named("Some One").into())
        .collect();
    let header = Header::addresses("To", &many).unwrap();
    assert!(header.as_str().lines().all(|line| line.len() <= 78));
    for i in 0..50 {
        assert!(header.as_str().contains(&format!("<user{i}@a.org>")));
    }
    let ids: Vec<_> = (0..50).map(|i| format!("{i}.{}@a.org", "x".repeat(60))).collect();
    let header = Header::ids("References", &ids).unwrap();
    for id in &ids {
        assert!(header.as_str().contains(&format!("<{id}>")));
    }
    let id = format!("{}@a.org", "x".repeat(300));
    assert_eq!(
        Header::ids("Message-ID", &[&id]).unwrap().as_str(),
        format!("Message-ID: <{id}>\r\n")
    );
    for text in [
        "word ".repeat(100),
        "é".repeat(300),
        "x".repeat(3_000),
        format!("a{}b", " ".repeat(2_000)),
    ] {
        let header = Header::text("Subject", &text).unwrap();
        assert!(header.as_str().lines().all(|line| line.len() <= 78), "{header:?}");
        assert!(header.as_str().lines().all(|line| !line.trim().is_empty()));
        let bytes = header.as_str().as_bytes();
        assert_eq!(Message::new(bytes).field("Subject").unwrap().text(), text.trim());
    }
}

#[test]
fn edits_change_only_what_they_name() {
    let x = Header::text("X", "new").unwrap();
    type Change = fn(&mut Edit<'_>, &Header);
    let cases: [(&str, Change, &str); 16] = [
        ("A: 1\r\nX: old\r\n\r\nb", |_, _| {}, "A: 1\r\nX: old\r\n\r\nb"),
        ("A: 1\r\n\r\nb", |e, x| e.prepend(x), "X: new\r\nA: 1\r\n\r\nb"),
        ("A: 1\n\nb", |e, x| e.prepend(x), "X: new\nA: 1\n\nb"),
        ("A: 1\r\n\r\nb", |e, x| e.append(x), "A: 1\r\nX: new\r\n\r\nb"),
        ("A: 1", |e, x| e.append(x), "A: 1\r\nX: new\r\n"),
        (
            "A: 1\r\nX: o\r\n l\r\nx: d\r\nB: 2\r\n\r\nb",
            |e, x| e.replace(x),
            "A: 1\r\nX: new\r\nB: 2\r\n\r\nb",
        ),
        ("A: 1\r\n\r\nb", |e, x| e.replace(x), "A: 1\r\nX: new\r\n\r\nb"),
        (
            "x : o\n l\nA: 1\n\nX: b",
            |e, _| {
                e.remove("X");
            },
            "A: 1\n\nX: b",
        ),
        ("From ana\nA: 1\n\nb", |e, x| e.prepend(x), "From ana\nX: new\nA: 1\n\nb"),
        ("From ana", |e, x| e.prepend(x), "From ana\r\nX: new\r\n"),
        ("", |e, x| e.prepend(x), "X: new\r\n"),
        ("\r\nb", |e, x| e.append(x), "X: new\r\n\r\nb"),
        (" text", |e, x| e.prepend(x), "X: new\r\n\r\n text"),
        ("A: 1\nno field", |e, x| e.append(x), "A: 1\nX: new\n\nno field"),
        (
            "A: 1\r\n\r\nb",
            |e, x| {
                e.prepend(x);
                e.prepend(&Header::text("Y", "2").unwrap());
            },
            "Y: 2\r\nX: new\r\nA: 1\r\n\r\nb",
        ),
        (
            "A: 1\r\nB: 2\r\nC: 3\r\n\r\n",
            |e, _| {
                e.remove_if(|_, value| value == b" 2");
            },
            "A: 1\r\nC: 3\r\n\r\n",
        ),
    ];
    for (before, change, after) in cases {
        let message = Message::new(before.as_bytes());
        let mut edit = Edit::new(&message);
        change(&mut edit, &x);
        assert_eq!(String::from_utf8(edit.to_vec()).unwrap(), after, "{before:?}");
    }
}

#[test]
fn a_received_field_is_read_back() {
    let field = Received {
        from: Some("[192.0.2.1]".into()),
        from_info: Some("mail.a.org [192.0.2.1]".into()),
        by: Some("mx1.b.com".into()),
        via: Some("TCP".into()),
        with: Some("ESMTPSA".into()),
        id: Some("4F2A".into()),
        for_: Some("bea@b.com".into()),
        date: Some(Date::new(1_057_049_557, 120)),
    };
    let header = field.header().unwrap();
    assert!(header.as_str().lines().all(|line| line.len() <= 78));
    assert_eq!(Received::parse(header.as_str().split_once(':').unwrap().1.as_bytes()), field);
}

/// What a reader leaves out is not written: a field that was read and written stays as it is.
#[test]
fn the_comment_of_a_received_field_is_written_as_it_will_be_read() {
    let cut_at_a_blank = "a".repeat(255) + " b";
    let like_a_word = "=(utf-8?q?x?=";
    for (info, written) in
        [(" a ", "(a)"), ("  ", ""), (&*cut_at_a_blank, "aaa)"), (like_a_word, "(_?utf-8?q?x?=)")]
    {
        let from_info = Some(info.to_owned());
        let field = Received { from: Some("a.org".into()), from_info, ..Received::default() };
        let field = Received { date: Some(Date::new(0, 0)), ..field };
        let header = field.header().unwrap();
        assert!(
            header.as_str().contains(written)
                && header.as_str().contains('(') != written.is_empty()
        );
        let again = Received::parse(header.as_str().split_once(':').unwrap().1.as_bytes());
        assert_eq!(again.header().unwrap().as_str(), header.as_str());
    }
}

fn bounce<'a>(original: Original<'a>) -> Report<'a> {
    let mut recipient = Recipient::new("bea@b.com", Action::Failed, "5.1.1");
    recipient.remote_mta = Some("mx1.b.com".into());
    recipient.diagnostic = Some("550 5.1.1 no\r\n550 such\0 usér".into());
    Report {
        from: Mailbox::new("MAILER-DAEMON", "a.org"),
        to: ana(),
        date: Date::new(0, 0),
        message_id: "2@a.org".into(),
        subject: "Not delivered".into(),
        text: "Bea cannot be reached.\n".into(),
        reporting_mta: "mail.a.org".into(),
        envelope_id: None,
        arrival: Some(Date::new(0, 0)),
        recipients: vec![recipient, Recipient::new("béa@b.com", Action::Delayed, "4.4.1")],
        original,
    }
}

#[test]
fn a_bounce_has_its_three_parts() {
    let original = b"Subject: Tea\nX: \xc3\xa9\n\nAt four?\n";
    let bytes = report::bounce(&bounce(Original::Message(original)), 1).unwrap();
    check_lines(&bytes);
    let message = Message::new(&bytes);
    assert_eq!(message.index().issues, []);
    let kind = message.root().content_type();
    assert!(kind.is("multipart", "report"));
    assert_eq!(kind.params.get("report-type").as_deref(), Some("delivery-status"));
    assert_eq!(message.field("Auto-Submitted").unwrap().text(), "auto-replied");
    let parts: Vec<_> = message.root().children().collect();
    assert_eq!(parts[0].text(), "Bea cannot be reached.\r\n");
    assert!(parts[1].content_type().is("message", "delivery-status"));
    assert_eq!(
        String::from_utf8_lossy(parts[1].body()),
        "Reporting-MTA: dns; mail.a.org\r\n\
         Arrival-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n\
         \r\n\
         Final-Recipient: rfc822; bea@b.com\r\n\
         Action: failed\r\n\
         Status: 5.1.1\r\n\
         Remote-MTA: dns; mx1.b.com\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no 550 such  us?r\r\n\
         \r\n\
         Final-Recipient: utf-8; b\\x{E9}a@b.com\r\n\
         Action: delayed\r\n\
         Status: 4.4.1\r\n"
    );
    assert_eq!(parts[2].body(), b"Subject: Tea\r\nX: \xc3\xa9\r\n\r\nAt four?\r\n");

    let bytes = report::bounce(&bounce(Original::Headers(original)), 1).unwrap();
    let message = Message::new(&bytes);
    let last = message.root().children().last().unwrap();
    assert!(last.content_type().is("text", "rfc822-headers"));
    assert_eq!(last.body(), b"Subject: Tea\r\nX: \xc3\xa9\r\n");
    let bytes = report::bounce(&bounce(Original::None), 1).unwrap();
    assert_eq!(Message::new(&bytes).root().children().count(), 2);
}

#[test]
fn a_bounce_of_what_cannot_be_mail_gives_its_header() {
    let long = format!("Subject: Tea\nX: {0}\n\n{0}\n", "x".repeat(2_000));
    let bytes = report::bounce(&bounce(Original::Message(long.as_bytes())), 1).unwrap();
    check_lines(&bytes);
    let message = Message::new(&bytes);
    assert_eq!(message.root().children().last().unwrap().body(), b"Subject: Tea\r\n");
}

#[test]
fn a_bounce_needs_a_recipient_with_a_status() {
    let mut report = bounce(Original::None);
    for status in ["", "5", "5.1", "5.1.1.1", "3.1.1", "5.1234.1", "5.a.1", "5..1"] {
        report.recipients[0].status = status.into();
        assert_eq!(report::bounce(&report, 0), Err(Misuse::Status), "{status}");
    }
    report.recipients.clear();
    assert_eq!(report::bounce(&report, 0), Err(Misuse::Status));
}

/// Where an address is written bare, a reader that sees encoded words without blanks around them finds none in it.
#[test]
fn a_local_part_that_looks_like_an_encoded_word_stays_an_address() {
    for local in ["=?utf-8?q?=C3=A9?=b&", "=?utf-8?q?a?="] {
        let mailbox = Mailbox::new(local, "c");
        let header = Header::addresses("To", &[mailbox.clone().into()]).unwrap();
        let message = Message::new(header.as_str().as_bytes());
        let list = message.field("To").unwrap().addresses();
        assert!(list.sound, "{header:?}");
        assert_eq!(list.addresses, [mailbox.into()]);
    }
}
