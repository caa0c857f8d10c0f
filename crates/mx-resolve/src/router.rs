mod host;
mod mx;

use crate::{
    Answer, Error, Host, Kind, Misuse, Name, NameError, Note, Outcome, Policy, Question, Route,
    Security, name::literal,
};
use host::Candidate;
use posta_core::Instant;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Finds out where the mail for a domain goes.
///
/// Give it time with [`step`](Self::step), and what it asks for with [`answer`](Self::answer), in any
/// order: it asks all that it can at once. It always ends, after [`Limits::max_asks`] questions and
/// [`Limits::deadline`] at the latest. The front page of this crate has a whole run.
///
/// [`Limits::max_asks`]: crate::Limits::max_asks
/// [`Limits::deadline`]: crate::Limits::deadline
#[derive(Debug)]
pub struct Router {
    policy: Arc<Policy>,
    random: u64,
    /// The name whose MX records count, and the ones that were aliases of it.
    domain: Name,
    seen: Vec<Name>,
    /// Best first.
    hosts: Vec<Candidate>,
    implicit: bool,
    security: Security,
    ttl: Duration,
    notes: Vec<Note>,
    /// Not given out yet.
    asks: VecDeque<Ask>,
    /// Not answered yet.
    open: BTreeMap<AskId, Want>,
    asked: u64,
    deadline: Option<Instant>,
    done: Option<Result<Route, Error>>,
}

/// What a [`Router`] needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Ask this, and go on: more may be asked before this is answered.
    Ask(Ask),
    /// Nothing to do before an answer comes, or this moment.
    Wait(Instant),
    /// The end. Every further step says the same.
    Done(Result<Route, Error>),
}

/// A question to pass on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// To be given back with the answer.
    pub id: AskId,
    /// What to ask the DNS.
    pub question: Question,
}

/// Which question of a [`Router`] an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(u64);

#[derive(Debug)]
enum Want {
    Mx,
    /// An address of one of the hosts; `seen` are its names so far, against circles.
    Address {
        host: usize,
        kind: Kind,
        seen: Vec<Name>,
    },
}

impl Router {
    /// Starts on what stands behind the `@` of an address: a domain, or an address literal in its
    /// brackets. `seed` orders MX hosts of equal preference; draw it at random for each router.
    pub fn new(destination: &str, policy: Arc<Policy>, seed: u64) -> Self {
        let mut router = Self {
            policy,
            random: seed,
            domain: Name::root(),
            seen: Vec::new(),
            hosts: Vec::new(),
            implicit: false,
            security: Security::Secure,
            ttl: Duration::MAX,
            notes: Vec::new(),
            asks: VecDeque::new(),
            open: BTreeMap::new(),
            asked: 0,
            deadline: None,
            done: None,
        };
        if destination.starts_with('[') {
            router.done = Some(router.direct(destination));
            return router;
        }
        match Name::parse(destination) {
            // RFC 5321 4.1.2: a Domain has one label at least.
            Ok(name) if name.is_root() => router.end(Err(NameError::Empty.into())),
            Ok(name) => {
                router.domain = name.clone();
                router.seen.push(name.clone());
                router.ask(Question::new(name, Kind::Mx), Want::Mx);
            }
            Err(error) => router.end(Err(error.into())),
        }
        router
    }

    /// Says what is needed next. The first call starts the clock.
    pub fn step(&mut self, now: Instant) -> Step {
        let deadline = *self.deadline.get_or_insert(now + self.policy.limits.deadline);
        if self.done.is_none() && now >= deadline {
            self.give_up();
        }
        if let Some(done) = &self.done {
            return Step::Done(done.clone());
        }
        self.asks.pop_front().map_or(Step::Wait(deadline), Step::Ask)
    }

    /// Takes the answer to a question. One that comes after the end changes nothing.
    ///
    /// # Errors
    /// [`Misuse::NotAsked`] if `id` is no open question.
    pub fn answer(&mut self, id: AskId, answer: Answer) -> Result<(), Misuse> {
        if self.done.is_some() {
            return Ok(());
        }
        let want = self.open.remove(&id).ok_or(Misuse::NotAsked)?;
        self.take(want, answer);
        self.end_if_idle();
        Ok(())
    }

    fn take(&mut self, want: Want, answer: Answer) {
        match want {
            Want::Mx => {
                if let Err(error) = self.mx(answer) {
                    self.end(Err(error));
                }
            }
            Want::Address { host, kind, seen } => self.address(host, kind, seen, answer),
        }
    }

    /// The deadline: what is open will not be answered any more. A timeout asks nothing new.
    fn give_up(&mut self) {
        for (_, want) in std::mem::take(&mut self.open) {
            self.take(want, Answer::timeout());
        }
        self.end_if_idle();
    }

    fn end_if_idle(&mut self) {
        if self.open.is_empty() && self.done.is_none() {
            let route = self.finish();
            self.end(route);
        }
    }

    fn end(&mut self, end: Result<Route, Error>) {
        self.asks.clear();
        self.done = Some(end);
    }

    /// Asks, if the limit allows; the first question always may be asked.
    fn ask(&mut self, question: Question, want: Want) -> bool {
        if self.asked >= self.policy.limits.max_asks.max(1) as u64 {
            return false;
        }
        let id = AskId(self.asked);
        self.asked += 1;
        self.asks.push_back(Ask { id, question });
        self.open.insert(id, want);
        true
    }

    fn note(&mut self, note: Note) {
        if self.notes.len() < self.policy.limits.max_notes {
            self.notes.push(note);
        }
    }

    /// RFC 5321 4.1.3: an address literal bypasses the DNS.
    fn direct(&self, destination: &str) -> Result<Route, Error> {
        let address = literal(destination).ok_or(Error::BadLiteral)?;
        if self.policy.is_own_address(address) {
            return Err(Error::Loop(format!("[{address}]")));
        }
        if !self.policy.reach.allows(address) {
            return Err(Error::OutOfReach(format!("[{address}]")));
        }
        Ok(Route {
            domain: None,
            hosts: vec![Host {
                name: None,
                canonical: None,
                preference: 0,
                addresses: vec![address],
                security: Security::Secure,
            }],
            implicit: false,
            security: Security::Secure,
            ttl: Duration::MAX,
            notes: Vec::new(),
        })
    }
}

/// Goes along a chain of aliases and returns its end, if there is one.
fn follow(seen: &mut Vec<Name>, aliases: &[Name], max: usize) -> Result<Option<Name>, Error> {
    for alias in aliases {
        if seen.contains(alias) {
            return Err(Error::AliasLoop(alias.clone()));
        }
        if seen.len() > max {
            return Err(Error::TooManyAliases(seen.swap_remove(0)));
        }
        seen.push(alias.clone());
    }
    Ok(aliases.last().cloned())
}

fn failed(name: &Name, answer: &Answer) -> Error {
    let outcome =
        if answer.outcome == Outcome::Timeout { Outcome::Timeout } else { Outcome::ServFail };
    Error::Lookup { name: name.clone(), outcome, security: answer.security }
}
