use crate::{Config, Error};
use agent::{Courier, Letter, trust};
use smtp_proto::codec::ReplyBuf;

/// What became of a message that was sent.
#[derive(Debug)]
pub struct Sent {
    /// What the server said when it took the message.
    pub reply: ReplyBuf,
    /// The recipients that it refused, and what it said of each.
    pub refused: Vec<(String, ReplyBuf)>,
}

/// Sends a message as it is to the submission server: with TLS, and logged in if there is a login.
///
/// # Errors
/// The server cannot be reached or trusted, does not let us in, or takes the message for nobody.
pub async fn send<R: AsRef<str>>(
    config: &Config,
    sender: &str,
    recipients: &[R],
    message: &[u8],
) -> Result<Sent, Error> {
    let trust = trust(config.ca.as_deref())?;
    let mut courier = Courier::submit(&config.submission, &trust, "localhost").await?;
    let recipients: Vec<String> = recipients.iter().map(|to| to.as_ref().to_owned()).collect();
    let letter = Letter {
        sender,
        recipients: &recipients,
        size: message.len() as u64,
        eight_bit: !message.is_ascii(),
    };
    let verdicts = courier.deliver(&letter, &mut &message[..]).await?;
    // The server has said what it has to say: a broken farewell changes nothing.
    let _ = courier.leave().await;
    sent(recipients, verdicts)
}

fn sent(recipients: Vec<String>, verdicts: Vec<ReplyBuf>) -> Result<Sent, Error> {
    let accepted = verdicts.iter().find(|reply| reply.as_reply().is_positive()).cloned();
    let refused = |(_, reply): &(String, ReplyBuf)| !reply.as_reply().is_positive();
    let refused: Vec<_> = recipients.into_iter().zip(verdicts).filter(refused).collect();
    match (accepted, refused.first()) {
        (Some(reply), _) => Ok(Sent { reply, refused }),
        (None, Some((_, reply))) => Err(Error::Refused(reply.to_string())),
        (None, None) => Err(Error::Refused("there was no recipient".into())),
    }
}
