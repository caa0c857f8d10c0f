//! Who the client is.

use super::{Session, problem::Problem};
use agent::{Exchange, Verdict};
use imap_maildir::Error;
use imap_proto::{Server, codec::Code};
use maildir::Maildir;
use posta_core::disk::fs::Fs;
use tokio::task::spawn_blocking;

impl Session {
    /// LOGIN.
    pub(super) async fn log_in(
        &mut self,
        user: &str,
        password: &[u8],
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let logins = self.shared.logins.clone();
        let (name, password) = (user.to_owned(), password.to_owned());
        // Made slow on purpose, so not on a thread that others wait for.
        match spawn_blocking(move || logins.verify(&name, &password)).await? {
            true => self.welcome(user.to_owned(), imap),
            false => Err(self.denied()),
        }
    }

    /// AUTHENTICATE.
    pub(super) async fn authenticate(
        &mut self,
        mechanism: &str,
        initial: Option<&str>,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        self.exchange = self.shared.logins.begin(mechanism, &self.channel);
        // An empty response is `=` on the wire, here and in SMTP.
        let initial = initial.map(|text| if text.is_empty() { "=" } else { text });
        let start = |exchange: &mut Exchange| exchange.start(initial.map(str::as_bytes));
        let verdict = self.exchange.as_mut().map(start);
        self.decide(verdict, imap)
    }

    /// A response in an exchange.
    pub(super) async fn respond(
        &mut self,
        response: &str,
        imap: &mut Server,
    ) -> Result<(), Problem> {
        let respond = |exchange: &mut Exchange| exchange.respond(response.as_bytes());
        let verdict = self.exchange.as_mut().map(respond);
        self.decide(verdict, imap)
    }

    fn decide(&mut self, verdict: Option<Verdict>, imap: &mut Server) -> Result<(), Problem> {
        if let Some(Verdict::Challenge(challenge)) = verdict {
            return Ok(imap.challenge(&challenge)?);
        }
        self.exchange = None;
        match verdict {
            Some(Verdict::Welcome(user)) => self.welcome(user, imap),
            Some(Verdict::Malformed) => Err(Error::Bad("that makes no sense").into()),
            Some(_) => Err(self.denied()),
            None => Err(Problem::no(Code::Cannot, "this mechanism is not offered")),
        }
    }

    fn denied(&self) -> Problem {
        tracing::warn!(peer = %self.peer, "login refused");
        Problem::no(Code::AuthenticationFailed, "wrong name or password")
    }

    /// Opens the Maildir of a user who has proved who he is.
    fn welcome(&mut self, user: String, imap: &mut Server) -> Result<(), Problem> {
        let Some((_, path)) = self.shared.mailboxes.find(&user) else {
            tracing::warn!(user, "has a password and no mailbox");
            return Err(Problem::no(Code::ContactAdmin, "there is no mailbox for you"));
        };
        self.home = Some(Maildir::create(Fs::new(path)).map_err(Error::from)?);
        self.user = user;
        self.hop(format_args!("{} has logged in", self.user));
        Ok(imap.accept()?)
    }
}
