//! ENVELOPE.

use super::string::{put_field, put_nstring};
use crate::address::{MAX_ADDRESSES, Sink, Spelled, parse};
use crate::message::{Message, Part};
use alloc::vec::Vec;

/// Stands for what is missing before the `@`. Dovecot's word, which clients know.
const NO_MAILBOX: &[u8] = b"MISSING_MAILBOX";
/// Stands for a missing domain: NIL would make the address the beginning of a group.
const NO_DOMAIN: &[u8] = b"MISSING_DOMAIN";

/// Appends the ENVELOPE of the message. RFC 3501 7.4.2
///
/// - Text is as it stands in the header, unfolded and trimmed: encoded words are for the client to decode. Of
///   fields that may be there once the first counts.
/// - Address fields of one name are read as one list, up to [`MAX_ADDRESSES`] a field. Where Sender or Reply-To
///   give no address, they are the same as From.
/// - A display name is without its quotes; without one, the last comment stands for it.
/// - Only the word `root`, or `<root>`, is a mailbox at `MISSING_DOMAIN`; a name without any address is at
///   `MISSING_MAILBOX` there. NIL would say that a group begins.
pub fn envelope(message: &Message<'_>, out: &mut Vec<u8>) {
    write(&message.root(), out);
}

/// ```abnf
/// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
///            env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
/// ```
pub(super) fn write(part: &Part<'_>, out: &mut Vec<u8>) {
    out.push(b'(');
    put_field(part.field("Date"), out);
    out.push(b' ');
    put_field(part.field("Subject"), out);
    out.push(b' ');
    let from = out.len();
    put_addresses(part, "From", out);
    let from = from..out.len();
    for name in ["Sender", "Reply-To"] {
        out.push(b' ');
        let start = out.len();
        if !put_addresses(part, name, out) {
            out.truncate(start);
            out.extend_from_within(from.clone());
        }
    }
    for name in ["To", "Cc", "Bcc"] {
        out.push(b' ');
        put_addresses(part, name, out);
    }
    for name in ["In-Reply-To", "Message-ID"] {
        out.push(b' ');
        put_field(part.field(name), out);
    }
    out.push(b')');
}

/// Writes the addresses of all fields called `name`; whether there were any.
// RFC 3501 9: env-from = "(" 1*address ")" / nil
fn put_addresses(part: &Part<'_>, name: &str, out: &mut Vec<u8>) -> bool {
    let mut list = List { out, any: false };
    // RFC 5322 4.5.3: several fields are read as one
    for field in part.fields().filter(|field| field.is(name)) {
        parse(field.value(), MAX_ADDRESSES, &mut list);
    }
    let any = list.any;
    out.extend_from_slice(if any { b")" } else { b"NIL" });
    any
}

struct List<'o> {
    out: &'o mut Vec<u8>,
    any: bool,
}

impl List<'_> {
    // RFC 3501 9: address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
    fn put(&mut self, parts: [Option<&[u8]>; 4]) {
        if !self.any {
            self.out.push(b'(');
        }
        self.any = true;
        for (i, part) in parts.into_iter().enumerate() {
            self.out.push(if i == 0 { b'(' } else { b' ' });
            put_nstring(part, self.out);
        }
        self.out.push(b')');
    }
}

fn some(octets: &[u8]) -> Option<&[u8]> {
    (!octets.is_empty()).then_some(octets)
}

impl Sink for List<'_> {
    fn mailbox(&mut self, spelled: Spelled<'_>) {
        let Spelled { phrase, comment, route, local, domain, bare } = &spelled;
        let (name, mailbox) = match some(bare) {
            Some(bare) => (None, Some(bare)),
            None => (some(phrase), some(local)),
        };
        self.put([
            name.or(comment.as_deref()),
            some(route),
            Some(mailbox.unwrap_or(NO_MAILBOX)),
            Some(some(domain).unwrap_or(NO_DOMAIN)),
        ]);
    }

    // RFC 3501 7.4.2: a group begins with an address without a host, its name as the mailbox,
    fn group(&mut self, name: &[u8]) {
        self.put([None, None, Some(name), None]);
    }

    // and ends with one that has no mailbox either.
    fn end(&mut self) {
        self.put([None; 4]);
    }
}
