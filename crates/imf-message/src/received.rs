//! The trace field that every server adds (RFC 5321 4.4).

use crate::date::Date;
use crate::error::Misuse;
use crate::header::Header;
use crate::lex::{Lex, trim};
use alloc::string::String;

/// RFC 5321 4.5.3.1: domains have at most 255 octets, paths 256.
const MAX_CLAUSE: usize = 256;

/// A Received field. To write one, give `by` and what else is known; to read one, see [`Received::parse`].
///
/// ```
/// use imf_message::{Date, Received};
///
/// let field = Received {
///     from: Some("mail.a.org".into()),
///     from_info: Some("mail.a.org [192.0.2.1]".into()),
///     by: Some("mx1.b.com".into()),
///     with: Some("ESMTPS".into()),
///     id: Some("4F2A".into()),
///     for_: Some("bea@b.com".into()),
///     date: Some(Date::new(0, 0)),
///     ..Received::default()
/// };
/// let header = field.header().expect("short enough");
/// assert_eq!(header.as_str(), "Received: from mail.a.org (mail.a.org [192.0.2.1])\r\n\
///     \tby mx1.b.com with ESMTPS id 4F2A\r\n\
///     \tfor <bea@b.com>;\r\n\tThu, 1 Jan 1970 00:00:00 +0000\r\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// What the client called itself.
    pub from: Option<String>,
    /// What the connection says of the client: the comment after it.
    pub from_info: Option<String>,
    /// The server's name.
    pub by: Option<String>,
    /// The link, where it is not TCP.
    pub via: Option<String>,
    /// The protocol: `SMTP`, `ESMTP`, `ESMTPSA`, `LMTP`, … (RFC 3848).
    pub with: Option<String>,
    /// The server's own name of the message.
    pub id: Option<String>,
    /// The recipient, without angle brackets. With more than one, leave it out: it would tell Bcc.
    pub for_: Option<String>,
    /// When.
    pub date: Option<Date>,
}

impl Received {
    /// The field, folded. What a client calls itself is its own affair: characters that
    /// have no place in a clause become `?`, and clauses are cut after 256 octets.
    ///
    /// # Errors
    /// [`Misuse::Date`] when the date is missing or outside of the years 1900 to 9999.
    pub fn header(&self) -> Result<Header, Misuse> {
        let date = self.date.filter(|d| (1900..=9999).contains(&d.year())).ok_or(Misuse::Date)?;
        let mut value = String::new();
        if let Some(from) = &self.from {
            value.push_str("from ");
            value.push_str(&clause(from));
            let info = self.from_info.as_deref().map(comment);
            if let Some(info) = info.filter(|info| !info.is_empty()) {
                value.push_str(if from.len() + info.len() > 60 { "\r\n\t(" } else { " (" });
                value.push_str(&info);
                value.push(')');
            }
        }
        let clauses =
            [("by", &self.by), ("via", &self.via), ("with", &self.with), ("id", &self.id)];
        let mut column = FIRST;
        for (word, text) in clauses {
            let Some(text) = text.as_deref().map(clause) else { continue };
            let width = word.len() + text.len() + 2;
            if value.is_empty() {
                column = "Received: ".len();
            } else if column + width > 76 {
                value.push_str("\r\n\t");
                column = 8;
            } else {
                value.push(' ');
            }
            value.push_str(word);
            value.push(' ');
            value.push_str(&text);
            column += width;
        }
        if let Some(recipient) = &self.for_ {
            value.push_str("\r\n\tfor <");
            value.push_str(&clause(recipient));
            value.push('>');
        }
        value.push_str(";\r\n\t");
        value.push_str(&alloc::format!("{date}"));
        Header::folded("Received", &value)
    }

    /// Reads a field value. Clauses that are not known are passed over; the first of each name counts.
    // RFC 5321 4.4: Stamp = From-domain By-domain Opt-info [CFWS] ";" FWS date-time
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let mut received = Self::default();
        let mut lex = Lex::new(value);
        let mut clauses = 0;
        loop {
            lex.skip_cfws();
            if lex.peek().is_none() {
                return received;
            }
            if lex.eat(b';') {
                received.date = Date::parse(lex.rest()).ok();
                return received;
            }
            let word = next(&mut lex);
            let from = word.eq_ignore_ascii_case(b"from");
            let slot = match word.to_ascii_lowercase().as_slice() {
                b"from" => &mut received.from,
                b"by" => &mut received.by,
                b"via" => &mut received.via,
                b"with" => &mut received.with,
                b"id" => &mut received.id,
                b"for" => &mut received.for_,
                _ => continue,
            };
            // A first `from` only at the start: later ones are inside of what some servers add.
            clauses += 1;
            if slot.is_some() || (from && clauses > 1) {
                continue;
            }
            lex.skip_cfws();
            if matches!(lex.peek(), None | Some(b';')) {
                continue;
            }
            let text = next(&mut lex);
            let text = text.strip_prefix(b"<").unwrap_or(text);
            let text = text.strip_suffix(b">").unwrap_or(text);
            *slot = Some(crate::charset::guess(text).into_owned());
            if from {
                lex.comment = None;
                lex.skip_cfws();
                let info = lex.comment.map(trim).map(crate::words::decode);
                received.from_info = info.map(alloc::borrow::Cow::into_owned);
            }
        }
    }
}

/// A column past the end: the clause after `from` always begins a line.
const FIRST: usize = 998;

/// A run of what is neither white space, comment nor semicolon.
fn next<'a>(lex: &mut Lex<'a>) -> &'a [u8] {
    let all = lex.rest();
    let start = lex.at();
    while let Some(b) = lex.peek() {
        match b {
            b' ' | b'\t' | b'\r' | b'\n' | b'(' | b';' => break,
            b'"' => {
                lex.bump();
                lex.quoted();
            }
            _ => {
                lex.bump();
            }
        }
    }
    &all[..lex.at() - start]
}

fn clause(text: &str) -> String {
    let odd = |c: char| c <= ' ' || matches!(c, '(' | ')' | ';' | '<' | '>' | '"' | '\\' | '\x7f');
    let text: String = cut(text).chars().map(|c| if odd(c) { '?' } else { c }).collect();
    if text.is_empty() { "?".into() } else { text }
}

fn comment(text: &str) -> String {
    let odd = |c: char| c < ' ' || matches!(c, '(' | ')' | '\\' | '\x7f');
    // Readers do not take blanks at its ends for a part of it, and decode what looks like an encoded word.
    let text = cut(text).trim_matches(' ').chars().map(|c| if odd(c) { '?' } else { c });
    text.collect::<String>().replace("=?", "_?")
}

/// As much of `text` as a clause may have.
fn cut(text: &str) -> &str {
    let end = (0..=MAX_CLAUSE.min(text.len())).rev().find(|&i| text.is_char_boundary(i));
    &text[..end.unwrap_or(0)]
}
