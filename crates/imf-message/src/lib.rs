//! Internet messages and MIME: scan without copying, edit byte-exact, build.
//!
//! **In scope**: finding every header field and MIME part of any bytes at all; reading addresses, dates,
//! identifiers, encoded words, parameters, bodies; changing header fields with no other byte touched;
//! building messages and delivery status notifications; what an IMAP server says of a message ([`imap`]).
//! **Out of scope**: envelopes and transport (`smtp-proto`), signatures, S/MIME and OpenPGP, rendering of HTML,
//! rewriting of bodies.
//!
//! ```text
//!                 ┌─> Part, Field ──> text, addresses, dates, …
//! bytes ─> Message┤     (views)
//!                 ├─> imap: ENVELOPE, BODYSTRUCTURE, BODY[…], SEARCH
//!                 └─> Index: spans that outlive the bytes
//!            │
//!            v        Header::text, addresses, ids, date
//!           Edit <────────┤ (the only way to make a field)
//!            │            v
//!            v          Builder, report::bounce ──> bytes
//!          slices
//! ```
//!
//! No input is an error: what is odd is told as an [`Issue`], and every byte is in exactly one
//! [`Segment`]. Line ends may be CRLF or LF. What the caller wants written is checked, and refused
//! as [`Misuse`]: a line end in a value never reaches a header.
//!
//! ```
//! use imf_message::{Builder, Date, Edit, Header, Mailbox, Message};
//!
//! // Ana writes,
//! let sent = Builder::new()
//!     .from(Mailbox::new("ana", "a.org").named("Ana"))
//!     .to(Mailbox::new("bea", "b.com").named("Béa"))
//!     .date(Date::new(1_700_000_000, 0))
//!     .message_id("1@a.org")
//!     .subject("Thé à quatre heures ?")
//!     .text("Come for tea.\n")
//!     .html("<p>Come for <b>tea</b>.")
//!     .build(1)?;
//!
//! // a server adds its trace and touches nothing else,
//! let message = Message::new(&sent);
//! let mut edit = Edit::new(&message);
//! edit.prepend(&Header::text("X-Seen", "mx1.b.com")?);
//! let passed = edit.to_vec();
//! assert!(passed.ends_with(&sent));
//!
//! // and Bea reads.
//! let message = Message::new(&passed);
//! assert_eq!(message.field("subject").expect("there").text(), "Thé à quatre heures ?");
//! let from = message.field("From").expect("there").addresses();
//! assert_eq!(from.mailboxes().next().expect("one").addr_spec(), "ana@a.org");
//! assert_eq!(message.text_part().expect("text").text(), "Come for tea.\r\n");
//! # Ok::<(), imf_message::Misuse>(())
//! ```
//!
//! # Standards
//!
//! - RFC 5322: format, with the obsolete forms of section 4; RFC 6854: groups everywhere
//! - RFC 2045, 2046: MIME, transfer encodings, multiparts, messages inside
//! - RFC 2047: encoded words; RFC 2231: parameters in sections and charsets
//! - RFC 2183: disposition
//! - RFC 6532: UTF-8 in headers
//! - RFC 5321 4.4: Received
//! - RFC 3501 6.4.4, 6.4.5, 7.4.2: what is told of messages over IMAP
//! - RFC 3464, 6522, 3834, 6533 3: delivery status notifications
//!
//! # Limits
//!
//! | limit | default | from |
//! |---|---|---|
//! | [`Limits::depth`] | 100 parts inside parts | |
//! | [`Limits::parts`] | 10,000 | |
//! | [`Limits::fields`] | 200,000 | |
//! | [`Limits::issues`] | 1,000 | |
//! | [`MAX_ADDRESSES`] | 10,000 a field | |
//! | [`MAX_IDS`] | 10,000 a field | |
//! | [`MAX_PARAMS`] | 1,000 a field | |
//! | lines written | 998 octets, 78 in headers where it can be | RFC 5322 2.1.1 |
//! | encoded words and lines written | 75 and 76 characters | RFC 2047 2, RFC 2045 6.7 |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod address;
mod build;
mod charset;
mod date;
mod edit;
mod error;
mod header;
mod ids;
pub mod imap;
mod index;
mod lex;
mod message;
mod mime;
mod piece;
mod received;
pub mod report;
mod scan;
mod span;
mod transfer;
mod words;

pub use address::{Address, AddressList, MAX_ADDRESSES, Mailbox};
pub use build::{Attachment, Builder};
pub use charset::{decode_charset, knows_charset};
pub use date::Date;
pub use edit::Edit;
pub use error::{Error, Misuse};
pub use header::Header;
pub use ids::{MAX_IDS, parse as parse_ids};
pub use index::{FieldSpan, Index, Issue, IssueKind, Kind, Limits, Node, Segment};
pub use lex::unfold;
pub use message::{Field, Message, Part};
pub use mime::{ContentType, Disposition, Encoding, MAX_PARAMS, Param, Params};
pub use received::Received;
pub use span::Span;
pub use transfer::{Decoder, encode_base64, encode_quoted_printable, to_crlf};
pub use words::{decode as decode_words, encode as encode_words};
