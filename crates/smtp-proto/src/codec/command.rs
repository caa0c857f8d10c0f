use super::{
    Base64, ErrorKind, Params, Path, Result, Syntax, fault,
    scan::{self, Scanned, is_mechanism, scan},
};
use crate::limits::DOMAIN;
use core::fmt::Write;
use posta_core::Output;

/// A command, borrowed from its line.
///
/// ```
/// use smtp_proto::codec::{Command, Path};
///
/// let command = Command::parse(b"mail from:<ana@a.org> SIZE=1000")?;
/// let Command::Mail { path: Path::Mailbox(ana), params } = command else { panic!() };
/// assert_eq!(ana.domain(), "a.org");
/// assert_eq!(params.size()?, Some(1000));
/// # Ok::<_, smtp_proto::codec::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// `HELO name`.
    Helo(&'a str),
    /// `EHLO name`.
    Ehlo(&'a str),
    /// `LHLO name`, LMTP's EHLO (RFC 2033 4.1).
    Lhlo(&'a str),
    /// `MAIL FROM:<path> params`.
    Mail {
        /// The sender.
        path: Path<'a>,
        /// The ESMTP parameters.
        params: Params<'a>,
    },
    /// `RCPT TO:<path> params`.
    Rcpt {
        /// A recipient.
        path: Path<'a>,
        /// The ESMTP parameters.
        params: Params<'a>,
    },
    /// `DATA`.
    Data,
    /// `RSET`.
    Rset,
    /// `NOOP`, and what followed it.
    Noop(&'a str),
    /// `QUIT`.
    Quit,
    /// `VRFY text`.
    Vrfy(&'a str),
    /// `EXPN text`.
    Expn(&'a str),
    /// `HELP`, and what followed it.
    Help(&'a str),
    /// `STARTTLS` (RFC 3207).
    StartTls,
    /// `AUTH mechanism initial-response` (RFC 4954).
    Auth {
        /// The SASL mechanism, in the case it came in.
        mechanism: &'a str,
        /// The initial response; `Some` of nothing for `=`.
        initial: Option<Base64<'a>>,
    },
    /// Anything else.
    Unknown {
        /// The first word.
        verb: &'a str,
        /// What followed it and one space.
        rest: &'a str,
    },
}

/// A tolerated deviation from the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tolerated {
    /// Space between the colon of MAIL or RCPT and the address.
    SpaceAfterColon,
}

impl<'a> Command<'a> {
    /// Reads a command line without its CRLF, with the default [`Syntax`]. Trailing white space is
    /// ignored (RFC 5321 4.1.1).
    ///
    /// # Errors
    /// The line is malformed. An unknown verb is no error.
    pub fn parse(line: &'a [u8]) -> Result<Self> {
        Self::parse_with(line, Syntax::default())
    }

    /// Reads a command line as `syntax` says.
    ///
    /// # Errors
    /// The line is malformed.
    pub fn parse_with(line: &'a [u8], syntax: Syntax) -> Result<Self> {
        let text = scan::text(line, syntax)?;
        Ok(scan(text, syntax)?.of(text))
    }

    /// Appends the command and its CRLF.
    ///
    /// # Errors
    /// A text in it, which anyone can put there, is not what [`parse`](Self::parse) would accept: a name
    /// with a line end in it, for instance. Nothing is appended then.
    pub fn write(&self, out: &mut Output) -> Result<()> {
        self.check()?;
        // An `Output` takes all that is written to it.
        let _never_fails = match *self {
            Self::Helo(name) => write!(out, "HELO {name}\r\n"),
            Self::Ehlo(name) => write!(out, "EHLO {name}\r\n"),
            Self::Lhlo(name) => write!(out, "LHLO {name}\r\n"),
            Self::Mail { path, params } if params.is_empty() => write!(out, "MAIL FROM:{path}\r\n"),
            Self::Mail { path, params } => write!(out, "MAIL FROM:{path} {}\r\n", params.as_str()),
            Self::Rcpt { path, params } if params.is_empty() => write!(out, "RCPT TO:{path}\r\n"),
            Self::Rcpt { path, params } => write!(out, "RCPT TO:{path} {}\r\n", params.as_str()),
            Self::Data => write!(out, "DATA\r\n"),
            Self::Rset => write!(out, "RSET\r\n"),
            Self::Noop("") => write!(out, "NOOP\r\n"),
            Self::Noop(text) => write!(out, "NOOP {text}\r\n"),
            Self::Quit => write!(out, "QUIT\r\n"),
            Self::Vrfy(text) => write!(out, "VRFY {text}\r\n"),
            Self::Expn(text) => write!(out, "EXPN {text}\r\n"),
            Self::Help("") => write!(out, "HELP\r\n"),
            Self::Help(text) => write!(out, "HELP {text}\r\n"),
            Self::StartTls => write!(out, "STARTTLS\r\n"),
            Self::Auth { mechanism, initial: None } => write!(out, "AUTH {mechanism}\r\n"),
            Self::Auth { mechanism, initial: Some(initial) } => {
                let initial = if initial.is_empty() { "=" } else { initial.as_str() };
                write!(out, "AUTH {mechanism} {initial}\r\n")
            }
            Self::Unknown { verb, rest: "" } => write!(out, "{verb}\r\n"),
            Self::Unknown { verb, rest } => write!(out, "{verb} {rest}\r\n"),
        };
        Ok(())
    }

    fn check(&self) -> Result<()> {
        match *self {
            Self::Helo(text) | Self::Ehlo(text) | Self::Lhlo(text) => {
                graphic(text)?;
                match text.len() {
                    0 => Err(fault(ErrorKind::Argument, 0, "a host name")),
                    n if n > DOMAIN => Err(fault(ErrorKind::Argument, DOMAIN, "255 octets")),
                    _ => Ok(()),
                }
            }
            Self::Vrfy("") | Self::Expn("") => Err(fault(ErrorKind::Argument, 0, "a name")),
            Self::Noop(text) | Self::Help(text) | Self::Vrfy(text) | Self::Expn(text) => line(text),
            Self::Auth { mechanism, .. } if !is_mechanism(mechanism.as_bytes()) => {
                Err(fault(ErrorKind::Argument, 0, "a mechanism"))
            }
            Self::Unknown { verb, rest } => {
                graphic(verb)?;
                line(rest)?;
                match verb {
                    "" => Err(fault(ErrorKind::Verb, 0, "a command")),
                    _ => Ok(()),
                }
            }
            // Paths, parameters and BASE64 are valid by construction.
            Self::Mail { path: Path::Postmaster, .. } => {
                Err(fault(ErrorKind::Sender, 0, "an address or <>"))
            }
            Self::Rcpt { path: Path::Null, .. } => {
                Err(fault(ErrorKind::Recipient, 0, "an address"))
            }
            _ => Ok(()),
        }
    }
}

impl Scanned {
    /// The command, given the line that it was scanned from.
    pub(crate) fn of(self, line: &str) -> Command<'_> {
        match self {
            Self::Helo(name) => Command::Helo(name.of(line)),
            Self::Ehlo(name) => Command::Ehlo(name.of(line)),
            Self::Lhlo(name) => Command::Lhlo(name.of(line)),
            Self::Mail { path, params, .. } => {
                Command::Mail { path: path.of(line), params: Params::from_scan(line, params) }
            }
            Self::Rcpt { path, params, .. } => {
                Command::Rcpt { path: path.of(line), params: Params::from_scan(line, params) }
            }
            Self::Data => Command::Data,
            Self::Rset => Command::Rset,
            Self::Quit => Command::Quit,
            Self::StartTls => Command::StartTls,
            Self::Noop(text) => Command::Noop(text.of(line)),
            Self::Help(text) => Command::Help(text.of(line)),
            Self::Vrfy(text) => Command::Vrfy(text.of(line)),
            Self::Expn(text) => Command::Expn(text.of(line)),
            Self::Auth { mechanism, initial } => Command::Auth {
                mechanism: mechanism.of(line),
                initial: initial.and_then(|initial| Base64::new(initial.of(line))),
            },
            Self::Unknown { verb, rest } => {
                Command::Unknown { verb: verb.of(line), rest: rest.of(line) }
            }
        }
    }
}

/// No control characters, and no space that would be trimmed away again.
fn line(text: &str) -> Result<()> {
    match text.bytes().position(|b| b.is_ascii_control()) {
        Some(at) => Err(fault(ErrorKind::Octet, at, "printable text")),
        None if text.ends_with(' ') => {
            Err(fault(ErrorKind::Argument, text.len() - 1, "no space at the end"))
        }
        None => Ok(()),
    }
}

fn graphic(text: &str) -> Result<()> {
    match text.bytes().position(|b| !b.is_ascii_graphic()) {
        Some(at) => Err(fault(ErrorKind::Octet, at, "printable ASCII without spaces")),
        None => Ok(()),
    }
}

/// Whether a line, perhaps not all of it here, is an AUTH command with arguments.
pub(crate) fn is_auth(line: &[u8]) -> bool {
    line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH "))
}
