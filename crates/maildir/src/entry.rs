use crate::Flags;
use std::time::Duration;

/// The part of a name that flags follow.
const INFO: &str = ":2,";

/// A message in a Maildir: what its file is called.
///
/// Another program may rename or remove the file at any time; the [id](Self::id) stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    place: Place,
    name: String,
    /// The length of the id, at the front of the name.
    id: usize,
}

/// The folder that the file is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    New,
    Cur,
}

impl Place {
    pub(crate) fn directory(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cur => "cur",
        }
    }
}

impl Entry {
    pub(crate) fn new(place: Place, name: String) -> Self {
        let end = name.bytes().position(|octet| matches!(octet, b',' | b':'));
        Self { id: end.unwrap_or(name.len()), place, name }
    }

    /// What names the message for as long as it exists, whatever happens to its flags: the file name up
    /// to the first `,` or `:`.
    pub fn id(&self) -> &str {
        &self.name[..self.id]
    }

    /// Whether no mail program has seen the message: it is still in `new`.
    pub fn is_new(&self) -> bool {
        self.place == Place::New
    }

    /// Its flags.
    pub fn flags(&self) -> Flags {
        let info = self.name.split_once(INFO).map_or("", |(_, info)| info);
        info.split(',').next().unwrap_or_default().chars().collect()
    }

    /// The octets of the file, if its name tells (`,S=`).
    pub fn size(&self) -> Option<u64> {
        self.number("S=")
    }

    /// The octets of the message with CRLF at each line's end, if its name tells (`,W=`).
    pub fn wire_size(&self) -> Option<u64> {
        self.number("W=")
    }

    /// When the message was delivered, if its name tells: seconds since 1970.
    pub fn seconds(&self) -> Option<u64> {
        digits(&self.name)?.parse().ok()
    }

    /// When the message was delivered, with the part of a second.
    pub(crate) fn time(&self) -> Option<Duration> {
        let micros = self.name.split_once(".M").and_then(|(_, rest)| digits(rest)?.parse().ok());
        let micros = Duration::from_micros(micros.unwrap_or(0u32).into());
        Duration::from_secs(self.seconds()?).checked_add(micros)
    }

    /// What other programs know the message by: the file name up to the flags.
    pub(crate) fn base(&self) -> &str {
        self.name.split(':').next().unwrap_or_default()
    }

    /// What is known of the message in its name, as in `,S=10,W=12`. A UID, which some programs put there,
    /// is that of the folder it was in.
    pub(crate) fn fields(&self) -> String {
        let fields = self.base().split(',').skip(1).filter(|field| !field.starts_with("U="));
        fields.flat_map(|field| [",", field]).collect()
    }

    /// A message that comes into a folder: without flags no program there has seen it.
    pub(crate) fn arriving(base: String, flags: Flags) -> Self {
        let entry = Self::new(Place::New, base);
        if flags.is_empty() { entry } else { entry.with_flags(flags) }
    }

    /// The folder that the file is in.
    pub(crate) fn directory(&self) -> &'static str {
        self.place.directory()
    }

    /// The file's path in the Maildir.
    pub(crate) fn path(&self) -> String {
        format!("{}/{}", self.place.directory(), self.name)
    }

    /// The same message with other flags: in `cur`, as there are no flags in `new`. What follows the flags
    /// after a comma stays.
    pub(crate) fn with_flags(&self, flags: Flags) -> Self {
        let base = self.base();
        let info = self.name.split_once(INFO).map_or("", |(_, info)| info);
        let more = info.find(',').map_or("", |comma| &info[comma..]);
        Self::new(Place::Cur, format!("{base}{INFO}{flags}{more}"))
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.base().split(',').skip(1).find_map(|part| part.strip_prefix(key)?.parse().ok())
    }
}

/// The digits at the front.
fn digits(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(name: &str) -> Entry {
        Entry::new(Place::Cur, name.to_owned())
    }

    #[test]
    fn names_are_read() {
        #[rustfmt::skip]
        let table: &[(&str, &str, &str, Option<u64>, Option<u64>, Option<u64>)] = &[
            ("1790000000.M1P2.host,S=10,W=12:2,FS",  "1790000000.M1P2.host", "FS",  Some(10), Some(12), Some(1_790_000_000)),
            ("1790000000.M1P2.host:2,",              "1790000000.M1P2.host", "",    None,     None,     Some(1_790_000_000)),
            ("1790000000.M1P2.host",                 "1790000000.M1P2.host", "",    None,     None,     Some(1_790_000_000)),
            ("a,S=1:2,Sab,x=1",                      "a",                    "Sab", Some(1),  None,     None),
            ("a,S=x,W=:2,",                          "a",                    "",    None,     None,     None),
            ("a,S=99999999999999999999",             "a",                    "",    None,     None,     None),
            ("99999999999999999999.a:1,S",           "99999999999999999999.a", "",  None,     None,     None),
            ("a:2,S:2,F",                            "a",                    "2S",  None,     None,     None),
            ("",                                     "",                     "",    None,     None,     None),
        ];
        for (name, id, flags, size, wire, seconds) in table {
            let entry = entry(name);
            assert_eq!(entry.id(), *id, "{name}");
            assert_eq!(entry.flags().to_string(), *flags, "{name}");
            let numbers = (entry.size(), entry.wire_size(), entry.seconds());
            assert_eq!(numbers, (*size, *wire, *seconds), "{name}");
        }
    }

    #[test]
    fn what_is_not_known_stays_when_flags_change() {
        let set = |name| entry(name).with_flags(Flags::SEEN | Flags::DRAFT).name;
        assert_eq!(set("a,S=1,X=y"), "a,S=1,X=y:2,DS");
        assert_eq!(set("a:2,Fa,more=1,2"), "a:2,DS,more=1,2");
        let kept = entry("a:2,Fa%Z");
        assert_eq!(kept.with_flags(kept.flags() | Flags::SEEN).name, "a:2,%FSZa");
    }

    proptest! {
        /// Whatever a file is called: flags come back as they were set, and the message keeps its id.
        #[test]
        fn flags_read_back(name in "[^/\0]{0,40}|[0-9]{1,9}(,[SWx]=[0-9]{1,3}){0,3}(:2,[A-Za-z]{0,6})?", set in ".{0,9}") {
            let (before, flags) = (entry(&name), set.chars().collect());
            let after = before.with_flags(flags);
            prop_assert_eq!((after.id(), after.flags()), (before.id(), flags));
            prop_assert_eq!((after.size(), after.wire_size()), (before.size(), before.wire_size()));
            prop_assert!(!after.path().trim_start_matches("cur/").contains('/'));
        }
    }
}
