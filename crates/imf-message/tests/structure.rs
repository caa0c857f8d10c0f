//! Scanning: fields, MIME structure, and that every byte has a place.
#![allow(clippy::unwrap_used)]

use imf_message::{Encoding, IssueKind, Kind, Limits, Message, Segment};

/// Shows the tree of parts, in brackets, with the bodies of leaves.
fn tree(message: &Message<'_>) -> String {
    let mut out = String::new();
    for part in message.parts() {
        let depth = std::iter::successors(part.parent(), |p| p.parent()).count();
        let body = match part.kind() {
            Kind::Leaf => format!("{:?}", String::from_utf8_lossy(part.body())),
            Kind::Multipart => "multi".into(),
            Kind::Message => "message".into(),
        };
        out += &format!("{}{body} ", ">".repeat(depth));
    }
    out.trim_end().to_owned()
}

fn check_segments(bytes: &[u8], message: &Message<'_>) {
    let mut at = 0;
    for (segment, span) in message.index().segments() {
        assert_eq!(span.start, at);
        assert!(!span.is_empty());
        let index = message.index();
        if segment == Segment::Unscanned {
            assert!(index.too_many_fields || index.too_many_parts, "{span:?}");
        }
        at = span.end;
    }
    assert_eq!(at, bytes.len());
}

#[test]
fn fields_and_body() {
    for (text, fields, body) in [
        ("A: 1\r\nB:2\r\n\r\nbody", vec![("A", " 1"), ("B", "2")], "body"),
        ("A: 1\nB: 2\n\nbody\n", vec![("A", " 1"), ("B", " 2")], "body\n"),
        ("A: 1\r\n 2\r\n\t3\r\n\r\n", vec![("A", " 1\r\n 2\r\n\t3")], ""),
        ("A : 1\r\n\r\nx", vec![("A", " 1")], "x"),
        ("A:", vec![("A", "")], ""),
        ("A: 1", vec![("A", " 1")], ""),
        ("", vec![], ""),
        ("\r\nA: 1", vec![], "A: 1"),
        ("\n", vec![], ""),
        ("just text\r\nA: 1\r\n", vec![], "just text\r\nA: 1\r\n"),
        ("A: 1\r\nno colon here\r\nB: 2\r\n", vec![("A", " 1")], "no colon here\r\nB: 2\r\n"),
        ("From ana@a.org Mon\nA: 1\n\nx", vec![("A", " 1")], "x"),
        (">From ana@a.org\r\nA: 1\r\n\r\nx", vec![("A", " 1")], "x"),
        (" A: 1\r\n\r\nx", vec![], " A: 1\r\n\r\nx"),
        ("A: 1\r\n \r\n\r\nx", vec![("A", " 1\r\n ")], "x"),
        ("From\0: a\r\n\r\n", vec![], "From\0: a\r\n\r\n"),
        (": 1\r\n\r\n", vec![], ": 1\r\n\r\n"),
        ("A: 1\rB: 2\r\n\r\nx", vec![("A", " 1\rB: 2")], "x"),
        ("A: é\r\n\r\nx", vec![("A", " é")], "x"),
    ] {
        let message = Message::new(text.as_bytes());
        let found: Vec<_> =
            message.fields().map(|f| (f.name(), std::str::from_utf8(f.value()).unwrap())).collect();
        assert_eq!(found, fields, "{text:?}");
        assert_eq!(message.root().body(), body.as_bytes(), "{text:?}");
        check_segments(text.as_bytes(), &message);
    }
}

/// A message with the header that `kind` needs, and the same with LF.
fn multi(kind: &str, body: &str) -> [String; 2] {
    let text = format!("Content-Type: {kind}\r\n\r\n{body}");
    let lf = text.replace("\r\n", "\n");
    [text, lf]
}

#[test]
fn multiparts() {
    for (kind, body, expected) in [
        // RFC 2046 5.1.1, in small
        (
            "multipart/mixed; boundary=\"simple boundary\"",
            "pre\r\n--simple boundary\r\n\r\none\r\n--simple boundary\r\nContent-Type: text/plain\r\n\r\ntwo\r\n\r\n--simple boundary--\r\n\r\nepilogue",
            r#"multi >"one" >"two\n""#,
        ),
        (
            "multipart/mixed; boundary=b",
            "--b\r\n\r\n1\r\n--b  \r\n\r\n2\r\n--b--  ",
            r#"multi >"1" >"2""#,
        ),
        // not closed; not even begun
        ("multipart/mixed; boundary=b", "--b\r\n\r\n1\r\n--b\r\n\r\n2", r#"multi >"1" >"2""#),
        ("multipart/mixed; boundary=b", "text", "multi"),
        ("multipart/mixed; boundary=b", "--b", r#"multi >"""#),
        ("multipart/mixed; boundary=b", "--b--", "multi"),
        // no header, no blank line
        (
            "multipart/mixed; boundary=b",
            "--b\r\n--b\r\nA: 1\r\n--b\r\ntext\r\n--b--\r\n",
            r#"multi >"" >"" >"text""#,
        ),
        // a boundary that begins another
        (
            "multipart/mixed; boundary=b",
            "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\n1\r\n--bbb\r\n--bb--\r\n--b\r\n\r\n2\r\n--b--",
            r#"multi >multi >>"1\n--bbb" >"2""#,
        ),
        // the inner one is not closed
        (
            "multipart/mixed; boundary=b",
            "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n1\r\n--b\r\n\r\n2\r\n--c--\r\n--b--",
            r#"multi >multi >>"1" >"2\n--c--""#,
        ),
        // text after the close is no part
        ("multipart/mixed; boundary=b", "--b\r\n\r\n1\r\n--b--\r\n--b\r\n\r\n2", r#"multi >"1""#),
        // inner messages
        (
            "message/rfc822",
            "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n--b--",
            r#"message >multi >>"1""#,
        ),
        (
            "multipart/digest; boundary=b",
            "--b\r\n\r\nA: 1\r\n\r\nx\r\n--b--",
            r#"multi >message >>"x""#,
        ),
        (
            "multipart/digest; boundary=b",
            "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--",
            r#"multi >"x""#,
        ),
        // no boundary; an odd one
        ("multipart/mixed", "--b\r\n\r\n1\r\n--b--", r#""--b\n\n1\n--b--""#),
        ("multipart/mixed; boundary=\"\"", "--\r\n\r\n1", r#""--\n\n1""#),
        ("multipart/mixed; boundary*0=a; boundary*1=b", "--ab\r\n\r\n1\r\n--ab--", r#"multi >"1""#),
        ("multipart/mixed; boundary=\"b  \"", "--b\r\n\r\n1\r\n--b--", r#"multi >"1""#),
        ("garbage", "--b\r\n\r\n1", r#""--b\n\n1""#),
    ] {
        for text in multi(kind, body) {
            let message = Message::new(text.as_bytes());
            assert_eq!(tree(&message).replace("\\r", ""), expected, "{text:?}");
            check_segments(text.as_bytes(), &message);
        }
    }
}

#[test]
fn spans_of_a_multipart() {
    let text =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\n\r\n1\r\n--b--\r\nepi\r\n";
    let message = Message::new(text.as_bytes());
    let names: Vec<_> = message
        .index()
        .segments()
        .into_iter()
        .map(|(segment, span)| (segment, std::str::from_utf8(span.of(text.as_bytes())).unwrap()))
        .collect();
    assert_eq!(
        names,
        [
            (Segment::Field, "Content-Type: multipart/mixed; boundary=b\r\n"),
            (Segment::Blank, "\r\n"),
            (Segment::Preamble, "pre"),
            (Segment::Delimiter, "\r\n--b\r\n"),
            (Segment::Blank, "\r\n"),
            (Segment::Body, "1"),
            (Segment::Close, "\r\n--b--"),
            (Segment::Epilogue, "\r\nepi\r\n"),
        ]
    );
    assert_eq!(message.parts().nth(1).unwrap().bytes(), b"\r\n1");
}

#[test]
fn issues_say_what_is_odd() {
    use IssueKind::{
        AmbiguousBoundary, BadContentType, DuplicateField, EncodedComposite, MboxLine, NoBlankLine,
        NoBoundary, NoClose, NoParts, SpaceBeforeColon,
    };
    for (text, expected) in [
        ("A: 1\n\nx", vec![]),
        ("A: 1\nx", vec![NoBlankLine]),
        ("A : 1\n\nx", vec![SpaceBeforeColon]),
        ("From ana\nA: 1\n\n", vec![MboxLine]),
        ("Content-Type: text/plain\nContent-type: text/html\n\n", vec![DuplicateField]),
        ("Content-Type: text\n\n", vec![BadContentType]),
        ("Content-Type: multipart/mixed\n\n", vec![NoBoundary]),
        ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n", vec![NoClose]),
        ("Content-Type: multipart/mixed; boundary=b\n\n", vec![NoParts]),
        ("Content-Type: multipart/mixed; boundary=b\n\n--b--", vec![NoParts]),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n",
            vec![EncodedComposite],
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\n--bb--\n--b--",
            vec![AmbiguousBoundary],
        ),
    ] {
        let message = Message::new(text.as_bytes());
        let found: Vec<_> = message.index().issues.iter().map(|issue| issue.kind).collect();
        assert_eq!(found, expected, "{text:?}");
    }
}

#[test]
fn bodies_decoded() {
    let text = "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9=\n!\n";
    let message = Message::new(text.as_bytes());
    assert_eq!(message.root().encoding(), Encoding::QuotedPrintable);
    assert_eq!(message.root().text(), "café!\n");
    let message = Message::new(b"Content-Transfer-Encoding: base64\n\nw6k=\n");
    assert_eq!(message.root().text(), "é");
    let message = Message::new(b"Content-Transfer-Encoding: x-odd\n\n=41");
    assert_eq!(message.root().text(), "=41");
}

#[test]
fn limits_cut_and_say_so() {
    let mut limits = Limits::default();
    limits.fields = 2;
    let text = b"A: 1\nB: 2\nC: 3\n 4\n\nbody";
    let message = Message::with_limits(text, &limits);
    assert!(message.index().too_many_fields);
    assert_eq!(message.fields().map(|f| f.name()).collect::<Vec<_>>(), ["A", "B"]);
    assert_eq!(message.fields().last().unwrap().value(), b" 2");
    assert_eq!(message.root().body(), b"body");
    check_segments(text, &message);

    let [text, _] = multi("multipart/mixed; boundary=b", &"--b\r\n\r\nx\r\n".repeat(5));
    limits = Limits::default();
    limits.parts = 3;
    let message = Message::with_limits(text.as_bytes(), &limits);
    assert!(message.index().too_many_parts);
    assert_eq!(message.parts().count(), 3);
    check_segments(text.as_bytes(), &message);

    limits.parts = 0;
    assert_eq!(Message::with_limits(b"", &limits).root().body(), b"");
}
