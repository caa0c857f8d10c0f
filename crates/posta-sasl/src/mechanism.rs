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
    /// `CRAM-MD5`, RFC 2195: the password is not sent, but whoever hears the exchange can guess it at
    /// leisure, and the server must keep what is as good as the password ([`CramKeys`](crate::CramKeys)).
    CramMd5,
    /// `OAUTHBEARER`, RFC 7628: a token that somebody else has given to the client.
    OAuthBearer,
    /// `XOAUTH2`, never standardised: the same as Google and Microsoft had it first.
    XOAuth2,
    /// `EXTERNAL`, RFC 4422 A: something outside says who the client is, as a certificate of its own does.
    External,
    /// `ANONYMOUS`, RFC 4505: anybody, who may leave a trace.
    Anonymous,
}

impl Mechanism {
    /// All of them, the best first.
    pub const ALL: [Self; 13] = [
        Self::External,
        Self::ScramPlus(ScramHash::Sha512),
        Self::ScramPlus(ScramHash::Sha256),
        Self::ScramPlus(ScramHash::Sha1),
        Self::Scram(ScramHash::Sha512),
        Self::Scram(ScramHash::Sha256),
        Self::Scram(ScramHash::Sha1),
        Self::OAuthBearer,
        Self::XOAuth2,
        Self::CramMd5,
        Self::Plain,
        Self::Login,
        Self::Anonymous,
    ];

    /// Its name in `AUTH`, `AUTHENTICATE` and capability lists.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::Scram(hash) => hash.name(),
            Self::ScramPlus(hash) => hash.plus_name(),
            Self::CramMd5 => "CRAM-MD5",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XOAuth2 => "XOAUTH2",
            Self::External => "EXTERNAL",
            Self::Anonymous => "ANONYMOUS",
        }
    }

    /// The mechanism of this name, in any case; `None` if this crate does not know it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
    }

    /// Whether it shows the password or the token to whoever can read the connection.
    pub const fn is_plain_text(self) -> bool {
        matches!(self, Self::Plain | Self::Login) || self.takes_token()
    }

    /// Whether it shows a token instead of proving that a password is known.
    pub const fn takes_token(self) -> bool {
        matches!(self, Self::OAuthBearer | Self::XOAuth2)
    }

    /// Whether the client speaks first, so that an initial response makes sense.
    pub const fn is_client_first(self) -> bool {
        !matches!(self, Self::Login | Self::CramMd5)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which mechanisms may be used on a connection: what a server offers, and from what a client chooses.
///
/// The default is that of a connection without TLS: only mechanisms for passwords that do not show them.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The connection is encrypted, and the client has checked who the server is.
    pub tls: bool,
    /// Allow passwords and tokens to be sent without TLS. For tests and loopback.
    pub plain_text_without_tls: bool,
    /// [`ChannelBinding`] data for this connection is at hand.
    pub channel_binding: bool,
    /// The mechanisms for passwords. On by default.
    pub passwords: bool,
    /// CRAM-MD5 among them. Off by default: it leaves both the exchange and what the server keeps open
    /// to guessing, far more than SCRAM.
    pub cram_md5: bool,
    /// OAUTHBEARER and XOAUTH2: the client has a token, the server can check one. Off by default.
    pub tokens: bool,
    /// EXTERNAL: something outside (a certificate of the client under TLS, a Unix socket) says who the
    /// client is on this connection. Off by default.
    pub external: bool,
    /// ANONYMOUS: let anybody in. Off by default, as RFC 4505 5 wants.
    pub anonymous: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tls: false,
            plain_text_without_tls: false,
            channel_binding: false,
            passwords: true,
            cram_md5: false,
            tokens: false,
            external: false,
            anonymous: false,
        }
    }
}

impl Policy {
    /// Whether the mechanism may be used.
    pub const fn permits(self, mechanism: Mechanism) -> bool {
        let unseen = self.tls || self.plain_text_without_tls;
        match mechanism {
            Mechanism::Plain | Mechanism::Login => self.passwords && unseen,
            Mechanism::Scram(_) => self.passwords,
            Mechanism::ScramPlus(_) => self.passwords && self.channel_binding,
            Mechanism::CramMd5 => self.passwords && self.cram_md5,
            // RFC 7628 3: TLS MUST be used.
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => self.tokens && unseen,
            Mechanism::External => self.external,
            Mechanism::Anonymous => self.anonymous,
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
            } else if (Self { tls: true, ..self }).permits(mechanism) {
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
    /// None of them is known here and allowed by the [`Policy`], or none is offered at all.
    #[error("the server offers no mechanism that is known here and allowed")]
    Unknown,
    /// Only such as would show the password or the token, and there is no TLS.
    #[error("the server only takes secrets in plain text, and there is no TLS")]
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
