use agent::{Account, Durability, TlsFiles};
use ipnet::IpNet;
use serde::Deserialize;
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

/// The configuration of the relay.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name of this host, as its MX record has it.
    pub hostname: String,
    /// The folder of the queue.
    pub spool: PathBuf,
    /// What of the queue survives a power failure.
    #[serde(default)]
    pub durability: Durability,
    /// The domains for which mail is taken from anyone.
    #[serde(default)]
    pub domains: Vec<String>,
    /// The LMTP server that delivers mail for those domains. Without it this host is a backup: it holds
    /// the mail for the better hosts of the domain.
    pub deliver: Option<String>,
    /// The password file: who may submit mail to anywhere.
    pub users: Option<PathBuf>,
    /// Where it listens.
    #[serde(default)]
    pub listen: Listen,
    /// What it shows to clients that start TLS. Submission needs it.
    pub tls: Option<TlsFiles>,
    /// Whom it asks for the way.
    pub dns: Dns,
    /// How it sends.
    #[serde(default)]
    pub relay: Relay,
    /// When it tries again.
    #[serde(default)]
    pub retry: Retry,
    /// What it takes at most.
    #[serde(default)]
    pub limits: Limits,
}

/// The addresses that the relay listens at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Mail from other hosts. The standard port is 25.
    pub mx: Vec<String>,
    /// Mail from users, who start TLS before they log in. The standard port is 587.
    pub submission: Vec<String>,
    /// Mail from users over TLS. The standard port is 465.
    pub submissions: Vec<String>,
}

/// The DNS servers to ask.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dns {
    /// Addresses with ports; the first that answers counts.
    pub servers: Vec<SocketAddr>,
}

/// How mail is sent to other hosts, and who may have it sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Relay {
    /// Ports of hosts that do not listen at 25.
    pub ports: BTreeMap<String, u16>,
    /// Which networks mail may be sent to.
    pub reach: Reach,
    /// Authorities, PEM. With it mail is sent only under TLS, and only to hosts that they vouch for.
    /// Without it TLS is used with whoever offers it, which still keeps listeners out (RFC 7435).
    pub ca: Option<PathBuf>,
    /// The networks from which mail for anywhere is taken without a login.
    pub networks: Vec<IpNet>,
    /// The host and port of the inner relay of each of these domains: the DNS is not asked.
    pub routes: BTreeMap<String, String>,
    /// The host that all other mail goes to: the DNS is not asked either.
    pub smart_host: Option<Account>,
}

/// Which networks mail may be sent to: the DNS of others must not lead to what only we can reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Every address, this host included.
    Any,
    /// Private networks too, but neither this host nor what is no host's address.
    #[default]
    Private,
    /// The Internet only.
    Public,
}

/// The schedule of a message that cannot be sent at once, in seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// The pause after the first attempt; the next ones are as long as the message is old.
    pub first_seconds: f64,
    /// The longest pause.
    pub longest_seconds: f64,
    /// When to tell the sender that the message is late.
    pub notice_seconds: f64,
    /// When to give up. RFC 5321 4.5.4.1: at least four to five days.
    pub life_seconds: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            first_seconds: 300.0,
            longest_seconds: 4000.0,
            notice_seconds: 4.0 * 3600.0,
            life_seconds: 5.0 * 86400.0,
        }
    }
}

impl Retry {
    /// The schedule; a number that is no duration is none at all.
    pub(crate) fn schedule(&self) -> mail_queue::Retry {
        let seconds = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        mail_queue::Retry {
            first: seconds(self.first_seconds),
            longest: seconds(self.longest_seconds),
            notice: seconds(self.notice_seconds),
            life: seconds(self.life_seconds),
        }
    }
}

/// What the relay takes at most.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Octets of a message.
    pub message_size: u64,
    /// Recipients of a message. RFC 5321 4.5.3.1.8: at least 100.
    pub recipients: usize,
    /// Received fields of a message, beyond which it goes in circles. RFC 5321 6.3: at least 100.
    pub hops: usize,
    /// Sessions at once, at each address that it listens at.
    pub sessions: usize,
    /// Sessions of one client at once: of an address, or a network of 64 bits for IPv6.
    pub per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 150 << 20,
            recipients: 1000,
            hops: 100,
            sessions: 10_000,
            per_address: 50,
        }
    }
}
