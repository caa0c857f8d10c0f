//! Header fields to be written: folded, encoded, and never two where one was meant.

use crate::address::{Address, Mailbox, is_dot_atom, quote};
use crate::date::Date;
use crate::error::Misuse;
use crate::lex::{is_atext, is_token};
use crate::words::{self, push_hex};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// RFC 5322 2.1.1: lines should have at most 78 characters.
const FOLD: usize = 78;
/// RFC 5322 2.1.1: lines must have at most 998 characters.
pub(crate) const MAX_LINE: usize = 998;
/// What may be one unbroken piece of a line, so that a name, a blank and more still fit beside it.
const MAX_WORD: usize = 900;
const MAX_NAME: usize = 76;
/// The longest run of white space that is written as it is.
const MAX_BLANK: usize = 60;
/// The longest quoted string, and the longest piece of a parameter, that is written as one.
const MAX_QUOTED: usize = 60;

/// One whole header field, ready to be written, its lines ended by CRLF.
///
/// Only the functions here make one, so whatever the values are, it stays one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    text: String,
    name: usize,
}

impl Header {
    /// A field of free text, such as Subject. White space around the text is dropped; what ASCII cannot
    /// say becomes encoded words (RFC 2047).
    ///
    /// # Errors
    /// [`Misuse::Name`], or [`Misuse::Injection`] when the text has a CR, LF or NUL.
    pub fn text(name: &str, text: &str) -> Result<Self, Misuse> {
        let mut fold = Fold::new(name)?;
        fold.text(text)?;
        fold.finish()
    }

    /// A field whose value is already folded and encoded: every CRLF is followed by white space, and no
    /// line is blank. A space is put before a value that does not begin with white space.
    ///
    /// # Errors
    /// [`Misuse::Name`]; [`Misuse::Injection`] when a CR, LF or NUL is anything but sound folding;
    /// [`Misuse::TooLong`] when a line has more than 998 octets.
    pub fn folded(name: &str, value: &str) -> Result<Self, Misuse> {
        let mut fold = Fold::new(name)?;
        for (i, line) in value.split("\r\n").enumerate() {
            let blank = line.trim_matches([' ', '\t']).is_empty();
            if line.contains(['\r', '\n', '\0']) || (i > 0 && (blank || !starts_blank(line))) {
                return Err(Misuse::Injection);
            }
            if i > 0 {
                fold.out.push_str("\r\n");
            } else if !starts_blank(line) {
                fold.out.push(' ');
            }
            fold.out.push_str(line);
        }
        fold.finish()
    }

    /// A field of addresses, such as To. Names beyond ASCII become encoded words; nothing is ever folded
    /// inside of an address. An address beyond ASCII is written in UTF-8 (RFC 6532) and needs SMTPUTF8.
    ///
    /// # Errors
    /// [`Misuse::Name`], [`Misuse::Address`], [`Misuse::Injection`] or [`Misuse::TooLong`].
    pub fn addresses(name: &str, addresses: &[Address]) -> Result<Self, Misuse> {
        let mut fold = Fold::new(name)?;
        for (i, address) in addresses.iter().enumerate() {
            let comma = if i + 1 < addresses.len() { "," } else { "" };
            match address {
                Address::Mailbox(mailbox) => fold.mailbox(mailbox, comma)?,
                Address::Group { name, members } => {
                    fold.phrase(name, if members.is_empty() { ":;" } else { ":" })?;
                    for (j, member) in members.iter().enumerate() {
                        let last = j + 1 == members.len();
                        fold.mailbox(member, if last { ";" } else { "," })?;
                    }
                    fold.glue(comma);
                }
            }
        }
        fold.finish()
    }

    /// A field of message identifiers, given without angle brackets; never encoded, never folded inside.
    ///
    /// # Errors
    /// [`Misuse::Name`], [`Misuse::MessageId`] or [`Misuse::TooLong`].
    pub fn ids<I: AsRef<str>>(name: &str, ids: &[I]) -> Result<Self, Misuse> {
        let mut fold = Fold::new(name)?;
        for id in ids {
            let id = id.as_ref();
            if id.is_empty() || id.contains(|c: char| c <= ' ' || matches!(c, '<' | '>' | '\x7f')) {
                return Err(Misuse::MessageId);
            }
            if id.len() > MAX_WORD {
                return Err(Misuse::TooLong);
            }
            fold.word(" ", &alloc::format!("<{id}>"));
        }
        fold.finish()
    }

    /// A field with a date.
    ///
    /// # Errors
    /// [`Misuse::Name`], or [`Misuse::Date`] for years before 1900 or after 9999.
    pub fn date(name: &str, date: Date) -> Result<Self, Misuse> {
        if !(1900..=9999).contains(&date.year()) {
            return Err(Misuse::Date);
        }
        let mut fold = Fold::new(name)?;
        fold.word(" ", &alloc::format!("{date}"));
        fold.finish()
    }

    /// A field with parameters; file names get a plain form beside the RFC 2231 one.
    pub(crate) fn params(name: &str, value: &str, list: &[(&str, &str)]) -> Result<Self, Misuse> {
        let mut fold = Fold::new(name)?;
        fold.word(" ", value);
        for (attribute, text) in list {
            fold.param(attribute, text)?;
        }
        fold.finish()
    }

    /// The field's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[..self.name]
    }

    /// The whole field, folded, its last CRLF included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the field can go where SMTPUTF8 is not offered.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }
}

fn starts_blank(line: &str) -> bool {
    line.starts_with([' ', '\t'])
}

struct Fold {
    out: String,
    name: usize,
    column: usize,
}

impl Fold {
    fn new(name: &str) -> Result<Self, Misuse> {
        let ftext = |b: u8| b.is_ascii_graphic() && b != b':';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(ftext) {
            return Err(Misuse::Name);
        }
        let mut out = String::with_capacity(FOLD);
        out.push_str(name);
        out.push(':');
        Ok(Self { column: out.len(), name: name.len(), out })
    }

    /// Adds a word behind white space, on a new line when this one is full.
    fn word(&mut self, blank: &str, word: &str) {
        let width = blank.len() + word.len();
        // The first word stays beside the name unless it has a line of its own that it fits on.
        let first = self.column == self.name + 1 && self.out.len() == self.column;
        let gains = !first || width <= FOLD || self.column + width > MAX_LINE;
        if self.column + width > FOLD && gains {
            self.out.push_str("\r\n");
            self.column = 0;
        }
        self.out.push_str(blank);
        self.out.push_str(word);
        self.column += width;
    }

    /// Adds what may not be parted from the word before.
    fn glue(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }

    fn finish(mut self) -> Result<Header, Misuse> {
        if self.out.lines().any(|line| line.len() > MAX_LINE) {
            return Err(Misuse::TooLong);
        }
        self.out.push_str("\r\n");
        Ok(Header { text: self.out, name: self.name })
    }

    fn text(&mut self, text: &str) -> Result<(), Misuse> {
        no_line_end(text)?;
        let text = text.trim_matches([' ', '\t']);
        let pieces = pieces(text);
        let mut needs = (usize::MAX, 0);
        for (i, &(start, word)) in pieces.iter().enumerate() {
            let blank = i.checked_sub(1).map_or(0, |j| start - (pieces[j].0 + pieces[j].1.len()));
            let odd = word.len() > MAX_WORD
                || word.contains("=?")
                || !word.bytes().all(|b| b.is_ascii_graphic());
            if odd || blank > MAX_BLANK {
                let from = if blank > MAX_BLANK { i - 1 } else { i };
                needs = (needs.0.min(from), i);
            }
        }
        let mut at = 0;
        let mut i = 0;
        while let Some(&(start, word)) = pieces.get(i) {
            let blank = if i == 0 { " " } else { &text[at..start] };
            if i == needs.0 {
                let (last, word) = pieces[needs.1];
                at = last + word.len();
                for (n, word) in words::encode(&text[start..at]).iter().enumerate() {
                    self.word(if n == 0 { blank } else { " " }, word);
                }
                i = needs.1;
            } else {
                self.word(blank, word);
                at = start + word.len();
            }
            i += 1;
        }
        Ok(())
    }

    fn mailbox(&mut self, mailbox: &Mailbox, after: &str) -> Result<(), Misuse> {
        let control = |c: char| c.is_ascii_control();
        let domain = &mailbox.domain;
        let dtext = |b: u8| b.is_ascii_graphic() && !matches!(b, b'[' | b']' | b'\\');
        let literal = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']'));
        let sound = literal.map_or_else(|| is_dot_atom(domain), |d| d.bytes().all(dtext));
        if mailbox.local.contains(control) || mailbox.local.is_empty() || !sound {
            return Err(Misuse::Address);
        }
        let address = mailbox.addr_spec();
        if address.len() > MAX_WORD {
            return Err(Misuse::TooLong);
        }
        match mailbox.name.as_deref().map(|name| name.trim_matches([' ', '\t'])) {
            None | Some("") => self.word(" ", &address),
            Some(name) => {
                self.phrase(name, "")?;
                self.word(" ", &alloc::format!("<{address}>"));
            }
        }
        self.glue(after);
        Ok(())
    }

    // RFC 5322 3.2.5: phrase = 1*word / obs-phrase; RFC 2047 5 (3): or encoded words
    fn phrase(&mut self, name: &str, after: &str) -> Result<(), Misuse> {
        no_line_end(name)?;
        let encoded = name.contains("=?");
        let atoms = || name.split(' ').all(|a| !a.is_empty() && a.bytes().all(is_atext));
        let printable = name.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
        if name.is_ascii() && !encoded && name.len() <= MAX_WORD && atoms() {
            name.split(' ').for_each(|atom| self.word(" ", atom));
        } else if printable && !encoded && name.len() <= MAX_QUOTED {
            let mut quoted = String::new();
            quote(name, &mut quoted);
            self.word(" ", &quoted);
        } else {
            words::encode(name).iter().for_each(|word| self.word(" ", word));
        }
        self.glue(after);
        Ok(())
    }

    fn param(&mut self, attribute: &str, text: &str) -> Result<(), Misuse> {
        no_line_end(text)?;
        let plain = text.len() <= MAX_QUOTED && text.chars().all(printable) && !text.contains("=?");
        if plain || attribute.ends_with("name") {
            let value = if plain { Cow::Borrowed(text) } else { Cow::Owned(fallback(text)) };
            let mut word = String::with_capacity(attribute.len() + value.len() + 3);
            word.push_str(attribute);
            word.push('=');
            if !value.is_empty() && value.bytes().all(is_token) {
                word.push_str(&value);
            } else {
                quote(&value, &mut word);
            }
            self.glue(";");
            self.word(" ", &word);
        }
        if !plain {
            self.sections(attribute, text);
        }
        Ok(())
    }

    /// Writes a long value, or one beyond ASCII, in sections.
    // RFC 2231 3 and 4: attribute "*" section "*" "=" charset "'" language "'" text
    fn sections(&mut self, attribute: &str, text: &str) {
        let mut sections: Vec<String> = Vec::new();
        let mut section = String::from("utf-8''");
        for b in text.bytes() {
            if section.len() + 3 > MAX_QUOTED {
                sections.push(core::mem::take(&mut section));
            }
            // RFC 2231 7: attribute-char
            if is_token(b) && b.is_ascii_graphic() && !matches!(b, b'*' | b'\'' | b'%') {
                section.push(char::from(b));
            } else {
                push_hex(&mut section, '%', b);
            }
        }
        sections.push(section);
        let one = sections.len() == 1;
        for (i, section) in sections.iter().enumerate() {
            self.glue(";");
            let number = if one { String::new() } else { alloc::format!("*{i}") };
            self.word(" ", &alloc::format!("{attribute}{number}*={section}"));
        }
    }
}

fn printable(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

/// What stands for a value that cannot be written as it is.
fn fallback(text: &str) -> String {
    let printable = text.chars().map(|c| if printable(c) { c } else { '_' });
    printable.take(MAX_QUOTED).collect::<String>().replace("=?", "__")
}

fn no_line_end(text: &str) -> Result<(), Misuse> {
    if text.contains(['\r', '\n', '\0']) { Err(Misuse::Injection) } else { Ok(()) }
}

/// The words of `text` with their offsets.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for word in text.split([' ', '\t']) {
        if !word.is_empty() {
            pieces.push((at, word));
        }
        at += word.len() + 1;
    }
    pieces
}
