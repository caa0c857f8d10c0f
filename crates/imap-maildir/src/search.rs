//! SEARCH: which messages are what a client looks for.

use crate::{Error, View, fetch, view::flags};
use imap_proto::{
    codec::{Code, Date, DateTime, Flag, Items, SearchKey, Text},
    server::{Search, Searched},
};
use maildir::{Keywords, Maildir, Message};
use posta_core::disk::Disk;

/// A SEARCH, with all that is looked through.
#[derive(Debug)]
pub struct Haystack<D> {
    maildir: Maildir<D>,
    messages: Vec<Message>,
    keywords: Keywords,
    search: Search,
    uid: bool,
}

/// What makes text of the strings of a command with this charset; `None` if it is not known.
fn decoder(charset: Option<Text<'_>>) -> Option<impl Fn(&[u8]) -> String + use<>> {
    let label = charset.map_or_else(|| "utf-8".to_owned(), |charset| charset.to_str().into_owned());
    let known = label.eq_ignore_ascii_case("us-ascii") || imf_message::knows_charset(&label);
    known.then_some(move |octets: &[u8]| {
        imf_message::decode_charset(Some(&label), octets).into_owned()
    })
}

impl<D: Disk + Clone> Haystack<D> {
    /// The messages of a mailbox, to be looked through for what these keys say, strings in this charset.
    ///
    /// # Errors
    /// The charset is not known.
    pub fn new(
        view: &View<D>,
        uid: bool,
        charset: Option<Text<'_>>,
        keys: &Items<'_, SearchKey<'_>>,
    ) -> Result<Self, Error> {
        const KNOWN: [Text<'static>; 2] = [Text::new(b"UTF-8"), Text::new(b"US-ASCII")];
        let code = Code::BadCharset(Items::new(&KNOWN));
        let decode = decoder(charset).ok_or(Error::No(code, "this charset is not known"))?;
        let last_uid = view.messages.last().map_or(0, |last| last.uid);
        Ok(Self {
            maildir: view.maildir().clone(),
            messages: view.messages.clone(),
            keywords: view.keywords.clone(),
            search: Search::new(keys, (view.len() as u32, last_uid), decode),
            uid,
        })
    }

    /// The sequence numbers, or UIDs, of the messages that match.
    ///
    /// # Errors
    /// The disk failed.
    pub fn find(&self) -> Result<Vec<u32>, Error> {
        let mut found = Vec::new();
        for (number, message) in (1..).zip(&self.messages) {
            let mut candidate =
                Candidate { haystack: self, number, message, octets: None, failed: None };
            let matches = self.search.matches(&mut candidate);
            match candidate.failed {
                // What is gone matches nothing.
                Some(Error::Maildir(maildir::Error::Gone(_))) => {}
                Some(problem) => return Err(problem),
                None if matches => found.push(if self.uid { message.uid } else { number }),
                None => {}
            }
        }
        Ok(found)
    }
}

/// A message that may be what is looked for. It is read when that is needed.
struct Candidate<'h, D> {
    haystack: &'h Haystack<D>,
    number: u32,
    message: &'h Message,
    octets: Option<Vec<u8>>,
    failed: Option<Error>,
}

impl<D: Disk + Clone> Candidate<'_, D> {
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

impl<D: Disk + Clone> Searched for Candidate<'_, D> {
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
