//! The delivery agent: LMTP and standard input into Maildirs, with aliases and redirections.

mod aliases;
mod config;
mod expand;
mod forward;
mod incoming;
mod session;
mod store;

pub use aliases::{Aliases, AliasesError};
pub use config::Config;
pub use expand::ExpandError;
pub use forward::ForwardError;
pub use incoming::{Incoming, Refusal};
pub use store::{Store, StoreError};

use agent::{Failure, Service};
use expand::Directory;
use posta_net::{Clock, Limits, Stop};
use session::{Session, Shared};
use std::{io, sync::Arc};

/// Knows who is who on this host.
///
/// # Errors
/// The file of aliases cannot be used.
fn store(config: &Config) -> Result<Arc<Store>, AliasesError> {
    let aliases = config.aliases.as_deref().map(Aliases::read).transpose()?.unwrap_or_default();
    let directory =
        Directory { mailboxes: config.mailboxes.clone(), aliases, delimiter: config.delimiter };
    Ok(Arc::new(Store::new(config, directory)))
}

/// Serves LMTP, as the service `lmtp`, until `stop` is used.
///
/// # Errors
/// The host's name is none, the file of aliases cannot be used, or an address cannot be listened at.
pub async fn start(config: Config, stop: Stop) -> Result<Service, Failure> {
    let mut lmtp = smtp_proto::server::Config::new(config.hostname.as_str())?;
    lmtp.protocol = smtp_proto::Protocol::Lmtp;
    lmtp.smtputf8 = true;
    lmtp.limits.message = config.message_size;
    let shared = Arc::new(Shared {
        lmtp: Arc::new(lmtp),
        store: store(&config)?,
        clock: Clock::start(),
        stop: stop.clone(),
    });
    let mut service = Service::new(stop);
    for address in &config.listen {
        let goodbye = b"421 4.3.2 Too many sessions, try again later\r\n".to_vec();
        let limits =
            Limits { goodbye, per_address: Limits::default().sessions, ..Limits::default() };
        let shared = Arc::clone(&shared);
        let session = move |tcp, peer| Session::run(Arc::clone(&shared), tcp, peer);
        service.listen("lmtp", address, limits, session).await?;
    }
    Ok(service)
}

/// Why a single message is not delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// The file of aliases cannot be used.
    #[error(transparent)]
    Aliases(#[from] AliasesError),
    /// The address stands for nobody.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// The message cannot be read to its end.
    #[error("cannot read the message: {0}")]
    Read(#[from] io::Error),
    /// It cannot be delivered.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Delivers one message. Both addresses are without brackets, the sender perhaps empty.
///
/// # Errors
/// Nobody has this address, or the message cannot be read or delivered.
pub async fn deliver(
    config: &Config,
    sender: &str,
    recipient: &str,
    message: &mut impl io::Read,
) -> Result<(), DeliverError> {
    let store = store(config)?;
    let expansion = store.expand(recipient)?;
    let mut incoming = Incoming::begin(&store, sender, &[(recipient.to_owned(), expansion)]);
    let mut chunk = vec![0; 1 << 16];
    loop {
        match message.read(&mut chunk)? {
            0 => break,
            n => incoming.write(&chunk[..n]),
        }
    }
    for verdict in incoming.finish().await {
        verdict?;
    }
    Ok(())
}
