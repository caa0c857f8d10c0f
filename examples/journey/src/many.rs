//! Many messages over one route, and how long they take.

use crate::{
    Route,
    original::Original,
    report,
    run::collect,
    watch::Watch,
    world::{ANA, User, World},
};
use agent::Failure;
use imf_message::Message;
use indicatif::{ProgressBar, ProgressStyle};
use maildir::Maildir;
use posta_core::disk::fs::Fs;
use std::{
    collections::{BTreeMap, HashMap},
    io::Read,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{interval, timeout},
};

/// How many sessions Ana's program has at once.
const SESSIONS: usize = 10;

/// How long the messages may be on their way once the last of them has been sent.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often the progress bar moves.
const TICK: Duration = Duration::from_millis(50);

/// The field that tells one message from the other.
const NUMBER: &str = "X-Journey";

/// Octets in which that field is found: it comes right behind the trace of the way.
const HEAD: u64 = 16 * 1024;

/// Sends `count` copies of a message, each with its number in front, and tells whether all of them arrived
/// as they were sent.
pub(crate) async fn send(
    world: &mut World,
    route: Route,
    watch: &Watch,
    original: &Original,
    count: usize,
) -> Result<bool, Failure> {
    let reader = route.reader();
    let style = ProgressStyle::with_template("  {msg:<10} {bar:40} {pos}/{len} {per_sec}")?;
    let bar = ProgressBar::new(count as u64).with_style(style);
    let start = Instant::now();
    let sent = submit(world, reader, original, count, &bar).await?;
    let submitted = start.elapsed();
    if route.outage() > 0 {
        world.start_mx1().await?;
    }
    let delivery = timeout(PATIENCE, delivered(watch, reader, count, &bar)).await;
    bar.finish_and_clear();
    let took = start.elapsed();
    let arrived = arrivals(world, reader, watch)?;
    let way =
        |(n, sent): (&usize, &Submitted)| Some(arrived.get(n)?.saturating_duration_since(sent.at));
    report::heading("How long it took");
    report::rate(
        "taken by the first server",
        submitted,
        sent.values().map(|sent| sent.took).collect(),
    );
    report::rate("in Bea's Maildir", took, sent.iter().filter_map(way).collect());
    report::heading("The proof");
    let got = collect(&world.mail_program(reader)?).await?;
    let mut right = report::check(
        format!("Ana sent {count} messages, and Bea has {}", got.len()),
        delivery.is_ok() && got.len() == count,
    );
    let got: HashMap<usize, &Vec<u8>> =
        got.iter().filter_map(|message| Some((number(message)?, message))).collect();
    let whole = |n| got.get(&n).is_some_and(|message| message.ends_with(&numbered(original, n)));
    right &= report::check("each of them is as it was sent", (0..count).all(whole));
    Ok(right)
}

/// When a message was begun, and how long it took until a server had it.
struct Submitted {
    at: Instant,
    took: Duration,
}

async fn submit(
    world: &World,
    reader: &'static User,
    original: &Original,
    count: usize,
    bar: &ProgressBar,
) -> Result<BTreeMap<usize, Submitted>, Failure> {
    bar.set_message("sent");
    let config = Arc::new(world.mail_program(&ANA)?);
    let slots = Arc::new(Semaphore::new(SESSIONS));
    let (mut sessions, mut all) = (JoinSet::new(), BTreeMap::new());
    for n in 0..count {
        let slot = Arc::clone(&slots).acquire_owned().await?;
        let (config, message) = (Arc::clone(&config), numbered(original, n));
        sessions.spawn(async move {
            let at = Instant::now();
            let sent = mua::send(&config, ANA.address, &[reader.address], &message).await;
            drop(slot);
            sent.map(|_| (n, Submitted { at, took: at.elapsed() }))
        });
    }
    while let Some(done) = sessions.join_next().await {
        all.extend([done??]);
        bar.inc(1);
    }
    Ok(all)
}

/// Waits until all messages are in the Maildir.
async fn delivered(watch: &Watch, reader: &User, count: usize, bar: &ProgressBar) {
    bar.set_message("delivered");
    let what = format!("delivered to {}", reader.address);
    let mut tick = interval(TICK);
    loop {
        tick.tick().await;
        let here = watch.look(|hops| hops.iter().filter(|hop| hop.what.starts_with(&what)).count());
        bar.set_position(here as u64);
        if here >= count {
            return;
        }
    }
}

/// When each message came into the Maildir, by its number.
fn arrivals(
    world: &World,
    reader: &User,
    watch: &Watch,
) -> Result<HashMap<usize, Instant>, Failure> {
    let by_id: HashMap<String, Instant> =
        watch.look(|hops| hops.iter().map(|hop| (hop.id.clone(), hop.at)).collect());
    let maildir = Maildir::create(Fs::new(world.maildir(reader)))?;
    let mut arrivals = HashMap::new();
    for entry in maildir.list()? {
        let mut head = Vec::new();
        maildir.open(&entry)?.take(HEAD).read_to_end(&mut head)?;
        if let (Some(n), Some(at)) = (number(&head), by_id.get(entry.id())) {
            arrivals.insert(n, *at);
        }
    }
    Ok(arrivals)
}

/// A copy of the message with its number.
fn numbered(original: &Original, n: usize) -> Vec<u8> {
    [format!("{NUMBER}: {n}\r\n").as_bytes(), &original.bytes].concat()
}

/// The number of a copy.
fn number(message: &[u8]) -> Option<usize> {
    Message::new(message).field(NUMBER)?.text().trim().parse().ok()
}
