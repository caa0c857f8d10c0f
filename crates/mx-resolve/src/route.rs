use crate::{Name, Security};
use std::{net::IpAddr, time::Duration};

/// Where the mail for a domain goes: the hosts to try, in this order, until one takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The domain whose MX records count, after aliases; `None` for an address literal.
    pub domain: Option<Name>,
    /// The hosts, at least one, each with at least one address.
    pub hosts: Vec<Host>,
    /// Whether the domain has no MX records and stands for itself (RFC 5321 5.1).
    pub implicit: bool,
    /// What DNSSEC says of the MX records, or of their absence, and the aliases that led to them.
    pub security: Security,
    /// For how long all of this holds.
    pub ttl: Duration,
    /// What was odd on the way, for logs.
    pub notes: Vec<Note>,
}

/// A host to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name in the MX record, or the domain; `None` for an address literal.
    pub name: Option<Name>,
    /// The name that the first one is an alias of, if it is one.
    pub canonical: Option<Name>,
    /// The MX preference: lower is better, and 0 without MX records.
    pub preference: u16,
    /// The addresses to try, in this order.
    pub addresses: Vec<IpAddr>,
    /// What DNSSEC says of all the addresses.
    pub security: Security,
}

/// Something odd that did not stop the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// An MX points to an alias, which RFC 2181 10.3 forbids. It is followed.
    AliasTarget {
        /// The name in the MX record.
        host: Name,
        /// What it is an alias of.
        canonical: Name,
    },
    /// An MX points to an address written as a name. It is left out: RFC 5321 5.1 wants a name.
    AddressTarget(Name),
    /// An MX points to what no host can be called. It is left out.
    UnusableTarget(String),
    /// A null MX stands beside others, which RFC 7505 3 forbids. The others count.
    NullMxAmongOthers,
    /// An MX points to this host: it, and all that are no better, are left out.
    OwnHost {
        /// The name in the MX record.
        host: Name,
        /// From which preference on all are left out.
        preference: u16,
    },
    /// There were this many MX hosts more than [`Limits::max_mx`](crate::Limits::max_mx).
    HostsLeftOut(usize),
    /// A host has this many addresses more than
    /// [`Limits::max_addresses`](crate::Limits::max_addresses).
    AddressesLeftOut(Name, usize),
    /// A host has an address outside [`Policy::reach`](crate::Policy::reach). It is left out.
    OutOfReach(Name, IpAddr),
    /// A host has no address. It is left out.
    NoAddress(Name),
    /// Addresses of a host could not be looked up, for now.
    LookupFailed(Name),
}
