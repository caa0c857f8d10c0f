//! Empties a mailbox by POP3, without an async runtime: what is safe in the Maildir is deleted there.

use maildir::{Maildir, Stamp};
use pop3_proto::client::{Client, Event, Limits, Quirks, Verb};
use pop3_proto::codec::Status;
use posta_core::disk::fs::Fs;
use posta_net::blocking::{ClientConnection, Conn, StreamOwned};
use posta_net::{Clock, tls};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{error::Error, net::TcpStream, process, sync::Arc};

/// Returns how many messages were collected. `host` is who the server's certificate must be for.
pub fn collect(
    (tcp, host): (TcpStream, &str),
    trust: &Arc<tls::ClientConfig>,
    (user, password): (&str, &str),
    maildir: &Maildir<Fs>,
) -> Result<u32, Box<dyn Error + Send + Sync>> {
    let tls = ClientConnection::new(Arc::clone(trust), tls::server_name(host)?)?;
    let pop3 = Client::new(Limits::default(), Quirks::default());
    let mut conn = Conn::new(pop3, StreamOwned::new(tls, tcp), Limits::INPUT, Clock::start());
    let (mut turn, mut messages, mut number, mut incoming) = (0, 0, 0, None);
    while let Some((event, pop3)) = conn.next()? {
        match event {
            Event::Ready => {
                turn += 1;
                match turn {
                    1 => pop3.login(user, password)?,
                    2 => pop3.stat()?,
                    _ if number == messages => pop3.quit()?,
                    _ => {
                        number += 1;
                        let mut random = [0; 8];
                        getrandom::fill(&mut random)?;
                        incoming = Some(maildir.deliver(&Stamp {
                            time: SystemTime::now().duration_since(UNIX_EPOCH)?,
                            process: process::id(),
                            count: number.into(),
                            random: u64::from_ne_bytes(random),
                            host: "mra.b.com",
                        })?);
                        pop3.retr(number)?;
                    }
                }
            }
            Event::Stat(stat) => messages = stat.messages,
            Event::Chunk(bytes) => incoming.as_mut().map_or(Ok(()), |file| file.write(bytes))?,
            Event::End(Verb::Retr) => {
                incoming.take().map(|file| file.commit()).transpose()?;
                pop3.dele(number)?;
            }
            Event::Reply(_, no) if no.status == Status::Err => {
                return Err(String::from_utf8_lossy(no.text).into());
            }
            _ => {}
        }
    }
    Ok(messages)
}
