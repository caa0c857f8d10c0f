use crate::{AccessError, Account, Channel, Login, Ports, Security, Who, transcript};
use pop3_proto::{
    Client, Misuse,
    client::{Event, Limits, Quirks},
    codec::{Capability, Status},
};
use posta_net::{Conn, tls::ClientConfig};
use std::sync::Arc;

/// RFC 8314 3.3, RFC 1939 3
const PORTS: Ports = Ports { tls: 995, starttls: 110 };

/// Octets of input: a chunk of a message, or the longest line of an AUTH exchange.
const INPUT: usize = 64 * 1024;

/// A mailbox as its owner sees it by POP3.
#[derive(Debug)]
pub struct Maildrop {
    conn: Conn<Client>,
}

/// A message as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in this session, from 1.
    pub number: u32,
    /// Its octets.
    pub octets: u64,
    /// What it is called in every session.
    pub uid: String,
}

impl Maildrop {
    /// Connects and logs in.
    ///
    /// # Errors
    /// The server cannot be reached or trusted, or does not let us in.
    pub async fn open(account: &Account, trust: &Arc<ClientConfig>) -> Result<Self, AccessError> {
        let (user, password) = account.login().ok_or(AccessError::NoLogin)?;
        let machine = |_| Client::new(Limits::default(), Quirks { bare_lf: true });
        let mut conn = account.connect(PORTS, trust, INPUT, machine).await?;
        if let Some(tap) = transcript(&format!("{user} → {}", account.host), Who::Client) {
            conn.set_tap(tap);
        }
        let mut mailbox = Self { conn };
        mailbox.until_ready(|_| Ok(())).await?;
        if account.security == Security::StartTls {
            mailbox.conn.machine().starttls()?;
            let started = mailbox.until_tls().await;
            started?;
            mailbox.conn.start_tls_client(trust, &account.host).await?;
            mailbox.conn.machine().tls_started()?;
            mailbox.until_ready(|_| Ok(())).await?;
        }
        mailbox.login(user, password).await?;
        Ok(mailbox)
    }

    /// What there is.
    ///
    /// # Errors
    /// The server refuses, or the connection breaks.
    pub async fn list(&mut self) -> Result<Vec<Entry>, AccessError> {
        let mut entries: Vec<Entry> = Vec::new();
        self.command(
            |pop3| pop3.list(None),
            |event| {
                if let Event::Listing(one) = event {
                    entries.push(Entry {
                        number: one.message,
                        octets: one.octets,
                        uid: String::new(),
                    });
                }
            },
        )
        .await?;
        self.command(
            |pop3| pop3.uidl(None),
            |event| {
                // Both lists are in the order of the numbers.
                if let Event::Uid(id) = event
                    && let Ok(at) = entries.binary_search_by_key(&id.message, |entry| entry.number)
                {
                    entries[at].uid = id.uid.to_owned();
                }
            },
        )
        .await?;
        Ok(entries)
    }

    /// A whole message, or with `lines` its header and that many lines of its body.
    ///
    /// # Errors
    /// There is no such message, or the connection breaks.
    pub async fn read(&mut self, number: u32, lines: Option<u32>) -> Result<Vec<u8>, AccessError> {
        let mut message = Vec::new();
        let give = |pop3: &mut Client| match lines {
            None => pop3.retr(number),
            Some(lines) => pop3.top(number, lines),
        };
        self.command(give, |event| {
            if let Event::Chunk(bytes) = event {
                message.extend_from_slice(bytes);
            }
        })
        .await?;
        Ok(message)
    }

    /// Marks a message to be removed when the mailbox is closed.
    ///
    /// # Errors
    /// There is no such message, or the connection breaks.
    pub async fn delete(&mut self, number: u32) -> Result<(), AccessError> {
        self.command(|pop3| pop3.dele(number), |_| {}).await
    }

    /// Ends the session, which removes what was marked.
    ///
    /// # Errors
    /// Not everything could be removed, or the connection broke before the server said so.
    pub async fn close(mut self) -> Result<(), AccessError> {
        self.conn.machine().quit()?;
        let mut refused = None;
        while let Some((event, _)) = self.conn.next().await? {
            refused = refused.or_else(|| refusal(&event));
        }
        refused.map_or(Ok(()), |text| Err(AccessError::Refused(text)))
    }

    async fn login(&mut self, user: &str, password: &str) -> Result<(), AccessError> {
        let mut mechanisms: Vec<String> = Vec::new();
        let capa = self.command(
            |pop3| pop3.capa(),
            |event| {
                if let Event::Capability(Capability::Sasl(names)) = event {
                    mechanisms.extend(names.split_ascii_whitespace().map(Into::into));
                }
            },
        );
        match capa.await {
            // RFC 1939 knows no CAPA.
            Ok(()) | Err(AccessError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        let channel = Channel::of(self.conn.stream());
        let offered = mechanisms.iter().map(String::as_str);
        if let Ok(login) = Login::new(offered, user, password, &channel) {
            return self.auth(login).await;
        }
        if !channel.is_tls() {
            return Err(AccessError::InTheClear);
        }
        self.command(|pop3| pop3.login(user, password), |_| {}).await
    }

    async fn auth(&mut self, mut login: Login) -> Result<(), AccessError> {
        let initial = login.initial(usize::MAX);
        self.conn.machine().auth(login.mechanism(), initial.as_deref())?;
        let mut refused = None;
        while let Some((event, pop3)) = self.conn.next().await? {
            match event {
                Event::Ready => break,
                Event::Challenge(challenge) => match login.respond(challenge.as_bytes()) {
                    Ok(response) => pop3.respond(&response)?,
                    Err(error) => {
                        pop3.cancel()?;
                        return Err(error.into());
                    }
                },
                event => refused = refused.or_else(|| refusal(&event)),
            }
        }
        match refused {
            Some(text) => Err(AccessError::Refused(text)),
            None => Ok(login.finish()?),
        }
    }

    /// Gives a command and hears all that belongs to it.
    async fn command(
        &mut self,
        give: impl FnOnce(&mut Client) -> Result<(), Misuse>,
        mut hear: impl FnMut(&Event<'_>),
    ) -> Result<(), AccessError> {
        give(self.conn.machine())?;
        self.until_ready(|event| {
            hear(event);
            Ok(())
        })
        .await
    }

    async fn until_ready(
        &mut self,
        mut hear: impl FnMut(&Event<'_>) -> Result<(), AccessError>,
    ) -> Result<(), AccessError> {
        let mut refused = None;
        while let Some((event, _)) = self.conn.next().await? {
            if matches!(event, Event::Ready) {
                return refused.map_or(Ok(()), |text| Err(AccessError::Refused(text)));
            }
            hear(&event)?;
            refused = refused.or_else(|| refusal(&event));
        }
        Err(AccessError::Closed(refused))
    }

    async fn until_tls(&mut self) -> Result<(), AccessError> {
        let mut refused = None;
        while let Some((event, _)) = self.conn.next().await? {
            match event {
                Event::StartTls => return Ok(()),
                Event::Ready => break,
                event => refused = refused.or_else(|| refusal(&event)),
            }
        }
        Err(AccessError::NoTls(refused.unwrap_or_default()))
    }
}

/// The text of a `-ERR`.
fn refusal(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Reply(_, reply) if reply.status == Status::Err => {
            Some(String::from_utf8_lossy(reply.text).into_owned())
        }
        _ => None,
    }
}
