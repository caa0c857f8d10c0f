//! One LMTP session.

use crate::{Delivery, Store, StoreError};
use agent::{Failure, Who, hop, transcript};
use posta_net::{Clock, Conn, Stop, Stream};
use smtp_proto::{
    Misuse, Server,
    codec::{EnhancedCode, Params, Path},
    server::{self, Event},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpStream, task::spawn_blocking};

/// What all sessions share.
pub(crate) struct Shared {
    pub(crate) lmtp: Arc<server::Config>,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) stop: Stop,
}

pub(crate) struct Session {
    shared: Arc<Shared>,
    peer: SocketAddr,
    sender: String,
    recipients: Vec<String>,
    /// One for each recipient, once the message comes.
    deliveries: Vec<Result<Delivery, StoreError>>,
}

impl Session {
    /// Serves a client until one of us has enough.
    pub(crate) async fn run(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr) {
        let machine = Server::new(Arc::clone(&shared.lmtp), shared.clock.now());
        let mut conn = Conn::new(machine, Stream::Plain(tcp), server::Limits::INPUT, shared.clock);
        if let Some(tap) = transcript(&format!("{} ← {peer}", shared.store.hostname()), Who::Server)
        {
            conn.set_tap(tap);
        }
        let (sender, recipients, deliveries) = (String::new(), Vec::new(), Vec::new());
        let mut session = Self { shared, peer, sender, recipients, deliveries };
        if let Err(error) = session.serve(&mut conn).await {
            tracing::info!(%peer, error, "session ended");
        }
    }

    async fn serve(&mut self, conn: &mut Conn<Server>) -> Result<(), Failure> {
        let stop = self.shared.stop.clone();
        loop {
            let next = tokio::select! {
                next = conn.next() => next?,
                () = stop.stopped() => {
                    conn.machine().shutdown();
                    return Ok(conn.close().await?);
                }
            };
            let Some((event, lmtp)) = next else { return Ok(()) };
            self.answer(event, lmtp).await?;
        }
    }

    async fn answer(&mut self, event: Event<'_>, lmtp: &mut Server) -> Result<(), Misuse> {
        match event {
            Event::Helo { .. } => {
                self.forget();
                lmtp.accept()
            }
            Event::Mail { path, params, .. } => {
                self.forget();
                path.as_str().clone_into(&mut self.sender);
                known(params, lmtp)
            }
            Event::Rcpt { path, params, .. } => self.rcpt(path, params, lmtp),
            Event::Data => self.data(lmtp),
            Event::Chunk(bytes) => {
                self.chunk(bytes);
                Ok(())
            }
            Event::End => self.end(lmtp).await,
            Event::Aborted(why) => {
                tracing::info!(peer = %self.peer, ?why, "message refused");
                self.forget();
                Ok(())
            }
            Event::Rset => {
                self.forget();
                Ok(())
            }
            Event::Vrfy(_) => lmtp.accept(),
            Event::Bad(line) => {
                tracing::debug!(peer = %self.peer, "{line}");
                Ok(())
            }
            // Neither TLS nor AUTH is offered.
            _ => Ok(()),
        }
    }

    fn rcpt(
        &mut self,
        path: Path<'_>,
        params: Params<'_>,
        lmtp: &mut Server,
    ) -> Result<(), Misuse> {
        let recipient = match path {
            Path::Postmaster => "postmaster",
            path => path.as_str(),
        };
        if !self.shared.store.knows(recipient) {
            tracing::info!(peer = %self.peer, recipient, "unknown recipient");
            return lmtp.reject(550, EnhancedCode(5, 1, 1), "No such mailbox here");
        }
        if params.unknown().next().is_none() {
            self.recipients.push(recipient.to_owned());
        }
        known(params, lmtp)
    }

    fn data(&mut self, lmtp: &mut Server) -> Result<(), Misuse> {
        let begin = |recipient: &String| self.shared.store.begin(&self.sender, recipient);
        self.deliveries = self.recipients.iter().map(begin).collect();
        lmtp.accept()
    }

    /// A recipient whose Maildir fails learns of it at the end; the others are not concerned.
    fn chunk(&mut self, bytes: &[u8]) {
        for delivery in &mut self.deliveries {
            if let Ok(open) = delivery
                && let Err(error) = open.write(bytes)
            {
                *delivery = Err(error);
            }
        }
    }

    /// One verdict for each recipient. RFC 2033 4.2
    async fn end(&mut self, lmtp: &mut Server) -> Result<(), Misuse> {
        let deliveries = std::mem::take(&mut self.deliveries);
        // Disks are slow: all of them at once.
        let commits: Vec<_> = deliveries
            .into_iter()
            .map(|delivery| spawn_blocking(move || delivery.and_then(Delivery::commit)))
            .collect();
        for (recipient, commit) in self.recipients.iter().zip(commits) {
            match commit.await {
                Ok(Ok(id)) => {
                    let what = format_args!("delivered to {recipient}, on disk");
                    hop(self.shared.store.hostname(), &id, what);
                    lmtp.accept()?;
                }
                Ok(Err(error)) => {
                    tracing::error!(recipient, %error, "cannot deliver");
                    lmtp.reject(451, EnhancedCode(4, 3, 0), "The mailbox cannot be written now")?;
                }
                Err(panicked) => {
                    tracing::error!(recipient, %panicked, "cannot deliver");
                    lmtp.reject(451, EnhancedCode(4, 3, 0), "Local error")?;
                }
            }
        }
        self.forget();
        Ok(())
    }

    /// Forgets the transaction; what was written of a message goes away.
    fn forget(&mut self) {
        self.sender.clear();
        self.recipients.clear();
        self.deliveries.clear();
    }
}

/// Accepts if all parameters are known.
fn known(params: Params<'_>, lmtp: &mut Server) -> Result<(), Misuse> {
    match params.unknown().next() {
        None => lmtp.accept(),
        Some(unknown) => {
            let text = format!("Parameter {} is not known", unknown.name);
            lmtp.reject(555, EnhancedCode(5, 5, 4), &text)
        }
    }
}
