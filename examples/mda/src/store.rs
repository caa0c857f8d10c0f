//! The Maildirs of this host's users.

use crate::Config;
use agent::Mailboxes;
use maildir::{Maildir, Stamp};
use posta_core::disk::fs::Fs;
use std::{
    io, process,
    sync::atomic::{AtomicU64, Ordering},
};

/// Delivers into the Maildirs of the configuration.
#[derive(Debug)]
pub struct Store {
    hostname: String,
    mailboxes: Mailboxes,
    count: AtomicU64,
}

/// Why a message cannot be delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nobody here has this address.
    #[error("no such mailbox here")]
    Unknown,
    /// The Maildir cannot be written; another time it may.
    #[error(transparent)]
    Maildir(#[from] maildir::Error),
    /// The system has no randomness for a name.
    #[error("no name can be made for the message: {0}")]
    Random(io::Error),
    /// The message cannot be read to its end.
    #[error("cannot read the message: {0}")]
    Read(io::Error),
}

/// A message on its way to one recipient.
#[derive(Debug)]
pub struct Delivery(maildir::Delivery<Fs>);

impl Store {
    /// A store for the mailboxes of a configuration.
    pub fn new(config: &Config) -> Self {
        let (hostname, mailboxes) = (config.hostname.clone(), config.mailboxes.clone());
        Self { hostname, mailboxes, count: AtomicU64::new(0) }
    }

    /// What the agent calls itself.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// Whether somebody here has this address.
    pub fn knows(&self, recipient: &str) -> bool {
        self.mailboxes.find(recipient).is_some()
    }

    /// Begins to deliver a message with the trace of the final delivery (RFC 5321 4.4). `sender` and
    /// `recipient` are addresses without brackets, the sender perhaps empty.
    ///
    /// # Errors
    /// Nobody has this address, or the Maildir cannot be written.
    pub fn begin(&self, sender: &str, recipient: &str) -> Result<Delivery, StoreError> {
        let (owner, folder) = self.mailboxes.find(recipient).ok_or(StoreError::Unknown)?;
        let stamp = Stamp {
            time: agent::now(),
            process: process::id(),
            count: self.count.fetch_add(1, Ordering::Relaxed),
            random: agent::random().map_err(StoreError::Random)?,
            host: &self.hostname,
        };
        let maildir = Maildir::create(Fs::new(folder))?;
        let mut delivery = maildir.deliver(&stamp)?;
        let trace = format!("Return-Path: <{sender}>\r\nDelivered-To: {owner}\r\n");
        delivery.write(trace.as_bytes())?;
        Ok(Delivery(delivery))
    }
}

impl Delivery {
    /// Writes the next octets of the message.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        Ok(self.0.write(bytes)?)
    }

    /// Makes the message last, and returns its id in the Maildir.
    ///
    /// # Errors
    /// The disk failed, and there is no message.
    pub fn commit(self) -> Result<String, StoreError> {
        Ok(self.0.commit()?.id().to_owned())
    }
}
