//! The ways that a message can go.

use crate::world::{BEA, BEA_AT_A, User};
use clap::ValueEnum;

/// A way from Ana to Bea.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Route {
    /// A relay on Ana's own machine sends it to b.com
    OwnMta,
    /// Ana's program itself talks to b.com's mail host
    Direct,
    /// Ana's provider sends it; the first host of b.com is down at first
    Submission,
    /// Both have their mail at the same provider: it never leaves it
    SameServer,
    /// Ana's provider hands it to another one, who sends it
    SmartHost,
    /// As submission, but the first host stays down for longer
    BackupMx,
    /// The mail host of b.com passes it to an inner one, which delivers
    TwoTier,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OwnMta,
        Self::Direct,
        Self::Submission,
        Self::SameServer,
        Self::SmartHost,
        Self::BackupMx,
        Self::TwoTier,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::OwnMta => "own-mta",
            Self::Direct => "direct",
            Self::Submission => "submission",
            Self::SameServer => "same-server",
            Self::SmartHost => "smart-host",
            Self::BackupMx => "backup-mx",
            Self::TwoTier => "two-tier",
        }
    }

    /// The relays that the message passes, in order.
    pub fn relays(self) -> &'static [&'static str] {
        match self {
            Self::OwnMta => &["laptop.a.org", "mx1.b.com"],
            Self::Direct => &["mx1.b.com"],
            Self::Submission | Self::BackupMx => &["mx.a.org", "mx2.b.com", "mx1.b.com"],
            Self::SameServer => &["mx.a.org"],
            Self::SmartHost => &["mx.a.org", "smtp.example.net", "mx1.b.com"],
            Self::TwoTier => &["mx.a.org", "mx1.b.com", "inner.b.com"],
        }
    }

    /// How often the second host of b.com has to put the message off before the first one is back; 0 if
    /// that is never down.
    pub(crate) fn outage(self) -> usize {
        match self {
            Self::Submission => 1,
            Self::BackupMx => 3,
            _ => 0,
        }
    }

    /// Who reads the message.
    pub(crate) fn reader(self) -> &'static User {
        if self == Self::SameServer { &BEA_AT_A } else { &BEA }
    }
}
