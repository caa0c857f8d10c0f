//! Hands a message to one host.

use crate::Shared;
use agent::{Courier, CourierError, Letter, Who, transcript};
use posta_net::{Conn, ConnectError, Stream, tls};
use smtp_proto::{
    Client, Protocol, client,
    codec::{ParseError, ReplyBuf},
};
use std::{io::Read, net::SocketAddr, sync::Arc, time::Duration};

/// How long one address may take to answer. RFC 5321 4.5.3.2.1 leaves it to us.
const PATIENCE: Duration = Duration::from_secs(30);

/// A host that mail can be handed to.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name, or `host:port` of an LMTP server.
    pub(crate) name: String,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) protocol: Protocol,
}

/// What a host said, and how it was reached.
#[derive(Debug)]
pub(crate) struct Handed {
    /// The verdict for each recipient.
    pub(crate) verdicts: Vec<ReplyBuf>,
    /// What TLS agreed on.
    pub(crate) tls: Option<tls::Info>,
}

/// Why a host could not be asked for a verdict. Another host, or a later hour, may do better.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Courier(#[from] CourierError),
    #[error("our own name cannot be said: {0}")]
    Name(#[from] ParseError),
}

/// Hands `message` to `target`: under TLS if the host offers it, in the clear if it does not. A host
/// whose TLS fails is tried in the clear too, unless certificates have to be right (RFC 7435 3).
pub(crate) async fn hand_over(
    shared: &Shared,
    target: &Target,
    letter: &Letter<'_>,
    message: &mut impl Read,
) -> Result<Handed, RelayError> {
    let mut courier = meet(shared, target).await?;
    if target.protocol == Protocol::Smtp && courier.can_start_tls() {
        match courier.start_tls(&shared.trust, &target.name).await {
            Ok(()) => {}
            Err(CourierError::Tls(error)) if shared.config.relay.ca.is_none() => {
                tracing::info!(host = target.name, %error, "no TLS, in the clear");
                courier = meet(shared, target).await?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    let verdicts = courier.deliver(letter, message).await?;
    let tls = courier.tls();
    // The verdicts stand, whatever becomes of the farewell.
    let _ = courier.leave().await;
    Ok(Handed { verdicts, tls })
}

async fn meet(shared: &Shared, target: &Target) -> Result<Courier, RelayError> {
    let tcp = posta_net::connect(&target.addresses, PATIENCE).await?;
    let mut config = client::Config::new(shared.config.hostname.as_str())?;
    config.protocol = target.protocol;
    let clock = shared.clock;
    let machine = Client::new(Arc::new(config), clock.now());
    let mut conn = Conn::new(machine, Stream::Plain(tcp), client::Limits::INPUT, clock);
    let session = format!("{} → {}", shared.config.hostname, target.name);
    if let Some(tap) = transcript(&session, Who::Client) {
        conn.set_tap(tap);
    }
    Ok(Courier::meet(conn).await?)
}
