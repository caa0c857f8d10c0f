//! The driver for blocking streams of std.

use crate::{Clock, Error, Next, pump::last_moment};
use posta_core::{Input, Instant, Machine, Step};
pub use rustls::{ClientConnection, ServerConnection, StreamOwned};
use std::{
    fmt,
    io::{
        self,
        ErrorKind::{Interrupted, TimedOut, UnexpectedEof, WouldBlock},
        Read, Write,
    },
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

/// The shortest timeout that a socket is given; zero would mean none at all.
const TICK: Duration = Duration::from_millis(1);

/// A blocking stream that can be left waiting for a limited time only.
pub trait Transport: Read + Write {
    /// How long a read may block from now on; `None` for ever.
    ///
    /// # Errors
    /// The system refuses.
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// How long a write may block from now on; `None` for ever.
    ///
    /// # Errors
    /// The system refuses.
    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()>;

    /// Tells the peer that nothing more will come: TLS's `close_notify`, then the end of the stream.
    ///
    /// # Errors
    /// The stream failed.
    fn close(&mut self) -> io::Result<()>;
}

impl Transport for TcpStream {
    fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_read_timeout(self, timeout)
    }

    fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        Self::set_write_timeout(self, timeout)
    }

    fn close(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

macro_rules! over_tls {
    ($connection:ty) => {
        impl<T: Transport> Transport for StreamOwned<$connection, T> {
            fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                self.sock.set_read_timeout(timeout)
            }

            fn set_write_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
                self.sock.set_write_timeout(timeout)
            }

            fn close(&mut self) -> io::Result<()> {
                self.conn.send_close_notify();
                self.flush()?;
                self.sock.close()
            }
        }
    };
}

over_tls!(ClientConnection);
over_tls!(ServerConnection);

/// A machine on a blocking stream.
///
/// It keeps the rules of [`Machine`] as far as blocking allows: it never blocks in a read with output
/// pending, and never past the machine's deadline. But while it writes it does not read. Two peers that
/// both only write will therefore stand still until the deadline of one of them passes; protocols of
/// question and answer, as those of mail, come to that only by pipelining more than the sockets' buffers
/// hold. Where that matters use the [asynchronous driver](crate::Conn).
pub struct Conn<M, S> {
    machine: M,
    stream: S,
    input: Input,
    clock: Clock,
    /// Whether the stream may hold back what it has taken.
    unflushed: bool,
    closed: bool,
}

impl<M: Machine, S: Transport> Conn<M, S> {
    /// Puts a machine on a stream. `limit` is the most octets of input it may hold.
    pub fn new(machine: M, stream: S, limit: usize, clock: Clock) -> Self {
        let input = Input::new(limit);
        Self { machine, stream, input, clock, unflushed: false, closed: false }
    }

    /// The next event and the machine to answer it with; `None` when the conversation is over and the
    /// stream shut down.
    ///
    /// # Errors
    /// As for [`crate::Conn::next`]; and [`Error::Stalled`] if the machine waits for a command and has
    /// no deadline.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend its items")]
    pub fn next(&mut self) -> Next<'_, M> {
        let Self { machine, stream, input, clock, unflushed, closed } = self;
        let mut input = input;
        loop {
            let now = clock.now();
            let (back, read) = match machine.step(input, now) {
                Ok(Step::Event(event)) => return Ok(Some((event, machine))),
                Ok(Step::Read(back)) => (back, true),
                Ok(Step::Wait(back)) => (back, false),
                Ok(Step::Closed) => {
                    finish(machine, stream, clock, unflushed, closed)?;
                    return Ok(None);
                }
                Err(error) => {
                    // Why the machine gave up matters more than whether the peer heard it.
                    let _ = finish(machine, stream, clock, unflushed, closed);
                    return Err(Error::Protocol(error));
                }
            };
            input = back;
            let deadline = machine.deadline();
            match send(machine, stream, deadline, clock, unflushed) {
                // Something has moved, or the time is up.
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    // The peer may have said why before it closed.
                    if read && !input.is_full() && !input.is_eof() {
                        let soon = Some(clock.now() + TICK);
                        if receive(stream, input, soon, clock).is_ok_and(|n| n > 0) {
                            continue;
                        }
                    }
                    return Err(Error::Io(error));
                }
            }
            if read {
                if input.is_full() {
                    return Err(Error::InputFull { limit: input.limit() });
                }
                if input.is_eof() {
                    return Err(Error::Io(UnexpectedEof.into()));
                }
                receive(stream, input, deadline, clock)?;
            } else {
                let deadline = deadline.ok_or(Error::Stalled)?;
                thread::sleep((deadline - clock.now()).max(TICK));
            }
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

    /// Sends all that the machine has said. Needed only before [`into_parts`](Self::into_parts).
    ///
    /// # Errors
    /// The stream failed, or the peer did not take it all before the machine's deadline, or within
    /// [`LAST_WORDS`](crate::LAST_WORDS), whichever is sooner.
    pub fn flush(&mut self) -> io::Result<()> {
        drain(&mut self.machine, &mut self.stream, &self.clock, &mut self.unflushed)
    }

    /// Takes the connection apart: the machine, the stream, and what has been received and not taken.
    ///
    /// This is how TLS starts: [`flush`](Self::flush), take apart, refuse if anything is left in the
    /// input, wrap the stream in a [`StreamOwned`], tell the machine `tls_started()`, and put both
    /// together anew.
    pub fn into_parts(self) -> (M, S, Input) {
        (self.machine, self.stream, self.input)
    }
}

impl<M: fmt::Debug, S: fmt::Debug> fmt::Debug for Conn<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conn")
            .field("machine", &self.machine)
            .field("stream", &self.stream)
            .field("unread", &self.input.len())
            .finish_non_exhaustive()
    }
}

/// One write, or one flush; `false` if there was nothing to do. A write that takes too long counts as
/// done: the machine's deadline has passed, and the machine will say so.
fn send<M: Machine, S: Transport>(
    machine: &mut M,
    stream: &mut S,
    until: Option<Instant>,
    clock: &Clock,
    unflushed: &mut bool,
) -> io::Result<bool> {
    let output = machine.output();
    if output.is_empty() && !*unflushed {
        return Ok(false);
    }
    stream.set_write_timeout(timeout(until, clock))?;
    // A flush under TLS may read, too.
    stream.set_read_timeout(timeout(until, clock))?;
    let result = match output.is_empty() {
        true => stream.flush().map(|()| *unflushed = false),
        false => match stream.write(output.bytes()) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                output.sent(n);
                *unflushed = true;
                Ok(())
            }
            Err(error) => Err(error),
        },
    };
    match result {
        Err(error) if !matches!(error.kind(), WouldBlock | TimedOut | Interrupted) => Err(error),
        _ => Ok(true),
    }
}

/// One read; 0 if nothing came in time, or nothing will.
fn receive(
    stream: &mut impl Transport,
    input: &mut Input,
    until: Option<Instant>,
    clock: &Clock,
) -> io::Result<usize> {
    stream.set_read_timeout(timeout(until, clock))?;
    match stream.read(input.space()) {
        Ok(n) => {
            input.filled(n);
            Ok(n)
        }
        // TLS without close_notify.
        Err(error) if error.kind() == UnexpectedEof => {
            input.end();
            Ok(0)
        }
        Err(error) if matches!(error.kind(), WouldBlock | TimedOut | Interrupted) => Ok(0),
        Err(error) => Err(error),
    }
}

fn drain<M: Machine, S: Transport>(
    machine: &mut M,
    stream: &mut S,
    clock: &Clock,
    unflushed: &mut bool,
) -> io::Result<()> {
    let until = last_moment(machine.deadline(), clock.now());
    while send(machine, stream, Some(until), clock, unflushed)? {
        if clock.now() >= until {
            return Err(TimedOut.into());
        }
    }
    Ok(())
}

fn finish<M: Machine, S: Transport>(
    machine: &mut M,
    stream: &mut S,
    clock: &Clock,
    unflushed: &mut bool,
    closed: &mut bool,
) -> io::Result<()> {
    if *closed {
        return Ok(());
    }
    *closed = true;
    drain(machine, stream, clock, unflushed)?;
    // A peer that has gone already is as good as one that was told.
    let _ = stream.close();
    Ok(())
}

fn timeout(until: Option<Instant>, clock: &Clock) -> Option<Duration> {
    until.map(|at| (at - clock.now()).max(TICK))
}
