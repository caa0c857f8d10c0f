//! The spool of an MTA: durable entries, retry schedule, the state of each recipient.
//!
//! In scope: taking a message and its envelope so that they survive a crash, keeping what became of each
//! recipient, telling what to try next and where, when to try again, when to tell the sender that the message
//! is late and when to give up, and finding everything again at the next start.
//! Out of scope: where a message goes (`mx-resolve`), how it gets there (`smtp-proto`), and what a bounce
//! looks like (`imf-message`).
//!
//! # The life of an entry
//!
//! ```text
//!  begin ─ write… ─ commit ──▶ pending ──▶ due ──▶ attempt ──▶ each recipient delivered or failed ──▶ remove
//!             │       │           ▲                   │
//!   dropped: gone   250           └──── put off ◀─────┘ some still pending
//! ```
//!
//! ```
//! use mail_queue::{Envelope, Found, Id, Limits, Outcome, Retry, Schedule, Spool};
//! use posta_core::disk::fs::Fs;
//! use std::{io::Read, time::Duration};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path();
//! // Times are handed in, as durations since the beginning of 1970, and so is what is random.
//! let now = Duration::from_secs(1_790_000_000);
//! // Where something goes is for the application to know; here to the domain `b.com`.
//! let (retry, mut schedule) = (Retry::default(), Schedule::new(Limits::default()));
//! let (spool, _) = Spool::open(Fs::new(path))?;
//!
//! let mut incoming = spool.begin(Id::new(now, 0x5eed))?;
//! incoming.write(b"From: ana@a.org\r\n\r\nHi Bea\r\n")?;
//! let mut envelope = Envelope::new("ana@a.org", now);
//! envelope.add("bea@b.com");
//! envelope.add("bob@b.com");
//! let id = incoming.commit(&envelope)?; // from here on it survives a crash: say 250
//! schedule.insert(id, retry.due(&envelope), ["b.com"]);
//!
//! let attempt = schedule.take(now).ok_or("nothing is due")?;
//! assert_eq!((attempt.id, &attempt.destinations[..]), (id, &["b.com".to_owned()][..]));
//! let mut entry = spool.entry(&id)?;
//! let mut message = String::new();
//! spool.message(&id)?.read_to_string(&mut message)?;
//! assert_eq!(message.len() as u64, entry.size());
//!
//! // One recipient was taken by the next host, the other one not yet.
//! entry.recipients[0].settle(Outcome::Delivered, "mx1.b.com", "250 2.0.0 Ok");
//! entry.recipients[1].settle(Outcome::Pending, "mx1.b.com", "451 4.3.0 Try again");
//! schedule.report(&id, "b.com", true, now);
//! entry.put_off(retry.next(entry.arrived, now, 0));
//! spool.update(&id, &entry)?;
//! schedule.done(&id, retry.due(&entry), ["b.com"]);
//! assert_eq!(schedule.next(), Some(now + Duration::from_secs(270)));
//!
//! // Whatever happens: the next start finds it.
//! let (_, recovery) = Spool::open(Fs::new(path))?;
//! for found in recovery {
//!     let Found::Entry(id, entry) = found else { return Err("a damaged disk".into()) };
//!     schedule.insert(id, retry.due(&entry), ["b.com"]);
//! }
//! assert_eq!(schedule.next(), Some(now + Duration::from_secs(270)));
//! let entry = spool.entry(&id)?;
//! assert_eq!(entry.pending().map(|recipient| &*recipient.address).collect::<Vec<_>>(), ["bob@b.com"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # On disk
//!
//! ```text
//!  tmp/       what is being written
//!  mail/ID    the message, then its envelope: written once, synced, then named here
//!  state/ID   the envelope as it is now, once anything has become of it
//!  corrupt/   what could not be read
//! ```
//!
//! An envelope is a record of text, a key and a value to a line, with an end mark that holds its length and
//! its checksum; it holds the length and the checksum of the message too. So two syncs make a message last:
//! of the file and of its name. A message whose octets have changed on disk is not sent on as if it were
//! whole: reading it fails at its end. A `state` that cannot be read is put aside, and the envelope as it
//! was in the beginning counts: better twice than never.
//!
//! One process works on a spool. Which one is for the application to settle.
//!
//! # Who is next
//!
//! An entry waits in line at each of its destinations, which the application names: domains, or hosts that
//! take the mail of many. So what is slow or dead holds up its own line only:
//!
//! - There are so many attempts in all, and at most three quarters of them for what is new, as for what was
//!   tried before: neither waits behind the other. What is new comes first; within each, who has waited for
//!   longest. At one destination the new ones and the others take turns.
//! - A destination has 5 attempts at once to begin with; more with successes, fewer with failures. With none
//!   left it pauses, and then a single attempt, for all that waits there, shows whether it is back.
//! - Whoever waits for a destination that pauses is handed out without a destination when it is time to tell
//!   the sender or to give up.
//!
//! A [`Schedule`] is in memory and holds no envelopes: about 300 octets an entry.
//!
//! # Standards
//!
//! - RFC 5321 4.5.4.1: retry strategy, and 6.1: responsibility for what was accepted
//! - RFC 3461 4.4: the envelope id is kept
//!
//! # Limits
//!
//! | limit | default | from |
//! |---|---|---|
//! | record of an envelope | 16 MiB | |
//! | pause after the first attempt, longest pause | 5 minutes, 4000 seconds | RFC 5321 4.5.4.1: 30 minutes or more later on |
//! | notice that the message is late | 4 hours | RFC 3461 |
//! | life in the queue | 5 days | RFC 5321 4.5.4.1: 4 to 5 days |
//! | attempts under way ([`Limits`]) | 1,000 | |
//! | attempts at one destination | 5, then up to 20 | |
//! | pause of a destination that cannot be reached | 5 minutes, doubled up to 4000 seconds | RFC 5321 4.5.4.1 |

mod envelope;
mod error;
mod id;
mod incoming;
mod message;
mod record;
mod recovery;
mod retry;
mod schedule;
mod spool;

pub use envelope::{Envelope, Outcome, Recipient};
pub use error::{CorruptError, Error};
pub use id::{Id, IdError};
pub use incoming::Incoming;
pub use message::Message;
pub use recovery::{Found, Recovery};
pub use retry::Retry;
pub use schedule::{Attempt, Due, Limits, Schedule};
pub use spool::Spool;
