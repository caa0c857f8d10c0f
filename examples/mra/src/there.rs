//! The mailbox elsewhere.

use crate::{FetchError, config::Mailbox};
use agent::{AccessError, Maildrop, Mailstore};
use posta_net::tls::ClientConfig;
use std::sync::Arc;

/// A mailbox elsewhere that is open.
#[derive(Debug)]
pub(crate) enum There {
    Pop3(Maildrop),
    Imap { store: Mailstore, uid_validity: u32 },
}

/// A message there.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// What it is called in every session.
    pub(crate) id: String,
    /// What it is called in this one.
    number: u32,
}

impl There {
    /// Connects and logs in.
    pub(crate) async fn open(
        mailbox: &Mailbox,
        trust: &Arc<ClientConfig>,
    ) -> Result<Self, FetchError> {
        match (&mailbox.pop3, &mailbox.imap) {
            (Some(account), None) => Ok(Self::Pop3(Maildrop::open(account, trust).await?)),
            (None, Some(account)) => {
                let mut store = Mailstore::open(account, trust).await?;
                let uid_validity = store.select(&mailbox.folder).await?.uid_validity;
                Ok(Self::Imap { store, uid_validity })
            }
            _ => Err(FetchError::Config),
        }
    }

    /// The messages that are there.
    pub(crate) async fn list(&mut self) -> Result<Vec<Item>, AccessError> {
        Ok(match self {
            Self::Pop3(maildrop) => {
                let entries = maildrop.list().await?.into_iter();
                entries.map(|entry| Item { id: entry.uid, number: entry.number }).collect()
            }
            Self::Imap { store, uid_validity } => {
                let uids = store.search(b"UNDELETED").await?.into_iter();
                uids.map(|uid| Item { id: format!("{uid_validity}.{uid}"), number: uid }).collect()
            }
        })
    }

    /// A message.
    pub(crate) async fn read(&mut self, item: &Item) -> Result<Vec<u8>, AccessError> {
        match self {
            Self::Pop3(maildrop) => maildrop.read(item.number, None).await,
            Self::Imap { store, .. } => store.read(item.number, false).await,
        }
    }

    /// Removes a message; by POP3 at the [end](Self::close) of the session.
    pub(crate) async fn remove(&mut self, item: &Item) -> Result<(), AccessError> {
        match self {
            Self::Pop3(maildrop) => maildrop.delete(item.number).await,
            Self::Imap { store, .. } => store.remove(&item.number.to_string()).await,
        }
    }

    /// Waits for news; returns at once, with `false`, if the server cannot tell of them.
    pub(crate) async fn wait(&mut self) -> Result<bool, AccessError> {
        let Self::Imap { store, .. } = self else { return Ok(false) };
        let tells = store.can_idle();
        if tells {
            store.idle().await?;
        }
        Ok(tells)
    }

    /// Ends the session.
    pub(crate) async fn close(self) -> Result<(), AccessError> {
        match self {
            Self::Pop3(maildrop) => maildrop.close().await,
            Self::Imap { store, .. } => store.close().await,
        }
    }
}
