//! The dot codec beside a naive twin of each side, and names in modified UTF-7.

use posta_core::{
    Output,
    dot::{Bare, Decoder, Encoder, Piece, find_bare},
    utf7,
};

/// Bodies, decoded and encoded at any cut, as a loop over octets would do it.
pub fn dot(data: &[u8]) {
    for bare in [Bare::Reject, Bare::Convert, Bare::Pass] {
        let expected = Decoded::naive(data, bare);
        for step in [1, 2, 5, 130, data.len().max(1)] {
            assert_eq!(Decoded::by_codec(data, bare, step), expected, "{bare:?} by {step}");
        }
        let expected = encoded(data, bare);
        for step in [1, 2, 5, 130, data.len().max(1)] {
            assert_eq!(by_encoder(data, bare, step), expected, "{bare:?} by {step}");
        }
        // What is sent arrives: whole, once, and with nothing behind its end.
        if let Some(wire) = expected {
            let arrived = Decoded::naive(&wire, bare);
            assert_eq!(arrived.rest.as_deref(), Some(&b""[..]), "{bare:?}");
            assert_eq!(arrived.text, closed(data, bare), "{bare:?}");
        }
    }
    let bare = (0..data.len()).find(|i| is_bare(data, *i));
    assert_eq!(find_bare(data), bare);
}

/// Names on the wire and in UTF-8: one form each.
pub fn utf7(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let wire = utf7::encode(text);
    assert!(wire.bytes().all(|octet| matches!(octet, b' '..=b'~')));
    assert_eq!(utf7::decode(&wire).as_deref(), Some(text));
    if let Some(name) = utf7::decode(text) {
        assert_eq!(utf7::encode(&name), text);
    }
}

/// What a body decodes to: its text, the bare line ends in it, and what follows its end.
#[derive(Debug, Default, PartialEq)]
struct Decoded {
    text: Vec<u8>,
    bare: usize,
    rest: Option<Vec<u8>>,
}

impl Decoded {
    /// Shows the decoder `step` octets more at a time.
    fn by_codec(wire: &[u8], bare: Bare, step: usize) -> Self {
        let mut decoder = Decoder::new(bare);
        let (mut from, mut to) = (0, 0);
        let mut got = Self::default();
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

    fn naive(wire: &[u8], bare: Bare) -> Self {
        let mut got = Self::default();
        let (mut at, mut line_start) = (0, true);
        while at < wire.len() {
            let rest = &wire[at..];
            if line_start && rest.starts_with(b".\r\n") {
                got.rest = Some(rest[3..].to_vec());
                break;
            }
            // What may still become something else.
            if rest == b"\r" || line_start && (rest == b"." || rest == b".\r") {
                break;
            }
            if line_start && rest[0] == b'.' {
                (at, line_start) = (at + 1, false);
            } else if rest.starts_with(b"\r\n") {
                got.text.extend(b"\r\n");
                (at, line_start) = (at + 2, true);
            } else {
                match (rest[0], bare) {
                    (b'\r' | b'\n', Bare::Reject) => got.bare += 1,
                    (b'\r' | b'\n', Bare::Convert) => got.text.extend(b"\r\n"),
                    (octet, _) => got.text.push(octet),
                }
                (at, line_start) = (at + 1, false);
            }
        }
        got
    }
}

fn is_bare(text: &[u8], at: usize) -> bool {
    match text[at] {
        b'\r' => text.get(at + 1) != Some(&b'\n'),
        b'\n' => at == 0 || text[at - 1] != b'\r',
        _ => false,
    }
}

/// The body as it is sent, without dots; its last line is closed.
fn closed(text: &[u8], bare: Bare) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, octet) in text.iter().enumerate() {
        match bare {
            Bare::Convert if is_bare(text, at) => out.extend(b"\r\n"),
            _ => out.push(*octet),
        }
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend(b"\r\n");
    }
    out
}

/// The octets on the wire; `None` if the body is refused.
fn encoded(text: &[u8], bare: Bare) -> Option<Vec<u8>> {
    if bare == Bare::Reject && (0..text.len()).any(|at| is_bare(text, at)) {
        return None;
    }
    let mut out = Vec::new();
    for octet in closed(text, bare) {
        if octet == b'.' && (out.is_empty() || out.ends_with(b"\r\n")) {
            out.push(b'.');
        }
        out.push(octet);
    }
    out.extend(b".\r\n");
    Some(out)
}

fn by_encoder(text: &[u8], bare: Bare, step: usize) -> Option<Vec<u8>> {
    let mut output = Output::default();
    let mut encoder = Encoder::new(bare);
    for chunk in text.chunks(step) {
        let before = output.len();
        encoder.put(chunk, &mut output).ok()?;
        assert!(output.len() - before <= 2 * chunk.len() + 2);
    }
    encoder.end(&mut output).ok()?;
    Some(output.bytes().to_vec())
}
