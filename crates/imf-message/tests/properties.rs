//! What holds for all inputs.
#![allow(clippy::unwrap_used)]

use imf_message::report::{self, Action, Original, Recipient, Report};
use imf_message::{
    Address, AddressList, Attachment, Builder, ContentType, Date, Decoder, Disposition, Edit,
    Encoding, Header, Mailbox, Message, Received, decode_charset, decode_words, encode_base64,
    encode_quoted_printable, encode_words, parse_ids,
};
use proptest::prelude::*;

/// Bytes that look like mail, more often than chance would have it.
fn mailish() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("\r\n"),
        Just("\n"),
        Just(" "),
        Just("\t"),
        Just("\r"),
        Just(":"),
        Just("A: "),
        Just("--b"),
        Just("--b--"),
        Just("--bb"),
        Just("From "),
        Just("\n\n"),
        Just("Content-Type: multipart/mixed; boundary=b\r\n"),
        Just("Content-Type: multipart/digest; boundary=bb\n"),
        Just("Content-Type: message/rfc822\r\n"),
        Just("Content-Transfer-Encoding: base64\n"),
        Just("=?utf-8?q?"),
        Just("?="),
        Just("=C3"),
        Just("aGk"),
        Just("<"),
        Just(">"),
        Just("@"),
        Just(","),
        Just(";"),
        Just("("),
        Just(")"),
        Just("\""),
        Just("\\"),
        Just("["),
        Just("]"),
        Just("."),
        Just("name*0*="),
        Just("é"),
        Just("\0"),
        Just("1 Jan 2020 "),
        Just("00:00:00 "),
        Just("+0100"),
    ];
    prop_oneof![
        prop::collection::vec(piece, 0..60).prop_map(|v| v.concat().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..200),
    ]
}

/// Text that can be in a header: no control characters, no blanks around it.
fn header_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,200}", "[ -~é日😀]{0,120}", "(=\\?utf-8\\?q\\?a\\?= ){0,5}"]
        .prop_map(|s| s.trim_matches([' ', '\t']).to_owned())
}

fn mailbox() -> impl Strategy<Value = Mailbox> {
    let name = prop::option::of(header_text().prop_filter("not empty", |n| !n.is_empty()));
    let domain = "([a-z0-9]{1,8}\\.){0,3}[a-z]{1,5}|\\[192\\.0\\.2\\.1\\]";
    (name, "[ -~]{1,20}|[a-z]{1,9}", domain).prop_map(|(name, local, domain)| Mailbox {
        name,
        local,
        domain,
    })
}

fn address() -> impl Strategy<Value = Address> {
    let group = (
        header_text().prop_filter("not empty", |n| !n.is_empty()),
        prop::collection::vec(mailbox(), 0..3),
    );
    prop_oneof![
        mailbox().prop_map(Address::Mailbox),
        group.prop_map(|(name, members)| Address::Group { name, members }),
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_message(bytes in mailish()) {
        let message = Message::new(&bytes);
        let mut at = 0;
        for (_, span) in message.index().segments() {
            prop_assert_eq!(span.start, at);
            at = span.end;
        }
        prop_assert_eq!(at, bytes.len());
        for part in message.parts() {
            prop_assert!(part.bytes().len() >= part.body().len());
            let _ = part.text();
            let _ = part.file_name();
            for field in part.fields() {
                let _ = field.text();
                let _ = field.addresses();
                let _ = field.date();
                let _ = field.ids();
            }
        }
        let _ = message.attachments();
        prop_assert_eq!(Edit::new(&message).to_vec(), bytes.clone());
    }

    #[test]
    fn any_bytes_are_a_value(bytes in mailish()) {
        let _ = AddressList::parse(&bytes);
        let _ = Date::parse(&bytes);
        let _ = parse_ids(&bytes);
        let _ = decode_words(&bytes);
        let _ = Received::parse(&bytes);
        if let Some(kind) = ContentType::parse(&bytes) {
            let _ = kind.params.get("name");
        }
        let _ = Disposition::parse(&bytes).and_then(|d| d.file_name());
        let _ = decode_charset(Some("iso-2022-jp"), &bytes);
    }

    #[test]
    fn edits_keep_the_rest(bytes in mailish(), front in any::<bool>()) {
        let message = Message::new(&bytes);
        let header = Header::text("X-Very-New", "1").unwrap();
        let mut edit = Edit::new(&message);
        if front { edit.prepend(&header) } else { edit.append(&header) }
        let changed = edit.to_vec();
        let again = Message::new(&changed);
        prop_assert_eq!(again.root().body(), message.root().body());
        let names = |m: &Message<'_>| m.fields().map(|f| f.raw().trim_ascii_end().to_vec()).collect::<Vec<_>>();
        let mut expected = names(&message);
        expected.insert(if front { 0 } else { expected.len() }, b"X-Very-New: 1".to_vec());
        prop_assert_eq!(names(&again), expected);
        // And back.
        let mut edit = Edit::new(&again);
        prop_assert_eq!(edit.remove("x-very-new"), 1);
        prop_assert_eq!(names(&Message::new(&edit.to_vec())), names(&message));
    }

    #[test]
    fn decoding_is_the_same_at_any_cut(bytes in mailish(), size in 1_usize..20) {
        for encoding in [Encoding::Base64, Encoding::QuotedPrintable] {
            let mut whole = Vec::new();
            let mut decoder = Decoder::new(encoding);
            decoder.push(&bytes, &mut whole);
            decoder.finish(&mut whole);
            let mut cut = Vec::new();
            let mut decoder = Decoder::new(encoding);
            bytes.chunks(size).for_each(|chunk| decoder.push(chunk, &mut cut));
            decoder.finish(&mut cut);
            prop_assert_eq!(whole, cut);
        }
    }

    #[test]
    fn transfer_encodings_come_back(bytes in prop::collection::vec(any::<u8>(), 0..500), text in "[ -~é\n\t]{0,300}") {
        let decode = |encoding, text: &str| {
            let mut out = Vec::new();
            let mut decoder = Decoder::new(encoding);
            decoder.push(text.as_bytes(), &mut out);
            decoder.finish(&mut out);
            out
        };
        prop_assert_eq!(decode(Encoding::Base64, &encode_base64(&bytes)), bytes);
        let quoted = encode_quoted_printable(text.as_bytes());
        prop_assert!(quoted.lines().all(|line| line.len() <= 76));
        let expected = text.replace('\n', "\r\n");
        prop_assert_eq!(decode(Encoding::QuotedPrintable, &quoted), expected.as_bytes());
    }

    #[test]
    fn base64_in_lines_of_any_width_comes_back(
        bytes in prop::collection::vec(any::<u8>(), 0..5_000), width in 1_usize..200, end in prop_oneof![Just("\r\n"), Just("\n")],
        stray in 0_usize..10_000, size in 1_usize..4_000,
    ) {
        let text = encode_base64(&bytes).replace("\r\n", "");
        let mut lines = String::new();
        for (n, c) in text.chars().enumerate() {
            lines.push_str(if n > 0 && n % width == 0 { end } else { "" });
            lines.push(c);
        }
        if stray < lines.len() {
            lines.insert(stray, '*');
        }
        let (mut decoder, mut out) = (Decoder::new(Encoding::Base64), Vec::new());
        lines.as_bytes().chunks(size).for_each(|chunk| decoder.push(chunk, &mut out));
        decoder.finish(&mut out);
        prop_assert_eq!(out, bytes);
    }

    #[test]
    fn dates_come_back(unix in -2_208_900_000_i64..253_402_200_000, offset in -5_999_i16..=5_999) {
        let date = Date::new(unix, offset);
        prop_assert_eq!(Date::parse(date.to_string().as_bytes()), Ok(date));
    }

    #[test]
    fn words_come_back(text in "\\PC{0,200}") {
        let words = encode_words(&text);
        prop_assert!(words.iter().all(|word| word.len() <= 75 && word.is_ascii()));
        let joined = words.join(" ");
        prop_assert_eq!(decode_words(joined.as_bytes()), text);
    }

    #[test]
    fn headers_come_back(text in header_text()) {
        let header = Header::text("Subject", &text).unwrap();
        prop_assert!(header.is_ascii());
        let message = Message::new(header.as_str().as_bytes());
        prop_assert_eq!(message.fields().count(), 1);
        prop_assert_eq!(message.field("Subject").unwrap().text(), text);
        prop_assert!(header.as_str().lines().all(|line| line.len() <= 998 && !line.trim().is_empty()));
    }

    #[test]
    fn addresses_come_back(addresses in prop::collection::vec(address(), 1..5)) {
        let header = Header::addresses("To", &addresses).unwrap();
        let message = Message::new(header.as_str().as_bytes());
        let list = message.field("To").unwrap().addresses();
        prop_assert!(list.sound, "{:?}", header);
        prop_assert_eq!(list.addresses, addresses);
    }

    #[test]
    fn messages_come_back(
        author in mailbox(), to in address(), subject in header_text(), text in prop::option::of("[ -~é\n]{0,300}"),
        html in prop::option::of("[ -~日\n]{0,300}"), file in "[ -~é😀]{1,150}",
        data in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)), eight_bit in any::<bool>(), seed in any::<u64>(),
    ) {
        let mut builder = Builder::new().from(author.clone()).to(to.clone()).date(Date::new(5, 60)).subject(&*subject);
        if let Some(text) = &text { builder = builder.text(&**text); }
        if let Some(html) = &html { builder = builder.html(&**html); }
        if let Some(data) = &data { builder = builder.attach(Attachment::new(&*file, "x-a/b", &**data)); }
        if eight_bit { builder = builder.eight_bit(); }
        let bytes = builder.build(seed).unwrap();
        prop_assert!(bytes.split(|&b| b == b'\n').all(|line| line.len() <= 999));
        let message = Message::new(&bytes);
        prop_assert_eq!(&message.index().issues, &[]);
        prop_assert_eq!(&message.field("From").unwrap().addresses().addresses, &[Address::Mailbox(author)]);
        prop_assert_eq!(&message.field("To").unwrap().addresses().addresses, &[to]);
        prop_assert_eq!(message.field("Subject").unwrap().text(), subject);
        prop_assert_eq!(message.field("Date").unwrap().date(), Ok(Date::new(5, 60)));
        if let Some(text) = text {
            prop_assert_eq!(message.text_part().unwrap().text(), text.replace('\n', "\r\n"));
        }
        if let Some(html) = html {
            prop_assert_eq!(message.html_part().unwrap().text(), html.replace('\n', "\r\n"));
        }
        let attachments = message.attachments();
        prop_assert_eq!(attachments.len(), usize::from(data.is_some()));
        if let Some(data) = data {
            prop_assert_eq!(attachments[0].decoded(), data);
            prop_assert_eq!(attachments[0].file_name(), Some(file));
        }
    }

    #[test]
    fn any_bytes_can_be_bounced(bytes in mailish(), diagnostic in any::<String>()) {
        let mut recipient = Recipient::new("bea@b.com", Action::Failed, "5.0.0");
        recipient.diagnostic = Some(diagnostic);
        for original in [Original::Message(&bytes), Original::Headers(&bytes)] {
            let report = Report {
                from: Mailbox::new("MAILER-DAEMON", "b.com"),
                to: Mailbox::new("ana", "a.org"),
                date: Date::new(0, 0),
                message_id: "1@b.com".into(),
                subject: "Not delivered".into(),
                text: String::new(),
                reporting_mta: "mx1.b.com".into(),
                envelope_id: None,
                arrival: None,
                recipients: vec![recipient.clone()],
                original,
            };
            let bytes = report::bounce(&report, 0).unwrap();
            prop_assert_eq!(Message::new(&bytes).root().children().count(), 3);
            prop_assert!(bytes.split(|&b| b == b'\n').all(|line| line.len() <= 999));
        }
    }
}
