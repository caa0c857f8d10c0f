use crate::codec::{ParseError, ReplyBuf};
use posta_core::dot::BareLineEnd;

/// Why a conversation is over: always the peer's fault, or the network's.
///
/// If a message was on its way, nobody has taken responsibility for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The peer took too long.
    #[error("the peer took too long")]
    Timeout,
    /// The stream ended where it must not.
    #[error("the connection was cut")]
    UnexpectedEof,
    /// The server's reply is malformed or too long.
    #[error("malformed reply")]
    Syntax(#[from] ParseError),
    /// The server's reply does not answer what was asked, or nothing was asked.
    #[error("unexpected reply: {0}")]
    Unexpected(ReplyBuf),
    /// The server will not serve: its greeting, or its answer to the first command.
    #[error("the server will not serve: {0}")]
    Refused(ReplyBuf),
    /// The server is closing the connection: 421, at any time (RFC 5321 3.8).
    #[error("the server is closing the connection: {0}")]
    Shutdown(ReplyBuf),
    /// The peer sent more where it must wait: after STARTTLS, where somebody else may have put it, or
    /// after EHLO, AUTH, or a DATA that was refused.
    #[error("the peer did not wait")]
    Pipelining,
    /// The client sent BDAT, which is not offered: what follows is a message, not commands.
    #[error("the client sent BDAT without CHUNKING")]
    Chunking,
    /// The client sent more bad commands than the limit allows.
    #[error("too many bad commands")]
    TooManyErrors,
}

/// A method was called where it makes no sense, or with what it cannot take: our own fault. Nothing
/// was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Not now.
    #[error("not in this state")]
    State,
    /// The server does not offer it.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// DATA without a recipient that was, or may yet be, accepted.
    #[error("no recipient")]
    NoRecipient,
    /// The queue of commands is full: wait for replies.
    #[error("too many commands are waiting")]
    Full,
    /// A code that does not refuse, or an enhanced code of another class.
    #[error("not the code of a refusal")]
    Code,
    /// Text that should be BASE64 is not.
    #[error("not BASE64")]
    Base64,
    /// An argument that cannot be sent.
    #[error("invalid argument")]
    Argument(#[from] ParseError),
    /// A parameter that cannot be sent: not printable ASCII, or too long.
    #[error("invalid parameter")]
    Parameter,
    /// A bare CR or LF in a body, where that is not allowed. The message cannot go on.
    #[error("bad line end")]
    Bare(#[from] BareLineEnd),
}
