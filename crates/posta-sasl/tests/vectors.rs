//! The exchanges that the RFCs print, octet by octet, and those computed by another implementation.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    BindingKind, ChannelBinding, Client, ClientConfig, Credentials, Error, Keys, Mechanism,
    ScramHash, Secret, Server, ServerConfig, Step,
};

struct Vector {
    mechanism: Mechanism,
    binding: Option<ChannelBinding>,
    salt: &'static [u8],
    dialogue: [&'static str; 4],
}

const SALT_256: &[u8] = b"\x5b\x6d\x99\x68\x9d\x12\x35\x8e\xec\xa0\x4b\x14\x12\x36\xfa\x81";

fn vectors() -> Vec<Vector> {
    let exporter: Vec<u8> = (0..32).collect();
    vec![
        // RFC 5802 5
        Vector {
            mechanism: Mechanism::Scram(ScramHash::Sha1),
            binding: None,
            salt: b"\x41\x25\xc2\x47\xe4\x3a\xb1\xe9\x3c\x6d\xff\x76",
            dialogue: [
                "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ],
        },
        // RFC 7677 3
        Vector {
            mechanism: SHA256,
            binding: None,
            salt: SALT_256,
            dialogue: [
                "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ],
        },
        // No RFC prints one for SHA-512, nor with channel binding: computed with Python's hashlib.
        Vector {
            mechanism: Mechanism::Scram(ScramHash::Sha512),
            binding: None,
            salt: SALT_256,
            dialogue: [
                "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
                "v=ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
            ],
        },
        Vector {
            mechanism: SHA256_PLUS,
            binding: Some(ChannelBinding { kind: BindingKind::TlsExporter, data: exporter.into() }),
            salt: SALT_256,
            dialogue: [
                "p=tls-exporter,,n=user,r=rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=QC6CS20quADQRb3mT99YUH+n3VJxUvzuK0K0E1Vrs2M=",
                "v=2GiAgapEppLVlUXbxUDksL3VgYHzuqiK5tR4mhJGgvs=",
            ],
        },
    ]
}

/// The nonces of a vector: the client's, and what the server adds.
fn nonces(vector: &Vector) -> (String, String) {
    let (_, ours) = vector.dialogue[0].rsplit_once("r=").unwrap();
    let theirs = vector.dialogue[1].split(',').next().unwrap();
    (ours.into(), theirs.strip_prefix("r=").unwrap().strip_prefix(ours).unwrap().into())
}

#[test]
fn scram_vectors_as_client() {
    for vector in vectors() {
        let config = ClientConfig {
            nonce: nonces(&vector).0,
            channel_binding: vector.binding.clone(),
            ..ClientConfig::default()
        };
        let credentials = Credentials::password("user", "pencil");
        let mut client = Client::new(vector.mechanism, credentials, config).unwrap();
        let [first, challenge, proof, verifier] = vector.dialogue;
        assert_eq!(client.initial(400).unwrap().expose(), first.as_bytes());
        assert_eq!(client.step(challenge.as_bytes()).unwrap().expose(), proof.as_bytes());
        assert!(!client.is_complete());
        assert_eq!(client.step(verifier.as_bytes()).unwrap().expose(), b"");
        assert!(client.is_complete());
        assert_eq!(client.finish(), Ok(()));
    }
}

#[test]
fn scram_vectors_as_server() {
    for vector in vectors() {
        let (Mechanism::Scram(hash) | Mechanism::ScramPlus(hash)) = vector.mechanism else {
            panic!()
        };
        let config = ServerConfig {
            nonce: nonces(&vector).1,
            channel_bindings: vector.binding.iter().cloned().collect(),
            ..server_config()
        };
        let mut server = Server::new(vector.mechanism, config).unwrap();
        let [first, challenge, proof, verifier] = vector.dialogue;
        let Step::Lookup { user, hash: wanted } = server.start(Some(first.as_bytes())).unwrap()
        else {
            panic!("no lookup")
        };
        assert_eq!((user.as_str(), wanted), ("user", hash));
        let keys = Keys::derive(hash, &Secret::from("pencil"), vector.salt, 4096).unwrap();
        let is = |step: Step, text: &str| {
            let Step::Challenge(sent) = step else { panic!("{step:?}") };
            assert_eq!(String::from_utf8(sent).unwrap(), text);
        };
        is(server.answer(Some(keys)).unwrap(), challenge);
        is(server.step(proof.as_bytes()).unwrap(), verifier);
        assert!(matches!(server.step(b""), Ok(Step::Done(who)) if who.acts_as() == "user"));
    }
}

#[test]
fn rfc4616_plain_examples() {
    let mut server = server(Mechanism::Plain);
    assert!(matches!(server.start(None), Ok(Step::Challenge(c)) if c.is_empty()));
    let step = server.step(b"\0tim\0tanstaaftanstaaf").unwrap();
    let Step::Verify { user, password } = step else { panic!("{step:?}") };
    assert_eq!((user.as_str(), password.expose()), ("tim", &b"tanstaaftanstaaf"[..]));
    assert!(matches!(server.accept(), Ok(Step::Done(who)) if who.acts_as() == "tim"));

    // "Not authorized to requested authorization identity", though the password is right.
    let mut server = common::server(Mechanism::Plain);
    let step = server.start(Some(b"Ursel\0Kurt\0xipj3plmq")).unwrap();
    assert!(matches!(step, Step::Verify { ref user, .. } if user == "Kurt"));
    assert!(matches!(server.accept(), Ok(Step::Failed)));

    let kurt = Credentials::password("Kurt", "xipj3plmq").acting_as("Ursel");
    let mut client = Client::new(Mechanism::Plain, kurt, ClientConfig::default()).unwrap();
    assert_eq!(client.initial(400).unwrap().expose(), b"Ursel\0Kurt\0xipj3plmq");
}

#[test]
fn login_as_it_is_spoken() {
    let mut server = server(Mechanism::Login);
    assert!(matches!(server.start(None), Ok(Step::Challenge(c)) if c == b"Username:"));
    assert!(matches!(server.step(b"user"), Ok(Step::Challenge(c)) if c == b"Password:"));
    assert!(matches!(server.step(b"pencil"), Ok(Step::Verify { user, .. }) if user == "user"));
    assert!(matches!(server.accept(), Ok(Step::Done(_))));

    // Some clients send the name with the command.
    let mut server = common::server(Mechanism::Login);
    assert!(matches!(server.start(Some(b"user")), Ok(Step::Challenge(c)) if c == b"Password:"));

    // The client cares for the order, not for the words.
    let mut client = client(Mechanism::Login, "pencil");
    assert!(client.initial(400).is_none());
    assert_eq!(client.step(b"User Name\0").unwrap().expose(), b"user");
    assert_eq!(client.finish(), Err(Error::Incomplete));
    let mut client = common::client(Mechanism::Login, "pencil");
    client.step(b"").unwrap();
    assert_eq!(client.step(b"\xff").unwrap().expose(), b"pencil");
    assert_eq!(client.finish(), Ok(()));
}
