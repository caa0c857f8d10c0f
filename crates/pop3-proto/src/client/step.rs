//! What the client makes of its input.

use super::{Client, Error, Event, Quirk, Sent, State, Verb};
use crate::codec::{
    Capabilities, Capability, DropListing, Reply, ScanListing, Status, UniqueId, timestamp,
};
use posta_core::{
    Input, Instant, Machine, Output, Step,
    dot::{Bare, Decoder, Piece},
};

impl Machine for Client {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(self.fail(Error::Timeout));
        }
        loop {
            match &mut self.state {
                State::Closed => return Ok(Step::Closed),
                State::Challenge => return Ok(self.wait(input)),
                State::Tls if input.is_empty() => return Ok(self.wait(input)),
                State::Tls => return Err(self.fail(Error::EarlyData)),
                State::Message(decoder) => match decoder.next(input.bytes()) {
                    Piece::Read if input.is_eof() => return Err(self.fail(Error::UnexpectedEof)),
                    Piece::Read => return Ok(self.read(input, now)),
                    Piece::Skip(n) => {
                        input.take(n);
                        continue;
                    }
                    Piece::Chunk(n) | Piece::LineEnd(n) | Piece::Bare(n) => {
                        self.alive(now);
                        return Ok(Step::Event(Event::Chunk(input.take(n))));
                    }
                    Piece::End(n) => {
                        input.take(n);
                        self.alive(now);
                        return Ok(Step::Event(self.end()));
                    }
                },
                State::LfMessage { open } => {
                    let was_open = *open;
                    let found = input.line();
                    let n = match found {
                        Some(n) => n,
                        None if input.is_full() => input.len(),
                        None if input.is_eof() => return Err(self.fail(Error::UnexpectedEof)),
                        None => return Ok(self.read(input, now)),
                    };
                    let line = &input.bytes()[..n];
                    if !was_open && matches!(line, b".\n" | b".\r\n") {
                        input.take(n);
                        self.alive(now);
                        return Ok(Step::Event(self.end()));
                    }
                    if !was_open && line.starts_with(b".") {
                        *open = true;
                        input.take(1);
                        continue;
                    }
                    *open = found.is_none();
                    self.alive(now);
                    return Ok(Step::Event(Event::Chunk(input.take(n))));
                }
                State::Reply | State::Lines => {}
            }
            if self.queue.is_idle() {
                if !self.told {
                    (self.told, self.deadline) = (true, None);
                    self.queue.shrink();
                    return Ok(Step::Event(Event::Ready));
                }
                if !input.is_empty() {
                    return Err(self.fail(Error::Unexpected));
                }
                if input.is_eof() {
                    return Err(self.fail(Error::UnexpectedEof));
                }
                if self.output.is_empty() {
                    self.output.release();
                }
                return Ok(self.wait(input));
            }
            let Some(sent) = self.queue.current() else { return Ok(self.wait(input)) };
            let found = input.line();
            let n = found.unwrap_or(input.len());
            let limit = match sent.verb {
                Verb::Auth => self.limits.sasl,
                _ => self.limits.reply,
            };
            if n > limit || found.is_none() && input.is_full() {
                return Err(self.fail(Error::LineTooLong));
            }
            if found.is_none() {
                if input.is_eof() {
                    return Err(self.fail(Error::UnexpectedEof));
                }
                return Ok(self.read(input, now));
            }
            self.alive(now);
            let end = if input.bytes()[..n].ends_with(b"\r\n") { 2 } else { 1 };
            if end == 1 && !self.quirks.bare_lf {
                return Err(self.fail(Error::BareLf));
            }
            if end == 1 && !self.quirk_told {
                self.quirk_told = true;
                return Ok(Step::Event(Event::Quirk(Quirk::BareLf)));
            }
            // Look first, take only where an event is returned: an early take would borrow for 'i.
            let line = &input.bytes()[..n - end];
            let found = match self.state {
                State::Lines => self.line(sent, line),
                _ => self.reply(sent, line, end == 1),
            };
            let found = match found {
                Ok(found) => found,
                Err(error) => return Err(self.fail(error)),
            };
            match found {
                Found::Nothing => {
                    input.take(n);
                }
                Found::End => {
                    input.take(n);
                    return Ok(Step::Event(self.end()));
                }
                Found::StartTls => {
                    input.take(n);
                    // RFC 2595 4: the server says no more before TLS; what is there is someone else's.
                    if !input.is_empty() {
                        return Err(self.fail(Error::EarlyData));
                    }
                    self.state = State::Tls;
                    return Ok(Step::Event(Event::StartTls));
                }
                Found::Event(kind) => {
                    return match kind.event(sent.verb, &input.take(n)[..n - end]) {
                        Ok(event) => Ok(Step::Event(event)),
                        Err(error) => Err(self.fail(error)),
                    };
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

/// What a line is good for.
enum Found {
    Nothing,
    End,
    StartTls,
    Event(Kind),
}

/// Which event the line becomes once it is taken.
#[derive(Clone, Copy)]
enum Kind {
    Reply,
    Challenge,
    Stat,
    /// Of the reply to a command that asked for one message.
    OneListing,
    OneUid,
    /// Of a listing; stuffed lines lose their dot.
    Capability,
    Listing,
    Uid,
}

impl Kind {
    fn event<'i>(self, verb: Verb, line: &'i [u8]) -> Result<Event<'i>, Error> {
        let text = line.get(4..).unwrap_or_default();
        let plain = line.strip_prefix(b".").unwrap_or(line);
        Ok(match self {
            Self::Reply => Event::Reply(verb, Reply::parse(line)?),
            Self::Challenge => Event::Challenge(Reply::parse(line)?.challenge().unwrap_or("")),
            Self::Stat => Event::Stat(DropListing::parse(text)?),
            Self::OneListing => Event::Listing(ScanListing::parse(text)?),
            Self::OneUid => Event::Uid(UniqueId::parse(text)?),
            Self::Capability => Event::Capability(Capability::parse(plain)),
            Self::Listing => Event::Listing(ScanListing::parse(plain)?),
            Self::Uid => Event::Uid(UniqueId::parse(plain)?),
        })
    }
}

impl Client {
    /// The first line of a reply.
    fn reply(&mut self, sent: Sent, line: &[u8], lf: bool) -> Result<Found, Error> {
        let reply = Reply::parse(line)?;
        if reply.status == Status::Continue {
            return self.challenge(sent, reply);
        }
        let ok = reply.is_ok();
        let kind = match (sent.verb, ok) {
            (Verb::Connect, true) => {
                self.timestamp = timestamp(reply.text).map(Into::into);
                Kind::Reply
            }
            (Verb::Connect, false) => {
                self.close();
                Kind::Reply
            }
            (Verb::Stls, true) => {
                self.queue.answered();
                return Ok(Found::StartTls);
            }
            (Verb::User, true) => {
                self.queue.answered();
                self.release();
                return Ok(Found::Nothing);
            }
            (Verb::User, false) => {
                self.queue.drop_pass();
                Kind::Reply
            }
            (Verb::Capa, _) => {
                self.capabilities = Some(Capabilities::default());
                if ok {
                    self.state = State::Lines;
                    return Ok(Found::Event(Kind::Reply));
                }
                Kind::Reply
            }
            (Verb::List | Verb::Uidl, true) if sent.asked.is_none() => {
                self.state = State::Lines;
                return Ok(Found::Event(Kind::Reply));
            }
            (Verb::Retr | Verb::Top, true) => {
                // A stored message may have bare line ends; they are no concern of POP3's.
                self.state = match lf {
                    true => State::LfMessage { open: false },
                    false => State::Message(Decoder::new(Bare::Pass)),
                };
                return Ok(Found::Event(Kind::Reply));
            }
            (Verb::List, true) => {
                told(sent, ScanListing::parse(&line[line.len().min(4)..])?.message)?;
                Kind::OneListing
            }
            (Verb::Uidl, true) => {
                told(sent, UniqueId::parse(&line[line.len().min(4)..])?.message)?;
                Kind::OneUid
            }
            (Verb::Stat, true) => Kind::Stat,
            (Verb::Quit, _) => {
                self.close();
                Kind::Reply
            }
            _ => Kind::Reply,
        };
        self.initial = None;
        self.queue.answered();
        self.release();
        Ok(Found::Event(kind))
    }

    fn challenge(&mut self, sent: Sent, reply: Reply<'_>) -> Result<Found, Error> {
        if sent.verb != Verb::Auth {
            return Err(Error::Unexpected);
        }
        let challenge = reply.challenge();
        if let (Some(""), Some(initial)) = (challenge, &self.initial) {
            self.output.put(initial.as_bytes());
            self.output.put(b"\r\n");
            self.initial = None;
            return Ok(Found::Nothing);
        }
        if challenge.is_none() || self.initial.is_some() {
            // RFC 5034 4: what is not base64 must be cancelled. So is a challenge where the
            // mechanism wants to speak first.
            self.initial = None;
            self.output.put(b"*\r\n");
            return Ok(Found::Nothing);
        }
        self.state = State::Challenge;
        Ok(Found::Event(Kind::Challenge))
    }

    /// A further line of CAPA, LIST or UIDL.
    fn line(&mut self, sent: Sent, line: &[u8]) -> Result<Found, Error> {
        if line == b"." {
            return Ok(Found::End);
        }
        Ok(Found::Event(match sent.verb {
            Verb::Capa => {
                let capability = Capability::parse(line.strip_prefix(b".").unwrap_or(line));
                if let Some(capabilities) = &mut self.capabilities {
                    capabilities.add(capability);
                }
                Kind::Capability
            }
            Verb::Uidl => Kind::Uid,
            _ => Kind::Listing,
        }))
    }

    /// The end of a reply of several lines.
    fn end(&mut self) -> Event<'static> {
        let verb = self.queue.current().map_or(Verb::Noop, |sent| sent.verb);
        self.state = State::Reply;
        self.queue.answered();
        self.release();
        Event::End(verb)
    }

    fn read<'i>(&mut self, input: &'i mut Input, now: Instant) -> Step<'i, Event<'i>> {
        self.deadline.get_or_insert(now + self.limits.timeout);
        Step::Read(input)
    }

    /// Not the server's turn, so it cannot be late.
    fn wait<'i>(&mut self, input: &'i mut Input) -> Step<'i, Event<'i>> {
        self.deadline = None;
        Step::Wait(input)
    }

    fn alive(&mut self, now: Instant) {
        self.deadline = Some(now + self.limits.timeout);
    }

    fn close(&mut self) {
        self.state = State::Closed;
        self.deadline = None;
    }

    fn fail(&mut self, error: Error) -> Error {
        self.close();
        error
    }
}

/// Is this the message that was asked for?
fn told(sent: Sent, told: u32) -> Result<(), Error> {
    match sent.asked {
        Some(asked) if asked != told => Err(Error::WrongMessage { asked, told }),
        _ => Ok(()),
    }
}
