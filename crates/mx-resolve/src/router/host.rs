//! From the hosts to their addresses, and to the route.

use super::{Router, Want, follow};
use crate::{
    Answer, Error, Host, Kind, Name, Note, Outcome, Policy, Question, Record, Route, Security,
};
use std::{collections::BTreeSet, net::IpAddr, time::Duration};

/// An MX host while its addresses are looked up.
#[derive(Debug)]
pub(super) struct Candidate {
    name: Name,
    canonical: Option<Name>,
    preference: u16,
    v4: Vec<IpAddr>,
    v6: Vec<IpAddr>,
    security: Security,
    /// A lookup that told nothing: how it ended.
    failed: Option<(Outcome, Security)>,
    /// Whether a lookup said anything else than that there is no such name.
    exists: bool,
}

impl Router {
    pub(super) fn ask_address(&mut self, host: usize, question: Question, seen: Vec<Name>) {
        let want = Want::Address { host, kind: question.kind, seen };
        if !self.ask(question, want)
            && let Some(host) = self.hosts.get_mut(host)
        {
            host.failed = Some((Outcome::Timeout, Security::Unknown));
        }
    }

    pub(super) fn address(
        &mut self,
        index: usize,
        kind: Kind,
        mut seen: Vec<Name>,
        answer: Answer,
    ) {
        let max = self.policy.limits.max_aliases;
        let Some(host) = self.hosts.get_mut(index) else { return };
        let unknown = matches!(answer.outcome, Outcome::ServFail | Outcome::Timeout);
        // An alias here is a mistake of theirs (RFC 2181 10.3); one that leads nowhere is no address.
        let Ok(alias) = follow(&mut seen, &answer.aliases, max) else {
            host.exists = true;
            return;
        };
        if unknown || answer.security == Security::Bogus {
            host.failed = Some((answer.outcome, answer.security));
            return;
        }
        self.ttl = self.ttl.min(answer.ttl);
        if let Some(alias) = &alias {
            host.canonical = Some(alias.clone());
        }
        if answer.outcome == Outcome::NxDomain {
            return;
        }
        host.exists = true;
        if answer.outcome == Outcome::Found {
            host.found(&answer);
        } else if let Some(alias) = alias {
            host.security = host.security.and(answer.security);
            self.ask_address(index, Question::new(alias, kind), seen);
        }
    }

    /// RFC 5321 5.1, second half: what is left of the hosts once their addresses are known.
    pub(super) fn finish(&mut self) -> Result<Route, Error> {
        let mut hosts = std::mem::take(&mut self.hosts);
        let own = hosts.iter().find(|host| host.is_own(&self.policy));
        if let Some((preference, name)) = own.map(|host| (host.preference, host.name.clone())) {
            hosts.retain(|host| host.preference < preference);
            self.cut(name, preference, hosts.is_empty())?;
        }
        let mut routed = Vec::with_capacity(hosts.len());
        let (mut failure, mut exists, mut out_of_reach) = (None, false, false);
        for host in hosts {
            exists |= host.exists;
            if let Some((outcome, security)) = host.failed {
                let name = host.name.clone();
                self.note(Note::LookupFailed(name.clone()));
                failure.get_or_insert(Error::Lookup { name, outcome, security });
            } else if host.v4.is_empty() && host.v6.is_empty() {
                self.note(Note::NoAddress(host.name.clone()));
            }
            out_of_reach |= !(host.v4.is_empty() && host.v6.is_empty());
            routed.extend(self.host(host));
        }
        let domain = self.domain.clone();
        if routed.is_empty() {
            return Err(match failure {
                Some(failure) => failure,
                None if out_of_reach => Error::OutOfReach(domain.to_string()),
                // No MX records, and then no such name: the second answer is the newer one.
                None if self.implicit && !exists => Error::NoDomain(domain),
                None => Error::NoAddress(domain),
            });
        }
        Ok(Route {
            domain: Some(domain),
            hosts: routed,
            implicit: self.implicit,
            security: self.security,
            // What is not known for sure must not be kept.
            ttl: if failure.is_some() { Duration::ZERO } else { self.ttl },
            notes: std::mem::take(&mut self.notes),
        })
    }

    /// The host with the addresses to try; `None` without any.
    fn host(&mut self, host: Candidate) -> Option<Host> {
        let Candidate { name, canonical, preference, v4, v6, security, .. } = host;
        if let Some(canonical) = canonical.clone() {
            self.note(Note::AliasTarget { host: name.clone(), canonical });
        }
        let mut known = BTreeSet::new();
        let mut addresses = Vec::new();
        for address in self.policy.families.order(v4, v6) {
            if !known.insert(address) {
                continue;
            }
            if self.policy.reach.allows(address) {
                addresses.push(address);
            } else {
                self.note(Note::OutOfReach(name.clone(), address));
            }
        }
        let max = self.policy.limits.max_addresses.max(1);
        if addresses.len() > max {
            self.note(Note::AddressesLeftOut(name.clone(), addresses.len() - max));
            addresses.truncate(max);
        }
        let name = Some(name);
        (!addresses.is_empty()).then_some(Host { name, canonical, preference, addresses, security })
    }
}

impl Candidate {
    pub(super) fn new(name: Name, preference: u16) -> Self {
        Self {
            name,
            canonical: None,
            preference,
            v4: Vec::new(),
            v6: Vec::new(),
            security: Security::Secure,
            failed: None,
            exists: false,
        }
    }

    fn found(&mut self, answer: &Answer) {
        let before = self.v4.len() + self.v6.len();
        for record in &answer.records {
            match record {
                Record::A(v4) => self.v4.push((*v4).into()),
                Record::Aaaa(v6) => self.v6.push(IpAddr::from(*v6).to_canonical()),
                _ => {}
            }
        }
        if self.v4.len() + self.v6.len() == before {
            self.failed = Some((Outcome::ServFail, answer.security));
        }
        self.security = self.security.and(answer.security);
    }

    /// "any of the names or addresses by which it might be known in mail transactions"
    fn is_own(&self, policy: &Policy) -> bool {
        self.canonical.as_ref().is_some_and(|name| policy.is_own_name(name))
            || self.v4.iter().chain(&self.v6).any(|address| policy.is_own_address(*address))
    }
}
