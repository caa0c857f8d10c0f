//! Modified UTF-7, in which the names of mailboxes go over the wire in IMAP4rev1 and are stored in
//! Maildirs: RFC 3501 5.1.3.
//!
//! Printable ASCII stands for itself, `&` is written `&-`, and all else is UTF-16 in BASE64 between `&` and
//! `-`, with `,` in place of `/` and no padding.

use alloc::{string::String, vec::Vec};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// The one form in which a name is written.
///
/// ```
/// assert_eq!(posta_core::utf7::encode("Entwürfe & mehr"), "Entw&APw-rfe &- mehr");
/// ```
pub fn encode(name: &str) -> String {
    let mut wire = String::with_capacity(name.len());
    let mut shifted: Option<Bits> = None;
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            end_shift(&mut shifted, &mut wire);
            wire.push(c);
            if c == '&' {
                wire.push('-');
            }
            continue;
        }
        let bits = shifted.get_or_insert_with(|| {
            wire.push('&');
            Bits::default()
        });
        for unit in c.encode_utf16(&mut [0; 2]) {
            bits.put(u32::from(*unit), 16);
            while let Some(digit) = bits.take(6) {
                wire.push(to_char(digit));
            }
        }
    }
    end_shift(&mut shifted, &mut wire);
    wire
}

/// The name that was written so; `None` if it is not in the form in which [`encode`] writes it: a name has
/// one form only, so that two names are the same if they look the same.
///
/// ```
/// use posta_core::utf7::decode;
///
/// assert_eq!(decode("Entw&APw-rfe").as_deref(), Some("Entwürfe"));
/// assert_eq!(decode("&AC8-"), None, "a / stands for itself");
/// ```
pub fn decode(wire: &str) -> Option<String> {
    let mut name = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some((plain, after)) = rest.split_once('&') {
        let (digits, after) = after.split_once('-')?;
        name.push_str(plain);
        if digits.is_empty() {
            name.push('&');
        }
        let mut bits = Bits::default();
        let mut units = Vec::with_capacity(digits.len() / 2);
        for octet in digits.bytes() {
            bits.put(value(octet)?, 6);
            units.extend(bits.take(16).and_then(|unit| u16::try_from(unit).ok()));
        }
        for c in char::decode_utf16(units) {
            name.push(c.ok()?);
        }
        rest = after;
    }
    name.push_str(rest);
    // What is left over of the bits, shifts that were not needed, octets that are not printable: all that
    // makes another form.
    (encode(&name) == wire).then_some(name)
}

fn end_shift(shifted: &mut Option<Bits>, wire: &mut String) {
    if let Some(bits) = shifted.take() {
        wire.extend(bits.last(6).map(to_char));
        wire.push('-');
    }
}

fn to_char(digit: u32) -> char {
    char::from(ALPHABET[digit as usize % 64])
}

fn value(octet: u8) -> Option<u32> {
    Some(u32::from(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b',' => 63,
        _ => return None,
    }))
}

/// A few bits on their way from groups of one size to groups of another, at most 21 at a time.
#[derive(Default)]
struct Bits {
    bits: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        self.bits = (self.bits << count) | bits;
        self.count += count;
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        self.count = self.count.checked_sub(count)?;
        let taken = self.bits >> self.count;
        self.bits &= (1 << self.count) - 1;
        Some(taken)
    }

    /// What is left, filled up with zeros.
    fn last(&self, count: u32) -> Option<u32> {
        (self.count > 0).then(|| self.bits << (count - self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_in_both_forms() {
        #[rustfmt::skip]
        let table = [
            ("",                            ""),
            ("INBOX",                       "INBOX"),
            ("Tom & Ana",                   "Tom &- Ana"),
            ("&&",                          "&-&-"),
            ("~peter/mail/台北/日本語",     "~peter/mail/&U,BTFw-/&ZeVnLIqe-"), // RFC 3501 5.1.3
            ("Entwürfe",                    "Entw&APw-rfe"),
            ("é",                           "&AOk-"),
            ("éé",                          "&AOkA6Q-"),
            ("ééé",                         "&AOkA6QDp-"),
            ("é&é",                         "&AOk-&-&AOk-"),
            ("📬",                          "&2D3c7A-"),
            ("\0\r\n\u{7f}",                "&AAAADQAKAH8-"),
            ("a+b\\c/d~",                   "a+b\\c/d~"),
        ];
        for (name, wire) in table {
            assert_eq!(encode(name), wire, "{name}");
            assert_eq!(decode(wire).as_deref(), Some(name), "{wire}");
        }
    }

    /// RFC 3501 5.1.3: correct syntax, no superfluous shifts, nothing encoded that stands for itself.
    #[test]
    fn another_form_is_no_name() {
        #[rustfmt::skip]
        let table = [
            "&", "a&", "&AOk", "&AOk é", "R&D", "é", "\t", "\u{7f}", // not ended, not ASCII, not printable
            "&AC8-", "&AGE-", "&ACY-", "&AOkALw-",       // what stands for itself: / a & /
            "&AOk-&AOk-", "&AOk--&-&AOk-&AOk-",          // shifts for nothing
            "&AOl-", "&AOkA-", "&A-", "&AO-",             // bits left over
            "&AO/-", "&A Ok-", "&AOk=-",                  // not in the alphabet
            "&2D0-", "&3Kw-", "&3KzYPQ-",                 // half of a pair
        ];
        for wire in table {
            assert_eq!(decode(wire), None, "{wire}");
        }
    }

    proptest! {
        #[test]
        fn names_come_back(name in "\\PC{0,30}|[a-z&/é\0\u{10ffff}-]{0,30}") {
            let wire = encode(&name);
            prop_assert!(wire.bytes().all(|octet| matches!(octet, b' '..=b'~')));
            let known = decode(&wire);
            prop_assert_eq!(known, Some(name));
        }

        /// Whatever is decoded is written in that form.
        #[test]
        fn there_is_one_form(wire in "[ -~]{0,30}|[&A-Da-d,+-]{0,20}|(&[A-Za-z0-9+,]{0,8}-){0,4}") {
            if let Some(name) = decode(&wire) {
                prop_assert_eq!(encode(&name), wire);
            }
        }
    }
}
