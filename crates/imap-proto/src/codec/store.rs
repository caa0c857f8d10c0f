//! STORE.

use super::{Cursor, ParseError};

/// What STORE does with its flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// These and no others.
    Set,
    /// These too.
    Add,
    /// These no more.
    Remove,
}

impl Store {
    /// ```abnf
    /// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP …
    /// ```
    ///
    /// Also tells whether it is silent.
    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Result<(Self, bool), ParseError> {
        let how = match cursor.peek() {
            Some(b'+') => Self::Add,
            Some(b'-') => Self::Remove,
            _ => Self::Set,
        };
        if how != Self::Set {
            cursor.bump(1);
        }
        if cursor.try_word(b"FLAGS.SILENT") {
            return Ok((how, true));
        }
        if cursor.try_word(b"FLAGS") { Ok((how, false)) } else { cursor.fault("FLAGS") }
    }
}
