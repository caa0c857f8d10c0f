//! The asynchronous driver over pipes in memory.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Fault, Flood, Lines};
use posta_core::Instant;
use posta_net::{Clock, Conn, Error, LAST_WORDS, Passed};
use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, duplex},
    time::{Instant as Moment, timeout},
};

const SECOND: Duration = Duration::from_secs(1);

fn conn<S: AsyncRead + AsyncWrite + Unpin>(machine: Lines, stream: S) -> Conn<Lines, S> {
    Conn::new(machine, stream, 1024, Clock::start())
}

/// Polls a future once and drops it, as a `select!` does that another branch wins.
async fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    })
    .await
}

async fn echo_until_empty_line<S: AsyncRead + AsyncWrite + Unpin>(mut conn: Conn<Lines, S>) {
    while let Some((line, machine)) = conn.next().await.unwrap() {
        machine.say(std::str::from_utf8(line).unwrap());
        machine.over = line == b"\n";
    }
}

#[tokio::test]
async fn talks_through_pipes_of_any_size() {
    for size in [1, 7, 64, 4096] {
        let (mut here, there) = duplex(size);
        let mut machine = Lines::default();
        machine.say("welcome\n");
        let server = tokio::spawn(echo_until_empty_line(conn(machine, there)));
        let (mut from, mut to) = tokio::io::split(&mut here);
        let mut heard = String::new();
        let (sent, got) = tokio::join!(
            async {
                to.write_all(b"one\ntwo\nthree\n\n").await.unwrap();
                to.shutdown().await
            },
            from.read_to_string(&mut heard)
        );
        sent.unwrap();
        got.unwrap();
        assert_eq!(heard, "welcome\none\ntwo\nthree\n\n", "pipe of {size}");
        server.await.unwrap();
    }
}

/// A transcript has every byte of both sides, in the order in which they passed.
#[tokio::test]
async fn a_tap_hears_both_sides() {
    for size in [1, 4096] {
        let (mut here, there) = duplex(size);
        let mut machine = Lines::default();
        machine.say("welcome\n");
        let mut conn = conn(machine, there);
        let heard = Arc::new(Mutex::new((String::new(), String::new())));
        let ears = Arc::clone(&heard);
        conn.set_tap(Box::new(move |passed| {
            let (theirs, ours) = &mut *ears.lock().unwrap();
            match passed {
                Passed::Received(bytes) => theirs.push_str(std::str::from_utf8(bytes).unwrap()),
                Passed::Sent(bytes) => ours.push_str(std::str::from_utf8(bytes).unwrap()),
            }
        }));
        let server = tokio::spawn(echo_until_empty_line(conn));
        let (mut from, mut to) = tokio::io::split(&mut here);
        let mut all = String::new();
        let (sent, got) = tokio::join!(
            async {
                to.write_all(b"one\ntwo\n\n").await.unwrap();
                to.shutdown().await
            },
            from.read_to_string(&mut all)
        );
        sent.unwrap();
        got.unwrap();
        server.await.unwrap();
        assert_eq!(*heard.lock().unwrap(), ("one\ntwo\n\n".to_owned(), all));
    }
}

#[tokio::test]
async fn two_peers_that_only_write_do_not_deadlock() {
    for (size, octets) in [(1, 50_000), (7, 200_000), (64, 10_000_000), (4096, 10_000_000)] {
        let (a, b) = duplex(size);
        let clock = Clock::start();
        let mut a = Conn::new(Flood::new(octets), a, 4096, clock);
        let mut b = Conn::new(Flood::new(octets), b, 4096, clock);
        let run = async { tokio::join!(a.next(), b.next()) };
        let (left, right) = timeout(60 * SECOND, run).await.expect("deadlock");
        assert!(left.unwrap().is_none() && right.unwrap().is_none());
        assert_eq!((a.machine().heard, b.machine().heard), (octets, octets));
    }
}

#[tokio::test]
async fn a_future_dropped_after_every_poll_loses_nothing() {
    let (here, there) = duplex(3);
    let mut server = conn(Lines::default(), there);
    let mut client = conn(Lines::default(), here);
    client.machine().say("a line longer than the pipe\nanother\n\n");
    let (mut at_server, mut at_client) = (Vec::new(), Vec::new());
    let (mut server_over, mut client_over) = (false, false);
    for _ in 0..1000 {
        match poll_once(client.next()).await {
            Some(Ok(Some((line, machine)))) => {
                at_client.push(line.to_vec());
                machine.over = at_client.len() == 3;
            }
            Some(end) => client_over = end.unwrap().is_none(),
            None => {}
        }
        match poll_once(server.next()).await {
            Some(Ok(Some((line, machine)))) => {
                at_server.push(line.to_vec());
                machine.say("and back again: ");
                machine.say(std::str::from_utf8(line).unwrap());
                machine.over = line == b"\n";
            }
            Some(end) => server_over = end.unwrap().is_none(),
            None => {}
        }
    }
    let lines = ["a line longer than the pipe\n", "another\n", "\n"];
    assert_eq!(at_server, lines.map(|line| line.as_bytes().to_vec()));
    assert_eq!(at_client, lines.map(|line| format!("and back again: {line}").into_bytes()));
    assert!(server_over && client_over);
}

#[tokio::test]
async fn a_dropped_future_does_not_lose_the_error() {
    let (mut here, there) = duplex(4);
    let machine = Lines { last_words: "goodbye and farewell\n", ..Lines::default() };
    let mut server = conn(machine, there);
    here.shutdown().await.unwrap();
    // It fails at once, and cannot get its last words out.
    for _ in 0..5 {
        assert!(poll_once(server.next()).await.is_none());
    }
    let mut heard = String::new();
    let (failed, _) = tokio::join!(server.next(), here.read_to_string(&mut heard));
    assert!(matches!(failed, Err(Error::Protocol(Fault::CutOff))));
    assert_eq!(heard, "goodbye and farewell\n");
    assert!(server.next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_wakes_the_machine() {
    let (mut here, there) = duplex(64);
    let patience = Some(300 * SECOND);
    let machine = Lines { patience, last_words: "421 too slow\n", ..Lines::default() };
    let mut server = conn(machine, there);
    let start = Moment::now();
    here.write_all(b"hello\nhal").await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap().0, b"hello\n");
    let mut heard = String::new();
    let (failed, _) = tokio::join!(server.next(), async {
        here.read_to_string(&mut heard).await.unwrap();
        drop(here);
    });
    assert!(matches!(failed, Err(Error::Protocol(Fault::Timeout))));
    assert_eq!(start.elapsed().as_secs(), 300);
    assert_eq!(heard, "421 too slow\n");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_wakes_a_machine_that_waits_or_cannot_send() {
    for text in ["", "more than the pipe holds\n"] {
        let (_here, there) = duplex(4);
        let mut machine = Lines { deaf: true, ..Lines::default() };
        machine.say(text);
        machine.deadline = Some(Instant::ORIGIN + 60 * SECOND);
        let start = Moment::now();
        let failed = conn(machine, there).next().await.unwrap_err();
        assert!(matches!(failed, Error::Protocol(Fault::Timeout)));
        // What could not be said got the five seconds that the machine gave itself.
        let expected = if text.is_empty() { 60 } else { 65 };
        assert_eq!(start.elapsed().as_secs(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn last_words_to_a_peer_that_does_not_read_are_bounded() {
    // A machine without a deadline of its own.
    let (_here, there) = duplex(4);
    let mut machine = Lines { over: true, ..Lines::default() };
    machine.say("nobody will read this\n");
    let start = Moment::now();
    let failed = conn(machine, there).next().await.unwrap_err();
    assert!(matches!(failed, Error::Io(error) if error.kind() == io::ErrorKind::TimedOut));
    assert_eq!(start.elapsed().as_secs(), LAST_WORDS.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_close_does_not_start_the_time_anew() {
    let (_here, there) = duplex(4);
    let mut server = conn(Lines::default(), there);
    server.machine().say("nobody will read this\n");
    let start = Moment::now();
    while timeout(SECOND, server.close()).await.is_err() {}
    assert!(start.elapsed() <= LAST_WORDS + SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_keeps_talking_does_not_hold_up_the_end() {
    let (mut here, there) = duplex(64);
    let mut server = conn(Lines::default(), there);
    server.machine().say("421 go away\n");
    let start = Moment::now();
    let (closed, _) = tokio::join!(server.close(), async {
        let mut heard = [0; 12];
        here.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"421 go away\n");
        assert_eq!(here.read(&mut heard).await.unwrap(), 0);
        here.write_all(&[b'x'; 500]).await
    });
    closed.unwrap();
    assert_eq!(start.elapsed().as_secs(), 1);
    assert!(server.next().await.unwrap().is_none());
}

/// A peer that writes all it has before it reads must not keep us from our last words.
#[tokio::test(start_paused = true)]
async fn last_words_reach_a_peer_that_is_blocked_in_a_write() {
    let (mut here, there) = duplex(4);
    let mut server = conn(Lines::default(), there);
    server.machine().say("421 go away\n");
    let mut heard = String::new();
    let (closed, _) = tokio::join!(server.close(), async {
        here.write_all(&[b'x'; 500]).await.unwrap();
        here.read_to_string(&mut heard).await.unwrap();
        drop(here);
    });
    closed.unwrap();
    assert_eq!(heard, "421 go away\n");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_forgets_its_deadline_does_not_make_the_driver_spin() {
    /// Never fails, and leaves its deadline where it was.
    struct Stubborn(posta_core::Output, u32);
    impl posta_core::Machine for Stubborn {
        type Event<'i> = ();
        type Error = Fault;
        fn step<'i>(
            &mut self,
            input: &'i mut posta_core::Input,
            _: Instant,
        ) -> Result<posta_core::Step<'i, ()>, Fault> {
            self.1 += 1;
            Ok(posta_core::Step::Read(input))
        }
        fn output(&mut self) -> &mut posta_core::Output {
            &mut self.0
        }
        fn deadline(&self) -> Option<Instant> {
            Some(Instant::ORIGIN)
        }
    }
    let (_here, there) = duplex(4);
    let machine = Stubborn(posta_core::Output::default(), 0);
    let mut server = Conn::new(machine, there, 64, Clock::start());
    assert!(timeout(SECOND, server.next()).await.is_err());
    assert!(server.machine().1 <= 1001, "{} steps", server.machine().1);
}

#[tokio::test(start_paused = true)]
async fn idle_buffers_are_given_back() {
    let (mut here, there) = duplex(4096);
    let mut server = conn(Lines::default(), there);
    here.write_all(b"hello\n").await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap().0, b"hello\n");
    server.machine().say("hello yourself\n");
    assert!(timeout(SECOND / 2, server.next()).await.is_err());
    assert!(server.input().capacity() > 0 && server.machine().output.capacity() > 0);
    assert!(timeout(SECOND, server.next()).await.is_err());
    assert_eq!((server.input().capacity(), server.machine().output.capacity()), (0, 0));
    // Nothing is lost by it, and a half line is kept.
    here.write_all(b"half").await.unwrap();
    assert!(timeout(5 * SECOND, server.next()).await.is_err());
    assert_eq!(server.input().bytes(), b"half");
    here.write_all(b" and half\n").await.unwrap();
    assert_eq!(server.next().await.unwrap().unwrap().0, b"half and half\n");
}

#[tokio::test]
async fn never_reads_into_a_full_buffer() {
    let (mut here, there) = duplex(64);
    let mut server = Conn::new(Flood::new(100), there, 0, Clock::start());
    here.write_all(b"xxxxxxxx").await.unwrap();
    let mut heard = [0; 100];
    let (failed, _) = tokio::join!(server.next(), here.read_exact(&mut heard));
    assert!(matches!(failed, Err(Error::InputFull { limit: 0 })));
}

#[tokio::test]
async fn a_line_over_the_limit_is_the_machines_to_refuse() {
    let (mut here, there) = duplex(4096);
    here.write_all(&[b'x'; 2000]).await.unwrap();
    let failed = conn(Lines::default(), there).next().await.unwrap_err();
    assert!(matches!(failed, Error::Protocol(Fault::TooLong)));
}

/// Takes what is written and sends it on only when flushed, as TLS and `BufWriter` may.
struct Lazy<S>(S, Vec<u8>);

impl<S: AsyncRead + Unpin> AsyncRead for Lazy<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lazy<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.1.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self(stream, held) = &mut *self;
        while !held.is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, held) {
                Poll::Ready(n) => drop(held.drain(..n?)),
                Poll::Pending => return Poll::Pending,
            }
        }
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_stream_that_buffers_is_flushed_before_waiting_and_before_closing() {
    let (mut here, there) = duplex(4);
    let mut server = conn(Lines::default(), Lazy(there, Vec::new()));
    server.machine().say("a greeting of some length\n");
    let client = async {
        let mut heard = [0; 26];
        here.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"a greeting of some length\n");
        here.write_all(b"bye\n").await.unwrap();
        let mut rest = String::new();
        here.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "bye yourself\n");
        drop(here);
    };
    let run = async {
        let (line, machine) = server.next().await.unwrap().unwrap();
        assert_eq!(line, b"bye\n");
        machine.say("bye yourself\n");
        machine.over = true;
        assert!(server.next().await.unwrap().is_none());
    };
    timeout(10 * SECOND, async { tokio::join!(run, client) }).await.expect("nobody flushed");
}

/// The peer has reset the connection: nothing can be written, but its last words are still there.
struct Reset(&'static [u8]);

impl AsyncRead for Reset {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buf.put_slice(self.0);
        self.0 = b"";
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Reset {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn the_peers_last_words_are_heard_after_a_failed_write() {
    let mut client = conn(Lines::default(), Reset(b"421 shutting down\n"));
    client.machine().say("MAIL FROM:<ana@a.org>\r\n");
    assert_eq!(client.next().await.unwrap().unwrap().0, b"421 shutting down\n");
    let failed = client.next().await.unwrap_err();
    assert!(matches!(failed, Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe));
}

#[tokio::test]
async fn flush_sends_all_before_the_parts_are_taken() {
    let (mut here, there) = duplex(4);
    let mut server = conn(Lines::default(), there);
    server.machine().say("all of it\n");
    let mut heard = [0; 10];
    let (sent, _) = tokio::join!(server.flush(), here.read_exact(&mut heard));
    sent.unwrap();
    assert_eq!(&heard, b"all of it\n");
    let (machine, _stream, input) = server.into_parts();
    assert!(machine.output.is_empty() && input.is_empty());
}

#[test]
fn connections_can_be_spawned() {
    fn sends<T: Send>(_: &T) {}
    let (_here, there) = duplex(4);
    let mut server = conn(Lines::default(), there);
    sends(&server.next());
}
