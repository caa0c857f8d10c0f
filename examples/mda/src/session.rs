//! One LMTP session.

use crate::{Incoming, Store, expand::ExpandError, expand::Expansion};
use agent::{Failure, Who, transcript};
use posta_net::{Clock, Conn, Stop, Stream};
use smtp_proto::{
    Misuse, Server,
    codec::{EnhancedCode, Params, Path},
    server::{self, Event},
};
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpStream;

/// What all sessions share.
pub(crate) struct Shared {
    pub(crate) lmtp: Arc<server::Config>,
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) stop: Stop,
}

pub(crate) struct Session {
    shared: Arc<Shared>,
    peer: SocketAddr,
    sender: String,
    recipients: Vec<(String, Expansion)>,
    incoming: Option<Incoming>,
}

impl Session {
    /// Serves a client until one of us has enough.
    pub(crate) async fn run(shared: Arc<Shared>, tcp: TcpStream, peer: SocketAddr) {
        let machine = Server::new(Arc::clone(&shared.lmtp), shared.clock.now());
        let mut conn = Conn::new(machine, Stream::Plain(tcp), server::Limits::INPUT, shared.clock);
        if let Some(tap) = transcript(&format!("{} ← {peer}", shared.store.hostname), Who::Server)
        {
            conn.set_tap(tap);
        }
        let (sender, recipients) = (String::new(), Vec::new());
        let mut session = Self { shared, peer, sender, recipients, incoming: None };
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
            Event::Data => {
                let (store, sender) = (&self.shared.store, &self.sender);
                self.incoming = Some(Incoming::begin(store, sender, &self.recipients));
                lmtp.accept()
            }
            Event::Chunk(bytes) => {
                if let Some(incoming) = &mut self.incoming {
                    incoming.write(bytes);
                }
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
        let address = match path {
            Path::Postmaster => "postmaster",
            path => path.as_str(),
        };
        match self.shared.store.expand(address) {
            Ok(expansion) => {
                if params.unknown().next().is_none() {
                    self.recipients.push((address.to_owned(), expansion));
                }
                known(params, lmtp)
            }
            Err(error) => {
                tracing::info!(peer = %self.peer, address, %error, "recipient refused");
                let code = match error {
                    ExpandError::Unknown => EnhancedCode(5, 1, 1),
                    ExpandError::TooDeep | ExpandError::TooMany => EnhancedCode(5, 4, 6),
                };
                lmtp.reject(550, code, &error.to_string())
            }
        }
    }

    /// One verdict for each recipient. RFC 2033 4.2
    async fn end(&mut self, lmtp: &mut Server) -> Result<(), Misuse> {
        let Some(incoming) = self.incoming.take() else { return Ok(()) };
        let recipients = std::mem::take(&mut self.recipients);
        for ((address, _), verdict) in recipients.iter().zip(incoming.finish().await) {
            match verdict {
                Ok(()) => lmtp.accept()?,
                Err(refusal) => {
                    tracing::error!(address, %refusal, "cannot deliver");
                    let (code, enhanced, text) = refusal.reply();
                    lmtp.reject(code, enhanced, text)?;
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
        self.incoming = None;
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
