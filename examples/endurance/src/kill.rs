//! `kill -9` under load: what was acknowledged is delivered.

use crate::{
    child::{Agent, Port},
    letter::Noise,
    load::{Found, Load},
    report::Report,
};
use agent::Failure;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::time;

/// Clients that send all the time.
const CLIENTS: usize = 8;

/// Between two kills, at least and at most.
const LIFE: [u64; 2] = [100, 600];

/// The longest queue; then the clients rest until it is half as long, for the relay cannot send while it is down.
const QUEUE: usize = 1000;

/// How long the queue may take until it is short enough.
const DRAINS: Duration = Duration::from_secs(300);

/// Where the moments of the kills are taken from.
const SEED: u64 = 5321;

pub(crate) async fn run(kills: usize) -> Result<Report, Failure> {
    let folder = tempfile::tempdir()?;
    let mut system = System::start(folder.path()).await?;
    let load = Load::start(CLIENTS, system.smtp.address(), "bea@b.com");
    let (start, mut noise) = (Instant::now(), Noise(SEED));
    let mut counts = [0; 3];
    for _ in 0..kills {
        let life = LIFE[0] + noise.next() % (LIFE[1] - LIFE[0]);
        time::sleep(Duration::from_millis(life)).await;
        let which = (noise.next() % 3) as usize;
        counts[which] += 1;
        system.kill(which != 1, which != 0).await?;
        if system.queue()? > QUEUE {
            load.rest(true);
            system.drained(QUEUE / 2).await?;
            load.rest(false);
        }
    }
    let took = start.elapsed().as_secs();
    let sent = load.finish().await;
    system.drained(0).await?;

    let found = Found::read(&folder.path().join("bea"))?;
    let mut report = Report::new("kill");
    let [relay, agent, both] = counts;
    report.note(format_args!(
        "{kills} kills in {took} s: relay {relay}, delivery agent {agent}, both {both}"
    ));
    let acknowledged = sent.acknowledged.len();
    report.note(format_args!("{} messages begun, {acknowledged} acknowledged", sent.begun));
    let lost = found.lost(&sent);
    report.check(format_args!("{lost} of the acknowledged are lost"), lost == 0);
    report.check(format_args!("{} files are no whole message", found.broken), found.broken == 0);
    let twice = found.duplicates();
    report.check(format_args!("{twice} duplicates (bar: one a kill)"), twice <= kills);
    let more = found.unacknowledged(&sent);
    report.note(format_args!("{more} delivered whose acknowledgement was lost"));
    report.check("there was load", acknowledged > 10 * kills);
    Ok(report)
}

/// A relay and the delivery agent behind it.
struct System {
    smtp: Port,
    _lmtp: Port,
    relay_config: PathBuf,
    agent_config: PathBuf,
    relay: Agent,
    agent: Agent,
    spool: PathBuf,
}

impl System {
    async fn start(folder: &Path) -> Result<Self, Failure> {
        let (smtp, lmtp) = (Port::reserve()?, Port::reserve()?);
        let (relay_config, agent_config) = (folder.join("mta.toml"), folder.join("mda.toml"));
        let spool = folder.join("spool");
        fs::write(
            &relay_config,
            format!(
                "hostname = \"mx1.b.com\"\nspool = {spool:?}\ndomains = [\"b.com\"]\ndeliver = \"{}\"\n\
                 [listen]\nmx = [\"{}\"]\n[dns]\nservers = [\"127.0.0.1:9\"]\n\
                 [retry]\nfirst_seconds = 0.2\nlongest_seconds = 1.0\n",
                lmtp.address(),
                smtp.address()
            ),
        )?;
        fs::write(
            &agent_config,
            format!(
                "hostname = \"mda.b.com\"\nlisten = [\"{}\"]\n[mailboxes]\n\"bea@b.com\" = {:?}\n",
                lmtp.address(),
                folder.join("bea")
            ),
        )?;
        let relay = Agent::start("mta", &relay_config, 1).await?;
        let agent = Agent::start("mda", &agent_config, 1).await?;
        Ok(Self { smtp, _lmtp: lmtp, relay_config, agent_config, relay, agent, spool })
    }

    async fn kill(&mut self, relay: bool, agent: bool) -> Result<(), Failure> {
        if relay {
            self.relay.kill().await?;
        }
        if agent {
            self.agent.kill().await?;
            self.agent = Agent::start("mda", &self.agent_config, 1).await?;
        }
        if relay {
            self.relay = Agent::start("mta", &self.relay_config, 1).await?;
        }
        Ok(())
    }

    /// How many messages are in the queue.
    fn queue(&self) -> io::Result<usize> {
        Ok(fs::read_dir(self.spool.join("mail"))?.count())
    }

    /// Waits until no more than so many are in the queue.
    async fn drained(&self, left: usize) -> Result<(), Failure> {
        let end = Instant::now() + DRAINS;
        while Instant::now() < end {
            if self.queue()? <= left {
                return Ok(());
            }
            time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("the queue does not become shorter than {}", self.queue()?).into())
    }
}
