//! One POP3 session.

mod locks;
mod maildrop;

pub(crate) use locks::Locks;

use crate::{Protocols, Shared};
use agent::{Channel, Exchange, Failure, Logins, Verdict, Who, hop, transcript};
use maildrop::{Maildrop, OpenError};
use pop3_proto::{
    Misuse, Server,
    codec::Code,
    server::{self, Event, Tls},
};
use posta_core::disk::{Reader, fs::Fs};
use posta_net::{Conn, Stream};
use std::{net::SocketAddr, sync::Arc};
use tokio::task::spawn_blocking;

/// Octets of input that a session may hold: the longest line of an AUTH exchange.
const INPUT: usize = 12288;

/// How POP3 is spoken. No login is taken without TLS unless `clear`, and under it all mechanisms are offered.
pub(crate) fn protocols(hostname: &str, logins: &Logins, clear: bool) -> Protocols<server::Config> {
    let starttls = if clear { Tls::Offered } else { Tls::Required };
    let config = |tls| server::Config {
        greeting: format!("{hostname} POP3 server ready"),
        tls,
        sasl: logins.offer(true).join(" "),
        ..server::Config::default()
    };
    Protocols { starttls: config(starttls).into(), implicit: config(Tls::Implicit).into() }
}

/// Serves a client until one of us has enough.
pub(crate) async fn serve(shared: Arc<Shared>, stream: Stream, peer: SocketAddr) {
    let mut session = Session {
        shared,
        peer,
        channel: Channel::of(&stream),
        exchange: None,
        user: String::new(),
        maildrop: None,
        reader: None,
    };
    if let Err(error) = session.serve(stream).await {
        tracing::info!(%peer, error, "session ended");
    }
}

struct Session {
    shared: Arc<Shared>,
    peer: SocketAddr,
    channel: Channel,
    exchange: Option<Exchange>,
    user: String,
    maildrop: Option<Arc<Maildrop>>,
    reader: Option<Reader<Fs>>,
}

/// What is to be done once the event is out of hand.
enum Next {
    Event,
    StartTls,
}

impl Session {
    async fn serve(&mut self, stream: Stream) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        let config =
            if stream.tls().is_some() { &shared.pop3.implicit } else { &shared.pop3.starttls };
        let machine = Server::new(Arc::clone(config), None, shared.clock.now())?;
        let mut conn = Conn::new(machine, stream, INPUT, shared.clock);
        if let Some(tap) = transcript(&format!("{} ← {}", shared.hostname, self.peer), Who::Server)
        {
            conn.set_tap(tap);
        }
        loop {
            let next = tokio::select! {
                next = conn.next() => next?,
                // Nothing is removed: the client has not said QUIT.
                () = shared.stop.stopped() => return Ok(conn.close().await?),
            };
            let Some((event, pop3)) = next else { return Ok(()) };
            if let Next::StartTls = self.answer(event, pop3).await? {
                conn.start_tls_server(&shared.tls).await?;
                conn.machine().tls_started()?;
                (self.channel, self.exchange) = (Channel::of(conn.stream()), None);
            }
        }
    }

    async fn answer(&mut self, event: Event<'_>, pop3: &mut Server) -> Result<Next, Misuse> {
        match event {
            Event::Pass(password) => {
                let user = pop3.user().unwrap_or_default().to_owned();
                let (logins, password) = (self.shared.logins.clone(), password.to_owned());
                // Made slow on purpose, so not on a thread that others wait for.
                let name = user.clone();
                let verified = spawn_blocking(move || logins.verify(&name, password.as_bytes()));
                match verified.await.unwrap_or(false) {
                    true => self.open(user, pop3).await?,
                    false => self.denied(pop3)?,
                }
            }
            Event::Auth { mechanism, initial } => {
                self.exchange = self.shared.logins.begin(mechanism, &self.channel);
                let start = |exchange: &mut Exchange| exchange.start(initial.map(str::as_bytes));
                let verdict = self.exchange.as_mut().map(start);
                self.login(verdict, pop3).await?;
            }
            Event::AuthResponse(response) => {
                let respond = |exchange: &mut Exchange| exchange.respond(response.as_bytes());
                let verdict = self.exchange.as_mut().map(respond);
                self.login(verdict, pop3).await?;
            }
            Event::AuthCancelled => self.exchange = None,
            Event::StartTls => return Ok(Next::StartTls),
            Event::Size(number) => {
                match self.maildrop.as_ref().and_then(|drop| drop.size(number)) {
                    Some(octets) => pop3.size(octets)?,
                    None => pop3.reject(None, "no such message")?,
                }
            }
            Event::Uid(number) => match self.maildrop.as_ref().and_then(|drop| drop.uid(number)) {
                Some(uid) => pop3.uid(&uid)?,
                None => pop3.reject(None, "no such message")?,
            },
            Event::Message { number, .. } => self.message(number, pop3)?,
            Event::Body(room) => self.body(room, pop3)?,
            Event::Sent => self.reader = None,
            Event::Quit => self.quit(pop3).await?,
            // APOP needs the password itself, and we have only keys.
            _ => pop3.reject(None, "not offered")?,
        }
        Ok(Next::Event)
    }

    async fn login(&mut self, verdict: Option<Verdict>, pop3: &mut Server) -> Result<(), Misuse> {
        match verdict {
            Some(Verdict::Challenge(challenge)) => return pop3.challenge(&challenge),
            Some(Verdict::Welcome(user)) => self.open(user, pop3).await?,
            Some(Verdict::Malformed) => pop3.reject(None, "that makes no sense")?,
            Some(Verdict::Denied) => self.denied(pop3)?,
            None => pop3.reject(None, "this mechanism is not offered")?,
        }
        self.exchange = None;
        Ok(())
    }

    fn denied(&self, pop3: &mut Server) -> Result<(), Misuse> {
        tracing::warn!(peer = %self.peer, "login refused");
        pop3.reject(Some(Code::Auth), "wrong name or password")
    }

    /// Opens the maildrop of a user who has proved who he is.
    async fn open(&mut self, user: String, pop3: &mut Server) -> Result<(), Misuse> {
        let shared = &self.shared;
        let Some((_, path)) = shared.mailboxes.find(&user) else {
            tracing::warn!(user, "has a password and no mailbox");
            return pop3.reject(Some(Code::SysPerm), "there is no mailbox for you");
        };
        let (path, locks) = (path.to_owned(), shared.locks.clone());
        match spawn_blocking(move || Maildrop::open(&path, &locks)).await {
            Ok(Ok(maildrop)) => {
                let messages = u32::try_from(maildrop.len()).unwrap_or(u32::MAX);
                if pop3.open(messages, maildrop.octets()).is_err() {
                    return pop3.reject(Some(Code::SysPerm), "too many messages for POP3");
                }
                hop(&shared.hostname, "", format_args!("{user} has opened {messages} messages"));
                (self.user, self.maildrop) = (user, Some(Arc::new(maildrop)));
                Ok(())
            }
            Ok(Err(OpenError::Locked)) => {
                pop3.reject(Some(Code::InUse), "another session has your mailbox open")
            }
            Ok(Err(OpenError::Maildir(error))) => self.failed(&error, pop3),
            Err(panicked) => self.failed(&panicked, pop3),
        }
    }

    fn message(&mut self, number: u32, pop3: &mut Server) -> Result<(), Misuse> {
        match self.maildrop.as_ref().and_then(|drop| drop.read(number)) {
            Some(Ok(reader)) => {
                self.reader = Some(reader);
                pop3.accept()
            }
            Some(Err(error)) => self.failed(&error, pop3),
            None => pop3.reject(None, "no such message"),
        }
    }

    fn body(&mut self, room: usize, pop3: &mut Server) -> Result<(), Misuse> {
        let mut chunk = vec![0; room];
        match self.reader.as_mut().map(|reader| reader.read(&mut chunk)) {
            Some(Ok(0)) | None => pop3.end(),
            Some(Ok(n)) => pop3.body(&chunk[..n]).map(drop),
            Some(Err(error)) => {
                tracing::error!(user = self.user, %error, "cannot read a message to its end");
                pop3.abort()
            }
        }
    }

    /// The UPDATE state: only here is anything removed. RFC 1939 6
    async fn quit(&mut self, pop3: &mut Server) -> Result<(), Misuse> {
        let Some(maildrop) = self.maildrop.take() else { return pop3.accept() };
        let numbers: Vec<u32> = pop3.deleted().collect();
        let count = numbers.len();
        let shared = Arc::clone(&maildrop);
        let removed = match count {
            0 => Ok(Ok(())),
            _ => spawn_blocking(move || shared.remove(&numbers)).await,
        };
        // Free before the client hears of it: its next session may come at once.
        drop(maildrop);
        match removed {
            Ok(Ok(())) => {
                let what = format_args!("{} is done, {count} removed", self.user);
                hop(&self.shared.hostname, "", what);
                pop3.accept()
            }
            Ok(Err(error)) => self.failed(&error, pop3),
            Err(panicked) => self.failed(&panicked, pop3),
        }
    }

    fn failed(&self, error: &dyn std::error::Error, pop3: &mut Server) -> Result<(), Misuse> {
        tracing::error!(user = self.user, %error, "the mailbox failed");
        pop3.reject(Some(Code::SysTemp), "the mailbox cannot be used now")
    }
}
