use agent::{Mailboxes, TlsFiles};
use serde::Deserialize;
use std::path::PathBuf;

/// The configuration of the access agent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What the agent calls itself.
    pub hostname: String,
    /// The password file: a line a user, who may log in if there is a mailbox of the same name.
    pub users: PathBuf,
    /// Where it listens.
    pub listen: Listen,
    /// Whether passwords are taken without TLS: for networks that nobody listens to, as the loopback.
    #[serde(default)]
    pub plain_text_without_tls: bool,
    /// What it shows to clients that start TLS.
    pub tls: TlsFiles,
    /// The Maildir of each user.
    pub mailboxes: Mailboxes,
}

/// The addresses that the access agent listens at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// POP3 in the clear until STLS; passwords are taken only after it. The standard port is 110.
    pub pop3: Vec<String>,
    /// POP3 over TLS. The standard port is 995.
    pub pop3s: Vec<String>,
    /// IMAP in the clear until STARTTLS; passwords are taken only after it. The standard port is 143.
    pub imap: Vec<String>,
    /// IMAP over TLS. The standard port is 993.
    pub imaps: Vec<String>,
}
