//! Where a reader stands in a response.

use super::{Fault, ParseError, Quirk, Quirks, Text};
use core::ops::RangeInclusive;

/// How deep parentheses may nest; a body structure uses two levels for each of its own.
const NESTING: u8 = 64;

#[expect(unnameable_types, reason = "in a signature of the sealed trait `Wire` alone")]
/// Reads a response from left to right. Never looks at an octet twice but to tell two values apart.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    len: usize,
    depth: u8,
    allowed: Quirks,
    /// What had to be overlooked so far.
    pub(crate) needed: Quirks,
}

pub(crate) type Parsed<T> = Result<T, ParseError>;

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a [u8], allowed: Quirks) -> Self {
        Self { rest: text, len: text.len(), depth: 0, allowed, needed: Quirks::default() }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The octets since an earlier state of this cursor.
    pub(crate) fn since(&self, before: &Self) -> &'a [u8] {
        &before.rest[..before.rest.len() - self.rest.len()]
    }

    pub(crate) fn bump(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(n.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    pub(crate) fn fault<T>(&self, expected: &'static str) -> Parsed<T> {
        let kind = if self.rest.is_empty() { Fault::Missing } else { Fault::Bad };
        Err(ParseError::new(kind, self.offset(), expected))
    }

    /// Goes on in spite of this, if that is allowed.
    pub(crate) fn overlook(&mut self, quirk: Quirk) -> Parsed<()> {
        if !self.allowed.has(quirk) {
            return Err(ParseError::new(Fault::Quirk(quirk), self.offset(), "the grammar's form"));
        }
        self.needed.set(quirk);
        Ok(())
    }

    /// One level deeper, for the time of `read`.
    pub(crate) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= NESTING {
            return Err(ParseError::new(Fault::Nesting, self.offset(), "less nesting"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    pub(crate) fn try_byte(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.bump(1);
        }
        found
    }

    pub(crate) fn byte(&mut self, byte: u8, expected: &'static str) -> Parsed<()> {
        if self.try_byte(byte) { Ok(()) } else { self.fault(expected) }
    }

    /// Exactly one space; more are a quirk.
    pub(crate) fn space(&mut self) -> Parsed<()> {
        self.byte(b' ', "a space")?;
        self.no_space()
    }

    /// Where no space may stand.
    pub(crate) fn no_space(&mut self) -> Parsed<()> {
        if self.peek() == Some(b' ') {
            self.overlook(Quirk::Spaces)?;
            let n = self.rest.iter().take_while(|octet| **octet == b' ').count();
            self.bump(n);
        }
        Ok(())
    }

    /// The end of the response; spaces before it are a quirk.
    pub(crate) fn end(&mut self) -> Parsed<()> {
        self.no_space()?;
        if self.is_empty() {
            return Ok(());
        }
        Err(ParseError::new(Fault::Extra, self.offset(), "the end of the line"))
    }

    fn span(&mut self, of: impl Fn(u8) -> bool, expected: &'static str) -> Parsed<&'a [u8]> {
        match self.rest.iter().position(|octet| !of(*octet)).unwrap_or(self.rest.len()) {
            0 => self.fault(expected),
            n => Ok(self.bump(n)),
        }
    }

    /// What real servers send as an atom: anything but the octets that structure a response.
    pub(crate) fn word(&mut self) -> Parsed<&'a [u8]> {
        self.span(is_word, "an atom")
    }

    /// What the name of a FETCH item consists of, up to its brackets.
    pub(crate) fn item_name(&mut self) -> Parsed<&'a [u8]> {
        self.span(|octet| is_word(octet) && octet != b'[', "a name")
    }

    /// ```abnf
    /// tag = 1*<any ASTRING-CHAR except "+">
    /// ```
    pub(crate) fn tag(&mut self) -> Parsed<&'a str> {
        let before = *self;
        let tag = self.span(|octet| (is_word(octet) || octet == b']') && octet != b'+', "a tag")?;
        match core::str::from_utf8(tag) {
            Ok(tag) if tag.is_ascii() => Ok(tag),
            _ => before.fault("a tag"),
        }
    }

    /// A word of ASCII.
    pub(crate) fn name(&mut self) -> Parsed<&'a str> {
        let before = *self;
        let word = self.word()?;
        match core::str::from_utf8(word) {
            Ok(name) if word.is_ascii() => Ok(name),
            _ => before.fault("an atom"),
        }
    }

    /// The next word, if it is this one, in any case; takes it.
    pub(crate) fn try_word(&mut self, word: &[u8]) -> bool {
        let Some((front, rest)) = self.rest.split_at_checked(word.len()) else { return false };
        let found = front.eq_ignore_ascii_case(word) && !rest.first().is_some_and(|o| is_word(*o));
        if found {
            self.rest = rest;
        }
        found
    }

    /// RFC 9051 9: number64 has 63 bits.
    pub(crate) fn number64(&mut self) -> Parsed<u64> {
        self.number_within(0..=i64::MAX.unsigned_abs(), "a number of 63 bits")
    }

    pub(crate) fn number(&mut self) -> Parsed<u32> {
        let n = self.number_within(0..=u32::MAX.into(), "a number of 32 bits")?;
        Ok(n as u32)
    }

    pub(crate) fn nz_number(&mut self) -> Parsed<u32> {
        let n = self.number_within(1..=u32::MAX.into(), "a number of 32 bits, above 0")?;
        Ok(n as u32)
    }

    fn number_within(&mut self, range: RangeInclusive<u64>, expected: &'static str) -> Parsed<u64> {
        let (mut n, mut len) = (0_u64, 0);
        while let Some(digit @ b'0'..=b'9') = self.rest.get(len) {
            n = n.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            len += 1;
        }
        // 19 digits fit into 64 bits, whatever they are.
        if len == 0 || len > 19 || !range.contains(&n) {
            return self.fault(if len == 0 { "a number" } else { expected });
        }
        self.bump(len);
        Ok(n)
    }

    /// A count, which some servers send as -1 when they do not know it.
    pub(crate) fn count(&mut self) -> Parsed<u64> {
        if self.peek() == Some(b'-') {
            self.overlook(Quirk::NegativeNumber)?;
            self.bump(1);
            self.number64()?;
            return Ok(0);
        }
        if self.nil() {
            self.overlook(Quirk::NilValue)?;
            return Ok(0);
        }
        self.number64()
    }

    /// Takes a NIL.
    pub(crate) fn nil(&mut self) -> bool {
        // Mostly a string stands there.
        matches!(self.peek(), Some(b'N' | b'n')) && self.try_word(b"NIL")
    }

    /// `quoted / literal`, or a literal8, which some servers send where they may not.
    pub(crate) fn string(&mut self) -> Parsed<Text<'a>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(b'{' | b'~') => self.literal(),
            _ => self.fault("a string"),
        }
    }

    /// A string; NIL in its place is a quirk.
    pub(crate) fn string_or_nil(&mut self) -> Parsed<Text<'a>> {
        if self.nil() {
            self.overlook(Quirk::NilValue)?;
            return Ok(Text::default());
        }
        self.string()
    }

    /// `string / nil`
    pub(crate) fn nstring(&mut self) -> Parsed<Option<Text<'a>>> {
        if self.nil() { Ok(None) } else { self.string().map(Some) }
    }

    /// `1*ASTRING-CHAR / string`. NIL is no special word here.
    pub(crate) fn astring(&mut self) -> Parsed<Text<'a>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(),
            _ => self.span(|octet| is_word(octet) || octet == b']', "a string").map(Text::new),
        }
    }

    /// ```abnf
    /// list-mailbox = 1*list-char / string
    /// list-char    = ATOM-CHAR / "%" / "*" / "]"
    /// ```
    pub(crate) fn pattern(&mut self) -> Parsed<Text<'a>> {
        match self.peek() {
            Some(b'"' | b'{') => self.string(),
            _ => {
                let of = |octet| is_word(octet) || matches!(octet, b']' | b'%' | b'*');
                self.span(of, "a pattern").map(Text::new)
            }
        }
    }

    /// ```abnf
    /// quoted      = DQUOTE *QUOTED-CHAR DQUOTE
    /// QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials /
    ///               UTF8-2 / UTF8-3 / UTF8-4
    /// ```
    fn quoted(&mut self) -> Parsed<Text<'a>> {
        let before = *self;
        self.bump(1);
        let (mut escaped, mut eight_bit) = (false, false);
        let mut at = 0;
        loop {
            // Most are a few octets long: octet by octet is faster than a search that looks at many.
            at += self.rest[at..].iter().take_while(|octet| is_plain(**octet)).count();
            match self.rest.get(at) {
                Some(b'"') => break,
                Some(b'\\') if matches!(self.rest.get(at + 1), Some(b'"' | b'\\')) => {
                    escaped = true;
                    at += 2;
                }
                // Stands for itself.
                Some(b'\\') => {
                    self.overlook(Quirk::Escapes)?;
                    at += 1;
                }
                Some(b'\r' | 0) => return before.fault("a string without CR and NUL"),
                Some(b'\n') | None => return before.fault("a closing quote"),
                Some(_) => {
                    eight_bit = true;
                    at += 1;
                }
            }
        }
        let raw = self.bump(at);
        if eight_bit && core::str::from_utf8(raw).is_err() {
            self.overlook(Quirk::EightBit)?;
        }
        self.bump(1);
        Ok(Text::from_wire(raw, escaped))
    }

    /// ```abnf
    /// literal  = "{" number64 ["+"] "}" CRLF *CHAR8
    /// literal8 = "~{" number64 "}" CRLF *OCTET
    /// ```
    fn literal(&mut self) -> Parsed<Text<'a>> {
        self.try_byte(b'~');
        let size = self.literal_head()?;
        match usize::try_from(size) {
            Ok(size) if size <= self.rest.len() => Ok(Text::new(self.bump(size))),
            _ => {
                self.bump(usize::MAX);
                self.fault("the rest of a literal")
            }
        }
    }

    /// `"{" number64 ["+"] "}" CRLF`: the front of a literal.
    pub(crate) fn literal_head(&mut self) -> Parsed<u64> {
        self.byte(b'{', "a literal")?;
        let size = self.number64()?;
        // RFC 7888 4: a client does not wait.
        self.try_byte(b'+');
        if !self.rest.starts_with(b"}\r\n") {
            return self.fault("the end of a literal's size");
        }
        self.bump(3);
        Ok(size)
    }

    /// Passes over one value of any kind and returns it: an atom (with what stands in its brackets), a
    /// string, or a list of values. No recursion: `((((` costs nothing.
    pub(crate) fn value(&mut self) -> Parsed<&'a [u8]> {
        let before = *self;
        let mut depth = 0u32;
        loop {
            match self.peek() {
                Some(b'(') => {
                    depth += 1;
                    self.bump(1);
                }
                Some(b')') if depth > 0 => {
                    depth -= 1;
                    self.bump(1);
                }
                Some(b' ') if depth > 0 => {
                    self.bump(1);
                }
                Some(b'"' | b'{') => {
                    self.string()?;
                }
                Some(b'~') if self.rest.get(1) == Some(&b'{') => {
                    self.string()?;
                }
                _ => self.atom_with_brackets()?,
            }
            if depth == 0 {
                return Ok(self.since(&before));
            }
        }
    }

    /// What stands in the brackets behind the name of an item, without them. There may be brackets in its
    /// strings.
    pub(crate) fn section(&mut self) -> Parsed<&'a [u8]> {
        self.brackets(|cursor| cursor.fault("a string"))
    }

    /// The same of a response code, where a quote may stand for itself.
    pub(crate) fn code(&mut self) -> Parsed<&'a [u8]> {
        self.brackets(|cursor| {
            cursor.bump(1);
            Ok(())
        })
    }

    fn brackets(&mut self, no_string: impl Fn(&mut Self) -> Parsed<()>) -> Parsed<&'a [u8]> {
        self.byte(b'[', "an opening bracket")?;
        let before = *self;
        loop {
            match self.peek() {
                Some(b']') => {
                    let inner = self.since(&before);
                    self.bump(1);
                    return Ok(inner);
                }
                Some(b'"' | b'{') if self.pass_string() => {}
                Some(b'"' | b'{') => no_string(self)?,
                Some(b'\r' | b'\n') | None => return self.fault("a closing bracket"),
                Some(_) => {
                    self.bump(1);
                }
            }
        }
    }

    /// Passes over a string, if this is one. What is odd in it is for who reads it.
    fn pass_string(&mut self) -> bool {
        let mut ahead = Self { allowed: Quirks::all(), ..*self };
        let is_string = ahead.string().is_ok();
        if is_string {
            self.rest = ahead.rest;
        }
        is_string
    }

    /// `BODY[HEADER.FIELDS ("X")]<0>`, `1:5,7`, `\Seen`.
    fn atom_with_brackets(&mut self) -> Parsed<()> {
        let before = self.rest.len();
        loop {
            match self.peek() {
                Some(b'[') => {
                    self.section()?;
                }
                Some(octet) if is_word(octet) || matches!(octet, b']' | b'\\' | b'*' | b'%') => {
                    self.bump(1);
                }
                _ if self.rest.len() == before => return self.fault("a value"),
                _ => return Ok(()),
            }
        }
    }
}

/// Whether an octet may stand in an atom as servers send them: `[` may, `]` may not, 8 bits may.
fn is_word(octet: u8) -> bool {
    OCTETS[usize::from(octet)] & WORD != 0
}

/// Whether an octet stands for itself in a quoted string, and is ASCII.
pub(crate) fn is_plain(octet: u8) -> bool {
    OCTETS[usize::from(octet)] & PLAIN != 0
}

const WORD: u8 = 1;
const PLAIN: u8 = 2;

/// What each octet may be.
const OCTETS: [u8; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let (is_word, is_plain) = match octet as u8 {
            0 | b'\r' | b'\n' | b'"' | b'\\' => (false, false),
            0..=b' ' | 127 | b'(' | b')' | b'{' | b'%' | b'*' | b']' => (false, true),
            128.. => (true, false),
            _ => (true, true),
        };
        table[octet] = if is_word { WORD } else { 0 } | if is_plain { PLAIN } else { 0 };
        octet += 1;
    }
    table
};
