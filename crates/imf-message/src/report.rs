//! Delivery status notifications: what tells a sender that mail did not arrive (RFC 3464, 6522, 3834).

use crate::address::{Address, Mailbox};
use crate::date::Date;
use crate::error::Misuse;
use crate::header::{Header, MAX_LINE};
use crate::index::Limits;
use crate::message::Message;
use crate::piece::{Boundaries, Content, Piece};
use crate::transfer::longest_line;
use alloc::string::String;
use alloc::vec::Vec;

/// Characters kept of a diagnostic.
const MAX_DIAGNOSTIC: usize = 2_000;

/// What became of a recipient (RFC 3464 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Not delivered, and no more attempts.
    Failed,
    /// Not delivered yet.
    Delayed,
    /// Delivered.
    Delivered,
    /// Handed to a system that does not report.
    Relayed,
    /// Delivered by one address to several.
    Expanded,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }
}

/// One recipient of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The address that delivery was tried to, without angle brackets.
    pub address: String,
    /// The address the sender gave with ORCPT, with its type: `rfc822;bea@b.com`.
    pub original: Option<String>,
    /// What became of it.
    pub action: Action,
    /// The status code of RFC 3463, such as `5.1.1`.
    pub status: String,
    /// The server that said so.
    pub remote_mta: Option<String>,
    /// Its reply as it came, such as `550 5.1.1 no such user`; line ends and what is not ASCII are replaced.
    pub diagnostic: Option<String>,
    /// When delivery was tried last.
    pub last_attempt: Option<Date>,
    /// Until when it will be tried.
    pub retry_until: Option<Date>,
}

impl Recipient {
    /// A recipient with what is required.
    #[must_use]
    pub fn new(address: impl Into<String>, action: Action, status: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            original: None,
            action,
            status: status.into(),
            remote_mta: None,
            diagnostic: None,
            last_attempt: None,
            retry_until: None,
        }
    }
}

/// How much of the message the report gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Original<'a> {
    /// Nothing.
    #[default]
    None,
    /// The header of this message: RET=HDRS.
    Headers(&'a [u8]),
    /// The whole of this message: RET=FULL. When it has lines that no mail may have, its header.
    Message(&'a [u8]),
}

/// All that goes into a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    /// Whom the report is from: `MAILER-DAEMON` at the own host.
    pub from: Mailbox,
    /// The sender of the message, from the envelope. Its own envelope sender has to be `<>`.
    pub to: Mailbox,
    /// When the report is made.
    pub date: Date,
    /// The report's own identifier, without angle brackets.
    pub message_id: String,
    /// The subject.
    pub subject: String,
    /// For people: what happened.
    pub text: String,
    /// The name of the host that reports.
    pub reporting_mta: String,
    /// The envelope identifier that the sender gave with ENVID, decoded.
    pub envelope_id: Option<String>,
    /// When the message came in.
    pub arrival: Option<Date>,
    /// The recipients reported of, at least one.
    pub recipients: Vec<Recipient>,
    /// What is given back.
    pub original: Original<'a>,
}

/// Builds a report: text, `message/delivery-status`, and the original, in a `multipart/report`.
///
/// `seed` makes the boundaries, as in [`crate::Builder::build`].
///
/// # Errors
/// [`Misuse::Status`] without recipients or with a status that is none; else as the fields say.
pub fn bounce(report: &Report<'_>, seed: u64) -> Result<Vec<u8>, Misuse> {
    if report.recipients.is_empty() {
        return Err(Misuse::Status);
    }
    let headers = alloc::vec![
        Header::date("Date", report.date)?,
        Header::addresses("From", &[Address::Mailbox(report.from.clone())])?,
        Header::addresses("To", &[Address::Mailbox(report.to.clone())])?,
        Header::ids("Message-ID", &[&report.message_id])?,
        Header::text("Subject", &report.subject)?,
        // RFC 3834 5
        Header::text("Auto-Submitted", "auto-replied")?,
        Header::text("MIME-Version", "1.0")?,
    ];
    let mut pieces =
        alloc::vec![Piece::text("plain", &report.text, false)?, delivery_status(report)?];
    pieces.extend(original(report.original)?);
    // RFC 6522 3
    let params = &[("report-type", "delivery-status")];
    let piece = Piece::multipart("multipart/report", params, pieces);
    piece.write(&headers, &mut Boundaries::new(seed))
}

/// ```abnf
/// delivery-status-content = per-message-fields 1*( CRLF per-recipient-fields )
/// ```
// RFC 3464 2.1
fn delivery_status(report: &Report<'_>) -> Result<Piece<'static>, Misuse> {
    let mut body = String::new();
    let mut put = |name: &str, value: &str| -> Result<(), Misuse> {
        body.push_str(Header::text(name, value)?.as_str());
        Ok(())
    };
    if let Some(id) = &report.envelope_id {
        put("Original-Envelope-Id", id)?;
    }
    put("Reporting-MTA", &alloc::format!("dns; {}", report.reporting_mta))?;
    if let Some(date) = report.arrival {
        put("Arrival-Date", &alloc::format!("{date}"))?;
    }
    for recipient in &report.recipients {
        body.push_str("\r\n");
        body.push_str(&recipient_fields(recipient)?);
    }
    let kind = Header::text("Content-Type", "message/delivery-status")?;
    Ok(Piece { headers: alloc::vec![kind], content: Content::Leaf(body.into_bytes()) })
}

// RFC 3464 2.3
fn recipient_fields(recipient: &Recipient) -> Result<String, Misuse> {
    if !is_status(&recipient.status) {
        return Err(Misuse::Status);
    }
    let mut body = String::new();
    let mut put = |name: &str, value: &str| -> Result<(), Misuse> {
        body.push_str(Header::text(name, value)?.as_str());
        Ok(())
    };
    if let Some(original) = &recipient.original {
        put("Original-Recipient", original)?;
    }
    put("Final-Recipient", &typed(&recipient.address))?;
    put("Action", recipient.action.name())?;
    put("Status", &recipient.status)?;
    if let Some(mta) = &recipient.remote_mta {
        put("Remote-MTA", &alloc::format!("dns; {mta}"))?;
    }
    if let Some(diagnostic) = &recipient.diagnostic {
        put("Diagnostic-Code", &alloc::format!("smtp; {}", printable(diagnostic)))?;
    }
    if let Some(date) = recipient.last_attempt {
        put("Last-Attempt-Date", &alloc::format!("{date}"))?;
    }
    if let Some(date) = recipient.retry_until {
        put("Will-Retry-Until", &alloc::format!("{date}"))?;
    }
    Ok(body)
}

// RFC 3463 2: status-code = class "." subject "." detail
fn is_status(status: &str) -> bool {
    let mut parts = status.split('.');
    let class = matches!(parts.next(), Some("2" | "4" | "5"));
    let number =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    class
        && parts.by_ref().take(2).filter(|part| number(part)).count() == 2
        && parts.next().is_none()
}

/// An address with its type; beyond ASCII it is written as RFC 6533 3 says.
fn typed(address: &str) -> String {
    if address.is_ascii() {
        return alloc::format!("rfc822; {address}");
    }
    let mut text = String::from("utf-8; ");
    for c in address.chars() {
        // EmbeddedUnicodeChar = "\x{" HEXPOINT "}"
        if !c.is_ascii() || matches!(c, '\\' | '+' | '=') {
            text.push_str(&alloc::format!("\\x{{{:X}}}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// What a peer said, on one line of printable ASCII.
fn printable(text: &str) -> String {
    let text = text.replace("\r\n", " ");
    let kept = text.chars().take(MAX_DIAGNOSTIC);
    let plain = |c: char| match c {
        ' '..='~' => c,
        c if c.is_ascii_control() => ' ',
        _ => '?',
    };
    kept.map(plain).collect()
}

fn original(original: Original<'_>) -> Result<Option<Piece<'static>>, Misuse> {
    let kind = |name| Ok(alloc::vec![Header::text("Content-Type", name)?]);
    let bytes = match original {
        Original::None => return Ok(None),
        Original::Message(bytes) => match Piece::message(kind("message/rfc822")?, bytes) {
            Err(Misuse::TooLong) => bytes,
            piece => return piece.map(Some),
        },
        Original::Headers(bytes) => bytes,
    };
    // RFC 6522 4: only the header; a field that no mail may have is left out.
    let limits = Limits { parts: 1, depth: 0, ..Limits::default() };
    let message = Message::with_limits(bytes, &limits);
    let sound = |field: &[u8]| longest_line(field) <= MAX_LINE && !field.contains(&0);
    let mut header = Vec::new();
    for field in message.fields().map(|field| field.raw()).filter(|field| sound(field)) {
        header.extend_from_slice(field);
    }
    Piece::message(kind("text/rfc822-headers")?, &header).map(Some)
}
