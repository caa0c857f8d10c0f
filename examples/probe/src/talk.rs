//! A session: what was said up to the stage of a case, the case, and the farewell.

use crate::{
    Facts,
    case::{Case, Kind, Stage, Step},
    reply::{self, Reply},
};

/// The server, however it is reached.
pub trait Peer {
    /// Sends octets. What cannot be sent is not: the server says why, or is silent.
    fn send(&mut self, octets: &[u8]);

    /// Waits until `enough` is true of what has come since the last call, or nothing more comes; returns
    /// all that has come.
    fn hear(&mut self, enough: &dyn Fn(&[u8]) -> bool) -> (Vec<u8>, Ended);

    /// Starts TLS.
    ///
    /// # Errors
    /// The server does not.
    fn start_tls(&mut self) -> Result<(), String>;

    /// Whether it is under TLS now.
    fn is_tls(&self) -> bool;
}

/// Why the hearing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was enough.
    Enough,
    /// The server has closed the connection.
    Closed,
    /// The server is silent.
    Silent,
}

/// What was heard in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The octets that are judged.
    pub octets: Vec<u8>,
    /// What the server offers: its last EHLO reply, CAPA or CAPABILITY.
    pub offer: String,
    /// How it ended.
    pub ended: Ended,
    /// Whether the server refused to start TLS for this case.
    pub no_tls: bool,
}

impl Heard {
    /// Whether the server offers this.
    pub fn offers(&self, word: &str) -> bool {
        self.offer.to_ascii_uppercase().contains(word)
    }

    /// The replies, without the answer to the farewell.
    pub fn replies(&self, kind: Kind) -> Vec<Reply> {
        let mut replies = reply::replies(kind, &self.octets);
        if replies.last().is_some_and(|last| last.is_farewell(kind)) {
            replies.pop();
        }
        replies
    }
}

/// Why there was nothing to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The server did not go along that far.
    NotReached(String),
    /// The server does not have what it takes.
    DoesNotApply(String),
}

/// Brings a session to the stage of the case, and carries out these steps.
///
/// # Errors
/// It did not come to that.
pub fn talk(
    peer: &mut impl Peer,
    kind: Kind,
    case: &Case,
    steps: &[Step],
    facts: &Facts,
) -> Result<Heard, Stopped> {
    let mut talk = Talk { peer, kind, facts, offer: String::new() };
    talk.reach(case.stage)?;
    let (mut octets, mut ended, mut no_tls) = (Vec::new(), Ended::Enough, false);
    for step in steps {
        match step {
            Step::Need(line) => drop(talk.need(line)?),
            Step::Ask(line) => drop(talk.ask(line)),
            Step::Say(line) => {
                let (heard, end) = talk.ask(line);
                octets.extend(heard);
                ended = end;
            }
            Step::Send(text) => talk.peer.send(facts.fill(text).as_bytes()),
            Step::Tls => {
                let (heard, _) = talk.peer.hear(&|heard| reply::is_whole(kind, "", heard));
                let agreed = reply::replies(kind, &heard).iter().any(Reply::is_positive);
                octets.clear();
                if let Err(why) = if agreed { talk.peer.start_tls() } else { Err(String::new()) } {
                    (octets, no_tls) = ([&heard[..], why.as_bytes()].concat(), true);
                    break;
                }
            }
        }
    }
    if !no_tls && ended != Ended::Closed {
        talk.peer.send(farewell(kind));
        let (heard, end) = talk.peer.hear(&|_| false);
        octets.extend(heard);
        ended = end;
    }
    Ok(Heard { octets, offer: talk.offer, ended, no_tls })
}

/// Brings a session to a stage, and leaves it there.
///
/// # Errors
/// The server does not go along.
pub(crate) fn reach(
    peer: &mut impl Peer,
    kind: Kind,
    stage: Stage,
    facts: &Facts,
) -> Result<(), Stopped> {
    Talk { peer, kind, facts, offer: String::new() }.reach(stage)
}

/// The last words.
fn farewell(kind: Kind) -> &'static [u8] {
    match kind {
        Kind::Imap => b"zz LOGOUT\r\n",
        _ => b"QUIT\r\n",
    }
}

struct Talk<'t, P> {
    peer: &'t mut P,
    kind: Kind,
    facts: &'t Facts,
    offer: String,
}

impl<P: Peer> Talk<'_, P> {
    fn reach(&mut self, stage: Stage) -> Result<(), Stopped> {
        if stage == Stage::Connected {
            return Ok(());
        }
        if stage == Stage::Clear && self.peer.is_tls() {
            return Err(Stopped::DoesNotApply("under TLS from the beginning".into()));
        }
        let kind = self.kind;
        let (greeting, _) = self.peer.hear(&|heard| reply::is_whole(kind, "", heard));
        if !reply::replies(kind, &greeting).iter().any(Reply::is_positive) {
            return Err(Stopped::NotReached(format!("greeted with {}", text(&greeting))));
        }
        self.hello(stage)?;
        if stage >= Stage::Tls && (stage < Stage::Mail || kind == Kind::Submission) {
            self.tls()?;
        }
        if stage >= Stage::LoggedIn && (stage < Stage::Mail || kind == Kind::Submission) {
            self.log_in()?;
        }
        if stage == Stage::Selected {
            self.need("s SELECT INBOX")?;
        }
        for (at, line) in [
            (Stage::Mail, "MAIL FROM:<{sender}>"),
            (Stage::Rcpt, "RCPT TO:<{recipient}>"),
            (Stage::Data, "DATA"),
        ] {
            if stage >= at {
                self.need(line)?;
            }
        }
        Ok(())
    }

    /// Asks what the server offers.
    fn hello(&mut self, stage: Stage) -> Result<(), Stopped> {
        self.offer = match self.kind {
            Kind::Smtp | Kind::Submission if stage >= Stage::Hello => self.need("EHLO a.org")?,
            Kind::Lmtp if stage >= Stage::Hello => self.need("LHLO a.org")?,
            Kind::Pop3 => text(&self.ask("CAPA").0),
            Kind::Imap => self.need("c CAPABILITY")?,
            _ => String::new(),
        };
        Ok(())
    }

    fn tls(&mut self) -> Result<(), Stopped> {
        let (word, line) = match self.kind {
            Kind::Pop3 => ("STLS", "STLS"),
            Kind::Imap => ("STARTTLS", "t STARTTLS"),
            _ => ("STARTTLS", "STARTTLS"),
        };
        if !self.peer.is_tls() && self.offer.to_ascii_uppercase().contains(word) {
            self.need(line)?;
            self.peer.start_tls().map_err(Stopped::NotReached)?;
            self.hello(Stage::Hello)?;
        }
        Ok(())
    }

    fn log_in(&mut self) -> Result<(), Stopped> {
        match self.kind {
            Kind::Smtp | Kind::Lmtp => Ok(()),
            Kind::Submission => self.need("AUTH PLAIN {plain}").map(drop),
            Kind::Imap => self.need("l LOGIN \"{user}\" \"{password}\"").map(drop),
            Kind::Pop3 => {
                self.need("USER {user}")?;
                self.need("PASS {password}").map(drop)
            }
        }
    }

    /// Says a line, whatever the reply.
    fn ask(&mut self, line: &str) -> (Vec<u8>, Ended) {
        let line = self.facts.fill(line);
        self.peer.send(format!("{line}\r\n").as_bytes());
        let kind = self.kind;
        self.peer.hear(&|heard| reply::is_whole(kind, &line, heard))
    }

    /// Says a line that must not be refused.
    fn need(&mut self, line: &str) -> Result<String, Stopped> {
        let (heard, _) = self.ask(line);
        if reply::replies(self.kind, &heard).iter().any(Reply::is_positive) {
            return Ok(text(&heard));
        }
        let verb = line.split([':', '{']).next().unwrap_or_default();
        Err(Stopped::NotReached(format!("{verb}: {}", text(&heard))))
    }
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}
