//! Maildir and Maildir++: durable delivery, listing, flags, folders, UIDs.
//!
//! In scope: delivering a message so that it survives a crash, listing what is there without missing what
//! another program renames meanwhile, flags, removal, folders, and cleaning up what crashed deliveries
//! left; and what IMAP needs beyond that: UIDs that stay, keywords, subscriptions, and what has happened
//! between two listings.
//! Out of scope: which address belongs to which Maildir, locks (messages need none), quotas, and what is
//! inside a message (`imf-message`).
//!
//! # A delivery
//!
//! ```text
//!  deliver(stamp) ──▶ tmp/NAME ── write(…)… ──▶ commit: sync file, tmp/NAME ──▶ new/NAME, sync folder ──▶ Ok
//!                        │                        │
//!                        └──── dropped: removed ◀─┘ failed
//! ```
//!
//! ```
//! use maildir::{Flags, Maildir, Stamp};
//! use posta_core::disk::fs::Fs;
//! use std::{io::Read, time::Duration};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("bea");
//! let mailbox = Maildir::create(Fs::new(path))?;
//!
//! // What makes the name of the file unlike any other is handed in, as the crate has no clock.
//! let stamp = Stamp {
//!     time: Duration::from_secs(1_790_000_000),
//!     process: 4711,
//!     count: 1,
//!     random: 0x5eed,
//!     host: "mda.b.com",
//! };
//! let mut delivery = mailbox.deliver(&stamp)?;
//! delivery.write(b"From: ana@a.org\r\n\r\n")?;
//! delivery.write(b"Hi Bea\r\n")?;
//! delivery.commit()?; // from here on it survives a crash
//!
//! let mut messages = mailbox.list()?;
//! let message = &mut messages[0];
//! assert!(message.is_new() && message.wire_size() == Some(27));
//! let mut text = String::new();
//! mailbox.open(message)?.read_to_string(&mut text)?;
//! assert_eq!(text, "From: ana@a.org\r\n\r\nHi Bea\r\n");
//!
//! mailbox.set_flags(message, Flags::SEEN | Flags::FLAGGED)?;
//! assert_eq!(mailbox.list()?[0].flags().to_string(), "FS");
//!
//! let second = Stamp { count: 2, ..stamp };
//! let numbered = mailbox.numbered(&second, true)?;
//! assert_eq!((numbered.messages[0].uid, numbered.uid_next), (1, 2));
//!
//! let archive = mailbox.create_folder(&"Archive.2026".parse()?)?;
//! assert!(archive.list()?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What lasts
//!
//! A committed message survives a crash: its octets were synced, then its name. Flags, moves from `new` to
//! `cur` and removals may be undone by a crash, but never lose a message, until [`Maildir::sync`] has made
//! them last. All disk operations go through [`posta_core::disk::Disk`], so they can run elsewhere than on
//! the file system; the tests run them on a disk that crashes after each.
//!
//! # Formats
//!
//! - Maildir, as the qmail documentation describes it: `tmp`, `new`, `cur`; names `unique:2,FLAGS`
//! - Maildir++: folders `.Sub.Folder` with a file `maildirfolder`; sizes in names, `,S=` octets as stored
//!   and `,W=` octets as sent, with CRLF
//! - `dovecot-uidlist` version 3, `dovecot-keywords` and `subscriptions`, as Dovecot documents and writes them,
//!   with its locks, so that both can serve a Maildir in turn
//! - RFC 3501 2.3.1.1: UIDs; 5.1.3: folders are called by their names in modified UTF-7
//! - RFC 5322 2.1: messages are stored as they come, so with CRLF if they came by SMTP
//!
//! Letters and parts of names that are not known are kept when flags change.
//!
//! # Limits
//!
//! | limit | value |
//! |---|---|
//! | file name that is made | 255 octets, the limit of most file systems |
//! | name of a folder | 200 octets |
//! | keyword; keywords | 100 octets; 26, the letters that there are |
//! | subscriptions | 10,000 |
//! | list of UIDs | 128 MiB, about a million messages |
//! | age at which a lock is given up | 2 minutes |
//! | scans of one listing while others rename | 10 |
//! | age at which a file in `tmp` is given up | 36 hours |

mod control;
mod delivery;
mod entry;
mod error;
mod flags;
mod folder;
mod keywords;
mod mailbox;
mod numbered;
mod stamp;
mod subscriptions;
mod uid_list;

pub use delivery::Delivery;
pub use entry::Entry;
pub use error::Error;
pub use flags::Flags;
pub use folder::{FolderName, FolderNameError};
pub use keywords::Keywords;
pub use mailbox::Maildir;
pub use numbered::{Changes, Mark, Message, Numbered};
pub use stamp::Stamp;
pub use subscriptions::MailboxName;
