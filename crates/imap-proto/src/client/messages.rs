//! Commands about messages.

use super::{Client, Handle, Verb, mailboxes::put_values};
use crate::{
    Misuse,
    codec::{FetchItem, Flag, Items, Store, Text},
};
use alloc::vec::Vec;

/// How a command counts messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Number,
    Uid,
}

impl Client {
    /// CLOSE: expunges, and leaves the mailbox.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn close_mailbox(&mut self) -> Result<Handle, Misuse> {
        self.words(Verb::Alone, "CLOSE")
    }

    /// UNSELECT: leaves the mailbox. RFC 3691
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn unselect(&mut self) -> Result<Handle, Misuse> {
        self.words(Verb::Alone, "UNSELECT")
    }

    /// CHECK: lets the server tidy up.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn check(&mut self) -> Result<Handle, Misuse> {
        self.words(Verb::Plain, "CHECK")
    }

    /// EXPUNGE: removes what has `\Deleted`.
    ///
    /// # Errors
    /// As for [`select`](Self::select).
    pub fn expunge(&mut self) -> Result<Handle, Misuse> {
        self.words(Verb::Alone, "EXPUNGE")
    }

    /// UID EXPUNGE: of these only. RFC 4315
    ///
    /// # Errors
    /// As for [`uid_fetch`](Self::uid_fetch).
    pub fn uid_expunge(&mut self, uids: &str) -> Result<Handle, Misuse> {
        self.session(Verb::Alone, |text| {
            text.extend_from_slice(b"UID EXPUNGE ");
            put_set(uids, text)
        })
    }

    /// FETCH, by sequence numbers: a set as `1:5,9,20:*`.
    ///
    /// # Errors
    /// As for [`select`](Self::select), or this is no set, or nothing is asked for.
    pub fn fetch(&mut self, numbers: &str, items: &[FetchItem<'_>]) -> Result<Handle, Misuse> {
        self.any_fetch(By::Number, numbers, items)
    }

    /// UID FETCH: a set of UIDs as `1:5,9,20:*`.
    ///
    /// # Errors
    /// As for [`fetch`](Self::fetch).
    pub fn uid_fetch(&mut self, uids: &str, items: &[FetchItem<'_>]) -> Result<Handle, Misuse> {
        self.any_fetch(By::Uid, uids, items)
    }

    /// STORE, by sequence numbers. The flags are told in FETCH responses unless `silent`.
    ///
    /// # Errors
    /// As for [`select`](Self::select), or this is no set.
    pub fn store(
        &mut self,
        numbers: &str,
        how: Store,
        flags: &[Flag<'_>],
        silent: bool,
    ) -> Result<Handle, Misuse> {
        self.any_store(By::Number, numbers, how, flags, silent)
    }

    /// UID STORE.
    ///
    /// # Errors
    /// As for [`store`](Self::store).
    pub fn uid_store(
        &mut self,
        uids: &str,
        how: Store,
        flags: &[Flag<'_>],
        silent: bool,
    ) -> Result<Handle, Misuse> {
        self.any_store(By::Uid, uids, how, flags, silent)
    }

    /// COPY, by sequence numbers.
    ///
    /// # Errors
    /// As for [`select`](Self::select), or this is no set.
    pub fn copy<'m>(&mut self, numbers: &str, to: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.any_copy(Verb::NumbersCopy, "COPY ", numbers, to.into())
    }

    /// UID COPY.
    ///
    /// # Errors
    /// As for [`copy`](Self::copy).
    pub fn uid_copy<'m>(&mut self, uids: &str, to: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.any_copy(Verb::Uid, "UID COPY ", uids, to.into())
    }

    /// MOVE, by sequence numbers. RFC 6851
    ///
    /// # Errors
    /// As for [`copy`](Self::copy), or the server is known not to offer it.
    pub fn move_to<'m>(
        &mut self,
        numbers: &str,
        to: impl Into<Text<'m>>,
    ) -> Result<Handle, Misuse> {
        self.any_move("MOVE ", numbers, to.into())
    }

    /// UID MOVE. RFC 6851
    ///
    /// # Errors
    /// As for [`move_to`](Self::move_to).
    pub fn uid_move<'m>(&mut self, uids: &str, to: impl Into<Text<'m>>) -> Result<Handle, Misuse> {
        self.any_move("UID MOVE ", uids, to.into())
    }

    /// SEARCH, with keys in the protocol's own words, as `UNSEEN SINCE 1-Feb-2025`; a string in them can
    /// be put with [`Text::write`]. The answer is sequence numbers.
    ///
    /// # Errors
    /// As for [`select`](Self::select), or the keys are not made of values.
    pub fn search(&mut self, keys: &[u8]) -> Result<Handle, Misuse> {
        self.session(Verb::NumbersSearch, |text| {
            text.extend_from_slice(b"SEARCH ");
            put_values(keys, text)
        })
    }

    /// UID SEARCH: the answer is UIDs.
    ///
    /// # Errors
    /// As for [`search`](Self::search).
    pub fn uid_search(&mut self, keys: &[u8]) -> Result<Handle, Misuse> {
        self.session(Verb::UidSearch, |text| {
            text.extend_from_slice(b"UID SEARCH ");
            put_values(keys, text)
        })
    }

    fn words(&mut self, verb: Verb, words: &str) -> Result<Handle, Misuse> {
        self.session(verb, |text| {
            text.extend_from_slice(words.as_bytes());
            Ok(())
        })
    }

    fn any_fetch(&mut self, by: By, set: &str, items: &[FetchItem<'_>]) -> Result<Handle, Misuse> {
        if items.is_empty() {
            return Err(Misuse::Argument("FETCH asks for nothing"));
        }
        self.session(by.verb(), |text| {
            text.extend_from_slice(by.prefix());
            text.extend_from_slice(b"FETCH ");
            put_set(set, text)?;
            text.push(b' ');
            Items::new(items).write_list(text)
        })
    }

    fn any_store(
        &mut self,
        by: By,
        set: &str,
        how: Store,
        flags: &[Flag<'_>],
        silent: bool,
    ) -> Result<Handle, Misuse> {
        self.session(by.verb(), |text| {
            text.extend_from_slice(by.prefix());
            text.extend_from_slice(b"STORE ");
            put_set(set, text)?;
            text.extend_from_slice(match how {
                Store::Set => b" FLAGS",
                Store::Add => b" +FLAGS",
                Store::Remove => b" -FLAGS",
            });
            text.extend_from_slice(if silent { b".SILENT " } else { b" " });
            Items::new(flags).write_list(text)
        })
    }

    fn any_move(&mut self, name: &str, set: &str, to: Text<'_>) -> Result<Handle, Misuse> {
        if self.capabilities.is_some() && !self.offers("MOVE") {
            return Err(Misuse::NotOffered("MOVE"));
        }
        self.any_copy(Verb::Alone, name, set, to)
    }

    fn any_copy(
        &mut self,
        verb: Verb,
        name: &str,
        set: &str,
        to: Text<'_>,
    ) -> Result<Handle, Misuse> {
        self.session(verb, |text| {
            text.extend_from_slice(name.as_bytes());
            put_set(set, text)?;
            text.push(b' ');
            to.write(text)
        })
    }
}

impl By {
    fn verb(self) -> Verb {
        match self {
            Self::Number => Verb::Numbers,
            Self::Uid => Verb::Uid,
        }
    }

    fn prefix(self) -> &'static [u8] {
        match self {
            Self::Number => b"",
            Self::Uid => b"UID ",
        }
    }
}

/// ```abnf
/// sequence-set = (seq-number / seq-range) *("," sequence-set) / "$"
/// seq-number   = nz-number / "*"
/// ```
fn put_set(set: &str, text: &mut Vec<u8>) -> Result<(), Misuse> {
    let number = |number: &str| {
        let digits = number.bytes().all(|octet| octet.is_ascii_digit()) && !number.starts_with('0');
        number == "*" || digits && number.parse::<u32>().is_ok()
    };
    let range = |range: &str| match range.split_once(':') {
        Some((first, last)) => number(first) && number(last),
        None => number(range),
    };
    if set != "$" && !set.split(',').all(range) {
        return Err(Misuse::Argument("it is no set of messages"));
    }
    text.extend_from_slice(set.as_bytes());
    Ok(())
}
