//! The server machine: what a client may ask for when, and the answers.
//!
//! ```text
//!                       STARTTLS        StartTls
//!                     ┌─────────▶ ───────────────────┐
//!  greeting ──▶ not authenticated ◀──── tls_started()
//!                     │ Login, Authenticate: accept()
//!                     ▼            select()
//!               authenticated ◀────────────────▶ selected ──▶ Idle … Done
//!                     │   CLOSE, UNSELECT, a refused SELECT
//!                     ▼ LOGOUT
//!                  closed ◀── BYE, connection lost, timeout
//! ```
//!
//! Commands are taken one after the other, however many the client has sent: the next one is read when the
//! last is answered. CAPABILITY, ID, ENABLE, LOGOUT and whatever is not understood or not possible is
//! answered by the machine; all else is an [`Event`].
//!
//! Data goes out by [`data`](Server::data) at any time, also between commands, but for EXPUNGE, which must
//! wait until it cannot change the meaning of a sequence number (RFC 3501 7.4.1): the machine does not let
//! it pass before. An answer that is too long to be held is given as the client takes it: whoever has
//! [`more`](Server::more) to say is told by [`Event::More`] when there is room. That is how messages are
//! sent, too: [`begin_fetch`](Server::begin_fetch), [`literal`](Server::literal), pieces of
//! [`body`](Server::body), [`end_fetch`](Server::end_fetch).
//!
//! ```
//! use imap_proto::{
//!     Server,
//!     codec::{Command, Data, Fetch, FetchData, Flag, Items},
//!     server::{Config, Event, Limits, Mailbox, Tls},
//! };
//! use posta_core::{Input, Instant, Machine, Step};
//!
//! let config = Config { tls: Tls::Implicit, ..Config::default() };
//! let mut imap = Server::new(config.into(), Instant::ORIGIN)?;
//! let mut input = Input::new(Limits::INPUT);
//! input.extend(b"a LOGIN bea secret\r\nb SELECT inbox\r\nc FETCH 1:* (FLAGS)\r\nd LOGOUT\r\n");
//! loop {
//!     match imap.step(&mut input, Instant::ORIGIN)? {
//!         Step::Event(Event::Login { user, password }) => match (user, password.0) {
//!             (user, password) if user == "bea" && password == "secret" => imap.accept()?,
//!             _ => imap.reject(None, "no")?,
//!         },
//!         Step::Event(Event::Command(Command::Select(mailbox), _)) if mailbox.is("INBOX") => {
//!             imap.select(&Mailbox { exists: 1, uid_validity: 3, uid_next: 8, ..Mailbox::default() })?;
//!         }
//!         Step::Event(Event::Command(Command::Fetch { .. }, _)) => {
//!             let flags = [Flag::Seen];
//!             let data = [FetchData::Flags(Items::new(&flags))];
//!             imap.data(&Data::Fetch(Fetch { number: 1, data: Items::new(&data) }))?;
//!             imap.accept()?;
//!         }
//!         Step::Event(_) => imap.reject(None, "not here")?,
//!         Step::Read(_) | Step::Wait(_) => unreachable!("all has been given"),
//!         Step::Closed => break,
//!     }
//! }
//! let sent = String::from_utf8_lossy(imap.output().bytes());
//! assert!(sent.ends_with("* 1 FETCH (FLAGS (\\Seen))\r\nc OK done\r\n* BYE bye\r\nd OK done\r\n"), "{sent}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | limit | default | from |
//! |---|---|---|
//! | octets of a command with its literals | 65536 ([`Limits::INPUT`]) | RFC 7162 4 wants 8192 |
//! | [`Limits::literal`] | 16384 | |
//! | [`Limits::message`] | 128 MiB | |
//! | octets of a tag | 255 | |
//! | levels of nested search keys | 64 | |
//! | [`Limits::errors`] | 50 | |
//! | [`Limits::login`] | 3 minutes | |
//! | [`Limits::idle`] | 30 minutes | RFC 3501 5.4 |
//! | [`Limits::output`] | 16384 | |

mod answer;
mod config;
mod event;
mod frame;
mod pattern;
mod search;
mod step;
mod verb;

pub use answer::Mailbox;
pub use config::{Config, Limits, Tls};
pub use event::Event;
pub use pattern::Pattern;
pub use search::{Search, Searched};

use crate::{
    Misuse,
    codec::{Cursor, Quirks},
};
use alloc::{string::String, sync::Arc};
use posta_core::{Instant, Output};
use verb::Verb;

/// Why a session ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing was heard for [`Limits::idle`], or nobody logged in for [`Limits::login`].
    #[error("the client was idle for too long")]
    Idle,
    /// Something was sent behind STARTTLS, before TLS: it may be someone else's.
    #[error("the client sent data between STARTTLS and TLS")]
    EarlyData,
    /// [`Limits::errors`] was reached.
    #[error("too many bad commands or failed logins")]
    TooManyErrors,
    /// The client closed the connection in the middle of a command.
    #[error("the connection ended within a command")]
    UnexpectedEof,
}

/// A server session.
#[derive(Debug)]
pub struct Server {
    config: Arc<Config>,
    state: State,
    /// The command that waits for its answer.
    tag: String,
    verb: Verb,
    level: Level,
    tls: bool,
    /// See [`frame::frame`].
    need: usize,
    /// The application has asked for room.
    more: bool,
    line: Line,
    errors: u32,
    output: Output,
    deadline: Option<Instant>,
}

/// Who has the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A command is due.
    Command,
    /// The application has the word.
    Open,
    /// A response to a challenge is due.
    Response,
    /// DONE is due.
    Idling,
    /// The application is asked for this message.
    Announced {
        size: u64,
        waits: bool,
    },
    /// So many octets of a message are due.
    Message(u64),
    /// The end of an APPEND is due.
    MessageEnd,
    /// The rest of a command that is refused is passed over: so many octets of a literal, then lines.
    Refused(u64),
    Tls,
    Closed,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    NotAuthenticated,
    Authenticated,
    Selected,
}

/// What stands unfinished at the end of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    None,
    /// SEARCH, with or without numbers.
    Search,
    /// A FETCH response.
    Fetch {
        first: bool,
    },
    /// So many octets of a literal in it.
    Literal(u64),
}

impl Server {
    /// A session that begins now.
    ///
    /// # Errors
    /// Something of `config` cannot stand in a line.
    pub fn new(config: Arc<Config>, now: Instant) -> Result<Self, Misuse> {
        let plain =
            |text: &str| text.bytes().all(|octet| octet == b' ' || octet.is_ascii_graphic());
        if !plain(&config.greeting) || !plain(&config.name) {
            return Err(Misuse::Argument("the greeting or the name"));
        }
        let names = config.sasl.split(' ').chain(config.extensions.split(' '));
        let is_name =
            |name: &str| Cursor::new(name.as_bytes(), Quirks::default()).name() == Ok(name);
        if !names.filter(|name| !name.is_empty()).all(is_name) {
            return Err(Misuse::Argument("a capability"));
        }
        let mut server = Self {
            state: State::Command,
            tag: String::new(),
            verb: Verb::Other,
            level: Level::NotAuthenticated,
            tls: config.tls == Tls::Implicit,
            need: 0,
            more: false,
            line: Line::None,
            errors: 0,
            output: Output::new(config.limits.output.max(1)),
            deadline: Some(now + config.limits.login),
            config,
        };
        server.greet();
        Ok(server)
    }

    /// Tells that TLS has started: the client knows nothing of us yet, nor we of it.
    ///
    /// # Errors
    /// No [`Event::StartTls`] came.
    pub fn tls_started(&mut self) -> Result<(), Misuse> {
        if self.state != State::Tls {
            return Err(Misuse::State);
        }
        self.tls = true;
        self.state = State::Command;
        Ok(())
    }

    /// Whether TLS has started.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether a client has logged in.
    pub fn is_authenticated(&self) -> bool {
        self.level > Level::NotAuthenticated
    }

    /// Whether a mailbox is selected.
    pub fn is_selected(&self) -> bool {
        self.level == Level::Selected
    }

    /// Whether the client idles, and wants to be told at once of what changes.
    pub fn is_idling(&self) -> bool {
        self.state == State::Idling
    }

    /// Says goodbye, whatever the client is doing, and closes: the server stops, or the mailbox that is
    /// selected is no more.
    ///
    /// # Errors
    /// The text cannot stand in a line, or the session is closed already.
    pub fn bye(&mut self, text: &str) -> Result<(), Misuse> {
        if self.state == State::Closed {
            return Err(Misuse::State);
        }
        // Within a literal no word would be heard as one.
        if !matches!(self.line, Line::Literal(_)) {
            self.say_bye(text)?;
        }
        self.close();
        Ok(())
    }
}
