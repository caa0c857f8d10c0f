use std::{fmt, io, net::SocketAddr, time::Duration};
use tokio::{net::TcpStream, time};

/// Connects to the first of `addresses` that answers, one after the other, each within `timeout`.
///
/// The order is the caller's: for mail exchangers it is a matter of preference and must be kept
/// (RFC 5321 5.1). Small writes are sent at once (`TCP_NODELAY`).
///
/// # Errors
/// Nobody answered: what became of each address.
pub async fn connect(
    addresses: &[SocketAddr],
    timeout: Duration,
) -> Result<TcpStream, ConnectError> {
    let mut attempts = Vec::new();
    for &address in addresses {
        let connecting = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        match time::timeout(timeout, connecting).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => attempts.push((address, error)),
            Err(_) => attempts.push((address, io::ErrorKind::TimedOut.into())),
        }
    }
    Err(ConnectError { attempts })
}

/// No address could be connected to.
#[derive(Debug)]
pub struct ConnectError {
    /// Each address that was tried, and why it failed. Empty if there was none to try.
    pub attempts: Vec<(SocketAddr, io::Error)>,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.attempts.is_empty() {
            return f.write_str("no address to connect to");
        }
        f.write_str("cannot connect: ")?;
        for (i, (address, error)) in self.attempts.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{address}: {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {}
