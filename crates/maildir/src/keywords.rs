use crate::{
    Error, Flags, Maildir, Stamp,
    lock::{self, Lock},
    numbered::UID_LIST,
};
use posta_core::disk::Disk;
use std::{collections::BTreeMap, fmt::Write};

/// The file that says which letter stands for which keyword.
pub(crate) const KEYWORDS: &str = "dovecot-keywords";

/// The most octets of that file.
const MAX_FILE: usize = 1 << 16;

/// The most octets of a keyword.
const MAX_KEYWORD: usize = 255;

/// What the lower-case letters among the flags of a folder's messages stand for.
///
/// Each folder has letters of its own. Upper and lower case are the same in a keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keywords {
    names: BTreeMap<char, String>,
}

impl Keywords {
    /// What a letter stands for.
    pub fn name(&self, letter: char) -> Option<&str> {
        self.names.get(&letter).map(String::as_str)
    }

    /// The flag that stands for a keyword.
    pub fn flag(&self, name: &str) -> Option<Flags> {
        let mut names = self.names.iter();
        let (letter, _) = names.find(|(_, known)| known.eq_ignore_ascii_case(name))?;
        Flags::from_char(*letter)
    }

    /// The keywords among a message's flags.
    pub fn of(&self, flags: Flags) -> impl Iterator<Item = &str> {
        flags.chars().filter_map(|letter| self.name(letter))
    }

    /// All keywords, in the order of their letters.
    pub fn iter(&self) -> impl Iterator<Item = (char, &str)> {
        self.names.iter().map(|(letter, name)| (*letter, name.as_str()))
    }

    /// ```text
    /// file = *(number SP keyword LF)      ; 0 to 25, for a to z
    /// ```
    /// Lines of another form are left out.
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let (number, name) = line.split_once(' ')?;
            let letter = ('a'..='z').nth(number.parse().ok()?)?;
            is_keyword(name).then(|| (letter, name.to_owned()))
        };
        Self { names: text.lines().filter_map(line).collect() }
    }

    fn write(&self) -> String {
        let mut text = String::new();
        for (number, letter) in ('a'..='z').enumerate() {
            if let Some(name) = self.name(letter) {
                // Writing into a String cannot fail.
                let _ = writeln!(text, "{number} {name}");
            }
        }
        text
    }
}

impl<D: Disk + Clone> Maildir<D> {
    /// What the letters among the flags of this folder's messages stand for.
    ///
    /// # Errors
    /// The disk failed.
    pub fn keywords(&self) -> Result<Keywords, Error> {
        let octets = lock::read(&self.disk, &self.path(KEYWORDS), MAX_FILE)?;
        Ok(Keywords::parse(&String::from_utf8_lossy(&octets.unwrap_or_default())))
    }

    /// The flag that stands for a keyword in this folder, which gets a letter if it has none.
    ///
    /// # Errors
    /// The disk failed, another program is just writing the list of UIDs, whose lock is for this as well,
    /// it is no keyword, or no letter is left.
    pub fn add_keyword(&self, name: &str, stamp: &Stamp<'_>) -> Result<Flags, Error> {
        if !is_keyword(name) {
            return Err(Error::Keyword(name.chars().take(MAX_KEYWORD).collect()));
        }
        if let Some(flag) = self.keywords()?.flag(name) {
            return Ok(flag);
        }
        let now = stamp.time.as_secs();
        let _uids = Lock::take(self.disk.clone(), self.path(UID_LIST), now)?;
        let mut keywords = self.keywords()?;
        if let Some(flag) = keywords.flag(name) {
            return Ok(flag);
        }
        // A letter whose name is lost still stands for something on the messages that have it.
        let used = self.list()?.iter().fold(Flags::default(), |used, entry| used | entry.flags());
        let free = |letter: &char| {
            let is_used = Flags::from_char(*letter).is_some_and(|flag| used.contains(flag));
            !is_used && keywords.name(*letter).is_none()
        };
        let letter = ('a'..='z').find(free).ok_or(Error::TooManyKeywords)?;
        keywords.names.insert(letter, name.to_owned());
        // Whoever has the lock of the UIDs is alone here: what is there is left over.
        lock::remove(&self.disk, &self.path("dovecot-keywords.lock"))?;
        let lock = Lock::take(self.disk.clone(), self.path(KEYWORDS), now)?;
        lock.replace(keywords.write().as_bytes())?;
        Flags::from_char(letter).ok_or(Error::TooManyKeywords)
    }
}

/// What can be a keyword in the file. What IMAP allows is less.
fn is_keyword(name: &str) -> bool {
    (1..=MAX_KEYWORD).contains(&name.len()) && name.bytes().all(|octet| octet.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_and_written() {
        #[rustfmt::skip]
        let table = [
            ("",                              ""),
            ("0 $Junk\n1 $NonJunk\n",         "0 $Junk\n1 $NonJunk\n"),
            ("25 z\n3 d",                     "3 d\n25 z\n"),
            ("26 no\n-1 no\nx no\n0\n0 \n1 a b\n2 é\n3 ok\n", "3 ok\n"),
            ("0 first\n0 second\n",           "0 second\n"),
        ];
        for (text, written) in table {
            let keywords = Keywords::parse(text);
            assert_eq!(keywords.write(), written, "{text:?}");
            assert_eq!(Keywords::parse(written), keywords);
        }
        let keywords = Keywords::parse("0 $Junk\n1 $NonJunk\n");
        assert_eq!(keywords.flag("$nonJUNK"), Flags::from_char('b'));
        assert_eq!(keywords.flag("$Other"), None);
        assert_eq!((keywords.name('a'), keywords.name('c')), (Some("$Junk"), None));
        assert_eq!(keywords.of("Sbc".chars().collect()).collect::<Vec<_>>(), ["$NonJunk"]);
        assert_eq!(keywords.iter().next(), Some(('a', "$Junk")));
    }
}
