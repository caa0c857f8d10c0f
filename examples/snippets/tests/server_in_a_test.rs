//! A server within a test: what the code under test sends arrives, under TLS, octet for octet.

use posta_net::tls::{self, PrivateKeyDer, ServerConfig, Verify};
use posta_net::{Clock, Conn, Stream};
use smtp_proto::server::{Config, Event, Limits, Server};
use snippets::send::send; // the code under test
use std::{error::Error, sync::Arc, time::Duration};
use tokio::{net::TcpListener, net::TcpStream, time::timeout};

const HOST: &str = "mx1.b.com";
const MESSAGE: &str = "From: ana@a.org\r\nSubject: Tea\r\n\r\nAt four?\r\n.\r\n";

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::test]
async fn what_is_sent_arrives() -> Result<()> {
    // A certificate that only this test believes, and a port that the system chooses.
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()])?;
    let (key, der) = (made.signing_key.serialize_der(), made.cert.der().clone());
    let trust = tls::client(&Verify::CaDer(vec![der.clone()]))?;
    let config = tls::server_der(vec![der], PrivateKeyDer::try_from(key)?)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let tcp = TcpStream::connect(listener.local_addr()?).await?;

    let letter = ("ana@a.org", &["bea@b.com"][..], MESSAGE.as_bytes());
    let both =
        async { tokio::join!(send((tcp, HOST), &trust, None, letter), serve(listener, config)) };
    let (sent, arrived) = timeout(Duration::from_secs(30), both).await?;
    assert!(sent?.iter().all(|verdict| verdict.as_reply().is_positive()));
    assert_eq!(arrived?, (vec!["ana@a.org".into(), "bea@b.com".into()], MESSAGE.into()));
    Ok(())
}

/// One session: the sender, the recipients, and the message.
async fn serve(listener: TcpListener, tls: Arc<ServerConfig>) -> Result<(Vec<String>, Vec<u8>)> {
    let mut config = Config::new(HOST)?;
    config.starttls = true;
    let clock = Clock::start();
    let stream = Stream::Plain(listener.accept().await?.0);
    let mut conn = Conn::new(Server::new(config, clock.now()), stream, Limits::INPUT, clock);
    let (mut envelope, mut text) = (Vec::new(), Vec::new());
    while let Some((event, smtp)) = conn.next().await? {
        match event {
            Event::StartTls => {
                conn.start_tls_server(&tls).await?;
                conn.machine().tls_started()?;
            }
            Event::Mail { path, .. } | Event::Rcpt { path, .. } => {
                envelope.push(path.as_str().to_owned());
                smtp.accept()?;
            }
            Event::Helo { .. } | Event::Data | Event::End => smtp.accept()?,
            Event::Chunk(bytes) => text.extend_from_slice(bytes),
            _ => {}
        }
    }
    Ok((envelope, text))
}
