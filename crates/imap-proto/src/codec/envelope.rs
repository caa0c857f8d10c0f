//! ENVELOPE.

use super::{Cursor, Items, ParseError, Text, items::Wire, text::write_nstring};
use crate::Misuse;
use alloc::vec::Vec;

/// The envelope of a message: its header as the server has taken it apart. RFC 3501 7.4.2
///
/// Encoded words and the like are as they stand in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Envelope<'a> {
    /// The Date field.
    pub date: Option<Text<'a>>,
    /// The Subject field.
    pub subject: Option<Text<'a>>,
    /// The From field.
    pub from: Items<'a, Address<'a>>,
    /// The Sender field; the same as From if there is none.
    pub sender: Items<'a, Address<'a>>,
    /// The Reply-To field; the same as From if there is none.
    pub reply_to: Items<'a, Address<'a>>,
    /// The To field.
    pub to: Items<'a, Address<'a>>,
    /// The Cc field.
    pub cc: Items<'a, Address<'a>>,
    /// The Bcc field.
    pub bcc: Items<'a, Address<'a>>,
    /// The In-Reply-To field.
    pub in_reply_to: Option<Text<'a>>,
    /// The Message-ID field.
    pub message_id: Option<Text<'a>>,
}

/// An address in an [`Envelope`]. A group is told by its markers: its name as an address without
/// `host`, at its end an address with neither `mailbox` nor `host`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Address<'a> {
    /// The display name.
    pub name: Option<Text<'a>>,
    /// The route of RFC 822, which nobody uses any more.
    pub route: Option<Text<'a>>,
    /// What stands before the `@`, without quotes; the name of a group that begins.
    pub mailbox: Option<Text<'a>>,
    /// What stands behind the `@`.
    pub host: Option<Text<'a>>,
}

impl<'a> Envelope<'a> {
    /// ```abnf
    /// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
    ///            env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
    /// ```
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.byte(b'(', "an envelope")?;
        cursor.nested(|cursor| {
            cursor.no_space()?;
            let mut envelope = Self { date: cursor.nstring()?, ..Self::default() };
            cursor.space()?;
            envelope.subject = cursor.nstring()?;
            for list in [
                &mut envelope.from,
                &mut envelope.sender,
                &mut envelope.reply_to,
                &mut envelope.to,
                &mut envelope.cc,
                &mut envelope.bcc,
            ] {
                cursor.space()?;
                *list = Items::read_list_or_nil(cursor)?;
            }
            cursor.space()?;
            envelope.in_reply_to = cursor.nstring()?;
            cursor.space()?;
            envelope.message_id = cursor.nstring()?;
            cursor.no_space()?;
            cursor.byte(b')', "the end of the envelope")?;
            Ok(envelope)
        })
    }

    /// Appends it as it stands in a FETCH response.
    ///
    /// # Errors
    /// A string in it cannot be sent.
    pub fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        wire.push(b'(');
        write_nstring(self.date, wire)?;
        wire.push(b' ');
        write_nstring(self.subject, wire)?;
        for list in [&self.from, &self.sender, &self.reply_to, &self.to, &self.cc, &self.bcc] {
            wire.push(b' ');
            list.write_list_or_nil(wire)?;
        }
        wire.push(b' ');
        write_nstring(self.in_reply_to, wire)?;
        wire.push(b' ');
        write_nstring(self.message_id, wire)?;
        wire.push(b')');
        Ok(())
    }
}

/// ```abnf
/// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
/// ```
impl<'a> Wire<'a> for Address<'a> {
    const SEPARATOR: &'static [u8] = b"";

    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ParseError> {
        cursor.byte(b'(', "an address")?;
        cursor.no_space()?;
        let name = cursor.nstring()?;
        cursor.space()?;
        let route = cursor.nstring()?;
        cursor.space()?;
        let mailbox = cursor.nstring()?;
        cursor.space()?;
        let host = cursor.nstring()?;
        cursor.no_space()?;
        cursor.byte(b')', "the end of the address")?;
        Ok(Self { name, route, mailbox, host })
    }

    fn write(&self, wire: &mut Vec<u8>) -> Result<(), Misuse> {
        for (at, part) in [self.name, self.route, self.mailbox, self.host].into_iter().enumerate() {
            wire.push(if at == 0 { b'(' } else { b' ' });
            write_nstring(part, wire)?;
        }
        wire.push(b')');
        Ok(())
    }
}
