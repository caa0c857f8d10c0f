use posta_net::tls::{self, ConfigError, ServerConfig};
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc};

/// The `[tls]` section of a server's configuration: what it shows to its clients.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate and its chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read or does not hold what it should; the error names it.
    pub fn read(&self) -> Result<Arc<ServerConfig>, ConfigError> {
        tls::server(&self.certificate, &self.key)
    }
}
