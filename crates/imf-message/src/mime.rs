//! Content-Type, Content-Disposition and Content-Transfer-Encoding (RFC 2045, 2183, 2231).

use crate::charset::{decode_charset, guess};
use crate::lex::{Lex, is_token, trim};
use crate::words;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Parameters kept of one field; the rest is dropped.
pub const MAX_PARAMS: usize = 1_000;

/// One parameter as it stands in the message, quoting removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param<'a> {
    /// The name, with the `*` and section numbers of RFC 2231.
    pub name: &'a [u8],
    /// The value, not decoded.
    pub value: Cow<'a, [u8]>,
}

/// The parameters of a field, in order, raw and decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params<'a> {
    raw: Vec<Param<'a>>,
}

impl<'a> Params<'a> {
    /// The parameters as they stand, up to [`MAX_PARAMS`].
    #[must_use]
    pub fn raw(&self) -> &[Param<'a>] {
        &self.raw
    }

    /// The value of `name`, decoded: RFC 2231 sections joined and charsets applied, encoded words
    /// (not allowed here, and common) too. The RFC 2231 form wins over a plain one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut sections: Vec<(u32, bool, &[u8])> = self
            .raw
            .iter()
            .filter_map(|param| {
                let (section, extended) = section(param.name, name)?;
                Some((section, extended, &param.value[..]))
            })
            .collect();
        if sections.is_empty() {
            return self.plain(name).map(|value| match guess(value) {
                Cow::Borrowed(text) if !text.contains("=?") => Cow::Borrowed(text),
                text => Cow::Owned(words::decode(text.as_bytes()).into_owned()),
            });
        }
        sections.sort_by_key(|&(section, ..)| section);
        sections.dedup_by_key(|&mut (section, ..)| section);
        let mut bytes = Vec::new();
        let mut charset = None;
        for (i, (section, extended, value)) in sections.into_iter().enumerate() {
            // RFC 2231 3: sections count from 0 without gap; what comes after a gap is lost.
            if u32::try_from(i) != Ok(section) {
                break;
            }
            if !extended {
                bytes.extend_from_slice(value);
                continue;
            }
            // RFC 2231 4: only the first section has charset'language'.
            let mut pieces = value.splitn(3, |&b| b == b'\'');
            let text = match (i, pieces.next(), pieces.next(), pieces.next()) {
                (0, Some(label), Some(_), Some(text)) => {
                    charset = core::str::from_utf8(label).ok().filter(|l| !l.is_empty());
                    text
                }
                _ => value,
            };
            percent(text, &mut bytes);
        }
        Some(Cow::Owned(decode_charset(charset, &bytes).into_owned()))
    }

    /// The first value of `name` itself, without any decoding.
    #[must_use]
    pub fn plain(&self, name: &str) -> Option<&[u8]> {
        let found = self.raw.iter().find(|p| p.name.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(&found.value)
    }

    /// Reads `*(";" attribute "=" value)`, skipping what is not that.
    // RFC 2045 5.1: parameter := attribute "=" value; value := token / quoted-string
    fn parse(lex: &mut Lex<'a>) -> Self {
        let mut raw = Vec::new();
        while raw.len() < MAX_PARAMS {
            lex.take_while(|b| b != b';');
            if !lex.eat(b';') {
                break;
            }
            lex.skip_cfws();
            let name = lex.take_while(is_token);
            lex.skip_cfws();
            if name.is_empty() || !lex.eat(b'=') {
                continue;
            }
            lex.skip_cfws();
            let value = if lex.eat(b'"') {
                lex.quoted()
            } else {
                // Wider than a token: `=`, `/` and the like are common in unquoted boundaries.
                let value = lex.take_while(|b| !matches!(b, b';' | b'(' | b'\r' | b'\n'));
                Cow::Borrowed(trim(value))
            };
            lex.skip_cfws();
            raw.push(Param { name, value });
        }
        Self { raw }
    }
}

/// Which section of `name` the raw parameter name is, and whether it is percent encoded.
// RFC 2231 7: attribute "*" / attribute "*" section / attribute "*" section "*"
fn section(raw: &[u8], name: &str) -> Option<(u32, bool)> {
    let (head, tail) = raw.split_at_checked(name.len())?;
    let tail = tail.strip_prefix(b"*").filter(|_| head.eq_ignore_ascii_case(name.as_bytes()))?;
    if tail.is_empty() {
        return Some((0, true));
    }
    let (digits, extended) = match tail.strip_suffix(b"*") {
        Some(digits) => (digits, true),
        None => (tail, false),
    };
    let plain = digits.iter().all(u8::is_ascii_digit) && !digits.is_empty();
    let number = core::str::from_utf8(digits).ok().filter(|_| plain)?;
    Some((number.parse().ok()?, extended))
}

fn percent(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        match (b, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b),
            },
            _ => out.push(b),
        }
    }
}

/// The value of a hexadecimal digit, of either case.
pub(crate) fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// A media type with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> ContentType<'a> {
    /// Reads a field value; none without `type/subtype`.
    // RFC 2045 5.1: content := "Content-Type" ":" type "/" subtype *(";" parameter)
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut lex = Lex::new(value);
        lex.skip_cfws();
        let kind = lex.take_while(is_token);
        lex.skip_cfws();
        if kind.is_empty() || !lex.eat(b'/') {
            return None;
        }
        lex.skip_cfws();
        let subtype = lex.take_while(is_token);
        lex.skip_cfws();
        (!subtype.is_empty()).then(|| Self { kind, subtype, params: Params::parse(&mut lex) })
    }

    /// What holds without the field.
    // RFC 2045 5.2: Content-type: text/plain; charset=us-ascii
    pub(crate) fn text() -> Self {
        Self { kind: b"text", subtype: b"plain", params: Params::default() }
    }

    // RFC 2046 5.1.5
    pub(crate) fn message() -> Self {
        Self { kind: b"message", subtype: b"rfc822", params: Params::default() }
    }

    /// The type, in the case that it has in the message.
    #[must_use]
    pub fn kind(&self) -> Cow<'a, str> {
        guess(self.kind)
    }

    /// The subtype, in the case that it has in the message.
    #[must_use]
    pub fn subtype(&self) -> Cow<'a, str> {
        guess(self.subtype)
    }

    /// Type and subtype as bytes.
    pub(crate) const fn names(&self) -> [&'a [u8]; 2] {
        [self.kind, self.subtype]
    }

    /// Whether this is `kind/subtype`, in any case; a subtype of `*` stands for all.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind.as_bytes())
            && (subtype == "*" || self.subtype.eq_ignore_ascii_case(subtype.as_bytes()))
    }

    /// The boundary, as bytes; trailing white space cannot be part of it (RFC 2046 5.1.1).
    pub(crate) fn boundary(&self) -> Option<Cow<'_, [u8]>> {
        let plain = self.params.plain("boundary").map(Cow::Borrowed);
        let long = || {
            let text = self.params.get("boundary")?;
            Some(Cow::Owned(text.into_owned().into_bytes()))
        };
        let mut boundary = plain.or_else(long)?;
        let end = boundary.iter().rposition(|b| !matches!(b, b' ' | b'\t'))? + 1;
        if end < boundary.len() {
            boundary = Cow::Owned(boundary[..end].to_vec());
        }
        Some(boundary)
    }
}

/// How a part is to be shown (RFC 2183).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposition<'a> {
    kind: &'a [u8],
    /// The parameters.
    pub params: Params<'a>,
}

impl<'a> Disposition<'a> {
    /// Reads a field value; none without a disposition type.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut lex = Lex::new(value);
        lex.skip_cfws();
        let kind = lex.take_while(is_token);
        lex.skip_cfws();
        (!kind.is_empty()).then(|| Self { kind, params: Params::parse(&mut lex) })
    }

    /// The disposition, in the case that it has in the message.
    #[must_use]
    pub fn kind(&self) -> Cow<'a, str> {
        guess(self.kind)
    }

    /// The disposition as bytes.
    pub(crate) const fn name(&self) -> &'a [u8] {
        self.kind
    }

    /// Whether it is an attachment. RFC 2183 2.8: so is what is not known.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        !self.kind.eq_ignore_ascii_case(b"inline")
    }

    /// The file name, decoded. It comes from the sender: never use it as a path.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        self.params.get("filename").map(Cow::into_owned)
    }
}

/// A content transfer encoding (RFC 2045 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// `7bit`, and what holds without the field.
    #[default]
    SevenBit,
    /// `8bit`.
    EightBit,
    /// `binary`.
    Binary,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `base64`.
    Base64,
    /// One that is not known; its content is kept as it is.
    Unknown,
}

impl Encoding {
    /// Reads a field value.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let mut lex = Lex::new(value);
        lex.skip_cfws();
        let name = lex.take_while(is_token);
        [
            ("7bit", Self::SevenBit),
            ("8bit", Self::EightBit),
            ("binary", Self::Binary),
            ("quoted-printable", Self::QuotedPrintable),
            ("base64", Self::Base64),
        ]
        .into_iter()
        .find(|(text, _)| name.eq_ignore_ascii_case(text.as_bytes()))
        .map_or(Self::Unknown, |(_, encoding)| encoding)
    }

    /// The name on the wire; `binary` for one that is not known.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary | Self::Unknown => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }
}
