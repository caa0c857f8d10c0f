//! The grammar of command lines: offsets in, offsets out. Nothing is borrowed, so a machine can look at
//! a line, decide, and only then take it from its input.

use super::{
    ErrorKind, Result, fault,
    params::scan_params,
    path::{PathSpan, scan_path},
};
use crate::limits::DOMAIN;
use core::str;

/// What is tolerated while parsing a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Syntax {
    /// Spaces between `MAIL FROM:` or `RCPT TO:` and the address. On by default.
    pub space_after_colon: bool,
    /// UTF-8 in addresses (RFC 6531). Off by default.
    pub utf8: bool,
}

impl Default for Syntax {
    fn default() -> Self {
        Self { space_after_colon: true, utf8: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    /// The text there.
    pub(crate) fn of(self, line: &str) -> &str {
        line.get(self.start..self.end).unwrap_or_default()
    }
}

/// A command line, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scanned {
    Helo(Span),
    Ehlo(Span),
    Lhlo(Span),
    Mail { path: PathSpan, params: Span, spaced: bool },
    Rcpt { path: PathSpan, params: Span, spaced: bool },
    Data,
    Rset,
    Quit,
    StartTls,
    Noop(Span),
    Help(Span),
    Vrfy(Span),
    Expn(Span),
    Auth { mechanism: Span, initial: Option<Span> },
    Unknown { verb: Span, rest: Span },
}

/// The text of a command line without its CRLF, to be scanned.
pub(crate) fn text(line: &[u8], syntax: Syntax) -> Result<&str> {
    // RFC 5321 4.1.1: trailing white space is tolerated.
    let end = line.iter().rposition(|b| !matches!(b, b' ' | b'\t')).map_or(0, |i| i + 1);
    let line = &line[..end];
    // Without a branch for each octet, so that the compiler can look at many at once.
    let is_plain = line.iter().fold(true, |plain, b| plain & matches!(b, b' '..=b'~'));
    match str::from_utf8(line) {
        Ok(text) if is_plain => Ok(text),
        text => special(line, text.ok().filter(|_| syntax.utf8)),
    }
}

/// A line that is not all printable ASCII; `text`, if it may be anything else.
fn special<'l>(line: &[u8], text: Option<&'l str>) -> Result<&'l str> {
    if let Some(at) = line.iter().position(u8::is_ascii_control) {
        return Err(fault(ErrorKind::Octet, at, "printable text"));
    }
    text.ok_or_else(|| {
        let at = line.iter().position(|b| !b.is_ascii()).unwrap_or(line.len());
        let in_verb = !line[..at].contains(&b' ');
        fault(if in_verb { ErrorKind::Octet } else { ErrorKind::Utf8 }, at, "ASCII")
    })
}

/// Reads the [`text`] of a command line.
pub(crate) fn scan(text: &str, syntax: Syntax) -> Result<Scanned> {
    let line = text.as_bytes();
    let end = line.len();
    let verb_end = line.iter().position(|b| *b == b' ').unwrap_or(end);
    let verb = &line[..verb_end];
    let rest = Span { start: end.min(verb_end + 1), end };
    if let Ok(verb) = <[u8; 4]>::try_from(verb) {
        match &verb.map(|b| b.to_ascii_uppercase()) {
            b"MAIL" => return mail(line, rest, syntax),
            b"RCPT" => return rcpt(line, rest, syntax),
            b"DATA" => return bare(line, rest, Scanned::Data),
            b"RSET" => return bare(line, rest, Scanned::Rset),
            b"QUIT" => return bare(line, rest, Scanned::Quit),
            b"EHLO" => return Ok(Scanned::Ehlo(name(line, rest)?)),
            b"HELO" => return Ok(Scanned::Helo(name(line, rest)?)),
            b"LHLO" => return Ok(Scanned::Lhlo(name(line, rest)?)),
            b"AUTH" => return auth(line, rest),
            b"NOOP" => return Ok(Scanned::Noop(rest)),
            b"HELP" => return Ok(Scanned::Help(rest)),
            b"VRFY" => return Ok(Scanned::Vrfy(some(rest, "a user or a mailbox")?)),
            b"EXPN" => return Ok(Scanned::Expn(some(rest, "a mailing list")?)),
            _ => {}
        }
    } else if verb.eq_ignore_ascii_case(b"STARTTLS") {
        return bare(line, rest, Scanned::StartTls);
    }
    if verb.is_empty() {
        return Err(fault(ErrorKind::Verb, 0, "a command"));
    }
    Ok(Scanned::Unknown { verb: Span { start: 0, end: verb_end }, rest })
}

/// A command that takes no argument.
fn bare(line: &[u8], rest: Span, scanned: Scanned) -> Result<Scanned> {
    if rest.start < line.len() {
        return Err(fault(ErrorKind::Argument, rest.start, "no argument"));
    }
    Ok(scanned)
}

fn some(rest: Span, expected: &'static str) -> Result<Span> {
    if rest.start == rest.end {
        return Err(fault(ErrorKind::Argument, rest.end, expected));
    }
    Ok(rest)
}

/// The name of a client. What RFC 5321 4.1.1.1 asks for, a domain or an address literal, is checked by
/// the application if it likes: too many honest clients say something else.
fn name(line: &[u8], rest: Span) -> Result<Span> {
    let rest = some(rest, "your host name")?;
    if let Some(at) = line[rest.start..].iter().position(|b| !b.is_ascii_graphic()) {
        return Err(fault(ErrorKind::Argument, rest.start + at, "one host name"));
    }
    if rest.end - rest.start > DOMAIN {
        return Err(fault(ErrorKind::Argument, rest.start + DOMAIN, "at most 255 octets"));
    }
    Ok(rest)
}

/// ```text
/// auth-command     = "AUTH" SP sasl-mech [SP initial-response]   ; RFC 4954 8
/// initial-response = base64 / "="
/// ```
fn auth(line: &[u8], rest: Span) -> Result<Scanned> {
    let rest = some(rest, "a mechanism")?;
    let text = &line[rest.start..];
    let n = text.iter().position(|b| *b == b' ').unwrap_or(text.len());
    let mechanism = Span { start: rest.start, end: rest.start + n };
    if !is_mechanism(&text[..n]) {
        return Err(fault(ErrorKind::Argument, rest.start, "a mechanism"));
    }
    if n == text.len() {
        return Ok(Scanned::Auth { mechanism, initial: None });
    }
    let initial = Span { start: mechanism.end + 1, end: line.len() };
    match &line[initial.start..] {
        // RFC 4954 4: there is a response, and it is empty.
        b"=" => {
            let empty = Span { start: line.len(), end: line.len() };
            Ok(Scanned::Auth { mechanism, initial: Some(empty) })
        }
        response if posta_core::is_base64(response) => {
            Ok(Scanned::Auth { mechanism, initial: Some(initial) })
        }
        _ => Err(fault(ErrorKind::Base64, initial.start, "BASE64 or =")),
    }
}

/// `sasl-mech = 1*20mech-char`, letters of either case, digits, hyphen, underscore (RFC 4422 3.1).
pub(crate) fn is_mechanism(name: &[u8]) -> bool {
    matches!(name.len(), 1..=20)
        && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF` (RFC 5321 4.1.1.2)
fn mail(line: &[u8], rest: Span, syntax: Syntax) -> Result<Scanned> {
    let (at, spaced) = colon(line, rest.start, b"FROM:", "FROM:<address>", syntax)?;
    let (path, at) = scan_path(line, at, ErrorKind::Sender)?;
    let params = scan_params(line, at)?;
    Ok(Scanned::Mail { path, params, spaced })
}

/// `rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
/// [SP Rcpt-parameters] CRLF` (RFC 5321 4.1.1.3)
fn rcpt(line: &[u8], rest: Span, syntax: Syntax) -> Result<Scanned> {
    let (at, spaced) = colon(line, rest.start, b"TO:", "TO:<address>", syntax)?;
    let (path, at) = scan_path(line, at, ErrorKind::Recipient)?;
    let params = scan_params(line, at)?;
    Ok(Scanned::Rcpt { path, params, spaced })
}

/// Past the keyword, the colon and, if tolerated, spaces; whether there were any.
fn colon(
    line: &[u8],
    at: usize,
    word: &[u8],
    expected: &'static str,
    syntax: Syntax,
) -> Result<(usize, bool)> {
    let after = at + word.len();
    if !line.get(at..after).is_some_and(|found| found.eq_ignore_ascii_case(word)) {
        return Err(fault(ErrorKind::Argument, at, expected));
    }
    let spaces = line[after..].iter().take_while(|b| **b == b' ').count();
    if spaces > 0 && !syntax.space_after_colon {
        return Err(fault(ErrorKind::Argument, after, "no space"));
    }
    match line.get(after + spaces) {
        Some(b'<') => Ok((after + spaces, spaces > 0)),
        Some(_) => Err(fault(ErrorKind::Brackets, after + spaces, "<address>")),
        None => Err(fault(ErrorKind::Argument, line.len(), "<address>")),
    }
}

/// Whether `name` is a domain or an address literal.
pub(crate) fn domain_or_literal(name: &[u8]) -> Result<()> {
    match super::address::scan_domain(name, 0, ErrorKind::Argument)? {
        end if end == name.len() => Ok(()),
        end => Err(fault(ErrorKind::Argument, end, "the end of the name")),
    }
}
