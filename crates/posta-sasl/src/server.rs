use alloc::{format, string::String, vec::Vec};

use crate::{
    ChannelBinding, Decoy, Error, Keys, Limits, Mechanism, Misuse, ScramHash, Secret, base64,
    prep::saslprep,
    scram::{self, ClientFinal, ClientFirst, Flag},
};

/// What the server's side of an exchange needs to know.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// Sizes that the client cannot exceed.
    pub limits: Limits,
    /// Let the application decide about clients that log in as one and want to act as another
    /// ([`Step::Authorize`]). By default they fail, as if the password were wrong.
    pub allow_authzid: bool,
    /// SCRAM: random for each exchange, at least 16 characters: [`base64::encode`] of 18 random
    /// octets is good.
    pub nonce: String,
    /// SCRAM: what this connection can be bound by; empty if the server does not offer `-PLUS`.
    pub channel_bindings: Vec<ChannelBinding>,
    /// SCRAM: what to say of unknown users.
    pub decoy: Decoy,
}

/// What a server has to do next.
#[derive(Debug)]
#[must_use = "the exchange goes on only if this is done"]
#[non_exhaustive]
pub enum Step {
    /// Send this to the client, then [`step`](Server::step) with its response.
    Challenge(Vec<u8>),
    /// Check this password, then [`accept`](Server::accept) or [`reject`](Server::reject). Take the
    /// same time whether the user exists or not.
    Verify {
        /// Who the client says it is, prepared by [`saslprep`].
        user: String,
        /// The password as it was sent.
        password: Secret,
    },
    /// Look up the user's keys for this hash, then [`answer`](Server::answer).
    Lookup {
        /// Who the client says it is, prepared by [`saslprep`].
        user: String,
        /// Keys for this hash are needed.
        hash: ScramHash,
    },
    /// The client is who it says, and wants to act as another: [`accept`](Server::accept) or
    /// [`reject`](Server::reject). Only with [`ServerConfig::allow_authzid`].
    Authorize(Identity),
    /// The client has logged in.
    Done(Identity),
    /// It has not: wrong password, unknown user, or not allowed to act as another. Do not tell which.
    Failed,
}

/// Who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose password it was, prepared by [`saslprep`].
    pub authcid: String,
    /// Whom they act as, as it was sent, if it is another.
    pub authzid: Option<String>,
}

impl Identity {
    /// Whose mailbox, rights and name count.
    pub fn acts_as(&self) -> &str {
        self.authzid.as_deref().unwrap_or(&self.authcid)
    }
}

/// The server's side of one exchange.
#[derive(Debug)]
pub struct Server {
    mechanism: Mechanism,
    config: ServerConfig,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Before [`Server::start`].
    Start,
    /// The first message of a mechanism in which the client speaks first.
    First,
    LoginUser,
    LoginPassword {
        user: String,
    },
    /// The application checks the password.
    Verify {
        identity: Identity,
    },
    /// The application looks for keys.
    Lookup {
        first: ClientFirst,
        identity: Identity,
    },
    ScramFinal {
        first: ClientFirst,
        identity: Identity,
        server_first: String,
        keys: Keys,
        known: bool,
    },
    /// The application decides; then this is to be sent, if anything.
    Authorize {
        identity: Identity,
        last: Option<Vec<u8>>,
    },
    /// The client has seen our proof and has nothing more to say.
    Ack {
        identity: Identity,
    },
    Over,
}

impl Server {
    /// A server that waits for [`start`](Self::start).
    ///
    /// # Errors
    /// The configuration lacks what the mechanism needs.
    pub fn new(mechanism: Mechanism, config: ServerConfig) -> Result<Self, Misuse> {
        if let Mechanism::Scram(_) | Mechanism::ScramPlus(_) = mechanism {
            scram::our_nonce(&config.nonce)?;
            if config.decoy.key.is_empty() {
                return Err(Misuse::DecoyKey);
            }
        }
        if matches!(mechanism, Mechanism::ScramPlus(_)) && config.channel_bindings.is_empty() {
            return Err(Misuse::ChannelBinding);
        }
        Ok(Self { mechanism, config, state: State::Start })
    }

    /// The mechanism.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Begins, with the initial response if the client's command had one (an empty one is not none).
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn start(&mut self, initial: Option<&[u8]>) -> Result<Step, Error> {
        let State::Start = self.state else { return Err(Misuse::NotNow.into()) };
        let challenge: &[u8] = match self.mechanism {
            Mechanism::Login => {
                self.state = State::LoginUser;
                b"Username:"
            }
            // RFC 4422 5: the server asks with an empty challenge.
            Mechanism::Plain | Mechanism::Scram(_) | Mechanism::ScramPlus(_) => {
                self.state = State::First;
                b""
            }
        };
        match initial {
            // LOGIN has no standard that forbids it, and clients in use send the user's name at once.
            Some(response) => self.step(response),
            None => Ok(Step::Challenge(challenge.to_vec())),
        }
    }

    /// Takes the client's response, decoded.
    ///
    /// # Errors
    /// The client's fault, and the exchange is over; or [`Misuse`] while a question is open.
    pub fn step(&mut self, response: &[u8]) -> Result<Step, Error> {
        if let State::Start
        | State::Verify { .. }
        | State::Lookup { .. }
        | State::Authorize { .. }
        | State::Over = self.state
        {
            return Err(Misuse::NotNow.into());
        }
        let state = core::mem::replace(&mut self.state, State::Over);
        if response.len() > self.config.limits.message {
            return Err(Error::MessageTooLong(self.config.limits.message));
        }
        let text = core::str::from_utf8(response).map_err(|_| Error::NotUtf8)?;
        match state {
            State::First => match self.mechanism {
                Mechanism::Scram(hash) => self.scram_first(text, hash, false),
                Mechanism::ScramPlus(hash) => self.scram_first(text, hash, true),
                Mechanism::Plain | Mechanism::Login => self.plain(text),
            },
            State::LoginUser => {
                let user = self.login_field(text)?;
                self.state = State::LoginPassword { user: self.named(user)?.into() };
                Ok(Step::Challenge(b"Password:".to_vec()))
            }
            State::LoginPassword { user } => {
                let password = self.login_field(text)?;
                self.verify(&user, None, password)
            }
            State::ScramFinal { first, identity, server_first, keys, known } => {
                self.scram_final(text, &first, identity, &server_first, &keys, known)
            }
            State::Ack { identity } if response.is_empty() => Ok(Step::Done(identity)),
            _ => Err(Error::UnexpectedMessage),
        }
    }

    /// Says yes to [`Step::Verify`] or [`Step::Authorize`].
    ///
    /// # Errors
    /// Neither is open.
    pub fn accept(&mut self) -> Result<Step, Misuse> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Verify { identity } => Ok(self.authorize(identity, None)),
            State::Authorize { identity, last } => Ok(self.finish(identity, last)),
            other => self.not_now(other),
        }
    }

    /// Says no to [`Step::Verify`] or [`Step::Authorize`].
    ///
    /// # Errors
    /// Neither is open.
    pub fn reject(&mut self) -> Result<Step, Misuse> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Verify { .. } | State::Authorize { .. } => Ok(Step::Failed),
            other => self.not_now(other),
        }
    }

    /// Answers [`Step::Lookup`]: `None` for an unknown user, or one without keys for this hash (keys
    /// for another hash count as none). The client cannot tell: it gets a salt, and fails in the end.
    ///
    /// # Errors
    /// No lookup is open.
    pub fn answer(&mut self, keys: Option<Keys>) -> Result<Step, Misuse> {
        let (first, identity) = match core::mem::replace(&mut self.state, State::Over) {
            State::Lookup { first, identity } => (first, identity),
            other => return self.not_now(other),
        };
        let (Mechanism::Scram(hash) | Mechanism::ScramPlus(hash)) = self.mechanism else {
            return Err(Misuse::NotNow);
        };
        // The decoy is made for known users too, so that its time tells nothing.
        let decoy = self.config.decoy.keys(hash, &identity.authcid);
        let found = keys.filter(|keys| keys.hash == hash);
        let known = found.is_some();
        let keys = found.unwrap_or(decoy);
        let server_first = format!(
            "r={}{},s={},i={}",
            first.nonce,
            self.config.nonce,
            base64::encode(&keys.salt),
            keys.iterations
        );
        let challenge = server_first.clone().into_bytes();
        self.state = State::ScramFinal { first, identity, server_first, keys, known };
        Ok(Step::Challenge(challenge))
    }

    fn not_now(&mut self, state: State) -> Result<Step, Misuse> {
        self.state = state;
        Err(Misuse::NotNow)
    }

    /// RFC 4616 2: `message = [authzid] UTF8NUL authcid UTF8NUL passwd`
    fn plain(&mut self, text: &str) -> Result<Step, Error> {
        let mut parts = text.split('\0');
        let fields = [parts.next(), parts.next(), parts.next(), parts.next()];
        let [Some(authzid), Some(authcid), Some(password), None] = fields else {
            return Err(Error::Nul);
        };
        let authzid = if authzid.is_empty() { None } else { Some(self.named(authzid)?) };
        let authcid = self.named(authcid)?;
        self.verify(authcid, authzid, password)
    }

    fn login_field<'t>(&self, text: &'t str) -> Result<&'t str, Error> {
        if text.contains('\0') { Err(Error::Nul) } else { Ok(text) }
    }

    fn named<'t>(&self, name: &'t str) -> Result<&'t str, Error> {
        match name.len() {
            0 => Err(Error::Empty),
            n if n > self.config.limits.name => Err(Error::NameTooLong(self.config.limits.name)),
            _ => Ok(name),
        }
    }

    fn verify(&mut self, user: &str, authzid: Option<&str>, password: &str) -> Result<Step, Error> {
        let limit = self.config.limits.password;
        match password.len() {
            0 => return Err(Error::Empty),
            n if n > limit => return Err(Error::PasswordTooLong(limit)),
            _ => {}
        }
        // RFC 4616 2: if preparation fails, verification fails.
        let Some(identity) = identity(user, authzid) else { return Ok(Step::Failed) };
        let user = identity.authcid.clone();
        self.state = State::Verify { identity };
        Ok(Step::Verify { user, password: password.into() })
    }

    fn scram_first(&mut self, text: &str, hash: ScramHash, plus: bool) -> Result<Step, Error> {
        let first = ClientFirst::parse(text)?;
        let supported = !self.config.channel_bindings.is_empty();
        // RFC 5802 6
        match first.flag {
            Flag::Unable if !plus => {}
            // Someone took `-PLUS` out of the list that the client saw.
            Flag::Able if !plus && !supported => {}
            Flag::Bound(Some(kind)) if plus && self.binding(kind).is_some() => {}
            _ => return Err(Error::ChannelBinding),
        }
        self.named(&first.user)?;
        first.authzid.as_deref().map_or(Ok(""), |authzid| self.named(authzid))?;
        let Some(identity) = identity(&first.user, first.authzid.as_deref()) else {
            return Ok(Step::Failed);
        };
        let user = identity.authcid.clone();
        self.state = State::Lookup { first, identity };
        Ok(Step::Lookup { user, hash })
    }

    fn scram_final(
        &mut self,
        text: &str,
        first: &ClientFirst,
        identity: Identity,
        server_first: &str,
        keys: &Keys,
        known: bool,
    ) -> Result<Step, Error> {
        let last = ClientFinal::parse(text)?;
        // RFC 5802 5.1: the nonce is the client's and ours.
        if last.nonce.strip_prefix(first.nonce.as_str()) != Some(&self.config.nonce) {
            return Err(Error::Nonce);
        }
        let bound = match first.flag {
            Flag::Bound(Some(kind)) => self.binding(kind),
            _ => None,
        };
        let bound = bound.map_or(&b""[..], Secret::expose);
        if last.binding != Secret::concat(&[first.gs2.as_bytes(), bound]) {
            return Err(Error::ChannelBinding);
        }
        let auth = scram::auth_message(&first.bare, server_first, last.without_proof);
        let client_key = scram::masked(keys.hash, &last.proof, &keys.stored, &auth);
        // `masked` stops with the shorter of the two, so the proof's length counts as well.
        let proven = (keys.hash.digest(client_key.expose()) == keys.stored)
            & (last.proof.len() == keys.hash.size());
        // No proof fits a decoy; that it fails does not rest on that alone.
        if !(proven & known) {
            return Ok(Step::Failed);
        }
        let signature = keys.hash.hmac(keys.server.expose(), auth.as_bytes());
        let verifier = format!("v={}", base64::encode(signature.expose()));
        Ok(self.authorize(identity, Some(verifier.into_bytes())))
    }

    fn binding(&self, kind: crate::BindingKind) -> Option<&Secret> {
        let found = self.config.channel_bindings.iter().find(|binding| binding.kind == kind);
        found.map(|binding| &binding.data)
    }

    /// The password was right: may they act as whom they want?
    fn authorize(&mut self, identity: Identity, last: Option<Vec<u8>>) -> Step {
        if identity.authzid.is_none() {
            self.finish(identity, last)
        } else if self.config.allow_authzid {
            self.state = State::Authorize { identity: identity.clone(), last };
            Step::Authorize(identity)
        } else {
            Step::Failed
        }
    }

    fn finish(&mut self, identity: Identity, last: Option<Vec<u8>>) -> Step {
        match last {
            Some(last) => {
                self.state = State::Ack { identity };
                Step::Challenge(last)
            }
            None => Step::Done(identity),
        }
    }
}

/// Who the client says it is; `None` if the name cannot be one.
fn identity(authcid: &str, authzid: Option<&str>) -> Option<Identity> {
    let prepared = saslprep(authcid).ok()?;
    let other = authzid.filter(|authzid| *authzid != authcid && *authzid != prepared.as_str());
    Some(Identity { authcid: prepared.as_str().into(), authzid: other.map(Into::into) })
}
