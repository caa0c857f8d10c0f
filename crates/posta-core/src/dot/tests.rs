use super::*;
use alloc::{vec, vec::Vec};
use proptest::prelude::*;

/// What a body decodes to: its text, how many bare line ends were met, and what follows its end.
#[derive(Debug, PartialEq)]
struct Decoded {
    text: Vec<u8>,
    bare: usize,
    rest: Option<Vec<u8>>,
}

/// Runs the decoder over `wire`, shown `step` octets more at a time.
fn decode(wire: &[u8], bare: Bare, step: usize) -> Decoded {
    let mut decoder = Decoder::new(bare);
    let (mut from, mut to) = (0, 0);
    let mut got = Decoded { text: vec![], bare: 0, rest: None };
    loop {
        match decoder.next(&wire[from..to]) {
            Piece::Read if to == wire.len() => return got,
            Piece::Read => to = wire.len().min(to + step),
            Piece::Chunk(n) => {
                assert!(n > 0);
                got.text.extend(&wire[from..from + n]);
                from += n;
            }
            Piece::Skip(n) => from += n,
            Piece::LineEnd(n) => {
                got.text.extend(b"\r\n");
                from += n;
            }
            Piece::Bare(n) => {
                got.bare += 1;
                from += n;
            }
            Piece::End(n) => {
                got.rest = Some(wire[from + n..].to_vec());
                return got;
            }
        }
    }
}

fn encode(text: &[u8], bare: Bare, step: usize) -> Result<Vec<u8>, BareLineEnd> {
    let mut output = Output::default();
    let mut encoder = Encoder::new(bare);
    for chunk in text.chunks(step) {
        encoder.put(chunk, &mut output)?;
    }
    encoder.end(&mut output)?;
    Ok(output.bytes().to_vec())
}

/// The decoder as one would write it without thinking of speed, the oracle of the fast one.
fn naive(wire: &[u8], bare: Bare) -> Decoded {
    let mut got = Decoded { text: vec![], bare: 0, rest: None };
    let (mut i, mut start) = (0, true);
    while i < wire.len() {
        let rest = &wire[i..];
        if start && rest.starts_with(b".\r\n") {
            got.rest = Some(rest[3..].to_vec());
            return got;
        }
        if rest == b"\r" || start && (rest == b"." || rest == b".\r") {
            break; // more may come
        }
        if start && rest[0] == b'.' {
            i += 1;
            start = false;
            continue;
        }
        if rest.starts_with(b"\r\n") {
            got.text.extend(b"\r\n");
            i += 2;
            start = true;
            continue;
        }
        start = false;
        i += 1;
        match (rest[0], bare) {
            (b'\r' | b'\n', Bare::Reject) => got.bare += 1,
            (b'\r' | b'\n', Bare::Convert) => got.text.extend(b"\r\n"),
            (octet, _) => got.text.push(octet),
        }
    }
    got
}

#[test]
fn decodes() {
    #[rustfmt::skip]
    let table: &[(&[u8], Bare, &[u8], usize, Option<&[u8]>)] = &[
        (b".\r\n",                        Bare::Reject,  b"",              0, Some(b"")),
        (b"a\r\n.\r\n",                   Bare::Reject,  b"a\r\n",         0, Some(b"")),
        (b"..\r\n.\r\n",                  Bare::Reject,  b".\r\n",         0, Some(b"")),
        (b"..a\r\nb.\r\n.\r\nQUIT\r\n",   Bare::Reject,  b".a\r\nb.\r\n",  0, Some(b"QUIT\r\n")),
        (b".a\r\n.\r\n",                  Bare::Reject,  b"a\r\n",         0, Some(b"")),
        (b"a\r\n",                        Bare::Reject,  b"a\r\n",         0, None),
        (b"a\n.\n",                       Bare::Reject,  b"a.",            2, None),
        (b"a\n.\r\n.\r\n",                Bare::Reject,  b"a.\r\n",        1, Some(b"")),
        (b"a\r\n.\n.\r\n",                Bare::Reject,  b"a\r\n.\r\n",    1, None),
        (b"a\r.\r\n.\r\n",                Bare::Reject,  b"a.\r\n",        1, Some(b"")),
        (b"a\r\n.\r\r\n.\r\n",            Bare::Reject,  b"a\r\n\r\n",     1, Some(b"")),
        (b"a\n.\r\n.\r\n",                Bare::Convert, b"a\r\n.\r\n",    0, Some(b"")),
        (b"a\r.\r\n.\r\n",                Bare::Convert, b"a\r\n.\r\n",    0, Some(b"")),
        (b"a\n\r\n.\r\n",                 Bare::Convert, b"a\r\n\r\n",     0, Some(b"")),
        (b"a\n.\n\r.\r\r\n.\r\n",         Bare::Pass,    b"a\n.\n\r.\r\r\n", 0, Some(b"")),
    ];
    for (wire, bare, text, bad, rest) in table {
        let rest = rest.map(<[u8]>::to_vec);
        let want = Decoded { text: text.to_vec(), bare: *bad, rest };
        for step in 1..=wire.len() {
            let got = decode(wire, *bare, step);
            assert_eq!(got, want, "{} by {step}", wire.escape_ascii());
        }
    }
}

/// The ends of data that other servers have fallen for; each must leave the body open.
#[test]
fn smuggled_ends_are_not_ends() {
    for end in [
        "\n.\n",
        "\n.\r\n",
        "\r\n.\n",
        "\r.\r",
        "\r\n.\r",
        "\n.\r",
        "\r.\r\n",
        "\r\n\0.\r\n",
        "\r\n.\r\r\n",
        "\r\n.\r\n\n"[..4].as_ref(),
    ] {
        let wire = [b"a", end.as_bytes(), b"MAIL FROM:<x@evil.example>\r\n"].concat();
        for bare in [Bare::Reject, Bare::Convert, Bare::Pass] {
            for step in 1..=wire.len() {
                assert_eq!(decode(&wire, bare, step).rest, None, "{}", wire.escape_ascii());
            }
        }
    }
}

#[test]
fn encodes() {
    #[rustfmt::skip]
    let table: &[(&[u8], Bare, Result<&[u8], usize>)] = &[
        (b"",            Bare::Reject,  Ok(b".\r\n")),
        (b".",           Bare::Reject,  Ok(b"..\r\n.\r\n")),
        (b"a",           Bare::Reject,  Ok(b"a\r\n.\r\n")),
        (b"a\r\n",       Bare::Reject,  Ok(b"a\r\n.\r\n")),
        (b"\r\n.\r\n",   Bare::Reject,  Ok(b"\r\n..\r\n.\r\n")),
        (b"a\nb",        Bare::Reject,  Err(1)),
        (b"a\rb",        Bare::Reject,  Err(2)),
        (b"a\r",         Bare::Reject,  Err(0)),
        (b"a\n.\nb",     Bare::Convert, Ok(b"a\r\n..\r\nb\r\n.\r\n")),
        (b"a\r.\r",      Bare::Convert, Ok(b"a\r\n..\r\n.\r\n")),
        (b"a\r\r\n",     Bare::Convert, Ok(b"a\r\n\r\n.\r\n")),
        (b"a\n.\nb",     Bare::Pass,    Ok(b"a\n.\nb\r\n.\r\n")),
        (b"a\r",         Bare::Pass,    Ok(b"a\r\r\n.\r\n")),
    ];
    for (text, bare, want) in table {
        let got = encode(text, *bare, text.len().max(1));
        assert_eq!(got.as_deref().map_err(|e| e.offset), *want, "{}", text.escape_ascii());
        for step in 1..text.len() {
            assert_eq!(encode(text, *bare, step).ok().as_deref(), want.ok(), "by {step}");
        }
    }
}

#[test]
fn finds_the_first_bare_line_end() {
    #[rustfmt::skip]
    let table: &[(&[u8], Option<usize>)] = &[
        (b"", None), (b"a\r\n.b\r\n..", None), (b"\n", Some(0)), (b"\r", Some(0)), (b"a\r\n\n", Some(3)),
        (b"a\rb", Some(1)), (b"a\r\r\n", Some(1)), (b"a\r\n.\r\n.\r", Some(7)), (b"a\r\n.\n", Some(4)),
    ];
    for (text, want) in table {
        assert_eq!(find_bare(text), *want, "{}", text.escape_ascii());
    }
}

/// Text made of the octets that matter, with runs long enough for whole blocks.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\n".to_vec()),
        Just(b".".to_vec()),
        Just(b"\r\n.\r\n".to_vec()),
        (1usize..300).prop_map(|n| vec![b'x'; n]),
    ];
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn decodes_as_the_naive_one(wire in bodies(), step in 1usize..400) {
        for bare in [Bare::Reject, Bare::Convert, Bare::Pass] {
            prop_assert_eq!(decode(&wire, bare, step), naive(&wire, bare));
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(text in bodies(), step in 1usize..400) {
        let wire = encode(&text, Bare::Convert, step).expect("converted");
        prop_assert_eq!(find_bare(&wire), None);
        let got = decode(&wire, Bare::Reject, step);
        prop_assert_eq!((got.bare, got.rest), (0, Some(vec![])));
        let whole = encode(&text, Bare::Convert, usize::MAX).expect("converted");
        prop_assert_eq!(&wire, &whole);
        if let Ok(strict) = encode(&text, Bare::Reject, step) {
            prop_assert_eq!(strict, whole);
            prop_assert_eq!(find_bare(&text), None);
            let closed = if text.is_empty() || text.ends_with(b"\r\n") { text } else { [&text[..], b"\r\n"].concat() };
            prop_assert_eq!(got.text, closed);
        } else {
            prop_assert!(find_bare(&text).is_some());
        }
    }
}
