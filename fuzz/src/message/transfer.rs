//! Transfer encodings beside naive twins.

use imf_message::{Decoder, Encoding, encode_base64, encode_quoted_printable};

/// Decodes at any cut as a loop over octets would; what is encoded comes back.
pub fn transfer(data: &[u8]) {
    for encoding in [Encoding::Base64, Encoding::QuotedPrintable, Encoding::Binary] {
        let whole = decode(encoding, data, data.len().max(1));
        assert!(whole.len() <= data.len());
        for size in [1, 2, 3, 5, 61] {
            assert_eq!(decode(encoding, data, size), whole, "{encoding:?} by {size}");
        }
        match encoding {
            Encoding::Base64 => assert_eq!(whole, base64(data)),
            Encoding::QuotedPrintable if is_plain(data) => assert_eq!(whole, quoted(data)),
            Encoding::QuotedPrintable => {}
            _ => assert_eq!(whole, data),
        }
    }
    let encoded = encode_base64(data);
    assert!(encoded.lines().all(|line| line.len() <= 76));
    assert_eq!(decode(Encoding::Base64, encoded.as_bytes(), 7), data);
    let encoded = encode_quoted_printable(data);
    assert!(encoded.is_ascii() && encoded.lines().all(|line| line.len() <= 76));
    assert_eq!(decode(Encoding::QuotedPrintable, encoded.as_bytes(), 7), lines(data));
}

/// Text as it is sent: its lines end with CRLF. A CR elsewhere is an octet like any other.
fn lines(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, octet) in data.iter().enumerate() {
        if *octet == b'\n' && (at == 0 || data[at - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(*octet);
    }
    out
}

fn decode(encoding: Encoding, data: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut decoder = Decoder::new(encoding);
    for chunk in data.chunks(size) {
        decoder.push(chunk, &mut out);
    }
    decoder.finish(&mut out);
    out
}

/// RFC 2045 6.8: other characters are ignored. Padding ends a quantum.
fn base64(data: &[u8]) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = Vec::new();
    for run in data.split(|octet| *octet == b'=') {
        let digits =
            run.iter().filter_map(|octet| alphabet.iter().position(|known| known == octet));
        let bits: Vec<bool> =
            digits.flat_map(|digit| (0..6).rev().map(move |bit| digit >> bit & 1 == 1)).collect();
        for octet in bits.chunks_exact(8) {
            out.push(octet.iter().fold(0, |octet, bit| octet << 1 | u8::from(*bit)));
        }
    }
    out
}

/// Whether the twin below knows what to do: no blanks behind `=`, not many anywhere.
fn is_plain(data: &[u8]) -> bool {
    data.len() < 900 && !data.windows(2).any(|two| matches!(two, [b'=', b' ' | b'\t' | b'\r']))
}

/// RFC 2045 6.7: blanks at the end of a line, or of all, are not part of it; what is no escape stays. A CR that is
/// the very last octet stays, with the blanks before it.
fn quoted(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in data.split_inclusive(|octet| *octet == b'\n') {
        let (text, end) = match line {
            [text @ .., b'\r', b'\n'] => (text, &b"\r\n"[..]),
            [text @ .., b'\n'] => (text, &b"\n"[..]),
            text => (text, &b""[..]),
        };
        let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r');
        let last_cr = end.is_empty() && text.ends_with(b"\r");
        let kept = text.iter().rposition(|octet| !is_blank(octet) || last_cr);
        let n = kept.map_or(0, |at| at + 1);
        let mut rest = &text[..n];
        let mut soft = false;
        while let [first, behind @ ..] = rest {
            rest = behind;
            match (first, behind) {
                (b'=', []) => soft = true,
                (b'=', [high, low, behind @ ..]) if is_hex(*high) && is_hex(*low) => {
                    out.push(hex(*high) << 4 | hex(*low));
                    rest = behind;
                }
                _ => out.push(*first),
            }
        }
        if !soft {
            out.extend_from_slice(end);
        }
    }
    out
}

fn is_hex(octet: u8) -> bool {
    octet.is_ascii_hexdigit()
}

fn hex(octet: u8) -> u8 {
    char::from(octet).to_digit(16).map_or(0, |digit| digit as u8)
}
