//! One message for one destination: its hosts are tried in their order, until each recipient has a verdict.

use crate::{
    Shared,
    relay::{self, Target},
    route::route,
};
use agent::{Letter, hop};
use mail_queue::{Id, Outcome};
use smtp_proto::codec::Reply;

/// The most characters of a reply that are kept.
const REPLY: usize = 500;

/// A message, and where it goes.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) id: Id,
    /// The domain of its recipients, or one of them if they all go the same way.
    pub(crate) domain: String,
    pub(crate) sender: String,
    pub(crate) size: u64,
    pub(crate) eight_bit: bool,
}

/// What became of a recipient.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) outcome: Outcome,
    /// The host that said so, if one did.
    pub(crate) host: String,
    pub(crate) reply: String,
}

impl Settled {
    /// Whether it is more than that nobody could be asked.
    pub(crate) fn is_verdict(&self) -> bool {
        !self.host.is_empty() || self.outcome == Outcome::Failed
    }
}

/// Sends a message to those of its recipients who go one way, and tells what became of each.
pub(crate) async fn send(shared: &Shared, parcel: &Parcel, recipients: &[String]) -> Vec<Settled> {
    let nothing = |outcome, reply| Settled { outcome, host: String::new(), reply };
    let targets = match route(shared, &parcel.domain).await {
        Ok(targets) => targets,
        Err(error) => {
            let outcome = if error.is_permanent() { Outcome::Failed } else { Outcome::Pending };
            return vec![nothing(outcome, error.to_string()); recipients.len()];
        }
    };
    let hosts = targets.iter().map(|target| &*target.name).collect::<Vec<_>>().join(", then ");
    let way = format!("mail for {} goes to {hosts}", parcel.domain);
    hop(&shared.config.hostname, &parcel.id.to_string(), way);
    let mut all = vec![nothing(Outcome::Pending, String::new()); recipients.len()];
    for target in &targets {
        let open: Vec<usize> =
            (0..all.len()).filter(|n| all[*n].outcome == Outcome::Pending).collect();
        if open.is_empty() {
            break;
        }
        let addresses: Vec<String> = open.iter().map(|n| recipients[*n].clone()).collect();
        for (n, settled) in open.into_iter().zip(try_host(shared, parcel, target, &addresses).await)
        {
            all[n] = settled;
        }
    }
    all
}

/// What one host makes of it.
async fn try_host(
    shared: &Shared,
    parcel: &Parcel,
    target: &Target,
    recipients: &[String],
) -> Vec<Settled> {
    let (sender, size, eight_bit) = (&*parcel.sender, parcel.size, parcel.eight_bit);
    let letter = Letter { sender, recipients, size, eight_bit };
    let note = |what: String| hop(&shared.config.hostname, &parcel.id.to_string(), what);
    let handed = match shared.spool.message(&parcel.id) {
        Ok(mut message) => {
            relay::hand_over(shared, target, &letter, &mut message).await.map_err(|e| e.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    let handed = match handed {
        Ok(handed) => handed,
        Err(error) => {
            note(format!("{} did not take it: {error}", target.name));
            let reply = short(&format!("451 4.4.1 {error}"));
            let host = String::new();
            return vec![Settled { outcome: Outcome::Pending, host, reply }; recipients.len()];
        }
    };
    let tls =
        handed.tls.map_or_else(|| "in the clear".to_owned(), |tls| format!("by {}", tls.version));
    let settled: Vec<Settled> = handed
        .verdicts
        .iter()
        .map(|reply| Settled {
            outcome: outcome(reply.as_reply()),
            host: target.name.clone(),
            reply: short(&reply.to_string()),
        })
        .collect();
    for (recipient, settled) in recipients.iter().zip(&settled) {
        let said = match settled.outcome {
            Outcome::Delivered => "took it",
            Outcome::Pending => "put it off",
            Outcome::Failed => "refused it",
        };
        note(format!("{} {said} for {recipient}, {tls}: {}", target.name, settled.reply));
    }
    settled
}

fn outcome(reply: Reply<'_>) -> Outcome {
    if reply.is_positive() {
        Outcome::Delivered
    } else if reply.is_permanent() {
        Outcome::Failed
    } else {
        Outcome::Pending
    }
}

fn short(reply: &str) -> String {
    reply.chars().take(REPLY).collect()
}
