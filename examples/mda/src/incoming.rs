//! A message that comes in, for one or more recipients: each has a verdict of its own.

use crate::{
    expand::{Destination, Expansion},
    forward::{self, ForwardError},
    store::{Store, StoreError},
};
use agent::hop;
use imf_message::{Message, Received};
use mail_queue::Id;
use maildir::Delivery;
use posta_core::disk::fs::Fs;
use smtp_proto::codec::EnhancedCode;
use std::{fs::File, io, sync::Arc};
use tokio::task::{JoinError, spawn_blocking};

/// How much of a message's header is searched for traces of a loop.
const HEADER: usize = 128 * 1024;

/// A message on its way to its recipients.
#[derive(Debug)]
pub struct Incoming {
    store: Arc<Store>,
    sender: String,
    recipients: Vec<Recipient>,
    /// As much of the message as its header may be.
    head: Vec<u8>,
    /// The message, if it goes elsewhere.
    file: Option<Result<File, io::Error>>,
    size: u64,
    eight_bit: bool,
}

/// A recipient of the envelope, and all that it stands for.
#[derive(Debug)]
struct Recipient {
    address: String,
    owner: Option<String>,
    /// The owner of each mailbox, and the delivery into it.
    here: Vec<(String, Result<Delivery<Fs>, StoreError>)>,
    elsewhere: Vec<String>,
}

/// Why a recipient does not get the message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It has been here before: it goes in circles.
    #[error("the message has been delivered to {0} before")]
    Loop(String),
    /// A Maildir cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relay does not take it.
    #[error(transparent)]
    Forward(#[from] ForwardError),
    /// Something went wrong here.
    #[error("{0}")]
    Panicked(#[from] JoinError),
}

impl Refusal {
    /// The reply to give: its code and text.
    pub fn reply(&self) -> (u16, EnhancedCode, &'static str) {
        match self {
            Self::Loop(_) => (554, EnhancedCode(5, 4, 6), "This message goes in circles"),
            Self::Forward(error) if error.is_permanent() => {
                (550, EnhancedCode(5, 7, 0), "The message cannot be passed on")
            }
            Self::Store(error) if error.is_full() => {
                (452, EnhancedCode(4, 3, 1), "There is no room for the message now")
            }
            _ => (451, EnhancedCode(4, 3, 0), "The message cannot be delivered now"),
        }
    }
}

impl Incoming {
    /// Begins to take a message from `sender`, an address without brackets or nothing, for these addresses
    /// and what they stand for.
    pub(crate) fn begin(
        store: &Arc<Store>,
        sender: &str,
        recipients: &[(String, Expansion)],
    ) -> Self {
        let recipients: Vec<_> = recipients
            .iter()
            .map(|(address, expansion)| Recipient::begin(store, sender, address, expansion))
            .collect();
        let goes_on = recipients.iter().any(|recipient| !recipient.elsewhere.is_empty());
        Self {
            store: Arc::clone(store),
            sender: sender.to_owned(),
            recipients,
            head: Vec::new(),
            file: goes_on.then(tempfile::tempfile),
            size: 0,
            eight_bit: false,
        }
    }

    /// Takes the next octets. A recipient whose Maildir fails learns of it at the end; the others are not
    /// concerned.
    pub fn write(&mut self, bytes: &[u8]) {
        let room = HEADER - self.head.len();
        self.head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.size += bytes.len() as u64;
        self.eight_bit |= !bytes.is_ascii();
        for (_, delivery) in self.recipients.iter_mut().flat_map(|recipient| &mut recipient.here) {
            if let Ok(open) = delivery
                && let Err(error) = open.write(bytes)
            {
                *delivery = Err(error.into());
            }
        }
        if let Some(Ok(file)) = &mut self.file
            && let Err(error) = io::Write::write_all(file, bytes)
        {
            self.file = Some(Err(error));
        }
    }

    /// Delivers the message and passes it on, and gives a verdict for each recipient, in their order.
    pub async fn finish(mut self) -> Vec<Result<(), Refusal>> {
        let been: Vec<String> = Message::new(&self.head)
            .fields()
            .filter(|field| field.is("Delivered-To"))
            .map(|field| field.text().trim().to_lowercase())
            .collect();
        let mut verdicts = Vec::new();
        for recipient in std::mem::take(&mut self.recipients) {
            verdicts.push(self.deliver(recipient, &been).await);
        }
        verdicts
    }

    async fn deliver(&self, recipient: Recipient, been: &[String]) -> Result<(), Refusal> {
        let owners = recipient.here.iter().map(|(owner, _)| owner);
        for address in owners.chain([&recipient.address]) {
            if been.contains(&address.to_lowercase()) {
                return Err(Refusal::Loop(address.clone()));
            }
        }
        // First what may be refused for ever: then nobody has got it yet.
        self.pass_on(&recipient).await?;
        let (id, mut commits) = (self.queue_id(), Vec::new());
        for (owner, delivery) in recipient.here {
            let (store, id) = (Arc::clone(&self.store), id);
            // Disks are slow: all of them at once.
            let commit = move || {
                delivery.and_then(|open| match id.and_then(|id| store.once(&id)) {
                    Some(stamp) => Ok(open.commit_once(&stamp)?),
                    None => Ok(open.commit()?),
                })
            };
            commits.push((owner, spawn_blocking(commit)));
        }
        for (owner, commit) in commits {
            let entry = commit.await??;
            let what = format!("delivered to {owner}, on disk");
            hop(&self.store.hostname, entry.id(), what);
        }
        Ok(())
    }

    /// The id under which our relay has the message in its queue, from the trace that it put in front.
    fn queue_id(&self) -> Option<Id> {
        let message = Message::new(&self.head);
        let first = message.fields().next().filter(|field| field.is("Received"))?;
        Received::parse(first.text().as_bytes()).id?.parse().ok()
    }

    async fn pass_on(&self, recipient: &Recipient) -> Result<(), ForwardError> {
        let (Some(file), Some(relay)) = (&self.file, &self.store.relay) else { return Ok(()) };
        if recipient.elsewhere.is_empty() {
            return Ok(());
        }
        let file = file.as_ref().map_err(|error| ForwardError::Read(error.kind().into()))?;
        // Bounces of a bounce would come back to the owner for ever.
        let owner = recipient.owner.as_deref().filter(|_| !self.sender.is_empty());
        let parcel = forward::Parcel {
            hostname: &self.store.hostname,
            relay,
            sender: owner.unwrap_or(&self.sender),
            recipients: &recipient.elsewhere,
            trace: format!("Delivered-To: {}\r\n", recipient.address),
            size: self.size,
            eight_bit: self.eight_bit,
        };
        forward::send(&parcel, file).await?;
        for address in &recipient.elsewhere {
            let what = format!("passed on from {} to {address}", recipient.address);
            hop(&self.store.hostname, "", what);
        }
        Ok(())
    }
}

impl Recipient {
    fn begin(store: &Store, sender: &str, address: &str, expansion: &Expansion) -> Self {
        let (mut here, mut elsewhere) = (Vec::new(), Vec::new());
        for destination in &expansion.destinations {
            match destination {
                Destination::Mailbox(owner, folder) => {
                    // RFC 5321 4.4
                    let trace = format!("Return-Path: <{sender}>\r\nDelivered-To: {owner}\r\n");
                    let delivery = store.begin(folder).and_then(|mut delivery| {
                        delivery.write(trace.as_bytes())?;
                        Ok(delivery)
                    });
                    here.push((owner.clone(), delivery));
                }
                Destination::Elsewhere(address) => elsewhere.push(address.clone()),
            }
        }
        Self { address: address.to_owned(), owner: expansion.owner.clone(), here, elsewhere }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use posta_core::disk::{self, Kind, Operation};

    /// Whatever the disk does, the client is to come again, and to a full one is told so.
    #[test]
    fn no_failure_of_the_disk_is_for_ever() {
        for (kind, code, enhanced) in [
            (Kind::NoSpace, 452, EnhancedCode(4, 3, 1)),
            (Kind::Io(5), 451, EnhancedCode(4, 3, 0)),
            (Kind::TooManyFiles, 451, EnhancedCode(4, 3, 0)),
            (Kind::Denied, 451, EnhancedCode(4, 3, 0)),
        ] {
            let error = disk::Error { operation: Operation::Sync, path: "new".to_owned(), kind };
            let refusal = Refusal::Store(StoreError::Maildir(error.into()));
            let (said, status, _) = refusal.reply();
            assert_eq!((said, status), (code, enhanced), "{kind}");
        }
    }
}
