//! The mailboxes that a user has subscribed to, in the file `subscriptions`.

use crate::{
    Error, FolderName, Maildir, Stamp,
    control::{Update, read_text},
};
use posta_core::disk::Disk;
use std::{collections::BTreeSet, fmt, str::FromStr};

const FILE: &str = "subscriptions";

/// How the file begins; before there were versions it held names with dots, a line each.
const VERSION: &str = "V\t2\n\n";

/// The most mailboxes that can be subscribed to.
const MAX_SUBSCRIPTIONS: usize = 10_000;

/// The name of a mailbox: the main one, or a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailboxName {
    /// The main one, where mail is delivered to.
    Inbox,
    /// A folder.
    Folder(FolderName),
}

impl FromStr for MailboxName {
    type Err = crate::FolderNameError;

    /// `INBOX`, in any case, is the main one.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
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
    /// The mailboxes that are subscribed to, whether they exist or not. The main one's and those of all
    /// folders are the same.
    ///
    /// # Errors
    /// The disk failed.
    pub fn subscriptions(&self) -> Result<BTreeSet<MailboxName>, Error> {
        let text = read_text(&self.disk(), FILE)?;
        let names = match text.strip_prefix("V\t2\n") {
            Some(lines) => lines.lines().filter_map(from_parts).take(MAX_SUBSCRIPTIONS).collect(),
            None => text.lines().filter_map(|line| line.parse().ok()).collect(),
        };
        Ok(names)
    }

    /// Subscribes to a mailbox, which need not exist.
    ///
    /// # Errors
    /// The disk failed; another program is changing them ([`Error::Locked`]: try again in a moment); or there
    /// are 10,000 already.
    pub fn subscribe(&self, name: &MailboxName, stamp: &Stamp<'_>) -> Result<(), Error> {
        self.change(stamp, |names| names.insert(name.clone()))
    }

    /// Ends a subscription, if there is one.
    ///
    /// # Errors
    /// As for [`subscribe`](Self::subscribe).
    pub fn unsubscribe(&self, name: &MailboxName, stamp: &Stamp<'_>) -> Result<(), Error> {
        self.change(stamp, |names| names.remove(name))
    }

    fn change(
        &self,
        stamp: &Stamp<'_>,
        change: impl FnOnce(&mut BTreeSet<MailboxName>) -> bool,
    ) -> Result<(), Error> {
        let update = Update::begin(self.disk(), FILE, stamp)?;
        let mut names = self.subscriptions()?;
        if !change(&mut names) {
            return Ok(());
        }
        if names.len() > MAX_SUBSCRIPTIONS {
            return Err(Error::TooManySubscriptions);
        }
        let mut text = VERSION.to_owned();
        for name in &names {
            // Dots part the levels here and nowhere else, so nothing needs an escape.
            text.push_str(&name.to_string().replace('.', "\t"));
            text.push('\n');
        }
        update.commit(text.as_bytes())
    }
}

/// A line of the second version: the levels of a name with tabs between them. Names with escapes are of
/// mailboxes that cannot be here.
fn from_parts(line: &str) -> Option<MailboxName> {
    if line.contains('.') {
        return None;
    }
    line.replace('\t', ".").parse().ok()
}
