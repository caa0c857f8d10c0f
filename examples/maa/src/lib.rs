//! The access agent: POP3 and IMAP over Maildirs.

mod config;
mod imap;
mod pop3;

pub use config::{Config, Listen};

use agent::{Failure, Logins, Mailboxes, Service, Stamps};
use pop3::Locks;
use posta_net::{Clock, Limits, Stop, Stream, tls};
use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tokio::net::TcpStream;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// What all sessions share.
struct Shared {
    hostname: String,
    tls: Arc<tls::ServerConfig>,
    logins: Logins,
    mailboxes: Mailboxes,
    stamps: Arc<Stamps>,
    clock: Clock,
    stop: Stop,
    locks: Locks,
    pop3: Protocols<pop3_proto::server::Config>,
    imap: Protocols<imap_proto::server::Config>,
}

/// How a protocol is spoken: in the clear until TLS is started, and under TLS from the first octet.
struct Protocols<C> {
    starttls: Arc<C>,
    implicit: Arc<C>,
}

/// Serves POP3 and IMAP, as the services `pop3`, `pop3s`, `imap` and `imaps`, until `stop` is used.
///
/// # Errors
/// A file cannot be read, or an address cannot be listened at.
pub async fn start(config: Config, stop: Stop) -> Result<Service, Failure> {
    let clear = config.plain_text_without_tls;
    let logins = Logins::new(agent::users(&config.users)?)?.plain_text_without_tls(clear);
    let listen = config.listen;
    let shared = Arc::new(Shared {
        tls: config.tls.read()?,
        pop3: pop3::protocols(&config.hostname, &logins, clear),
        imap: imap::protocols(&config.hostname, &logins, clear),
        stamps: Arc::new(Stamps::new(&*config.hostname)),
        hostname: config.hostname,
        logins,
        mailboxes: config.mailboxes,
        locks: Locks::default(),
        clock: Clock::start(),
        stop: stop.clone(),
    });
    let mut service = Service::new(stop);
    let busy = "too many sessions, try again later";
    let goodbyes = [format!("-ERR [SYS/TEMP] {busy}\r\n"), format!("* BYE {busy}\r\n")];
    let [pop3, imap] = goodbyes.map(String::into_bytes);
    serve(&mut service, &shared, "pop3", &listen.pop3, Some(pop3), pop3::serve).await?;
    serve(&mut service, &shared, "pop3s", &listen.pop3s, None, pop3::serve).await?;
    serve(&mut service, &shared, "imap", &listen.imap, Some(imap), imap::serve).await?;
    serve(&mut service, &shared, "imaps", &listen.imaps, None, imap::serve).await?;
    Ok(service)
}

/// Listens at these addresses; in the clear at first if there is a goodbye for those who find the server
/// full.
async fn serve<F>(
    service: &mut Service,
    shared: &Arc<Shared>,
    name: &'static str,
    addresses: &[String],
    goodbye: Option<Vec<u8>>,
    session: fn(Arc<Shared>, Stream, SocketAddr) -> F,
) -> Result<(), Failure>
where
    F: Future<Output = ()> + Send + 'static,
{
    for address in addresses {
        let shared = Arc::clone(shared);
        let clear = goodbye.is_some();
        let limits = Limits { goodbye: goodbye.clone().unwrap_or_default(), ..Limits::default() };
        let run = move |tcp: TcpStream, peer: SocketAddr| {
            let shared = Arc::clone(&shared);
            async move {
                if clear {
                    return session(shared, Stream::Plain(tcp), peer).await;
                }
                match tls::accept(tcp, &shared.tls, HANDSHAKE).await {
                    Ok(stream) => session(shared, stream, peer).await,
                    Err(error) => tracing::info!(%peer, %error, "no TLS"),
                }
            }
        };
        service.listen(name, address, limits, run).await?;
    }
    Ok(())
}
