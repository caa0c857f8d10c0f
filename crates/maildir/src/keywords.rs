//! Flags with names of their own. In file names each is a letter, and `dovecot-keywords` says which.

use crate::{
    Error, Flags, Maildir, Stamp,
    control::{Update, read_text},
};
use posta_core::disk::Disk;
use std::fmt::Write;

const FILE: &str = "dovecot-keywords";

/// The letters that there are.
const LETTERS: usize = 26;

/// The longest keyword, in octets.
const MAX_KEYWORD: usize = 100;

/// The keywords of a mailbox, and the letters that stand for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords([Option<String>; LETTERS]);

impl Keywords {
    /// The flag that stands for a keyword, in any case of its letters.
    pub fn flag(&self, keyword: &str) -> Option<Flags> {
        let is = |name: &Option<String>| {
            name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(keyword))
        };
        letter(self.0.iter().position(is)?)
    }

    /// The keywords among these flags. A letter that stands for none is not told.
    pub fn of(&self, flags: Flags) -> impl Iterator<Item = &str> {
        let set = move |n: usize| letter(n).is_some_and(|letter| flags.contains(letter));
        let named = self.0.iter().enumerate().filter(move |(n, _)| set(*n));
        named.filter_map(|(_, name)| name.as_deref())
    }

    /// All keywords.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().map(String::as_str)
    }

    fn parse(text: &str) -> Self {
        let mut keywords = Self::default();
        for line in text.lines() {
            let Some((number, name)) = line.split_once(' ') else { continue };
            let slot = number.parse().ok().and_then(|n: usize| keywords.0.get_mut(n));
            if let (Some(slot), true) = (slot, is_keyword(name)) {
                *slot = Some(name.to_owned());
            }
        }
        keywords
    }

    fn write(&self) -> String {
        let mut text = String::new();
        for (n, name) in self.0.iter().enumerate() {
            if let Some(name) = name {
                // Writing into a String cannot fail.
                let _ = writeln!(text, "{n} {name}");
            }
        }
        text
    }
}

/// The flag of the letter so far behind `a`.
fn letter(n: usize) -> Option<Flags> {
    Flags::from_char(char::from(b'a' + u8::try_from(n).ok()?))
}

/// Whether it can be one: graphic ASCII.
fn is_keyword(name: &str) -> bool {
    (1..=MAX_KEYWORD).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_graphic())
}

impl<D: Disk + Clone> Maildir<D> {
    /// The keywords of this mailbox.
    ///
    /// # Errors
    /// The disk failed.
    pub fn keywords(&self) -> Result<Keywords, Error> {
        Ok(Keywords::parse(&read_text(&self.disk(), &self.path(FILE))?))
    }

    /// The flag that stands for a keyword, which is made if there is none yet.
    ///
    /// # Errors
    /// The disk failed; another program is making one ([`Error::Locked`]: try again in a moment); there are
    /// 26 already, or it is no keyword.
    pub fn add_keyword(&self, keyword: &str, stamp: &Stamp<'_>) -> Result<Flags, Error> {
        if let Some(flag) = self.keywords()?.flag(keyword) {
            return Ok(flag);
        }
        let update = Update::begin(self.disk(), &self.path(FILE), stamp)?;
        let mut keywords = self.keywords()?;
        if let Some(flag) = keywords.flag(keyword) {
            return Ok(flag);
        }
        let free = keywords.0.iter().position(Option::is_none).filter(|_| is_keyword(keyword));
        let n = free.ok_or_else(|| Error::NoKeyword(keyword.to_owned()))?;
        keywords.0[n] = Some(keyword.to_owned());
        update.commit(keywords.write().as_bytes())?;
        letter(n).ok_or_else(|| Error::NoKeyword(keyword.to_owned()))
    }
}
