use crate::{AccessError, Account, Channel, Login, Ports, Security, Who, transcript};
use imap_proto::{
    Client, Misuse,
    client::{Config, Event, Handle, Limits, Tls},
    codec::{Code, Data, FetchData, FetchItem, Flag, Quirks, Section, Store, What},
};
use posta_net::{Conn, tls::ClientConfig};
use std::sync::Arc;

/// RFC 8314 3.3, RFC 3501 2.1
const PORTS: Ports = Ports { tls: 993, starttls: 143 };

/// The most octets of an initial response in a command: lines should not be longer than 8192.
const INITIAL: usize = 8000;

/// Mailboxes as their owner sees them by IMAP.
#[derive(Debug)]
pub struct Mailstore {
    conn: Conn<Client>,
    /// The server has told of messages since the last search.
    news: bool,
}

/// A mailbox that was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Its messages.
    pub exists: u32,
    /// The validity of its UIDs.
    pub uid_validity: u32,
    /// The UID that the next message will have, or a lower bound of it; 0 if the server does not say.
    pub uid_next: u32,
}

/// What a list shows of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its UID.
    pub uid: u32,
    /// Its octets.
    pub octets: u64,
    /// Its flags, as `\Seen`.
    pub flags: Vec<String>,
    /// Who wrote it, as the header has it: the name, or else the address.
    pub from: Vec<u8>,
    /// The subject, as the header has it.
    pub subject: Vec<u8>,
}

impl Mailstore {
    /// Connects and logs in.
    ///
    /// # Errors
    /// The server cannot be reached or trusted, or does not let us in.
    pub async fn open(account: &Account, trust: &Arc<ClientConfig>) -> Result<Self, AccessError> {
        let (user, password) = account.login().ok_or(AccessError::NoLogin)?;
        let tls = if account.security == Security::Tls { Tls::Started } else { Tls::Required };
        let config = Config { tls, quirks: Quirks::all(), ..Config::default() };
        let machine = |_| Client::new(config);
        let mut conn = account.connect(PORTS, trust, Limits::INPUT, machine).await?;
        if let Some(tap) = transcript(&format!("{user} → {}", account.host), Who::Client) {
            conn.set_tap(tap);
        }
        let mut store = Self { conn, news: false };
        store.until_ready(None, |_| {}).await?;
        if account.security == Security::StartTls {
            store.conn.machine().starttls()?;
            store.until_tls().await?;
            store.conn.start_tls_client(trust, &account.host).await?;
            store.conn.machine().tls_started()?;
            store.until_ready(None, |_| {}).await?;
        }
        store.ask_capabilities().await?;
        store.log_in(user, password).await?;
        store.ask_capabilities().await?;
        Ok(store)
    }

    /// The names of all mailboxes, as they stand on the wire.
    ///
    /// # Errors
    /// The server refuses, or the connection breaks; so for all that follows.
    pub async fn list(&mut self) -> Result<Vec<String>, AccessError> {
        let mut names = Vec::new();
        let hear = |event: &Event<'_>| {
            if let Event::Data { data: Data::List(list), .. } = event {
                names.push(list.mailbox.to_str().into_owned());
            }
        };
        self.command(|imap| imap.list("", "*"), hear).await?;
        Ok(names)
    }

    /// Makes a mailbox.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn create(&mut self, name: &str) -> Result<(), AccessError> {
        self.command(|imap| imap.create(name), |_| {}).await
    }

    /// Opens a mailbox.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn select(&mut self, name: &str) -> Result<Opened, AccessError> {
        let mut opened = Opened::default();
        let hear = |event: &Event<'_>| match event {
            Event::Data { data: Data::Exists(count), .. } => opened.exists = *count,
            Event::Status(status) => match status.code {
                Some(Code::UidValidity(validity)) => opened.uid_validity = validity,
                Some(Code::UidNext(next)) => opened.uid_next = next,
                _ => {}
            },
            _ => {}
        };
        self.command(|imap| imap.select(name), hear).await?;
        Ok(opened)
    }

    /// The UIDs of the messages that match keys in IMAP's own words, as `UNSEEN`; ascending.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn search(&mut self, keys: &[u8]) -> Result<Vec<u32>, AccessError> {
        let mut uids = Vec::new();
        let hear = |event: &Event<'_>| {
            if let Event::Data { data: Data::Search(search), .. } = event {
                uids.extend(search.found);
            }
        };
        let handle = self.conn.machine().uid_search(keys)?;
        // What the server tells of from here on, it may not have found.
        self.news = false;
        self.until_ready(Some(handle), hear).await?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }

    /// What a list shows of these messages: a set of UIDs as `1:*`.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn summaries(&mut self, uids: &str) -> Result<Vec<Summary>, AccessError> {
        let items = [FetchItem::Uid, FetchItem::Flags, FetchItem::Size, FetchItem::Envelope];
        let mut all = Vec::new();
        let hear = |event: &Event<'_>| {
            if let Event::Data { data: Data::Fetch(fetch), .. } = event {
                all.push(summary(fetch.data.iter()));
            }
        };
        self.command(|imap| imap.uid_fetch(uids, &items), hear).await?;
        // Others' changes may have been told in between.
        all.retain(|one: &Summary| one.uid > 0 && one.octets > 0);
        Ok(all)
    }

    /// A whole message, or only its header. That it was read is not noted.
    ///
    /// # Errors
    /// As for [`list`](Self::list); or there is no such message.
    pub async fn read(&mut self, uid: u32, header: bool) -> Result<Vec<u8>, AccessError> {
        let what = if header { What::Header } else { What::All };
        let section = Section { what, ..Section::default() };
        let item = FetchItem::Section { section, peek: true, partial: None };
        let mut text = None;
        let hear = |event: &Event<'_>| match event {
            Event::Data { data: Data::Fetch(fetch), .. } => {
                if let Some(all) = fetch.text() {
                    text = Some(all.bytes().into_owned());
                }
            }
            Event::Literal { .. } => text = Some(Vec::new()),
            Event::Chunk(octets) => text.get_or_insert_default().extend_from_slice(octets),
            _ => {}
        };
        self.command(|imap| imap.uid_fetch(&uid.to_string(), &[item]), hear).await?;
        text.ok_or_else(|| AccessError::Refused(format!("there is no message {uid}")))
    }

    /// Adds flags to messages, or takes them away.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn store(
        &mut self,
        uids: &str,
        how: Store,
        flags: &[Flag<'_>],
    ) -> Result<(), AccessError> {
        self.command(|imap| imap.uid_store(uids, how, flags, true), |_| {}).await
    }

    /// Moves messages into another mailbox; where the server cannot, by copying and removing.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn move_to(&mut self, uids: &str, mailbox: &str) -> Result<(), AccessError> {
        match self.command(|imap| imap.uid_move(uids, mailbox), |_| {}).await {
            Err(AccessError::ImapMisuse(Misuse::NotOffered(_))) => {}
            moved => return moved,
        }
        self.command(|imap| imap.uid_copy(uids, mailbox), |_| {}).await?;
        self.remove(uids).await
    }

    /// Removes messages for ever, and no others.
    ///
    /// # Errors
    /// As for [`list`](Self::list); or the server cannot remove these alone, then they are only marked.
    pub async fn remove(&mut self, uids: &str) -> Result<(), AccessError> {
        self.store(uids, Store::Add, &[Flag::Deleted]).await?;
        if self.has("UIDPLUS") {
            return self.command(|imap| imap.uid_expunge(uids), |_| {}).await;
        }
        Err(AccessError::Refused("the server cannot remove single messages".to_owned()))
    }

    /// Puts a message into a mailbox.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn append(
        &mut self,
        mailbox: &str,
        flags: &[Flag<'_>],
        message: &[u8],
    ) -> Result<(), AccessError> {
        let handle = self.conn.machine().append(mailbox, flags, None, message.len() as u64)?;
        let mut left = message;
        let mut refused = None;
        while let Some((event, imap)) = self.conn.next().await? {
            match event {
                Event::Body(_, room) => {
                    let taken = imap.body(&left[..left.len().min(room)])?;
                    left = &left[taken..];
                }
                Event::Ready => {
                    return refused.map_or(Ok(()), |text| Err(AccessError::Refused(text)));
                }
                event => refused = refused.or_else(|| refusal(&event, Some(handle))),
            }
        }
        Err(AccessError::Closed(refused))
    }

    /// Whether the server tells of new mail by itself.
    pub fn can_idle(&mut self) -> bool {
        self.has("IDLE")
    }

    /// Waits until there is something new in the mailbox since the last [search](Self::search), or half an hour
    /// is over.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub async fn idle(&mut self) -> Result<(), AccessError> {
        if self.news {
            return Ok(());
        }
        let handle = self.conn.machine().idle()?;
        let mut idling = false;
        let mut refused = None;
        while let Some((event, imap)) = self.conn.next().await? {
            match event {
                Event::Idling(_) => idling = true,
                Event::Data { data: Data::Exists(_), .. } => self.news = true,
                Event::Ready => {
                    return refused.map_or(Ok(()), |text| Err(AccessError::Refused(text)));
                }
                event => refused = refused.or_else(|| refusal(&event, Some(handle))),
            }
            if idling && self.news {
                imap.done()?;
                idling = false;
            }
        }
        Err(AccessError::Closed(refused))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The connection broke before the server said goodbye.
    pub async fn close(mut self) -> Result<(), AccessError> {
        self.conn.machine().logout()?;
        while self.conn.next().await?.is_some() {}
        Ok(())
    }

    fn has(&mut self, capability: &str) -> bool {
        let known = self.conn.machine().capabilities();
        known.is_some_and(|capabilities| capabilities.has(capability))
    }

    async fn ask_capabilities(&mut self) -> Result<(), AccessError> {
        if self.conn.machine().capabilities().is_none() {
            self.command(|imap| imap.capability(), |_| {}).await?;
        }
        Ok(())
    }

    async fn log_in(&mut self, user: &str, password: &str) -> Result<(), AccessError> {
        if self.conn.machine().is_authenticated() {
            return Ok(());
        }
        let channel = Channel::of(self.conn.stream());
        let known = self.conn.machine().capabilities().cloned().unwrap_or_default();
        if let Ok(login) = Login::new(known.mechanisms(), user, password, &channel) {
            return self.authenticate(login).await;
        }
        if !channel.is_tls() {
            return Err(AccessError::InTheClear);
        }
        self.command(|imap| imap.login(user, password), |_| {}).await
    }

    async fn authenticate(&mut self, mut login: Login) -> Result<(), AccessError> {
        let initial = login.initial(INITIAL);
        // SASL-IR says nothing as `=`, which the machine adds itself.
        let initial = initial.as_deref().map(|text| if text == "=" { "" } else { text });
        let handle = self.conn.machine().authenticate(login.mechanism(), initial)?;
        let mut refused = None;
        while let Some((event, imap)) = self.conn.next().await? {
            match event {
                Event::Challenge(_, challenge) => match login.respond(challenge.as_bytes()) {
                    Ok(response) => imap.respond(&response)?,
                    Err(error) => {
                        imap.cancel()?;
                        return Err(error.into());
                    }
                },
                Event::Ready => {
                    return match refused {
                        Some(text) => Err(AccessError::Refused(text)),
                        None => Ok(login.finish()?),
                    };
                }
                event => refused = refused.or_else(|| refusal(&event, Some(handle))),
            }
        }
        Err(AccessError::Closed(refused))
    }

    /// Gives a command and hears all that comes until it is answered.
    async fn command(
        &mut self,
        give: impl FnOnce(&mut Client) -> Result<Handle, Misuse>,
        hear: impl FnMut(&Event<'_>),
    ) -> Result<(), AccessError> {
        let handle = give(self.conn.machine())?;
        self.until_ready(Some(handle), hear).await
    }

    async fn until_ready(
        &mut self,
        handle: Option<Handle>,
        mut hear: impl FnMut(&Event<'_>),
    ) -> Result<(), AccessError> {
        let mut refused = None;
        while let Some((event, _)) = self.conn.next().await? {
            match event {
                Event::Ready => {
                    return refused.map_or(Ok(()), |text| Err(AccessError::Refused(text)));
                }
                Event::Data { data: Data::Exists(_), .. } => self.news = true,
                _ => {}
            }
            hear(&event);
            refused = refused.or_else(|| refusal(&event, handle));
        }
        Err(AccessError::Closed(refused))
    }

    async fn until_tls(&mut self) -> Result<(), AccessError> {
        let mut refused = None;
        while let Some((event, _)) = self.conn.next().await? {
            match event {
                Event::StartTls(_) => return Ok(()),
                Event::Ready => break,
                Event::Done(_, status) => refused = Some(status.text.to_str().into_owned()),
                _ => {}
            }
        }
        Err(AccessError::NoTls(refused.unwrap_or_default()))
    }
}

/// What a server says that does not do what we want.
fn refusal(event: &Event<'_>, handle: Option<Handle>) -> Option<String> {
    match event {
        Event::Done(done, status) if Some(*done) == handle && !status.is_ok() => {
            Some(status.text.to_str().into_owned())
        }
        _ => None,
    }
}

fn summary<'a>(data: impl Iterator<Item = FetchData<'a>>) -> Summary {
    let mut summary = Summary::default();
    for item in data {
        match item {
            FetchData::Uid(uid) => summary.uid = uid,
            FetchData::Size(octets) => summary.octets = octets,
            FetchData::Flags(flags) => {
                summary.flags = flags.iter().map(|flag| flag.as_str().to_owned()).collect();
            }
            FetchData::Envelope(envelope) => {
                let subject = envelope.subject.unwrap_or_default();
                summary.subject = subject.bytes().into_owned();
                if let Some(from) = envelope.from.first() {
                    let part = |text: Option<imap_proto::codec::Text<'_>>| {
                        text.unwrap_or_default().bytes().into_owned()
                    };
                    summary.from = match from.name {
                        Some(name) => name.bytes().into_owned(),
                        None => [part(from.mailbox), b"@".to_vec(), part(from.host)].concat(),
                    };
                }
            }
            _ => {}
        }
    }
    summary
}
