//! SEARCH by text.

use crate::message::{Field, Message, Part};
use alloc::string::String;
use memchr::memmem::Finder;

/// Whether one of the fields called `name`, in any case, has `needle` in its decoded value. RFC 3501 6.4.4
///
/// For the search keys `HEADER`, and `SUBJECT`, `FROM`, `TO`, `CC` and `BCC`, which are fields by name. An empty
/// `needle` asks whether there is such a field.
///
/// All search is without regard to case: every character is compared by its lower case in Unicode, one by one, so
/// `É` is found as `é` and not as `e`, and `ß` not as `ss`.
#[must_use]
pub fn header_contains(message: &Message<'_>, name: &str, needle: &str) -> bool {
    let needle = lower(needle);
    let needle = Finder::new(&needle);
    message.fields().filter(|field| field.is(name)).any(|field| is_in(&field.text(), &needle))
}

/// Whether a text of the body has `needle` in it, for the search key `BODY`. RFC 3501 6.4.4
///
/// Looks into the text parts, those of messages inside too, into HTML as it is written, and into reports: all with
/// transfer encodings and charsets decoded. Not into what else is attached, and not into any header field, as
/// RFC 9051 6.4.4 makes clear. Case is compared as in [`header_contains`].
#[must_use]
pub fn body_contains(message: &Message<'_>, needle: &str) -> bool {
    in_body(message, &Finder::new(&lower(needle)))
}

/// Whether a header or a text of the body has `needle` in it, for the search key `TEXT`. RFC 3501 6.4.4
///
/// The header fields, their names included, are those of the message and, as RFC 9051 6.4.4 makes clear, of all
/// its parts. The body is searched as in [`body_contains`], case is compared as in [`header_contains`].
#[must_use]
pub fn text_contains(message: &Message<'_>, needle: &str) -> bool {
    let needle = lower(needle);
    let needle = Finder::new(&needle);
    let line = |field: &Field<'_>| alloc::format!("{}: {}", field.name(), field.text());
    let in_header = |part: Part<'_>| part.fields().any(|field| is_in(&line(&field), &needle));
    message.parts().any(in_header) || in_body(message, &needle)
}

fn in_body(message: &Message<'_>, needle: &Finder<'_>) -> bool {
    // Every text has the empty one in it, a body without text as well.
    needle.needle().is_empty() || message.parts().any(|part| in_part(&part, needle))
}

fn in_part(part: &Part<'_>, needle: &Finder<'_>) -> bool {
    let kind = part.content_type();
    // What was not taken apart is text: a multipart without a boundary, and a message under an encoding.
    let text = kind.is("text", "*") || kind.is("message", "*") || kind.is("multipart", "*");
    text && part.children().next().is_none() && is_in(&part.text(), needle)
}

/// `needle` is in lower case already.
fn is_in(text: &str, needle: &Finder<'_>) -> bool {
    needle.find(lower(text).as_bytes()).is_some()
}

/// Lower case character by character: unlike `str::to_lowercase` it does not look at where a sigma stands.
fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}
