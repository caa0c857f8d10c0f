//! Passes a message on to addresses elsewhere, by the relay of this host.

use agent::{Courier, CourierError, Letter};
use smtp_proto::{Protocol, codec::ReplyBuf};
use std::{
    fs::File,
    io::{self, Cursor, Read, Seek},
};

/// What is passed on.
pub(crate) struct Parcel<'a> {
    pub(crate) hostname: &'a str,
    pub(crate) relay: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) recipients: &'a [String],
    /// What goes before the message.
    pub(crate) trace: String,
    pub(crate) size: u64,
    pub(crate) eight_bit: bool,
}

/// Why a message was not passed on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardError {
    /// The message cannot be read back.
    #[error("cannot pass it on: {0}")]
    Read(#[from] io::Error),
    /// The relay does not answer, or the session with it broke.
    #[error("the relay: {0}")]
    Courier(#[from] CourierError),
    /// The relay refuses.
    #[error("the relay refused {0}: {1}")]
    Refused(String, ReplyBuf),
}

impl ForwardError {
    /// Whether trying again later is of no use.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self, Self::Refused(_, reply) if reply.as_reply().is_permanent())
    }
}

/// Hands the message to the relay. If it refuses one of the recipients, the whole has failed: those that it
/// took may get it twice.
pub(crate) async fn send(parcel: &Parcel<'_>, file: &File) -> Result<(), ForwardError> {
    let mut courier = Courier::connect_to(parcel.relay, Protocol::Smtp, parcel.hostname).await?;
    let letter = Letter {
        sender: parcel.sender,
        recipients: parcel.recipients,
        size: parcel.size + parcel.trace.len() as u64,
        eight_bit: parcel.eight_bit,
    };
    let mut file = file.try_clone()?;
    file.rewind()?;
    let mut message = Cursor::new(parcel.trace.as_bytes()).chain(file);
    let verdicts = courier.deliver(&letter, &mut message).await?;
    // The verdicts stand, whatever becomes of the farewell.
    let _ = courier.leave().await;
    let mut refused = parcel.recipients.iter().zip(verdicts);
    match refused.find(|(_, reply)| !reply.as_reply().is_positive()) {
        Some((address, reply)) => Err(ForwardError::Refused(address.clone(), reply)),
        None => Ok(()),
    }
}
