use crate::Name;
use std::{net::IpAddr, time::Duration};

/// What a [`Router`](crate::Router) must know about the host that it runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The names by which this host is known in mail. An MX that points to one of them is cut off,
    /// with every one that is no better (RFC 5321 5.1). Empty by default.
    pub own_names: Vec<Name>,
    /// The addresses of this host, for the same cut. Empty by default.
    pub own_addresses: Vec<IpAddr>,
    /// Which addresses to look up, and in which order to try them.
    pub families: Families,
    /// Which networks mail may be sent to.
    pub reach: Reach,
    /// How much to ask and to keep.
    pub limits: Limits,
}

/// Which address families to use, and in which order. Within a family the order is the resolver's
/// (RFC 5321 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Families {
    /// IPv6 and IPv4 in turns, IPv6 first, so that one family that does not work costs one attempt.
    #[default]
    Interleave,
    /// All IPv4 addresses before all IPv6 addresses.
    V4First,
    /// All IPv6 addresses before all IPv4 addresses.
    V6First,
    /// IPv4 alone: AAAA records are not asked for.
    V4Only,
    /// IPv6 alone: A records are not asked for.
    V6Only,
}

/// Which networks mail may be sent to. The DNS of others decides where we connect, so it must not
/// be able to point at what only we can reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Every address, this host included: for tests and for demonstrations on loopback.
    Any,
    /// No loopback, unspecified, link-local, multicast or broadcast address.
    #[default]
    Private,
    /// Nor one of a private network (RFC 1918, RFC 6598, RFC 4193).
    Public,
}

/// How much a [`Router`](crate::Router) asks and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most MX hosts kept, best first: 16. RFC 5321 5.1 asks for two at least.
    pub max_mx: usize,
    /// The most addresses kept of each host: 8.
    pub max_addresses: usize,
    /// The most CNAMEs followed from one name: 16.
    pub max_aliases: usize,
    /// The most questions asked in all, one at least: 64.
    pub max_asks: usize,
    /// The most [notes](crate::Note) kept: 64.
    pub max_notes: usize,
    /// How long the whole may take; what is not answered by then counts as a timeout: 60 s.
    pub deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_mx: 16,
            max_addresses: 8,
            max_aliases: 16,
            max_asks: 64,
            max_notes: 64,
            deadline: Duration::from_secs(60),
        }
    }
}

impl Policy {
    pub(crate) fn is_own_name(&self, name: &Name) -> bool {
        self.own_names.contains(name)
    }

    pub(crate) fn is_own_address(&self, address: IpAddr) -> bool {
        self.own_addresses.iter().any(|own| own.to_canonical() == address)
    }
}

impl Families {
    pub(crate) fn v4(self) -> bool {
        self != Self::V6Only
    }

    pub(crate) fn v6(self) -> bool {
        self != Self::V4Only
    }

    /// Puts the addresses of a host into the order in which they are to be tried.
    pub(crate) fn order(self, v4: Vec<IpAddr>, v6: Vec<IpAddr>) -> Vec<IpAddr> {
        match self {
            Self::V4First | Self::V4Only => v4.into_iter().chain(v6).collect(),
            Self::V6First | Self::V6Only => v6.into_iter().chain(v4).collect(),
            Self::Interleave => {
                let mut all = Vec::with_capacity(v4.len() + v6.len());
                let (mut v4, mut v6) = (v4.into_iter(), v6.into_iter());
                loop {
                    let turn = [v6.next(), v4.next()];
                    if turn == [None, None] {
                        return all;
                    }
                    all.extend(turn.into_iter().flatten());
                }
            }
        }
    }
}

impl Reach {
    /// Whether mail may go to this address. One written as IPv4 in IPv6 counts as IPv4.
    ///
    /// ```
    /// use mx_resolve::Reach;
    /// assert!(!Reach::Private.allows("::ffff:127.0.0.1".parse()?));
    /// assert!(Reach::Private.allows("10.0.0.1".parse()?));
    /// assert!(!Reach::Public.allows("10.0.0.1".parse()?));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn allows(self, address: IpAddr) -> bool {
        if self == Self::Any {
            return true;
        }
        let (nobody, private) = match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, ..] = v4.octets();
                // RFC 1122 3.2.1.3: 0/8 is this network, 240/4 nobody's.
                let nobody = a == 0 || a == 127 || a >= 224 || v4.is_link_local();
                // RFC 6598 7: 100.64/10 is shared between a provider and its customers.
                (nobody, v4.is_private() || (a == 100 && b & 0xc0 == 64))
            }
            IpAddr::V6(v6) => {
                let site_local = v6.segments()[0] & 0xffc0 == 0xfec0;
                // RFC 4291 2.5: under 0::/16 are loopback, the unspecified address, and old forms of
                // IPv4 in IPv6, none of which is anybody's.
                let nobody =
                    v6.segments()[0] == 0 || v6.is_multicast() || v6.is_unicast_link_local();
                (nobody, v6.is_unique_local() || site_local)
            }
        };
        !(nobody || private && self == Self::Public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches() {
        let table: &[(&str, bool, bool)] = &[
            ("192.0.2.1", true, true),
            ("2001:db8::1", true, true),
            ("100.63.255.255", true, true),
            ("100.64.0.1", true, false),
            ("10.1.2.3", true, false),
            ("172.16.0.1", true, false),
            ("192.168.0.1", true, false),
            ("fd00::1", true, false),
            ("fec0::1", true, false),
            ("::ffff:10.0.0.1", true, false),
            ("127.0.0.1", false, false),
            ("127.255.0.1", false, false),
            ("0.0.0.0", false, false),
            ("0.1.2.3", false, false),
            ("169.254.0.1", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("::", false, false),
            ("::127.0.0.1", false, false),
            ("::ffff:0:127.0.0.1", false, false),
            ("::1", false, false),
            ("fe80::1", false, false),
            ("ff02::1", false, false),
            ("::ffff:127.0.0.1", false, false),
        ];
        for (text, private, public) in table {
            let address = text.parse().expect("an address");
            assert!(Reach::Any.allows(address), "{text}");
            assert_eq!(Reach::Private.allows(address), *private, "{text}");
            assert_eq!(Reach::Public.allows(address), *public, "{text}");
        }
    }
}
