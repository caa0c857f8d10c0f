//! Client and server together, and each against a peer that errs or lies.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    BindingKind, ChooseError, Client, ClientConfig, Credentials, Error, Limits, Mechanism, Misuse,
    Policy, ScramHash, Secret, Server, ServerConfig, Step, TokenHint, base64, prep::TraceError,
};

#[test]
fn every_mechanism_with_and_without_initial_response() {
    for mechanism in EVERY {
        for initial in [true, false] {
            let (mut c, mut s) = (client(mechanism, "pencil"), server(mechanism));
            let (_, end) = talk(&mut c, &mut s, initial);
            let who = if mechanism == Mechanism::Anonymous { "anonymous" } else { "user" };
            assert_eq!(end.unwrap().unwrap().acts_as(), who, "{mechanism}");
            assert!(c.is_complete(), "{mechanism}");
            assert_eq!(c.finish(), Ok(()), "{mechanism}");
            assert_eq!(s.step(b"").unwrap_err(), Misuse::NotNow.into(), "{mechanism} is over");
            if matches!(mechanism, Mechanism::External | Mechanism::Anonymous) {
                continue;
            }
            let (mut c, mut s) = (client(mechanism, "pencils"), server(mechanism));
            assert_eq!(talk(&mut c, &mut s, initial).1, Ok(None), "{mechanism}");
            assert_eq!(s.step(b"").unwrap_err(), Misuse::NotNow.into(), "{mechanism} is over");
        }
    }
}

#[test]
fn an_unknown_user_gets_the_same_octets_as_a_bad_password() {
    for mechanism in [Mechanism::Plain, Mechanism::Login, SHA256, Mechanism::CramMd5] {
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
    let token = "x".repeat(8193);
    let plain = |text: &str| text.replace('|', "\0");
    let ctrl = |text: &str| text.replace('|', "\x01");
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
        (Mechanism::OAuthBearer, String::new(), Error::Fields),
        (Mechanism::OAuthBearer, "n,a=user,".into(), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,a=user,|auth=Bearer x|"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,a=user,||"), Error::Token),
        (Mechanism::OAuthBearer, ctrl("n,a=user,|host=b.com||"), Error::Token),
        (Mechanism::OAuthBearer, ctrl("||"), Error::Attribute('p')),
        (Mechanism::OAuthBearer, ctrl("x,,|auth=Bearer x||"), Error::Attribute('p')),
        (Mechanism::OAuthBearer, ctrl("n|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("n,|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("n,a=,|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("n,a=us=er,|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("n,a=user,more|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("n,a=user,,|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("n,user=user,|auth=Bearer x||"), Error::Attribute('a')),
        (Mechanism::OAuthBearer, ctrl("p=tls-exporter,,|auth=Bearer x||"), Error::ChannelBinding),
        (Mechanism::OAuthBearer, ctrl("n,,|auth||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|=x|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|a1=x|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|x=\u{e9}|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|x=\0|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,||auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Bearer x|||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Bearer x|auth=Bearer y||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|host=a|host=b|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|port=0|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|port=0143|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|port=65536|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|port=|auth=Bearer x||"), Error::Fields),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Bearer||"), Error::Token),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Bearer ||"), Error::Token),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Basic x||"), Error::Token),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Bearer x y||"), Error::Token),
        (Mechanism::OAuthBearer, ctrl("n,,|auth=Bearer =x||"), Error::Token),
        (
            Mechanism::OAuthBearer,
            ctrl(&format!("n,a={long},|auth=Bearer x||")),
            Error::NameTooLong(255),
        ),
        (
            Mechanism::OAuthBearer,
            ctrl(&format!("n,,|auth=Bearer {token}||")),
            Error::TokenTooLong(8192),
        ),
        (Mechanism::OAuthBearer, huge.clone(), Error::MessageTooLong(9216)),
        (Mechanism::XOAuth2, String::new(), Error::Fields),
        (Mechanism::XOAuth2, ctrl("|"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("||"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("user=user||"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("user=user|auth=Bearer x|"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("user=user|auth=Bearer x"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("auth=Bearer x|user=user||"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("user=user|Bearer x||"), Error::Fields),
        (Mechanism::XOAuth2, ctrl("user=user|auth=||"), Error::Token),
        (Mechanism::XOAuth2, ctrl("user=user|auth=x||"), Error::Token),
        (Mechanism::XOAuth2, ctrl("user=user|auth=Bearer x|more=x||"), Error::Token),
        (Mechanism::XOAuth2, ctrl("user=user|auth=Bearer x|||"), Error::Token),
        (Mechanism::XOAuth2, ctrl("user=|auth=Bearer x||"), Error::Empty),
        (Mechanism::XOAuth2, ctrl("user=us\0er|auth=Bearer x||"), Error::Nul),
        (
            Mechanism::XOAuth2,
            ctrl(&format!("user={long}|auth=Bearer x||")),
            Error::NameTooLong(255),
        ),
        (
            Mechanism::XOAuth2,
            ctrl(&format!("user=user|auth=Bearer {token}||")),
            Error::TokenTooLong(8192),
        ),
        (Mechanism::XOAuth2, huge.clone(), Error::MessageTooLong(9216)),
        (Mechanism::External, "a\0b".into(), Error::Nul),
        (Mechanism::External, long.clone(), Error::NameTooLong(255)),
        (Mechanism::External, huge.clone(), Error::MessageTooLong(9216)),
        (Mechanism::Anonymous, "a\nb".into(), TraceError::Prohibited.into()),
        (Mechanism::Anonymous, "@".into(), TraceError::Email.into()),
        (Mechanism::Anonymous, long.clone(), TraceError::Long.into()),
        (Mechanism::Anonymous, huge.clone(), Error::MessageTooLong(9216)),
        (
            Mechanism::CramMd5,
            "user b913a602c7eda7a495b4e6e7334d3890".into(),
            Error::UnexpectedMessage,
        ),
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
    for mechanism in EVERY.into_iter().filter(|mechanism| *mechanism != Mechanism::CramMd5) {
        assert_eq!(server(mechanism).start(Some(b"\0\xff\0a")).unwrap_err(), Error::NotUtf8);
    }
}

#[test]
fn lengths_at_the_limit_pass() {
    let (name, password) = ("x".repeat(255), "y".repeat(1024));
    let mut server = server(Mechanism::Plain);
    let step = server.start(Some(format!("{name}\0{name}\0{password}").as_bytes()));
    assert!(matches!(step, Ok(Step::Verify { .. })));
    for mechanism in [Mechanism::OAuthBearer, Mechanism::XOAuth2] {
        let who = Credentials::token(name.as_str(), "z".repeat(8192));
        let mut client = Client::new(mechanism, who, client_config()).unwrap();
        let step =
            common::server(mechanism).start(client.initial(16384).as_ref().map(Secret::expose));
        assert!(matches!(step, Ok(Step::Token { token, .. }) if token.len() == 8192));
    }
    let step = common::server(Mechanism::External).start(Some(name.as_bytes()));
    assert!(matches!(step, Ok(Step::External { authzid: Some(_) })));
}

#[test]
fn malformed_digests() {
    let digest = "b913a602c7eda7a495b4e6e7334d3890";
    let long = "x".repeat(256);
    for (text, want) in [
        (String::new(), Error::Digest),
        ("user".into(), Error::Digest),
        (digest.into(), Error::Digest),
        ("user ".into(), Error::Digest),
        (format!("user {}", &digest[1..]), Error::Digest),
        (format!("user {digest}0"), Error::Digest),
        (format!("user {digest} "), Error::Digest),
        (format!("user {}", digest.to_uppercase()), Error::Digest),
        (format!("user {}", digest.replace('b', "g")), Error::Digest),
        (format!("user\t{digest}"), Error::Digest),
        (format!(" {digest}"), Error::Empty),
        (format!("{long} {digest}"), Error::NameTooLong(255)),
        ("x".repeat(9217), Error::MessageTooLong(9216)),
    ] {
        let mut server = server(Mechanism::CramMd5);
        let Ok(Step::Challenge(_)) = server.start(None) else { panic!() };
        assert_eq!(server.step(text.as_bytes()).unwrap_err(), want, "{text:.60}");
        assert!(want.is_malformed());
    }
    let mut server = server(Mechanism::CramMd5);
    let Ok(Step::Challenge(_)) = server.start(None) else { panic!() };
    let step = server.step(format!("a\0b {digest}").as_bytes());
    assert!(
        matches!(step, Ok(Step::Failed)),
        "a name that cannot be prepared fails like any other"
    );
}

/// The digest of one challenge is worth nothing for the next: a recording cannot be played again.
#[test]
fn a_digest_is_good_for_its_challenge_only() {
    let (mut c, mut s) = (client(Mechanism::CramMd5, "pencil"), server(Mechanism::CramMd5));
    let Ok(Step::Challenge(challenge)) = s.start(None) else { panic!() };
    assert_eq!(challenge, b"<1896.697170952xy@mx1.b.com>");
    let response = c.step(&challenge).unwrap();
    let again = ServerConfig { nonce: "1896.697170953xy".into(), ..server_config() };
    let mut other = Server::new(Mechanism::CramMd5, again).unwrap();
    for (server, fails) in [(&mut s, false), (&mut other, true)] {
        let _ = server.start(None);
        let step = server.step(response.expose()).unwrap();
        assert_eq!(matches!(answer(server, step), Ok(Step::Failed)), fails);
    }
}

#[test]
fn a_token_is_worth_what_the_application_says() {
    for mechanism in [Mechanism::OAuthBearer, Mechanism::XOAuth2] {
        let run = |allow_authzid, whose: &str| {
            let who = Credentials::token("bea", "pencil");
            let mut client = Client::new(mechanism, who, client_config()).unwrap();
            let config = ServerConfig { allow_authzid, ..server_config() };
            let mut server = Server::new(mechanism, config).unwrap();
            let step = server.start(client.initial(400).as_ref().map(Secret::expose)).unwrap();
            let Step::Token { user, token, host: None, port: None } = step else { panic!() };
            assert_eq!((user.as_deref(), token), (Some("bea"), "pencil".into()));
            // That the token is good says nothing of whose mailbox it opens.
            assert_eq!(server.accept().unwrap_err(), Misuse::NotNow);
            server.identify(whose).unwrap()
        };
        assert!(matches!(run(false, "bea"), Step::Done(who) if who.authzid.is_none()));
        assert!(matches!(run(false, "user"), Step::Failed));
        assert!(matches!(run(true, "user"), Step::Authorize(who) if who.acts_as() == "bea"));
    }
    // Nobody is named: it is whoever the token belongs to.
    let mut server = server(Mechanism::OAuthBearer);
    let step = server.start(Some(b"n,,\x01auth=bEaReR  x\x01new=1\x01\x01")).unwrap();
    assert!(matches!(step, Step::Token { user: None, .. }));
    assert!(matches!(server.identify("user"), Ok(Step::Done(who)) if who.acts_as() == "user"));
}

#[test]
fn who_shows_a_bad_token_is_told_why_and_then_refused() {
    for (mechanism, why, dummy) in [
        (Mechanism::OAuthBearer, r#"{"status":"invalid_token","scope":"mail"}"#, &b"\x01"[..]),
        (Mechanism::XOAuth2, r#"{"status":"401","schemes":"bearer","scope":"mail"}"#, b""),
    ] {
        let token_hint = TokenHint { scope: Some("mail".into()), ..TokenHint::default() };
        let config = || ServerConfig { token_hint: token_hint.clone(), ..server_config() };
        let (mut c, mut s) = (client(mechanism, "old"), Server::new(mechanism, config()).unwrap());
        let _ = s.start(c.initial(400).as_ref().map(Secret::expose)).unwrap();
        assert_eq!(c.refusal(), None);
        let Ok(Step::Challenge(challenge)) = s.reject() else { panic!() };
        assert_eq!(String::from_utf8_lossy(&challenge), why);
        let response = c.step(&challenge).unwrap();
        assert_eq!((c.refusal(), response.expose()), (Some(why), dummy));
        assert!(matches!(s.step(response.expose()), Ok(Step::Failed)));
        // Success after that is no success, and there is nothing more to say.
        assert!(!c.is_complete());
        assert_eq!(c.step(b"").unwrap_err(), Error::UnexpectedMessage);
        let mut late = client(mechanism, "old");
        late.initial(400).unwrap();
        late.step(&challenge).unwrap();
        assert_eq!(late.finish(), Err(Error::Incomplete));
        // A second token has no place.
        let (mut c, mut s) = (client(mechanism, "old"), Server::new(mechanism, config()).unwrap());
        let first = c.initial(400).unwrap();
        let _ = s.start(Some(first.expose())).unwrap();
        let _ = s.reject().unwrap();
        assert_eq!(s.step(first.expose()).unwrap_err(), Error::UnexpectedMessage);
        let mut odd = client(mechanism, "old");
        odd.initial(400).unwrap();
        assert_eq!(odd.step(b"{\xff}").unwrap_err(), Error::NotUtf8);
        let mut odd = client(mechanism, "old");
        odd.initial(400).unwrap();
        assert_eq!(odd.step(b"").unwrap_err(), Error::UnexpectedMessage);
    }
    // RFC 7628 3.1: the dummy response is none to begin with.
    assert!(matches!(server(Mechanism::OAuthBearer).start(Some(b"\x01")), Ok(Step::Failed)));
}

#[test]
fn external_is_what_the_application_knows() {
    let run = |other: Option<&str>, allow_authzid, known: Option<&str>| {
        let mut who = Credentials::external();
        if let Some(other) = other {
            who = who.acting_as(other);
        }
        let mut client = Client::new(Mechanism::External, who, client_config()).unwrap();
        let config = ServerConfig { allow_authzid, ..server_config() };
        let mut server = Server::new(Mechanism::External, config).unwrap();
        let step = server.start(client.initial(400).as_ref().map(Secret::expose)).unwrap();
        assert!(matches!(step, Step::External { authzid } if authzid.as_deref() == other));
        match known {
            Some(user) => server.identify(user).unwrap(),
            None => server.reject().unwrap(),
        }
    };
    assert!(matches!(run(None, false, Some("ana")), Step::Done(who) if who.acts_as() == "ana"));
    assert!(matches!(run(Some("ana"), false, Some("ana")), Step::Done(_)));
    assert!(matches!(run(Some("bea"), false, Some("ana")), Step::Failed));
    assert!(matches!(run(Some("bea"), true, Some("ana")), Step::Authorize(_)));
    assert!(matches!(run(None, true, None), Step::Failed));
}

#[test]
fn an_anonymous_user_may_leave_no_trace() {
    for (trace, want) in [("", None), ("sirhc", Some("sirhc")), ("ana@a.org", Some("ana@a.org"))] {
        let who = Credentials::anonymous(trace);
        let mut client = Client::new(Mechanism::Anonymous, who, client_config()).unwrap();
        let mut server = server(Mechanism::Anonymous);
        let step = server.start(client.initial(400).as_ref().map(Secret::expose)).unwrap();
        assert!(matches!(step, Step::Anonymous { trace } if trace.as_deref() == want));
        assert!(matches!(server.reject(), Ok(Step::Failed)));
    }
}

#[test]
fn an_identity_that_cannot_be_one_is_misuse_and_changes_nothing() {
    let mut server = server(Mechanism::External);
    assert!(matches!(server.start(Some(b"")), Ok(Step::External { authzid: None })));
    assert!(matches!(server.identify("").unwrap_err(), Misuse::Prep(_)));
    assert!(matches!(server.identify("a\x07").unwrap_err(), Misuse::Prep(_)));
    assert!(matches!(server.identify("ana"), Ok(Step::Done(_))));
    assert_eq!(server.identify("ana").unwrap_err(), Misuse::NotNow);
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
    let token = |user: &str, token: &str| Credentials::token(user, token);
    let (plain, oauth, long) = (Mechanism::Plain, Mechanism::OAuthBearer, "x".repeat(256));
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
        (Mechanism::CramMd5, who("user", "pencil").acting_as("bea"), Misuse::Authzid),
        (oauth, who("user", "pencil"), Misuse::Credentials),
        (plain, token("user", "x"), Misuse::Credentials),
        (Mechanism::External, token("user", "x"), Misuse::Credentials),
        (Mechanism::Anonymous, Credentials::external(), Misuse::Credentials),
        (oauth, token("", "x"), Misuse::Name),
        (oauth, token("user", ""), Misuse::Token),
        (oauth, token("user", "x y"), Misuse::Token),
        (oauth, token("user", "x\x01host=c.net"), Misuse::Token),
        (oauth, token("user", &"x".repeat(8193)), Misuse::Token),
        (oauth, token("user", "x").acting_as("bea"), Misuse::Authzid),
        (Mechanism::XOAuth2, token("user\x01auth=Bearer y", "x"), Misuse::Name),
        (Mechanism::External, Credentials::external().acting_as(""), Misuse::Name),
        (Mechanism::Anonymous, Credentials::anonymous("a\nb"), TraceError::Prohibited.into()),
        (Mechanism::Anonymous, Credentials::anonymous("").acting_as("bea"), Misuse::Authzid),
    ] {
        assert_eq!(new(mechanism, who, client_config()), want);
    }
    for nonce in ["", "short", "has,a,comma,and,is,long", "has a space and is long"] {
        let config = ClientConfig { nonce: nonce.into(), ..ClientConfig::default() };
        assert_eq!(new(SHA256, who("user", "pencil"), config), Misuse::Nonce);
        let config = ServerConfig { nonce: nonce.into(), ..server_config() };
        assert_eq!(Server::new(SHA256, config).unwrap_err(), Misuse::Nonce);
    }
    let config = ClientConfig { host: "b.com\x01x=y".into(), ..client_config() };
    assert_eq!(new(oauth, token("user", "x"), config), Misuse::Host);
    for (nonce, host, want) in [
        ("short", "mx1.b.com", Misuse::Nonce),
        ("brackets<and>at@signs", "mx1.b.com", Misuse::Nonce),
        ("1896.697170952xy", "", Misuse::Host),
        ("1896.697170952xy", "b.com>", Misuse::Host),
    ] {
        let config = ServerConfig { nonce: nonce.into(), host: host.into(), ..server_config() };
        assert_eq!(Server::new(Mechanism::CramMd5, config).unwrap_err(), want);
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
    let tokens = Policy { tokens: true, passwords: false, ..clear };
    assert_eq!(tokens.choose(["XOAUTH2", "PLAIN"]), Err(ChooseError::NeedsTls));
    assert_eq!(tokens.choose(["PLAIN"]), Err(ChooseError::Unknown));
    let tokens = Policy { tls: true, ..tokens };
    assert_eq!(tokens.choose(["XOAUTH2", "PLAIN"]), Ok(Mechanism::XOAuth2));
    assert_eq!(tokens.choose(all()), Ok(Mechanism::OAuthBearer));
    assert_eq!(tokens.choose(["PLAIN", "SCRAM-SHA-256"]), Err(ChooseError::Unknown));
    assert_eq!(tls.choose(["XOAUTH2"]), Err(ChooseError::Unknown), "there is no token");
    assert_eq!(tls.choose(["CRAM-MD5", "EXTERNAL", "ANONYMOUS"]), Err(ChooseError::Unknown));
    let all_on = Policy {
        plain_text_without_tls: true,
        channel_binding: true,
        cram_md5: true,
        tokens: true,
        external: true,
        anonymous: true,
        ..clear
    };
    assert!(all_on.offer().eq(Mechanism::ALL));
    let hidden = Policy { plain_text_without_tls: false, ..all_on };
    assert!(!hidden.offer().any(Mechanism::is_plain_text));
    assert_eq!(hidden.offer().count(), Mechanism::ALL.len() - 4);
    assert_eq!(Policy { cram_md5: true, ..clear }.choose(["CRAM-MD5"]), Ok(Mechanism::CramMd5));
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
