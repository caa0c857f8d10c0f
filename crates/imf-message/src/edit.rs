//! Changes to a message's header that leave every other byte as it is.

use crate::header::Header;
use crate::index::FieldSpan;
use crate::message::Message;
use crate::span::Span;
use alloc::vec::Vec;

/// A message and the changes to its top header. Nothing of the message is copied.
///
/// ```
/// use imf_message::{Edit, Header, Message};
///
/// let message = Message::new(b"Subject: Tea\nX-Old: 1\n\nAt four?\n");
/// let mut edit = Edit::new(&message);
/// edit.prepend(&Header::text("X-Seen", "mx1.b.com")?);
/// edit.remove("X-Old");
/// assert_eq!(edit.to_vec(), b"X-Seen: mx1.b.com\nSubject: Tea\n\nAt four?\n");
/// # Ok::<(), imf_message::Misuse>(())
/// ```
#[derive(Clone, Debug)]
pub struct Edit<'a> {
    bytes: &'a [u8],
    fields: Vec<FieldSpan>,
    /// What becomes of each field.
    changes: Vec<Change>,
    /// Last one first.
    prepended: Vec<Vec<u8>>,
    appended: Vec<Vec<u8>>,
    start: usize,
    header_end: usize,
    /// There is a body, and no empty line before it.
    no_blank: bool,
    line_end: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    Keep,
    Remove,
    Replace(Vec<u8>),
}

impl<'a> Edit<'a> {
    /// Begins with no change. New fields will have the line ends that the message has: LF where its
    /// first line ends so, else CRLF.
    #[must_use]
    pub fn new(message: &'a Message<'_>) -> Self {
        let bytes = message.bytes();
        let root = message.root();
        let node = root.node();
        let fields: Vec<FieldSpan> = root.fields().map(|field| field.span()).collect();
        let lf = memchr::memchr(b'\n', bytes).is_some_and(|i| i == 0 || bytes[i - 1] != b'\r');
        Self {
            bytes,
            changes: alloc::vec![Change::Keep; fields.len()],
            fields,
            prepended: Vec::new(),
            appended: Vec::new(),
            start: node.lead.end,
            header_end: node.header.end,
            no_blank: node.header.end == node.body.start && !node.body.is_empty(),
            line_end: if lf { "\n" } else { "\r\n" },
        }
    }

    /// Puts a field before all others; only an mbox `From ` line stays before it.
    pub fn prepend(&mut self, header: &Header) {
        let text = self.local(header);
        self.prepended.push(text);
    }

    /// Puts a field after all others.
    pub fn append(&mut self, header: &Header) {
        let text = self.local(header);
        self.appended.push(text);
    }

    /// Removes all original fields called `name`, in any case, and says how many those were.
    pub fn remove(&mut self, name: &str) -> usize {
        self.remove_if(|field, _| field.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Removes the original fields that `matches` picks by name and raw value, and says how many.
    pub fn remove_if(&mut self, mut matches: impl FnMut(&[u8], &[u8]) -> bool) -> usize {
        let mut count = 0;
        for (field, change) in self.fields.iter().zip(&mut self.changes) {
            let hit = *change != Change::Remove
                && matches(field.name.of(self.bytes), field.value.of(self.bytes));
            if hit {
                *change = Change::Remove;
                count += 1;
            }
        }
        count
    }

    /// Writes `header` where the first original field of its name is and removes the others; appends it
    /// when there is none.
    pub fn replace(&mut self, header: &Header) {
        let text = self.local(header);
        let name = header.name().as_bytes();
        let first =
            self.fields.iter().position(|f| f.name.of(self.bytes).eq_ignore_ascii_case(name));
        self.remove(header.name());
        match first {
            Some(first) => self.changes[first] = Change::Replace(text),
            None => self.appended.push(text),
        }
    }

    fn local(&self, header: &Header) -> Vec<u8> {
        let text = header.as_str();
        if self.line_end == "\n" { text.replace("\r\n", "\n").into_bytes() } else { text.into() }
    }

    /// The changed message as slices, in order; without changes, the message in one piece.
    pub fn slices(&self) -> impl Iterator<Item = &[u8]> {
        self.plan().into_iter().filter(|slice| !slice.is_empty())
    }

    fn plan(&self) -> Vec<&[u8]> {
        let changed = self.changes.iter().any(|change| *change != Change::Keep)
            || !self.prepended.is_empty()
            || !self.appended.is_empty();
        if !changed {
            return alloc::vec![self.bytes];
        }
        let line_end = self.line_end.as_bytes();
        let mut plan: Vec<&[u8]> = Vec::new();
        let open = |slice: &[u8]| !slice.is_empty() && slice.last() != Some(&b'\n');
        plan.push(&self.bytes[..self.start]);
        if open(&self.bytes[..self.start]) {
            plan.push(line_end);
        }
        plan.extend(self.prepended.iter().rev().map(Vec::as_slice));
        // Stretches that stay are one slice each.
        let mut kept = Span::new(self.start, self.start);
        for (field, change) in self.fields.iter().zip(&self.changes) {
            if *change == Change::Keep {
                kept.end = field.span.end;
                continue;
            }
            kept.end = field.span.start;
            plan.push(kept.of(self.bytes));
            if let Change::Replace(text) = change {
                plan.push(text);
            }
            kept = Span::new(field.span.end, field.span.end);
        }
        kept.end = self.header_end;
        plan.push(kept.of(self.bytes));
        if !self.appended.is_empty() && open(kept.of(self.bytes)) {
            plan.push(line_end);
        }
        plan.extend(self.appended.iter().map(Vec::as_slice));
        // Without the empty line, a new header could swallow the start of the body, or the other way.
        if self.no_blank {
            plan.push(line_end);
        }
        plan.push(&self.bytes[self.header_end..]);
        plan
    }

    /// Writes the changed message to the end of `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        self.slices().for_each(|slice| out.extend_from_slice(slice));
    }

    /// The changed message.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.slices().map(<[u8]>::len).sum());
        self.write_to(&mut out);
        out
    }
}
