//! What commands do.

use super::{
    Session, View, Work,
    problem::{Problem, on_disk},
};
use imap_maildir::{
    self as mailbox, Arrival, Fetch, Haystack, Listing, Rename, Standing, Store, Transfer,
};
use imap_proto::{
    Misuse, Server,
    codec::{Command, DateTime, Flag, Items, Sequence, StatusItem, Text},
};
use maildir::{Entry, Maildir};

impl Session {
    pub(super) async fn command(
        &mut self,
        command: &Command<'_>,
        line: &[u8],
        imap: &mut Server,
    ) -> Result<(), Problem> {
        match command {
            Command::Noop | Command::Check => self.refresh(imap).await?,
            Command::Select(name) => return self.select(*name, false, imap).await,
            Command::Examine(name) => return self.select(*name, true, imap).await,
            Command::Close => {
                if !self.view()?.is_read_only() {
                    let deleted = self.view()?.deleted(None)?;
                    self.remove(deleted).await?;
                }
                self.view = None;
            }
            Command::Unselect => self.view = None,
            Command::Create(name) => mailbox::create(self.home()?, *name)?,
            Command::Delete(name) => {
                let (home, name) = (self.home()?.clone(), mailbox::to_delete(*name)?);
                let open = self.view.as_ref().and_then(|view| view.maildir().name());
                let deleted = open.as_ref() == Some(&name);
                on_disk(&self.shared.stamps, move |_| Ok(home.delete_folder(&name)?)).await?;
                if deleted {
                    self.view = None;
                    imap.deselect()?;
                }
            }
            Command::Rename { from, to } => {
                let (home, mut rename) = (self.home()?.clone(), Rename::new(*from, *to)?);
                let open = self.view.as_ref().and_then(|view| rename.renamed(view.maildir()));
                on_disk(&self.shared.stamps, move |stamps| rename.run(&home, stamps)).await?;
                if let (Some(view), Some(name)) = (&mut self.view, open.transpose()?) {
                    let folder = view.maildir().folder(&name).map_err(mailbox::Error::from)?;
                    view.relocate(folder);
                }
                self.refresh(imap).await?;
            }
            Command::Subscribe(name) => self.subscribe(*name, Maildir::subscribe).await?,
            Command::Unsubscribe(name) => self.subscribe(*name, Maildir::unsubscribe).await?,
            Command::List { reference, pattern } => {
                mailbox::list(self.home()?, (*reference, *pattern), false, imap)?;
            }
            Command::Lsub { reference, pattern } => {
                mailbox::list(self.home()?, (*reference, *pattern), true, imap)?;
            }
            Command::Namespace => mailbox::namespace(imap)?,
            Command::Status { mailbox, items } => self.status(*mailbox, items, imap).await?,
            Command::Expunge(uids) => {
                let deleted = self.view()?.deleted(uids.as_ref())?;
                self.remove(deleted).await?;
                self.view()?.touch();
                self.refresh(imap).await?;
            }
            Command::Search { uid, charset, keys } => {
                let haystack = Haystack::new(self.view()?, *uid, *charset, keys)?;
                let found = on_disk(&self.shared.stamps, move |_| haystack.find()).await?;
                self.work = Some(Work::Found(found, 0));
                return self.go_on(imap);
            }
            Command::Fetch { uid, set, .. } => {
                let numbers = self.view()?.numbers(set, *uid)?;
                self.work = Some(Work::Fetch(Box::new(Fetch::new(line, numbers))));
                return self.go_on(imap);
            }
            Command::Store { uid, set, how, silent, flags } => {
                let store = Store::new(self.view()?, (*uid, set), (*how, *silent), flags)?;
                self.store(store, imap).await?;
            }
            Command::Copy { uid, set, mailbox } => {
                return self.transfer((*uid, set), *mailbox, false, imap).await;
            }
            Command::Move { uid, set, mailbox } => {
                return self.transfer((*uid, set), *mailbox, true, imap).await;
            }
            _ => return Err(mailbox::Error::Bad("not offered").into()),
        }
        Ok(imap.accept()?)
    }

    async fn select(
        &mut self,
        name: Text<'_>,
        read_only: bool,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        self.view = None;
        let maildir = mailbox::open(self.home()?, name)?;
        let there = maildir.clone();
        let listing =
            on_disk(&self.shared.stamps, move |stamps| Listing::read(&there, read_only, stamps));
        let view = View::new(maildir, read_only, listing.await?);
        view.select(imap)?;
        let (user, name, count) = (&self.user, name.to_str(), view.len());
        self.hop(format_args!("{user} has opened {name}, {count} messages"));
        self.view = Some(view);
        Ok(())
    }

    async fn subscribe(
        &self,
        name: Text<'_>,
        change: fn(
            &Maildir<super::Fs>,
            &maildir::MailboxName,
            &maildir::Stamp<'_>,
        ) -> Result<(), maildir::Error>,
    ) -> Result<(), Problem> {
        let (home, name) = (self.home()?.clone(), mailbox::mailbox(name)?);
        let changed = on_disk(&self.shared.stamps, move |stamps| {
            let stamp = stamps().ok_or(mailbox::Error::NoStamp)?;
            Ok(change(&home, &name, &stamp)?)
        });
        changed.await
    }

    async fn status(
        &self,
        name: Text<'_>,
        items: &Items<'_, StatusItem>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let maildir = mailbox::open(self.home()?, name)?;
        let sizes = items.iter().any(|item| item == StatusItem::Size);
        let standing =
            on_disk(&self.shared.stamps, move |stamps| Standing::of(&maildir, sizes, stamps));
        Ok(standing.await?.tell(name, items, imap)?)
    }

    async fn store(&mut self, mut store: Store, imap: &mut Server) -> Result<(), Problem> {
        if !store.has_new_keywords() {
            return Ok(store.run(self.view()?, None, imap)?);
        }
        let maildir = self.view()?.maildir().clone();
        let mut making = store.clone();
        let made = on_disk(&self.shared.stamps, move |stamps| {
            let keywords = making.make_keywords(&maildir, stamps)?;
            Ok((making.clone(), keywords))
        });
        let keywords;
        (store, keywords) = made.await?;
        Ok(store.run(self.view()?, Some(keywords), imap)?)
    }

    async fn remove(&self, entries: Vec<Entry>) -> Result<(), Problem> {
        let Some(view) = &self.view else { return Err(Misuse::State.into()) };
        let (maildir, count) = (view.maildir().clone(), entries.len());
        if count > 0 {
            let removed =
                on_disk(&self.shared.stamps, move |_| mailbox::expunge(&maildir, &entries));
            removed.await?;
            self.hop(format_args!("{} has removed {count} messages", self.user));
        }
        Ok(())
    }

    /// APPEND, before the message comes.
    pub(super) fn begin_append(
        &mut self,
        mailbox: Text<'_>,
        flags: &Items<'_, Flag<'_>>,
        date: Option<DateTime>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let target = mailbox::open_target(self.home()?, mailbox)?;
        let now = self.shared.stamps.now().map_err(|_| mailbox::Error::NoStamp)?;
        self.arrival = Some(Arrival::begin(target, flags, date, now)?);
        Ok(imap.accept()?)
    }

    /// APPEND, when the message has come.
    pub(super) async fn append(&mut self, imap: &mut Server) -> Result<(), Problem> {
        let Some(mut arrival) = self.arrival.take() else { return Err(Misuse::State.into()) };
        let stored = on_disk(&self.shared.stamps, move |stamps| arrival.store(stamps));
        let arrived = stored.await?;
        if let Some(view) = &mut self.view {
            view.touch();
        }
        self.refresh(imap).await?;
        Ok(imap.finish(&arrived.status())?)
    }

    /// COPY, or MOVE.
    async fn transfer(
        &mut self,
        (uid, set): (bool, &Items<'_, Sequence>),
        mailbox: Text<'_>,
        moves: bool,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let target = mailbox::open_target(self.home()?, mailbox)?;
        let view = self.view()?;
        if moves {
            view.check_writable()?;
        }
        let mut transfer = Transfer::new(view, &view.numbers(set, uid)?, target, moves);
        view.touch();
        let arrived = on_disk(&self.shared.stamps, move |stamps| transfer.run(stamps)).await?;
        if !moves {
            self.refresh(imap).await?;
            return Ok(imap.finish(&arrived.status())?);
        }
        // RFC 6851 4.3: before the messages disappear.
        if arrived.status().code.is_some() {
            imap.status(&arrived.status())?;
        }
        self.refresh(imap).await?;
        Ok(imap.accept()?)
    }
}
