//! The tree of parts as IMAP numbers it.

use crate::index::Kind;
use crate::message::Part;

/// What a client finds inside a part. In BODYSTRUCTURE and in part numbers it has to be the same.
pub(super) enum Inside<'m> {
    /// Nothing: the part is content.
    Content,
    /// Parts, of which this is the first.
    Parts(Part<'m>),
    /// A multipart without a boundary, without a single part, or beyond a limit. The grammar wants a part
    /// inside: a text with all that can be read, these octets.
    NoParts(&'m [u8]),
    /// A message.
    Message(Part<'m>),
    /// A message under a transfer encoding (RFC 2045 6.4), or beyond a limit. The grammar wants an envelope and
    /// a body: no envelope, and a text of these octets.
    NoMessage(&'m [u8]),
}

impl<'m> Inside<'m> {
    /// Only `message/rfc822` is a message here: RFC 3501 knows no `message/global`, which RFC 9051 has.
    pub(super) fn of(part: &Part<'m>) -> Self {
        let kind = part.content_type();
        let child = part.children().next();
        if kind.is("multipart", "*") {
            // Behind the closing delimiter nothing is for reading.
            let text = if part.kind() == Kind::Multipart { part.preamble() } else { part.body() };
            child.map_or(Self::NoParts(text), Self::Parts)
        } else if kind.is("message", "rfc822") {
            child.map_or_else(|| Self::NoMessage(part.body()), Self::Message)
        } else {
            Self::Content
        }
    }
}
