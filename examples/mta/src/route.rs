//! Where the mail for a domain goes.

use crate::{Config, relay::Target, shared::Shared};
use agent::Account;
use smtp_proto::Protocol;
use std::{io, net::SocketAddr, sync::Arc};
use tokio::net::lookup_host;

/// The port of SMTP. RFC 5321 4.5.4.2
const SMTP: u16 = 25;

/// Why there is no host to try.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RouteError {
    #[error("{}", .0.verdict())]
    Resolve(#[from] mx_resolve::Error),
    #[error("451 4.4.4 cannot find {host}: {source}")]
    Lookup { host: String, source: io::Error },
}

impl RouteError {
    /// Whether trying again later is of no use.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self, Self::Resolve(error) if error.is_permanent())
    }
}

/// Which way the mail for a domain goes.
enum Way<'c> {
    /// To an inner relay, host and port.
    Inner(&'c str),
    /// To our own delivery agent, host and port.
    Agent(&'c str),
    Smart(&'c Account),
    /// To where the DNS says.
    Exchangers,
}

/// The inner relay of the domain; our own delivery agent for our own domains; the smart host for all others;
/// or what the DNS says.
fn way<'c>(config: &'c Config, domain: &str) -> Way<'c> {
    let same = |other: &str| other.eq_ignore_ascii_case(domain);
    let ours = config.domains.iter().any(|own| same(own));
    if let Some((_, inner)) = config.relay.routes.iter().find(|(routed, _)| same(routed)) {
        return Way::Inner(inner);
    }
    match (&config.deliver, &config.relay.smart_host) {
        (Some(agent), _) if ours => Way::Agent(agent),
        (_, Some(smart)) if !ours => Way::Smart(smart),
        _ => Way::Exchangers,
    }
}

/// What the queue calls the way of a domain's mail. All that has one name goes to the same hosts.
pub(crate) fn destination(config: &Config, domain: &str) -> String {
    match way(config, domain) {
        Way::Inner(host) => format!("relay {host}"),
        Way::Agent(host) => format!("agent {host}"),
        Way::Smart(account) => format!("smart host {}", account.host),
        Way::Exchangers => domain.to_ascii_lowercase(),
    }
}

/// The hosts to try, in this order.
pub(crate) async fn route(shared: &Shared, domain: &str) -> Result<Vec<Target>, RouteError> {
    match way(&shared.config, domain) {
        Way::Inner(at) => {
            let name = at.rsplit_once(':').map_or(at, |(name, _)| name).to_owned();
            Ok(vec![known(name, at, Protocol::Smtp).await?])
        }
        Way::Agent(at) => Ok(vec![known(at.to_owned(), at, Protocol::Lmtp).await?]),
        Way::Smart(smart) => {
            let (name, account) = (smart.host.clone(), Some(smart.clone()));
            Ok(vec![Target { name, addresses: Vec::new(), protocol: Protocol::Smtp, account }])
        }
        Way::Exchangers => exchangers(shared, domain).await,
    }
}

/// A host of the configuration, `host:port`.
async fn known(name: String, at: &str, protocol: Protocol) -> Result<Target, RouteError> {
    let found = |source| RouteError::Lookup { host: at.to_owned(), source };
    let addresses = lookup_host(at).await.map_err(found)?.collect();
    Ok(Target { name, addresses, protocol, account: None })
}

async fn exchangers(shared: &Shared, domain: &str) -> Result<Vec<Target>, RouteError> {
    let route = shared.resolver.route(domain, Arc::clone(&shared.policy)).await?;
    for note in &route.notes {
        tracing::info!(domain, ?note, "the DNS is odd");
    }
    let target = |host: mx_resolve::Host| {
        // A literal has no name but itself.
        let name = host.name.map_or_else(|| domain.to_owned(), |name| name.as_str().to_owned());
        let port = shared.config.relay.ports.get(&name).copied().unwrap_or(SMTP);
        let addresses = host.addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        Target { name, addresses, protocol: Protocol::Smtp, account: None }
    };
    Ok(route.hosts.into_iter().map(target).collect())
}
