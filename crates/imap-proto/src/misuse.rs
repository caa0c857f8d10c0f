/// A mistake of the application, never of the peer. Nothing was sent and nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The call is not possible in this state.
    #[error("the call is not possible in this state")]
    State,
    /// An argument is empty, or holds an octet that would break the line: a control character, a
    /// space where none may be, text that would read as something else.
    #[error("the argument cannot be sent: {0}")]
    Argument(&'static str),
    /// The server does not offer this.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// TLS must be started first, by the client's own configuration.
    #[error("TLS must be started first")]
    NoTls,
    /// Too many commands wait already; see `Limits::queue`.
    #[error("too many commands wait")]
    Full,
}
