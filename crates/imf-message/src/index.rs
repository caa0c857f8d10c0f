//! Where everything in a message is: fields and MIME parts, as spans in flat vectors.

use crate::scan::Scan;
use crate::span::Span;
use alloc::vec::Vec;
use core::ops::Range;

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
    /// Which of [`Index::fields`] is the Content-Type that counts.
    pub content_type: Option<usize>,
    /// Which of [`Index::fields`] is the Content-Transfer-Encoding that counts.
    pub encoding: Option<usize>,
    /// Which of [`Index::fields`] is the Content-Disposition that counts.
    pub disposition: Option<usize>,
    /// The part is in a digest: without a Content-Type it is a message (RFC 2046 5.1.5).
    pub in_digest: bool,
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
        // Most messages have more fields than these, and none that is worth to be read has none.
        let fields = Vec::with_capacity(16);
        Scan::new(message, limits, Self { fields, len: message.len(), ..Self::default() }).run()
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
