use crate::{Account, Config, Error, Security};
use posta_core::Machine;
use posta_net::{
    Clock, Conn, Stream,
    tls::{self, ClientConfig, Verify},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::lookup_host;

/// How long one address may take to answer, and TLS to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// The TLS that this program trusts.
pub(crate) fn trust(config: &Config) -> Result<Arc<ClientConfig>, Error> {
    let verify = config.ca.clone().map_or(Verify::Roots, Verify::Ca);
    Ok(tls::client(&verify)?)
}

/// Connects to a server, by TLS at once if the account says so.
pub(crate) async fn connect<M: Machine>(
    account: &Account,
    ports: Ports,
    trust: &Arc<ClientConfig>,
    limit: usize,
    machine: impl FnOnce(Clock) -> M,
) -> Result<Conn<M>, Error> {
    let port = if account.security == Security::Tls { ports.tls } else { ports.starttls };
    let at = account.connect.clone().unwrap_or_else(|| format!("{}:{port}", account.host));
    let found = |source| Error::Lookup { host: at.clone(), source };
    let addresses: Vec<SocketAddr> = lookup_host(&at).await.map_err(found)?.collect();
    let tcp = posta_net::connect(&addresses, PATIENCE).await?;
    let stream = match account.security {
        Security::Tls => tls::connect(tcp, trust, &account.host, PATIENCE).await?,
        Security::StartTls => Stream::Plain(tcp),
    };
    let clock = Clock::start();
    Ok(Conn::new(machine(clock), stream, limit, clock))
}

/// The standard ports of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) tls: u16,
    pub(crate) starttls: u16,
}
