//! A server that is given on the command line, and one case at it.

use crate::{
    Facts, Wire,
    case::{Case, Kind, Rule, Verdict},
    judge::{judge, said},
    report::Outcome,
    talk::{Heard, Stopped, talk},
};
use posta_net::tls::ClientConfig;
use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// A server, and what is known of it.
#[derive(Clone, Debug)]
pub struct Server {
    /// The column it stands in.
    pub name: String,
    /// What it speaks.
    pub kind: Kind,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether there is TLS from the first octet.
    pub tls: bool,
    /// How TLS is spoken.
    pub trust: Arc<ClientConfig>,
    /// How long silence lasts until it is an answer.
    pub patience: Duration,
    /// What it knows.
    pub facts: Facts,
    /// The Maildir of the user.
    pub maildir: Option<PathBuf>,
    /// Where it writes its log.
    pub log: Option<PathBuf>,
    /// Its process.
    pub pid: Option<u32>,
}

/// Why a server cannot be probed.
#[derive(Debug, thiserror::Error)]
pub enum BadServer {
    /// The text is not `HOST:PORT`.
    #[error("`{0}` is not HOST:PORT: {1}")]
    Address(String, std::io::Error),
    /// The address is one of another host.
    #[error(
        "`{0}` is {1}, which is not loopback: the probe attacks the server, so it does so on the machine that it runs on only"
    )]
    NotLoopback(String, SocketAddr),
}

/// Reads `HOST:PORT`, of this machine only.
///
/// # Errors
/// It is none, or leads elsewhere.
pub fn loopback(text: &str) -> Result<SocketAddr, BadServer> {
    let refuse = |error| BadServer::Address(text.to_owned(), error);
    let found: Vec<_> = text.to_socket_addrs().map_err(refuse)?.collect();
    if let Some(other) = found.iter().find(|address| !address.ip().to_canonical().is_loopback()) {
        return Err(BadServer::NotLoopback(text.to_owned(), *other));
    }
    found.first().copied().ok_or_else(|| refuse(std::io::ErrorKind::NotFound.into()))
}

impl Server {
    /// A new connection.
    ///
    /// # Errors
    /// There is none to be had.
    pub fn connect(&self) -> Result<Wire, String> {
        Wire::connect(self.address, &self.trust, self.tls, self.patience)
    }

    fn talk(&self, case: &Case, steps: &[crate::Step]) -> Result<Heard, Stopped> {
        let mut wire = self.connect().map_err(Stopped::NotReached)?;
        talk(&mut wire, self.kind, case, steps, &self.facts)
    }
}

/// Tries a case at a server.
pub fn try_case(server: &Server, case: &Case) -> Outcome {
    let (verdict, said) = match heard(server, case) {
        Ok((heard, twin)) => {
            let verdict = judge(case, server.kind, &heard, twin.as_ref(), &server.facts);
            let other = twin.map_or_else(String::new, |twin| {
                format!(" — the other: {}", said(server.kind, &twin))
            });
            (verdict, said(server.kind, &heard) + &other)
        }
        Err(Stopped::NotReached(why)) => (Verdict::NotReached, crate::short(&why, 100)),
        Err(Stopped::DoesNotApply(why)) => (Verdict::DoesNotApply, why),
    };
    Outcome::new(case.class, server, &case.name, case.sent(), verdict, said)
}

fn heard(server: &Server, case: &Case) -> Result<(Heard, Option<Heard>), Stopped> {
    let heard = server.talk(case, &case.steps)?;
    let twin = match &case.rule {
        Rule::Same(steps) => Some(server.talk(case, steps)?),
        _ => None,
    };
    Ok((heard, twin))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_probed() {
        for good in ["127.0.0.1:25", "127.1.2.3:25", "[::1]:25"] {
            assert!(loopback(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("192.0.2.1:25", "is not loopback"),
            ("0.0.0.0:25", "is not loopback"),
            ("[::ffff:192.0.2.1]:25", "is not loopback"),
            ("127.0.0.1", "is not HOST:PORT"),
            ("", "is not HOST:PORT"),
        ] {
            let error = loopback(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }
}
