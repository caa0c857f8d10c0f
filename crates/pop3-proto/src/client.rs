//! The client machine: commands, and what comes of them.

mod queue;
mod step;

use crate::{
    Misuse,
    codec::{
        Capabilities, Capability, Command, DropListing, ParseError, Reply, SASL, ScanListing,
        UniqueId,
    },
};
use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};
use posta_core::{Instant, Output, dot::Decoder};
use queue::{Queue, Sent};

/// What a client hears.
///
/// A command ends with exactly one of: [`Stat`](Self::Stat); the [`Listing`](Self::Listing) or
/// [`Uid`](Self::Uid) of the one message that was asked for; [`StartTls`](Self::StartTls); a
/// [`Reply`](Self::Reply) that is an `-ERR` or that nothing follows; or, for CAPA, RETR, TOP, LIST and
/// UIDL without a number, an `+OK` reply, then what was asked for, then [`End`](Self::End).
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// Every command is answered: give the next one, or several.
    Ready,
    /// The first or only line of the reply to this command. USER has none unless it is refused; then
    /// PASS is not sent.
    Reply(Verb, Reply<'i>),
    /// A line of CAPA; the sum is in [`Client::capabilities`] at the end.
    Capability(Capability<'i>),
    /// Flush, negotiate TLS on the stream, then call [`tls_started`](Client::tls_started).
    StartTls,
    /// The server's challenge, in base64: [`respond`](Client::respond) or
    /// [`cancel`](Client::cancel).
    Challenge(&'i str),
    /// The reply to STAT.
    Stat(DropListing),
    /// A line of LIST.
    Listing(ScanListing),
    /// A line of UIDL.
    Uid(UniqueId<'i>),
    /// A piece of the message, cut anywhere, unstuffed.
    Chunk(&'i [u8]),
    /// Everything that belongs to this reply has come.
    End(Verb),
    /// Something that [`Quirks`] tolerates; told once a connection.
    Quirk(Quirk),
}

/// Challenges are hidden.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("Ready"),
            Self::Reply(verb, reply) => write!(f, "{verb:?} {reply:?}"),
            Self::Capability(capability) => write!(f, "{capability:?}"),
            Self::StartTls => f.write_str("StartTls"),
            Self::Challenge(_) => f.write_str("Challenge(***)"),
            Self::Stat(stat) => write!(f, "Stat({stat})"),
            Self::Listing(listing) => write!(f, "Listing({listing})"),
            Self::Uid(uid) => write!(f, "Uid({uid})"),
            Self::Chunk(bytes) => write!(f, "Chunk(\"{}\")", bytes.escape_ascii()),
            Self::End(verb) => write!(f, "End({verb:?})"),
            Self::Quirk(quirk) => write!(f, "Quirk({quirk:?})"),
        }
    }
}

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the command of its name, but for the first")]
pub enum Verb {
    /// The greeting. After an `-ERR` the connection is closed.
    Connect,
    Capa,
    Stls,
    User,
    Pass,
    Apop,
    Auth,
    Utf8,
    Stat,
    List,
    Uidl,
    Retr,
    Top,
    Dele,
    Noop,
    Rset,
    Quit,
}

/// Why the conversation is over. None of it says that a message was removed: only the reply to QUIT
/// does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server did not go on for [`Limits::timeout`].
    #[error("the server does not answer")]
    Timeout,
    /// The server closed the connection before it had answered, or before QUIT.
    #[error("the server closed the connection")]
    UnexpectedEof,
    /// A line is longer than [`Limits`] say.
    #[error("a line of the server is too long")]
    LineTooLong,
    /// A line ends with LF alone; see [`Quirks::bare_lf`].
    #[error("a line of the server ends with a bare LF")]
    BareLf,
    /// A line is not what it should be.
    #[error("the server's reply cannot be read: {0}")]
    Syntax(#[from] ParseError),
    /// LIST or UIDL told of another message than the one it was asked for.
    #[error("asked for message {asked}, the server told of {told}")]
    WrongMessage {
        /// The number in the command.
        asked: u32,
        /// The number in the reply.
        told: u32,
    },
    /// The server spoke out of turn, or sent a challenge that nobody asked for.
    #[error("the server sent what nobody asked for")]
    Unexpected,
    /// Something came behind the reply to STLS, before TLS: it may be someone else's.
    #[error("the server sent data between STLS and TLS")]
    EarlyData,
}

/// The bounds of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a line of a reply (not of a message) with its CRLF; 512 by RFC 2449 4.
    pub reply: usize,
    /// Octets of a challenge with its CRLF; 12288.
    pub sasl: usize,
    /// Commands that wait to be sent; 64.
    pub queue: usize,
    /// Commands sent and not answered, if the server takes several; 32.
    pub window: usize,
    /// How long the server may take to go on; 5 minutes.
    pub timeout: Duration,
}

impl Limits {
    /// The input that the default limits need.
    pub const INPUT: usize = 16 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply: crate::codec::REPLY,
            sasl: SASL,
            queue: 64,
            window: 32,
            timeout: Duration::from_secs(300),
        }
    }
}

/// What is tolerated of a server; nothing by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Quirks {
    /// Lines may end with LF alone. In a reply whose first line does, a dot alone between two bare LF
    /// ends the message; message text is handed over with the line ends it came with.
    pub bare_lf: bool,
}

/// A tolerance that was needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Quirk {
    /// A line ended with LF alone.
    BareLf,
}

/// A client connection. `Debug` shows nothing that is waiting to be sent: it may be a password.
pub struct Client {
    limits: Limits,
    quirks: Quirks,
    queue: Queue,
    state: State,
    /// Too long for the AUTH command; goes out with the first challenge, which is empty.
    initial: Option<String>,
    capabilities: Option<Capabilities>,
    timestamp: Option<String>,
    /// `Ready` was said since the last command.
    told: bool,
    quirk_told: bool,
    output: Output,
    deadline: Option<Instant>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("state", &self.state)
            .field("unanswered", &self.queue.current())
            .field("capabilities", &self.capabilities)
            .field("timestamp", &self.timestamp)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
enum State {
    /// The first line of a reply is due, if anything was sent.
    Reply,
    /// Lines up to the dot.
    Lines,
    Message(Decoder),
    /// The same with bare LF; whether a line is open.
    LfMessage {
        open: bool,
    },
    Challenge,
    Tls,
    Closed,
}

impl Client {
    /// A client whose connection has just been made; the server speaks first.
    pub fn new(limits: Limits, quirks: Quirks) -> Self {
        Self {
            queue: Queue::new(limits.queue, limits.window),
            limits,
            quirks,
            state: State::Reply,
            initial: None,
            capabilities: None,
            timestamp: None,
            told: false,
            quirk_told: false,
            output: Output::default(),
            deadline: None,
        }
    }

    /// The timestamp of the greeting, with its angle brackets, if the server takes APOP and TLS was
    /// not started since.
    pub fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_deref()
    }

    /// What the server can do, if [`capa`](Self::capa) has been answered since TLS was started; all
    /// `false` if the server does not know CAPA.
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_ref()
    }

    /// Asks what the server can do. From then on commands are pipelined if it takes that.
    ///
    /// # Errors
    /// As for every command: QUIT was given, TLS or a challenge comes first, the queue is full, or an
    /// argument cannot be sent.
    pub fn capa(&mut self) -> Result<(), Misuse> {
        self.command(Verb::Capa, Command::Capa)
    }

    /// STLS. Give it on [`Event::Ready`]: nothing may be sent ahead of the reply.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa), or a command is unanswered.
    pub fn starttls(&mut self) -> Result<(), Misuse> {
        if !self.queue.is_idle() {
            return Err(Misuse::State);
        }
        self.command(Verb::Stls, Command::Stls)
    }

    /// Says that TLS has been negotiated on the stream. All that the server said before is forgotten.
    ///
    /// # Errors
    /// The server did not accept STLS.
    pub fn tls_started(&mut self) -> Result<(), Misuse> {
        let State::Tls = self.state else { return Err(Misuse::State) };
        // RFC 2595 4
        (self.state, self.capabilities, self.timestamp) = (State::Reply, None, None);
        Ok(())
    }

    /// USER, and PASS once that is accepted.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn login(&mut self, user: &str, pass: &str) -> Result<(), Misuse> {
        // Both or none.
        let mut check = Vec::new();
        let checked = Command::Pass(pass).write(&mut check);
        check.fill(0);
        checked?;
        if !self.queue.has_room(2) {
            return Err(Misuse::Full);
        }
        self.command(Verb::User, Command::User(user))?;
        self.command(Verb::Pass, Command::Pass(pass))
    }

    /// APOP, with the MD5 of [`timestamp`](Self::timestamp) and the secret in 32 hexadecimal digits.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa), or the server gave no timestamp.
    pub fn apop(&mut self, name: &str, digest: &str) -> Result<(), Misuse> {
        if self.timestamp.is_none() {
            return Err(Misuse::State);
        }
        self.command(Verb::Apop, Command::Apop { name, digest })
    }

    /// AUTH. The initial response is in base64, `Some("")` or `Some("=")` if it is there and empty;
    /// one that is too long for the command is held back until the server asks for it.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn auth(&mut self, mechanism: &str, initial: Option<&str>) -> Result<(), Misuse> {
        let initial = initial.map(|text| if text == "=" { "" } else { text });
        match self.command(Verb::Auth, Command::Auth { mechanism, initial }) {
            // RFC 5034 4
            Err(Misuse::TooLong(_)) => {}
            other => return other,
        }
        let text = initial.unwrap_or_default();
        if text.len() + 2 > self.limits.sasl {
            return Err(Misuse::TooLong(self.limits.sasl));
        }
        self.command(Verb::Auth, Command::Auth { mechanism, initial: None })?;
        self.initial = Some(text.into());
        Ok(())
    }

    /// Answers a challenge, in base64; may be empty.
    ///
    /// # Errors
    /// There is none, or it is not base64 or too long.
    pub fn respond(&mut self, base64: &str) -> Result<(), Misuse> {
        let State::Challenge = self.state else { return Err(Misuse::State) };
        if !posta_core::is_base64(base64.as_bytes()) {
            return Err(Misuse::Argument("the response is not base64"));
        }
        if base64.len() + 2 > self.limits.sasl {
            return Err(Misuse::TooLong(self.limits.sasl));
        }
        self.output.put(base64.as_bytes());
        self.output.put(b"\r\n");
        self.state = State::Reply;
        Ok(())
    }

    /// Gives the exchange up; the server replies `-ERR`.
    ///
    /// # Errors
    /// There is no challenge.
    pub fn cancel(&mut self) -> Result<(), Misuse> {
        let State::Challenge = self.state else { return Err(Misuse::State) };
        self.output.put(b"*\r\n");
        self.state = State::Reply;
        Ok(())
    }

    /// UTF8, before the login and after STLS. RFC 6856
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn utf8(&mut self) -> Result<(), Misuse> {
        self.command(Verb::Utf8, Command::Utf8)
    }

    /// STAT.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn stat(&mut self) -> Result<(), Misuse> {
        self.command(Verb::Stat, Command::Stat)
    }

    /// LIST, of one message or of all.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn list(&mut self, message: Option<u32>) -> Result<(), Misuse> {
        self.command(Verb::List, Command::List(message))
    }

    /// UIDL, of one message or of all.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn uidl(&mut self, message: Option<u32>) -> Result<(), Misuse> {
        self.command(Verb::Uidl, Command::Uidl(message))
    }

    /// RETR.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn retr(&mut self, message: u32) -> Result<(), Misuse> {
        self.command(Verb::Retr, Command::Retr(message))
    }

    /// TOP: the header, the blank line and so many lines of the body.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn top(&mut self, message: u32, lines: u32) -> Result<(), Misuse> {
        self.command(Verb::Top, Command::Top { message, lines })
    }

    /// DELE. The message goes when QUIT is accepted. Store what was retrieved, durably, before this.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn dele(&mut self, message: u32) -> Result<(), Misuse> {
        self.command(Verb::Dele, Command::Dele(message))
    }

    /// NOOP.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn noop(&mut self) -> Result<(), Misuse> {
        self.command(Verb::Noop, Command::Noop)
    }

    /// RSET: takes every DELE back.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn rset(&mut self) -> Result<(), Misuse> {
        self.command(Verb::Rset, Command::Rset)
    }

    /// QUIT. An `+OK` says that the messages marked as deleted are gone.
    ///
    /// # Errors
    /// As for [`capa`](Self::capa).
    pub fn quit(&mut self) -> Result<(), Misuse> {
        self.command(Verb::Quit, Command::Quit)
    }

    fn command(&mut self, verb: Verb, command: Command<'_>) -> Result<(), Misuse> {
        if matches!(self.state, State::Closed | State::Tls | State::Challenge) {
            return Err(Misuse::State);
        }
        let asked = match command {
            Command::List(message) | Command::Uidl(message) => message,
            _ => None,
        };
        self.queue.push(Sent { verb, asked }, command)?;
        self.told = false;
        self.release();
        Ok(())
    }

    /// Sends what may be sent now.
    fn release(&mut self) {
        let pipelining = self.capabilities.is_some_and(|can| can.pipelining);
        self.queue.release(pipelining, &mut self.output);
    }
}
