//! APOP, the challenge and response of POP3 that is older than SASL (RFC 1939 7).
//!
//! The server must know the password itself, so APOP does not work with a [password
//! file](crate::passwords), and MD5 is long broken: speak it only to servers that have nothing better.

use alloc::string::String;

use md5::{Digest, Md5};
use zeroize::Zeroizing;

use crate::Secret;

/// The digest that the client sends: MD5 of `timestamp` (the greeting's, with its angle brackets) and
/// `password`, 32 hexadecimal digits in lower case.
///
/// ```
/// use posta_sasl::{Secret, apop};
///
/// let digest = apop::digest("<1896.697170952@dbc.mtview.ca.us>", &Secret::from("tanstaaf"));
/// assert_eq!(digest, "c4c9334bac560ecc979e58001b3e22fb");
/// ```
pub fn digest(timestamp: &str, password: &Secret) -> String {
    let text = Zeroizing::new([timestamp.as_bytes(), password.expose()].concat());
    hex(&Md5::digest(text.as_slice()))
}

/// Whether `digest` is the one for `timestamp` and `password`, in constant time. For a user that does
/// not exist hand in no password: the same work is done, and the answer is no.
pub fn verify(timestamp: &str, password: Option<&Secret>, digest: &str) -> bool {
    let stand_in = Secret::from("no such user");
    let right = Secret::from(self::digest(timestamp, password.unwrap_or(&stand_in)));
    (right == Secret::from(digest)) & password.is_some()
}

pub(crate) fn hex(octets: &[u8]) -> String {
    // Of the right size at once, so that nothing secret is left behind in a smaller one.
    let mut text = String::with_capacity(2 * octets.len());
    let digits = octets.iter().flat_map(|octet| [octet >> 4, octet & 15]);
    text.extend(digits.filter_map(|digit| char::from_digit(digit.into(), 16)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verify_is_exact() {
        let (stamp, password) = ("<1896.697170952@dbc.mtview.ca.us>", Secret::from("tanstaaf"));
        let right = "c4c9334bac560ecc979e58001b3e22fb";
        assert!(verify(stamp, Some(&password), right));
        for wrong in ["", "c4c9", &right[1..], &right.to_uppercase(), &[right, "0"].concat()] {
            assert!(!verify(stamp, Some(&password), wrong), "{wrong}");
        }
        assert!(!verify("<1896.697170953@dbc.mtview.ca.us>", Some(&password), right));
        assert!(!verify(stamp, Some(&"tanstaaff".into()), right));
    }

    #[test]
    fn no_digest_logs_in_a_user_that_does_not_exist() {
        let stamp = "<1@a.org>";
        assert!(!verify(stamp, None, &digest(stamp, &Secret::from("no such user"))));
    }
}
