use core::fmt;

use crate::{ScramHash, Secret};

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// `PLAIN`, RFC 4616: user and password in one message.
    Plain,
    /// `LOGIN`, never standardised: the same in two, for peers that know nothing better.
    Login,
    /// `SCRAM-SHA-1`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, RFC 5802 and RFC 7677: the password is not
    /// sent, and the server proves that it knows the user.
    Scram(ScramHash),
    /// The same with `-PLUS`: bound to the TLS connection, so that nobody can sit in between.
    ScramPlus(ScramHash),
}

impl Mechanism {
    /// All of them, the best first.
    pub const ALL: [Self; 8] = [
        Self::ScramPlus(ScramHash::Sha512),
        Self::ScramPlus(ScramHash::Sha256),
        Self::ScramPlus(ScramHash::Sha1),
        Self::Scram(ScramHash::Sha512),
        Self::Scram(ScramHash::Sha256),
        Self::Scram(ScramHash::Sha1),
        Self::Plain,
        Self::Login,
    ];

    /// Its name in `AUTH`, `AUTHENTICATE` and capability lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Scram(hash) => hash.name(),
            Self::ScramPlus(hash) => hash.plus_name(),
        }
    }

    /// The mechanism of this name, in any case; `None` if this crate does not know it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether it shows the password to whoever can read the connection.
    pub const fn is_plain_text(self) -> bool {
        matches!(self, Self::Plain | Self::Login)
    }

    /// Whether the client speaks first, so that an initial response makes sense.
    pub const fn is_client_first(self) -> bool {
        !matches!(self, Self::Login)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which mechanisms may be used on a connection: what a server offers, and from what a client chooses.
///
/// The default is that of a connection without TLS: only mechanisms that do not show the password.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policy {
    /// The connection is encrypted, and the client has checked who the server is.
    pub tls: bool,
    /// Allow passwords to be sent without TLS. For tests and loopback.
    pub plain_text_without_tls: bool,
    /// [`ChannelBinding`] data for this connection is at hand.
    pub channel_binding: bool,
}

impl Policy {
    /// Whether the mechanism may be used.
    pub const fn permits(self, mechanism: Mechanism) -> bool {
        match mechanism {
            Mechanism::Plain | Mechanism::Login => self.tls || self.plain_text_without_tls,
            Mechanism::Scram(_) => true,
            Mechanism::ScramPlus(_) => self.channel_binding,
        }
    }

    /// The mechanisms to offer, the best first.
    pub fn offer(self) -> impl Iterator<Item = Mechanism> {
        Mechanism::ALL.into_iter().filter(move |mechanism| self.permits(*mechanism))
    }

    /// The best of the mechanisms that the peer offers, by their names in any order and case.
    ///
    /// ```
    /// use posta_sasl::{ChooseError, Mechanism, Policy, ScramHash};
    ///
    /// let tls = Policy { tls: true, ..Policy::default() };
    /// let sha1 = Mechanism::Scram(ScramHash::Sha1);
    /// assert_eq!(tls.choose(["LOGIN", "PLAIN", "GSSAPI"]), Ok(Mechanism::Plain));
    /// assert_eq!(tls.choose(["PLAIN", "scram-sha-1"]), Ok(sha1));
    /// assert_eq!(Policy::default().choose(["PLAIN"]), Err(ChooseError::NeedsTls));
    /// ```
    ///
    /// # Errors
    /// Nothing that is offered is both known and permitted.
    pub fn choose<'a>(
        self,
        offered: impl IntoIterator<Item = &'a str>,
    ) -> Result<Mechanism, ChooseError> {
        let mut error = ChooseError::Unknown;
        let mut best = Self::LAST;
        for mechanism in offered.into_iter().filter_map(Mechanism::from_name) {
            if self.permits(mechanism) {
                let rank = Mechanism::ALL.iter().position(|other| *other == mechanism);
                best = best.min(rank.unwrap_or(Self::LAST));
            } else if mechanism.is_plain_text() {
                error = ChooseError::NeedsTls;
            }
        }
        Mechanism::ALL.get(best).copied().ok_or(error)
    }

    /// Behind the worst mechanism.
    const LAST: usize = Mechanism::ALL.len();
}

/// Why a client can log in with none of the mechanisms offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChooseError {
    /// None of them is known here, or none is offered at all.
    #[error("the server offers no mechanism that is known here")]
    Unknown,
    /// Only such as would show the password, and there is no TLS.
    #[error("the server only takes passwords in plain text, and there is no TLS")]
    NeedsTls,
}

/// What a TLS connection has that no other has (RFC 5056): both ends know it, nobody in between can
/// have the same on both sides.
#[derive(Clone, Debug)]
pub struct ChannelBinding {
    /// Where the data is from.
    pub kind: BindingKind,
    /// The data.
    pub data: Secret,
}

/// The kinds of channel binding. `tls-unique`, RFC 5802's default, is not among them: TLS 1.3 does not
/// have it and RFC 9266 replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindingKind {
    /// `tls-exporter`, RFC 9266: 32 octets of keying material exported under the label
    /// `EXPORTER-Channel-Binding` with an empty context. For TLS 1.3, or 1.2 with extended master
    /// secret.
    TlsExporter,
    /// `tls-server-end-point`, RFC 5929 4: the hash of the server's certificate by the hash function of
    /// its signature, or SHA-256 for MD5 and SHA-1.
    TlsServerEndPoint,
}

impl BindingKind {
    /// Its registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TlsExporter => "tls-exporter",
            Self::TlsServerEndPoint => "tls-server-end-point",
        }
    }
}
