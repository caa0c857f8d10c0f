use std::time::Duration;

/// From whom to whom, and what has become of it.
///
/// Times are since the beginning of 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The reverse-path without brackets; empty for a bounce, about which nobody is told (RFC 5321 4.5.5).
    pub sender: String,
    /// The id that the sender's program gave to the envelope, as it stands in bounces (RFC 3461 4.4).
    pub envelope_id: Option<String>,
    /// When it came.
    pub arrived: Duration,
    /// The recipients, in the order of their commands.
    pub recipients: Vec<Recipient>,
    /// How often it was tried.
    pub attempts: u32,
    /// When to try next.
    pub next: Duration,
    /// Whether the sender was told that it is late.
    pub notified: bool,
    pub(crate) message: MessageFacts,
}

/// What the spool knows of the message itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MessageFacts {
    pub(crate) size: u64,
    pub(crate) crc: u32,
    pub(crate) eight_bit: bool,
}

/// One recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub address: String,
    /// What has become of it.
    pub outcome: Outcome,
    /// The host that said so last; empty if none did.
    pub host: String,
    /// What it said, or why none could be asked.
    pub reply: String,
    /// Whether the sender was told that it failed.
    pub reported: bool,
}

/// What has become of a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Pending,
    /// Another host, or a mailbox, has it.
    Delivered,
    /// It will never be.
    Failed,
}

impl Envelope {
    /// An envelope without recipients, to be tried at once.
    pub fn new(sender: &str, arrived: Duration) -> Self {
        Self {
            sender: sender.to_owned(),
            envelope_id: None,
            arrived,
            recipients: Vec::new(),
            attempts: 0,
            next: arrived,
            notified: false,
            message: MessageFacts::default(),
        }
    }

    /// Adds a recipient.
    pub fn add(&mut self, address: &str) {
        self.recipients.push(Recipient {
            address: address.to_owned(),
            outcome: Outcome::Pending,
            host: String::new(),
            reply: String::new(),
            reported: false,
        });
    }

    /// The octets of the message; 0 until it is in the spool.
    pub fn size(&self) -> u64 {
        self.message.size
    }

    /// Whether the message has octets above 127; false until it is in the spool.
    pub fn is_eight_bit(&self) -> bool {
        self.message.eight_bit
    }

    /// The recipients still to be reached.
    pub fn pending(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients.iter().filter(|recipient| recipient.outcome == Outcome::Pending)
    }

    /// The recipients that failed and of whom the sender was not told.
    pub fn unreported(&self) -> impl Iterator<Item = &Recipient> {
        let failed = |r: &&Recipient| r.outcome == Outcome::Failed && !r.reported;
        self.recipients.iter().filter(failed)
    }

    /// Whether nothing is left to be done: the entry can be removed.
    pub fn is_done(&self) -> bool {
        self.pending().next().is_none() && self.unreported().next().is_none()
    }

    /// Counts an attempt; the next one is at `next`.
    pub fn put_off(&mut self, next: Duration) {
        self.attempts = self.attempts.saturating_add(1);
        self.next = next;
    }
}

impl Recipient {
    /// Notes what has become of it, who said so, and how.
    pub fn settle(&mut self, outcome: Outcome, host: &str, reply: &str) {
        self.outcome = outcome;
        self.host = host.to_owned();
        self.reply = reply.to_owned();
    }
}
