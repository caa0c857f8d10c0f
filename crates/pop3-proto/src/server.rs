//! The server machine: who may call what, and the answers.

mod body;
mod config;
mod maildrop;
mod step;

pub use config::{Config, Limits, Tls};

use crate::{
    Misuse,
    codec::{Code, DropListing, Reply, ScanListing, Status, UniqueId, is_timestamp},
};
use alloc::{string::String, sync::Arc, vec::Vec};
use body::Body;
use core::fmt::{self, Write as _};
use maildrop::Maildrop;
use posta_core::{Instant, Output};

/// What a server asks its application, and tells it.
///
/// Each says how to answer it; until then the machine waits. [`Server::reject`] answers every
/// question with `-ERR`.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// PASS, for the name in [`Server::user`]. Lock the maildrop and [`open`](Server::open) it, or
    /// [`reject`](Server::reject).
    Pass(&'i str),
    /// APOP: verify the digest over the timestamp and the secret, then as for `Pass`.
    Apop {
        /// The mailbox.
        name: &'i str,
        /// 32 hexadecimal digits in either case.
        digest: &'i str,
    },
    /// AUTH with a mechanism of [`Config::sasl`]: [`challenge`](Server::challenge), or as for `Pass`.
    Auth {
        /// In the client's spelling; case does not count.
        mechanism: &'i str,
        /// In base64; `Some("")` is a response without data.
        initial: Option<&'i str>,
    },
    /// The response to the challenge, in base64: as for `Auth`.
    AuthResponse(&'i str),
    /// The client gave the exchange up, or broke it. Nothing to answer.
    AuthCancelled,
    /// Flush, negotiate TLS on the stream, then call [`tls_started`](Server::tls_started).
    StartTls,
    /// How large is this message? [`size`](Server::size). For LIST and DELE; a rejected message is
    /// left out of a listing.
    Size(u32),
    /// What is this message's unique id? [`uid`](Server::uid). A rejected message is left out.
    Uid(u32),
    /// RETR or TOP: [`accept`](Server::accept), and `Body` follows.
    Message {
        /// Which one, from 1.
        number: u32,
        /// For TOP, how many lines of the body; the machine counts them.
        lines: Option<u32>,
    },
    /// Give up to this many octets of the message to [`body`](Server::body), or [`end`](Server::end)
    /// it, or [`abort`](Server::abort).
    Body(usize),
    /// The message is complete: it was ended, or TOP has all the lines it wants. Nothing to answer.
    Sent,
    /// QUIT, the UPDATE state: remove the messages in [`deleted`](Server::deleted), make that
    /// durable, unlock the maildrop, then [`accept`](Server::accept) or [`reject`](Server::reject).
    /// Without this event nothing may be removed.
    Quit,
}

/// Secrets are hidden.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pass(_) => f.write_str("Pass(***)"),
            Self::Apop { name, .. } => write!(f, "Apop({name:?}, ***)"),
            Self::Auth { mechanism, initial } => {
                let initial = if initial.is_some() { ", ***" } else { "" };
                write!(f, "Auth({mechanism:?}{initial})")
            }
            Self::AuthResponse(_) => f.write_str("AuthResponse(***)"),
            Self::AuthCancelled => f.write_str("AuthCancelled"),
            Self::StartTls => f.write_str("StartTls"),
            Self::Size(n) => write!(f, "Size({n})"),
            Self::Uid(n) => write!(f, "Uid({n})"),
            Self::Message { number, lines: None } => write!(f, "Message({number})"),
            Self::Message { number, lines: Some(n) } => write!(f, "Message({number}, {n} lines)"),
            Self::Body(room) => write!(f, "Body({room})"),
            Self::Sent => f.write_str("Sent"),
            Self::Quit => f.write_str("Quit"),
        }
    }
}

/// Why a session ended before its time. Nothing may be removed from the maildrop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was heard for [`Limits::idle`]. Nothing was said about it either: RFC 1939 3
    #[error("the client was idle for too long")]
    Idle,
    /// Something was sent behind STLS, before TLS: it may be someone else's.
    #[error("the client sent data between STLS and TLS")]
    EarlyData,
    /// [`Limits::errors`] was reached.
    #[error("too many bad commands or failed logins")]
    TooManyErrors,
}

/// A server session.
#[derive(Debug)]
pub struct Server {
    config: Arc<Config>,
    state: State,
    /// Holds no message, only what is open: `None` in the AUTHORIZATION state.
    maildrop: Option<Maildrop>,
    user: Option<String>,
    tls: bool,
    apop: bool,
    utf8: bool,
    /// In a line that is too long, up to its end.
    discarding: bool,
    errors: u32,
    output: Output,
    deadline: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Command,
    /// A response of an AUTH exchange is due.
    Response,
    /// The application has the word.
    Ask(Ask),
    /// A listing goes on with this message, if it is there.
    Listing {
        uid: bool,
        next: u32,
    },
    Body(Body),
    /// The last of a body is in the output.
    Sent,
    Tls,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Pass,
    Apop,
    Auth,
    List(u32),
    Uidl(u32),
    Dele(u32),
    Item { uid: bool, message: u32 },
    Message { lines: Option<u32> },
    Quit,
}

impl Server {
    /// A session that begins now. With a `timestamp` the greeting carries it and APOP is taken; it
    /// has the form `<left@right>`, must never be the same twice, and is what the digest is over.
    ///
    /// # Errors
    /// The greeting, the timestamp, or something else of `config` cannot stand in a line.
    pub fn new(config: Arc<Config>, timestamp: Option<&str>, now: Instant) -> Result<Self, Misuse> {
        let plain = |text: &str| text.bytes().all(|c| c == b' ' || c.is_ascii_graphic());
        if !plain(&config.greeting) || config.greeting.contains(['<', '>']) {
            return Err(Misuse::Argument("the greeting"));
        }
        if !plain(&config.sasl) || !plain(&config.implementation) {
            return Err(Misuse::Argument("a capability"));
        }
        if config.sasl.len().max(config.implementation.len()) > 400 {
            return Err(Misuse::TooLong(400));
        }
        if timestamp.is_some_and(|timestamp| !is_timestamp(timestamp)) {
            return Err(Misuse::Argument("the timestamp"));
        }
        let mut server = Self {
            state: State::Command,
            maildrop: None,
            user: None,
            tls: config.tls == Tls::Implicit,
            apop: timestamp.is_some(),
            utf8: false,
            discarding: false,
            errors: 0,
            output: Output::new(config.limits.output.max(1)),
            deadline: Some(now + config.limits.idle),
            config,
        };
        let mut text = server.config.greeting.clone();
        if let Some(timestamp) = timestamp {
            text.push(' ');
            text.push_str(timestamp);
        }
        server.reply(Status::Ok, None, &text)?;
        Ok(server)
    }

    /// Answers a login with `+OK`: the maildrop is locked and has this many messages, numbered from 1,
    /// of `octets` together, each counted as it is sent, with CRLF line ends. The session enters the
    /// TRANSACTION state.
    ///
    /// # Errors
    /// No login waits, or there are more than [`Limits::messages`]; reject it then.
    pub fn open(&mut self, messages: u32, octets: u64) -> Result<(), Misuse> {
        let State::Ask(Ask::Pass | Ask::Apop | Ask::Auth) = self.state else {
            return Err(Misuse::State);
        };
        // Numbers must have a successor.
        if messages > self.config.limits.messages || messages == u32::MAX {
            return Err(Misuse::Full);
        }
        self.maildrop = Some(Maildrop::new(messages, octets));
        self.say(format_args!("+OK maildrop has {messages} messages ({octets} octets)"));
        self.state = State::Command;
        Ok(())
    }

    /// Answers `Auth` or `AuthResponse` with a challenge in base64, which may be empty.
    ///
    /// # Errors
    /// No exchange is going on, or it is not base64.
    pub fn challenge(&mut self, base64: &str) -> Result<(), Misuse> {
        let State::Ask(Ask::Auth) = self.state else { return Err(Misuse::State) };
        if !posta_core::is_base64(base64.as_bytes()) {
            return Err(Misuse::Argument("the challenge is not base64"));
        }
        self.say(format_args!("+ {base64}"));
        self.state = State::Response;
        Ok(())
    }

    /// Answers `Message` or `Quit` with `+OK`.
    ///
    /// # Errors
    /// Neither waits.
    pub fn accept(&mut self) -> Result<(), Misuse> {
        match self.state {
            State::Ask(Ask::Message { lines: None }) => {
                self.say(format_args!("+OK message follows"));
                self.state = State::Body(Body::new(None));
            }
            State::Ask(Ask::Message { lines }) => {
                self.say(format_args!("+OK top of message follows"));
                self.state = State::Body(Body::new(lines));
            }
            State::Ask(Ask::Quit) => {
                self.say(format_args!("+OK bye"));
                self.state = State::Closed;
            }
            _ => return Err(Misuse::State),
        }
        Ok(())
    }

    /// Answers any question with `-ERR`, a code and a text. A failed login counts as an error; after a
    /// rejected `Quit` the session ends all the same, as RFC 1939 6 says. In the middle of a listing
    /// nothing is sent: the message is left out.
    ///
    /// # Errors
    /// Nothing waits, or the text cannot stand in a line.
    pub fn reject(&mut self, code: Option<Code<'_>>, text: &str) -> Result<(), Misuse> {
        let State::Ask(ask) = self.state else { return Err(Misuse::State) };
        if let Ask::Item { uid, message } = ask {
            self.state = State::Listing { uid, next: message.saturating_add(1) };
            return Ok(());
        }
        self.reply(Status::Err, code, text)?;
        self.state = match ask {
            Ask::Quit => State::Closed,
            _ => State::Command,
        };
        if matches!(ask, Ask::Pass | Ask::Apop | Ask::Auth) {
            self.errors += 1;
            // RFC 1939 7: PASS comes immediately after USER.
            self.user = None;
        }
        Ok(())
    }

    /// Answers `Size`: the octets of the message as it is sent, with CRLF line ends and unstuffed.
    ///
    /// # Errors
    /// No size was asked for.
    pub fn size(&mut self, octets: u64) -> Result<(), Misuse> {
        let State::Ask(ask) = self.state else { return Err(Misuse::State) };
        self.state = match ask {
            Ask::Item { uid: false, message } => {
                self.say(format_args!("{}", ScanListing { message, octets }));
                State::Listing { uid: false, next: message.saturating_add(1) }
            }
            Ask::List(message) => {
                self.say(format_args!("+OK {}", ScanListing { message, octets }));
                State::Command
            }
            Ask::Dele(message) => {
                if let Some(maildrop) = &mut self.maildrop {
                    maildrop.mark(message, octets);
                }
                self.say(format_args!("+OK message {message} deleted"));
                State::Command
            }
            _ => return Err(Misuse::State),
        };
        Ok(())
    }

    /// Answers `Uid`: 1 to 70 octets of graphic ASCII, never used for another message.
    ///
    /// # Errors
    /// No unique id was asked for, or this is none.
    pub fn uid(&mut self, uid: &str) -> Result<(), Misuse> {
        let (message, prefix) = match self.state {
            State::Ask(Ask::Item { uid: true, message }) => (message, ""),
            State::Ask(Ask::Uidl(message)) => (message, "+OK "),
            _ => return Err(Misuse::State),
        };
        if !crate::codec::is_uid(uid) {
            return Err(Misuse::Argument("a unique id is 1 to 70 graphic characters"));
        }
        self.say(format_args!("{prefix}{}", UniqueId { message, uid }));
        self.state = match prefix {
            "" => State::Listing { uid: true, next: message.saturating_add(1) },
            _ => State::Command,
        };
        Ok(())
    }

    /// Sends a piece of the message, cut anywhere and with any line ends, and returns how many octets
    /// were taken: at most what `Body` said. What is behind TOP's last line is taken and not sent.
    ///
    /// # Errors
    /// No body is due.
    pub fn body(&mut self, chunk: &[u8]) -> Result<usize, Misuse> {
        let body = match &mut self.state {
            State::Body(body) => body,
            State::Sent => return Ok(chunk.len()),
            _ => return Err(Misuse::State),
        };
        let n = chunk.len().min(self.output.room());
        if body.put(&chunk[..n], &mut self.output) {
            self.state = State::Sent;
            return Ok(chunk.len());
        }
        Ok(n)
    }

    /// Ends the message. If its last line is open, it is closed. Does nothing if TOP had all it wants.
    ///
    /// # Errors
    /// No body is due.
    pub fn end(&mut self) -> Result<(), Misuse> {
        match &mut self.state {
            State::Body(body) => body.end(&mut self.output),
            State::Sent => {}
            _ => return Err(Misuse::State),
        }
        self.state = State::Sent;
        Ok(())
    }

    /// Gives a message up that cannot be read to its end. There is no way to say so but to close the
    /// connection in the middle of it; nothing is removed.
    ///
    /// # Errors
    /// No body is due.
    pub fn abort(&mut self) -> Result<(), Misuse> {
        let State::Body(_) = self.state else { return Err(Misuse::State) };
        self.state = State::Closed;
        Ok(())
    }

    /// Says that TLS has been negotiated on the stream. All that the client said before is forgotten.
    ///
    /// # Errors
    /// No STLS was accepted.
    pub fn tls_started(&mut self) -> Result<(), Misuse> {
        let State::Tls = self.state else { return Err(Misuse::State) };
        self.state = State::Command;
        (self.tls, self.user, self.utf8) = (true, None, false);
        Ok(())
    }

    /// The name that USER gave.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Whether the connection has TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether the client asked for UTF8. If not, a message with UTF-8 headers must be rejected with
    /// [`Code::Utf8`] or downgraded. RFC 6856 2.1
    pub fn is_utf8(&self) -> bool {
        self.utf8
    }

    /// Whether a message is marked as deleted.
    pub fn is_deleted(&self, message: u32) -> bool {
        self.maildrop.as_ref().is_some_and(|maildrop| maildrop.is_marked(message))
    }

    /// The messages marked as deleted, in rising order. Remove them on [`Event::Quit`] only.
    pub fn deleted(&self) -> impl Iterator<Item = u32> + '_ {
        self.maildrop.iter().flat_map(Maildrop::marked)
    }

    fn stat(&self) -> DropListing {
        let maildrop = self.maildrop.as_ref();
        DropListing {
            messages: maildrop.map_or(0, Maildrop::messages),
            octets: maildrop.map_or(0, Maildrop::octets),
        }
    }

    /// A line in words of our own.
    fn say(&mut self, line: fmt::Arguments<'_>) {
        // An `Output` never refuses.
        let _ = self.output.write_fmt(line);
        self.output.put(b"\r\n");
    }

    /// A line in words of the application's.
    fn reply(&mut self, status: Status, code: Option<Code<'_>>, text: &str) -> Result<(), Misuse> {
        let mut line = Vec::new();
        Reply { status, code, text: text.as_bytes() }.write(&mut line)?;
        self.output.put(&line);
        Ok(())
    }
}
