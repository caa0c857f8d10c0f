//! The cases, by protocol.

mod imap;
mod names;
mod pop3;
mod relay;
mod smtp;

pub use relay::{ELSEWHERE, HERE};
pub use smtp::ENDS;

use crate::case::Case;

/// All cases, class by class.
pub fn cases() -> Vec<Case> {
    let mut cases =
        [smtp::cases(), relay::cases(), pop3::cases(), imap::cases(), names::cases()].concat();
    cases.sort_by_key(|case| case.class);
    cases
}
