use crate::DraftError;
use agent::AccessError;

/// Why mail could not be sent or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message could not be composed.
    #[error("the message cannot be composed")]
    Draft(#[from] DraftError),
    /// The authorities to trust cannot be read.
    #[error("the authorities cannot be read")]
    Trust(#[from] posta_net::tls::ConfigError),
    /// The server refused.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The message could not be handed over.
    #[error("the message could not be sent")]
    Courier(#[from] agent::CourierError),
    /// There is neither `imap` nor `pop3` in the configuration.
    #[error("no mailbox is configured")]
    NoMailbox,
    /// POP3 cannot do this.
    #[error("this can be done by IMAP only")]
    OnlyImap,
    /// The mailbox cannot be read.
    #[error(transparent)]
    Access(#[from] AccessError),
}
