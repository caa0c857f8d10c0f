//! What the fuzz targets do: one function of bytes for each, so that a test on the stable toolchain can
//! replay what the fuzzer has found.
//!
//! A function panics if something that must hold of every input does not. Its inputs are the seeds in
//! `seeds/`, the crashes ever found in `crashes/`, and whatever `cargo +nightly fuzz run` makes of them.

pub mod core;
pub mod dns;
pub mod drive;
pub mod imap;
pub mod maildir;
pub mod message;
pub mod pop3;
pub mod queue;
pub mod sasl;
pub mod script;
pub mod smtp;

/// What a target does with its input.
pub type Target = fn(&[u8]);

/// Every target, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("dns_router", dns::dns_router),
    ("dns_stub", dns::dns_stub),
    ("dot", core::dot),
    ("imap_client", imap::client),
    ("imap_command", imap::command),
    ("imap_pair", imap::pair),
    ("imap_response", imap::response),
    ("imap_server", imap::server),
    ("maildir", maildir::maildir),
    ("message", message::message),
    ("message_imap", message::message_imap),
    ("message_transfer", message::transfer),
    ("message_values", message::values),
    ("pop3_client", pop3::client),
    ("pop3_line", pop3::line),
    ("pop3_pair", pop3::pair),
    ("pop3_server", pop3::server),
    ("queue", queue::queue),
    ("sasl", sasl::exchange),
    ("sasl_passwords", sasl::passwords),
    ("smtp_client", smtp::client),
    ("smtp_command", smtp::command),
    ("smtp_pair", smtp::pair),
    ("smtp_reply", smtp::reply),
    ("smtp_server", smtp::server),
    ("utf7", core::utf7),
];

/// Runs a target.
///
/// # Panics
/// If there is none of that name, or it has found something.
pub fn run(name: &str, data: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    target(data);
}

#[cfg(test)]
mod replay;
