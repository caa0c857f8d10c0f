//! An SMTP server that takes every message, says who wrote to whom, and keeps nothing.

use posta_net::{Clock, Conn, Listener, Stop, Stream};
use smtp_proto::server::{Config, Event, Limits, Server};
use std::sync::{Arc, atomic::AtomicU64, atomic::Ordering::Relaxed};
use std::{error::Error, mem};
use tokio::net::TcpStream;

/// What has come.
#[derive(Debug, Default)]
pub struct Count {
    /// Messages.
    pub messages: AtomicU64,
    /// Their octets.
    pub octets: AtomicU64,
}

/// Takes mail until `stop` is used.
pub async fn sink(listener: Listener, stop: &Stop, count: &Arc<Count>) {
    let serve = listener.serve(stop, |tcp, peer| {
        let count = Arc::clone(count);
        async move {
            if let Err(error) = session(tcp, &count).await {
                eprintln!("{peer}: {error}");
            }
        }
    });
    serve.await;
}

async fn session(tcp: TcpStream, count: &Count) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut config = Config::new("sink.example.com")?;
    (config.smtputf8, config.dsn) = (true, true);
    let clock = Clock::start();
    let machine = Server::new(config, clock.now());
    let mut conn = Conn::new(machine, Stream::Plain(tcp), Limits::INPUT, clock);
    let (mut envelope, mut octets) = (String::new(), 0);
    while let Some((event, smtp)) = conn.next().await? {
        match event {
            Event::Mail { path, .. } => envelope = format!("<{}> to", path.as_str()),
            Event::Rcpt { path, .. } => envelope += &format!(" <{}>", path.as_str()),
            Event::Chunk(bytes) => octets += bytes.len() as u64,
            Event::End => {
                println!("{envelope}: {octets} octets");
                count.messages.fetch_add(1, Relaxed);
                count.octets.fetch_add(mem::take(&mut octets), Relaxed);
            }
            Event::Aborted(_) => octets = 0,
            _ => {}
        }
        // An error if nothing was asked.
        let _ = smtp.accept();
    }
    Ok(())
}
