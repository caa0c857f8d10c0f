use crate::{
    Answer, Misuse, Question,
    wire::{self, Reply},
};
use posta_core::Instant;
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    net::SocketAddr,
    time::Duration,
};

/// The octets of the length before each message on TCP (RFC 1035 4.2.2).
const LENGTH: usize = 2;

/// How a [`Stub`] asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StubConfig {
    /// The recursive servers, best first.
    pub servers: Vec<SocketAddr>,
    /// Whether these servers validate DNSSEC and the way to them is safe, which makes their AD bit
    /// worth believing: false. True only for a server on this host or behind a secure channel
    /// (RFC 4035 4.9.3).
    pub trust_ad: bool,
    /// How often a question is sent over UDP, to one server after the other: 4. Each may be followed
    /// once by TCP. A server that says that it cannot help is not asked again.
    pub attempts: usize,
    /// How long to wait for a datagram before the next attempt: 3 s.
    pub udp_timeout: Duration,
    /// How long an exchange over TCP may take: 6 s.
    pub tcp_timeout: Duration,
    /// How long a question may take in all: 20 s.
    pub deadline: Duration,
    /// The most questions under way at once: 1,024.
    pub max_queries: usize,
}

impl Default for StubConfig {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            trust_ad: false,
            attempts: 4,
            udp_timeout: Duration::from_secs(3),
            tcp_timeout: Duration::from_secs(6),
            deadline: Duration::from_secs(20),
            max_queries: 1024,
        }
    }
}

/// A DNS stub resolver over octets: it makes queries, checks what comes back, tries again, and goes
/// to TCP when an answer does not fit into a datagram.
///
/// # What the driver owes
///
/// - For every [`SendUdp`](StubStep::SendUdp) a *new* socket, bound to a port chosen at random
///   (port 0 does it) and connected to the server: the port is half of what an attacker has to guess
///   (RFC 5452 9.2), and the stub cannot choose it. Every datagram from it goes to [`udp`](Self::udp).
///   Give it room for 4,096 octets; we announce 1,232.
/// - For every [`SendTcp`](StubStep::SendTcp) a new connection, and all bytes in one write
///   (RFC 7766 8). What comes back, in any pieces, goes to [`tcp`](Self::tcp).
/// - Errors, ends of streams and refusals to [`failed`](Self::failed).
/// - Sockets may be closed as soon as [`wants`](Self::wants) says no.
/// - `random` from a cryptographic generator: it makes the identifiers.
///
/// ```no_run
/// # use mx_resolve::{Stub, StubConfig, StubStep, Question, Kind};
/// # fn now() -> posta_core::Instant { posta_core::Instant::ORIGIN }
/// # fn random() -> u16 { 4 }
/// # fn exchange_udp(server: std::net::SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> { None }
/// # fn exchange_tcp(server: std::net::SocketAddr, bytes: &[u8]) -> Option<Vec<u8>> { None }
/// let servers = vec!["127.0.0.1:53".parse()?];
/// let mut stub = Stub::new(StubConfig { servers, ..StubConfig::default() }, random);
/// let id = stub.query(Question::new("b.com".parse()?, Kind::Mx), now())?;
/// let answer = loop {
///     match stub.step(now()) {
///         StubStep::SendUdp { exchange, server, bytes } => match exchange_udp(server, &bytes) {
///             Some(datagram) => stub.udp(exchange, server, &datagram),
///             None => stub.failed(exchange),
///         },
///         StubStep::SendTcp { exchange, server, bytes } => match exchange_tcp(server, &bytes) {
///             Some(piece) => stub.tcp(exchange, &piece),
///             None => stub.failed(exchange),
///         },
///         StubStep::Wait(_until) => { /* sleep, or wait on the sockets */ }
///         StubStep::Done { id: done, answer } => {
///             assert_eq!(done, id);
///             break answer;
///         }
///     }
/// };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stub<R> {
    config: StubConfig,
    random: R,
    queries: BTreeMap<QueryId, Query>,
    next: u64,
    /// Where the next question starts: moved on when a server is silent.
    first: usize,
    out: VecDeque<Exchange>,
    done: VecDeque<(QueryId, Answer)>,
}

/// What a [`Stub`] needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum StubStep {
    /// Send this datagram from a new socket.
    SendUdp {
        /// Names the socket from here on.
        exchange: Exchange,
        /// Where to.
        server: SocketAddr,
        /// The whole datagram.
        bytes: Vec<u8>,
    },
    /// Connect and send this.
    SendTcp {
        /// Names the connection from here on.
        exchange: Exchange,
        /// Where to.
        server: SocketAddr,
        /// Length and message.
        bytes: Vec<u8>,
    },
    /// Nothing to do before something arrives, or this moment; `None` if no question is under way.
    Wait(Option<Instant>),
    /// A question is answered.
    Done {
        /// Which.
        id: QueryId,
        /// The answer.
        answer: Answer,
    },
}

/// A question put to a [`Stub`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(u64);

/// One datagram socket, or one connection, of a [`Stub`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exchange {
    query: QueryId,
    number: usize,
}

#[derive(Debug)]
struct Query {
    question: Question,
    /// The server whose turn is next, and how many attempts there were.
    next: usize,
    attempts: usize,
    edns: bool,
    /// The servers that said that they cannot help: they are not asked again.
    refused: Vec<usize>,
    /// All that was sent: a late answer is still an answer.
    sent: Vec<Sent>,
    /// When the last one sent counts as lost (it starts once it is handed out), and when all is over.
    timer: Instant,
    deadline: Instant,
}

#[derive(Debug)]
struct Sent {
    server: usize,
    message: Vec<u8>,
    /// What came over TCP so far.
    stream: Option<Vec<u8>>,
    alive: bool,
}

impl<R: FnMut() -> u16> Stub<R> {
    /// A stub that takes the identifiers of its queries from `random`.
    pub fn new(config: StubConfig, random: R) -> Self {
        Self {
            config,
            random,
            queries: BTreeMap::new(),
            next: 0,
            first: 0,
            out: VecDeque::new(),
            done: VecDeque::new(),
        }
    }

    /// Puts a question; [`StubStep::Done`] will bring the answer.
    ///
    /// # Errors
    /// [`Misuse::NoServers`] without servers, [`Misuse::TooManyQueries`] at the limit.
    pub fn query(&mut self, question: Question, now: Instant) -> Result<QueryId, Misuse> {
        if self.config.servers.is_empty() {
            return Err(Misuse::NoServers);
        }
        if self.queries.len() + self.done.len() >= self.config.max_queries {
            return Err(Misuse::TooManyQueries);
        }
        let id = QueryId(self.next);
        self.next += 1;
        let query = Query {
            question,
            next: self.first,
            attempts: 0,
            edns: true,
            refused: Vec::new(),
            sent: Vec::new(),
            timer: now,
            deadline: now + self.config.deadline,
        };
        self.queries.insert(id, query);
        Ok(id)
    }

    /// Says what is to be done next.
    pub fn step(&mut self, now: Instant) -> StubStep {
        let due: Vec<QueryId> =
            self.queries.iter().filter(|(_, q)| q.timer <= now).map(|(id, _)| *id).collect();
        for id in due {
            self.lost(id);
            self.attempt(id, now);
        }
        if let Some((id, answer)) = self.done.pop_front() {
            return StubStep::Done { id, answer };
        }
        while let Some(exchange) = self.out.pop_front() {
            if let Some(send) = self.hand_out(exchange, now) {
                return send;
            }
        }
        StubStep::Wait(self.queries.values().map(|query| query.timer).min())
    }

    /// Takes a datagram that came `from` somewhere to the socket of `exchange`. What is not a response
    /// to the query sent from it is ignored, as anybody may have sent it.
    pub fn udp(&mut self, exchange: Exchange, from: SocketAddr, datagram: &[u8]) {
        let Some((query, sent)) = self.find(exchange) else { return };
        if sent.stream.is_some() {
            return;
        }
        let (question, message, server) = (&query.question, &sent.message, sent.server);
        if !self.config.servers.get(server).is_some_and(|s| same(*s, from)) {
            return;
        }
        if let Some(reply) = wire::reply(datagram, message, question, self.config.trust_ad) {
            self.replied(exchange, reply);
        }
    }

    /// Takes octets from the connection of `exchange`, in any pieces.
    pub fn tcp(&mut self, exchange: Exchange, piece: &[u8]) {
        let trust = self.config.trust_ad;
        let Some(query) = self.queries.get_mut(&exchange.query) else { return };
        let Some(sent) = query.sent.get_mut(exchange.number).filter(|sent| sent.alive) else {
            return;
        };
        let Some(stream) = &mut sent.stream else { return };
        // Never more than one message is kept: the length says how much that is.
        let missing = LENGTH.saturating_sub(stream.len()).min(piece.len());
        let (length, body) = piece.split_at(missing);
        stream.extend_from_slice(length);
        let [high, low, ..] = stream[..] else { return };
        let whole = LENGTH + usize::from(u16::from_be_bytes([high, low]));
        stream.extend_from_slice(&body[..body.len().min(whole - stream.len())]);
        if stream.len() < whole {
            return;
        }
        let stream = std::mem::take(stream);
        let reply = wire::reply(&stream[LENGTH..], &sent.message, &query.question, trust);
        // This is no stranger: whatever else the server says here, it is no help.
        self.replied(exchange, reply.unwrap_or(Reply::Failed));
    }

    /// Tells that the socket or connection of `exchange` failed, was refused, or came to its end.
    pub fn failed(&mut self, exchange: Exchange) {
        if self.wants(exchange) {
            self.lose(exchange);
        }
    }

    /// Whether anything from this socket or connection can still matter.
    pub fn wants(&self, exchange: Exchange) -> bool {
        self.find(exchange).is_some()
    }

    fn find(&self, exchange: Exchange) -> Option<(&Query, &Sent)> {
        let query = self.queries.get(&exchange.query)?;
        Some((query, query.sent.get(exchange.number).filter(|sent| sent.alive)?))
    }

    fn replied(&mut self, exchange: Exchange, reply: Reply) {
        let Some(query) = self.queries.get_mut(&exchange.query) else { return };
        let Some(sent) = query.sent.get_mut(exchange.number) else { return };
        let (server, tcp) = (sent.server, sent.stream.is_some());
        match reply {
            Reply::Answer(answer) => self.finish(exchange.query, answer),
            // RFC 7766 5: the same question to the same server, whatever other servers there are.
            Reply::Truncated if !tcp => {
                sent.alive = false;
                self.send(exchange.query, server, true);
            }
            Reply::PlainPlease if query.edns => {
                sent.alive = false;
                query.edns = false;
                self.send(exchange.query, server, tcp);
            }
            Reply::Truncated | Reply::PlainPlease | Reply::Failed => {
                query.refused.push(server);
                self.lose(exchange);
            }
        }
    }

    /// Gives up one exchange. If it was the last one sent, the next attempt is due.
    fn lose(&mut self, exchange: Exchange) {
        let Some(query) = self.queries.get_mut(&exchange.query) else { return };
        if let Some(sent) = query.sent.get_mut(exchange.number) {
            sent.alive = false;
        }
        if exchange.number + 1 == query.sent.len() {
            query.timer = Instant::ORIGIN;
        }
    }

    /// The server of the last attempt was silent: do not start with it the next time.
    fn lost(&mut self, id: QueryId) {
        let servers = self.config.servers.len().max(1);
        let last = self.queries.get(&id).and_then(|query| query.sent.last());
        if last.is_some_and(|sent| sent.alive && sent.server == self.first) {
            self.first = (self.first + 1) % servers;
        }
    }

    /// The next attempt, with the next server.
    fn attempt(&mut self, id: QueryId, now: Instant) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        let servers = self.config.servers.len();
        let next = (0..servers).map(|n| (query.next + n) % servers);
        let server = next.into_iter().find(|server| !query.refused.contains(server));
        match server {
            Some(server) if query.attempts < self.config.attempts && now < query.deadline => {
                query.attempts += 1;
                query.next = server + 1;
                self.send(id, server, false);
            }
            _ if query.refused.is_empty() => self.finish(id, Answer::timeout()),
            _ => self.finish(id, Answer::serv_fail()),
        }
    }

    fn send(&mut self, id: QueryId, server: usize, tcp: bool) {
        let Some(query) = self.queries.get_mut(&id) else { return };
        let message = wire::query((self.random)(), &query.question, query.edns);
        let exchange = Exchange { query: id, number: query.sent.len() };
        self.out.push_back(exchange);
        query.timer = query.deadline;
        query.sent.push(Sent { server, message, stream: tcp.then(Vec::new), alive: true });
    }

    /// What to send for an exchange, whose time begins now; `None` if its question is answered already.
    fn hand_out(&mut self, exchange: Exchange, now: Instant) -> Option<StubStep> {
        let query = self.queries.get_mut(&exchange.query)?;
        let sent = query.sent.get(exchange.number).filter(|sent| sent.alive)?;
        let server = *self.config.servers.get(sent.server)?;
        let message = &sent.message;
        let (patience, send) = if sent.stream.is_some() {
            // A query is at most 12 + 255 + 4 octets, and 11 of EDNS: its length fits.
            let bytes = [&(message.len() as u16).to_be_bytes()[..], message].concat();
            (self.config.tcp_timeout, StubStep::SendTcp { exchange, server, bytes })
        } else {
            let bytes = message.clone();
            (self.config.udp_timeout, StubStep::SendUdp { exchange, server, bytes })
        };
        query.timer = (now + patience).min(query.deadline);
        Some(send)
    }

    fn finish(&mut self, id: QueryId, answer: Answer) {
        if self.queries.remove(&id).is_some() {
            self.done.push_back((id, answer));
        }
    }
}

/// Whether a datagram from there is from this server: the flow and scope of IPv6 do not matter.
fn same(server: SocketAddr, from: SocketAddr) -> bool {
    server.port() == from.port() && server.ip().to_canonical() == from.ip().to_canonical()
}

impl<R> fmt::Debug for Stub<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub")
            .field("config", &self.config)
            .field("queries", &self.queries)
            .finish_non_exhaustive()
    }
}
