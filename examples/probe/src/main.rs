//! Tries thirty classes of holes on mail servers.

use clap::Parser;
use posta_net::tls::{self, ClientConfig, Verify};
use probe::{BadServer, Facts, Kind, Report, Server, run};
use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

/// Tries thirty classes of holes on any mail server on loopback, and prints a matrix of what came of it. Give
/// several servers a NAME, and each has a column. It sends mail, makes and removes mailboxes, and logs in: give
/// it a mailbox for tests.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// An SMTP server that takes mail for its domains from anyone
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    smtp: Vec<String>,
    /// An SMTP server for users who log in
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    submission: Vec<String>,
    /// An LMTP server
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    lmtp: Vec<String>,
    /// A POP3 server
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    pop3: Vec<String>,
    /// An IMAP server
    #[arg(long, value_name = "[NAME=]HOST:PORT")]
    imap: Vec<String>,
    /// Starts TLS on every connection at once, as on ports 465, 993 and 995
    #[arg(long)]
    tls: bool,
    /// Who logs in
    #[arg(long, default_value = "bea@b.com")]
    user: String,
    /// The password
    #[arg(long, default_value = "")]
    password: String,
    /// Who gets mail; the user, if nothing is given
    #[arg(long)]
    recipient: Option<String>,
    /// The Maildir where that mail arrives: what is in it afterwards counts, and that nothing beside it has changed
    #[arg(long, value_name = "[NAME=]PATH")]
    maildir: Vec<String>,
    /// The log of a server: no password may be in it
    #[arg(long, value_name = "[NAME=]FILE")]
    log: Vec<String>,
    /// The process of a server of one kind: what connections weigh
    #[arg(long, value_name = "[NAME=]KIND:PID")]
    pid: Vec<String>,
    /// How long ten clients work on one IMAP mailbox, in seconds
    #[arg(long, default_value_t = 5)]
    stress: u64,
    /// How long a server may be silent before that counts as its answer, in seconds
    #[arg(long, default_value_t = 5)]
    patience: u64,
    /// Only the classes of this list, as in 1,5,21
    #[arg(long, value_delimiter = ',')]
    classes: Vec<u8>,
    /// Writes what came of every case here, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The exit code says whether this server fails, and no other
    #[arg(long, value_name = "NAME")]
    judge: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match try_all(&arguments) {
        Ok(report) => verdict(&arguments, &report),
        Err(error) => {
            eprintln!("probe: {error}");
            ExitCode::from(2)
        }
    }
}

fn try_all(arguments: &Arguments) -> Result<Report, Box<dyn std::error::Error>> {
    // Made where nobody else makes files; it goes away with its folder.
    let folder = tempfile::TempDir::new()?;
    let canary = folder.path().join("canary").to_string_lossy().into_owned();
    let servers = servers(arguments, &canary, &tls::client(&Verify::None)?)?;
    if servers.is_empty() {
        return Err("no server is given; see --help".into());
    }
    let report = run(&servers, &arguments.classes, Duration::from_secs(arguments.stress));
    if let Some(path) = &arguments.json {
        fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(report)
}

/// Prints the report, and says what it means.
fn verdict(arguments: &Arguments, report: &Report) -> ExitCode {
    println!("{report}");
    let judged = |name: &str| arguments.judge.as_ref().is_none_or(|judge| judge == name);
    let failed = report.failures().filter(|outcome| judged(&outcome.server)).count();
    println!(
        "{} cases, {} fail, {failed} of them count",
        report.outcomes.len(),
        report.failures().count()
    );
    if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn servers(
    arguments: &Arguments,
    canary: &str,
    trust: &Arc<ClientConfig>,
) -> Result<Vec<Server>, BadServer> {
    let (maildirs, logs, pids) =
        (by_name(&arguments.maildir), by_name(&arguments.log), by_name(&arguments.pid));
    let recipient = arguments.recipient.as_ref().unwrap_or(&arguments.user);
    let mut servers = Vec::new();
    for (kind, given) in [
        (Kind::Smtp, &arguments.smtp),
        (Kind::Submission, &arguments.submission),
        (Kind::Lmtp, &arguments.lmtp),
        (Kind::Pop3, &arguments.pop3),
        (Kind::Imap, &arguments.imap),
    ] {
        for text in given {
            let (name, address) = split(text);
            let of = |all: &BTreeMap<&str, Vec<&str>>| {
                all.get(name).and_then(|all| all.first().map(PathBuf::from))
            };
            let pid = pids.get(name).into_iter().flatten().find_map(|pid| {
                let (of, pid) = pid.split_once(':')?;
                (of == kind.to_string()).then(|| pid.parse().ok()).flatten()
            });
            servers.push(Server {
                name: name.to_owned(),
                kind,
                address: probe::loopback(address)?,
                tls: arguments.tls,
                trust: Arc::clone(trust),
                patience: Duration::from_secs(arguments.patience.max(1)),
                facts: Facts {
                    recipient: recipient.clone(),
                    user: arguments.user.clone(),
                    password: arguments.password.clone(),
                    canary: canary.to_owned(),
                    sender: if kind == Kind::Submission {
                        arguments.user.clone()
                    } else {
                        "ana@a.org".to_owned()
                    },
                },
                maildir: of(&maildirs),
                log: of(&logs),
                pid,
            });
        }
    }
    Ok(servers)
}

/// `NAME=VALUE`, or a value for a server without a name.
fn split(text: &str) -> (&str, &str) {
    text.split_once('=').unwrap_or(("server", text))
}

fn by_name(texts: &[String]) -> BTreeMap<&str, Vec<&str>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in texts.iter().map(|text| split(text)) {
        all.entry(name).or_default().push(value);
    }
    all
}
