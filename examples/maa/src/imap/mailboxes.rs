//! Commands about mailboxes.

use super::{
    Session,
    names::{self, DELIMITER},
    problem::{Problem, on_disk},
    selected::Selected,
};
use imap_proto::{
    Server,
    codec::{
        Code, Data, Flag, Items, MailboxStatus, Namespace, Namespaces, StatusData, StatusItem, Text,
    },
    server::Mailbox,
};
use maildir::{Flags, MailboxName, Maildir};

impl Session {
    /// SELECT and EXAMINE.
    pub(super) async fn select(
        &mut self,
        name: Text<'_>,
        read_only: bool,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        self.selected = None;
        let name = names::mailbox(name)?;
        let maildir = names::open(self.home()?, &name)?;
        let there = maildir.clone();
        let now = agent::now().as_secs();
        let listing = on_disk(&self.shared.stamps, move |stamps| {
            let mark = there.mark(now)?;
            Ok((mark, there.numbered(&stamps.now()?, !read_only)?, there.keywords()?))
        });
        let (mark, numbered, keywords) = listing.await?;
        let selected = Selected {
            name,
            maildir,
            read_only,
            messages: numbered.messages,
            uid_validity: numbered.uid_validity,
            uid_next: numbered.uid_next,
            keywords,
            mark: Some(mark),
        };
        let flags = selected.all_flags();
        let mut permanent_flags = flags.clone();
        permanent_flags.push(Flag::Any);
        let unseen = |message: &maildir::Message| !message.entry.flags().contains(Flags::SEEN);
        let first = selected.messages.iter().position(unseen);
        imap.select(&Mailbox {
            exists: selected.messages.len() as u32,
            recent: selected.recent(),
            flags: &flags,
            permanent_flags: if read_only { &[] } else { &permanent_flags },
            unseen: first.map(|at| at as u32 + 1),
            uid_validity: selected.uid_validity,
            uid_next: selected.uid_next,
            read_only,
        })?;
        let count = selected.messages.len();
        self.hop(format_args!("{} has opened {}, {count} messages", self.user, selected.name));
        self.selected = Some(selected);
        Ok(())
    }

    /// CLOSE: EXPUNGE without a word, and no mailbox is selected any more.
    pub(super) async fn close(&mut self, imap: &mut Server) -> Result<(), Problem> {
        if !self.selected()?.read_only {
            self.remove_deleted(None).await?;
        }
        self.selected = None;
        Ok(imap.accept()?)
    }

    /// CREATE.
    pub(super) fn create(&self, name: Text<'_>, imap: &mut Server) -> Result<(), Problem> {
        // RFC 3501 6.3.3: a delimiter at the end tells of levels to come, which need no telling here.
        let name = name.bytes();
        let name = name.strip_suffix(&[DELIMITER]).unwrap_or(&name);
        match names::mailbox(Text::new(name))? {
            MailboxName::Inbox => Err(Problem::no(Code::AlreadyExists, "there always is an INBOX")),
            MailboxName::Folder(name) => {
                self.home()?.create_folder(&name)?;
                Ok(imap.accept()?)
            }
        }
    }

    /// DELETE.
    pub(super) async fn delete(&self, name: Text<'_>, imap: &mut Server) -> Result<(), Problem> {
        let MailboxName::Folder(name) = names::mailbox(name)? else {
            return Err(Problem::no(Code::Cannot, "INBOX cannot be deleted"));
        };
        let home = self.home()?.clone();
        on_disk(&self.shared.stamps, move |_| Ok(home.delete_folder(&name)?)).await?;
        Ok(imap.accept()?)
    }

    /// RENAME; of INBOX all messages are moved away. RFC 3501 6.3.5
    pub(super) async fn rename(
        &mut self,
        from: Text<'_>,
        to: Text<'_>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let (from, MailboxName::Folder(to)) = (names::mailbox(from)?, names::mailbox(to)?) else {
            return Err(Problem::no(Code::AlreadyExists, "there always is an INBOX"));
        };
        let home = self.home()?.clone();
        let renamed = match from {
            MailboxName::Folder(from) => {
                on_disk(&self.shared.stamps, move |_| Ok(home.rename_folder(&from, &to)?)).await
            }
            MailboxName::Inbox => {
                let target = home.create_folder(&to)?;
                // Another try goes on where a lock was in the way.
                on_disk(&self.shared.stamps, move |stamps| {
                    for entry in home.list()? {
                        home.move_to(&entry, &target, &stamps.now()?)?;
                    }
                    target.sync()?;
                    Ok(home.sync()?)
                })
                .await
            }
        };
        renamed?;
        self.refresh_and_accept(imap).await
    }

    /// SUBSCRIBE and UNSUBSCRIBE.
    pub(super) async fn subscribe(
        &self,
        name: Text<'_>,
        subscribe: bool,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let name = names::mailbox(name)?;
        let home = self.home()?.clone();
        let changed = on_disk(&self.shared.stamps, move |stamps| {
            let stamp = stamps.now()?;
            let change = if subscribe { Maildir::subscribe } else { Maildir::unsubscribe };
            Ok(change(&home, &name, &stamp)?)
        });
        changed.await?;
        Ok(imap.accept()?)
    }

    /// NAMESPACE: all is the user's own.
    pub(super) fn namespace(imap: &mut Server) -> Result<(), Problem> {
        let own = [Namespace { delimiter: Some(DELIMITER), ..Namespace::default() }];
        let namespaces = Namespaces { personal: Items::new(&own), ..Namespaces::default() };
        imap.data(&Data::Namespace(namespaces))?;
        Ok(imap.accept()?)
    }

    /// STATUS.
    pub(super) async fn status(
        &self,
        mailbox: Text<'_>,
        items: &Items<'_, StatusItem>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let maildir = names::open(self.home()?, &names::mailbox(mailbox)?)?;
        let sizes = items.iter().any(|item| item == StatusItem::Size);
        let listing = on_disk(&self.shared.stamps, move |stamps| {
            let numbered = maildir.numbered(&stamps.now()?, false)?;
            let mut size = 0;
            for message in numbered.messages.iter().filter(|_| sizes) {
                size += maildir.wire_size(&message.entry)?;
            }
            Ok((numbered, size))
        });
        let (numbered, size) = listing.await?;
        let count = |flags: Flags, wanted: bool| {
            let has = |entry: &maildir::Entry| entry.flags().contains(flags) == wanted;
            numbered.messages.iter().filter(|message| has(&message.entry)).count() as u32
        };
        let recent = numbered.messages.iter().filter(|message| message.entry.is_new()).count();
        let data: Vec<_> = items
            .iter()
            .filter_map(|item| {
                Some(match item {
                    StatusItem::Messages => StatusData::Messages(numbered.messages.len() as u32),
                    StatusItem::Recent => StatusData::Recent(recent as u32),
                    StatusItem::UidNext => StatusData::UidNext(numbered.uid_next),
                    StatusItem::UidValidity => StatusData::UidValidity(numbered.uid_validity),
                    StatusItem::Unseen => StatusData::Unseen(count(Flags::SEEN, false)),
                    StatusItem::Deleted => StatusData::Deleted(count(Flags::TRASHED, true)),
                    StatusItem::Size => StatusData::Size(size),
                    _ => return None,
                })
            })
            .collect();
        imap.data(&Data::Status(MailboxStatus { mailbox, data: Items::new(&data) }))?;
        Ok(imap.accept()?)
    }
}
