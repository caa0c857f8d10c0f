//! From the MX records to the hosts.

use super::{Candidate, Router, Want, failed, follow};
use crate::{Answer, Error, Kind, Name, Note, Outcome, Question, Record, Security};
use std::collections::BTreeSet;

impl Router {
    /// RFC 5321 5.1, first half: the MX records of the domain, or their absence.
    pub(super) fn mx(&mut self, answer: Answer) -> Result<(), Error> {
        if answer.security == Security::Bogus {
            return Err(failed(&self.domain, &answer));
        }
        // "If a CNAME record is found, the resulting name is processed as if it were the initial name."
        let aliased = follow(&mut self.seen, &answer.aliases, self.policy.limits.max_aliases)?;
        if let Some(name) = aliased {
            self.domain = name;
        }
        self.security = self.security.and(answer.security);
        self.ttl = self.ttl.min(answer.ttl);
        match answer.outcome {
            // "If a temporary error is returned, the message MUST be queued and retried later."
            Outcome::ServFail | Outcome::Timeout => Err(failed(&self.domain, &answer)),
            // "If a non-existent domain error is returned, this situation MUST be reported as an error."
            Outcome::NxDomain => Err(Error::NoDomain(self.domain.clone())),
            // An alias of the root is an alias of no host.
            Outcome::NoData if self.domain.is_root() => {
                Err(Error::NoAddress(self.seen.swap_remove(0)))
            }
            Outcome::NoData if !answer.aliases.is_empty() => {
                let question = Question::new(self.domain.clone(), Kind::Mx);
                let asked = self.ask(question, Want::Mx);
                asked.then_some(()).ok_or_else(|| Error::TooManyAliases(self.domain.clone()))
            }
            // "If an empty list of MXs is returned, the address is treated as if it was associated with
            // an implicit MX RR, with a preference of 0, pointing to that host."
            Outcome::NoData => {
                self.implicit = true;
                self.look_up(vec![(0, self.domain.clone())])
            }
            Outcome::Found => {
                let hosts = self.exchanges(&answer)?;
                self.look_up(hosts)
            }
        }
    }

    /// The names in the MX records, in the order in which they are to be tried.
    fn exchanges(&mut self, answer: &Answer) -> Result<Vec<(u16, Name)>, Error> {
        let mut hosts = Vec::new();
        let (mut records, mut nulls) = (0, 0);
        for record in &answer.records {
            match record {
                Record::Mx { exchange, .. } if exchange.is_root() => nulls += 1,
                Record::Mx { exchange, .. } if exchange.is_address_text() => {
                    self.note(Note::AddressTarget(exchange.clone()));
                }
                Record::Mx { preference, exchange } => hosts.push((*preference, exchange.clone())),
                Record::Unusable(text) => self.note(Note::UnusableTarget(text.clone())),
                _ => continue,
            }
            records += 1;
        }
        if records == 0 {
            return Err(failed(&self.domain, answer));
        }
        // RFC 7505 3. Whoever writes a null MX with a preference other than 0 means the same.
        if nulls == records {
            return Err(Error::NullMx(self.domain.clone()));
        }
        if nulls > 0 {
            self.note(Note::NullMxAmongOthers);
        }
        // "the sender-SMTP MUST randomize them to spread the load": shuffle all, then sort stably.
        for end in (1..hosts.len()).rev() {
            let other = self.below(end + 1);
            hosts.swap(end, other);
        }
        hosts.sort_by_key(|(preference, _)| *preference);
        let mut known = BTreeSet::new();
        hosts.retain(|(_, name)| known.insert(name.clone()));
        if hosts.is_empty() {
            // "If MX records are present, but none of them are usable, this situation MUST be reported":
            // the addresses of the domain itself are no way out.
            return Err(Error::UnusableMx(self.domain.clone()));
        }
        Ok(hosts)
    }

    /// Asks for the addresses of the hosts.
    fn look_up(&mut self, mut hosts: Vec<(u16, Name)>) -> Result<(), Error> {
        let own = hosts.iter().find(|(_, name)| self.policy.is_own_name(name)).cloned();
        if let Some((preference, host)) = own {
            hosts.retain(|(other, _)| *other < preference);
            self.cut(host, preference, hosts.is_empty())?;
        }
        let max = self.policy.limits.max_mx.max(1);
        if hosts.len() > max {
            self.note(Note::HostsLeftOut(hosts.len() - max));
            hosts.truncate(max);
        }
        for (preference, name) in hosts {
            let host = self.hosts.len();
            self.hosts.push(Candidate::new(name.clone(), preference));
            let families = self.policy.families;
            for (kind, wanted) in [(Kind::Aaaa, families.v6()), (Kind::A, families.v4())] {
                if wanted {
                    let question = Question::new(name.clone(), kind);
                    self.ask_address(host, question, vec![name.clone()]);
                }
            }
        }
        Ok(())
    }

    /// RFC 5321 5.1: "If a matching record is found, all records at that preference level and
    /// higher-numbered ones MUST be discarded from consideration. If there are no records left at that
    /// point, it is an error condition, and the message MUST be returned as undeliverable."
    pub(super) fn cut(
        &mut self,
        host: Name,
        preference: u16,
        nothing_left: bool,
    ) -> Result<(), Error> {
        if nothing_left {
            return Err(Error::Loop(self.domain.to_string()));
        }
        self.note(Note::OwnHost { host, preference });
        Ok(())
    }

    /// A number below `n`, from the seed (splitmix64; the bias of the remainder does not matter here).
    fn below(&mut self, n: usize) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n.max(1) as u64) as usize
    }
}
