//! TLS from the first octet and in the middle, both ends ours.
#![allow(clippy::unwrap_used)]

#[path = "common/certs.rs"]
mod certs;
mod common;

use certs::{Authority, Host, file};
use common::{Fault, Flood, Lines};
use posta_net::{
    Clock, Conn, Error, Stream,
    tls::{self, ClientConfig, ConfigError, PrivateKeyDer, ServerConfig, Verify},
};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    SupportedProtocolVersion, server::ResolvesServerCertUsingSni, sign::CertifiedKey, version,
};
use std::{path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsStream;

const LONG: Duration = Duration::from_secs(30);

fn server(host: &Host) -> Arc<ServerConfig> {
    tls::server_der(host.chain.clone(), host.key.clone_key()).unwrap()
}

fn client(authority: &Authority) -> Arc<ClientConfig> {
    tls::client(&Verify::CaDer(vec![authority.der()])).unwrap()
}

type Both = (Result<Stream<DuplexStream>, tls::Error>, Result<Stream<DuplexStream>, tls::Error>);

/// Both ends of a handshake over a pipe of this size.
async fn shake(size: usize, host: &Host, verify: &Arc<ClientConfig>, name: &str) -> Both {
    let (a, b) = duplex(size);
    let config = server(host);
    tokio::join!(tls::connect(a, verify, name, LONG), tls::accept(b, &config, LONG))
}

#[tokio::test]
async fn talks_under_tls_through_small_pipes() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let (ours, theirs) = (client(&authority), server(&host));
    let clock = Clock::start();
    // rustls does not read while a handshake message of its own waits; the shortest has six octets.
    for size in [7, 64, 4096] {
        let (a, b) = duplex(size);
        let here = async {
            // As the DNS writes it, with a dot at the end.
            let stream = tls::connect(a, &ours, "mx1.b.com.", LONG).await.unwrap();
            let mut a = Conn::new(Lines::default(), stream, 1024, clock);
            assert_eq!(a.next().await.unwrap().unwrap().0, b"welcome\n");
            a.machine().say("hello\n");
            assert_eq!(a.next().await.unwrap().unwrap().0, b"bye\n");
            a.machine().over = true;
            assert!(a.next().await.unwrap().is_none());
        };
        let there = async {
            let stream = tls::accept(b, &theirs, LONG).await.unwrap();
            let mut b = Conn::new(Lines::default(), stream, 1024, clock);
            b.machine().say("welcome\n");
            let (line, machine) = b.next().await.unwrap().unwrap();
            assert_eq!(line, b"hello\n");
            machine.say("bye\n");
            machine.over = true;
            assert!(b.next().await.unwrap().is_none());
        };
        timeout(LONG, async { tokio::join!(here, there) }).await.expect("stuck");
    }
}

#[tokio::test]
async fn two_peers_that_only_write_under_tls_do_not_deadlock() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let (a, b) = shake(4096, &host, &client(&authority), "mx1.b.com").await;
    let clock = Clock::start();
    let octets = 2_000_000;
    let mut a = Conn::new(Flood::new(octets), a.unwrap(), 4096, clock);
    let mut b = Conn::new(Flood::new(octets), b.unwrap(), 4096, clock);
    let run = async { tokio::join!(a.next(), b.next()) };
    let (left, right) = timeout(LONG, run).await.expect("deadlock");
    assert!(left.unwrap().is_none() && right.unwrap().is_none());
}

#[tokio::test]
async fn says_what_was_agreed_on() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let (a, b) = shake(4096, &host, &client(&authority), "mx1.b.com").await;
    let (a, b) = (a.unwrap(), b.unwrap());
    let (here, there) = (a.tls().unwrap(), b.tls().unwrap());
    assert_eq!(here.version, "TLSv1.3");
    assert!(here.cipher.starts_with("TLS_AES_"), "{}", here.cipher);
    assert_eq!((here.cipher, here.version), (there.cipher, there.version));
    assert_eq!(there.server_name.as_deref(), Some("mx1.b.com"));
    assert_eq!(a.peer_certificates(), host.chain);
    assert!(b.peer_certificates().is_empty());
}

#[tokio::test]
async fn a_wrong_name_is_told_from_an_unknown_issuer_and_from_an_expired_certificate() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let ours = client(&authority);

    let (a, _) = shake(4096, &host, &ours, "mx2.b.com").await;
    let error = a.unwrap_err();
    assert!(matches!(&error, tls::Error::WrongName { name, .. } if name == "mx2.b.com"), "{error}");

    for other in [Authority::named("Somebody Else"), Authority::new()] {
        let (a, b) = shake(4096, &other.host("mx1.b.com"), &ours, "mx1.b.com").await;
        assert!(matches!(a.unwrap_err(), tls::Error::Untrusted));
        assert!(matches!(b.unwrap_err(), tls::Error::Refused(_)));
    }

    let public = tls::client(&Verify::Roots).unwrap();
    let (a, _) = shake(4096, &host, &public, "mx1.b.com").await;
    assert!(matches!(a.unwrap_err(), tls::Error::Untrusted));

    let (a, _) = shake(4096, &authority.expired("mx1.b.com"), &ours, "mx1.b.com").await;
    assert!(matches!(a.unwrap_err(), tls::Error::OutOfDate(_)));
}

#[tokio::test]
async fn unchecked_takes_any_certificate_under_any_name() {
    let anyone = tls::client(&Verify::None).unwrap();
    for host in [Authority::new().host("mx1.b.com"), Authority::new().expired("mx1.b.com")] {
        let (a, b) = shake(4096, &host, &anyone, "192.0.2.1").await;
        assert_eq!(a.unwrap().peer_certificates(), host.chain);
        b.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_shake_hands_is_not_waited_for() {
    let (a, _b) = duplex(4096);
    let config = tls::client(&Verify::None).unwrap();
    let failed = tls::connect(a, &config, "mx1.b.com", LONG).await;
    assert!(matches!(failed, Err(tls::Error::Timeout)));
    let (a, _b) = duplex(4096);
    let failed = tls::connect(a, &config, "mx1..b.com", LONG).await;
    assert!(matches!(failed, Err(tls::Error::InvalidName(name)) if name == "mx1..b.com"));
}

#[tokio::test]
async fn a_peer_that_does_not_speak_tls_is_a_tls_error() {
    let (a, mut b) = duplex(4096);
    b.write_all(b"554 no TLS here, sorry\r\n").await.unwrap();
    let config = tls::client(&Verify::None).unwrap();
    let failed = tls::connect(a, &config, "mx1.b.com", LONG).await;
    assert!(matches!(failed, Err(tls::Error::Tls(_))));
}

/// The end of a stream without `close_notify` is the machine's to judge.
#[tokio::test]
async fn a_cut_is_told_by_the_machine() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let (a, b) = shake(4096, &host, &client(&authority), "mx1.b.com").await;
    let mut b = Conn::new(Lines::default(), b.unwrap(), 1024, Clock::start());
    drop(a.unwrap());
    let failed = b.next().await.unwrap_err();
    assert!(matches!(failed, Error::Protocol(Fault::CutOff)));
}

#[tokio::test]
async fn closing_sends_close_notify() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let (a, b) = shake(4096, &host, &client(&authority), "mx1.b.com").await;
    let mut b = Conn::new(Lines::default(), b.unwrap(), 1024, Clock::start());
    b.close().await.unwrap();
    // Without close_notify this would be an `UnexpectedEof`.
    assert_eq!(a.unwrap().read(&mut [0; 8]).await.unwrap(), 0);
}

/// STARTTLS over loopback, the connection keeping its type.
#[tokio::test]
async fn tls_starts_in_the_middle_of_a_conversation() {
    let authority = Authority::new();
    let server_config = server(&authority.host("mx1.b.com"));
    let client_config = client(&authority);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock = Clock::start();

    let there = async {
        let (stream, peer) = listener.accept().await.unwrap();
        let mut conn: Conn<Lines> = Conn::new(Lines::default(), stream.into(), 1024, clock);
        assert_eq!(conn.peer_addr().unwrap(), peer);
        while let Some((line, machine)) = conn.next().await.unwrap() {
            match line {
                b"STARTTLS\n" => {
                    machine.say("220 go ahead\n");
                    conn.start_tls_server(&server_config).await.unwrap();
                    assert_eq!(conn.peer_addr().unwrap(), peer);
                }
                b"QUIT\n" => {
                    machine.say("221 bye\n");
                    machine.over = true;
                }
                other => panic!("{other:?}"),
            }
        }
        conn.tls().expect("TLS").version
    };
    let here = async {
        let stream = TcpStream::connect(address).await.unwrap();
        let mut conn: Conn<Lines> = Conn::new(Lines::default(), stream.into(), 1024, clock);
        assert!(conn.tls().is_none());
        conn.machine().say("STARTTLS\n");
        assert_eq!(conn.next().await.unwrap().unwrap().0, b"220 go ahead\n");
        conn.start_tls_client(&client_config, "mx1.b.com").await.unwrap();
        let again = conn.start_tls_client(&client_config, "mx1.b.com").await;
        assert!(matches!(again, Err(tls::Error::NotPlain)));
        conn.machine().say("QUIT\n");
        let (line, machine) = conn.next().await.unwrap().unwrap();
        assert_eq!(line, b"221 bye\n");
        machine.over = true;
        assert!(conn.next().await.unwrap().is_none());
    };
    let (version, ()) = timeout(LONG, async { tokio::join!(there, here) }).await.expect("stuck");
    assert_eq!(version, "TLSv1.3");
}

/// CVE-2011-0411, and its twin on the client's side (CVE-2021-38371).
#[tokio::test]
async fn what_came_in_the_clear_behind_starttls_is_refused() {
    let authority = Authority::new();
    let (mut peer, stream) = duplex(4096);
    peer.write_all(b"STARTTLS\nMAIL FROM:<ana@a.org>\n").await.unwrap();
    let stream = Stream::Plain(stream);
    let mut conn = Conn::new(Lines::default(), stream, 1024, Clock::start());
    assert_eq!(conn.next().await.unwrap().unwrap().0, b"STARTTLS\n");
    let failed = conn.start_tls_server(&server(&authority.host("mx1.b.com"))).await;
    assert!(matches!(failed, Err(tls::Error::Injected(22))), "{failed:?}");
    assert!(matches!(conn.stream(), Stream::Closed));

    let (mut peer, stream) = duplex(4096);
    peer.write_all(b"220 go ahead\n250 injected\n").await.unwrap();
    let stream = Stream::Plain(stream);
    let mut conn = Conn::new(Lines::default(), stream, 1024, Clock::start());
    assert_eq!(conn.next().await.unwrap().unwrap().0, b"220 go ahead\n");
    let failed = conn.start_tls_client(&client(&authority), "mx1.b.com").await;
    assert!(matches!(failed, Err(tls::Error::Injected(13))), "{failed:?}");
}

#[tokio::test]
async fn after_a_failed_handshake_nothing_goes_out_in_the_clear() {
    let authority = Authority::new();
    let (peer, stream) = duplex(4096);
    let stream = Stream::Plain(stream);
    let mut conn = Conn::new(Lines::default(), stream, 1024, Clock::start());
    let config = server(&Authority::new().host("mx1.b.com"));
    let ours = client(&authority);
    let (failed, _) =
        tokio::join!(conn.start_tls_client(&ours, "mx1.b.com"), tls::accept(peer, &config, LONG));
    assert!(matches!(failed, Err(tls::Error::Untrusted)));
    conn.machine().say("a secret\n");
    assert!(matches!(conn.next().await, Err(Error::Io(_))));
}

#[test]
fn configurations_come_from_files() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let chain = file("good-chain.pem", &host.chain_pem);
    let key = file("good-key.pem", &host.key_pem);
    let both = file("good-both.pem", &format!("{}{}", host.key_pem, host.chain_pem));
    tls::server(&chain, &key).unwrap();
    tls::server(&both, &both).unwrap();
    tls::client(&Verify::Ca(file("good-ca.pem", &authority.pem()))).unwrap();
}

#[test]
fn errors_of_configuration_name_the_file() {
    let authority = Authority::new();
    let (host, other) = (authority.host("mx1.b.com"), authority.host("mx2.b.com"));
    let chain = file("bad-chain.pem", &host.chain_pem);
    let key = file("bad-key.pem", &host.key_pem);
    let other = file("bad-other.pem", &other.key_pem);
    let cut = file("bad-cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let junk =
        file("bad-junk.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let missing = Path::new("/nonexistent/chain.pem");

    let error = tls::server(missing, &key).unwrap_err();
    assert!(error.to_string().starts_with("cannot read /nonexistent/chain.pem: "), "{error}");
    let error = tls::server(&key, &key).unwrap_err();
    assert_eq!(error.to_string(), format!("{} holds no certificate", key.display()));
    let error = tls::server(&chain, &chain).unwrap_err();
    assert_eq!(error.to_string(), format!("{} holds no private key", chain.display()));
    let error = tls::server(&cut, &key).unwrap_err();
    assert!(matches!(&error, ConfigError::Pem { path, .. } if *path == cut), "{error}");
    let error = tls::server(&chain, &other).unwrap_err();
    assert!(matches!(&error, ConfigError::Pair { .. }), "{error}");
    let error = tls::client(&Verify::Ca(junk.clone())).unwrap_err();
    assert!(matches!(&error, ConfigError::Certificate { path, .. } if *path == junk), "{error}");
}

/// A connection that speaks this version only.
async fn shake_by(
    version: &'static SupportedProtocolVersion,
    host: &Host,
) -> (Stream<DuplexStream>, Stream<DuplexStream>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_protocol_versions(&[version]).unwrap().with_no_client_auth();
    let server = builder.with_single_cert(host.chain.clone(), host.key.clone_key()).unwrap();
    both(&Arc::new(server), "mx1.b.com").await
}

/// Both ends of a connection by a client that believes anybody.
async fn both(
    server: &Arc<ServerConfig>,
    name: &str,
) -> (Stream<DuplexStream>, Stream<DuplexStream>) {
    let (a, b) = duplex(4096);
    let anybody = tls::client(&Verify::None).unwrap();
    let ends = tokio::join!(tls::connect(a, &anybody, name, LONG), tls::accept(b, server, LONG));
    (ends.0.unwrap(), ends.1.unwrap())
}

#[tokio::test]
async fn both_ends_know_what_binds_a_login() {
    let authority = Authority::new();
    let host = authority.host("mx1.b.com");
    let mut seen = Vec::new();
    for version in [&version::TLS13, &version::TLS13, &version::TLS12] {
        let (a, b) = shake_by(version, &host).await;
        let bindings = a.bindings();
        assert_eq!(bindings, b.bindings(), "{version:?}");
        assert_eq!(bindings.exporter.is_some(), *version == version::TLS13);
        if let (Stream::Tls(tls), Some(exporter)) = (&b, bindings.exporter) {
            let TlsStream::Server(server) = tls.stream() else { panic!("not a server") };
            // RFC 9266 2
            let label = b"EXPORTER-Channel-Binding";
            let want = server.get_ref().1.export_keying_material([0; 32], label, None);
            assert_eq!(want, Ok(exporter));
        }
        // By its authority's key, for which that is SHA-256.
        assert_eq!(bindings.server_end_point, tls::server_end_point(&host.chain[0]));
        assert_eq!(bindings.server_end_point.as_ref().map(Vec::len), Some(32));
        seen.push(bindings);
    }
    assert_ne!(seen[0].exporter, seen[1].exporter, "another connection");
    assert_eq!(seen[0].server_end_point, seen[1].server_end_point, "the same server");
    let other = shake_by(&version::TLS12, &authority.host("mx1.b.com")).await;
    assert_ne!(seen[0].server_end_point, other.0.bindings().server_end_point);
    assert_eq!(Stream::Plain(()).bindings(), tls::Bindings::default());
}

/// RFC 5929 4.1: undefined where the signature has no hash function.
#[tokio::test]
async fn an_ed25519_certificate_has_no_end_point() {
    let key = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let params = CertificateParams::new(vec!["mx1.b.com".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let server = tls::server_der(vec![certificate.der().clone()], key).unwrap();
    let (a, b) = both(&server, "mx1.b.com").await;
    assert_eq!(a.bindings(), b.bindings());
    assert!(a.bindings().exporter.is_some() && a.bindings().server_end_point.is_none());
}

/// A server with several certificates is bound by the one that this client was shown.
#[tokio::test]
async fn the_end_point_is_the_certificate_that_was_shown() {
    let authority = Authority::new();
    let provider = rustls::crypto::ring::default_provider();
    let mut resolver = ResolvesServerCertUsingSni::new();
    let names = ["mx1.b.com", "mx2.b.com"];
    let hosts = names.map(|name| authority.host(name));
    for (name, host) in names.iter().zip(&hosts) {
        let key = provider.key_provider.load_private_key(host.key.clone_key()).unwrap();
        resolver.add(name, CertifiedKey::new(host.chain.clone(), key)).unwrap();
    }
    let builder = ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let server = Arc::new(builder.with_cert_resolver(Arc::new(resolver)));
    for (name, host) in names.iter().zip(&hosts) {
        let (a, b) = both(&server, name).await;
        assert_eq!(b.bindings().server_end_point, tls::server_end_point(&host.chain[0]));
        assert_eq!(a.bindings(), b.bindings());
    }
}
