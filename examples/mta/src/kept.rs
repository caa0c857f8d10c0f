//! Sessions with other hosts that are kept for the next message.

use crate::{Shared, relay::Target};
use agent::Courier;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{sync::Notify, time::sleep};

/// How long a session waits for the next message: hosts would rather have their slots back.
const WAIT: Duration = Duration::from_secs(2);

/// How many sessions wait at most.
const MOST: usize = 50;

/// The sessions that wait for a message.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    sessions: Mutex<Vec<Session>>,
    /// Told when a session begins to wait.
    news: Notify,
}

#[derive(Debug)]
struct Session {
    target: Target,
    courier: Courier,
    since: Instant,
}

impl Kept {
    /// A session with this host that is ready for a message, as far as we know: the host may have closed it.
    pub(crate) fn take(&self, target: &Target) -> Option<Courier> {
        let mut sessions = self.sessions();
        let n = sessions.iter().rposition(|session| session.target.is_same(target))?;
        Some(sessions.remove(n).courier)
    }

    /// Has a session wait. If too many do, the one that waits for the longest is left.
    pub(crate) fn keep(&self, target: &Target, courier: Courier) {
        let mut sessions = self.sessions();
        if sessions.len() == MOST {
            leave(sessions.remove(0).courier);
        }
        sessions.push(Session { target: target.clone(), courier, since: Instant::now() });
        self.news.notify_one();
    }

    /// Leaves the sessions that have waited for so long.
    fn leave_those_older(&self, wait: Duration) {
        for session in self.sessions().extract_if(.., |session| session.since.elapsed() >= wait) {
            leave(session.courier);
        }
    }

    /// How long the one that waits for the longest will wait yet.
    fn pause(&self) -> Option<Duration> {
        self.sessions().first().map(|session| WAIT.saturating_sub(session.since.elapsed()))
    }

    fn sessions(&self) -> MutexGuard<'_, Vec<Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves the sessions that have waited for too long, and all of them when the relay is to stop.
pub(crate) async fn tidy(shared: Arc<Shared>) {
    let next = async |kept: &Kept| match kept.pause() {
        Some(pause) => sleep(pause).await,
        None => kept.news.notified().await,
    };
    loop {
        tokio::select! {
            () = next(&shared.kept) => shared.kept.leave_those_older(WAIT),
            () = shared.stop.stopped() => return shared.kept.leave_those_older(Duration::ZERO),
        }
    }
}

/// Says goodbye; nobody waits for what comes of it.
fn leave(courier: Courier) {
    tokio::spawn(courier.leave());
}
