mod cram;
mod scram;
mod token;

use alloc::{string::String, vec::Vec};

use crate::{
    ChannelBinding, Decoy, Error, Keys, Limits, Mechanism, Misuse, ScramHash, Secret, TokenHint,
    cram::is_dot_atom,
    prep::{self, PrepError, saslprep},
    scram::{ClientFirst, our_nonce},
};

/// What the server's side of an exchange needs to know.
#[derive(Clone, Debug, Default)]
pub struct ServerConfig {
    /// Sizes that the client cannot exceed.
    pub limits: Limits,
    /// Let the application decide about clients that log in as one and want to act as another
    /// ([`Step::Authorize`]). By default they fail, as if the password were wrong.
    pub allow_authzid: bool,
    /// SCRAM and CRAM-MD5: random for each exchange, at least 16 characters: [`base64::encode`](crate::base64::encode) of 18
    /// random octets is good.
    pub nonce: String,
    /// CRAM-MD5: the server's name, for its challenge.
    pub host: String,
    /// SCRAM: what this connection can be bound by; empty if the server does not offer `-PLUS`.
    pub channel_bindings: Vec<ChannelBinding>,
    /// SCRAM: what to say of unknown users.
    pub decoy: Decoy,
    /// OAUTHBEARER, XOAUTH2: what to tell clients whose token is refused.
    pub token_hint: TokenHint,
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
    /// Look up what there is for CRAM-MD5, then [`answer_cram`](Server::answer_cram).
    LookupCram {
        /// Who the client says it is, prepared by [`saslprep`].
        user: String,
    },
    /// Check this token, then [`identify`](Server::identify) whose it is, or
    /// [`reject`](Server::reject). That it is valid is not enough: it must be meant for this service,
    /// and it is not proof of `user`, who is only who the client wants to act as.
    Token {
        /// Whose mailbox the client wants, as it was sent; XOAUTH2 always says.
        user: Option<String>,
        /// The token.
        token: Secret,
        /// The host that the client says it went to. If you know yours, it must be that (RFC 7628 3.2).
        host: Option<String>,
        /// The port likewise.
        port: Option<u16>,
    },
    /// Find out from the connection who the client is, then [`identify`](Server::identify) them, or
    /// [`reject`](Server::reject) if nothing says so.
    External {
        /// Whom the client wants to act as, as it was sent; of use if it can be one of several.
        authzid: Option<String>,
    },
    /// Somebody who wants to remain unknown: [`identify`](Server::identify) them by the name that such
    /// users go by, or [`reject`](Server::reject).
    Anonymous {
        /// What they leave as a [trace](prep::trace), safe to log and perhaps a lie.
        trace: Option<String>,
    },
    /// The client is who it says, and wants to act as another: [`accept`](Server::accept) or
    /// [`reject`](Server::reject). Only with [`ServerConfig::allow_authzid`].
    Authorize(Identity),
    /// The client has logged in.
    Done(Identity),
    /// It has not: wrong password or token, unknown user, or not allowed to act as another. Do not tell
    /// which.
    Failed,
}

/// Who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whose password it was, or who was [identified](Server::identify), prepared by [`saslprep`].
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
    /// CRAM-MD5, the challenge is sent.
    CramDigest,
    /// The application looks for what there is for CRAM-MD5.
    LookupCram {
        identity: Identity,
        digest: Secret,
    },
    /// The application finds out who it is.
    Identify {
        authzid: Option<String>,
    },
    /// The client has been told why its token is refused.
    Refused,
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
        match mechanism {
            Mechanism::Scram(_) | Mechanism::ScramPlus(_) => {
                our_nonce(&config.nonce)?;
                if config.decoy.key.is_empty() {
                    return Err(Misuse::DecoyKey);
                }
            }
            Mechanism::CramMd5 => {
                our_nonce(&config.nonce)?;
                if !is_dot_atom(&config.nonce) {
                    return Err(Misuse::Nonce);
                }
                if !is_dot_atom(&config.host) {
                    return Err(Misuse::Host);
                }
            }
            _ => {}
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
        let (state, challenge) = match self.mechanism {
            Mechanism::Login => (State::LoginUser, "Username:".into()),
            Mechanism::CramMd5 => (State::CramDigest, self.cram_challenge()),
            // RFC 4422 5: the server asks with an empty challenge.
            _ => (State::First, String::new()),
        };
        self.state = state;
        match initial {
            // RFC 4422 3: it cannot answer a challenge that has not been given.
            Some(_) if self.mechanism == Mechanism::CramMd5 => {
                self.state = State::Over;
                Err(Error::UnexpectedMessage)
            }
            // LOGIN has no standard that forbids it, and clients in use send the user's name at once.
            Some(response) => self.step(response),
            None => Ok(Step::Challenge(challenge.into_bytes())),
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
        | State::LookupCram { .. }
        | State::Identify { .. }
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
                Mechanism::OAuthBearer => self.oauthbearer(text),
                Mechanism::XOAuth2 => self.xoauth2(text),
                Mechanism::External => self.external(text),
                Mechanism::Anonymous => self.anonymous(text),
                Mechanism::Plain | Mechanism::Login | Mechanism::CramMd5 => self.plain(text),
            },
            State::LoginUser => {
                let user = self.no_nul(text)?;
                self.state = State::LoginPassword { user: self.named(user)?.into() };
                Ok(Step::Challenge(b"Password:".to_vec()))
            }
            State::LoginPassword { user } => {
                let password = self.no_nul(text)?;
                self.verify(&user, None, password)
            }
            State::ScramFinal { first, identity, server_first, keys, known } => {
                self.scram_final(text, &first, identity, &server_first, &keys, known)
            }
            State::CramDigest => self.cram_digest(text),
            // RFC 7628 3.2.3: `%x01`; XOAUTH2: nothing.
            State::Refused if matches!(response, b"" | b"\x01") => Ok(Step::Failed),
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

    /// Says no to [`Step::Verify`], [`Step::Token`], [`Step::External`], [`Step::Anonymous`] or
    /// [`Step::Authorize`]. Who has shown a token is told so by a challenge first.
    ///
    /// # Errors
    /// None of them is open.
    pub fn reject(&mut self) -> Result<Step, Misuse> {
        match core::mem::replace(&mut self.state, State::Over) {
            State::Identify { .. } if self.mechanism.takes_token() => Ok(self.refuse_token()),
            State::Verify { .. } | State::Identify { .. } | State::Authorize { .. } => {
                Ok(Step::Failed)
            }
            other => self.not_now(other),
        }
    }

    /// Answers [`Step::Token`], [`Step::External`] or [`Step::Anonymous`] with yes: the token belongs to
    /// this user, the certificate is theirs, or unknown users go by this name. If the client wants to
    /// act as another, that is [`Step::Authorize`]'s question still; names are the same if their octets
    /// are, so give the client's own spelling back if it means the same user to you.
    ///
    /// # Errors
    /// None of them is open, or the name does not survive [`saslprep`].
    pub fn identify(&mut self, user: &str) -> Result<Step, Misuse> {
        let State::Identify { authzid } = &self.state else { return Err(Misuse::NotNow) };
        let identity = identity(user, authzid.as_deref())?;
        self.state = State::Over;
        Ok(self.authorize(identity, None))
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
        let authzid = self.optional(authzid)?;
        let authcid = self.named(authcid)?;
        self.verify(authcid, authzid.as_deref(), password)
    }

    fn no_nul<'t>(&self, text: &'t str) -> Result<&'t str, Error> {
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
        let Ok(identity) = identity(user, authzid) else { return Ok(Step::Failed) };
        let user = identity.authcid.clone();
        self.state = State::Verify { identity };
        Ok(Step::Verify { user, password: password.into() })
    }

    /// RFC 4422 A.1: `external-initial-resp = authz-id-string`
    fn external(&mut self, text: &str) -> Result<Step, Error> {
        let authzid = self.optional(self.no_nul(text)?)?;
        self.state = State::Identify { authzid: authzid.clone() };
        Ok(Step::External { authzid })
    }

    /// RFC 4505 2: `message = [ email / token ]`
    fn anonymous(&mut self, text: &str) -> Result<Step, Error> {
        prep::trace(text)?;
        self.state = State::Identify { authzid: None };
        Ok(Step::Anonymous { trace: Some(text).filter(|text| !text.is_empty()).map(Into::into) })
    }

    fn optional(&self, name: &str) -> Result<Option<String>, Error> {
        if name.is_empty() { Ok(None) } else { Ok(Some(self.named(name)?.into())) }
    }

    /// They are who they say: may they act as whom they want?
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

/// Who somebody is, and whom they want to act as.
fn identity(authcid: &str, authzid: Option<&str>) -> Result<Identity, PrepError> {
    let prepared = saslprep(authcid)?;
    let other = authzid.filter(|authzid| *authzid != authcid && *authzid != prepared.as_str());
    Ok(Identity { authcid: prepared.as_str().into(), authzid: other.map(Into::into) })
}
