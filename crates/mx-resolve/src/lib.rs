//! Where mail for a domain goes: MX routing over a DNS stub, without I/O.
//!
//! In scope: which hosts to try for a domain, in which order, at which addresses, or why there are
//! none ([`Router`]); asking a recursive DNS server over UDP and TCP ([`Stub`]); keeping what it said
//! ([`Cache`]). The three know nothing of each other: a host with a resolver of its own needs the
//! router alone.
//!
//! Out of scope: sockets, clocks and random numbers (a driver hands them in), recursion and DNSSEC
//! validation (a server does them; see [`StubConfig::trust_ad`]), names in Unicode (A-labels are
//! expected), and search lists (RFC 5321 5.1 forbids guessing).
//!
//! ```text
//!                 NoData: implicit MX ────────────┐
//!                 Found:  sort, shuffle, cut ───┐ │
//!  Router::new ─▶ MX? ──────────────────────────┴─┴─▶ AAAA? A? for each host ─▶ Done(Ok(Route))
//!      │          │ ▲ └ CNAME ┐                              │
//!      │          │ └─────────┘                              │
//!      ▼          ▼                                          ▼
//!  [literal]   NxDomain 5.1.2, null MX 5.1.10,            no address 5.4.4, loop 5.4.6,
//!  Done(Ok)    ServFail or timeout 4.4.3                  ServFail or timeout 4.4.3
//! ```
//!
//! # A whole resolution
//!
//! Ana writes to `bea@b.com`. The driver passes each question on and gives the answer back; here they
//! are answered by hand.
//!
//! ```
//! use mx_resolve::{Answer, Kind, Name, Policy, Record, Router, Step};
//! use posta_core::Instant;
//! use std::{sync::Arc, time::Duration};
//!
//! fn answer(name: &Name, kind: Kind) -> Answer {
//!     let mx = |preference, host: &str| host.parse().map(|exchange| Record::Mx { preference, exchange });
//!     let records = match (name.as_str(), kind) {
//!         ("b.com", Kind::Mx) => vec![mx(20, "mx2.b.com"), mx(10, "mx1.b.com")],
//!         ("mx1.b.com", Kind::A) => vec![Ok(Record::A([192, 0, 2, 1].into()))],
//!         ("mx2.b.com", Kind::A) => vec![Ok(Record::A([192, 0, 2, 2].into()))],
//!         ("mx1.b.com" | "mx2.b.com" | "b.com", _) => return Answer::no_data(),
//!         _ => return Answer::nx_domain(),
//!     };
//!     Answer::found(records.into_iter().flatten().collect(), Duration::from_secs(300))
//! }
//!
//! let policy = Arc::new(Policy { own_names: vec!["relay.a.org".parse()?], ..Policy::default() });
//! let mut router = Router::new("b.com", policy, 0x5eed);
//! let mut now = Instant::ORIGIN;
//! let route = loop {
//!     match router.step(now) {
//!         // A stub, or any resolver: all that is asked before `Wait` may be in flight together.
//!         Step::Ask(ask) => router.answer(ask.id, answer(&ask.question.name, ask.question.kind))?,
//!         Step::Wait(until) => now = until,
//!         Step::Done(route) => break route?,
//!     }
//! };
//! let hosts: Vec<String> =
//!     route.hosts.iter().map(|h| format!("{} {:?} {:?}", h.preference, h.name, h.addresses)).collect();
//! assert_eq!(hosts, ["10 Some(mx1.b.com) [192.0.2.1]", "20 Some(mx2.b.com) [192.0.2.2]"]);
//!
//! // A domain that does not exist is an error for good, with the reply to give.
//! let mut router = Router::new("nowhere.example", Arc::default(), 0x5eed);
//! let error = loop {
//!     match router.step(now) {
//!         Step::Ask(ask) => router.answer(ask.id, Answer::nx_domain())?,
//!         Step::Wait(until) => now = until,
//!         Step::Done(route) => break route.expect_err("no such domain"),
//!     }
//! };
//! assert!(error.is_permanent());
//! assert_eq!(error.verdict().to_string(), "550 5.1.2 domain nowhere.example does not exist");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is guaranteed
//!
//! - The implicit MX is used only when the DNS says that there are no MX records: never after
//!   NXDOMAIN, SERVFAIL, a timeout, or MX records that cannot be used.
//! - A failure that may pass is never a permanent error, and the other way round.
//! - A router ends, whatever is answered or lost, within its limits. So does every query of a stub.
//! - No input makes anything here panic.
//!
//! # RFCs
//!
//! - RFC 5321 5: locating the target host; 4.1.3: address literals. RFC 974 is where it began.
//! - RFC 7505: null MX.
//! - RFC 3463: enhanced status codes.
//! - RFC 1035, RFC 3596, RFC 4343: messages, records and names.
//! - RFC 2181 8, 9, 10.3, 11: TTLs, truncation, MX to an alias, what a name may hold.
//! - RFC 2308: NODATA and NXDOMAIN, and how long they hold.
//! - RFC 5452 9: what makes an answer ours.
//! - RFC 6698 2.1: TLSA records, as data.
//! - RFC 6891: EDNS, and servers without.
//! - RFC 7766: TCP.
//!
//! # Limits
//!
//! | Limit | Default | From |
//! |---|---|---|
//! | [`Limits::max_mx`] | 16 hosts | RFC 5321 5.1 (at least two) |
//! | [`Limits::max_addresses`] | 8 a host | RFC 5321 5.1 |
//! | [`Limits::max_aliases`] | 16 | |
//! | [`Limits::max_asks`] | 64 questions | |
//! | [`Limits::max_notes`] | 64 | |
//! | [`Limits::deadline`] | 60 s | |
//! | [`StubConfig::attempts`] | 4 | |
//! | [`StubConfig::udp_timeout`] | 3 s | |
//! | [`StubConfig::tcp_timeout`] | 6 s | |
//! | [`StubConfig::deadline`] | 20 s | |
//! | [`StubConfig::max_queries`] | 1,024 | |
//! | datagram size announced | 1,232 octets | RFC 6891 6.2.5 |
//! | message over TCP | 65,535 octets | RFC 1035 4.2.2 |
//! | [`CacheLimits::entries`] | 4,096 | |
//! | [`CacheLimits::octets`] | 4 MiB | |
//! | [`CacheLimits::max_ttl`] | 1 day | RFC 2181 8 |
//! | [`CacheLimits::max_negative_ttl`] | 3 hours | RFC 2308 5 |

mod answer;
mod cache;
mod error;
mod name;
mod policy;
mod route;
mod router;
mod stub;
mod wire;

pub use answer::{Answer, Kind, Outcome, Question, Record, Security, Tlsa};
pub use cache::{Cache, CacheLimits};
pub use error::{Error, Misuse, Verdict};
pub use name::{Name, NameError};
pub use policy::{Families, Limits, Policy, Reach};
pub use route::{Host, Note, Route};
pub use router::{Ask, AskId, Router, Step};
pub use stub::{Exchange, QueryId, Stub, StubConfig, StubStep};
