//! One IMAP session.

mod commands;
mod login;
mod problem;

use crate::{Protocols, Shared};
use agent::{Channel, Exchange, Failure, Logins, Who, hop, transcript};
use imap_maildir::{Arrival, Error, Fetch, Listing, Progress};
use imap_proto::{
    Misuse, Server,
    codec::Quirks,
    server::{self, Event, Limits, Tls},
};
use maildir::Maildir;
use posta_core::disk::fs::Fs;
use posta_net::{Conn, Stream};
use problem::{Problem, on_disk};
use std::{net::SocketAddr, sync::Arc, time::Duration};

type View = imap_maildir::View<Fs>;

/// How often a mailbox is looked at for a client that idles.
const GLANCE: Duration = Duration::from_millis(500);

/// How many numbers of a search's result are told at once.
const FOUND: usize = 1000;

/// How IMAP is spoken. No login is taken without TLS unless `clear`, and under it all mechanisms are offered.
pub(crate) fn protocols(hostname: &str, logins: &Logins, clear: bool) -> Protocols<server::Config> {
    let starttls = if clear { Tls::Offered } else { Tls::Required };
    let config = |tls| server::Config {
        greeting: format!("{hostname} IMAP server ready"),
        tls,
        sasl: logins.offer(true).join(" "),
        // Some clients are careless with them.
        quirks: Quirks { spaces: true, ..Quirks::default() },
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
        home: None,
        view: None,
        work: None,
        arrival: None,
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
    /// The mailbox that is selected.
    view: Option<View>,
    /// A command whose answer is too long to be given at once.
    work: Option<Work>,
    /// A message that is being appended.
    arrival: Option<Arrival<Fs>>,
}

/// What goes on when there is room.
enum Work {
    Fetch(Box<Fetch<Fs>>),
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
            let idles = conn.machine().is_idling() && self.view.is_some();
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
                (self.exchange, self.arrival) = (None, None);
                Ok(())
            }
            Event::Append { mailbox, flags, date, .. } => {
                self.begin_append(mailbox, &flags, date, imap)
            }
            Event::Chunk(octets) => {
                if let Some(arrival) = &mut self.arrival {
                    arrival.write(octets);
                }
                Ok(())
            }
            Event::Appended => self.append(imap).await,
            Event::Done => self.finish_idle(imap).await,
            Event::More(_) => self.go_on(imap),
            Event::Command(command, line) => self.command(&command, line, imap).await,
            // The mailbox is looked at while the client idles; what is no command was answered.
            _ => Ok(()),
        };
        match answered {
            Ok(()) => Ok(()),
            Err(Problem::Mailbox(Error::Lost(text))) => imap.bye(text),
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

    /// Tells more of what was asked for.
    fn go_on(&mut self, imap: &mut Server) -> Result<(), Problem> {
        match (&mut self.work, &mut self.view) {
            (Some(Work::Fetch(fetch)), Some(view)) => {
                if let Progress::Done = fetch.step(view, imap)? {
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
            Err(Problem::Mailbox(Error::Misuse(misuse))) => Err(misuse),
            Err(Problem::Mailbox(Error::Lost(text))) => imap.bye(text),
            Err(problem) => {
                tracing::error!(user = self.user, %problem, "the mailbox failed");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    async fn finish_idle(&mut self, imap: &mut Server) -> Result<(), Problem> {
        self.refresh(imap).await?;
        Ok(imap.accept()?)
    }

    /// Tells what has happened in the mailbox that is selected, if there is one.
    async fn refresh(&mut self, imap: &mut Server) -> Result<(), Problem> {
        let Some(view) = &mut self.view else { return Ok(()) };
        if view.look(agent::now().as_secs())? {
            let (maildir, read_only) = (view.maildir().clone(), view.is_read_only());
            let listing = on_disk(&self.shared.stamps, move |stamps| {
                Listing::read(&maildir, read_only, stamps)
            });
            view.update(listing.await?, imap)?;
        }
        Ok(())
    }

    fn home(&self) -> Result<&Maildir<Fs>, Problem> {
        self.home.as_ref().ok_or_else(|| Misuse::State.into())
    }

    fn view(&mut self) -> Result<&mut View, Problem> {
        self.view.as_mut().ok_or_else(|| Misuse::State.into())
    }

    fn hop(&self, what: std::fmt::Arguments<'_>) {
        hop(&self.shared.hostname, "", what);
    }
}
