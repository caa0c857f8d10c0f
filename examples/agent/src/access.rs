use crate::{AccountError, LoginError};
use posta_net::tls;

/// Why a mailbox cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// There is no user and no password.
    #[error("there is no user and password for the mailbox")]
    NoLogin,
    /// The server cannot be reached.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// TLS failed: the server is not who it should be, or cannot do it.
    #[error("no secure connection")]
    Tls(#[from] tls::Error),
    /// The server offers no TLS on this port.
    #[error("the server does not start TLS: {0}")]
    NoTls(String),
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
    /// The session broke.
    #[error("the POP3 session broke")]
    Pop3(#[from] posta_net::Error<pop3_proto::client::Error>),
    /// The session broke.
    #[error("the IMAP session broke")]
    Imap(#[from] posta_net::Error<imap_proto::client::Error>),
    /// Something that cannot be said in POP3.
    #[error("POP3 cannot say this: {0}")]
    Pop3Misuse(#[from] pop3_proto::Misuse),
    /// Something that cannot be said in IMAP.
    #[error("IMAP cannot say this: {0}")]
    ImapMisuse(#[from] imap_proto::Misuse),
}
