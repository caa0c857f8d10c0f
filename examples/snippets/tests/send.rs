//! Sending a message: TLS, the login, the verdicts, and what arrives.
#![allow(clippy::unwrap_used)]

mod common;

use common::{HOST, LONG, certificate};
use posta_net::{
    Clock, Conn, Stream,
    tls::{self, ServerConfig},
};
use posta_sasl::Credentials;
use smtp_proto::{
    codec::EnhancedCode,
    server::{Config, Event, Limits, Server},
};
use snippets::send::send;
use std::sync::Arc;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

const MESSAGE: &[u8] = "From: ana@a.org\r\nTo: bea@b.com\r\n\r\n.\r\nThé?\r\n".as_bytes();

/// What a server is like.
#[derive(Clone, Copy, Default)]
struct Kind {
    no_tls: bool,
    /// Once it has accepted the message, it says what is no reply, and is gone.
    rude: bool,
}

#[derive(Debug, Default, PartialEq)]
struct Heard {
    user: Option<String>,
    envelope: Vec<String>,
    text: Vec<u8>,
}

/// A session that lets Ana in by PLAIN, and takes mail from her to Bea.
async fn serve(tcp: TcpStream, tls: Arc<ServerConfig>, kind: Kind) -> Heard {
    let mut config = Config::new(HOST).unwrap();
    config.starttls = !kind.no_tls;
    config.auth = vec!["PLAIN".into()];
    let clock = Clock::start();
    let machine = Server::new(config, clock.now());
    let mut conn = Conn::new(machine, Stream::Plain(tcp), Limits::INPUT, clock);
    let mut heard = Heard::default();
    // Whether the client leaves with QUIT or not is its business.
    while let Ok(Some((event, smtp))) = conn.next().await {
        match event {
            Event::StartTls => {
                if conn.start_tls_server(&tls).await.is_err() {
                    break;
                }
                conn.machine().tls_started().unwrap();
            }
            // NUL ana NUL secret
            Event::Auth { initial: Some(text), .. } if text.as_str() == "AGFuYQBzZWNyZXQ=" => {
                heard.user = Some("ana".to_owned());
                smtp.accept().unwrap();
            }
            Event::Auth { .. } => smtp.reject(535, EnhancedCode(5, 7, 8), "Not you").unwrap(),
            Event::Mail { path, params, .. } => {
                heard.envelope.push(format!("{} {}", path.as_str(), params.as_str()));
                match path.as_str() {
                    "ana@a.org" => smtp.accept().unwrap(),
                    _ => smtp.reject(553, EnhancedCode(5, 1, 8), "Not her").unwrap(),
                }
            }
            Event::Rcpt { path, .. } => {
                heard.envelope.push(path.as_str().to_owned());
                match path.as_str() {
                    "bea@b.com" => smtp.accept().unwrap(),
                    _ => smtp.reject(550, EnhancedCode(5, 1, 1), "No such user").unwrap(),
                }
            }
            Event::Chunk(bytes) => heard.text.extend_from_slice(bytes),
            Event::End => {
                smtp.accept().unwrap();
                if kind.rude {
                    conn.flush().await.unwrap();
                    let (_, mut stream, _) = conn.into_parts();
                    stream.write_all(b"what?\r\n").await.unwrap();
                    stream.shutdown().await.unwrap();
                    break;
                }
            }
            Event::Helo { .. } | Event::Data => smtp.accept().unwrap(),
            _ => {}
        }
    }
    heard
}

/// The codes of the verdicts, or the error; and what the server heard.
async fn run(
    kind: Kind,
    password: Option<&str>,
    (from, to): (&str, &[&str]),
) -> (Result<Vec<u16>, String>, Heard) {
    let (server, trust) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let there = async { serve(listener.accept().await.unwrap().0, server, kind).await };
    let here = async {
        let login = password.map(|password| Credentials::password("ana", password));
        send((tcp, HOST), &trust, login, (from, to, MESSAGE)).await
    };
    let (sent, heard) = timeout(LONG, async { tokio::join!(here, there) }).await.expect("too long");
    let sent = sent.map_err(|error| error.to_string());
    (sent.map(|replies| replies.iter().map(|reply| reply.as_reply().code).collect()), heard)
}

#[tokio::test]
async fn each_recipient_has_its_verdict_and_the_message_arrives_octet_for_octet() {
    let to = ["nobody@b.com", "bea@b.com", "who@b.com"];
    let (sent, heard) = run(Kind::default(), Some("secret"), ("ana@a.org", &to)).await;
    assert_eq!(sent, Ok(vec![550, 250, 550]));
    assert_eq!(heard.user.as_deref(), Some("ana"));
    assert_eq!(heard.envelope[0], format!("ana@a.org SIZE={} BODY=8BITMIME", MESSAGE.len()));
    assert_eq!(heard.envelope[1..], to);
    assert_eq!(heard.text, MESSAGE);
}

#[tokio::test]
async fn no_login_is_needed_where_none_is_given() {
    let (sent, heard) = run(Kind::default(), None, ("ana@a.org", &["bea@b.com"])).await;
    assert_eq!((sent, heard.user, &*heard.text), (Ok(vec![250]), None, MESSAGE));
}

#[tokio::test]
async fn a_refusal_is_the_verdict_for_all_who_have_none() {
    #[rustfmt::skip]
    let table = [
        ("bea@b.com", vec!["bea@b.com", "nobody@b.com"], vec![553, 553]),
        ("ana@a.org", vec!["who@b.com", "nobody@b.com"], vec![550, 550]),
    ];
    for (from, to, codes) in table {
        let (sent, heard) = run(Kind::default(), None, (from, &to)).await;
        assert_eq!((sent, &*heard.text), (Ok(codes), &b""[..]));
    }
}

#[tokio::test]
async fn a_wrong_password_ends_it() {
    let (sent, heard) = run(Kind::default(), Some("guess"), ("ana@a.org", &["bea@b.com"])).await;
    assert_eq!(sent, Err("535 5.7.8 Not you".to_owned()));
    assert_eq!(heard, Heard::default());
}

#[tokio::test]
async fn nothing_is_said_in_the_clear() {
    let kind = Kind { no_tls: true, ..Kind::default() };
    let (sent, heard) = run(kind, Some("secret"), ("ana@a.org", &["bea@b.com"])).await;
    assert_eq!(sent, Err("the server does not offer STARTTLS".to_owned()));
    assert_eq!(heard, Heard::default());
}

#[tokio::test]
async fn the_verdict_stands_whatever_comes_behind_it() {
    let kind = Kind { rude: true, ..Kind::default() };
    let (sent, heard) = run(kind, None, ("ana@a.org", &["bea@b.com"])).await;
    assert_eq!((sent, &*heard.text), (Ok(vec![250]), MESSAGE));
}

#[tokio::test]
async fn a_certificate_for_another_is_refused() {
    let (server, trust) = certificate();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let there = async { serve(listener.accept().await.unwrap().0, server, Kind::default()).await };
    let letter = ("ana@a.org", &["bea@b.com"][..], MESSAGE);
    let here = send((tcp, "mx2.b.com"), &trust, None, letter);
    let (sent, heard) = timeout(LONG, async { tokio::join!(here, there) }).await.expect("too long");
    let error = sent.unwrap_err().downcast::<tls::Error>().unwrap();
    assert!(matches!(*error, tls::Error::WrongName { .. }), "{error}");
    assert_eq!(heard, Heard::default());
}

#[tokio::test]
async fn a_server_that_will_not_start_tls_after_all_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let there = async {
        let mut tcp = BufReader::new(listener.accept().await.unwrap().0);
        let mut heard = String::new();
        for reply in ["220 mx1", "250-mx1\r\n250 STARTTLS", "454 not now"] {
            tcp.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
            tcp.read_line(&mut heard).await.unwrap();
        }
        heard
    };
    let (_, trust) = certificate();
    let here = send((tcp, HOST), &trust, None, ("ana@a.org", &["bea@b.com"], MESSAGE));
    let (sent, heard) = timeout(LONG, async { tokio::join!(here, there) }).await.expect("too long");
    assert_eq!(sent.unwrap_err().to_string(), "454 not now");
    assert_eq!(heard, "EHLO a.org\r\nSTARTTLS\r\n");
}
