//! All cases at all servers.

use crate::{
    case::{Case, Kind, Verdict},
    measures::{self, Snapshot},
    report::{Outcome, Report},
    server::{Server, try_case},
    tables::cases,
};
use std::{
    panic::resume_unwind,
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

/// How many cases are tried at one server at a time. A POP3 server lets one session at a mailbox.
fn at_once(kind: Kind) -> usize {
    if kind == Kind::Pop3 { 1 } else { 4 }
}

/// Tries the cases of these classes, or of all if there are none, at every server. The servers are tried side
/// by side; `stress` is how long ten clients work on one mailbox.
pub fn run(servers: &[Server], classes: &[u8], stress: Duration) -> Report {
    let wanted = |class: u8| classes.is_empty() || classes.contains(&class);
    let cases: Vec<Case> = cases().into_iter().filter(|case| wanted(case.class)).collect();
    // Before all else, or what the cases leave behind counts, and one after the other: some share a process.
    let mut outcomes: Vec<Outcome> =
        servers.iter().filter(|_| wanted(9)).filter_map(measures::weight).collect();
    outcomes.extend(thread::scope(|scope| {
        let tried: Vec<_> = servers
            .iter()
            .map(|server| {
                let cases = &cases;
                scope.spawn(move || {
                    let mut outcomes = try_cases(server, cases);
                    outcomes.extend(measure(server, stress));
                    outcomes.retain(|outcome| wanted(outcome.class));
                    outcomes
                })
            })
            .collect();
        let joined = tried.into_iter().map(|tried| tried.join());
        joined
            .flat_map(|tried| tried.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect::<Vec<_>>()
    }));
    // One server after the other: here it counts how long something takes.
    outcomes.extend(servers.iter().filter(|_| wanted(23)).map(measures::slow));
    // What arrived at a mailbox came by whatever way there is to it, and so did what is in the log.
    let mut seen = Vec::new();
    for server in servers {
        if !seen.contains(&server.name.as_str()) {
            seen.push(&server.name);
            outcomes.extend(measures::smuggled(server).filter(|_| wanted(1)));
            outcomes.extend(measures::secrets(server).filter(|_| wanted(30)));
        }
    }
    outcomes.sort_by_key(|outcome| outcome.class);
    Report { outcomes }
}

fn try_cases(server: &Server, cases: &[Case]) -> Vec<Outcome> {
    let cases: Vec<_> = cases.iter().filter(|case| case.on.contains(&server.kind)).collect();
    let around = || server.maildir.as_ref().and_then(|maildir| Snapshot::around(maildir).ok());
    let then = around();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..at_once(server.kind) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = try_case(server, case);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    let mut outcomes = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    let place = |outcome: &Outcome| {
        cases.iter().position(|case| case.name == outcome.case && case.class == outcome.class)
    };
    outcomes.sort_by_key(place);
    if let (Kind::Imap, Some(then), Some(now)) = (server.kind, then, around()) {
        outside(server, &mut outcomes, &now.changes(&then));
    }
    outcomes
}

/// V15: names that were taken are right if nothing was touched outside of the Maildir.
fn outside(server: &Server, outcomes: &mut Vec<Outcome>, changes: &[&std::path::Path]) {
    let names = outcomes.iter_mut().filter(|outcome| outcome.class == 15);
    for outcome in
        names.filter(|outcome| outcome.verdict == Verdict::DiffersButSafe && changes.is_empty())
    {
        outcome.verdict = Verdict::Holds;
    }
    let (verdict, said) = match changes {
        [] => (Verdict::Holds, "nothing has changed".to_owned()),
        [first, ..] => {
            (Verdict::Fails, format!("{} changes, as {}", changes.len(), first.display()))
        }
    };
    outcomes.push(Outcome::new(
        15,
        server,
        "what stands beside the Maildir",
        "all of the above",
        verdict,
        said,
    ));
}

fn measure(server: &Server, stress: Duration) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    if matches!(server.kind, Kind::Smtp | Kind::Submission | Kind::Lmtp) {
        outcomes.push(measures::canary(server));
    }
    if server.kind == Kind::Imap && !stress.is_zero() {
        outcomes.push(measures::stress(server, stress));
    }
    outcomes
}
