//! Thousands of slow clients, and a healthy one among them.

use crate::{child::Agent, load, report::Report, sink::Sink};
use agent::{Courier, Failure};
use smtp_proto::Protocol;
use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{self, timeout},
};

/// Slow clients at one address: fewer than the relay allows.
const PER_ADDRESS: usize = 40;

/// What a slow client waits for before it says one octet more.
const OCTET: Duration = Duration::from_secs(10);

/// The relay waits for five minutes; then it must not take long until all are gone.
const PATIENCE: Duration = Duration::from_secs(330);
const QUICK: Duration = Duration::from_secs(10);

/// The pause between two messages of the healthy client, and how soon each must have its 250.
const PAUSE: Duration = Duration::from_millis(250);
const SERVED: Duration = Duration::from_secs(1);

/// What each connection may cost, in KiB: the system's buffers are not counted.
const MEMORY: usize = 16;

/// What slow clients do.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Nothing at all.
    Idle,
    /// They say EHLO, an octet at a time, and never come to its end.
    Command,
    /// They send a message, an octet at a time.
    Message,
}

pub(crate) async fn run(connections: usize, quick: bool) -> Result<Report, Failure> {
    let folder = tempfile::tempdir()?;
    let sink = Sink::start(Duration::ZERO).await?;
    let relay = Agent::start("mta", &configure(folder.path(), &sink)?, 1).await?;
    let server = relay.address("mx")?;
    let mut report = Report::new("slow");
    let before = relay.memory()?.0;

    let crowd = Crowd::come(server, connections, |n| address(3, n / PER_ADDRESS)).await?;
    report.check(
        format_args!("{} slow connections are open", crowd.open()),
        crowd.open() == connections,
    );
    let until = Instant::now() + if quick { QUICK } else { PATIENCE };
    let (mut served, mut slowest) = (0, Duration::ZERO);
    let mut most = 0;
    while Instant::now() < until && crowd.open() > 0 {
        slowest = serve(server, served).await?.max(slowest);
        served += 1;
        most = relay.memory()?.0.max(most);
        time::sleep(PAUSE).await;
    }
    report.within(
        &format!("a healthy client has its 250, {served} times, within"),
        slowest,
        SERVED,
    );
    let each = most.saturating_sub(before) as usize / connections;
    let all = most / 1024;
    report.check(
        format_args!("memory: {all} MiB, {each} KiB a connection (bar: {MEMORY} KiB)"),
        each < MEMORY,
    );
    if !quick {
        let left = crowd.open();
        report.check(format_args!("after {} s {left} are left", PATIENCE.as_secs()), left == 0);
    }
    drop(crowd);

    // All of them at one address: most are sent away at once.
    let crowd = Crowd::come(server, connections, |_| address(4, 0)).await?;
    time::sleep(PAUSE).await;
    let mut slowest = Duration::ZERO;
    for n in 0..10 {
        slowest = serve(server, served + n).await?.max(slowest);
    }
    let open = crowd.open();
    report.check(
        format_args!("of {connections} of one address {open} may stay (bar: 50)"),
        open <= 50,
    );
    report.within("a client elsewhere has its 250 within", slowest, SERVED);
    let cpu = relay.cpu()?.as_secs_f64();
    report.note(format_args!("processor time of the relay: {cpu:.2} s"));
    Ok(report)
}

/// An address of this host, which the system takes for another one's.
fn address(network: u8, n: usize) -> Ipv4Addr {
    // 200 a network keeps the octets in range for any number that there are ports for.
    Ipv4Addr::new(127, network, (n / 200) as u8, (n % 200 + 1) as u8)
}

/// Has a message taken, and tells how long that was.
async fn serve(server: SocketAddr, number: u64) -> Result<Duration, Failure> {
    let start = Instant::now();
    let serving = async {
        let mut courier = Courier::connect(&[server], "relay", Protocol::Smtp, "a.org").await?;
        let code = load::send(&mut courier, "bea@fine.example", number).await?;
        let took = start.elapsed();
        courier.leave().await?;
        Ok::<_, Failure>((code, took))
    };
    let served = timeout(SERVED * 30, serving).await;
    let (code, took) = served.map_err(|_| "a healthy client is not served at all")??;
    if code == 250 { Ok(took) } else { Err(format!("a healthy client was told {code}").into()) }
}

/// Slow clients. They leave when dropped.
struct Crowd {
    open: Arc<AtomicUsize>,
    _clients: JoinSet<()>,
}

impl Crowd {
    /// So many, each connected before the next one.
    async fn come(
        server: SocketAddr,
        connections: usize,
        address: impl Fn(usize) -> Ipv4Addr,
    ) -> Result<Self, Failure> {
        let (open, mut clients) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
        for n in 0..connections {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((address(n), 0)))?;
            let stream = socket.connect(server).await?;
            let manner = [Manner::Idle, Manner::Command, Manner::Message][n % 3];
            open.fetch_add(1, Relaxed);
            let open = Arc::clone(&open);
            clients.spawn(async move {
                // However it ends: the relay has closed the connection.
                let _ = linger(stream, manner).await;
                open.fetch_sub(1, Relaxed);
            });
        }
        Ok(Self { open, _clients: clients })
    }

    /// How many are still connected.
    fn open(&self) -> usize {
        self.open.load(Relaxed)
    }
}

/// Stays until the server closes the connection.
async fn linger(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    let opening: &[u8] = match manner {
        Manner::Idle => b"",
        Manner::Command => b"E",
        Manner::Message => {
            b"EHLO slow.example\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<bea@fine.example>\r\nDATA\r\n"
        }
    };
    let mut bytes = [0; 512];
    // A server may not be spoken to before it has greeted.
    let _ = stream.read(&mut bytes).await?;
    for command in opening.split_inclusive(|octet| *octet == b'\n') {
        stream.write_all(command).await?;
        if matches!(manner, Manner::Message) {
            let _ = stream.read(&mut bytes).await?;
        }
    }
    let mut ticks = time::interval(OCTET);
    loop {
        tokio::select! {
            read = stream.read(&mut bytes) => if read? == 0 { return Ok(()) },
            _ = ticks.tick() => if !matches!(manner, Manner::Idle) { stream.write_all(b"H").await? },
        }
    }
}

fn configure(folder: &Path, sink: &Sink) -> Result<PathBuf, Failure> {
    let path = folder.join("mta.toml");
    let spool = folder.join("spool");
    fs::write(
        &path,
        format!(
            "hostname = \"mx.a.org\"\nspool = {spool:?}\n[listen]\nmx = [\"127.0.0.1:0\"]\n\
             [dns]\nservers = [\"127.0.0.1:9\"]\n\
             [relay]\nreach = \"any\"\nnetworks = [\"127.0.0.0/8\"]\n\
             routes = {{ \"fine.example\" = \"{}\" }}\n",
            sink.address()
        ),
    )?;
    Ok(path)
}
