//! BODY and BODYSTRUCTURE.

use super::envelope;
use super::inside::Inside;
use super::string::{put_field, put_number, put_string};
use crate::lex::{Lex, is_token};
use crate::message::{Message, Part};
use crate::mime::{ContentType, Encoding, Params};
use alloc::vec::Vec;

/// Appends BODY, or with extension data (`extended`) BODYSTRUCTURE. RFC 3501 7.4.2
///
/// Names and values are as they stand in the header, unquoted and unfolded: what RFC 2231 and encoded words say is
/// for the client. Without a Content-Type that parses, a part is `text/plain` in `us-ascii`; without a
/// Content-Transfer-Encoding, `7BIT`. Octets and lines are those of the body as it stands, and a last line
/// counts with or without its end. Parameters are kept up to [`MAX_PARAMS`](crate::MAX_PARAMS) a field.
///
/// A multipart that could not be taken apart is written with one text part that has all of it, and so is a
/// `message/rfc822` under base64 or quoted-printable, with an empty envelope: the grammar has no
/// multipart without parts, and no `message/rfc822` without a message. [`section`](super::section) has the same
/// parts.
pub fn body_structure(message: &Message<'_>, extended: bool, out: &mut Vec<u8>) {
    let lines = Lines { bytes: message.bytes(), at: 0, ends: 0 };
    let mut writer = Writer { out, extended, lines, open: Vec::new() };
    // Down to the first part inside as long as there is one, then on to the next one or back up: no recursion.
    let mut part = message.root();
    loop {
        while let Some(inner) = writer.begin(&part) {
            part = inner;
        }
        loop {
            writer.end(&part);
            if let Some(next) = part.next() {
                part = next;
                break;
            }
            match part.parent() {
                Some(parent) => part = parent,
                None => return,
            }
        }
    }
}

struct Writer<'a, 'o> {
    out: &'o mut Vec<u8>,
    extended: bool,
    lines: Lines<'a>,
    /// Line ends before the body of each part that has begun and not ended, outermost first.
    open: Vec<usize>,
}

impl Writer<'_, '_> {
    /// Writes what comes before the parts inside, and gives the first of them.
    ///
    /// ```abnf
    /// body            = "(" (body-type-1part / body-type-mpart) ")"
    /// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
    /// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
    /// body-type-basic = media-basic SP body-fields
    /// body-type-msg   = media-message SP body-fields SP envelope SP body SP body-fld-lines
    /// body-type-text  = media-text SP body-fields SP body-fld-lines
    /// ```
    fn begin<'m>(&mut self, part: &Part<'m>) -> Option<Part<'m>> {
        let before = self.lines.up_to(part.node().body.start);
        self.open.push(before);
        self.out.push(b'(');
        match Inside::of(part) {
            Inside::Parts(first) => Some(first),
            Inside::NoParts(text) => {
                self.put_text(part, text, before);
                None
            }
            Inside::Message(root) => {
                self.put_fields(part);
                self.out.push(b' ');
                envelope::write(&root, self.out);
                self.out.push(b' ');
                Some(root)
            }
            Inside::NoMessage(text) => {
                self.put_fields(part);
                self.out.extend_from_slice(b" (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ");
                self.put_text(part, text, before);
                None
            }
            Inside::Content => {
                self.put_fields(part);
                None
            }
        }
    }

    /// Writes what comes after the parts inside.
    fn end(&mut self, part: &Part<'_>) {
        let before = self.open.pop().unwrap_or_default();
        let lines = self.lines.of(before, part.body(), part.node().body.end);
        let kind = part.content_type();
        if matches!(Inside::of(part), Inside::Parts(_) | Inside::NoParts(_)) {
            self.out.push(b' ');
            let [_, subtype] = kind.names();
            put_string(subtype, self.out);
            if self.extended {
                // RFC 3501 9: body-ext-mpart = body-fld-param [SP body-fld-dsp […]]
                self.out.push(b' ');
                self.put_params(&kind.params);
                self.put_extension(part);
            }
        } else {
            if kind.is("text", "*") || kind.is("message", "rfc822") {
                self.out.push(b' ');
                put_number(lines, self.out);
            }
            if self.extended {
                // RFC 3501 9: body-ext-1part = body-fld-md5 [SP body-fld-dsp […]]
                self.out.push(b' ');
                put_field(part.field("Content-MD5"), self.out);
                self.put_extension(part);
            }
        }
        self.out.push(b')');
    }

    /// Type and fields of a part that is no multipart.
    ///
    /// ```abnf
    /// body-fields = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP body-fld-octets
    /// ```
    fn put_fields(&mut self, part: &Part<'_>) {
        match part.stated_type() {
            Some(kind) => {
                for name in kind.names() {
                    put_string(name, self.out);
                    self.out.push(b' ');
                }
                self.put_params(&kind.params);
            }
            None => self.put_default_type(),
        }
        self.out.push(b' ');
        put_field(part.field("Content-ID"), self.out);
        self.out.push(b' ');
        put_field(part.field("Content-Description"), self.out);
        self.out.push(b' ');
        self.put_encoding(part);
        self.out.push(b' ');
        put_number(part.body().len(), self.out);
    }

    // RFC 2045 5.2
    fn put_default_type(&mut self) {
        let [kind, subtype] = ContentType::text().names();
        put_string(kind, self.out);
        self.out.push(b' ');
        put_string(subtype, self.out);
        self.out.extend_from_slice(b" (\"charset\" \"us-ascii\")");
    }

    /// What is neither an encoding that is known nor a single token, as `quoted printable`, is none.
    // RFC 2045 6.1: encoding := "Content-Transfer-Encoding" ":" mechanism
    fn put_encoding(&mut self, part: &Part<'_>) {
        let value = part.field("Content-Transfer-Encoding").map(|field| field.value());
        let mut lex = Lex::new(value.unwrap_or_default());
        lex.skip_cfws();
        let name = lex.take_while(is_token);
        lex.skip_cfws();
        let known = lex.peek().is_none() || part.encoding() != Encoding::Unknown;
        put_string(if known && !name.is_empty() { name } else { b"7BIT" }, self.out);
    }

    /// The text that stands for the content of a composite `part` that could not be taken apart.
    fn put_text(&mut self, part: &Part<'_>, text: &[u8], before: usize) {
        self.out.push(b'(');
        self.put_default_type();
        self.out.extend_from_slice(b" NIL NIL ");
        self.put_encoding(part);
        self.out.push(b' ');
        put_number(text.len(), self.out);
        self.out.push(b' ');
        let lines = self.lines.of(before, text, part.node().body.start + text.len());
        put_number(lines, self.out);
        if self.extended {
            self.out.extend_from_slice(b" NIL NIL NIL NIL");
        }
        self.out.push(b')');
    }

    /// ```abnf
    /// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
    /// ```
    fn put_params(&mut self, params: &Params<'_>) {
        for (i, param) in params.raw().iter().enumerate() {
            self.out.push(if i == 0 { b'(' } else { b' ' });
            put_string(param.name, self.out);
            self.out.push(b' ');
            put_string(&param.value, self.out);
        }
        self.out.extend_from_slice(if params.raw().is_empty() { b"NIL" } else { b")" });
    }

    /// ```abnf
    /// body-fld-dsp  = "(" string SP body-fld-param ")" / nil
    /// body-fld-lang = nstring / "(" string *(SP string) ")"
    /// body-fld-loc  = nstring
    /// ```
    fn put_extension(&mut self, part: &Part<'_>) {
        match part.disposition() {
            Some(disposition) => {
                self.out.extend_from_slice(b" (");
                put_string(disposition.name(), self.out);
                self.out.push(b' ');
                self.put_params(&disposition.params);
                self.out.push(b')');
            }
            None => self.out.extend_from_slice(b" NIL"),
        }
        self.out.push(b' ');
        self.put_languages(part);
        self.out.push(b' ');
        put_field(part.field("Content-Location"), self.out);
    }

    // RFC 3282 2: Content-Language = "Content-Language" ":" [CFWS] language-tag *("," …)
    fn put_languages(&mut self, part: &Part<'_>) {
        let value = part.field("Content-Language").map(|field| field.value());
        let mut lex = Lex::new(value.unwrap_or_default());
        let mut any = false;
        loop {
            lex.skip_cfws();
            let tag = lex.take_while(is_token);
            if !tag.is_empty() {
                self.out.push(if any { b' ' } else { b'(' });
                any = true;
                put_string(tag, self.out);
            } else if lex.bump().is_none() {
                break;
            }
        }
        self.out.extend_from_slice(if any { b")" } else { b"NIL" });
    }
}

/// Counts lines, looking at every byte once: parts begin and end in the order of the bytes.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Line ends before `at`.
    ends: usize,
}

impl Lines<'_> {
    /// Line ends before `offset`.
    fn up_to(&mut self, offset: usize) -> usize {
        if let Some(next) = self.bytes.get(self.at..offset) {
            self.ends += memchr::memchr_iter(b'\n', next).count();
            self.at = offset;
        }
        self.ends
    }

    /// Lines of `text`, which ends at `end` and has so many line ends before it.
    fn of(&mut self, before: usize, text: &[u8], end: usize) -> usize {
        let open = text.last().is_some_and(|&b| b != b'\n');
        self.up_to(end).saturating_sub(before) + usize::from(open)
    }
}
