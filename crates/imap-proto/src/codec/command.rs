//! Everything that a client says.

use super::{
    Capability, Cursor, DateTime, FetchItem, Flag, IdField, Items, ParseError, Quirks, SearchKey,
    Sequence, StatusItem, Store, Text,
};
use core::fmt;

/// A command, with the literals in it. RFC 3501 6
///
/// Names of mailboxes are as they stand on the wire, in modified UTF-7; `INBOX` comes in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command<'a> {
    /// CAPABILITY
    Capability,
    /// NOOP
    Noop,
    /// LOGOUT
    Logout,
    /// ID: what the client says of itself. RFC 2971
    Id(Items<'a, IdField<'a>>),
    /// STARTTLS
    StartTls,
    /// AUTHENTICATE
    Authenticate {
        /// In the client's spelling; case does not count.
        mechanism: &'a str,
        /// In base64; `Some("")` is a response without data. RFC 4959
        initial: Option<Secret<&'a str>>,
    },
    /// LOGIN
    Login {
        /// The name.
        user: Text<'a>,
        /// The password.
        password: Secret<Text<'a>>,
    },
    /// ENABLE. RFC 5161
    Enable(Items<'a, Capability<'a>>),
    /// SELECT
    Select(Text<'a>),
    /// EXAMINE
    Examine(Text<'a>),
    /// CREATE
    Create(Text<'a>),
    /// DELETE
    Delete(Text<'a>),
    /// RENAME
    Rename {
        /// The name it has.
        from: Text<'a>,
        /// The name it gets.
        to: Text<'a>,
    },
    /// SUBSCRIBE
    Subscribe(Text<'a>),
    /// UNSUBSCRIBE
    Unsubscribe(Text<'a>),
    /// LIST
    List {
        /// What the pattern is relative to.
        reference: Text<'a>,
        /// In which `*` stands for anything, `%` for anything within a level.
        pattern: Text<'a>,
    },
    /// LSUB
    Lsub {
        /// What the pattern is relative to.
        reference: Text<'a>,
        /// As in LIST.
        pattern: Text<'a>,
    },
    /// NAMESPACE. RFC 2342
    Namespace,
    /// STATUS
    Status {
        /// Which mailbox.
        mailbox: Text<'a>,
        /// What of it.
        items: Items<'a, StatusItem>,
    },
    /// APPEND, up to its literal.
    Append {
        /// To which mailbox.
        mailbox: Text<'a>,
        /// The flags that the message gets.
        flags: Items<'a, Flag<'a>>,
        /// Its internal date; now if there is none.
        date: Option<DateTime>,
        /// Its octets.
        size: u64,
    },
    /// IDLE. RFC 2177
    Idle,
    /// CHECK
    Check,
    /// CLOSE
    Close,
    /// UNSELECT. RFC 3691
    Unselect,
    /// EXPUNGE, or UID EXPUNGE with UIDs. RFC 4315
    Expunge(Option<Items<'a, Sequence>>),
    /// SEARCH
    Search {
        /// Whether the answer is UIDs.
        uid: bool,
        /// The charset of the texts; US-ASCII if it is not given.
        charset: Option<Text<'a>>,
        /// A message is looked for that all of them are true of.
        keys: Items<'a, SearchKey<'a>>,
    },
    /// FETCH
    Fetch {
        /// Whether messages are named by UIDs, which are then told as well.
        uid: bool,
        /// Which messages.
        set: Items<'a, Sequence>,
        /// What of them.
        items: Items<'a, FetchItem<'a>>,
    },
    /// STORE
    Store {
        /// Whether messages are named by UIDs.
        uid: bool,
        /// Which messages.
        set: Items<'a, Sequence>,
        /// What becomes of the flags.
        how: Store,
        /// The client does not want to be told.
        silent: bool,
        /// The flags.
        flags: Items<'a, Flag<'a>>,
    },
    /// COPY
    Copy {
        /// Whether messages are named by UIDs.
        uid: bool,
        /// Which messages.
        set: Items<'a, Sequence>,
        /// To which mailbox.
        mailbox: Text<'a>,
    },
    /// MOVE. RFC 6851
    Move {
        /// Whether messages are named by UIDs.
        uid: bool,
        /// Which messages.
        set: Items<'a, Sequence>,
        /// To which mailbox.
        mailbox: Text<'a>,
    },
}

/// Why something is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct CommandError<'a> {
    /// The tag to answer with, if at least that could be read.
    pub tag: Option<&'a str>,
    /// What is wrong.
    pub error: ParseError,
}

impl<'a> Command<'a> {
    /// Reads a command, given with its literals and without its CRLF, and its tag. Of APPEND the part
    /// up to the message is read: it ends with the literal's size and the CRLF behind that.
    ///
    /// # Errors
    /// It is none. A command that is not known is one of them.
    pub fn parse(wire: &'a [u8]) -> Result<(&'a str, Self), CommandError<'a>> {
        Self::parse_with(wire, Quirks::default())
    }

    /// The same, with some tolerance.
    ///
    /// # Errors
    /// It is none, or would need more.
    pub fn parse_with(wire: &'a [u8], quirks: Quirks) -> Result<(&'a str, Self), CommandError<'a>> {
        let mut cursor = Cursor::new(wire, quirks);
        let tag = cursor.tag().map_err(|error| CommandError { tag: None, error })?;
        match cursor.space().and_then(|()| Self::read(&mut cursor)) {
            Ok(command) => Ok((tag, command)),
            Err(error) => Err(CommandError { tag: Some(tag), error }),
        }
    }

    /// ```abnf
    /// command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
    /// ```
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let start = *cursor;
        let mut name = cursor.name()?;
        let uid = name.eq_ignore_ascii_case("UID");
        if uid {
            cursor.space()?;
            name = cursor.name()?;
        }
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let command = match name {
            _ if is("FETCH") => {
                let set = read_set(cursor)?;
                Self::Fetch { uid, set, items: FetchItem::read_all(cursor)? }
            }
            _ if is("STORE") => Self::read_store(uid, cursor)?,
            _ if is("SEARCH") => Self::read_search(uid, cursor)?,
            _ if is("COPY") => {
                let set = read_set(cursor)?;
                Self::Copy { uid, set, mailbox: cursor.astring()? }
            }
            _ if is("MOVE") => {
                let set = read_set(cursor)?;
                Self::Move { uid, set, mailbox: cursor.astring()? }
            }
            _ if is("EXPUNGE") && uid => {
                cursor.space()?;
                Self::Expunge(Some(Items::read_set(cursor)?))
            }
            _ if uid => return start.fault("a command that knows UIDs"),
            _ if is("EXPUNGE") => Self::Expunge(None),
            _ if is("CAPABILITY") => Self::Capability,
            _ if is("NOOP") => Self::Noop,
            _ if is("LOGOUT") => Self::Logout,
            _ if is("STARTTLS") => Self::StartTls,
            _ if is("NAMESPACE") => Self::Namespace,
            _ if is("IDLE") => Self::Idle,
            _ if is("CHECK") => Self::Check,
            _ if is("CLOSE") => Self::Close,
            _ if is("UNSELECT") => Self::Unselect,
            _ if is("ID") => {
                cursor.space()?;
                Self::Id(if cursor.nil() { Items::default() } else { Items::read_list(cursor)? })
            }
            _ if is("ENABLE") => {
                cursor.space()?;
                let at = *cursor;
                let capabilities: Items<'_, Capability<'_>> = Items::read_to_end(cursor)?;
                if capabilities.is_empty() {
                    return at.fault("a capability");
                }
                Self::Enable(capabilities)
            }
            _ if is("LOGIN") => {
                let (user, password) = read_two(cursor, Cursor::astring)?;
                Self::Login { user, password: Secret(password) }
            }
            _ if is("AUTHENTICATE") => Self::read_authenticate(cursor)?,
            _ if is("SELECT") => Self::Select(read_mailbox(cursor)?),
            _ if is("EXAMINE") => Self::Examine(read_mailbox(cursor)?),
            _ if is("CREATE") => Self::Create(read_mailbox(cursor)?),
            _ if is("DELETE") => Self::Delete(read_mailbox(cursor)?),
            _ if is("SUBSCRIBE") => Self::Subscribe(read_mailbox(cursor)?),
            _ if is("UNSUBSCRIBE") => Self::Unsubscribe(read_mailbox(cursor)?),
            _ if is("RENAME") => {
                let (from, to) = read_two(cursor, Cursor::astring)?;
                Self::Rename { from, to }
            }
            _ if is("LIST") => {
                let (reference, pattern) = read_two(cursor, Cursor::pattern)?;
                Self::List { reference, pattern }
            }
            _ if is("LSUB") => {
                let (reference, pattern) = read_two(cursor, Cursor::pattern)?;
                Self::Lsub { reference, pattern }
            }
            _ if is("STATUS") => {
                let mailbox = read_mailbox(cursor)?;
                cursor.space()?;
                let at = *cursor;
                let items = Items::read_list(cursor)?;
                if items.is_empty() {
                    return at.fault("an item of a mailbox's status");
                }
                Self::Status { mailbox, items }
            }
            _ if is("APPEND") => Self::read_append(cursor)?,
            _ => return start.fault("a command"),
        };
        cursor.end()?;
        Ok(command)
    }

    /// ```abnf
    /// authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]
    /// ```
    fn read_authenticate(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.space()?;
        let mechanism = cursor.name()?;
        if cursor.is_empty() {
            return Ok(Self::Authenticate { mechanism, initial: None });
        }
        cursor.space()?;
        let start = *cursor;
        let initial = cursor.name()?;
        match initial {
            "=" => Ok(Self::Authenticate { mechanism, initial: Some(Secret("")) }),
            _ if posta_core::is_base64(initial.as_bytes()) => {
                Ok(Self::Authenticate { mechanism, initial: Some(Secret(initial)) })
            }
            _ => start.fault("base64"),
        }
    }

    /// ```abnf
    /// append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
    /// ```
    fn read_append(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let mailbox = read_mailbox(cursor)?;
        cursor.space()?;
        let mut flags = Items::default();
        if cursor.peek() == Some(b'(') {
            flags = Items::read_list(cursor)?;
            cursor.space()?;
        }
        let mut date = None;
        if cursor.peek() == Some(b'"') {
            let start = *cursor;
            let parsed = DateTime::parse(&cursor.string()?.bytes());
            date = Some(parsed.or_else(|_| start.fault("a date with time"))?);
            cursor.space()?;
        }
        let size = cursor.literal_head()?;
        Ok(Self::Append { mailbox, flags, date, size })
    }

    /// ```abnf
    /// search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
    /// ```
    fn read_search(uid: bool, cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.space()?;
        let mut charset = None;
        if cursor.try_word(b"CHARSET") {
            cursor.space()?;
            charset = Some(cursor.astring()?);
            cursor.space()?;
        }
        Ok(Self::Search { uid, charset, keys: SearchKey::read_all(cursor)? })
    }

    /// ```abnf
    /// store           = "STORE" SP sequence-set SP store-att-flags
    /// store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
    /// ```
    fn read_store(uid: bool, cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let set = read_set(cursor)?;
        let (how, silent) = Store::read(cursor)?;
        cursor.space()?;
        let start = *cursor;
        let flags = if cursor.peek() == Some(b'(') {
            Items::read_list(cursor)?
        } else {
            let flags = Items::read_to_end(cursor)?;
            if flags.is_empty() {
                return start.fault("a flag");
            }
            flags
        };
        Ok(Self::Store { uid, set, how, silent, flags })
    }
}

/// `SP sequence-set SP`
fn read_set<'a>(cursor: &mut Cursor<'a>) -> Result<Items<'a, Sequence>, ParseError> {
    cursor.space()?;
    let set = Items::read_set(cursor)?;
    cursor.space()?;
    Ok(set)
}

/// `SP mailbox`
fn read_mailbox<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, ParseError> {
    cursor.space()?;
    cursor.astring()
}

/// `SP mailbox SP list-mailbox`, `SP userid SP password`, `SP mailbox SP mailbox`
fn read_two<'a>(
    cursor: &mut Cursor<'a>,
    second: impl Fn(&mut Cursor<'a>) -> Result<Text<'a>, ParseError>,
) -> Result<(Text<'a>, Text<'a>), ParseError> {
    let first = read_mailbox(cursor)?;
    cursor.space()?;
    Ok((first, second(cursor)?))
}

/// Something that is never shown when its owner is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<T>(pub T);

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
