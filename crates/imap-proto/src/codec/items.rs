//! Lists whose elements are read when they are asked for.

use super::{Cursor, ParseError, Quirks, Text};
use crate::Misuse;
use alloc::vec::Vec;
use core::fmt;

/// What can stand in [`Items`]. Implemented by this crate alone.
pub trait Element<'a>: Wire<'a> {}

impl<'a, T: Wire<'a>> Element<'a> for T {}

#[expect(unnameable_types, reason = "the seal of `Element`")]
pub trait Wire<'a>: Copy + 'a {
    /// What separates two of them.
    const SEPARATOR: &'static [u8] = b" ";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError>;
    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse>;
}

/// The elements of a list: as they came, checked and read again when they are asked for, or given as a
/// slice by who writes. Both are compared by their elements.
pub struct Items<'a, T>(Source<'a, T>);

enum Source<'a, T> {
    /// What stands between the parentheses.
    Wire(&'a [u8]),
    Slice(&'a [T]),
}

impl<'a, T: Element<'a>> Items<'a, T> {
    /// These elements.
    pub const fn new(elements: &'a [T]) -> Self {
        Self(Source::Slice(elements))
    }

    /// What has been checked before.
    pub(crate) fn from_wire(text: &'a [u8]) -> Self {
        Self(Source::Wire(text))
    }

    /// Goes through them.
    pub fn iter(&self) -> Iter<'a, T> {
        match self.0 {
            Source::Wire(text) => Iter { text: Cursor::new(text, Quirks::all()), slice: &[] },
            Source::Slice(slice) => Iter { text: Cursor::new(b"", Quirks::all()), slice },
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self.0 {
            // Not by reading one: nested lists would be read twice at every level.
            Source::Wire(text) => text.iter().all(|octet| *octet == b' '),
            Source::Slice(slice) => slice.is_empty(),
        }
    }

    /// The first, or the only one.
    pub fn first(&self) -> Option<T> {
        self.iter().next()
    }

    /// Reads elements with spaces between them, up to the end.
    pub(crate) fn read_to_end(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let before = *cursor;
        while !cursor.is_empty() {
            T::read(cursor)?;
            if !cursor.is_empty() {
                cursor.space()?;
                if cursor.is_empty() {
                    cursor.overlook(super::Quirk::Spaces)?;
                }
            }
        }
        Ok(Self::from_wire(cursor.since(&before)))
    }

    /// Reads elements with their own separator between them: `T *("," T)`.
    pub(crate) fn read_set(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        let before = *cursor;
        T::read(cursor)?;
        while cursor.rest().starts_with(T::SEPARATOR) {
            cursor.bump(T::SEPARATOR.len());
            T::read(cursor)?;
        }
        Ok(Self::from_wire(cursor.since(&before)))
    }

    /// Reads elements in parentheses: `"(" [T *(SP T)] ")"`.
    pub(crate) fn read_list(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.byte(b'(', "a list")?;
        cursor.nested(|cursor| {
            cursor.no_space()?;
            let before = *cursor;
            loop {
                if cursor.peek() == Some(b')') {
                    let items = cursor.since(&before);
                    cursor.bump(1);
                    return Ok(Self::from_wire(items));
                }
                T::read(cursor)?;
                if T::SEPARATOR.is_empty() {
                    cursor.no_space()?;
                } else if cursor.peek() != Some(b')') {
                    cursor.byte(b' ', "a space or a closing parenthesis")?;
                    if matches!(cursor.peek(), Some(b' ' | b')')) {
                        cursor.overlook(super::Quirk::Spaces)?;
                        while cursor.try_byte(b' ') {}
                    }
                }
            }
        })
    }

    /// The same, or NIL; `()` is a quirk.
    pub(crate) fn read_list_or_nil(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        if cursor.nil() {
            return Ok(Self::default());
        }
        let items = Self::read_list(cursor)?;
        if items.is_empty() {
            cursor.overlook(super::Quirk::EmptyList)?;
        }
        Ok(items)
    }

    pub(crate) fn write_bare(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        for (at, element) in self.iter().enumerate() {
            if at > 0 {
                wire.extend_from_slice(T::SEPARATOR);
            }
            element.write(wire)?;
        }
        Ok(())
    }

    pub(crate) fn write_list(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.push(b'(');
        self.write_bare(wire)?;
        wire.push(b')');
        Ok(())
    }

    pub(crate) fn write_list_or_nil(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        if self.is_empty() {
            wire.extend_from_slice(b"NIL");
            return Ok(());
        }
        self.write_list(wire)
    }
}

/// Goes through [`Items`].
#[derive(Clone, Copy)]
pub struct Iter<'a, T> {
    text: Cursor<'a>,
    slice: &'a [T],
}

impl<'a, T: Element<'a>> Iterator for Iter<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if let Some((first, rest)) = self.slice.split_first() {
            self.slice = rest;
            return Some(*first);
        }
        while self.text.peek().is_some_and(|octet| octet == b' ' || T::SEPARATOR == [octet]) {
            self.text.bump(1);
        }
        if self.text.is_empty() {
            return None;
        }
        // Checked when the response was framed, so this cannot fail; if it did, the list would end.
        T::read(&mut self.text).ok()
    }
}

impl<'a, T: Element<'a>> IntoIterator for Items<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T: Element<'a>> IntoIterator for &Items<'a, T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Clone for Items<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Items<'_, T> {}

impl<T> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<'_, T> {}

/// None.
impl<T> Default for Items<'_, T> {
    fn default() -> Self {
        Self(Source::Slice(&[]))
    }
}

impl<'a, T: Element<'a> + PartialEq> PartialEq for Items<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a, T: Element<'a> + Eq> Eq for Items<'a, T> {}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for Items<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, T: Element<'a> + fmt::Debug> fmt::Debug for Iter<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> Wire<'a> for Text<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.astring()
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        Text::write(*self, wire)
    }
}

impl<'a> Wire<'a> for u32 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.nz_number()
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        super::put_number(wire, u64::from(*self));
        Ok(())
    }
}
