//! One SMTP session, as MX host or as submission server.

use crate::{Shared, hops::Hops, spool::SpoolError, trace};
use agent::{Channel, Exchange, Failure, Verdict, Who, hop, transcript};
use mail_queue::{Envelope, Incoming};
use posta_core::disk::fs::Fs;
use posta_net::{Conn, Stream};
use smtp_proto::{
    Misuse, Server,
    codec::{Address, EnhancedCode, Params, Path},
    server::{Event, Hello},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// What a client may do here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Anyone, for our own domains.
    Mx,
    /// Users who have logged in, for anywhere.
    Submission,
}

/// A client's session.
pub(crate) struct Session {
    shared: Arc<Shared>,
    role: Role,
    peer: SocketAddr,
    hello: Option<(Hello, String)>,
    channel: Channel,
    exchange: Option<Exchange>,
    user: Option<String>,
    envelope: Envelope,
    /// What is stored of the message, or why it is not.
    incoming: Option<Result<Incoming<Fs>, SpoolError>>,
    hops: Hops,
}

/// What is to be done once the event is out of hand.
enum Next {
    Event,
    StartTls,
}

impl Session {
    /// Serves a client until one of us has enough.
    pub(crate) async fn run(shared: Arc<Shared>, role: Role, stream: Stream, peer: SocketAddr) {
        let config = shared.server_config(role, stream.tls().is_some());
        let clock = shared.clock;
        let machine = Server::new(config, clock.now());
        let mut conn = Conn::new(machine, stream, smtp_proto::server::Limits::INPUT, clock);
        if let Some(tap) = transcript(&format!("{} ← {peer}", shared.config.hostname), Who::Server)
        {
            conn.set_tap(tap);
        }
        let channel = Channel::of(conn.stream());
        let mut session = Self {
            shared,
            role,
            peer,
            hello: None,
            channel,
            exchange: None,
            user: None,
            envelope: Envelope::new("", Duration::ZERO),
            incoming: None,
            hops: Hops::default(),
        };
        if let Err(error) = session.serve(&mut conn).await {
            tracing::info!(%peer, %error, "session ended");
        }
    }

    async fn serve(&mut self, conn: &mut Conn<Server>) -> Result<(), Failure> {
        let shared = Arc::clone(&self.shared);
        loop {
            let tls = conn.tls();
            let next = tokio::select! {
                next = conn.next() => next?,
                () = shared.stop.stopped() => {
                    conn.machine().shutdown();
                    return Ok(conn.close().await?);
                }
            };
            let Some((event, smtp)) = next else { return Ok(()) };
            if let Next::StartTls = self.answer(event, smtp, tls.is_some()).await? {
                let config = shared.tls.as_ref().ok_or("STARTTLS without a certificate")?;
                conn.start_tls_server(config).await?;
                conn.machine().tls_started()?;
                (self.hello, self.exchange, self.user) = (None, None, None);
                self.channel = Channel::of(conn.stream());
            }
        }
    }

    async fn answer(
        &mut self,
        event: Event<'_>,
        smtp: &mut Server,
        tls: bool,
    ) -> Result<Next, Misuse> {
        match event {
            Event::Helo { hello, name } => {
                self.hello = Some((hello, name.to_owned()));
                self.forget();
                smtp.accept()?;
            }
            Event::Auth { mechanism, initial } => {
                let logins = self.shared.logins.as_ref();
                self.exchange = logins.and_then(|logins| logins.begin(mechanism, &self.channel));
                let verdict = self.exchange.as_mut().map(|exchange| {
                    exchange.start(initial.map(|initial| initial.as_str().as_bytes()))
                });
                self.login(verdict, smtp)?;
            }
            Event::AuthResponse(response) => {
                let respond =
                    |exchange: &mut Exchange| exchange.respond(response.as_str().as_bytes());
                let verdict = self.exchange.as_mut().map(respond);
                self.login(verdict, smtp)?;
            }
            Event::AuthCancelled => self.exchange = None,
            Event::Mail { path, params, .. } => self.mail(path, params, smtp)?,
            Event::Rcpt { path, params, .. } => self.rcpt(path, params, smtp)?,
            Event::Data => self.data(smtp, tls)?,
            Event::Chunk(bytes) => self.chunk(bytes),
            Event::End => self.end(smtp).await?,
            Event::Aborted(why) => {
                tracing::info!(peer = %self.peer, ?why, "message refused");
                self.forget();
            }
            Event::Rset => self.forget(),
            Event::Vrfy(_) => smtp.accept()?,
            Event::StartTls => return Ok(Next::StartTls),
            Event::Bad(line) => tracing::debug!(peer = %self.peer, "{line}"),
            _ => {}
        }
        Ok(Next::Event)
    }

    fn login(&mut self, verdict: Option<Verdict>, smtp: &mut Server) -> Result<(), Misuse> {
        match verdict {
            Some(Verdict::Challenge(challenge)) => return smtp.challenge(&challenge),
            Some(Verdict::Welcome(user)) => {
                hop(&self.shared.config.hostname, "", format_args!("{user} logged in"));
                self.user = Some(user);
                smtp.accept()?;
            }
            Some(Verdict::Malformed) => {
                smtp.reject(501, EnhancedCode(5, 5, 2), "That makes no sense")?
            }
            Some(Verdict::Denied) => {
                tracing::warn!(peer = %self.peer, "login refused");
                smtp.reject(535, EnhancedCode(5, 7, 8), "Wrong name or password")?;
            }
            None => smtp.reject(504, EnhancedCode(5, 5, 4), "This mechanism is not offered")?,
        }
        self.exchange = None;
        Ok(())
    }

    fn mail(
        &mut self,
        path: Path<'_>,
        params: Params<'_>,
        smtp: &mut Server,
    ) -> Result<(), Misuse> {
        self.forget();
        if let Some(unknown) = params.unknown().next() {
            return smtp.reject(
                555,
                EnhancedCode(5, 5, 4),
                &format!("Parameter {} is not known", unknown.name),
            );
        }
        if self.role == Role::Submission {
            let Some(user) = &self.user else {
                return smtp.reject(530, EnhancedCode(5, 7, 0), "Log in first");
            };
            // RFC 6409 6.1
            if path.address().is_some_and(|address| !is_user(address, user)) {
                return smtp.reject(
                    553,
                    EnhancedCode(5, 7, 1),
                    &format!("{user} may not send as {}", path.as_str()),
                );
            }
        }
        if !self.has_room() {
            tracing::warn!(peer = %self.peer, "the disk of the spool is nearly full, message refused");
            return no_room(smtp);
        }
        self.envelope = Envelope::new(path.as_str(), agent::now());
        smtp.accept()
    }

    fn rcpt(
        &mut self,
        path: Path<'_>,
        params: Params<'_>,
        smtp: &mut Server,
    ) -> Result<(), Misuse> {
        if let Some(unknown) = params.unknown().next() {
            return smtp.reject(
                555,
                EnhancedCode(5, 5, 4),
                &format!("Parameter {} is not known", unknown.name),
            );
        }
        let recipient = match (path, self.shared.config.domains.first()) {
            (Path::Mailbox(address), _) => {
                if self.role == Role::Mx && !self.is_known() && !self.takes(address) {
                    tracing::warn!(peer = %self.peer, recipient = address.as_str(), "relaying refused");
                    return smtp.reject(
                        550,
                        EnhancedCode(5, 7, 1),
                        "We do not relay for strangers",
                    );
                }
                address.as_str().to_owned()
            }
            // RFC 5321 4.5.1
            (Path::Postmaster, Some(domain)) => format!("postmaster@{domain}"),
            _ => return smtp.reject(550, EnhancedCode(5, 1, 1), "No such mailbox here"),
        };
        // Once is enough.
        if !self.envelope.recipients.iter().any(|known| known.address == recipient) {
            self.envelope.add(&recipient);
        }
        smtp.accept()
    }

    /// Whether the client is in one of the networks that may have mail sent to anywhere.
    fn is_known(&self) -> bool {
        let ip = self.peer.ip().to_canonical();
        self.shared.config.relay.networks.iter().any(|network| network.contains(&ip))
    }

    /// Whether a stranger's mail for this address is ours to take. A local part that another host might
    /// read as a route to somewhere else is not.
    fn takes(&self, address: Address<'_>) -> bool {
        let ours = |domain: &String| domain.eq_ignore_ascii_case(address.domain());
        let routed = address.unquoted_local_part().contains(['%', '!', '@', ':']);
        self.shared.config.domains.iter().any(ours) && !routed
    }

    fn data(&mut self, smtp: &mut Server, tls: bool) -> Result<(), Misuse> {
        let incoming = self.shared.spool.begin().and_then(|mut incoming| {
            let field = trace::received(&trace::Receipt {
                host: &self.shared.config.hostname,
                peer: self.peer,
                hello: self.hello.as_ref().map(|(hello, name)| (*hello, name.as_str())),
                tls,
                authenticated: self.user.is_some(),
                id: &incoming.id().to_string(),
                recipients: &self.envelope.recipients,
            });
            incoming.write(field.as_bytes())?;
            Ok(incoming)
        });
        match incoming {
            Ok(incoming) => {
                self.incoming = Some(Ok(incoming));
                self.hops = Hops::default();
                smtp.accept()
            }
            Err(error) => self.cannot_store(&error, smtp),
        }
    }

    fn chunk(&mut self, bytes: &[u8]) {
        self.hops.count(bytes);
        if let Some(Ok(incoming)) = &mut self.incoming
            && let Err(error) = incoming.write(bytes)
        {
            // The client learns of it at the end of its message.
            self.incoming = Some(Err(error.into()));
        }
    }

    async fn end(&mut self, smtp: &mut Server) -> Result<(), Misuse> {
        let (incoming, hops) = (self.incoming.take(), self.hops.seen());
        let envelope = std::mem::replace(&mut self.envelope, Envelope::new("", Duration::ZERO));
        if hops > self.shared.config.limits.hops {
            // RFC 5321 6.3
            return smtp.reject(554, EnhancedCode(5, 4, 6), "This message goes in circles");
        }
        let incoming = match incoming {
            Some(Ok(incoming)) => incoming,
            Some(Err(error)) => return self.cannot_store(&error, smtp),
            None => return smtp.reject(451, EnhancedCode(4, 3, 0), "The message was not stored"),
        };
        let octets = incoming.size();
        let (from, recipients) = (envelope.sender.clone(), envelope.recipients.len());
        match self.shared.spool.commit(incoming, envelope).await {
            Ok(id) => {
                let what =
                    format_args!("took {octets} octets from <{from}> for {recipients}, on disk");
                hop(&self.shared.config.hostname, &id.to_string(), what);
                smtp.accept_with(&format!("Queued as {id}"))
            }
            Err(error) => self.cannot_store(&error, smtp),
        }
    }

    fn cannot_store(&self, error: &SpoolError, smtp: &mut Server) -> Result<(), Misuse> {
        tracing::error!(%error, "cannot store a message");
        if error.is_full() {
            return no_room(smtp);
        }
        smtp.reject(451, EnhancedCode(4, 3, 0), "The message could not be stored")
    }

    /// Whether the disk has room for one more message of any size, and some for the work on it.
    fn has_room(&self) -> bool {
        let largest = self.shared.config.limits.message_size;
        // If the system does not tell, it is seen when the message is stored.
        let free = agent::free_space(&self.shared.config.spool).unwrap_or(u64::MAX);
        free >= largest.saturating_add(largest / 2)
    }

    /// Forgets the transaction; what was written of a message goes away.
    fn forget(&mut self) {
        self.envelope = Envelope::new("", Duration::ZERO);
        self.incoming = None;
    }
}

/// RFC 5321 4.2.3, RFC 3463 3.4
fn no_room(smtp: &mut Server) -> Result<(), Misuse> {
    smtp.reject(452, EnhancedCode(4, 3, 1), "There is no room for the message now")
}

/// Whether this user may send as this address: it is the user's, or in the domain that the user is.
fn is_user(address: Address<'_>, user: &str) -> bool {
    let (local, domain) = (address.local_part(), address.domain());
    match user.rsplit_once('@') {
        Some((user, at)) => user == local && at.eq_ignore_ascii_case(domain),
        None => user.eq_ignore_ascii_case(domain),
    }
}
