//! Fetches the newest mails by IMAP. No mail is ever held: each passes on in chunks.

use imap_proto::client::{Client, Config, Event, Limits, Tls};
use imap_proto::codec::{Data, FetchItem};
use posta_net::{Clock, Conn, tls};
use std::io::{self, Write};
use std::{error::Error, sync::Arc};
use tokio::net::TcpStream;

/// Writes each of the `newest` mails of the INBOX into what `open` makes for its UID. They stay unseen.
pub async fn fetch<W: Write>(
    (tcp, host): (TcpStream, &str),
    trust: &Arc<tls::ClientConfig>,
    (user, password): (&str, &str),
    newest: u32,
    mut open: impl FnMut(u32) -> io::Result<W>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let stream = tls::connect(tcp, trust, host, tls::HANDSHAKE).await?;
    let imap = Client::new(Config { tls: Tls::Started, ..Config::default() });
    let mut conn = Conn::new(imap, stream, Limits::INPUT, Clock::start());
    let (mut turn, mut exists, mut uids, mut uid, mut file) = (0, 0u32, Vec::new(), 0, None);
    while let Some((event, imap)) = conn.next().await? {
        match event {
            Event::Ready => {
                turn += 1;
                match turn {
                    1 => imap.login(user, password)?,
                    2 => imap.examine("INBOX")?,
                    3 if exists > 0 && newest > 0 => {
                        let first = exists.saturating_sub(newest) + 1;
                        imap.uid_search(format!("{first}:*").as_bytes())?
                    }
                    _ => match uids.pop() {
                        Some(next) => {
                            uid = next;
                            imap.uid_fetch(&uid.to_string(), &[FetchItem::message()])?
                        }
                        None => imap.logout()?,
                    },
                };
            }
            Event::Data { data: Data::Exists(n), .. } => exists = n,
            Event::Data { data: Data::Search(search), .. } => uids.extend(search.found),
            // A short text comes within the response, a long one in chunks.
            Event::Data { data: Data::Fetch(mail), .. } => {
                if let Some(text) = mail.text() {
                    let mut file = open(uid)?;
                    file.write_all(&text.bytes()).and_then(|()| file.flush())?;
                }
            }
            Event::Literal { .. } => file = Some(open(uid)?),
            Event::Chunk(octets) => file.as_mut().map_or(Ok(()), |file| file.write_all(octets))?,
            Event::End => file.take().map_or(Ok(()), |mut file| file.flush())?,
            Event::Done(_, no) if !no.is_ok() => return Err(no.text.to_str().into()),
            _ => {}
        }
    }
    Ok(())
}
