use crate::{
    Config, Error, Security,
    connect::{Ports, connect, trust},
};
use agent::{Courier, Letter, Who, transcript};
use smtp_proto::{Client, client, codec::ReplyBuf};

/// RFC 8314 3.3, RFC 6409
const PORTS: Ports = Ports { tls: 465, starttls: 587 };

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
    let account = &config.submission;
    let trust = trust(config)?;
    let mut about = client::Config::new("localhost")?;
    about.tls = account.security == Security::Tls;
    let machine = |clock: posta_net::Clock| Client::new(about, clock.now());
    let mut conn = connect(account, PORTS, &trust, client::Limits::INPUT, machine).await?;
    if let Some(tap) = transcript("mua → SMTP", Who::Client) {
        conn.set_tap(tap);
    }
    let mut courier = Courier::meet(conn).await?;
    if account.security == Security::StartTls {
        courier.start_tls(&trust, &account.host).await?;
    }
    if let Some((user, password)) = account.login() {
        courier.log_in(user, password).await?;
    }
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
