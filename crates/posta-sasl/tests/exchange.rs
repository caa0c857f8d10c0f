//! Client and server together, and each against a peer that errs or lies.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    BindingKind, ChooseError, Client, ClientConfig, Credentials, Error, Limits, Mechanism, Misuse,
    Policy, ScramHash, Server, ServerConfig, Step, base64,
};

#[test]
fn every_mechanism_with_and_without_initial_response() {
    for mechanism in [Mechanism::Plain, Mechanism::Login, SHA256] {
        for initial in [true, false] {
            let (mut c, mut s) = (client(mechanism, "pencil"), server(mechanism));
            let (_, end) = talk(&mut c, &mut s, initial);
            assert_eq!(end.unwrap().unwrap().acts_as(), "user", "{mechanism}");
            assert_eq!(c.finish(), Ok(()), "{mechanism}");
            let (mut c, mut s) = (client(mechanism, "pencils"), server(mechanism));
            assert_eq!(talk(&mut c, &mut s, initial).1, Ok(None), "{mechanism}");
        }
    }
}

#[test]
fn an_unknown_user_gets_the_same_octets_as_a_bad_password() {
    for mechanism in [Mechanism::Plain, Mechanism::Login, SHA256] {
        let replies = |user: &str| {
            let who = Credentials::password(user, "wrong");
            let mut client = Client::new(mechanism, who, client_config()).unwrap();
            talk(&mut client, &mut server(mechanism), true)
        };
        let ((known, verdict), (unknown, other)) = (replies("user"), replies("nobody"));
        assert_eq!((verdict, other), (Ok(None), Ok(None)));
        // All but the salt, which no two users share anyway, and which is as long and never changes.
        let shape = |sent: &[Vec<u8>]| -> Vec<String> {
            let text = sent.iter().map(|octets| String::from_utf8(octets.clone()).unwrap());
            text.map(|text| match text.split_once(",s=") {
                Some((before, rest)) => format!(
                    "{before},s=?{}{}",
                    rest.find(',').unwrap(),
                    &rest[rest.find(',').unwrap()..]
                ),
                None => text,
            })
            .collect()
        };
        assert_eq!(shape(&known), shape(&unknown), "{mechanism}");
        assert_eq!(unknown, replies("nobody").0, "{mechanism}: the salt is stable");
        if mechanism == SHA256 {
            assert_ne!(unknown, replies("nobody2").0);
        }
    }
}

#[test]
fn a_user_without_keys_for_this_hash_is_unknown() {
    let sha1 = Mechanism::Scram(ScramHash::Sha1);
    let (mut c, mut s) = (client(sha1, "pencil"), server(sha1));
    let Ok(Step::Lookup { .. }) = s.start(Some(c.initial(400).unwrap().expose())) else { panic!() };
    let Ok(Step::Challenge(first)) = s.answer(Some(keys())) else { panic!() };
    let proof = c.step(&first).unwrap();
    assert!(matches!(s.step(proof.expose()), Ok(Step::Failed)));
}

#[test]
fn who_asks_to_act_as_another_fails_by_default() {
    for mechanism in [Mechanism::Plain, SHA256] {
        let run = |other: &str, allow_authzid| {
            let who = Credentials::password("user", "pencil").acting_as(other);
            let mut client = Client::new(mechanism, who, client_config()).unwrap();
            let config = ServerConfig { allow_authzid, ..server_config() };
            talk(&mut client, &mut Server::new(mechanism, config).unwrap(), true).1.unwrap()
        };
        assert_eq!(run("bea", false), None);
        assert_eq!(run("bea", true).unwrap().acts_as(), "bea");
        assert_eq!(run("bea", true).unwrap().authcid, "user");
        assert_eq!(run("ana", true), None, "the application said no");
        let own = run("user", false).unwrap();
        assert_eq!((own.acts_as(), own.authzid.as_deref()), ("user", None));
    }
}

#[test]
fn a_wrong_password_never_reaches_the_question_of_authorization() {
    for mechanism in [Mechanism::Plain, SHA256] {
        let who = Credentials::password("user", "wrong").acting_as("bea");
        let mut client = Client::new(mechanism, who, client_config()).unwrap();
        let config = ServerConfig { allow_authzid: true, ..server_config() };
        let mut server = Server::new(mechanism, config).unwrap();
        assert_eq!(talk(&mut client, &mut server, true).1, Ok(None));
    }
}

#[test]
fn malformed_responses() {
    let long = "x".repeat(256);
    let pass = "x".repeat(1025);
    let huge = "x".repeat(9217);
    let plain = |text: &str| text.replace('|', "\0");
    for (mechanism, text, want) in [
        (Mechanism::Plain, String::new(), Error::Nul),
        (Mechanism::Plain, plain("user"), Error::Nul),
        (Mechanism::Plain, plain("|user"), Error::Nul),
        (Mechanism::Plain, plain("||"), Error::Empty),
        (Mechanism::Plain, plain("||pencil"), Error::Empty),
        (Mechanism::Plain, plain("|user|"), Error::Empty),
        (Mechanism::Plain, plain("|user|pencil|"), Error::Nul),
        (Mechanism::Plain, plain("|user|pen|cil"), Error::Nul),
        (Mechanism::Plain, plain(&format!("|{long}|pencil")), Error::NameTooLong(255)),
        (Mechanism::Plain, plain(&format!("{long}|user|pencil")), Error::NameTooLong(255)),
        (Mechanism::Plain, plain(&format!("|user|{pass}")), Error::PasswordTooLong(1024)),
        (Mechanism::Plain, huge.clone(), Error::MessageTooLong(9216)),
        (Mechanism::Login, String::new(), Error::Empty),
        (Mechanism::Login, plain("us|er"), Error::Nul),
        (Mechanism::Login, long.clone(), Error::NameTooLong(255)),
        (Mechanism::Login, huge.clone(), Error::MessageTooLong(9216)),
        (SHA256, String::new(), Error::Attribute('n')),
        (SHA256, "n".into(), Error::Attribute('n')),
        (SHA256, "n,".into(), Error::Attribute('a')),
        (SHA256, "n,,".into(), Error::Attribute('n')),
        (SHA256, "x,,n=user,r=abc".into(), Error::Attribute('p')),
        (SHA256, "N,,n=user,r=abc".into(), Error::Attribute('p')),
        (SHA256, "n,user,n=user,r=abc".into(), Error::Attribute('a')),
        (SHA256, "n,a=,n=user,r=abc".into(), Error::Attribute('a')),
        (SHA256, "n,,n=,r=abc".into(), Error::Attribute('n')),
        (SHA256, "n,,n=us=er,r=abc".into(), Error::Attribute('n')),
        (SHA256, "n,,n=us=2c,r=abc".into(), Error::Attribute('n')),
        (SHA256, "n,,r=abc,n=user".into(), Error::Attribute('n')),
        (SHA256, "n,,n=user".into(), Error::Attribute('r')),
        (SHA256, "n,,n=user,r=".into(), Error::Attribute('r')),
        (SHA256, "n,,n=user,r=a b".into(), Error::Attribute('r')),
        (SHA256, "n,,n=user,r=\u{e9}".into(), Error::Attribute('r')),
        (SHA256, "n,,n=user,r=abc,".into(), Error::Attribute(',')),
        (SHA256, "n,,n=user,r=abc,x".into(), Error::Attribute('x')),
        (SHA256, "n,,n=user,r=abc,1=x".into(), Error::Attribute(',')),
        (SHA256, "n,,m=x,n=user,r=abc".into(), Error::MandatoryExtension),
        (SHA256, "n,,n=user,r=abc,m=x".into(), Error::MandatoryExtension),
        (SHA256, format!("n,,n={long},r=abc"), Error::NameTooLong(255)),
        (SHA256, format!("n,a={long},n=user,r=abc"), Error::NameTooLong(255)),
        (SHA256, huge, Error::MessageTooLong(9216)),
        (SHA256, "p=tls-exporter,,n=user,r=abc".into(), Error::ChannelBinding),
    ] {
        let mut server = server(mechanism);
        assert_eq!(
            server.start(Some(text.as_bytes())).unwrap_err(),
            want,
            "{mechanism} {text:.60}"
        );
        assert_eq!(server.step(b"").unwrap_err(), Misuse::NotNow.into(), "over after {text:.60}");
        assert_eq!(want.is_malformed(), want != Error::ChannelBinding);
    }
    for mechanism in [Mechanism::Plain, Mechanism::Login, SHA256] {
        assert_eq!(server(mechanism).start(Some(b"\0\xff\0a")).unwrap_err(), Error::NotUtf8);
    }
}

#[test]
fn lengths_at_the_limit_pass() {
    let (name, password) = ("x".repeat(255), "y".repeat(1024));
    let mut server = server(Mechanism::Plain);
    let step = server.start(Some(format!("{name}\0{name}\0{password}").as_bytes()));
    assert!(matches!(step, Ok(Step::Verify { .. })));
}

#[test]
fn names_that_cannot_be_prepared_fail_like_any_other() {
    assert!(matches!(server(Mechanism::Plain).start(Some(b"\0a\x07\0b")), Ok(Step::Failed)));
    assert!(matches!(server(SHA256).start(Some(b"n,,n=a\x07,r=abc")), Ok(Step::Failed)));
}

/// The server after its first challenge, and that challenge.
fn midway() -> (Server, String) {
    let mut server = server(SHA256);
    let Ok(Step::Lookup { .. }) = server.start(Some(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO,x=y"))
    else {
        panic!()
    };
    let Ok(Step::Challenge(first)) = server.answer(Some(keys())) else { panic!() };
    (server, String::from_utf8(first).unwrap())
}

#[test]
fn malformed_last_responses() {
    let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    for (text, want) in [
        (String::new(), Some(Error::Attribute('p'))),
        (format!("c=biws,r={nonce}"), Some(Error::Attribute('r'))),
        (format!("c=biws,p={proof}"), Some(Error::Attribute('r'))),
        (format!("r={nonce},c=biws,p={proof}"), Some(Error::Attribute('c'))),
        (format!("c=biws,r={nonce},p="), Some(Error::Attribute('p'))),
        (format!("c=biws,r={nonce},p=biw"), Some(Error::Attribute('p'))),
        (format!("c=biw,r={nonce},p={proof}"), Some(Error::Attribute('c'))),
        (format!("c=biws,r={nonce},m=x,p={proof}"), Some(Error::MandatoryExtension)),
        (format!("c=eSws,r={nonce},p={proof}"), Some(Error::ChannelBinding)),
        (format!("c=biwsYQ==,r={nonce},p={proof}"), Some(Error::ChannelBinding)),
        (format!("c=biws,r={nonce}0,p={proof}"), Some(Error::Nonce)),
        (format!("c=biws,r={},p={proof}", &nonce[1..]), Some(Error::Nonce)),
        ("c=biws,r=rOprNGfwEbeRWgbNEkqO,p=biws".into(), Some(Error::Nonce)),
        // Well formed, and wrong.
        (format!("c=biws,r={nonce},p=biws"), None),
        (format!("c=biws,r={nonce},p={proof}"), None),
        (format!("c=biws,r={nonce},x=y,p={proof}"), None),
        (format!("c=biws,r={nonce},p={}", "A".repeat(88)), None),
    ] {
        let (mut server, _) = midway();
        match (server.step(text.as_bytes()), want) {
            (Err(error), Some(want)) => assert_eq!(error, want, "{text}"),
            (Ok(Step::Failed), None) => {}
            other => panic!("{text}: {other:?}"),
        }
        assert_eq!(server.step(b"").unwrap_err(), Misuse::NotNow.into());
    }
}

#[test]
fn a_right_proof_with_more_behind_it_is_wrong() {
    for (more, right) in [(&b""[..], true), (&b"x"[..], false)] {
        let (mut c, mut s) = (client(SHA256, "pencil"), server(SHA256));
        let _ = s.start(Some(c.initial(400).unwrap().expose())).unwrap();
        let Ok(Step::Challenge(first)) = s.answer(Some(keys())) else { panic!() };
        let last = String::from_utf8(c.step(&first).unwrap().expose().to_vec()).unwrap();
        let (before, proof) = last.rsplit_once(",p=").unwrap();
        let proof = [&base64::decode(proof.as_bytes()).unwrap(), more].concat();
        let step = s.step(format!("{before},p={}", base64::encode(&proof)).as_bytes()).unwrap();
        assert_eq!(matches!(step, Step::Challenge(_)), right);
        assert_eq!(matches!(step, Step::Failed), !right);
    }
}

#[test]
fn nothing_may_follow_the_servers_proof() {
    let (mut c, mut s) = (client(SHA256, "pencil"), server(SHA256));
    let _ = s.start(Some(c.initial(400).unwrap().expose())).unwrap();
    let Ok(Step::Challenge(first)) = s.answer(Some(keys())) else { panic!() };
    let Ok(Step::Challenge(_)) = s.step(c.step(&first).unwrap().expose()) else { panic!() };
    assert_eq!(s.step(b"x").unwrap_err(), Error::UnexpectedMessage);
}

#[test]
fn a_server_that_lies() {
    let first = "r=rOprNGfwEbeRWgbNEkqOxyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    for (text, want) in [
        (String::new(), Error::Attribute('r')),
        (first.replace("rOpr", "rOpx"), Error::Nonce),
        (first.replace("xyz", ""), Error::Nonce),
        (first.replace("s=W22ZaJ0SNY7soEsUEjb6gQ==", "s="), Error::Attribute('s')),
        (first.replace("==", "="), Error::Attribute('s')),
        (first.replace("4096", "0"), Error::Attribute('i')),
        (first.replace("4096", "-1"), Error::Attribute('i')),
        (first.replace("4096", "04096"), Error::Attribute('i')),
        (first.replace("4096", "4294967296"), Error::Attribute('i')),
        (first.replace("4096", "1"), Error::Iterations(1)),
        (first.replace("4096", "4095"), Error::Iterations(4095)),
        (first.replace("4096", "4294967295"), Error::Iterations(u32::MAX)),
        (format!("m=x,{first}"), Error::MandatoryExtension),
        ("x".repeat(9217), Error::MessageTooLong(9216)),
        ("e=other-error".into(), Error::Attribute('r')),
    ] {
        let mut client = client(SHA256, "pencil");
        client.initial(400).unwrap();
        assert_eq!(client.step(text.as_bytes()).unwrap_err(), want, "{text:.80}");
        assert_eq!(client.step(b"").unwrap_err(), Misuse::NotNow.into());
    }
    for (text, want) in [
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", Error::ServerProof),
        ("v=AAAA", Error::ServerProof),
        ("v=", Error::Attribute('v')),
        ("v=A", Error::Attribute('v')),
        ("", Error::Attribute('v')),
        ("e=invalid-proof", Error::Refused("invalid-proof".into())),
    ] {
        let mut client = client(SHA256, "pencil");
        client.initial(400).unwrap();
        client.step(first.as_bytes()).unwrap();
        assert_eq!(client.step(text.as_bytes()).unwrap_err(), want, "{text}");
    }
}

#[test]
fn success_without_the_servers_proof_is_no_success() {
    let mut early = client(SHA256, "pencil");
    early.initial(400).unwrap();
    assert_eq!(early.finish(), Err(Error::Incomplete));
    let mut late = client(SHA256, "pencil");
    late.initial(400).unwrap();
    late.step(b"r=rOprNGfwEbeRWgbNEkqOxyz,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").unwrap();
    assert_eq!(late.finish(), Err(Error::Incomplete));
    assert_eq!(client(Mechanism::Plain, "pencil").finish(), Err(Error::Incomplete));
}

#[test]
fn a_second_request_for_the_password_is_not_answered() {
    let mut plain = client(Mechanism::Plain, "pencil");
    plain.initial(400).unwrap();
    assert_eq!(plain.step(b"").unwrap_err(), Error::UnexpectedMessage);
    let mut odd = client(Mechanism::Plain, "pencil");
    assert_eq!(odd.step(b"hello").unwrap_err(), Error::UnexpectedMessage);
    let mut login = client(Mechanism::Login, "pencil");
    login.step(b"").unwrap();
    login.step(b"").unwrap();
    assert_eq!(login.step(b"").unwrap_err(), Error::UnexpectedMessage);
}

#[test]
fn channel_binding() {
    use BindingKind::{TlsExporter, TlsServerEndPoint};
    let plus = SHA256_PLUS;
    let run = |mechanism, c: Option<(_, u8)>, s: &[(_, u8)]| {
        let client = ClientConfig {
            channel_binding: c.map(|(kind, octet)| binding(kind, octet)),
            ..client_config()
        };
        let server = ServerConfig {
            channel_bindings: s.iter().map(|(kind, octet)| binding(*kind, *octet)).collect(),
            ..server_config()
        };
        let who = Credentials::password("user", "pencil");
        let mut client = Client::new(mechanism, who, client).unwrap();
        talk(&mut client, &mut Server::new(mechanism, server).unwrap(), true)
            .1
            .map(|who| who.is_some())
    };
    let both = [(TlsServerEndPoint, 1), (TlsExporter, 2)];
    assert_eq!(run(plus, Some((TlsExporter, 2)), &both), Ok(true));
    assert_eq!(run(plus, Some((TlsServerEndPoint, 1)), &both), Ok(true));
    // Another connection: someone sits in between.
    assert_eq!(run(plus, Some((TlsExporter, 3)), &both), Err(Error::ChannelBinding));
    assert_eq!(run(plus, Some((TlsExporter, 1)), &both[..1]), Err(Error::ChannelBinding));
    // The client saw no -PLUS, the server offers it: someone took it out (RFC 5802 6).
    assert_eq!(run(SHA256, Some((TlsExporter, 2)), &both), Err(Error::ChannelBinding));
    assert_eq!(run(SHA256, Some((TlsExporter, 2)), &[]), Ok(true));
    assert_eq!(run(SHA256, None, &both), Ok(true));
    for first in ["n,,n=user,r=abc", "y,,n=user,r=abc", "p=tls-unique,,n=user,r=abc"] {
        let channel_bindings = vec![binding(TlsExporter, 2)];
        let config = ServerConfig { channel_bindings, ..server_config() };
        let mut server = Server::new(plus, config).unwrap();
        assert_eq!(server.start(Some(first.as_bytes())).unwrap_err(), Error::ChannelBinding);
    }
}

#[test]
fn a_long_initial_response_is_left_out() {
    let mut client = client(Mechanism::Plain, "pencil");
    // 12 octets are 16 of base64.
    assert!(client.initial(15).is_none());
    assert_eq!(client.step(b"").unwrap().expose(), b"\0user\0pencil");
    assert!(common::client(Mechanism::Plain, "pencil").initial(16).is_some());
}

#[test]
fn calls_in_the_wrong_order_are_misuse_and_change_nothing() {
    let mut server = server(Mechanism::Plain);
    assert_eq!(server.step(b"").unwrap_err(), Misuse::NotNow.into());
    assert_eq!(server.accept().unwrap_err(), Misuse::NotNow);
    assert_eq!(server.reject().unwrap_err(), Misuse::NotNow);
    assert_eq!(server.answer(None).unwrap_err(), Misuse::NotNow);
    let Ok(Step::Verify { .. }) = server.start(Some(b"\0user\0pencil")) else { panic!() };
    assert_eq!(server.start(None).unwrap_err(), Misuse::NotNow.into());
    assert_eq!(server.step(b"").unwrap_err(), Misuse::NotNow.into());
    assert_eq!(server.answer(Some(keys())).unwrap_err(), Misuse::NotNow);
    assert!(matches!(server.accept(), Ok(Step::Done(_))));
    assert_eq!(server.accept().unwrap_err(), Misuse::NotNow);
    let mut server = common::server(SHA256);
    let Ok(Step::Lookup { .. }) = server.start(Some(b"n,,n=user,r=abc")) else { panic!() };
    assert_eq!(server.accept().unwrap_err(), Misuse::NotNow);
    assert!(matches!(server.answer(None), Ok(Step::Challenge(_))));
    let mut client = client(Mechanism::Plain, "pencil");
    assert!(client.initial(400).is_some() && client.initial(400).is_none());
    assert_eq!((client.finish(), client.finish()), (Ok(()), Err(Misuse::NotNow.into())));
}

#[test]
fn what_cannot_work_is_refused_at_once() {
    let new =
        |mechanism, who: Credentials, config| Client::new(mechanism, who, config).unwrap_err();
    let who = |user: &str, password: &str| Credentials::password(user, password);
    let (plain, long) = (Mechanism::Plain, "x".repeat(256));
    for (mechanism, who, want) in [
        (plain, who("", "pencil"), Misuse::Name),
        (plain, who("us\0er", "pencil"), Misuse::Name),
        (plain, who(&long, "pencil"), Misuse::Name),
        (plain, who("user", "pencil").acting_as(""), Misuse::Name),
        (plain, who("user", ""), Misuse::Password),
        (plain, who("user", "pen\0cil"), Misuse::Password),
        (plain, who("user", &"x".repeat(1025)), Misuse::Password),
        (plain, Credentials::password("user", vec![0xff]), Misuse::Password),
        (Mechanism::Login, who("user", "pencil").acting_as("bea"), Misuse::Authzid),
        (SHA256, who("user", "\x07"), Misuse::Prep(posta_sasl::prep::PrepError::Prohibited)),
        (SHA256_PLUS, who("user", "pencil"), Misuse::ChannelBinding),
    ] {
        assert_eq!(new(mechanism, who, client_config()), want);
    }
    for nonce in ["", "short", "has,a,comma,and,is,long", "has a space and is long"] {
        let config = ClientConfig { nonce: nonce.into(), ..ClientConfig::default() };
        assert_eq!(new(SHA256, who("user", "pencil"), config), Misuse::Nonce);
        let config = ServerConfig { nonce: nonce.into(), ..server_config() };
        assert_eq!(Server::new(SHA256, config).unwrap_err(), Misuse::Nonce);
    }
    let config = ServerConfig { decoy: posta_sasl::Decoy::default(), ..server_config() };
    assert_eq!(Server::new(SHA256, config).unwrap_err(), Misuse::DecoyKey);
    assert_eq!(Server::new(SHA256_PLUS, server_config()).unwrap_err(), Misuse::ChannelBinding);
}

#[test]
fn limits_can_be_set() {
    let limits = Limits { message: 4, ..Limits::default() };
    let config = ServerConfig { limits, ..server_config() };
    let mut server = Server::new(Mechanism::Plain, config).unwrap();
    assert_eq!(server.start(Some(b"\0a\0bc")).unwrap_err(), Error::MessageTooLong(4));
}

#[test]
fn the_policy_never_shows_a_password_without_tls() {
    let clear = Policy::default();
    let tls = Policy { tls: true, ..clear };
    let bound = Policy { channel_binding: true, ..tls };
    let loopback = Policy { plain_text_without_tls: true, ..clear };
    let all = || Mechanism::ALL.into_iter().map(Mechanism::name);
    assert_eq!(clear.choose(all()), Ok(Mechanism::Scram(ScramHash::Sha512)));
    assert_eq!(bound.choose(all()), Ok(Mechanism::ScramPlus(ScramHash::Sha512)));
    assert_eq!(clear.choose(["PLAIN", "LOGIN"]), Err(ChooseError::NeedsTls));
    assert_eq!(loopback.choose(["LOGIN"]), Ok(Mechanism::Login));
    assert_eq!(tls.choose(["login", "plain"]), Ok(Mechanism::Plain));
    assert_eq!(tls.choose(["NTLM", "", "PLAIN2"]), Err(ChooseError::Unknown));
    assert_eq!(clear.choose([]), Err(ChooseError::Unknown));
    assert!(!clear.offer().any(Mechanism::is_plain_text));
    assert_eq!(tls.offer().count(), 5);
    for mechanism in Mechanism::ALL {
        assert_eq!(Mechanism::from_name(&mechanism.name().to_lowercase()), Some(mechanism));
    }
}
