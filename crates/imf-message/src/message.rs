//! The message seen through its index.

use crate::address::AddressList;
use crate::charset::decode_charset;
use crate::date::Date;
use crate::error::Error;
use crate::index::{FieldSpan, Index, Kind, Limits, Node};
use crate::lex::trim;
use crate::mime::{ContentType, Disposition, Encoding};
use crate::transfer::Decoder;
use crate::{ids, words};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A message: its bytes and where everything is in them. Nothing is copied but the spans.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    index: Index,
}

impl<'a> Message<'a> {
    /// Scans `bytes` with the default [`Limits`]. Any bytes are a message.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_limits(bytes, &Limits::default())
    }

    /// Scans `bytes` with limits of your own.
    #[must_use]
    pub fn with_limits(bytes: &'a [u8], limits: &Limits) -> Self {
        Self { bytes, index: Index::new(bytes, limits) }
    }

    /// A message that has been scanned before: `index` is of the same bytes. With that of others it has
    /// whatever lies there, or nothing.
    #[must_use]
    pub const fn with_index(bytes: &'a [u8], index: Index) -> Self {
        Self { bytes, index }
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The spans.
    #[must_use]
    pub const fn index(&self) -> &Index {
        &self.index
    }

    /// The spans, without the bytes.
    #[must_use]
    pub fn into_index(self) -> Index {
        self.index
    }

    /// The message itself as a part: its header and the whole of its body.
    #[must_use]
    pub fn root(&self) -> Part<'_> {
        Part { bytes: self.bytes, index: &self.index, number: 0 }
    }

    /// All parts in document order, the root first, those of messages inside too.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        (0..self.index.parts.len()).map(|number| Part { number, ..self.root() })
    }

    /// The header fields of the message.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.root().fields()
    }

    /// The first header field called `name`, in any case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field<'_>> {
        self.root().field(name)
    }

    /// The first part to read as plain text, not one of a message inside.
    #[must_use]
    pub fn text_part(&self) -> Option<Part<'_>> {
        self.readable("plain")
    }

    /// The first part to read as HTML, not one of a message inside.
    #[must_use]
    pub fn html_part(&self) -> Option<Part<'_>> {
        self.readable("html")
    }

    fn readable(&self, subtype: &str) -> Option<Part<'_>> {
        self.outer().into_iter().find(|part| {
            part.kind() == Kind::Leaf
                && part.content_type().is("text", subtype)
                && !part.is_attachment()
        })
    }

    /// The leaves and inner messages that are files of their own, images shown in the text among them.
    #[must_use]
    pub fn attachments(&self) -> Vec<Part<'_>> {
        let mut parts = self.outer();
        parts.retain(|part| part.kind() != Kind::Multipart && part.is_attachment());
        parts
    }

    /// The parts that are not inside an inner message, in document order.
    fn outer(&self) -> Vec<Part<'_>> {
        let mut inner = alloc::vec![false; self.index.parts.len()];
        let mut parts = Vec::new();
        for part in self.parts() {
            if let Some(parent) = self.index.parts[part.number].parent {
                inner[part.number] =
                    inner[parent] || self.index.parts[parent].kind == Kind::Message;
            }
            if !inner[part.number] {
                parts.push(part);
            }
        }
        parts
    }
}

/// One part of a message, the message itself among them.
#[derive(Clone, Copy, Debug)]
pub struct Part<'m> {
    bytes: &'m [u8],
    index: &'m Index,
    number: usize,
}

impl<'m> Part<'m> {
    /// Its place in [`Index::parts`].
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Its spans.
    #[must_use]
    pub fn node(&self) -> &'m Node {
        &self.index.parts[self.number]
    }

    /// What it holds.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.node().kind
    }

    /// Header and body.
    #[must_use]
    pub fn bytes(&self) -> &'m [u8] {
        self.node().span.of(self.bytes)
    }

    /// The header fields, without the empty line after them.
    #[must_use]
    pub fn header(&self) -> &'m [u8] {
        self.node().header.of(self.bytes)
    }

    /// The body as it stands, not decoded.
    #[must_use]
    pub fn body(&self) -> &'m [u8] {
        self.node().body.of(self.bytes)
    }

    /// In a multipart, the text before the first delimiter.
    pub(crate) fn preamble(&self) -> &'m [u8] {
        self.node().preamble.of(self.bytes)
    }

    /// The part around this one.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.node().parent.map(|number| Self { number, ..*self })
    }

    /// The part after this one, inside the same parent.
    pub(crate) fn next(&self) -> Option<Self> {
        self.node().next.map(|number| Self { number, ..*self })
    }

    /// The parts inside, in order; the inner message where this part holds one.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'m> {
        let part = *self;
        core::iter::successors(self.node().first_child, move |&n| part.index.parts[n].next)
            .map(move |number| Self { number, ..part })
    }

    /// The header fields in order.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = Field<'m>> + use<'m> {
        let bytes = self.bytes;
        let fields = self.index.fields.get(self.node().fields.clone()).unwrap_or_default();
        fields.iter().map(move |span| Field { bytes, span: *span })
    }

    /// The first header field called `name`, in any case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field<'m>> {
        self.fields().find(|field| field.is(name))
    }

    /// The Content-Type, or what holds without one or with one that does not parse.
    #[must_use]
    pub fn content_type(&self) -> ContentType<'m> {
        self.stated_type().unwrap_or_else(ContentType::text)
    }

    /// The Content-Type that is there, or that a digest gives; none where plain text is the default.
    pub(crate) fn stated_type(&self) -> Option<ContentType<'m>> {
        let node = self.node();
        match node.content_type {
            None if node.in_digest => Some(ContentType::message()),
            number => ContentType::parse(self.numbered(number)?.value()),
        }
    }

    /// The Content-Transfer-Encoding.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        let field = self.numbered(self.node().encoding);
        field.map_or_else(Encoding::default, |field| Encoding::parse(field.value()))
    }

    /// The Content-Disposition.
    #[must_use]
    pub fn disposition(&self) -> Option<Disposition<'m>> {
        Disposition::parse(self.numbered(self.node().disposition)?.value())
    }

    fn numbered(&self, number: Option<usize>) -> Option<Field<'m>> {
        let span = *self.index.fields.get(number?)?;
        Some(Field { bytes: self.bytes, span })
    }

    /// The file name from Content-Disposition, or else the name from Content-Type.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let name = self.disposition().and_then(|d| d.file_name());
        name.or_else(|| self.content_type().params.get("name").map(Cow::into_owned))
    }

    /// Whether it is a file of its own: called an attachment, or anything but text.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        !self.content_type().is("text", "*")
            || self.disposition().is_some_and(|d| d.is_attachment())
    }

    /// The body with its transfer encoding removed. Composite parts are returned as they stand.
    #[must_use]
    pub fn decoded(&self) -> Cow<'m, [u8]> {
        let encoding = self.encoding();
        let encoded = matches!(encoding, Encoding::Base64 | Encoding::QuotedPrintable);
        if self.kind() != Kind::Leaf || !encoded {
            return Cow::Borrowed(self.body());
        }
        let mut out = Vec::new();
        let mut decoder = Decoder::new(encoding);
        decoder.push(self.body(), &mut out);
        decoder.finish(&mut out);
        Cow::Owned(out)
    }

    /// The decoded body as text, in the charset it names or the likeliest one.
    #[must_use]
    pub fn text(&self) -> Cow<'m, str> {
        let kind = self.content_type();
        let charset = kind.params.get("charset");
        match self.decoded() {
            Cow::Borrowed(bytes) => decode_charset(charset.as_deref(), bytes),
            Cow::Owned(bytes) => {
                Cow::Owned(decode_charset(charset.as_deref(), &bytes).into_owned())
            }
        }
    }
}

/// One header field.
#[derive(Clone, Copy, Debug)]
pub struct Field<'m> {
    bytes: &'m [u8],
    span: FieldSpan,
}

impl<'m> Field<'m> {
    /// Where it is in the message.
    #[must_use]
    pub const fn span(&self) -> FieldSpan {
        self.span
    }

    /// The name as it stands.
    #[must_use]
    pub fn name(&self) -> &'m str {
        // The scan lets only visible ASCII be a name.
        core::str::from_utf8(self.span.name.of(self.bytes)).unwrap_or_default()
    }

    /// Whether it is called `name`, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.span.name.of(self.bytes).eq_ignore_ascii_case(name.as_bytes())
    }

    /// The whole field with its last line end.
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        self.span.span.of(self.bytes)
    }

    /// All after the colon, folding included, without the last line end.
    #[must_use]
    pub fn value(&self) -> &'m [u8] {
        self.span.value.of(self.bytes)
    }

    /// The value as text: unfolded, trimmed, encoded words decoded.
    #[must_use]
    pub fn text(&self) -> Cow<'m, str> {
        words::decode(trim(self.value()))
    }

    /// The value as addresses.
    #[must_use]
    pub fn addresses(&self) -> AddressList {
        AddressList::parse(self.value())
    }

    /// The value as a date.
    ///
    /// # Errors
    /// [`Error::Date`] when it is none.
    pub fn date(&self) -> Result<Date, Error> {
        Date::parse(self.value())
    }

    /// The value as message identifiers, without their angle brackets.
    #[must_use]
    pub fn ids(&self) -> Vec<Cow<'m, str>> {
        ids::parse(self.value())
    }
}
