use agent::Account;
use serde::Deserialize;
use std::path::PathBuf;

/// The configuration of the fetcher.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What it calls itself.
    pub hostname: String,
    /// The folder in which it keeps what it has fetched already.
    pub state: PathBuf,
    /// The pause between two rounds, in seconds; with 0 there is only one. A mailbox that is waited at is
    /// gone back to after this pause when the connection breaks, or after a minute.
    #[serde(default)]
    pub interval_seconds: u64,
    /// Authorities, PEM, to check the servers against in place of the public ones.
    pub ca: Option<PathBuf>,
    /// What it fetches.
    #[serde(default, rename = "mailbox")]
    pub mailboxes: Vec<Mailbox>,
}

/// A mailbox elsewhere, and where its messages go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// What it is called here, in logs and as a file.
    pub name: String,
    /// Whether messages stay there.
    #[serde(default)]
    pub keep: bool,
    /// The Maildir that they go to …
    pub maildir: Option<PathBuf>,
    /// … or the delivery agent that they are handed to, host and port …
    pub lmtp: Option<String>,
    /// … for this address.
    pub recipient: Option<String>,
    /// Where it is, if it is read by POP3 …
    pub pop3: Option<Account>,
    /// … or by IMAP.
    pub imap: Option<Account>,
    /// Which mailbox is read by IMAP.
    #[serde(default = "inbox")]
    pub folder: String,
    /// Whether to stay there by IMAP and wait for news.
    #[serde(default)]
    pub idle: bool,
}

fn inbox() -> String {
    "INBOX".to_owned()
}
