use super::{EnhancedCode, ErrorKind, Result, fault};
use alloc::boxed::Box;
use core::fmt::{self, Write};
use posta_core::{Input, Output};

/// A reply of one or more lines, borrowed.
///
/// ```
/// use smtp_proto::codec::{EnhancedCode, Reply};
///
/// let (reply, length) = Reply::parse(b"550-5.1.1 No such user,\r\n550 5.1.1 sorry\r\n")?.unwrap();
/// assert_eq!((reply.code, length), (550, 42));
/// assert_eq!(reply.enhanced(), Some(EnhancedCode(5, 1, 1)));
/// assert_eq!(reply.lines().collect::<Vec<_>>(), [&b"5.1.1 No such user,"[..], b"5.1.1 sorry"]);
/// # Ok::<_, smtp_proto::codec::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The code, from 200 to 599. Its first digit decides; the others explain.
    pub code: u16,
    /// All of it, from the first code to the last CRLF.
    pub(super) raw: &'a [u8],
}

impl<'a> Reply<'a> {
    /// Reads the reply at the front of `bytes`: it and its length, or `None` if it is not all here.
    ///
    /// ```text
    /// Reply-line = *( Reply-code "-" [ textstring ] CRLF )      ; RFC 5321 4.2
    ///                 Reply-code [ SP textstring ] CRLF
    /// Reply-code = %x32-35 2DIGIT
    /// ```
    ///
    /// The text may hold any octet but LF: it is the peer's, so look before you print it
    /// ([`Display`](fmt::Display) does).
    ///
    /// # Errors
    /// No code, a code out of range, a line that a bare LF ends, or lines that disagree about the code.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>> {
        let mut at = 0;
        while let Some(n) = bytes[at..].iter().position(|b| *b == b'\n') {
            let end = at + n + 1;
            if is_last(bytes, at, end)? {
                return Ok(Some((Self { code: code_of(bytes), raw: &bytes[..end] }, end)));
            }
            at = end;
        }
        Ok(None)
    }

    /// For bytes that [`frame`] has accepted.
    pub(crate) fn from_frame(raw: &'a [u8]) -> Self {
        Self { code: code_of(raw), raw }
    }

    /// 2yz: done.
    pub fn is_positive(self) -> bool {
        self.code / 100 == 2
    }

    /// 4yz: try again later.
    pub fn is_transient(self) -> bool {
        self.code / 100 == 4
    }

    /// 5yz: do not try again.
    pub fn is_permanent(self) -> bool {
        self.code / 100 == 5
    }

    /// The enhanced code at the beginning of the first line, if there is one of the same class.
    pub fn enhanced(self) -> Option<EnhancedCode> {
        let (code, _) = EnhancedCode::parse(self.lines().next()?)?;
        (u16::from(code.0) == self.code / 100).then_some(code)
    }

    /// The text of each line, enhanced codes included.
    pub fn lines(self) -> Lines<'a> {
        Lines { rest: self.raw }
    }

    /// The text of the first line, without an enhanced code.
    pub fn text(self) -> &'a [u8] {
        let line = self.lines().next().unwrap_or_default();
        EnhancedCode::parse(line).map_or(line, |(_, rest)| rest)
    }

    /// An owned copy.
    pub fn to_buf(self) -> ReplyBuf {
        ReplyBuf { raw: self.raw.into() }
    }
}

/// On one line, for logs: lines are joined with ` / `, what is not printable ASCII becomes `?`.
impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        for (i, line) in self.lines().enumerate() {
            f.write_str(match i {
                0 if line.is_empty() => "",
                0 => " ",
                _ => " / ",
            })?;
            line.iter().try_for_each(|b| f.write_char(printable(*b)))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// An owned [`Reply`].
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyBuf {
    raw: Box<[u8]>,
}

impl ReplyBuf {
    /// The reply.
    pub fn as_reply(&self) -> Reply<'_> {
        Reply::from_frame(&self.raw)
    }
}

impl fmt::Display for ReplyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_reply().fmt(f)
    }
}

impl fmt::Debug for ReplyBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_reply())
    }
}

/// The lines of a reply: text only, no codes, no CRLF.
#[derive(Clone, Debug)]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let n = self.rest.iter().position(|b| *b == b'\n')? + 1;
        let (line, rest) = self.rest.split_at(n);
        self.rest = rest;
        // The code and what stands behind it; in "250\r\n" nothing does.
        Some(line.get(4..n - 2).unwrap_or_default())
    }
}

/// Whether the line from `at` to `end`, its LF included, is the last of the reply at the front.
fn is_last(bytes: &[u8], at: usize, end: usize) -> Result<bool> {
    let line = &bytes[at..end];
    let &[a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', behind, ..] = line else {
        return Err(fault(ErrorKind::Reply, at, "a reply code"));
    };
    // RFC 5321 4.2.1: the code of each line must be the same.
    if bytes.get(..3) != Some(&[a, b, c]) {
        return Err(fault(ErrorKind::Reply, at, "the code of the line before"));
    }
    match behind {
        _ if !line.ends_with(b"\r\n") => Err(fault(ErrorKind::Reply, end - 1, "CRLF")),
        b'-' => Ok(false),
        b' ' => Ok(true),
        // RFC 5321 4.2: servers send the space, clients do without.
        b'\r' if line.len() == 5 => Ok(true),
        _ => Err(fault(ErrorKind::Reply, at + 3, "a space or a hyphen")),
    }
}

/// The code of a reply that has been framed.
fn code_of(reply: &[u8]) -> u16 {
    reply.iter().take(3).fold(0, |code, digit| code * 10 + u16::from(digit.saturating_sub(b'0')))
}

/// The length of the reply at the front of `input`, if it is all there.
///
/// # Errors
/// It is malformed, or longer than `limit`.
pub(crate) fn frame(input: &mut Input, limit: usize) -> Result<Option<usize>> {
    let too_long = fault(ErrorKind::TooLong, limit, "the end of the reply");
    while let Some(end) = input.line() {
        if end > limit {
            return Err(too_long);
        }
        if is_last(input.bytes(), input.framed(), end)? {
            return Ok(Some(end));
        }
        input.frame(end);
    }
    if input.len() > limit || input.is_full() {
        return Err(too_long);
    }
    Ok(None)
}

/// Appends a reply. The text may have several lines, separated by LF; each line of the reply gets the
/// codes. Lines that would be longer than 512 octets (RFC 5321 4.5.3.1.5) are broken; what is not
/// printable ASCII becomes `?`, so that no text, wherever it comes from, can forge a reply.
pub fn write_reply(out: &mut Output, code: u16, enhanced: Option<EnhancedCode>, text: &str) {
    let mut pieces = text.split('\n').flat_map(pieces).peekable();
    while let Some(piece) = pieces.next() {
        let behind = if pieces.peek().is_some() { '-' } else { ' ' };
        // An `Output` takes all that is written to it.
        let _never_fails = write!(out, "{code:03}{behind}");
        if let Some(enhanced) = enhanced {
            let _never_fails = write!(out, "{enhanced} ");
        }
        write_text(out, piece);
        out.put(b"\r\n");
    }
}

/// Appends text, made printable.
fn write_text(out: &mut Output, text: &[u8]) {
    let mut rest = text;
    while !rest.is_empty() {
        let clean = rest.iter().take_while(|b| matches!(b, b' '..=b'~')).count();
        out.put(&rest[..clean]);
        rest = &rest[clean..];
        if let [_, behind @ ..] = rest {
            out.put(b"?");
            rest = behind;
        }
    }
}

/// A line of text in pieces that fit behind two codes; an empty line is one empty piece.
fn pieces(line: &str) -> impl Iterator<Item = &[u8]> {
    /// What RFC 5321 4.5.3.1.5 leaves after the codes and CRLF.
    const PIECE: usize = 512 - "250-5.123.123 ".len() - 2;
    let line = line.strip_suffix('\r').unwrap_or(line).as_bytes();
    let count = line.len().div_ceil(PIECE).max(1);
    (0..count).map(move |i| &line[i * PIECE..line.len().min((i + 1) * PIECE)])
}

fn printable(octet: u8) -> char {
    if matches!(octet, b' '..=b'~') { char::from(octet) } else { '?' }
}
