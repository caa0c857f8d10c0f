//! Hands a message to one host.

use crate::shared::Shared;
use agent::{Account, Courier, CourierError, Letter, Who, transcript};
use posta_net::{Conn, ConnectError, Stream, tls};
use smtp_proto::{
    Client, Protocol, client,
    codec::{ParseError, ReplyBuf},
};
use std::{io::Read, net::SocketAddr, time::Duration};

/// How long one address may take to answer. RFC 5321 4.5.3.2.1 leaves it to us.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Hands `message` to `target`.
pub(crate) async fn hand_over(
    shared: &Shared,
    target: &Target,
    letter: &Letter<'_>,
    message: &mut impl Read,
) -> Result<Handed, RelayError> {
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
async fn secure(shared: &Shared, target: &Target) -> Result<Courier, RelayError> {
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
        Err(error) => Err(error.into()),
    }
}

async fn meet(shared: &Shared, target: &Target) -> Result<Courier, RelayError> {
    let tcp = posta_net::connect(&target.addresses, PATIENCE).await?;
    let mut config = client::Config::new(shared.config.hostname.as_str())?;
    config.protocol = target.protocol;
    let clock = shared.clock;
    let machine = Client::new(config, clock.now());
    let mut conn = Conn::new(machine, Stream::Plain(tcp), client::Limits::INPUT, clock);
    let session = format!("{} → {}", shared.config.hostname, target.name);
    if let Some(tap) = transcript(&session, Who::Client) {
        conn.set_tap(tap);
    }
    Ok(Courier::meet(conn).await?)
}
