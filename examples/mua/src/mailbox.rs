use crate::{Config, Error};
use agent::{Maildrop, Mailstore, Summary};
use imap_proto::codec::{Flag, Store, Text};
use imf_message::{Message, decode_words};

/// The user's mailbox, by whichever protocol it is read.
#[derive(Debug)]
pub enum Mailbox {
    /// By POP3: one mailbox, messages to read and to remove.
    Pop3(Maildrop),
    /// By IMAP: everything.
    Imap(Mailstore),
}

/// A message in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it is called in this list: by IMAP its UID, which stays.
    pub number: u32,
    /// Its octets.
    pub octets: u64,
    /// Its flags, if the server keeps any.
    pub flags: Vec<String>,
    /// Who wrote it.
    pub from: String,
    /// The subject.
    pub subject: String,
}

/// Opens a mailbox: by IMAP, if it is configured, or else by POP3, which has only the INBOX.
///
/// # Errors
/// The server cannot be reached or trusted, or does not let us in; or nothing is configured.
pub async fn open(config: &Config, folder: &str) -> Result<Mailbox, Error> {
    let trust = agent::trust(config.ca.as_deref())?;
    match (&config.imap, &config.pop3) {
        (Some(account), _) => {
            let mut store = Mailstore::open(account, &trust).await?;
            store.select(folder).await?;
            Ok(Mailbox::Imap(store))
        }
        (None, Some(_)) if !folder.eq_ignore_ascii_case("INBOX") => Err(Error::OnlyImap),
        (None, Some(account)) => Ok(Mailbox::Pop3(Maildrop::open(account, &trust).await?)),
        (None, None) => Err(Error::NoMailbox),
    }
}

impl Mailbox {
    /// All messages.
    ///
    /// # Errors
    /// The server refuses, or the connection breaks; so for all that follows.
    pub async fn list(&mut self) -> Result<Vec<Line>, Error> {
        match self {
            Self::Imap(_) => self.find(b"ALL").await,
            Self::Pop3(maildrop) => {
                let mut lines = Vec::new();
                for entry in maildrop.list().await? {
                    let header = maildrop.read(entry.number, Some(0)).await?;
                    lines.push(line(entry.number, entry.octets, &header));
                }
                Ok(lines)
            }
        }
    }

    /// The messages that hold a text anywhere.
    ///
    /// # Errors
    /// As for [`list`](Self::list); or the mailbox is read by POP3.
    pub async fn search(&mut self, text: &str) -> Result<Vec<Line>, Error> {
        let mut keys = b"CHARSET UTF-8 TEXT ".to_vec();
        Text::from(text).write(&mut keys).map_err(agent::AccessError::from)?;
        self.find(&keys).await
    }

    /// A message. By IMAP it has been seen from then on.
    ///
    /// # Errors
    /// As for [`list`](Self::list); or there is no such message.
    pub async fn read(&mut self, number: u32) -> Result<Vec<u8>, Error> {
        Ok(match self {
            Self::Pop3(maildrop) => maildrop.read(number, None).await?,
            Self::Imap(store) => {
                let message = store.read(number, false).await?;
                store.store(&number.to_string(), Store::Add, &[Flag::Seen]).await?;
                message
            }
        })
    }

    /// Removes a message; by POP3 at the [end](Self::close) of the session.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub async fn delete(&mut self, number: u32) -> Result<(), Error> {
        match self {
            Self::Pop3(maildrop) => Ok(maildrop.delete(number).await?),
            Self::Imap(store) => Ok(store.remove(&number.to_string()).await?),
        }
    }

    /// Gives a message a flag, or takes it away.
    ///
    /// # Errors
    /// As for [`search`](Self::search).
    pub async fn flag(&mut self, number: u32, flag: &str, set: bool) -> Result<(), Error> {
        let how = if set { Store::Add } else { Store::Remove };
        let flags = [Flag::parse(flag)];
        Ok(self.imap()?.store(&number.to_string(), how, &flags).await?)
    }

    /// Moves a message into another folder, which is made if it does not exist.
    ///
    /// # Errors
    /// As for [`search`](Self::search).
    pub async fn move_to(&mut self, number: u32, folder: &str) -> Result<(), Error> {
        let store = self.imap()?;
        if !store.list().await?.iter().any(|name| name == folder) {
            store.create(folder).await?;
        }
        Ok(store.move_to(&number.to_string(), folder).await?)
    }

    /// The names of all folders.
    ///
    /// # Errors
    /// As for [`search`](Self::search).
    pub async fn folders(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.imap()?.list().await?)
    }

    /// Ends the session.
    ///
    /// # Errors
    /// Not everything could be removed, or the connection broke before the server said so.
    pub async fn close(self) -> Result<(), Error> {
        match self {
            Self::Pop3(maildrop) => Ok(maildrop.close().await?),
            Self::Imap(store) => Ok(store.close().await?),
        }
    }

    async fn find(&mut self, keys: &[u8]) -> Result<Vec<Line>, Error> {
        let store = self.imap()?;
        let uids = store.search(keys).await?;
        let mut lines = Vec::new();
        // So that no command becomes too long.
        for some in uids.chunks(500) {
            let set: Vec<_> = some.iter().map(u32::to_string).collect();
            let summaries = store.summaries(&set.join(",")).await?;
            lines.extend(summaries.into_iter().map(Line::from));
        }
        lines.sort_by_key(|line| line.number);
        Ok(lines)
    }

    fn imap(&mut self) -> Result<&mut Mailstore, Error> {
        match self {
            Self::Imap(store) => Ok(store),
            Self::Pop3(_) => Err(Error::OnlyImap),
        }
    }
}

impl From<Summary> for Line {
    fn from(summary: Summary) -> Self {
        Self {
            number: summary.uid,
            octets: summary.octets,
            flags: summary.flags,
            from: decode_words(&summary.from).into_owned(),
            subject: decode_words(&summary.subject).into_owned(),
        }
    }
}

fn line(number: u32, octets: u64, header: &[u8]) -> Line {
    let message = Message::new(header);
    let field =
        |name| message.field(name).map(|field| field.text().into_owned()).unwrap_or_default();
    let (from, subject) = (field("From"), field("Subject"));
    Line { number, octets, flags: Vec::new(), from, subject }
}
