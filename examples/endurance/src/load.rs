//! Clients that send one message after the other, and know which of them were acknowledged.

use crate::letter;
use agent::{Courier, CourierError, Letter};
use smtp_proto::Protocol;
use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};

/// The most messages of a session.
const SESSION: u64 = 5;

/// How long a server may take over a session before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The pause after a session that broke, and between two looks while resting.
const PAUSE: Duration = Duration::from_millis(5);

/// A number of clients that send until they are told to stop.
#[derive(Debug)]
pub(crate) struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    next: AtomicU64,
    stop: AtomicBool,
    rest: AtomicBool,
    acknowledged: Mutex<BTreeSet<u64>>,
    replies: Mutex<HashMap<u16, usize>>,
}

/// What has become of all that was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    /// The messages that the server took over, with a 250.
    pub(crate) acknowledged: BTreeSet<u64>,
    /// All that were begun.
    pub(crate) begun: u64,
    /// How often each code was the verdict.
    pub(crate) replies: HashMap<u16, usize>,
}

impl Load {
    /// Starts `clients` that send to `recipient` at a server.
    pub(crate) fn start(clients: usize, server: SocketAddr, recipient: &'static str) -> Self {
        let shared = Arc::new(Shared::default());
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let shared = Arc::clone(&shared);
            tasks.spawn(async move {
                while !shared.stop.load(Relaxed) {
                    if shared.rest.load(Relaxed) {
                        tokio::time::sleep(PAUSE).await;
                        continue;
                    }
                    // Whatever ends the session: what was not acknowledged is not counted.
                    let session = shared.session(server, recipient);
                    if !matches!(timeout(PATIENCE, session).await, Ok(Ok(()))) {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            });
        }
        Self { shared, clients: tasks }
    }

    /// Has the clients rest, once they have ended their sessions, or go on.
    pub(crate) fn rest(&self, rest: bool) {
        self.shared.rest.store(rest, Relaxed);
    }

    /// Has every client end its session, and tells what was acknowledged.
    pub(crate) async fn finish(mut self) -> Sent {
        self.shared.stop.store(true, Relaxed);
        while self.clients.join_next().await.is_some() {}
        let take = |lock: &Mutex<BTreeSet<u64>>| {
            std::mem::take(&mut *lock.lock().unwrap_or_else(PoisonError::into_inner))
        };
        let replies = &mut *self.shared.replies.lock().unwrap_or_else(PoisonError::into_inner);
        Sent {
            acknowledged: take(&self.shared.acknowledged),
            begun: self.shared.next.load(Relaxed),
            replies: std::mem::take(replies),
        }
    }
}

impl Shared {
    async fn session(&self, server: SocketAddr, recipient: &str) -> Result<(), CourierError> {
        let mut courier = Courier::connect(&[server], "relay", Protocol::Smtp, "a.org").await?;
        for _ in 0..SESSION {
            if self.stop.load(Relaxed) || self.rest.load(Relaxed) {
                break;
            }
            let number = self.next.fetch_add(1, Relaxed);
            let code = send(&mut courier, recipient, number).await?;
            if code == 250 {
                let mut known = self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(number);
            }
            let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
            *replies.entry(code).or_default() += 1;
        }
        courier.leave().await
    }
}

/// Sends the message with this number, and returns the code of the verdict.
pub(crate) async fn send(
    courier: &mut Courier,
    recipient: &str,
    number: u64,
) -> Result<u16, CourierError> {
    let (message, recipients) = (letter::write(number), [recipient.to_owned()]);
    let size = message.len() as u64;
    let letter = Letter { sender: "ana@a.org", recipients: &recipients, size, eight_bit: false };
    let verdicts = courier.deliver(&letter, &mut &message[..]).await?;
    Ok(verdicts.first().map_or(0, |reply| reply.as_reply().code))
}

/// What was found in a Maildir.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How often each message is there.
    pub(crate) messages: HashMap<u64, usize>,
    /// How many files are no whole message.
    pub(crate) broken: usize,
}

impl Found {
    /// Reads what is in `new`, where a delivery agent puts what nobody has read.
    pub(crate) fn read(maildir: &Path) -> io::Result<Self> {
        let mut found = Self::default();
        for entry in fs::read_dir(maildir.join("new"))? {
            match letter::number(&fs::read(entry?.path())?) {
                Some(number) => *found.messages.entry(number).or_default() += 1,
                None => found.broken += 1,
            }
        }
        Ok(found)
    }

    /// How many messages were acknowledged, and are not there.
    pub(crate) fn lost(&self, sent: &Sent) -> usize {
        sent.acknowledged.iter().filter(|number| !self.messages.contains_key(number)).count()
    }

    /// How many more there are than there should be.
    pub(crate) fn duplicates(&self) -> usize {
        self.messages.values().map(|count| count - 1).sum()
    }

    /// How many are there that were not acknowledged: the reply was lost.
    pub(crate) fn unacknowledged(&self, sent: &Sent) -> usize {
        self.messages.keys().filter(|number| !sent.acknowledged.contains(number)).count()
    }
}
