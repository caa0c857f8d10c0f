//! The shapes that every posta crate shares.
//!
//! In scope: what a protocol machine is and how a driver talks to it ([`Machine`], [`Step`], [`Input`],
//! [`Output`], [`Instant`]), the dots before the lines of SMTP and POP3 ([`dot`]), the names of mailboxes in
//! IMAP and on disk ([`utf7`]), the file operations of those who store mail ([`disk`]), and harnesses for
//! tests (`testing`, with the feature of that name).
//! Out of scope: sockets, clocks and TLS (`posta-net`), and every protocol.
//!
//! # A machine and its driver
//!
//! ```text
//!                     ┌─▶ Event   tell the application, which answers with commands
//!                     ├─▶ Read    flush, then read into the Input
//!  step(input, now) ──┼─▶ Wait    flush, then sleep until a command or the deadline
//!                     ├─▶ Closed  flush, then close
//!                     └─▶ Err     flush the last words, then close
//! ```
//!
//! A whole session of a protocol with one command. The machine takes lines and answers each; the driver
//! here is a loop over bytes in memory, where another would read from a socket.
//!
//! ```
//! use posta_core::{Input, Instant, Machine, Output, Step};
//! use std::time::Duration;
//!
//! /// Says every line back, and goodbye after `QUIT`.
//! struct Echo {
//!     output: Output,
//!     deadline: Option<Instant>,
//!     over: bool,
//! }
//!
//! #[derive(Debug, PartialEq)]
//! enum EchoError {
//!     Idle,
//!     Cut,
//! }
//!
//! impl Machine for Echo {
//!     type Event<'i> = &'i [u8];
//!     type Error = EchoError;
//!
//!     fn step<'i>(
//!         &mut self,
//!         input: &'i mut Input,
//!         now: Instant,
//!     ) -> Result<Step<'i, &'i [u8]>, EchoError> {
//!         // The deadline, then our own output, then the input.
//!         if self.over {
//!             return Ok(Step::Closed);
//!         }
//!         if self.deadline.is_some_and(|deadline| deadline <= now) {
//!             self.over = true;
//!             return Err(EchoError::Idle);
//!         }
//!         if self.output.is_full() {
//!             return Ok(Step::Wait(input));
//!         }
//!         let Some(n) = input.line() else {
//!             if input.is_eof() || input.is_full() {
//!                 self.over = true;
//!                 return Err(EchoError::Cut);
//!             }
//!             return Ok(Step::Read(input));
//!         };
//!         self.deadline = Some(now + Duration::from_secs(300));
//!         let line = input.take(n);
//!         self.output.put(line);
//!         self.over = line == b"QUIT\r\n";
//!         Ok(Step::Event(line))
//!     }
//!
//!     fn output(&mut self) -> &mut Output {
//!         &mut self.output
//!     }
//!
//!     fn deadline(&self) -> Option<Instant> {
//!         self.deadline
//!     }
//! }
//!
//! let mut echo = Echo { output: Output::default(), deadline: None, over: false };
//! let (mut input, mut now) = (Input::new(512), Instant::ORIGIN);
//! let mut network = [&b"Hel"[..], b"lo\r\nQU", b"IT\r\n"].into_iter();
//! let (mut heard, mut sent) = (0, Vec::new());
//! loop {
//!     match echo.step(&mut input, now)? {
//!         Step::Event(_line) => heard += 1,
//!         Step::Read(input) => {
//!             match network.next() {
//!                 Some(bytes) => input.extend(bytes),
//!                 None => { input.end(); 0 }
//!             };
//!         }
//!         Step::Wait(_) => now = echo.deadline().unwrap_or(now),
//!         Step::Closed => break,
//!     }
//!     // A driver flushes before it reads again.
//!     sent.extend_from_slice(echo.output().bytes());
//!     let n = echo.output().len();
//!     echo.output().sent(n);
//! }
//! assert_eq!((heard, &*sent), (2, &b"Hello\r\nQUIT\r\n"[..]));
//! # Ok::<(), EchoError>(())
//! ```
//!
//! # Standards
//!
//! - RFC 5321 4.5.2: dots; 2.3.8: CR and LF only as CRLF. RFC 1939 3: dots in POP3.
//! - RFC 3501 5.1.3: modified UTF-7.
//!
//! # Limits
//!
//! | limit | default |
//! |---|---|
//! | [`Input`]: octets received and not yet taken | what its maker says; the protocol crates say how much they need |
//! | [`Output`]: octets from which on a machine waits for it to drain | 16,384 |
//! | [`disk`]: path | 4,096 octets |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod base64;
pub mod disk;
pub mod dot;
mod input;
mod instant;
mod machine;
mod output;
#[cfg(feature = "testing")]
pub mod testing;
pub mod utf7;

pub use base64::is_base64;
pub use input::Input;
pub use instant::Instant;
pub use machine::{Machine, Step};
pub use output::Output;
