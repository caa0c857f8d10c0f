//! The client machine.

mod auth;
mod config;
mod event;
mod message;
mod queue;
mod replies;
mod session;

pub use config::{Config, Limits};
pub use event::Event;

use crate::{
    Error, Protocol,
    codec::Capabilities,
    limits::{IDLE_OUTPUT, LAST_WORDS},
};
use alloc::{collections::VecDeque, string::String, sync::Arc};
use core::fmt;
use posta_core::{Input, Instant, Machine, Output, Step, dot::Encoder};
use queue::{Queue, Sent};

/// An SMTP or LMTP client.
///
/// It waits for the greeting and introduces itself; then, and whenever all that was asked of it is done,
/// it says [`Event::Ready`].
pub struct Client {
    config: Arc<Config>,
    output: Output,
    capabilities: Capabilities,
    /// Commands that must wait for replies before they are sent.
    queue: Queue,
    /// Commands that were sent, whose replies are due, in order.
    sent: VecDeque<Sent>,
    deadline: Option<Instant>,
    /// How much output there was when the deadline was set.
    mark: usize,
    session: Session,
    tls: bool,
    authenticated: bool,
    /// Ready was said since the last command.
    told: bool,
    /// QUIT was given.
    quitting: bool,
    transaction: Transaction,
    body: Body,
    encoder: Encoder,
    /// The reply at the front of the input is the verdict on the transaction too.
    done: bool,
    /// The server has a transaction open that came to nothing: RSET before the next.
    stale: bool,
    utf8: bool,
    /// Recipients given, answered, accepted.
    given: usize,
    answered: usize,
    accepted: usize,
    /// LMTP: the accepted recipients, whose delivery is to be answered.
    deliveries: VecDeque<usize>,
    auth: Exchange,
    /// An initial response that was too long for the AUTH command.
    held: Option<String>,
}

/// How far the session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Session {
    /// Before the reply to EHLO: nothing may be said.
    Opening,
    Open,
    /// STARTTLS was sent: nothing may be said.
    AskedTls,
    /// The driver is starting TLS.
    Tls,
    Closed,
}

/// How far the application is with a transaction: ahead of what was sent and answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    None,
    /// MAIL was given; more recipients may come.
    Open,
    /// DATA was given.
    Data,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    None,
    /// The server waits for it.
    Open {
        /// The application was asked for a piece.
        asked: bool,
    },
    /// Octets were refused that cannot be taken back: only `abort` is left.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    None,
    /// The server has the word.
    Server,
    /// The application has it.
    Ours,
}

impl Client {
    /// A client for a connection that has just been made. `config` can be shared by all of them.
    pub fn new(config: impl Into<Arc<Config>>, now: Instant) -> Self {
        let config = config.into();
        Self {
            output: Output::default(),
            capabilities: Capabilities::default(),
            queue: Queue::default(),
            sent: VecDeque::from([Sent::Greeting]),
            deadline: Some(now + config.limits.greeting),
            mark: 0,
            session: Session::Opening,
            tls: config.tls,
            authenticated: false,
            told: false,
            quitting: false,
            transaction: Transaction::None,
            body: Body::None,
            encoder: Encoder::new(config.bare),
            done: false,
            stale: false,
            utf8: false,
            given: 0,
            answered: 0,
            accepted: 0,
            deliveries: VecDeque::new(),
            auth: Exchange::None,
            held: None,
            config,
        }
    }

    /// What the server offers. Empty before the first [`Event::Ready`], after
    /// [`tls_started`](Self::tls_started), and for a server that only knows HELO.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whether the connection is under TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether the server has accepted an AUTH.
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// Gives up at once, also in the middle of a message, which is then no message for the server: the
    /// driver must close the connection. What was not sent yet is not sent any more.
    pub fn abort(&mut self) {
        self.close(None);
        self.output.sent(self.output.len());
    }

    fn is_lmtp(&self) -> bool {
        self.config.protocol == Protocol::Lmtp
    }

    fn close(&mut self, now: Option<Instant>) {
        self.session = Session::Closed;
        self.deadline = now.map(|now| now + LAST_WORDS);
    }

    /// Ends the session. What was not sent yet is not sent any more, or the end of a message might still
    /// get out, and be accepted, behind the error that says it was not.
    fn fail(&mut self, now: Instant, error: Error) -> Error {
        self.output.sent(self.output.len());
        if let Error::Refused(_) = error {
            // RFC 5321 3.1
            self.output.put(b"QUIT\r\n");
        }
        self.close(Some(now));
        error
    }

    /// Says when the peer must have moved: RFC 5321 4.5.3.2.
    fn arm(&mut self, now: Instant) {
        let limits = &self.config.limits;
        let time = match (self.body, self.sent.front()) {
            // Nothing to send: it is the application that is slow.
            (Body::Open { .. } | Body::Broken, _) if self.output.is_empty() => None,
            (Body::Open { .. } | Body::Broken, _) => Some(limits.data_block),
            (Body::None, Some(_)) if self.auth == Exchange::Ours => None,
            (Body::None, Some(sent)) => Some(limits.time(*sent)),
            // Commands wait for room in the output: the server does not read.
            (Body::None, None) if !self.queue.is_empty() => Some(limits.command),
            (Body::None, None) => None,
        };
        let moved = self.body != Body::None && self.output.len() < self.mark;
        match time {
            None => self.deadline = None,
            Some(time) if self.deadline.is_none() || moved => {
                self.deadline = Some(now + time);
                self.mark = self.output.len();
            }
            Some(_) => {}
        }
    }

    /// Nothing was received: is there something to say or to ask?
    fn idle<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if input.is_eof() {
            if self.quitting
                && self.queue.is_empty()
                && matches!(self.sent.front(), Some(Sent::Quit))
            {
                self.close(Some(now));
                return Ok(Step::Closed);
            }
            return Err(self.fail(now, Error::UnexpectedEof));
        }
        let room = self.output.room();
        if self.body == (Body::Open { asked: false })
            && room >= self.config.limits.chunk.min(Output::LIMIT)
        {
            (self.body, self.deadline) = (Body::Open { asked: true }, None);
            return Ok(Step::Event(Event::Body(room)));
        }
        self.arm(now);
        if !self.told && self.is_ready() {
            self.told = true;
            self.release();
            return Ok(Step::Event(Event::Ready));
        }
        Ok(Step::Read(input))
    }

    /// Gives back what only a busy client needs.
    fn release(&mut self) {
        /// Capacities up to this are kept, so that small transactions allocate little.
        const KEPT: usize = 16;
        self.queue.release();
        if self.output.capacity() > IDLE_OUTPUT {
            self.output.release();
        }
        if self.sent.capacity() > KEPT {
            self.sent = VecDeque::new();
        }
        // There are some if the application pauses between its recipients and DATA.
        if self.deliveries.is_empty() && self.deliveries.capacity() > KEPT {
            self.deliveries = VecDeque::new();
        }
    }

    /// Whether nothing is going on.
    fn is_ready(&self) -> bool {
        self.session == Session::Open
            && !self.quitting
            && self.sent.is_empty()
            && self.queue.is_empty()
            && self.body == Body::None
    }
}

impl Machine for Client {
    type Event<'i> = Event<'i>;
    type Error = Error;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        if self.session == Session::Closed {
            if self.deadline.is_none() {
                self.deadline = Some(now + LAST_WORDS);
            }
            return Ok(Step::Closed);
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Err(self.fail(now, Error::Timeout));
        }
        if self.session == Session::Tls {
            // RFC 3207 4.2: what a server says in the clear after 220 is not the server's.
            if !input.is_empty() {
                return Err(self.fail(now, Error::Pipelining));
            }
            return Ok(Step::Wait(input));
        }
        self.replies(input, now)
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// Without what waits to be sent: it may be a password.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("session", &self.session)
            .field("tls", &self.tls)
            .field("authenticated", &self.authenticated)
            .field("transaction", &self.transaction)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
