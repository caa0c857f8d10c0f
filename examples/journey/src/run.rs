use crate::{
    Route, many,
    original::Original,
    report::{self, Row},
    watch::{Hop, Watch},
    world::{ANA, BEA, World},
};
use agent::Failure;
use imf_message::{Message, Received};
use sha2::{Digest, Sha256};
use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long the message may be on its way; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to send and what to leave behind.
#[derive(Debug, Default)]
pub struct Options {
    /// A message to send in place of Ana's own.
    pub message: Option<PathBuf>,
    /// Files to attach to Ana's own.
    pub attach: Vec<PathBuf>,
    /// The ways to go.
    pub routes: Vec<Route>,
    /// How many copies of the message to send, if more than the one.
    pub count: Option<NonZeroUsize>,
    /// Where to keep everything; nowhere if `None`.
    pub keep: Option<PathBuf>,
    /// Whether to leave everything running until the process is told to stop.
    pub serve: bool,
}

/// Makes every journey that is asked for, and tells whether everything arrived as it should.
///
/// # Errors
/// The message cannot be sent as it is, an agent cannot start, or the message got lost.
pub async fn run(options: &Options, watch: &Watch) -> Result<bool, Failure> {
    let original = original(options)?;
    for note in &original.notes {
        report::note(format!("The message was converted: {note}."));
    }
    let mut rows = Vec::new();
    for route in &options.routes {
        watch.clear();
        let temporary = tempfile::tempdir()?;
        let folder = options.keep.as_deref().unwrap_or_else(|| temporary.path());
        let folder =
            if options.routes.len() == 1 { folder.to_owned() } else { folder.join(route.name()) };
        fs::create_dir_all(&folder)?;
        rows.push(travel(*route, &folder, &original, options, watch).await?);
    }
    if let Some(folder) = &options.keep {
        report::note(format!("Everything is kept in {}.", folder.display()));
    }
    if rows.len() > 1 {
        report::table(&rows);
    }
    Ok(rows.iter().all(|row| row.right))
}

/// Makes one journey.
async fn travel(
    route: Route,
    folder: &Path,
    original: &Original,
    options: &Options,
    watch: &Watch,
) -> Result<Row, Failure> {
    report::picture(route);
    let mut world = World::start(folder, route).await?;
    let start = Instant::now();
    let (right, took) = match options.count {
        Some(count) => {
            let right = many::send(&mut world, route, watch, original, count.get()).await?;
            (right, start.elapsed())
        }
        None => {
            let arrived = send(&mut world, route, watch, original).await?;
            let took = start.elapsed();
            let right = prove(route, &original.bytes, &arrived);
            (right & answer(&world, route, watch, &arrived).await?, took)
        }
    };
    if options.serve {
        serve(&world).await?;
    }
    world.stop().await?;
    Ok(Row { route, took, right })
}

fn original(options: &Options) -> Result<Original, Failure> {
    match &options.message {
        Some(path) => Ok(Original::read(path)?),
        None => Ok(Original { bytes: letter(&options.attach)?, notes: Vec::new() }),
    }
}

/// What Ana writes when she is not told what.
fn letter(attach: &[PathBuf]) -> Result<Vec<u8>, Failure> {
    let draft = mua::Draft {
        from: format!("{} <{}>", ANA.name, ANA.address),
        to: vec![format!("{} <{}>", BEA.name, BEA.address)],
        subject: "A letter on its way ✉".into(),
        text: Some("Dear Bea,\r\n\r\nthis letter passes every station of the road.\r\n.\r\n\r\nAna\r\n".into()),
        html: Some("<p>Dear Bea,</p><p>this letter passes every <b>station</b> of the road.</p><p>Ana</p>\r\n".into()),
        attach: attach.to_vec(),
        ..mua::Draft::default()
    };
    Ok(draft.compose()?.message)
}

/// Sends the message from Ana, lets it go its way, and collects it as Bea.
async fn send(
    world: &mut World,
    route: Route,
    watch: &Watch,
    original: &Original,
) -> Result<Vec<u8>, Failure> {
    let start = Instant::now();
    let (ana, bea) = (world.mail_program(&ANA)?, route.reader());
    mua::send(&ana, ANA.address, &[bea.address], &original.bytes).await?;
    if route.outage() > 0 {
        step(watch, "the second host of b.com to put the message off", |hops| {
            let deferred =
                |hop: &&Hop| hop.agent == "mx2.b.com" && hop.what.starts_with("deferred");
            hops.iter().filter(deferred).count() >= route.outage()
        })
        .await?;
        world.start_mx1().await?;
    }
    step(watch, "the message to be in Bea's Maildir", |hops| {
        let delivered = format!("delivered to {}", bea.address);
        hops.iter().any(|hop| hop.agent.starts_with("mda.") && hop.what.starts_with(&delivered))
    })
    .await?;
    let program = world.mail_program(bea)?;
    let mailbox = collect(&program).await?;
    // By POP3 it must be the same.
    let by_pop3 = collect(&mua::Config { imap: None, ..program }).await?;
    report::heading("The way");
    report::hops(start, &watch.hops());
    if mailbox != by_pop3 {
        return Err("Bea reads other octets by POP3 than by IMAP".into());
    }
    match <[Vec<u8>; 1]>::try_from(mailbox) {
        Ok([message]) => Ok(message),
        Err(mailbox) => Err(format!("Bea has {} messages, not one", mailbox.len()).into()),
    }
}

/// Bea answers what has arrived, and Ana reads the answer.
async fn answer(
    world: &World,
    route: Route,
    watch: &Watch,
    arrived: &[u8],
) -> Result<bool, Failure> {
    let (ana, bea) = (world.mail_program(&ANA)?, world.mail_program(route.reader())?);
    let draft = mua::Draft {
        from: format!("{} <{}>", bea.name, bea.address),
        ..mua::reply(&bea.address, arrived, "Dear Ana,\n\nit has come all the way.\n\nBea\n", false)
    };
    let id = draft.in_reply_to.clone();
    let addressed = draft.to.iter().any(|to| to.contains(ANA.address));
    report::heading("The answer");
    if !addressed {
        // A message of someone else's, from a file.
        report::note("The message is not from Ana, so Bea does not answer it.");
        return Ok(true);
    }
    let composed = draft.compose()?;
    mua::send(&bea, &composed.from, &composed.recipients, &composed.message).await?;
    step(watch, "the answer to be in Ana's Maildir", |hops| {
        let delivered = format!("delivered to {}", ANA.address);
        hops.iter().any(|hop| hop.agent == "mda.a.org" && hop.what.starts_with(&delivered))
    })
    .await?;
    let mut mailbox = collect(&ana).await?;
    let Some(answer) = mailbox.pop().filter(|_| mailbox.is_empty()) else {
        return Ok(report::check("Ana has Bea's answer", false));
    };
    let message = Message::new(&answer);
    let names = message.field("In-Reply-To").map(|field| field.ids()).unwrap_or_default();
    let right = report::check(
        "Ana has read Bea's answer, and it names her message",
        answer.ends_with(&composed.message) && names.last().map(|id| &**id) == id.as_deref(),
    );
    Ok(right)
}

/// Reads everything in the mailbox.
pub(crate) async fn collect(config: &mua::Config) -> Result<Vec<Vec<u8>>, mua::Error> {
    let mut mailbox = mua::open(config, "INBOX").await?;
    let mut messages = Vec::new();
    for line in mailbox.list().await? {
        messages.push(mailbox.read(line.number).await?);
    }
    mailbox.close().await?;
    Ok(messages)
}

async fn step(watch: &Watch, what: &str, found: impl Fn(&[Hop]) -> bool) -> Result<(), Failure> {
    let seen = watch.until(|hops| found(hops).then_some(()));
    if timeout(PATIENCE, seen).await.is_ok() {
        return Ok(());
    }
    report::heading("The way, as far as it went");
    report::hops(Instant::now(), &watch.hops());
    Err(format!("waited {} seconds for {what}", PATIENCE.as_secs()).into())
}

/// Compares what was sent with what arrived, and shows it.
fn prove(route: Route, sent: &[u8], arrived: &[u8]) -> bool {
    let (before, after) = (Message::new(sent), Message::new(arrived));
    report::heading("The Received chain, last hop first");
    for field in after
        .fields()
        .filter(|field| field.is("Received") || field.is("Return-Path") || field.is("Delivered-To"))
    {
        // Ana's own Received fields, if her message had any, are part of what she sent.
        if field.span().span.start + sent.len() < arrived.len() {
            report::note(String::from_utf8_lossy(field.raw()).trim_end());
        }
    }
    report::heading("The proof");
    let by: Vec<String> = after
        .fields()
        .filter(|field| field.is("Received"))
        .filter_map(|field| Received::parse(field.value()).by)
        .take(route.relays().len())
        .collect();
    let passed = report::check(
        format!("the message passed {}", route.relays().join(", then ")),
        by.iter().rev().eq(route.relays()),
    );
    let fields: Vec<&[u8]> = before.fields().map(|field| field.raw()).collect();
    let kept: Vec<&[u8]> = after.fields().map(|field| field.raw()).collect();
    let digests = [before.root(), after.root()].map(|part| hex(&Sha256::digest(part.body())));
    let mut right = passed;
    right &= report::check(
        format!("every one of the {} fields Ana wrote is unchanged", fields.len()),
        kept.ends_with(&fields),
    );
    right &= report::check(format!("the body Ana sent has the digest    {}", digests[0]), true);
    right &= report::check(
        format!("the body Bea has read has the digest {}", digests[1]),
        digests[0] == digests[1],
    );
    right &= report::check(
        format!(
            "the {} octets Ana sent are the last of the {} that arrived",
            sent.len(),
            arrived.len()
        ),
        arrived.ends_with(sent),
    );
    right
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Prints the settings for a mail program and waits for the end.
async fn serve(world: &World) -> Result<(), Failure> {
    report::heading("Settings for a mail program");
    anstream::println!("{}", world.settings()?);
    let stop = agent::stop_on_signal();
    anstream::println!("Serving until interrupted.");
    stop.stopped().await;
    Ok(())
}

/// Whether a folder can be used to keep things in: it must be new or empty.
///
/// # Errors
/// The folder holds something, or is none.
pub fn check_folder(folder: &Path) -> Result<(), Failure> {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        Ok(true) => Err(format!("{} is not empty", folder.display()).into()),
        Ok(false) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("{}: {error}", folder.display()).into()),
    }
}
