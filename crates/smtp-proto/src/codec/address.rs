use super::{ErrorKind, Result, fault, scan::Span};
use crate::limits::{DOMAIN, LOCAL_PART};
use alloc::{borrow::Cow, string::String};
use core::{fmt, net::Ipv6Addr, str};

/// A valid mail address, borrowed: the `Mailbox` of RFC 5321 4.1.2.
///
/// It is kept as it was written, quotes and case included, and cannot hold a line end, a control
/// character or a space outside quotes. The owned kind is [`Mailbox`](super::Mailbox).
///
/// ```
/// use smtp_proto::codec::Address;
///
/// let ana = Address::new("ana@a.org")?;
/// assert_eq!((ana.local_part(), ana.domain()), ("ana", "a.org"));
/// assert!(Address::new("ana@a.org>\r\nDATA").is_err());
/// # Ok::<_, smtp_proto::codec::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address<'a> {
    text: &'a str,
    /// Where the `@` is.
    at: usize,
}

impl<'a> Address<'a> {
    /// Checks an address without angle brackets. UTF-8 is accepted; whether a peer does is another
    /// question, see [`is_ascii`](Self::is_ascii).
    ///
    /// # Errors
    /// It is not an address, its local part is longer than 64 octets or its domain than 255.
    pub fn new(text: &'a str) -> Result<Self> {
        let line = text.as_bytes();
        let (at, end) = scan_mailbox(line, 0, ErrorKind::Recipient)?;
        if end < line.len() {
            return Err(fault(ErrorKind::Recipient, end, "the end of the address"));
        }
        Ok(Self { text, at })
    }

    /// For text that the scanner has accepted.
    pub(crate) fn from_scan(line: &'a str, span: Span, at: usize) -> Self {
        Self { text: span.of(line), at: at - span.start }
    }

    pub(crate) fn from_parts(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    pub(crate) fn at(self) -> usize {
        self.at
    }

    /// The address.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// What stands before the `@`, as it was written: perhaps quoted.
    pub fn local_part(self) -> &'a str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// What stands after the `@`: a domain, or an address literal in its brackets.
    pub fn domain(self) -> &'a str {
        self.text.get(self.at + 1..).unwrap_or_default()
    }

    /// Whether the domain is an address literal, such as `[192.0.2.1]`.
    pub fn is_literal(self) -> bool {
        self.domain().starts_with('[')
    }

    /// Whether it needs no SMTPUTF8.
    pub fn is_ascii(self) -> bool {
        self.text.is_ascii()
    }

    /// The local part without quotes and backslashes, for comparing: RFC 5321 4.1.2 wants all quoted
    /// forms to be treated as equal. Never put it back into an address.
    pub fn unquoted_local_part(self) -> Cow<'a, str> {
        let local = self.local_part();
        let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Cow::Borrowed(local);
        };
        if !quoted.contains('\\') {
            return Cow::Borrowed(quoted);
        }
        let mut plain = String::with_capacity(quoted.len());
        let mut chars = quoted.chars();
        while let Some(char) = chars.next() {
            plain.extend(if char == '\\' { chars.next() } else { Some(char) });
        }
        Cow::Owned(plain)
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

impl fmt::Debug for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.text)
    }
}

impl<'a> TryFrom<&'a str> for Address<'a> {
    type Error = super::ParseError;

    fn try_from(text: &'a str) -> Result<Self> {
        Self::new(text)
    }
}

/// `Mailbox = Local-part "@" ( Domain / address-literal )`
///
/// Returns where the `@` is and where the mailbox ends.
pub(crate) fn scan_mailbox(line: &[u8], from: usize, kind: ErrorKind) -> Result<(usize, usize)> {
    let at = match line.get(from) {
        Some(b'"') => scan_quoted(line, from, kind)?,
        _ => scan_dot_string(line, from, kind)?,
    };
    // RFC 5321 4.5.3.1.1
    if at - from > LOCAL_PART {
        return Err(fault(kind, from + LOCAL_PART, "at most 64 octets before the @"));
    }
    if line.get(at) != Some(&b'@') {
        return Err(fault(kind, at, "@ and a domain"));
    }
    Ok((at, scan_domain(line, at + 1, kind)?))
}

/// ```text
/// Quoted-string   = DQUOTE *QcontentSMTP DQUOTE
/// QcontentSMTP    = qtextSMTP / quoted-pairSMTP
/// quoted-pairSMTP = %d92 %d32-126
/// qtextSMTP       = %d32-33 / %d35-91 / %d93-126
/// ```
fn scan_quoted(line: &[u8], from: usize, kind: ErrorKind) -> Result<usize> {
    let mut at = from + 1;
    loop {
        match (line.get(at), line.get(at + 1)) {
            (Some(b'"'), _) => return Ok(at + 1),
            (Some(b'\\'), Some(b' '..=b'~')) => at += 2,
            (Some(b'\\'), _) => return Err(fault(kind, at + 1, "a printable character")),
            (Some(b' '..=b'~' | 0x80..), _) => at += 1,
            _ => return Err(fault(kind, at, "a closing quote")),
        }
    }
}

/// ```text
/// Dot-string = Atom *("."  Atom)
/// Atom       = 1*atext
/// ```
fn scan_dot_string(line: &[u8], from: usize, kind: ErrorKind) -> Result<usize> {
    let mut at = from;
    loop {
        let atom = line[at.min(line.len())..].iter().take_while(|b| is_atext(**b)).count();
        if atom == 0 {
            return Err(fault(kind, at, "a letter, a digit or a quoted name"));
        }
        at += atom;
        if line.get(at) != Some(&b'.') {
            return Ok(at);
        }
        at += 1;
    }
}

/// RFC 5322 3.2.3, and whatever is not ASCII (RFC 6531 3.3).
fn is_atext(octet: u8) -> bool {
    const ATEXT: [bool; 256] = {
        let specials = b"!#$%&'*+-/=?^_`{|}~";
        let mut table = [false; 256];
        let mut octet = 0;
        while octet < 256 {
            table[octet] = octet >= 0x80 || (octet as u8).is_ascii_alphanumeric();
            octet += 1;
        }
        let mut i = 0;
        while i < specials.len() {
            table[specials[i] as usize] = true;
            i += 1;
        }
        table
    };
    ATEXT[usize::from(octet)]
}

/// ```text
/// Domain     = sub-domain *("." sub-domain)
/// sub-domain = Let-dig [Ldh-str]
/// Ldh-str    = *( ALPHA / DIGIT / "-" ) Let-dig
/// ```
///
/// or an address literal. Returns where it ends.
pub(crate) fn scan_domain(line: &[u8], from: usize, kind: ErrorKind) -> Result<usize> {
    if line.get(from) == Some(&b'[') {
        return scan_literal(line, from, kind);
    }
    let mut at = from;
    loop {
        let label = line[at.min(line.len())..].iter().take_while(|b| is_ldh(**b)).count();
        if label == 0 || line[at] == b'-' {
            return Err(fault(kind, at, "a letter or a digit"));
        }
        at += label;
        if line[at - 1] == b'-' {
            return Err(fault(kind, at - 1, "a letter or a digit"));
        }
        if line.get(at) != Some(&b'.') {
            break;
        }
        at += 1;
    }
    // RFC 5321 4.5.3.1.2
    if at - from > DOMAIN {
        return Err(fault(kind, from + DOMAIN, "at most 255 octets of domain"));
    }
    Ok(at)
}

fn is_ldh(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'-' || octet >= 0x80
}

/// ```text
/// address-literal         = "[" ( IPv4-address-literal / IPv6-address-literal /
///                           General-address-literal ) "]"
/// IPv4-address-literal    = Snum 3("."  Snum)
/// IPv6-address-literal    = "IPv6:" IPv6-addr
/// General-address-literal = Standardized-tag ":" 1*dcontent
/// Standardized-tag        = Ldh-str
/// dcontent                = %d33-90 / %d94-126
/// ```
fn scan_literal(line: &[u8], from: usize, kind: ErrorKind) -> Result<usize> {
    let text = &line[from + 1..];
    let inner = text.iter().take(DOMAIN).take_while(|b| matches!(b, 33..=90 | 94..=126)).count();
    let end = from + 1 + inner;
    if line.get(end) != Some(&b']') {
        return Err(fault(kind, end, "]"));
    }
    let text = &text[..inner];
    let valid = match text.iter().position(|b| *b == b':') {
        None => is_ipv4(text),
        Some(4) if text[..4].eq_ignore_ascii_case(b"IPv6") => {
            str::from_utf8(&text[5..]).is_ok_and(|text| text.parse::<Ipv6Addr>().is_ok())
        }
        Some(n) => {
            n > 0
                && n + 1 < text.len()
                && text[n - 1] != b'-'
                && text[..n].iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        }
    };
    if !valid {
        return Err(fault(kind, from + 1, "an address such as 192.0.2.1 or IPv6:2001:db8::1"));
    }
    Ok(end + 1)
}

/// `Snum = 1*3DIGIT`, from 0 to 255: leading zeros are allowed, and mean nothing.
fn is_ipv4(text: &[u8]) -> bool {
    let mut parts = 0;
    text.split(|b| *b == b'.').all(|part| {
        parts += 1;
        matches!(part.len(), 1..=3)
            && part.iter().all(u8::is_ascii_digit)
            && part.iter().fold(0u16, |n, digit| n * 10 + u16::from(digit - b'0')) <= 255
    }) && parts == 4
}
