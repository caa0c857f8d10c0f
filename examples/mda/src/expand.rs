//! From the address on an envelope to those who get the message.

use crate::aliases::Aliases;
use agent::Mailboxes;
use std::{collections::HashSet, path::PathBuf};

/// How far aliases may lead to aliases.
const MAX_DEPTH: usize = 10;

/// The most that one address may stand for.
const MAX_RESULTS: usize = 1000;

/// Who is who on this host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    pub(crate) mailboxes: Mailboxes,
    pub(crate) aliases: Aliases,
    pub(crate) delimiter: Option<char>,
}

/// Someone who gets the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A Maildir here, and the address that it belongs to.
    Mailbox(String, PathBuf),
    /// An address elsewhere.
    Elsewhere(String),
}

/// All who get a message for one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expansion {
    pub(crate) destinations: Vec<Destination>,
    /// Who is told when a message cannot be passed on, if not its sender: the `owner-` of an alias.
    pub(crate) owner: Option<String>,
}

/// Why an address stands for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// Nobody here has this address.
    #[error("no such mailbox here")]
    Unknown,
    /// Aliases lead to aliases more than ten times.
    #[error("aliases lead to aliases more than {MAX_DEPTH} times")]
    TooDeep,
    /// It stands for more than a thousand.
    #[error("this address stands for more than {MAX_RESULTS}")]
    TooMany,
}

impl Directory {
    /// All who get a message for this address.
    pub(crate) fn expand(&self, address: &str) -> Result<Expansion, ExpandError> {
        let mut walk = Walk { directory: self, seen: HashSet::new(), found: Vec::new() };
        walk.follow(address, 0)?;
        if walk.found.is_empty() {
            return Err(ExpandError::Unknown);
        }
        Ok(Expansion { destinations: walk.found, owner: self.owner(address) })
    }

    /// The names under which an address may be known, the most particular one first.
    fn names(&self, address: &str) -> Vec<String> {
        let mut names = vec![address.to_owned()];
        if let Some((local, domain)) = address.rsplit_once('@')
            && let Some((user, _)) =
                self.delimiter.and_then(|delimiter| local.split_once(delimiter))
            && !user.is_empty()
        {
            names.push(format!("{user}@{domain}"));
        }
        names
    }

    /// What an alias stands for: of this address, or of its local part if the domain is ours.
    fn alias(&self, address: &str) -> Option<&[String]> {
        match address.rsplit_once('@') {
            Some((local, domain)) => {
                let local = || self.aliases.get(local).filter(|_| self.is_ours(domain));
                self.aliases.get(address).or_else(local)
            }
            // RFC 5321 4.5.1: the one name that needs no domain.
            None => {
                self.aliases.get(address).filter(|_| address.eq_ignore_ascii_case("postmaster"))
            }
        }
    }

    fn is_ours(&self, domain: &str) -> bool {
        self.mailboxes.has_domain(domain) || self.aliases.has_domain(domain)
    }

    fn owner(&self, address: &str) -> Option<String> {
        let names = self.names(address);
        let known = |name: &&String| self.alias(&format!("owner-{name}")).is_some();
        names.iter().find(known).map(|name| format!("owner-{name}"))
    }
}

struct Walk<'a> {
    directory: &'a Directory,
    seen: HashSet<String>,
    found: Vec<Destination>,
}

impl Walk<'_> {
    fn follow(&mut self, address: &str, depth: usize) -> Result<(), ExpandError> {
        if depth > MAX_DEPTH {
            return Err(ExpandError::TooDeep);
        }
        let first = self.seen.insert(address.to_lowercase());
        for name in self.directory.names(address) {
            // An alias that leads to itself means the mailbox of that name.
            if let Some(targets) = self.directory.alias(&name).filter(|_| first) {
                return self.follow_all(targets, address, depth);
            }
            if let Some((owner, path)) = self.directory.mailboxes.find(&name) {
                return self.add(Destination::Mailbox(owner.to_owned(), path.to_owned()));
            }
        }
        if !first {
            return Ok(());
        }
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        let all = domain.and_then(|domain| self.directory.aliases.get(&format!("@{domain}")));
        match (all, domain) {
            (Some(targets), _) => self.follow_all(targets, address, depth),
            // Only an alias may lead elsewhere.
            (None, Some(domain)) if depth > 0 && !self.directory.is_ours(domain) => {
                self.add(Destination::Elsewhere(address.to_owned()))
            }
            _ => {
                if depth > 0 {
                    tracing::warn!(address, "an alias leads to nobody");
                }
                Ok(())
            }
        }
    }

    /// Follows the targets of an alias; those without a domain are in that of the address.
    fn follow_all(
        &mut self,
        targets: &[String],
        address: &str,
        depth: usize,
    ) -> Result<(), ExpandError> {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        targets.iter().try_for_each(|target| match domain {
            Some(domain) if !target.contains('@') => {
                self.follow(&format!("{target}@{domain}"), depth + 1)
            }
            _ => self.follow(target, depth + 1),
        })
    }

    fn add(&mut self, destination: Destination) -> Result<(), ExpandError> {
        if !self.found.contains(&destination) {
            self.found.push(destination);
        }
        if self.found.len() > MAX_RESULTS { Err(ExpandError::TooMany) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn directory(aliases: &str) -> Directory {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("aliases");
        fs::write(&path, aliases).expect("written");
        let mailboxes = [("bea@b.com", "/bea"), ("bob@b.com", "/bob")];
        Directory {
            mailboxes: mailboxes.into_iter().collect(),
            aliases: Aliases::read(&path).expect("valid"),
            delimiter: Some('+'),
        }
    }

    fn expand(aliases: &str, address: &str) -> String {
        match directory(aliases).expand(address) {
            Ok(expansion) => {
                let name = |destination: &Destination| match destination {
                    Destination::Mailbox(owner, _) => owner.clone(),
                    Destination::Elsewhere(address) => format!("→{address}"),
                };
                expansion.destinations.iter().map(name).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn addresses() {
        let file = "team: bea, ana@a.org\nposta@b.com: bob\nbob: bob, bea\nloop: pool\npool: loop\n\
                    both: loop, bea\nbad: nobody\nbea+news: bob\nowner-team: bea\n";
        #[rustfmt::skip]
        let table = [
            ("bea@b.com",       "bea@b.com"),
            ("bea@B.COM",       "bea@b.com"),
            ("bea+x@b.com",     "bea@b.com"),
            ("bea+x+y@b.com",   "bea@b.com"),
            ("bea+news@b.com",  "bob@b.com bea@b.com"),
            ("+x@b.com",        "no such mailbox here"),
            ("team@b.com",      "bea@b.com →ana@a.org"),
            ("Team+x@b.com",    "bea@b.com →ana@a.org"),
            ("posta@b.com",     "bob@b.com bea@b.com"),
            ("bob@b.com",       "bob@b.com bea@b.com"),
            ("both@b.com",      "bea@b.com"),
            ("loop@b.com",      "no such mailbox here"),
            ("bad@b.com",       "no such mailbox here"),
            ("nobody@b.com",    "no such mailbox here"),
            ("ana@a.org",       "no such mailbox here"),
            ("team@a.org",      "no such mailbox here"),
            ("team",            "no such mailbox here"),
        ];
        for (address, want) in table {
            assert_eq!(expand(file, address), want, "{address}");
        }
    }

    #[test]
    fn a_catch_all_takes_what_nobody_else_does() {
        let file = "@b.com: bea\n@c.com: ana@a.org\n";
        for (address, want) in [
            ("nobody@b.com", "bea@b.com"),
            ("bob@b.com", "bob@b.com"),
            ("anyone@c.com", "→ana@a.org"),
            ("anyone@d.com", "no such mailbox here"),
        ] {
            assert_eq!(expand(file, address), want, "{address}");
        }
    }

    #[test]
    fn there_is_an_end_to_everything() {
        let chain: String = (0..20).map(|n| format!("a{n}: a{}\n", n + 1)).collect();
        let file = format!("{chain}a20: bea\n");
        assert_eq!(expand(&file, "a11@b.com"), "bea@b.com");
        assert_eq!(expand(&file, "a10@b.com"), "aliases lead to aliases more than 10 times");
        let many: Vec<_> = (0..1001).map(|n| format!("u{n}@a.org")).collect();
        let file = format!("all: {}\nmost: {}\n", many.join(","), many[1..].join(","));
        assert_eq!(expand(&file, "all@b.com"), "this address stands for more than 1000");
        assert!(expand(&file, "most@b.com").starts_with("→u1@a.org →u2@a.org"));
    }

    #[test]
    fn the_owner_hears_of_bounces() {
        let directory = directory("team: bea, ana@a.org\nowner-team: bob\n");
        let owner = |address| directory.expand(address).expect("known").owner;
        assert_eq!(owner("team@b.com").as_deref(), Some("owner-team@b.com"));
        assert_eq!(owner("team+x@b.com").as_deref(), Some("owner-team@b.com"));
        assert_eq!(owner("bea@b.com"), None);
    }
}
