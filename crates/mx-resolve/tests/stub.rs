//! The DNS stub, octet by octet, with the clock in hand.
#![allow(clippy::unwrap_used)]

#[path = "common/wire.rs"]
mod wire;

use mx_resolve::{Answer, Exchange, Kind, Misuse, Name, Outcome, Question, Record, Security};
use mx_resolve::{Stub, StubConfig, StubStep, Tlsa};
use posta_core::Instant;
use std::{net::SocketAddr, slice::from_ref, time::Duration};
use wire::*;

const START: Instant = Instant::ORIGIN;

fn servers(n: u8) -> Vec<SocketAddr> {
    (1..=n).map(|n| SocketAddr::from(([192, 0, 2, n], 53))).collect()
}

fn seconds(n: u64) -> Instant {
    START + Duration::from_secs(n)
}

/// A stub whose identifiers count from 0x1234.
fn stub(config: StubConfig) -> Stub<impl FnMut() -> u16> {
    let mut id = 0x1233;
    Stub::new(config, move || {
        id += 1;
        id
    })
}

/// A stub with so many servers that was asked for the MX of b.com.
fn asked(n: u8) -> Stub<impl FnMut() -> u16> {
    let mut stub = stub(StubConfig { servers: servers(n), ..StubConfig::default() });
    stub.query(Question::new("b.com".parse().unwrap(), Kind::Mx), START).unwrap();
    stub
}

/// What is sent: whether over TCP, to which server, what.
type Sent = (bool, Exchange, SocketAddr, Vec<u8>);

fn sent<R: FnMut() -> u16>(stub: &mut Stub<R>, now: Instant) -> Sent {
    match stub.step(now) {
        StubStep::SendUdp { exchange, server, bytes } => (false, exchange, server, bytes),
        StubStep::SendTcp { exchange, server, bytes } => {
            assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), bytes.len() - 2);
            (true, exchange, server, bytes[2..].to_vec())
        }
        step => panic!("sends nothing: {step:?}"),
    }
}

fn done<R: FnMut() -> u16>(stub: &mut Stub<R>, now: Instant) -> Answer {
    match stub.step(now) {
        StubStep::Done { answer, .. } => {
            assert_eq!(stub.step(now), StubStep::Wait(None), "something is left over");
            answer
        }
        step => panic!("not done: {step:?}"),
    }
}

fn waits_until<R: FnMut() -> u16>(stub: &mut Stub<R>, now: Instant) -> Instant {
    match stub.step(now) {
        StubStep::Wait(Some(until)) => until,
        step => panic!("does not wait: {step:?}"),
    }
}

/// What one server's reply to the question comes to, with nobody else to ask.
fn answered(kind: Kind, owner: &str, trust_ad: bool, build: impl Fn(&[u8]) -> Vec<u8>) -> Answer {
    let config = StubConfig { servers: servers(1), trust_ad, ..StubConfig::default() };
    let mut stub = stub(config);
    stub.query(Question::new(owner.parse().unwrap(), kind), START).unwrap();
    let (_, exchange, server, query) = sent(&mut stub, START);
    stub.udp(exchange, server, &build(&query));
    done(&mut stub, START)
}

/// The MX of b.com.
fn answer(flags: u16, answers: &[Rr], authority: &[Rr]) -> Answer {
    answered(Kind::Mx, "b.com", false, |query| reply(query, flags, answers, authority))
}

fn mx_of(answer: &Answer) -> Vec<String> {
    let record = |record: &Record| match record {
        Record::Mx { preference, exchange } => format!("{preference} {exchange}"),
        record => format!("{record:?}"),
    };
    answer.records.iter().map(record).collect()
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.aliases.iter().map(Name::as_str).collect()
}

fn ttl(answer: &Answer) -> u64 {
    answer.ttl.as_secs()
}

#[test]
fn a_query_octet_by_octet() {
    let mut stub = asked(1);
    let (tcp, _, server, query) = sent(&mut stub, START);
    assert_eq!((tcp, server), (false, servers(1)[0]));
    // RD and AD; one question; one additional record.
    let header = b"\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01";
    let question = b"\x01b\x03com\0\0\x0f\0\x01";
    // RFC 6891 6.1.2: the root, OPT, 1232 octets, no flags, no options.
    let opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0";
    assert_eq!(query, [&header[..], question, opt].concat());
}

#[test]
fn kinds_are_asked_for_and_read() {
    let tlsa = Tlsa { usage: 3, selector: 1, matching: 1, data: vec![0xab; 32] };
    let table: &[(Kind, u16, Vec<u8>, Record)] = &[
        (Kind::A, A, vec![192, 0, 2, 1], Record::A([192, 0, 2, 1].into())),
        (Kind::Aaaa, AAAA, vec![1; 16], Record::Aaaa([1; 16].into())),
        (Kind::Mx, MX, mx(0, ""), Record::Mx { preference: 0, exchange: Name::root() }),
        (Kind::Txt, TXT, b"\x03v=s\x04pf1 \0\x01a".to_vec(), Record::Txt(b"v=spf1 a".to_vec())),
        (Kind::Cname, CNAME, name("c.com"), Record::Cname("c.com".parse().unwrap())),
        (Kind::Ptr, PTR, name("Mx1.b.com"), Record::Ptr("mx1.b.com".parse().unwrap())),
        (Kind::Tlsa, TLSA, [&[3, 1, 1][..], &[0xab; 32]].concat(), Record::Tlsa(tlsa)),
        // RFC 2181 11: a name may hold anything; a host's may not.
        (
            Kind::Mx,
            MX,
            [&[0, 1][..], b"\x04a\xffb!\0"].concat(),
            Record::Unusable("a\\xffb!".into()),
        ),
    ];
    for (kind, number, data, want) in table {
        let answer = answered(*kind, "b.com", false, |query| {
            assert_eq!(question(query), [name("b.com"), vec![0, *number as u8, 0, 1]].concat());
            reply(query, OK, &[("b.com", *number, 300, data.clone())], &[])
        });
        let want = Answer::found(vec![want.clone()], Duration::from_secs(300));
        assert_eq!(answer, want, "{kind:?}");
    }
}

#[test]
fn outcomes() {
    let soa = ("com", SOA, 900, soa(600));
    let found = answer(OK, &[("b.com", MX, 60, mx(10, "x")), ("b.com", MX, 50, mx(5, "y"))], &[]);
    assert_eq!(
        (found.outcome, mx_of(&found), ttl(&found)),
        (Outcome::Found, vec!["10 x".into(), "5 y".into()], 50)
    );

    let table: &[(&str, Answer, Outcome, u64)] = &[
        // RFC 2308 5: the lesser of the SOA's TTL and its MINIMUM.
        ("no data", answer(OK, &[], from_ref(&soa)), Outcome::NoData, 600),
        ("no name", answer(NXDOMAIN, &[], from_ref(&soa)), Outcome::NxDomain, 600),
        ("no data, no SOA", answer(OK, &[], &[]), Outcome::NoData, 0),
        ("no name, no SOA", answer(NXDOMAIN, &[], &[]), Outcome::NxDomain, 0),
        (
            "a stranger's SOA",
            answer(OK, &[], &[("org", SOA, 900, wire::soa(600))]),
            Outcome::NoData,
            0,
        ),
        (
            "name servers and SOA",
            answer(OK, &[], &[("com", NS, 9, name("n")), soa.clone()]),
            Outcome::NoData,
            600,
        ),
        // RFC 2308 2.2: to take a referral for the absence of MX records would send mail astray.
        ("referral", answer(OK, &[], &[("com", NS, 900, name("ns.com"))]), Outcome::ServFail, 0),
        ("neither recursion nor authority", answer(0x8100, &[], &[]), Outcome::ServFail, 0),
        ("authority", answer(0x8500, &[], &[]), Outcome::NoData, 0),
        ("SERVFAIL", answer(SERVFAIL, &[], &[]), Outcome::ServFail, 0),
        ("REFUSED", answer(REFUSED, &[], &[]), Outcome::ServFail, 0),
        ("unknown rcode", answer(OK | 11, &[], &[]), Outcome::ServFail, 0),
        (
            "no such name, and records",
            answer(NXDOMAIN, &[("b.com", MX, 9, mx(1, "x"))], &[]),
            Outcome::ServFail,
            0,
        ),
        // RFC 2181 8: the highest bit of a TTL.
        ("TTL", answer(OK, &[("b.com", MX, 0x8000_0000, mx(1, "x"))], &[]), Outcome::Found, 0),
        (
            "TTL",
            answer(OK, &[("b.com", MX, 0x7fff_ffff, mx(1, "x"))], &[]),
            Outcome::Found,
            0x7fff_ffff,
        ),
        // Records of other names, and of other types, are none of ours.
        (
            "another owner",
            answer(OK, &[("c.com", MX, 9, mx(1, "x"))], from_ref(&soa)),
            Outcome::NoData,
            600,
        ),
        ("another type", answer(OK, &[("b.com", TXT, 9, vec![0])], &[soa]), Outcome::NoData, 600),
    ];
    for (what, answer, outcome, seconds) in table {
        assert_eq!((answer.outcome, ttl(answer)), (*outcome, *seconds), "{what}: {answer:?}");
        assert_eq!(answer.records.is_empty(), *outcome != Outcome::Found, "{what}");
    }
}

#[test]
fn alias_chains_in_one_answer() {
    let found = answer(
        OK,
        &[
            // Out of order, and with other case.
            ("d.com", MX, 300, mx(1, "x")),
            ("B.com", CNAME, 200, name("C.com")),
            ("c.com", CNAME, 100, name("d.com")),
        ],
        &[],
    );
    assert_eq!((found.outcome, mx_of(&found)), (Outcome::Found, vec!["1 x".into()]));
    assert_eq!((names(&found), ttl(&found)), (vec!["c.com", "d.com"], 100));

    let alias = ("b.com", CNAME, 200, name("c.org"));
    let soa = ("org", SOA, 900, soa(60));
    let nothing = answer(OK, from_ref(&alias), from_ref(&soa));
    assert_eq!(
        (nothing.outcome, names(&nothing), ttl(&nothing)),
        (Outcome::NoData, vec!["c.org"], 60)
    );
    let missing = answer(NXDOMAIN, from_ref(&alias), &[soa]);
    assert_eq!((missing.outcome, names(&missing)), (Outcome::NxDomain, vec!["c.org"]));
    // The records of the alias itself do not count.
    let beside = answer(OK, &[alias.clone(), ("b.com", MX, 9, mx(1, "x"))], &[]);
    assert_eq!((beside.outcome, names(&beside)), (Outcome::NoData, vec!["c.org"]));
    // A chain whose rest must be asked for comes with name servers.
    let half = answer(OK, &[alias], &[("org", NS, 900, name("ns.org"))]);
    assert_eq!((half.outcome, names(&half), ttl(&half)), (Outcome::NoData, vec!["c.org"], 0));
}

#[test]
fn alias_circles_and_endless_chains_end() {
    let circle = [("b.com", CNAME, 9, name("c.com")), ("c.com", CNAME, 9, name("b.com"))];
    let answer_ = answer(OK, &circle, &[]);
    assert_eq!((answer_.outcome, names(&answer_)), (Outcome::ServFail, vec!["c.com", "b.com"]));
    let own = answer(OK, &[("b.com", CNAME, 9, name("b.com")), ("b.com", MX, 9, mx(1, "x"))], &[]);
    assert_eq!((own.outcome, own.records.len()), (Outcome::ServFail, 0));
    let labels: Vec<&'static str> =
        (0..40).map(|n| &*Box::leak(format!("n{n}.com").into_boxed_str())).collect();
    let chain: Vec<Rr> = labels.windows(2).map(|two| (two[0], CNAME, 9, name(two[1]))).collect();
    let long = answered(Kind::Mx, "n0.com", false, |query| reply(query, OK, &chain, &[]));
    assert_eq!((long.outcome, long.aliases.len()), (Outcome::NoData, 17));
    // An alias to what no host can be called leads nowhere.
    assert_eq!(answer(OK, &[("b.com", CNAME, 9, name("c!d"))], &[]).outcome, Outcome::ServFail);
}

#[test]
fn the_ad_bit_counts_from_a_trusted_server_only() {
    let table = [
        (false, OK, Security::Unknown),
        (false, OK | AD, Security::Unknown),
        (true, OK, Security::Insecure),
        (true, OK | AD, Security::Secure),
    ];
    for (trust, flags, want) in table {
        let records = [("b.com", MX, 9, mx(1, "x"))];
        let got = answered(Kind::Mx, "b.com", trust, |query| reply(query, flags, &records, &[]));
        assert_eq!(got.security, want, "{trust} {flags:#x}");
    }
}

/// RFC 5452 9: an answer is ours if it comes from the server, to the socket, with the identifier and
/// the question. Anything else is nobody's, and does not even end the wait for the right one.
#[test]
fn forged_answers_are_ignored() {
    let good = [("b.com", MX, 9, mx(1, "mx1.b.com"))];
    let bad = [("b.com", MX, 9, mx(1, "evil.example.net"))];
    type Forge = fn(&[u8], &[Rr]) -> Vec<u8>;
    let table: &[(&str, Forge)] = &[
        ("identifier", |q, rr| message(&[q[0], q[1] ^ 1], OK, question(q), rr, &[])),
        ("identifier, high octet", |q, rr| message(&[q[0] ^ 1, q[1]], OK, question(q), rr, &[])),
        ("a query", |q, rr| reply(q, OK & !0x8000, rr, &[])),
        ("another operation", |q, rr| reply(q, OK | 0x2000, rr, &[])),
        ("no question", |q, rr| message(&q[..2], OK, &[], rr, &[])),
        ("another name", |q, rr| {
            message(&q[..2], OK, &[&name("c.com")[..], &[0, 15, 0, 1]].concat(), rr, &[])
        }),
        ("a longer name", |q, rr| {
            message(&q[..2], OK, &[&name("b.com.au")[..], &[0, 15, 0, 1]].concat(), rr, &[])
        }),
        ("another type", |q, rr| {
            message(&q[..2], OK, &[&name("b.com")[..], &[0, 1, 0, 1]].concat(), rr, &[])
        }),
        ("another class", |q, rr| {
            message(&q[..2], OK, &[&name("b.com")[..], &[0, 15, 0, 3]].concat(), rr, &[])
        }),
        ("two questions", |q, rr| {
            let mut bytes = message(&q[..2], OK, &[question(q), question(q)].concat(), rr, &[]);
            bytes[5] = 2;
            bytes
        }),
        ("a header", |q, _| message(&q[..2], OK, &[], &[], &[])),
        ("half a header", |q, rr| reply(q, OK, rr, &[])[..11].to_vec()),
        ("half a question", |q, rr| reply(q, OK, rr, &[])[..20].to_vec()),
        ("nothing", |_, _| Vec::new()),
        ("the query itself", |q, _| q.to_vec()),
    ];
    for (what, forge) in table {
        let mut stub = asked(2);
        let (_, exchange, server, query) = sent(&mut stub, START);
        stub.udp(exchange, server, &forge(&query, &bad));
        assert_eq!(waits_until(&mut stub, START), seconds(3), "{what}");
        stub.udp(exchange, server, &reply(&query, OK, &good, &[]));
        assert_eq!(mx_of(&done(&mut stub, START)), ["1 mx1.b.com"], "{what}");
    }
    let mut stub = asked(2);
    let (_, exchange, server, query) = sent(&mut stub, START);
    let forged = reply(&query, OK, &bad, &[]);
    for from in ["192.0.2.2:53", "192.0.2.1:54", "192.0.2.7:53", "[::1]:53"] {
        stub.udp(exchange, from.parse().unwrap(), &forged);
        assert_eq!(waits_until(&mut stub, START), seconds(3), "{from}");
    }
    // The second attempt has another identifier, and its socket takes no answer to the first.
    let (_, second, other, again) = sent(&mut stub, seconds(3));
    assert_ne!(query[..2], again[..2]);
    stub.udp(second, other, &forged);
    stub.udp(exchange, other, &forged);
    assert!(waits_until(&mut stub, seconds(3)) == seconds(6));
    // An IPv4 server seen through an IPv6 socket is the same server.
    let mapped = SocketAddr::new(server.ip().to_canonical(), 53);
    assert!(mapped.is_ipv4());
    let mapped: SocketAddr = "[::ffff:192.0.2.1]:53".parse().unwrap();
    stub.udp(exchange, mapped, &reply(&query, OK, &good, &[]));
    assert_eq!(mx_of(&done(&mut stub, seconds(3))), ["1 mx1.b.com"]);
}

/// Servers and middleboxes change the case of names; that makes no other name (RFC 4343).
#[test]
fn the_case_of_the_echoed_question_does_not_matter() {
    let got = answered(Kind::Mx, "b.com", false, |query| {
        let question = [&name("B.cOm")[..], &[0, 15, 0, 1]].concat();
        message(&query[..2], OK, &question, &[("b.COM", MX, 9, mx(1, "MX1.B.COM"))], &[])
    });
    assert_eq!(mx_of(&got), ["1 mx1.b.com"]);
}

/// Over TCP in any pieces. The same server is asked, whatever others there are (a known resolver gave
/// up instead), and nothing of the truncated answer is used (another kept it).
#[test]
fn truncation_leads_to_tcp_in_any_pieces() {
    let records: Vec<Rr> = (0..200).map(|n| ("b.com", MX, 9, mx(n, "mx1.b.com"))).collect();
    for piece in [1, 2, 3, 7, 512, usize::MAX] {
        let mut stub = asked(3);
        let (tcp, exchange, server, query) = sent(&mut stub, START);
        assert!(!tcp);
        stub.udp(exchange, server, &reply(&query, OK | TC, &records[..1], &[]));
        let (tcp, stream, again, asked) = sent(&mut stub, seconds(1));
        assert_eq!((tcp, again), (true, server));
        assert_eq!(question(&asked), question(&query));
        assert_ne!(asked[..2], query[..2]);
        assert!(!stub.wants(exchange) && stub.wants(stream));
        let answer = [framed(&reply(&asked, OK, &records, &[])), vec![0; 9]].concat();
        for piece in answer.chunks(piece.min(answer.len())) {
            // Over TCP no datagram counts, and none of another socket.
            stub.udp(stream, server, &reply(&asked, OK, &[], &[]));
            stub.udp(exchange, server, &reply(&query, OK, &[], &[]));
            stub.tcp(stream, piece);
        }
        assert_eq!(done(&mut stub, seconds(1)).records.len(), 200, "pieces of {piece}");
        assert!(!stub.wants(stream));
    }
}

#[test]
fn tcp_that_fails_leads_to_the_next_server() {
    type Fail = fn(&mut dyn FnMut(Option<&[u8]>), &[u8]);
    let table: &[(&str, Fail)] = &[
        ("closed at once", |tcp, _| tcp(None)),
        ("closed in the length", |tcp, _| {
            tcp(Some(&[0]));
            tcp(None);
        }),
        ("closed in the message", |tcp, query| {
            tcp(Some(&framed(&reply(query, OK, &[], &[]))[..20]));
            tcp(None);
        }),
        ("an empty message", |tcp, _| tcp(Some(&[0, 0]))),
        ("rubbish", |tcp, _| tcp(Some(&[0, 3, 1, 2, 3]))),
        ("another identifier", |tcp, query| {
            tcp(Some(&framed(&message(&[0, 0], OK, question(query), &[], &[]))));
        }),
        ("truncated too", |tcp, query| tcp(Some(&framed(&reply(query, OK | TC, &[], &[]))))),
        ("SERVFAIL", |tcp, query| tcp(Some(&framed(&reply(query, SERVFAIL, &[], &[]))))),
    ];
    for (what, fail) in table {
        let mut stub = asked(2);
        let (_, exchange, server, query) = sent(&mut stub, START);
        stub.udp(exchange, server, &reply(&query, OK | TC, &[], &[]));
        let (_, stream, _, query) = sent(&mut stub, START);
        fail(
            &mut |piece| match piece {
                Some(piece) => stub.tcp(stream, piece),
                None => stub.failed(stream),
            },
            &query,
        );
        let (tcp, _, next, _) = sent(&mut stub, START);
        assert!(!tcp && next == servers(2)[1], "{what}: {next}");
        assert!(!stub.wants(stream), "{what}");
    }
}

#[test]
fn silent_tcp_has_its_own_timeout() {
    let mut stub = asked(2);
    let (_, exchange, server, query) = sent(&mut stub, START);
    stub.udp(exchange, server, &reply(&query, OK | TC, &[], &[]));
    let (tcp, stream, ..) = sent(&mut stub, seconds(1));
    assert!(tcp);
    assert_eq!(waits_until(&mut stub, seconds(1)), seconds(7));
    let (tcp, _, next, _) = sent(&mut stub, seconds(7));
    assert!(!tcp && next == servers(2)[1]);
    // It may still come.
    assert!(stub.wants(stream));
}

/// RFC 6891 7. All attempts after the first go without EDNS too.
#[test]
fn servers_without_edns_are_asked_without_it() {
    type Refuse = fn(&[u8]) -> Vec<u8>;
    let table: &[(&str, Refuse)] = &[
        ("FORMERR", |query| reply(query, FORMERR, &[], &[])),
        ("FORMERR and no question", |query| message(&query[..2], FORMERR, &[], &[], &[])),
        ("FORMERR and rubbish", |query| {
            [&reply(query, FORMERR, &[], &[("x", OPT, 0, vec![1])])[..30], &[1]].concat()
        }),
        ("NOTIMP", |query| reply(query, NOTIMP, &[], &[])),
        ("BADVERS", |query| {
            let mut bytes = reply(query, OK, &[], &[]);
            bytes[11] = 1;
            // The upper eight bits of the rcode are in the OPT record's TTL.
            bytes.extend([0, 0, 41, 4, 208, 1, 0, 0, 0, 0, 0]);
            bytes
        }),
    ];
    for (what, refuse) in table {
        let mut stub = asked(2);
        let (_, exchange, server, query) = sent(&mut stub, START);
        assert!(has_edns(&query));
        stub.udp(exchange, server, &refuse(&query));
        let (_, exchange, same, query) = sent(&mut stub, START);
        assert_eq!((same, has_edns(&query)), (server, false), "{what}");
        stub.udp(exchange, same, &refuse(&query));
        // It did not help: the next server.
        let (_, _, next, query) = sent(&mut stub, START);
        assert!(next != server && !has_edns(&query), "{what}");
    }
}

#[test]
fn a_server_that_cannot_help_is_followed_by_the_next_at_once() {
    for flags in [SERVFAIL, REFUSED] {
        let mut stub = asked(2);
        let (_, exchange, server, query) = sent(&mut stub, START);
        // With or without the question.
        stub.udp(exchange, server, &message(&query[..2], flags, &[], &[], &[]));
        let (_, exchange, server, query) = sent(&mut stub, START);
        assert_eq!(server, servers(2)[1]);
        stub.udp(exchange, server, &reply(&query, OK, &[("b.com", MX, 9, mx(1, "x"))], &[]));
        assert_eq!(mx_of(&done(&mut stub, START)), ["1 x"]);
    }
    // When all have said so, that is the answer: nobody is asked twice.
    let mut stub = asked(3);
    for n in 0..3 {
        let (_, exchange, server, query) = sent(&mut stub, START);
        assert_eq!(server, servers(3)[n]);
        stub.udp(exchange, server, &reply(&query, SERVFAIL, &[], &[]));
    }
    assert_eq!(done(&mut stub, START), Answer::serv_fail());
    // One that is silent gets its second chance, one that refused does not.
    let mut stub = asked(2);
    let (_, exchange, server, query) = sent(&mut stub, START);
    stub.udp(exchange, server, &reply(&query, SERVFAIL, &[], &[]));
    for at in [0, 3, 6] {
        assert_eq!(sent(&mut stub, seconds(at)).2, servers(2)[1]);
    }
    assert_eq!(done(&mut stub, seconds(9)), Answer::serv_fail());
}

#[test]
fn silence_is_followed_by_the_next_server_and_in_the_end_by_a_timeout() {
    let mut stub = asked(3);
    for (at, server) in [(0, 0), (3, 1), (6, 2), (9, 0)] {
        let early = seconds(at) + Duration::from_micros(3_000_000 - 1);
        assert_eq!(sent(&mut stub, seconds(at)).2, servers(3)[server]);
        assert_eq!(waits_until(&mut stub, early), seconds(at + 3));
    }
    assert_eq!(done(&mut stub, seconds(12)), Answer::timeout());

    // The deadline is the last word.
    let config = StubConfig {
        servers: servers(1),
        attempts: 100,
        deadline: Duration::from_secs(7),
        ..StubConfig::default()
    };
    let mut stub = self::stub(config);
    stub.query(Question::new("b.com".parse().unwrap(), Kind::Mx), START).unwrap();
    for at in [0, 3, 6] {
        sent(&mut stub, seconds(at));
    }
    assert_eq!(waits_until(&mut stub, seconds(6)), seconds(7));
    assert_eq!(done(&mut stub, seconds(7)), Answer::timeout());
    // One long sleep is no reason to send again what nobody waits for.
    let mut stub = asked(2);
    sent(&mut stub, START);
    assert_eq!(done(&mut stub, seconds(1000)), Answer::timeout());
}

#[test]
fn a_late_answer_is_still_an_answer() {
    let mut stub = asked(2);
    let (_, first, server, query) = sent(&mut stub, START);
    sent(&mut stub, seconds(3));
    stub.udp(first, server, &reply(&query, OK, &[("b.com", MX, 9, mx(1, "x"))], &[]));
    assert_eq!(mx_of(&done(&mut stub, seconds(4))), ["1 x"]);
    assert!(!stub.wants(first));
    // After the end it changes nothing.
    stub.udp(first, server, &reply(&query, OK, &[], &[]));
    stub.failed(first);
    assert_eq!(stub.step(seconds(5)), StubStep::Wait(None));
}

#[test]
fn a_silent_server_is_not_the_first_to_be_asked_the_next_time() {
    let mut stub = asked(2);
    sent(&mut stub, START);
    let (_, exchange, second, query) = sent(&mut stub, seconds(3));
    stub.udp(exchange, second, &reply(&query, OK, &[], &[]));
    done(&mut stub, seconds(3));
    stub.query(Question::new("c.com".parse().unwrap(), Kind::Mx), seconds(4)).unwrap();
    assert_eq!(sent(&mut stub, seconds(4)).2, second);
}

#[test]
fn sockets_that_fail_are_followed_by_the_next_server() {
    let mut stub = asked(2);
    for n in [0, 1, 0, 1] {
        let (_, exchange, server, _) = sent(&mut stub, START);
        assert_eq!(server, servers(2)[n]);
        stub.failed(exchange);
        stub.failed(exchange);
    }
    assert_eq!(done(&mut stub, START), Answer::timeout());
}

#[test]
fn many_questions_at_once_and_no_more() {
    let config = StubConfig { servers: servers(1), max_queries: 3, ..StubConfig::default() };
    let mut stub = stub(config);
    let question = |n: usize| Question::new(format!("n{n}.com").parse().unwrap(), Kind::A);
    let ids: Vec<_> = (0..3).map(|n| stub.query(question(n), START).unwrap()).collect();
    assert_eq!(stub.query(question(3), START), Err(Misuse::TooManyQueries));
    let sent: Vec<Sent> = (0..3).map(|_| sent(&mut stub, START)).collect();
    // Answered in another order, each with its own.
    for n in [2, 0, 1] {
        let (_, exchange, server, query) = &sent[n];
        let owner = ["n0.com", "n1.com", "n2.com"][n];
        stub.udp(
            *exchange,
            *server,
            &reply(query, OK, &[(owner, A, 9, vec![192, 0, 2, n as u8])], &[]),
        );
        // An answer that was not fetched takes room too.
        assert_eq!(stub.query(question(3), START), Err(Misuse::TooManyQueries));
    }
    for n in [2, 0, 1] {
        let StubStep::Done { id, answer } = stub.step(START) else { panic!("not done") };
        assert_eq!(id, ids[n]);
        assert_eq!(answer.records, [Record::A([192, 0, 2, n as u8].into())]);
    }
    assert!(stub.query(question(3), START).is_ok());

    let mut nobody = self::stub(StubConfig::default());
    assert_eq!(nobody.query(question(0), START), Err(Misuse::NoServers));
    assert_eq!(nobody.step(START), StubStep::Wait(None));
}

/// However a server behaves, a question costs a bounded number of messages.
#[test]
fn a_question_costs_a_bounded_number_of_messages() {
    for tcp_too in [false, true] {
        let mut stub = asked(9);
        let mut count = 0;
        loop {
            let (tcp, exchange, server, query) = match stub.step(START) {
                StubStep::SendUdp { exchange, server, bytes } => (false, exchange, server, bytes),
                StubStep::SendTcp { exchange, server, bytes } => {
                    (true, exchange, server, bytes[2..].to_vec())
                }
                StubStep::Wait(_) => panic!("waits"),
                StubStep::Done { .. } => break,
            };
            count += 1;
            match (tcp, has_edns(&query)) {
                (_, true) => stub.udp(exchange, server, &reply(&query, FORMERR, &[], &[])),
                (false, _) if tcp_too => {
                    stub.udp(exchange, server, &reply(&query, OK | TC, &[], &[]))
                }
                (true, _) => stub.tcp(exchange, &framed(&reply(&query, FORMERR, &[], &[]))),
                _ => stub.udp(exchange, server, &reply(&query, SERVFAIL, &[], &[])),
            }
        }
        assert_eq!(count, 1 + 4 * (1 + usize::from(tcp_too)));
    }
}

/// An MX record whose name runs past its data; pointers that go in circles, forward, or nowhere. One
/// peer read past the record, others turned for ever.
#[test]
fn malformed_messages_are_the_servers_fault() {
    let table: &[(&str, Vec<u8>)] = &[
        ("no data", vec![]),
        ("half a preference", vec![0]),
        ("no name", vec![0, 1]),
        ("name past the data", vec![0, 1, 5, b'a']),
        ("name without end", vec![0, 1, 1, b'a']),
        ("pointer to itself", vec![0, 1, 0xc0, 12 + 11 + 17 + 2]),
        ("pointer forward", vec![0, 1, 0xc0, 0xff]),
        ("half a pointer", vec![0, 1, 0xc0]),
        ("reserved label type", vec![0, 1, 0x80, 1, 0]),
        ("octets behind the name", vec![0, 1, 1, b'a', 0, 7]),
    ];
    for (what, data) in table {
        let got = answer(OK, &[("b.com", MX, 9, data.clone())], &[]);
        assert_eq!(got.outcome, Outcome::ServFail, "{what}: {got:?}");
    }
    // A whole message cut anywhere is no shorter answer.
    let whole = |query: &[u8]| {
        reply(query, OK, &[("b.com", MX, 9, mx(1, "x")), ("b.com", MX, 9, mx(2, "y"))], &[])
    };
    let length = whole(&[&[0; 12][..], &name("b.com"), &[0, 15, 0, 1]].concat()).len();
    for cut in 12 + 11..length {
        let got = answered(Kind::Mx, "b.com", false, |query| whole(query)[..cut].to_vec());
        assert_eq!(got.outcome, Outcome::ServFail, "{cut} of {length}");
    }
}
