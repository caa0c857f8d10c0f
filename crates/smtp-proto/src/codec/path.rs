use super::{
    Address, ErrorKind, Mailbox, ParseError, Result,
    address::{scan_domain, scan_mailbox},
    fault,
    scan::Span,
};
use crate::limits::PATH;
use core::fmt;

/// Where mail comes from or goes to: what stands between the angle brackets of MAIL and RCPT.
///
/// A source route (`<@relay.example:bea@b.com>`) is accepted and ignored, as RFC 5321 appendix C wants.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Path<'a> {
    /// `<>`: nobody, the sender of bounces. Only MAIL knows it.
    Null,
    /// `<Postmaster>` without a domain: whoever keeps this server. Only RCPT knows it.
    Postmaster,
    /// An address.
    Mailbox(Address<'a>),
}

impl<'a> Path<'a> {
    /// A path from text without angle brackets: nothing is [`Null`](Self::Null), `postmaster` in any
    /// case is [`Postmaster`](Self::Postmaster), anything else must be an address.
    ///
    /// # Errors
    /// It is none of them.
    pub fn new(text: &'a str) -> Result<Self> {
        match text {
            "" => Ok(Self::Null),
            _ if text.eq_ignore_ascii_case(POSTMASTER) => Ok(Self::Postmaster),
            _ => Address::new(text).map(Self::Mailbox),
        }
    }

    /// The address, if it is one.
    pub fn address(self) -> Option<Address<'a>> {
        match self {
            Self::Mailbox(address) => Some(address),
            Self::Null | Self::Postmaster => None,
        }
    }

    /// The text between the brackets: empty, `Postmaster`, or the address.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Null => "",
            Self::Postmaster => POSTMASTER,
            Self::Mailbox(address) => address.as_str(),
        }
    }

    /// Whether it needs no SMTPUTF8.
    pub fn is_ascii(self) -> bool {
        self.as_str().is_ascii()
    }
}

const POSTMASTER: &str = "Postmaster";

/// With its angle brackets.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.as_str())
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'a> From<Address<'a>> for Path<'a> {
    fn from(address: Address<'a>) -> Self {
        Self::Mailbox(address)
    }
}

impl<'a> From<&'a Mailbox> for Path<'a> {
    fn from(mailbox: &'a Mailbox) -> Self {
        Self::Mailbox(mailbox.as_address())
    }
}

/// `None` is `<>`.
impl<'a> From<Option<&'a Mailbox>> for Path<'a> {
    fn from(mailbox: Option<&'a Mailbox>) -> Self {
        mailbox.map_or(Self::Null, Self::from)
    }
}

impl<'a> TryFrom<&'a str> for Path<'a> {
    type Error = ParseError;

    fn try_from(text: &'a str) -> Result<Self> {
        Self::new(text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathSpan {
    Null,
    Postmaster,
    Mailbox { span: Span, at: usize },
}

impl PathSpan {
    pub(crate) fn of(self, line: &str) -> Path<'_> {
        match self {
            Self::Null => Path::Null,
            Self::Postmaster => Path::Postmaster,
            Self::Mailbox { span, at } => Path::Mailbox(Address::from_scan(line, span, at)),
        }
    }
}

/// ```text
/// Reverse-path = Path / "<>"
/// Forward-path = Path
/// Path         = "<" [ A-d-l ":" ] Mailbox ">"
/// ```
///
/// `from` is at the opening bracket. Returns where the path ends.
pub(crate) fn scan_path(line: &[u8], from: usize, kind: ErrorKind) -> Result<(PathSpan, usize)> {
    let start = from + 1;
    let (path, end) = match line.get(start) {
        Some(b'>') if kind == ErrorKind::Sender => (PathSpan::Null, start),
        Some(b'>') => return Err(fault(kind, start, "an address")),
        _ if kind == ErrorKind::Recipient && is_postmaster(line, start) => {
            (PathSpan::Postmaster, start + POSTMASTER.len())
        }
        _ => {
            let start = scan_route(line, start, kind)?;
            let (at, end) = scan_mailbox(line, start, kind)?;
            (PathSpan::Mailbox { span: Span { start, end }, at }, end)
        }
    };
    if line.get(end) != Some(&b'>') {
        return Err(fault(kind, end, ">"));
    }
    // RFC 5321 4.5.3.1.3
    if end + 1 - from > PATH {
        return Err(fault(kind, from + PATH, "at most 256 octets of path"));
    }
    Ok((path, end + 1))
}

fn is_postmaster(line: &[u8], start: usize) -> bool {
    let end = start + POSTMASTER.len();
    line.get(end) == Some(&b'>') && line[start..end].eq_ignore_ascii_case(POSTMASTER.as_bytes())
}

/// ```text
/// A-d-l     = At-domain *( "," At-domain )
/// At-domain = "@" Domain
/// ```
///
/// Returns where the mailbox behind it begins.
fn scan_route(line: &[u8], start: usize, kind: ErrorKind) -> Result<usize> {
    if line.get(start) != Some(&b'@') {
        return Ok(start);
    }
    let mut at = start;
    loop {
        if line.get(at) != Some(&b'@') {
            return Err(fault(kind, at, "@ and a domain"));
        }
        at = scan_domain(line, at + 1, kind)?;
        match line.get(at) {
            Some(b',') => at += 1,
            Some(b':') => return Ok(at + 1),
            _ => return Err(fault(kind, at, ": and an address")),
        }
    }
}
