//! SASLprep (RFC 4013): one spelling for each user name and password; and the check of what anonymous
//! users leave as a [`trace`] (RFC 4505).
//!
//! SASLprep's mapping, NFKC, the prohibited characters and the rule for right-to-left text are RFC 4013's. Two
//! things differ: Unicode is that of the crate `unicode-normalization`, not 3.2; and code points that
//! were unassigned in 3.2 are allowed in stored strings as they are in queries (RFC 3454 7), so that a
//! password may hold a character younger than 2002.

mod tables;

use alloc::string::String;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Why a text cannot be a user name or password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepError {
    /// Nothing is left of it.
    #[error("empty")]
    Empty,
    /// It is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// It has a control, private or otherwise prohibited character (RFC 4013 2.3).
    #[error("a prohibited character")]
    Prohibited,
    /// It mixes directions, or does not begin and end with right-to-left text (RFC 3454 6).
    #[error("right-to-left text that does not begin and end so, or is mixed")]
    Direction,
}

/// Prepares a user name or password. ASCII without controls comes out as it went in.
///
/// ```
/// assert_eq!(posta_sasl::prep::saslprep("I\u{ad}X").as_deref().map(String::as_str), Ok("IX"));
/// ```
///
/// # Errors
/// See [`PrepError`].
pub fn saslprep(text: &str) -> Result<Zeroizing<String>, PrepError> {
    // NFKC makes at most 18 characters of one (U+FDFA); reserving that keeps a password from being
    // left behind, unwiped, in a buffer that was too small. ASCII needs no more than it has.
    let room = if text.is_ascii() { text.len() } else { text.len().saturating_mul(12) };
    let mut out = Zeroizing::new(String::with_capacity(room));
    out.extend(
        text.chars()
            .filter(|c| !contains(tables::NOTHING, *c)) // RFC 4013 2.1
            .map(|c| if contains(tables::SPACE, c) { ' ' } else { c })
            .nfkc(), // RFC 4013 2.2
    );
    let prohibited = |c| contains(tables::PROHIBITED, c) || contains(tables::SPACE, c);
    if out.is_empty() {
        Err(PrepError::Empty)
    } else if out.chars().any(prohibited) {
        Err(PrepError::Prohibited) // RFC 4013 2.3
    } else if !is_one_direction(&out) {
        Err(PrepError::Direction) // RFC 4013 2.4
    } else {
        Ok(out)
    }
}

/// The most characters of a trace that is no address (RFC 4505 2).
const MAX_TOKEN: usize = 255;

/// The most octets of a trace that is an address: a local part of 64, an `@`, a domain of 255 (RFC 5321
/// 4.5.3.1).
const MAX_EMAIL: usize = 320;

/// Why a text cannot be the trace of an anonymous user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// More than 255 characters, or 320 octets if it is an address.
    #[error("too long")]
    Long,
    /// It has an `@` with nothing on one side.
    #[error("not an address, though it has an @")]
    Email,
    /// It has a control (a line break too), private or otherwise prohibited character (RFC 4505 3).
    #[error("a prohibited character")]
    Prohibited,
    /// It mixes directions, or does not begin and end with right-to-left text (RFC 3454 6).
    #[error("right-to-left text that does not begin and end so, or is mixed")]
    Direction,
}

/// Checks what an anonymous user leaves as a trace (RFC 4505 2 and 3): nothing, any text without `@`, or
/// an address. Nothing is mapped and nothing changed. What passes is one line and safe to log; that it
/// is true nobody says. The address is not checked beyond having two sides.
///
/// ```
/// assert!(posta_sasl::prep::trace("sirhc").is_ok());
/// assert!(posta_sasl::prep::trace("sirhc\nlogin: root").is_err());
/// ```
///
/// # Errors
/// See [`TraceError`].
// message = [ email / token ], token = 1*255TCHAR
pub fn trace(text: &str) -> Result<(), TraceError> {
    match text.rsplit_once('@') {
        Some(_) if text.len() > MAX_EMAIL => return Err(TraceError::Long),
        Some(("", _) | (_, "")) => return Err(TraceError::Email),
        None if text.chars().count() > MAX_TOKEN => return Err(TraceError::Long),
        _ => {}
    }
    // RFC 4505 3: the tables of SASLprep but for C.7, which are the ideographic description characters.
    let prohibited = |c| contains(tables::PROHIBITED, c) && !('\u{2ff0}'..='\u{2ffb}').contains(&c);
    if text.chars().any(prohibited) {
        Err(TraceError::Prohibited)
    } else if !is_one_direction(text) {
        Err(TraceError::Direction)
    } else {
        Ok(())
    }
}

/// RFC 3454 6, requirements 2 and 3
fn is_one_direction(text: &str) -> bool {
    let rtl = |c: char| contains(tables::RIGHT_TO_LEFT, c);
    if !text.chars().any(rtl) {
        return true;
    }
    let ends = [text.chars().next(), text.chars().next_back()];
    !text.chars().any(|c| contains(tables::LEFT_TO_RIGHT, c)) && ends.into_iter().flatten().all(rtl)
}

/// Whether `c` is in one of the ranges of `table`.
fn contains(table: &[u32], c: char) -> bool {
    // How many bounds are below `c`: an odd number means within a range, and an even one may still mean
    // on its first code point.
    let below = table.partition_point(|bound| *bound < u32::from(c));
    below % 2 == 1 || table.get(below) == Some(&u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4013_examples() {
        for (text, want) in [
            ("I\u{ad}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{aa}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{7}", Err(PrepError::Prohibited)),
            ("\u{627}\u{31}", Err(PrepError::Direction)),
        ] {
            assert_eq!(saslprep(text).as_ref().map(|out| out.as_str()), want.as_ref().copied());
        }
    }

    #[test]
    fn other_cases() {
        for (text, want) in [
            ("", Err(PrepError::Empty)),
            ("\u{ad}\u{200d}", Err(PrepError::Empty)),
            ("a\u{a0}b\u{3000}c", Ok("a b c")),
            ("e\u{301}", Ok("\u{e9}")),
            ("\u{627}1\u{628}", Ok("\u{627}1\u{628}")),
            ("\u{627}a\u{628}", Err(PrepError::Direction)),
            ("a\u{627}", Err(PrepError::Direction)),
            ("a\0b", Err(PrepError::Prohibited)),
            ("\u{7f}", Err(PrepError::Prohibited)),
            ("\u{e000}", Err(PrepError::Prohibited)),
            ("\u{f8ff}", Err(PrepError::Prohibited)),
            ("\u{fffd}", Err(PrepError::Prohibited)),
            ("\u{10ffff}", Err(PrepError::Prohibited)),
            ("\u{1f511}", Ok("\u{1f511}")),
        ] {
            assert_eq!(
                saslprep(text).as_ref().map(|out| out.as_str()),
                want.as_ref().copied(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn traces() {
        let (long, email) = ("\u{e9}".repeat(255), format!("ana@{}", "x".repeat(316)));
        for (text, want) in [
            ("", Ok(())),
            ("sirhc", Ok(())),
            ("two words", Ok(())),
            ("ana@a.org", Ok(())),
            ("\"a@b\"@a.org", Ok(())),
            ("\u{2ff0}\u{a0}", Ok(())),
            (&long, Ok(())),
            (&email, Ok(())),
            (&format!("{long}x"), Err(TraceError::Long)),
            (&format!("{email}x"), Err(TraceError::Long)),
            ("@", Err(TraceError::Email)),
            ("@a.org", Err(TraceError::Email)),
            ("ana@", Err(TraceError::Email)),
            ("a\nb", Err(TraceError::Prohibited)),
            ("a\r", Err(TraceError::Prohibited)),
            ("\0", Err(TraceError::Prohibited)),
            ("\u{1b}[2J", Err(TraceError::Prohibited)),
            ("\u{85}", Err(TraceError::Prohibited)),
            ("\u{2028}", Err(TraceError::Prohibited)),
            ("\u{202e}", Err(TraceError::Prohibited)),
            ("\u{e000}", Err(TraceError::Prohibited)),
            ("\u{fdd0}", Err(TraceError::Prohibited)),
            ("\u{fffd}", Err(TraceError::Prohibited)),
            ("\u{e0041}", Err(TraceError::Prohibited)),
            ("\u{627}1", Err(TraceError::Direction)),
            ("\u{627}a\u{628}", Err(TraceError::Direction)),
        ] {
            assert_eq!(trace(text), want, "{text:?}");
        }
    }

    #[test]
    fn the_reserve_is_enough_for_the_worst_character() {
        let worst = "\u{fdfa}".repeat(100);
        let room = worst.len() * 12;
        assert!(saslprep(&worst).is_ok_and(|out| out.len() <= room && out.capacity() == room));
    }

    #[test]
    fn tables_are_in_order() {
        for table in [
            tables::NOTHING,
            tables::SPACE,
            tables::PROHIBITED,
            tables::RIGHT_TO_LEFT,
            tables::LEFT_TO_RIGHT,
        ] {
            assert!(table.len().is_multiple_of(2) && table.is_sorted());
        }
    }
}
