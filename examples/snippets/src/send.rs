//! Sends a message: STARTTLS, a login if there is one, and a verdict for each recipient.

use posta_net::{Clock, Conn, Stream, tls};
use posta_sasl::{ClientConfig, Credentials, Mechanism, Secret, base64};
use smtp_proto::client::{Client, Config, Event, Limits};
use smtp_proto::codec::{Body, MailParams, Path, RcptParams, ReplyBuf};
use std::{error::Error, sync::Arc};
use tokio::net::TcpStream;

/// Returns what the server said of each recipient. `host` is who its certificate must be for.
pub async fn send(
    (tcp, host): (TcpStream, &str),
    trust: &Arc<tls::ClientConfig>,
    mut login: Option<Credentials>,
    (from, to, mut message): (&str, &[&str], &[u8]),
) -> Result<Vec<ReplyBuf>, Box<dyn Error + Send + Sync>> {
    let (clock, mut replies) = (Clock::start(), vec![None; to.len()]);
    let smtp = Client::new(Config::new("a.org")?, clock.now());
    let mut conn = Conn::new(smtp, Stream::Plain(tcp), Limits::INPUT, clock);
    while let Some((event, smtp)) = conn.next().await? {
        match event {
            // Fails if the server does not offer it: nothing goes in the clear.
            Event::Ready if !smtp.is_tls() => smtp.starttls()?,
            Event::StartTls => {
                conn.start_tls_client(trust, host).await?;
                conn.machine().tls_started()?;
            }
            Event::Ready => match login.take() {
                Some(login) => {
                    let config = ClientConfig::default();
                    let mut sasl = posta_sasl::Client::new(Mechanism::Plain, login, config)?;
                    let initial = sasl.initial(usize::MAX).as_ref().map(base64::encode_initial);
                    smtp.auth("PLAIN", initial.as_ref().and_then(Secret::text))?;
                }
                None => {
                    let size = MailParams::size(message.len() as u64);
                    let params = MailParams { body: Some(Body::EightBitMime), ..size };
                    smtp.mail(Path::new(from)?, &params)?;
                    for to in to {
                        smtp.rcpt(Path::new(to)?, &RcptParams::default())?;
                    }
                    smtp.data()?;
                }
            },
            Event::Auth(no) | Event::TlsRefused(no) if !no.is_positive() => Err(no.to_string())?,
            Event::Rcpt(n, no) if !no.is_positive() => replies[n] = Some(no.to_buf()),
            Event::Body(_) if message.is_empty() => smtp.end()?,
            Event::Body(_) => message = &message[smtp.body(message)?..],
            Event::Done(reply) => {
                replies.iter_mut().for_each(|own| _ = own.get_or_insert_with(|| reply.to_buf()));
                // Whatever comes of the farewell, the verdict stands.
                let _ = (smtp.quit(), conn.close().await);
                return Ok(replies.into_iter().flatten().collect());
            }
            _ => {}
        }
    }
    Err("the server closed the connection".into())
}
