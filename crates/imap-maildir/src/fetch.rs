//! FETCH: what there is to tell of messages, one after the other, as fast as the client takes it.

use crate::{Error, View};
use imap_proto::{
    Misuse, Server,
    codec::{
        Code, Command, Condition, DateTime, FetchData, FetchItem, Flag, Items, Place, Quirks,
        Section, Status, What,
    },
};
use imf_message::{Index, Message, imap, to_crlf};
use maildir::{Entry, Flags, Maildir};
use posta_core::{
    Machine,
    disk::{Disk, Reader},
};
use std::collections::VecDeque;

/// The most octets of a header that is read without its message.
const MAX_HEADER: usize = 256 * 1024;

/// The most items of one FETCH.
const MAX_ITEMS: usize = 500;

/// A FETCH that is being answered.
#[derive(Debug)]
pub struct Fetch<D: Disk> {
    /// The command, to be read again whenever it goes on.
    line: Vec<u8>,
    numbers: VecDeque<u32>,
    /// The message whose response has begun.
    open: Option<Open>,
    /// The octets of the literal that has begun.
    current: Option<Source<D>>,
    /// A message is gone.
    missing: bool,
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
        let line = line.to_vec();
        Self { line, numbers: numbers.into(), open: None, current: None, missing: false }
    }

    /// Goes on as far as there is room, and asks the server to tell when there is [more](Server::more).
    ///
    /// # Errors
    /// The disk failed, or the client asks for more than 500 items. If that was within a response, the session
    /// cannot go on: half of one cannot be taken back, and [`Server::finish`] refuses.
    pub fn step(&mut self, view: &mut View<D>, imap: &mut Server) -> Result<Progress, Error> {
        let line = std::mem::take(&mut self.line);
        let progress = match Command::parse_with(&line, Quirks::all()) {
            Ok((_, Command::Fetch { items, .. })) if items.iter().nth(MAX_ITEMS).is_some() => {
                Err(Error::No(Code::Limit, "too many items"))
            }
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
            if imap.output().room() == 0 {
                imap.more()?;
                return Ok(Progress::More);
            }
            if let Some(source) = &mut self.current {
                if source.give(imap)? {
                    self.current = None;
                }
                continue;
            }
            if self.open.is_some() {
                self.next_text(items, view.maildir(), imap)?;
                continue;
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

    /// Begins with a message, and tells all that is short.
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
        let mut open = Open::load(&maildir, &entry, items)?;
        let mut size = None;
        if items.iter().any(|item| matches!(item, FetchItem::Size)) {
            size = Some(maildir.wire_size(&entry)?);
        }
        let reads = items.iter().any(sets_seen);
        let sees = reads && !view.is_read_only() && !entry.flags().contains(Flags::SEEN);
        if sees && let Some(message) = view.message_mut(number) {
            maildir.set_flags(&mut message.entry, entry.flags() | Flags::SEEN)?;
        }
        let Some(message) = view.message(number) else { return Ok(()) };
        let flags: Vec<Flag<'_>> = view.flags(message);
        let mut values = Values::default();
        open.look(|message| values.fill(items, message));
        let mut data: Vec<FetchData<'_>> = Vec::new();
        // The UID first: whoever reads on knows what message it is.
        let first = uid.then_some(FetchItem::Uid).into_iter();
        for item in first.chain(items.iter()).chain(sees.then_some(FetchItem::Flags)) {
            let value = match item {
                FetchItem::Uid => FetchData::Uid(message.uid),
                FetchItem::Flags => FetchData::Flags(Items::new(&flags)),
                FetchItem::InternalDate => FetchData::InternalDate(received(&entry)),
                FetchItem::Size => FetchData::Size(size.unwrap_or_default()),
                FetchItem::Envelope => other(b"ENVELOPE", &values.envelope),
                FetchItem::Body => other(b"BODY", &values.body),
                FetchItem::BodyStructure => other(b"BODYSTRUCTURE", &values.structure),
                _ => continue,
            };
            // Once is enough, however often it is asked for.
            if !data.contains(&value) {
                data.push(value);
            }
        }
        imap.begin_fetch(number, &data)?;
        self.open = Some(open);
        Ok(())
    }

    /// Begins with the next text of the message, or ends its response.
    fn next_text(
        &mut self,
        items: &Items<'_, FetchItem<'_>>,
        maildir: &Maildir<D>,
        imap: &mut Server,
    ) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut rest = items.iter().enumerate().skip(open.next);
        let Some((at, item)) = rest.find(|(_, item)| section(item).is_some()) else {
            self.open = None;
            return Ok(imap.end_fetch()?);
        };
        open.next = at + 1;
        let (Some((section, partial)), Some(place)) = (section(&item), place(item)) else {
            return Ok(());
        };
        let source = match open.source(&section, partial, maildir) {
            Err(Error::Maildir(maildir::Error::Gone(_))) => {
                self.missing = true;
                None
            }
            source => source?,
        };
        match source {
            Some(source) => {
                imap.literal(place, source.left())?;
                self.current = (source.left() > 0).then_some(source);
            }
            None => imap.fetch_data(&[FetchData::Text(place, None)])?,
        }
        Ok(())
    }
}

/// A message whose response has begun: as much of it as its items need, with CRLF at each line's end.
#[derive(Debug)]
struct Open {
    entry: Entry,
    octets: Vec<u8>,
    index: Option<Index>,
    /// All of it is here.
    whole: bool,
    /// The first item whose text has not been told.
    next: usize,
}

impl Open {
    fn load<D: Disk + Clone>(
        maildir: &Maildir<D>,
        entry: &Entry,
        items: &Items<'_, FetchItem<'_>>,
    ) -> Result<Self, Error> {
        let streams = is_wire(entry);
        let need = items.iter().map(|item| need(&item, streams)).max().unwrap_or(Need::Nothing);
        let (octets, whole) = match need {
            Need::Nothing => (Vec::new(), false),
            Need::Header => (read(maildir, entry, true)?, false),
            Need::All => (read(maildir, entry, false)?, true),
        };
        Ok(Self { entry: entry.clone(), octets, index: None, whole, next: 0 })
    }

    /// Looks into the message, which is scanned once only.
    fn look<T>(&mut self, look: impl FnOnce(&Message<'_>) -> T) -> T {
        let message = match self.index.take() {
            Some(index) => Message::with_index(&self.octets, index),
            None => Message::new(&self.octets),
        };
        let seen = look(&message);
        self.index = Some(message.into_index());
        seen
    }

    /// Where the octets of a text come from, if there is such a text.
    fn source<D: Disk + Clone>(
        &mut self,
        section: &Section<'_>,
        partial: Option<(u32, u32)>,
        maildir: &Maildir<D>,
    ) -> Result<Option<Source<D>>, Error> {
        let (from, most) = partial.unwrap_or((0, u32::MAX));
        if !self.whole && is_all(section) {
            let size = self.entry.wire_size().unwrap_or_default();
            let mut reader = maildir.open(&self.entry)?;
            reader.skip(u64::from(from));
            let most = partial.map_or(u64::MAX, |_| u64::from(most));
            let left = size.saturating_sub(u64::from(from)).min(most);
            return Ok(Some(Source::File { reader, left }));
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
        let octets = self.look(|message| {
            let octets = imap::section(message, &path, &text)?;
            Some(match partial {
                Some((from, most)) => imap::partial(&octets, from, most).to_vec(),
                None => octets.into_owned(),
            })
        });
        Ok(octets.map(|octets| Source::Octets { octets, at: 0 }))
    }
}

/// Where the octets of a literal come from.
#[derive(Debug)]
enum Source<D: Disk> {
    Octets { octets: Vec<u8>, at: usize },
    File { reader: Reader<D>, left: u64 },
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
