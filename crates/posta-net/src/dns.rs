//! DNS over UDP and TCP, and the routes of mail, by tokio.
//!
//! [`Resolver`] is the driver of [`mx_resolve`]'s stub, cache and router: it owns the sockets, the clock
//! and the random numbers, and nothing of the rules.
//!
//! ```no_run
//! use mx_resolve::{CacheLimits, Policy, StubConfig};
//! use posta_net::dns::Resolver;
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let servers = vec!["127.0.0.1:5353".parse()?];
//! let resolver = Resolver::new(StubConfig { servers, ..StubConfig::default() }, CacheLimits::default());
//! let policy = Arc::new(Policy { own_names: vec!["relay.a.org".parse()?], ..Policy::default() });
//!
//! match resolver.route("b.com", policy).await {
//!     Ok(route) => {
//!         for host in route.hosts {
//!             println!("{} {:?} {:?}", host.preference, host.name, host.addresses);
//!         }
//!     }
//!     Err(error) if error.is_permanent() => println!("return it: {}", error.verdict()),
//!     Err(error) => println!("try again later: {}", error.verdict()),
//! }
//! # Ok(())
//! # }
//! ```

mod exchange;
mod system;

use crate::Clock;
use exchange::Heard;
use mx_resolve::{
    Answer, Cache, CacheLimits, Error, Outcome, Policy, Question, Route, Router, Step, Stub,
    StubConfig, StubStep,
};
use std::{
    fmt, io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::{sync::Semaphore, task::JoinSet, time};

/// Asks recursive DNS servers, and keeps what they said.
///
/// A clone is a handle to the same resolver. Any number of questions may be asked at once; as many as
/// [`StubConfig::max_queries`] are under way, and the others wait for their turn. Futures may be dropped
/// at any time: their sockets are closed. It needs tokio's runtime with I/O and time.
#[derive(Clone)]
pub struct Resolver(Arc<Inner>);

struct Inner {
    config: StubConfig,
    clock: Clock,
    cache: Mutex<Cache>,
    room: Semaphore,
    /// The server that answered last: the next question goes to it first.
    best: AtomicUsize,
}

impl Resolver {
    /// A resolver that asks the servers in `config`, best first. Without servers every question ends
    /// with [`Outcome::ServFail`].
    pub fn new(config: StubConfig, cache: CacheLimits) -> Self {
        let room = Semaphore::new(config.max_queries.clamp(1, Semaphore::MAX_PERMITS));
        let (clock, cache) = (Clock::start(), Mutex::new(Cache::new(cache)));
        Self(Arc::new(Inner { config, clock, cache, room, best: AtomicUsize::new(0) }))
    }

    /// A resolver that asks the servers which this system names in `/etc/resolv.conf`, on port 53: at
    /// most three, and the one on this host if none is named. The AD bit is believed if the option
    /// `trust-ad` is there. Other lines do not matter: names are never completed (RFC 5321 5.1).
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn from_system() -> io::Result<Self> {
        let text = std::fs::read_to_string(system::PATH)?;
        Ok(Self::new(system::parse(&text), CacheLimits::default()))
    }

    /// The answer to a question, from the cache if it is there. Its TTL is what is left of it.
    ///
    /// It takes [`StubConfig::deadline`] at most, once it has its turn.
    pub async fn query(&self, question: &Question) -> Answer {
        let now = self.0.clock.now();
        let known = self.cache().get(question, now);
        if let Some(answer) = known {
            return answer;
        }
        // The semaphore is never closed.
        let Ok(_turn) = self.0.room.acquire().await else { return Answer::serv_fail() };
        let answer = self.ask(question).await;
        tracing::debug!(name = %question.name, kind = ?question.kind, outcome = ?answer.outcome, "asked");
        self.cache().put(question, &answer, self.0.clock.now());
        answer
    }

    /// Where the mail for `domain` goes: what stands behind the `@`, a domain or an address literal.
    ///
    /// Everything that can be asked at once is asked at once. It takes [`mx_resolve::Limits::deadline`]
    /// at most.
    ///
    /// # Errors
    /// Why there is no route; [`Error::is_permanent`] and [`Error::verdict`] say what to do about it.
    pub async fn route(&self, domain: &str, policy: Arc<Policy>) -> Result<Route, Error> {
        // Without random numbers equal hosts come in a fixed order, and no question is asked.
        let mut router = Router::new(domain, policy, getrandom::u64().unwrap_or_default());
        let mut questions = JoinSet::new();
        loop {
            match router.step(self.0.clock.now()) {
                Step::Ask(ask) => {
                    let resolver = self.clone();
                    questions.spawn(async move { (ask.id, resolver.query(&ask.question).await) });
                }
                Step::Wait(until) => tokio::select! {
                    Some(Ok((id, answer))) = questions.join_next() => {
                        // No misuse: every question is answered once.
                        router.answer(id, answer).ok();
                    }
                    () = time::sleep_until(self.0.clock.at(until)) => {}
                },
                Step::Done(end) => return end,
            }
        }
    }

    /// Puts a question to the servers: a stub for one question, and its sockets.
    async fn ask(&self, question: &Question) -> Answer {
        let Inner { config, clock, best, .. } = &*self.0;
        let mut servers = config.servers.clone();
        // Within the list: it is the place of one of them.
        let first = best.load(Ordering::Relaxed).min(servers.len());
        servers.rotate_left(first);
        let no_random = AtomicBool::new(false);
        let mut stub = Stub::new(StubConfig { servers, max_queries: 1, ..*config }, || {
            let id = getrandom::u32().inspect_err(|_| no_random.store(true, Ordering::Relaxed));
            id.unwrap_or_default() as u16
        });
        if stub.query(question.clone(), clock.now()).is_err() {
            return Answer::serv_fail();
        }
        let mut sockets = JoinSet::new();
        let mut last = None;
        loop {
            let step = stub.step(clock.now());
            if no_random.load(Ordering::Relaxed) {
                // An identifier that can be guessed is worse than no answer.
                return Answer::serv_fail();
            }
            match step {
                StubStep::SendUdp { exchange, server, bytes } => {
                    last = Some(server);
                    sockets.spawn(exchange::udp(exchange, server, bytes));
                }
                StubStep::SendTcp { exchange, server, bytes } => {
                    last = Some(server);
                    sockets.spawn(exchange::tcp(exchange, server, bytes));
                }
                StubStep::Wait(Some(until)) => tokio::select! {
                    Some(Ok((exchange, heard))) = sockets.join_next() => match heard {
                        Heard::Datagram { socket, from, bytes } => {
                            stub.udp(exchange, from, &bytes);
                            if stub.wants(exchange) {
                                sockets.spawn(exchange::next_datagram(exchange, socket));
                            }
                        }
                        Heard::Piece { stream, bytes } => {
                            stub.tcp(exchange, &bytes);
                            if stub.wants(exchange) {
                                sockets.spawn(exchange::next_piece(exchange, stream));
                            }
                        }
                        Heard::Failed => stub.failed(exchange),
                    },
                    () = time::sleep_until(clock.at(until)) => {}
                },
                StubStep::Done { answer, .. } => {
                    self.remember(last, &answer);
                    return answer;
                }
                // Not before the end: a question is under way until then.
                StubStep::Wait(None) => return Answer::serv_fail(),
            }
        }
    }

    /// Prefers the server that was asked last, if it helped.
    fn remember(&self, last: Option<SocketAddr>, answer: &Answer) {
        let helped = !matches!(answer.outcome, Outcome::ServFail | Outcome::Timeout);
        let place = self.0.config.servers.iter().position(|server| Some(*server) == last);
        if let (true, Some(place)) = (helped, place) {
            self.0.best.store(place, Ordering::Relaxed);
        }
    }

    /// Nothing is done while the lock is held that could leave a cache half changed.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("config", &self.0.config).finish_non_exhaustive()
    }
}
