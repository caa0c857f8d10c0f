//! A zone in a few words, and a resolver that answers from it.
#![allow(dead_code, unreachable_pub)]

use mx_resolve::{Answer, Error, Kind, Name, Note, Outcome, Policy, Question};
use mx_resolve::{Record, Route, Router, Security, Step};
use posta_core::Instant;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// How long records hold, and how long their absence does.
pub const TTL: Duration = Duration::from_secs(300);
pub const NEGATIVE_TTL: Duration = Duration::from_secs(60);

/// Records and faults by name, written as `name TYPE data; name TYPE data; …`.
///
/// Beside the types of the DNS there are `EXISTS` (a name without records), and the faults `FAIL`, `SILENT`,
/// `GONE` (no such name, whatever else is said) and `BOGUS` (records with wrong signatures), which hold for
/// the kind that follows, or for all.
#[derive(Debug, Default)]
pub struct Zone(BTreeMap<Name, Vec<Entry>>);

#[derive(Debug)]
enum Entry {
    Record(Kind, Record),
    Fault(Outcome, Security, Option<Kind>),
}

impl Zone {
    pub fn parse(text: &str) -> Self {
        let mut zone = Self::default();
        for line in text.split(';').map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let entry = match words[1..] {
                ["MX", preference, exchange] => Entry::Record(
                    Kind::Mx,
                    match exchange.parse() {
                        Ok(exchange) => {
                            Record::Mx { preference: preference.parse().unwrap(), exchange }
                        }
                        Err(_) => Record::Unusable(exchange.to_owned()),
                    },
                ),
                ["A", v4] => Entry::Record(Kind::A, Record::A(v4.parse().unwrap())),
                ["AAAA", v6] => Entry::Record(Kind::Aaaa, Record::Aaaa(v6.parse().unwrap())),
                ["TXT", text] => Entry::Record(Kind::Txt, Record::Txt(text.into())),
                ["CNAME", to] => Entry::Record(Kind::Cname, Record::Cname(to.parse().unwrap())),
                ["EXISTS"] => Entry::Record(Kind::Txt, Record::Txt(Vec::new())),
                ["FAIL", ref kind @ ..] => fault(Outcome::ServFail, Security::Unknown, kind),
                ["SILENT", ref kind @ ..] => fault(Outcome::Timeout, Security::Unknown, kind),
                ["GONE", ref kind @ ..] => fault(Outcome::NxDomain, Security::Unknown, kind),
                ["BOGUS", ref kind @ ..] => fault(Outcome::Found, Security::Bogus, kind),
                _ => panic!("{line}"),
            };
            zone.0.entry(words[0].parse().unwrap()).or_default().push(entry);
        }
        zone
    }

    /// Answers as a recursive server does, or, if `lazy`, as one that leaves aliases to be followed.
    pub fn answer(&self, question: &Question, lazy: bool) -> Answer {
        let mut name = &question.name;
        let mut aliases: Vec<Name> = Vec::new();
        loop {
            let Some(entries) = self.0.get(name) else {
                return Answer { aliases, ttl: NEGATIVE_TTL, ..Answer::nx_domain() };
            };
            let (mut records, mut alias, mut bogus) = (Vec::new(), None, false);
            for entry in entries {
                match entry {
                    Entry::Fault(outcome, security, kind)
                        if kind.is_none_or(|kind| kind == question.kind) =>
                    {
                        if *security == Security::Bogus {
                            bogus = true;
                            continue;
                        }
                        return Answer { outcome: *outcome, ..Answer::no_data() };
                    }
                    Entry::Record(Kind::Cname, Record::Cname(to)) => alias = Some(to),
                    Entry::Record(kind, record) if *kind == question.kind => {
                        records.push(record.clone());
                    }
                    _ => {}
                }
            }
            let Some(to) = alias else {
                let security = if bogus { Security::Bogus } else { Security::Unknown };
                return if records.is_empty() {
                    Answer { aliases, security, ttl: NEGATIVE_TTL, ..Answer::no_data() }
                } else {
                    Answer { aliases, security, ..Answer::found(records, TTL) }
                };
            };
            let circle = *to == question.name || aliases.contains(to);
            aliases.push(to.clone());
            if lazy {
                return Answer { aliases, ttl: NEGATIVE_TTL, ..Answer::no_data() };
            }
            if circle {
                return Answer { aliases, ..Answer::serv_fail() };
            }
            name = to;
        }
    }
}

fn fault(outcome: Outcome, security: Security, kind: &[&str]) -> Entry {
    let kind = kind.first().map(|kind| match *kind {
        "MX" => Kind::Mx,
        "A" => Kind::A,
        "AAAA" => Kind::Aaaa,
        kind => panic!("{kind}"),
    });
    Entry::Fault(outcome, security, kind)
}

/// Runs a router to its end. What it asks together is answered first in, first out, or the other way
/// round. Returns the questions too.
pub fn run(
    destination: &str,
    policy: &Arc<Policy>,
    seed: u64,
    last_first: bool,
    answer: &mut dyn FnMut(&Question) -> Answer,
) -> (Result<Route, Error>, Vec<Question>) {
    let mut router = Router::new(destination, policy.clone(), seed);
    let mut asks = std::collections::VecDeque::new();
    let mut asked = Vec::new();
    loop {
        match router.step(Instant::ORIGIN) {
            Step::Ask(ask) => {
                asked.push(ask.question.clone());
                asks.push_back(ask);
            }
            Step::Wait(_) => {
                let ask = if last_first { asks.pop_back() } else { asks.pop_front() };
                let ask = ask.expect("waits without having asked");
                router.answer(ask.id, answer(&ask.question)).unwrap();
            }
            Step::Done(end) => return (end, asked),
        }
    }
}

/// Runs a scenario in every way that must not matter, and returns what all of them came to.
pub fn route(destination: &str, zone: &str, policy: &Policy) -> Result<Route, Error> {
    let zone = Zone::parse(zone);
    let policy = Arc::new(policy.clone());
    let mut ends = Vec::new();
    for lazy in [false, true] {
        for last_first in [false, true] {
            let answer = &mut |question: &Question| zone.answer(question, lazy);
            let (end, asked) = run(destination, &policy, 7, last_first, answer);
            assert!(asked.len() <= policy.limits.max_asks, "{destination}: {asked:?}");
            ends.push(end.map(|route| Route { ttl: Duration::ZERO, ..route }));
        }
    }
    let same = ends.windows(2).all(|two| match (&two[0], &two[1]) {
        // Which of the aliases is named is no matter.
        (Err(a), Err(b)) => a.verdict().status == b.verdict().status,
        (a, b) => a == b,
    });
    assert!(same, "{destination}: {ends:#?}");
    ends.remove(0)
}

/// `10 mx1.b.com 192.0.2.1 2001:db8::1; 20 …`, equal preferences in the order of their names; or the
/// reply.
pub fn shown(end: &Result<Route, Error>) -> String {
    let route = match end {
        Ok(route) => route,
        Err(error) => return error.verdict().to_string(),
    };
    let mut hosts = route.hosts.clone();
    assert!(hosts.is_sorted_by_key(|host| host.preference), "{hosts:?}");
    hosts.sort_by(|a, b| (a.preference, &a.name).cmp(&(b.preference, &b.name)));
    let hosts: Vec<String> = hosts
        .iter()
        .map(|host| {
            let name = host.name.as_ref().map_or_else(|| "-".to_owned(), Name::to_string);
            let addresses: String = host.addresses.iter().map(|a| format!(" {a}")).collect();
            format!("{} {name}{addresses}", host.preference)
        })
        .collect();
    format!("{}{}", if route.implicit { "implicit " } else { "" }, hosts.join("; "))
}

pub fn notes(end: &Result<Route, Error>) -> Vec<Note> {
    end.as_ref().map(|route| route.notes.clone()).unwrap_or_default()
}

/// The policy of `relay.a.org` at 192.0.2.99 and 2001:db8::99.
pub fn relay() -> Policy {
    Policy {
        own_names: vec!["relay.a.org".parse().unwrap(), "a.org".parse().unwrap()],
        own_addresses: vec!["192.0.2.99".parse().unwrap(), "2001:db8::99".parse().unwrap()],
        ..Policy::default()
    }
}
