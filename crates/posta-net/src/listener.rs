use crate::Stop;
use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    io::{self, Write},
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream, ToSocketAddrs},
    task::{self, JoinError, JoinSet},
    time,
};

/// How many sessions a [`Listener`] serves, and what it tells the others.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Sessions in all. Default: 1000.
    pub sessions: usize,
    /// Sessions from one address, or for IPv6 from one network of 64 bits, which is what a single
    /// customer gets. Default: 50.
    pub per_address: usize,
    /// What a client over a limit is told before its connection is closed, with its CRLF: `421 …`,
    /// `* BYE …`, `-ERR …`. Nothing, the default, where TLS comes first.
    ///
    /// It is sent as far as an empty socket buffer takes it, and nobody waits for the client: to be over
    /// the limit costs no task and no memory.
    pub goodbye: Vec<u8>,
    /// How long sessions may go on after the stop. Default: 30 seconds.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 1000,
            per_address: 50,
            goodbye: Vec::new(),
            grace: Duration::from_secs(30),
        }
    }
}

/// Accepts connections, and runs a session for each.
///
/// ```
/// use posta_net::{Limits, Listener, Stop};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let limits = Limits { goodbye: b"421 too many connections\r\n".to_vec(), ..Limits::default() };
/// let listener = Listener::bind("127.0.0.1:0", limits).await?;
/// let stop = Stop::new();
/// # stop.stop();
/// listener.serve(&stop, |stream, peer| async move { drop((stream, peer)) }).await;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    limits: Limits,
}

impl Listener {
    /// Listens at an address; port 0 lets the system choose.
    ///
    /// # Errors
    /// The address is in use, not ours, or not for us to use.
    pub async fn bind(address: impl ToSocketAddrs, limits: Limits) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, limits })
    }

    /// Takes over a socket that listens already: bound before privileges were dropped, or handed over by
    /// a supervisor.
    ///
    /// # Errors
    /// The socket cannot be registered.
    pub fn from_std(listener: std::net::TcpListener, limits: Limits) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self { listener: TcpListener::from_std(listener)?, limits })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The socket is gone.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Accepts connections and runs `session` for each in a task of its own, until `stop` is used. Then
    /// no more are accepted, sessions have the grace period to end, and what is left is dropped.
    /// Returns how many that were.
    ///
    /// A session that should end sooner watches a clone of `stop`. A panic ends its session only, and is
    /// logged. When the system has no resources left (`EMFILE`, `ENFILE`, …), it waits before
    /// it tries again. Small writes are sent at once (`TCP_NODELAY`).
    pub async fn serve<H, F>(self, stop: &Stop, session: H) -> usize
    where
        H: FnMut(TcpStream, SocketAddr) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        serve(self.listener, self.limits, stop, session).await
    }
}

/// Where connections come from: a listening socket, or a test.
trait Accept {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>>;
}

impl Accept for TcpListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        Self::poll_accept(self, cx)
    }
}

async fn serve<A, H, F>(mut source: A, limits: Limits, stop: &Stop, mut session: H) -> usize
where
    A: Accept,
    H: FnMut(TcpStream, SocketAddr) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let counts = Arc::new(Mutex::new(Counts::default()));
    let mut tasks = JoinSet::new();
    let mut peers = HashMap::new();
    let mut failures = 0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.stopped() => break,
            Some(ended) = tasks.join_next_with_id() => {
                note(ended, &mut peers);
                continue;
            }
            accepted = poll_fn(|cx| source.poll_accept(cx)) => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                let pause = pause(&error, failures);
                if !pause.is_zero() {
                    failures += 1;
                    tracing::warn!(%error, ?pause, "cannot accept connections");
                    tokio::select! {
                        () = stop.stopped() => break,
                        () = time::sleep(pause) => {}
                    }
                }
                continue;
            }
        };
        failures = 0;
        match Permit::take(&counts, &limits, peer.ip()) {
            Ok(permit) => {
                // A socket that refuses the option works all the same, only slower.
                let _ = stream.set_nodelay(true);
                let running = session(stream, peer);
                let task = tasks.spawn(async move {
                    let _permit = permit;
                    running.await;
                });
                peers.insert(task.id(), peer);
            }
            Err(limit) => {
                tracing::info!(%peer, limit, "connection refused");
                refuse(stream, &limits.goodbye);
            }
        }
    }
    // New clients are turned away by the system, or reach our successor.
    drop(source);
    let end = async {
        while let Some(ended) = tasks.join_next_with_id().await {
            note(ended, &mut peers);
        }
    };
    if time::timeout(limits.grace, end).await.is_ok() {
        return 0;
    }
    let left = tasks.len();
    tracing::warn!(sessions = left, "grace period over, sessions dropped");
    tasks.shutdown().await;
    left
}

/// How long to wait after a failed accept: not at all if only that connection is lost, else longer and
/// longer, up to a second.
fn pause(error: &io::Error, failures: u32) -> Duration {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    match error.kind() {
        ConnectionAborted | ConnectionReset | ConnectionRefused | Interrupted => Duration::ZERO,
        _ => Duration::from_millis(10 << failures.min(7)).min(Duration::from_secs(1)),
    }
}

/// Says goodbye without waiting for anybody.
fn refuse(stream: TcpStream, goodbye: &[u8]) {
    if !goodbye.is_empty()
        && let Ok(mut stream) = stream.into_std()
    {
        // The socket is still non-blocking and its buffer empty. If it fails, the client is gone.
        let _ = stream.write(goodbye);
    }
}

fn note(ended: Result<(task::Id, ()), JoinError>, peers: &mut HashMap<task::Id, SocketAddr>) {
    let error = match ended {
        Ok((id, ())) => {
            peers.remove(&id);
            return;
        }
        Err(error) => error,
    };
    let peer = peers.remove(&error.id());
    if let Ok(panic) = error.try_into_panic() {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        tracing::error!(?peer, panic = text, "session panicked");
    }
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one session; given back when dropped.
#[derive(Debug)]
struct Permit {
    counts: Arc<Mutex<Counts>>,
    address: IpAddr,
}

impl Permit {
    /// # Errors
    /// The name of the limit that is reached.
    fn take(
        counts: &Arc<Mutex<Counts>>,
        limits: &Limits,
        address: IpAddr,
    ) -> Result<Self, &'static str> {
        let address = network(address);
        let mut held = lock(counts);
        if held.all >= limits.sessions {
            return Err("sessions");
        }
        if held.by_address.get(&address).copied().unwrap_or(0) >= limits.per_address {
            return Err("per_address");
        }
        held.all += 1;
        *held.by_address.entry(address).or_default() += 1;
        Ok(Self { counts: Arc::clone(counts), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut held = lock(&self.counts);
        held.all -= 1;
        if let Some(n) = held.by_address.get_mut(&self.address) {
            *n -= 1;
            if *n == 0 {
                held.by_address.remove(&self.address);
            }
        }
    }
}

/// No panic can happen while it is held, so a poisoned lock is as good as any.
fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What counts as one client.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = u128::from(v6) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(prefix))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
