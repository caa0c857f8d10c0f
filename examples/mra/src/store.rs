//! Where fetched messages go.

use crate::config::Mailbox;
use agent::{Courier, CourierError, Letter, Stamps};
use maildir::Maildir;
use posta_core::disk::fs::Fs;
use smtp_proto::{Protocol, codec::ReplyBuf};
use std::io;

/// Where the messages of a mailbox go.
#[derive(Debug)]
pub(crate) enum Store {
    Maildir(Maildir<Fs>),
    Lmtp { agent: String, recipient: String },
}

/// Why a message could not be stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The configuration names no place, or two.
    #[error("a mailbox goes either to a `maildir`, or by `lmtp` to a `recipient`")]
    Config,
    /// The Maildir cannot be written.
    #[error(transparent)]
    Maildir(#[from] maildir::Error),
    /// There is no randomness for a name, or the name cannot be noted.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The delivery agent does not answer, or the session with it broke.
    #[error("the delivery agent: {0}")]
    Courier(#[from] CourierError),
    /// The delivery agent refuses the message.
    #[error("the delivery agent refused it: {0}")]
    Refused(ReplyBuf),
}

impl Store {
    pub(crate) fn new(mailbox: &Mailbox) -> Result<Self, StoreError> {
        match (&mailbox.maildir, &mailbox.lmtp, &mailbox.recipient) {
            (Some(folder), None, None) => Ok(Self::Maildir(Maildir::create(Fs::new(folder))?)),
            (None, Some(agent), Some(recipient)) => {
                Ok(Self::Lmtp { agent: agent.clone(), recipient: recipient.clone() })
            }
            _ => Err(StoreError::Config),
        }
    }

    /// Whether a message has been stored under this name.
    pub(crate) fn has(&self, name: &str) -> Result<bool, StoreError> {
        match self {
            Self::Maildir(maildir) => Ok(maildir.find(name)?.is_some()),
            Self::Lmtp { .. } => Ok(false),
        }
    }

    /// Stores a message; when this returns, it is safe. In a Maildir it gets a name, which `begin` is told
    /// before.
    pub(crate) async fn put(
        &self,
        hostname: &str,
        stamps: &Stamps,
        message: &[u8],
        begin: impl FnOnce(&str) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Maildir(maildir) => {
                let mut delivery = maildir.deliver(&stamps.now()?)?;
                delivery.write(message)?;
                begin(delivery.id())?;
                delivery.commit()?;
                Ok(())
            }
            Self::Lmtp { agent, recipient } => hand_on(hostname, agent, recipient, message).await,
        }
    }
}

async fn hand_on(
    hostname: &str,
    agent: &str,
    recipient: &str,
    mut message: &[u8],
) -> Result<(), StoreError> {
    let mut courier = Courier::connect_to(agent, Protocol::Lmtp, hostname).await?;
    // The sender is in the message already; a bounce of it would be for nobody here.
    let (recipients, size) = ([recipient.to_owned()], message.len() as u64);
    let letter =
        Letter { sender: "", recipients: &recipients, size, eight_bit: !message.is_ascii() };
    let verdicts = courier.deliver(&letter, &mut message).await?;
    // The verdict stands, whatever becomes of the farewell.
    let _ = courier.leave().await;
    match verdicts.into_iter().find(|reply| !reply.as_reply().is_positive()) {
        Some(reply) => Err(StoreError::Refused(reply)),
        None => Ok(()),
    }
}
