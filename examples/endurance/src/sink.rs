//! A host that takes every message, and remembers when it came.

use crate::letter;
use agent::Failure;
use posta_net::{Clock, Conn, Limits, Listener, Stop, Stream};
use smtp_proto::{
    Server,
    server::{self, Event},
};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, sync::watch, time};

/// What has come: when which message came first.
type Arrivals = HashMap<u64, Instant>;

/// A running sink. It stops when dropped.
#[derive(Debug)]
pub(crate) struct Sink {
    address: SocketAddr,
    arrivals: Arc<watch::Sender<Arrivals>>,
    taken: Arc<AtomicUsize>,
    stop: Stop,
}

impl Sink {
    /// A host that takes so long over each message.
    pub(crate) async fn start(delay: Duration) -> Result<Self, Failure> {
        let limits = Limits { per_address: Limits::default().sessions, ..Limits::default() };
        let listener = Listener::bind("127.0.0.1:0", limits).await?;
        let (address, stop) = (listener.local_addr()?, Stop::new());
        let (arrivals, taken) = (Arc::new(watch::Sender::default()), Arc::default());
        tokio::spawn({
            let (arrivals, taken) = (Arc::clone(&arrivals), Arc::clone(&taken));
            let stop = stop.clone();
            async move {
                let session = |tcp, _| {
                    let (arrivals, taken) = (Arc::clone(&arrivals), Arc::clone(&taken));
                    async move { drop(session(tcp, delay, &arrivals, &taken).await) }
                };
                listener.serve(&stop, session).await
            }
        });
        Ok(Self { address, arrivals, taken, stop })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many messages have come, those that came again counted again.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Whether this message has come.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.arrivals.borrow().contains_key(&number)
    }

    /// When this message came, or comes.
    pub(crate) async fn arrival(&self, number: u64) -> Result<Instant, Failure> {
        let mut arrivals = self.arrivals.subscribe();
        let came = arrivals.wait_for(|came| came.contains_key(&number)).await?;
        Ok(came[&number])
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

async fn session(
    tcp: TcpStream,
    delay: Duration,
    arrivals: &watch::Sender<Arrivals>,
    taken: &AtomicUsize,
) -> Result<(), Failure> {
    let clock = Clock::start();
    let machine = Server::new(server::Config::new("mx.example")?, clock.now());
    let mut conn = Conn::new(machine, Stream::Plain(tcp), server::Limits::INPUT, clock);
    let mut message = Vec::new();
    while let Some((event, smtp)) = conn.next().await? {
        match event {
            Event::Chunk(bytes) => message.extend_from_slice(bytes),
            Event::End => {
                let came = Instant::now();
                time::sleep(delay).await;
                if let Some(number) = letter::number(&std::mem::take(&mut message)) {
                    arrivals.send_modify(|known| {
                        known.entry(number).or_insert(came);
                    });
                }
                taken.fetch_add(1, Relaxed);
                smtp.accept()?;
            }
            Event::Helo { .. } | Event::Mail { .. } | Event::Rcpt { .. } | Event::Data => {
                smtp.accept()?;
            }
            _ => {}
        }
    }
    Ok(())
}
