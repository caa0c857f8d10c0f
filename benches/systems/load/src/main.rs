//! Clients that keep a POP3 or IMAP server busy, and tell how much it did.
//!
//! ```text
//! load imap|pop3|fetch|append ADDRESS CLIENTS SECONDS USERS     one line of JSON: operations, seconds, latencies
//! load idle ADDRESS CLIENTS USERS       says `idle` when all are, and ends with its standard input
//! ```
//!
//! An operation is a whole session from the connection to the farewell (`imap`, `pop3`), the body of a message
//! (`fetch`) or a message stored (`append`). The users are `bea1@b.com` and so on; every answer is looked at, and
//! the first that is not a success ends the program with 1.

mod cases;
mod line;

use std::{
    env,
    error::Error,
    io,
    net::SocketAddr,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

/// Whatever keeps a client from its work.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load {}: {error}", arguments.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Failure> {
    match *arguments {
        ["idle", address, clients, users] => idle(address.parse()?, clients.parse()?, users.parse()?),
        [case, address, clients, seconds, users] => {
            let seconds = Duration::try_from_secs_f64(seconds.parse()?)?;
            load(case, address.parse()?, clients.parse()?, seconds, users.parse()?)
        }
        _ => Err("usage: load imap|pop3|fetch|append ADDRESS CLIENTS SECONDS USERS, or load idle ADDRESS CLIENTS USERS".into()),
    }
}

/// Client and user, both from 0.
#[derive(Clone, Copy)]
struct Who {
    client: usize,
    users: usize,
}

impl Who {
    /// The name to log in with.
    fn user(self) -> String {
        format!("bea{}@b.com", self.client % self.users + 1)
    }
}

/// Runs the clients side by side until the time is over.
fn load(
    case: &str,
    server: SocketAddr,
    clients: usize,
    time: Duration,
    users: usize,
) -> Result<(), Failure> {
    let operate = match case {
        "imap" => cases::imap,
        "pop3" => cases::pop3,
        "fetch" => cases::fetch,
        "append" => cases::append,
        _ => return Err(format!("no case {case:?}").into()),
    };
    let begin = Instant::now();
    let threads: Vec<_> = (0..clients)
        .map(|client| thread::spawn(move || operate(server, Who { client, users }, begin + time)))
        .collect();
    let mut took = Vec::new();
    for thread in threads {
        took.extend(thread.join().map_err(|_| "a client panicked")??);
    }
    let seconds = begin.elapsed().as_secs_f64();
    took.sort_unstable();
    let at = |share: f64| {
        took.get((took.len() as f64 * share) as usize).map_or(0.0, |one| one.as_secs_f64() * 1e3)
    };
    println!(
        r#"{{"operations": {}, "seconds": {seconds:.3}, "p50_ms": {:.3}, "p99_ms": {:.3}}}"#,
        took.len(),
        at(0.5),
        at(0.99)
    );
    Ok(())
}

/// Opens the sessions, has them idle, and keeps them until standard input ends.
fn idle(server: SocketAddr, clients: usize, users: usize) -> Result<(), Failure> {
    let mut sessions = Vec::new();
    for client in 0..clients {
        sessions.push(cases::idle(server, Who { client, users })?);
    }
    println!("idle");
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
