//! Logins over real TLS connections are good for these connections only.
#![allow(clippy::unwrap_used)]

use agent::{Channel, Login, Logins, Verdict, make_keys};
use posta_net::{
    Stream,
    tls::{self, ClientConfig, PrivateKeyDer, ServerConfig, Verify},
};
use posta_sasl::passwords::Passwords;
use rcgen::{CertificateParams, KeyPair};
use rustls::{SupportedProtocolVersion, version};
use std::{sync::Arc, time::Duration};
use tokio::io::{DuplexStream, duplex};

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_login_is_bound_to_its_connection() {
    for version in [&version::TLS13, &version::TLS12] {
        let (ours, theirs) = connected(&server(version)).await;
        let (mechanism, verdict) = log_in(&Channel::of(&ours), &Channel::of(&theirs));
        assert_eq!(mechanism, "SCRAM-SHA-256-PLUS", "{version:?}");
        assert!(matches!(verdict, Verdict::Welcome(user) if user == "ana"), "{version:?}");
    }
}

/// Somebody has made the client believe a certificate of theirs, and passes on all that it says to the
/// server, over a connection of their own. By any mechanism without binding they would be in.
#[tokio::test]
async fn who_sits_in_between_does_not_get_in() {
    for version in [&version::TLS13, &version::TLS12] {
        let (ours, _) = connected(&server(version)).await;
        let (_, theirs) = connected(&server(version)).await;
        let (mechanism, verdict) = log_in(&Channel::of(&ours), &Channel::of(&theirs));
        assert_eq!(mechanism, "SCRAM-SHA-256-PLUS", "{version:?}");
        assert!(matches!(verdict, Verdict::Denied), "{version:?}");
    }
}

/// Even who has the server's own key cannot use a login of another connection where TLS 1.3 is spoken.
#[tokio::test]
async fn another_connection_to_the_same_server_is_another() {
    let server = server(&version::TLS13);
    let (ours, _) = connected(&server).await;
    let (_, theirs) = connected(&server).await;
    let (_, verdict) = log_in(&Channel::of(&ours), &Channel::of(&theirs));
    assert!(matches!(verdict, Verdict::Denied));
}

#[tokio::test]
async fn in_the_clear_nothing_is_bound() {
    let clear = Channel::of(&Stream::Plain(()));
    let (mechanism, verdict) = log_in(&clear, &clear);
    assert_eq!(mechanism, "SCRAM-SHA-256");
    assert!(matches!(verdict, Verdict::Welcome(_)));
}

/// Logs in as Ana; the client is on one connection, the server on another, or the same.
fn log_in(ours: &Channel, theirs: &Channel) -> (&'static str, Verdict) {
    let passwords = Passwords::parse(&make_keys("ana", "wonderland").unwrap()).unwrap();
    let logins = Logins::new(passwords).unwrap();
    let offered = logins.offer(theirs.is_tls());
    let mut client = Login::new(offered, "ana", "wonderland", ours).unwrap();
    let mut exchange = logins.begin(client.mechanism(), theirs).unwrap();
    let initial = client.initial(1000);
    let mut verdict = exchange.start(initial.as_deref().map(str::as_bytes));
    while let Verdict::Challenge(challenge) = verdict {
        let response = client.respond(challenge.as_bytes()).unwrap();
        verdict = exchange.respond(response.as_bytes());
    }
    if let Verdict::Welcome(_) = verdict {
        client.finish().unwrap();
    }
    (client.mechanism(), verdict)
}

/// A server with a key and a certificate of its own.
fn server(version: &'static SupportedProtocolVersion) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["mx1.b.com".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[version]).unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![certificate.der().clone()], key).unwrap())
}

/// Both ends of a connection by a client that believes anybody.
async fn connected(server: &Arc<ServerConfig>) -> (Stream<DuplexStream>, Stream<DuplexStream>) {
    let client: Arc<ClientConfig> = tls::client(&Verify::None).unwrap();
    let (a, b) = duplex(4096);
    let (ours, theirs) =
        tokio::join!(tls::connect(a, &client, "mx1.b.com", LONG), tls::accept(b, server, LONG));
    (ours.unwrap(), theirs.unwrap())
}
