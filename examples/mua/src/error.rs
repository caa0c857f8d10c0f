use crate::DraftError;
use agent::LoginError;
use std::io;

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
    /// The server's name leads nowhere.
    #[error("cannot look up {host}")]
    Lookup {
        /// The name and port.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// No address of the server answers.
    #[error("cannot connect")]
    Connect(#[from] posta_net::ConnectError),
    /// TLS failed: the server is not who it should be, or cannot do it.
    #[error("no secure connection")]
    Tls(#[from] posta_net::tls::Error),
    /// The server offers no TLS on this port.
    #[error("the server does not start TLS: {0}")]
    NoTls(String),
    /// The configuration has no user and password for the mailbox.
    #[error("the configuration has no user and password for the mailbox")]
    NoLogin,
    /// There is no TLS, so no password is sent.
    #[error("no password is sent without TLS")]
    InTheClear,
    /// No login.
    #[error("cannot log in")]
    Login(#[from] LoginError),
    /// The server refused.
    #[error("the server refused: {0}")]
    Refused(String),
    /// The server closed the connection.
    #[error("the server closed the connection{}", .0.as_ref().map_or_else(String::new, |text| format!(": {text}")))]
    Closed(Option<String>),
    /// The message could not be handed over.
    #[error("the message could not be sent")]
    Courier(#[from] agent::CourierError),
    /// Something that cannot be said in SMTP.
    #[error("SMTP cannot say this: {0}")]
    Smtp(#[from] smtp_proto::codec::ParseError),
    /// The reading session broke.
    #[error("the POP3 session broke")]
    Pop3(#[from] posta_net::Error<pop3_proto::client::Error>),
    /// Something that cannot be said in POP3.
    #[error("POP3 cannot say this: {0}")]
    Pop3Misuse(#[from] pop3_proto::Misuse),
}
