//! TLS by rustls, with the ring provider chosen explicitly: nothing depends on a process-wide default.
//!
//! [`client`] and [`server`] make configurations; [`connect`] and [`accept`] start TLS on a fresh
//! connection (ports 465, 993, 995); `Conn::start_tls_client` and `start_tls_server` in the middle of one.
//! TLS 1.2 and 1.3, RFC 8997 and RFC 9325.

mod binding;
mod unchecked;
mod witness;

use crate::Stream;
pub use binding::{Bindings, server_end_point};
pub use rustls::{ClientConfig, ServerConfig};
pub use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use rustls::{
    AlertDescription, CertificateError, RootCertStore, crypto::CryptoProvider, sign::CertifiedKey,
};
use rustls_pki_types::pem::{self, PemObject};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time,
};
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};
use witness::Witness;

/// How long a handshake may take when nothing else bounds it.
pub const HANDSHAKE: Duration = Duration::from_secs(30);

/// Whom a client believes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verify {
    /// The public certificate authorities, as Mozilla lists them (`webpki-roots`).
    Roots,
    /// The authorities in this PEM file, and no others.
    Ca(PathBuf),
    /// These authorities, and no others.
    CaDer(Vec<CertificateDer<'static>>),
    /// **Anyone.** The connection is safe from listeners, not from anybody who answers in the server's
    /// place. Right only for opportunistic relay, where the alternative is to send in the clear
    /// (RFC 7435), and where DANE is checked afterwards on
    /// [`peer_certificates`](Stream::peer_certificates).
    None,
}

/// Makes the configuration of a client.
///
/// # Errors
/// The file of [`Verify::Ca`] cannot be read or holds no usable certificate.
pub fn client(verify: &Verify) -> Result<Arc<ClientConfig>, ConfigError> {
    let mut roots = RootCertStore::empty();
    match verify {
        Verify::Roots => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Verify::Ca(path) => {
            for certificate in certificates(path)? {
                roots
                    .add(certificate)
                    .map_err(|source| ConfigError::Certificate { path: path.clone(), source })?;
            }
        }
        Verify::CaDer(certificates) => {
            for certificate in certificates {
                roots.add(certificate.clone()).map_err(ConfigError::Tls)?;
            }
        }
        Verify::None => {}
    }
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(ConfigError::Tls)?;
    let builder = match verify {
        Verify::None => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(unchecked::Unchecked::new(provider))),
        _ => builder.with_root_certificates(roots),
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// Makes the configuration of a server from two PEM files: its certificate followed by the chain up to
/// an authority, and its private key (PKCS #8, PKCS #1 or SEC1). Both may be the same file.
///
/// # Errors
/// A file cannot be read or does not hold what it should, or the key is not that of the certificate.
pub fn server(chain: &Path, key: &Path) -> Result<Arc<ServerConfig>, ConfigError> {
    let certificates = certificates(chain)?;
    let private = match PrivateKeyDer::from_pem_slice(&read(key)?) {
        Ok(private) => private,
        Err(pem::Error::NoItemsFound) => return Err(ConfigError::NoKey { path: key.into() }),
        Err(source) => return Err(ConfigError::Pem { path: key.into(), source }),
    };
    server_der(certificates, private).map_err(|source| ConfigError::Pair {
        chain: chain.into(),
        key: key.into(),
        source,
    })
}

/// Makes the configuration of a server from a certificate chain and a key already in memory.
///
/// # Errors
/// The key cannot be used, or is not that of the first certificate.
pub fn server_der(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}

/// Starts TLS on a fresh connection, as its client. `name` is what the certificate must be for: a host
/// name or an address; it is also sent to the server (RFC 6066 3).
///
/// # Errors
/// The handshake failed or took longer than `timeout`.
pub async fn connect<T: AsyncRead + AsyncWrite + Unpin>(
    stream: T,
    config: &Arc<ClientConfig>,
    name: &str,
    timeout: Duration,
) -> Result<Stream<T>, Error> {
    let server = server_name(name)?;
    let handshake = TlsConnector::from(Arc::clone(config)).connect(server, stream);
    match time::timeout(timeout, handshake).await {
        Ok(Ok(tls)) => Ok(Stream::Tls(Box::new(Encrypted::client(tls)))),
        Ok(Err(error)) => Err(Error::from_handshake(error, name)),
        Err(_) => Err(Error::Timeout),
    }
}

/// Starts TLS on a fresh connection, as its server.
///
/// # Errors
/// The handshake failed or took longer than `timeout`.
pub async fn accept<T: AsyncRead + AsyncWrite + Unpin>(
    stream: T,
    config: &Arc<ServerConfig>,
    timeout: Duration,
) -> Result<Stream<T>, Error> {
    let witness = Arc::new(Witness::new(Arc::clone(&config.cert_resolver)));
    // A clone shares all that is worth sharing: certificates, tickets, sessions.
    let mut config = ServerConfig::clone(config);
    config.cert_resolver = Arc::clone(&witness) as _;
    let handshake = TlsAcceptor::from(Arc::new(config)).accept(stream);
    match time::timeout(timeout, handshake).await {
        Ok(Ok(tls)) => Ok(Stream::Tls(Box::new(Encrypted::server(tls, witness.shown())))),
        Ok(Err(error)) => Err(Error::from_handshake(error, "")),
        Err(_) => Err(Error::Timeout),
    }
}

/// A connection under TLS, as its client or its server.
#[derive(Debug)]
pub struct Encrypted<T> {
    pub(crate) stream: TlsStream<T>,
    /// What a server has shown to its client.
    shown: Option<Arc<CertifiedKey>>,
}

impl<T> Encrypted<T> {
    fn client(stream: tokio_rustls::client::TlsStream<T>) -> Self {
        Self { stream: TlsStream::Client(stream), shown: None }
    }

    fn server(
        stream: tokio_rustls::server::TlsStream<T>,
        shown: Option<Arc<CertifiedKey>>,
    ) -> Self {
        Self { stream: TlsStream::Server(stream), shown }
    }

    /// The connection as rustls has it.
    pub fn stream(&self) -> &TlsStream<T> {
        &self.stream
    }

    pub(crate) fn bindings(&self) -> Bindings {
        match &self.stream {
            TlsStream::Client(client) => {
                let connection = client.get_ref().1;
                Bindings::new(connection, connection.peer_certificates().and_then(<[_]>::first))
            }
            TlsStream::Server(server) => {
                let certificate = self.shown.as_ref().and_then(|key| key.cert.first());
                Bindings::new(server.get_ref().1, certificate)
            }
        }
    }
}

/// What a client asks the certificate to be for. A trailing dot, as the DNS writes it, is dropped.
///
/// # Errors
/// It is neither a host name nor an address.
pub fn server_name(name: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(name.strip_suffix('.').unwrap_or(name).to_owned())
        .map_err(|_| Error::InvalidName(name.to_owned()))
}

/// Why TLS did not come about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The certificate is good, but for somebody else.
    #[error("the certificate is not for {name}")]
    WrongName {
        /// The name it should be for.
        name: String,
        /// What the verifier says, with the names the certificate is for.
        source: rustls::Error,
    },
    /// The certificate comes from nobody we trust: a private authority, or self-signed.
    #[error("the certificate's issuer is not trusted")]
    Untrusted,
    /// The certificate is no longer valid, or not yet.
    #[error("the certificate is not valid at this time: {0}")]
    OutOfDate(CertificateError),
    /// The certificate is unusable for another reason.
    #[error("bad certificate: {0}")]
    Certificate(CertificateError),
    /// The peer refused to go on, and said why. `UnknownCA` or `BadCertificate` mean that it does not
    /// believe our certificate.
    #[error("the peer refused: {0:?}")]
    Refused(AlertDescription),
    /// The two could not agree, or the peer does not speak TLS at all.
    #[error("TLS failed: {0}")]
    Tls(rustls::Error),
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The handshake took too long.
    #[error("the TLS handshake took too long")]
    Timeout,
    /// The name to check the certificate against is neither a host name nor an address.
    #[error("{0:?} is neither a host name nor an address")]
    InvalidName(String),
    /// The peer sent something in the clear behind the command that starts TLS. To use it afterwards
    /// would be to take an attacker's words for the peer's (RFC 3207 4.2, CVE-2011-0411).
    #[error("{0} octets came in the clear after the command that starts TLS")]
    Injected(usize),
    /// The stream is encrypted already, or closed.
    #[error("the stream is not in the clear")]
    NotPlain,
}

impl Error {
    /// What a handshake's `io::Error` is about.
    fn from_handshake(error: io::Error, name: &str) -> Self {
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
        else {
            return Self::Io(error);
        };
        match tls.clone() {
            source @ rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => Self::WrongName { name: name.to_owned(), source },
            rustls::Error::InvalidCertificate(reason) => match reason {
                // A bad signature: the issuer bears the name of one we trust, and is another.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. } => Self::OutOfDate(reason),
                _ => Self::Certificate(reason),
            },
            rustls::Error::AlertReceived(alert) => Self::Refused(alert),
            other => Self::Tls(other),
        }
    }
}

/// Why a configuration could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not a PEM file: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A file holds no certificate.
    #[error("{} holds no certificate", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A file holds no private key.
    #[error("{} holds no private key", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A file holds a certificate that cannot be used.
    #[error("{} holds a certificate that cannot be used: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The key cannot be used, or is not that of the certificate.
    #[error("{} and {} do not go together: {source}", chain.display(), key.display())]
    Pair {
        /// The file with the certificate.
        chain: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
    /// The configuration cannot be used.
    #[error(transparent)]
    Tls(rustls::Error),
}

/// What was agreed on, for the `Received` field and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// As in `TLSv1.3`.
    pub version: &'static str,
    /// The cipher suite under its registered name, as in `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
    /// On a server, the name that the client asked for.
    pub server_name: Option<String>,
}

impl Info {
    pub(crate) fn new<T>(tls: &TlsStream<T>) -> Self {
        let (_, common) = tls.get_ref();
        let version = match common.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        };
        let suite = common.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        // rustls names the suites of TLS 1.3 differently from the registry.
        let cipher = suite.unwrap_or_default().replacen("TLS13_", "TLS_", 1);
        let server_name = match tls {
            TlsStream::Server(server) => server.get_ref().1.server_name().map(str::to_owned),
            TlsStream::Client(_) => None,
        };
        Self { version, cipher, server_name }
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read(path: &Path) -> Result<Vec<u8>, ConfigError> {
    fs::read(path).map_err(|source| ConfigError::Read { path: path.into(), source })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let certificates = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| ConfigError::Pem { path: path.into(), source })?;
    match certificates.is_empty() {
        true => Err(ConfigError::NoCertificate { path: path.into() }),
        false => Ok(certificates),
    }
}
