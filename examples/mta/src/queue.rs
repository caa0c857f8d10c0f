//! The queue at work: what is due is tried, and then done, put off or bounced.

use crate::{Shared, bounce, destination, spool};
use agent::hop;
use mail_queue::{Attempt, Envelope, Error, Id, Outcome, Recovery};
use posta_core::disk::fs::Fs;
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    task::{JoinSet, spawn_blocking},
    time::timeout,
};

/// How long those under way may take once the relay is to stop.
const GRACE: Duration = Duration::from_secs(30);

/// The pause after the spool itself has failed.
pub(crate) const PAUSE: Duration = Duration::from_secs(60);

/// What is said of a recipient that was not tried yet.
const WAITS: &str = "451 4.4.1 its hosts are busy, or others could not reach them";

/// Works off the queue until the relay is to stop.
pub(crate) async fn run(shared: Arc<Shared>) {
    let (mut attempts, mut tried) = (JoinSet::new(), HashMap::new());
    loop {
        tokio::select! {
            attempt = shared.spool.due() => {
                let (id, shared) = (attempt.id, Arc::clone(&shared));
                let task = attempts.spawn(async move { try_entry(&shared, &attempt).await });
                tried.insert(task.id(), id);
            }
            Some(done) = attempts.join_next_with_id() => match done {
                Ok((task, ())) => drop(tried.remove(&task)),
                // A mistake of ours must not keep the message from being tried again.
                Err(panicked) => if let Some(id) = tried.remove(&panicked.id()) {
                    tracing::error!(%id, %panicked, "an attempt failed");
                    shared.spool.put_off(&id, agent::now() + PAUSE);
                }
            },
            () = shared.stop.stopped() => break,
        }
    }
    // What does not end in time is tried again at the next start.
    let _ = timeout(GRACE, async { while attempts.join_next().await.is_some() {} }).await;
}

/// Finds what a former run has left.
pub(crate) async fn find(shared: Arc<Shared>, recovery: Recovery<Fs>) {
    let found = spawn_blocking(move || shared.spool.find(recovery, &shared.stop)).await;
    if let Err(panicked) = found {
        tracing::error!(%panicked, "not all of the spool was read");
    }
}

/// Tries one message.
async fn try_entry(shared: &Arc<Shared>, attempt: &Attempt) {
    let id = attempt.id;
    let mut entry = match shared.spool.entry(&id) {
        Ok(entry) => entry,
        Err(error) => return unreadable(shared, id, &error),
    };
    let tried = send(shared, attempt, &mut entry).await;
    explain(&mut entry);
    let now = agent::now();
    if shared.retry.is_over(entry.arrived, now) {
        give_up(&mut entry);
    }
    if let Err(error) = settle(shared, id, &mut entry, tried, now).await {
        // What is on disk counts: at worst, someone gets the message twice.
        tracing::error!(%id, %error, "the spool failed");
        shared.spool.put_off(&id, now + PAUSE);
    }
}

/// Tries the destinations of a message whose turn it is, all at once, and notes what became of each recipient.
/// Tells whether there was one.
async fn send(shared: &Arc<Shared>, attempt: &Attempt, entry: &mut Envelope) -> bool {
    let id = attempt.id;
    let mut attempts = JoinSet::new();
    for (destination, numbers) in shared.spool.destinations(entry) {
        if !attempt.destinations.contains(&destination) {
            continue;
        }
        let recipients: Vec<String> =
            numbers.iter().map(|n| entry.recipients[*n].address.clone()).collect();
        let parcel = destination::Parcel {
            id,
            domain: spool::domain(&recipients[0]).to_owned(),
            sender: entry.sender.clone(),
            size: entry.size(),
            eight_bit: entry.is_eight_bit(),
        };
        let shared = Arc::clone(shared);
        attempts.spawn(async move {
            let outcomes = destination::send(&shared, &parcel, &recipients).await;
            let reached = outcomes.iter().any(destination::Settled::is_verdict);
            shared.spool.report(&id, &destination, reached);
            (numbers, outcomes)
        });
    }
    let tried = !attempts.is_empty();
    while let Some(done) = attempts.join_next().await {
        // An attempt that panicked has changed nothing: its recipients are still pending.
        let Ok((numbers, outcomes)) = done else { continue };
        for (n, settled) in numbers.into_iter().zip(outcomes) {
            entry.recipients[n].settle(settled.outcome, &settled.host, &settled.reply);
        }
    }
    tried
}

/// Says why, of the recipients whose turn has not come.
fn explain(entry: &mut Envelope) {
    for recipient in &mut entry.recipients {
        if recipient.outcome == Outcome::Pending && recipient.reply.is_empty() {
            recipient.reply = WAITS.to_owned();
        }
    }
}

/// The message is too old: who was not reached is not reached any more.
fn give_up(entry: &mut Envelope) {
    for recipient in &mut entry.recipients {
        if recipient.outcome == Outcome::Pending {
            recipient.outcome = Outcome::Failed;
            recipient.reply = format!("{} (4.4.7 tried for too long)", recipient.reply);
        }
    }
}

/// Tells the sender what there is to tell, and keeps what is left to do.
async fn settle(
    shared: &Shared,
    id: Id,
    entry: &mut Envelope,
    tried: bool,
    now: Duration,
) -> Result<(), spool::SpoolError> {
    // First the bounce is on disk, then the failure is crossed off.
    bounce::failures(shared, id, entry).await?;
    if entry.is_done() {
        return shared.spool.remove(id).await;
    }
    if shared.retry.is_late(entry.arrived, now) && !entry.notified {
        bounce::delay(shared, id, entry).await?;
    }
    if tried {
        let next = shared.retry.next(entry.arrived, now, agent::random()? as u32);
        entry.put_off(next);
        let pause = (next - now).as_secs_f64();
        let why = entry.pending().map(|one| &*one.reply).next().unwrap_or_default();
        let what = format_args!("deferred for {pause:.1} s: {why}");
        hop(&shared.config.hostname, &id.to_string(), what);
    }
    shared.spool.update(id, entry).await
}

fn unreadable(shared: &Shared, id: Id, error: &Error) {
    tracing::error!(%id, %error, "cannot read an entry of the spool");
    let aside = match error {
        Error::Corrupt { .. } => shared.spool.put_aside(&id),
        _ => Err(error.clone()),
    };
    if aside.is_err() {
        shared.spool.put_off(&id, agent::now() + PAUSE);
    }
}
