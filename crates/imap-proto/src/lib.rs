//! IMAP4 without I/O: commands, responses, and both ends of a session.
//!
//! In scope: reading commands, reading and writing responses ([`codec`]); the client of a session
//! ([`client`]): commands with their literals, several in flight, untagged data at any time; the server of
//! one ([`server`]): who may ask for what when, literals refused before they are sent, changes told where
//! they confuse nobody. Messages are streamed both ways, at both ends.
//! Out of scope: sockets, clocks, TLS itself, SASL mechanisms (`posta-sasl`), and what is in a message
//! (`imf-message`).
//!
//! # A session
//!
//! ```text
//!  Greeting ──▶ not authenticated ──▶ authenticated ◀──▶ selected ◀──▶ idling ──▶ closed
//!                 │       ▲  login, authenticate    select        idle, done     logout, BYE
//!                 └ TLS ──┘
//! ```
//!
//! The pages of [`client`] and [`server`] have the whole of it. Here Bea looks at what is new, and marks it as seen:
//!
//! ```
//! use imap_proto::{
//!     Client,
//!     client::{Config, Event, Limits, Tls},
//!     codec::{Data, FetchItem, Flag, Store},
//! };
//! use posta_core::{Input, Instant, Machine, Step};
//!
//! let mut imap = Client::new(Config { tls: Tls::Started, ..Config::default() });
//! let mut input = Input::new(Limits::INPUT);
//! // What the server says to each of the client's commands; a driver would read it from a socket.
//! let mut server = [
//!     "* PREAUTH [CAPABILITY IMAP4rev1] hi bea\r\n",
//!     "* 1 EXISTS\r\nA1 OK [READ-WRITE] selected\r\n",
//!     "* SEARCH 7\r\nA2 OK found\r\n",
//!     "* 1 FETCH (UID 7 ENVELOPE (NIL \"Tea\" ((\"Ana\" NIL \"ana\" \"a.org\")) NIL NIL NIL NIL NIL NIL NIL))\r\n\
//!      A3 OK fetched\r\n",
//!     "A4 OK stored\r\n",
//!     "* BYE bye\r\nA5 OK bye\r\n",
//! ]
//! .into_iter();
//! let (mut turn, mut unseen, mut subjects) = (0, String::new(), Vec::new());
//! loop {
//!     match imap.step(&mut input, Instant::ORIGIN)? {
//!         Step::Event(Event::Ready) => {
//!             turn += 1;
//!             match turn {
//!                 1 => imap.select("INBOX")?,
//!                 2 => imap.uid_search(b"UNSEEN")?,
//!                 3 => imap.uid_fetch(&unseen, &[FetchItem::Uid, FetchItem::Envelope])?,
//!                 4 => imap.uid_store(&unseen, Store::Add, &[Flag::Seen], true)?,
//!                 _ => imap.logout()?,
//!             };
//!         }
//!         Step::Event(Event::Data { data: Data::Search(search), .. }) => {
//!             let uids: Vec<_> = search.found.iter().map(|uid| uid.to_string()).collect();
//!             unseen = uids.join(",");
//!         }
//!         Step::Event(Event::Data { data: Data::Fetch(fetch), .. }) => {
//!             for item in &fetch.data {
//!                 if let imap_proto::codec::FetchData::Envelope(envelope) = item {
//!                     subjects.extend(envelope.subject.map(|text| text.to_str().into_owned()));
//!                 }
//!             }
//!         }
//!         Step::Event(Event::Done(_, status)) => assert!(status.is_ok()),
//!         Step::Event(_) => {}
//!         Step::Read(input) => {
//!             let sent = imap.output().len();
//!             imap.output().sent(sent);
//!             if sent == 0 {
//!                 input.extend(server.next().unwrap_or_default().as_bytes());
//!             }
//!         }
//!         Step::Wait(_) => unreachable!("only for TLS and SASL"),
//!         Step::Closed => break,
//!     }
//! }
//! assert_eq!((unseen.as_str(), subjects), ("7", vec!["Tea".to_owned()]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Standards
//!
//! - RFC 3501: IMAP4rev1
//! - RFC 2177: IDLE; RFC 2342: NAMESPACE; RFC 2971: ID; RFC 3691: UNSELECT; RFC 4315: UIDPLUS
//! - RFC 4731, RFC 9394: ESEARCH; RFC 4959: SASL-IR; RFC 5161: ENABLE; RFC 5530: response codes
//! - RFC 3348: CHILDREN; RFC 6154: SPECIAL-USE, in LIST; RFC 6851: MOVE; RFC 7888: LITERAL+ and LITERAL-; RFC 9051: what IMAP4rev2 folds in
//! - RFC 7162: MODSEQ, HIGHESTMODSEQ and VANISHED are read; nothing is asked for with them
//!
//! Limits stand on the pages of [`client`] and [`server`].
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod codec;
mod misuse;
pub mod server;

pub use client::Client;
pub use misuse::Misuse;
pub use server::Server;
