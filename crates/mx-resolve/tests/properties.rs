//! What must hold for any input.
#![allow(clippy::unwrap_used)]

mod common;
#[path = "common/wire.rs"]
mod wire;

use common::{relay, run};
use mx_resolve::{Answer, Cache, CacheLimits, Error, Exchange, Kind, Limits, Name, Outcome};
use mx_resolve::{
    Policy, Question, Reach, Record, Router, Security, Step, Stub, StubConfig, StubStep,
};
use posta_core::Instant;
use proptest::{collection::vec, prelude::*};
use std::{sync::Arc, time::Duration};

fn name() -> impl Strategy<Value = Name> {
    // Few names, so that aliases meet and close circles.
    prop_oneof![
        8 => "[a-d]\\.com",
        1 => Just(".".to_owned()),
        1 => Just("relay.a.org".to_owned()),
        1 => Just("192.0.2.1".to_owned()),
    ]
    .prop_map(|text| text.parse().unwrap())
}

fn record() -> impl Strategy<Value = Record> {
    prop_oneof![
        (any::<u16>(), name())
            .prop_map(|(preference, exchange)| Record::Mx { preference, exchange }),
        any::<[u8; 4]>().prop_map(|v4| Record::A(v4.into())),
        any::<[u8; 16]>().prop_map(|v6| Record::Aaaa(v6.into())),
        name().prop_map(Record::Cname),
        ".{0,9}".prop_map(Record::Unusable),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Found),
        2 => Just(Outcome::NoData),
        1 => Just(Outcome::NxDomain),
        1 => Just(Outcome::ServFail),
        1 => Just(Outcome::Timeout),
    ];
    let security = prop_oneof![
        9 => Just(Security::Unknown),
        3 => Just(Security::Secure),
        3 => Just(Security::Insecure),
        1 => Just(Security::Bogus),
    ];
    (outcome, vec(record(), 0..9), vec(name(), 0..3), any::<u32>(), security).prop_map(
        |(outcome, records, aliases, ttl, security)| {
            let ttl = Duration::from_secs(ttl.into());
            Answer { outcome, records, aliases, ttl, security }
        },
    )
}

proptest! {
    /// Whatever is answered, in whatever order: an end, within the limits, and a route that keeps its word.
    #[test]
    fn a_router_ends(answers in vec(answer(), 1..16), seed: u64, last_first: bool) {
        let limits = Limits { max_mx: 5, max_addresses: 3, max_asks: 20, max_notes: 4, ..Limits::default() };
        let policy = Arc::new(Policy { limits, reach: Reach::Public, ..relay() });
        let mut next = answers.iter().cycle().cloned();
        let (end, asked) = run("b.com", &policy, seed, last_first, &mut |_| next.next().unwrap());
        prop_assert!(asked.len() <= limits.max_asks);
        match end {
            Ok(route) => {
                prop_assert!((1..=limits.max_mx).contains(&route.hosts.len()));
                prop_assert!(route.hosts.is_sorted_by_key(|host| host.preference));
                prop_assert!(route.notes.len() <= limits.max_notes);
                for host in &route.hosts {
                    prop_assert!((1..=limits.max_addresses).contains(&host.addresses.len()));
                    prop_assert!(host.addresses.iter().all(|a| Reach::Public.allows(*a)));
                    prop_assert!(host.addresses.iter().all(|a| !policy.own_addresses.contains(a)));
                    let name = host.name.as_ref().unwrap();
                    prop_assert!(!policy.own_names.contains(name) && !name.is_root());
                    prop_assert!(!name.is_address_text() || route.implicit);
                }
            }
            Err(error) => {
                let verdict = error.verdict();
                prop_assert_eq!(error.is_permanent(), verdict.code >= 500);
                prop_assert_eq!(verdict.status[0], verdict.code / 100);
                prop_assert!(verdict.text.bytes().all(|b| b.is_ascii_graphic() || b == b' '));
                prop_assert!(verdict.text.len() < 400);
            }
        }
    }

    /// If the MX records are not known, nothing but a later attempt will do.
    #[test]
    fn no_failure_of_the_dns_is_permanent(answer in answer(), timeout: bool) {
        let outcome = if timeout { Outcome::Timeout } else { Outcome::ServFail };
        let answer = Answer { outcome, aliases: Vec::new(), ..answer };
        let (end, asked) = run("b.com", &Arc::new(relay()), 0, false, &mut |_| answer.clone());
        prop_assert!(matches!(&end, Err(Error::Lookup { .. })), "{end:?}");
        prop_assert_eq!(asked.len(), 1);
    }

    /// Whatever is lost, the deadline ends it, and no answer after it is a mistake.
    #[test]
    fn a_router_ends_at_its_deadline(
        answers in vec(proptest::option::of(answer()), 1..16),
        destination in ".{0,40}",
        real: bool,
    ) {
        let destination = if real { "b.com" } else { &destination };
        let mut router = Router::new(destination, Arc::new(relay()), 0);
        let (mut next, mut ids, mut now) = (answers.iter().cycle(), Vec::new(), Instant::ORIGIN);
        for _ in 0..1000 {
            match router.step(now) {
                Step::Ask(ask) => {
                    if let Some(answer) = next.next().unwrap() {
                        prop_assert!(router.answer(ask.id, answer.clone()).is_ok());
                    }
                    ids.push(ask.id);
                }
                Step::Wait(until) => {
                    prop_assert!(until > now);
                    now = until;
                }
                Step::Done(_) => {
                    for id in ids {
                        prop_assert!(router.answer(id, Answer::no_data()).is_ok());
                    }
                    return Ok(());
                }
            }
        }
        prop_assert!(false, "no end");
    }

    #[test]
    fn names_read_back(text in "[a-zA-Z0-9_.-]{1,80}|\\PC{0,20}") {
        if let Ok(name) = Name::parse(&text) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
            prop_assert!(name.is_root() || text.trim_end_matches('.').eq_ignore_ascii_case(name.as_str()));
        }
    }

    /// Any octets, as a datagram or over a connection, alone or behind a header and question that are
    /// right: an end, no panic, and the same however the connection cuts them.
    #[test]
    fn a_stub_ends(
        rubbish in vec(any::<u8>(), 0..120),
        flags: u16,
        counts: [u8; 3],
        whole: bool,
        tcp: bool,
        piece in 1_usize..50,
    ) {
        let ends = [piece, usize::MAX].map(|piece| {
            let servers = vec!["192.0.2.1:53".parse().unwrap()];
            let mut id = 0;
            let mut stub = Stub::new(StubConfig { servers, ..StubConfig::default() }, move || { id += 1; id });
            stub.query(Question::new("b.com".parse().unwrap(), Kind::Mx), Instant::ORIGIN).unwrap();
            let mut now = Instant::ORIGIN;
            for _ in 0..100 {
                let answer = |query: &[u8]| {
                    if !whole {
                        return rubbish.clone();
                    }
                    let mut bytes = wire::reply(query, flags | 0x8000, &[], &[]);
                    (bytes[7], bytes[9], bytes[11]) = (counts[0] % 4, counts[1] % 4, counts[2] % 4);
                    bytes.extend(&rubbish);
                    bytes
                };
                match stub.step(now) {
                    StubStep::SendUdp { exchange, server, bytes } if tcp => {
                        let truncated = wire::reply(&bytes, wire::OK | wire::TC, &[], &[]);
                        stub.udp(exchange, server, &truncated);
                    }
                    StubStep::SendUdp { exchange, server, bytes } => stub.udp(exchange, server, &answer(&bytes)),
                    StubStep::SendTcp { exchange, bytes, .. } => {
                        let stream = wire::framed(&answer(&bytes[2..]));
                        feed(&mut stub, exchange, &stream, piece);
                    }
                    StubStep::Wait(Some(until)) => now = until,
                    StubStep::Wait(None) => panic!("forgot the question"),
                    StubStep::Done { answer, .. } => return Some(answer),
                }
            }
            None
        });
        prop_assert!(ends[0].is_some(), "no end");
        prop_assert_eq!(&ends[0], &ends[1]);
    }

    /// A cache says only what it was told, and never more than it may keep.
    #[test]
    fn a_cache_keeps_its_limits(puts in vec((name(), answer(), 0_u64..100_000), 0..30)) {
        let limits = CacheLimits { entries: 4, octets: 4000, ..CacheLimits::default() };
        let (mut cache, mut now) = (Cache::new(limits), Instant::ORIGIN);
        for (name, answer, passed) in puts {
            now = now + Duration::from_secs(passed);
            let question = Question::new(name, Kind::Mx);
            cache.put(&question, &answer, now);
            prop_assert!(cache.len() <= limits.entries && cache.octets() <= limits.octets);
            let failed = matches!(answer.outcome, Outcome::ServFail | Outcome::Timeout);
            if let Some(got) = cache.get(&question, now) && !failed && answer.security != Security::Bogus {
                prop_assert!(got.ttl <= answer.ttl && got.ttl <= limits.max_ttl);
                prop_assert_eq!(Answer { ttl: answer.ttl, ..got }, answer);
            }
        }
    }
}

fn feed<R: FnMut() -> u16>(stub: &mut Stub<R>, exchange: Exchange, stream: &[u8], piece: usize) {
    for piece in stream.chunks(piece.min(stream.len().max(1))) {
        stub.tcp(exchange, piece);
    }
    stub.failed(exchange);
}
