//! The fetcher: collects a remote POP3 or IMAP mailbox into a Maildir, or hands it on by LMTP.
//!
//! A message is removed there only after it is safe here. Into a Maildir it comes once, whenever we are
//! stopped; by LMTP it comes twice if we are stopped between the delivery agent's `250` and our note of it.

mod config;
mod seen;
mod store;
mod there;

pub use config::{Config, Mailbox};
pub use store::StoreError;

use agent::{AccessError, Stamps, hop};
use posta_net::{Stop, tls::ConfigError};
use seen::Seen;
use std::{collections::HashSet, io, sync::Arc, time::Duration};
use store::Store;
use there::There;
use tokio::task::{JoinError, JoinSet};

/// The pause before a mailbox is gone back to, if none is configured.
const RETRY: Duration = Duration::from_secs(60);

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
    /// The configuration names no mailbox, or two.
    #[error("a mailbox is read either by `pop3` or by `imap`")]
    Config,
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
        let fetched = fetch(config, mailbox).await;
        report(config, mailbox, &fetched);
        all.push(fetched);
    }
    all
}

/// Fetches what is new in each mailbox, all side by side, again and again until `stop` is used.
///
/// # Errors
/// A task panicked.
pub async fn watch(config: &Config, stop: &Stop) -> Result<(), JoinError> {
    let config = Arc::new(config.clone());
    let mut tasks = JoinSet::new();
    for mailbox in config.mailboxes.clone() {
        let (config, stop) = (Arc::clone(&config), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = stop.stopped() => {}
                () = again_and_again(&config, &mailbox) => {}
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended?;
    }
    Ok(())
}

/// What is safe and noted when this is dropped stays so: a message is fetched again if that was not noted,
/// and then known by its name.
async fn again_and_again(config: &Config, mailbox: &Mailbox) {
    let pause = match config.interval_seconds {
        0 => RETRY,
        seconds => Duration::from_secs(seconds),
    };
    loop {
        let result = match mailbox.idle {
            true => stay(config, mailbox).await,
            false => fetch(config, mailbox).await,
        };
        report(config, mailbox, &result);
        tokio::time::sleep(pause).await;
    }
}

fn report(config: &Config, mailbox: &Mailbox, result: &Result<Fetched, FetchError>) {
    match result {
        Ok(Fetched { fetched, removed, failed }) => {
            let what = format!("fetched {fetched}, removed {removed}, failed {failed}");
            hop(&config.hostname, &mailbox.name, what);
        }
        Err(error) => {
            let cause = std::error::Error::source(error);
            tracing::error!(mailbox = mailbox.name, %error, cause, "not fetched");
        }
    }
}

/// Fetches what is new in one mailbox.
async fn fetch(config: &Config, mailbox: &Mailbox) -> Result<Fetched, FetchError> {
    let mut session = Session::open(config, mailbox).await?;
    let fetched = session.fetch().await?;
    session.there.close().await?;
    Ok(fetched)
}

/// Fetches what is new in one mailbox whenever the server says that there is something; returns only if it
/// cannot say so.
async fn stay(config: &Config, mailbox: &Mailbox) -> Result<Fetched, FetchError> {
    let mut session = Session::open(config, mailbox).await?;
    let mut fetched = Ok(session.fetch().await?);
    while session.there.wait().await? {
        report(config, mailbox, &fetched);
        fetched = Ok(session.fetch().await?);
    }
    session.there.close().await?;
    fetched
}

/// A mailbox there, and what is known of it here.
struct Session<'c> {
    config: &'c Config,
    mailbox: &'c Mailbox,
    store: Store,
    stamps: Stamps,
    seen: Seen,
    there: There,
}

impl<'c> Session<'c> {
    async fn open(config: &'c Config, mailbox: &'c Mailbox) -> Result<Self, FetchError> {
        let trust = agent::trust(config.ca.as_deref())?;
        let store = Store::new(mailbox)?;
        let stamps = Stamps::new(&*config.hostname);
        let seen = Seen::open(&config.state, &mailbox.name)?;
        let there = There::open(mailbox, &trust).await?;
        Ok(Self { config, mailbox, store, stamps, seen, there })
    }

    /// Fetches what is new. What is removed there is safe here.
    async fn fetch(&mut self) -> Result<Fetched, FetchError> {
        let Self { config, mailbox, store, stamps, seen, there } = self;
        let list = there.list().await?;
        let mut result = Fetched::default();
        for item in &list {
            let id = &*item.id;
            if !seen.contains(id) {
                let known = seen.pending(id).map(|name| store.has(name)).transpose()?;
                if known != Some(true) {
                    let message = there.read(item).await?;
                    let begin = |name: &str| seen.begin(id, name);
                    if let Err(error) = store.put(&config.hostname, stamps, &message, begin).await {
                        tracing::error!(mailbox = mailbox.name, id, %error, "not stored");
                        result.failed += 1;
                        continue;
                    }
                    result.fetched += 1;
                }
                seen.insert(id)?;
            }
            if !mailbox.keep {
                there.remove(item).await?;
                result.removed += 1;
            }
        }
        seen.retain(&list.iter().map(|item| &*item.id).collect::<HashSet<_>>())?;
        Ok(result)
    }
}
