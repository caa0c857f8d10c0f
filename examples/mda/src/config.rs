use agent::Mailboxes;
use serde::Deserialize;

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
    /// The most octets of a message.
    #[serde(default = "message_size")]
    pub message_size: u64,
}

fn message_size() -> u64 {
    150 << 20
}
