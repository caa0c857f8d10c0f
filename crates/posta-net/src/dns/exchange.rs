//! One socket or connection for each query that is sent.

use mx_resolve::Exchange;
use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
};

/// The octets read at once: more than the 1232 that the stub announces, in case a server does not care.
const READ: usize = 4096;

/// What came for an exchange, with the socket to go on with.
pub(super) enum Heard {
    Datagram {
        socket: UdpSocket,
        from: SocketAddr,
        bytes: Vec<u8>,
    },
    Piece {
        stream: TcpStream,
        bytes: Vec<u8>,
    },
    /// The socket failed, or the connection came to its end.
    Failed,
}

/// Sends a datagram from a new socket, at a port that the system chooses at random (RFC 5452 9.2), and
/// hears the first one back.
pub(super) async fn udp(
    exchange: Exchange,
    server: SocketAddr,
    bytes: Vec<u8>,
) -> (Exchange, Heard) {
    let sending = async {
        let any = match server {
            SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
        };
        let socket = UdpSocket::bind(any).await?;
        // Connected: the system drops what comes from others, and tells when nobody listens there.
        socket.connect(server).await?;
        socket.send(&bytes).await?;
        receive(socket).await
    };
    (exchange, heard(sending.await))
}

/// Hears the next datagram.
pub(super) async fn next_datagram(exchange: Exchange, socket: UdpSocket) -> (Exchange, Heard) {
    (exchange, heard(receive(socket).await))
}

/// Sends a query over a new connection, and hears the first piece of what comes back.
pub(super) async fn tcp(
    exchange: Exchange,
    server: SocketAddr,
    bytes: Vec<u8>,
) -> (Exchange, Heard) {
    let sending = async {
        let mut stream = TcpStream::connect(server).await?;
        stream.write_all(&bytes).await?;
        read(stream).await
    };
    (exchange, heard(sending.await))
}

/// Hears the next piece.
pub(super) async fn next_piece(exchange: Exchange, stream: TcpStream) -> (Exchange, Heard) {
    (exchange, heard(read(stream).await))
}

async fn receive(socket: UdpSocket) -> io::Result<Heard> {
    let mut bytes = vec![0; READ];
    let (n, from) = socket.recv_from(&mut bytes).await?;
    bytes.truncate(n);
    Ok(Heard::Datagram { socket, from, bytes })
}

async fn read(mut stream: TcpStream) -> io::Result<Heard> {
    let mut bytes = vec![0; READ];
    let n = stream.read(&mut bytes).await?;
    bytes.truncate(n);
    Ok(if n == 0 { Heard::Failed } else { Heard::Piece { stream, bytes } })
}

fn heard(result: io::Result<Heard>) -> Heard {
    result.unwrap_or_else(|error| {
        tracing::debug!(%error, "dns socket failed");
        Heard::Failed
    })
}
