//! One pass over a message that finds fields, delimiters and parts, with a stack of its own.

use crate::index::{FieldSpan, Index, Issue, IssueKind, Kind, Limits, Node};
use crate::mime::{ContentType, Encoding};
use crate::span::Span;
use alloc::vec::Vec;
use core::ops::Range;
use memchr::{memchr, memmem};

/// A multipart whose closing delimiter has not been seen.
struct Boundary {
    text: Vec<u8>,
    part: usize,
    /// Where the part stands in `Scan::open`.
    chain: usize,
    /// RFC 2046 5.1.5: in a digest, a part without Content-Type is a message.
    digest: bool,
}

/// A delimiter line found.
struct Found {
    /// Offset of its first hyphen.
    line: usize,
    /// End of the delimiter with its padding, without the line end.
    text_end: usize,
    /// Offset of the next line.
    line_end: usize,
    /// Which of `Scan::boundaries` it is.
    level: usize,
    close: bool,
}

enum Next {
    Part { at: usize, parent: Option<usize>, delimiter: Span, digest: bool },
    Text(usize),
    End,
}

pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    limits: &'a Limits,
    index: Index,
    /// Parts that have begun and not ended, outermost first.
    open: Vec<usize>,
    boundaries: Vec<Boundary>,
    /// The last child of each part so far.
    last_child: Vec<Option<usize>>,
    /// Bytes before this offset are in a span already.
    floor: usize,
}

impl<'a> Scan<'a> {
    /// A scan that fills `index`.
    pub(crate) const fn new(bytes: &'a [u8], limits: &'a Limits, index: Index) -> Self {
        Self {
            bytes,
            limits,
            index,
            open: Vec::new(),
            boundaries: Vec::new(),
            last_child: Vec::new(),
            floor: 0,
        }
    }

    pub(crate) fn run(mut self) -> Index {
        let top = Next::Part { at: 0, parent: None, delimiter: Span::default(), digest: false };
        let mut next = top;
        loop {
            next = match next {
                Next::Part { at, parent, delimiter, digest } => {
                    self.part(at, parent, delimiter, digest)
                }
                Next::Text(at) => self.text(at),
                Next::End => break,
            };
        }
        for level in 0..self.boundaries.len() {
            self.unclosed(level);
        }
        for part in core::mem::take(&mut self.open) {
            self.finish(part, self.bytes.len());
        }
        self.index
    }

    fn issue(&mut self, kind: IssueKind, offset: usize) {
        if self.index.issues.len() < self.limits.issues {
            self.index.issues.push(Issue { kind, offset });
        }
    }

    fn unclosed(&mut self, level: usize) {
        let part = self.boundaries[level].part;
        let (start, empty) = {
            let node = &self.index.parts[part];
            (node.span.start, node.first_child.is_none())
        };
        self.issue(if empty { IssueKind::NoParts } else { IssueKind::NoClose }, start);
    }

    /// Ends a part at `end`.
    fn finish(&mut self, part: usize, end: usize) {
        let node = &mut self.index.parts[part];
        node.span.end = end.max(node.span.start);
        node.body.end = end.max(node.body.start);
        if node.kind == Kind::Multipart {
            if !node.close.is_empty() {
                node.epilogue = Span::new(node.close.end, node.body.end);
            } else if node.first_child.is_none() {
                node.preamble = node.body;
            }
        }
    }

    /// Begins a part whose header starts at `at`.
    fn part(&mut self, at: usize, parent: Option<usize>, delimiter: Span, digest: bool) -> Next {
        if self.index.parts.len() >= self.limits.parts.max(1) {
            self.index.too_many_parts = true;
            return Next::End;
        }
        let number = self.index.parts.len();
        if let Some(parent) = parent {
            match self.last_child[parent].replace(number) {
                Some(sibling) => self.index.parts[sibling].next = Some(number),
                None => self.index.parts[parent].first_child = Some(number),
            }
        }
        let header = self.header(at);
        self.index.parts.push(Node {
            parent,
            first_child: None,
            next: None,
            kind: Kind::Leaf,
            delimiter,
            span: Span::new(at, at),
            lead: header.lead,
            header: header.span,
            fields: header.fields.clone(),
            content_type: header.content_type,
            encoding: header.encoding,
            disposition: header.disposition,
            in_digest: digest,
            body: Span::new(header.body, header.body),
            preamble: Span::default(),
            close: Span::default(),
            epilogue: Span::default(),
        });
        self.last_child.push(None);
        self.open.push(number);
        self.floor = header.body;
        self.content(number, header, digest)
    }

    /// Looks at what the header says of the body.
    fn content(&mut self, number: usize, header: Header, digest: bool) -> Next {
        let body = header.body;
        let leaf = Next::Text(body);
        let value = |scan: &Self, at: Option<usize>| at.map(|i| scan.index.fields[i].value);
        let kind = match value(self, header.content_type) {
            Some(span) => match ContentType::parse(span.of(self.bytes)) {
                Some(kind) => kind,
                None => {
                    self.issue(IssueKind::BadContentType, span.start);
                    return leaf;
                }
            },
            None if digest => ContentType::message(),
            None => return leaf,
        };
        let multipart = kind.is("multipart", "*");
        // RFC 2046 5.2.1; message/global is its twin for UTF-8 headers (RFC 6532 3.7).
        if !multipart && !kind.is("message", "rfc822") && !kind.is("message", "global") {
            return leaf;
        }
        let encoding = value(self, header.encoding)
            .map_or(Encoding::SevenBit, |span| Encoding::parse(span.of(self.bytes)));
        if matches!(encoding, Encoding::Base64 | Encoding::QuotedPrintable) {
            self.issue(IssueKind::EncodedComposite, body);
            // A multipart cannot be encoded as a whole: what is there is its plain form. A message can.
            if !multipart {
                return leaf;
            }
        }
        if self.open.len() >= self.limits.depth {
            self.index.too_deep = true;
            return leaf;
        }
        if !multipart {
            self.index.parts[number].kind = Kind::Message;
            let delimiter = Span::new(body, body);
            return Next::Part { at: body, parent: Some(number), delimiter, digest: false };
        }
        let Some(boundary) = kind.boundary() else {
            self.issue(IssueKind::NoBoundary, body);
            return leaf;
        };
        let near = |other: &Boundary| {
            other.text.starts_with(&boundary) || boundary.starts_with(&other.text[..])
        };
        if self.boundaries.iter().any(near) {
            self.issue(IssueKind::AmbiguousBoundary, body);
        }
        self.index.parts[number].kind = Kind::Multipart;
        self.boundaries.push(Boundary {
            text: boundary.into_owned(),
            part: number,
            chain: self.open.len() - 1,
            digest: kind.is("multipart", "digest"),
        });
        leaf
    }

    /// Looks for the next delimiter of any open multipart, from the start of a line.
    fn text(&mut self, at: usize) -> Next {
        let Some(found) = self.find(at) else { return Next::End };
        // RFC 2046 5.1.1: the line end before the delimiter belongs to it.
        let before = &self.bytes[self.floor..found.line];
        let line_end = match before {
            [.., b'\r', b'\n'] => 2,
            [.., b'\n'] => 1,
            _ => 0,
        };
        let start = found.line - line_end;
        for level in found.level + 1..self.boundaries.len() {
            self.unclosed(level);
        }
        self.boundaries.truncate(found.level + 1);
        let Boundary { part, chain, digest, .. } = self.boundaries[found.level];
        while self.open.len() > chain + 1 {
            if let Some(inner) = self.open.pop() {
                self.finish(inner, start);
            }
        }
        let node = &mut self.index.parts[part];
        if node.first_child.is_none() {
            node.preamble = Span::new(node.body.start, start);
        }
        if found.close {
            node.close = Span::new(start, found.text_end);
            self.floor = found.text_end;
            let (empty, offset) = (node.first_child.is_none(), node.span.start);
            self.boundaries.pop();
            if empty {
                self.issue(IssueKind::NoParts, offset);
            }
            return Next::Text(found.line_end);
        }
        let delimiter = Span::new(start, found.line_end);
        Next::Part { at: found.line_end, parent: Some(part), delimiter, digest }
    }

    fn find(&self, at: usize) -> Option<Found> {
        if self.boundaries.is_empty() {
            return None;
        }
        if let Some(found) = self.delimiter(at) {
            return Some(found);
        }
        let mut candidates = memmem::find_iter(self.bytes.get(at..)?, b"\n--");
        candidates.find_map(|i| self.delimiter(at + i + 1))
    }

    /// The delimiter in the line that begins at `line`, if it is one.
    ///
    /// The whole line has to be the delimiter: so a boundary that is a prefix of another never takes
    /// the other's lines.
    // RFC 2046 5.1.1: delimiter := CRLF "--" boundary; then *LWSP-char and the line's end
    fn delimiter(&self, line: usize) -> Option<Found> {
        let rest = self.bytes.get(line..)?;
        if self.boundaries.is_empty() || !rest.starts_with(b"--") {
            return None;
        }
        let end = memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        let text = match &rest[..end] {
            [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] | text => text,
        };
        let found = |level, close| Found {
            line,
            text_end: line + text.len(),
            line_end: line + end,
            level,
            close,
        };
        let padding = |b: &u8| !matches!(b, b' ' | b'\t' | b'\r');
        let text_end = text.iter().rposition(padding).map_or(0, |i| i + 1);
        let name = text[..text_end].get(2..)?;
        self.boundaries.iter().enumerate().rev().find_map(|(level, boundary)| {
            match name.strip_prefix(&boundary.text[..])? {
                b"" => Some(found(level, false)),
                b"--" => Some(found(level, true)),
                _ => None,
            }
        })
    }

    /// Reads the header that begins at `at`.
    fn header(&mut self, at: usize) -> Header {
        let first = self.index.fields.len();
        let mut header = Header {
            lead: Span::new(at, at),
            span: Span::new(at, at),
            fields: first..first,
            body: at,
            content_type: None,
            encoding: None,
            disposition: None,
        };
        let mut pos = at;
        // Whether a continuation line has a field to continue, be it listed or beyond the limit.
        let mut in_field = false;
        loop {
            let rest = self.bytes.get(pos..).unwrap_or_default();
            let end = memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
            let line = &rest[..end];
            let text = match line {
                [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] | text => text,
            };
            if line.is_empty() {
                header.body = pos;
                break;
            }
            if text.is_empty() {
                header.body = pos + end;
                break;
            }
            if pos == at && (line.starts_with(b"From ") || line.starts_with(b">From ")) {
                self.issue(IssueKind::MboxLine, pos);
                header.lead = Span::new(at, at + end);
                pos += end;
                header.span = Span::new(pos, pos);
                continue;
            }
            let value_end = pos + text.len();
            if in_field && matches!(text[0], b' ' | b'\t') {
                if !self.index.too_many_fields
                    && let Some(field) = self.index.fields.last_mut()
                {
                    field.span.end = pos + end;
                    field.value.end = value_end;
                }
            } else if let Some((name, colon)) =
                field_name(text).filter(|_| self.delimiter(pos).is_none())
            {
                in_field = true;
                if name < colon {
                    self.issue(IssueKind::SpaceBeforeColon, pos + name);
                }
                self.field(
                    &mut header,
                    FieldSpan {
                        span: Span::new(pos, pos + end),
                        name: Span::new(pos, pos + name),
                        value: Span::new(pos + colon + 1, value_end),
                    },
                );
            } else {
                // Not a field and not a continuation: as in the field's servers, the body begins here.
                self.issue(IssueKind::NoBlankLine, pos);
                header.body = pos;
                break;
            }
            pos += end;
        }
        header.span.end = pos;
        header.fields.end = self.index.fields.len();
        header
    }

    fn field(&mut self, header: &mut Header, field: FieldSpan) {
        let number = self.index.fields.len();
        if number >= self.limits.fields {
            self.index.too_many_fields = true;
            return;
        }
        self.index.fields.push(field);
        let name = field.name.of(self.bytes);
        let slot = if name.eq_ignore_ascii_case(b"Content-Type") {
            &mut header.content_type
        } else if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") {
            &mut header.encoding
        } else if name.eq_ignore_ascii_case(b"Content-Disposition") {
            &mut header.disposition
        } else {
            return;
        };
        if slot.is_some() {
            self.issue(IssueKind::DuplicateField, field.span.start);
        } else {
            *slot = Some(number);
        }
    }
}

struct Header {
    lead: Span,
    span: Span,
    fields: Range<usize>,
    body: usize,
    content_type: Option<usize>,
    encoding: Option<usize>,
    disposition: Option<usize>,
}

/// Lengths of the name, and of the name with the white space before the colon.
// RFC 5322 3.6.8: field-name = 1*ftext; 4.5: obs-optional = field-name *WSP ":" unstructured CRLF
fn field_name(line: &[u8]) -> Option<(usize, usize)> {
    let name = line.iter().position(|&b| !(33..=126).contains(&b) || b == b':')?;
    let blank = line[name..].iter().position(|&b| !matches!(b, b' ' | b'\t'))?;
    (name > 0 && line[name + blank] == b':').then_some((name, name + blank))
}
