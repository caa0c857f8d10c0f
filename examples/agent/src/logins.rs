use crate::Channel;
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
    plain_text_without_tls: bool,
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
        let decoys = Secret::from(random()?.as_slice());
        Ok(Self { passwords: Arc::new(passwords), decoys, plain_text_without_tls: false })
    }

    /// The same, with passwords taken in the clear if `allowed`: for networks that nobody listens to.
    #[must_use]
    pub fn plain_text_without_tls(self, allowed: bool) -> Self {
        Self { plain_text_without_tls: allowed, ..self }
    }

    /// The mechanisms to offer, best first. Under TLS those that bind the login to the connection are
    /// among them; [`begin`](Self::begin) knows whether this connection can.
    pub fn offer(&self, tls: bool) -> Vec<&'static str> {
        self.mechanisms(tls, tls).map(Mechanism::name).collect()
    }

    /// Whether this is the user's password.
    pub fn verify(&self, user: &str, password: &[u8]) -> bool {
        self.passwords.verify(user, &Secret::from(password))
    }

    /// Begins an exchange on this connection; `None` if the mechanism is not offered on it.
    pub fn begin(&self, mechanism: &str, channel: &Channel) -> Option<Exchange> {
        let mechanism = Mechanism::from_name(mechanism)?;
        let bound = !channel.bindings.is_empty();
        if !self.mechanisms(channel.tls, bound).any(|offered| offered == mechanism) {
            return None;
        }
        let config = ServerConfig {
            nonce: base64::encode(&random().ok()?),
            channel_bindings: channel.bindings.clone(),
            decoy: self.passwords.decoy(hash(mechanism), self.decoys.clone()),
            ..ServerConfig::default()
        };
        let server = Server::new(mechanism, config).ok()?;
        Some(Exchange { passwords: Arc::clone(&self.passwords), server })
    }

    /// What is safe on this connection and open to every user.
    fn mechanisms(&self, tls: bool, channel_binding: bool) -> impl Iterator<Item = Mechanism> {
        let plain_text_without_tls = self.plain_text_without_tls;
        let policy = Policy { tls, channel_binding, plain_text_without_tls, ..Policy::default() };
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
    use posta_sasl::{
        BindingKind::{self, TlsExporter, TlsServerEndPoint},
        ChannelBinding, ITERATIONS, Keys,
    };

    fn logins() -> Logins {
        let mut passwords = Passwords::default();
        let keys =
            Keys::derive(ScramHash::Sha256, &Secret::from("wonderland"), &[7; 16], ITERATIONS);
        passwords.insert("ana", keys.expect("valid")).expect("a new user");
        Logins::new(passwords).expect("randomness")
    }

    /// A connection that has these bindings: their first octets tell it from others.
    fn channel(kinds: &[(BindingKind, u8)]) -> Channel {
        let binding = |(kind, octet)| ChannelBinding { kind, data: vec![octet; 32].into() };
        Channel { tls: true, bindings: kinds.iter().copied().map(binding).collect() }
    }

    fn tls() -> Channel {
        channel(&[(TlsExporter, 1), (TlsServerEndPoint, 2)])
    }

    /// Logs in, the two sides of the exchange on these connections.
    fn log_in(offered: &[&str], ours: &Channel, theirs: &Channel) -> (&'static str, Verdict) {
        let logins = logins();
        let mut client =
            crate::Login::new(offered.iter().copied(), "ana", "wonderland", ours).expect("fits");
        let mut exchange = logins.begin(client.mechanism(), theirs).expect("offered");
        let initial = client.initial(1000);
        let mut verdict = exchange.start(initial.as_deref().map(str::as_bytes));
        while let Verdict::Challenge(challenge) = verdict {
            let response = client.respond(challenge.as_bytes()).expect("sound");
            verdict = exchange.respond(response.as_bytes());
        }
        if let Verdict::Welcome(_) = verdict {
            client.finish().expect("it was the server");
        }
        (client.mechanism(), verdict)
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
            let mut exchange = logins().begin("plain", &tls()).expect("offered");
            let verdict = exchange.start(Some(text.as_bytes()));
            assert!(right(&verdict), "{}: {verdict:?}", response.escape_ascii());
        }
        assert!(matches!(
            logins().begin("PLAIN", &tls()).expect("offered").start(Some(b"*?")),
            Verdict::Malformed
        ));
    }

    /// A client picks the best that it is offered: everyone must be able to use it.
    #[test]
    fn only_hashes_that_all_users_have_are_offered() {
        let logins = logins();
        for name in ["SCRAM-SHA-512", "SCRAM-SHA-512-PLUS"] {
            assert!(!logins.offer(true).contains(&name));
            assert!(logins.begin(name, &tls()).is_none());
        }
        for (channel, want) in [
            (Channel::default(), "SCRAM-SHA-256"),
            (channel(&[]), "SCRAM-SHA-256"),
            (channel(&[(TlsServerEndPoint, 2)]), "SCRAM-SHA-256-PLUS"),
            (tls(), "SCRAM-SHA-256-PLUS"),
        ] {
            let (used, verdict) = log_in(&logins.offer(channel.tls), &channel, &channel);
            assert_eq!(used, want);
            assert!(matches!(verdict, Verdict::Welcome(who) if who == "ana"));
        }
    }

    #[test]
    fn a_login_is_good_for_its_connection_only() {
        let offered = logins().offer(true);
        for (ours, theirs) in [
            (channel(&[(TlsExporter, 3)]), tls()),
            (channel(&[(TlsServerEndPoint, 3)]), tls()),
            // Where the best is missing the next is no substitute for it.
            (tls(), channel(&[(TlsServerEndPoint, 2)])),
        ] {
            let (used, verdict) = log_in(&offered, &ours, &theirs);
            assert_eq!(used, "SCRAM-SHA-256-PLUS");
            assert!(matches!(verdict, Verdict::Denied), "{verdict:?}");
        }
        assert!(logins().begin("SCRAM-SHA-256-PLUS", &channel(&[])).is_none());
        assert!(logins().begin("SCRAM-SHA-256-PLUS", &Channel::default()).is_none());
    }

    /// RFC 5802 6: who takes the better mechanisms out of the list is found out.
    #[test]
    fn a_list_without_plus_is_noticed() {
        let (used, verdict) = log_in(&["SCRAM-SHA-256"], &tls(), &tls());
        assert_eq!(used, "SCRAM-SHA-256");
        assert!(matches!(verdict, Verdict::Denied));
        // The server really has none: nobody was fooled.
        let (_, verdict) = log_in(&["SCRAM-SHA-256"], &tls(), &channel(&[]));
        assert!(matches!(verdict, Verdict::Welcome(_)));
        // It has some that we do not know, so we do not claim that it has none.
        let offered = ["SCRAM-SHA3-512-PLUS", "SCRAM-SHA-256"];
        let (_, verdict) = log_in(&offered, &tls(), &tls());
        assert!(matches!(verdict, Verdict::Welcome(_)));
    }

    #[test]
    fn no_plain_text_in_the_clear() {
        let (logins, clear) = (logins(), Channel::default());
        assert!(logins.begin("PLAIN", &clear).is_none() && logins.begin("LOGIN", &clear).is_none());
        assert!(!logins.offer(false).contains(&"PLAIN"));
        assert!(logins.offer(true).contains(&"PLAIN"));
    }
}
