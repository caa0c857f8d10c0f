use crate::Channel;
use posta_sasl::{
    ChooseError, Client, ClientConfig, Credentials, Error, Mechanism, Misuse, Policy, Secret,
    base64,
};

/// Octets of randomness in a nonce.
const NONCE: usize = 18;

/// Logging in at a server, over the best mechanism it offers.
#[derive(Debug)]
pub struct Login {
    client: Client,
}

/// Why we do not log in. What the server says of the password is not told here but by its reply.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// No mechanism fits.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// The system has no randomness.
    #[error("no random nonce")]
    Random(#[from] getrandom::Error),
    /// The name or the password cannot be used.
    #[error("this name or password cannot be used: {0}")]
    Misuse(#[from] Misuse),
    /// A challenge that is not base64.
    #[error("the server's challenge is not base64")]
    Base64,
    /// The server broke the exchange, or is an impostor.
    #[error("the server broke the login: {0}")]
    Server(#[from] Error),
}

impl Login {
    /// Chooses a mechanism from those offered. Passwords are shown only under TLS, and the login is bound
    /// to the connection if both sides can.
    ///
    /// # Errors
    /// None fits, or the name or the password cannot be used.
    pub fn new<'a>(
        offered: impl IntoIterator<Item = &'a str>,
        user: &str,
        password: &str,
        channel: &Channel,
    ) -> Result<Self, LoginError> {
        let offered: Vec<&str> = offered.into_iter().collect();
        let policy = Policy {
            tls: channel.tls,
            channel_binding: !channel.bindings.is_empty(),
            ..Policy::default()
        };
        let mechanism = policy.choose(offered.iter().copied())?;
        // RFC 5802 6: we may say that we could have bound the login only if the server could not, by
        // whatever hash function.
        let can_bind = offered.iter().any(|name| name.to_ascii_uppercase().ends_with("-PLUS"));
        let told = matches!(mechanism, Mechanism::ScramPlus(_)) || !can_bind;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce)?;
        let config = ClientConfig {
            nonce: base64::encode(&nonce),
            channel_binding: channel.bindings.first().filter(|_| told).cloned(),
            ..ClientConfig::default()
        };
        let client = Client::new(mechanism, Credentials::password(user, password), config)?;
        Ok(Self { client })
    }

    /// The name of the mechanism.
    pub fn mechanism(&self) -> &'static str {
        self.client.mechanism().name()
    }

    /// The initial response in base64, if there is one and it fits into `room` octets.
    pub fn initial(&mut self, room: usize) -> Option<String> {
        self.client.initial(room).map(|response| text(&base64::encode_initial(&response)))
    }

    /// The response to a challenge, both in base64.
    ///
    /// # Errors
    /// The challenge makes no sense: give up, and do not trust the connection.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<String, LoginError> {
        let challenge = base64::decode(challenge).map_err(|_| LoginError::Base64)?;
        Ok(text(&base64::encode_response(&self.client.step(&challenge)?)))
    }

    /// Checks, once the server has said yes, that it was the server.
    ///
    /// # Errors
    /// It never proved that it knows the password, though the mechanism demands it.
    pub fn finish(&mut self) -> Result<(), LoginError> {
        Ok(self.client.finish()?)
    }
}

/// Base64 as text.
fn text(base64: &Secret) -> String {
    String::from_utf8_lossy(base64.expose()).into_owned()
}
