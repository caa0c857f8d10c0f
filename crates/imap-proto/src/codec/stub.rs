#![allow(missing_docs)]
use super::{Cursor, Fault, ParseError, items::Wire};
use crate::Misuse;
use alloc::vec::Vec;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag<'a>(pub &'a str);
impl<'a> Wire<'a> for Flag<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        super::list::read_flag(cursor).map(Flag)
    }
    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.extend_from_slice(self.0.as_bytes());
        Ok(())
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime([u8; 26]);
impl DateTime {
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        text.try_into().map(DateTime).map_err(|_| ParseError::new(Fault::Bad, 0, "a date"))
    }
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.push(b'"');
        wire.extend_from_slice(&self.0);
        wire.push(b'"');
        Ok(())
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section<'a>(&'a [u8]);
impl<'a> Section<'a> {
    pub fn parse(text: &'a [u8]) -> Result<Self, ParseError> {
        Ok(Self(text))
    }
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.extend_from_slice(self.0);
        Ok(())
    }
}
