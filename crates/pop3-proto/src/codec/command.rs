use super::{COMMAND, Fault, ParseError};
use crate::Misuse;
use alloc::vec::Vec;
use core::fmt;

/// A command line. `Debug` hides passwords, digests and SASL data.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// `USER name`
    User(&'a str),
    /// `PASS string`, spaces included
    Pass(&'a str),
    /// `APOP name digest`
    Apop {
        /// The mailbox.
        name: &'a str,
        /// MD5 in 32 hexadecimal digits.
        digest: &'a str,
    },
    /// `AUTH mechanism [initial-response]`
    Auth {
        /// 1 to 20 letters, digits, `-` or `_`.
        mechanism: &'a str,
        /// In base64; `=` on the wire is `Some("")`.
        initial: Option<&'a str>,
    },
    /// `STLS`
    Stls,
    /// `CAPA`
    Capa,
    /// `UTF8`
    Utf8,
    /// `LANG [range]`
    Lang(Option<&'a str>),
    /// `STAT`
    Stat,
    /// `LIST [message]`
    List(Option<u32>),
    /// `UIDL [message]`
    Uidl(Option<u32>),
    /// `RETR message`
    Retr(u32),
    /// `TOP message lines`
    Top {
        /// Which message, from 1.
        message: u32,
        /// How many lines of its body.
        lines: u32,
    },
    /// `DELE message`
    Dele(u32),
    /// `NOOP`
    Noop,
    /// `RSET`
    Rset,
    /// `QUIT`
    Quit,
}

impl<'a> Command<'a> {
    /// Reads a line, given without its CRLF. Keywords in any case; exactly one space before each
    /// argument. The length of the line is for the caller to bound.
    ///
    /// ```abnf
    /// command = keyword *(SP param) CRLF      ; RFC 2449 3
    /// keyword = 3*4VCHAR
    /// param   = 1*VCHAR                       ; or UTF-8, RFC 6856 2.2
    /// ```
    ///
    /// # Errors
    /// The line is no command.
    pub fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        // RFC 6856 2.2: malformed UTF-8 must be refused.
        let line = core::str::from_utf8(line)
            .map_err(|e| ParseError::new(Fault::Octet, e.valid_up_to(), "UTF-8"))?;
        if let Some(at) = line.bytes().position(|octet| octet.is_ascii_control()) {
            return Err(ParseError::new(Fault::Octet, at, "printable text"));
        }
        let (keyword, rest) = match line.split_once(' ') {
            Some((keyword, rest)) => (keyword, Some(rest)),
            None => (line, None),
        };
        let mut args = Args { rest, at: keyword.len() };
        let is = |name: &str| keyword.eq_ignore_ascii_case(name);
        let command = if is("USER") {
            Self::User(args.next("a name")?)
        } else if is("PASS") {
            // RFC 1939 7: spaces are part of the password.
            let pass = args.rest.take().filter(|pass| !pass.is_empty());
            Self::Pass(pass.ok_or_else(|| args.missing("a password"))?)
        } else if is("APOP") {
            Self::Apop { name: args.next("a name")?, digest: args.digest()? }
        } else if is("AUTH") {
            Self::Auth { mechanism: args.mechanism()?, initial: args.initial()? }
        } else if is("STLS") {
            Self::Stls
        } else if is("CAPA") {
            Self::Capa
        } else if is("UTF8") {
            Self::Utf8
        } else if is("LANG") {
            Self::Lang(args.optional(|args| args.next("a language range"))?)
        } else if is("STAT") {
            Self::Stat
        } else if is("LIST") {
            Self::List(args.optional(Args::message)?)
        } else if is("UIDL") {
            Self::Uidl(args.optional(Args::message)?)
        } else if is("RETR") {
            Self::Retr(args.message()?)
        } else if is("TOP") {
            Self::Top { message: args.message()?, lines: args.number("a number of lines")? }
        } else if is("DELE") {
            Self::Dele(args.message()?)
        } else if is("NOOP") {
            Self::Noop
        } else if is("RSET") {
            Self::Rset
        } else if is("QUIT") {
            Self::Quit
        } else {
            return Err(ParseError::new(Fault::Unknown, 0, "a POP3 command"));
        };
        match args.rest {
            Some(_) => Err(ParseError::new(Fault::Extra, args.at, "the end of the line")),
            None => Ok(command),
        }
    }

    /// Appends the line with its CRLF.
    ///
    /// # Errors
    /// An argument would not arrive as it is (a control character, a space, nothing at all), or the
    /// line is longer than [`COMMAND`]. `wire` is then as before.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let start = wire.len();
        let parts: [&str; 3] = match *self {
            Self::User(name) => ["USER", name, ""],
            Self::Pass(pass) => ["PASS", pass, ""],
            Self::Apop { name, digest } => ["APOP", name, digest],
            // RFC 5034 4: "=" is a response that is present and empty.
            Self::Auth { mechanism, initial: Some("") } => ["AUTH", mechanism, "="],
            Self::Auth { mechanism, initial } => ["AUTH", mechanism, initial.unwrap_or("")],
            Self::Lang(range) => ["LANG", range.unwrap_or(""), ""],
            Self::Stls => ["STLS", "", ""],
            Self::Capa => ["CAPA", "", ""],
            Self::Utf8 => ["UTF8", "", ""],
            Self::Stat => ["STAT", "", ""],
            Self::List(_) => ["LIST", "", ""],
            Self::Uidl(_) => ["UIDL", "", ""],
            Self::Retr(_) => ["RETR", "", ""],
            Self::Top { .. } => ["TOP", "", ""],
            Self::Dele(_) => ["DELE", "", ""],
            Self::Noop => ["NOOP", "", ""],
            Self::Rset => ["RSET", "", ""],
            Self::Quit => ["QUIT", "", ""],
        };
        for (i, part) in parts.iter().enumerate().filter(|(_, part)| !part.is_empty()) {
            wire.extend_from_slice(if i > 0 { b" " } else { b"" });
            wire.extend_from_slice(part.as_bytes());
        }
        let numbers = match *self {
            Self::List(n) | Self::Uidl(n) => [n, None],
            Self::Retr(n) | Self::Dele(n) => [Some(n), None],
            Self::Top { message, lines } => [Some(message), Some(lines)],
            _ => [None, None],
        };
        for number in numbers.into_iter().flatten() {
            wire.extend_from_slice(alloc::format!(" {number}").as_bytes());
        }
        // The one check that no second command and no other argument can slip through.
        let fault = if read(&wire[start..]) != Ok(*self) {
            Some(Misuse::Argument("it would not be read as it is"))
        } else if wire.len() - start + 2 > COMMAND {
            Some(Misuse::TooLong(COMMAND))
        } else {
            None
        };
        if let Some(fault) = fault {
            // Do not leave a secret behind.
            wire[start..].fill(0);
            wire.truncate(start);
            return Err(fault);
        }
        wire.extend_from_slice(b"\r\n");
        Ok(())
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "USER {name:?}"),
            Self::Pass(_) => f.write_str("PASS ***"),
            Self::Apop { name, .. } => write!(f, "APOP {name:?} ***"),
            Self::Auth { mechanism, initial: None } => write!(f, "AUTH {mechanism:?}"),
            Self::Auth { mechanism, .. } => write!(f, "AUTH {mechanism:?} ***"),
            Self::Stls => f.write_str("STLS"),
            Self::Capa => f.write_str("CAPA"),
            Self::Utf8 => f.write_str("UTF8"),
            Self::Lang(range) => write!(f, "LANG {range:?}"),
            Self::Stat => f.write_str("STAT"),
            Self::List(n) => write!(f, "LIST {n:?}"),
            Self::Uidl(n) => write!(f, "UIDL {n:?}"),
            Self::Retr(n) => write!(f, "RETR {n}"),
            Self::Top { message, lines } => write!(f, "TOP {message} {lines}"),
            Self::Dele(n) => write!(f, "DELE {n}"),
            Self::Noop => f.write_str("NOOP"),
            Self::Rset => f.write_str("RSET"),
            Self::Quit => f.write_str("QUIT"),
        }
    }
}

/// What `write` checks itself with: `Self` would tie the line to the lifetime of the value.
fn read(line: &[u8]) -> Result<Command<'_>, ParseError> {
    Command::parse(line)
}

/// The arguments not yet read.
struct Args<'a> {
    /// Behind the space; `None` at the end of the line.
    rest: Option<&'a str>,
    /// Where the last argument ended.
    at: usize,
}

impl<'a> Args<'a> {
    fn missing(&self, expected: &'static str) -> ParseError {
        ParseError::new(Fault::Missing, self.at, expected)
    }

    fn next(&mut self, expected: &'static str) -> Result<&'a str, ParseError> {
        let rest = self.rest.ok_or_else(|| self.missing(expected))?;
        let (arg, rest) = match rest.split_once(' ') {
            Some((arg, rest)) => (arg, Some(rest)),
            None => (rest, None),
        };
        if arg.is_empty() {
            return Err(ParseError::new(Fault::Missing, self.at + 1, expected));
        }
        self.at += 1 + arg.len();
        self.rest = rest;
        Ok(arg)
    }

    fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Option<T>, ParseError> {
        self.rest.is_some().then(|| read(self)).transpose()
    }

    fn checked(
        &mut self,
        expected: &'static str,
        good: impl FnOnce(&str) -> bool,
    ) -> Result<&'a str, ParseError> {
        let start = self.at + 1;
        let arg = self.next(expected)?;
        if good(arg) { Ok(arg) } else { Err(ParseError::new(Fault::Bad, start, expected)) }
    }

    fn number(&mut self, expected: &'static str) -> Result<u32, ParseError> {
        let arg = self.checked(expected, |arg| super::digits::<u32>(arg.as_bytes()).is_some())?;
        Ok(super::digits(arg.as_bytes()).unwrap_or(u32::MAX))
    }

    /// RFC 1939 4: the first message is number 1.
    fn message(&mut self) -> Result<u32, ParseError> {
        let start = self.at + 1;
        match self.number("a message number")? {
            0 => Err(ParseError::new(Fault::Bad, start, "a message number from 1")),
            n => Ok(n),
        }
    }

    /// RFC 1939 7: hexadecimal; upper case is taken too.
    fn digest(&mut self) -> Result<&'a str, ParseError> {
        let good = |arg: &str| arg.len() == 32 && arg.bytes().all(|c| c.is_ascii_hexdigit());
        self.checked("32 hexadecimal digits", good)
    }

    /// `sasl-mech = 1*20mech-char`; RFC 4422 3.1, in any case by RFC 5034 5.
    fn mechanism(&mut self) -> Result<&'a str, ParseError> {
        let octet = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
        self.checked("a SASL mechanism", |arg| arg.len() <= 20 && arg.bytes().all(octet))
    }

    /// `initial-response = base64 / "="`
    fn initial(&mut self) -> Result<Option<&'a str>, ParseError> {
        let arg = self.optional(|args| {
            args.checked("base64", |arg| arg == "=" || posta_core::is_base64(arg.as_bytes()))
        })?;
        Ok(arg.map(|arg| if arg == "=" { "" } else { arg }))
    }
}
