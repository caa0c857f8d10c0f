//! BODY[…]: part numbers, and what is fetched of a part.

use super::inside::Inside;
use crate::message::{Message, Part};
use crate::span::Span;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// What is wanted of a message or of a part of it. RFC 3501 6.4.5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    /// Nothing named: all of the message; of a part, its body.
    All,
    /// `HEADER`: the header of the message, with the empty line after it.
    Header,
    /// `HEADER.FIELDS`: the fields of these names, in any case.
    HeaderFields(&'a [&'a [u8]]),
    /// `HEADER.FIELDS.NOT`: all other fields.
    HeaderFieldsNot(&'a [&'a [u8]]),
    /// `TEXT`: the message without its header.
    Text,
    /// `MIME`: the header of the part, with the empty line after it.
    Mime,
}

/// The octets of `BODY[path.text]`, or nothing if the message has no such part; IMAP then answers NIL.
///
/// `HEADER` and `TEXT` are those of the message itself without a path, and with one those of the `message/rfc822`
/// that the path leads to; together they are all of that message. Its fields come whole and in their
/// order, and the empty line after them is always there. `MIME` needs a path. Part 1 of a message that
/// is no multipart is its body, and its header `1.MIME`.
///
/// IMAP has no NUL in a literal: each one is given as an octet 0x80, so that sizes stay right. Without any,
/// and but for picked fields, nothing is copied.
#[must_use]
pub fn section<'m>(
    message: &'m Message<'_>,
    path: &[u32],
    text: &Text<'_>,
) -> Option<Cow<'m, [u8]>> {
    let mut place = Place::Message(message.root());
    for &number in path {
        place = place.inner(number)?;
    }
    // RFC 3501 6.4.5: of a part, HEADER and TEXT are only there if it is a message.
    let root = || match &place {
        Place::Message(root) => Some(*root),
        Place::Part(part) => match Inside::of(part) {
            Inside::Message(root) => Some(root),
            _ => None,
        },
        Place::Text(_) => None,
    };
    let header = |part: Part<'m>| {
        let node = part.node();
        Span::new(node.span.start, node.body.start).of(message.bytes())
    };
    let octets = match (text, &place) {
        (Text::All, Place::Message(root)) => root.bytes(),
        (Text::All, Place::Part(part)) => part.body(),
        (Text::All, Place::Text(octets)) => octets,
        (Text::Header, _) => header(root()?),
        (Text::HeaderFields(names), _) => return Some(fields(&root()?, names, true)),
        (Text::HeaderFieldsNot(names), _) => return Some(fields(&root()?, names, false)),
        (Text::Text, _) => root()?.body(),
        (Text::Mime, Place::Part(part)) => header(*part),
        (Text::Mime, _) => return None,
    };
    Some(without_nul(Cow::Borrowed(octets)))
}

/// The part of `bytes` that `<origin.octets>` asks for; what is beyond the end is left away.
#[must_use]
pub fn partial(bytes: &[u8], origin: u32, octets: u32) -> &[u8] {
    let size = |n| usize::try_from(n).unwrap_or(usize::MAX);
    let rest = bytes.get(size(origin)..).unwrap_or_default();
    &rest[..rest.len().min(size(octets))]
}

/// Where a path leads.
enum Place<'m> {
    /// To a message: the empty path does, and no other.
    Message(Part<'m>),
    Part(Part<'m>),
    /// To the text that stands for the content of a composite part.
    Text(&'m [u8]),
}

impl<'m> Place<'m> {
    fn inner(self, number: u32) -> Option<Self> {
        let (part, is_message) = match self {
            Self::Message(root) => (root, true),
            Self::Part(part) => (part, false),
            Self::Text(_) => return None,
        };
        match Inside::of(&part) {
            Inside::Parts(_) => {
                let before = usize::try_from(number.checked_sub(1)?).ok()?;
                part.children().nth(before).map(Self::Part)
            }
            Inside::NoParts(text) => (number == 1).then_some(Self::Text(text)),
            // RFC 3501 6.4.5: a message that is no multipart has only a part 1.
            _ if is_message => (number == 1).then_some(Self::Part(part)),
            // RFC 3501 6.4.5: the numbers in a MESSAGE/RFC822 part are those of the message's body.
            Inside::Message(root) => Self::Message(root).inner(number),
            Inside::NoMessage(text) => (number == 1).then_some(Self::Text(text)),
            Inside::Content => None,
        }
    }
}

/// The fields that are (`listed`) or are not called one of `names`, and an empty line.
fn fields<'m>(part: &Part<'m>, names: &[&[u8]], listed: bool) -> Cow<'m, [u8]> {
    let mut sorted: Vec<Vec<u8>> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    sorted.sort_unstable();
    let mut out = Vec::new();
    for field in part.fields() {
        let name = || field.name().bytes().map(|b| b.to_ascii_lowercase());
        let found = sorted.binary_search_by(|probe| probe.iter().copied().cmp(name()));
        if found.is_ok() == listed {
            out.extend_from_slice(field.raw());
            if !out.ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
    }
    out.extend_from_slice(b"\r\n");
    without_nul(Cow::Owned(out))
}

// RFC 3501 9: CHAR8 = %x01-ff
fn without_nul(mut octets: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if memchr::memchr(0, &octets).is_some() {
        for b in octets.to_mut() {
            if *b == 0 {
                *b = 0x80;
            }
        }
    }
    octets
}
