//! SEARCH: which messages are what a client looks for.

use super::{fetch, problem::Problem, selected::flags};
use imap_proto::{
    codec::{Date, DateTime, Flag, Text},
    server::{Search, Searched},
};
use maildir::{Keywords, Maildir, Message};
use posta_core::disk::fs::Fs;

/// What is looked through.
pub(crate) struct Haystack {
    pub(crate) maildir: Maildir<Fs>,
    pub(crate) messages: Vec<Message>,
    pub(crate) keywords: Keywords,
}

/// What makes text of the strings of a command with this charset; `None` if it is not known.
pub(crate) fn decoder(charset: Option<Text<'_>>) -> Option<impl Fn(&[u8]) -> String + use<>> {
    let label = charset.map_or_else(|| "utf-8".to_owned(), |charset| charset.to_str().into_owned());
    let known = label.eq_ignore_ascii_case("us-ascii") || imf_message::knows_charset(&label);
    known.then_some(move |octets: &[u8]| {
        imf_message::decode_charset(Some(&label), octets).into_owned()
    })
}

impl Haystack {
    /// The sequence numbers, or UIDs, of the messages that match.
    pub(crate) fn find(&self, search: &Search, uid: bool) -> Result<Vec<u32>, Problem> {
        let mut found = Vec::new();
        for (number, message) in (1..).zip(&self.messages) {
            let mut candidate =
                Candidate { haystack: self, number, message, octets: None, failed: None };
            let matches = search.matches(&mut candidate);
            match candidate.failed {
                // What is gone matches nothing.
                Some(Problem::Maildir(maildir::Error::Gone(_))) => {}
                Some(problem) => return Err(problem),
                None if matches => found.push(if uid { message.uid } else { number }),
                None => {}
            }
        }
        Ok(found)
    }
}

/// A message that may be what is looked for. It is read when that is needed.
struct Candidate<'h> {
    haystack: &'h Haystack,
    number: u32,
    message: &'h Message,
    octets: Option<Vec<u8>>,
    failed: Option<Problem>,
}

impl Candidate<'_> {
    fn look(&mut self, look: impl FnOnce(&imf_message::Message<'_>) -> bool) -> bool {
        if self.octets.is_none() && self.failed.is_none() {
            match fetch::read(&self.haystack.maildir, &self.message.entry, false) {
                Ok(octets) => self.octets = Some(octets),
                Err(problem) => self.failed = Some(problem),
            }
        }
        self.octets.as_ref().is_some_and(|octets| look(&imf_message::Message::new(octets)))
    }
}

impl Searched for Candidate<'_> {
    fn number(&self) -> u32 {
        self.number
    }

    fn uid(&self) -> u32 {
        self.message.uid
    }

    fn has(&self, flag: &Flag<'_>) -> bool {
        flags(self.message, &self.haystack.keywords).contains(flag)
    }

    fn received(&mut self) -> Date {
        fetch::received(&self.message.entry).date()
    }

    fn sent(&mut self) -> Option<Date> {
        let mut sent = None;
        self.look(|message| {
            let date = message.field("Date").and_then(|field| field.date().ok());
            // The day is that of the zone it was written in. RFC 3501 6.4.4
            sent = date.map(|date| date.unix + i64::from(date.offset) * 60);
            true
        });
        sent.map(|seconds| DateTime::from_unix(seconds).date())
    }

    fn size(&mut self) -> u64 {
        match self.haystack.maildir.wire_size(&self.message.entry) {
            Ok(octets) => octets,
            Err(error) => {
                self.failed = Some(error.into());
                0
            }
        }
    }

    fn header_holds(&mut self, name: &str, text: &str) -> bool {
        self.look(|message| imf_message::imap::header_contains(message, name, text))
    }

    fn body_holds(&mut self, text: &str) -> bool {
        self.look(|message| imf_message::imap::body_contains(message, text))
    }

    fn text_holds(&mut self, text: &str) -> bool {
        self.look(|message| imf_message::imap::text_contains(message, text))
    }
}
