//! One file, under 60 lines, for each thing that an embedder wants to do first.
//!
//! Each is complete in itself: copy the file, and add the crates that its `use` lines name. A test runs each
//! against a server made of the same crates.
//!
//! | to | file | shown |
//! |---|---|---|
//! | send a message | [`send`] | STARTTLS, a login, a verdict for each recipient |
//! | take every message | [`sink`] | a listener, a session of a server, messages as streams |
//! | fetch the newest mails | [`fetch`] | IMAP, bodies of any size into any writer |
//! | watch a mailbox | [`watch`] | IMAP IDLE, renewed by itself, a graceful end |
//! | empty a mailbox | [`collect`] | POP3 without an async runtime, into a Maildir, nothing lost |
//! | test with a real server | `tests/server_in_a_test.rs` | a server within a test, on a free port and under TLS |
//! | use a transport of your own | [`own_transport`] | the loop of a driver by hand, for any machine |

pub mod collect;
pub mod fetch;
pub mod own_transport;
pub mod send;
pub mod sink;
pub mod watch;
