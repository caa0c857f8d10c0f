//! Where the mail for a domain goes.

use crate::{relay::Target, shared::Shared};
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

/// The hosts to try, in this order: the inner relay of the domain; our own delivery agent for our own
/// domains; the smart host for all others; or what the DNS says.
pub(crate) async fn route(shared: &Shared, domain: &str) -> Result<Vec<Target>, RouteError> {
    let config = &shared.config;
    let same = |other: &str| other.eq_ignore_ascii_case(domain);
    let ours = config.domains.iter().any(|own| same(own));
    if let Some((_, inner)) = config.relay.routes.iter().find(|(routed, _)| same(routed)) {
        let name = inner.rsplit_once(':').map_or(&**inner, |(name, _)| name).to_owned();
        return Ok(vec![known(name, inner, Protocol::Smtp).await?]);
    }
    match (&config.deliver, &config.relay.smart_host) {
        (Some(agent), _) if ours => Ok(vec![known(agent.clone(), agent, Protocol::Lmtp).await?]),
        (_, Some(smart)) if !ours => {
            let (name, account) = (smart.host.clone(), Some(smart.clone()));
            Ok(vec![Target { name, addresses: Vec::new(), protocol: Protocol::Smtp, account }])
        }
        _ => exchangers(shared, domain).await,
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
