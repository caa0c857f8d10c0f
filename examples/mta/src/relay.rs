//! Hands a message to one host.

use crate::shared::Shared;
use agent::{Account, Courier, CourierError, Letter};
use posta_net::tls;
use smtp_proto::{Protocol, codec::ReplyBuf};
use std::{
    io::{self, Read},
    net::SocketAddr,
};

/// A host that mail can be handed to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Its name, or `host:port` of an LMTP server.
    pub(crate) name: String,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) protocol: Protocol,
    /// Who we are there, if it wants to know.
    pub(crate) account: Option<Account>,
}

impl Target {
    /// Whether a session with the one is as good as a session with the other. There is one account at most.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let key = |target: &Self| (target.protocol, target.account.is_some());
        key(self) == key(other) && self.name == other.name && self.addresses == other.addresses
    }
}

/// What a host said, and how it was reached.
#[derive(Debug)]
pub(crate) struct Handed {
    /// The verdict for each recipient.
    pub(crate) verdicts: Vec<ReplyBuf>,
    /// What TLS agreed on.
    pub(crate) tls: Option<tls::Info>,
}

/// Hands `message` to `target`.
///
/// An error is no verdict: another host, or a later hour, may do better.
pub(crate) async fn hand_over(
    shared: &Shared,
    target: &Target,
    letter: &Letter<'_>,
    message: &mut impl Read,
) -> Result<Handed, CourierError> {
    let mut message = Watched { message, read: false };
    if let Some(courier) = shared.kept.take(target) {
        match deliver(shared, target, courier, letter, &mut message).await {
            // The host had enough of us before it asked for the message: it has not got it.
            Err(_) if !message.read => {}
            done => return done,
        }
    }
    let courier = match (&target.account, target.protocol) {
        (Some(account), _) => {
            Courier::submit(account, &shared.trust_known, &shared.config.hostname).await?
        }
        (None, Protocol::Smtp) => secure(shared, target).await?,
        // Our own delivery agent, which knows neither TLS nor AUTH.
        (None, _) => meet(shared, target).await?,
    };
    deliver(shared, target, courier, letter, &mut message).await
}

/// Hands the message over in this session, and keeps it for the next one.
async fn deliver(
    shared: &Shared,
    target: &Target,
    mut courier: Courier,
    letter: &Letter<'_>,
    message: &mut impl Read,
) -> Result<Handed, CourierError> {
    let verdicts = courier.deliver(letter, message).await?;
    let tls = courier.tls();
    if shared.stop.is_stopped() {
        // The verdicts stand, whatever becomes of the farewell.
        let _ = courier.leave().await;
    } else {
        shared.kept.keep(target, courier);
    }
    Ok(Handed { verdicts, tls })
}

/// A message of which one knows whether anything has been read.
struct Watched<R> {
    message: R,
    read: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read = true;
        self.message.read(buffer)
    }
}

/// A session with an MX host: under TLS if it offers that, and else in the clear (RFC 7435 3), unless
/// certificates have to be right.
async fn secure(shared: &Shared, target: &Target) -> Result<Courier, CourierError> {
    let demanded = shared.config.relay.ca.is_some();
    let mut courier = meet(shared, target).await?;
    if !courier.can_start_tls() && !demanded {
        return Ok(courier);
    }
    match courier.start_tls(&shared.trust, &target.name).await {
        Ok(()) => Ok(courier),
        Err(error @ (CourierError::Tls(_) | CourierError::NoTls)) if !demanded => {
            tracing::info!(host = target.name, %error, "no TLS, in the clear");
            meet(shared, target).await
        }
        Err(error) => Err(error),
    }
}

async fn meet(shared: &Shared, target: &Target) -> Result<Courier, CourierError> {
    let Target { addresses, name, protocol, .. } = target;
    Courier::connect(addresses, name, *protocol, &shared.config.hostname).await
}
