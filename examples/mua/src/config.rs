use agent::Account;
use serde::Deserialize;
use std::path::PathBuf;

/// The configuration of the mail program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The name to write in From.
    pub name: String,
    /// The address to write in From, and to send as.
    pub address: String,
    /// Authorities, PEM, to check the servers against in place of the public ones.
    pub ca: Option<PathBuf>,
    /// Where to send.
    pub submission: Account,
    /// Where to read by POP3 …
    pub pop3: Option<Account>,
    /// … or by IMAP, which is preferred.
    pub imap: Option<Account>,
}
