//! Command lines: whole ones, well-formed ones, and ones that may come now.

use super::{Ask, Event, Hello, Server, State, sequence};
use crate::{
    Error, Protocol,
    codec::{
        Address, Base64, Body, Command, EnhancedCode, ErrorKind, Params, ParseError, Path, Scanned,
        Tolerated, fault, is_auth, scan, text, write_reply,
    },
    limits::IDLE_OUTPUT,
};
use alloc::format;
use core::str;
use posta_core::{Input, Instant, Step};

/// What the front of the input is.
enum Framed {
    /// A line of so many octets, CRLF included.
    Line(usize),
    /// The end of a line that was too long and is gone.
    Long,
    /// Not a whole line.
    More,
}

impl Server {
    pub(super) fn command<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        loop {
            if core::mem::take(&mut self.data_refused) && !input.is_empty() {
                return Err(self.impatient(now));
            }
            if self.errors >= self.config.limits.errors {
                let text = "Too many errors, closing the connection";
                let code = EnhancedCode(4, 7, 0);
                return Err(self.fail(now, 421, code, text, Error::TooManyErrors));
            }
            if self.output.is_full() {
                // Whoever does not read the replies gets no more of them.
                self.arm(now);
                return Ok(Step::Wait(input));
            }
            let line = match self.frame(input) {
                Framed::Line(n) => n,
                Framed::Long => {
                    self.deadline = None;
                    let auth = self.state == State::Auth;
                    let kind = if auth { ErrorKind::AuthTooLong } else { ErrorKind::TooLong };
                    self.refuse(fault(kind, 0, "a shorter line"), b"");
                    if auth {
                        return Ok(Step::Event(Event::AuthCancelled));
                    }
                    continue;
                }
                Framed::More if !input.is_eof() => {
                    self.arm(now);
                    if self.output.capacity() > IDLE_OUTPUT {
                        self.output.release();
                    }
                    return Ok(Step::Read(input));
                }
                Framed::More if input.is_empty() && !self.skipping => {
                    self.close(Some(now));
                    return Ok(Step::Closed);
                }
                Framed::More => {
                    self.close(Some(now));
                    return Err(Error::UnexpectedEof);
                }
            };
            self.deadline = None;
            if self.state == State::Auth {
                return Ok(Step::Event(self.response(input.take(line))));
            }
            // Whether the client sent more than this line before it had its answer.
            let waiting = input.len() > line;
            let octets = &input.bytes()[..line - 2];
            let syntax = self.config.syntax();
            let admitted = text(octets, syntax).and_then(|text| Ok((text, self.admit(text)?)));
            let (text, scanned) = match admitted {
                Ok(admitted) => admitted,
                Err(error) => {
                    self.refuse(error, octets);
                    // What comes behind a DATA that looked well to the client is a message.
                    self.data_refused = is_verb(octets, b"DATA");
                    if is_verb(octets, b"BDAT") {
                        self.close(Some(now));
                        return Err(Error::Chunking);
                    }
                    let text = &input.take(line)[..line - 2];
                    return Ok(Step::Event(Event::Bad(error.show(text))));
                }
            };
            let hello = matches!(scanned, Scanned::Helo(_) | Scanned::Ehlo(_) | Scanned::Lhlo(_));
            let alone = matches!(scanned, Scanned::StartTls | Scanned::Auth { .. })
                || hello && !self.config.quirks.early_talker;
            if alone && waiting {
                // RFC 2920 3.1, RFC 3207 4: these end a group. CVE-2011-0411 and its kin.
                return Err(self.impatient(now));
            }
            match self.act(scanned, text) {
                None => {
                    input.take(line);
                }
                Some(tolerated) => {
                    if matches!(scanned, Scanned::Quit) {
                        self.close(Some(now));
                    }
                    // The same text, which now is the event's.
                    let text = str::from_utf8(&input.take(line)[..line - 2]).unwrap_or_default();
                    return Ok(Step::Event(event(scanned.of(text), tolerated)));
                }
            }
        }
    }

    /// Finds the next line. Only CRLF ends one: after a bare LF it goes on.
    fn frame(&mut self, input: &mut Input) -> Framed {
        let auth = self.state == State::Auth || is_auth(input.bytes());
        let limits = &self.config.limits;
        let limit = if auth { limits.auth_line } else { limits.line };
        loop {
            match input.line() {
                Some(n) if self.skipping => {
                    let whole = input.take(n).ends_with(b"\r\n");
                    if whole {
                        self.skipping = false;
                        return Framed::Long;
                    }
                }
                Some(n) if n > limit => self.skipping = true,
                Some(n) if input.bytes()[..n].ends_with(b"\r\n") => return Framed::Line(n),
                Some(n) => input.frame(n),
                None if self.skipping => {
                    // A CR may have its LF yet to come.
                    let keep = usize::from(input.bytes().ends_with(b"\r"));
                    input.take(input.len() - keep);
                    return Framed::More;
                }
                None if input.len() > limit || input.is_full() => self.skipping = true,
                None => return Framed::More,
            }
        }
    }

    /// A line of an AUTH exchange (RFC 4954 4).
    fn response<'i>(&mut self, line: &'i [u8]) -> Event<'i> {
        let line = line.strip_suffix(b"\r\n").unwrap_or(line);
        if line == b"*" {
            self.state = State::Command;
            self.say(501, EnhancedCode(5, 7, 0), "Authentication cancelled");
            return Event::AuthCancelled;
        }
        match Base64::from_octets(line) {
            Some(response) => {
                self.state = State::Verdict(Ask::Auth);
                Event::AuthResponse(response)
            }
            None => {
                self.refuse(fault(ErrorKind::Base64, 0, "BASE64"), b"");
                Event::AuthCancelled
            }
        }
    }

    /// Answers a line that the application need not see.
    fn refuse(&mut self, error: ParseError, line: &[u8]) {
        self.state = State::Command;
        let (code, enhanced) = error.reply();
        if !matches!(error.kind, ErrorKind::TooManyRecipients | ErrorKind::TooLarge) {
            self.errors += 1;
        }
        let text = match error.kind {
            ErrorKind::Octet | ErrorKind::Reply => "A command is one line of printable ASCII",
            ErrorKind::TooLong | ErrorKind::AuthTooLong => "The line is too long",
            ErrorKind::Verb => "No such command, try HELP",
            ErrorKind::NotOffered => "Not offered here",
            ErrorKind::TooLarge => "The message is too large",
            ErrorKind::TooManyRecipients => "Too many recipients, send the rest separately",
            ErrorKind::UnknownParameter => "A parameter is not offered here",
            ErrorKind::Mechanism => "No such mechanism",
            ErrorKind::TlsRequired => "Must issue a STARTTLS command first",
            ErrorKind::AuthTlsRequired => "Encryption required, use STARTTLS first",
            ErrorKind::Base64 => "Not BASE64",
            ErrorKind::Utf8 => "Use ASCII, or SMTPUTF8 if it is offered",
            ErrorKind::Brackets => return self.teach(line, error.offset),
            _ => "",
        };
        if text.is_empty() {
            let at = error.offset;
            let text = match error.kind {
                ErrorKind::Sequence => format!("Bad sequence: {}", error.expected),
                _ => format!("Expected {} after {at} characters", error.expected),
            };
            return write_reply(&mut self.output, code, Some(enhanced), &text);
        }
        write_reply(&mut self.output, code, Some(enhanced), text);
    }

    /// Somebody who types wrote an address without brackets: show how it is done.
    fn teach(&mut self, line: &[u8], at: usize) {
        let (command, rest) = line.split_at(at.min(line.len()));
        let word = rest.split(|b| *b == b' ').next().unwrap_or_default();
        let address = str::from_utf8(word).ok().and_then(|word| Address::new(word).ok());
        let address = address.map_or("user@example.org", Address::as_str);
        let verb = if is_verb(command, b"MAIL") { "MAIL FROM" } else { "RCPT TO" };
        let text = format!("The address needs angle brackets: {verb}:<{address}>");
        self.say(555, EnhancedCode(5, 5, 2), &text);
    }

    /// Whether a line is a command that may come now.
    fn admit(&self, line: &str) -> Result<Scanned, ParseError> {
        let scanned = scan(line, self.config.syntax())?;
        if self.config.require_tls && !self.tls {
            // RFC 3207 4. RSET does no harm.
            match scanned {
                Scanned::Noop(_)
                | Scanned::Ehlo(_)
                | Scanned::Lhlo(_)
                | Scanned::StartTls
                | Scanned::Quit
                | Scanned::Rset
                | Scanned::Unknown { .. } => {}
                _ => return Err(fault(ErrorKind::TlsRequired, 0, "STARTTLS")),
            }
        }
        match scanned {
            // RFC 2033 4.1: the others' commands do not exist.
            Scanned::Lhlo(_) if self.config.protocol == Protocol::Smtp => Err(unknown()),
            Scanned::Helo(_) | Scanned::Ehlo(_) if self.config.protocol == Protocol::Lmtp => {
                Err(unknown())
            }
            Scanned::Unknown { .. } => Err(unknown()),
            Scanned::Expn(_) => Err(fault(ErrorKind::NotOffered, 0, "another command")),
            Scanned::Mail { path, params, .. } => {
                self.greeted()?;
                if self.mail {
                    return Err(sequence("MAIL was already given, RSET to start again"));
                }
                self.admit_mail(path.of(line), Params::from_scan(line, params))
            }
            Scanned::Rcpt { path, params, .. } => {
                self.greeted()?;
                if !self.mail {
                    return Err(sequence("MAIL first"));
                }
                if self.recipients >= self.config.limits.recipients {
                    return Err(fault(ErrorKind::TooManyRecipients, 0, "another message"));
                }
                self.admit_rcpt(path.of(line), Params::from_scan(line, params))
            }
            Scanned::Data => {
                self.greeted()?;
                match self.recipients {
                    _ if !self.mail => Err(sequence("MAIL first")),
                    0 => Err(sequence("RCPT first, no recipient was accepted")),
                    _ => Ok(()),
                }
            }
            Scanned::StartTls if !self.config.starttls => {
                Err(fault(ErrorKind::NotOffered, 0, "another command"))
            }
            Scanned::StartTls if self.tls => Err(sequence("TLS is on already")),
            Scanned::StartTls => self.greeted(),
            Scanned::Auth { mechanism, .. } => self.admit_auth(mechanism.of(line)),
            Scanned::Vrfy(_) => self.greeted(),
            Scanned::Helo(_)
            | Scanned::Ehlo(_)
            | Scanned::Lhlo(_)
            | Scanned::Rset
            | Scanned::Quit
            | Scanned::Noop(_)
            | Scanned::Help(_) => Ok(()),
        }?;
        Ok(scanned)
    }

    /// RFC 5321 4.1.4
    fn greeted(&self) -> Result<(), ParseError> {
        match self.config.protocol {
            _ if self.greeted => Ok(()),
            Protocol::Smtp => Err(sequence("EHLO first")),
            Protocol::Lmtp => Err(sequence("LHLO first")),
        }
    }

    fn admit_mail(&self, path: Path<'_>, params: Params<'_>) -> Result<(), ParseError> {
        // RFC 1870 6.1 (2)
        if params.size()?.is_some_and(|size| size > self.config.limits.message) {
            return Err(fault(ErrorKind::TooLarge, 0, "a smaller message"));
        }
        // RFC 3030 3: needs BDAT.
        if params.body()? == Some(Body::BinaryMime) {
            return Err(fault(ErrorKind::UnknownParameter, 0, "7BIT or 8BITMIME"));
        }
        if params.auth()?.is_some() && self.config.auth.is_empty() {
            return Err(fault(ErrorKind::UnknownParameter, 0, "no AUTH"));
        }
        if (params.ret()?.is_some() || params.envid()?.is_some()) && !self.config.dsn {
            return Err(fault(ErrorKind::UnknownParameter, 0, "no RET, no ENVID"));
        }
        match params.smtputf8()? {
            true if !self.config.smtputf8 => {
                return Err(fault(ErrorKind::UnknownParameter, 0, "no SMTPUTF8"));
            }
            // RFC 6531 3.4
            false if !path.is_ascii() => return Err(fault(ErrorKind::Utf8, 0, "SMTPUTF8")),
            _ => {}
        }
        Ok(())
    }

    fn admit_rcpt(&self, path: Path<'_>, params: Params<'_>) -> Result<(), ParseError> {
        if (params.notify()?.is_some() || params.orcpt()?.is_some()) && !self.config.dsn {
            return Err(fault(ErrorKind::UnknownParameter, 0, "no NOTIFY, no ORCPT"));
        }
        if !self.utf8 && !path.is_ascii() {
            return Err(fault(ErrorKind::Utf8, 0, "SMTPUTF8"));
        }
        Ok(())
    }

    /// RFC 4954 4
    fn admit_auth(&self, mechanism: &str) -> Result<(), ParseError> {
        let config = &*self.config;
        if config.auth.is_empty() {
            return Err(fault(ErrorKind::NotOffered, 0, "another command"));
        }
        self.greeted()?;
        if self.authenticated {
            return Err(sequence("you are authenticated already"));
        }
        if self.mail {
            return Err(sequence("no AUTH within a transaction"));
        }
        if !self.tls && !config.auth_in_clear {
            return Err(fault(ErrorKind::AuthTlsRequired, 0, "STARTTLS"));
        }
        if !config.auth.iter().any(|name| name.eq_ignore_ascii_case(mechanism)) {
            return Err(fault(ErrorKind::Mechanism, 0, "an offered mechanism"));
        }
        Ok(())
    }

    /// Does what needs no verdict, and says whether the application hears of it.
    fn act(&mut self, scanned: Scanned, line: &str) -> Option<Option<Tolerated>> {
        let tolerated = |spaced: bool| spaced.then_some(Tolerated::SpaceAfterColon);
        let (ask, tolerated) = match scanned {
            Scanned::Helo(_) => (Ask::Hello(Hello::Helo), None),
            Scanned::Ehlo(_) => (Ask::Hello(Hello::Ehlo), None),
            Scanned::Lhlo(_) => (Ask::Hello(Hello::Lhlo), None),
            Scanned::Mail { params, spaced, .. } => {
                let utf8 = Params::from_scan(line, params).smtputf8() == Ok(true);
                (Ask::Mail { utf8 }, tolerated(spaced))
            }
            Scanned::Rcpt { spaced, .. } => (Ask::Rcpt, tolerated(spaced)),
            Scanned::Data => (Ask::Data, None),
            Scanned::Auth { .. } => (Ask::Auth, None),
            Scanned::Vrfy(_) => (Ask::Vrfy, None),
            Scanned::StartTls => {
                self.say(220, EnhancedCode(2, 0, 0), "Ready to start TLS");
                self.state = State::Tls;
                return Some(None);
            }
            Scanned::Rset => {
                self.reset();
                self.say(250, EnhancedCode(2, 0, 0), "Reset");
                return Some(None);
            }
            Scanned::Quit => {
                self.say(221, EnhancedCode(2, 0, 0), "Bye");
                return Some(None);
            }
            Scanned::Noop(_) => {
                self.say(250, EnhancedCode(2, 0, 0), "OK");
                return None;
            }
            Scanned::Help(_) | Scanned::Expn(_) | Scanned::Unknown { .. } => {
                let hello = match self.config.protocol {
                    Protocol::Smtp => "EHLO HELO",
                    Protocol::Lmtp => "LHLO",
                };
                let text = format!("{hello} MAIL RCPT DATA RSET NOOP QUIT VRFY HELP STARTTLS AUTH");
                self.say(214, EnhancedCode(2, 0, 0), &text);
                return None;
            }
        };
        self.state = State::Verdict(ask);
        Some(tolerated)
    }
}

/// The event of a command that [`Server::admit`] let through.
fn event(command: Command<'_>, tolerated: Option<Tolerated>) -> Event<'_> {
    match command {
        Command::Helo(name) => Event::Helo { hello: Hello::Helo, name },
        Command::Ehlo(name) => Event::Helo { hello: Hello::Ehlo, name },
        Command::Lhlo(name) => Event::Helo { hello: Hello::Lhlo, name },
        Command::Mail { path, params } => Event::Mail { path, params, tolerated },
        Command::Rcpt { path, params } => Event::Rcpt { path, params, tolerated },
        Command::Data => Event::Data,
        Command::Auth { mechanism, initial } => Event::Auth { mechanism, initial },
        Command::Vrfy(text) => Event::Vrfy(text),
        Command::StartTls => Event::StartTls,
        Command::Rset => Event::Rset,
        _ => Event::Quit,
    }
}

fn unknown() -> ParseError {
    fault(ErrorKind::Verb, 0, "a command")
}

fn is_verb(line: &[u8], verb: &[u8; 4]) -> bool {
    line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(verb))
        && line.get(4).is_none_or(|b| !b.is_ascii_alphanumeric())
}
