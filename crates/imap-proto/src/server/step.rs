//! What the server makes of its input.

use super::{
    Config, Error, Event, Level, Line, Server, State, Tls, Verb,
    frame::{Frame, Literal, frame, tag},
    verb::Since,
};
use crate::{
    Misuse,
    codec::{
        Code, Command, Condition, Data, IdField, Items, ParseError, Response, Secret, Status, Text,
    },
};
use alloc::string::String;
use core::fmt::Write as _;
use posta_core::{Input, Instant, Machine, Output, Step};

/// The longest tag, in octets. It is kept while its command is under way.
const TAG: usize = 255;

impl Machine for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if self.state == State::Closed {
            return Ok(Step::Closed);
        }
        match self.deadline {
            Some(deadline) if now >= deadline => {
                let _in_a_literal_nobody_hears_it = self.bye("idle for too long");
                return Err(self.fail(Error::Idle));
            }
            Some(_) => {}
            None => self.alive(now),
        }
        loop {
            if self.errors >= self.config.limits.errors.max(1) {
                let _in_a_literal_nobody_hears_it = self.bye("too many errors");
                return Err(self.fail(Error::TooManyErrors));
            }
            if self.more && self.output.room() >= self.config.limits.output / 2 {
                self.more = false;
                // That there is room shows that the client reads.
                self.alive(now);
                return Ok(Step::Event(Event::More(self.output.room())));
            }
            match self.state {
                State::Closed => return Ok(Step::Closed),
                State::Tls if !input.is_empty() => return Err(self.fail(Error::EarlyData)),
                State::Tls | State::Open | State::Announced { .. } => return Ok(Step::Wait(input)),
                // No more before the client has read what it asked for.
                _ if self.more || self.output.is_full() => return Ok(Step::Wait(input)),
                State::Command => {}
                State::Message(left) => {
                    let n = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    if n == 0 {
                        return self.read(input);
                    }
                    self.alive(now);
                    self.state = match left - n as u64 {
                        0 => State::MessageEnd,
                        left => State::Message(left),
                    };
                    return Ok(Step::Event(Event::Chunk(input.take(n))));
                }
                State::Refused(left) => {
                    if !self.pass_over(left, input) {
                        return self.read(input);
                    }
                    self.alive(now);
                    continue;
                }
                State::Response | State::Idling | State::MessageEnd => {
                    let Some(n) = self.line(input) else { return self.read(input) };
                    self.alive(now);
                    return Ok(Step::Event(self.word(input.take(n))));
                }
            }
            let Some(found) = frame(input, &self.config.limits, self.config.quirks, &mut self.need)
            else {
                return self.read(input);
            };
            self.alive(now);
            match found {
                Frame::Waits => self.output.put(b"+ go on\r\n"),
                Frame::Whole(n) => match self.begin(&input.bytes()[..n - 2]) {
                    Outcome::Answered => {
                        input.take(n);
                    }
                    Outcome::Ask(verb) => {
                        let line = &input.take(n)[..n - 2];
                        return Ok(Step::Event(self.ask(verb, line)));
                    }
                    Outcome::Tls => {
                        input.take(n);
                        self.state = State::Tls;
                        // RFC 3501 6.2.1: nothing may follow STARTTLS before TLS; what does is someone
                        // else's.
                        if !input.is_empty() {
                            return Err(self.fail(Error::EarlyData));
                        }
                        return Ok(Step::Event(Event::StartTls));
                    }
                },
                Frame::Append { n, size, waits } => {
                    if self.may_append(&input.bytes()[..n], size) {
                        let head = input.take(n);
                        return Ok(Step::Event(self.announce(head, size, waits)));
                    }
                    input.take(n);
                    self.state = if waits { State::Command } else { State::Refused(size) };
                }
                Frame::TooLarge { n, size, waits } => {
                    self.bad(
                        tag(&input.bytes()[..n]),
                        Some(Code::TooBig),
                        "the literal is too large",
                    );
                    input.take(n);
                    self.state = if waits { State::Command } else { State::Refused(size) };
                }
                Frame::BadLine(n) => {
                    let tag = tag(&input.bytes()[..n]);
                    self.bad(tag, None, "a line ends with CRLF and holds no other CR, nor NUL");
                    self.need = 0;
                    input.take(n);
                }
                Frame::TooLong => {
                    self.bad(tag(input.bytes()), Some(Code::TooBig), "the command is too long");
                    self.need = 0;
                    self.state = State::Refused(0);
                }
            }
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// What is to be done with a command.
enum Outcome {
    Answered,
    Ask(Verb),
    Tls,
}

impl Server {
    /// Answers a command, or says who does.
    fn begin(&mut self, line: &[u8]) -> Outcome {
        let Some(tag) = tag(line).filter(|tag| tag.len() <= TAG) else {
            self.bad(None, None, "a command begins with a tag");
            return Outcome::Answered;
        };
        let known = Verb::of(line).filter(|(.., extension)| self.offers(extension));
        let Some((verb, since, _)) = known else {
            self.bad(Some(tag), None, "no such command");
            return Outcome::Answered;
        };
        let why_not = match since {
            Since::Login if self.level < Level::Authenticated => Some("log in first"),
            Since::Select if self.level < Level::Selected => Some("select a mailbox first"),
            _ => None,
        };
        if let Some(text) = why_not {
            self.bad(Some(tag), None, text);
            return Outcome::Answered;
        }
        self.verb = verb;
        self.tag.clear();
        self.tag.push_str(tag);
        if !Self::answers_itself(verb) {
            return Outcome::Ask(verb);
        }
        match Command::parse_with(line, self.config.quirks) {
            Ok((_, command)) => self.command(verb, &command),
            Err(error) => {
                self.syntax(&error.error);
                Outcome::Answered
            }
        }
    }

    /// Whether the machine reads a command before it asks, or answers it. An APPEND that comes as a whole
    /// line has no message.
    fn answers_itself(verb: Verb) -> bool {
        use Verb::{Append, Authenticate, Capability, Enable, Id, Login, Logout, StartTls};
        matches!(verb, Capability | Id | Logout | StartTls | Enable | Append | Login | Authenticate)
    }

    fn command(&mut self, verb: Verb, command: &Command<'_>) -> Outcome {
        match command {
            Command::Capability => {
                let names = self.capabilities();
                self.tell(Data::Capability(Items::from_wire(names.as_bytes())));
                self.done();
            }
            Command::Id(_) => {
                let config = self.config.clone();
                let name = Text::from(config.name.as_str());
                let field = [IdField { name: Text::from("name"), value: Some(name) }];
                let fields = if name.is_empty() { Items::default() } else { Items::new(&field) };
                self.tell(Data::Id(fields));
                self.done();
            }
            Command::Enable(_) => {
                // There is nothing that could be turned on.
                self.tell(Data::Enabled(Items::default()));
                self.done();
            }
            Command::Logout => {
                let _a_text_that_is_ours = self.say_bye("bye");
                self.done();
                self.close();
            }
            Command::StartTls => return self.start_tls(),
            Command::Login { .. } | Command::Authenticate { .. }
                if self.level > Level::NotAuthenticated =>
            {
                self.refuse(Condition::Bad, None, "logged in already");
            }
            Command::Login { .. } | Command::Authenticate { .. } if !self.may_login() => {
                self.refuse(
                    Condition::No,
                    Some(Code::PrivacyRequired),
                    "TLS must be started first",
                );
            }
            Command::Login { .. } if self.config.login => return Outcome::Ask(verb),
            Command::Authenticate { mechanism, .. } if self.has_mechanism(mechanism) => {
                return Outcome::Ask(verb);
            }
            _ => self.refuse(Condition::No, Some(Code::Cannot), "not offered"),
        }
        Outcome::Answered
    }

    /// The event for a command that the application answers.
    fn ask<'i>(&mut self, verb: Verb, line: &'i [u8]) -> Event<'i> {
        let command = match Command::parse_with(line, self.config.quirks) {
            Ok((_, command)) => command,
            Err(error) => {
                self.syntax(&error.error);
                return Event::Bad(error.error);
            }
        };
        self.state = State::Open;
        match command {
            Command::Login { user, password } => Event::Login { user, password },
            Command::Authenticate { mechanism, initial } => {
                Event::Authenticate { mechanism, initial }
            }
            Command::Idle if verb == Verb::Idle => {
                self.output.put(b"+ idling\r\n");
                self.state = State::Idling;
                Event::Idle
            }
            command => Event::Command(command, line),
        }
    }

    /// RFC 3501 6.2.1
    fn start_tls(&mut self) -> Outcome {
        if self.tls || self.level > Level::NotAuthenticated {
            self.refuse(Condition::Bad, None, "too late for TLS");
        } else if self.config.tls == Tls::None {
            self.refuse(Condition::Bad, None, "not offered");
        } else {
            self.done();
            return Outcome::Tls;
        }
        Outcome::Answered
    }

    /// Whether a message can be appended at all; answers otherwise.
    fn may_append(&mut self, head: &[u8], size: u64) -> bool {
        let Some(tag) = tag(head).filter(|tag| tag.len() <= TAG) else {
            self.bad(None, None, "a command begins with a tag");
            return false;
        };
        self.verb = Verb::Append;
        self.tag.clear();
        self.tag.push_str(tag);
        if self.level < Level::Authenticated {
            self.refuse(Condition::Bad, None, "log in first");
        } else if size == 0 {
            self.refuse(Condition::No, Some(Code::Cannot), "a message is not empty");
        } else if size > self.config.limits.message {
            self.refuse(Condition::No, Some(Code::TooBig), "the message is too big");
        } else {
            return true;
        }
        false
    }

    fn announce<'i>(&mut self, head: &'i [u8], size: u64, waits: bool) -> Event<'i> {
        match Command::parse_with(head, self.config.quirks) {
            Ok((_, Command::Append { mailbox, flags, date, size })) => {
                self.state = State::Announced { size, waits };
                Event::Append { mailbox, flags, date, size }
            }
            // It was one a moment ago.
            other => {
                let error = other.err().map_or_else(ParseError::nothing, |error| error.error);
                self.syntax(&error);
                self.state = if waits { State::Command } else { State::Refused(size) };
                Event::Bad(error)
            }
        }
    }

    /// A line where no command is due.
    fn word<'i>(&mut self, line: &'i [u8]) -> Event<'i> {
        let text = line.strip_suffix(b"\r\n");
        let state = core::mem::replace(&mut self.state, State::Open);
        match (state, text) {
            (State::MessageEnd, Some(b"")) => return Event::Appended,
            (State::Idling, Some(text)) if text.eq_ignore_ascii_case(b"DONE") => {
                return Event::Done;
            }
            (State::Response, Some(text)) if posta_core::is_base64(text) => {
                return Event::Response(Secret(core::str::from_utf8(text).unwrap_or_default()));
            }
            // RFC 3501 6.2.2
            (State::Response, Some(b"*")) => self.refuse(Condition::Bad, None, "cancelled"),
            (State::Response, _) => self.refuse(Condition::Bad, None, "not base64"),
            (State::Idling, _) => self.refuse(Condition::Bad, None, "DONE was due"),
            _ => self.refuse(Condition::Bad, None, "a command ends behind its message"),
        }
        self.state = match text.and_then(Literal::announced) {
            Some(Literal { size, waits: false }) => State::Refused(size),
            _ if !line.ends_with(b"\n") => State::Refused(0),
            _ => State::Command,
        };
        Event::Cancelled
    }

    /// The length of the line that is there, or of what fills the input.
    fn line(&self, input: &mut Input) -> Option<usize> {
        input.line().or_else(|| input.is_full().then_some(input.len()))
    }

    /// Passes over what is left of a literal, and of the command behind it. Whether anything was there.
    fn pass_over(&mut self, left: u64, input: &mut Input) -> bool {
        if left > 0 {
            let n = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
            input.take(n);
            self.state = State::Refused(left - n as u64);
            return n > 0;
        }
        let Some(n) = self.line(input) else { return false };
        let line = input.take(n);
        if line.ends_with(b"\n") {
            let text = line.strip_suffix(b"\r\n").unwrap_or(line);
            self.state = match Literal::announced(text) {
                Some(Literal { size, waits: false }) => State::Refused(size),
                _ => State::Command,
            };
        }
        true
    }

    fn read<'i>(&mut self, input: &'i mut Input) -> Result<Step<'i, Event<'i>>, Error> {
        if !input.is_eof() {
            return Ok(Step::Read(input));
        }
        let between = matches!(self.state, State::Command | State::Idling | State::Response);
        if between && input.is_empty() {
            self.close();
            return Ok(Step::Closed);
        }
        Err(self.fail(Error::UnexpectedEof))
    }

    pub(super) fn greet(&mut self) {
        let config = self.config.clone();
        let names = self.capabilities();
        let code = Some(Code::Capability(Items::from_wire(names.as_bytes())));
        let status = Status { code, ..Status::new(Condition::Ok, &config.greeting) };
        self.put(&Response::Status(status));
    }

    /// What can be done now.
    pub(super) fn capabilities(&self) -> String {
        let Config { sasl, extensions, login, .. } = &*self.config;
        let mut names = String::from("IMAP4rev1 ENABLE ID LITERAL+ SASL-IR");
        if !extensions.is_empty() {
            names.push(' ');
            names.push_str(extensions);
        }
        if self.level > Level::NotAuthenticated {
            return names;
        }
        if !self.tls && self.config.tls != Tls::None {
            names.push_str(" STARTTLS");
        }
        if !login || !self.may_login() {
            names.push_str(" LOGINDISABLED");
        }
        if self.may_login() {
            for mechanism in sasl.split_ascii_whitespace() {
                let _never_fails = write!(names, " AUTH={mechanism}");
            }
        }
        names
    }

    /// Whether the connection is good enough for credentials.
    fn may_login(&self) -> bool {
        self.tls || self.config.tls != Tls::Required
    }

    fn has_mechanism(&self, name: &str) -> bool {
        self.config.sasl.split(' ').any(|mechanism| mechanism.eq_ignore_ascii_case(name))
    }

    fn offers(&self, extension: &str) -> bool {
        let mut offered = self.config.extensions.split(' ');
        extension.is_empty() || offered.any(|name| name.eq_ignore_ascii_case(extension))
    }

    fn done(&mut self) {
        let _a_text_that_is_ours = self.answer(&Status::new(Condition::Ok, "done"));
    }

    /// Answers the command that was begun with this.
    fn refuse(&mut self, condition: Condition, code: Option<Code<'_>>, text: &str) {
        self.errors += 1;
        let _a_text_that_is_ours = self.answer(&Status { code, ..Status::new(condition, text) });
    }

    fn syntax(&mut self, error: &ParseError) {
        // A command that could not be read changes nothing.
        self.verb = Verb::Other;
        self.refuse(Condition::Bad, None, &alloc::format!("{error}"));
    }

    /// Answers what is no command.
    fn bad(&mut self, tag: Option<&str>, code: Option<Code<'_>>, text: &str) {
        self.errors += 1;
        let status = Status { code, ..Status::new(Condition::Bad, text) };
        match tag.filter(|tag| tag.len() <= TAG) {
            Some(tag) => self.put(&Response::Tagged(tag, status)),
            None => self.put(&Response::Status(status)),
        }
    }

    fn tell(&mut self, data: Data<'_>) {
        self.put(&Response::Data(data));
    }

    /// What is ours can be sent.
    fn put(&mut self, response: &Response<'_>) {
        let put: Result<(), Misuse> = self.output.put_with(|wire| response.write(wire));
        debug_assert!(put.is_ok(), "{response:?}");
    }

    pub(super) fn say_bye(&mut self, text: &str) -> Result<(), Misuse> {
        if self.line == Line::Search {
            self.output.put(b"\r\n");
        }
        if let Line::Fetch { .. } = self.line {
            self.output.put(b")\r\n");
        }
        self.line = Line::None;
        let status = Status::new(Condition::Bye, text);
        self.output.put_with(|wire| Response::Status(status).write(wire))
    }

    fn alive(&mut self, now: Instant) {
        if self.level > Level::NotAuthenticated {
            self.deadline = Some(now + self.config.limits.idle);
        } else if self.deadline.is_none() {
            self.deadline = Some(now + self.config.limits.login);
        }
    }

    pub(super) fn close(&mut self) {
        self.state = State::Closed;
        self.deadline = None;
    }

    fn fail(&mut self, error: Error) -> Error {
        self.close();
        error
    }
}
