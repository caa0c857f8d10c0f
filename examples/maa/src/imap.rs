//! One IMAP session.

mod fetch;
mod login;
mod mailboxes;
mod messages;
mod names;
mod problem;
mod search;
mod selected;
mod store;

use crate::{Protocols, Shared};
use agent::{Channel, Exchange, Failure, Logins, Who, hop, transcript};
use fetch::{Fetch, Progress};
use imap_proto::{
    Misuse, Server,
    codec::Command,
    server::{self, Event, Limits, Tls},
};
use maildir::Maildir;
use messages::Incoming;
use posta_core::disk::fs::Fs;
use posta_net::{Conn, Stream};
use problem::{Problem, on_disk};
use selected::Selected;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How often a mailbox is looked at for a client that idles.
const GLANCE: Duration = Duration::from_millis(500);

/// How many numbers of a search's result are told at once.
const FOUND: usize = 1000;

/// How IMAP is spoken. No login is taken without TLS, and under it all mechanisms are offered.
pub(crate) fn protocols(hostname: &str, logins: &Logins) -> Protocols<server::Config> {
    let config = |tls| server::Config {
        greeting: format!("{hostname} IMAP server ready"),
        tls,
        sasl: logins.offer(true).join(" "),
        ..server::Config::default()
    };
    Protocols { starttls: config(Tls::Required).into(), implicit: config(Tls::Implicit).into() }
}

/// Serves a client until one of us has enough.
pub(crate) async fn serve(shared: Arc<Shared>, stream: Stream, peer: SocketAddr) {
    let mut session = Session {
        shared,
        peer,
        channel: Channel::of(&stream),
        exchange: None,
        user: String::new(),
        home: None,
        selected: None,
        work: None,
        incoming: None,
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
    /// The user's Maildir.
    home: Option<Maildir<Fs>>,
    selected: Option<Selected>,
    /// A command whose answer is too long to be given at once.
    work: Option<Work>,
    /// A message that is being appended.
    incoming: Option<Incoming>,
}

/// What goes on when there is room.
enum Work {
    Fetch(Fetch),
    /// What a search found, from this one on.
    Found(Vec<u32>, usize),
}

/// What wakes a session.
enum Woken<E> {
    Event(E),
    Glance,
    Stop,
}

impl Session {
    async fn serve(&mut self, stream: Stream) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        let secure = stream.tls().is_some();
        let config = if secure { &shared.imap.implicit } else { &shared.imap.starttls };
        let machine = Server::new(Arc::clone(config), shared.clock.now())?;
        let mut conn = Conn::new(machine, stream, Limits::INPUT, shared.clock);
        if let Some(tap) = transcript(&format!("{} ← {}", shared.hostname, self.peer), Who::Server)
        {
            conn.set_tap(tap);
        }
        loop {
            let idles = conn.machine().is_idling() && self.selected.is_some();
            let woken = tokio::select! {
                next = conn.next() => Woken::Event(next?),
                () = tokio::time::sleep(GLANCE), if idles => Woken::Glance,
                () = shared.stop.stopped() => Woken::Stop,
            };
            match woken {
                Woken::Event(None) => return Ok(()),
                Woken::Event(Some((Event::StartTls, _))) => {
                    conn.start_tls_server(&shared.tls).await?;
                    conn.machine().tls_started()?;
                    (self.channel, self.exchange) = (Channel::of(conn.stream()), None);
                }
                Woken::Event(Some((event, imap))) => self.answer(event, imap).await?,
                Woken::Glance => self.glance(conn.machine()).await?,
                Woken::Stop => {
                    conn.machine().bye("the server stops")?;
                    return Ok(conn.close().await?);
                }
            }
        }
    }

    async fn answer(&mut self, event: Event<'_>, imap: &mut Server) -> Result<(), Misuse> {
        let answered = match event {
            Event::Login { user, password } => {
                self.log_in(&user.to_str(), &password.0.bytes(), imap).await
            }
            Event::Authenticate { mechanism, initial } => {
                let initial = initial.map(|initial| initial.0);
                self.authenticate(mechanism, initial, imap).await
            }
            Event::Response(response) => self.respond(response.0, imap).await,
            Event::Cancelled => {
                (self.exchange, self.incoming) = (None, None);
                Ok(())
            }
            Event::Append { mailbox, flags, date, .. } => {
                self.begin_append(mailbox, &flags, date, imap)
            }
            Event::Chunk(octets) => {
                if let Some(incoming) = &mut self.incoming {
                    incoming.write(octets);
                }
                Ok(())
            }
            Event::Appended => self.append(imap).await,
            Event::Done => self.refresh_and_accept(imap).await,
            Event::More(_) => self.go_on(imap),
            Event::Command(command, line) => self.command(&command, line, imap).await,
            // The mailbox is looked at while the client idles; what is no command was answered.
            _ => Ok(()),
        };
        match answered {
            Ok(()) => Ok(()),
            // Half a literal cannot be taken back.
            Err(problem) if matches!(self.work, Some(Work::Fetch(_))) => {
                self.work = None;
                tracing::error!(user = self.user, %problem, "a message cannot be read to its end");
                match problem.tell(&self.user, imap) {
                    Ok(()) => Ok(()),
                    Err(_) => imap.bye("a message cannot be read"),
                }
            }
            Err(problem) => problem.tell(&self.user, imap),
        }
    }

    async fn command(
        &mut self,
        command: &Command<'_>,
        line: &[u8],
        imap: &mut Server,
    ) -> Result<(), Problem> {
        match command {
            Command::Noop | Command::Check => self.refresh_and_accept(imap).await,
            Command::Select(name) => self.select(*name, false, imap).await,
            Command::Examine(name) => self.select(*name, true, imap).await,
            Command::Close => self.close(imap).await,
            Command::Unselect => {
                self.selected = None;
                Ok(imap.accept()?)
            }
            Command::Create(name) => self.create(*name, imap),
            Command::Delete(name) => self.delete(*name, imap).await,
            Command::Rename { from, to } => self.rename(*from, *to, imap).await,
            Command::Subscribe(name) => self.subscribe(*name, true, imap).await,
            Command::Unsubscribe(name) => self.subscribe(*name, false, imap).await,
            Command::List { reference, pattern } => {
                names::list(self.home()?, (*reference, *pattern), false, imap)?;
                Ok(imap.accept()?)
            }
            Command::Lsub { reference, pattern } => {
                names::list(self.home()?, (*reference, *pattern), true, imap)?;
                Ok(imap.accept()?)
            }
            Command::Namespace => Self::namespace(imap),
            Command::Status { mailbox, items } => self.status(*mailbox, items, imap).await,
            Command::Expunge(uids) => self.expunge(uids.as_ref(), imap).await,
            Command::Search { uid, charset, keys } => self.search(*uid, *charset, keys, imap).await,
            Command::Fetch { uid, set, .. } => {
                let numbers = self.selected()?.numbers(set, *uid)?;
                self.work = Some(Work::Fetch(Fetch::new(line, numbers)));
                self.go_on(imap)
            }
            Command::Store { uid, set, how, silent, flags } => {
                self.store(*uid, set, (*how, *silent), flags, imap).await
            }
            Command::Copy { uid, set, mailbox } => {
                self.copy(*uid, set, *mailbox, false, imap).await
            }
            Command::Move { uid, set, mailbox } => self.copy(*uid, set, *mailbox, true, imap).await,
            _ => Err(Problem::Bad("not offered")),
        }
    }

    /// Tells more of what was asked for.
    fn go_on(&mut self, imap: &mut Server) -> Result<(), Problem> {
        match (&mut self.work, &mut self.selected) {
            (Some(Work::Fetch(fetch)), Some(selected)) => {
                if let Progress::Done = fetch.step(selected, imap)? {
                    self.work = None;
                }
            }
            (Some(Work::Found(numbers, told)), _) => {
                let next = (*told + FOUND).min(numbers.len());
                imap.found(&numbers[*told..next])?;
                *told = next;
                if next < numbers.len() {
                    imap.more()?;
                } else {
                    self.work = None;
                    imap.accept()?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks whether anything has happened in the mailbox of a client that idles.
    async fn glance(&mut self, imap: &mut Server) -> Result<(), Misuse> {
        match self.refresh(imap).await {
            Err(Problem::Misuse(misuse)) => Err(misuse),
            Err(problem) => {
                tracing::error!(user = self.user, %problem, "the mailbox failed");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn refresh_and_accept(&mut self, imap: &mut Server) -> Result<(), Problem> {
        self.refresh(imap).await?;
        Ok(imap.accept()?)
    }

    /// Tells what has happened in the mailbox that is selected, if there is one.
    async fn refresh(&mut self, imap: &mut Server) -> Result<(), Problem> {
        let Some(selected) = &mut self.selected else { return Ok(()) };
        let mark = selected.maildir.mark(agent::now().as_secs())?;
        if selected.mark.is_some_and(|before| mark.unchanged_since(&before)) {
            return Ok(());
        }
        let (maildir, adopt) = (selected.maildir.clone(), !selected.read_only);
        let listing = on_disk(&self.shared.stamps, move |stamps| {
            Ok((maildir.numbered(&stamps.now()?, adopt)?, maildir.keywords()?))
        });
        let (numbered, keywords) = listing.await?;
        if keywords != selected.keywords {
            selected.keywords = keywords;
            selected.tell_all_flags(imap)?;
        }
        selected.mark = Some(mark);
        Ok(selected.update(numbered, imap)?)
    }

    fn home(&self) -> Result<&Maildir<Fs>, Problem> {
        self.home.as_ref().ok_or(Problem::Misuse(Misuse::State))
    }

    fn selected(&mut self) -> Result<&mut Selected, Problem> {
        self.selected.as_mut().ok_or(Problem::Misuse(Misuse::State))
    }

    fn hop(&self, what: std::fmt::Arguments<'_>) {
        hop(&self.shared.hostname, "", what);
    }
}
