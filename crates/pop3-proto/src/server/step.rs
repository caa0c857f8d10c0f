//! What the server makes of its input.

use super::{Ask, Config, Error, Event, Server, State, Tls};
use crate::codec::{Capability, Command, Expire, Fault, LoginDelay, ParseError};
use alloc::string::String;
use posta_core::{Input, Instant, Machine, Output, Step};

impl Machine for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if matches!(self.state, State::Closed) {
            return Ok(Step::Closed);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            // RFC 1939 3: close without a word.
            return Err(self.fail(Error::Idle));
        }
        loop {
            match &self.state {
                State::Closed => {
                    self.deadline = None;
                    return Ok(Step::Closed);
                }
                State::Ask(_) => return Ok(Step::Wait(input)),
                State::Tls if input.is_empty() => return Ok(Step::Wait(input)),
                State::Tls => return Err(self.fail(Error::EarlyData)),
                State::Sent => {
                    self.state = State::Command;
                    return Ok(Step::Event(Event::Sent));
                }
                // No more before the client has read what it asked for.
                _ if self.output.is_full() => return Ok(Step::Wait(input)),
                State::Body(_) => {
                    // That there is room shows that the client reads.
                    self.alive(now);
                    return Ok(Step::Event(Event::Body(self.output.room())));
                }
                State::Listing { uid, next } => {
                    let (uid, next) = (*uid, *next);
                    self.alive(now);
                    let Some(message) = self.maildrop.as_ref().and_then(|drop| drop.from(next))
                    else {
                        self.output.put(b".\r\n");
                        self.state = State::Command;
                        continue;
                    };
                    self.state = State::Ask(Ask::Item { uid, message });
                    let event = if uid { Event::Uid(message) } else { Event::Size(message) };
                    return Ok(Step::Event(event));
                }
                State::Command | State::Response => {}
            }
            if self.errors >= self.config.limits.errors {
                self.say(format_args!("-ERR too many errors"));
                return Err(self.fail(Error::TooManyErrors));
            }
            let response = matches!(self.state, State::Response);
            let found = input.line();
            let n = found.unwrap_or(input.len());
            self.discarding |= n > self.limit(response, input.bytes());
            let Some(n) = found else {
                if self.discarding || input.is_full() {
                    // The answer comes at the end of the line.
                    self.discarding = true;
                    input.take(n);
                }
                if input.is_eof() {
                    // RFC 1939 6: without QUIT there is no UPDATE state.
                    self.state = State::Closed;
                    continue;
                }
                if self.output.is_empty() {
                    self.output.release();
                }
                return Ok(Step::Read(input));
            };
            self.alive(now);
            // Look first, take only where an event is returned: an early take would borrow for 'i.
            match self.line(response, &input.bytes()[..n]) {
                Outcome::Answered => {
                    input.take(n);
                }
                Outcome::Cancelled => {
                    input.take(n);
                    return Ok(Step::Event(Event::AuthCancelled));
                }
                Outcome::Tls => {
                    input.take(n);
                    self.state = State::Tls;
                    // RFC 2595 4: nothing may follow STLS before TLS; what does is someone else's.
                    if !input.is_empty() {
                        self.say(format_args!("-ERR nothing may follow STLS"));
                        return Err(self.fail(Error::EarlyData));
                    }
                    self.say(format_args!("+OK begin TLS negotiation"));
                    return Ok(Step::Event(Event::StartTls));
                }
                Outcome::Ask(ask) => {
                    self.state = State::Ask(ask);
                    return Ok(Step::Event(event(response, &input.take(n)[..n - 2])));
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

/// What became of a line.
enum Outcome {
    Answered,
    /// An AUTH exchange is over.
    Cancelled,
    Tls,
    /// The application must be asked.
    Ask(Ask),
}

impl From<Option<Ask>> for Outcome {
    fn from(ask: Option<Ask>) -> Self {
        ask.map_or(Self::Answered, Self::Ask)
    }
}

/// The event for a line that the application is asked about.
fn event(response: bool, line: &[u8]) -> Event<'_> {
    if response {
        return Event::AuthResponse(core::str::from_utf8(line).unwrap_or_default());
    }
    match Command::parse(line) {
        Ok(Command::Pass(pass)) => Event::Pass(pass),
        Ok(Command::Apop { name, digest }) => Event::Apop { name, digest },
        Ok(Command::Auth { mechanism, initial }) => Event::Auth { mechanism, initial },
        Ok(Command::List(Some(n)) | Command::Dele(n)) => Event::Size(n),
        Ok(Command::Uidl(Some(n))) => Event::Uid(n),
        Ok(Command::Retr(number)) => Event::Message { number, lines: None },
        Ok(Command::Top { message: number, lines }) => {
            Event::Message { number, lines: Some(lines) }
        }
        // Nothing else asks, but QUIT.
        _ => Event::Quit,
    }
}

impl Server {
    /// Answers a line, given with its line end, or says who does.
    fn line(&mut self, response: bool, line: &[u8]) -> Outcome {
        if core::mem::take(&mut self.discarding) {
            return self.bad(response, "line too long");
        }
        let Some(line) = line.strip_suffix(b"\r\n") else {
            return self.bad(response, "a line ends with CRLF");
        };
        if !response {
            return match Command::parse(line) {
                Ok(command) => self.command(command),
                Err(error) => {
                    self.syntax(error);
                    Outcome::Answered
                }
            };
        }
        if posta_core::is_base64(line) {
            return Outcome::Ask(Ask::Auth);
        }
        // RFC 5034 4: "*" cancels.
        if line == b"*" {
            self.state = State::Command;
            self.say(format_args!("-ERR cancelled"));
            return Outcome::Cancelled;
        }
        self.bad(response, "not base64")
    }

    fn command(&mut self, command: Command<'_>) -> Outcome {
        // RFC 1939 7: PASS comes immediately after USER.
        let user = self.user.take();
        match (command, self.maildrop.is_some()) {
            (Command::Capa, _) => {
                self.user = user;
                self.capa();
            }
            (Command::Quit, true) => return Outcome::Ask(Ask::Quit),
            (Command::Quit, false) => {
                // RFC 1939 4: no UPDATE state.
                self.say(format_args!("+OK bye"));
                self.state = State::Closed;
            }
            (Command::Stls, false) => return self.stls(),
            (Command::Utf8, false) if self.config.utf8 => {
                self.utf8 = true;
                self.say(format_args!("+OK UTF8 enabled"));
            }
            (Command::Utf8 | Command::Lang(_), _) => self.refuse("not possible here"),
            (
                Command::User(_) | Command::Pass(_) | Command::Apop { .. } | Command::Auth { .. },
                false,
            ) => return self.login(user, command).into(),
            (
                Command::User(_)
                | Command::Pass(_)
                | Command::Apop { .. }
                | Command::Auth { .. }
                | Command::Stls,
                true,
            ) => self.refuse("already logged in"),
            (_, false) => self.refuse("log in first"),
            (command, true) => return self.transaction(command).into(),
        }
        Outcome::Answered
    }

    /// In the AUTHORIZATION state. RFC 1939 4 and 7, RFC 5034 4
    fn login(&mut self, user: Option<String>, command: Command<'_>) -> Option<Ask> {
        if !self.may_login() {
            self.errors += 1;
            self.say(format_args!("-ERR [AUTH] TLS is required, use STLS first"));
            return None;
        }
        match command {
            Command::User(name) if self.config.user => {
                // Known or not: that is nobody's business before PASS.
                self.user = Some(name.into());
                self.say(format_args!("+OK send PASS"));
            }
            Command::Pass(_) if user.is_some() => {
                self.user = user;
                return Some(Ask::Pass);
            }
            Command::Pass(_) if self.config.user => self.refuse("USER first"),
            Command::Apop { .. } if self.apop => return Some(Ask::Apop),
            Command::Auth { mechanism, .. } if self.has_mechanism(mechanism) => {
                return Some(Ask::Auth);
            }
            Command::Auth { .. } => self.refuse("no such mechanism"),
            _ => self.refuse("not offered"),
        }
        None
    }

    /// In the TRANSACTION state. RFC 1939 5 and 7
    fn transaction(&mut self, command: Command<'_>) -> Option<Ask> {
        let (message, ask) = match command {
            Command::List(Some(n)) => (n, Ask::List(n)),
            Command::Uidl(Some(n)) => (n, Ask::Uidl(n)),
            Command::Retr(n) => (n, Ask::Message { lines: None }),
            Command::Top { message, lines } => (message, Ask::Message { lines: Some(lines) }),
            Command::Dele(n) => (n, Ask::Dele(n)),
            Command::Stat => {
                let stat = self.stat();
                self.say(format_args!("+OK {stat}"));
                return None;
            }
            Command::List(None) => {
                let stat = self.stat();
                self.say(format_args!("+OK {} messages ({} octets)", stat.messages, stat.octets));
                self.state = State::Listing { uid: false, next: 1 };
                return None;
            }
            Command::Uidl(None) => {
                self.say(format_args!("+OK unique-id listing follows"));
                self.state = State::Listing { uid: true, next: 1 };
                return None;
            }
            Command::Rset => {
                if let Some(maildrop) = &mut self.maildrop {
                    maildrop.unmark_all();
                }
                let stat = self.stat();
                self.say(format_args!(
                    "+OK maildrop has {} messages ({} octets)",
                    stat.messages, stat.octets
                ));
                return None;
            }
            _ => {
                self.say(format_args!("+OK"));
                return None;
            }
        };
        let maildrop = self.maildrop.as_ref();
        if maildrop.is_some_and(|maildrop| maildrop.has(message)) {
            return Some(ask);
        }
        if self.is_deleted(message) {
            self.say(format_args!("-ERR message {message} is deleted"));
        } else {
            let last = maildrop.map_or(0, super::maildrop::Maildrop::last);
            self.say(format_args!("-ERR no such message, the last is {last}"));
        }
        None
    }

    /// RFC 2595 4
    fn stls(&mut self) -> Outcome {
        if self.tls {
            self.refuse("TLS is active already");
        } else if self.config.tls == Tls::None {
            self.refuse("not offered");
        } else if self.utf8 {
            // RFC 6856 2.1
            self.refuse("STLS comes before UTF8");
        } else {
            return Outcome::Tls;
        }
        Outcome::Answered
    }

    /// RFC 2449 5 and 6. What is offered before the login is offered after it, but for STLS, which
    /// must be permitted in the current state.
    fn capa(&mut self) {
        self.say(format_args!("+OK capability list follows"));
        let config = self.config.clone();
        let Config { sasl, implementation, .. } = &*config;
        let login = self.may_login();
        let stls = !self.tls && config.tls != Tls::None && self.maildrop.is_none() && !self.utf8;
        let list = [
            Some(Capability::Top),
            Some(Capability::Uidl),
            Some(Capability::RespCodes),
            Some(Capability::AuthRespCode),
            Some(Capability::Pipelining),
            (config.user && login).then_some(Capability::User),
            (!sasl.is_empty() && login).then_some(Capability::Sasl(sasl)),
            stls.then_some(Capability::Stls),
            config.utf8.then_some(Capability::Utf8 { user: true }),
            config
                .login_delay
                .map(|seconds| Capability::LoginDelay(LoginDelay { seconds, user: false })),
            config.expire.map(|it| Capability::Expire(Expire { user: false, ..it })),
            (!implementation.is_empty()).then_some(Capability::Implementation(implementation)),
        ];
        for capability in list.into_iter().flatten() {
            self.say(format_args!("{capability}"));
        }
        self.output.put(b".\r\n");
    }

    /// Whether the connection is good enough for credentials.
    fn may_login(&self) -> bool {
        self.tls || self.config.tls != Tls::Required
    }

    fn has_mechanism(&self, name: &str) -> bool {
        self.config.sasl.split(' ').any(|mechanism| mechanism.eq_ignore_ascii_case(name))
    }

    /// How long this line may be, as far as it has come.
    fn limit(&self, response: bool, line: &[u8]) -> usize {
        let limits = &self.config.limits;
        let auth = line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"AUTH "));
        if response || auth { limits.sasl } else { limits.command }
    }

    /// A bad line, which also ends an AUTH exchange.
    fn bad(&mut self, response: bool, text: &str) -> Outcome {
        self.refuse(text);
        self.state = State::Command;
        if response { Outcome::Cancelled } else { Outcome::Answered }
    }

    fn refuse(&mut self, text: &str) {
        self.errors += 1;
        self.say(format_args!("-ERR {text}"));
    }

    fn syntax(&mut self, error: ParseError) {
        self.errors += 1;
        match error.kind {
            Fault::Unknown => self.say(format_args!("-ERR unknown command")),
            _ => self.say(format_args!("-ERR {error}")),
        }
    }

    fn alive(&mut self, now: Instant) {
        self.deadline = Some(now + self.config.limits.idle);
    }

    fn fail(&mut self, error: Error) -> Error {
        self.state = State::Closed;
        self.deadline = None;
        error
    }
}
