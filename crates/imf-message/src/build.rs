//! Messages to be sent: header, text, HTML, attachments (RFC 5322, 2045, 2046).

use crate::address::{Address, Mailbox};
use crate::date::Date;
use crate::error::Misuse;
use crate::header::Header;
use crate::lex::is_token;
use crate::piece::{Boundaries, Piece};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// A file that goes with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    file_name: String,
    kind: String,
    data: Vec<u8>,
    content_id: Option<String>,
}

impl Attachment {
    /// A file with its name and its type, such as `application/pdf`. It arrives byte for byte, but for
    /// one of the type `message/rfc822`: its line ends become CRLF, and no line may have more than 998 octets.
    #[must_use]
    pub fn new(
        file_name: impl Into<String>,
        kind: impl Into<String>,
        data: impl Into<Vec<u8>>,
    ) -> Self {
        Self { file_name: file_name.into(), kind: kind.into(), data: data.into(), content_id: None }
    }

    /// The same, to be shown in the text, where `cid:` and this identifier point to it (RFC 2392).
    #[must_use]
    pub fn inline(mut self, content_id: impl Into<String>) -> Self {
        self.content_id = Some(content_id.into());
        self
    }

    fn piece(&self) -> Result<Piece<'_>, Misuse> {
        let (kind, subtype) = self.kind.split_once('/').ok_or(Misuse::ContentType)?;
        let token = |t: &str| !t.is_empty() && t.is_ascii() && t.bytes().all(is_token);
        let message = self.kind.eq_ignore_ascii_case("message/rfc822");
        let composite = ["multipart", "message"].iter().any(|k| kind.eq_ignore_ascii_case(k));
        if !token(kind) || !token(subtype) || (composite && !message) {
            return Err(Misuse::ContentType);
        }
        let disposition = if self.content_id.is_some() { "inline" } else { "attachment" };
        let names: &[_] = if self.file_name.is_empty() { &[] } else { &[&self.file_name[..]] };
        let filename: Vec<_> = names.iter().map(|n| ("filename", *n)).collect();
        let mut headers = alloc::vec![
            Header::params("Content-Type", &self.kind, &[])?,
            Header::params("Content-Disposition", disposition, &filename)?,
        ];
        if let Some(id) = &self.content_id {
            headers.push(Header::ids("Content-ID", &[id])?);
        }
        if message {
            return Piece::message(headers, &self.data);
        }
        Piece::base64(headers, Cow::Borrowed(&self.data))
    }
}

/// Builds a message. Nothing is random and no clock is read: date, identifier and seed are handed in.
///
/// ```
/// use imf_message::{Attachment, Builder, Date, Mailbox, Message};
///
/// let bytes = Builder::new()
///     .from(Mailbox::new("ana", "a.org").named("Ana"))
///     .to(Mailbox::new("bea", "b.com"))
///     .date(Date::new(1_700_000_000, 60))
///     .message_id("1@a.org")
///     .subject("Tea")
///     .text("At four?\n")
///     .attach(Attachment::new("map.png", "image/png", [1, 2, 3]))
///     .build(7)?;
/// let message = Message::new(&bytes);
/// assert_eq!(message.text_part().expect("text").text(), "At four?\r\n");
/// assert_eq!(message.attachments()[0].file_name().as_deref(), Some("map.png"));
/// # Ok::<(), imf_message::Misuse>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builder {
    from: Vec<Address>,
    sender: Vec<Address>,
    reply_to: Vec<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    write_bcc: bool,
    date: Option<Date>,
    message_id: Option<String>,
    in_reply_to: Vec<String>,
    references: Vec<String>,
    subject: Option<String>,
    headers: Vec<Header>,
    text: Option<String>,
    html: Option<String>,
    attachments: Vec<Attachment>,
    eight_bit: bool,
}

impl Builder {
    /// A message with nothing in it yet; From and Date are required.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an author.
    #[must_use]
    pub fn from(mut self, author: Mailbox) -> Self {
        self.from.push(author.into());
        self
    }

    /// Sets who sends it for the author; required with more than one author (RFC 5322 3.6.2).
    #[must_use]
    pub fn sender(mut self, sender: Mailbox) -> Self {
        self.sender = alloc::vec![sender.into()];
        self
    }

    /// Adds an address for answers.
    #[must_use]
    pub fn reply_to(mut self, address: impl Into<Address>) -> Self {
        self.reply_to.push(address.into());
        self
    }

    /// Adds a recipient.
    #[must_use]
    pub fn to(mut self, address: impl Into<Address>) -> Self {
        self.to.push(address.into());
        self
    }

    /// Adds a recipient who gets a copy.
    #[must_use]
    pub fn cc(mut self, address: impl Into<Address>) -> Self {
        self.cc.push(address.into());
        self
    }

    /// Adds a recipient whom the others do not see: Bcc is not written, unless
    /// [`Builder::write_bcc`] is called. The envelope has to name them.
    #[must_use]
    pub fn bcc(mut self, address: impl Into<Address>) -> Self {
        self.bcc.push(address.into());
        self
    }

    /// Writes Bcc, as for a copy that stays with its author.
    #[must_use]
    pub fn write_bcc(mut self) -> Self {
        self.write_bcc = true;
        self
    }

    /// All recipients, Bcc too, groups resolved: the envelope's.
    pub fn recipients(&self) -> impl Iterator<Item = &Mailbox> {
        let all = self.to.iter().chain(&self.cc).chain(&self.bcc);
        all.flat_map(|address| match address {
            Address::Mailbox(mailbox) => core::slice::from_ref(mailbox),
            Address::Group { members, .. } => members,
        })
    }

    /// Sets the date.
    #[must_use]
    pub fn date(mut self, date: Date) -> Self {
        self.date = Some(date);
        self
    }

    /// Sets the message's identifier, without angle brackets.
    #[must_use]
    pub fn message_id(mut self, id: impl Into<String>) -> Self {
        self.message_id = Some(id.into());
        self
    }

    /// Adds the identifier of a message that this one answers.
    #[must_use]
    pub fn in_reply_to(mut self, id: impl Into<String>) -> Self {
        self.in_reply_to.push(id.into());
        self
    }

    /// Adds an identifier to the thread, oldest first.
    #[must_use]
    pub fn reference(mut self, id: impl Into<String>) -> Self {
        self.references.push(id.into());
        self
    }

    /// Sets the subject.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Adds a header field of any other name.
    #[must_use]
    pub fn header(mut self, header: Header) -> Self {
        self.headers.push(header);
        self
    }

    /// Sets the text. Line ends become CRLF.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Sets the HTML, an alternative to the text where there is one.
    #[must_use]
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn attach(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// Lets bodies be 8bit instead of encoded: only where every server on the way has 8BITMIME (RFC 6152).
    #[must_use]
    pub fn eight_bit(mut self) -> Self {
        self.eight_bit = true;
        self
    }

    /// The message, its lines ended by CRLF. The same `seed` gives the same boundaries.
    ///
    /// # Errors
    /// [`Misuse`] for what cannot be written; [`Misuse::Missing`] without From or Date;
    /// [`Misuse::Name`] for a Content- or MIME-Version field among the custom ones.
    pub fn build(&self, seed: u64) -> Result<Vec<u8>, Misuse> {
        let mut headers = self.header_fields()?;
        headers.push(Header::text("MIME-Version", "1.0")?);
        let text = self.text.as_deref().map(|t| Piece::text("plain", t, self.eight_bit));
        let html = self.html.as_deref().map(|t| Piece::text("html", t, self.eight_bit));
        let mut pieces = Vec::new();
        match (text.transpose()?, html.transpose()?) {
            (Some(text), Some(html)) => {
                pieces.push(Piece::multipart(
                    "multipart/alternative",
                    &[],
                    alloc::vec![text, html],
                ));
            }
            (None, None) if !self.attachments.is_empty() => {}
            (None, None) => pieces.push(Piece::text("plain", "", false)?),
            (text, html) => pieces.extend(text.into_iter().chain(html)),
        }
        for attachment in &self.attachments {
            pieces.push(attachment.piece()?);
        }
        let mut boundaries = Boundaries::new(seed);
        if pieces.len() > 1 || !self.attachments.is_empty() {
            Piece::multipart("multipart/mixed", &[], pieces).write(&headers, &mut boundaries)
        } else {
            // Exactly one piece: the text.
            let piece = pieces.pop().ok_or(Misuse::Missing)?;
            piece.write(&headers, &mut boundaries)
        }
    }

    // RFC 5322 3.6
    fn header_fields(&self) -> Result<Vec<Header>, Misuse> {
        let mut headers = Vec::new();
        let (Some(date), false) = (self.date, self.from.is_empty()) else {
            return Err(Misuse::Missing);
        };
        headers.push(Header::date("Date", date)?);
        let none = Vec::new();
        for (name, list) in [
            ("From", &self.from),
            ("Sender", &self.sender),
            ("Reply-To", &self.reply_to),
            ("To", &self.to),
            ("Cc", &self.cc),
            ("Bcc", if self.write_bcc { &self.bcc } else { &none }),
        ] {
            if !list.is_empty() {
                headers.push(Header::addresses(name, list)?);
            }
        }
        if self.from.len() > 1 && self.sender.is_empty() {
            return Err(Misuse::Missing);
        }
        if let Some(id) = &self.message_id {
            if !id.contains('@') {
                return Err(Misuse::MessageId);
            }
            headers.push(Header::ids("Message-ID", &[id])?);
        }
        for (name, ids) in [("In-Reply-To", &self.in_reply_to), ("References", &self.references)] {
            if !ids.is_empty() {
                headers.push(Header::ids(name, ids)?);
            }
        }
        if let Some(subject) = &self.subject {
            headers.push(Header::text("Subject", subject)?);
        }
        for header in &self.headers {
            let name = header.name().to_ascii_lowercase();
            if name.starts_with("content-") || name == "mime-version" {
                return Err(Misuse::Name);
            }
            headers.push(header.clone());
        }
        Ok(headers)
    }
}
