//! What the application answers.

use super::{Level, Line, Server, State, Verb};
use crate::{
    Misuse,
    codec::{Code, Condition, Data, FetchData, Flag, Items, Place, Response, Status, put_number},
};
use alloc::vec::Vec;

/// A mailbox, as SELECT and EXAMINE tell of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mailbox<'a> {
    /// Its messages.
    pub exists: u32,
    /// Those that no session has seen before.
    pub recent: u32,
    /// The flags that messages can have.
    pub flags: &'a [Flag<'a>],
    /// Those that can be changed for good, with [`Flag::Any`] if there can be new ones.
    pub permanent_flags: &'a [Flag<'a>],
    /// The number of the first message without `\Seen`, if there is one.
    pub unseen: Option<u32>,
    /// The validity of its UIDs, above 0.
    pub uid_validity: u32,
    /// The UID that the next message will have, or a higher one.
    pub uid_next: u32,
    /// It can only be read: so after EXAMINE.
    pub read_only: bool,
}

impl Server {
    /// Answers a command with `OK`, or what else accepts it: takes the message of APPEND, lets in whoever
    /// logs in.
    ///
    /// # Errors
    /// No command waits, or it is SELECT, which is answered by [`select`](Self::select), or a FETCH
    /// response is not at its end.
    pub fn accept(&mut self) -> Result<(), Misuse> {
        if let State::Announced { size, waits } = self.state {
            self.state = State::Message(size);
            if waits {
                self.output.put(b"+ go on\r\n");
            }
            return Ok(());
        }
        self.finish(&Status::new(Condition::Ok, "done"))
    }

    /// Answers a command with `NO`. A message that was to be appended does not come.
    ///
    /// # Errors
    /// No command waits, or a FETCH response is not at its end, or the text cannot stand in a line.
    pub fn reject(&mut self, code: Option<Code<'_>>, text: &str) -> Result<(), Misuse> {
        self.finish(&Status { code, ..Status::new(Condition::No, text) })
    }

    /// Answers a command: `OK`, `NO` or `BAD`, with whatever code and text.
    ///
    /// # Errors
    /// As for [`reject`](Self::reject); or SELECT is to succeed, which [`select`](Self::select) does.
    pub fn finish(&mut self, status: &Status<'_>) -> Result<(), Misuse> {
        let announced = match self.state {
            State::Open => None,
            State::Announced { size, waits } => Some((size, waits)),
            _ => return Err(Misuse::State),
        };
        if matches!(self.line, Line::Fetch { .. } | Line::Literal(_)) {
            return Err(Misuse::State);
        }
        if status.is_ok() && (self.verb == Verb::Select || announced.is_some()) {
            return Err(Misuse::State);
        }
        if !matches!(status.condition, Condition::Ok | Condition::No | Condition::Bad) {
            return Err(Misuse::Argument("a command is answered with OK, NO or BAD"));
        }
        self.answer(status)?;
        if let Some((size, false)) = announced {
            // It comes all the same.
            self.state = State::Refused(size);
        }
        Ok(())
    }

    /// Answers SELECT or EXAMINE with what there is to know of the mailbox.
    ///
    /// # Errors
    /// Neither waits, or a flag or number cannot be told.
    pub fn select(&mut self, mailbox: &Mailbox<'_>) -> Result<(), Misuse> {
        if self.state != State::Open || self.verb != Verb::Select || self.line != Line::None {
            return Err(Misuse::State);
        }
        let mut codes = Vec::with_capacity(4);
        codes.push((
            Code::PermanentFlags(Items::new(mailbox.permanent_flags)),
            "these can be changed",
        ));
        codes.extend(
            mailbox.unseen.map(|number| (Code::Unseen(number), "the first that is not seen")),
        );
        codes.push((Code::UidValidity(mailbox.uid_validity), "UIDs are valid"));
        codes.push((Code::UidNext(mailbox.uid_next.max(1)), "the next UID"));
        let code = if mailbox.read_only { Code::ReadOnly } else { Code::ReadWrite };
        let tag = core::mem::take(&mut self.tag);
        let told = self.output.put_with(|wire| {
            for data in [
                Data::Flags(Items::new(mailbox.flags)),
                Data::Exists(mailbox.exists),
                Data::Recent(mailbox.recent),
            ] {
                Response::Data(data).write(wire)?;
            }
            for (code, text) in codes {
                let status = Status { code: Some(code), ..Status::new(Condition::Ok, text) };
                Response::Status(status).write(wire)?;
            }
            let status = Status { code: Some(code), ..Status::new(Condition::Ok, "selected") };
            Response::Tagged(&tag, status).write(wire)
        });
        self.tag = tag;
        told?;
        self.level = Level::Selected;
        self.state = State::Command;
        Ok(())
    }

    /// The mailbox that was selected is no more, by a command of the client itself: none is selected now. For
    /// what others do there is [`bye`](Self::bye).
    ///
    /// # Errors
    /// No mailbox is selected, or a response is not at its end.
    pub fn deselect(&mut self) -> Result<(), Misuse> {
        if self.level != Level::Selected || self.line != Line::None {
            return Err(Misuse::State);
        }
        self.level = Level::Authenticated;
        Ok(())
    }

    /// Answers AUTHENTICATE with a challenge in base64, which may be empty.
    ///
    /// # Errors
    /// No exchange is going on, or it is not base64.
    pub fn challenge(&mut self, base64: &str) -> Result<(), Misuse> {
        if self.state != State::Open || self.verb != Verb::Authenticate {
            return Err(Misuse::State);
        }
        if !posta_core::is_base64(base64.as_bytes()) {
            return Err(Misuse::Argument("the challenge is not base64"));
        }
        self.output.put(b"+ ");
        self.output.put(base64.as_bytes());
        self.output.put(b"\r\n");
        self.state = State::Response;
        Ok(())
    }

    /// Tells data, for a command or between two.
    ///
    /// # Errors
    /// The session is over, or a response is not at its end; it is about messages and no mailbox is
    /// selected; it is an EXPUNGE, and no command is under way or one that it would confuse (see
    /// [`may_expunge`](Self::may_expunge)); or something in it cannot be sent.
    pub fn data(&mut self, data: &Data<'_>) -> Result<(), Misuse> {
        let of_messages = matches!(
            data,
            Data::Exists(_)
                | Data::Recent(_)
                | Data::Expunge(_)
                | Data::Vanished { .. }
                | Data::Fetch(_)
        );
        let expunges = matches!(data, Data::Expunge(_) | Data::Vanished { .. });
        if !self.may_tell()
            || of_messages && self.level != Level::Selected
            || expunges && !self.may_expunge()
        {
            return Err(Misuse::State);
        }
        self.output.put_with(|wire| Response::Data(*data).write(wire))
    }

    /// Tells a status that answers no command, as an ALERT.
    ///
    /// # Errors
    /// The session is over, a response is not at its end, the condition is not `OK`, `NO` or `BAD`, or the
    /// text cannot stand in a line.
    pub fn status(&mut self, status: &Status<'_>) -> Result<(), Misuse> {
        if !self.may_tell() {
            return Err(Misuse::State);
        }
        if !matches!(status.condition, Condition::Ok | Condition::No | Condition::Bad) {
            return Err(Misuse::Argument("a status is OK, NO or BAD"));
        }
        self.output.put_with(|wire| Response::Status(*status).write(wire))
    }

    /// Whether sequence numbers may change now: RFC 3501 7.4.1 allows it while a command is under way that
    /// does not use them.
    pub fn may_expunge(&self) -> bool {
        match self.state {
            State::Idling => true,
            State::Open => !matches!(self.verb, Verb::Numbers | Verb::Search { uid: false }),
            _ => false,
        }
    }

    /// Tells messages that SEARCH found: sequence numbers or UIDs, as the client asked. All that are told
    /// before the command is answered come in one response.
    ///
    /// # Errors
    /// No SEARCH waits.
    pub fn found(&mut self, numbers: &[u32]) -> Result<(), Misuse> {
        let searching = matches!(self.verb, Verb::Search { .. });
        if self.state != State::Open
            || !searching
            || !matches!(self.line, Line::None | Line::Search)
        {
            return Err(Misuse::State);
        }
        self.output.put_with(|wire| {
            if self.line == Line::None {
                wire.extend_from_slice(b"* SEARCH");
            }
            for number in numbers {
                wire.push(b' ');
                put_number(wire, u64::from(*number));
            }
            Ok::<(), Misuse>(())
        })?;
        self.line = Line::Search;
        Ok(())
    }

    /// Begins a FETCH response that holds literals; `data` is what it holds ahead of them.
    ///
    /// # Errors
    /// No mailbox is selected, a response is not at its end, or something cannot be sent.
    pub fn begin_fetch(&mut self, number: u32, data: &[FetchData<'_>]) -> Result<(), Misuse> {
        if !self.may_tell() || self.level != Level::Selected {
            return Err(Misuse::State);
        }
        if number == 0 {
            return Err(Misuse::Argument("there is no message 0"));
        }
        self.output.put_with(|wire| {
            wire.extend_from_slice(b"* ");
            put_number(wire, u64::from(number));
            wire.extend_from_slice(b" FETCH (");
            Items::new(data).write_bare(wire)
        })?;
        self.line = Line::Fetch { first: data.is_empty() };
        Ok(())
    }

    /// Begins a literal of so many octets in a FETCH response; [`body`](Self::body) gives them.
    ///
    /// # Errors
    /// No FETCH response has begun, or the last literal is not at its end.
    pub fn literal(&mut self, place: Place<'_>, size: u64) -> Result<(), Misuse> {
        let Line::Fetch { first } = self.line else { return Err(Misuse::State) };
        self.output.put_with(|wire| {
            if !first {
                wire.push(b' ');
            }
            place.write(wire)?;
            wire.extend_from_slice(b" {");
            put_number(wire, size);
            wire.extend_from_slice(b"}\r\n");
            Ok::<(), Misuse>(())
        })?;
        self.line = if size == 0 { Line::Fetch { first: false } } else { Line::Literal(size) };
        Ok(())
    }

    /// Gives octets of a literal, and returns how many of them were taken: as many as there is room for
    /// and it has left.
    ///
    /// # Errors
    /// No literal has begun, or it has all its octets.
    pub fn body(&mut self, chunk: &[u8]) -> Result<usize, Misuse> {
        let Line::Literal(left) = self.line else { return Err(Misuse::State) };
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(self.output.room());
        let taken = chunk.len().min(most);
        self.output.put(&chunk[..taken]);
        self.line = match left - taken as u64 {
            0 => Line::Fetch { first: false },
            left => Line::Literal(left),
        };
        Ok(taken)
    }

    /// Tells more in a FETCH response that has begun.
    ///
    /// # Errors
    /// None has begun, or its last literal is not at its end, or something cannot be sent.
    pub fn fetch_data(&mut self, data: &[FetchData<'_>]) -> Result<(), Misuse> {
        let Line::Fetch { first } = self.line else { return Err(Misuse::State) };
        self.output.put_with(|wire| {
            if !first && !data.is_empty() {
                wire.push(b' ');
            }
            Items::new(data).write_bare(wire)
        })?;
        self.line = Line::Fetch { first: first && data.is_empty() };
        Ok(())
    }

    /// Ends a FETCH response.
    ///
    /// # Errors
    /// None has begun, or its last literal is not at its end.
    pub fn end_fetch(&mut self) -> Result<(), Misuse> {
        let Line::Fetch { .. } = self.line else { return Err(Misuse::State) };
        self.output.put(b")\r\n");
        self.line = Line::None;
        Ok(())
    }

    /// Asks to be told by [`Event::More`](super::Event::More), once, when there is room in the output. An
    /// application that tells a lot asks again and again, until it has told all.
    ///
    /// # Errors
    /// The session is over.
    pub fn more(&mut self) -> Result<(), Misuse> {
        if matches!(self.state, State::Closed | State::Tls) {
            return Err(Misuse::State);
        }
        self.more = true;
        Ok(())
    }

    /// Whether a response can begin.
    fn may_tell(&self) -> bool {
        self.line == Line::None && !matches!(self.state, State::Closed | State::Tls)
    }

    /// Answers the command that waits, with all that follows from it.
    pub(super) fn answer(&mut self, status: &Status<'_>) -> Result<(), Misuse> {
        let logs_in = matches!(self.verb, Verb::Login | Verb::Authenticate);
        let searched = status.is_ok() && matches!(self.verb, Verb::Search { .. });
        let level = self.level;
        match (self.verb, status.is_ok()) {
            (Verb::Login | Verb::Authenticate, true) => self.level = Level::Authenticated,
            // RFC 3501 6.3.1: after a SELECT that fails no mailbox is selected.
            (Verb::Select, false) | (Verb::Unselect, true) => self.level = Level::Authenticated,
            _ => {}
        }
        let mut status = *status;
        let capabilities;
        if status.is_ok() && logs_in && status.code.is_none() {
            capabilities = self.capabilities();
            status.code = Some(Code::Capability(Items::from_wire(capabilities.as_bytes())));
        }
        let line = self.line;
        let tag = core::mem::take(&mut self.tag);
        let told = self.output.put_with(|wire| {
            match line {
                Line::None if searched => wire.extend_from_slice(b"* SEARCH\r\n"),
                Line::Search => wire.extend_from_slice(b"\r\n"),
                _ => {}
            }
            Response::Tagged(&tag, status).write(wire)
        });
        self.tag = tag;
        if let Err(misuse) = told {
            self.level = level;
            return Err(misuse);
        }
        if logs_in {
            match status.is_ok() {
                // The next step sets the one that counts from now on.
                true => self.deadline = None,
                false => self.errors += 1,
            }
        }
        self.line = Line::None;
        self.state = State::Command;
        Ok(())
    }
}
