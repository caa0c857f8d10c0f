use alloc::{format, string::String};
use core::fmt;

use crate::{
    ChannelBinding, CramKeys, Error, Limits, Mechanism, Misuse, ScramHash, Secret, base64,
    cram::is_dot_atom,
    oauth,
    prep::{self, saslprep},
    scram::{self, ServerFirst},
};

/// Whom to log in as, and by what.
#[derive(Clone, Debug)]
pub struct Credentials {
    kind: Kind,
    authcid: String,
    authzid: Option<String>,
    secret: Secret,
}

/// Which mechanisms the credentials are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Password,
    Token,
    External,
    Anonymous,
}

impl Kind {
    fn of(mechanism: Mechanism) -> Self {
        match mechanism {
            Mechanism::Plain
            | Mechanism::Login
            | Mechanism::Scram(_)
            | Mechanism::ScramPlus(_)
            | Mechanism::CramMd5 => Self::Password,
            Mechanism::OAuthBearer | Mechanism::XOAuth2 => Self::Token,
            Mechanism::External => Self::External,
            Mechanism::Anonymous => Self::Anonymous,
        }
    }
}

impl Credentials {
    /// A user with a password: PLAIN, LOGIN, CRAM-MD5 and SCRAM.
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self::new(Kind::Password, user.into(), password.into())
    }

    /// A token that opens the mailbox of `user`: OAUTHBEARER and XOAUTH2.
    pub fn token(user: impl Into<String>, token: impl Into<Secret>) -> Self {
        Self::new(Kind::Token, user.into(), token.into())
    }

    /// What the server has been shown elsewhere, such as a certificate under TLS: EXTERNAL.
    pub fn external() -> Self {
        Self::new(Kind::External, String::new(), Secret::default())
    }

    /// Nobody in particular: ANONYMOUS. The trace says more than one may want to say: it may be empty,
    /// and should be an address only if its owner agrees (RFC 4505 5).
    pub fn anonymous(trace: impl Into<String>) -> Self {
        Self::new(Kind::Anonymous, trace.into(), Secret::default())
    }

    fn new(kind: Kind, authcid: String, secret: Secret) -> Self {
        Self { kind, authcid, authzid: None, secret }
    }

    /// Asks to act as `other` once logged in, if the server allows it: PLAIN, SCRAM and EXTERNAL.
    #[must_use]
    pub fn acting_as(mut self, other: impl Into<String>) -> Self {
        self.authzid = Some(other.into());
        self
    }
}

/// What the client's side of an exchange needs to know.
#[derive(Clone, Debug, Default)]
pub struct ClientConfig {
    /// Sizes and counts that the server cannot exceed, nor the credentials.
    pub limits: Limits,
    /// SCRAM: random for each exchange, at least 16 characters: [`base64::encode`] of 18 random
    /// octets is good.
    pub nonce: String,
    /// SCRAM: what this connection can be bound by. Hand it in for mechanisms without `-PLUS` too, if
    /// the server offers none with it: then a server that does notices that its list was tampered
    /// with.
    pub channel_binding: Option<ChannelBinding>,
    /// OAUTHBEARER: the host that the connection goes to, if the server is to check it; empty if not.
    pub host: String,
    /// OAUTHBEARER: the port likewise.
    pub port: Option<u16>,
}

/// The client's side of one exchange.
pub struct Client {
    mechanism: Mechanism,
    credentials: Credentials,
    config: ClientConfig,
    state: State,
    refusal: Option<String>,
}

enum State {
    Start,
    LoginPassword,
    /// SCRAM, the first message is sent.
    ScramFirst {
        gs2: String,
        bare: String,
    },
    /// SCRAM, the proof is sent; the server must send this.
    ScramFinal {
        signature: Secret,
    },
    /// All is said, and the server has proved itself if the mechanism has that.
    Complete,
    /// The server has said why it does not take the token, and is going to say no.
    Refused,
    Over,
}

impl Client {
    /// A client that has said nothing yet.
    ///
    /// # Errors
    /// The credentials or the configuration do not fit the mechanism.
    pub fn new(
        mechanism: Mechanism,
        credentials: Credentials,
        config: ClientConfig,
    ) -> Result<Self, Misuse> {
        let Credentials { kind, mut authcid, authzid, mut secret } = credentials;
        if kind != Kind::of(mechanism) {
            return Err(Misuse::Credentials);
        }
        let limits = &config.limits;
        let fits =
            |name: &str| !name.is_empty() && name.len() <= limits.name && !name.contains('\0');
        let named = matches!(kind, Kind::Password | Kind::Token);
        if (named && !fits(&authcid)) || !authzid.as_deref().is_none_or(fits) {
            return Err(Misuse::Name);
        }
        let text = secret.text().unwrap_or_default();
        match kind {
            Kind::Password
                if text.is_empty() || text.len() > limits.password || text.contains('\0') =>
            {
                return Err(Misuse::Password);
            }
            // A Ctrl-A would end the name early, and more could be said in its place.
            Kind::Token if authcid.contains(|c: char| c.is_ascii_control()) => {
                return Err(Misuse::Name);
            }
            Kind::Token if text.len() > limits.token || !oauth::is_token(text) => {
                return Err(Misuse::Token);
            }
            Kind::Anonymous => prep::trace(&authcid)?,
            _ => {}
        }
        match mechanism {
            Mechanism::Plain | Mechanism::External => {}
            Mechanism::Login
            | Mechanism::CramMd5
            | Mechanism::OAuthBearer
            | Mechanism::XOAuth2
            | Mechanism::Anonymous
                if authzid.is_some() =>
            {
                return Err(Misuse::Authzid);
            }
            Mechanism::OAuthBearer if !config.host.is_empty() && !is_dot_atom(&config.host) => {
                return Err(Misuse::Host);
            }
            Mechanism::Login
            | Mechanism::OAuthBearer
            | Mechanism::XOAuth2
            | Mechanism::Anonymous => {}
            Mechanism::CramMd5 => authcid = saslprep(&authcid)?.as_str().into(),
            Mechanism::Scram(_) | Mechanism::ScramPlus(_) => {
                scram::our_nonce(&config.nonce)?;
                // RFC 5802 5.1, `n`, and 2.2, Normalize(str)
                secret = saslprep(text)?.as_str().into();
                authcid = saslprep(&authcid)?.as_str().into();
            }
        }
        if matches!(mechanism, Mechanism::ScramPlus(_)) && config.channel_binding.is_none() {
            return Err(Misuse::ChannelBinding);
        }
        let credentials = Credentials { kind, authcid, authzid, secret };
        Ok(Self { mechanism, credentials, config, state: State::Start, refusal: None })
    }

    /// The mechanism.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The initial response, to be sent with the command, if the client speaks first and `room` octets
    /// of the command line are enough for it in base64. Otherwise give the command without one and
    /// answer the server's empty challenge by [`step`](Self::step): a line too long is refused, and
    /// tokens can be long (RFC 4954 4). Do not call it if the protocol has no initial responses
    /// (IMAP without SASL-IR).
    pub fn initial(&mut self, room: usize) -> Option<Secret> {
        let State::Start = self.state else { return None };
        if !self.mechanism.is_client_first()
            || base64::encoded_len(self.first_message().len()) > room
        {
            return None;
        }
        Some(self.first())
    }

    /// Takes the server's challenge, decoded, and returns the response.
    ///
    /// # Errors
    /// The server's fault, and the exchange is over: cancel it (`*` in all three protocols) and do not
    /// trust the connection.
    pub fn step(&mut self, challenge: &[u8]) -> Result<Secret, Error> {
        let limit = self.config.limits.message;
        if let State::Over = self.state {
            return Err(Misuse::NotNow.into());
        }
        let state = core::mem::replace(&mut self.state, State::Over);
        if challenge.len() > limit {
            return Err(Error::MessageTooLong(limit));
        }
        let text = core::str::from_utf8(challenge).map_err(|_| Error::NotUtf8);
        match state {
            // What the server writes before name and password was never agreed on.
            State::Start if self.mechanism == Mechanism::Login => {
                self.state = State::LoginPassword;
                Ok(self.credentials.authcid.as_str().into())
            }
            State::LoginPassword => {
                self.state = State::Complete;
                Ok(self.credentials.secret.clone())
            }
            // Whatever the challenge is: some servers' is not what RFC 2195 2 asks for.
            State::Start if self.mechanism == Mechanism::CramMd5 => {
                let digest = CramKeys::derive(&self.credentials.secret)
                    .map_err(Misuse::from)?
                    .digest(challenge);
                self.state = State::Complete;
                let user = self.credentials.authcid.as_bytes();
                Ok(Secret::concat(&[user, b" ", digest.expose()]))
            }
            // RFC 4422 5: the server asks with an empty challenge.
            State::Start if challenge.is_empty() => Ok(self.first()),
            State::ScramFirst { gs2, bare } => self.scram_final(text?, &gs2, &bare),
            State::ScramFinal { signature } => {
                if scram::server_final(text?)? != signature {
                    return Err(Error::ServerProof);
                }
                self.state = State::Complete;
                Ok(Secret::default())
            }
            State::Complete if self.mechanism.takes_token() && !challenge.is_empty() => {
                self.refusal = Some(text?.into());
                self.state = State::Refused;
                Ok(match self.mechanism {
                    Mechanism::OAuthBearer => "\x01".into(), // RFC 7628 3.2.3
                    _ => Secret::default(),
                })
            }
            State::Start | State::Complete | State::Refused | State::Over => {
                Err(Error::UnexpectedMessage)
            }
        }
    }

    /// Whether all is said, so that only the server's verdict is missing.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Why the server does not take the token, in its own words: JSON with `status`, perhaps `scope` and
    /// `openid-configuration` (RFC 7628 3.2.2). The server's verdict is still to come.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// To be called when the server says that the login succeeded. Ask no more of a connection on
    /// which this fails.
    ///
    /// # Errors
    /// [`Error::Incomplete`]: the server skipped a part, in SCRAM its own proof, or has just refused the
    /// token.
    pub fn finish(&mut self) -> Result<(), Error> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Complete => Ok(()),
            State::Over => Err(Misuse::NotNow.into()),
            _ => Err(Error::Incomplete),
        }
    }

    fn first(&mut self) -> Secret {
        self.state = match self.mechanism {
            Mechanism::Scram(_) | Mechanism::ScramPlus(_) => {
                State::ScramFirst { gs2: self.gs2(), bare: self.scram_bare() }
            }
            _ => State::Complete,
        };
        self.first_message()
    }

    fn first_message(&self) -> Secret {
        let Credentials { authcid, authzid, secret, .. } = &self.credentials;
        let authzid = authzid.as_deref().unwrap_or_default();
        match self.mechanism {
            Mechanism::Scram(_) | Mechanism::ScramPlus(_) => {
                Secret::concat(&[self.gs2().as_bytes(), self.scram_bare().as_bytes()])
            }
            Mechanism::OAuthBearer => {
                oauth::oauthbearer(authcid, secret, &self.config.host, self.config.port)
            }
            Mechanism::XOAuth2 => oauth::xoauth2(authcid, secret),
            Mechanism::External => authzid.into(),
            Mechanism::Anonymous => authcid.as_str().into(),
            // RFC 4616 2: message = [authzid] UTF8NUL authcid UTF8NUL passwd
            Mechanism::Plain => {
                let parts = [authzid.as_bytes(), b"\0", authcid.as_bytes(), b"\0", secret.expose()];
                Secret::concat(&parts)
            }
            // The server speaks first.
            Mechanism::Login | Mechanism::CramMd5 => Secret::default(),
        }
    }

    /// RFC 5802 7: `gs2-header = gs2-cbind-flag "," [ authzid ] ","`
    fn gs2(&self) -> String {
        let flag = match (self.mechanism, &self.config.channel_binding) {
            (Mechanism::ScramPlus(_), Some(binding)) => format!("p={}", binding.kind.name()),
            (_, Some(_)) => "y".into(),
            (_, None) => "n".into(),
        };
        match &self.credentials.authzid {
            Some(authzid) => format!("{flag},a={},", scram::escape(authzid)),
            None => format!("{flag},,"),
        }
    }

    /// RFC 5802 7: `client-first-message-bare = username "," nonce`
    fn scram_bare(&self) -> String {
        format!("n={},r={}", scram::escape(&self.credentials.authcid), self.config.nonce)
    }

    fn scram_final(&mut self, challenge: &str, gs2: &str, bare: &str) -> Result<Secret, Error> {
        let (Mechanism::Scram(hash) | Mechanism::ScramPlus(hash)) = self.mechanism else {
            return Err(Error::UnexpectedMessage);
        };
        let server = ServerFirst::parse(challenge)?;
        // RFC 5802 5.1: it begins with ours and goes on.
        if server.nonce.strip_prefix(&self.config.nonce).is_none_or(str::is_empty) {
            return Err(Error::Nonce);
        }
        let Limits { min_iterations, max_iterations, .. } = self.config.limits;
        if !(min_iterations..=max_iterations).contains(&server.iterations) {
            return Err(Error::Iterations(server.iterations));
        }
        let bound = match (self.mechanism, &self.config.channel_binding) {
            (Mechanism::ScramPlus(_), Some(binding)) => binding.data.expose(),
            _ => b"",
        };
        let binding = base64::encode_response(&Secret::concat(&[gs2.as_bytes(), bound]));
        let (proof, signature, without_proof) =
            self.prove(hash, &server, challenge, bare, binding.text().unwrap_or_default());
        self.state = State::ScramFinal { signature };
        Ok(format!("{without_proof},p={}", base64::encode(proof.expose())).into())
    }

    /// RFC 5802 3: the client's proof, the server's signature, and what both sign at the end.
    fn prove(
        &self,
        hash: ScramHash,
        server: &ServerFirst,
        challenge: &str,
        bare: &str,
        binding: &str,
    ) -> (Secret, Secret, String) {
        let without_proof = format!("c={binding},r={}", server.nonce);
        let auth = scram::auth_message(bare, challenge, &without_proof);
        let password = self.credentials.secret.expose();
        let salted = hash.hi(password, &server.salt, server.iterations);
        let client_key = hash.hmac(salted.expose(), b"Client Key");
        let server_key = hash.hmac(salted.expose(), b"Server Key");
        let stored = hash.digest(client_key.expose());
        let proof = scram::masked(hash, &client_key, &stored, &auth);
        (proof, hash.hmac(server_key.expose(), auth.as_bytes()), without_proof)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("mechanism", &self.mechanism)
            .field("user", &self.credentials.authcid)
            .finish_non_exhaustive()
    }
}
