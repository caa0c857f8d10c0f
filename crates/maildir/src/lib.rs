//! Maildir and Maildir++: durable delivery, listing, flags, folders, UIDs.
//!
//! In scope: delivering a message so that it survives a crash, listing what is there without missing what
//! another program renames meanwhile, flags, removal, folders, cleaning up what crashed deliveries left, and
//! what an IMAP server needs besides: UIDs, keywords, subscriptions, copies, moves, and what has changed
//! since it looked last. Dovecot and this crate can serve the same Maildir in turn.
//! Out of scope: which address belongs to which Maildir, quotas, and what is inside a message
//! (`imf-message`).
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
//! // A number for each message, which stays, and what happened since.
//! let before = mailbox.numbered(&stamp, true)?;
//! assert_eq!((before.messages[0].uid, before.uid_next), (1, 2));
//!
//! let archive = mailbox.create_folder(&"Archive.2026".parse()?)?;
//! mailbox.move_to(&before.messages[0].entry, &archive, &Stamp { count: 2, ..stamp })?;
//! archive.sync()?;
//! mailbox.sync()?;
//! assert_eq!(archive.list()?.len(), 1);
//! let now = mailbox.numbered(&stamp, true)?;
//! assert_eq!(now.since(&before).map(|changes| changes.vanished), Some(vec![1]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # UIDs
//!
//! ```text
//!  numbered(stamp, adopt) ──▶ read dovecot-uidlist, list the folder ── all have a UID ──────────▶ Ok
//!                                  │ some have none, or no list is there                           ▲
//!                                  ▼                                                               │
//!                    make dovecot-uidlist.lock ──▶ read and list again ──▶ write it, sync, ──▶ sync folder
//!                                  │ it is there                           rename it to
//!                                  ▼                                       dovecot-uidlist
//!                             Err(Locked)
//! ```
//!
//! [`Maildir::number_arrivals`] locks the list in the same way and adds a line for each message to its end, so
//! that a message that is copied or appended costs the same whatever is there. When as many lines were added as
//! half of all messages have, and at least a thousand, the list is written anew.
//!
//! # What lasts
//!
//! A committed message survives a crash: its octets were synced, then its name. So do a copy, the UIDs that
//! [`Maildir::numbered`] tells, a keyword's letter, a subscription and the new name of a folder, once the
//! method has returned. Flags, moves, be it from `new` to `cur` or to another folder, and removals may be
//! undone by a crash, but never lose a message, until [`Maildir::sync`] has made them last. Under one
//! UIDVALIDITY no UID ever means two messages, and UIDNEXT never goes back.
//!
//! All disk operations go through [`posta_core::disk::Disk`], so they can run elsewhere than on
//! the file system; the tests run them on a disk that crashes after each.
//!
//! # Formats
//!
//! - Maildir, as the qmail documentation describes it: `tmp`, `new`, `cur`; names `unique:2,FLAGS`
//! - Maildir++: folders `.Sub.Folder` with a file `maildirfolder`; sizes in names, `,S=` octets as stored
//!   and `,W=` octets as sent, with CRLF
//! - Dovecot: `dovecot-uidlist`, version 3 (version 1, which is Courier's, is read), `dovecot-keywords`,
//!   `subscriptions`, plain and version 2, and the names of `dovecot-uidvalidity.*`
//! - RFC 3501 2.3.1.1: UIDs; 2.3.2: `\Recent`; 5.1.3: names of folders in modified UTF-7
//! - RFC 5322 2.1: messages are stored as they come, so with CRLF if they came by SMTP
//!
//! Letters and parts of names that are not known are kept when flags change, and so are the fields of the
//! lists that only others know.
//!
//! # Limits
//!
//! | limit | value |
//! |---|---|
//! | file name that is made | 255 octets, the limit of most file systems |
//! | name of a folder on disk | 200 octets |
//! | scans of one listing while others rename | 10 |
//! | age at which a file in `tmp` is given up | 36 hours |
//! | age at which a lock is given up | 120 seconds |
//! | messages of a folder that have UIDs | 4,000,000 |
//! | list of UIDs | 256 MiB; 1,024 octets for a name, and for what else is known of a message |
//! | keywords of a folder | 26, the letters a to z |
//! | keyword | 255 octets |
//! | list of subscriptions | 1 MiB |

mod changes;
mod delivery;
mod entry;
mod error;
mod flags;
mod folder;
mod folders;
mod keywords;
mod lock;
mod mailbox;
mod mark;
mod numbered;
mod stamp;
mod subscriptions;
mod transfer;
mod uid_list;

pub use changes::Changes;
pub use delivery::Delivery;
pub use entry::Entry;
pub use error::Error;
pub use flags::Flags;
pub use folder::{FolderName, FolderNameError};
pub use keywords::Keywords;
pub use mailbox::Maildir;
pub use mark::Mark;
pub use numbered::{Message, Numbered, Uids};
pub use stamp::Stamp;
pub use subscriptions::MailboxName;
