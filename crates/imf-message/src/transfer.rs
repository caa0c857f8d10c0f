//! Content transfer encodings (RFC 2045 6.7 and 6.8): decoders that take any chunks, and encoders.

use crate::mime::{Encoding, hex};
use alloc::string::String;
use alloc::vec::Vec;
use base64_simd::AsOut;
use memchr::{memchr, memchr2};

/// RFC 2045 6.7, 6.8: encoded lines have at most 76 characters.
const LINE: usize = 76;

/// So much base64 is decoded or encoded at once, on the stack: full lines, without their ends.
const BLOCK: usize = 16 * LINE;

/// White space held back until it is known whether the line ends there; longer runs are let through.
const MAX_BLANKS: usize = 998;

/// Removes a transfer encoding from a body handed in by chunks, cut anywhere.
///
/// Tolerant: what is not of the encoding is skipped (base64) or kept as it is (quoted-printable).
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Identity,
    Base64(Base64),
    Quoted(Quoted),
}

impl Decoder {
    /// A decoder of `encoding`; for 7bit, 8bit, binary and unknown ones it copies.
    #[must_use]
    pub const fn new(encoding: Encoding) -> Self {
        let state = match encoding {
            Encoding::Base64 => State::Base64(Base64 { bits: 0, count: 0 }),
            Encoding::QuotedPrintable => {
                State::Quoted(Quoted { blanks: Vec::new(), escape: Escape::None })
            }
            _ => State::Identity,
        };
        Self { state }
    }

    /// Decodes a chunk onto the end of `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match &mut self.state {
            State::Identity => out.extend_from_slice(chunk),
            State::Base64(base64) => base64.push(chunk, out),
            State::Quoted(quoted) => quoted.push(chunk, out),
        }
    }

    /// Decodes what the end of the body leaves.
    pub fn finish(self, out: &mut Vec<u8>) {
        match self.state {
            State::Identity => {}
            State::Base64(mut base64) => base64.flush(out),
            State::Quoted(quoted) => quoted.finish(out),
        }
    }
}

#[derive(Clone, Debug)]
struct Base64 {
    bits: u32,
    /// Characters of the quantum seen so far, 0 to 3.
    count: u8,
}

impl Base64 {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        // All at once: the decoder would reserve for each block no more than it needs, which would be quadratic.
        out.reserve(chunk.len() / 4 * 3 + 3);
        let mut block = [0; BLOCK];
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = self.end_quantum(rest, out);
            let (read, written) = join_lines(rest, &mut block);
            let (source, tail) = rest.split_at(read);
            rest = tail;
            // The fast path: whole quanta without padding.
            let text = &block[..written];
            let (quanta, end) = text.split_at(whole_quanta(text));
            match base64_simd::STANDARD.decode_append(quanta, out) {
                Ok(()) => self.slow(end, out),
                Err(_) => self.slow(source, out),
            }
        }
    }

    /// Decodes up to the start of a quantum, and gives what comes after.
    fn end_quantum<'a>(&mut self, text: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        let mut rest = text;
        while self.count > 0
            && let Some((&b, tail)) = rest.split_first()
        {
            self.character(b, out);
            rest = tail;
        }
        rest
    }

    fn slow(&mut self, text: &[u8], out: &mut Vec<u8>) {
        text.iter().for_each(|&b| self.character(b, out));
    }

    fn character(&mut self, b: u8, out: &mut Vec<u8>) {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            // Padding ends a quantum; further text is decoded too, as from joined bodies.
            b'=' => return self.flush(out),
            // RFC 2045 6.8: all other characters must be ignored.
            _ => return,
        };
        self.bits = self.bits << 6 | u32::from(value);
        self.count += 1;
        if self.count == 4 {
            out.extend_from_slice(&self.bits.to_be_bytes()[1..]);
            (self.bits, self.count) = (0, 0);
        }
    }

    fn flush(&mut self, out: &mut Vec<u8>) {
        match self.count {
            2 => out.extend_from_slice(&(self.bits << 12).to_be_bytes()[1..2]),
            3 => out.extend_from_slice(&(self.bits << 6).to_be_bytes()[1..3]),
            _ => {}
        }
        (self.bits, self.count) = (0, 0);
    }
}

/// Copies lines without their ends, until `block` is full. Says how many octets were read and written.
fn join_lines(text: &[u8], block: &mut [u8; BLOCK]) -> (usize, usize) {
    let (mut read, mut written, mut width) = (0, 0, 0);
    while read < text.len() && written < BLOCK {
        let rest = &text[read..];
        let room = &rest[..rest.len().min(BLOCK - written)];
        // Lines are mostly as long as the one before. If a line end is passed over, the decoder refuses the block.
        let ended = matches!(rest.get(width..), Some([b'\r', b'\n', ..])) && width < room.len();
        let (line, end) = if ended { (&rest[..width], width + 2) } else { first_line(room) };
        block[written..][..line.len()].copy_from_slice(line);
        read += end;
        written += line.len();
        width = line.len();
    }
    (read, written)
}

/// The first line, and where the next one begins.
fn first_line(text: &[u8]) -> (&[u8], usize) {
    let end = memchr(b'\n', text).unwrap_or(text.len());
    let line = text[..end].strip_suffix(b"\r").unwrap_or(&text[..end]);
    (line, text.len().min(end + 1))
}

/// How much of `text` is whole quanta and not padded.
fn whole_quanta(text: &[u8]) -> usize {
    let quanta = text.len() & !3;
    if text[..quanta].ends_with(b"=") { quanta - 4 } else { quanta }
}

#[derive(Clone, Debug)]
struct Quoted {
    blanks: Vec<u8>,
    escape: Escape,
}

/// How much of an escape has been seen.
#[derive(Clone, Copy, Debug)]
enum Escape {
    None,
    Equals,
    /// `=` and white space: a soft line break if the line ends here.
    Blank,
    Cr,
    High(u8),
}

impl Quoted {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        out.reserve(chunk.len());
        let mut rest = chunk;
        while !rest.is_empty() {
            if matches!(self.escape, Escape::None) && self.blanks.is_empty() {
                let (plain, tail) = rest.split_at(plain_len(rest));
                out.extend_from_slice(plain);
                rest = tail;
            }
            let Some((&b, tail)) = rest.split_first() else { break };
            rest = tail;
            self.byte(b, out);
        }
    }

    fn byte(&mut self, b: u8, out: &mut Vec<u8>) {
        match (self.escape, b) {
            (Escape::None, b'=') => {
                out.append(&mut self.blanks);
                self.escape = Escape::Equals;
            }
            // A CR is held back with the white space before it: together they may end the line.
            (Escape::None, b' ' | b'\t' | b'\r') => {
                if self.blanks.len() >= MAX_BLANKS {
                    out.append(&mut self.blanks);
                }
                self.blanks.push(b);
            }
            // RFC 2045 6.7 (3): white space at the end of a line is not part of it.
            (Escape::None, b'\n') => {
                let crlf = self.blanks.last() == Some(&b'\r');
                self.blanks.clear();
                out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
            }
            (Escape::None, _) => {
                out.append(&mut self.blanks);
                out.push(b);
            }
            // RFC 2045 6.7 (5): a soft line break
            (Escape::Equals | Escape::Blank | Escape::Cr, b'\n') => self.escape = Escape::None,
            (Escape::Equals | Escape::Blank, b'\r') => self.escape = Escape::Cr,
            (Escape::Equals | Escape::Blank, b' ' | b'\t') => self.escape = Escape::Blank,
            (Escape::Equals, _) if hex(b).is_some() => self.escape = Escape::High(b),
            (Escape::High(high), _) => {
                self.escape = Escape::None;
                if let (Some(h), Some(l)) = (hex(high), hex(b)) {
                    out.push(h << 4 | l);
                } else {
                    out.extend_from_slice(&[b'=', high]);
                    self.byte(b, out);
                }
            }
            (Escape::Equals, _) => {
                self.escape = Escape::None;
                out.push(b'=');
                self.byte(b, out);
            }
            (Escape::Blank | Escape::Cr, _) => {
                self.escape = Escape::None;
                self.byte(b, out);
            }
        }
    }

    fn finish(mut self, out: &mut Vec<u8>) {
        match self.escape {
            // The body may end in white space that no line end follows: that is dropped as well.
            Escape::None => {
                if self.blanks.last() == Some(&b'\r') {
                    out.append(&mut self.blanks);
                }
            }
            Escape::High(high) => out.extend_from_slice(&[b'=', high]),
            Escape::Equals | Escape::Blank | Escape::Cr => {}
        }
    }
}

/// How many octets stand for themselves whatever comes after them. The last of `text` does not: a line may end there.
fn plain_len(text: &[u8]) -> usize {
    let odd = |pair: &[u8]| match pair {
        [b'=' | b'\r', _] => true,
        [b' ' | b'\t', next] => matches!(next, b' ' | b'\t' | b'\r' | b'\n'),
        _ => false,
    };
    text.windows(2).position(odd).unwrap_or_else(|| text.len().saturating_sub(1))
}

/// `data` in base64, in lines of 76 characters that all end in CRLF.
#[must_use]
pub fn encode_base64(data: &[u8]) -> String {
    let mut out = Vec::new();
    append_base64(data, &mut out);
    // Invariant: base64 is ASCII.
    String::from_utf8(out).expect("base64 is ASCII")
}

/// The same, onto the end of `out`.
pub(crate) fn append_base64(data: &[u8], out: &mut Vec<u8>) {
    out.reserve(base64_len(data.len()));
    let mut block = [0; BLOCK];
    for octets in data.chunks(BLOCK / 4 * 3) {
        let text = base64_simd::STANDARD.encode(octets, block[..].as_out());
        let (lines, last) = text.as_chunks::<LINE>();
        for line in lines {
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
        if !last.is_empty() {
            out.extend_from_slice(last);
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// How long so many octets are in base64, with the line ends; no less.
pub(crate) const fn base64_len(octets: usize) -> usize {
    octets.div_ceil(LINE / 4 * 3) * (LINE + 2)
}

/// Text in quoted-printable, lines of at most 76 characters. CRLF and LF are line ends and are
/// written as CRLF; a CR alone is data.
#[must_use]
pub fn encode_quoted_printable(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut rest = text;
    while !rest.is_empty() {
        let (line, ended, tail) = match memchr(b'\n', rest) {
            Some(i) => (rest[..i].strip_suffix(b"\r").unwrap_or(&rest[..i]), true, &rest[i + 1..]),
            None => (rest, false, &rest[rest.len()..]),
        };
        rest = tail;
        quote_line(line, &mut out);
        if ended {
            out.push_str("\r\n");
        }
    }
    out
}

fn quote_line(line: &[u8], out: &mut String) {
    let mut column = 0;
    for (i, &b) in line.iter().enumerate() {
        let last = i + 1 == line.len();
        let plain = match b {
            b'=' => false,
            b' ' | b'\t' => !last,
            // A dot alone or the word From at a line's start get changed on some ways.
            b'.' => column > 0,
            b'F' => column > 0 || !line[i..].starts_with(b"From "),
            b => b.is_ascii_graphic(),
        };
        let width = if plain { 1 } else { 3 };
        // One column is for the "=" of the soft break.
        if column + width > if last { LINE } else { LINE - 1 } {
            out.push_str("=\r\n");
            column = 0;
        }
        if plain {
            out.push(char::from(b));
        } else {
            crate::words::push_hex(out, '=', b);
        }
        column += width;
    }
}

/// `text` with every line end (CRLF, LF or CR) as CRLF.
#[must_use]
pub fn to_crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    let mut rest = text;
    while let Some(i) = memchr2(b'\r', b'\n', rest) {
        out.extend_from_slice(&rest[..i]);
        out.extend_from_slice(b"\r\n");
        let width = if rest[i..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = &rest[i + width..];
    }
    out.extend_from_slice(rest);
    out
}

/// The length of the longest line, line ends not counted.
pub(crate) fn longest_line(text: &[u8]) -> usize {
    let lengths = text.split(|&b| b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l).len());
    lengths.max().unwrap_or(0)
}
