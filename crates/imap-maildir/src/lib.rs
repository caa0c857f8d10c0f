//! The mailboxes of an IMAP server, in Maildirs.
//!
//! In scope: what each command about mailboxes and messages does to a user's Maildir, and what the client
//! is told of it, over the server machine of `imap-proto`: LIST and STATUS, the [`View`] of a mailbox that
//! is selected while others change it, [`Fetch`] with bodies as the client takes them, [`Store`],
//! [`Haystack`] for SEARCH, [`Arrival`] for APPEND and [`Transfer`] for COPY and MOVE.
//! Out of scope: connections, logins, and on which thread the disk is waited for. What may take long is a
//! value of its own that can be sent to another thread, run there, and run again when another program held
//! a lock.
//!
//! ```text
//!  SELECT ─▶ Listing::read ─▶ View::new ─▶ view.select(imap)
//!  NOOP   ─▶ view.look ─▶ Listing::read ─▶ view.update(listing, imap)
//!  FETCH  ─▶ view.numbers ─▶ Fetch::new ─▶ step(view, imap) … More … step ─▶ Done
//!  SEARCH ─▶ Haystack::new(view) ─▶ find()
//! ```
//!
//! ```
//! use imap_maildir::{Fetch, Listing, Progress, View};
//! use imap_proto::{
//!     Server,
//!     codec::Command,
//!     server::{Config, Event, Limits, Tls},
//! };
//! use maildir::{Maildir, Stamp};
//! use posta_core::{Input, Instant, Machine, Step, testing::SimDisk};
//! use std::time::Duration;
//!
//! let disk = SimDisk::new(); // or `Fs`
//! let home = Maildir::create(&disk)?;
//! let time = Duration::from_secs(1_790_000_000);
//! let count = std::cell::Cell::new(0);
//! let stamps = || {
//!     count.set(count.get() + 1);
//!     Some(Stamp { time, process: 1, count: count.get(), random: 7, host: "mail.b.com" })
//! };
//! let mut delivery = home.deliver(&stamps().expect("one"))?;
//! delivery.write(b"Subject: Tea\r\n\r\nAt four?\r\n")?;
//! delivery.commit()?;
//!
//! let mut imap =
//!     Server::new(Config { tls: Tls::Implicit, ..Config::default() }.into(), Instant::ORIGIN)?;
//! let mut input = Input::new(Limits::INPUT);
//! input.extend(b"a LOGIN bea secret\r\nb SELECT INBOX\r\nc FETCH 1 (UID BODY[TEXT])\r\nd LOGOUT\r\n");
//! let mut view: Option<View<&SimDisk>> = None;
//! loop {
//!     match imap.step(&mut input, Instant::ORIGIN)? {
//!         Step::Event(Event::Command(Command::Select(name), _)) => {
//!             let maildir = imap_maildir::open(&home, name)?;
//!             let listing = Listing::read(&maildir, false, &stamps)?;
//!             view.insert(View::new(maildir, false, listing)).select(&mut imap)?;
//!         }
//!         Step::Event(Event::Command(Command::Fetch { uid, set, .. }, line)) => {
//!             let view = view.as_mut().expect("the machine has seen to that");
//!             let mut fetch = Fetch::new(line, view.numbers(&set, uid)?);
//!             // A large one goes on at each `Event::More`.
//!             assert_eq!(fetch.step(view, &mut imap)?, Progress::Done);
//!         }
//!         Step::Event(_) => imap.accept()?,
//!         Step::Read(_) | Step::Wait(_) => unreachable!("all has been given"),
//!         Step::Closed => break,
//!     }
//! }
//! let sent = String::from_utf8_lossy(imap.output().bytes());
//! let told = "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) BODY[TEXT] {10}\r\nAt four?\r\n)\r\nc OK done\r\n";
//! assert!(sent.contains(told), "{sent}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Standards
//!
//! - RFC 3501: what the commands do; 9: sets of messages; 2.3.1.1: UIDs; 7.4.1: when changes are told
//! - RFC 4315: APPENDUID, COPYUID; RFC 6851: MOVE; RFC 6154: special uses, by name; RFC 3348: children
//! - RFC 2342: NAMESPACE
//!
//! # Limits
//!
//! Those of `imap-proto` and `maildir`. A message is held in memory while its parts are fetched or searched;
//! a whole message that is stored as it is sent is streamed.

mod arrivals;
mod error;
mod fetch;
mod mailboxes;
mod names;
mod search;
mod store;
mod view;

pub use arrivals::{Arrival, Arrived, Transfer};
pub use error::Error;
pub use fetch::{Fetch, Progress};
pub use mailboxes::{Rename, Standing, create, to_delete};
pub use names::{DELIMITER, list, mailbox, namespace, open, open_target};
pub use search::Haystack;
pub use store::{Store, expunge};
pub use view::{Listing, View};

use maildir::Stamp;

/// Makes stamps of now, no two of them the same; `None` if there is no randomness for them.
pub type Stamps<'s> = dyn Fn() -> Option<Stamp<'s>> + 's;

fn stamp<'s>(stamps: &Stamps<'s>) -> Result<Stamp<'s>, Error> {
    stamps().ok_or(Error::NoStamp)
}
