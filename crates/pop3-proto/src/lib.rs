//! POP3 without I/O: a codec, a client machine and a server machine.
//!
//! In scope: every command and reply of POP3 with the extensions below, multi-line replies of any
//! length as streams in both directions, pipelining, timeouts, limits, and what a session must forget
//! when TLS starts.
//! Out of scope: sockets, clocks, TLS itself, SASL mechanisms and MD5 (`posta-sasl`), and where the
//! messages are (`maildir`).
//!
//! # A session
//!
//! ```text
//!                     STLS            PASS, APOP or AUTH accepted
//!                    ┌─────┐                  open(n, octets)
//!  greeting ──▶ AUTHORIZATION ─────────────────────────────▶ TRANSACTION
//!                    │ ▲   └ tls_started()                        │
//!               QUIT │ └ reject()                                 │ QUIT
//!                    ▼                                            ▼
//!                 closed ◀────────────────────────────────── UPDATE: Event::Quit
//!                    ▲          accept() or reject()
//!                    └── connection lost, idle, too many errors: nothing is removed
//! ```
//!
//! The server machine keeps the number of messages and a bit for each that is marked as deleted; it
//! asks the application for sizes, unique ids and message text when it needs them, so it holds no
//! message and a listing of a million messages passes through a bounded output. Numbers never change
//! during a session: LIST has gaps where messages are marked, and RETR of one is refused.
//!
//! ```
//! use pop3_proto::{Client, Server, client, server};
//! use posta_core::{Instant, testing::Pair};
//! use std::sync::Arc;
//!
//! let message = b"From: ana@a.org\n\nHi Bea\n.\n"; // stored with bare LF
//! let size = 31; // as it is sent, with CRLF
//!
//! let config = server::Config { tls: server::Tls::None, ..Default::default() };
//! let server = Server::new(Arc::new(config), None, Instant::ORIGIN)?;
//! let client = Client::new(client::Limits::default(), client::Quirks::default());
//!
//! let (mut steps, mut got, mut removed) = (0, Vec::new(), Vec::new());
//! let failed = Pair::new(client, server, 4096, 100).run(
//!     |event, pop3| match event {
//!         client::Event::Ready => {
//!             steps += 1;
//!             match steps {
//!                 1 => pop3.login("bea@b.com", "secret").expect("login"),
//!                 2 => pop3.retr(1).expect("retr"),
//!                 3 => pop3.dele(1).expect("dele"),
//!                 _ => pop3.quit().expect("quit"),
//!             }
//!         }
//!         client::Event::Chunk(bytes) => got.extend_from_slice(bytes),
//!         _ => {}
//!     },
//!     |event, pop3| match event {
//!         server::Event::Pass("secret") if pop3.user() == Some("bea@b.com") => {
//!             pop3.open(1, size).expect("open");
//!         }
//!         server::Event::Message { number: 1, .. } => pop3.accept().expect("accept"),
//!         server::Event::Body(_) => {
//!             pop3.body(message).expect("body"); // a file would be read in pieces
//!             pop3.end().expect("end");
//!         }
//!         server::Event::Size(1) => pop3.size(size).expect("size"),
//!         server::Event::Quit => {
//!             removed.extend(pop3.deleted());
//!             pop3.accept().expect("accept");
//!         }
//!         _ => {}
//!     },
//! );
//! assert_eq!(failed, (None, None));
//! assert_eq!(got, b"From: ana@a.org\r\n\r\nHi Bea\r\n.\r\n");
//! assert_eq!(removed, [1]);
//! # Ok::<(), pop3_proto::Misuse>(())
//! ```
//!
//! # Standards
//!
//! - RFC 1939: POP3, with the optional TOP, UIDL and APOP
//! - RFC 2449: CAPA, response codes, PIPELINING, EXPIRE, LOGIN-DELAY, IMPLEMENTATION
//! - RFC 2595: STLS
//! - RFC 3206: the response codes SYS and AUTH, AUTH-RESP-CODE
//! - RFC 5034: AUTH with SASL
//! - RFC 6856: UTF8 on both sides; LANG in the codec only, the server refuses it
//!
//! # Limits
//!
//! | limit | default | from |
//! |---|---|---|
//! | command line | 255 octets | RFC 2449 4 |
//! | first line of a reply, capability | 512 octets | RFC 2449 4 and 5 |
//! | line of an AUTH exchange | 12288 octets | RFC 4954 4, for want of one in RFC 5034 |
//! | unique id | 70 octets | RFC 1939 7 |
//! | messages in a maildrop | 1048576, a bit each | |
//! | bad commands and failed logins | 10 | |
//! | idle time of a session | 10 minutes | RFC 1939 3 |
//! | time a server may take to go on | 5 minutes | |
//! | commands waiting, commands unanswered | 64, 32 | |
//! | output before a machine waits for it to drain | 16384 octets | |
//!
//! Give the [`Input`](posta_core::Input) of a client [`client::Limits::INPUT`] octets, that of a server
//! [`server::Limits::INPUT`]; 512 do if the server offers no SASL mechanisms with long responses. A line
//! that does not fit is refused.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod codec;
mod misuse;
pub mod server;

pub use client::Client;
pub use misuse::Misuse;
pub use server::Server;
