//! Where a response ends, and where one that is too long is cut.

use super::{Client, Error, Event};
use crate::codec::{
    Cursor, Data, Esearch, Fetch, Items, ParseError, Place, Quirks, Search, read_earlier,
};
use posta_core::Input;

/// In which response the next octet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// In none: at the beginning of one.
    Start,
    /// Between two items of this FETCH.
    Fetch {
        number: u32,
        uid: Option<u32>,
    },
    /// In a literal of a FETCH, with so many octets left.
    Literal {
        number: u32,
        uid: Option<u32>,
        left: u64,
    },
    Search,
    Vanished {
        earlier: bool,
    },
    /// In the set of messages of this.
    Esearch {
        uid: bool,
    },
}

/// What stands at the front of the input.
pub(super) enum Piece {
    /// A whole response, or the last part of one, with its CRLF.
    Whole(usize),
    /// So much of a response that must be cut. Either it fills the input, or it ends with the
    /// announcement of a literal of this size, which stays outside.
    Cut { n: usize, literal: Option<u64> },
}

impl Inside {
    /// Looks for the end of a response. `need` is where the next line can begin at the earliest.
    pub(super) fn frame(
        self,
        input: &mut Input,
        inline: usize,
        quirks: Quirks,
        need: &mut usize,
    ) -> Result<Option<Piece>, Error> {
        loop {
            if input.len() < *need {
                return Ok(None);
            }
            if *need > 0 {
                input.frame(*need);
                *need = 0;
            }
            let Some(n) = input.line() else {
                let full = input.is_full();
                return Ok(full.then(|| Piece::Cut { n: input.len(), literal: None }));
            };
            let line = &input.bytes()[input.framed()..n];
            let text = line.strip_suffix(b"\r\n").ok_or(Error::BareCrOrLf)?;
            if memchr::memchr2(b'\r', 0, text).is_some() {
                return Err(Error::BareCrOrLf);
            }
            let literal = announced(text).filter(|_| self.has_literals(input.bytes()));
            let Some(size) = literal else { return Ok(Some(Piece::Whole(n))) };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let end = n.saturating_add(size);
            // At least the end of the line must fit behind it.
            let fits = end.saturating_add(2) <= input.limit();
            if !fits || size > inline && self.is_text(&input.bytes()[..n], quirks) {
                return Ok(Some(Piece::Cut { n, literal }));
            }
            *need = end;
        }
    }

    /// Whether there can be literals: not in what is told in words.
    fn has_literals(self, frame: &[u8]) -> bool {
        if self != Self::Start {
            return true;
        }
        let Some(rest) = frame.strip_prefix(b"* ") else { return false };
        let mut cursor = Cursor::new(rest, Quirks::default());
        let word = cursor.word().unwrap_or_default();
        !["OK", "NO", "BAD", "BYE", "PREAUTH"]
            .iter()
            .any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
    }

    /// Whether a FETCH response that ends with the announcement of a literal announces the text of a
    /// message, and not something within an item.
    fn is_text(self, frame: &[u8], quirks: Quirks) -> bool {
        let begun = if self == Self::Start { head(frame) } else { Some((self, 0)) };
        let Some((Self::Fetch { .. }, head)) = begun else { return false };
        let text = &frame[head..];
        read_literal_head(&text[Fetch::whole_items(text, quirks)..], quirks).is_ok()
    }

    /// The last part of a response.
    pub(super) fn last(
        self,
        frame: &[u8],
        quirks: Quirks,
    ) -> Result<(Data<'_>, Quirks), ParseError> {
        let mut cursor = Cursor::new(frame, quirks);
        let data = match self {
            Self::Fetch { number, .. } | Self::Literal { number, .. } => {
                let data = Fetch::read_items(&mut cursor, true)?;
                cursor.end()?;
                Data::Fetch(Fetch { number, data })
            }
            Self::Search => Data::Search(Search::read(&mut cursor)?),
            Self::Vanished { earlier } => {
                let uids = Items::read_set(&mut cursor)?;
                cursor.end()?;
                Data::Vanished { earlier, uids }
            }
            Self::Esearch { uid } => {
                let data = Items::read_to_end(&mut cursor)?;
                Data::Esearch(Esearch { tag: None, uid, data })
            }
            Self::Start => return Err(ParseError::nothing()),
        };
        Ok((data, cursor.needed))
    }
}

/// The size in `{size}` or `~{size}` at the end of a line.
fn announced(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"}")?;
    let open = memchr::memrchr(b'{', line)?;
    let digits = &line[open + 1..];
    // `FromStr` would take a sign.
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // One that has too many digits is too long for anything.
    all.then(|| core::str::from_utf8(digits).ok()?.parse().ok())
        .map(|size| size.unwrap_or(u64::MAX))
}

/// The response that begins here, if it can be cut, and how long its beginning is.
fn head(frame: &[u8]) -> Option<(Inside, usize)> {
    let mut cursor = Cursor::new(frame, Quirks::default());
    if !(cursor.try_byte(b'*') && cursor.try_byte(b' ')) {
        return None;
    }
    if cursor.peek()?.is_ascii_digit() {
        let number = cursor.nz_number().ok()?;
        cursor.space().ok()?;
        let found = cursor.try_word(b"FETCH") && cursor.try_byte(b' ') && cursor.try_byte(b'(');
        return found.then(|| (Inside::Fetch { number, uid: None }, cursor.offset()));
    }
    let inside = if cursor.try_word(b"SEARCH") {
        Inside::Search
    } else if cursor.try_word(b"VANISHED") && cursor.try_byte(b' ') {
        Inside::Vanished { earlier: read_earlier(&mut cursor).ok()? }
    } else if cursor.try_word(b"ESEARCH") {
        let mut ahead = cursor;
        let esearch = Esearch::read_head(&mut ahead).ok()?;
        Inside::Esearch { uid: esearch.uid }
    } else {
        return None;
    };
    Some((inside, cursor.offset()))
}

impl Client {
    /// Takes what can be taken of a response that cannot be taken whole: its elements that are there, or
    /// the announcement of a literal that comes in chunks.
    pub(super) fn cut<'i>(
        &mut self,
        input: &'i mut Input,
        n: usize,
        literal: Option<u64>,
    ) -> Result<Event<'i>, Error> {
        let frame = &input.bytes()[..n];
        let begun = match self.inside {
            Inside::Start if self.greeted => head(frame),
            Inside::Start => None,
            inside => Some((inside, 0)),
        };
        let Some((inside, head)) = begun else { return Err(self.fail(Error::TooLong)) };
        let text = &frame[head..];
        let quirks = self.config.quirks;
        // How much of the text goes into this part, and how much is passed over behind it.
        let (taken, passed) = match inside {
            Inside::Fetch { .. } => (Fetch::whole_items(text, quirks), 0),
            Inside::Search => {
                let numbers = memchr::memchr(b'(', text).map_or(text, |at| &text[..at]);
                (memchr::memrchr(b' ', numbers).unwrap_or(0), 0)
            }
            _ => (memchr::memrchr(b',', text).unwrap_or(0), 1),
        };
        if taken == 0 {
            let (Inside::Fetch { number, uid }, Some(size)) = (inside, literal) else {
                return Err(self.fail(Error::TooLong));
            };
            self.inside = Inside::Literal { number, uid, left: size };
            let text = &input.take(n)[head..];
            return match read_literal_head(text, quirks) {
                Ok((place, needed)) => {
                    self.tolerated(needed);
                    Ok(Event::Literal { number, uid, place, size })
                }
                Err(error) => Err(self.fail(error)),
            };
        }
        let text = &input.take(head + taken + passed)[head..head + taken];
        let mut cursor = Cursor::new(text, quirks);
        if matches!(inside, Inside::Fetch { .. }) {
            while cursor.try_byte(b' ') {}
        }
        let data = match inside {
            Inside::Fetch { number, .. } => {
                Items::read_to_end(&mut cursor).map(|data| Data::Fetch(Fetch { number, data }))
            }
            Inside::Search => Search::read(&mut cursor).map(Data::Search),
            Inside::Vanished { earlier } => {
                Items::read_set(&mut cursor).map(|uids| Data::Vanished { earlier, uids })
            }
            Inside::Esearch { uid } if head == 0 => Items::read_to_end(&mut cursor)
                .map(|data| Data::Esearch(Esearch { tag: None, uid, data })),
            _ => Esearch::read(&mut cursor).map(Data::Esearch),
        };
        let data = match data {
            Ok(data) => data,
            Err(error) => return Err(self.fail(error.into())),
        };
        let needed = cursor.needed;
        self.tolerated(needed);
        self.inside = match (inside, &data) {
            (Inside::Fetch { number, uid }, Data::Fetch(fetch)) => {
                Inside::Fetch { number, uid: uid.or_else(|| fetch.uid()) }
            }
            _ => inside,
        };
        Ok(Event::Data { data, last: false })
    }
}

/// ```abnf
/// "BODY" section ["<" number ">"] SP literal
/// ```
/// The name of a FETCH item whose value is a literal that is too long for anything else.
fn read_literal_head(text: &[u8], quirks: Quirks) -> Result<(Place<'_>, Quirks), Error> {
    let mut cursor = Cursor::new(text, quirks);
    while cursor.try_byte(b' ') {}
    let place = Place::read(&mut cursor)?;
    cursor.space()?;
    cursor.try_byte(b'~');
    // Anything else before the literal means that it stands deeper, where it must fit.
    if cursor.peek() != Some(b'{') || memchr::memchr(b'{', &cursor.rest()[1..]).is_some() {
        return Err(Error::TooLong);
    }
    Ok((place, cursor.needed))
}
