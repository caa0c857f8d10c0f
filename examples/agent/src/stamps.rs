use maildir::Stamp;
use std::{
    io, process,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Makes the stamps for one agent's files in Maildirs: no two are the same.
#[derive(Debug)]
pub struct Stamps {
    host: String,
    count: AtomicU64,
}

impl Stamps {
    /// For the agent on this host.
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), count: AtomicU64::new(0) }
    }

    /// A stamp of now.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn now(&self) -> io::Result<Stamp<'_>> {
        self.at(crate::now())
    }

    /// A stamp of another time: a message's that was delivered then, elsewhere.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn at(&self, time: Duration) -> io::Result<Stamp<'_>> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        Ok(Stamp {
            time,
            process: process::id(),
            count,
            random: crate::random()?,
            host: &self.host,
        })
    }
}
