//! The lexical tokens of structured fields (RFC 5322 3.2), read forwards only, so always in linear time.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// One token of a structured field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A run of atext (RFC 5322 3.2.3) and of UTF-8 (RFC 6532 3.2).
    Atom(&'a [u8]),
    /// The content of a quoted string, quotes and quoting backslashes removed.
    Quoted(Cow<'a, [u8]>),
    /// A domain literal with its brackets.
    Literal(&'a [u8]),
    /// One of `< > @ , ; : . =` and whatever else stands alone.
    Special(u8),
}

/// A cursor over a field value, folding included.
#[derive(Clone, Debug)]
pub(crate) struct Lex<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Something was read that the grammar, obsolete forms included, does not allow.
    pub(crate) defect: bool,
    /// The content of the last comment skipped, without its parentheses.
    pub(crate) comment: Option<&'a [u8]>,
}

/// atext, or a byte of UTF-8.
#[rustfmt::skip]
pub(crate) const fn is_atext(b: u8) -> bool {
    matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/'..=b'9' | b'=' | b'?' | b'A'..=b'Z'
        | b'^'..=b'~' | 0x80..)
}

/// A character of a MIME token (RFC 2045 5.1), or a byte of UTF-8.
#[rustfmt::skip]
pub(crate) const fn is_token(b: u8) -> bool {
    matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'A'..=b'Z'
        | b'^'..=b'~' | 0x80..)
}

impl<'a> Lex<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, defect: false, comment: None }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// All that has been read.
    pub(crate) fn read(&self) -> &'a [u8] {
        self.bytes.get(..self.at).unwrap_or(self.bytes)
    }

    /// All that has been read, without the quote that ends the quoted string read last.
    pub(crate) fn quoted_read(&self) -> &'a [u8] {
        let read = self.read();
        read.strip_suffix(b"\"").unwrap_or(read)
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn bump(&mut self) -> Option<u8> {
        let b = self.peek()?;
        self.at += 1;
        Some(b)
    }

    /// Takes `b` if it comes next.
    pub(crate) fn eat(&mut self, b: u8) -> bool {
        let found = self.peek() == Some(b);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let n = rest.iter().position(|&b| !keep(b)).unwrap_or(rest.len());
        self.at += n;
        &rest[..n]
    }

    /// Skips white space, folding and comments; says whether there was any.
    // RFC 5322 3.2.2: FWS = ([*WSP CRLF] 1*WSP) / obs-FWS
    pub(crate) fn skip_cfws(&mut self) -> bool {
        let start = self.at;
        while let Some(b) = self.peek() {
            match b {
                b' ' | b'\t' => self.at += 1,
                b'\r' | b'\n' => self.fold(),
                b'(' => self.skip_comment(),
                _ => break,
            }
        }
        self.at > start
    }

    /// A line end: sound only as CRLF (or LF, the local form) before white space.
    fn fold(&mut self) {
        if self.eat(b'\r') && self.peek() != Some(b'\n') {
            self.defect = true;
            return;
        }
        self.at += 1;
        self.defect |= !matches!(self.peek(), Some(b' ' | b'\t'));
    }

    /// Comments nest; a counter follows them, so any depth costs the same.
    // RFC 5322 3.2.2: comment = "(" *([FWS] ccontent) [FWS] ")"
    fn skip_comment(&mut self) {
        self.at += 1;
        let start = self.at;
        let mut depth = 1_usize;
        while let Some(b) = self.peek() {
            match b {
                b'\r' | b'\n' => {
                    self.fold();
                    continue;
                }
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => {
                    self.at += 1;
                    self.defect |= self.peek().is_none();
                }
                0 => self.defect = true,
                _ => {}
            }
            self.at = (self.at + 1).min(self.bytes.len());
            if depth == 0 {
                self.comment = self.bytes.get(start..self.at - 1);
                return;
            }
        }
        self.defect = true;
        self.comment = self.bytes.get(start..);
    }

    /// Reads on behind an opening quote, to the closing one or to the end.
    // RFC 5322 3.2.4: quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE
    pub(crate) fn quoted(&mut self) -> Cow<'a, [u8]> {
        let start = self.at;
        let plain = self.take_while(|b| !matches!(b, b'"' | b'\\' | b'\r' | b'\n' | 0));
        if self.eat(b'"') {
            return Cow::Borrowed(plain);
        }
        let mut text: Vec<u8> = self.bytes[start..self.at].to_vec();
        while let Some(b) = self.bump() {
            match b {
                b'"' => return Cow::Owned(text),
                b'\\' => match self.bump() {
                    Some(b) => text.push(b),
                    None => self.defect = true,
                },
                // Folding is not part of the string, the white space after it is.
                b'\r' | b'\n' => {
                    self.at -= 1;
                    self.fold();
                }
                0 => {
                    self.defect = true;
                    text.push(0);
                }
                b => text.push(b),
            }
        }
        self.defect = true;
        Cow::Owned(text)
    }

    /// Reads a domain literal, its opening bracket included.
    // RFC 5322 3.4.1: domain-literal = [CFWS] "[" *([FWS] dtext) [FWS] "]" [CFWS]
    fn literal(&mut self) -> &'a [u8] {
        let start = self.at;
        self.at += 1;
        while let Some(b) = self.peek() {
            match b {
                b']' => {
                    self.at += 1;
                    return &self.bytes[start..self.at];
                }
                b'\r' | b'\n' => self.fold(),
                b'\\' => {
                    self.at = (self.at + 2).min(self.bytes.len());
                }
                b'[' | 0 => {
                    self.defect = true;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        self.defect = true;
        &self.bytes[start..]
    }

    /// The next token; call [`Lex::skip_cfws`] first.
    pub(crate) fn token(&mut self) -> Option<Token<'a>> {
        let b = self.peek()?;
        Some(match b {
            b'"' => {
                self.at += 1;
                Token::Quoted(self.quoted())
            }
            b'[' => Token::Literal(self.literal()),
            b if is_atext(b) => Token::Atom(self.take_while(is_atext)),
            b => {
                self.at += 1;
                Token::Special(b)
            }
        })
    }
}

/// The value without its line ends: a fold is the white space that follows it.
// RFC 5322 2.2.3
#[must_use]
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut text = Vec::with_capacity(value.len());
    for line in value.split(|b| matches!(b, b'\r' | b'\n')) {
        text.extend_from_slice(line);
    }
    Cow::Owned(text)
}

/// `value` without white space and line ends around it.
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let start = value.iter().position(|b| !blank(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !blank(b)).map_or(start, |i| i + 1);
    &value[start..end]
}
