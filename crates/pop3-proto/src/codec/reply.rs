use super::{Fault, ParseError, REPLY};
use crate::Misuse;
use alloc::vec::Vec;

/// The first word of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `+OK`
    Ok,
    /// `-ERR`
    Err,
    /// `+ `: a challenge of an AUTH exchange.
    Continue,
}

/// A single-line reply, or the first line of one with several.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The first word.
    pub status: Status,
    /// What stands in square brackets at the front of the text. RFC 2449 8
    pub code: Option<Code<'a>>,
    /// The rest, in no particular encoding; base64 if [`Status::Continue`].
    pub text: &'a [u8],
}

/// A response code. Known ones ignore further detail, as RFC 2449 8 asks of clients.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code<'a> {
    /// `IN-USE`: another session has the maildrop. RFC 2449 8.1.2
    InUse,
    /// `LOGIN-DELAY`: too soon after the last login. RFC 2449 8.1.1
    LoginDelay,
    /// `AUTH`: something is wrong with the credentials. RFC 3206 5
    Auth,
    /// `SYS/TEMP`: the server's trouble, likely to pass. RFC 3206 4
    SysTemp,
    /// `SYS/PERM`: the server's trouble, which someone must mend. RFC 3206 4
    SysPerm,
    /// `UTF8`: the message needs the UTF8 command first. RFC 6856 5
    Utf8,
    /// Any other, without the brackets.
    Other(&'a [u8]),
}

impl<'a> Reply<'a> {
    /// Reads a line, given without its CRLF.
    ///
    /// ```abnf
    /// single-line  = status [SP text] CRLF                   ; RFC 2449 3
    /// status       = "+OK" / "-ERR"
    /// text         = *schar / resp-code *CHAR
    /// continue-req = "+" SP [base64] CRLF                    ; RFC 5034 5
    /// ```
    ///
    /// Text beyond ASCII is kept as it is, and `+` without its space is an empty challenge.
    ///
    /// # Errors
    /// The line is no reply.
    pub fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        if let Some(at) = memchr::memchr3(b'\r', b'\n', 0, line) {
            return Err(ParseError::new(Fault::Octet, at, "text"));
        }
        let (word, text) = super::word(line);
        let text = text.unwrap_or_default();
        let status = match word {
            b"+OK" => Status::Ok,
            b"-ERR" => Status::Err,
            b"+" => return Ok(Self { status: Status::Continue, code: None, text }),
            _ => return Err(ParseError::new(Fault::Bad, 0, "+OK or -ERR")),
        };
        let (code, text) = split_code(text);
        Ok(Self { status, code, text })
    }

    /// Appends the line with its CRLF.
    ///
    /// # Errors
    /// The text or the code would not arrive as it is, or the line is longer than [`REPLY`] (which
    /// does not bound challenges). `wire` is then as before.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let start = wire.len();
        wire.extend_from_slice(match self.status {
            Status::Ok => b"+OK",
            Status::Err => b"-ERR",
            Status::Continue => b"+",
        });
        if let Some(code) = self.code {
            wire.extend_from_slice(b" [");
            wire.extend_from_slice(code.as_bytes());
            wire.push(b']');
        }
        // RFC 5034 4: an empty challenge keeps its space.
        if !self.text.is_empty() || self.status == Status::Continue {
            wire.push(b' ');
            wire.extend_from_slice(self.text);
        }
        let fault = if read(&wire[start..]) != Ok(*self) {
            Some(Misuse::Argument("it would not be read as it is"))
        } else if self.status != Status::Continue && wire.len() - start + 2 > REPLY {
            Some(Misuse::TooLong(REPLY))
        } else {
            None
        };
        if let Some(fault) = fault {
            wire.truncate(start);
            return Err(fault);
        }
        wire.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// Whether it is `+OK`.
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// The challenge, if that is what it is and it is proper base64.
    pub fn challenge(&self) -> Option<&'a str> {
        let text = core::str::from_utf8(self.text).ok()?;
        (self.status == Status::Continue && posta_core::is_base64(text.as_bytes())).then_some(text)
    }
}

/// Text is shown as ASCII with escapes.
impl core::fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.status)?;
        if let Some(code) = self.code {
            write!(f, " {code:?}")?;
        }
        // A challenge may hold a secret.
        match self.status {
            Status::Continue => f.write_str(" ***"),
            _ => write!(f, " \"{}\"", self.text.escape_ascii()),
        }
    }
}

impl<'a> Code<'a> {
    /// Reads what stands between the brackets, in any case.
    pub fn parse(raw: &'a [u8]) -> Self {
        let mut levels = raw.split(|octet| *octet == b'/');
        let (first, second) = (levels.next().unwrap_or_default(), levels.next());
        let is = |name: &str| first.eq_ignore_ascii_case(name.as_bytes());
        let then = |name: &str| {
            is("SYS") && second.is_some_and(|level| level.eq_ignore_ascii_case(name.as_bytes()))
        };
        if is("IN-USE") {
            Self::InUse
        } else if is("LOGIN-DELAY") {
            Self::LoginDelay
        } else if is("AUTH") {
            Self::Auth
        } else if then("TEMP") {
            Self::SysTemp
        } else if then("PERM") {
            Self::SysPerm
        } else if is("UTF8") {
            Self::Utf8
        } else {
            Self::Other(raw)
        }
    }

    /// What stands between the brackets.
    pub fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::InUse => b"IN-USE",
            Self::LoginDelay => b"LOGIN-DELAY",
            Self::Auth => b"AUTH",
            Self::SysTemp => b"SYS/TEMP",
            Self::SysPerm => b"SYS/PERM",
            Self::Utf8 => b"UTF8",
            Self::Other(raw) => raw,
        }
    }
}

impl core::fmt::Debug for Code<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "[{}]", self.as_bytes().escape_ascii())
    }
}

/// What `write` checks itself with: `Self` would tie the line to the lifetime of the value.
fn read(line: &[u8]) -> Result<Reply<'_>, ParseError> {
    Reply::parse(line)
}

/// ```abnf
/// resp-code  = "[" resp-level *("/" resp-level) "]"
/// resp-level = 1*rchar                ; printable ASCII, excluding "/" and "]"
/// ```
/// What begins with a bracket and is no code stays text.
fn split_code(text: &[u8]) -> (Option<Code<'_>>, &[u8]) {
    let code = text.strip_prefix(b"[").and_then(|rest| {
        let (raw, rest) = rest.split_at_checked(memchr::memchr(b']', rest)?)?;
        let level = |level: &[u8]| !level.is_empty() && level.iter().all(u8::is_ascii_graphic);
        raw.split(|octet| *octet == b'/').all(level).then_some((raw, &rest[1..]))
    });
    match code {
        Some((raw, rest)) => (Some(Code::parse(raw)), rest.strip_prefix(b" ").unwrap_or(rest)),
        None => (None, text),
    }
}

/// The timestamp in the text of a greeting, with its angle brackets: the server takes APOP.
/// RFC 1939 7
///
/// Only what [is one](is_timestamp) counts: the digest is computed over it, so a server must not be
/// able to choose arbitrary octets.
pub fn timestamp(text: &[u8]) -> Option<&str> {
    let start = memchr::memchr(b'<', text)?;
    let end = start + memchr::memchr(b'>', &text[start..])?;
    core::str::from_utf8(&text[start..=end]).ok().filter(|text| is_timestamp(text))
}

/// Whether this has the form of a msg-id: `<left@right>`, both sides not empty, graphic ASCII only.
pub fn is_timestamp(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.and_then(|inner| inner.split_once('@')).is_some_and(|(left, right)| {
        let atom = |c: u8| c.is_ascii_graphic() && !b"<>@".contains(&c);
        !left.is_empty() && !right.is_empty() && left.bytes().chain(right.bytes()).all(atom)
    })
}
