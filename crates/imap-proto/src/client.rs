//! The client machine: commands, and what comes of them.
//!
//! ```text
//!                            starttls()      StartTls
//!                          ┌───────────▶ ─────────────┐
//!  Greeting ──▶ not authenticated ◀──────── tls_started()
//!     │                    │ login(), authenticate()
//!     │ PREAUTH            ▼
//!     └──────────▶ authenticated ◀──▶ selected ◀──▶ Idling: idle(), done()
//!                          │   select(), close_mailbox(), unselect()
//!                          ▼ logout()
//!                       closed ◀── BYE, connection lost, timeout
//! ```
//!
//! A command returns the [`Handle`] that [`Event::Done`] names when it is answered. Several may be given
//! at once: they are sent together where no answer can be taken for another's and no sequence number can
//! come to mean another message (RFC 3501 5.5), and wait otherwise. Literals in commands wait for the
//! server unless it takes them without.
//!
//! A response is one event. It is read in place: lists in it are [`Items`](crate::codec::Items), read as
//! they are asked for, and nothing is copied. A response comes in parts only if the text of a message in
//! it is too long to be held, or if it does not fit the input; then it is cut between its elements.
//!
//! ```
//! use imap_proto::{
//!     Client,
//!     client::{Config, Event, Limits},
//!     codec::{Data, FetchItem},
//! };
//! use posta_core::{Input, Instant, Machine, Step};
//!
//! let mut imap = Client::new(Config { tls: imap_proto::client::Tls::Started, ..Config::default() });
//! let mut input = Input::new(Limits::INPUT);
//! // What a server says to each of the client's commands.
//! let mut server = [
//!     "* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n",
//!     "A1 OK [CAPABILITY IMAP4rev1 IDLE MOVE] hi\r\n",
//!     "* 1 EXISTS\r\n* OK [UIDVALIDITY 3] is\r\nA2 OK [READ-WRITE] selected\r\n",
//!     "* 1 FETCH (UID 7 BODY[] {30}\r\nFrom: ana@a.org\r\n\r\nHi Bea\r\n.\r\n)\r\nA3 OK fetched\r\n",
//!     "* BYE bye\r\nA4 OK bye\r\n",
//! ]
//! .into_iter();
//! let (mut turn, mut exists, mut text) = (0, 0, None);
//! loop {
//!     match imap.step(&mut input, Instant::ORIGIN)? {
//!         Step::Event(Event::Ready) => {
//!             turn += 1;
//!             match turn {
//!                 1 => imap.login("bea", "secret")?,
//!                 2 => imap.select("INBOX")?,
//!                 3 => imap.uid_fetch("1:*", &[FetchItem::message()])?,
//!                 _ => imap.logout()?,
//!             };
//!         }
//!         Step::Event(Event::Data { data: Data::Exists(n), .. }) => exists = n,
//!         Step::Event(Event::Data { data: Data::Fetch(message), .. }) => {
//!             assert_eq!(message.uid(), Some(7));
//!             text = message.text().map(|text| text.to_str().into_owned());
//!         }
//!         Step::Event(Event::Done(_, status)) => assert!(status.is_ok()),
//!         Step::Event(_) => {}
//!         Step::Read(input) => {
//!             let sent = imap.output().len(); // to the network, in truth
//!             imap.output().sent(sent);
//!             if sent == 0 {
//!                 input.extend(server.next().unwrap_or_default().as_bytes());
//!             }
//!         }
//!         Step::Wait(_) => unreachable!("only for TLS and SASL"),
//!         Step::Closed => break,
//!     }
//! }
//! assert_eq!((exists, text.as_deref()), (1, Some("From: ana@a.org\r\n\r\nHi Bea\r\n.\r\n")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Limits
//!
//! | limit | default | from |
//! |---|---|---|
//! | response, or part of one that cannot be cut | the input: 64 KiB | |
//! | text of a message that does not come in chunks | 4096 octets | |
//! | parentheses in a body structure | 64 levels | |
//! | capabilities remembered | 4096 octets | |
//! | commands waiting | 64 KiB | |
//! | commands unanswered | 16 | |
//! | literal sent without having been asked for | 4096 octets with LITERAL- | RFC 7888 5 |
//! | time a server may take to go on | 5 minutes | |
//! | IDLE | 29 minutes | RFC 2177 3 |

mod config;
mod cut;
mod event;
mod mailboxes;
mod messages;
mod queue;
mod session;
mod step;
mod verb;

use crate::{
    Misuse,
    codec::{Capabilities, Capability, Quirks, put_number},
};
use alloc::{string::String, vec::Vec};
pub use config::{Config, Limits, Tls};
use core::fmt;
use cut::Inside;
pub use event::{Error, Event, Handle};
use posta_core::{Instant, Output};
use queue::{NonSync, Progress, Queue, Sent};
use verb::Verb;

/// A client connection. `Debug` shows nothing that is waiting to be sent: it may be a password.
pub struct Client {
    config: Config,
    queue: Queue,
    /// In which response the next octet of the input stands.
    inside: Inside,
    /// How long the input must be before it is worth a look.
    need: usize,
    out: Out,
    /// The server asked for the message that is next in the queue.
    asked: bool,
    /// Not sent with AUTHENTICATE; goes out with the first challenge, which is empty.
    initial: Option<String>,
    tls: bool,
    greeted: bool,
    authenticated: bool,
    /// The server said BYE.
    bye: bool,
    /// The server answered APPEND in the middle of its message.
    interrupted: bool,
    /// LOGOUT was given.
    logging_out: bool,
    capabilities: Option<Capabilities>,
    /// They were told since the last login was sent.
    fresh: bool,
    /// `Ready` was said since the last command.
    told: bool,
    quirks_needed: Quirks,
    quirks_told: Quirks,
    next: u32,
    output: Output,
    deadline: Option<Instant>,
}

/// What the client sends apart from commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Out {
    Whole,
    /// The application must answer a challenge.
    Challenge(Handle),
    Idling(Handle),
    /// DONE was sent.
    Ended,
    /// The application must start TLS.
    Tls,
    Closed,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.config)
            .field("last", &self.queue.last())
            .field("inside", &self.inside)
            .field("out", &self.out)
            .field("authenticated", &self.authenticated)
            .field("capabilities", &self.capabilities)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

impl Handle {
    /// The tag of the command is the letter A and a number.
    fn from_tag(tag: &str) -> Option<Self> {
        let digits = tag.strip_prefix('A')?;
        // `FromStr` would take a sign, and zeros at the front.
        if !digits.starts_with(|c: char| c.is_ascii_digit() && c != '0') {
            return None;
        }
        digits.parse().ok().map(Self)
    }
}

/// As the tag of the command.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "A{}", self.0)
    }
}

impl Client {
    /// A client whose connection has just been made; the server speaks first.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            queue: Queue::new(config.limits.queue, config.limits.window),
            inside: Inside::Start,
            need: 0,
            out: Out::Whole,
            asked: false,
            initial: None,
            tls: config.tls == Tls::Started,
            greeted: false,
            authenticated: false,
            bye: false,
            interrupted: false,
            logging_out: false,
            capabilities: None,
            fresh: false,
            told: false,
            quirks_needed: Quirks::default(),
            quirks_told: Quirks::default(),
            next: 0,
            output: Output::default(),
            deadline: None,
        }
    }

    /// What the server can do, if it has told so since TLS was started and since the login; otherwise ask
    /// with [`capability`](Self::capability).
    pub fn capabilities(&self) -> Option<&Capabilities> {
        self.capabilities.as_ref()
    }

    /// Whether the server has let the client in.
    pub fn is_authenticated(&self) -> bool {
        self.authenticated
    }

    /// Whether the connection is under TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    fn needs_tls(&self) -> bool {
        !self.tls && self.config.tls == Tls::Required
    }

    /// Whether the server can do this, as far as is known.
    fn offers(&self, name: &str) -> bool {
        self.capabilities.as_ref().is_some_and(|capabilities| capabilities.has(name))
    }

    /// RFC 7888 4 and 5
    fn non_sync(&self) -> NonSync {
        NonSync(match () {
            () if self.offers("LITERAL+") => u64::MAX,
            () if self.offers("LITERAL-") => 4096,
            () => 0,
        })
    }

    fn learn_capabilities<'a>(&mut self, told: impl Iterator<Item = Capability<'a>>) {
        let mut capabilities = Capabilities::default();
        for capability in told {
            capabilities.add(capability, self.config.limits.capabilities);
        }
        (self.capabilities, self.fresh) = (Some(capabilities), true);
    }

    /// What had to be overlooked is told, once.
    fn tolerated(&mut self, needed: Quirks) {
        while let Some(quirk) = needed.first_not_in(&self.quirks_needed) {
            self.quirks_needed.set(quirk);
        }
    }

    /// Takes a command in; `write` appends its text without the tag and without CRLF.
    fn command(
        &mut self,
        verb: Verb,
        body: Option<u64>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>,
    ) -> Result<Handle, Misuse> {
        if self.bye
            || self.logging_out
            || matches!(self.out, Out::Closed | Out::Tls | Out::Challenge(_))
        {
            return Err(Misuse::State);
        }
        let handle = Handle(self.next.wrapping_add(1).max(1));
        self.queue.push(Sent { handle, verb }, body, |text| {
            text.push(b'A');
            put_number(text, u64::from(handle.0));
            text.push(b' ');
            write(text)
        })?;
        (self.next, self.told) = (handle.0, false);
        self.release();
        Ok(handle)
    }

    /// Sends what may be sent now.
    fn release(&mut self) {
        // RFC 2177: nothing before the answer to IDLE.
        if self.greeted && !matches!(self.out, Out::Closed | Out::Tls) {
            let non_sync = self.non_sync();
            self.queue.release(non_sync, &mut self.output);
        }
    }
}
