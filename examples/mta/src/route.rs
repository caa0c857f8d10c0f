//! Where the mail for a domain goes.

use crate::{Shared, relay::Target};
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
    #[error("451 4.4.4 cannot find the delivery agent {host}: {source}")]
    Lookup { host: String, source: io::Error },
}

impl RouteError {
    /// Whether trying again later is of no use.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self, Self::Resolve(error) if error.is_permanent())
    }
}

/// The hosts to try, in this order: our own delivery agent for our own domains, if we have one; else what
/// the DNS says.
pub(crate) async fn route(shared: &Shared, domain: &str) -> Result<Vec<Target>, RouteError> {
    let config = &shared.config;
    let ours = config.domains.iter().any(|own| own.eq_ignore_ascii_case(domain));
    match &config.deliver {
        Some(agent) if ours => Ok(vec![delivery(agent).await?]),
        _ => exchangers(shared, domain).await,
    }
}

async fn delivery(agent: &str) -> Result<Target, RouteError> {
    let found = |source| RouteError::Lookup { host: agent.to_owned(), source };
    let addresses = lookup_host(agent).await.map_err(found)?.collect();
    Ok(Target { name: agent.to_owned(), addresses, protocol: Protocol::Lmtp })
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
        Target { name, addresses, protocol: Protocol::Smtp }
    };
    Ok(route.hosts.into_iter().map(target).collect())
}
