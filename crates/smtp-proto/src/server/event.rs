use crate::codec::{Base64, Params, Path, Shown, Tolerated};

/// What a client wants, or did.
///
/// Where it says *verdict*, the server waits for [`accept`](super::Server::accept) or
/// [`reject`](super::Server::reject).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// HELO, EHLO or LHLO. Verdict.
    Helo {
        /// Which.
        hello: Hello,
        /// The name that the client gives itself, unchecked.
        name: &'i str,
    },
    /// MAIL. Verdict.
    Mail {
        /// The sender: an address or nobody.
        path: Path<'i>,
        /// The parameters. SIZE, BODY, AUTH, SMTPUTF8, RET and ENVID are known to be well-formed and
        /// offered, the size to be below the limit. Refuse what is [unknown](Params::unknown) with 555 5.5.4.
        params: Params<'i>,
        /// What was not quite right.
        tolerated: Option<Tolerated>,
    },
    /// RCPT. Verdict.
    Rcpt {
        /// A recipient: an address or the postmaster.
        path: Path<'i>,
        /// The parameters. NOTIFY and ORCPT are known to be well-formed and offered. Refuse what is
        /// [unknown](Params::unknown) with 555 5.5.4.
        params: Params<'i>,
        /// What was not quite right.
        tolerated: Option<Tolerated>,
    },
    /// DATA, after at least one accepted recipient. Verdict: 354 or not.
    Data,
    /// A piece of the message, unstuffed, cut anywhere.
    Chunk(&'i [u8]),
    /// The end of the message. Verdict: to accept is to take responsibility for it. LMTP: one verdict for
    /// each accepted recipient, in their order.
    End,
    /// The message is void: forget what came of it. Its rest is discarded, and the server will refuse it
    /// by itself; there is no `End`.
    Aborted(Aborted),
    /// The server has said 220: flush, start TLS, then call [`tls_started`](super::Server::tls_started).
    StartTls,
    /// AUTH. Verdict, or [`challenge`](super::Server::challenge).
    Auth {
        /// One of the offered mechanisms, in the client's case.
        mechanism: &'i str,
        /// The initial response, perhaps empty; `None` if there is none.
        initial: Option<Base64<'i>>,
    },
    /// The response to a challenge, perhaps empty. Verdict, or another challenge.
    AuthResponse(Base64<'i>),
    /// The client has given up the AUTH exchange, or sent what is no BASE64. It has its reply.
    AuthCancelled,
    /// VRFY. Verdict: to accept without a text is to say 252, neither yes nor no.
    Vrfy(&'i str),
    /// RSET. The transaction is forgotten, the client has its reply.
    Rset,
    /// QUIT. The client has its reply.
    Quit,
    /// A line that the server has refused by itself, for the log.
    Bad(Shown<'i>),
}

/// How a client introduced itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hello {
    /// HELO: no extensions.
    Helo,
    /// EHLO.
    Ehlo,
    /// LHLO: LMTP.
    Lhlo,
}

/// Why a message is void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aborted {
    /// A CR or LF stands alone in it: 550 5.6.11.
    Bare,
    /// It is larger than the limit: 552 5.3.4.
    TooLarge,
}
