use crate::Name;
use std::{
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

/// A question for the DNS, in class IN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Question {
    /// The name asked about.
    pub name: Name,
    /// The kind of records wanted.
    pub kind: Kind,
}

impl Question {
    /// Asks for the records of `kind` at `name`.
    pub fn new(name: Name, kind: Kind) -> Self {
        Self { name, kind }
    }
}

/// The kinds of records that mail asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// IPv4 addresses (RFC 1035 3.4.1).
    A,
    /// IPv6 addresses (RFC 3596 2.1).
    Aaaa,
    /// Mail exchangers (RFC 1035 3.3.9).
    Mx,
    /// Text (RFC 1035 3.3.14).
    Txt,
    /// The name that this one is an alias of (RFC 1035 3.3.1).
    Cname,
    /// Certificate associations (RFC 6698 2.1).
    Tlsa,
    /// The name of an address (RFC 1035 3.3.12); see [`Name::reverse`].
    Ptr,
}

/// What the DNS, or whoever stands in for it, answered.
///
/// A host with its own resolver builds these by hand, best with the functions below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What kind of answer it is.
    pub outcome: Outcome,
    /// The records of the kind asked for, in the order of the answer; empty unless something was
    /// [`Found`](Outcome::Found).
    pub records: Vec<Record>,
    /// Where CNAMEs led, in order: the records, or their absence, are those of the last of these
    /// names. Empty if the name asked for is not an alias.
    ///
    /// With [`NoData`](Outcome::NoData) the end of the chain may be left to follow: not every server
    /// follows aliases, so ask for the last of these names before believing it.
    pub aliases: Vec<Name>,
    /// For how long the answer may be kept; zero if it may not.
    pub ttl: Duration,
    /// What DNSSEC says about it.
    pub security: Security,
}

/// The five ways a question can end. No two of them mean the same for mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There are records of the kind asked for.
    Found,
    /// The name exists and has no such records (RFC 2308 2.2).
    NoData,
    /// The name, or the one it is an alias of, does not exist (RFC 2308 2.1).
    NxDomain,
    /// A server failed, refused, or answered with what cannot be used: nothing is known.
    ServFail,
    /// No server answered in time: nothing is known.
    Timeout,
}

/// What DNSSEC says about an answer (RFC 4033 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// Signed and validated by someone we trust.
    Secure,
    /// Looked at by a validator that we trust, and not signed.
    Insecure,
    /// Signed, and the signatures are wrong: the answer must not be used.
    Bogus,
    /// Nobody that we trust has looked.
    Unknown,
}

impl Security {
    /// What can be said of a conclusion that needs both answers.
    pub fn and(self, other: Self) -> Self {
        for weak in [Self::Bogus, Self::Unknown, Self::Insecure] {
            if self == weak || other == weak {
                return weak;
            }
        }
        Self::Secure
    }
}

/// The data of one record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Record {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A mail exchanger.
    Mx {
        /// Lower is better.
        preference: u16,
        /// The host; the root in a null MX (RFC 7505).
        exchange: Name,
    },
    /// The character strings of a TXT record, joined without anything between them, as SPF, DKIM
    /// and MTA-STS want them.
    Txt(Vec<u8>),
    /// The target of an alias.
    Cname(Name),
    /// A certificate association.
    Tlsa(Tlsa),
    /// The name of an address.
    Ptr(Name),
    /// A record of the kind asked for that points to what no host can be called (RFC 2181 11 allows
    /// any octets in a DNS name): that name as text, unprintable octets escaped.
    Unusable(String),
}

/// A TLSA record's fields, any values (RFC 6698 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlsa {
    /// Certificate usage; 3 is DANE-EE.
    pub usage: u8,
    /// Which part of the certificate: 0 all of it, 1 the public key.
    pub selector: u8,
    /// How it is presented: 0 in full, 1 SHA-256, 2 SHA-512.
    pub matching: u8,
    /// The certificate association data.
    pub data: Vec<u8>,
}

impl Answer {
    /// Records, to be kept for `ttl`.
    pub fn found(records: Vec<Record>, ttl: Duration) -> Self {
        Self { records, ttl, ..Self::without(Outcome::Found) }
    }

    /// The name exists and has none of these. Not to be kept; set `ttl` if it may be.
    pub fn no_data() -> Self {
        Self::without(Outcome::NoData)
    }

    /// The name does not exist. Not to be kept; set `ttl` if it may be.
    pub fn nx_domain() -> Self {
        Self::without(Outcome::NxDomain)
    }

    /// The servers know nothing for now.
    pub fn serv_fail() -> Self {
        Self::without(Outcome::ServFail)
    }

    /// Nobody answered.
    pub fn timeout() -> Self {
        Self::without(Outcome::Timeout)
    }

    fn without(outcome: Outcome) -> Self {
        Self {
            outcome,
            records: Vec::new(),
            aliases: Vec::new(),
            ttl: Duration::ZERO,
            security: Security::Unknown,
        }
    }
}
