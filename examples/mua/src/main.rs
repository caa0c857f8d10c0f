//! The mail program: composes, sends, lists and reads.

use agent::Failure;
use clap::{Args, Parser, Subcommand};
use imf_message::Message;
use mua::{Config, Draft};
use std::{fs, io::Write, path::PathBuf, process::ExitCode};

/// Sends mail by SMTP submission and reads it by POP3.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = "mua.toml")]
    config: PathBuf,
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
    /// Lists the mailbox
    List,
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
        match arguments.command {
            Command::Send(send) => compose_and_send(&config, send).await,
            Command::SendFile { file, to } => send_file(&config, &file, &to).await,
            Command::List => list(&config).await,
            Command::Read { number, raw, save } => read(&config, number, raw, save).await,
            Command::Delete { number } => delete(&config, number).await,
        }
    })
}

async fn compose_and_send(config: &Config, send: Send) -> Result<(), Failure> {
    let draft = Draft {
        from: format!("{} <{}>", quoted(&config.name), config.address),
        to: send.to,
        cc: send.cc,
        bcc: send.bcc,
        subject: send.subject,
        text: send.text.map(fs::read_to_string).transpose()?,
        html: send.html.map(fs::read_to_string).transpose()?,
        attach: send.attach,
    };
    let composed = draft.compose()?;
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

async fn list(config: &Config) -> Result<(), Failure> {
    let mut mailbox = mua::open(config).await?;
    for entry in mailbox.list().await? {
        let header = mailbox.read(entry.number, Some(0)).await?;
        let message = Message::new(&header);
        let field =
            |name| message.field(name).map(|field| field.text().into_owned()).unwrap_or_default();
        println!(
            "{:>5} {:>10}  {:<30} {}",
            entry.number,
            entry.octets,
            plain(&field("From")),
            plain(&field("Subject"))
        );
    }
    mailbox.close().await?;
    Ok(())
}

async fn read(
    config: &Config,
    number: u32,
    raw: bool,
    save: Option<PathBuf>,
) -> Result<(), Failure> {
    let mut mailbox = mua::open(config).await?;
    let bytes = mailbox.read(number, None).await?;
    mailbox.close().await?;
    if raw {
        return Ok(std::io::stdout().write_all(&bytes)?);
    }
    let message = Message::new(&bytes);
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

async fn delete(config: &Config, number: u32) -> Result<(), Failure> {
    let mut mailbox = mua::open(config).await?;
    mailbox.delete(number).await?;
    mailbox.close().await?;
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
