use crate::{Conn, pump, tls};
use posta_core::Machine;
use rustls_pki_types::CertificateDer;
use std::{
    io, mem,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// A stream in the clear or under TLS, so that a [`Conn`] keeps its type when TLS starts.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stream<T = TcpStream> {
    /// In the clear.
    Plain(T),
    /// Under TLS, as its client or its server.
    Tls(Box<tls::Encrypted<T>>),
    /// A handshake was begun and came to nothing. There is no way back into the clear.
    Closed,
}

impl<T> Stream<T> {
    /// What TLS agreed on; `None` in the clear.
    pub fn tls(&self) -> Option<tls::Info> {
        match self {
            Self::Tls(tls) => Some(tls::Info::new(&tls.stream)),
            Self::Plain(_) | Self::Closed => None,
        }
    }

    /// What a login can be bound by; nothing in the clear.
    pub fn bindings(&self) -> tls::Bindings {
        match self {
            Self::Tls(tls) => tls.bindings(),
            Self::Plain(_) | Self::Closed => tls::Bindings::default(),
        }
    }

    /// The peer's certificate and those it sent with it, its own first; empty if there are none.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        match self {
            Self::Tls(tls) => tls.stream.get_ref().1.peer_certificates().unwrap_or_default(),
            Self::Plain(_) | Self::Closed => &[],
        }
    }

    /// The transport below TLS; `None` if a handshake failed.
    pub fn transport(&self) -> Option<&T> {
        match self {
            Self::Plain(stream) => Some(stream),
            Self::Tls(tls) => Some(tls.stream.get_ref().0),
            Self::Closed => None,
        }
    }
}

impl Stream {
    /// The address at the other end.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.transport().ok_or(io::ErrorKind::NotConnected)?.peer_addr()
    }

    /// The address at our end.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.transport().ok_or(io::ErrorKind::NotConnected)?.local_addr()
    }
}

impl<T> From<T> for Stream<T> {
    fn from(stream: T) -> Self {
        Self::Plain(stream)
    }
}

impl<M: Machine, T: AsyncRead + AsyncWrite + Unpin> Conn<M, Stream<T>> {
    /// Starts TLS in the middle of a conversation, as its client; `name` is what the certificate must
    /// be for. Then tell the machine: `tls_started()`.
    ///
    /// What the machine has said is sent first. The handshake may take until the machine's deadline, at
    /// most [`tls::HANDSHAKE`]. Not cancel safe: a dropped handshake leaves the stream closed.
    ///
    /// # Errors
    /// See [`tls::Error`]. Whatever it is, nothing can be said on this connection any more, except after
    /// [`tls::Error::NotPlain`] and [`tls::Error::InvalidName`].
    pub async fn start_tls_client(
        &mut self,
        config: &Arc<tls::ClientConfig>,
        name: &str,
    ) -> Result<(), tls::Error> {
        tls::server_name(name)?;
        let (stream, timeout) = self.take_plain().await?;
        self.stream = tls::connect(stream, config, name, timeout).await?;
        Ok(())
    }

    /// Starts TLS in the middle of a conversation, as its server. Then tell the machine: `tls_started()`.
    ///
    /// What the machine has said (`220 Go ahead`) is sent first. The handshake may take until the
    /// machine's deadline, at most [`tls::HANDSHAKE`]. Not cancel safe: a dropped handshake leaves the
    /// stream closed.
    ///
    /// # Errors
    /// See [`tls::Error`]. Whatever it is, nothing can be said on this connection any more, except after
    /// [`tls::Error::NotPlain`].
    pub async fn start_tls_server(
        &mut self,
        config: &Arc<tls::ServerConfig>,
    ) -> Result<(), tls::Error> {
        let (stream, timeout) = self.take_plain().await?;
        self.stream = tls::accept(stream, config, timeout).await?;
        Ok(())
    }

    /// What TLS agreed on; `None` in the clear.
    pub fn tls(&self) -> Option<tls::Info> {
        self.stream.tls()
    }

    /// What a login can be bound by; nothing in the clear.
    pub fn bindings(&self) -> tls::Bindings {
        self.stream.bindings()
    }

    async fn take_plain(&mut self) -> Result<(T, Duration), tls::Error> {
        if !matches!(self.stream, Stream::Plain(_)) {
            return Err(tls::Error::NotPlain);
        }
        // RFC 3207 4.2: nothing learnt in the clear is used afterwards.
        if !self.input.is_empty() {
            let octets = self.input.len();
            self.stream = Stream::Closed;
            return Err(tls::Error::Injected(octets));
        }
        self.flush().await?;
        let now = self.clock.now();
        let until = pump::last_moment(self.machine.deadline(), now);
        let timeout = (until - now).min(tls::HANDSHAKE);
        match mem::replace(&mut self.stream, Stream::Closed) {
            Stream::Plain(stream) => Ok((stream, timeout)),
            other => {
                self.stream = other;
                Err(tls::Error::NotPlain)
            }
        }
    }
}

impl<M: Machine> Conn<M, Stream> {
    /// The address at the other end.
    ///
    /// # Errors
    /// The connection is gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_read(cx, buf),
            Self::Closed => gone(),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_write(cx, buf),
            Self::Closed => gone(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_flush(cx),
            Self::Closed => gone(),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(&mut tls.stream).poll_shutdown(cx),
            Self::Closed => gone(),
        }
    }
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}
