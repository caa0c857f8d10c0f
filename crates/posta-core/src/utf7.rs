//! Names of mailboxes in modified UTF-7, as IMAP sends them and Maildirs store them. RFC 3501 5.1.3
//!
//! Printable ASCII stands for itself, `&` as `&-`, and all else as UTF-16 in a base64 of its own between `&`
//! and `-`. Every name has exactly one such form.

use alloc::{string::String, vec::Vec};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Writes a name in modified UTF-7.
pub fn encode(name: &str) -> String {
    let mut wire = String::new();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let special = rest.find(is_plain).unwrap_or(rest.len());
        let (run, after) = rest.split_at(special);
        if run.is_empty() {
            wire.push(c);
            if c == '&' {
                wire.push('-');
            }
            rest = &rest[1..];
            continue;
        }
        wire.push('&');
        encode_run(run, &mut wire);
        wire.push('-');
        rest = after;
    }
    wire
}

/// What a name in modified UTF-7 says; `None` if it is none, or not the form that [`encode`] gives.
pub fn decode(wire: &str) -> Option<String> {
    let mut name = String::new();
    let mut rest = wire;
    while let Some(at) = rest.find('&') {
        name.push_str(&rest[..at]);
        let (run, after) = rest[at + 1..].split_once('-')?;
        match run {
            "" => name.push('&'),
            _ => name.push_str(&decode_run(run)?),
        }
        rest = after;
    }
    name.push_str(rest);
    // There is one form only: what looks like another name must not be the same one.
    (encode(&name) == wire).then_some(name)
}

/// Whether a character stands for itself, or has a form of its own.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

fn encode_run(run: &str, wire: &mut String) {
    let (mut bits, mut count) = (0u32, 0);
    for unit in run.encode_utf16() {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            wire.push(digit(bits >> count));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        wire.push(digit(bits << (6 - count)));
    }
}

fn digit(bits: u32) -> char {
    char::from(DIGITS[(bits & 63) as usize])
}

fn decode_run(run: &str) -> Option<String> {
    let (mut bits, mut count) = (0u32, 0);
    let mut units = Vec::new();
    for octet in run.bytes() {
        let value = DIGITS.iter().position(|digit| *digit == octet)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count) as u16);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn names_and_their_forms() {
        for (name, wire) in [
            ("", ""),
            ("INBOX", "INBOX"),
            ("a b.c", "a b.c"),
            ("Tom & Jerry", "Tom &- Jerry"),
            // RFC 3501 5.1.3
            (
                "~peter/mail/\u{53f0}\u{5317}/\u{65e5}\u{672c}\u{8a9e}",
                "~peter/mail/&U,BTFw-/&ZeVnLIqe-",
            ),
            ("Entw\u{fc}rfe", "Entw&APw-rfe"),
            ("\u{e9}&\u{e9}", "&AOk-&-&AOk-"),
            ("\u{1f375}", "&2DzfdQ-"),
            ("\t", "&AAk-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire).as_deref(), Some(name), "{wire}");
        }
    }

    #[test]
    fn other_forms_are_none() {
        for wire in [
            "&",
            "&AOk",
            "a&b",
            "&AOk-&AOk-",
            "&AGE-",
            "&AA-",
            "&2Dw-",
            "&AOl-",
            "&AOkA-",
            "\u{e9}",
            "&A/k-",
            "a\tb",
            "&ACY-",
        ] {
            assert_eq!(decode(wire), None, "{wire}");
        }
    }

    #[test]
    fn every_character_comes_back() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32).step_by(7) {
            let name = alloc::format!("a{c}{c}&{c}");
            assert_eq!(decode(&encode(&name)), Some(name.to_string()));
        }
    }
}
