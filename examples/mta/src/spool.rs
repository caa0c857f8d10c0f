//! The queue of this relay: what is on disk, and when it is due.

use crate::{Config, queue::PAUSE, route};
use mail_queue::{
    Attempt, Due, Envelope, Error, Found, Id, Incoming, Limits, Message, Outcome, Recovery, Retry,
    Schedule,
};
use posta_core::disk::{Kind, fs::Fs};
use posta_net::Stop;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

impl SpoolError {
    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Queue(Error::Disk(error)) if error.kind == Kind::NoSpace)
    }
}

pub(crate) struct Spool {
    queue: mail_queue::Spool<Fs>,
    schedule: Mutex<Schedule>,
    /// Told when the schedule has changed.
    news: Notify,
    retry: Retry,
    config: Arc<Config>,
}

impl Spool {
    /// Opens the spool. It takes mail at once; what a former run has left is still to be [found](Self::find).
    pub(crate) fn open(config: &Arc<Config>) -> Result<(Self, Recovery<Fs>), SpoolError> {
        let retry = config.retry.schedule();
        let (pause, longest_pause) = (retry.first, retry.longest);
        let schedule = Schedule::new(Limits { pause, longest_pause, ..Limits::default() });
        let disk = Fs::new(&config.spool).with_durability(config.durability.into());
        let (queue, recovery) = mail_queue::Spool::open(disk)?;
        let (entries, removed) = (recovery.left(), recovery.removed());
        tracing::info!(folder = %config.spool.display(), entries, removed, "spool opened");
        let (schedule, config) = (Mutex::new(schedule), Arc::clone(config));
        Ok((Self { queue, schedule, news: Notify::new(), retry, config }, recovery))
    }

    /// Reads what a former run has left, until the relay is to stop. From a cold disk a hundred thousand
    /// entries take ten seconds.
    pub(crate) fn find(&self, recovery: Recovery<Fs>, stop: &Stop) {
        let mut entries = 0;
        for found in recovery.take_while(|_| !stop.is_stopped()) {
            match found {
                Found::Entry(id, entry) => {
                    let (due, ways) = (self.retry.due(&entry), self.destinations(&entry));
                    self.change(|schedule| schedule.insert(id, due, ways.keys()));
                    entries += 1;
                }
                Found::Unread(id, error) => {
                    tracing::error!(%id, %error, "cannot read an entry of the spool");
                    self.read_later(id);
                }
                Found::Corrupt(name, error) => {
                    tracing::error!(name, %error, "put aside into the folder `corrupt`");
                }
            }
        }
        tracing::info!(entries, "spool read");
    }

    /// Where it goes is not known: it is handed out as if there were a destination without a name.
    fn read_later(&self, id: Id) {
        let at = agent::now() + PAUSE;
        let due = Due { at, deadline: at, new: false };
        self.change(|schedule| schedule.insert(id, due, [""]));
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
        let (due, ways) = (self.retry.due(&envelope), destinations(&self.config, &envelope));
        let id = spawn_blocking(move || incoming.commit(&envelope)).await??;
        self.change(|schedule| schedule.insert(id, due, ways.keys()));
        Ok(id)
    }

    pub(crate) fn entry(&self, id: &Id) -> Result<Envelope, Error> {
        self.queue.entry(id)
    }

    pub(crate) fn message(&self, id: &Id) -> Result<Message<Fs>, Error> {
        self.queue.message(id)
    }

    /// The recipients of an entry still to be reached, by their numbers, for each destination.
    pub(crate) fn destinations(&self, entry: &Envelope) -> BTreeMap<String, Vec<usize>> {
        destinations(&self.config, entry)
    }

    /// Waits for the entry to try next.
    pub(crate) async fn due(&self) -> Attempt {
        loop {
            let now = agent::now();
            let (attempt, next) = {
                let mut schedule = self.schedule();
                (schedule.take(now), schedule.next())
            };
            match (attempt, next) {
                (Some(attempt), _) => return attempt,
                (None, None) => self.news.notified().await,
                (None, Some(next)) => {
                    // Something new may be due sooner.
                    let pause = next.saturating_sub(now);
                    let _ = tokio::time::timeout(pause, self.news.notified()).await;
                }
            }
        }
    }

    /// Notes whether a destination of an entry could be reached.
    pub(crate) fn report(&self, id: &Id, destination: &str, reached: bool) {
        self.change(|schedule| schedule.report(id, destination, reached, agent::now()));
    }

    /// Ends an attempt: what has become of the entry is made to last.
    pub(crate) async fn update(&self, id: Id, envelope: &Envelope) -> Result<(), SpoolError> {
        let (queue, entry) = (self.queue.clone(), envelope.clone());
        spawn_blocking(move || queue.update(&id, &entry)).await??;
        let (due, left) = (self.retry.due(envelope), self.destinations(envelope));
        self.change(|schedule| schedule.done(&id, due, left.keys()));
        Ok(())
    }

    /// Ends the last attempt: the entry is done, and removed.
    pub(crate) async fn remove(&self, id: Id) -> Result<(), SpoolError> {
        let queue = self.queue.clone();
        spawn_blocking(move || queue.remove(&id)).await??;
        self.change(|schedule| schedule.remove(&id));
        Ok(())
    }

    /// Ends an attempt at a damaged entry, which is put aside.
    pub(crate) fn put_aside(&self, id: &Id) -> Result<(), Error> {
        self.queue.put_aside(id)?;
        self.change(|schedule| schedule.remove(id));
        Ok(())
    }

    /// Ends an attempt that nothing has come of: there is another one at that time.
    pub(crate) fn put_off(&self, id: &Id, at: Duration) {
        self.change(|schedule| schedule.put_off(id, at));
    }

    fn change(&self, change: impl FnOnce(&mut Schedule)) {
        change(&mut self.schedule());
        self.news.notify_one();
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn destinations(config: &Config, entry: &Envelope) -> BTreeMap<String, Vec<usize>> {
    let mut destinations = BTreeMap::<String, Vec<usize>>::new();
    for (n, recipient) in entry.recipients.iter().enumerate() {
        if recipient.outcome == Outcome::Pending {
            let domain = domain(&recipient.address);
            destinations.entry(route::destination(config, domain)).or_default().push(n);
        }
    }
    destinations
}

/// What stands behind the `@`.
pub(crate) fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use posta_core::disk::{self, Operation};

    #[test]
    fn a_full_disk_is_not_a_broken_one() {
        for (kind, full) in
            [(Kind::NoSpace, true), (Kind::Io(5), false), (Kind::TooManyFiles, false)]
        {
            let error = disk::Error { operation: Operation::Write, path: String::new(), kind };
            assert_eq!(SpoolError::from(Error::from(error)).is_full(), full, "{kind}");
        }
    }
}
