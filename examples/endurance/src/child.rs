//! An agent as a child process.

use agent::Failure;
use std::{
    collections::BTreeMap,
    env, fs, mem,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpSocket,
    process::{Child, Command},
    sync::watch,
    time::timeout,
};

/// How long an agent may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running agent. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Agent {
    child: Child,
    listening: BTreeMap<String, SocketAddr>,
    spool_read: watch::Receiver<bool>,
}

impl Agent {
    /// Starts `program` with its configuration, and waits until it listens at `services` addresses. Its log
    /// goes to the end of a file beside the configuration.
    pub(crate) async fn start(
        program: &str,
        config: &Path,
        services: usize,
    ) -> Result<Self, Failure> {
        let binary = binary(program)?;
        Self::spawn(Command::new(&binary), program, config, services).await
    }

    /// As [`start`](Self::start), with at most so many open files.
    pub(crate) async fn start_with_files(
        program: &str,
        config: &Path,
        services: usize,
        files: usize,
    ) -> Result<Self, Failure> {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit -n {files} && exec \"$0\" \"$@\""));
        command.arg(binary(program)?);
        Self::spawn(command, program, config, services).await
    }

    async fn spawn(
        mut command: Command,
        program: &str,
        config: &Path,
        services: usize,
    ) -> Result<Self, Failure> {
        let mut child = command
            .arg("--config")
            .arg(config)
            // The spool's entries and the addresses, and what goes wrong.
            .env("RUST_LOG", "warn,agent=info,mta=info,mda=info")
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stderr = child.stderr.take().ok_or("no standard error")?;
        let mut lines = BufReader::new(stderr).lines();
        let (mut listening, mut log) = (BTreeMap::new(), String::new());
        let starting = async {
            while listening.len() < services {
                let Some(line) = lines.next_line().await? else {
                    return Err(Failure::from(format!("{program} does not start:\n{log}")));
                };
                listening.extend(address(&line));
                log.push_str(&line);
                log.push('\n');
            }
            Ok(())
        };
        timeout(PATIENCE, starting).await.map_err(|_| format!("{program} does not listen"))??;
        let mut file =
            fs::File::options().create(true).append(true).open(config.with_extension("log"))?;
        let told = |line: &str| line.contains("spool read");
        let (known, spool_read) = watch::channel(told(&log));
        tokio::spawn(async move {
            use std::io::Write;
            let _ = file.write_all(log.as_bytes());
            while let Ok(Some(line)) = lines.next_line().await {
                known.send_if_modified(|known| told(&line) && !mem::replace(known, true));
                let _ = writeln!(file, "{line}");
            }
        });
        Ok(Self { child, listening, spool_read })
    }

    /// Where the service called `name` listens.
    pub(crate) fn address(&self, name: &str) -> Result<SocketAddr, Failure> {
        let known = self.listening.get(name).copied();
        known.ok_or_else(|| format!("there is no service {name}").into())
    }

    /// Waits until a relay has read what was in its spool when it started.
    pub(crate) async fn spool_read(&mut self) -> Result<(), Failure> {
        let read = timeout(PATIENCE, self.spool_read.wait_for(|read| *read)).await;
        read.map_err(|_| "the spool is not read")??;
        Ok(())
    }

    /// Ends it as a power cut ends a process: with SIGKILL.
    pub(crate) async fn kill(&mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The memory that it holds, and the most that it has held, in KiB.
    pub(crate) fn memory(&self) -> Result<(u64, u64), Failure> {
        let pid = self.child.id().ok_or("it has ended")?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.trim().parse().ok()
        };
        let fields = field("VmRSS:").zip(field("VmHWM:"));
        fields.ok_or_else(|| "/proc tells nothing of its memory".into())
    }

    /// The processor time that it has used.
    pub(crate) fn cpu(&self) -> Result<Duration, Failure> {
        /// The unit of these figures, which Linux never changes.
        const TICK: Duration = Duration::from_millis(10);
        let pid = self.child.id().ok_or("it has ended")?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
        let ticks: u32 =
            fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
        Ok(TICK * ticks)
    }
}

/// The name and the address in the line of a log that tells where a service listens.
fn address(line: &str) -> Option<(String, SocketAddr)> {
    let (_, told) = line.split_once("listening service=\"")?;
    let (name, address) = told.split_once("\" address=")?;
    Some((name.to_owned(), address.trim().parse().ok()?))
}

/// The binary of an agent, which stands beside this one.
fn binary(program: &str) -> Result<PathBuf, Failure> {
    let path = env::current_exe()?.with_file_name(program);
    if path.is_file() {
        return Ok(path);
    }
    let path = path.display();
    Err(format!("there is no {path}: cargo build --release -p mta -p mda").into())
}

/// A port that nobody else gets, and that a server can listen at again and again.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _held: TcpSocket,
}

impl Port {
    pub(crate) fn reserve() -> Result<Self, Failure> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
        Ok(Self { address: socket.local_addr()?, _held: socket })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
