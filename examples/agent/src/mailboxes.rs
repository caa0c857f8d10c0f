use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The `[mailboxes]` section of a configuration: the Maildir of each address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Mailboxes(BTreeMap<String, PathBuf>);

impl Mailboxes {
    /// The Maildir of an address, and the address as the configuration has it. The local part is compared
    /// exactly, the domain in any case. RFC 5321 2.4
    pub fn find(&self, address: &str) -> Option<(&str, &Path)> {
        let mut known = self.0.iter();
        known.find(|(name, _)| same(name, address)).map(|(name, path)| (&**name, &**path))
    }

    /// Whether an address is in this domain.
    pub fn has_domain(&self, domain: &str) -> bool {
        let mut domains = self.0.keys().filter_map(|name| name.rsplit_once('@'));
        domains.any(|(_, known)| known.eq_ignore_ascii_case(domain))
    }
}

impl<A: Into<String>, P: Into<PathBuf>> FromIterator<(A, P)> for Mailboxes {
    fn from_iter<I: IntoIterator<Item = (A, P)>>(mailboxes: I) -> Self {
        Self(mailboxes.into_iter().map(|(address, path)| (address.into(), path.into())).collect())
    }
}

fn same(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((l1, d1)), Some((l2, d2))) => l1 == l2 && d1.eq_ignore_ascii_case(d2),
        (None, None) => one.eq_ignore_ascii_case(other), // the postmaster, RFC 5321 4.5.1
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_found_in_any_case() {
        let known = [("bea@b.com", "/bea"), ("Postmaster", "/post")];
        let mailboxes: Mailboxes = known.into_iter().collect();
        let find = |address| mailboxes.find(address).map(|(name, _)| name);
        assert_eq!(find("bea@B.COM"), Some("bea@b.com"));
        assert_eq!(find("postmaster"), Some("Postmaster"));
        for unknown in ["Bea@b.com", "bea", "bea@a.org", "@b.com", "", "../bea@b.com"] {
            assert_eq!(find(unknown), None, "{unknown}");
        }
    }
}
