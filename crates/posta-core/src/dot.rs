//! The dot codec of SMTP's DATA (RFC 5321 4.5.2) and of POP3's multi-line replies (RFC 1939 3).
//!
//! A body ends with a line that holds a single dot; a line of the body that begins with a dot is sent
//! with one more. Both directions stream, both know what to do with a CR or LF that stands alone, and
//! both pass clean blocks at close to the speed of a copy.
//!
//! Only CRLF ends a line and only `CRLF . CRLF` ends the body, in any mode: a dot after a bare LF or a
//! bare CR is an ordinary dot, so nothing can be smuggled behind an end that only one side sees.

use crate::Output;

/// What to do with a CR or LF that is not part of a CRLF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Bare {
    /// Refuse the body. RFC 5321 2.3.8 forbids them.
    #[default]
    Reject,
    /// Make each a CRLF.
    Convert,
    /// Leave them alone.
    Pass,
}

/// What the decoder found at the front of the bytes it was shown. Take that many bytes before the next
/// call; never show it bytes that were already taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// More bytes are needed to tell.
    Read,
    /// The next `n > 0` bytes are body.
    Chunk(usize),
    /// The next `n` bytes are no part of the body: a stuffed dot.
    Skip(usize),
    /// The next `n` bytes stand for a line end: a bare CR or LF under [`Bare::Convert`].
    LineEnd(usize),
    /// The next `n` bytes are a bare CR or LF under [`Bare::Reject`]. The body is bad, but go on to its
    /// end: to stop here would leave the rest of it to be read as commands.
    Bare(usize),
    /// The next `n` bytes are the end of the body.
    End(usize),
}

/// Where in a line a codec is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// After a CRLF, or at the beginning.
    LineStart,
    /// Anywhere else.
    Middle,
}

/// Takes the stuffing out.
///
/// ```
/// use posta_core::dot::{Bare, Decoder, Piece};
///
/// let mut decoder = Decoder::new(Bare::Reject);
/// assert_eq!(decoder.next(b"Hi\r\n..\r\n.\r\nQUIT\r\n"), Piece::Chunk(4));
/// assert_eq!(decoder.next(b"..\r\n.\r\nQUIT\r\n"), Piece::Skip(1));
/// assert_eq!(decoder.next(b".\r\n.\r\nQUIT\r\n"), Piece::Chunk(3));
/// assert_eq!(decoder.next(b".\r\nQUIT\r\n"), Piece::End(3));
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    at: At,
    bare: Bare,
}

impl Decoder {
    /// A decoder at the beginning of a body.
    pub const fn new(bare: Bare) -> Self {
        Self { at: At::LineStart, bare }
    }

    /// Says what the front of `bytes` is. If the stream ended, [`Piece::Read`] means that the body is
    /// incomplete.
    pub fn next(&mut self, bytes: &[u8]) -> Piece {
        match bytes {
            [] => Piece::Read,
            // RFC 5321 4.1.1.4: the end of data, and nothing else is.
            [b'.', b'\r', b'\n', ..] if self.at == At::LineStart => {
                self.at = At::LineStart;
                Piece::End(3)
            }
            [b'.'] | [b'.', b'\r'] if self.at == At::LineStart => Piece::Read,
            // RFC 5321 4.5.2: any other line that begins with a dot loses it.
            [b'.', ..] if self.at == At::LineStart => {
                self.at = At::Middle;
                Piece::Skip(1)
            }
            [b'\r'] => Piece::Read,
            [b'\n', ..] => self.bare(),
            [b'\r', next, ..] if *next != b'\n' => self.bare(),
            _ => self.chunk(bytes),
        }
    }

    /// The first byte of `bytes` belongs to the body: how many more do?
    fn chunk(&mut self, bytes: &[u8]) -> Piece {
        let mut n = irregular(bytes);
        // What `irregular` points at: a dot after a LF, a LF without CR, or the byte after a bare CR.
        if n == bytes.len() || bytes[n] != b'.' || bytes[n - 1] == b'\r' {
            // A CR whose LF may still come is held back, a CR without LF is looked at on its own.
            n -= usize::from(bytes[n - 1] == b'\r');
        }
        self.at = if bytes[..n].ends_with(b"\r\n") { At::LineStart } else { At::Middle };
        Piece::Chunk(n)
    }

    fn bare(&mut self) -> Piece {
        self.at = At::Middle;
        match self.bare {
            Bare::Reject => Piece::Bare(1),
            Bare::Convert => Piece::LineEnd(1),
            Bare::Pass => Piece::Chunk(1),
        }
    }
}

/// A bare CR or LF in what should be sent, under [`Bare::Reject`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a CR or LF stands alone at octet {offset} of the chunk")]
pub struct BareLineEnd {
    /// Where in the chunk; everything before it is in the output. For a CR at the end of the chunk
    /// before, 0.
    pub offset: usize,
}

/// Puts the stuffing in.
///
/// ```
/// use posta_core::{Output, dot::{Bare, Encoder}};
///
/// let mut output = Output::default();
/// let mut encoder = Encoder::new(Bare::Convert);
/// encoder.put(b"Hi\n.\n", &mut output).expect("converted, not refused");
/// encoder.end(&mut output).expect("converted, not refused");
/// assert_eq!(output.bytes(), b"Hi\r\n..\r\n.\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    at: At,
    /// The last chunk ended with a CR, which waits for its LF.
    cr: bool,
    bare: Bare,
}

impl Encoder {
    /// An encoder at the beginning of a body.
    pub const fn new(bare: Bare) -> Self {
        Self { at: At::LineStart, cr: false, bare }
    }

    /// Appends `chunk`, cut anywhere, to `output`: at most twice its size.
    ///
    /// # Errors
    /// A bare CR or LF under [`Bare::Reject`]. What came before it is in the output; the body cannot go
    /// on.
    pub fn put(&mut self, chunk: &[u8], output: &mut Output) -> Result<(), BareLineEnd> {
        output.reserve(chunk.len());
        let mut rest = chunk;
        while let [first, ..] = rest {
            let offset = chunk.len() - rest.len();
            match (first, self.cr) {
                (b'\n', true) => {
                    output.put(b"\r\n");
                    (self.cr, self.at) = (false, At::LineStart);
                    rest = &rest[1..];
                }
                (_, true) => self.bare(b"\r", offset, output)?,
                (b'\n', false) => {
                    self.bare(b"\n", offset, output)?;
                    rest = &rest[1..];
                }
                (b'\r', false) if rest.get(1) != Some(&b'\n') => {
                    self.cr = true;
                    rest = &rest[1..];
                }
                _ => {
                    // RFC 5321 4.5.2
                    if *first == b'.' && self.at == At::LineStart {
                        output.put(b".");
                    }
                    rest = self.plain(rest, output);
                }
            }
        }
        Ok(())
    }

    /// Ends the body: closes its last line if that is open, and adds the line with the dot.
    ///
    /// # Errors
    /// The body's last octet was a bare CR, under [`Bare::Reject`].
    pub fn end(&mut self, output: &mut Output) -> Result<(), BareLineEnd> {
        if self.cr {
            self.bare(b"\r", 0, output)?;
        }
        if self.at == At::Middle {
            output.put(b"\r\n");
        }
        self.at = At::LineStart;
        output.put(b".\r\n");
        Ok(())
    }

    /// Copies up to what needs a second look, at least one octet, and returns the rest.
    fn plain<'b>(&mut self, bytes: &'b [u8], output: &mut Output) -> &'b [u8] {
        let mut n = irregular(bytes);
        n -= usize::from(bytes[n - 1] == b'\r');
        // A CR in the first place has its LF, so at least those two are plain.
        let (plain, rest) = bytes.split_at(n.max(1));
        output.put(plain);
        self.at = if plain.ends_with(b"\r\n") { At::LineStart } else { At::Middle };
        rest
    }

    fn bare(&mut self, end: &[u8], offset: usize, output: &mut Output) -> Result<(), BareLineEnd> {
        self.cr = false;
        match self.bare {
            Bare::Reject => return Err(BareLineEnd { offset }),
            Bare::Convert => {
                output.put(b"\r\n");
                self.at = At::LineStart;
            }
            Bare::Pass => {
                output.put(end);
                self.at = At::Middle;
            }
        }
        Ok(())
    }
}

/// The offset of the first CR or LF in `text` that is not part of a CRLF. A CR at the very end counts.
pub fn find_bare(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = &text[from..];
        match rest {
            [] => return None,
            [b'\n', ..] | [b'\r'] => return Some(from),
            [b'\r', next, ..] if *next != b'\n' => return Some(from),
            _ => {}
        }
        let n = irregular(rest);
        from += n;
        if rest[n - 1] == b'\r' {
            return Some(from - 1);
        }
        // A dot at the beginning of a line is nothing special here.
        from += usize::from(rest.get(n) == Some(&b'.'));
    }
}

/// The first place after 0 whose octet, after the one before it, is not plain text: a LF without its
/// CR, anything but LF after a CR, a dot after a LF. The length if there is none.
fn irregular(bytes: &[u8]) -> usize {
    // Large blocks for speed, then small ones, so that few octets are left to be looked at one by one.
    let at = skip_regular::<16>(bytes, skip_regular::<128>(bytes, 1));
    bytes[at.min(bytes.len()) - 1..]
        .windows(2)
        .position(|pair| is_irregular(pair[0], pair[1]))
        .map_or(bytes.len(), |i| at + i)
}

/// The beginning of the first block from `at` that is not all plain text, or not whole. The octets of a
/// block are tested at once: the compiler turns the loop into vector instructions.
fn skip_regular<const BLOCK: usize>(bytes: &[u8], mut at: usize) -> usize {
    while let (Some(before), Some(block)) =
        (bytes.get(at - 1..at - 1 + BLOCK), bytes.get(at..at + BLOCK))
    {
        if before.iter().zip(block).fold(false, |found, (a, b)| found | is_irregular(*a, *b)) {
            break;
        }
        at += BLOCK;
    }
    at
}

fn is_irregular(before: u8, octet: u8) -> bool {
    ((before == b'\r') ^ (octet == b'\n')) | ((before == b'\n') & (octet == b'.'))
}

#[cfg(test)]
mod tests;
