//! Where everything in a message is: fields and MIME parts, as spans in flat vectors.

use crate::mime::{ContentType, Encoding};
use crate::span::Span;
use alloc::vec::Vec;
use core::ops::Range;
use memchr::{memchr, memmem};

/// Bounds of what a scan remembers. What is beyond them stays in the message, as bytes without
/// structure, and the [`Index`] says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Parts inside parts; default 100.
    pub depth: usize,
    /// Parts of the whole message; default 10,000.
    pub parts: usize,
    /// Header fields of all parts together; default 200,000.
    pub fields: usize,
    /// Issues remembered; default 1,000.
    pub issues: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 100, parts: 10_000, fields: 200_000, issues: 1_000 }
    }
}

/// The spans of one header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpan {
    /// The whole field, its last line end included.
    pub span: Span,
    /// The name, without white space before the colon.
    pub name: Span,
    /// All between the colon and the last line end, folding included.
    pub value: Span,
}

/// What a part holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Content, or something whose structure could not be followed.
    Leaf,
    /// A multipart with a boundary.
    Multipart,
    /// A message inside the message; it has one child.
    Message,
}

/// The place of one part in the tree and in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The part that contains this one; none for the first.
    pub parent: Option<usize>,
    /// The first of the parts inside.
    pub first_child: Option<usize>,
    /// The next part with the same parent.
    pub next: Option<usize>,
    /// What the part holds.
    pub kind: Kind,
    /// The delimiter line that opens the part, with the line end before it; empty at the top.
    pub delimiter: Span,
    /// From the header's first byte to the body's last.
    pub span: Span,
    /// An mbox `From ` line before the header.
    pub lead: Span,
    /// The header fields, without the empty line after them.
    pub header: Span,
    /// Which of [`Index::fields`] belong to this header.
    pub fields: Range<usize>,
    /// All after the empty line, up to the line end that belongs to the next delimiter.
    pub body: Span,
    /// In a multipart, the text before the first delimiter.
    pub preamble: Span,
    /// In a multipart, the closing delimiter; empty when it is missing.
    pub close: Span,
    /// In a multipart, the text after the closing delimiter.
    pub epilogue: Span,
}

/// What is odd about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueKind {
    /// The header ends without an empty line.
    NoBlankLine,
    /// White space between a field name and its colon.
    SpaceBeforeColon,
    /// A second Content-Type, Content-Transfer-Encoding or Content-Disposition; the first counts.
    DuplicateField,
    /// A Content-Type that does not parse; the part counts as text/plain.
    BadContentType,
    /// A multipart without a boundary; its body is not looked into.
    NoBoundary,
    /// A boundary that is a prefix of, or the same as, that of a multipart around it, or the other way.
    AmbiguousBoundary,
    /// A multipart that is not closed.
    NoClose,
    /// A multipart without a single part.
    NoParts,
    /// A multipart or message under a transfer encoding that is not the identity (RFC 2045 6.4).
    EncodedComposite,
    /// An mbox `From ` line.
    MboxLine,
}

/// An oddity and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// What is odd.
    pub kind: IssueKind,
    /// Offset in the message.
    pub offset: usize,
}

/// What a stretch of bytes is; see [`Index::segments`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// An mbox `From ` line.
    Lead,
    /// A header field.
    Field,
    /// The empty line after the header.
    Blank,
    /// Text before the first delimiter of a multipart.
    Preamble,
    /// A delimiter line.
    Delimiter,
    /// A closing delimiter.
    Close,
    /// The body of a leaf.
    Body,
    /// Text after the closing delimiter.
    Epilogue,
    /// Beyond a limit.
    Unscanned,
}

/// The structure of a message: spans only, so it can outlive the bytes and be kept beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// All header fields of all parts, in order.
    pub fields: Vec<FieldSpan>,
    /// All parts in document order; the first is the message itself.
    pub parts: Vec<Node>,
    /// What is odd, in the order found.
    pub issues: Vec<Issue>,
    /// The depth limit was met: some composite part is kept as a leaf.
    pub too_deep: bool,
    /// The part limit was met: the rest of the message was not scanned.
    pub too_many_parts: bool,
    /// The field limit was met: later fields are not listed.
    pub too_many_fields: bool,
    len: usize,
}

impl Index {
    /// Scans `message`, whatever it is, in time linear in its length.
    #[must_use]
    pub fn new(message: &[u8], limits: &Limits) -> Self {
        let mut scan = Scan {
            bytes: message,
            limits,
            index: Self { len: message.len(), ..Self::default() },
            open: Vec::new(),
            boundaries: Vec::new(),
            last_child: Vec::new(),
            floor: 0,
        };
        scan.run();
        scan.index
    }

    /// Length of the message scanned, in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the message scanned was empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The message cut into pieces, in order, without gap or overlap: every byte is in exactly one.
    #[must_use]
    pub fn segments(&self) -> Vec<(Segment, Span)> {
        let mut all: Vec<(Segment, Span)> = Vec::new();
        for part in &self.parts {
            all.push((Segment::Delimiter, part.delimiter));
            all.push((Segment::Lead, part.lead));
            let fields = self.fields.get(part.fields.clone()).unwrap_or_default();
            all.extend(fields.iter().map(|f| (Segment::Field, f.span)));
            all.push((Segment::Blank, Span::new(part.header.end, part.body.start)));
            match part.kind {
                Kind::Leaf => all.push((Segment::Body, part.body)),
                Kind::Message => {}
                Kind::Multipart => all.extend([
                    (Segment::Preamble, part.preamble),
                    (Segment::Close, part.close),
                    (Segment::Epilogue, part.epilogue),
                ]),
            }
        }
        all.retain(|(_, span)| !span.is_empty());
        all.sort_by_key(|(_, span)| span.start);
        let mut whole = Vec::with_capacity(all.len());
        let mut at = 0;
        for (segment, span) in all {
            if at < span.start {
                whole.push((Segment::Unscanned, Span::new(at, span.start)));
            }
            at = span.end;
            whole.push((segment, span));
        }
        if at < self.len {
            whole.push((Segment::Unscanned, Span::new(at, self.len)));
        }
        whole
    }
}

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

struct Scan<'a> {
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

impl Scan<'_> {
    fn run(&mut self) {
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
