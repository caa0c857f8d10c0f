//! FETCH: what there is to tell of messages, one after the other, as fast as the client takes it.

use crate::{Error, View};
use imap_proto::{
    Misuse, Server,
    codec::{
        Code, Command, Condition, DateTime, FetchData, FetchItem, Flag, Items, Place, Section,
        Status, What,
    },
};
use imf_message::{Message, imap, to_crlf};
use maildir::{Entry, Flags, Maildir};
use posta_core::{
    Machine,
    disk::{Disk, Reader},
};
use std::collections::VecDeque;

/// The most octets of a header that is read without its message.
const MAX_HEADER: usize = 256 * 1024;

/// A FETCH that is being answered.
#[derive(Debug)]
pub struct Fetch<D: Disk> {
    /// The command, to be read again for every message.
    line: Vec<u8>,
    numbers: VecDeque<u32>,
    /// The texts of a message that are still to be sent, each with its item's place in the command.
    texts: VecDeque<(usize, Source<D>)>,
    /// A response has begun.
    open: bool,
    /// The octets of the literal that has begun.
    current: Option<Source<D>>,
    /// A message is gone.
    missing: bool,
}

/// Where the octets of a literal come from.
#[derive(Debug)]
enum Source<D: Disk> {
    Octets { octets: Vec<u8>, at: usize },
    File { reader: Reader<D>, left: u64 },
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It goes on when there is room.
    More,
    /// It has been answered.
    Done,
}

impl<D: Disk + Clone> Fetch<D> {
    /// Of these messages; `line` is the text of the command.
    pub fn new(line: &[u8], numbers: Vec<u32>) -> Self {
        Self {
            line: line.to_vec(),
            numbers: numbers.into(),
            texts: VecDeque::new(),
            open: false,
            current: None,
            missing: false,
        }
    }

    /// Goes on as far as there is room, and asks the server to tell when there is [more](Server::more).
    ///
    /// # Errors
    /// The disk failed. If that was within a literal, the session cannot go on: half of one cannot be taken
    /// back, and [`Server::finish`] refuses.
    pub fn step(&mut self, view: &mut View<D>, imap: &mut Server) -> Result<Progress, Error> {
        let line = std::mem::take(&mut self.line);
        let progress = match Command::parse(&line) {
            Ok((_, Command::Fetch { uid, items, .. })) => self.go_on(uid, &items, view, imap),
            // It was one before.
            _ => Err(Error::Misuse(Misuse::State)),
        };
        self.line = line;
        progress
    }

    fn go_on(
        &mut self,
        uid: bool,
        items: &Items<'_, FetchItem<'_>>,
        view: &mut View<D>,
        imap: &mut Server,
    ) -> Result<Progress, Error> {
        loop {
            if let Some(source) = &mut self.current {
                if !source.give(imap)? {
                    imap.more()?;
                    return Ok(Progress::More);
                }
                self.current = None;
            }
            if let Some((at, source)) = self.texts.pop_front() {
                let Some(place) = items.iter().nth(at).and_then(place) else { continue };
                imap.literal(place, source.left())?;
                self.current = (source.left() > 0).then_some(source);
                continue;
            }
            if std::mem::take(&mut self.open) {
                imap.end_fetch()?;
            }
            if imap.output().room() == 0 {
                imap.more()?;
                return Ok(Progress::More);
            }
            let Some(number) = self.numbers.pop_front() else { break };
            match self.begin(number, uid, items, view, imap) {
                Err(Error::Maildir(maildir::Error::Gone(_))) => self.missing = true,
                begun => begun?,
            }
        }
        match self.missing {
            false => imap.accept()?,
            true => {
                let code = Some(Code::ExpungeIssued);
                let text = "some of the messages are gone";
                imap.finish(&Status { code, ..Status::new(Condition::No, text) })?;
            }
        }
        Ok(Progress::Done)
    }

    /// Begins with a message: tells what is short, and prepares what is long.
    fn begin(
        &mut self,
        number: u32,
        uid: bool,
        items: &Items<'_, FetchItem<'_>>,
        view: &mut View<D>,
        imap: &mut Server,
    ) -> Result<(), Error> {
        let maildir = view.maildir().clone();
        let Some(message) = view.message(number) else { return Ok(()) };
        let entry = message.entry.clone();
        let content = Content::load(&maildir, &entry, items)?;
        let parsed = Message::new(&content.octets);
        let mut size = None;
        if items.iter().any(|item| matches!(item, FetchItem::Size)) {
            size = Some(maildir.wire_size(&entry)?);
        }
        let texts = content.texts(&parsed, &maildir, &entry, items)?;
        let reads = items.iter().any(sets_seen);
        let sees = reads && !view.is_read_only() && !entry.flags().contains(Flags::SEEN);
        if sees && let Some(message) = view.message_mut(number) {
            maildir.set_flags(&mut message.entry, entry.flags() | Flags::SEEN)?;
        }
        let Some(message) = view.message(number) else { return Ok(()) };
        let flags: Vec<Flag<'_>> = view.flags(message);
        let mut values = Values::default();
        let mut data = Vec::new();
        values.fill(items, &parsed);
        if uid && !items.iter().any(|item| matches!(item, FetchItem::Uid)) {
            data.push(FetchData::Uid(message.uid));
        }
        for (at, item) in items.iter().enumerate() {
            data.push(match item {
                FetchItem::Uid => FetchData::Uid(message.uid),
                FetchItem::Flags => FetchData::Flags(Items::new(&flags)),
                FetchItem::InternalDate => FetchData::InternalDate(received(&entry)),
                FetchItem::Size => FetchData::Size(size.unwrap_or_default()),
                FetchItem::Envelope => other(b"ENVELOPE", &values.envelope),
                FetchItem::Body => other(b"BODY", &values.body),
                FetchItem::BodyStructure => other(b"BODYSTRUCTURE", &values.structure),
                item => match place(item) {
                    Some(place) if !texts.iter().any(|(known, _)| *known == at) => {
                        FetchData::Text(place, None)
                    }
                    _ => continue,
                },
            });
        }
        if sees && !items.iter().any(|item| matches!(item, FetchItem::Flags)) {
            data.push(FetchData::Flags(Items::new(&flags)));
        }
        imap.begin_fetch(number, &data)?;
        (self.texts, self.open) = (texts, true);
        Ok(())
    }
}

impl<D: Disk> Source<D> {
    fn left(&self) -> u64 {
        match self {
            Self::Octets { octets, at } => (octets.len() - at) as u64,
            Self::File { left, .. } => *left,
        }
    }

    /// Gives as much as there is room for; `true` when all is given.
    fn give(&mut self, imap: &mut Server) -> Result<bool, Error> {
        while self.left() > 0 {
            let room = imap.output().room();
            if room == 0 {
                return Ok(false);
            }
            match self {
                Self::Octets { octets, at } => *at += imap.body(&octets[*at..])?,
                Self::File { reader, left } => {
                    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(room);
                    let mut chunk = vec![0; most];
                    let n = reader.read(&mut chunk)?;
                    if n == 0 {
                        return Err(Error::Short);
                    }
                    *left -= imap.body(&chunk[..n])? as u64;
                }
            }
        }
        Ok(true)
    }
}

/// As much of a message as its items need, with CRLF at each line's end.
struct Content {
    octets: Vec<u8>,
    whole: bool,
}

impl Content {
    fn load<D: Disk + Clone>(
        maildir: &Maildir<D>,
        entry: &Entry,
        items: &Items<'_, FetchItem<'_>>,
    ) -> Result<Self, Error> {
        let streams = is_wire(entry);
        let need = items.iter().map(|item| need(&item, streams)).max().unwrap_or(Need::Nothing);
        match need {
            Need::Nothing => Ok(Self { octets: Vec::new(), whole: false }),
            Need::Header => Ok(Self { octets: read(maildir, entry, true)?, whole: false }),
            Need::All => Ok(Self { octets: read(maildir, entry, false)?, whole: true }),
        }
    }

    /// The texts that are asked for, as far as they exist.
    fn texts<D: Disk + Clone>(
        &self,
        message: &Message<'_>,
        maildir: &Maildir<D>,
        entry: &Entry,
        items: &Items<'_, FetchItem<'_>>,
    ) -> Result<VecDeque<(usize, Source<D>)>, Error> {
        let mut texts = VecDeque::new();
        for (at, item) in items.iter().enumerate() {
            let Some((section, partial)) = section(&item) else { continue };
            let (from, most) =
                partial.map_or((0, u64::MAX), |(from, most)| (from, u64::from(most)));
            if !self.whole && is_all(&section) {
                let size = entry.wire_size().unwrap_or_default();
                let mut reader = maildir.open(entry)?;
                reader.skip(u64::from(from));
                let left = size.saturating_sub(u64::from(from)).min(most);
                texts.push_back((at, Source::File { reader, left }));
                continue;
            }
            let path: Vec<u32> = section.part.iter().map(|number| number.0).collect();
            let names: Vec<Vec<u8>> = match &section.what {
                What::Fields(names) | What::FieldsNot(names) => {
                    names.iter().map(|name| name.bytes().into_owned()).collect()
                }
                _ => Vec::new(),
            };
            let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
            let text = match section.what {
                What::All => imap::Text::All,
                What::Header => imap::Text::Header,
                What::Fields(_) => imap::Text::HeaderFields(&names),
                What::FieldsNot(_) => imap::Text::HeaderFieldsNot(&names),
                What::Text => imap::Text::Text,
                What::Mime => imap::Text::Mime,
            };
            if let Some(octets) = imap::section(message, &path, &text) {
                let most = u32::try_from(most).unwrap_or(u32::MAX);
                let octets = imap::partial(&octets, from, most).to_vec();
                texts.push_back((at, Source::Octets { octets, at: 0 }));
            }
        }
        Ok(texts)
    }
}

/// The values that are written out by `imf-message`.
#[derive(Default)]
struct Values {
    envelope: Vec<u8>,
    body: Vec<u8>,
    structure: Vec<u8>,
}

impl Values {
    fn fill(&mut self, items: &Items<'_, FetchItem<'_>>, message: &Message<'_>) {
        for item in items {
            match item {
                FetchItem::Envelope if self.envelope.is_empty() => {
                    imap::envelope(message, &mut self.envelope);
                }
                FetchItem::Body if self.body.is_empty() => {
                    imap::body_structure(message, false, &mut self.body);
                }
                FetchItem::BodyStructure if self.structure.is_empty() => {
                    imap::body_structure(message, true, &mut self.structure);
                }
                _ => {}
            }
        }
    }
}

fn other<'v>(name: &'static [u8], value: &'v [u8]) -> FetchData<'v> {
    FetchData::Other { name, value }
}

/// How much of a message something needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Nothing,
    Header,
    All,
}

fn need(item: &FetchItem<'_>, streams: bool) -> Need {
    match item {
        FetchItem::Envelope => Need::Header,
        FetchItem::Body | FetchItem::BodyStructure => Need::All,
        item => match section(item) {
            None => Need::Nothing,
            Some((section, _)) if is_all(&section) && streams => Need::Nothing,
            Some((section, _)) if section.part.is_empty() => match section.what {
                What::Header | What::Fields(_) | What::FieldsNot(_) => Need::Header,
                _ => Need::All,
            },
            Some(_) => Need::All,
        },
    }
}

/// Whether a message is stored as it is sent.
fn is_wire(entry: &Entry) -> bool {
    entry.size().is_some() && entry.size() == entry.wire_size()
}

fn is_all(section: &Section<'_>) -> bool {
    section.part.is_empty() && section.what == What::All
}

/// Which text an item is, and which octets of it.
fn section<'a>(item: &FetchItem<'a>) -> Option<(Section<'a>, Option<(u32, u32)>)> {
    let what = |what| Some((Section { what, ..Section::default() }, None));
    match item {
        FetchItem::Section { section, partial, .. } => Some((*section, *partial)),
        FetchItem::Rfc822 => what(What::All),
        FetchItem::Rfc822Header => what(What::Header),
        FetchItem::Rfc822Text => what(What::Text),
        _ => None,
    }
}

/// What an item's text is called in the answer.
fn place(item: FetchItem<'_>) -> Option<Place<'_>> {
    match item {
        FetchItem::Section { section, partial, .. } => {
            Some(Place::Body { section, origin: partial.map(|(from, _)| from) })
        }
        FetchItem::Rfc822 => Some(Place::Rfc822),
        FetchItem::Rfc822Header => Some(Place::Rfc822Header),
        FetchItem::Rfc822Text => Some(Place::Rfc822Text),
        _ => None,
    }
}

/// Whether whoever asks for this has seen the message. RFC 3501 6.4.5
fn sets_seen(item: FetchItem<'_>) -> bool {
    matches!(
        item,
        FetchItem::Section { peek: false, .. } | FetchItem::Rfc822 | FetchItem::Rfc822Text
    )
}

/// When a message was delivered.
pub(crate) fn received(entry: &Entry) -> DateTime {
    let seconds = entry.seconds().unwrap_or_default();
    DateTime::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// Reads a message, or only its header, with CRLF at each line's end.
pub(crate) fn read<D: Disk + Clone>(
    maildir: &Maildir<D>,
    entry: &Entry,
    header: bool,
) -> Result<Vec<u8>, Error> {
    let mut reader = maildir.open(entry)?;
    let mut octets = Vec::new();
    loop {
        let end = octets.len();
        octets.resize(end + if header { 4096 } else { 1 << 18 }, 0);
        let n = reader.read(&mut octets[end..])?;
        octets.truncate(end + n);
        if n == 0 || header && (has_body(&octets, end) || octets.len() > MAX_HEADER) {
            break;
        }
    }
    Ok(if is_wire(entry) { octets } else { to_crlf(&octets) })
}

/// Whether an empty line has come with what was read last.
fn has_body(octets: &[u8], read_before: usize) -> bool {
    let from = read_before.saturating_sub(3);
    let ends = |end: &[u8]| octets[from..].windows(end.len()).any(|window| window == end);
    ends(b"\n\r\n") || ends(b"\n\n")
}
