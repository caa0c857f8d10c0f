//! BODY and BODYSTRUCTURE.

use super::{
    Cursor, Envelope, Items, ParseError, Quirk, Text, items::Wire, put_number, text::write_nstring,
};
use crate::Misuse;
use alloc::vec::Vec;

/// The MIME structure of a message or of a part of one. RFC 3501 7.4.2
///
/// Names and values of parameters are as they stand in the header: RFC 2231 and encoded words are for
/// who knows about MIME.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyStructure<'a> {
    /// What is in it.
    pub content: Content<'a>,
    /// The subtype, as `plain`.
    pub subtype: Text<'a>,
    /// The parameters of Content-Type. BODY does not tell those of a multipart.
    pub parameters: Items<'a, Parameter<'a>>,
    /// Content-Disposition. This and what follows is told by BODYSTRUCTURE alone.
    pub disposition: Option<Disposition<'a>>,
    /// Content-Language.
    pub language: Items<'a, Text<'a>>,
    /// Content-Location.
    pub location: Option<Text<'a>>,
}

/// What a [`BodyStructure`] describes.
#[expect(clippy::large_enum_variant, reason = "a view, read in place and not kept")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A multipart: its parts.
    Parts(Items<'a, BodyStructure<'a>>),
    /// Anything else.
    Part(Part<'a>),
}

/// A part that is no multipart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Part<'a> {
    /// The type, as `text`.
    pub media: Text<'a>,
    /// Content-ID.
    pub id: Option<Text<'a>>,
    /// Content-Description.
    pub description: Option<Text<'a>>,
    /// Content-Transfer-Encoding.
    pub encoding: Text<'a>,
    /// Its octets, as encoded.
    pub octets: u64,
    /// Its lines, as encoded, if it is text or a message.
    pub lines: Option<u64>,
    /// The message that it is, if its type is `message/rfc822` or `message/global`.
    pub message: Option<Message<'a>>,
    /// Content-MD5.
    pub md5: Option<Text<'a>>,
}

/// A message within a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its envelope.
    pub envelope: Envelope<'a>,
    /// Its structure: one element.
    pub structure: Items<'a, BodyStructure<'a>>,
}

/// A parameter of Content-Type or Content-Disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    /// Its name.
    pub name: Text<'a>,
    /// Its value.
    pub value: Text<'a>,
}

/// Content-Disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disposition<'a> {
    /// As `attachment`.
    pub kind: Text<'a>,
    /// As `filename`.
    pub parameters: Items<'a, Parameter<'a>>,
}

impl<'a> BodyStructure<'a> {
    /// Appends it as it stands in a FETCH response.
    ///
    /// # Errors
    /// A string in it cannot be sent.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.put(wire, true)
    }

    /// Appends what BODY tells of it: no extension data.
    ///
    /// # Errors
    /// A string in it cannot be sent.
    pub fn write_basic(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.put(wire, false)
    }

    fn put(&self, wire: &mut Vec<u8>, extended: bool) -> Result<(), Misuse> {
        wire.push(b'(');
        match &self.content {
            Content::Parts(parts) if parts.is_empty() => {
                return Err(Misuse::Argument("a multipart has a part"));
            }
            Content::Parts(parts) => {
                for part in parts {
                    part.put(wire, extended)?;
                }
                wire.push(b' ');
                self.subtype.write(wire)?;
                if extended {
                    wire.push(b' ');
                    self.parameters.write_list_or_nil(wire)?;
                }
            }
            Content::Part(part) => {
                part.media.write(wire)?;
                wire.push(b' ');
                self.subtype.write(wire)?;
                wire.push(b' ');
                self.parameters.write_list_or_nil(wire)?;
                part.put(wire, extended)?;
            }
        }
        if extended {
            wire.push(b' ');
            match &self.disposition {
                Some(Disposition { kind, parameters }) => {
                    wire.push(b'(');
                    kind.write(wire)?;
                    wire.push(b' ');
                    parameters.write_list_or_nil(wire)?;
                    wire.push(b')');
                }
                None => wire.extend_from_slice(b"NIL"),
            }
            wire.push(b' ');
            self.language.write_list_or_nil(wire)?;
            wire.push(b' ');
            write_nstring(self.location, wire)?;
        }
        wire.push(b')');
        Ok(())
    }

    /// ```abnf
    /// body-type-mpart = 1*body SP media-subtype [SP body-ext-mpart]
    /// body-ext-mpart  = body-fld-param [SP body-fld-dsp [SP body-fld-lang
    ///                   [SP body-fld-loc *(SP body-extension)]]]
    /// ```
    fn read_multipart(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let before = *cursor;
        let mut parts = Items::default();
        while cursor.peek() == Some(b'(') {
            Self::read(cursor)?;
            parts = Items::from_wire(cursor.since(&before));
            // Parts may be parted by a space that should not be there; one is due before the subtype.
            let mut ahead = *cursor;
            ahead.try_byte(b' ');
            if ahead.peek() == Some(b'(') {
                cursor.no_space()?;
            }
        }
        if parts.is_empty() {
            cursor.overlook(Quirk::EmptyList)?;
        } else {
            cursor.space()?;
        }
        let subtype = cursor.string_or_nil()?;
        let mut body = Self {
            content: Content::Parts(parts),
            subtype,
            parameters: Items::default(),
            disposition: None,
            language: Items::default(),
            location: None,
        };
        if more(cursor)? {
            body.parameters = Items::read_list_or_nil(cursor)?;
            body.read_extensions(cursor)?;
        }
        Ok(body)
    }

    /// ```abnf
    /// body-type-1part = (body-type-basic / body-type-msg / body-type-text) [SP body-ext-1part]
    /// body-type-basic = media-basic SP body-fields
    /// body-type-msg   = media-message SP body-fields SP envelope SP body SP body-fld-lines
    /// body-type-text  = media-text SP body-fields SP body-fld-lines
    /// body-fields     = body-fld-param SP body-fld-id SP body-fld-desc SP body-fld-enc SP
    ///                   body-fld-octets
    /// body-ext-1part  = body-fld-md5 [SP body-fld-dsp [SP body-fld-lang
    ///                   [SP body-fld-loc *(SP body-extension)]]]
    /// ```
    fn read_part(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let media = cursor.string_or_nil()?;
        cursor.space()?;
        let subtype = cursor.string_or_nil()?;
        cursor.space()?;
        let parameters = Items::read_list_or_nil(cursor)?;
        cursor.space()?;
        let id = cursor.nstring()?;
        cursor.space()?;
        let description = cursor.nstring()?;
        cursor.space()?;
        let encoding = cursor.string_or_nil()?;
        cursor.space()?;
        let octets = cursor.count()?;
        let mut part = Part { media, id, description, encoding, octets, ..Part::default() };
        let is_message = media.is("message") && (subtype.is("rfc822") || subtype.is("global"));
        // Servers that could not read a message within a message send it as any other part.
        let mut ahead = *cursor;
        if is_message && ahead.try_byte(b' ') && ahead.peek() == Some(b'(') {
            cursor.space()?;
            let envelope = Envelope::read(cursor)?;
            cursor.space()?;
            let before = *cursor;
            Self::read(cursor)?;
            let structure = Items::from_wire(cursor.since(&before));
            part.message = Some(Message { envelope, structure });
            cursor.space()?;
            part.lines = Some(cursor.count()?);
        } else if media.is("text") {
            cursor.space()?;
            part.lines = Some(cursor.count()?);
        }
        let mut body = Self {
            content: Content::Part(part),
            subtype,
            parameters,
            disposition: None,
            language: Items::default(),
            location: None,
        };
        if more(cursor)? {
            part.md5 = cursor.nstring()?;
            body.content = Content::Part(part);
            body.read_extensions(cursor)?;
        }
        Ok(body)
    }

    fn read_extensions(&mut self, cursor: &mut Cursor<'a>) -> Result<(), ParseError> {
        if !more(cursor)? {
            return Ok(());
        }
        self.disposition = Disposition::read(cursor)?;
        if !more(cursor)? {
            return Ok(());
        }
        // body-fld-lang = nstring / "(" string *(SP string) ")"
        self.language = if cursor.peek() == Some(b'(') {
            Items::read_list_or_nil(cursor)?
        } else {
            let before = *cursor;
            match cursor.nstring()? {
                Some(_) => Items::from_wire(cursor.since(&before)),
                None => Items::default(),
            }
        };
        if !more(cursor)? {
            return Ok(());
        }
        self.location = cursor.nstring()?;
        // Future expansion, which a client must accept.
        while more(cursor)? {
            cursor.value()?;
        }
        Ok(())
    }
}

/// Whether another field follows.
fn more(cursor: &mut Cursor<'_>) -> Result<bool, ParseError> {
    if cursor.peek() == Some(b')') {
        return Ok(false);
    }
    cursor.byte(b' ', "a space or the end of the body")?;
    cursor.no_space()?;
    if cursor.peek() == Some(b')') {
        cursor.overlook(Quirk::Spaces)?;
        return Ok(false);
    }
    Ok(true)
}

impl Part<'_> {
    fn put(&self, wire: &mut Vec<u8>, extended: bool) -> Result<(), Misuse> {
        wire.push(b' ');
        write_nstring(self.id, wire)?;
        wire.push(b' ');
        write_nstring(self.description, wire)?;
        wire.push(b' ');
        self.encoding.write(wire)?;
        wire.push(b' ');
        put_number(wire, self.octets);
        if let Some(Message { envelope, structure }) = &self.message {
            wire.push(b' ');
            envelope.write(wire)?;
            wire.push(b' ');
            let Some(structure) = structure.first() else {
                return Err(Misuse::Argument("a message without its structure"));
            };
            structure.put(wire, extended)?;
        }
        if let Some(lines) = self.lines {
            wire.push(b' ');
            put_number(wire, lines);
        }
        if extended {
            wire.push(b' ');
            write_nstring(self.md5, wire)?;
        }
        Ok(())
    }
}

impl<'a> Disposition<'a> {
    /// ```abnf
    /// body-fld-dsp = "(" string SP body-fld-param ")" / nil
    /// ```
    fn read(cursor: &mut Cursor<'a>) -> Result<Option<Self>, ParseError> {
        if cursor.nil() {
            return Ok(None);
        }
        cursor.byte(b'(', "a disposition")?;
        cursor.no_space()?;
        let kind = cursor.string_or_nil()?;
        cursor.space()?;
        let parameters = Items::read_list_or_nil(cursor)?;
        cursor.no_space()?;
        cursor.byte(b')', "the end of the disposition")?;
        Ok(Some(Self { kind, parameters }))
    }
}

/// ```abnf
/// body = "(" (body-type-1part / body-type-mpart) ")"
/// ```
impl<'a> Wire<'a> for BodyStructure<'a> {
    const SEPARATOR: &'static [u8] = b"";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.byte(b'(', "a body")?;
        cursor.nested(|cursor| {
            cursor.no_space()?;
            let mut ahead = *cursor;
            let childless = ahead.string().is_ok() && ahead.peek() == Some(b')');
            let body = match cursor.peek() {
                Some(b'(') => Self::read_multipart(cursor)?,
                _ if childless => Self::read_multipart(cursor)?,
                _ => Self::read_part(cursor)?,
            };
            cursor.no_space()?;
            cursor.byte(b')', "the end of the body")?;
            Ok(body)
        })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.put(wire, true)
    }
}

/// ```abnf
/// body-fld-param = "(" string SP string *(SP string SP string) ")" / nil
/// ```
impl<'a> Wire<'a> for Parameter<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let name = cursor.string_or_nil()?;
        cursor.space()?;
        let value = cursor.string_or_nil()?;
        Ok(Self { name, value })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        self.name.write(wire)?;
        wire.push(b' ');
        self.value.write(wire)
    }
}
