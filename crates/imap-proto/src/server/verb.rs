//! What a command is, before it is read.

use crate::codec::{Cursor, Quirks};

/// What the machine must know of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Capability,
    Id,
    Logout,
    StartTls,
    Login,
    Authenticate,
    Enable,
    /// SELECT and EXAMINE.
    Select,
    /// CLOSE and UNSELECT.
    Unselect,
    Append,
    Idle,
    /// FETCH, STORE and SEARCH with sequence numbers: no message may be expunged meanwhile.
    Numbers,
    /// SEARCH with sequence numbers, and UID SEARCH.
    Search {
        uid: bool,
    },
    /// Any other.
    Other,
}

/// Since when in a session a command is possible. RFC 3501 3
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Since {
    Always,
    Login,
    Select,
}

impl Verb {
    /// The verb of a line, since when it is possible, and the extension that it belongs to; `None` if
    /// there is no such command.
    pub(super) fn of(line: &[u8]) -> Option<(Self, Since, &'static str)> {
        let mut cursor = Cursor::new(line, Quirks::default());
        cursor.tag().ok()?;
        cursor.space().ok()?;
        let mut name = cursor.name().ok()?;
        let uid = name.eq_ignore_ascii_case("UID");
        if uid {
            cursor.space().ok()?;
            name = cursor.name().ok()?;
        }
        let known = TABLE.iter().find(|row| row.0.eq_ignore_ascii_case(name));
        let (_, verb, since, extension) = *known?;
        Some(match verb {
            Self::Numbers if uid => (Self::Other, since, extension),
            Self::Search { .. } => (Self::Search { uid }, since, extension),
            Self::Other if uid && name.eq_ignore_ascii_case("EXPUNGE") => (verb, since, "UIDPLUS"),
            _ => (verb, since, extension),
        })
    }
}

#[rustfmt::skip]
const TABLE: [(&str, Verb, Since, &str); 30] = [
    ("CAPABILITY",   Verb::Capability,            Since::Always, ""),
    ("NOOP",         Verb::Other,                 Since::Always, ""),
    ("LOGOUT",       Verb::Logout,                Since::Always, ""),
    ("ID",           Verb::Id,                    Since::Always, ""),
    ("STARTTLS",     Verb::StartTls,              Since::Always, ""),
    ("AUTHENTICATE", Verb::Authenticate,          Since::Always, ""),
    ("LOGIN",        Verb::Login,                 Since::Always, ""),
    ("ENABLE",       Verb::Enable,                Since::Login,  ""),
    ("SELECT",       Verb::Select,                Since::Login,  ""),
    ("EXAMINE",      Verb::Select,                Since::Login,  ""),
    ("CREATE",       Verb::Other,                 Since::Login,  ""),
    ("DELETE",       Verb::Other,                 Since::Login,  ""),
    ("RENAME",       Verb::Other,                 Since::Login,  ""),
    ("SUBSCRIBE",    Verb::Other,                 Since::Login,  ""),
    ("UNSUBSCRIBE",  Verb::Other,                 Since::Login,  ""),
    ("LIST",         Verb::Other,                 Since::Login,  ""),
    ("LSUB",         Verb::Other,                 Since::Login,  ""),
    ("NAMESPACE",    Verb::Other,                 Since::Login,  "NAMESPACE"),
    ("STATUS",       Verb::Other,                 Since::Login,  ""),
    ("APPEND",       Verb::Append,                Since::Login,  ""),
    ("IDLE",         Verb::Idle,                  Since::Login,  "IDLE"),
    ("CHECK",        Verb::Other,                 Since::Select, ""),
    ("CLOSE",        Verb::Unselect,              Since::Select, ""),
    ("UNSELECT",     Verb::Unselect,              Since::Select, "UNSELECT"),
    ("EXPUNGE",      Verb::Other,                 Since::Select, ""),
    ("SEARCH",       Verb::Search { uid: false }, Since::Select, ""),
    ("FETCH",        Verb::Numbers,               Since::Select, ""),
    ("STORE",        Verb::Numbers,               Since::Select, ""),
    ("COPY",         Verb::Other,                 Since::Select, ""),
    ("MOVE",         Verb::Other,                 Since::Select, "MOVE"),
];
