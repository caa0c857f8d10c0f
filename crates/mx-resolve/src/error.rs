use crate::{Name, NameError, Outcome, Security};
use std::fmt;

/// Why there is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What stands behind the `@` is no domain name.
    #[error("not a domain name: {0}")]
    BadDomain(#[from] NameError),
    /// What stands behind the `@` is an address literal of an unknown form.
    #[error("not an address literal that can be sent to")]
    BadLiteral,
    /// The domain does not exist.
    #[error("domain {0} does not exist")]
    NoDomain(Name),
    /// The domain says that it takes no mail (RFC 7505).
    #[error("domain {0} does not accept mail")]
    NullMx(Name),
    /// The domain has MX records, and none of them points to a name.
    #[error("no MX record of {0} names a host")]
    UnusableMx(Name),
    /// No mail host of the domain has an address.
    #[error("no mail host of {0} has an address")]
    NoAddress(Name),
    /// Every address is outside [`Policy::reach`](crate::Policy::reach).
    #[error("every address of the mail hosts of {0} is out of reach")]
    OutOfReach(String),
    /// This host is the best mail host of a domain that it does not know for its own.
    #[error("mail for {0} loops back to this host")]
    Loop(String),
    /// The aliases of the domain lead in a circle.
    #[error("aliases of {0} lead in a circle")]
    AliasLoop(Name),
    /// More than [`Limits::max_aliases`](crate::Limits::max_aliases) in a row.
    #[error("too many aliases from {0}")]
    TooManyAliases(Name),
    /// The DNS could not tell, for now.
    #[error("lookup of {name} failed: {}", cause(*.outcome, *.security))]
    Lookup {
        /// The name in question.
        name: Name,
        /// How the lookup ended.
        outcome: Outcome,
        /// What DNSSEC said of the answer.
        security: Security,
    },
}

/// An SMTP reply that says why there is no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The reply code, such as 556.
    pub code: u16,
    /// The enhanced status code, such as 5.1.10 (RFC 3463).
    pub status: [u16; 3],
    /// Printable ASCII, on one line.
    pub text: String,
}

impl Error {
    /// Whether trying again later is of no use.
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Lookup { .. })
    }

    /// The SMTP reply to give, or to put into a report.
    pub fn verdict(&self) -> Verdict {
        let (code, status) = match self {
            Self::BadDomain(_) | Self::BadLiteral | Self::NoDomain(_) => (550, [5, 1, 2]),
            Self::NullMx(_) => (556, [5, 1, 10]), // RFC 7505 4.1
            Self::UnusableMx(_)
            | Self::NoAddress(_)
            | Self::OutOfReach(_)
            | Self::AliasLoop(_)
            | Self::TooManyAliases(_) => (550, [5, 4, 4]),
            Self::Loop(_) => (554, [5, 4, 6]),
            Self::Lookup { .. } => (451, [4, 4, 3]),
        };
        Verdict { code, status, text: self.to_string() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [class, subject, detail] = self.status;
        write!(f, "{} {class}.{subject}.{detail} {}", self.code, self.text)
    }
}

fn cause(outcome: Outcome, security: Security) -> &'static str {
    match (outcome, security) {
        (_, Security::Bogus) => "its signatures are wrong",
        (Outcome::Timeout, _) => "no answer in time",
        _ => "no usable answer",
    }
}

/// A call that makes no sense. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// There is no such open question: it was answered already, or never asked.
    #[error("no such open question")]
    NotAsked,
    /// A stub without servers cannot ask.
    #[error("no servers to ask")]
    NoServers,
    /// As many queries as the limits allow are under way.
    #[error("too many queries under way")]
    TooManyQueries,
}
