//! What the cache keeps, for how long, and how much of it.
#![allow(clippy::unwrap_used)]

use mx_resolve::{Answer, Cache, CacheLimits, Kind, Outcome, Question, Record, Security};
use posta_core::Instant;
use std::time::Duration;

const START: Instant = Instant::ORIGIN;
const HOUR: Duration = Duration::from_secs(3600);

fn question(name: &str, kind: Kind) -> Question {
    Question::new(name.parse().unwrap(), kind)
}

fn found(n: u8, ttl: Duration) -> Answer {
    Answer::found(vec![Record::A([192, 0, 2, n].into())], ttl)
}

#[test]
fn answers_are_kept_for_their_ttl() {
    let mut cache = Cache::new(CacheLimits::default());
    let b = question("b.com", Kind::A);
    cache.put(&b, &found(1, HOUR), START);
    let last = START + (HOUR - Duration::from_micros(1));
    assert_eq!(cache.get(&b, START), Some(found(1, HOUR)));
    assert_eq!(cache.get(&question("B.COM.", Kind::A), START), Some(found(1, HOUR)));
    assert_eq!(cache.get(&b, last), Some(found(1, Duration::from_micros(1))));
    assert_eq!(cache.get(&question("b.com", Kind::Aaaa), START), None);
    assert_eq!(cache.get(&question("c.com", Kind::A), START), None);
    assert_eq!(cache.get(&b, START + HOUR), None);
    assert!(cache.is_empty() && cache.octets() == 0);
}

#[test]
fn newer_answers_replace_older_ones() {
    let mut cache = Cache::new(CacheLimits::default());
    let b = question("b.com", Kind::A);
    let octets = |cache: &Cache| (cache.len(), cache.octets());
    cache.put(&b, &found(1, HOUR), START);
    let once = octets(&cache);
    cache.put(&b, &found(2, HOUR), START);
    assert_eq!(octets(&cache), once);
    assert_eq!(cache.get(&b, START), Some(found(2, HOUR)));
    // One that may not be kept takes the old one away: it is no longer true.
    cache.put(&b, &found(3, Duration::ZERO), START);
    assert_eq!((cache.get(&b, START), octets(&cache)), (None, (0, 0)));
}

/// RFC 2308 5: a name that does not exist has no records of any kind.
#[test]
fn absence_is_kept_by_kind_and_by_name() {
    let mut cache = Cache::new(CacheLimits::default());
    let (a, mx) = (question("b.com", Kind::A), question("b.com", Kind::Mx));
    let no_data = Answer { ttl: HOUR, ..Answer::no_data() };
    let missing = Answer { ttl: HOUR, ..Answer::nx_domain() };
    cache.put(&mx, &no_data, START);
    assert_eq!((cache.get(&mx, START), cache.get(&a, START)), (Some(no_data.clone()), None));

    let mut cache = Cache::new(CacheLimits::default());
    cache.put(&mx, &missing, START);
    assert_eq!(cache.get(&mx, START), Some(missing.clone()));
    assert_eq!(cache.get(&a, START), Some(missing.clone()));
    assert_eq!(cache.get(&question("x.b.com", Kind::A), START), None);
    // It has come into being.
    cache.put(&a, &found(1, HOUR), START);
    assert_eq!((cache.get(&a, START), cache.get(&mx, START)), (Some(found(1, HOUR)), None));

    // It is gone again.
    cache.put(&a, &missing, START);
    assert_eq!((cache.get(&a, START), cache.len()), (Some(missing.clone()), 1));

    // The end of an alias is missing, not the alias.
    let mut cache = Cache::new(CacheLimits::default());
    let dangling = Answer { aliases: vec!["c.com".parse().unwrap()], ..missing };
    cache.put(&mx, &dangling, START);
    assert_eq!((cache.get(&mx, START), cache.get(&a, START)), (Some(dangling), None));
}

#[test]
fn failures_and_forgeries_are_not_kept() {
    let b = question("b.com", Kind::A);
    let table = [
        Answer { ttl: HOUR, ..Answer::serv_fail() },
        Answer { ttl: HOUR, ..Answer::timeout() },
        Answer { security: Security::Bogus, ..found(1, HOUR) },
        Answer { security: Security::Bogus, ttl: HOUR, ..Answer::nx_domain() },
        found(1, Duration::ZERO),
        Answer::no_data(),
    ];
    for answer in table {
        let mut cache = Cache::new(CacheLimits::default());
        cache.put(&b, &answer, START);
        assert_eq!((cache.get(&b, START), cache.len()), (None, 0), "{answer:?}");
    }
    // A failure is no reason to forget what is still true.
    let mut cache = Cache::new(CacheLimits::default());
    cache.put(&b, &found(1, HOUR), START);
    cache.put(&b, &Answer::serv_fail(), START);
    assert_eq!(cache.get(&b, START), Some(found(1, HOUR)));
}

#[test]
fn nothing_is_kept_for_ever() {
    let limits = CacheLimits::default();
    let b = question("b.com", Kind::A);
    for outcome in [Outcome::Found, Outcome::NoData, Outcome::NxDomain] {
        let max = if outcome == Outcome::Found { limits.max_ttl } else { limits.max_negative_ttl };
        let mut cache = Cache::new(limits);
        cache.put(&b, &Answer { outcome, ..found(1, Duration::MAX) }, START);
        assert_eq!(cache.get(&b, START).unwrap().ttl, max, "{outcome:?}");
        assert_eq!(cache.get(&b, START + max), None);
    }
}

#[test]
fn what_expires_first_goes_first() {
    let mut cache = Cache::new(CacheLimits { entries: 3, ..CacheLimits::default() });
    for (name, hours) in [("a.com", 3), ("b.com", 1), ("c.com", 2), ("d.com", 4)] {
        cache.put(&question(name, Kind::A), &found(1, hours * HOUR), START);
    }
    let kept = ["a.com", "b.com", "c.com", "d.com"]
        .map(|name| cache.get(&question(name, Kind::A), START).is_some());
    assert_eq!(kept, [true, false, true, true]);
    let mut none = Cache::new(CacheLimits { entries: 0, ..CacheLimits::default() });
    none.put(&question("b.com", Kind::A), &found(1, HOUR), START);
    assert!(none.is_empty());
}

/// A stranger's zone decides what is asked and how large the answers are, but not how much is kept.
#[test]
fn memory_is_bounded() {
    let limits = CacheLimits { entries: 100, octets: 10_000, ..CacheLimits::default() };
    let mut cache = Cache::new(limits);
    for n in 0..5000 {
        let text = Answer::found(vec![Record::Txt(vec![b'x'; n % 3000])], HOUR);
        cache.put(&question(&format!("n{n}.com"), Kind::Txt), &text, START);
        assert!(cache.len() <= limits.entries && cache.octets() <= limits.octets);
    }
    assert!(!cache.is_empty());
    let before = cache.len();
    let huge = Answer::found(vec![Record::Txt(vec![b'x'; 10_000])], HOUR);
    cache.put(&question("huge.com", Kind::Txt), &huge, START);
    assert_eq!(cache.len(), before, "one that does not fit pushes nothing out");
}
