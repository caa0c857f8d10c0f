use crate::{Answer, Kind, Name, Outcome, Question, Record, Security};
use posta_core::Instant;
use std::{collections::BTreeMap, time::Duration};

/// How much a [`Cache`] keeps, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// The most answers: 4,096.
    pub entries: usize,
    /// The most octets of names and data in all: 4 MiB.
    pub octets: usize,
    /// The longest that records are kept: a day.
    pub max_ttl: Duration,
    /// The longest that the absence of records is kept: three hours (RFC 2308 5).
    pub max_negative_ttl: Duration,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self {
            entries: 4096,
            octets: 4 << 20,
            max_ttl: Duration::from_secs(24 * 3600),
            max_negative_ttl: Duration::from_secs(3 * 3600),
        }
    }
}

/// Answers, kept for as long as they may be.
///
/// Failures, timeouts and bogus answers are never kept. When it is full, what would expire first goes.
///
/// ```
/// use mx_resolve::{Answer, Cache, CacheLimits, Kind, Question, Record};
/// use posta_core::Instant;
/// use std::time::Duration;
///
/// let mut cache = Cache::new(CacheLimits::default());
/// let question = Question::new("mx1.b.com".parse()?, Kind::A);
/// let found = Answer::found(vec![Record::A([192, 0, 2, 1].into())], Duration::from_secs(60));
/// let start = Instant::ORIGIN;
/// cache.put(&question, &found, start);
///
/// let later = cache.get(&question, start + Duration::from_secs(40)).ok_or("not there")?;
/// assert_eq!(later.ttl, Duration::from_secs(20));
/// assert_eq!(cache.get(&question, start + Duration::from_secs(60)), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Cache {
    limits: CacheLimits,
    entries: BTreeMap<Key, Entry>,
    /// By expiry; the number makes equal moments distinct.
    expiry: BTreeMap<(Instant, u64), Key>,
    octets: usize,
    next: u64,
}

/// What an answer holds for: a name that does not exist has no records of any kind.
type Key = (Name, Option<Kind>);

#[derive(Debug)]
struct Entry {
    answer: Answer,
    expires: (Instant, u64),
    octets: usize,
}

impl Cache {
    /// An empty cache.
    pub fn new(limits: CacheLimits) -> Self {
        let (entries, expiry) = (BTreeMap::new(), BTreeMap::new());
        Self { limits, entries, expiry, octets: 0, next: 0 }
    }

    /// The answer to a question, if it is known; its TTL is what is left of it.
    pub fn get(&mut self, question: &Question, now: Instant) -> Option<Answer> {
        let exact = (question.name.clone(), Some(question.kind));
        let missing = (question.name.clone(), None);
        for key in [exact, missing] {
            let Some(entry) = self.entries.get(&key) else { continue };
            let left = entry.expires.0 - now;
            if left > Duration::ZERO {
                return Some(Answer { ttl: left, ..entry.answer.clone() });
            }
            self.remove(&key);
        }
        None
    }

    /// Keeps an answer, if it may be kept, instead of what was known before.
    pub fn put(&mut self, question: &Question, answer: &Answer, now: Instant) {
        let max = match answer.outcome {
            Outcome::Found => self.limits.max_ttl,
            Outcome::NoData | Outcome::NxDomain => self.limits.max_negative_ttl,
            Outcome::ServFail | Outcome::Timeout => return,
        };
        if answer.security == Security::Bogus {
            return;
        }
        // RFC 2308 5: no such name holds for all kinds, no such data for one. At the end of an alias the
        // name itself exists, and its CNAME may be asked for.
        let whole = answer.outcome == Outcome::NxDomain && answer.aliases.is_empty();
        let exact = (question.name.clone(), Some(question.kind));
        let missing = (question.name.clone(), None);
        self.remove(&exact);
        self.remove(&missing);
        let key = if whole { missing } else { exact };
        let octets = size(&key.0, answer);
        let ttl = answer.ttl.min(max);
        if ttl == Duration::ZERO || octets > self.limits.octets || self.limits.entries == 0 {
            return;
        }
        while self.entries.len() >= self.limits.entries || self.octets + octets > self.limits.octets
        {
            let Some((_, oldest)) = self.expiry.first_key_value() else { break };
            let oldest = oldest.clone();
            self.remove(&oldest);
        }
        let expires = (now + ttl, self.next);
        self.next += 1;
        self.octets += octets;
        self.expiry.insert(expires, key.clone());
        self.entries.insert(key, Entry { answer: answer.clone(), expires, octets });
    }

    /// How many answers are kept, expired ones among them.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The octets of names and data kept.
    pub fn octets(&self) -> usize {
        self.octets
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.expiry.remove(&entry.expires);
            self.octets -= entry.octets;
        }
    }
}

/// What an entry costs: its text and data, and each value by its own size.
fn size(name: &Name, answer: &Answer) -> usize {
    let data = answer.records.iter().map(|record| {
        size_of::<Record>()
            + match record {
                Record::A(_) | Record::Aaaa(_) => 0,
                Record::Mx { exchange: name, .. } | Record::Cname(name) | Record::Ptr(name) => {
                    name.as_str().len()
                }
                Record::Txt(text) => text.len(),
                Record::Tlsa(tlsa) => tlsa.data.len(),
                Record::Unusable(text) => text.len(),
            }
    });
    let aliases = answer.aliases.iter().map(|name| size_of::<Name>() + name.as_str().len());
    // The name is in both indexes.
    let key = 2 * (size_of::<Key>() + name.as_str().len());
    key + size_of::<Entry>() + data.chain(aliases).sum::<usize>()
}
