//! A server on a socket.

use crate::talk::{Ended, Peer};
use posta_net::tls::{ClientConfig, ServerName};
use rustls::{ClientConnection, StreamOwned};
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// How long a poll of the socket rests when nothing has moved.
const REST: Duration = Duration::from_millis(1);

/// A connection that reads while it writes, so that no amount of replies can block it.
#[derive(Debug)]
pub struct Wire {
    /// `None` while TLS is being started.
    stream: Option<Stream>,
    config: Arc<ClientConfig>,
    patience: Duration,
    heard: Vec<u8>,
    closed: bool,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Wire {
    /// Connects. `patience` is how long a server may be silent before that counts as its answer.
    ///
    /// # Errors
    /// Nobody answers at this address, or TLS fails.
    pub fn connect(
        address: SocketAddr,
        config: &Arc<ClientConfig>,
        tls: bool,
        patience: Duration,
    ) -> Result<Self, String> {
        let told = |error: io::Error| format!("{address}: {error}");
        let tcp = TcpStream::connect_timeout(&address, patience).map_err(told)?;
        tcp.set_nodelay(true).map_err(told)?;
        tcp.set_nonblocking(true).map_err(told)?;
        let stream = Some(Stream::Plain(tcp));
        let mut wire =
            Self { stream, config: Arc::clone(config), patience, heard: Vec::new(), closed: false };
        if tls {
            wire.start_tls()?;
        }
        Ok(wire)
    }

    /// Reads what is there, and tells whether there was anything.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let read = match &mut self.stream {
            Some(Stream::Plain(tcp)) => tcp.read(&mut buffer),
            Some(Stream::Tls(tls)) => tls.read(&mut buffer),
            None => Ok(0),
        };
        match read {
            Ok(0) => self.closed = true,
            Ok(n) => self.heard.extend_from_slice(&buffer[..n]),
            Err(error) if is_transient(&error) => return false,
            Err(_) => self.closed = true,
        }
        true
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Some(Stream::Plain(tcp)) => tcp.write(octets),
            Some(Stream::Tls(tls)) => {
                let n = tls.write(octets)?;
                // What does not go out now goes out with the next call.
                match tls.flush() {
                    Err(error) if !is_transient(&error) => Err(error),
                    _ => Ok(n),
                }
            }
            None => Err(ErrorKind::NotConnected.into()),
        }
    }
}

impl Peer for Wire {
    fn send(&mut self, mut octets: &[u8]) {
        let mut moved = Instant::now();
        while !octets.is_empty() && !self.closed && moved.elapsed() < self.patience {
            match self.write(octets) {
                Ok(n) => {
                    octets = &octets[n..];
                    moved = Instant::now();
                }
                Err(error) if is_transient(&error) => match self.read() {
                    true => moved = Instant::now(),
                    false => thread::sleep(REST),
                },
                // What the server has said before it closed is still to be heard.
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self, enough: &dyn Fn(&[u8]) -> bool) -> (Vec<u8>, Ended) {
        let mut moved = Instant::now();
        let ended = loop {
            if enough(&self.heard) {
                break Ended::Enough;
            }
            if self.closed {
                break Ended::Closed;
            }
            if self.read() {
                moved = Instant::now();
            } else if moved.elapsed() >= self.patience {
                break Ended::Silent;
            } else {
                thread::sleep(REST);
            }
        };
        (std::mem::take(&mut self.heard), ended)
    }

    fn start_tls(&mut self) -> Result<(), String> {
        let Some(Stream::Plain(tcp)) = self.stream.take() else {
            return Err("under TLS already".into());
        };
        // Nobody's certificate is believed here: it is the server itself that is looked at.
        let name = ServerName::from(tcp.peer_addr().map_err(|error| error.to_string())?.ip());
        let tls = ClientConnection::new(Arc::clone(&self.config), name)
            .map_err(|error| error.to_string())?;
        tcp.set_nonblocking(false).map_err(|error| error.to_string())?;
        tcp.set_read_timeout(Some(self.patience)).map_err(|error| error.to_string())?;
        let mut stream = StreamOwned::new(tls, tcp);
        while stream.conn.is_handshaking() {
            stream
                .conn
                .complete_io(&mut stream.sock)
                .map_err(|error| format!("(no TLS: {error})"))?;
        }
        stream.sock.set_nonblocking(true).map_err(|error| error.to_string())?;
        self.stream = Some(Stream::Tls(Box::new(stream)));
        self.heard.clear();
        Ok(())
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Some(Stream::Tls(_)))
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::TimedOut)
}
