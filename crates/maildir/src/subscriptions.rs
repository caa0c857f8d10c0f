use crate::{
    Error, FolderName, FolderNameError, Maildir, Stamp,
    lock::{self, Lock},
};
use posta_core::disk::Disk;
use std::{fmt, str::FromStr};

/// The file with the names that somebody has subscribed to.
const SUBSCRIPTIONS: &str = "subscriptions";

/// The most octets of that file.
const MAX_FILE: usize = 1 << 20;

/// How a file of the second version begins. The first has no mark.
const VERSION_2: &[u8] = b"V\t2\n\n";

/// The name of a mailbox: that of a folder, or `INBOX`, in whatever case, for the main one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailboxName {
    /// The Maildir itself.
    Inbox,
    /// A folder of it.
    Folder(FolderName),
}

/// The form is that of [`FolderName`].
impl FromStr for MailboxName {
    type Err = FolderNameError;

    fn from_str(name: &str) -> Result<Self, FolderNameError> {
        // RFC 3501 5.1
        if name.eq_ignore_ascii_case("INBOX") {
            return Ok(Self::Inbox);
        }
        name.parse().map(Self::Folder)
    }
}

impl fmt::Display for MailboxName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbox => f.write_str("INBOX"),
            Self::Folder(name) => name.fmt(f),
        }
    }
}

impl<D: Disk + Clone> Maildir<D> {
    /// What somebody has subscribed to, in the order in which they did, whether there is such a folder or
    /// not. The list is that of the whole Maildir, also when this is a folder itself.
    ///
    /// # Errors
    /// The disk failed.
    pub fn subscriptions(&self) -> Result<Vec<MailboxName>, Error> {
        let octets = lock::read(&self.disk, SUBSCRIPTIONS, MAX_FILE)?.unwrap_or_default();
        let list = List::parse(&octets);
        Ok(list.lines.iter().filter_map(|line| list.name(line)).collect())
    }

    /// Adds a name to the subscriptions. It is no error if it is there.
    ///
    /// # Errors
    /// The disk failed, another program is just writing the file, or it is full.
    pub fn subscribe(&self, name: &MailboxName, stamp: &Stamp<'_>) -> Result<(), Error> {
        self.change(name, true, stamp)
    }

    /// Takes a name from the subscriptions. It is no error if it is not there.
    ///
    /// # Errors
    /// The disk failed, or another program is just writing the file.
    pub fn unsubscribe(&self, name: &MailboxName, stamp: &Stamp<'_>) -> Result<(), Error> {
        self.change(name, false, stamp)
    }

    fn change(&self, name: &MailboxName, wanted: bool, stamp: &Stamp<'_>) -> Result<(), Error> {
        if self.subscriptions()?.contains(name) == wanted {
            return Ok(());
        }
        let now = stamp.time.as_secs();
        let lock = Lock::take(self.disk.clone(), SUBSCRIPTIONS.to_owned(), now)?;
        let octets = lock::read(&self.disk, SUBSCRIPTIONS, MAX_FILE)?;
        // A new file is made as Dovecot makes one.
        let mut list = List::parse(octets.as_deref().unwrap_or(VERSION_2));
        let is_other = |line: &&[u8]| list.name(line).as_ref() != Some(name);
        let lines: Vec<_> = list.lines.iter().copied().filter(is_other).collect();
        let line = list.line(name);
        list.lines = lines;
        if wanted {
            list.lines.push(line.as_bytes());
        }
        let written = list.write();
        if written.len() > MAX_FILE {
            return Err(Error::TooManySubscriptions);
        }
        lock.replace(&written)
    }
}

/// ```text
/// file = *(name LF) / "V" HTAB "2" LF LF *(part *(HTAB part) LF)
/// ```
/// Both are in modified UTF-7. In the second version control characters are written with an octet 1; such
/// names, and whatever else is no name here, stay in the file and are not shown.
struct List<'t> {
    version_2: bool,
    lines: Vec<&'t [u8]>,
}

impl<'t> List<'t> {
    fn parse(octets: &'t [u8]) -> Self {
        let names = octets.strip_prefix(VERSION_2);
        let lines = names.unwrap_or(octets).split(|octet| *octet == b'\n');
        let lines = lines.filter(|line| !line.is_empty()).collect();
        Self { version_2: names.is_some(), lines }
    }

    fn name(&self, line: &[u8]) -> Option<MailboxName> {
        let line = std::str::from_utf8(line).ok()?;
        if self.version_2 && line.contains('\t') {
            let parts: Vec<_> = line.split('\t').collect();
            return FolderName::from_parts(&parts).ok().map(MailboxName::Folder);
        }
        line.parse().ok()
    }

    fn line(&self, name: &MailboxName) -> String {
        let name = name.to_string();
        if self.version_2 { name.replace('.', "\t") } else { name }
    }

    fn write(&self) -> Vec<u8> {
        let mut octets = if self.version_2 { VERSION_2.to_vec() } else { Vec::new() };
        for line in &self.lines {
            octets.extend_from_slice(line);
            octets.push(b'\n');
        }
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_are_read() {
        #[rustfmt::skip]
        let table: [(&str, &[&str]); 9] = [
            ("",                                              &[]),
            ("V\t2\n\n",                                      &[]),
            ("Archive.2026\nEntw&APw-rfe\nINBOX\n",           &["Archive.2026", "Entw&APw-rfe", "INBOX"]),
            ("V\t2\n\nArchive\t2026\nEntw&APw-rfe\ninbox\n",  &["Archive.2026", "Entw&APw-rfe", "INBOX"]),
            ("Archive",                                       &["Archive"]), // the end is missing
            ("Archive\t2026\n../x\na/b\n\n.a\nR&D\nok\n",     &["ok"]),
            ("V\t2\n\na\u{1}tb\na.\tb\n\t\nok\n",             &["ok"]),
            ("V\t2\nok\n",                                    &["ok"]),
            ("INBOX.Sent\n",                                  &["INBOX.Sent"]),
        ];
        for (text, names) in table {
            let list = List::parse(text.as_bytes());
            let read: Vec<_> = list.lines.iter().filter_map(|line| list.name(line)).collect();
            let read: Vec<_> = read.iter().map(ToString::to_string).collect();
            assert_eq!(read, names, "{text:?}");
        }
    }
}
