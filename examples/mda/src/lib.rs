//! The delivery agent: LMTP and standard input into Maildirs.

mod config;
mod session;
mod store;

pub use config::Config;
pub use store::{Delivery, Store, StoreError};

use agent::{Failure, Service};
use posta_net::{Clock, Limits, Stop};
use session::{Session, Shared};
use std::sync::Arc;

/// Serves LMTP, as the service `lmtp`, until `stop` is used.
///
/// # Errors
/// The host's name is none, or an address cannot be listened at.
pub async fn start(config: Config, stop: Stop) -> Result<Service, Failure> {
    let mut lmtp = smtp_proto::server::Config::new(config.hostname.as_str())?;
    lmtp.protocol = smtp_proto::Protocol::Lmtp;
    lmtp.smtputf8 = true;
    lmtp.limits.message = config.message_size;
    let listen = config.listen.clone();
    let shared = Arc::new(Shared {
        lmtp: Arc::new(lmtp),
        store: Store::new(&config),
        clock: Clock::start(),
        stop: stop.clone(),
    });
    let mut service = Service::new(stop);
    for address in &listen {
        let goodbye = b"421 4.3.2 Too many sessions, try again later\r\n".to_vec();
        let limits =
            Limits { goodbye, per_address: Limits::default().sessions, ..Limits::default() };
        let shared = Arc::clone(&shared);
        let session = move |tcp, peer| Session::run(Arc::clone(&shared), tcp, peer);
        service.listen("lmtp", address, limits, session).await?;
    }
    Ok(service)
}
