//! The fetcher: collects a remote POP3 mailbox into a Maildir, or hands it on by LMTP.
//!
//! A message is removed there only after it is safe here. Into a Maildir it comes once, whenever we are
//! stopped; by LMTP it comes twice if we are stopped between the delivery agent's `250` and our note of it.

mod config;
mod seen;
mod store;

pub use config::{Config, Mailbox};
pub use store::StoreError;

use agent::{AccessError, Maildrop, hop};
use posta_net::tls::{ClientConfig, ConfigError};
use seen::Seen;
use std::{collections::HashSet, io, sync::Arc};
use store::Store;

/// What came of a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fetched {
    /// Messages that were fetched.
    pub fetched: usize,
    /// Messages that were removed there.
    pub removed: usize,
    /// Messages that could not be stored; they are still there.
    pub failed: usize,
}

/// Why a mailbox cannot be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The authorities to trust cannot be read.
    #[error("the authorities cannot be read")]
    Trust(#[from] ConfigError),
    /// The mailbox cannot be read.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no place to put the messages.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was fetched cannot be noted.
    #[error("what was fetched cannot be noted: {0}")]
    Seen(#[from] io::Error),
}

/// Fetches what is new in each mailbox, one after the other. What fails is logged and does not keep the others
/// from being fetched; returned is what came of each.
pub async fn fetch_all(config: &Config) -> Vec<Result<Fetched, FetchError>> {
    let mut all = Vec::new();
    for mailbox in &config.mailboxes {
        let fetched = match agent::trust(config.ca.as_deref()) {
            Ok(trust) => fetch(config, mailbox, &trust).await,
            Err(error) => Err(error.into()),
        };
        match &fetched {
            Ok(Fetched { fetched, removed, failed }) => {
                let what = format!("fetched {fetched}, removed {removed}, failed {failed}");
                hop(&config.hostname, &mailbox.name, what);
            }
            Err(error) => {
                let cause = std::error::Error::source(error);
                tracing::error!(mailbox = mailbox.name, %error, cause, "not fetched");
            }
        }
        all.push(fetched);
    }
    all
}

/// Fetches what is new in one mailbox.
async fn fetch(
    config: &Config,
    mailbox: &Mailbox,
    trust: &Arc<ClientConfig>,
) -> Result<Fetched, FetchError> {
    let store = Store::new(mailbox)?;
    let mut seen = Seen::open(&config.state, &mailbox.name)?;
    let mut there = Maildrop::open(&mailbox.pop3, trust).await?;
    let list = there.list().await?;
    let mut result = Fetched::default();
    for (n, entry) in list.iter().enumerate() {
        let uid = &*entry.uid;
        if !seen.contains(uid) {
            let known = seen.pending(uid).map(|name| store.has(name)).transpose()?;
            if known != Some(true) {
                let message = there.read(entry.number, None).await?;
                let begin = |name: &str| seen.begin(uid, name);
                if let Err(error) = store.put(&config.hostname, n as u64, &message, begin).await {
                    tracing::error!(mailbox = mailbox.name, uid, %error, "not stored");
                    result.failed += 1;
                    continue;
                }
                result.fetched += 1;
            }
            seen.insert(uid)?;
        }
        if !mailbox.keep {
            there.delete(entry.number).await?;
            result.removed += 1;
        }
    }
    there.close().await?;
    seen.retain(&list.iter().map(|entry| &*entry.uid).collect::<HashSet<_>>())?;
    Ok(result)
}
