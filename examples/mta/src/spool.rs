//! The queue of this relay: what is on disk, and when it is due.

use mail_queue::{Envelope, Error, Id, Incoming, Message, Schedule};
use posta_core::disk::fs::Fs;
use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, task::spawn_blocking};

/// Why the spool cannot do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    #[error(transparent)]
    Queue(#[from] Error),
    #[error("no id can be made: {0}")]
    Random(#[from] std::io::Error),
    #[error("storing was given up: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

pub(crate) struct Spool {
    queue: mail_queue::Spool<Fs>,
    schedule: Mutex<Schedule>,
    /// Told when something new is in the schedule.
    news: Notify,
}

impl Spool {
    /// Opens the spool in a folder, and finds what a former run has left.
    pub(crate) fn open(folder: &Path) -> Result<Self, SpoolError> {
        let (queue, recovered) = mail_queue::Spool::open(Fs::new(folder))?;
        for (name, error) in &recovered.corrupt {
            tracing::error!(name, %error, "put aside into the folder `corrupt`");
        }
        let (entries, removed) = (recovered.entries.len(), recovered.removed);
        tracing::info!(folder = %folder.display(), entries, removed, "spool opened");
        let schedule = Mutex::new(recovered.entries.into_iter().collect());
        Ok(Self { queue, schedule, news: Notify::new() })
    }

    /// Begins to take a message.
    pub(crate) fn begin(&self) -> Result<Incoming<Fs>, SpoolError> {
        // The lower bits are as good as any.
        let random = agent::random()? as u32;
        Ok(self.queue.begin(Id::new(agent::now(), random))?)
    }

    /// Makes a message last, and has it sent.
    pub(crate) async fn commit(
        &self,
        incoming: Incoming<Fs>,
        envelope: Envelope,
    ) -> Result<Id, SpoolError> {
        let due = envelope.next;
        let id = spawn_blocking(move || incoming.commit(&envelope)).await??;
        self.put_off(id, due);
        Ok(id)
    }

    pub(crate) fn entry(&self, id: &Id) -> Result<Envelope, Error> {
        self.queue.entry(id)
    }

    pub(crate) fn message(&self, id: &Id) -> Result<Message<Fs>, Error> {
        self.queue.message(id)
    }

    /// Makes what has become of an entry last.
    pub(crate) async fn update(&self, id: Id, envelope: &Envelope) -> Result<(), SpoolError> {
        let (queue, envelope) = (self.queue.clone(), envelope.clone());
        Ok(spawn_blocking(move || queue.update(&id, &envelope)).await??)
    }

    /// Removes an entry that is done.
    pub(crate) async fn remove(&self, id: Id) -> Result<(), SpoolError> {
        let queue = self.queue.clone();
        Ok(spawn_blocking(move || queue.remove(&id)).await??)
    }

    /// Puts a damaged entry aside.
    pub(crate) fn put_aside(&self, id: &Id) -> Result<(), Error> {
        self.queue.put_aside(id)
    }

    /// Has an entry sent at that time.
    pub(crate) fn put_off(&self, id: Id, due: Duration) {
        self.schedule().insert(id, due);
        self.news.notify_one();
    }

    /// Waits for the entry that is due next.
    pub(crate) async fn due(&self) -> Id {
        loop {
            let now = agent::now();
            let (id, next) = {
                let mut schedule = self.schedule();
                (schedule.take_due(now), schedule.next())
            };
            match (id, next) {
                (Some(id), _) => return id,
                (None, None) => self.news.notified().await,
                (None, Some(next)) => {
                    // Something new may be due sooner.
                    let _ = tokio::time::timeout(next - now, self.news.notified()).await;
                }
            }
        }
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
