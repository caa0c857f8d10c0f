//! Our client and our server, each with the other side from rsasl.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    BindingKind, Client, ClientConfig, Error, Keys, Mechanism, ScramHash, Secret, Server,
    ServerConfig, Step,
};
use rsasl::{
    callback::{Context, Request, SessionCallback, SessionData},
    mechanisms::{
        anonymous::{ANONYMOUS, AnonymousToken},
        external::EXTERNAL,
        login::LOGIN,
        oauthbearer::{
            OAUTHBEARER,
            properties::{OAuthBearerError, OAuthBearerErrored, OAuthBearerValidate},
        },
        plain::PLAIN,
        scram::{
            SCRAM_SHA1, SCRAM_SHA1_PLUS, SCRAM_SHA256, SCRAM_SHA256_PLUS, SCRAM_SHA512,
            SCRAM_SHA512_PLUS, properties::ScramStoredPassword,
        },
        xoauth2::{
            XOAUTH2,
            properties::{XOAuth2Error, XOAuth2Validate},
        },
    },
    prelude::*,
    property::{AuthId, AuthzId, OAuthBearerToken, OverrideCBType, Password},
    validate::{Validate, ValidationError},
};
use std::sync::Arc;

static ITS: &[rsasl::prelude::Mechanism] = &[
    ANONYMOUS,
    EXTERNAL,
    LOGIN,
    OAUTHBEARER,
    PLAIN,
    SCRAM_SHA1,
    SCRAM_SHA1_PLUS,
    SCRAM_SHA256,
    SCRAM_SHA256_PLUS,
    SCRAM_SHA512,
    SCRAM_SHA512_PLUS,
    XOAUTH2,
];

/// All that both of us have.
fn shared() -> impl Iterator<Item = Mechanism> {
    Mechanism::ALL.into_iter().filter(|mechanism| *mechanism != Mechanism::CramMd5)
}

fn checks_a_secret(mechanism: Mechanism) -> bool {
    !matches!(mechanism, Mechanism::External | Mechanism::Anonymous)
}

#[test]
fn our_client_logs_in_at_its_server() {
    for mechanism in shared() {
        let (who, finish) = with_its_server(mechanism, "pencil", 7);
        let want = match mechanism {
            Mechanism::Anonymous => "sirhc",
            // It leaves it to the application to know who has the certificate.
            Mechanism::External => "",
            _ => "user",
        };
        assert_eq!((who.as_deref(), finish), (Some(want), Ok(())), "{mechanism}");
        if checks_a_secret(mechanism) {
            assert_eq!(with_its_server(mechanism, "pencils", 7).0, None, "{mechanism}");
        }
        if let Mechanism::ScramPlus(_) = mechanism {
            let (who, finish) = with_its_server(mechanism, "pencil", 8);
            assert_eq!((who, finish.is_err()), (None, true), "{mechanism}: another channel");
        }
    }
}

#[test]
fn its_client_logs_in_at_our_server() {
    for mechanism in shared() {
        let who = with_its_client(mechanism, "pencil", 7);
        let want = if mechanism == Mechanism::Anonymous { "anonymous" } else { "user" };
        assert_eq!(who, Ok(Some(want.into())), "{mechanism}");
        if checks_a_secret(mechanism) {
            assert_eq!(with_its_client(mechanism, "pencils", 7), Ok(None), "{mechanism}");
        }
        if let Mechanism::ScramPlus(_) = mechanism {
            let who = with_its_client(mechanism, "pencil", 8);
            assert_eq!(who, Err(Error::ChannelBinding), "{mechanism}");
        }
    }
}

/// Whom its server lets in, and whether our client believes it.
fn with_its_server(
    mechanism: Mechanism,
    secret: &str,
    channel: u8,
) -> (Option<String>, Result<(), Error>) {
    let config = ClientConfig {
        channel_binding: Some(binding(BindingKind::TlsExporter, channel))
            .filter(|_| matches!(mechanism, Mechanism::ScramPlus(_))),
        ..client_config()
    };
    let mut client = Client::new(mechanism, credentials(mechanism, secret), config).unwrap();
    let name = Mechname::parse(mechanism.name().as_bytes()).unwrap();
    let application = Application::config(mechanism, "pencil");
    let server = SASLServer::<Whom, _>::with_cb(application, Channel([7; 32]));
    let mut server = server.start_suggested(name).unwrap();
    let mut input = client.initial(usize::MAX);
    loop {
        let mut out = Vec::new();
        let Ok(state) = server.step(input.as_ref().map(Secret::expose), &mut out) else {
            return (None, client.finish());
        };
        if state.is_running() || state.has_sent_message() {
            match client.step(&out) {
                Ok(response) => input = Some(response),
                Err(error) => return (None, Err(error)),
            }
        }
        if !state.is_running() {
            return (server.validation(), client.finish());
        }
    }
}

/// Whom our server lets in.
fn with_its_client(
    mechanism: Mechanism,
    secret: &'static str,
    channel: u8,
) -> Result<Option<String>, Error> {
    let config = ServerConfig {
        channel_bindings: match mechanism {
            Mechanism::ScramPlus(_) => vec![binding(BindingKind::TlsExporter, 7)],
            _ => Vec::new(),
        },
        ..server_config()
    };
    let mut server = Server::new(mechanism, config).unwrap();
    let name = Mechname::parse(mechanism.name().as_bytes()).unwrap();
    let client =
        SASLClient::with_cb(Application::config(mechanism, secret), Channel([channel; 32]));
    let mut client = client.start_suggested(&[name]).unwrap();
    let mut say = |challenge: Option<&[u8]>| {
        let mut out = Vec::new();
        client.step(challenge, &mut out).unwrap();
        out
    };
    let initial = mechanism.is_client_first().then(|| say(None));
    let mut step = server.start(initial.as_deref())?;
    loop {
        step = match step {
            Step::Challenge(challenge) => server.step(&say(Some(&challenge)))?,
            Step::Lookup { hash, .. } => server.answer(Some(keys_for(hash)))?,
            Step::Done(identity) => return Ok(Some(identity.acts_as().into())),
            Step::Failed => return Ok(None),
            question => answer(&mut server, question)?,
        };
    }
}

const SALT: [u8; 16] = [5; 16];

fn keys_for(hash: ScramHash) -> Keys {
    Keys::derive(hash, &Secret::from("pencil"), &SALT, 4096).unwrap()
}

/// The application on rsasl's side, client or server.
struct Application {
    mechanism: Mechanism,
    secret: &'static str,
    bearer: String,
}

impl Application {
    fn config(mechanism: Mechanism, secret: &'static str) -> Arc<SASLConfig> {
        // As a server it takes the scheme for a part of the token.
        let scheme = if mechanism == Mechanism::OAuthBearer { "Bearer " } else { "" };
        let application = Self { mechanism, secret, bearer: [scheme, secret].concat() };
        let builder = SASLConfig::builder().with_registry(Registry::with_mechanisms(ITS));
        builder.with_callback(application).unwrap()
    }
}

/// What it says of who logged in.
struct Whom;

impl Validation for Whom {
    type Value = String;
}

impl SessionCallback for Application {
    fn callback(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        if request.get_action::<OAuthBearerErrored>().is_some()
            || request.get_action::<XOAuth2Error>().is_some()
        {
            return Ok(());
        }
        let right = context.get_ref::<OAuthBearerToken>() == Some(&self.bearer);
        if request.is::<OAuthBearerValidate>() {
            let why = OAuthBearerError::new("invalid_token", None, None);
            request.satisfy::<OAuthBearerValidate>(&if right { Ok(()) } else { Err(why) })?;
        }
        if request.is::<XOAuth2Validate>() {
            let why = r#"{"status":"401"}"#;
            request.satisfy::<XOAuth2Validate>(&if right { Ok(()) } else { Err(why) })?;
        }
        if let (Mechanism::Scram(hash) | Mechanism::ScramPlus(hash), Some("user")) =
            (self.mechanism, context.get_ref::<AuthId>())
        {
            let keys = keys_for(hash).write();
            let (_, both) = keys.rsplit_once('$').unwrap();
            let (stored, server) = both.split_once(':').unwrap();
            let key = |text: &str| posta_sasl::base64::decode(text.as_bytes()).unwrap();
            let (stored, server) = (key(stored), key(server));
            let stored = ScramStoredPassword::new(4096, &SALT, &stored, &server);
            request.satisfy::<ScramStoredPassword<'_>>(&stored)?;
        }
        if let Mechanism::OAuthBearer = self.mechanism {
            request.satisfy::<AuthzId>("user")?;
        }
        request
            .satisfy::<AuthId>("user")?
            .satisfy::<Password>(self.secret.as_bytes())?
            .satisfy::<OAuthBearerToken>(self.secret)?
            .satisfy::<AnonymousToken>("sirhc")?
            .satisfy::<OverrideCBType>("tls-exporter")?;
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        let user = match self.mechanism {
            Mechanism::Anonymous => context.get_ref::<AnonymousToken>(),
            Mechanism::External | Mechanism::OAuthBearer => context.get_ref::<AuthzId>(),
            _ => context.get_ref::<AuthId>(),
        };
        let password = context.get_ref::<Password>().is_none_or(|p| p == self.secret.as_bytes());
        let token = context.get_ref::<OAuthBearerToken>().is_none_or(|token| token == self.bearer);
        if password && token {
            validate.finalize::<Whom>(user.unwrap_or_default().into());
        }
        Ok(())
    }

    fn enable_channel_binding(&self) -> bool {
        true
    }
}

/// The connection below rsasl.
struct Channel([u8; 32]);

impl ChannelBindingCallback for Channel {
    fn get_cb_data(&self, name: &str) -> Option<&[u8]> {
        (name == "tls-exporter").then_some(&self.0)
    }
}
