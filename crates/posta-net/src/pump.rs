//! What moves the bytes between a machine and a tokio stream.

use crate::{Clock, Passed, Tap};
use posta_core::{Input, Instant, Machine};
use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    task::{
        Context,
        Poll::{self, Pending, Ready},
    },
    time::Duration,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How long a peer may take to read what is left when a conversation ends. A machine's deadline may
/// make it shorter.
pub const LAST_WORDS: Duration = Duration::from_secs(30);

/// How long we listen after our own end of the stream.
const LINGER: Duration = Duration::from_secs(1);

/// How many octets are read and thrown away while a conversation ends.
const LINGER_OCTETS: usize = 1 << 20;

/// After this long without a byte the buffers are given back. Not at once: a connection in full flow
/// would do nothing but allocate.
const IDLE: Duration = Duration::from_secs(1);

/// A deadline that a machine leaves in the past must not make the driver spin.
const TICK: Duration = Duration::from_millis(1);

/// Sends and, if `read`, receives, both at once; returns as soon as anything has moved, or at the
/// machine's deadline, so that the machine can be stepped again.
pub(crate) async fn transfer<M: Machine, S: AsyncRead + AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    input: &mut Input,
    read: bool,
    clock: &Clock,
    active: &mut Instant,
    tap: &mut Option<Tap>,
) -> io::Result<()> {
    let now = clock.now();
    let deadline = machine.deadline().map(|at| at.max(now + TICK));
    let idle = *active + IDLE;
    if now < idle {
        let first = deadline.map_or(idle, |at| at.min(idle));
        let moving = poll_fn(|cx| poll_transfer(machine, stream, input, read, true, tap, cx));
        if let Some(moved) = before(clock, Some(first), moving).await {
            *active = clock.now();
            return moved;
        }
        if deadline == Some(first) {
            return Ok(());
        }
    }
    let moving = poll_fn(|cx| poll_transfer(machine, stream, input, read, false, tap, cx));
    match before(clock, deadline, moving).await {
        Some(moved) => {
            *active = clock.now();
            moved
        }
        None => Ok(()),
    }
}

fn poll_transfer<M: Machine, S: AsyncRead + AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    input: &mut Input,
    read: bool,
    keep: bool,
    tap: &mut Option<Tap>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let waiting = machine.output().len();
    let mut failed = match poll_write(machine, stream, tap, cx) {
        Ready(Err(error)) => Some(error),
        // Step again before reading: there may be room for more.
        _ if machine.output().len() < waiting => return Ready(Ok(())),
        _ => None,
    };
    // A stream with a buffer of its own (TLS) may hold back what it has taken.
    if failed.is_none()
        && let Ready(Err(error)) = Pin::new(&mut *stream).poll_flush(cx)
    {
        failed = Some(error);
    }
    // After a failed write still read: the peer may have said why before it closed.
    if read && !input.is_full() && !input.is_eof() {
        let mut space = ReadBuf::new(input.space());
        match Pin::new(&mut *stream).poll_read(cx, &mut space) {
            Ready(Ok(())) => {
                let n = space.filled().len();
                match failed {
                    Some(error) if n == 0 => return Ready(Err(error)),
                    _ => input.filled(n),
                }
                if let Some(tap) = tap {
                    tap(Passed::Received(&input.bytes()[input.len() - n..]));
                }
                return Ready(Ok(()));
            }
            // TLS without close_notify.
            Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                input.end();
                return Ready(failed.map_or(Ok(()), Err));
            }
            Ready(Err(error)) => return Ready(Err(failed.unwrap_or(error))),
            Pending => {}
        }
    }
    if let Some(error) = failed {
        return Ready(Err(error));
    }
    if !keep {
        input.release();
        machine.output().release();
    }
    Pending
}

/// Writes as much of the output as the stream takes; ready when all is written.
fn poll_write<M: Machine, S: AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    tap: &mut Option<Tap>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let output = machine.output();
    while !output.is_empty() {
        match Pin::new(&mut *stream).poll_write(cx, output.bytes()) {
            Ready(Ok(0)) => return Ready(Err(io::ErrorKind::WriteZero.into())),
            Ready(Ok(n)) => {
                if let Some(tap) = tap {
                    tap(Passed::Sent(&output.bytes()[..n]));
                }
                output.sent(n);
            }
            Ready(Err(error)) => return Ready(Err(error)),
            Pending => return Pending,
        }
    }
    Ready(Ok(()))
}

fn poll_flush<M: Machine, S: AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    tap: &mut Option<Tap>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    match poll_write(machine, stream, tap, cx) {
        Ready(Ok(())) => Pin::new(stream).poll_flush(cx),
        unfinished => unfinished,
    }
}

/// Sends everything; a machine's deadline that passes meanwhile is a failure.
pub(crate) async fn flush<M: Machine, S: AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    clock: &Clock,
    tap: &mut Option<Tap>,
) -> io::Result<()> {
    let until = last_moment(machine.deadline(), clock.now());
    let sending = poll_fn(|cx| poll_flush(machine, stream, tap, cx));
    before(clock, Some(until), sending).await.unwrap_or_else(timed_out)
}

/// How far the end of a connection has come. Kept in the connection, so that a dropped future does not
/// start the clock anew.
#[derive(Debug)]
pub(crate) struct Closing {
    stage: Stage,
    until: Instant,
    /// How many octets may still be read and thrown away.
    octets: usize,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Sending { linger: bool },
    Lingering,
    Done,
}

pub(crate) async fn close<M: Machine, S: AsyncRead + AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    peer_done: bool,
    clock: &Clock,
    closing: &mut Option<Closing>,
    tap: &mut Option<Tap>,
) -> io::Result<()> {
    let closing = closing.get_or_insert_with(|| Closing {
        stage: Stage::Sending { linger: !peer_done && !machine.output().is_empty() },
        until: last_moment(machine.deadline(), clock.now()),
        octets: LINGER_OCTETS,
    });
    if let Stage::Sending { linger } = closing.stage {
        let octets = &mut closing.octets;
        let mut sent = false;
        let sending = poll_fn(|cx| {
            let end = poll_end(machine, stream, &mut sent, tap, cx);
            if end.is_pending() {
                // The peer may be blocked in a write, and not read before that is done.
                let _ = poll_discard(stream, octets, cx);
            }
            end
        });
        let result = before(clock, Some(closing.until), sending).await.unwrap_or_else(timed_out);
        machine.output().release();
        closing.stage = if linger && result.is_ok() { Stage::Lingering } else { Stage::Done };
        closing.until = clock.now() + LINGER;
        result?;
    }
    if let Stage::Lingering = closing.stage {
        let octets = &mut closing.octets;
        let draining = poll_fn(|cx| poll_discard(stream, octets, cx));
        // The peer's time to close is up, or it has closed, or is gone: all the same to us.
        let _ = before(clock, Some(closing.until), draining).await;
        closing.stage = Stage::Done;
    }
    Ok(())
}

/// Sends what is left, then the end of the stream.
fn poll_end<M: Machine, S: AsyncWrite + Unpin>(
    machine: &mut M,
    stream: &mut S,
    sent: &mut bool,
    tap: &mut Option<Tap>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    if !*sent {
        match poll_flush(machine, stream, tap, cx) {
            Ready(Ok(())) => *sent = true,
            unfinished => return unfinished,
        }
    }
    // A peer that has gone already is as good as one that was told.
    Pin::new(stream).poll_shutdown(cx).map(|_| Ok(()))
}

/// Reads and throws away; ready when the peer has closed, or has sent `octets`.
fn poll_discard<S: AsyncRead + Unpin>(
    stream: &mut S,
    octets: &mut usize,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let mut space = [0; 512];
    while *octets > 0 {
        let mut space = ReadBuf::new(&mut space);
        match Pin::new(&mut *stream).poll_read(cx, &mut space) {
            Ready(Ok(())) if !space.filled().is_empty() => {
                *octets = octets.saturating_sub(space.filled().len());
            }
            Ready(_) => return Ready(()),
            Pending => return Pending,
        }
    }
    Ready(())
}

/// When the last words must be out: at the machine's deadline if that is still to come.
pub(crate) fn last_moment(deadline: Option<Instant>, now: Instant) -> Instant {
    let most = now + LAST_WORDS;
    deadline.filter(|at| *at > now).map_or(most, |at| at.min(most))
}

/// The future's value, or `None` if the moment came first.
async fn before<F: Future>(clock: &Clock, at: Option<Instant>, future: F) -> Option<F::Output> {
    match at {
        Some(at) => tokio::time::timeout_at(clock.at(at), future).await.ok(),
        None => Some(future.await),
    }
}

fn timed_out<T>() -> io::Result<T> {
    Err(io::ErrorKind::TimedOut.into())
}
