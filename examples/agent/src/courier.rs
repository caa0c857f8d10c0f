use crate::{Account, AccountError, Channel, Login, LoginError, Ports, Security, Who, transcript};
use posta_net::{Clock, Conn, Stream, tls};
use smtp_proto::{
    Client, Misuse, Protocol,
    client::{self, Event},
    codec::{Body, MailParams, Path, RcptParams, ReplyBuf},
};
use std::{
    io::{self, Read},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tokio::net::lookup_host;

/// How long one address may take to answer. RFC 5321 4.5.3.2.1 leaves it to us.
const PATIENCE: Duration = Duration::from_secs(30);

/// The ports of submission. RFC 8314 3.3, RFC 6409
const SUBMISSION: Ports = Ports { tls: 465, starttls: 587 };

/// Octets of an AUTH command that an initial response may take. RFC 4954 4
const INITIAL: usize = 450;

/// Why a message could not be handed over, apart from what the server said of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CourierError {
    /// The server cannot be reached.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The session broke. If the message was on its way, nobody knows whether it arrived.
    #[error("the session broke: {0}")]
    Session(#[from] posta_net::Error<smtp_proto::Error>),
    /// Something that cannot be said in SMTP.
    #[error("SMTP cannot say this: {0}")]
    Misuse(#[from] Misuse),
    /// An address that is none.
    #[error("not an address: {0}")]
    Address(#[from] smtp_proto::codec::ParseError),
    /// The server closed the connection before it should.
    #[error("the server closed the connection")]
    Closed,
    /// The server offers no TLS, or refuses it.
    #[error("the server does not start TLS")]
    NoTls,
    /// TLS failed.
    #[error("no secure connection: {0}")]
    Tls(#[from] tls::Error),
    /// No login.
    #[error("cannot log in: {0}")]
    Login(#[from] LoginError),
    /// The server does not let us in.
    #[error("the server refused the login: {0}")]
    Denied(ReplyBuf),
    /// The message cannot be read.
    #[error("the message cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// A message to be handed over.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The envelope sender; empty for a bounce.
    pub sender: &'a str,
    /// The envelope recipients.
    pub recipients: &'a [String],
    /// Its octets.
    pub size: u64,
    /// Whether it has octets over 127.
    pub eight_bit: bool,
}

/// An SMTP or LMTP client that hands messages over.
#[derive(Debug)]
pub struct Courier {
    conn: Conn<Client>,
}

impl Courier {
    /// A session in the clear, at one of these addresses; `peer` is their name in transcripts, `hostname` what
    /// we call ourselves.
    ///
    /// # Errors
    /// No address answers, or the server will not serve us.
    pub async fn connect(
        addresses: &[SocketAddr],
        peer: &str,
        protocol: Protocol,
        hostname: &str,
    ) -> Result<Self, CourierError> {
        let tcp = posta_net::connect(addresses, PATIENCE).await.map_err(AccountError::from)?;
        let mut config = client::Config::new(hostname)?;
        config.protocol = protocol;
        let clock = Clock::start();
        let machine = Client::new(config, clock.now());
        let mut conn = Conn::new(machine, Stream::Plain(tcp), client::Limits::INPUT, clock);
        if let Some(tap) = transcript(&format!("{hostname} → {peer}"), Who::Client) {
            conn.set_tap(tap);
        }
        Self::meet(conn).await
    }

    /// As [`connect`](Self::connect), at the host and port of a configuration.
    ///
    /// # Errors
    /// The name leads nowhere, no address answers, or the server will not serve us.
    pub async fn connect_to(
        at: &str,
        protocol: Protocol,
        hostname: &str,
    ) -> Result<Self, CourierError> {
        let found = |source| AccountError::Lookup { host: at.to_owned(), source };
        let addresses: Vec<SocketAddr> = lookup_host(at).await.map_err(found)?.collect();
        Self::connect(&addresses, at, protocol, hostname).await
    }

    /// A session with a submission server that knows us. Nothing is said in the clear but what starts TLS.
    /// `hostname` is what we call ourselves.
    ///
    /// # Errors
    /// The server cannot be reached or trusted, or does not let us in.
    pub async fn submit(
        account: &Account,
        trust: &Arc<tls::ClientConfig>,
        hostname: &str,
    ) -> Result<Self, CourierError> {
        let mut config = client::Config::new(hostname)?;
        config.tls = account.security == Security::Tls;
        let machine = |clock: Clock| Client::new(config, clock.now());
        let mut conn = account.connect(SUBMISSION, trust, client::Limits::INPUT, machine).await?;
        if let Some(tap) = transcript(&format!("{hostname} → {}", account.host), Who::Client) {
            conn.set_tap(tap);
        }
        let mut courier = Self::meet(conn).await?;
        if account.security == Security::StartTls {
            courier.start_tls(trust, &account.host).await?;
        }
        if let Some((user, password)) = account.login() {
            courier.log_in(user, password).await?;
        }
        Ok(courier)
    }

    /// Waits until the server has said what it offers.
    ///
    /// # Errors
    /// It will not serve us.
    pub async fn meet(conn: Conn<Client>) -> Result<Self, CourierError> {
        let mut courier = Self { conn };
        courier.until_ready().await?;
        Ok(courier)
    }

    /// Whether the connection is under TLS.
    pub fn tls(&self) -> Option<tls::Info> {
        self.conn.tls()
    }

    /// Whether TLS can be started.
    pub fn can_start_tls(&mut self) -> bool {
        self.conn.machine().capabilities().starttls
    }

    /// Starts TLS; `name` is what the certificate must be for.
    ///
    /// # Errors
    /// The server does not offer it, or the handshake fails: nothing can be said on this connection then.
    pub async fn start_tls(
        &mut self,
        config: &Arc<tls::ClientConfig>,
        name: &str,
    ) -> Result<(), CourierError> {
        if !self.can_start_tls() {
            return Err(CourierError::NoTls);
        }
        self.conn.machine().starttls()?;
        match self.conn.next().await? {
            Some((Event::StartTls, _)) => {}
            Some(_) => return Err(CourierError::NoTls),
            None => return Err(CourierError::Closed),
        }
        self.conn.start_tls_client(config, name).await?;
        self.conn.machine().tls_started()?;
        self.until_ready().await
    }

    /// Logs in over the best mechanism that the server offers.
    ///
    /// # Errors
    /// No mechanism fits, or the password is wrong.
    pub async fn log_in(&mut self, user: &str, password: &str) -> Result<(), CourierError> {
        let channel = Channel::of(self.conn.stream());
        let smtp = self.conn.machine();
        let mut login = Login::new(smtp.capabilities().auth(), user, password, &channel)?;
        let initial = login.initial(INITIAL);
        smtp.auth(login.mechanism(), initial.as_deref())?;
        loop {
            match self.conn.next().await? {
                Some((Event::Challenge(challenge), smtp)) => {
                    match login.respond(challenge.as_str().as_bytes()) {
                        Ok(response) => smtp.respond(&response)?,
                        Err(error) => {
                            smtp.cancel_auth()?;
                            return Err(error.into());
                        }
                    }
                }
                Some((Event::Auth(reply), _)) if reply.is_positive() => break,
                Some((Event::Auth(reply), _)) => return Err(CourierError::Denied(reply.to_buf())),
                Some(_) => {}
                None => return Err(CourierError::Closed),
            }
        }
        login.finish()?;
        self.until_ready().await
    }

    /// Hands a message over, and returns the server's verdict for each recipient, in their order.
    ///
    /// # Errors
    /// The session broke before the verdict: nobody knows whether the message arrived.
    pub async fn deliver(
        &mut self,
        letter: &Letter<'_>,
        message: &mut impl Read,
    ) -> Result<Vec<ReplyBuf>, CourierError> {
        let smtp = self.conn.machine();
        let body = if letter.eight_bit { Body::EightBitMime } else { Body::SevenBit };
        let params =
            MailParams { size: Some(letter.size), body: Some(body), ..MailParams::default() };
        smtp.mail(Path::new(letter.sender)?, &params)?;
        for recipient in letter.recipients {
            smtp.rcpt(Path::new(recipient)?, &RcptParams::default())?;
        }
        smtp.data()?;
        let mut verdicts: Vec<Option<ReplyBuf>> = vec![None; letter.recipients.len()];
        let mut chunk = Vec::new();
        loop {
            let Some((event, smtp)) = self.conn.next().await? else {
                return Err(CourierError::Closed);
            };
            match event {
                Event::Rcpt(n, reply) if !reply.is_positive() => {
                    note(&mut verdicts, n, reply.to_buf())
                }
                Event::Delivered(n, reply) => note(&mut verdicts, n, reply.to_buf()),
                Event::Body(room) => {
                    chunk.resize(room, 0);
                    match message.read(&mut chunk) {
                        Ok(0) => smtp.end()?,
                        Ok(n) => {
                            smtp.body(&chunk[..n])?;
                        }
                        Err(error) => {
                            // Half a message must not look like a whole one.
                            smtp.abort();
                            return Err(error.into());
                        }
                    }
                }
                Event::Done(reply) => {
                    let last = reply.to_buf();
                    self.until_ready().await?;
                    return Ok(verdicts
                        .into_iter()
                        .map(|own| own.unwrap_or_else(|| last.clone()))
                        .collect());
                }
                _ => {}
            }
        }
    }

    /// Says goodbye. Whatever comes of it, all that was delivered is delivered.
    ///
    /// # Errors
    /// The session broke.
    pub async fn leave(mut self) -> Result<(), CourierError> {
        self.conn.machine().quit()?;
        while self.conn.next().await?.is_some() {}
        Ok(())
    }

    async fn until_ready(&mut self) -> Result<(), CourierError> {
        while let Some((event, _)) = self.conn.next().await? {
            if let Event::Ready = event {
                return Ok(());
            }
        }
        Err(CourierError::Closed)
    }
}

fn note(verdicts: &mut [Option<ReplyBuf>], n: usize, reply: ReplyBuf) {
    if let Some(verdict) = verdicts.get_mut(n) {
        *verdict = Some(reply);
    }
}
