//! What is in the file `dovecot-uidlist`.

use std::{collections::HashMap, fmt::Write};

/// The most octets of a file name, and of what is known of the message.
const MAX_PART: usize = 1024;

/// The most lines, and so the most messages of a folder.
pub(crate) const MAX_LINES: usize = 4_000_000;

/// So many lines may be added whatever the number of messages.
const FEW: usize = 1000;

/// The UIDs of a folder.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct UidList<'t> {
    pub(crate) validity: u32,
    pub(crate) next: u32,
    /// What else is in the first line: the folder's id, `G`, and what only others know.
    pub(crate) fields: Vec<&'t str>,
    /// By the ids of messages.
    pub(crate) messages: HashMap<&'t str, Listed<'t>>,
    /// How many lines were added after the list was written as a whole.
    pub(crate) added: usize,
    /// The last line is whole, and lines can be added: they are of this version, and the folder's id is there.
    pub(crate) open: bool,
}

/// The line of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Listed<'t> {
    pub(crate) uid: u32,
    /// What is between the UID and the name, as in `W2481`.
    pub(crate) fields: &'t str,
}

/// The file cannot be made sense of, but this UIDVALIDITY was in it; 0 if not even that.
#[derive(Debug, PartialEq)]
pub(crate) struct Damaged(pub(crate) u32);

impl<'t> UidList<'t> {
    /// ```text
    /// file    = header *message
    /// header  = "3" *(SP field) LF / "1" SP validity SP next LF
    /// field   = "V" validity / "N" next / "G" 32HEXDIG / ALPHA value
    /// message = uid *(SP field) SP ":" name LF / uid SP name LF      ; the second in version 1
    /// ```
    /// UIDs ascend. A last line without its end is one that another program is just writing, or that a crash
    /// cut: its message has none yet, but its UID is used up.
    pub(crate) fn parse(text: &'t str) -> Result<Self, Damaged> {
        let (header, mut rest) = text.split_once('\n').unwrap_or((text, ""));
        let (version, header) = header.split_once(' ').unwrap_or_default();
        let mut list = match version {
            "3" => Self::header(header),
            "1" => Self::old_header(header),
            _ => Self::default(),
        };
        if list.validity == 0 || list.next == 0 || !text.contains('\n') {
            return Err(Damaged(list.validity));
        }
        let damaged = Damaged(list.validity);
        let (mut last, mut lines, written) = (0, 0, list.next);
        while let Some((line, after)) = rest.split_once('\n') {
            rest = after;
            lines += 1;
            let Some((id, listed)) = message(line, version) else { return Err(damaged) };
            if listed.uid <= last || listed.uid == u32::MAX || lines > MAX_LINES {
                return Err(damaged);
            }
            last = listed.uid;
            list.added += usize::from(last >= written);
            // A message that is there twice went away and came back, and has got another UID.
            list.messages.insert(id, listed);
        }
        if !rest.is_empty() {
            list.added += 1;
            last = last.saturating_add(1).max(rest.split(' ').next().and_then(number).unwrap_or(0));
        }
        list.open = rest.is_empty() && version == "3" && list.has_guid();
        // Whoever adds lines leaves the header as it is.
        list.next = list.next.max(last.saturating_add(1));
        Ok(list)
    }

    /// What cannot be read is 0.
    fn header(fields: &'t str) -> Self {
        let mut list = Self::default();
        for field in fields.split(' ').filter(|field| !field.is_empty()) {
            if let Some(value) = field.strip_prefix('V') {
                list.validity = number(value).unwrap_or(0);
            } else if let Some(value) = field.strip_prefix('N') {
                list.next = number(value).unwrap_or(0);
            } else {
                list.fields.push(field);
            }
        }
        list
    }

    fn old_header(header: &str) -> Self {
        let (validity, next) = header.split_once(' ').unwrap_or((header, ""));
        let (validity, next) = (number(validity).unwrap_or(0), number(next).unwrap_or(0));
        Self { validity, next, ..Self::default() }
    }

    /// Whether lines for so many more messages can be added to its end. Not for ever: the lines of messages that
    /// are gone must go away, and where as many were added as were there, to write all anew costs no more.
    pub(crate) fn takes(&self, more: usize) -> bool {
        let added = self.added + more;
        self.open
            && added <= FEW.max(self.messages.len() / 2)
            && self.messages.len() + more <= MAX_LINES
            && more < (u32::MAX - self.next) as usize
    }

    /// Whether the folder's id is there.
    pub(crate) fn has_guid(&self) -> bool {
        self.fields.iter().any(|field| field.starts_with('G'))
    }

    /// The first line.
    pub(crate) fn write_header(&self, to: &mut String) {
        // Writing into a String cannot fail.
        let _ = write!(to, "3 V{} N{}", self.validity, self.next);
        for field in &self.fields {
            let _ = write!(to, " {field}");
        }
        to.push('\n');
    }
}

impl Listed<'_> {
    /// The line of the message with this file name.
    pub(crate) fn write(&self, name: &str, to: &mut String) {
        // Writing into a String cannot fail.
        let _ = match self.fields {
            "" => writeln!(to, "{} :{name}", self.uid),
            fields => writeln!(to, "{} {fields} :{name}", self.uid),
        };
    }
}

/// The id of a message, and what its line says.
fn message<'t>(line: &'t str, version: &str) -> Option<(&'t str, Listed<'t>)> {
    let (uid, rest) = line.split_once(' ')?;
    let (fields, name) = match rest.strip_prefix(':') {
        _ if version == "1" => ("", rest),
        Some(name) => ("", name),
        None => rest.split_once(" :")?,
    };
    let uid = number(uid).filter(|uid| *uid > 0)?;
    let fields = Some(fields.trim()).filter(|fields| fields.len() <= MAX_PART)?;
    let id = name.split([',', ':']).next().filter(|_| is_name(name))?;
    Some((id, Listed { uid, fields }))
}

/// Whether a file name can be in the list.
pub(crate) fn is_name(name: &str) -> bool {
    let is_id = |name: &str| !name.is_empty() && !name.starts_with([',', ':']);
    is_id(name) && name.len() <= MAX_PART && !name.contains(['\n', '\r', '/'])
}

fn number(digits: &str) -> Option<u32> {
    // The standard library takes a sign too.
    digits.bytes().all(|octet| octet.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn summary(text: &str) -> Option<String> {
        let list = UidList::parse(text).ok()?;
        let mut messages: Vec<_> = list.messages.iter().collect();
        messages.sort_by_key(|(_, listed)| listed.uid);
        let messages: Vec<_> = messages
            .into_iter()
            .map(|(id, listed)| format!("{}={id}[{}]", listed.uid, listed.fields))
            .collect();
        let UidList { validity, next, fields, .. } = list;
        Some(format!("V{validity} N{next} {} {}", fields.join(" "), messages.join(" ")))
    }

    #[test]
    fn lists_are_read() {
        #[rustfmt::skip]
        let table = [
            ("3 V7 N3 Gab\n1 :a,S=1,W=2\n2 :b\n",    "V7 N3 Gab 1=a[] 2=b[]"),
            ("3 V7 N9 Gab\n1 :a:2,FS\n",              "V7 N9 Gab 1=a[]"),
            ("3 N9 Xz V7 Gab\n",                      "V7 N9 Xz Gab "),
            ("3 V7 N3\n1 W2481 Px y :a\n",            "V7 N3  1=a[W2481 Px y]"),
            ("3 V7 N3\n1  Px:y  :a :b\n",             "V7 N3  1=a [Px:y]"),
            ("3 V7 N3\n5 :a\n",                       "V7 N6  5=a[]"),          // a line was added
            ("3 V7 N3\n1 :a\n2 :a\n",                 "V7 N3  2=a[]"),          // moved out and back
            ("3 V7 N3\n1 :a\n20 :b",                  "V7 N21  1=a[]"),         // the end is cut
            ("3 V7 N3\n1 :a\n4",                      "V7 N5  1=a[]"),
            ("1 7 3\n1 a,S=1:2,S\n2 b\n",             "V7 N3  1=a[] 2=b[]"),    // as Courier has it
        ];
        for (text, read) in table {
            assert_eq!(summary(text).as_deref(), Some(read), "{text:?}");
        }
    }

    #[test]
    fn lines_are_added_where_they_fit() {
        let whole = "3 V7 N3 Gab\n1 :a\n2 :b\n";
        #[rustfmt::skip]
        let table = [
            (whole.to_owned(),                        Some(0)),
            (format!("{whole}3 :c\n7 :d\n"),          Some(2)),
            ("3 V7 N1 Gab\n".to_owned(),              Some(0)),
            (format!("{whole}3 :c"),                  None),    // the end is cut
            ("3 V7 N3\n1 :a\n2 :b\n".to_owned(),      None),    // Dovecot wants an id
            ("1 7 3\n1 a\n2 b\n".to_owned(),          None),
        ];
        for (text, added) in table {
            let list = UidList::parse(&text).expect("a list");
            assert_eq!(list.takes(1).then_some(list.added), added, "{text:?}");
        }
        let cut = format!("{whole}3 :c");
        assert_eq!(UidList::parse(&cut).expect("a list").added, 1, "it is to be synced");
    }

    #[test]
    fn lines_are_not_added_for_ever() {
        let list = |written: u32, added: u32| {
            let line = |uid: u32| format!("{uid} :m{uid}\n");
            let lines: String = (1..=written + added).map(line).collect();
            let text = format!("3 V7 N{} Gab\n{lines}", written + 1);
            UidList::parse(&text).expect("a list").takes(1)
        };
        assert!(list(0, 999) && !list(0, 1000));
        assert!(list(3000, 2998) && !list(3000, 3000));
        let last = "3 V7 N4294967294 Gab\n";
        let list = UidList::parse(last).expect("a list");
        assert!(!list.takes(1), "UIDs are used up");
    }

    #[test]
    fn damage_is_seen() {
        #[rustfmt::skip]
        let table = [
            ("", 0), ("\n", 0), ("3\n", 0), ("3 V7 N3", 7), ("2 V7 N3\n", 0), ("4 V7 N3\n", 0), ("3 N3\n", 0),
            ("3 V7\n", 7), ("3 V7 N0\n", 7), ("3 V0 N3\n", 0), ("3 Vx N3\n", 0), ("3 V-7 N3\n", 0),
            ("3 V99999999999 N3\n", 0), ("3 V7 N3 é\n4\n", 7), ("1 7\n", 7), ("1 7 3 4\n", 7),
            ("3 V7 N3\n\n", 7), ("3 V7 N3\n1\n", 7), ("3 V7 N3\n1 a\n", 7), ("3 V7 N3\n1 :\n", 7),
            ("3 V7 N3\n0 :a\n", 7), ("3 V7 N3\n-1 :a\n", 7), ("3 V7 N3\n+1 :a\n", 7), ("3 V7 N3\nx :a\n", 7),
            ("3 V7 N3\n1 :../a\n", 7), ("3 V7 N3\n4294967295 :a\n", 7), ("3 V7 N3\n4294967296 :a\n", 7),
            ("3 V7 N3\n2 :a\n1 :b\n", 7), ("3 V7 N3\n1 :a\n1 :b\n", 7), // not ascending
        ];
        for (text, validity) in table {
            assert_eq!(UidList::parse(text), Err(Damaged(validity)), "{text:?}");
        }
        let long = format!("3 V7 N3\n1 :{}\n", "a".repeat(MAX_PART + 1));
        assert_eq!(UidList::parse(&long), Err(Damaged(7)));
        let long = format!("3 V7 N3\n1 P{} :a\n", "a".repeat(MAX_PART));
        assert_eq!(UidList::parse(&long), Err(Damaged(7)));
    }

    #[test]
    fn lists_are_written_as_dovecot_writes_them() {
        let text = "3 V1795420336 N25018 G930c2712aef0036b791a000083ecc375\n\
                    1 :1795420334.M347466P6780.vm,S=14,W=17\n25017 W2481 :1276533073.M242911P3632.vm\n";
        let list = UidList::parse(text).expect("a list");
        let mut written = String::new();
        list.write_header(&mut written);
        list.messages["1795420334.M347466P6780.vm"]
            .write("1795420334.M347466P6780.vm,S=14,W=17", &mut written);
        list.messages["1276533073.M242911P3632.vm"]
            .write("1276533073.M242911P3632.vm", &mut written);
        assert_eq!(written, text);
    }

    proptest! {
        /// Nothing panics, and cutting a file never lowers a UID that is used up by what is left.
        #[test]
        fn whatever_is_there(text in "([13] (V[0-9]{1,10} N[0-9]{1,10}( G[a-f]{2})?|[0-9] [0-9])\n)?([0-9]{1,2} [A-Z]?[0-9]? ?:?[a-c/]{0,2}(,S=1)?\n?){0,5}") {
            if let Ok(list) = UidList::parse(&text) {
                for listed in list.messages.values() {
                    prop_assert!(listed.uid > 0 && listed.uid < list.next);
                }
            }
        }
    }
}
