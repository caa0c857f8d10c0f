//! IMAP: commands and responses; the machines are in the files below.

mod client;
mod pair;
mod pattern;
mod server;

pub use client::client;
pub use pair::pair;
pub use server::server;

use imap_proto::{
    codec::{Command, Data, Date, DateTime, Flag, Items, Quirks, Response, SearchKey, Section},
    server::{Search, Searched},
};

/// A command with its literals, as a server reads it; and what can stand in one.
pub fn command(wire: &[u8]) {
    let strict = Command::parse(wire);
    match Command::parse_with(wire, Quirks::all()) {
        Ok((tag, command)) => {
            assert!(!tag.is_empty() && wire.starts_with(tag.as_bytes()));
            if let Ok(strict) = strict {
                assert_eq!(strict, (tag, command));
            }
            // Goes through all its lists; no password is shown.
            let _ = format!("{command:?}");
            match command {
                Command::Search { keys, .. } => search(&keys),
                Command::List { reference, pattern } | Command::Lsub { reference, pattern } => {
                    pattern::check(reference, pattern);
                }
                _ => {}
            }
        }
        Err(error) => {
            assert!(error.error.offset <= wire.len(), "{error:?}");
            assert!(strict.is_err(), "strict takes what tolerant refuses");
        }
    }
    if let Ok(keys) = SearchKey::parse(wire) {
        search(&keys);
    }
    if let Ok(section) = Section::parse(wire) {
        let mut written = Vec::new();
        if section.write(&mut written).is_ok() {
            assert_eq!(Section::parse(&written), Ok(section));
        }
    }
    if let Ok(date) = DateTime::parse(wire) {
        let mut written = Vec::new();
        date.write(&mut written).expect("a date that was read");
        let text = written.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
        assert_eq!(DateTime::parse(text.unwrap_or(&written)), Ok(date));
        assert_eq!(DateTime::from_unix(date.unix()).unix(), date.unix());
    }
}

/// What a server says, as a client reads it: what is read can be written, and reads back.
pub fn response(wire: &[u8]) {
    let strict = Response::parse(wire);
    let Ok((response, needed)) = Response::parse_with(wire, Quirks::all()) else {
        return assert!(strict.is_err(), "strict takes what tolerant refuses");
    };
    // Goes through all its lists.
    let _ = format!("{response:?}");
    match strict {
        Ok(strict) => assert_eq!((strict, needed), (response, Quirks::default())),
        Err(_) => assert_ne!(needed, Quirks::default()),
    }
    let mut written = b"before".to_vec();
    if response.write(&mut written).is_ok() {
        let line = written[6..].strip_suffix(b"\r\n").expect("a line");
        let again = Response::parse_with(line, Quirks::all());
        assert_eq!(again.map(|(again, _)| again), Ok(response), "{}", line.escape_ascii());
    } else {
        assert_eq!(written, b"before");
    }
    if let Response::Data(Data::Fetch(fetch)) = response {
        let _ = (fetch.uid(), fetch.flags(), fetch.text(), fetch.size());
    }
}

/// What keys ask is the opposite of what they ask behind NOT, and the same in parentheses.
fn search(keys: &Items<'_, SearchKey<'_>>) {
    let holds = |keys: &Items<'_, SearchKey<'_>>, seed| {
        let search = Search::new(keys, (5, 77), |text| String::from_utf8_lossy(text).into_owned());
        search.matches(&mut Message(seed))
    };
    let group = [SearchKey::And(*keys)];
    let not = [SearchKey::Not(Items::new(&group))];
    for seed in [0, 1, 2, 3] {
        let it_holds = holds(keys, seed);
        assert_eq!(holds(&Items::new(&group), seed), it_holds);
        assert_ne!(holds(&Items::new(&not), seed), it_holds);
    }
}

/// A message, unlike others with another number.
struct Message(u32);

impl Searched for Message {
    fn number(&self) -> u32 {
        self.0 + 1
    }

    fn uid(&self) -> u32 {
        10 * self.0 + 5
    }

    fn has(&self, flag: &Flag<'_>) -> bool {
        (flag.as_str().len() as u32 + self.0).is_multiple_of(2)
    }

    fn received(&mut self) -> Date {
        Date { year: 2026, month: 2, day: self.0 as u8 + 1 }
    }

    fn sent(&mut self) -> Option<Date> {
        (self.0 > 0).then(|| self.received())
    }

    fn size(&mut self) -> u64 {
        u64::from(self.0) * 1000
    }

    fn header_holds(&mut self, name: &str, text: &str) -> bool {
        (name.len() + text.len()) as u32 % 4 == self.0
    }

    fn body_holds(&mut self, text: &str) -> bool {
        text.len() as u32 % 4 == self.0
    }

    fn text_holds(&mut self, text: &str) -> bool {
        text.len() as u32 % 3 == self.0
    }
}
