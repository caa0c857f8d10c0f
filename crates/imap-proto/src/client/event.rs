use crate::codec::{Data, ParseError, Place, Quirk, Status};
use core::fmt;

/// A command, as the events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub(super) u32);

/// What a client hears.
///
/// Data comes when the server likes to send it, asked for or not; a command ends with exactly one
/// [`Done`](Self::Done), or [`StartTls`](Self::StartTls).
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'i> {
    /// The first thing that the server says. With PREAUTH no login is needed; after BYE the connection
    /// is over.
    Greeting(Status<'i>),
    /// Every command is answered: give the next one, or several.
    Ready,
    /// The answer to a command.
    Done(Handle, Status<'i>),
    /// A status that answers no command. Show the text of an ALERT to the user.
    Status(Status<'i>),
    /// Data: a response, or a part of one that is too long for the input or holds a long literal.
    Data {
        /// What is told. FETCH, SEARCH, ESEARCH and VANISHED can come in parts, each with whole elements.
        data: Data<'i>,
        /// Nothing more of this response follows.
        last: bool,
    },
    /// The text of a message, or of a part of it, that is too long to stand in a line. It comes as
    /// [`Chunk`](Self::Chunk)s, then [`End`](Self::End), then the rest of the response as
    /// [`Data`](Self::Data).
    Literal {
        /// The message's sequence number.
        number: u32,
        /// Its UID, if that stood ahead of the text; otherwise it may come in the rest.
        uid: Option<u32>,
        /// Which text.
        place: Place<'i>,
        /// Its octets.
        size: u64,
    },
    /// A piece of it, cut anywhere.
    Chunk(&'i [u8]),
    /// All of it has come.
    End,
    /// The server waits for more of the message to append: give [`body`](super::Client::body) at most so
    /// many octets.
    Body(Handle, usize),
    /// The server's challenge, in base64: [`respond`](super::Client::respond) or
    /// [`cancel`](super::Client::cancel).
    Challenge(Handle, &'i str),
    /// From now on the server tells what happens; [`done`](super::Client::done) ends it.
    Idling(Handle),
    /// Flush, negotiate TLS on the stream, then call [`tls_started`](super::Client::tls_started).
    StartTls(Handle),
    /// Something that [`Quirks`](crate::codec::Quirks) tolerates was needed for what came last; told once
    /// a connection.
    Quirk(Quirk),
}

/// Challenges are hidden.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Greeting(status) => write!(f, "Greeting({status:?})"),
            Self::Ready => f.write_str("Ready"),
            Self::Done(handle, status) => write!(f, "Done({}, {status:?})", handle.0),
            Self::Status(status) => write!(f, "{status:?}"),
            Self::Data { data, last: true } => write!(f, "{data:?}"),
            Self::Data { data, last: false } => write!(f, "{data:?} …"),
            Self::Literal { number, uid, place, size } => {
                write!(f, "Literal({number}, {uid:?}, {place:?}, {size})")
            }
            Self::Chunk(octets) => write!(f, "Chunk(\"{}\")", octets.escape_ascii()),
            Self::End => f.write_str("End"),
            Self::Body(handle, room) => write!(f, "Body({}, {room})", handle.0),
            Self::Challenge(handle, _) => write!(f, "Challenge({}, ***)", handle.0),
            Self::Idling(handle) => write!(f, "Idling({})", handle.0),
            Self::StartTls(handle) => write!(f, "StartTls({})", handle.0),
            Self::Quirk(quirk) => write!(f, "Quirk({quirk:?})"),
        }
    }
}

/// Why the conversation is over. Commands without an answer may have been carried out or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server did not go on for [`Limits::timeout`](super::Limits::timeout).
    #[error("the server does not answer")]
    Timeout,
    /// The server closed the connection without BYE.
    #[error("the server closed the connection")]
    UnexpectedEof,
    /// The server said BYE, and nobody had said LOGOUT.
    #[error("the server has ended the session")]
    Bye,
    /// A line ends with LF alone, or holds CR or NUL.
    #[error("a line of the server holds CR, LF or NUL")]
    BareCrOrLf,
    /// A response does not fit the input, and cannot be cut there.
    #[error("a response of the server is too long")]
    TooLong,
    /// A response is not what it should be.
    #[error("the server's response cannot be read: {0}")]
    Syntax(#[from] ParseError),
    /// The first line is no greeting.
    #[error("this is no IMAP server")]
    NoGreeting,
    /// An answer has a tag that no command has, or had its answer before.
    #[error("the server answers a command that was not given")]
    UnknownTag,
    /// The server asks to go on where nothing goes on.
    #[error("the server waits for something that nobody wants to send")]
    Unexpected,
    /// Something came behind the answer to STARTTLS, before TLS: it may be someone else's.
    #[error("the server sent data between STARTTLS and TLS")]
    EarlyData,
    /// The server let the client in before TLS, which is required: there is no way to start it now.
    /// RFC 9051 11.1
    #[error("the server needs no login, so that TLS cannot be started")]
    PreAuth,
    /// The server answered APPEND while the message was being sent. What remains of it can be neither
    /// sent nor left out.
    #[error("the server answered in the middle of a message")]
    Interrupted,
}
