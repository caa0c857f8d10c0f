use alloc::{format, string::String};
use core::fmt;

use crate::{
    ChannelBinding, Error, Limits, Mechanism, Misuse, ScramHash, Secret, base64,
    prep::saslprep,
    scram::{self, ServerFirst},
};

/// Whom to log in as.
#[derive(Clone, Debug)]
pub struct Credentials {
    authcid: String,
    authzid: Option<String>,
    password: Secret,
}

impl Credentials {
    /// A user with a password.
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { authcid: user.into(), authzid: None, password: password.into() }
    }

    /// Asks to act as `other` once logged in, if the server allows it.
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
}

/// The client's side of one exchange.
pub struct Client {
    mechanism: Mechanism,
    credentials: Credentials,
    config: ClientConfig,
    state: State,
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
        let Credentials { mut authcid, authzid, mut password } = credentials;
        let fits = |name: &str| {
            !name.is_empty() && name.len() <= config.limits.name && !name.contains('\0')
        };
        if !fits(&authcid) || !authzid.as_deref().is_none_or(fits) {
            return Err(Misuse::Name);
        }
        let text = password.text().unwrap_or_default();
        if text.is_empty() || text.len() > config.limits.password || text.contains('\0') {
            return Err(Misuse::Password);
        }
        match mechanism {
            Mechanism::Plain => {}
            Mechanism::Login if authzid.is_some() => return Err(Misuse::Authzid),
            Mechanism::Login => {}
            Mechanism::Scram(_) | Mechanism::ScramPlus(_) => {
                scram::our_nonce(&config.nonce)?;
                // RFC 5802 5.1, `n`, and 2.2, Normalize(str)
                password = saslprep(text)?.as_str().into();
                authcid = saslprep(&authcid)?.as_str().into();
            }
        }
        if matches!(mechanism, Mechanism::ScramPlus(_)) && config.channel_binding.is_none() {
            return Err(Misuse::ChannelBinding);
        }
        let credentials = Credentials { authcid, authzid, password };
        Ok(Self { mechanism, credentials, config, state: State::Start })
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
        if !self.mechanism.is_client_first() || base64::encoded_len(self.first_len()) > room {
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
                Ok(self.credentials.password.clone())
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
            State::Start | State::Complete | State::Over => Err(Error::UnexpectedMessage),
        }
    }

    /// Whether all is said, so that only the server's verdict is missing.
    pub fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// To be called when the server says that the login succeeded. Ask no more of a connection on
    /// which this fails.
    ///
    /// # Errors
    /// [`Error::Incomplete`]: the server skipped a part, in SCRAM its own proof.
    pub fn finish(&mut self) -> Result<(), Error> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Complete => Ok(()),
            State::Over => Err(Misuse::NotNow.into()),
            _ => Err(Error::Incomplete),
        }
    }

    /// Octets of what [`first`](Self::first) returns.
    fn first_len(&self) -> usize {
        match self.mechanism {
            Mechanism::Plain => self.plain().len(),
            _ => self.gs2().len() + self.scram_bare().len(),
        }
    }

    fn first(&mut self) -> Secret {
        match self.mechanism {
            Mechanism::Plain => {
                self.state = State::Complete;
                self.plain()
            }
            _ => {
                let (gs2, bare) = (self.gs2(), self.scram_bare());
                let message = Secret::concat(&[gs2.as_bytes(), bare.as_bytes()]);
                self.state = State::ScramFirst { gs2, bare };
                message
            }
        }
    }

    /// RFC 4616 2: `message = [authzid] UTF8NUL authcid UTF8NUL passwd`
    fn plain(&self) -> Secret {
        let Credentials { authcid, authzid, password } = &self.credentials;
        let authzid = authzid.as_deref().unwrap_or_default();
        Secret::concat(&[authzid.as_bytes(), b"\0", authcid.as_bytes(), b"\0", password.expose()])
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
        let password = self.credentials.password.expose();
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
