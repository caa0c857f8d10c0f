//! The patterns of LIST beside a naive twin.

use imap_proto::{codec::Text, server::Pattern};

/// Compares names with the pattern, and with what a backtracking matcher says.
pub(super) fn check(reference: Text<'_>, pattern: Text<'_>) {
    let whole = [reference.bytes(), pattern.bytes()].concat();
    // The twin takes long for many wildcards.
    if whole.iter().filter(|octet| matches!(octet, b'*' | b'%')).count() > 3 || whole.len() > 60 {
        return;
    }
    let ours = Pattern::new(reference, pattern, b'.');
    let text = String::from_utf8_lossy(&whole);
    let plain = text.replace(['*', '%'], "");
    let deep = text.replace('*', "a.b").replace('%', "c");
    let crossing = text.replace('%', "a.b");
    for name in ["", "INBOX", "inbox", "a.b.c", &*text, &plain, &deep, &crossing] {
        // RFC 3501 5.1: INBOX is the same in any case; no other name is.
        let fold = |octets: &[u8]| match name.eq_ignore_ascii_case("INBOX") {
            true => octets.to_ascii_uppercase(),
            false => octets.to_vec(),
        };
        let expected = matches(&fold(&whole), &fold(name.as_bytes()));
        assert_eq!(ours.matches(name), expected, "{name:?} and {text:?}");
    }
}

/// RFC 3501 6.3.8: `*` stands for anything, `%` for anything without the delimiter.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => (0..=name.len()).any(|n| matches(rest, &name[n..])),
        [b'%', rest @ ..] => {
            let most = name.iter().position(|octet| *octet == b'.').unwrap_or(name.len());
            (0..=most).any(|n| matches(rest, &name[n..]))
        }
        [octet, rest @ ..] => name.first() == Some(octet) && matches(rest, &name[1..]),
    }
}
