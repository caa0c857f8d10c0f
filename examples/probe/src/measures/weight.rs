//! V9: what connections weigh.

use crate::{Outcome, Server, Verdict};
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

/// How many connections.
const CONNECTIONS: usize = 40;

/// What one may weigh with a megabyte sent and no end of a line.
const MOST: u64 = 128;

/// Compares the memory of the server's processes with what it is when clients have sent 1 MiB each, and no
/// end of a line.
pub fn weight(server: &Server) -> Option<Outcome> {
    let pid = server.pid?;
    let name = "what a connection weighs";
    let sent = format!("{CONNECTIONS} times 1 MiB without an end");
    let outcome = |verdict, said| Some(Outcome::new(9, server, name, sent.clone(), verdict, said));
    if server.tls {
        return outcome(Verdict::DoesNotApply, "under TLS from the beginning".to_owned());
    }
    // What the very first one costs is not what each costs.
    drop(connections(server, 1));
    let before = kibibytes(pid);
    let held = connections(server, CONNECTIONS);
    let after = kibibytes(pid);
    if before == 0 || held.is_empty() {
        return outcome(Verdict::NotReached, format!("{} connections, {before} KiB", held.len()));
    }
    let each = after.saturating_sub(before) / held.len() as u64;
    let verdict = if each < MOST { Verdict::Holds } else { Verdict::Fails };
    outcome(verdict, format!("{each} KiB a connection"))
}

/// Connections that have sent a megabyte, or as much of it as the server took.
fn connections(server: &Server, count: usize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..count {
        let Ok(mut tcp) = TcpStream::connect_timeout(&server.address, server.patience) else {
            break;
        };
        let short = Some(Duration::from_millis(200));
        // What cannot be set is no reason not to try.
        let _ = (tcp.set_write_timeout(short), tcp.set_read_timeout(short));
        let _ = tcp.read(&mut [0; 512]);
        let _ = tcp.write_all(&vec![b'x'; 1 << 20]);
        held.push(tcp);
    }
    thread::sleep(Duration::from_millis(300));
    held
}

/// The memory of a process and of those that it has started, each page counted once.
fn kibibytes(pid: u32) -> u64 {
    let text = |what: &str| fs::read_to_string(format!("/proc/{pid}/{what}")).unwrap_or_default();
    let rollup = text("smaps_rollup");
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let own = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    let children = text(&format!("task/{pid}/children"));
    let below: u64 =
        children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(kibibytes).sum();
    own.unwrap_or(0) + below
}
