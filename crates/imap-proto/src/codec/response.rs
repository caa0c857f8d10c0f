//! Everything that a server says.

use super::{
    Capability, Code, Cursor, Esearch, Fetch, Flag, Items, MailboxList, MailboxStatus, Namespaces,
    ParseError, Quirk, Quirks, Range, Search, Text, items::Wire, put_number, put_set,
    text::write_nstring,
};
use crate::Misuse;
use alloc::vec::Vec;

/// A line of a server's, with the literals in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// `+`: go on with the command. The text is a challenge in base64, or anything.
    Continue(Text<'a>),
    /// The answer to a command.
    Tagged(&'a str, Status<'a>),
    /// A status that answers no command; the greeting is one.
    Status(Status<'a>),
    /// Data.
    Data(Data<'a>),
}

/// A status. RFC 3501 7.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status<'a> {
    /// Its first word.
    pub condition: Condition,
    /// What stands in brackets at the front of the text.
    pub code: Option<Code<'a>>,
    /// The rest, for people.
    pub text: Text<'a>,
}

/// The first word of a [`Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It was done.
    Ok,
    /// It was not done.
    No,
    /// It was not understood.
    Bad,
    /// As a greeting: no login is needed.
    PreAuth,
    /// The server closes the connection.
    Bye,
}

/// What a server tells of itself, of mailboxes and of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data<'a> {
    /// All that it can do.
    Capability(Items<'a, Capability<'a>>),
    /// What ENABLE has turned on. RFC 5161
    Enabled(Items<'a, Capability<'a>>),
    /// The flags that messages of this mailbox can have.
    Flags(Items<'a, Flag<'a>>),
    /// A mailbox.
    List(MailboxList<'a>),
    /// A mailbox that is subscribed.
    Lsub(MailboxList<'a>),
    /// How a mailbox stands.
    Status(MailboxStatus<'a>),
    /// The messages that a search found.
    Search(Search<'a>),
    /// The same, with what was asked for. RFC 4731
    Esearch(Esearch<'a>),
    /// Where mailboxes are. RFC 2342
    Namespace(Namespaces<'a>),
    /// What the server is. RFC 2971
    Id(Items<'a, IdField<'a>>),
    /// How many messages are in the mailbox.
    Exists(u32),
    /// How many of them no session has seen before.
    Recent(u32),
    /// This message is gone, and all behind it have moved up by one.
    Expunge(u32),
    /// These messages are gone. RFC 7162
    Vanished {
        /// They went before; no sequence number changes.
        earlier: bool,
        /// Which.
        uids: Items<'a, Range>,
    },
    /// A message.
    Fetch(Fetch<'a>),
    /// Anything else, without the asterisk.
    Other(&'a [u8]),
}

/// What ID tells. RFC 2971 3.2
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdField<'a> {
    /// As `name` or `version`.
    pub name: Text<'a>,
    /// Its value.
    pub value: Option<Text<'a>>,
}

impl<'a> Response<'a> {
    /// Reads a response, given with its literals and without its CRLF.
    ///
    /// # Errors
    /// It is none, or would need one of the [`Quirks`].
    pub fn parse(wire: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(wire, Quirks::default()).map(|(response, _)| response)
    }

    /// The same, with some tolerance; tells which of it was needed.
    ///
    /// # Errors
    /// It is none, or would need more.
    pub fn parse_with(wire: &'a [u8], quirks: Quirks) -> Result<(Self, Quirks), ParseError> {
        let mut cursor = Cursor::new(wire, quirks);
        let response = match cursor.peek() {
            Some(b'*') if wire.get(1) == Some(&b' ') => {
                cursor.bump(2);
                Self::untagged(&mut cursor)?
            }
            Some(b'+') => {
                cursor.bump(1);
                Self::Continue(read_text(&mut cursor, Quirk::BarePlus)?)
            }
            _ => {
                let tag = cursor.tag()?;
                let start = cursor;
                cursor.byte(b' ', "a space")?;
                match Status::read(&mut cursor)? {
                    Some(status) if status.condition.is_tagged() => Self::Tagged(tag, status),
                    _ => return start.fault("OK, NO or BAD"),
                }
            }
        };
        Ok((response, cursor.needed))
    }

    fn untagged(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let may_be_status = !cursor.peek().is_some_and(|octet| octet.is_ascii_digit());
        if may_be_status && let Some(status) = Status::read(cursor)? {
            return Ok(Self::Status(status));
        }
        let start = *cursor;
        let data = Data::read(cursor);
        match data {
            Ok(data) => Ok(Self::Data(data)),
            Err(error) => {
                *cursor = start;
                cursor.overlook(Quirk::Unreadable).map_err(|_| error)?;
                Ok(Self::Data(Data::Other(cursor.rest())))
            }
        }
    }

    /// Appends it with its CRLF.
    ///
    /// # Errors
    /// Something in it would not arrive as it is. `wire` is then as before.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let start = wire.len();
        let result = match self {
            Self::Continue(text) => {
                wire.push(b'+');
                write_text(*text, wire)
            }
            Self::Tagged(tag, status) => {
                wire.extend_from_slice(tag.as_bytes());
                wire.push(b' ');
                status.write(wire)
            }
            Self::Status(status) => {
                wire.extend_from_slice(b"* ");
                status.write(wire)
            }
            Self::Data(data) => {
                wire.extend_from_slice(b"* ");
                data.write(wire)
            }
        };
        // What is told in words could be read as something else.
        let result = result.and_then(|()| match self {
            Self::Data(_) => Ok(()),
            _ if reads_as(&wire[start..], self) => Ok(()),
            _ => Err(Misuse::Argument("a status would not be read as it is")),
        });
        match result {
            Ok(()) => wire.extend_from_slice(b"\r\n"),
            Err(_) => wire.truncate(start),
        }
        result
    }
}

/// `Self` would tie the wire to the lifetime of the value.
fn reads_as(wire: &[u8], response: &Response<'_>) -> bool {
    Response::parse(wire).is_ok_and(|read| read == *response)
}

impl Condition {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::No => "NO",
            Self::Bad => "BAD",
            Self::PreAuth => "PREAUTH",
            Self::Bye => "BYE",
        }
    }

    fn is_tagged(self) -> bool {
        matches!(self, Self::Ok | Self::No | Self::Bad)
    }
}

impl<'a> Status<'a> {
    /// A status without a code.
    pub fn new(condition: Condition, text: &'a str) -> Self {
        Self { condition, code: None, text: Text::from(text) }
    }

    /// Whether it says OK.
    pub fn is_ok(&self) -> bool {
        self.condition == Condition::Ok
    }

    /// ```abnf
    /// resp-cond-state = ("OK" / "NO" / "BAD") SP resp-text
    /// resp-cond-auth  = ("OK" / "PREAUTH") SP resp-text
    /// resp-cond-bye   = "BYE" SP resp-text
    /// resp-text       = ["[" resp-text-code "]" SP] [text]
    /// ```
    fn read(cursor: &mut Cursor<'a>) -> Result<Option<Self>, ParseError> {
        use Condition::{Bad, Bye, No, Ok as Fine, PreAuth};
        let word = |condition: &Condition| cursor.try_word(condition.as_str().as_bytes());
        let Some(condition) = [Fine, No, Bad, PreAuth, Bye].into_iter().find(word) else {
            return Ok(None);
        };
        let mut code = None;
        if cursor.rest().starts_with(b" [") {
            let mut ahead = *cursor;
            ahead.bump(1);
            // Without a closing bracket it is text.
            if let Ok(raw) = ahead.code() {
                *cursor = ahead;
                code = Some(Code::parse(raw));
                if !matches!(cursor.peek(), None | Some(b' ')) {
                    cursor.overlook(Quirk::Spaces)?;
                    let text = read_words(cursor)?;
                    return Ok(Some(Self { condition, code, text }));
                }
            }
        }
        let text = read_text(cursor, Quirk::MissingText)?;
        Ok(Some(Self { condition, code, text }))
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.extend_from_slice(self.condition.as_str().as_bytes());
        if let Some(code) = &self.code {
            wire.extend_from_slice(b" [");
            code.write(wire)?;
            wire.push(b']');
        }
        write_text(self.text, wire)
    }
}

/// `SP text`, up to the end; without the space it is this quirk.
fn read_text<'a>(cursor: &mut Cursor<'a>, bare: Quirk) -> Result<Text<'a>, ParseError> {
    if cursor.is_empty() {
        cursor.overlook(bare)?;
    } else {
        cursor.byte(b' ', "a space")?;
    }
    read_words(cursor)
}

fn read_words<'a>(cursor: &mut Cursor<'a>) -> Result<Text<'a>, ParseError> {
    if let Some(at) = memchr::memchr3(0, b'\r', b'\n', cursor.rest()) {
        cursor.bump(at);
        return cursor.fault("text");
    }
    let text = cursor.rest();
    if core::str::from_utf8(text).is_err() {
        cursor.overlook(Quirk::EightBit)?;
    }
    Ok(Text::new(cursor.bump(text.len())))
}

fn write_text(text: Text<'_>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    wire.push(b' ');
    wire.extend(text.octets());
    Ok(())
}

impl<'a> Data<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        if cursor.is_empty() {
            return cursor.fault("a response");
        }
        let Some(name) = known_name(cursor.rest()) else {
            return Ok(Self::Other(cursor.bump(usize::MAX)));
        };
        let data = match cursor.peek() {
            Some(b'0'..=b'9') => Self::read_numbered(name, cursor)?,
            _ => {
                cursor.bump(name.len());
                Self::read_named(name, cursor)?
            }
        };
        cursor.end()?;
        Ok(data)
    }

    fn read_numbered(name: &str, cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let start = *cursor;
        let number = cursor.number()?;
        cursor.space()?;
        cursor.bump(name.len());
        let data = match name {
            "EXISTS" => Self::Exists(number),
            "RECENT" => Self::Recent(number),
            "EXPUNGE" => Self::Expunge(number),
            _ => {
                cursor.space()?;
                cursor.byte(b'(', "a list")?;
                Self::Fetch(Fetch { number, data: Fetch::read_items(cursor, false)? })
            }
        };
        // RFC 9051 9: nz-number
        if number == 0 && matches!(data, Self::Expunge(_) | Self::Fetch(_)) {
            return start.fault("a number above 0");
        }
        Ok(data)
    }

    /// Reads what stands behind the name.
    fn read_named(name: &str, cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        match name {
            "SEARCH" => return Ok(Self::Search(Search::read(cursor)?)),
            "ESEARCH" => return Ok(Self::Esearch(Esearch::read(cursor)?)),
            _ => {}
        }
        let may_be_empty = matches!(name, "CAPABILITY" | "ENABLED");
        if cursor.try_byte(b' ') && !(may_be_empty && cursor.is_empty()) {
            cursor.no_space()?;
        }
        Ok(match name {
            "CAPABILITY" => Self::Capability(Items::read_to_end(cursor)?),
            "ENABLED" => Self::Enabled(Items::read_to_end(cursor)?),
            "FLAGS" => Self::Flags(Items::read_list(cursor)?),
            "LIST" => Self::List(MailboxList::read(cursor)?),
            "LSUB" => Self::Lsub(MailboxList::read(cursor)?),
            "STATUS" => Self::Status(MailboxStatus::read(cursor)?),
            "NAMESPACE" => Self::Namespace(Namespaces::read(cursor)?),
            "ID" => Self::Id(Items::read_list_or_nil(cursor)?),
            _ => {
                let earlier = read_earlier(cursor)?;
                Self::Vanished { earlier, uids: Items::read_set(cursor)? }
            }
        })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        let mut put = |name: &str| wire.extend_from_slice(name.as_bytes());
        match self {
            Self::Capability(capabilities) => {
                put("CAPABILITY ");
                capabilities.write_bare(wire)
            }
            Self::Enabled(capabilities) => {
                put("ENABLED");
                if !capabilities.is_empty() {
                    wire.push(b' ');
                }
                capabilities.write_bare(wire)
            }
            Self::Flags(flags) => {
                put("FLAGS ");
                flags.write_list(wire)
            }
            Self::List(mailbox) => {
                put("LIST ");
                mailbox.write(wire)
            }
            Self::Lsub(mailbox) => {
                put("LSUB ");
                mailbox.write(wire)
            }
            Self::Status(status) => {
                put("STATUS ");
                status.write(wire)
            }
            Self::Search(search) => {
                put("SEARCH");
                search.write(wire)
            }
            Self::Esearch(esearch) => {
                put("ESEARCH");
                esearch.write(wire)
            }
            Self::Namespace(namespaces) => {
                put("NAMESPACE ");
                namespaces.write(wire)
            }
            Self::Id(fields) => {
                put("ID ");
                fields.write_list_or_nil(wire)
            }
            Self::Exists(n) => numbered(*n, "EXISTS", wire),
            Self::Recent(n) => numbered(*n, "RECENT", wire),
            Self::Expunge(0) | Self::Fetch(Fetch { number: 0, .. }) => {
                Err(Misuse::Argument("there is no message 0"))
            }
            Self::Expunge(n) => numbered(*n, "EXPUNGE", wire),
            Self::Vanished { earlier, uids } => {
                put(if *earlier { "VANISHED (EARLIER)" } else { "VANISHED" });
                put_set(uids, wire)
            }
            Self::Fetch(fetch) => {
                numbered(fetch.number, "FETCH ", wire)?;
                fetch.data.write_list(wire)
            }
            Self::Other(raw) => {
                let start = wire.len();
                wire.extend_from_slice(raw);
                let mut cursor = Cursor::new(&wire[start..], Quirks::default());
                while !cursor.is_empty() {
                    // THREAD has no space between its lists. RFC 5256 4
                    let read = cursor.value().and_then(|_| match cursor.peek() {
                        Some(b' ') => cursor.space(),
                        _ => Ok(()),
                    });
                    if read.is_err() {
                        return Err(Misuse::Argument("a response is not made of values"));
                    }
                }
                Ok(())
            }
        }
    }
}

/// The name of the data that begins here, well-formed or not, if it is known: what is not known is never an
/// error.
fn known_name(data: &[u8]) -> Option<&'static str> {
    let digits = data.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let names: &[&str] = match digits {
        0 => &[
            "LIST",
            "STATUS",
            "SEARCH",
            "CAPABILITY",
            "ENABLED",
            "FLAGS",
            "LSUB",
            "ESEARCH",
            "NAMESPACE",
            "ID",
            "VANISHED",
        ],
        _ => &["FETCH", "EXISTS", "RECENT", "EXPUNGE"],
    };
    let spaces = data[digits..].iter().take_while(|octet| **octet == b' ' && digits > 0).count();
    let word = Cursor::new(&data[digits + spaces..], Quirks::default()).word().ok()?;
    names.iter().copied().find(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

fn numbered(number: u32, name: &str, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    put_number(wire, u64::from(number));
    wire.push(b' ');
    wire.extend_from_slice(name.as_bytes());
    Ok(())
}

/// ```abnf
/// expunged-resp = "VANISHED" [SP "(EARLIER)"] SP known-uids
/// ```
pub(crate) fn read_earlier(cursor: &mut Cursor<'_>) -> Result<bool, ParseError> {
    if !cursor.try_byte(b'(') {
        return Ok(false);
    }
    if !cursor.try_word(b"EARLIER") {
        return cursor.fault("EARLIER");
    }
    cursor.byte(b')', "a closing parenthesis")?;
    cursor.space()?;
    Ok(true)
}

/// ```abnf
/// id_params_list = "(" #(string SPACE nstring) ")" / nil
/// ```
impl<'a> Wire<'a> for IdField<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let name = cursor.string_or_nil()?;
        cursor.space()?;
        Ok(Self { name, value: cursor.nstring()? })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.name.write(wire)?;
        wire.push(b' ');
        write_nstring(self.value, wire)
    }
}
