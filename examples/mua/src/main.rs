//! The mail program: composes, sends, lists, reads, sorts and answers.

use agent::Failure;
use clap::{Args, Parser, Subcommand};
use imf_message::Message;
use mua::{Config, Draft, Line, Mailbox};
use std::{fs, io::Write, path::PathBuf, process::ExitCode};

/// Sends mail by SMTP submission, and reads and sorts it by IMAP, or reads it by POP3.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "mua.toml")]
    config: PathBuf,
    /// The folder to work in
    #[arg(long, global = true, value_name = "NAME", default_value = "INBOX")]
    folder: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Composes a message and sends it
    Send(Send),
    /// Sends a message from a file as it is
    SendFile {
        /// The message, its lines ended by CRLF or LF
        file: PathBuf,
        /// To whom; may be repeated
        #[arg(long, required = true, value_name = "ADDRESS")]
        to: Vec<String>,
    },
    /// Lists the folder
    List,
    /// Lists the messages that hold a text (IMAP)
    Search {
        /// The text
        text: String,
    },
    /// Lists all folders (IMAP)
    Folders,
    /// Shows a message
    Read {
        /// Its number in the list
        number: u32,
        /// Prints it as it is stored
        #[arg(long)]
        raw: bool,
        /// Writes its attachments into this folder
        #[arg(long, value_name = "DIR")]
        save: Option<PathBuf>,
    },
    /// Removes a message
    Delete {
        /// Its number in the list
        number: u32,
    },
    /// Gives a message a flag, as \Flagged or a word (IMAP)
    Flag {
        /// Its number in the list
        number: u32,
        /// The flag
        flag: String,
        /// Takes it away
        #[arg(long)]
        off: bool,
    },
    /// Moves a message into another folder, which is made if it does not exist (IMAP)
    Move {
        /// Its number in the list
        number: u32,
        /// The folder
        to: String,
    },
    /// Answers a message
    Reply {
        /// Its number in the list
        number: u32,
        /// A file with the text
        #[arg(long, value_name = "FILE")]
        text: PathBuf,
        /// Answers all who got it
        #[arg(long)]
        all: bool,
    },
    /// Passes a message on as it is
    Forward {
        /// Its number in the list
        number: u32,
        /// To whom; may be repeated
        #[arg(long, required = true, value_name = "ADDRESS")]
        to: Vec<String>,
        /// A file with a text of one's own
        #[arg(long, value_name = "FILE")]
        text: Option<PathBuf>,
    },
}

#[derive(Args)]
struct Send {
    /// To whom; may be repeated
    #[arg(long, required = true, value_name = "ADDRESS")]
    to: Vec<String>,
    /// To whom else
    #[arg(long, value_name = "ADDRESS")]
    cc: Vec<String>,
    /// To whom else, unseen by the others
    #[arg(long, value_name = "ADDRESS")]
    bcc: Vec<String>,
    /// The subject
    #[arg(long, default_value = "")]
    subject: String,
    /// A file with the text
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,
    /// A file with the text in HTML
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// A file to attach; may be repeated
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    agent::init("warn");
    agent::run(async {
        let config: Config = agent::load(&arguments.config)?;
        let folder = &*arguments.folder;
        match arguments.command {
            Command::Send(send) => compose_and_send(&config, send).await,
            Command::SendFile { file, to } => send_file(&config, &file, &to).await,
            command => {
                let mut mailbox = mua::open(&config, folder).await?;
                in_mailbox(&config, command, &mut mailbox).await?;
                Ok(mailbox.close().await?)
            }
        }
    })
}

/// What is done with a mailbox open.
async fn in_mailbox(
    config: &Config,
    command: Command,
    mailbox: &mut Mailbox,
) -> Result<(), Failure> {
    match command {
        Command::List => show(&mailbox.list().await?),
        Command::Search { text } => show(&mailbox.search(&text).await?),
        Command::Folders => {
            for name in mailbox.folders().await? {
                println!("{}", plain(&name));
            }
        }
        Command::Read { number, raw, save } => read(&mailbox.read(number).await?, raw, save)?,
        Command::Delete { number } => mailbox.delete(number).await?,
        Command::Flag { number, flag, off } => mailbox.flag(number, &flag, !off).await?,
        Command::Move { number, to } => mailbox.move_to(number, &to).await?,
        Command::Reply { number, text, all } => {
            let original = mailbox.read(number).await?;
            let text = fs::read_to_string(text)?;
            let draft = mua::reply(&config.address, &original, &text, all);
            send_draft(config, draft).await?;
            // That it was answered can only be noted where there are flags.
            if let Mailbox::Imap(_) = mailbox {
                mailbox.flag(number, "\\Answered", true).await?;
            }
        }
        Command::Forward { number, to, text } => {
            let original = mailbox.read(number).await?;
            let text = text.map(fs::read_to_string).transpose()?.unwrap_or_default();
            send_draft(config, Draft { to, ..mua::forward(&original, &text) }).await?;
        }
        // They need no mailbox.
        Command::Send(_) | Command::SendFile { .. } => {}
    }
    Ok(())
}

async fn compose_and_send(config: &Config, send: Send) -> Result<(), Failure> {
    let draft = Draft {
        to: send.to,
        cc: send.cc,
        bcc: send.bcc,
        subject: send.subject,
        text: send.text.map(fs::read_to_string).transpose()?,
        html: send.html.map(fs::read_to_string).transpose()?,
        attach: send.attach,
        ..Draft::default()
    };
    send_draft(config, draft).await
}

/// Sends a draft as the user of this program.
async fn send_draft(config: &Config, draft: Draft) -> Result<(), Failure> {
    let from = format!("{} <{}>", quoted(&config.name), config.address);
    let composed = Draft { from, ..draft }.compose()?;
    report(mua::send(config, &composed.from, &composed.recipients, &composed.message).await?);
    Ok(())
}

async fn send_file(config: &Config, file: &PathBuf, to: &[String]) -> Result<(), Failure> {
    let message = fs::read(file)?;
    report(mua::send(config, &config.address, to, &message).await?);
    Ok(())
}

/// Tells what the server said of the recipients it refused, and of the message.
fn report(sent: mua::Sent) {
    for (recipient, reply) in &sent.refused {
        eprintln!("not to {recipient}: {reply}");
    }
    println!("{}", sent.reply);
}

fn show(lines: &[Line]) {
    for Line { number, octets, flags, from, subject } in lines {
        let (from, subject) = (plain(from), plain(subject));
        println!("{number:>5} {octets:>10} {:<4} {from:<30} {subject}", marks(flags));
    }
}

/// A letter for each flag that everybody knows.
fn marks(flags: &[String]) -> String {
    let known = [("\\Seen", 'S'), ("\\Answered", 'A'), ("\\Flagged", 'F'), ("\\Draft", 'D')];
    let has = |flag: &str| flags.iter().any(|one| one.eq_ignore_ascii_case(flag));
    known.into_iter().filter(|(flag, _)| has(flag)).map(|(_, mark)| mark).collect()
}

fn read(bytes: &[u8], raw: bool, save: Option<PathBuf>) -> Result<(), Failure> {
    if raw {
        return Ok(std::io::stdout().write_all(bytes)?);
    }
    let message = Message::new(bytes);
    for name in ["Date", "From", "To", "Cc", "Subject"] {
        if let Some(field) = message.field(name) {
            println!("{name}: {}", plain(&field.text()));
        }
    }
    if let Some(text) = message.text_part() {
        println!("\n{}", text.text().lines().map(plain).collect::<Vec<_>>().join("\n"));
    }
    for (n, part) in message.attachments().iter().enumerate() {
        let name = file_name(part.file_name(), n + 1);
        println!("[{name}: {} octets]", part.decoded().len());
        if let Some(folder) = &save {
            let mut file = fs::File::create_new(folder.join(&name))?;
            file.write_all(&part.decoded())?;
        }
    }
    Ok(())
}

/// A display name as it stands in an address.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Text without what could steer a terminal.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\t', "\u{fffd}")
}

/// The last part of the name a sender gave to an attachment: never a path.
fn file_name(name: Option<String>, number: usize) -> String {
    let name = name.unwrap_or_default();
    let last = name.rsplit(['/', '\\', ':']).next().unwrap_or_default();
    let safe: String = last.chars().filter(|c| !c.is_control()).collect();
    match safe.trim_matches('.') {
        "" => format!("attachment-{number}"),
        safe => safe.to_owned(),
    }
}
