//! Full disks, and too few files: nothing that was acknowledged is lost, and it goes on afterwards.

use crate::{
    child::Agent,
    load::{Found, Load, Sent},
    report::Report,
    sink::Sink,
};
use agent::{Courier, Failure};
use smtp_proto::Protocol;
use std::{
    fs,
    io::{Seek, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    time::{self, timeout},
};

const CLIENTS: usize = 8;

/// How long a disk is left full, and then has room again.
const FULL: Duration = Duration::from_millis(500);

/// How long it may take until all is delivered.
const DRAINS: Duration = Duration::from_secs(120);

/// The files that the relay may have open, and the clients that take them all.
const FILES: usize = 64;
const HOLDERS: usize = 100;

pub(crate) async fn run(rounds: usize) -> Result<Report, Failure> {
    let mut report = Report::new("disk");
    spool(rounds, "size=4m", &mut report).await?;
    spool(rounds, "size=64m,nr_inodes=40", &mut report).await?;
    maildir(rounds, &mut report).await?;
    files(&mut report).await?;
    report.note(
        "EIO cannot be had without a device of its own: the simulated disk of the tests gives it",
    );
    Ok(report)
}

/// The disk of the spool fills up, again and again, while clients send.
async fn spool(rounds: usize, options: &str, report: &mut Report) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let sink = Sink::start(Duration::from_millis(20)).await?;
    let disk = Tmpfs::mount(&folder.path().join("spool"), options)?;
    let config = relay(folder.path(), sink.address(), false)?;
    let relay = Agent::start("mta", &config, 1).await?;
    let load = Load::start(CLIENTS, relay.address("mx")?, "bea@b.com");
    for _ in 0..rounds {
        disk.fill_and_clear().await?;
    }
    let sent = load.finish().await;
    told(&format!("spool of {options}"), &sent, report);
    arrive(&sent, &sink, report).await;
    Ok(())
}

/// The disk of the Maildirs fills up: the relay keeps what the delivery agent cannot store.
async fn maildir(rounds: usize, report: &mut Report) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let disk = Tmpfs::mount(&folder.path().join("mail"), "size=4m")?;
    let home = disk.path.join("bea");
    let agent_config = folder.path().join("mda.toml");
    let text = format!(
        "hostname = \"mda.b.com\"\nlisten = [\"127.0.0.1:0\"]\n[mailboxes]\n\"bea@b.com\" = {home:?}\n"
    );
    fs::write(&agent_config, text)?;
    let agent = Agent::start("mda", &agent_config, 1).await?;
    let config = relay(folder.path(), agent.address("lmtp")?, true)?;
    let relay = Agent::start("mta", &config, 1).await?;
    let load = Load::start(CLIENTS, relay.address("mx")?, "bea@b.com");
    for _ in 0..rounds {
        disk.fill_and_clear().await?;
    }
    let sent = load.finish().await;
    disk.grow()?;
    told("Maildir", &sent, report);
    let end = Instant::now() + DRAINS;
    let mail = folder.path().join("spool/mail");
    while fs::read_dir(&mail)?.next().is_some() && Instant::now() < end {
        time::sleep(Duration::from_millis(50)).await;
    }
    let found = Found::read(&home)?;
    let (lost, broken) = (found.lost(&sent), found.broken);
    report.check(format_args!("{lost} of the acknowledged are lost"), lost == 0);
    report.check(format_args!("{broken} files are no whole message"), broken == 0);
    report.note(format_args!("{} duplicates", found.duplicates()));
    Ok(())
}

/// Idle clients take all files that the relay may open.
async fn files(report: &mut Report) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let sink = Sink::start(Duration::ZERO).await?;
    let config = relay(folder.path(), sink.address(), false)?;
    let mut relay = Agent::start_with_files("mta", &config, 1, FILES).await?;
    let server = relay.address("mx")?;
    let load = Load::start(CLIENTS, server, "bea@b.com");
    let mut holders = Vec::new();
    for _ in 0..HOLDERS {
        // The system takes the connections that the relay cannot.
        holders.push(TcpStream::connect(server).await?);
    }
    let (before, start) = (relay.cpu()?, Instant::now());
    time::sleep(FULL * 6).await;
    let used = (relay.cpu()? - before).as_secs_f64() / start.elapsed().as_secs_f64();
    report.note(format_args!("{FILES} files and {HOLDERS} idle clients"));
    report.check(
        format_args!("the relay uses {:.0} % of a processor (bar: 20 %)", used * 100.0),
        used < 0.2,
    );
    report.check("it runs", relay.is_alive());
    drop(holders);
    let freed = Instant::now();
    let serving = async {
        Courier::connect(&[server], "relay", Protocol::Smtp, "a.org").await?.leave().await
    };
    timeout(DRAINS, serving).await.map_err(|_| "it does not come back")??;
    report.within("it serves again after", freed.elapsed(), Duration::from_secs(3));
    time::sleep(FULL).await;
    let sent = load.finish().await;
    told("too few files", &sent, report);
    arrive(&sent, &sink, report).await;
    Ok(())
}

/// Waits until all that was acknowledged has come, or is lost.
async fn arrive(sent: &Sent, sink: &Sink, report: &mut Report) {
    let missing = || sent.acknowledged.iter().filter(|number| !sink.has(**number)).count();
    let end = Instant::now() + DRAINS;
    while missing() > 0 && Instant::now() < end {
        time::sleep(Duration::from_millis(50)).await;
    }
    let lost = missing();
    report.check(format_args!("{lost} of the acknowledged are lost"), lost == 0);
}

/// What the clients were told: 250, or that they are to try later, and some of both.
fn told(what: &str, sent: &Sent, report: &mut Report) {
    let mut replies: Vec<_> = sent.replies.iter().collect();
    replies.sort();
    report.note(format_args!("{what}: the verdicts were {replies:?} of code and count"));
    let later = |code: &u16| *code == 250 || (400..500).contains(code);
    report.check("none of them was for ever", sent.replies.keys().all(later));
    report.check("some were taken", !sent.acknowledged.is_empty());
}

/// The configuration of a relay that sends mail for `b.com` to the sink or, without one, to the delivery agent.
fn relay(folder: &Path, host: SocketAddr, is_agent: bool) -> Result<PathBuf, Failure> {
    let (path, spool) = (folder.join("mta.toml"), folder.join("spool"));
    let (agent, routes) = match is_agent {
        true => (format!("deliver = \"{host}\"\n"), String::new()),
        false => (String::new(), format!("routes = {{ \"b.com\" = \"{host}\" }}\n")),
    };
    fs::write(
        &path,
        format!(
            "hostname = \"mx1.b.com\"\nspool = {spool:?}\ndomains = [\"b.com\"]\n{agent}\
             [listen]\nmx = [\"127.0.0.1:0\"]\n[dns]\nservers = [\"127.0.0.1:9\"]\n\
             [relay]\nreach = \"any\"\n{routes}\
             [retry]\nfirst_seconds = 0.2\nlongest_seconds = 1.0\n\
             [limits]\nmessage_size = 65536\nper_address = 1000\n"
        ),
    )?;
    Ok(path)
}

/// A small disk in memory. It is unmounted when dropped.
struct Tmpfs {
    path: PathBuf,
    /// What takes its room, made while there is some.
    ballast: fs::File,
}

impl Tmpfs {
    /// # Errors
    /// Only root may mount.
    fn mount(path: &Path, options: &str) -> Result<Self, Failure> {
        fs::create_dir_all(path)?;
        run_as_root("mount", &["-t", "tmpfs", "-o", options, "tmpfs", &path.to_string_lossy()])?;
        Ok(Self { path: path.to_owned(), ballast: fs::File::create(path.join("ballast"))? })
    }

    /// Gives it room for everything.
    fn grow(&self) -> Result<(), Failure> {
        run_as_root("mount", &["-o", "remount,size=256m", &self.path.to_string_lossy()])
    }

    /// Takes all of its room for a while, at a moment when anything may be under way.
    async fn fill_and_clear(&self) -> Result<(), Failure> {
        time::sleep(FULL).await;
        let mut ballast = &self.ballast;
        let octets = vec![0; 4096];
        let end = Instant::now() + FULL;
        while Instant::now() < end {
            // What others give back is taken too.
            while ballast.write_all(&octets).is_ok() {}
            time::sleep(Duration::from_millis(5)).await;
        }
        ballast.set_len(0)?;
        ballast.rewind()?;
        Ok(())
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: an agent that ends this very moment may still have a file open.
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn run_as_root(program: &str, arguments: &[&str]) -> Result<(), Failure> {
    let output = Command::new(program).args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("cannot mount a small disk, for which one has to be root: {}", why.trim()).into())
}
