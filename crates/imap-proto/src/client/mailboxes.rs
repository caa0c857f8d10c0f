//! Commands about mailboxes.
//!
//! Names are as they stand on the wire, in modified UTF-7 or, if that is enabled, in UTF-8: those that
//! LIST tells can be given back as they are.

use super::{Client, Handle, Verb};
use crate::{
    Misuse,
    codec::{Cursor, DateTime, Flag, Items, Quirks, Text},
};
use alloc::vec::Vec;

impl Client {
    /// SELECT.
    ///
    /// # Errors
    /// As for [`capability`](Self::capability), or there was no login yet.
    pub fn select<'m>(&mut self, mailbox: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.named(Verb::Alone, b"SELECT ", mailbox)
    }

    /// EXAMINE: SELECT to read only.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn examine<'m>(&mut self, mailbox: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.named(Verb::Alone, b"EXAMINE ", mailbox)
    }

    /// CREATE.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn create<'m>(&mut self, mailbox: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.named(Verb::Alone, b"CREATE ", mailbox)
    }

    /// DELETE.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn delete<'m>(&mut self, mailbox: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.named(Verb::Alone, b"DELETE ", mailbox)
    }

    /// RENAME.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn rename<'m>(
        &mut self,
        from: impl Into<Text<'m>>,
        to: impl Into<Text<'m>>,
    ) -> Result<Handle, Misuse> {
        let (from, to) = (from.into(), to.into());
        self.session(Verb::Alone, |text| {
            text.extend_from_slice(b"RENAME ");
            from.write(text)?;
            text.push(b' ');
            to.write(text)
        })
    }

    /// SUBSCRIBE.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn subscribe<'m>(&mut self, mailbox: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.named(Verb::Plain, b"SUBSCRIBE ", mailbox)
    }

    /// UNSUBSCRIBE.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn unsubscribe<'m>(&mut self, mailbox: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.named(Verb::Plain, b"UNSUBSCRIBE ", mailbox)
    }

    /// LIST: mailboxes below `reference` whose names match `pattern`, in which `*` stands for anything
    /// and `%` for anything within a level.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn list(&mut self, reference: &str, pattern: &str) -> Result<Handle, Misuse> {
        self.listing(b"LIST ", reference, pattern)
    }

    /// LSUB: LIST of what is subscribed.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn lsub(&mut self, reference: &str, pattern: &str) -> Result<Handle, Misuse> {
        self.listing(b"LSUB ", reference, pattern)
    }

    /// NAMESPACE. RFC 2342
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn namespace(&mut self) -> Result<Handle, Misuse> {
        self.session(Verb::Plain, |text| {
            text.extend_from_slice(b"NAMESPACE");
            Ok(())
        })
    }

    /// STATUS: asks for these, as `UIDNEXT`.
    ///
    /// # Errors
    /// As for [`select`](Self::select), or nothing is asked for.
    pub fn status<'m>(
        &mut self,
        mailbox: impl Into<Text<'m>>,
        names: &[&str],
    ) -> Result<Handle, Misuse> {
        let mailbox = mailbox.into();
        if names.is_empty() {
            return Err(Misuse::Argument("STATUS asks for nothing"));
        }
        self.session(Verb::Plain, |text| {
            text.extend_from_slice(b"STATUS ");
            mailbox.write(text)?;
            for (at, name) in names.iter().enumerate() {
                text.extend_from_slice(if at == 0 { b" (" } else { b" " });
                crate::codec::put_name(name, text)?;
            }
            text.push(b')');
            Ok(())
        })
    }

    /// APPEND of a message of `size` octets, which [`Event::Body`](super::Event::Body) asks for.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn append<'m>(
        &mut self,
        mailbox: impl Into<Text<'m>>,
        flags: &[Flag<'_>],
        date: Option<DateTime>,
        size: u64,
    ) -> Result<Handle, Misuse> {
        if !self.authenticated {
            return Err(Misuse::State);
        }
        let mailbox = mailbox.into();
        self.command(Verb::Plain, Some(size), |text| {
            text.extend_from_slice(b"APPEND ");
            mailbox.write(text)?;
            if !flags.is_empty() {
                text.push(b' ');
                Items::new(flags).write_list(text)?;
            }
            if let Some(date) = date {
                text.push(b' ');
                date.write(text)?;
            }
            Ok(())
        })
    }

    fn named<'m>(
        &mut self,
        verb: Verb,
        name: &[u8],
        mailbox: impl Into<Text<'m>>,
    ) -> Result<Handle, Misuse> {
        let mailbox = mailbox.into();
        self.session(verb, |text| {
            text.extend_from_slice(name);
            mailbox.write(text)
        })
    }

    fn listing(&mut self, name: &[u8], reference: &str, pattern: &str) -> Result<Handle, Misuse> {
        self.session(Verb::List, |text| {
            text.extend_from_slice(name);
            Text::from(reference).write(text)?;
            text.push(b' ');
            Text::from(pattern).write(text)
        })
    }
}

/// Appends values that the caller has put together.
pub(super) fn put_values(values: &[u8], text: &mut Vec<u8>) -> Result<(), Misuse> {
    let mut cursor = Cursor::new(values, Quirks::default());
    loop {
        if cursor.value().is_err() {
            return Err(Misuse::Argument("it is not made of values"));
        }
        if cursor.is_empty() {
            text.extend_from_slice(values);
            return Ok(());
        }
        if cursor.space().is_err() {
            return Err(Misuse::Argument("it is not made of values"));
        }
    }
}
