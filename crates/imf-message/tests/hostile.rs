//! Messages made to hurt: each ends soon, holds little, and needs a small stack.
#![allow(clippy::unwrap_used)]

use imf_message::{
    AddressList, Attachment, Builder, ContentType, Date, Decoder, Edit, Encoding, Header, Limits,
    MAX_ADDRESSES, MAX_PARAMS, Mailbox, Message, Misuse, Received, decode_words, parse_ids,
};

/// Runs `work` on a thread whose stack is too small for recursion.
fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(64 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn v10_no_line_end_gets_into_a_header() {
    for evil in ["a\r\nBcc: bea@b.com", "a\nB: c", "a\rB: c", "a\0", "\r\n\r\nbody", "a\r\n"] {
        let mailbox = || Mailbox::new("ana", "a.org");
        let builder = || Builder::new().from(mailbox()).date(Date::new(0, 0));
        assert_eq!(Header::text("Subject", evil), Err(Misuse::Injection));
        assert_eq!(Header::text(evil, "x"), Err(Misuse::Name));
        assert_eq!(Header::folded("X", evil), Err(Misuse::Injection));
        assert_eq!(Header::ids("X", &[evil]), Err(Misuse::MessageId));
        assert!(builder().subject(evil).build(0).is_err());
        assert!(builder().to(mailbox().named(evil)).build(0).is_err());
        assert!(builder().to(Mailbox::new(evil, "a.org")).build(0).is_err());
        assert!(builder().to(Mailbox::new("ana", evil)).build(0).is_err());
        assert!(builder().message_id(evil).build(0).is_err());
        assert!(builder().reference(evil).build(0).is_err());
        assert!(builder().attach(Attachment::new(evil, "a/b", "")).build(0).is_err());
        assert!(builder().attach(Attachment::new("a", evil, "")).build(0).is_err());
        assert!(builder().attach(Attachment::new("a", "a/b", "").inline(evil)).build(0).is_err());
        // In bodies they are text.
        assert!(builder().text(evil).html(evil).build(0).is_ok());
    }
    for sound in ["a", "a\r\n b", "\r\n a", " a\r\n\tb"] {
        assert!(Header::folded("X", sound).is_ok(), "{sound:?}");
    }
    for broken in ["a\r\n \r\n b", "a\r\n ", "a\n b", "a\r\nb"] {
        assert_eq!(Header::folded("X", broken), Err(Misuse::Injection), "{broken:?}");
    }
    for name in ["", "a b", "a:", "é", &"a".repeat(77)] {
        assert_eq!(Header::text(name, "x"), Err(Misuse::Name));
    }
}

#[test]
fn v12_nested_multiparts_stop_at_the_limit() {
    on_small_stack(|| {
        let mut text = String::new();
        for i in 0..10_000 {
            text += &format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n");
        }
        let message = Message::new(text.as_bytes());
        assert!(message.index().too_deep);
        assert_eq!(message.parts().count(), 100);
        assert_eq!(message.index().segments().last().unwrap().1.end, text.len());
        drop(message.attachments());
    });
}

#[test]
fn v12_nested_messages_stop_at_the_limit() {
    on_small_stack(|| {
        let text = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
        let message = Message::new(text.as_bytes());
        assert!(message.index().too_deep);
        assert_eq!(message.parts().count(), 100);
    });
}

#[test]
fn v12_a_million_empty_parts_stop_at_the_limit() {
    on_small_stack(|| {
        let text =
            "Content-Type: multipart/mixed; boundary=b\n\n".to_owned() + &"--b\n".repeat(1_000_000);
        let message = Message::new(text.as_bytes());
        assert!(message.index().too_many_parts);
        assert_eq!(message.index().parts.len(), Limits::default().parts);
        assert!(message.index().issues.len() <= Limits::default().issues);
    });
}

#[test]
fn v12_many_boundary_parameters() {
    let text = "text/plain".to_owned() + &"; boundary=b".repeat(100_000);
    assert_eq!(ContentType::parse(text.as_bytes()).unwrap().params.raw().len(), MAX_PARAMS);
}

#[test]
fn v12_lines_that_are_almost_delimiters() {
    let mut text = String::new();
    for i in 0..99 {
        text +=
            &format!("Content-Type: multipart/mixed; boundary={}{i}\n\n--{0}{i}\n", "-".repeat(60));
    }
    text += "\n";
    text += &format!("--{}x\n", "-".repeat(60)).repeat(50_000);
    let message = Message::new(text.as_bytes());
    assert_eq!(message.parts().count(), 100);
}

#[test]
fn v13_sections_of_rfc_2231() {
    let mut text = "text/plain".to_owned();
    for i in (0..100_000).rev() {
        text += &format!("; name*{i}*=a");
    }
    let kind = ContentType::parse(text.as_bytes()).unwrap();
    // Only the highest numbers are kept: none is the first.
    assert_eq!(kind.params.get("name").as_deref(), Some(""));
    let mut text = "text/plain".to_owned();
    for i in 0..100_000 {
        text += &format!("; name*{i}*=a");
    }
    let kind = ContentType::parse(text.as_bytes()).unwrap();
    assert_eq!(kind.params.get("name").unwrap().len(), MAX_PARAMS);
}

#[test]
fn v13_a_hundred_thousand_addresses() {
    for one in ["ana@a.org, ", "g: ana@a.org; ", "a <", "<@a", ",", "a:", "\"", "[", "=?a?q?b?= "] {
        let text = one.repeat(100_000);
        let list = AddressList::parse(text.as_bytes());
        assert!(list.addresses.len() <= MAX_ADDRESSES);
        assert!(list.mailboxes().count() <= MAX_ADDRESSES);
    }
    assert!(AddressList::parse("ana@a.org,".repeat(100_000).as_bytes()).truncated);
}

#[test]
fn v13_a_hundred_thousand_fields() {
    let text = "To: ana@a.org\r\n".repeat(100_000) + "\r\n";
    let message = Message::new(text.as_bytes());
    assert_eq!(message.fields().count(), 100_000);
    let mut edit = Edit::new(&message);
    assert_eq!(edit.remove("to"), 100_000);
    assert_eq!(edit.to_vec(), b"\r\n");
    let text = "A:\n".repeat(1_000_000);
    let message = Message::new(text.as_bytes());
    assert!(message.index().too_many_fields);
    assert_eq!(message.fields().count(), Limits::default().fields);
}

#[test]
fn v13_parts_of_a_digest_with_a_huge_header() {
    let text = "A:\n".repeat(150_000)
        + "Content-Type: multipart/digest; boundary=b"
        + &"; x=y".repeat(100_000)
        + "\n\n"
        + &"--b\n\nA: 1\n\n".repeat(5_000);
    let message = Message::new(text.as_bytes());
    assert!(message.parts().skip(1).step_by(2).all(|p| p.content_type().is("message", "rfc822")));
    assert_eq!(message.attachments().len(), 5_000);
}

#[test]
fn v13_encoded_words_that_never_end() {
    for one in ["=?", "=?a?q?", "=?utf-8?q?a?", "=?utf-8?q?a?= ", "?=", "=?utf-8?b?=?"] {
        let text = one.repeat(200_000);
        assert!(decode_words(text.as_bytes()).len() <= text.len());
    }
}

#[test]
fn v13_identifiers_and_folding() {
    assert_eq!(parse_ids("<a@b> ".repeat(200_000).as_bytes()).len(), imf_message::MAX_IDS);
    assert_eq!(parse_ids("<".repeat(1_000_000).as_bytes()).len(), 0);
    let text = "A: b\r\n".to_owned() + &" \r\n".repeat(500_000);
    let message = Message::new(text.as_bytes());
    assert_eq!(message.fields().count(), 1);
    assert_eq!(message.field("a").unwrap().text(), "b");
}

#[test]
fn v14_a_million_comments_opened() {
    on_small_stack(|| {
        let text = "(".repeat(1_000_000);
        assert!(Date::parse(text.as_bytes()).is_err());
        assert!(!AddressList::parse(text.as_bytes()).sound);
        assert_eq!(Received::parse(text.as_bytes()), Received::default());
        assert!(ContentType::parse(text.as_bytes()).is_none());
        let nested = text.clone() + &")".repeat(1_000_000);
        assert!(AddressList::parse(format!("{nested} ana@a.org").as_bytes()).sound);
        assert!(Date::parse(format!("{nested} 1 Jan 1970 00:00 Z").as_bytes()).is_ok());
        assert!(Date::parse(format!("1 Jan 1970 00:00 {text}").as_bytes()).is_ok());
    });
}

/// A buffer that is made longer line by line is copied line by line: 10 MiB took a minute.
#[test]
fn v13_the_output_of_base64_does_not_grow_line_by_line() {
    let line = "QUJD".repeat(19) + "\r\n";
    let mut decoder = Decoder::new(Encoding::Base64);
    let (mut out, mut grown, mut capacity) = (Vec::new(), 0, 0);
    for _ in 0..10_000 {
        decoder.push(line.as_bytes(), &mut out);
        grown += usize::from(out.capacity() != capacity);
        capacity = out.capacity();
    }
    assert_eq!(out.len(), 10_000 * 57);
    assert!(grown < 50, "{grown} times");
}
