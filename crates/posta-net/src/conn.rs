use crate::{
    Clock, Error,
    pump::{self, Closing},
};
use posta_core::{Input, Instant, Machine, Step};
use std::{fmt, io};
use tokio::io::{AsyncRead, AsyncWrite};

/// A machine on a tokio stream.
///
/// One driver for every [`Machine`], client or server. It reads while it writes, so two peers that both
/// only write never block each other; it wakes the machine at its deadline; and a second after the last
/// byte it gives back the memory of both buffers.
///
/// `S` is any tokio stream. With the default, [`Stream`](crate::Stream), a connection can
/// [start TLS](Self::start_tls_client) and keep its type.
pub struct Conn<M: Machine, S = crate::Stream> {
    pub(crate) machine: M,
    pub(crate) stream: S,
    pub(crate) input: Input,
    pub(crate) clock: Clock,
    /// When a byte last moved.
    active: Instant,
    /// What the machine failed with, kept here until its last words are out.
    failed: Option<M::Error>,
    closing: Option<Closing>,
    tap: Option<Tap>,
}

/// Bytes of a conversation that have just passed, in the clear whatever the stream does to them.
#[derive(Clone, Copy, Debug)]
pub enum Passed<'b> {
    /// The peer sent them.
    Received(&'b [u8]),
    /// The machine sent them.
    Sent(&'b [u8]),
}

/// Hears every byte of a conversation, passwords too. See [`Conn::set_tap`].
pub type Tap = Box<dyn FnMut(Passed<'_>) + Send>;

/// What `next` gives: an event and the machine to answer it with, or the end.
pub type Next<'a, M> =
    Result<Option<(<M as Machine>::Event<'a>, &'a mut M)>, Error<<M as Machine>::Error>>;

impl<M: Machine, S: AsyncRead + AsyncWrite + Unpin> Conn<M, S> {
    /// Puts a machine on a stream. `limit` is the most octets of input it may hold.
    pub fn new(machine: M, stream: S, limit: usize, clock: Clock) -> Self {
        let active = clock.now();
        let input = Input::new(limit);
        Self { machine, stream, input, clock, active, failed: None, closing: None, tap: None }
    }

    /// The next event and the machine to answer it with; `None` when the conversation is over and the
    /// stream shut down.
    ///
    /// Cancel safe: a dropped future loses no byte, no event and no error, so this may stand in a
    /// `select!`. It returns only for an event or the end; whatever else is to be said must be said
    /// before the call, or by cancelling it.
    ///
    /// A stream that ends without TLS's `close_notify` looks to the machine like any other end: the
    /// protocols of mail mark their own ends, and the machine tells a cut from a farewell.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the machine gave up; by then its last words have been sent, as far as the
    /// peer took them in time. [`Error::Io`] if the stream failed. If it failed while writing, what the
    /// peer had sent before is still heard first: often it says why.
    pub async fn next(&mut self) -> Next<'_, M> {
        let Self { machine, stream, input, clock, active, failed, closing, tap } = self;
        let mut peer_done = input.is_eof();
        let mut input = input;
        while failed.is_none() && closing.is_none() {
            peer_done = input.is_eof();
            let now = clock.now();
            let (back, read) = match machine.step(input, now) {
                Ok(Step::Event(event)) => return Ok(Some((event, machine))),
                Ok(Step::Read(back)) => (back, true),
                Ok(Step::Wait(back)) => (back, false),
                Ok(Step::Closed) => break,
                Err(error) => {
                    *failed = Some(error);
                    break;
                }
            };
            input = back;
            if read && machine.output().is_empty() {
                if input.is_full() {
                    return Err(Error::InputFull { limit: input.limit() });
                }
                if input.is_eof() {
                    return Err(Error::Io(io::ErrorKind::UnexpectedEof.into()));
                }
            }
            pump::transfer(machine, stream, input, read, clock, active, tap).await?;
        }
        let closed = pump::close(machine, stream, peer_done, clock, closing, tap).await;
        match failed.take() {
            Some(error) => Err(Error::Protocol(error)),
            None => Ok(closed.map(|()| None)?),
        }
    }

    /// The machine, for commands between events.
    pub fn machine(&mut self) -> &mut M {
        &mut self.machine
    }

    /// The stream below.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// What has been received and not yet taken.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// The clock that this connection lives by.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Lets `tap` hear the conversation from here on, for a transcript. What it hears is in the clear:
    /// it must hide the secrets.
    pub fn set_tap(&mut self, tap: Tap) {
        self.tap = Some(tap);
    }

    /// Sends all that the machine has said. Needed only before [`into_parts`](Self::into_parts):
    /// [`next`](Self::next) does it by itself.
    ///
    /// Cancel safe. Nothing is read meanwhile.
    ///
    /// # Errors
    /// The stream failed, or the peer did not take it all before the machine's deadline, or within
    /// [`LAST_WORDS`](crate::LAST_WORDS), whichever is sooner.
    pub async fn flush(&mut self) -> io::Result<()> {
        pump::flush(&mut self.machine, &mut self.stream, &self.clock, &mut self.tap).await
    }

    /// Ends the conversation from our side: sends what the machine has said, then TLS's
    /// `close_notify`, then the end of the stream. Afterwards [`next`](Self::next) gives `None`.
    ///
    /// If something was left to say, it waits up to a second for the peer to close too, discarding what
    /// still comes: closing on unread bytes would make the system reset the connection, and the peer
    /// lose our words. Cancel safe; a second call does nothing.
    ///
    /// # Errors
    /// As for [`flush`](Self::flush). A failure after everything has been sent is none.
    pub async fn close(&mut self) -> io::Result<()> {
        let peer_done = self.input.is_eof();
        let Self { machine, stream, clock, closing, tap, .. } = self;
        pump::close(machine, stream, peer_done, clock, closing, tap).await
    }

    /// Takes the connection apart: the machine, the stream, and what has been received and not taken.
    pub fn into_parts(self) -> (M, S, Input) {
        (self.machine, self.stream, self.input)
    }
}

impl<M: Machine + fmt::Debug, S: fmt::Debug> fmt::Debug for Conn<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn")
            .field("machine", &self.machine)
            .field("stream", &self.stream)
            .field("unread", &self.input.len())
            .finish_non_exhaustive()
    }
}
