use posta_core::Machine;
use posta_net::{
    Clock, Conn, ConnectError, Stream,
    tls::{self, ClientConfig, Verify},
};
use serde::Deserialize;
use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::net::lookup_host;

/// How long one address may take to answer, and TLS to start.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// How a connection is made secure. There is no way to send a password in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first octet: ports 465 and 995.
    Tls,
    /// In the clear until TLS is started, without which nothing is said: ports 587 and 110.
    StartTls,
}

/// The standard ports of a service.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// With TLS from the first octet.
    pub tls: u16,
    /// In the clear until TLS is started.
    pub starttls: u16,
}

/// Why a server cannot be reached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// Its name leads nowhere.
    #[error("cannot look up {host}")]
    Lookup {
        /// The name and port.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// No address of it answers.
    #[error("cannot connect")]
    Connect(#[from] ConnectError),
    /// TLS failed: the server is not who it should be, or cannot do it.
    #[error("no secure connection")]
    Tls(#[from] tls::Error),
}

/// The servers to trust: those that these authorities vouch for, or else the public ones.
///
/// # Errors
/// The file cannot be read.
pub fn trust(ca: Option<&Path>) -> Result<Arc<ClientConfig>, tls::ConfigError> {
    tls::client(&ca.map_or(Verify::Roots, |ca| Verify::Ca(ca.to_owned())))
}

impl Account {
    /// The login and the password.
    pub fn login(&self) -> Option<(&str, &str)> {
        self.user.as_deref().zip(self.password.as_deref())
    }

    /// Connects to the server, by TLS at once if that is how it is made secure. `limit` is the most octets
    /// of input that the connection may hold.
    ///
    /// # Errors
    /// The server cannot be reached or trusted.
    pub async fn connect<M: Machine>(
        &self,
        ports: Ports,
        trust: &Arc<ClientConfig>,
        limit: usize,
        machine: impl FnOnce(Clock) -> M,
    ) -> Result<Conn<M>, AccountError> {
        let port = if self.security == Security::Tls { ports.tls } else { ports.starttls };
        let at = self.connect.clone().unwrap_or_else(|| format!("{}:{port}", self.host));
        let found = |source| AccountError::Lookup { host: at.clone(), source };
        let addresses: Vec<SocketAddr> = lookup_host(&at).await.map_err(found)?.collect();
        let tcp = posta_net::connect(&addresses, PATIENCE).await?;
        let stream = match self.security {
            Security::Tls => tls::connect(tcp, trust, &self.host, PATIENCE).await?,
            Security::StartTls => Stream::Plain(tcp),
        };
        let clock = Clock::start();
        Ok(Conn::new(machine(clock), stream, limit, clock))
    }
}
