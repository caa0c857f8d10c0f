//! Drivers for posta's machines: tokio and blocking std, TLS by rustls, DNS over UDP and TCP.
//!
//! The protocol crates never open a socket and never read a clock. This crate does both for them, and
//! knows nothing of any protocol: one driver serves every [`Machine`](posta_core::Machine).
//!
//! - [`Conn`]: a machine on a tokio stream. [`blocking::Conn`]: on a blocking one.
//! - [`Stream`]: in the clear or under TLS, so that STARTTLS keeps the type of the connection.
//! - [`tls`]: configurations of rustls for mail: public roots, a private authority, or unchecked; and
//!   what binds a login to its connection.
//! - [`dns`]: a resolver that finds where mail goes.
//! - [`connect`]: to the first of several addresses that answers.
//! - [`Listener`] and [`Stop`]: connection limits, back-off, graceful stop.
//! - [`Clock`]: between the machines' time and the system's.
//!
//! Out of scope: protocols, policy, retries, pools of connections, configuration files, signals.
//!
//! ```text
//!                 ┌──────────── command ───────────┐
//!                 ▼                                │
//!   step ──► Event ─────────────────────────► application
//!    ▲  ├──► Read ───► write, flush, read ──┐
//!    │  ├──► Wait ───► write, flush         ├─► something moved, or the deadline
//!    │  │                                   │
//!    └──┼───────────────────────────────────┘
//!       ├──► Closed ─► write, flush, close_notify, end ───► None
//!       └──► Error ──► the same, within LAST_WORDS ───────► the error
//! ```
//!
//! # A whole conversation
//!
//! A machine that greets, echoes lines, and leaves at an empty one. It is the shape of all of them.
//!
//! ```
//! use posta_core::{Input, Instant, Machine, Output, Step};
//! use posta_net::{Clock, Conn};
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! #[derive(Default)]
//! struct Echo { output: Output, over: bool }
//!
//! impl Echo {
//!     fn new() -> Self {
//!         let mut echo = Echo::default();
//!         echo.say(b"welcome\n");
//!         echo
//!     }
//!
//!     fn say(&mut self, line: &[u8]) {
//!         self.output.put(line);
//!     }
//!
//!     fn quit(&mut self) {
//!         self.over = true;
//!     }
//! }
//!
//! impl Machine for Echo {
//!     type Event<'i> = &'i [u8];
//!     type Error = &'static str;
//!
//!     fn step<'i>(&mut self, input: &'i mut Input, _: Instant)
//!         -> Result<Step<'i, &'i [u8]>, &'static str>
//!     {
//!         if self.over {
//!             return Ok(Step::Closed);
//!         }
//!         match input.line() {
//!             Some(n) => Ok(Step::Event(input.take(n))),
//!             None if input.is_full() => { self.over = true; Err("line too long") }
//!             None if input.is_eof() => { self.over = true; Err("cut off") }
//!             None => Ok(Step::Read(input)),
//!         }
//!     }
//!
//!     fn output(&mut self) -> &mut Output {
//!         &mut self.output
//!     }
//!
//!     fn deadline(&self) -> Option<Instant> {
//!         None
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let (mut client, server) = tokio::io::duplex(64);
//! client.write_all(b"hello\n\n").await.unwrap();
//!
//! let mut conn = Conn::new(Echo::new(), server, 1024, Clock::start());
//! while let Some((line, echo)) = conn.next().await.unwrap() {
//!     match line {
//!         b"\n" => { echo.say(b"bye\n"); echo.quit() }
//!         line => echo.say(line),
//!     }
//!     # if line == b"\n" { client.shutdown().await.unwrap() }
//! }
//!
//! let mut heard = String::new();
//! client.read_to_string(&mut heard).await.unwrap();
//! assert_eq!(heard, "welcome\nhello\nbye\n");
//! # }
//! ```
//!
//! # What is promised
//!
//! - [`Conn::next`] is cancel safe: it may stand in a `select!`.
//! - It reads while it writes: no two peers block each other for ever.
//! - A connection that is idle for a second holds no buffer.
//! - Nothing waits without end for a peer that does not read: the machine's deadline bounds a
//!   conversation, [`LAST_WORDS`] its end.
//! - What came in the clear before TLS is refused (RFC 3207 4.2).
//!
//! # Limits
//!
//! | What | Default | Where |
//! |---|---|---|
//! | input of a connection | none: the machine's own limit | `limit` of [`Conn::new`] |
//! | last words | 30 s, or the machine's deadline | [`LAST_WORDS`] |
//! | TLS handshake | 30 s, or the machine's deadline | [`tls::HANDSHAKE`] |
//! | sessions of a listener | 1000 | [`Limits::sessions`] |
//! | sessions of one address | 50 | [`Limits::per_address`] |
//! | grace after the stop | 30 s | [`Limits::grace`] |
//! | questions to the DNS under way | 1024 | [`mx_resolve::StubConfig::max_queries`] |
//! | answers kept | 4096, in 4 MiB | [`mx_resolve::CacheLimits`] |
//!
//! # Standards
//!
//! - RFC 3207, 2595, 9051: STARTTLS and STLS, as far as the stream is concerned.
//! - RFC 8314: TLS from the first octet ([`tls::connect`], [`tls::accept`]).
//! - RFC 8446, RFC 5246, RFC 9325: TLS 1.3 and 1.2, by rustls.
//! - RFC 9266, RFC 5929 4: what a login can be bound by ([`Stream::bindings`]).
//! - RFC 1035, RFC 7766, RFC 5452 9: DNS over UDP and TCP, as far as sockets are concerned.
//! - RFC 7435: opportunistic security ([`tls::Verify::None`]).

pub mod blocking;
mod clock;
mod conn;
mod connect;
pub mod dns;
mod error;
mod listener;
mod pump;
mod stop;
mod stream;
pub mod tls;

pub use clock::Clock;
pub use conn::{Conn, Next, Passed, Tap};
pub use connect::{ConnectError, connect};
pub use error::Error;
pub use listener::{Limits, Listener};
pub use pump::LAST_WORDS;
pub use stop::Stop;
pub use stream::Stream;
