//! What an IMAP server says of messages, whatever they are: it is grammatical, and sizes and numbers agree.
#![allow(clippy::unwrap_used)]

#[path = "imap/grammar.rs"]
mod grammar;

use imf_message::imap::{self, Text};
use imf_message::{Limits, Message};
use proptest::prelude::*;

/// Runs `work` on a thread whose stack is too small for recursion.
fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(64 * 1024).spawn(work).unwrap().join().unwrap();
}

/// Writes all that there is to say; the length of it.
fn said(message: &Message<'_>) -> usize {
    let mut out = Vec::new();
    imap::envelope(message, &mut out);
    imap::body_structure(message, true, &mut out);
    out.len()
}

#[test]
fn v12_messages_and_multiparts_nested_to_the_limit_and_beyond() {
    let messages = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    let multiparts: String = (0..10_000)
        .map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}\r\n\r\n--b{i}\r\n"))
        .collect();
    for text in [messages, multiparts] {
        std::thread::Builder::new()
            .stack_size(4 * 1024 * 1024)
            .spawn({
                let text = text.clone();
                move || grammar::check(text.as_bytes())
            })
            .unwrap()
            .join()
            .unwrap();
        on_small_stack(move || {
            let message = Message::new(text.as_bytes());
            assert!(message.index().too_deep);
            assert!(said(&message) < text.len());
            assert!(imap::section(&message, &[1; 100], &Text::All).is_some());
            assert!(imap::section(&message, &[1; 10_000], &Text::All).is_none());
            assert!(!imap::body_contains(&message, "absent"));
        });
    }
}

#[test]
fn v12_the_depth_is_the_callers_and_the_stack_is_not_used() {
    on_small_stack(|| {
        let mut limits = Limits::default();
        (limits.depth, limits.parts) = (100_000, 100_000);
        let text = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000) + "\r\nend";
        let message = Message::with_limits(text.as_bytes(), &limits);
        assert_eq!(message.parts().count(), 50_001);
        assert!(said(&message) < 8 * text.len());
        assert_eq!(*imap::section(&message, &vec![1; 50_000], &Text::Text).unwrap(), *b"end");
    });
}

#[test]
fn v12_ten_thousand_parts() {
    on_small_stack(|| {
        let text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned()
            + &"--b\r\n\r\nx\r\n".repeat(20_000);
        let message = Message::new(text.as_bytes());
        assert!(message.index().too_many_parts);
        assert!(said(&message) < 10 * text.len());
        assert_eq!(*imap::section(&message, &[9_998], &Text::All).unwrap(), *b"x");
        assert!(imap::section(&message, &[10_000], &Text::All).is_none());
    });
    let text = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned()
        + &"--b\r\n\r\nx\r\n".repeat(1_000);
    grammar::check(text.as_bytes());
    // A message for which there is no room any more
    let mut limits = Limits::default();
    limits.parts = 1;
    let message = Message::with_limits(b"Content-Type: message/rfc822\r\n\r\nbody\r\n", &limits);
    let mut out = Vec::new();
    imap::body_structure(&message, false, &mut out);
    let mut wire = grammar::Wire { rest: &out };
    assert_eq!(wire.body(false).message.unwrap().octets, 6);
}

#[test]
fn many_addresses_parameters_and_names() {
    let addresses = format!("From: {}\r\n\r\n", "a@b,".repeat(100_000));
    let fields = "To: a@b\r\n".repeat(100_000) + "\r\n";
    let params = format!("Content-Type: a/b{}\r\n\r\n", "; a=b".repeat(100_000));
    let languages = format!("Content-Language: {}\r\n\r\n", "a,".repeat(100_000));
    let quotes = format!("Subject: {}\r\n\r\n", "\"".repeat(1_000));
    for text in [addresses, fields, params, languages, quotes] {
        assert!(said(&Message::new(text.as_bytes())) < 4 * text.len() + 1_000, "{}", text.len());
        grammar::check(text.as_bytes());
    }
    let text = "A: b\r\n".repeat(100_000);
    let names: Vec<Vec<u8>> = (0..10_000).map(|i| format!("X-{i}").into_bytes()).collect();
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    let message = Message::new(text.as_bytes());
    assert_eq!(*imap::section(&message, &[], &Text::HeaderFields(&names)).unwrap(), *b"\r\n");
}

/// What a message is made of.
#[derive(Clone, Debug)]
enum Tree {
    Text(String),
    Binary(String),
    Multipart(Vec<Self>),
    Message(String, Box<Self>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let body = "[a-z \"]{0,8}(\r\n[a-z]{1,5}){0,3}";
    let leaf = prop_oneof![body.prop_map(Tree::Text), body.prop_map(Tree::Binary)];
    leaf.prop_recursive(8, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Tree::Multipart),
            ("[a-z]{1,5}", inner).prop_map(|(subject, tree)| Tree::Message(subject, tree.into())),
        ]
    })
}

/// Octets expected by path and text.
type Expected = Vec<(Vec<u32>, Text<'static>, String)>;

/// Writes `tree` as a part, or as the content of a message (`root`), which `path` leads to.
fn render(tree: &Tree, path: &[u32], root: bool, expected: &mut Expected) -> String {
    let below = |number: u32| [path, &[number]].concat();
    // RFC 3501 6.4.5: what is no multipart is part 1 of its message.
    let own = if root { below(1) } else { path.to_vec() };
    let (header, body, place) = match tree {
        // RFC 3501 6.4.5: a multipart that is the content of a message is `TEXT`, and has no number.
        Tree::Text(body) => ("Content-Type: text/plain\r\n\r\n".to_owned(), body.clone(), own),
        Tree::Binary(body) => ("Content-Type: a/b\r\n\r\n".to_owned(), body.clone(), own),
        Tree::Message(subject, inner) => {
            let subject = format!("Subject: {subject}\r\n");
            let message = subject.clone() + &render(inner, &own, true, expected);
            let (header, text) = message.split_once("\r\n\r\n").unwrap();
            expected.push((own.clone(), Text::Header, format!("{header}\r\n\r\n")));
            expected.push((own.clone(), Text::HeaderFields(&[b"subject"]), subject + "\r\n"));
            expected.push((own.clone(), Text::Text, text.to_owned()));
            ("Content-Type: message/rfc822\r\n\r\n".to_owned(), message, own)
        }
        Tree::Multipart(parts) => {
            let boundary = format!("={}=", expected.len());
            let parts: Vec<String> = (1..)
                .zip(parts)
                .map(|(number, part)| render(part, &below(number), false, expected))
                .collect();
            // A number of its own for every multipart, even for those that have nothing to expect in them.
            expected.push((Vec::new(), Text::All, String::new()));
            let lines = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n"));
            let body = lines.collect::<String>() + &format!("--{boundary}--");
            let kind = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n");
            let place = if root { Vec::new() } else { own };
            (kind, body, place)
        }
    };
    if !place.is_empty() {
        expected.push((place.clone(), Text::All, body.clone()));
        if !root {
            expected.push((place, Text::Mime, header.clone()));
        }
    }
    header + &body
}

/// Bytes that look like mail, more often than chance would have it.
fn mailish() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("\r\n"),
        Just("\r\n\r\n"),
        Just("\n"),
        Just("\r"),
        Just(" "),
        Just("\t"),
        Just("--b\r\n"),
        Just("--b--\r\n"),
        Just("--bb\n"),
        Just("From "),
        Just("Content-Type: multipart/mixed; boundary=b\r\n"),
        Just("Content-Type: multipart/digest; boundary=bb\n"),
        Just("Content-Type: message/rfc822\r\n"),
        Just("Content-Type: text/\0\u{e9}; \""),
        Just("Content-Transfer-Encoding: base64\n"),
        Just("Content-Disposition: a; b=\"c\\"),
        Just("Content-Language: en, "),
        Just("Content-ID: "),
        Just("From: "),
        Just("Sender: "),
        Just("To: "),
        Just("Subject: "),
        Just("Message-ID:"),
        Just("<"),
        Just(">"),
        Just("@"),
        Just(","),
        Just(";"),
        Just(":"),
        Just("("),
        Just(")"),
        Just("\""),
        Just("\\"),
        Just("{3}\r\n"),
        Just("NIL"),
        Just("a"),
        Just("."),
        Just("=?utf-8?q?=C3=A9?="),
        Just("\u{e9}"),
        Just("\0"),
    ];
    prop_oneof![
        8 => prop::collection::vec(piece, 0..60).prop_map(|v| v.concat().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #[test]
    fn any_bytes_give_grammatical_words_and_sizes_that_agree(bytes in mailish()) {
        grammar::check(&bytes);
    }

    #[test]
    fn any_bytes_in_any_part_of_a_header(value in mailish()) {
        for name in ["From", "Subject", "Content-Type", "Content-Disposition", "Content-Language"] {
            grammar::check(&[name.as_bytes(), b": ", &value[..]].concat());
        }
    }

    #[test]
    fn every_part_has_the_number_of_rfc_3501(tree in tree()) {
        let mut expected = Vec::new();
        let text = render(&tree, &[], true, &mut expected);
        grammar::check(text.as_bytes());
        let message = Message::new(text.as_bytes());
        for (path, text, octets) in expected.iter().filter(|(path, ..)| !path.is_empty()) {
            let found = imap::section(&message, path, text);
            let found = found.as_deref().map(|octets| octets.escape_ascii().to_string());
            prop_assert_eq!(found, Some(octets.as_bytes().escape_ascii().to_string()), "{:?} {:?}", path, text);
        }
    }

    #[test]
    fn partial_pieces_make_the_whole(octets in prop::collection::vec(any::<u8>(), 0..100), size in 1_u32..20) {
        let pieces = (0..).map(|n| imap::partial(&octets, n * size, size));
        let whole: Vec<u8> = pieces.take_while(|piece| !piece.is_empty()).flatten().copied().collect();
        prop_assert_eq!(whole, octets);
    }

    #[test]
    fn what_is_written_is_found(word in "[a-zA-Z\u{e9}\u{c9}\u{3a3}\u{3c3}]{1,12}", base64: bool) {
        let body = format!("before {word} after");
        let (encoding, body) = match base64 {
            true => ("base64", imf_message::encode_base64(body.as_bytes())),
            false => ("quoted-printable", imf_message::encode_quoted_printable(body.as_bytes())),
        };
        let subject = imf_message::encode_words(&word).join(" ");
        let text = format!(
            "Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"
        );
        let message = Message::new(text.as_bytes());
        let upper: String = word.chars().map(|c| c.to_uppercase().next().unwrap()).collect();
        for needle in [&word, &upper] {
            prop_assert!(imap::header_contains(&message, "subject", needle));
            prop_assert!(imap::body_contains(&message, needle));
            prop_assert!(imap::text_contains(&message, needle));
        }
    }
}
