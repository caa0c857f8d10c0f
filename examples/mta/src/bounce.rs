//! What the sender is told: that a message did not arrive, or is late (RFC 3461 6, RFC 5321 6.1).

use crate::{Shared, spool::SpoolError, trace::date};
use agent::hop;
use imf_message::{
    Mailbox,
    report::{Action, Original, Recipient, Report, bounce},
};
use mail_queue::{Envelope, Id, Outcome};
use smtp_proto::codec::EnhancedCode;
use std::io::Read;

/// The most octets of the message's header that go back.
const HEADER: u64 = 64 * 1024;

/// Tells the sender of the recipients that failed, and notes that it was told.
pub(crate) async fn failures(
    shared: &Shared,
    id: Id,
    entry: &mut Envelope,
) -> Result<(), SpoolError> {
    let failed: Vec<_> = entry.unreported().cloned().collect();
    if failed.is_empty() {
        return Ok(());
    }
    tell(shared, id, entry, &failed, Action::Failed).await?;
    for recipient in &mut entry.recipients {
        recipient.reported |= recipient.outcome == Outcome::Failed;
    }
    Ok(())
}

/// Tells the sender that recipients have not been reached yet.
pub(crate) async fn delay(shared: &Shared, id: Id, entry: &mut Envelope) -> Result<(), SpoolError> {
    let pending: Vec<_> = entry.pending().cloned().collect();
    tell(shared, id, entry, &pending, Action::Delayed).await?;
    entry.notified = true;
    Ok(())
}

/// Puts a report into the queue. Nobody is told about a report that did not arrive.
async fn tell(
    shared: &Shared,
    id: Id,
    entry: &Envelope,
    recipients: &[mail_queue::Recipient],
    action: Action,
) -> Result<(), SpoolError> {
    let host = &shared.config.hostname;
    let what = if action == Action::Failed { "bounced" } else { "late" };
    let Ok(sender) = entry.sender.parse::<Mailbox>() else {
        for recipient in recipients {
            let (to, reply) = (&recipient.address, &recipient.reply);
            hop(host, &id.to_string(), format_args!("{what}, with nobody to tell: {to}: {reply}"));
        }
        return Ok(());
    };
    let mut incoming = shared.spool.begin()?;
    let report = Report {
        from: Mailbox::new("MAILER-DAEMON", host).named("Mail Delivery System"),
        to: sender,
        date: date(agent::now()),
        message_id: format!("{}@{host}", incoming.id()),
        subject: subject(action).to_owned(),
        text: text(host, recipients, action),
        reporting_mta: host.clone(),
        envelope_id: entry.envelope_id.clone(),
        arrival: Some(date(entry.arrived)),
        recipients: recipients.iter().map(|one| status_of(one, entry, shared, action)).collect(),
        original: Original::Headers(&header(shared, id)),
    };
    let Ok(message) = bounce(&report, agent::random()?) else {
        // Something that the other side said cannot be repeated; the sender must hear of it all the same.
        return Err(std::io::Error::other("the report cannot be written").into());
    };
    incoming.write(&message)?;
    let mut envelope = Envelope::new("", agent::now());
    envelope.add(&entry.sender);
    let report = shared.spool.commit(incoming, envelope).await?;
    let to = &entry.sender;
    hop(host, &id.to_string(), format_args!("{what}: <{to}> is told by {report}"));
    Ok(())
}

fn subject(action: Action) -> &'static str {
    match action {
        Action::Failed => "Your message was not delivered",
        _ => "Your message is delayed",
    }
}

fn text(host: &str, recipients: &[mail_queue::Recipient], action: Action) -> String {
    let mut text = match action {
        Action::Failed => format!("This is {host}. Your message could not be delivered to:\r\n"),
        _ => format!(
            "This is {host}. Your message has not been delivered yet. You need not send it again:\r\n\
             it will be tried further, and you will be told if that fails. Still waiting:\r\n"
        ),
    };
    for recipient in recipients {
        let said = if recipient.host.is_empty() { "" } else { &recipient.host };
        let said = if said.is_empty() { String::new() } else { format!("{said} said: ") };
        text.push_str(&format!("\r\n<{}>\r\n    {said}{}\r\n", recipient.address, recipient.reply));
    }
    text
}

fn status_of(
    recipient: &mail_queue::Recipient,
    entry: &Envelope,
    shared: &Shared,
    action: Action,
) -> Recipient {
    let mut status = Recipient::new(&*recipient.address, action, status(&recipient.reply, action));
    if !recipient.host.is_empty() {
        status.remote_mta = Some(recipient.host.clone());
        status.diagnostic = Some(recipient.reply.clone());
    }
    status.last_attempt = Some(date(agent::now()));
    if action == Action::Delayed {
        status.retry_until = Some(date(entry.arrived + shared.retry.life));
    }
    status
}

/// The status of a reply such as `550 5.1.1 no such user`. A failure never has a status of class 4 but
/// one: 4.4.7 of a message that was tried for too long, which counts as given up (RFC 3464 2.3.4).
fn status(reply: &str, action: Action) -> String {
    let enhanced = reply.split_once(' ').and_then(|(_, text)| EnhancedCode::parse(text.as_bytes()));
    match (enhanced, action) {
        (Some((EnhancedCode(5, subject, detail), _)), Action::Failed) => {
            format!("5.{subject}.{detail}")
        }
        (Some((EnhancedCode(4, subject, detail), _)), Action::Delayed) => {
            format!("4.{subject}.{detail}")
        }
        (_, Action::Failed) if reply.starts_with('4') || reply.is_empty() => "5.4.7".to_owned(),
        (_, Action::Failed) => "5.0.0".to_owned(),
        _ => "4.4.0".to_owned(),
    }
}

/// The header of a message; nothing if it cannot be read any more.
fn header(shared: &Shared, id: Id) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(message) = shared.spool.message(&id) {
        // As much as can be read: the report goes out in any case.
        let _ = message.take(HEADER).read_to_end(&mut bytes);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        #[rustfmt::skip]
        let table = [
            ("550 5.1.1 no such user", Action::Failed,  "5.1.1"),
            ("550 no such user",       Action::Failed,  "5.0.0"),
            ("451 4.4.1 refused",      Action::Failed,  "5.4.7"),
            ("",                       Action::Failed,  "5.4.7"),
            ("451 4.4.1 refused",      Action::Delayed, "4.4.1"),
            ("421 busy",               Action::Delayed, "4.4.0"),
        ];
        for (reply, action, want) in table {
            assert_eq!(status(reply, action), want, "{reply}");
        }
    }
}
