use posta_sasl::{
    Error, Mechanism, Misuse, Policy, ScramHash, Secret, Server, ServerConfig, Step, base64,
    passwords::Passwords,
};
use std::sync::Arc;

/// Octets of randomness in a nonce and in the key of the decoys.
const RANDOM: usize = 18;

/// Who may log in, shared by all sessions of a server.
#[derive(Clone, Debug)]
pub struct Logins {
    passwords: Arc<Passwords>,
    /// Makes up the salts of users who do not exist; the same for as long as the server runs.
    decoys: Secret,
}

/// What to tell a client that logs in.
#[derive(Debug)]
pub enum Verdict {
    /// A challenge, in base64.
    Challenge(String),
    /// Welcome, by this name.
    Welcome(String),
    /// What it said makes no sense: 501, `-ERR`.
    Malformed,
    /// A wrong password or an unknown user, which nobody learns: 535, `-ERR [AUTH]`.
    Denied,
}

impl Logins {
    /// Lets in whom the password file knows.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(passwords: Passwords) -> Result<Self, getrandom::Error> {
        Ok(Self { passwords: Arc::new(passwords), decoys: Secret::from(random()?.as_slice()) })
    }

    /// The mechanisms to offer, best first.
    pub fn offer(&self, tls: bool) -> Vec<&'static str> {
        self.mechanisms(tls).map(Mechanism::name).collect()
    }

    /// Whether this is the user's password.
    pub fn verify(&self, user: &str, password: &[u8]) -> bool {
        self.passwords.verify(user, &Secret::from(password))
    }

    /// Begins an exchange; `None` if the mechanism is not offered.
    pub fn begin(&self, mechanism: &str, tls: bool) -> Option<Exchange> {
        let mechanism = Mechanism::from_name(mechanism)?;
        if !self.mechanisms(tls).any(|offered| offered == mechanism) {
            return None;
        }
        let config = ServerConfig {
            nonce: base64::encode(&random().ok()?),
            decoy: self.passwords.decoy(hash(mechanism), self.decoys.clone()),
            ..ServerConfig::default()
        };
        let server = Server::new(mechanism, config).ok()?;
        Some(Exchange { passwords: Arc::clone(&self.passwords), server })
    }

    /// What is safe on this connection and open to every user.
    fn mechanisms(&self, tls: bool) -> impl Iterator<Item = Mechanism> {
        let policy = Policy { tls, ..Policy::default() };
        let open = |mechanism: &Mechanism| match mechanism {
            Mechanism::Scram(hash) | Mechanism::ScramPlus(hash) => self.passwords.covers(*hash),
            _ => true,
        };
        policy.offer().filter(open)
    }
}

/// One client logging in.
#[derive(Debug)]
pub struct Exchange {
    passwords: Arc<Passwords>,
    server: Server,
}

impl Exchange {
    /// Takes the initial response as it stood behind the mechanism, in base64, if there was one.
    pub fn start(&mut self, initial: Option<&[u8]>) -> Verdict {
        let Ok(initial) = initial.map(base64::decode_initial).transpose() else {
            return Verdict::Malformed;
        };
        let step = self.server.start(initial.as_ref().map(Secret::expose));
        self.verdict(step)
    }

    /// Takes a response, in base64.
    pub fn respond(&mut self, response: &[u8]) -> Verdict {
        let Ok(response) = base64::decode_response(response) else { return Verdict::Malformed };
        let step = self.server.step(response.expose());
        self.verdict(step)
    }

    fn verdict(&mut self, step: Result<Step, Error>) -> Verdict {
        match step.and_then(|step| Ok(self.answer(step)?)) {
            Ok(Step::Challenge(challenge)) => Verdict::Challenge(base64::encode(&challenge)),
            Ok(Step::Done(who)) => Verdict::Welcome(who.acts_as().to_owned()),
            Err(error) if error.is_malformed() => Verdict::Malformed,
            // Nobody may act as another here.
            Ok(_) | Err(_) => Verdict::Denied,
        }
    }

    fn answer(&mut self, step: Step) -> Result<Step, Misuse> {
        self.passwords.answer(&mut self.server, step)
    }
}

fn hash(mechanism: Mechanism) -> ScramHash {
    match mechanism {
        Mechanism::Scram(hash) | Mechanism::ScramPlus(hash) => hash,
        _ => ScramHash::Sha256,
    }
}

fn random() -> Result<[u8; RANDOM], getrandom::Error> {
    let mut octets = [0; RANDOM];
    getrandom::fill(&mut octets)?;
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use posta_sasl::{ITERATIONS, Keys};

    fn logins() -> Logins {
        let mut passwords = Passwords::default();
        let keys =
            Keys::derive(ScramHash::Sha256, &Secret::from("wonderland"), &[7; 16], ITERATIONS);
        passwords.insert("ana", keys.expect("valid")).expect("a new user");
        Logins::new(passwords).expect("randomness")
    }

    #[test]
    fn plain() {
        #[rustfmt::skip]
        let table: &[(&[u8], fn(&Verdict) -> bool)] = &[
            (b"\0ana\0wonderland",    |v| matches!(v, Verdict::Welcome(who) if who == "ana")),
            (b"\0ana\0wrong",         |v| matches!(v, Verdict::Denied)),
            (b"\0nobody\0wonderland", |v| matches!(v, Verdict::Denied)),
            (b"bea\0ana\0wonderland", |v| matches!(v, Verdict::Denied)),
            (b"ana",                  |v| matches!(v, Verdict::Malformed)),
        ];
        for (response, right) in table {
            let text = base64::encode(response);
            let mut exchange = logins().begin("plain", true).expect("offered");
            let verdict = exchange.start(Some(text.as_bytes()));
            assert!(right(&verdict), "{}: {verdict:?}", response.escape_ascii());
        }
        assert!(matches!(
            logins().begin("PLAIN", true).expect("offered").start(Some(b"*?")),
            Verdict::Malformed
        ));
    }

    /// A client picks the best that it is offered: everyone must be able to use it.
    #[test]
    fn only_hashes_that_all_users_have_are_offered() {
        let logins = logins();
        assert!(logins.offer(true).contains(&"SCRAM-SHA-256"));
        assert!(!logins.offer(true).contains(&"SCRAM-SHA-512"));
        assert!(logins.begin("SCRAM-SHA-512", true).is_none());
        for tls in [true, false] {
            let offered = logins.offer(tls);
            let mut client = crate::Login::new(offered, "ana", "wonderland", tls).expect("fits");
            let mut exchange = logins.begin(client.mechanism(), tls).expect("offered");
            let initial = client.initial(1000);
            let mut verdict = exchange.start(initial.as_deref().map(str::as_bytes));
            while let Verdict::Challenge(challenge) = verdict {
                let response = client.respond(challenge.as_bytes()).expect("sound");
                verdict = exchange.respond(response.as_bytes());
            }
            assert!(matches!(verdict, Verdict::Welcome(who) if who == "ana"));
            client.finish().expect("it was the server");
        }
    }

    #[test]
    fn no_plain_text_in_the_clear() {
        let logins = logins();
        assert!(logins.begin("PLAIN", false).is_none() && logins.begin("LOGIN", false).is_none());
        assert!(!logins.offer(false).contains(&"PLAIN"));
        assert!(logins.offer(true).contains(&"PLAIN"));
    }
}
