//! The relay: MX and submission servers, queue, routes, bounces.

mod bounce;
mod config;
mod destination;
mod hops;
mod kept;
mod queue;
mod relay;
mod route;
mod session;
mod shared;
mod spool;
mod trace;

pub use config::{Config, Dns, Limits, Listen, Reach, Relay, Retry};

use agent::{Failure, Service};
use posta_net::{Stop, Stream, tls};
use session::{Role, Session};
use shared::Shared;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Serves SMTP, as the services `mx`, `submission` and `submissions`, and works off the queue, until `stop`
/// is used.
///
/// # Errors
/// A file cannot be read, the spool cannot be opened, or an address cannot be listened at.
pub async fn start(config: Config, stop: Stop) -> Result<Service, Failure> {
    let (shared, recovery) = Shared::new(config, stop.clone())?;
    let shared = Arc::new(shared);
    let mut service = Service::new(stop);
    let config = &shared.config;
    let limits = || posta_net::Limits {
        sessions: config.limits.sessions,
        per_address: config.limits.per_address,
        goodbye: b"421 4.3.2 Too many sessions, try again later\r\n".to_vec(),
        ..posta_net::Limits::default()
    };
    let listen = &config.listen;
    for (name, role, addresses) in
        [("mx", Role::Mx, &listen.mx), ("submission", Role::Submission, &listen.submission)]
    {
        for address in addresses {
            let shared = Arc::clone(&shared);
            let session =
                move |tcp, peer| Session::run(Arc::clone(&shared), role, Stream::Plain(tcp), peer);
            service.listen(name, address, limits(), session).await?;
        }
    }
    for address in &listen.submissions {
        let limits = posta_net::Limits { goodbye: Vec::new(), ..limits() };
        let shared = Arc::clone(&shared);
        let session = move |tcp, peer| over_tls(Arc::clone(&shared), tcp, peer);
        service.listen("submissions", address, limits, session).await?;
    }
    service.spawn(queue::run(Arc::clone(&shared)));
    service.spawn(queue::find(Arc::clone(&shared), recovery));
    service.spawn(kept::tidy(Arc::clone(&shared)));
    Ok(service)
}

async fn over_tls(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr) {
    // Without a certificate the configuration is refused at the start.
    let Some(config) = &shared.tls else { return };
    match tls::accept(tcp, config, HANDSHAKE).await {
        Ok(stream) => Session::run(Arc::clone(&shared), Role::Submission, stream, peer).await,
        Err(error) => tracing::info!(%peer, %error, "no TLS"),
    }
}
