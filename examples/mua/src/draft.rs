use imf_message::{AddressList, Attachment, Builder, Date, Mailbox, Misuse};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A message as a person writes it.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Who writes: `Ana <ana@a.org>`.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// To whom else.
    pub cc: Vec<String>,
    /// To whom else, without the others seeing it.
    pub bcc: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: Option<String>,
    /// The text with HTML.
    pub html: Option<String>,
    /// Files to attach.
    pub attach: Vec<PathBuf>,
    /// What else is attached.
    pub attachments: Vec<Attachment>,
    /// The identifier of the message that this one answers.
    pub in_reply_to: Option<String>,
    /// The identifiers of the messages that it follows.
    pub references: Vec<String>,
}

/// Why a draft cannot become a message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// Not an address, or more than one where one belongs.
    #[error("`{0}` is not an address")]
    Address(String),
    /// There is nobody to send it to.
    #[error("the message has no recipient")]
    NoRecipient,
    /// A file cannot be attached.
    #[error("cannot attach {path}")]
    Attach {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that no message can hold.
    #[error("the message cannot be written")]
    Write(#[from] Misuse),
    /// The system has no randomness.
    #[error("no random identifier")]
    Random(#[from] getrandom::Error),
}

/// A message to be sent, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// The envelope sender.
    pub from: String,
    /// The envelope recipients: To, Cc and Bcc.
    pub recipients: Vec<String>,
    /// The message, its lines ended by CRLF.
    pub message: Vec<u8>,
}

impl Draft {
    /// Makes a message of it.
    ///
    /// # Errors
    /// An address is none, a file cannot be read, or nobody is to get it.
    pub fn compose(&self) -> Result<Composed, DraftError> {
        let author = one(&self.from)?;
        let mut builder = Builder::new().from(author.clone()).subject(&self.subject).date(now());
        for text in &self.to {
            builder = builder.to(one(text)?);
        }
        for text in &self.cc {
            builder = builder.cc(one(text)?);
        }
        for text in &self.bcc {
            builder = builder.bcc(one(text)?);
        }
        let recipients: Vec<String> = builder.recipients().map(Mailbox::addr_spec).collect();
        if recipients.is_empty() {
            return Err(DraftError::NoRecipient);
        }
        if let Some(text) = &self.text {
            builder = builder.text(text);
        }
        if let Some(html) = &self.html {
            builder = builder.html(html);
        }
        for path in &self.attach {
            builder = builder.attach(attachment(path)?);
        }
        for attachment in &self.attachments {
            builder = builder.attach(attachment.clone());
        }
        if let Some(id) = &self.in_reply_to {
            builder = builder.in_reply_to(id);
        }
        for id in &self.references {
            builder = builder.reference(id);
        }
        let random = random()?;
        let domain = self.domain(&author);
        builder = builder.message_id(format!("{random:016x}@{domain}"));
        Ok(Composed { from: author.addr_spec(), recipients, message: builder.build(random)? })
    }

    /// The domain of a fresh Message-ID: that of the author.
    fn domain(&self, author: &Mailbox) -> String {
        let address = author.addr_spec();
        address.rsplit_once('@').map_or_else(|| "localhost".into(), |(_, domain)| domain.to_owned())
    }
}

/// The single mailbox in `text`.
fn one(text: &str) -> Result<Mailbox, DraftError> {
    let list = AddressList::parse(text.as_bytes());
    let mut mailboxes = list.mailboxes();
    match (mailboxes.next(), mailboxes.next()) {
        (Some(mailbox), None)
            if mailbox.addr_spec().contains('@') && !text.contains(char::is_control) =>
        {
            Ok(mailbox.clone())
        }
        _ => Err(DraftError::Address(text.to_owned())),
    }
}

fn attachment(path: &Path) -> Result<Attachment, DraftError> {
    let data = fs::read(path).map_err(|source| DraftError::Attach { path: path.into(), source })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Attachment::new(name, content_type(path), data))
}

/// The type that goes with the file's ending; octets if there is none that everybody knows.
fn content_type(path: &Path) -> &'static str {
    let end = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match end.as_str() {
        "txt" | "log" | "md" => "text/plain",
        "html" | "htm" => "text/html",
        "csv" => "text/csv",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

fn now() -> Date {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Date::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), 0)
}

fn random() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcc_is_sent_to_and_not_written() {
        let draft = Draft {
            from: "Ana <ana@a.org>".into(),
            to: vec!["Bea <bea@b.com>".into()],
            bcc: vec!["carl@example.com".into()],
            text: Some("Hi".into()),
            ..Draft::default()
        };
        let composed = draft.compose().expect("valid");
        assert_eq!(composed.recipients, ["bea@b.com", "carl@example.com"]);
        assert!(!String::from_utf8_lossy(&composed.message).contains("carl"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for to in ["", "bea", "bea@b.com, carl@example.com", "bea@b.com\r\nBcc: x@example.com"] {
            let draft = Draft { from: "ana@a.org".into(), to: vec![to.into()], ..Draft::default() };
            assert!(draft.compose().is_err(), "{to:?}");
        }
    }
}
