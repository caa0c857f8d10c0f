//! Hands a message to one host.

use crate::shared::Shared;
use agent::{Account, Courier, CourierError, Letter};
use posta_net::tls;
use smtp_proto::{Protocol, codec::ReplyBuf};
use std::{io::Read, net::SocketAddr};

/// A host that mail can be handed to.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name, or `host:port` of an LMTP server.
    pub(crate) name: String,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) protocol: Protocol,
    /// Who we are there, if it wants to know.
    pub(crate) account: Option<Account>,
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
    let mut courier = match (&target.account, target.protocol) {
        (Some(account), _) => {
            Courier::submit(account, &shared.trust_known, &shared.config.hostname).await?
        }
        (None, Protocol::Smtp) => secure(shared, target).await?,
        // Our own delivery agent, which knows neither TLS nor AUTH.
        (None, _) => meet(shared, target).await?,
    };
    let verdicts = courier.deliver(letter, message).await?;
    let tls = courier.tls();
    // The verdicts stand, whatever becomes of the farewell.
    let _ = courier.leave().await;
    Ok(Handed { verdicts, tls })
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
