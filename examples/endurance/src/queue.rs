//! A long queue: how long a start takes, how much memory, and whether new mail goes out at once.

use crate::{child::Agent, letter, load, report::Report, sink::Sink};
use agent::{Courier, Failure};
use mail_queue::{Envelope, Id, Outcome, Spool};
use posta_core::disk::fs::Fs;
use smtp_proto::Protocol;
use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, time::timeout};

/// The dead destinations: so many refuse every connection, and as many take it and never say a word.
const DEAD: u8 = 100;

/// What the busy host takes over each message.
const BUSY: Duration = Duration::from_millis(200);

/// New messages, one after the other to each of the two healthy hosts, and the pause between two.
const NEW: u64 = 30;
const PAUSE: Duration = Duration::from_secs(1);

const READY: Duration = Duration::from_secs(5);
const LEAVES: Duration = Duration::from_secs(1);
const MEMORY: u64 = 100 << 10;

pub(crate) async fn run(messages: usize) -> Result<Report, Failure> {
    let folder = tempfile::tempdir()?;
    let (fine, busy) = (Sink::start(Duration::ZERO).await?, Sink::start(BUSY).await?);
    let mut silent = Vec::new();
    for n in 0..DEAD {
        // Never asked for a connection: the system takes them, and nobody speaks.
        silent.push(TcpListener::bind(SocketAddr::from(([127, 2, 0, n + 1], 0))).await?);
    }
    let config = configure(folder.path(), &fine, &busy, &silent)?;
    let filled = Instant::now();
    fill(&folder.path().join("spool"), messages)?;
    // A relay that starts does not find its disk busy with what was written a moment ago.
    Command::new("sync").status()?;
    let mut report = Report::new("queue");
    let filled = filled.elapsed().as_secs();
    report.note(format_args!("{messages} deferred messages written in {filled} s"));

    let start = Instant::now();
    let mut relay = Agent::start("mta", &config, 1).await?;
    report.within("it listens after", start.elapsed(), READY);
    relay.spool_read().await?;
    report.note(format_args!("all of it is read after {:.1} s", start.elapsed().as_secs_f64()));
    report.note(format_args!("memory then: {} KiB", relay.memory()?.0));
    let (mut to_fine, mut to_busy) = (Duration::ZERO, Duration::ZERO);
    for n in 0..NEW {
        for (name, sink, slowest) in
            [("fine.example", &fine, &mut to_fine), ("busy.example", &busy, &mut to_busy)]
        {
            *slowest =
                leaves(relay.address("mx")?, name, sink, messages as u64 + n).await?.max(*slowest);
        }
        tokio::time::sleep(PAUSE).await;
    }
    report.within("a new message to a healthy host leaves within", to_fine, LEAVES);
    report.within("and to one that has a backlog here, within", to_busy, LEAVES);
    let back = busy.taken() - NEW as usize;
    report.check(format_args!("of that backlog {back} have left meanwhile"), back > NEW as usize);
    let cpu = relay.cpu()?.as_secs_f64();
    report
        .note(format_args!("processor time: {cpu:.2} s in {:.0} s", start.elapsed().as_secs_f64()));
    report.memory("most memory held", relay.memory()?.1, MEMORY);

    relay.kill().await?;
    let start = Instant::now();
    let mut relay = Agent::start("mta", &config, 1).await?;
    report.within("after a kill -9 it listens after", start.elapsed(), READY);
    let number = messages as u64 + NEW;
    let new = leaves(relay.address("mx")?, "fine.example", &fine, number).await?;
    report.within("and at once a new message to a healthy host leaves within", new, LEAVES);
    relay.spool_read().await?;
    report.note(format_args!("all of it is read after {:.1} s", start.elapsed().as_secs_f64()));
    report.memory("most memory held", relay.memory()?.1, MEMORY);
    Ok(report)
}

/// Sends a message, and tells how long after the 250 it is at its host.
async fn leaves(
    relay: SocketAddr,
    domain: &str,
    sink: &Sink,
    number: u64,
) -> Result<Duration, Failure> {
    let mut courier = Courier::connect(&[relay], "relay", Protocol::Smtp, "a.org").await?;
    let code = load::send(&mut courier, &format!("bea@{domain}"), number).await?;
    let taken = Instant::now();
    if code != 250 {
        return Err(format!("a new message was answered with {code}").into());
    }
    courier.leave().await?;
    // Longer than what it must be: the report shows how long it was.
    let arrival = timeout(LEAVES * 60, sink.arrival(number)).await;
    let arrival = arrival.map_err(|_| format!("message {number} never left for {domain}"))??;
    Ok(arrival.saturating_duration_since(taken))
}

fn configure(
    folder: &Path,
    fine: &Sink,
    busy: &Sink,
    silent: &[TcpListener],
) -> Result<std::path::PathBuf, Failure> {
    let mut text = format!(
        "hostname = \"mx.a.org\"\nspool = {:?}\n\
         [listen]\nmx = [\"127.0.0.1:0\"]\n\
         [dns]\nservers = [\"127.0.0.1:9\"]\n\
         [relay]\nreach = \"any\"\nnetworks = [\"127.0.0.0/8\"]\n\
         [relay.routes]\n\"fine.example\" = \"{}\"\n\"busy.example\" = \"{}\"\n",
        folder.join("spool"),
        fine.address(),
        busy.address()
    );
    for (n, listener) in silent.iter().enumerate() {
        let at = listener.local_addr()?;
        text += &format!("\"silent-{n}.example\" = \"{at}\"\n");
        // Nobody listens at this port of this address.
        text += &format!("\"down-{n}.example\" = \"127.1.0.{}:1\"\n", n + 1);
    }
    let path = folder.join("mta.toml");
    fs::write(&path, text)?;
    Ok(path)
}

/// Fills a spool: one in twenty messages is for the busy host, the others are for dead ones. A tenth of them
/// falls due every three seconds from now on.
fn fill(folder: &Path, messages: usize) -> Result<(), Failure> {
    let pattern = tempfile::tempdir()?;
    let (spool, _) = Spool::open(Fs::new(pattern.path()))?;
    drop(Spool::open(Fs::new(folder))?);
    let now = agent::now();
    let arrived = now - Duration::from_secs(3000);
    for n in 0..2 * usize::from(DEAD) + 10 {
        let domain = match n.checked_sub(2 * usize::from(DEAD)) {
            Some(_) => "busy.example".to_owned(),
            None if n % 2 == 0 => format!("silent-{}.example", n / 2),
            None => format!("down-{}.example", n / 2),
        };
        let id = Id::new(arrived, u32::try_from(n)?);
        let due = now + Duration::from_secs(3 * (n as u64 % 10));
        one(&spool, id, &format!("bea@{domain}"), due)?;
        // An entry does not hold its own name.
        let mail = fs::read(pattern.path().join(format!("mail/{id}")))?;
        let state = fs::read(pattern.path().join(format!("state/{id}")))?;
        for copy in (n..messages).step_by(2 * usize::from(DEAD) + 10) {
            let id = Id::new(arrived + Duration::from_millis(copy as u64), u32::try_from(copy)?);
            fs::write(folder.join(format!("mail/{id}")), &mail)?;
            fs::write(folder.join(format!("state/{id}")), &state)?;
        }
    }
    Ok(())
}

/// An entry that was tried five times.
fn one(spool: &Spool<Fs>, id: Id, recipient: &str, due: Duration) -> Result<(), Failure> {
    let mut incoming = spool.begin(id)?;
    incoming.write(&letter::write(0))?;
    let mut envelope = Envelope::new("ana@a.org", due - Duration::from_secs(3000));
    envelope.add(recipient);
    incoming.commit(&envelope)?;
    let mut entry = spool.entry(&id)?;
    entry.recipients[0].settle(
        Outcome::Pending,
        "",
        "451 4.4.1 cannot connect: connection refused",
    );
    (entry.attempts, entry.next) = (5, due);
    Ok(spool.update(&id, &entry)?)
}
