use alloc::string::String;

use crate::prep::{PrepError, TraceError};

/// The sizes and counts that a peer cannot exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a challenge or response, decoded. Default 9216, which is the 12288 octets of base64
    /// that RFC 4954 4 calls sufficient.
    pub message: usize,
    /// Octets of a user name or authorization identity. Default 255, which RFC 4616 2 demands.
    pub name: usize,
    /// Octets of a password. Default 1024; RFC 4616 2 demands 255.
    pub password: usize,
    /// Octets of a token. Default 8192, so that it fits into a message with the longest name.
    pub token: usize,
    /// The fewest iterations that a SCRAM client accepts: with less, whoever plays the server could
    /// guess the password from the proof at leisure. Default 4096, RFC 5802 5.1 and RFC 7677 4.
    pub min_iterations: u32,
    /// The most iterations that a SCRAM client computes for a server. Default 1,000,000.
    pub max_iterations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 9216,
            name: 255,
            password: 1024,
            token: 8192,
            min_iterations: crate::ITERATIONS,
            max_iterations: 1_000_000,
        }
    }
}

/// A fault of the peer, after which the exchange is over. That a password is wrong is none: see
/// [`Step::Failed`](crate::Step::Failed).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message is longer than [`Limits::message`]. SMTP: `500 5.5.6` (RFC 4954 4).
    #[error("the message is longer than {0} octets")]
    MessageTooLong(usize),
    /// A user name or authorization identity is longer than [`Limits::name`].
    #[error("a name is longer than {0} octets")]
    NameTooLong(usize),
    /// The password is longer than [`Limits::password`].
    #[error("the password is longer than {0} octets")]
    PasswordTooLong(usize),
    /// The token is longer than [`Limits::token`].
    #[error("the token is longer than {0} octets")]
    TokenTooLong(usize),
    /// The message is not UTF-8.
    #[error("the message is not UTF-8")]
    NotUtf8,
    /// A user name or password is empty.
    #[error("a user name or password is empty")]
    Empty,
    /// A NUL where none may be, or not the two of PLAIN.
    #[error("a NUL too many or too few")]
    Nul,
    /// OAUTHBEARER, XOAUTH2: not fields of a name and a value, each with a Ctrl-A behind it and another
    /// behind the last, or one of them is not what it must be.
    #[error("not fields with their ends")]
    Fields,
    /// OAUTHBEARER, XOAUTH2: no bearer token, or one that has characters that no token has (RFC 6750 2.1).
    #[error("the token is missing or malformed")]
    Token,
    /// CRAM-MD5: not a name, a space and 32 hexadecimal digits in lower case.
    #[error("not a user name and a digest")]
    Digest,
    /// ANONYMOUS: what is left as a trace cannot be one: see [`prep::trace`](crate::prep::trace).
    #[error("trace: {0}")]
    Trace(#[from] TraceError),
    /// SCRAM, OAUTHBEARER: this attribute is missing, in another place, or its value is malformed.
    #[error("the attribute {0:?} is missing or malformed")]
    Attribute(char),
    /// SCRAM: an extension that must be understood and is not (RFC 5802 5.1, `m`).
    #[error("a mandatory extension")]
    MandatoryExtension,
    /// SCRAM: the peer's nonce does not continue or repeat ours.
    #[error("the nonce does not match")]
    Nonce,
    /// SCRAM: what the client says of channel binding does not go with the mechanism, with what the
    /// server has, or with the connection. Someone may sit in between (RFC 5802 6).
    #[error("the channel binding does not match")]
    ChannelBinding,
    /// SCRAM: iterations outside [`Limits::min_iterations`] and [`Limits::max_iterations`].
    #[error("{0} iterations are too few or too many")]
    Iterations(u32),
    /// SCRAM: the server does not know the password either.
    #[error("the server did not prove that it knows the user")]
    ServerProof,
    /// SCRAM: the server says why it refuses (RFC 5802 5.1, `e`), in its own words.
    #[error("the server refuses: {0:?}")]
    Refused(String),
    /// A message after all has been said, or octets in one that must be empty.
    #[error("an unexpected message")]
    UnexpectedMessage,
    /// The server says that the login succeeded before the exchange was complete: it may be an
    /// impostor.
    #[error("success before the exchange was complete")]
    Incomplete,
    /// Not the peer's fault but ours; the exchange may go on.
    #[error(transparent)]
    Misuse(#[from] Misuse),
}

impl Error {
    /// Whether the message was malformed (SMTP `501 5.5.2`, POP3 `-ERR`, IMAP `BAD`) rather than
    /// refused (SMTP `535 5.7.8`, POP3 `-ERR [AUTH]`, IMAP `NO [AUTHENTICATIONFAILED]`).
    pub const fn is_malformed(&self) -> bool {
        !matches!(
            self,
            Self::Nonce
                | Self::ChannelBinding
                | Self::Iterations(_)
                | Self::ServerProof
                | Self::Refused(_)
                | Self::Incomplete
                | Self::Misuse(_)
        )
    }
}

/// A mistake of the application. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The call does not belong here: a message while a question is open, an answer without one,
    /// anything after the end.
    #[error("not now")]
    NotNow,
    /// SCRAM and CRAM-MD5 need a nonce of at least 16 characters: printable ASCII without commas, for
    /// CRAM-MD5 of letters, digits and ``!#$%&'*+-/=?^_`{|}~`` only.
    #[error("no nonce, or one that cannot be sent")]
    Nonce,
    /// A SCRAM server needs [`Decoy::key`](crate::Decoy::key).
    #[error("no key for decoys")]
    DecoyKey,
    /// A `-PLUS` mechanism needs data of the TLS connection.
    #[error("no channel binding data")]
    ChannelBinding,
    /// The user name or authorization identity cannot be sent: empty, too long, or with a NUL.
    #[error("a name that cannot be sent")]
    Name,
    /// The password cannot be sent: empty, too long, not UTF-8, or with a NUL.
    #[error("a password that cannot be sent")]
    Password,
    /// The token cannot be sent: empty, too long, or with characters that no token has (RFC 6750 2.1).
    #[error("a token that cannot be sent")]
    Token,
    /// The credentials are for mechanisms of another kind.
    #[error("credentials for another kind of mechanism")]
    Credentials,
    /// A CRAM-MD5 server needs its host name for the challenge; an OAUTHBEARER client cannot send this
    /// one.
    #[error("no host name, or one that cannot be sent")]
    Host,
    /// ANONYMOUS: this cannot be a trace.
    #[error("trace: {0}")]
    Trace(#[from] TraceError),
    /// This mechanism cannot ask for another's authorization; for a token, name whom to act as as its
    /// user.
    #[error("this mechanism has no authorization identity")]
    Authzid,
    /// The user name or password does not survive [`saslprep`](crate::prep::saslprep).
    #[error("name or password: {0}")]
    Prep(#[from] PrepError),
}
