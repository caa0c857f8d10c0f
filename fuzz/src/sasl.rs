//! SASL: each side against a peer that says anything, and the files that passwords are in.

use posta_sasl::{
    Client, ClientConfig, CramKeys, Credentials, Decoy, Error, Keys, Limits, Mechanism, Misuse,
    Secret, Server, ServerConfig, Step, apop, base64, passwords::Passwords, prep,
};

/// Keys of a password that nobody knows, so that no proof can be right.
const KEYS: &str = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

/// The first octet chooses the mechanism, and whether there is an initial response; the lines behind it are
/// what the peer says.
pub fn exchange(data: &[u8]) {
    let Some((choice, said)) = data.split_first() else { return };
    let mechanism = Mechanism::ALL[usize::from(choice & 31) % Mechanism::ALL.len()];
    let lines: Vec<&[u8]> = said.split(|octet| *octet == b'\n').collect();
    server(mechanism, choice & 32 != 0, &lines);
    client(mechanism, &lines);
    if let Some((user, password)) = lines.first().zip(lines.get(1)) {
        honest(mechanism, user, password);
    }
}

fn server(mechanism: Mechanism, initial: bool, lines: &[&[u8]]) {
    let config = ServerConfig {
        nonce: "1896.697170952xyzzyxyzzyx".into(),
        host: "mx1.b.com".into(),
        decoy: Decoy { key: "the server's own".into(), ..Decoy::default() },
        allow_authzid: lines.len().is_multiple_of(2),
        ..ServerConfig::default()
    };
    let Ok(mut server) = Server::new(mechanism, config) else { return };
    let mut lines = lines.iter();
    let first = if initial { lines.next().copied() } else { None };
    let mut step = server.start(first);
    // Each line is answered by a challenge at most, each question once.
    for _ in 0..100 {
        step = match step {
            Ok(Step::Challenge(_)) => match lines.next() {
                Some(line) => server.step(line),
                None => return,
            },
            Ok(Step::Done(identity)) => {
                // Nobody knows the keys.
                let by_keys = matches!(
                    mechanism,
                    Mechanism::Scram(_) | Mechanism::ScramPlus(_) | Mechanism::CramMd5
                );
                assert!(!by_keys, "{identity:?}");
                assert!(!identity.acts_as().is_empty());
                return over(&mut server);
            }
            Ok(Step::Failed) | Err(_) => return over(&mut server),
            Ok(question) => answer(&mut server, question).map_err(Error::from),
        };
    }
    panic!("no end");
}

fn over(server: &mut Server) {
    assert_eq!(server.step(b"").err(), Some(Error::Misuse(Misuse::NotNow)));
    assert!(server.accept().is_err() && server.reject().is_err());
}

fn answer(server: &mut Server, question: Step) -> Result<Step, Misuse> {
    match question {
        Step::Verify { user, password } => {
            assert!(!user.is_empty() && !password.is_empty() && !user.contains('\0'));
            server.accept()
        }
        Step::Lookup { user, .. } => {
            let keys = Keys::parse(KEYS).expect("keys");
            server.answer(Some(keys).filter(|_| user.len() % 2 == 0))
        }
        Step::LookupCram { .. } => server.answer_cram(None),
        Step::Token { token, .. } if token.len() % 2 == 0 => server.reject(),
        Step::Token { .. } | Step::External { .. } | Step::Anonymous { .. } => {
            server.identify("bea")
        }
        _ => server.accept(),
    }
}

/// A server that cannot know the password is never believed.
fn client(mechanism: Mechanism, lines: &[&[u8]]) {
    // Enough to tell, and soon done.
    let limits = Limits { min_iterations: 1, max_iterations: 8, ..Limits::default() };
    let config = ClientConfig {
        nonce: "fyko+d2lbbFgONRv9qkxdawL".into(),
        limits,
        ..ClientConfig::default()
    };
    let credentials = match mechanism {
        _ if mechanism.takes_token() => Credentials::token("bea", "token"),
        Mechanism::External => Credentials::external(),
        Mechanism::Anonymous => Credentials::anonymous("bea@b.com"),
        _ => Credentials::password("bea", "secret"),
    };
    let Ok(mut client) = Client::new(mechanism, credentials, config) else { return };
    let _ = client.initial(usize::MAX);
    for line in lines {
        if client.step(line).is_err() {
            break;
        }
    }
    if matches!(mechanism, Mechanism::Scram(_) | Mechanism::ScramPlus(_)) {
        assert!(!client.is_complete() && client.finish().is_err());
    }
}

/// What one side is given the other side hears.
fn honest(mechanism: Mechanism, user: &[u8], password: &[u8]) {
    let (Mechanism::Plain | Mechanism::Login) = mechanism else { return };
    let (Ok(user), Ok(password)) = (std::str::from_utf8(user), std::str::from_utf8(password))
    else {
        return;
    };
    let credentials = Credentials::password(user, password);
    let Ok(mut client) = Client::new(mechanism, credentials, ClientConfig::default()) else {
        return;
    };
    let mut server = Server::new(mechanism, ServerConfig::default()).expect("it needs nothing");
    let initial = client.initial(usize::MAX);
    let mut step = server.start(initial.as_ref().map(Secret::expose));
    while let Ok(Step::Challenge(challenge)) = step {
        let response = client.step(&challenge).expect("an answer");
        step = server.step(response.expose());
    }
    // Too long, or nothing at all, is refused; a name is heard as it is prepared.
    if let Ok(Step::Verify { user: heard, password: secret }) = step {
        assert_eq!(prep::saslprep(user).as_ref().map(|user| user.as_str()), Ok(&*heard));
        assert_eq!(secret.text(), Some(password));
    }
}

/// A password file, keys, BASE64 and names: what is read is written, and reads back.
pub fn passwords(data: &[u8]) {
    if let Ok(octets) = base64::decode(data) {
        assert_eq!(base64::encode(&octets).as_bytes(), data);
    }
    assert_eq!(base64::decode(base64::encode(data).as_bytes()).as_deref(), Ok(data));
    if let Ok(keys) = CramKeys::parse(data) {
        let written = keys.write();
        assert_eq!(CramKeys::parse(written.expose()).expect("keys").write(), written);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(keys) = Keys::parse(text) {
        assert_eq!(Keys::parse(&keys.write()).expect("keys").write(), keys.write());
    }
    match Passwords::parse(text) {
        Ok(all) => {
            let written = all.write();
            assert_eq!(Passwords::parse(&written).expect("as written").write(), written);
            assert!(all.users().all(|user| !user.is_empty() && !user.contains([':', '\n'])));
        }
        Err(error) => assert!((1..=text.lines().count()).contains(&error.line), "{error}"),
    }
    if let Ok(name) = prep::saslprep(text) {
        assert_eq!(prep::saslprep(&name).as_ref(), Ok(&name), "{text:?}");
    }
    let _ = prep::trace(text);
    assert!(!apop::verify("<1@b.com>", None, text));
}
