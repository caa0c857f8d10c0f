use super::{EnhancedCode, is_auth};
use core::fmt::{self, Write};

pub(crate) type Result<T> = core::result::Result<T, ParseError>;

/// Why a line was refused, and where.
///
/// It knows the [reply](Self::reply) it deserves and can [show](Self::show) the line with a caret.
///
/// ```
/// use smtp_proto::codec::Command;
///
/// let line = b"RCPT TO:<bea@b..com>";
/// let error = Command::parse(line).unwrap_err();
/// assert_eq!(error.reply().0, 501);
/// assert_eq!(error.show(line).to_string(), "\
/// RCPT TO:<bea@b..com>
///                ^ expected a letter or a digit");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at octet {offset}")]
pub struct ParseError {
    /// What sort of fault it is.
    pub kind: ErrorKind,
    /// Where in the line, in octets from its beginning.
    pub offset: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// Sorts of faults, each with a reply of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An octet that no command and no reply may contain: 500 5.5.2.
    Octet,
    /// The line does not end: 500 5.5.2.
    TooLong,
    /// A line of an AUTH exchange does not end: 500 5.5.6.
    AuthTooLong,
    /// No such command: 500 5.5.2.
    Verb,
    /// The command exists, but is not offered: 502 5.5.1.
    NotOffered,
    /// The command may not come now: 503 5.5.1.
    Sequence,
    /// An argument is missing, malformed or one too many: 501 5.5.4.
    Argument,
    /// An address without its angle brackets: 555 5.5.2.
    Brackets,
    /// A malformed sender address: 501 5.1.7.
    Sender,
    /// A malformed recipient address: 501 5.1.3.
    Recipient,
    /// An address with octets beyond ASCII where SMTPUTF8 was not asked for: 553 5.6.7.
    Utf8,
    /// A malformed ESMTP parameter: 501 5.5.4.
    Parameter,
    /// An ESMTP parameter, or a value of it, that is not offered: 555 5.5.4.
    UnknownParameter,
    /// The same ESMTP parameter twice: 501 5.5.4.
    Duplicate,
    /// A declared size above the limit, or beyond all counting: 552 5.3.4.
    TooLarge,
    /// More recipients than the limit allows: 452 4.5.3.
    TooManyRecipients,
    /// Not BASE64 where BASE64 must be: 501 5.5.2.
    Base64,
    /// No such authentication mechanism: 504 5.5.4.
    Mechanism,
    /// TLS must come first: 530 5.7.0.
    TlsRequired,
    /// TLS must come before this authentication: 538 5.7.11.
    AuthTlsRequired,
    /// A malformed reply, which is the server's fault and deserves none.
    Reply,
}

impl ParseError {
    /// The code and the enhanced code with which a server answers such a line.
    pub fn reply(&self) -> (u16, EnhancedCode) {
        match self.kind {
            ErrorKind::Octet | ErrorKind::TooLong | ErrorKind::Verb | ErrorKind::Reply => {
                (500, EnhancedCode(5, 5, 2))
            }
            // RFC 4954 4
            ErrorKind::AuthTooLong => (500, EnhancedCode(5, 5, 6)),
            ErrorKind::NotOffered => (502, EnhancedCode(5, 5, 1)),
            ErrorKind::Sequence => (503, EnhancedCode(5, 5, 1)),
            ErrorKind::Argument | ErrorKind::Parameter | ErrorKind::Duplicate => {
                (501, EnhancedCode(5, 5, 4))
            }
            // RFC 5321 4.1.1.11
            ErrorKind::UnknownParameter => (555, EnhancedCode(5, 5, 4)),
            ErrorKind::Brackets => (555, EnhancedCode(5, 5, 2)),
            ErrorKind::Sender => (501, EnhancedCode(5, 1, 7)),
            ErrorKind::Recipient => (501, EnhancedCode(5, 1, 3)),
            // RFC 6531 3.5
            ErrorKind::Utf8 => (553, EnhancedCode(5, 6, 7)),
            // RFC 1870 6.1 (2)
            ErrorKind::TooLarge => (552, EnhancedCode(5, 3, 4)),
            // RFC 5321 4.5.3.1.10
            ErrorKind::TooManyRecipients => (452, EnhancedCode(4, 5, 3)),
            ErrorKind::Base64 => (501, EnhancedCode(5, 5, 2)),
            ErrorKind::Mechanism => (504, EnhancedCode(5, 5, 4)),
            // RFC 3207 4
            ErrorKind::TlsRequired => (530, EnhancedCode(5, 7, 0)),
            // RFC 4954 6
            ErrorKind::AuthTlsRequired => (538, EnhancedCode(5, 7, 11)),
        }
    }

    /// The refused line with a caret under the fault, for people and for logs. What follows the
    /// mechanism of an AUTH command is hidden, and so is a line that is no command at all but holds
    /// BASE64: it may be a password. Octets that are not printable ASCII are shown as `?`.
    pub fn show<'a>(&self, line: &'a [u8]) -> Shown<'a> {
        Shown { error: *self, line }
    }
}

pub(crate) fn fault(kind: ErrorKind, offset: usize, expected: &'static str) -> ParseError {
    ParseError { kind, offset, expected }
}

/// A refused line, ready to be printed with its secrets hidden; see [`ParseError::show`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Why it was refused.
    pub error: ParseError,
    line: &'a [u8],
}

impl Shown<'_> {
    /// The most octets of a line that are shown.
    const WIDTH: usize = 160;

    /// How much of the line anybody may see.
    fn visible(&self) -> usize {
        if !is_auth(self.line) {
            // Whoever sends a password where a command should be has lost the thread of an AUTH.
            let secret = self.error.kind == ErrorKind::Verb && self.line.len() >= 8;
            return if secret && posta_core::is_base64(self.line) { 0 } else { self.line.len() };
        }
        // The verb, the space, the mechanism.
        let mechanism = self.line[5..].iter().position(|b| *b == b' ');
        mechanism.map_or(self.line.len(), |n| 5 + n)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visible = self.visible();
        for octet in self.line.iter().take(visible.min(Self::WIDTH)) {
            f.write_char(if matches!(octet, 0x20..=0x7e) { char::from(*octet) } else { '?' })?;
        }
        if visible < self.line.len() {
            f.write_str(" (hidden)")?;
        } else if visible > Self::WIDTH {
            f.write_str("...")?;
        }
        let column = self.error.offset.min(visible).min(Self::WIDTH);
        write!(f, "\n{:column$}^ expected {}", "", self.error.expected)
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
