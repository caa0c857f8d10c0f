//! The security suite: classes V1 to V30 of the holes that mail servers have had, as cases that can be tried
//! on any SMTP, LMTP, POP3 or IMAP server on loopback.
//!
//! ```text
//!  tables ─▶ Case ─▶ talk(Peer) ─▶ Heard ─▶ judge ─▶ Verdict ─▶ report
//!                        │
//!                        ├ Wire: a socket, with or without TLS
//!                        └ in the tests: a machine in memory, cut at every split
//! ```
//!
//! A [`Case`] is data: where a session stands, what is sent then, and the [`Rule`] that must hold of what is
//! heard. What one case cannot tell is measured beside them: [`measures`] holds what takes many connections, a
//! look at files, or at memory. What is proved elsewhere, or out of reach, is listed by [`elsewhere`].

mod case;
pub mod elsewhere;
mod facts;
mod judge;
pub mod measures;
pub mod reply;
mod report;
mod run;
mod server;
mod tables;
mod talk;
mod wire;

pub use case::{Case, Kind, Rule, SMTP, Stage, Step, Verdict, ask, case, need, say, send, short};
pub use facts::Facts;
pub use judge::{judge, said};
pub use report::{Outcome, Report};
pub use run::run;
pub use server::{BadServer, Server, loopback, try_case};
pub use tables::{ELSEWHERE, ENDS, HERE, cases};
pub use talk::{Ended, Heard, Peer, Stopped, talk};
pub use wire::Wire;
