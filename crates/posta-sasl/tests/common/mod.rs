//! What the tests share.
#![allow(clippy::unwrap_used, dead_code)]

use posta_sasl::{
    BindingKind, ChannelBinding, Client, ClientConfig, CramKeys, Credentials, Decoy, Error,
    Identity, Keys, Mechanism, Misuse, ScramHash, Secret, Server, ServerConfig, Step,
    passwords::Passwords,
};

/// `user` with the password `pencil`, by the salt of RFC 7677 3.
pub(crate) const KEYS: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

pub(crate) fn passwords() -> Passwords {
    Passwords::parse(&format!("user:{KEYS}\n")).unwrap()
}

pub(crate) fn binding(kind: BindingKind, octet: u8) -> ChannelBinding {
    ChannelBinding { kind, data: vec![octet; 32].into() }
}

pub(crate) fn server_config() -> ServerConfig {
    ServerConfig {
        nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0".into(),
        host: "mx1.b.com".into(),
        decoy: Decoy { key: "the server's own".into(), ..Decoy::default() },
        ..ServerConfig::default()
    }
}

pub(crate) fn client_config() -> ClientConfig {
    ClientConfig { nonce: "rOprNGfwEbeRWgbNEkqO".into(), ..ClientConfig::default() }
}

/// Every mechanism that a config without channel binding and a file with one hash allow.
pub(crate) const EVERY: [Mechanism; 8] = [
    Mechanism::Plain,
    Mechanism::Login,
    SHA256,
    Mechanism::CramMd5,
    Mechanism::OAuthBearer,
    Mechanism::XOAuth2,
    Mechanism::External,
    Mechanism::Anonymous,
];

/// `user` with this password, or token.
pub(crate) fn credentials(mechanism: Mechanism, secret: &str) -> Credentials {
    match mechanism {
        Mechanism::OAuthBearer | Mechanism::XOAuth2 => Credentials::token("user", secret),
        Mechanism::External => Credentials::external(),
        Mechanism::Anonymous => Credentials::anonymous("sirhc"),
        _ => Credentials::password("user", secret),
    }
}

pub(crate) fn client(mechanism: Mechanism, secret: &str) -> Client {
    Client::new(mechanism, credentials(mechanism, secret), client_config()).unwrap()
}

pub(crate) fn server(mechanism: Mechanism) -> Server {
    let mut config = server_config();
    if mechanism == Mechanism::CramMd5 {
        config.nonce = "1896.697170952xy".into();
    }
    Server::new(mechanism, config).unwrap()
}

/// Answers any question, as the application of these tests: `user` has the password and the token
/// `pencil` and is on the line, and who says nothing is `anonymous`.
pub(crate) fn answer(server: &mut Server, step: Step) -> Result<Step, Misuse> {
    match step {
        Step::LookupCram { user } => {
            let keys = CramKeys::derive(&Secret::from("pencil")).unwrap();
            server.answer_cram(Some(&keys).filter(|_| user == "user"))
        }
        Step::Token { token, .. } if token == Secret::from("pencil") => server.identify("user"),
        Step::Token { .. } => server.reject(),
        Step::External { .. } => server.identify("user"),
        Step::Anonymous { .. } => server.identify("anonymous"),
        Step::Authorize(identity) if identity.acts_as() == "bea" => server.accept(),
        Step::Authorize(_) => server.reject(),
        question => passwords().answer(server, question),
    }
}

/// Lets the two talk to the end; answers the server from the usual file. Returns all that the server
/// sent, too. `Ok(None)` is a failed login.
pub(crate) fn talk(
    client: &mut Client,
    server: &mut Server,
    with_initial: bool,
) -> (Vec<Vec<u8>>, Result<Option<Identity>, Error>) {
    let mut sent = Vec::new();
    let initial = if with_initial { client.initial(usize::MAX) } else { None };
    let mut step = server.start(initial.as_ref().map(|response| response.expose()));
    let end = loop {
        step = match step {
            Err(error) => break Err(error),
            Ok(Step::Failed) => break Ok(None),
            Ok(Step::Done(identity)) => break Ok(Some(identity)),
            Ok(Step::Challenge(challenge)) => {
                sent.push(challenge.clone());
                match client.step(&challenge) {
                    Ok(response) => server.step(response.expose()),
                    Err(error) => break Err(error),
                }
            }
            Ok(question) => answer(server, question).map_err(Error::from),
        };
    };
    (sent, end)
}

pub(crate) const SHA256: Mechanism = Mechanism::Scram(ScramHash::Sha256);
pub(crate) const SHA256_PLUS: Mechanism = Mechanism::ScramPlus(ScramHash::Sha256);

pub(crate) fn keys() -> Keys {
    Keys::parse(KEYS).unwrap()
}
