//! SMTP, ESMTP and LMTP without I/O: a codec, a client machine and a server machine.
//!
//! **In scope**: the commands and replies of RFC 5321 with the extensions below, groups of commands and
//! their replies, messages of any size as streams in both directions, a status for each recipient,
//! timeouts, limits, and what a session must forget when TLS starts.
//! **Out of scope**: sockets, clocks, TLS itself, SASL mechanisms (`posta-sasl`), where to send a message
//! (`mx-resolve`), what is in it (`imf-message`), and who may send what to whom, which is the
//! application's verdict. BDAT, BINARYMIME and EXPN are understood by the codec and refused by the server.
//!
//! # A session
//!
//! The server machine asks, and the application answers with `accept` or `reject`:
//!
//! ```text
//!  start ──EHLO──▶ greeted ──MAIL──▶ sender ──RCPT──▶ recipients ──DATA──▶ message
//!    ▲              │   ▲               │                │  ▲ │              │ Chunk…
//!    │     STARTTLS │   │ RSET, EHLO    │                │  └─┘ RCPT         │ CRLF.CRLF
//!    └─────────── TLS   ├───────────────┴────────────────┘                   ▼
//!   tls_started()       └────────────────────────────────────────────────── End
//!                                         accept(): 250, the message is ours
//!  any state ──▶ closed: QUIT, 421, connection lost, idle, too many bad commands
//! ```
//!
//! The client machine is given commands, and hands out the replies in their order:
//!
//! ```text
//!                         mail, rcpt…, data             354              end
//!  start ──EHLO──▶ Ready ──────────────────▶ Mail, Rcpt ───▶ Body(room) ───▶ verdict
//!    ▲              │ │ ▲                        │ refused      ▲ │ body        │
//!    │     starttls │ │ └──────── Done ◀─────────┴──────────────┼─┼─────────────┘
//!    └── StartTls ◀─┘ │ quit                                    └─┘
//!   tls_started()     ▼
//!                   closed ◀── any state: error, abort
//! ```
//!
//! If the server offers PIPELINING, what is given at once is sent at once, otherwise a command at a time;
//! the events are the same. No machine ever holds a message, and both refuse what is said in the clear
//! behind STARTTLS. Only CRLF ends a line, and only CRLF.CRLF ends a message.
//!
//! ```
//! use posta_core::{Instant, testing::Pair};
//! use smtp_proto::{
//!     Client, Server, client, server,
//!     codec::{EnhancedCode, MailParams, Mailbox, RcptParams},
//! };
//!
//! let client = Client::new(client::Config::new("a.org")?, Instant::ORIGIN);
//! let server = Server::new(server::Config::new("mx1.b.com")?, Instant::ORIGIN);
//!
//! let ana = Mailbox::new("ana@a.org")?;
//! let recipients = [Mailbox::new("bea@b.com")?, Mailbox::new("nobody@b.com")?];
//! let message = b"From: ana@a.org\n\nHi Bea\n.\n"; // stored with bare LF
//!
//! let (mut status, mut verdict, mut arrived) = ([0; 2], 0, Vec::new());
//! let failed = Pair::new(client, server, server::Limits::INPUT, 100).run(
//!     |event, smtp| match event {
//!         client::Event::Ready if verdict > 0 => smtp.quit().expect("quit"),
//!         client::Event::Ready => {
//!             let params = MailParams::size(31); // as it is sent, with CRLF
//!             smtp.mail(&ana, &params).expect("mail");
//!             for recipient in &recipients {
//!                 smtp.rcpt(recipient, &RcptParams::default()).expect("rcpt");
//!             }
//!             smtp.data().expect("data");
//!         }
//!         client::Event::Rcpt(i, reply) => status[i] = reply.code,
//!         client::Event::Body(_) => {
//!             smtp.body(message).expect("body"); // a file would be read in pieces
//!             smtp.end().expect("end");
//!         }
//!         client::Event::Done(reply) => verdict = reply.code,
//!         _ => {}
//!     },
//!     |event, smtp| match event {
//!         server::Event::Rcpt { path, .. } if path.as_str() != "bea@b.com" => {
//!             smtp.reject(550, EnhancedCode(5, 1, 1), "No such user").expect("reject");
//!         }
//!         server::Event::Chunk(bytes) => arrived.extend_from_slice(bytes),
//!         server::Event::End => smtp.accept_with("queued as 1").expect("accept"), // once it is on disk
//!         server::Event::Helo { .. }
//!         | server::Event::Mail { .. }
//!         | server::Event::Rcpt { .. }
//!         | server::Event::Data => smtp.accept().expect("accept"),
//!         _ => {} // Quit, Rset, Bad: they have their replies
//!     },
//! );
//! assert_eq!(failed, (None, None));
//! assert_eq!((status, verdict), ([250, 550], 250));
//! assert_eq!(arrived, b"From: ana@a.org\r\n\r\nHi Bea\r\n.\r\n");
//! # Ok::<(), smtp_proto::codec::ParseError>(())
//! ```
//!
//! # Standards
//!
//! - RFC 5321: SMTP
//! - RFC 2033: LMTP, one reply for each recipient
//! - RFC 1870: SIZE
//! - RFC 2034, 3463: ENHANCEDSTATUSCODES
//! - RFC 2920: PIPELINING
//! - RFC 3207: STARTTLS; RFC 8314: TLS from the beginning
//! - RFC 3461: DSN, its parameters; RFC 6533 3: the type `utf-8` of ORCPT
//! - RFC 4954: AUTH, its framing
//! - RFC 6152: 8BITMIME
//! - RFC 6531: SMTPUTF8
//!
//! # Limits
//!
//! | limit | default | from |
//! |---|---|---|
//! | local part, domain, path | 64, 255, 256 octets | RFC 5321 4.5.3.1.1 to 4.5.3.1.3 |
//! | parameters of a command | [32](codec::MAX_PARAMS) | |
//! | ENVID, ORCPT | 100, 500 octets | RFC 3461 4.4 and 4.2 |
//! | **server** ([`server::Limits`]) | | |
//! | command line | 2048 octets | RFC 5321 4.5.3.1.4 asks for 512, extensions for more |
//! | line of an AUTH exchange | 12288 octets | RFC 4954 4 |
//! | recipients of a message | 1000 | RFC 5321 4.5.3.1.8 asks for 100 |
//! | message | 50 MiB | RFC 5321 4.5.3.1.7 asks for 64 KiB, RFC 1870 |
//! | bad commands and failed logins | 20 | |
//! | waiting for a command or for a piece of a message | 5 minutes | RFC 5321 4.5.3.2.7 |
//! | octets of a message a second, on the average after five minutes | 100 | |
//! | **client** ([`client::Limits`]) | | |
//! | reply, all its lines | 8192 octets | RFC 5321 4.5.3.1.5: 512 a line |
//! | commands waiting | 512 KiB | |
//! | commands unanswered | 64 | RFC 2920 3.1 |
//! | greeting, MAIL, RCPT, any other command | 5 minutes | RFC 5321 4.5.3.2.1 to 4.5.3.2.3 |
//! | DATA | 2 minutes | RFC 5321 4.5.3.2.4 |
//! | a piece of the message | 3 minutes | RFC 5321 4.5.3.2.5 |
//! | the verdict on the message | 10 minutes | RFC 5321 4.5.3.2.6 |
//! | **both** | | |
//! | output before a machine waits for it to drain | 16384 octets | |
//! | last words | 10 seconds | |
//!
//! Give the [`Input`](posta_core::Input) of a server [`server::Limits::INPUT`] octets, that of a client at
//! least [`client::Limits::reply`]. An idle machine holds less than 1 KiB.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod client;
pub mod codec;
mod error;
pub mod limits;
mod protocol;
pub mod server;

pub use client::Client;
pub use error::{Error, Misuse};
pub use protocol::Protocol;
pub use server::Server;
