//! Watches what the agents log: the hops of the message, and the transcripts of the sessions.

use agent::{HOP, TRANSCRIPT};
use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::sync::Notify;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// Something that an agent did.
#[derive(Clone, Debug)]
pub struct Hop {
    /// When.
    pub at: Instant,
    /// The host name of the agent.
    pub agent: String,
    /// The agent's own name for the message.
    pub id: String,
    /// What it did.
    pub what: String,
}

/// Collects hops, and prints transcripts if asked. Clones share what they collect.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    hops: Arc<Mutex<Vec<Hop>>>,
    news: Arc<Notify>,
}

impl Watch {
    /// A watch that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The hops so far.
    pub fn hops(&self) -> Vec<Hop> {
        self.look(<[Hop]>::to_vec)
    }

    /// What `look` sees in the hops so far.
    pub fn look<T>(&self, look: impl FnOnce(&[Hop]) -> T) -> T {
        look(&self.hops.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets the hops so far.
    pub fn clear(&self) {
        self.hops.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Waits until `found` says so of the hops so far.
    pub async fn until<T>(&self, mut found: impl FnMut(&[Hop]) -> Option<T>) -> T {
        loop {
            let news = self.news.notified();
            if let Some(value) = self.look(&mut found) {
                return value;
            }
            news.await;
        }
    }
}

impl<S: Subscriber> Layer<S> for Watch {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let target = event.metadata().target();
        if target != HOP && target != TRANSCRIPT {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        if target == TRANSCRIPT {
            // Both ends of a session write it down; the server's side is enough.
            if fields.session.contains('→') {
                return;
            }
            anstream::println!("  {:<24} {}", fields.session, fields.message);
            return;
        }
        let hop =
            Hop { at: Instant::now(), agent: fields.agent, id: fields.id, what: fields.message };
        self.hops.lock().unwrap_or_else(PoisonError::into_inner).push(hop);
        self.news.notify_waiters();
    }
}

#[derive(Default)]
struct Fields {
    agent: String,
    id: String,
    session: String,
    message: String,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = match field.name() {
            "agent" => &mut self.agent,
            "id" => &mut self.id,
            "session" => &mut self.session,
            "message" => &mut self.message,
            _ => return,
        };
        // Writing into a String cannot fail.
        let _ = write!(text, "{value:?}");
    }
}
