//! Nothing that is secret is ever printed, and nothing that arrives makes anything panic.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    BindingKind, Client, CramKeys, Credentials, Keys, Mechanism, Secret, Server, Step, apop,
    base64, passwords::Passwords, prep::saslprep,
};
use proptest::prelude::*;

/// Has the text one of the secrets of these tests, as text, base64 or list of numbers?
fn shows(text: &str) -> bool {
    let secrets =
        ["pencil", "the server's own", "cGVuY2ls", "112, 101, 110, 99", "WG5d8o", "wfPLwc"];
    secrets.iter().any(|secret| text.contains(secret)) || text.contains("88, 110, 93")
}

#[test]
fn debug_never_shows_a_secret() {
    assert!(shows(&format!("{:?}", b"pencil")) && shows("\"pencil\"") && shows(KEYS));
    let mut texts = vec![
        format!("{:?}", Secret::from("pencil")),
        format!("{:#?}", Credentials::password("user", "pencil")),
        format!("{:#?}", Credentials::token("user", "pencil")),
        format!("{:#?}", CramKeys::derive(&Secret::from("pencil")).unwrap()),
        format!("{:#?}", keys()),
        format!("{:#?}", passwords()),
        format!("{:#?}", server_config()),
        format!("{:#?}", binding(BindingKind::TlsExporter, b'p')),
    ];
    for mechanism in EVERY {
        let (mut client, mut server) = (client(mechanism, "pencil"), server(mechanism));
        texts.push(format!("{client:#?} {server:#?}"));
        let mut step = server.start(client.initial(400).as_ref().map(Secret::expose));
        loop {
            texts.push(format!("{step:#?} {client:#?} {server:#?}"));
            step = match step.unwrap() {
                Step::Challenge(challenge) => {
                    let response = client.step(&challenge).unwrap();
                    texts.push(format!("{response:#?}"));
                    server.step(response.expose())
                }
                Step::Done(_) => break,
                question => Ok(answer(&mut server, question).unwrap()),
            };
        }
    }
    assert!(texts.len() > 30);
    for text in texts {
        assert!(!shows(&text), "{text}");
    }
    let error = Passwords::parse("user:pencil").unwrap_err();
    assert!(!shows(&format!("{error} {error:?}")));
}

#[test]
fn secrets_are_equal_by_octets_and_length() {
    let secret = |text: &str| Secret::from(text);
    assert_eq!(secret("abc"), secret("abc"));
    assert_ne!(secret("abc"), secret("abd"));
    assert_ne!(secret("abc"), secret("ab"));
    assert_ne!(secret("abc"), secret(""));
    assert!(Secret::default().is_empty() && secret("abc").len() == 3);
}

/// Octets that come close to messages.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"n,,n=user,r=abc".to_vec()),
        Just(b"r=rOprNGfwEbeRWgbNEkqOx,s=AAAA,i=4096".to_vec()),
        Just(b"c=biws,r=".to_vec()),
        Just(b",p=AAAA".to_vec()),
        Just(b"v=AAAA".to_vec()),
        Just(b"\0user\0pencil".to_vec()),
        Just(b"n,a=user,\x01auth=Bearer pencil\x01\x01".to_vec()),
        Just(b"user=user\x01auth=Bearer pencil\x01\x01".to_vec()),
        Just(b"user b913a602c7eda7a495b4e6e7334d3890".to_vec()),
        "[a-z]=[ -~]{0,4},".prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_and_no_order_of_calls_panics(
        which in 0..Mechanism::ALL.len(),
        calls in proptest::collection::vec((0..7u8, message()), 0..8),
    ) {
        let mechanism = Mechanism::ALL[which];
        let bindings = vec![binding(BindingKind::TlsExporter, 1)];
        let mut config = server_config();
        config.channel_bindings = bindings.clone();
        config.nonce = "1896.697170952xy".into();
        let mut server = Server::new(mechanism, config).unwrap();
        let mut config = client_config();
        config.channel_binding = Some(bindings[0].clone());
        let who = credentials(mechanism, "pencil");
        let mut client = Client::new(mechanism, who, config).unwrap();
        let cram = CramKeys::derive(&Secret::from("pencil")).unwrap();
        for (call, octets) in calls {
            match call {
                0 => drop((server.start(Some(&octets)), client.initial(octets.len()))),
                1 => drop((server.step(&octets), client.step(&octets))),
                2 => drop((server.accept(), client.step(&octets))),
                3 => drop((server.reject(), client.finish())),
                4 => drop(server.answer_cram(Some(&cram))),
                5 => drop(server.identify(&String::from_utf8_lossy(&octets))),
                _ => drop(server.answer(Some(keys()))),
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,20}", octets in message()) {
        let _ = (Passwords::parse(&text), Keys::parse(&text), Mechanism::from_name(&text));
        let _ = (base64::decode(&octets), base64::decode_initial(&octets));
        let _ = apop::verify(&text, Some(&Secret::from(octets)), &text);
        // What is prepared stays as it is.
        if let Ok(once) = saslprep(&text) {
            prop_assert_eq!(saslprep(&once).unwrap(), once);
        }
    }

    #[test]
    fn base64_round_trip(octets: Vec<u8>) {
        prop_assert_eq!(base64::decode(base64::encode(&octets).as_bytes()), Ok(octets.clone()));
        let secret = Secret::from(octets);
        let line = base64::encode_initial(&secret);
        prop_assert_eq!(base64::decode_initial(line.expose()), Ok(secret));
    }

    #[test]
    fn any_name_goes_through_scram(user in "[ -~é]{1,20}") {
        let who = Credentials::password(user.clone(), "pencil");
        let mut client = Client::new(SHA256, who, client_config()).unwrap();
        let first = client.initial(400).unwrap();
        let step = server(SHA256).start(Some(first.expose())).unwrap();
        let Step::Lookup { user: seen, .. } = step else { panic!() };
        prop_assert_eq!(seen, user);
    }

    #[test]
    fn what_plain_writes_plain_reads(
        authzid in proptest::option::of("[ -~é]{1,9}"),
        user in "[ -~é]{1,9}",
        password in "[ -~é]{1,9}",
    ) {
        let mut who = Credentials::password(user.clone(), password.as_str());
        if let Some(other) = &authzid {
            who = who.acting_as(other.clone());
        }
        let mut client = Client::new(Mechanism::Plain, who, client_config()).unwrap();
        let mut config = server_config();
        config.allow_authzid = true;
        let mut server = Server::new(Mechanism::Plain, config).unwrap();
        let step = server.start(client.initial(400).as_ref().map(Secret::expose)).unwrap();
        let Step::Verify { user: seen, password: word } = step else { panic!() };
        prop_assert_eq!((seen, word), (user.clone(), Secret::from(password)));
        let want = authzid.filter(|other| *other != user);
        let Ok(Step::Done(who) | Step::Authorize(who)) = server.accept() else { panic!() };
        prop_assert_eq!(who.authzid, want);
    }

    #[test]
    fn what_a_token_client_writes_the_server_reads(
        which in 0..2usize,
        user in "[ -~é]{1,20}",
        token in "[A-Za-z0-9._~+/-]{1,20}=?",
        host in "[a-z]{0,5}",
        port in proptest::option::of(1..u16::MAX),
    ) {
        let mechanism = [Mechanism::OAuthBearer, Mechanism::XOAuth2][which];
        let mut config = client_config();
        (config.host, config.port) = (host.clone(), port);
        let who = Credentials::token(user.clone(), token.as_str());
        let mut client = Client::new(mechanism, who, config).unwrap();
        let first = client.initial(400).unwrap();
        let step = server(mechanism).start(Some(first.expose())).unwrap();
        let Step::Token { user: seen, token: shown, host: to, port: at } = step else { panic!() };
        prop_assert_eq!((seen, shown), (Some(user), Secret::from(token)));
        let sent = mechanism == Mechanism::OAuthBearer;
        prop_assert_eq!(to, Some(host).filter(|host| sent && !host.is_empty()));
        prop_assert_eq!(at, port.filter(|_| sent));
    }

    #[test]
    fn a_password_file_round_trips(names in proptest::collection::vec("[ -~é]{1,12}", 0..6)) {
        let mut file = Passwords::default();
        for name in names {
            let _ = file.insert(&name, keys());
        }
        let again = Passwords::parse(&file.write()).unwrap();
        prop_assert_eq!(again.write(), file.write());
        prop_assert_eq!(again.users().count(), file.users().count());
    }
}
