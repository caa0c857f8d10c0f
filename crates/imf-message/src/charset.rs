//! Text from bytes: charset labels through `encoding_rs`, and a guess where there is no label.

use alloc::borrow::Cow;
use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, WINDOWS_1252};

/// Labels seen in mail that the WHATWG registry of `encoding_rs` lacks.
const ALIASES: [(&str, &str); 8] = [
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("eucjp", "euc-jp"),
    ("euckr", "euc-kr"),
    ("ks_c_5601", "euc-kr"),
    ("utf_8", "utf-8"),
];

fn find(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    let known = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(label));
    let label = known.map_or(label, |(_, name)| name);
    Encoding::for_label(label.as_bytes()).filter(|e| *e != REPLACEMENT)
}

/// Whether `label` names a charset that [`decode_charset`] knows.
#[must_use]
pub fn knows_charset(label: &str) -> bool {
    find(label).is_some()
}

/// The text of `bytes` in the charset `label`. What is not valid becomes U+FFFD.
///
/// Without a label, or with one that is not known: UTF-8 where valid, ISO-2022-JP where its escapes
/// are seen, else windows-1252, which gives every byte a character.
#[must_use]
pub fn decode_charset<'a>(label: Option<&str>, bytes: &'a [u8]) -> Cow<'a, str> {
    let ascii = label.is_none_or(|l| l.trim().eq_ignore_ascii_case("us-ascii"));
    match label.and_then(find) {
        // Mail that is labelled US-ASCII and is not is as good as unlabelled.
        Some(encoding) if !ascii => encoding.decode_without_bom_handling(bytes).0,
        _ => guess(bytes),
    }
}

/// Unlabelled text, as in [`decode_charset`].
pub(crate) fn guess(bytes: &[u8]) -> Cow<'_, str> {
    if memchr::memchr_iter(0x1b, bytes).any(|at| bytes.get(at + 1) == Some(&b'$')) {
        return ISO_2022_JP.decode_without_bom_handling(bytes).0;
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}
