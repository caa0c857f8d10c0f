//! V23: who is slow does not keep others waiting.

use crate::{Outcome, Server, Stage, Step, Verdict, case, talk::talk};
use std::{
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};

/// How many clients are slow. Servers that allow fewer from one address would turn away the healthy one, too.
const SLOW: usize = 40;

/// How soon a healthy client should be served meanwhile; a server on a busy machine may take longer.
const SOON: Duration = Duration::from_secs(1);

/// Holds connections that have sent a piece of a command, and looks how long a healthy client waits.
pub fn slow(server: &Server) -> Outcome {
    let name = format!("{SLOW} slow clients");
    let outcome = |verdict, said: String| {
        Outcome::new(23, server, name.clone(), "half a command each", verdict, said)
    };
    let mut held = Vec::new();
    for _ in 0..SLOW {
        match TcpStream::connect_timeout(&server.address, server.patience) {
            Ok(tcp) => held.push(tcp),
            Err(error) => return outcome(Verdict::NotReached, error.to_string()),
        }
    }
    let healthy = case(23, &[], "", Stage::Hello, Vec::<Step>::new(), crate::Rule::Serves);
    let mut longest = Duration::ZERO;
    for piece in [b"N", b"O", b"O"] {
        for tcp in &mut held {
            // Whoever is sent away is no longer slow.
            let _ = tcp.write_all(piece);
        }
        let begin = Instant::now();
        let served = server
            .connect()
            .map(|mut wire| talk(&mut wire, server.kind, &healthy, &[], &server.facts));
        match served {
            Ok(Ok(_)) => longest = longest.max(begin.elapsed()),
            Ok(Err(why)) => return outcome(Verdict::Fails, format!("{why:?}")),
            Err(why) => return outcome(Verdict::Fails, why),
        }
    }
    let verdict = if longest < SOON { Verdict::Holds } else { Verdict::DiffersButSafe };
    outcome(verdict, format!("a healthy one is served within {} ms", longest.as_millis()))
}
