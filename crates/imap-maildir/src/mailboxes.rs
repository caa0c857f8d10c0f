//! Mailboxes that come, go and get other names, and how they stand.

use crate::{
    Error, Stamps,
    names::{DELIMITER, mailbox},
    stamp,
};
use imap_proto::{
    Misuse, Server,
    codec::{Code, Data, Items, MailboxStatus, StatusData, StatusItem, Text},
};
use maildir::{Entry, Flags, FolderName, MailboxName, Maildir};
use posta_core::disk::Disk;

/// CREATE.
///
/// # Errors
/// There is such a mailbox, or none can be called that, or the disk failed.
pub fn create<D: Disk + Clone>(home: &Maildir<D>, name: Text<'_>) -> Result<(), Error> {
    // RFC 3501 6.3.3: a delimiter at the end tells of levels to come, which need no telling here.
    let name = name.bytes();
    let name = name.strip_suffix(&[DELIMITER]).unwrap_or(&name);
    let MailboxName::Folder(name) = mailbox(Text::new(name))? else { return Err(ALWAYS) };
    home.create_folder(&name)?;
    Ok(())
}

const ALWAYS: Error = Error::No(Code::AlreadyExists, "there always is an INBOX");

/// The folder that DELETE names. INBOX cannot be deleted.
///
/// # Errors
/// It is INBOX, or no mailbox can be called that.
pub fn to_delete(name: Text<'_>) -> Result<FolderName, Error> {
    match mailbox(name)? {
        MailboxName::Folder(name) => Ok(name),
        MailboxName::Inbox => Err(Error::No(Code::Cannot, "INBOX cannot be deleted")),
    }
}

/// RENAME: a folder with those below it gets another name; of INBOX, all messages go into a new folder.
/// RFC 3501 6.3.5
#[derive(Debug)]
pub struct Rename {
    from: MailboxName,
    to: FolderName,
    /// The folder for the messages of INBOX has been made.
    made: bool,
}

impl Rename {
    /// From this name to that one.
    ///
    /// # Errors
    /// No mailbox can be called one of that, or the new name is INBOX.
    pub fn new(from: Text<'_>, to: Text<'_>) -> Result<Self, Error> {
        let from = mailbox(from)?;
        let MailboxName::Folder(to) = mailbox(to)? else { return Err(ALWAYS) };
        Ok(Self { from, to, made: false })
    }

    /// What a mailbox is called afterwards, if it gets another name; of INBOX only the messages move.
    ///
    /// # Errors
    /// The name would be too long.
    pub fn renamed<D: Disk + Clone>(
        &self,
        mailbox: &Maildir<D>,
    ) -> Option<Result<FolderName, Error>> {
        let MailboxName::Folder(from) = &self.from else { return None };
        let renamed = mailbox.name()?.renamed(from, &self.to)?;
        Some(renamed.map_err(|error| maildir::Error::from(error).into()))
    }

    /// Does it. May be called again when a lock was in the way.
    ///
    /// # Errors
    /// There is no mailbox of that name, or there is one of the other, or the disk failed.
    pub fn run<D: Disk + Clone>(
        &mut self,
        home: &Maildir<D>,
        stamps: &Stamps<'_>,
    ) -> Result<(), Error> {
        let MailboxName::Folder(from) = &self.from else {
            if !self.made {
                home.create_folder(&self.to)?;
                self.made = true;
            }
            let target = home.folder(&self.to)?;
            for entry in home.list()? {
                home.move_to(&entry, &target, &stamp(stamps)?)?;
            }
            target.sync()?;
            return Ok(home.sync()?);
        };
        Ok(home.rename_folder(from, &self.to)?)
    }
}

/// How a mailbox stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    messages: u32,
    recent: u32,
    unseen: u32,
    deleted: u32,
    uid_next: u32,
    uid_validity: u32,
    size: u64,
}

impl Standing {
    /// Looks at a mailbox. `sizes` is whether the octets of all messages are wanted.
    ///
    /// # Errors
    /// The disk failed, or another program is giving out UIDs.
    pub fn of<D: Disk + Clone>(
        maildir: &Maildir<D>,
        sizes: bool,
        stamps: &Stamps<'_>,
    ) -> Result<Self, Error> {
        let numbered = maildir.numbered(&stamp(stamps)?, false)?;
        let mut size = 0;
        for message in numbered.messages.iter().filter(|_| sizes) {
            size += maildir.wire_size(&message.entry)?;
        }
        let count = |wanted: fn(&Entry) -> bool| {
            numbered.messages.iter().filter(|message| wanted(&message.entry)).count() as u32
        };
        Ok(Self {
            messages: numbered.messages.len() as u32,
            recent: count(Entry::is_new),
            unseen: count(|entry| !entry.flags().contains(Flags::SEEN)),
            deleted: count(|entry| entry.flags().contains(Flags::TRASHED)),
            uid_next: numbered.uid_next,
            uid_validity: numbered.uid_validity,
            size,
        })
    }

    /// Tells what STATUS asks for.
    ///
    /// # Errors
    /// As for [`Server::data`].
    pub fn tell(
        &self,
        mailbox: Text<'_>,
        items: &Items<'_, StatusItem>,
        imap: &mut Server,
    ) -> Result<(), Misuse> {
        let data = items.iter().filter_map(|item| {
            Some(match item {
                StatusItem::Messages => StatusData::Messages(self.messages),
                StatusItem::Recent => StatusData::Recent(self.recent),
                StatusItem::UidNext => StatusData::UidNext(self.uid_next),
                StatusItem::UidValidity => StatusData::UidValidity(self.uid_validity),
                StatusItem::Unseen => StatusData::Unseen(self.unseen),
                StatusItem::Deleted => StatusData::Deleted(self.deleted),
                StatusItem::Size => StatusData::Size(self.size),
                _ => return None,
            })
        });
        let data: Vec<_> = data.collect();
        imap.data(&Data::Status(MailboxStatus { mailbox, data: Items::new(&data) }))
    }
}
