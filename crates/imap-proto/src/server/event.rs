use crate::codec::{Command, DateTime, Flag, Items, ParseError, Secret, Text};

/// What a server asks its application, and tells it.
///
/// Until a command is answered no other is taken. Every command can be answered with
/// [`accept`](super::Server::accept), [`reject`](super::Server::reject) or
/// [`finish`](super::Server::finish), after the data that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// A command that the machine does not answer itself. SELECT and EXAMINE are answered with
    /// [`select`](super::Server::select), the others with data, if they ask for any, and a verdict.
    ///
    /// Behind it stands its text, for an application that answers it in several steps: it can keep that,
    /// and [read](Command::parse) it again.
    Command(Command<'i>, &'i [u8]),
    /// LOGIN. Accepting it is what logs in.
    Login {
        /// The name.
        user: Text<'i>,
        /// The password.
        password: Secret<Text<'i>>,
    },
    /// AUTHENTICATE with a mechanism of [`Config::sasl`](super::Config::sasl):
    /// [`challenge`](super::Server::challenge), or as for `Login`.
    Authenticate {
        /// In the client's spelling; case does not count.
        mechanism: &'i str,
        /// In base64; `Some("")` is a response without data.
        initial: Option<Secret<&'i str>>,
    },
    /// The response to a challenge, in base64: as for `Authenticate`.
    Response(Secret<&'i str>),
    /// The client gave the exchange up, or broke it. Nothing to answer.
    Cancelled,
    /// Flush, negotiate TLS on the stream, then call [`tls_started`](super::Server::tls_started).
    StartTls,
    /// APPEND: [`accept`](super::Server::accept) it, and the message comes as
    /// [`Chunk`](Self::Chunk)s, or refuse it before it is sent.
    Append {
        /// To which mailbox.
        mailbox: Text<'i>,
        /// The flags that the message gets.
        flags: Items<'i, Flag<'i>>,
        /// Its internal date; now if there is none.
        date: Option<DateTime>,
        /// Its octets, one at least.
        size: u64,
    },
    /// A piece of the message, cut anywhere. If it cannot be stored, say so when all has come.
    Chunk(&'i [u8]),
    /// All of the message has come: store it for good, and answer the command. Without this event it must
    /// not be stored.
    Appended,
    /// IDLE: tell what changes from now on, as it happens.
    Idle,
    /// The client ends IDLE: tell what is still to be told, and answer the command.
    Done,
    /// There is room for so many octets of data, half of [`Limits::output`](super::Limits::output) at least;
    /// see [`more`](super::Server::more).
    More(usize),
    /// A command could not be read; the client was told. Nothing to answer.
    Bad(ParseError),
}
