//! Watches a mailbox by IMAP IDLE, which the machine renews every 29 minutes.

use imap_proto::client::{Client, Config, Event, Limits, Tls};
use imap_proto::codec::Data;
use posta_net::{Clock, Conn};
use std::{error::Error, mem};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::{select, sync::watch};

/// Tells `exists` how many mails are in the INBOX whenever that changes, until nobody hears it any more.
/// `stream` is under TLS; a connection that breaks is an error, and the caller's to make anew.
pub async fn watch<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    (user, password): (&str, &str),
    exists: &watch::Sender<u32>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let imap = Client::new(Config { tls: Tls::Started, ..Config::default() });
    let mut conn = Conn::new(imap, stream, Limits::INPUT, Clock::start());
    let (mut turn, mut idling) = (0, false);
    loop {
        let next = select! {
            next = conn.next() => next?,
            () = exists.closed(), if idling => {
                idling = false;
                // Not possible if it is just being renewed, and then not needed.
                let _ = conn.machine().done();
                continue;
            }
        };
        let Some((event, imap)) = next else { return Ok(()) };
        match event {
            Event::Ready => {
                turn += 1;
                match turn {
                    1 => imap.login(user, password)?,
                    2 => imap.examine("INBOX")?,
                    _ if exists.is_closed() => imap.logout()?,
                    _ => imap.idle()?,
                };
            }
            Event::Idling(_) => idling = true,
            Event::Data { data: Data::Exists(n), .. } => {
                exists.send_if_modified(|old| mem::replace(old, n) != n);
            }
            Event::Data { data: Data::Expunge(_), .. } => {
                exists.send_modify(|n| *n = n.saturating_sub(1));
            }
            Event::Done(_, no) if !no.is_ok() => return Err(no.text.to_str().into()),
            Event::Done(..) => idling = false,
            _ => {}
        }
    }
}
