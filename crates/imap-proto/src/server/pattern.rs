//! Which mailboxes LIST and LSUB are about.

use crate::codec::Text;
use alloc::{vec, vec::Vec};

/// The longest pattern that matches anything, in octets.
const LONGEST: usize = 1000;

/// What LIST and LSUB ask for: a reference and a pattern, in which `*` stands for anything and `%` for
/// anything within a level. RFC 3501 6.3.8
///
/// The reference goes before the pattern as it is. `INBOX` is matched in any case.
#[derive(Clone, Debug)]
pub struct Pattern {
    octets: Vec<u8>,
    delimiter: u8,
}

impl Pattern {
    /// The mailboxes that a client asks for, in a hierarchy with this delimiter.
    pub fn new(reference: Text<'_>, pattern: Text<'_>, delimiter: u8) -> Self {
        let octets = reference.octets().chain(pattern.octets()).take(LONGEST + 1).collect();
        Self { octets, delimiter }
    }

    /// Whether the client does not ask for mailboxes, but for the delimiter alone.
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Whether a mailbox of this name, as it stands on the wire, is asked for.
    pub fn matches(&self, name: &str) -> bool {
        if self.octets.len() > LONGEST {
            return false;
        }
        let is_inbox = name.eq_ignore_ascii_case("INBOX");
        // Which fronts of the pattern match what was read of the name: no wildcard is tried twice.
        let mut fronts = vec![false; self.octets.len() + 1];
        fronts[0] = true;
        self.skip_wildcards(&mut fronts);
        for octet in name.bytes() {
            let mut next = vec![false; fronts.len()];
            for (at, wanted) in self.octets.iter().enumerate().filter(|(at, _)| fronts[*at]) {
                match wanted {
                    b'*' => next[at] = true,
                    b'%' => next[at] |= octet != self.delimiter,
                    _ if *wanted == octet => next[at + 1] = true,
                    _ if is_inbox && wanted.eq_ignore_ascii_case(&octet) => next[at + 1] = true,
                    _ => {}
                }
            }
            self.skip_wildcards(&mut next);
            fronts = next;
        }
        fronts[self.octets.len()]
    }

    /// A wildcard stands for nothing, too.
    fn skip_wildcards(&self, fronts: &mut [bool]) {
        for (at, wanted) in self.octets.iter().enumerate() {
            if fronts[at] && matches!(wanted, b'*' | b'%') {
                fronts[at + 1] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        #[rustfmt::skip]
        let table = [
            ("", "*", "a.b.c", true),     ("", "%", "a.b", false),      ("", "%", "a", true),
            ("", "a.%", "a.b", true),     ("", "a.%", "a.b.c", false),  ("", "a*", "a.b.c", true),
            ("", "%.%", "a.b", true),     ("", "%.%", "a.b.c", false),  ("", "*.c", "a.b.c", true),
            ("", "%.c", "a.b.c", false),  ("", "*%", "a.b.c", true),    ("", "%*", "a.b.c", true),
            ("", "a", "A", false),        ("", "inbox", "INBOX", true), ("", "InB%", "INBOX", true),
            ("", "inbox.a", "INBOX.a", false),                          ("a.", "%", "a.b", true),
            ("a.", "%", "b", false),      ("a", ".b", "a.b", true),     ("", "", "", true),
            ("", "", "a", false),         ("", "a", "", false),         ("", "%%", "", true),
            // A wildcard behind what matches as well: both go on.
            ("", "*.%.", "a.b.c.", true), ("", "a%b%c", "abbc", true),
            ("", "*b*d*", "abcd", true),  ("", "*b*e*", "abcd", false), ("", "%b.%d", "ab.cd", true),
        ];
        for (reference, pattern, name, matches) in table {
            let asked = Pattern::new(Text::from(reference), Text::from(pattern), b'.');
            assert_eq!(asked.matches(name), matches, "{reference:?} {pattern:?} {name:?}");
        }
    }

    /// Backtracking would not come to an end.
    #[test]
    fn patterns_take_no_more_time_than_their_length() {
        let pattern = alloc::format!("{}b", "*a".repeat(400));
        let asked = Pattern::new(Text::from(""), Text::from(pattern.as_str()), b'.');
        assert!(!asked.matches(&"a".repeat(800)));
        let pattern = "*".repeat(2000);
        assert!(!Pattern::new(Text::from(""), Text::from(pattern.as_str()), b'.').matches("a"));
    }
}
