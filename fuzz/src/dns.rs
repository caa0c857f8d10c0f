//! The DNS stub against hostile servers, and the router against whatever it is answered.

use mx_resolve::{
    Answer, Cache, CacheLimits, Kind, Limits, Name, Outcome, Policy, Question, Reach, Record,
    Router, Security, Step, Stub, StubConfig, StubStep,
};
use posta_core::Instant;
use std::{collections::VecDeque, sync::Arc, time::Duration};

/// What a server says to a question, over UDP and over TCP: an end, and the same however the connection cuts it.
///
/// The first octet sets switches. The header and the question of the answer are those of the query, unless a
/// switch says that all of it is the server's; in the flags and counts of the header the next four octets are mixed.
pub fn dns_stub(data: &[u8]) {
    let [switches, flags, answers, authority, additional, rest @ ..] = data else { return };
    let (rubbish, over_tcp) = (switches & 1 != 0, switches & 2 != 0);
    let kind = [Kind::Mx, Kind::A, Kind::Aaaa, Kind::Txt, Kind::Cname, Kind::Tlsa, Kind::Ptr]
        [usize::from(switches >> 2) % 7];
    let reply = |query: &[u8]| {
        if rubbish {
            return rest.to_vec();
        }
        let mut bytes = query.to_vec();
        bytes[2] |= 0x80;
        bytes[3] = *flags;
        (bytes[7], bytes[9], bytes[11]) = (answers % 8, authority % 8, additional % 8);
        // The question, without what the query has behind it.
        bytes.truncate(17 + question_name(query));
        bytes.extend_from_slice(rest);
        bytes
    };
    let mut ends = [1, 7, usize::MAX].map(|piece| ask(kind, over_tcp, piece, &reply)).into_iter();
    let first = ends.next();
    assert!(ends.all(|end| Some(end) == first), "{first:?}");
    if let Ok(text) = std::str::from_utf8(rest)
        && let Ok(name) = Name::parse(text)
    {
        assert_eq!(Name::parse(name.as_str()), Ok(name));
    }
}

/// The length of the name in a query.
fn question_name(query: &[u8]) -> usize {
    query[12..].iter().position(|octet| *octet == 0).expect("a name")
}

fn ask(kind: Kind, over_tcp: bool, piece: usize, reply: &dyn Fn(&[u8]) -> Vec<u8>) -> Answer {
    let servers = vec!["192.0.2.1:53".parse().expect("an address")];
    let mut id = 0;
    let random = move || {
        id += 1;
        id
    };
    let mut stub = Stub::new(StubConfig { servers, ..StubConfig::default() }, random);
    let question = Question::new("b.com".parse().expect("a name"), kind);
    stub.query(question.clone(), Instant::ORIGIN).expect("room for one");
    let mut now = Instant::ORIGIN;
    for _ in 0..100 {
        match stub.step(now) {
            StubStep::SendUdp { exchange, server, bytes } if over_tcp => {
                // Truncated: ask again over TCP.
                let mut short = bytes[..17 + question_name(&bytes)].to_vec();
                (short[2], short[3], short[11]) = (0x82 | short[2], 0x80, 0);
                stub.udp(exchange, server, &short);
            }
            StubStep::SendUdp { exchange, server, bytes } => {
                stub.udp(exchange, server, &reply(&bytes));
            }
            StubStep::SendTcp { exchange, bytes, .. } => {
                let message = reply(&bytes[2..]);
                let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
                let stream = [&length[..], &message].concat();
                for piece in stream.chunks(piece.min(stream.len())) {
                    stub.tcp(exchange, piece);
                }
                stub.failed(exchange);
            }
            StubStep::Wait(until) => {
                let until = until.expect("it has a question");
                assert!(until > now, "it waits for what has passed");
                now = until;
            }
            StubStep::Done { answer, .. } => {
                keep(&question, &answer, now);
                return answer;
            }
        }
    }
    panic!("no end");
}

/// A cache gives back what it was given, and no more than it may keep.
fn keep(question: &Question, answer: &Answer, now: Instant) {
    let limits = CacheLimits { entries: 2, octets: 400, ..CacheLimits::default() };
    let mut cache = Cache::new(limits);
    cache.put(question, answer, now);
    assert!(cache.octets() <= limits.octets);
    if let Some(kept) = cache.get(question, now) {
        assert!(kept.ttl <= limits.max_ttl);
        assert_eq!(kept.records.is_empty(), answer.records.is_empty());
    }
}

/// Whatever a router is answered, in whatever order: an end, few questions, and a route that keeps its word.
///
/// The destination is a line; each answer is made of the octets behind it.
pub fn dns_router(data: &[u8]) {
    let n = data.iter().position(|octet| *octet == b'\n').unwrap_or(data.len());
    let (line, rest) = data.split_at(n);
    let destination = String::from_utf8_lossy(line);
    let limits =
        Limits { max_mx: 5, max_addresses: 3, max_asks: 20, max_notes: 4, ..Limits::default() };
    let policy = Arc::new(Policy {
        own_names: vec!["relay.a.org".parse().expect("a name")],
        own_addresses: vec!["192.0.2.99".parse().expect("an address")],
        reach: Reach::Public,
        limits,
        ..Policy::default()
    });
    let mut octets = rest.iter().skip(1).copied();
    let mut router = Router::new(&destination, policy.clone(), 7);
    let (mut asks, mut asked, mut now) = (VecDeque::new(), 0, Instant::ORIGIN);
    let route = loop {
        match router.step(now) {
            Step::Ask(ask) => {
                asked += 1;
                assert!(asked <= limits.max_asks, "{asked} questions");
                asks.push_back(ask);
            }
            Step::Wait(until) => {
                let order = octets.next().unwrap_or_default();
                let ask = match order % 4 {
                    // Nobody answers.
                    3 => None,
                    2 => asks.pop_back(),
                    _ => asks.pop_front(),
                };
                match ask {
                    Some(ask) => router.answer(ask.id, answer(&mut octets)).expect("it has asked"),
                    None => {
                        assert!(until > now, "it waits for what has passed");
                        now = until;
                    }
                }
            }
            Step::Done(end) => break end,
        }
    };
    match route {
        Ok(route) => {
            assert!((1..=limits.max_mx).contains(&route.hosts.len()));
            assert!(route.hosts.is_sorted_by_key(|host| host.preference));
            assert!(route.notes.len() <= limits.max_notes);
            for host in &route.hosts {
                assert!((1..=limits.max_addresses).contains(&host.addresses.len()));
                assert!(host.addresses.iter().all(|address| {
                    Reach::Public.allows(*address) && !policy.own_addresses.contains(address)
                }));
                assert!(host.name.iter().all(|name| !policy.own_names.contains(name)));
            }
        }
        Err(error) => {
            let verdict = error.verdict();
            assert_eq!(error.is_permanent(), verdict.code >= 500);
            assert_eq!(verdict.status[0], verdict.code / 100);
            assert!(verdict.text.bytes().all(|octet| matches!(octet, b' '..=b'~')));
            assert!(verdict.text.len() < 400);
        }
    }
    for ask in asks {
        assert!(router.answer(ask.id, Answer::no_data()).is_ok(), "late, but asked for");
    }
}

fn answer(octets: &mut impl Iterator<Item = u8>) -> Answer {
    let mut next = || octets.next().unwrap_or_default();
    let outcome = match next() % 8 {
        0..=3 => Outcome::Found,
        4 => Outcome::NoData,
        5 => Outcome::NxDomain,
        6 => Outcome::ServFail,
        _ => Outcome::Timeout,
    };
    let security = match next() % 4 {
        0 => Security::Unknown,
        1 => Security::Secure,
        2 => Security::Insecure,
        _ => Security::Bogus,
    };
    let records = (0..next() % 9).map(|_| record(&mut next)).collect();
    let aliases = (0..next() % 3).map(|_| name(&mut next)).collect();
    let ttl = Duration::from_secs(u64::from(next()) << (next() % 64));
    Answer { outcome, records, aliases, ttl, security }
}

fn record(next: &mut impl FnMut() -> u8) -> Record {
    match next() % 5 {
        0 | 1 => Record::Mx { preference: u16::from(next() % 4), exchange: name(next) },
        2 => Record::A([192, 0, 2, next()].into()),
        3 => Record::Aaaa([0x2000 + u16::from(next()), 0xdb8, 0, 0, 0, 0, 0, 1].into()),
        _ if next().is_multiple_of(2) => Record::Cname(name(next)),
        _ => Record::Unusable("a b".into()),
    }
}

/// Few names, so that aliases meet and close circles.
fn name(next: &mut impl FnMut() -> u8) -> Name {
    let text = ["a.com", "b.com", "c.com", "d.com", ".", "relay.a.org", "192.0.2.1", "8.8.8.8"];
    text[usize::from(next()) % text.len()].parse().expect("a name")
}
