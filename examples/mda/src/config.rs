use agent::{Durability, Mailboxes};
use serde::Deserialize;
use std::path::PathBuf;

/// The configuration of the delivery agent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the agent calls itself.
    pub hostname: String,
    /// Where it takes mail by LMTP. There is no authentication: never an address that others can reach.
    #[serde(default)]
    pub listen: Vec<String>,
    /// The Maildir of each address. The local part is compared exactly, the domain in any case.
    pub mailboxes: Mailboxes,
    /// What of the Maildirs survives a power failure.
    #[serde(default)]
    pub durability: Durability,
    /// The file of aliases, as aliases(5) has them.
    pub aliases: Option<PathBuf>,
    /// What separates a user's name from what she has put behind it, as in `bea+lists@b.com`.
    pub delimiter: Option<char>,
    /// The relay, host and port, that takes mail for addresses elsewhere from us.
    pub relay: Option<String>,
    /// The most octets of a message.
    #[serde(default = "message_size")]
    pub message_size: u64,
}

fn message_size() -> u64 {
    150 << 20
}
