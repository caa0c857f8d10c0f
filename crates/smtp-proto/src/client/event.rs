use crate::codec::{Base64, Reply};

/// What a server said, and what the client needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// All that was asked is done: give the next command.
    Ready,
    /// The server is ready for TLS: start it, then call [`tls_started`](super::Client::tls_started).
    StartTls,
    /// The server will not start TLS. The connection is still in the clear: whoever wants TLS leaves.
    TlsRefused(Reply<'i>),
    /// The server wants more for AUTH: [`respond`](super::Client::respond) or
    /// [`cancel_auth`](super::Client::cancel_auth).
    Challenge(Base64<'i>),
    /// How AUTH ended: 235 if it succeeded.
    Auth(Reply<'i>),
    /// The verdict on the sender. If it is a refusal, `Done` follows with the same reply, and nothing is
    /// heard of the recipients: they share it.
    Mail(Reply<'i>),
    /// The verdict on the n-th recipient, from 0.
    Rcpt(usize, Reply<'i>),
    /// The next piece of the message: give [`body`](super::Client::body) at most so many octets, or
    /// [`end`](super::Client::end).
    Body(usize),
    /// LMTP: the verdict on the message for the n-th recipient, if that one was accepted.
    Delivered(usize, Reply<'i>),
    /// The transaction is over. If the reply is positive the server has the message and is responsible
    /// for it, for all the recipients it accepted. Otherwise this is the refusal that decided: of the
    /// sender, of the last recipient if none was accepted, of DATA or of the message. In LMTP each
    /// `Delivered` decides for itself, and this repeats the last.
    Done(Reply<'i>),
    /// The reply to `noop`, `vrfy` or `rset`.
    Reply(Reply<'i>),
}
