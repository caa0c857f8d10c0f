//! Response codes.

use super::{
    Capability, Cursor, Flag, Items, ParseError, Quirks, Range, Text, put_name, put_number, put_set,
};
use crate::Misuse;
use alloc::vec::Vec;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What stands in brackets at the front of a status. RFC 3501 7.1, RFC 9051 7.1, RFC 5530
        ///
        /// Whatever is not known, or not what it should be, is [`Other`](Self::Other), never an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code<'a> {
            $($(#[$doc])* $name,)*
            /// Charsets that the server knows, after one that it does not.
            BadCharset(Items<'a, Text<'a>>),
            /// All that the server can do now.
            Capability(Items<'a, Capability<'a>>),
            /// The flags that can be changed for good; `\*` if there can be new ones.
            PermanentFlags(Items<'a, Flag<'a>>),
            /// The UID that the next message will have, or a higher one.
            UidNext(u32),
            /// The validity of UIDs: with another value than before they all are others.
            UidValidity(u32),
            /// The number of the first message that is not seen.
            Unseen(u32),
            /// What was appended. RFC 4315
            AppendUid {
                /// The validity of the UIDs.
                uid_validity: u32,
                /// The new messages.
                uids: Items<'a, Range>,
            },
            /// What was copied or moved. RFC 4315
            CopyUid {
                /// The validity of the UIDs there.
                uid_validity: u32,
                /// The messages here.
                from: Items<'a, Range>,
                /// Each one's copy there, in the same order.
                to: Items<'a, Range>,
            },
            /// The highest modification sequence of the mailbox. RFC 7162
            HighestModSeq(u64),
            /// Messages that were not changed since they have been before. RFC 7162
            Modified(Items<'a, Range>),
            /// Any other, without the brackets.
            Other(&'a [u8]),
        }

        impl<'a> Code<'a> {
            fn plain(name: &str) -> Option<Self> {
                match name {
                    $(_ if name.eq_ignore_ascii_case($text) => Some(Self::$name),)*
                    _ => None,
                }
            }

            fn name(&self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::BadCharset(_) => "BADCHARSET",
                    Self::Capability(_) => "CAPABILITY",
                    Self::PermanentFlags(_) => "PERMANENTFLAGS",
                    Self::UidNext(_) => "UIDNEXT",
                    Self::UidValidity(_) => "UIDVALIDITY",
                    Self::Unseen(_) => "UNSEEN",
                    Self::AppendUid { .. } => "APPENDUID",
                    Self::CopyUid { .. } => "COPYUID",
                    Self::HighestModSeq(_) => "HIGHESTMODSEQ",
                    Self::Modified(_) => "MODIFIED",
                    Self::Other(_) => "",
                }
            }
        }
    };
}

codes! {
    /// The text must be shown to the user.
    Alert "ALERT";
    /// The header of a message could not be taken apart.
    Parse "PARSE";
    /// The mailbox can only be read.
    ReadOnly "READ-ONLY";
    /// The mailbox can be changed.
    ReadWrite "READ-WRITE";
    /// It may work once the mailbox has been created.
    TryCreate "TRYCREATE";
    /// UIDs are good for this session only. RFC 4315
    UidNotSticky "UIDNOTSTICKY";
    /// There are no modification sequences. RFC 7162
    NoModSeq "NOMODSEQ";
    /// The mailbox that was selected is no more. RFC 7162
    Closed "CLOSED";
    /// Something that the server needs is out of order for now.
    Unavailable "UNAVAILABLE";
    /// The credentials are wrong.
    AuthenticationFailed "AUTHENTICATIONFAILED";
    /// They are right, but not for the user that was asked for.
    AuthorizationFailed "AUTHORIZATIONFAILED";
    /// They were right once.
    Expired "EXPIRED";
    /// Not without TLS.
    PrivacyRequired "PRIVACYREQUIRED";
    /// The user should ask the administrator.
    ContactAdmin "CONTACTADMIN";
    /// The user may not do this.
    NoPerm "NOPERM";
    /// Someone else is at it; try again.
    InUse "INUSE";
    /// Another session has expunged one of the messages.
    ExpungeIssued "EXPUNGEISSUED";
    /// Some data of the server is damaged.
    Corruption "CORRUPTION";
    /// A bug of the server.
    ServerBug "SERVERBUG";
    /// A bug of the client.
    ClientBug "CLIENTBUG";
    /// The server cannot do this, ever.
    Cannot "CANNOT";
    /// Too much, too many.
    Limit "LIMIT";
    /// The quota is used up.
    OverQuota "OVERQUOTA";
    /// There is such a mailbox already.
    AlreadyExists "ALREADYEXISTS";
    /// There is no such mailbox.
    NonExistent "NONEXISTENT";
    /// The result of the search could not be saved. RFC 5182
    NotSaved "NOTSAVED";
    /// There are mailboxes below it.
    HasChildren "HASCHILDREN";
    /// A part is encoded in a way that the server does not know. RFC 3516
    UnknownCte "UNKNOWN-CTE";
    /// The message is too big. RFC 7889
    TooBig "TOOBIG";
    /// Some special use cannot be given. RFC 6154
    UseAttr "USEATTR";
}

impl<'a> Code<'a> {
    /// Reads what stands between the brackets.
    ///
    /// ```abnf
    /// resp-text-code = … / atom [SP 1*<any TEXT-CHAR except "]">]
    /// ```
    pub fn parse(raw: &'a [u8]) -> Self {
        Self::read(raw).unwrap_or(Self::Other(raw))
    }

    fn read(raw: &'a [u8]) -> Result<Self, ParseError> {
        let mut cursor = Cursor::new(raw, Quirks { spaces: true, ..Quirks::default() });
        let name = cursor.name()?;
        let is = |text: &str| name.eq_ignore_ascii_case(text);
        if let Some(code) = Self::plain(name) {
            cursor.end()?;
            return Ok(code);
        }
        if is("BADCHARSET") && cursor.is_empty() {
            return Ok(Self::BadCharset(Items::default()));
        }
        if !cursor.is_empty() {
            cursor.space()?;
        }
        let code = if is("BADCHARSET") {
            Self::BadCharset(Items::read_list(&mut cursor)?)
        } else if is("CAPABILITY") {
            Self::Capability(Items::read_to_end(&mut cursor)?)
        } else if is("PERMANENTFLAGS") {
            Self::PermanentFlags(Items::read_list(&mut cursor)?)
        } else if is("UIDNEXT") {
            Self::UidNext(cursor.nz_number()?)
        } else if is("UIDVALIDITY") {
            Self::UidValidity(cursor.nz_number()?)
        } else if is("UNSEEN") {
            Self::Unseen(cursor.nz_number()?)
        } else if is("APPENDUID") {
            let uid_validity = cursor.nz_number()?;
            cursor.space()?;
            Self::AppendUid { uid_validity, uids: Items::read_set(&mut cursor)? }
        } else if is("COPYUID") {
            let uid_validity = cursor.nz_number()?;
            cursor.space()?;
            let from = Items::read_set(&mut cursor)?;
            cursor.space()?;
            Self::CopyUid { uid_validity, from, to: Items::read_set(&mut cursor)? }
        } else if is("HIGHESTMODSEQ") {
            Self::HighestModSeq(cursor.number64()?)
        } else if is("MODIFIED") {
            Self::Modified(Items::read_set(&mut cursor)?)
        } else {
            return Ok(Self::Other(raw));
        };
        cursor.end()?;
        Ok(code)
    }

    /// Appends it without the brackets.
    pub(crate) fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        if let Self::Other(raw) = self {
            let mut cursor = Cursor::new(raw, Quirks::default());
            let is_code =
                cursor.name().is_ok() && (cursor.is_empty() || cursor.peek() == Some(b' '));
            if !is_code || raw.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0 | b']')) {
                return Err(Misuse::Argument("a response code is no atom, or holds a bracket"));
            }
            wire.extend_from_slice(raw);
            return Ok(());
        }
        put_name(self.name(), wire)?;
        match self {
            Self::BadCharset(charsets) if !charsets.is_empty() => {
                wire.push(b' ');
                charsets.write_list(wire)
            }
            Self::Capability(capabilities) => {
                wire.push(b' ');
                capabilities.write_bare(wire)
            }
            Self::PermanentFlags(flags) => {
                wire.push(b' ');
                flags.write_list(wire)
            }
            Self::UidNext(n) | Self::UidValidity(n) | Self::Unseen(n) => {
                wire.push(b' ');
                put_number(wire, u64::from(*n));
                Ok(())
            }
            Self::AppendUid { uid_validity, uids } => {
                wire.push(b' ');
                put_number(wire, u64::from(*uid_validity));
                put_set(uids, wire)
            }
            Self::CopyUid { uid_validity, from, to } => {
                wire.push(b' ');
                put_number(wire, u64::from(*uid_validity));
                put_set(from, wire)?;
                put_set(to, wire)
            }
            Self::HighestModSeq(n) => {
                wire.push(b' ');
                put_number(wire, *n);
                Ok(())
            }
            Self::Modified(set) => put_set(set, wire),
            _ => Ok(()),
        }
    }
}
