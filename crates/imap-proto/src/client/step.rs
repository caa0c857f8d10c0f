//! What the client makes of its input.

use super::{
    Client, Error, Event, Handle, Out,
    cut::{Inside, Piece},
    queue::Progress,
    verb::Verb,
};
use crate::codec::{Code, Condition, Data, Response, Status};
use posta_core::{Input, Instant, Machine, Output, Step};

impl Machine for Client {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            self.late()?;
        }
        loop {
            // Before what comes behind it, which may end the session; but nothing comes between the chunks of a literal.
            if !matches!(self.inside, Inside::Literal { .. })
                && let Some(quirk) = self.quirks_needed.first_not_in(&self.quirks_told)
            {
                self.quirks_told.set(quirk);
                return Ok(Step::Event(Event::Quirk(quirk)));
            }
            match self.out {
                Out::Closed => return Ok(Step::Closed),
                // The server's turn comes when this is over.
                Out::Tls if input.is_empty() => return Ok(self.wait(input)),
                Out::Tls => return Err(self.fail(Error::EarlyData)),
                Out::Challenge(_) => return Ok(self.wait(input)),
                _ => {}
            }
            if self.interrupted {
                return Err(self.fail(Error::Interrupted));
            }
            if self.bye && !self.logging_out {
                return Err(self.fail(Error::Bye));
            }
            if let Inside::Literal { number, uid, left } = self.inside {
                if left == 0 {
                    self.inside = Inside::Fetch { number, uid };
                    return Ok(Step::Event(Event::End));
                }
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                if n == 0 {
                    return self.read(input, now);
                }
                self.inside = Inside::Literal { number, uid, left: left - n as u64 };
                self.alive(now);
                return Ok(Step::Event(Event::Chunk(input.take(n))));
            }
            self.release();
            if self.greeted && self.inside == Inside::Start && self.queue.is_idle() && !self.told {
                self.told = true;
                self.deadline = None;
                self.queue.shrink();
                return Ok(Step::Event(Event::Ready));
            }
            let piece = match self.inside.frame(
                input,
                self.config.limits.literal,
                self.config.quirks,
                &mut self.need,
            ) {
                Ok(piece) => piece,
                Err(error) => return Err(self.fail(error)),
            };
            let n = match piece {
                None if input.is_eof() => {
                    // RFC 9051 7.1.5: the server may close behind its BYE at once.
                    if self.bye {
                        self.close();
                        return Ok(Step::Closed);
                    }
                    return Err(self.fail(Error::UnexpectedEof));
                }
                None => {
                    if let (Out::Whole, Progress::Body(left)) = (self.out, self.queue.progress())
                        && self.asked
                        && let Some(sent) = self.queue.last()
                    {
                        let left = usize::try_from(left).unwrap_or(usize::MAX);
                        let room = self.output.room().min(left);
                        if room >= self.config.limits.chunk.min(left) {
                            self.deadline = None;
                            return Ok(Step::Event(Event::Body(sent.handle, room)));
                        }
                    }
                    return self.read(input, now);
                }
                Some(Piece::Whole(n)) => n,
                Some(Piece::Cut { n, literal }) => {
                    self.alive(now);
                    return self.cut(input, n, literal).map(Step::Event);
                }
            };
            self.alive(now);
            if self.greeted && self.inside == Inside::Start && input.bytes().first() == Some(&b'+')
            {
                match self.continuation(&input.bytes()[..n - 2]) {
                    Err(error) => return Err(self.fail(error)),
                    Ok(Found::Nothing) => {
                        input.take(n);
                        continue;
                    }
                    Ok(Found::Idling(handle)) => {
                        input.take(n);
                        self.deadline = Some(now + self.config.limits.idle);
                        return Ok(Step::Event(Event::Idling(handle)));
                    }
                    Ok(Found::Challenge(handle)) => {
                        // Behind `+` and its space, if it has one.
                        let line = &input.take(n)[..n - 2];
                        let text = line.get(2..).unwrap_or_default();
                        let text = core::str::from_utf8(text).unwrap_or_default();
                        return Ok(Step::Event(Event::Challenge(handle, text)));
                    }
                }
            }
            // RFC 9051 11.1: nothing that came before TLS may be used after it.
            let early = input.len() > n;
            let frame = &input.take(n)[..n - 2];
            return match self.response(frame, early) {
                Ok(event) => Ok(Step::Event(event)),
                Err(error) => Err(self.fail(error)),
            };
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// What a continuation is good for.
enum Found {
    Nothing,
    Idling(Handle),
    Challenge(Handle),
}

impl Client {
    /// A whole response, or the last part of one.
    fn response<'i>(&mut self, frame: &'i [u8], early: bool) -> Result<Event<'i>, Error> {
        if self.inside != Inside::Start {
            let (data, needed) = self.inside.last(frame, self.config.quirks)?;
            self.inside = Inside::Start;
            self.tolerated(needed);
            return Ok(Event::Data { data, last: true });
        }
        let parsed = Response::parse_with(frame, self.config.quirks);
        if !self.greeted {
            return match parsed {
                Ok((Response::Status(status), needed)) => {
                    self.tolerated(needed);
                    self.greeting(status)
                }
                Ok(_) => Err(Error::NoGreeting),
                Err(error) if frame.starts_with(b"* ") => Err(error.into()),
                Err(_) => Err(Error::NoGreeting),
            };
        }
        let (response, needed) = parsed?;
        self.tolerated(needed);
        match response {
            Response::Tagged(tag, status) => self.tagged(tag, status, early),
            Response::Status(status) => {
                self.learn(&status);
                self.bye |= status.condition == Condition::Bye;
                Ok(Event::Status(status))
            }
            Response::Data(data) => {
                if let Data::Capability(capabilities) = &data {
                    self.learn_capabilities(capabilities.iter());
                }
                Ok(Event::Data { data, last: true })
            }
            Response::Continue(_) => Err(Error::Unexpected),
        }
    }

    fn greeting<'i>(&mut self, status: Status<'i>) -> Result<Event<'i>, Error> {
        match status.condition {
            Condition::Ok => {}
            Condition::PreAuth if self.needs_tls() => return Err(Error::PreAuth),
            Condition::PreAuth => self.authenticated = true,
            Condition::Bye => self.bye = true,
            Condition::No | Condition::Bad => return Err(Error::NoGreeting),
        }
        self.greeted = true;
        self.learn(&status);
        Ok(Event::Greeting(status))
    }

    fn tagged<'i>(
        &mut self,
        tag: &str,
        status: Status<'i>,
        early: bool,
    ) -> Result<Event<'i>, Error> {
        let handle = Handle::from_tag(tag).ok_or(Error::UnknownTag)?;
        let is_last = self.queue.last().is_some_and(|last| last.handle == handle);
        let sent = self.queue.answered(handle).ok_or(Error::UnknownTag)?;
        // What is left of a message cannot be sent, and it cannot be left out.
        self.interrupted = is_last && self.asked;
        self.learn(&status);
        match sent.verb {
            Verb::StartTls if status.is_ok() => {
                if early {
                    return Err(Error::EarlyData);
                }
                self.out = Out::Tls;
                return Ok(Event::StartTls(handle));
            }
            Verb::Login | Verb::Authenticate => {
                self.initial = None;
                if status.is_ok() {
                    self.authenticated = true;
                    // RFC 3501 6.2.3: what it could do before may be otherwise now.
                    if !self.fresh {
                        self.capabilities = None;
                    }
                }
            }
            Verb::Logout => self.close(),
            _ => {}
        }
        if !matches!(self.out, Out::Closed) {
            self.out = Out::Whole;
        }
        Ok(Event::Done(handle, status))
    }

    /// The server asks for something.
    fn continuation(&mut self, line: &[u8]) -> Result<Found, Error> {
        let (response, needed) = Response::parse_with(line, self.config.quirks)?;
        let (Response::Continue(text), Some(sent)) = (response, self.queue.last()) else {
            return Err(Error::Unexpected);
        };
        self.tolerated(needed);
        match (self.queue.progress(), sent.verb, self.out) {
            (Progress::Literal, ..) => {
                let non_sync = self.non_sync();
                self.queue.go_on(non_sync, &mut self.output);
            }
            (Progress::Body(0), ..) if !self.asked => self.finish_body(),
            (Progress::Body(_), ..) if !self.asked => self.asked = true,
            (Progress::Whole, Verb::Idle, Out::Whole) => {
                self.out = Out::Idling(sent.handle);
                return Ok(Found::Idling(sent.handle));
            }
            (Progress::Whole, Verb::Authenticate, Out::Whole) => {
                let (text, initial) = (text.bytes(), self.initial.take());
                if let Some(initial) = initial.as_ref().filter(|_| text.is_empty()) {
                    self.output.put(initial.as_bytes());
                    self.output.put(b"\r\n");
                } else if initial.is_some() || !posta_core::is_base64(&text) {
                    // RFC 9051 6.2.2: what is not base64 is cancelled, and so is a challenge where the
                    // mechanism wants to speak first.
                    self.output.put(b"*\r\n");
                } else {
                    self.out = Out::Challenge(sent.handle);
                    return Ok(Found::Challenge(sent.handle));
                }
            }
            _ => return Err(Error::Unexpected),
        }
        Ok(Found::Nothing)
    }

    /// What a status tells of the server.
    fn learn(&mut self, status: &Status<'_>) {
        if let Some(Code::Capability(capabilities)) = &status.code {
            self.learn_capabilities(capabilities.iter());
        }
    }

    /// The deadline has passed.
    fn late(&mut self) -> Result<(), Error> {
        match self.out {
            Out::Idling(_) => {
                // RFC 2177 3: before the server logs the client out for doing nothing.
                self.deadline = None;
                let _is_idling = self.done();
                Ok(())
            }
            Out::Closed => Ok(()),
            _ => Err(self.fail(Error::Timeout)),
        }
    }

    fn read<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if input.is_eof() {
            return Err(self.fail(Error::UnexpectedEof));
        }
        let due = !self.greeted || self.queue.is_answer_due() || self.inside != Inside::Start;
        match self.out {
            Out::Idling(_) => {
                self.deadline.get_or_insert(now + self.config.limits.idle);
            }
            _ if due => {
                self.deadline.get_or_insert(now + self.config.limits.timeout);
            }
            _ => {
                // Nothing is asked: the server may speak, and need not.
                self.deadline = None;
                if self.output.is_empty() {
                    self.output.release();
                }
            }
        }
        Ok(Step::Read(input))
    }

    /// Not the server's turn, so it cannot be late.
    fn wait<'i>(&mut self, input: &'i mut Input) -> Step<'i, Event<'i>> {
        self.deadline = None;
        Step::Wait(input)
    }

    fn alive(&mut self, now: Instant) {
        // What is told during IDLE does not prolong it.
        if !matches!(self.out, Out::Idling(_)) {
            self.deadline = Some(now + self.config.limits.timeout);
        }
    }

    fn close(&mut self) {
        self.out = Out::Closed;
        self.deadline = None;
    }

    pub(super) fn fail(&mut self, error: Error) -> Error {
        self.close();
        // After an error nothing more is heard.
        self.quirks_told = self.quirks_needed;
        error
    }
}
