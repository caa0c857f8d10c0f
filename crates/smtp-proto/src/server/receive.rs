//! The message (RFC 5321 4.1.1.4).

use super::{Aborted, Ask, Event, Server, State};
use crate::{Error, codec::EnhancedCode};
use posta_core::{Input, Instant, Step, dot::Piece};

impl Server {
    pub(super) fn receive<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        loop {
            match self.decoder.next(input.bytes()) {
                Piece::Read if input.is_eof() || input.is_full() => {
                    let text = "The message was cut off";
                    let error = Error::UnexpectedEof;
                    return Err(self.fail(now, 421, EnhancedCode(4, 4, 2), text, error));
                }
                Piece::Read => {
                    self.arm_message(now);
                    return Ok(Step::Read(input));
                }
                Piece::Skip(n) => {
                    input.take(n);
                }
                Piece::Chunk(n) => match self.count(n) {
                    Ok(true) => return Ok(Step::Event(Event::Chunk(input.take(n)))),
                    void => {
                        input.take(n);
                        if let Err(event) = void {
                            return Ok(Step::Event(event));
                        }
                    }
                },
                Piece::LineEnd(n) => {
                    input.take(n);
                    match self.count(2) {
                        Ok(true) => return Ok(Step::Event(Event::Chunk(b"\r\n"))),
                        Ok(false) => {}
                        Err(event) => return Ok(Step::Event(event)),
                    }
                }
                Piece::Bare(n) => {
                    input.take(n);
                    if self.void.is_none() {
                        return Ok(Step::Event(self.abort(Aborted::Bare)));
                    }
                }
                Piece::End(n) => {
                    input.take(n);
                    self.deadline = None;
                    let left = self.verdicts();
                    if let Some(why) = self.void {
                        self.refuse_message(why, left);
                        return self.command(input, now);
                    }
                    self.state = State::Verdict(Ask::End { left });
                    return Ok(Step::Event(Event::End));
                }
            }
        }
    }

    /// Whether `n` more octets of message are wanted. An error the first time they are too many.
    fn count(&mut self, n: usize) -> Result<bool, Event<'static>> {
        self.deadline = None;
        self.size = self.size.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        match self.void {
            Some(_) => Ok(false),
            None if self.size > self.config.limits.message => Err(self.abort(Aborted::TooLarge)),
            None => Ok(true),
        }
    }

    /// The rest of the message is discarded up to its true end: to stop here would leave it to be read
    /// as commands.
    fn abort(&mut self, why: Aborted) -> Event<'static> {
        self.void = Some(why);
        Event::Aborted(why)
    }

    fn refuse_message(&mut self, why: Aborted, verdicts: usize) {
        for _ in 0..verdicts {
            match why {
                Aborted::Bare => self.say(
                    550,
                    EnhancedCode(5, 6, 11),
                    "A CR or LF stands alone, only CRLF may end a line",
                ),
                Aborted::TooLarge => {
                    self.say(552, EnhancedCode(5, 3, 4), "The message is too large");
                }
            }
        }
        self.reset();
        self.state = State::Command;
    }
}
