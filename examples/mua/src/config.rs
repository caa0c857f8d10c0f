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
    /// Where to read.
    pub pop3: Account,
}

/// A server, and who we are there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name that the server's certificate must have.
    pub host: String,
    /// The address and port to connect to, if not `host` and the standard port.
    pub connect: Option<String>,
    /// How the connection is made secure.
    pub security: Security,
    /// The login. A server that knows us by our network wants none.
    pub user: Option<String>,
    /// The password.
    pub password: Option<String>,
}

impl Account {
    /// The login and the password.
    pub(crate) fn login(&self) -> Option<(&str, &str)> {
        self.user.as_deref().zip(self.password.as_deref())
    }
}

/// How a connection is made secure. There is no way to send a password in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first octet: ports 465 and 995.
    Tls,
    /// In the clear until TLS is started, without which nothing is said: ports 587 and 110.
    StartTls,
}
