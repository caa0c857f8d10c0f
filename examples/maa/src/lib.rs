//! The access agent: POP3 over Maildirs.

mod config;
mod locks;
mod maildrop;
mod session;

pub use config::{Config, Listen};

use agent::{Failure, Logins, Service};
use locks::Locks;
use pop3_proto::server::{self, Tls};
use posta_net::{Clock, Limits, Stop, Stream, tls};
use session::{Session, Shared};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Serves POP3, as the services `pop3` and `pop3s`, until `stop` is used.
///
/// # Errors
/// A file cannot be read, or an address cannot be listened at.
pub async fn start(config: Config, stop: Stop) -> Result<Service, Failure> {
    let logins = Logins::new(agent::users(&config.users)?)?;
    let pop3 = |tls| server::Config {
        greeting: format!("{} POP3 server ready", config.hostname),
        tls,
        // No login is taken without TLS, and under it all of these are offered.
        sasl: logins.offer(true).join(" "),
        ..server::Config::default()
    };
    let shared = Arc::new(Shared {
        starttls: Arc::new(pop3(Tls::Required)),
        implicit: Arc::new(pop3(Tls::Implicit)),
        tls: config.tls.read()?,
        hostname: config.hostname.clone(),
        logins,
        mailboxes: config.mailboxes,
        locks: Locks::default(),
        clock: Clock::start(),
        stop: stop.clone(),
    });
    let mut service = Service::new(stop);
    for address in &config.listen.pop3 {
        let goodbye = b"-ERR [SYS/TEMP] too many sessions, try again later\r\n".to_vec();
        let limits = Limits { goodbye, ..Limits::default() };
        let shared = Arc::clone(&shared);
        let session = move |tcp, peer| Session::run(Arc::clone(&shared), Stream::Plain(tcp), peer);
        service.listen("pop3", address, limits, session).await?;
    }
    for address in &config.listen.pop3s {
        let shared = Arc::clone(&shared);
        let session = move |tcp, peer| over_tls(Arc::clone(&shared), tcp, peer);
        service.listen("pop3s", address, Limits::default(), session).await?;
    }
    Ok(service)
}

async fn over_tls(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr) {
    match tls::accept(tcp, &shared.tls, HANDSHAKE).await {
        Ok(stream) => Session::run(shared, stream, peer).await,
        Err(error) => tracing::info!(%peer, %error, "no TLS"),
    }
}
