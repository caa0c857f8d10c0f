//! The exchanges that the RFCs print, octet by octet, and those computed by another implementation.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    BindingKind, ChannelBinding, Client, ClientConfig, CramKeys, Credentials, Error, Keys,
    Mechanism, ScramHash, Secret, Server, ServerConfig, Step, TokenHint, base64,
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

/// RFC 2195 2
#[test]
fn rfc2195_example() {
    let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
    let response = b"tim b913a602c7eda7a495b4e6e7334d3890";
    let who = Credentials::password("tim", "tanstaaftanstaaf");
    let mut client = Client::new(Mechanism::CramMd5, who, ClientConfig::default()).unwrap();
    assert!(client.initial(usize::MAX).is_none(), "the server speaks first");
    assert_eq!(client.step(challenge).unwrap().expose(), response);
    assert_eq!(client.finish(), Ok(()));

    let keys = CramKeys::derive(&Secret::from("tanstaaftanstaaf")).unwrap();
    // Our nonces are longer than the one of the example.
    let config = ServerConfig { nonce: "1896.69717095200".into(), ..server_config() };
    let mut server = Server::new(Mechanism::CramMd5, config).unwrap();
    let Ok(Step::Challenge(challenge)) = server.start(None) else { panic!() };
    assert_eq!(challenge, b"<1896.69717095200@mx1.b.com>");
    let who = Credentials::password("tim", "tanstaaftanstaaf");
    let mut client = Client::new(Mechanism::CramMd5, who, ClientConfig::default()).unwrap();
    let step = server.step(client.step(&challenge).unwrap().expose()).unwrap();
    assert!(matches!(step, Step::LookupCram { user } if user == "tim"));
    let step = server.answer_cram(Some(&keys)).unwrap();
    assert!(matches!(step, Step::Done(who) if who.acts_as() == "tim"));
}

const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

fn token_server(mechanism: Mechanism, hint: TokenHint) -> Server {
    Server::new(mechanism, ServerConfig { token_hint: hint, ..server_config() }).unwrap()
}

/// RFC 7628 4.1, in IMAP and in SMTP
#[test]
fn rfc7628_successful_exchanges() {
    for (port, text) in [
        (
            143,
            "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
        ),
        (
            587,
            "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9NTg3AWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB",
        ),
    ] {
        let config = ClientConfig {
            host: "server.example.com".into(),
            port: Some(port),
            ..ClientConfig::default()
        };
        let who = Credentials::token("user@example.com", TOKEN);
        let mut client = Client::new(Mechanism::OAuthBearer, who, config).unwrap();
        let initial = base64::encode_initial(&client.initial(400).unwrap());
        assert_eq!(std::str::from_utf8(initial.expose()), Ok(text));
        assert_eq!(client.finish(), Ok(()));

        let mut server = token_server(Mechanism::OAuthBearer, TokenHint::default());
        let initial = base64::decode_initial(text.as_bytes()).unwrap();
        let step = server.start(Some(initial.expose())).unwrap();
        let Step::Token { user, token: shown, host, port: to } = step else { panic!("{step:?}") };
        assert_eq!((user.as_deref(), shown), (Some("user@example.com"), TOKEN.into()));
        assert_eq!((host.as_deref(), to), (Some("server.example.com"), Some(port)));
        let step = server.identify("user@example.com").unwrap();
        assert!(matches!(step, Step::Done(who) if who.acts_as() == "user@example.com"));
    }
}

/// RFC 7628 4.3: a client without a token asks where to get one.
#[test]
fn rfc7628_failed_exchange() {
    let hint = TokenHint {
        scope: Some("example_scope".into()),
        openid_configuration: Some("https://example.com/.well-known/openid-configuration".into()),
    };
    let mut server = token_server(Mechanism::OAuthBearer, hint);
    let initial = base64::decode_initial(
        b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9AQE=",
    );
    let step = server.start(Some(initial.unwrap().expose())).unwrap();
    let Step::Challenge(challenge) = step else { panic!("{step:?}") };
    let want = "eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=";
    assert_eq!(base64::encode(&challenge), want);
    assert!(matches!(server.step(b"\x01"), Ok(Step::Failed)));
}

/// RFC 7628 4.4: its header says `user=`, which is none (3.1), so that a server refuses it earlier than
/// the example has it; the rest is as printed.
#[test]
fn rfc7628_failed_negotiation_in_smtp() {
    let initial = b"bix1c2VyPXNvbWV1c2VyQGV4YW1wbGUuY29tLAFhdXRoPUJlYXJlciB2RjlkZnQ0cW1UYzJOdmIzUmxja0JoZEhSaGRtbHpkR0V1WTI5dENnPT0BAQ==";
    let initial = base64::decode_initial(initial).unwrap();
    let mut server = token_server(Mechanism::OAuthBearer, TokenHint::default());
    assert_eq!(server.start(Some(initial.expose())).unwrap_err(), Error::Attribute('a'));

    let who = Credentials::token("someuser@example.com", TOKEN);
    let mut client = Client::new(Mechanism::OAuthBearer, who, ClientConfig::default()).unwrap();
    client.initial(400).unwrap();
    let challenge = b"eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NoZW1lcyI6ImJlYXJlciBtYWMiLCJzY29wZSI6Imh0dHBzOi8vbWFpbC5leGFtcGxlLmNvbS8ifQ==";
    let response = client.step(&base64::decode(challenge).unwrap()).unwrap();
    assert_eq!(base64::encode_response(&response).expose(), b"AQ==");
    assert_eq!(
        client.refusal(),
        Some(
            r#"{"status":"invalid_token","schemes":"bearer mac","scope":"https://mail.example.com/"}"#
        )
    );
}

/// The exchanges in Google's description of the mechanism.
#[test]
fn xoauth2_as_it_is_spoken() {
    let text = "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==";
    let token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg";
    let who = Credentials::token("someuser@example.com", token);
    let mut client = Client::new(Mechanism::XOAuth2, who, ClientConfig::default()).unwrap();
    let initial = base64::encode_initial(&client.initial(400).unwrap());
    assert_eq!(std::str::from_utf8(initial.expose()), Ok(text));
    let why = b"eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQo=";
    assert!(client.step(&base64::decode(why).unwrap()).unwrap().is_empty());
    assert_eq!(
        client.refusal().map(str::trim_end),
        Some(r#"{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}"#)
    );

    let hint = TokenHint { scope: Some("https://mail.google.com/".into()), ..TokenHint::default() };
    let mut server = token_server(Mechanism::XOAuth2, hint);
    let initial = base64::decode_initial(text.as_bytes()).unwrap();
    let step = server.start(Some(initial.expose())).unwrap();
    assert!(matches!(step, Step::Token { user: Some(user), .. } if user == "someuser@example.com"));
    let Ok(Step::Challenge(challenge)) = server.reject() else { panic!() };
    assert_eq!(challenge, base64::decode(why).unwrap().trim_ascii_end());
    assert!(matches!(server.step(b""), Ok(Step::Failed)));
}

/// RFC 4422 A.2
#[test]
fn rfc4422_external_examples() {
    let mut server = server(Mechanism::External);
    assert!(matches!(server.start(None), Ok(Step::Challenge(c)) if c.is_empty()));
    let mut client = client(Mechanism::External, "");
    let response = client.step(b"").unwrap();
    assert!(response.is_empty());
    let step = server.step(response.expose()).unwrap();
    assert!(matches!(step, Step::External { authzid: None }));
    assert!(matches!(server.identify("tim"), Ok(Step::Done(_))));

    let who = Credentials::external().acting_as("fred@example.com");
    let mut client = Client::new(Mechanism::External, who, ClientConfig::default()).unwrap();
    let response = client.initial(24).unwrap();
    assert_eq!(response.expose(), b"fred@example.com");
    let mut server = common::server(Mechanism::External);
    assert!(matches!(server.start(Some(response.expose())), Ok(Step::External { .. })));
    assert!(matches!(server.identify("tim"), Ok(Step::Failed)));
}

/// RFC 4505 4
#[test]
fn rfc4505_example() {
    let mut server = server(Mechanism::Anonymous);
    assert!(matches!(server.start(None), Ok(Step::Challenge(c)) if c.is_empty()));
    let mut client = client(Mechanism::Anonymous, "");
    let response = base64::encode_response(&client.step(b"").unwrap());
    assert_eq!(response.expose(), b"c2lyaGM=");
    let response = base64::decode_response(response.expose()).unwrap();
    let step = server.step(response.expose()).unwrap();
    assert!(matches!(step, Step::Anonymous { trace: Some(trace) } if trace == "sirhc"));
    assert!(matches!(server.identify("anonymous"), Ok(Step::Done(_))));
}
