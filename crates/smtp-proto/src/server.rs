//! The server machine.

mod config;
mod event;
mod judge;
mod receive;
mod verdict;

pub use config::{Config, Limits, Quirks};
pub use event::{Aborted, Event, Hello};

use crate::{
    Error, Protocol,
    codec::{EnhancedCode, ErrorKind, ParseError, fault, write_reply},
    limits::LAST_WORDS,
};
use alloc::sync::Arc;
use core::time::Duration;
use posta_core::{Input, Instant, Machine, Output, Step, dot::Decoder};

/// An SMTP or LMTP server.
///
/// It speaks first. It asks the application for a verdict with most of its [`Event`]s, and goes on only
/// when that is given: [`accept`](Self::accept) or [`reject`](Self::reject), at once or hours later.
#[derive(Debug)]
pub struct Server {
    config: Arc<Config>,
    output: Output,
    state: State,
    deadline: Option<Instant>,
    decoder: Decoder,
    /// Octets of the message so far, without stuffing.
    size: u64,
    /// When the message began.
    began: Option<Instant>,
    /// Why the message is void; the rest of it is discarded.
    void: Option<Aborted>,
    /// Recipients accepted in this transaction.
    recipients: usize,
    /// Bad commands so far.
    errors: u32,
    /// MAIL was accepted.
    mail: bool,
    /// The transaction may hold UTF-8.
    utf8: bool,
    /// EHLO, HELO or LHLO was accepted.
    greeted: bool,
    tls: bool,
    authenticated: bool,
    /// A line that is too long is being discarded.
    skipping: bool,
    /// DATA has just been refused: a message that comes all the same must not be read as commands.
    data_refused: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A command line comes next.
    Command,
    /// A line of an AUTH exchange comes next.
    Auth,
    /// The message comes next.
    Body,
    /// The application is thinking.
    Verdict(Ask),
    /// The driver is starting TLS.
    Tls,
    Closed,
}

/// What the application is thinking about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Hello(Hello),
    Mail {
        utf8: bool,
    },
    Rcpt,
    Data,
    /// The end of a message, with so many verdicts to go.
    End {
        left: usize,
    },
    Auth,
    Vrfy,
}

impl Server {
    /// A server for a connection that has just been accepted. `config` can be shared by all of them.
    pub fn new(config: impl Into<Arc<Config>>, now: Instant) -> Self {
        let config = config.into();
        let mut server = Self {
            output: Output::default(),
            state: State::Command,
            deadline: Some(now + config.limits.command_timeout),
            decoder: Decoder::new(config.bare),
            size: 0,
            began: None,
            void: None,
            recipients: 0,
            errors: 0,
            mail: false,
            utf8: false,
            greeted: false,
            tls: config.tls,
            authenticated: false,
            skipping: false,
            data_refused: false,
            config,
        };
        server.greet();
        server
    }

    /// Whether the connection is under TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether the client has authenticated itself.
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// `220 name ESMTP` (RFC 5321 4.3.1)
    fn greet(&mut self) {
        self.output.put(b"220 ");
        self.output.put(self.config.hostname().as_bytes());
        self.output.put(match self.config.protocol {
            Protocol::Smtp => b" ESMTP\r\n",
            Protocol::Lmtp => b" LMTP\r\n",
        });
    }

    fn say(&mut self, code: u16, enhanced: EnhancedCode, text: &str) {
        write_reply(&mut self.output, code, Some(enhanced), text);
    }

    /// Forgets the transaction, not the session.
    fn reset(&mut self) {
        (self.mail, self.utf8, self.recipients) = (false, false, 0);
        (self.size, self.began, self.void) = (0, None, None);
    }

    /// The conversation is over: nothing is taken any more, only the output is to be flushed.
    fn close(&mut self, now: Option<Instant>) {
        self.state = State::Closed;
        self.deadline = now.map(|now| now + LAST_WORDS);
    }

    fn fail(
        &mut self,
        now: Instant,
        code: u16,
        enhanced: EnhancedCode,
        text: &str,
        error: Error,
    ) -> Error {
        self.say(code, enhanced, text);
        self.close(Some(now));
        error
    }

    /// The peer sent where it had to wait.
    fn impatient(&mut self, now: Instant) -> Error {
        let text = "Wait for the reply before you send more";
        self.fail(now, 554, EnhancedCode(5, 5, 0), text, Error::Pipelining)
    }

    fn arm(&mut self, now: Instant) {
        if self.deadline.is_none() {
            self.deadline = Some(now + self.config.limits.command_timeout);
        }
    }

    /// As [`arm`](Self::arm), for the next piece of a message, which is not to take for ever as a whole.
    fn arm_message(&mut self, now: Instant) {
        let Limits { command_timeout, data_rate, .. } = self.config.limits;
        let began = *self.began.get_or_insert(now);
        let earned = Duration::from_secs(self.size / data_rate.max(1));
        if self.deadline.is_none() {
            self.deadline = Some((now + command_timeout).min(began + command_timeout + earned));
        }
    }
}

impl Machine for Server {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if self.state == State::Closed {
            if self.deadline.is_none() {
                self.deadline = Some(now + LAST_WORDS);
            }
            return Ok(Step::Closed);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            // RFC 5321 4.5.3.2.7
            let text = "Timeout, closing the connection";
            return Err(self.fail(now, 421, EnhancedCode(4, 4, 2), text, Error::Timeout));
        }
        match self.state {
            State::Closed => Ok(Step::Closed),
            State::Verdict(_) => {
                // Our own slowness is not the peer's.
                self.deadline = None;
                Ok(Step::Wait(input))
            }
            State::Tls => {
                // RFC 3207 4.2: nothing said in the clear may count under TLS.
                if !input.is_empty() {
                    return Err(self.impatient(now));
                }
                self.arm(now);
                Ok(Step::Wait(input))
            }
            State::Body => self.receive(input, now),
            State::Command | State::Auth => self.command(input, now),
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

fn sequence(expected: &'static str) -> ParseError {
    fault(ErrorKind::Sequence, 0, expected)
}
