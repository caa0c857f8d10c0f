//! The resolver against a small DNS server on loopback.
#![allow(clippy::unwrap_used)]

use hickory_proto::{
    op::{Message, MessageType, OpCode, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{A, AAAA, CNAME, MX, SOA},
    },
};
use mx_resolve::{Answer, CacheLimits, Error, Kind, Outcome, Policy, Question, Reach, StubConfig};
use posta_net::dns::Resolver;
use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    task::JoinSet,
};

/// How a server behaves over UDP.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    /// Answers.
    Plain,
    /// Says nothing.
    Silent,
    /// Says that the answer does not fit.
    Truncating,
    /// Says that it failed.
    Failing,
    /// Sends an answer with another identifier, and one from another socket, before the right one.
    Forged,
    /// Answers once so many questions have come, all of them.
    Together(usize),
}

/// A server; it stops when dropped.
struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Vec<Asked>>>,
    _tasks: JoinSet<()>,
}

/// A question, whether it came over TCP, and from where.
#[derive(Clone)]
struct Asked {
    text: String,
    from: SocketAddr,
}

impl Server {
    async fn start(manner: Manner) -> Self {
        let (udp, tcp) = sockets().await;
        let (address, log) = (udp.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_udp(udp, manner, log.clone()));
        tasks.spawn(serve_tcp(tcp, log.clone()));
        Self { address, log, _tasks: tasks }
    }

    /// The questions so far, sorted.
    fn asked(&self) -> Vec<String> {
        let mut texts: Vec<String> =
            self.log.lock().unwrap().iter().map(|asked| asked.text.clone()).collect();
        texts.sort();
        texts
    }
}

/// A UDP socket and a TCP listener on one free port.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

async fn serve_udp(socket: UdpSocket, manner: Manner, log: Arc<Mutex<Vec<Asked>>>) {
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut waiting = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let (n, from) = socket.recv_from(&mut buffer).await.unwrap();
        let query = Message::from_vec(&buffer[..n]).unwrap();
        log.lock().unwrap().push(Asked { text: shown(&query, "udp"), from });
        let mut reply = answer(&query);
        match manner {
            Manner::Silent => continue,
            Manner::Plain | Manner::Together(_) => {}
            Manner::Truncating => {
                reply.metadata.truncation = true;
                reply.answers.clear();
            }
            Manner::Failing => {
                reply.metadata.response_code = ResponseCode::ServFail;
                reply.answers.clear();
            }
            Manner::Forged => {
                let mut forged = reply.clone();
                forged.answers = vec![record(&query, RData::A(A::new(203, 0, 113, 66)))];
                stranger.send_to(&forged.to_vec().unwrap(), from).await.unwrap();
                forged.metadata.id ^= 1;
                socket.send_to(&forged.to_vec().unwrap(), from).await.unwrap();
            }
        }
        waiting.push((reply.to_vec().unwrap(), from));
        let enough = if let Manner::Together(n) = manner { n } else { 1 };
        if waiting.len() >= enough {
            for (bytes, to) in waiting.drain(..).rev() {
                socket.send_to(&bytes, to).await.unwrap();
            }
        }
    }
}

async fn serve_tcp(listener: TcpListener, log: Arc<Mutex<Vec<Asked>>>) {
    loop {
        let (mut stream, from) = listener.accept().await.unwrap();
        let length = stream.read_u16().await.unwrap();
        let mut bytes = vec![0; length.into()];
        stream.read_exact(&mut bytes).await.unwrap();
        let query = Message::from_vec(&bytes).unwrap();
        log.lock().unwrap().push(Asked { text: shown(&query, "tcp"), from });
        let reply = answer(&query).to_vec().unwrap();
        let framed = [&(reply.len() as u16).to_be_bytes()[..], &reply].concat();
        // The length in two pieces, the rest in many.
        stream.set_nodelay(true).unwrap();
        for piece in [&framed[..1], &framed[1..2]].into_iter().chain(framed[2..].chunks(100)) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
    }
}

fn shown(query: &Message, transport: &str) -> String {
    let question = &query.queries[0];
    format!("{} {} {transport}", question.name(), question.query_type())
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn record(query: &Message, data: RData) -> Record {
    Record::from_rdata(query.queries[0].name().clone(), 300, data)
}

/// The world: `b.com` with two hosts, `many.b.com` with many, `old.b.com` without MX records.
fn answer(query: &Message) -> Message {
    let (owner, kind) = (query.queries[0].name().to_string(), query.queries[0].query_type());
    let mx = |preference, host: &str| RData::MX(MX::new(preference, name(host)));
    let v4 = |n| RData::A(A::new(192, 0, 2, n));
    let data = match (&*owner, kind) {
        ("b.com.", RecordType::MX) => vec![mx(20, "mx2.b.com."), mx(10, "mx1.b.com.")],
        ("mx1.b.com.", RecordType::A) => vec![v4(1)],
        ("mx1.b.com.", RecordType::AAAA) => {
            vec![RData::AAAA(AAAA("2001:db8::1".parse().unwrap()))]
        }
        ("mx2.b.com.", RecordType::A) => vec![v4(2)],
        ("many.b.com.", RecordType::MX) => {
            (0..300).map(|n| mx(n, &format!("h{n}.many.b.com."))).collect()
        }
        ("old.b.com.", RecordType::A) => vec![v4(3)],
        ("www.b.com.", _) => vec![RData::CNAME(CNAME(name("old.b.com.")))],
        ("no.b.com.", RecordType::MX) => vec![mx(0, ".")],
        ("b.com." | "mx1.b.com." | "mx2.b.com." | "old.b.com." | "no.b.com.", _) => vec![],
        (owner, RecordType::A) if owner.starts_with('n') => vec![v4(9)],
        (owner, _) if owner.starts_with('h') => vec![v4(7)],
        _ => {
            let mut reply = negative(query);
            reply.metadata.response_code = ResponseCode::NXDomain;
            return reply;
        }
    };
    let mut reply = if data.is_empty() { negative(query) } else { response(query) };
    reply.answers = data.into_iter().map(|data| record(query, data)).collect();
    reply
}

fn response(query: &Message) -> Message {
    let mut reply = Message::new(query.metadata.id, MessageType::Response, OpCode::Query);
    reply.metadata.recursion_desired = true;
    reply.metadata.recursion_available = true;
    reply.queries = query.queries.clone();
    reply
}

fn negative(query: &Message) -> Message {
    let mut reply = response(query);
    let soa = SOA::new(name("ns.b.com."), name("admin.b.com."), 1, 3600, 600, 86400, 60);
    reply.authorities = vec![Record::from_rdata(name("com."), 300, RData::SOA(soa))];
    reply
}

/// Patient with slow machines, but not with silence.
fn resolver(servers: &[&Server]) -> Resolver {
    let config = StubConfig {
        servers: servers.iter().map(|server| server.address).collect(),
        udp_timeout: Duration::from_millis(if servers.len() > 1 { 200 } else { 10_000 }),
        attempts: 20,
        ..StubConfig::default()
    };
    Resolver::new(config, CacheLimits::default())
}

fn policy() -> Arc<Policy> {
    Arc::new(Policy { own_names: vec!["relay.a.org".parse().unwrap()], ..Policy::default() })
}

async fn route(resolver: &Resolver, domain: &str) -> String {
    match resolver.route(domain, policy()).await {
        Ok(route) => {
            let host = |host: &mx_resolve::Host| {
                format!("{} {} {:?}", host.preference, host.name.as_ref().unwrap(), host.addresses)
            };
            route.hosts.iter().map(host).collect::<Vec<_>>().join("; ")
        }
        Err(error) => error.verdict().to_string(),
    }
}

fn question(name: &str, kind: Kind) -> Question {
    Question::new(name.parse().unwrap(), kind)
}

#[tokio::test]
async fn finds_where_mail_goes() {
    let server = Server::start(Manner::Plain).await;
    let resolver = resolver(&[&server]);
    let table = [
        ("b.com", "10 mx1.b.com [2001:db8::1, 192.0.2.1]; 20 mx2.b.com [192.0.2.2]"),
        ("old.b.com", "0 old.b.com [192.0.2.3]"),
        ("www.b.com", "0 old.b.com [192.0.2.3]"),
        ("no.b.com", "556 5.1.10 domain no.b.com does not accept mail"),
        ("gone.example", "550 5.1.2 domain gone.example does not exist"),
        ("b com", "550 5.1.2 not a domain name: octet 0x20 cannot be in a host name"),
    ];
    for (domain, want) in table {
        assert_eq!(route(&resolver, domain).await, want, "{domain}");
    }
    let literal = resolver.route("[192.0.2.7]", policy()).await.unwrap();
    assert_eq!(literal.hosts[0].addresses, [Ipv4Addr::new(192, 0, 2, 7)]);
    let loopback = Arc::new(Policy { reach: Reach::Any, ..Policy::default() });
    assert!(resolver.route("[127.0.0.1]", loopback).await.is_ok());
    assert!(matches!(resolver.route("[127.0.0.1]", policy()).await, Err(Error::OutOfReach(_))));
}

#[tokio::test]
async fn what_is_known_is_not_asked_for_again() {
    let server = Server::start(Manner::Plain).await;
    let resolver = resolver(&[&server]);
    let first = route(&resolver, "b.com").await;
    let asked = server.asked();
    let want = ["b.com. MX udp", "mx1.b.com. A udp", "mx1.b.com. AAAA udp", "mx2.b.com. A udp"];
    assert_eq!(asked, [&want[..], &["mx2.b.com. AAAA udp"]].concat());
    // A handle shares the cache.
    assert_eq!(route(&resolver.clone(), "B.COM").await, first);
    assert_eq!(server.asked(), asked);
    // Nor is what does not exist, for any kind.
    for kind in [Kind::Mx, Kind::A, Kind::Txt] {
        let answer = resolver.query(&question("gone.example", kind)).await;
        assert_eq!(answer.outcome, Outcome::NxDomain);
    }
    // Its SOA is another zone's, so it may not be kept.
    assert_eq!(server.asked().len(), asked.len() + 3);
    for kind in [Kind::Mx, Kind::A, Kind::Txt] {
        let answer = resolver.query(&question("gone.com", kind)).await;
        assert_eq!(answer.outcome, Outcome::NxDomain);
        assert!(answer.ttl <= Duration::from_secs(60));
    }
    assert_eq!(server.asked().len(), asked.len() + 4);
}

#[tokio::test]
async fn failures_are_asked_for_again() {
    let server = Server::start(Manner::Failing).await;
    let resolver = resolver(&[&server]);
    for n in 1..=3 {
        assert_eq!(
            route(&resolver, "b.com").await,
            "451 4.4.3 lookup of b.com failed: no usable answer"
        );
        assert_eq!(server.asked().len(), n);
    }
}

#[tokio::test]
async fn an_answer_that_does_not_fit_comes_over_tcp() {
    let server = Server::start(Manner::Truncating).await;
    let resolver = resolver(&[&server]);
    let answer = resolver.query(&question("many.b.com", Kind::Mx)).await;
    assert_eq!((answer.outcome, answer.records.len()), (Outcome::Found, 300));
    assert_eq!(server.asked(), ["many.b.com. MX tcp", "many.b.com. MX udp"]);
    assert_eq!(
        route(&resolver, "b.com").await,
        "10 mx1.b.com [2001:db8::1, 192.0.2.1]; 20 mx2.b.com [192.0.2.2]"
    );
}

#[tokio::test]
async fn a_silent_server_is_followed_by_the_next() {
    let (silent, server) =
        (Server::start(Manner::Silent).await, Server::start(Manner::Plain).await);
    let resolver = resolver(&[&silent, &server]);
    assert_eq!(route(&resolver, "old.b.com").await, "0 old.b.com [192.0.2.3]");
    assert!(!silent.asked().is_empty());
}

#[tokio::test]
async fn the_server_that_answered_is_asked_first() {
    let failing = Server::start(Manner::Failing).await;
    let server = Server::start(Manner::Plain).await;
    let resolver = resolver(&[&failing, &server]);
    for name in ["old.b.com", "mx1.b.com", "mx2.b.com"] {
        assert_eq!(resolver.query(&question(name, Kind::A)).await.outcome, Outcome::Found);
    }
    assert_eq!(failing.asked(), ["old.b.com. A udp"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_followed_by_the_next() {
    let gone = {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.local_addr().unwrap()
    };
    let server = Server::start(Manner::Plain).await;
    // No time for a second attempt: the system must tell that nobody is there.
    let whole = StubConfig::default().deadline;
    let servers = vec![gone, server.address];
    let config = StubConfig { servers, udp_timeout: whole, ..StubConfig::default() };
    let resolver = Resolver::new(config, CacheLimits::default());
    assert_eq!(route(&resolver, "old.b.com").await, "0 old.b.com [192.0.2.3]");
}

#[tokio::test]
async fn without_servers_mail_has_to_wait() {
    let resolver = Resolver::new(StubConfig::default(), CacheLimits::default());
    assert_eq!(resolver.query(&question("b.com", Kind::Mx)).await, Answer::serv_fail());
    assert_eq!(
        route(&resolver, "b.com").await,
        "451 4.4.3 lookup of b.com failed: no usable answer"
    );
}

#[tokio::test]
async fn silence_ends() {
    let server = Server::start(Manner::Silent).await;
    let config = StubConfig {
        servers: vec![server.address],
        udp_timeout: Duration::from_millis(5),
        attempts: 3,
        ..StubConfig::default()
    };
    let resolver = Resolver::new(config, CacheLimits::default());
    assert_eq!(resolver.query(&question("b.com", Kind::Mx)).await, Answer::timeout());
    assert_eq!(server.asked().len(), 3);
    // The router has a deadline of its own.
    let limits = mx_resolve::Limits { deadline: Duration::from_millis(5), ..Default::default() };
    let policy = Arc::new(Policy { limits, ..Policy::default() });
    let patient = self::resolver(&[&server]);
    let error = patient.route("b.com", policy).await.unwrap_err();
    assert_eq!(error.verdict().to_string(), "451 4.4.3 lookup of b.com failed: no answer in time");
}

#[tokio::test]
async fn forged_answers_do_not_count() {
    let server = Server::start(Manner::Forged).await;
    let resolver = resolver(&[&server]);
    assert_eq!(route(&resolver, "old.b.com").await, "0 old.b.com [192.0.2.3]");
}

/// All questions are under way at once, each from a port of its own.
#[tokio::test]
async fn questions_do_not_wait_for_each_other() {
    let server = Server::start(Manner::Together(40)).await;
    let resolver = resolver(&[&server]);
    let mut queries = JoinSet::new();
    for n in 0..40 {
        let resolver = resolver.clone();
        queries
            .spawn(async move { resolver.query(&question(&format!("n{n}.com"), Kind::A)).await });
    }
    while let Some(answer) = queries.join_next().await {
        assert_eq!(answer.unwrap().outcome, Outcome::Found);
    }
    let log = server.log.lock().unwrap();
    let ports: BTreeSet<u16> = log.iter().map(|asked| asked.from.port()).collect();
    assert_eq!((log.len(), ports.len()), (40, 40));
}

/// The server answers nothing before all four questions for addresses have come.
#[tokio::test]
async fn a_route_asks_for_all_hosts_at_once() {
    let server = Server::start(Manner::Together(4)).await;
    let resolver = resolver(&[&server]);
    let mut others = JoinSet::new();
    for n in 0..3 {
        let resolver = resolver.clone();
        others.spawn(async move { resolver.query(&question(&format!("n{n}.com"), Kind::A)).await });
    }
    assert_eq!(
        route(&resolver, "b.com").await,
        "10 mx1.b.com [2001:db8::1, 192.0.2.1]; 20 mx2.b.com [192.0.2.2]"
    );
    assert_eq!(server.asked().len(), 3 + 1 + 4);
}

#[tokio::test]
async fn questions_above_the_limit_wait_for_their_turn() {
    let server = Server::start(Manner::Plain).await;
    let config =
        StubConfig { servers: vec![server.address], max_queries: 1, ..StubConfig::default() };
    let resolver = Resolver::new(config, CacheLimits::default());
    let [one, two] = ["mx1.b.com", "mx2.b.com"].map(|name| question(name, Kind::A));
    let (first, second, third) =
        tokio::join!(resolver.query(&one), resolver.query(&two), route(&resolver, "old.b.com"),);
    assert_eq!((first.outcome, second.outcome), (Outcome::Found, Outcome::Found));
    assert_eq!(third, "0 old.b.com [192.0.2.3]");
}

#[test]
fn handles_can_be_sent_and_futures_too() {
    fn sendable<T: Send>(_: &T) {}
    let resolver = Resolver::new(StubConfig::default(), CacheLimits::default());
    sendable(&resolver);
    sendable(&resolver.route("b.com", policy()));
    assert!(format!("{resolver:?}").contains("max_queries: 1024"));
}
