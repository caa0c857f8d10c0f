//! The DNS of the journey's small world: `a.org` and `b.com`, served on loopback.

use hickory_server::{
    Server,
    proto::rr::{
        Name, RData, Record,
        rdata::{A, MX, SOA},
    },
    store::in_memory::InMemoryZoneHandler,
    zone_handler::{AxfrPolicy, Catalog, ZoneType},
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::net::{TcpListener, UdpSocket};

const TTL: u32 = 300;
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
const TCP_BUFFER: usize = 4096;

/// A running DNS server; it stops when dropped.
pub(crate) struct Dns {
    address: SocketAddr,
    _server: Server<Catalog>,
}

impl Dns {
    /// Serves the zones over UDP and TCP on a free port of loopback.
    ///
    /// # Errors
    /// No port could be had.
    pub(crate) async fn start() -> io::Result<Self> {
        let (udp, tcp) = same_port().await?;
        let address = udp.local_addr()?;
        let mut catalog = Catalog::new();
        for (domain, hosts) in
            [("a.org", &[("mx.a.org", 10)][..]), ("b.com", &[("mx1.b.com", 10), ("mx2.b.com", 20)])]
        {
            add_zone(&mut catalog, domain, hosts)?;
        }
        let mut server = Server::new(catalog);
        server.register_socket(udp);
        server.register_listener(tcp, TCP_TIMEOUT, TCP_BUFFER);
        Ok(Self { address, _server: server })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A UDP socket and a TCP listener on one free port.
async fn same_port() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..20 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// A zone whose mail goes to `hosts`, by preference, all of them on loopback.
fn add_zone(catalog: &mut Catalog, domain: &str, hosts: &[(&str, u16)]) -> io::Result<()> {
    let origin = name(domain)?;
    let mut zone: InMemoryZoneHandler =
        InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny);
    let soa = SOA::new(name("ns.example")?, name("hostmaster.example")?, 1, 3600, 600, 86400, 60);
    zone.upsert_mut(Record::from_rdata(origin.clone(), TTL, RData::SOA(soa)), 1);
    for (host, preference) in hosts {
        let host = name(host)?;
        let mx = MX::new(*preference, host.clone());
        zone.upsert_mut(Record::from_rdata(origin.clone(), TTL, RData::MX(mx)), 1);
        let address = RData::A(A(Ipv4Addr::LOCALHOST));
        zone.upsert_mut(Record::from_rdata(host, TTL, address), 1);
    }
    catalog.upsert(origin.into(), vec![Arc::new(zone)]);
    Ok(())
}

fn name(text: &str) -> io::Result<Name> {
    Name::from_ascii(format!("{text}.")).map_err(io::Error::other)
}
