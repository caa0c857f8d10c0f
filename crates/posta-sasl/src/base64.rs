//! How SMTP, POP3 and IMAP carry SASL messages in their lines (RFC 4648 4, RFC 4954 4, RFC 5034 4,
//! RFC 4959 3).
//!
//! A challenge or response is base64 with padding, without spaces or line breaks; an empty one is an
//! empty string. Only the initial response, which shares its line with the command, writes `=` for
//! "present, but empty".

use alloc::{string::String, vec::Vec};

use base64_simd::STANDARD;

use crate::Secret;

/// The text is not base64: a foreign character, missing padding, or bits left over at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64")]
pub struct NotBase64;

/// A challenge for the line.
pub fn encode(octets: &[u8]) -> String {
    STANDARD.encode_to_string(octets)
}

/// A challenge from the line, without its CRLF.
///
/// # Errors
/// [`NotBase64`]: RFC 4954 4 wants `501`, RFC 5034 4 `-ERR`, RFC 3501 6.2.2 `BAD`.
pub fn decode(text: &[u8]) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode_to_vec(text).map_err(|_| NotBase64)
}

/// A response for the line.
pub fn encode_response(response: &Secret) -> Secret {
    encode(response.expose()).into()
}

/// A response from the line, without its CRLF. `*`, by which the client gives up, is the protocol's
/// to see first; here it is not base64.
///
/// # Errors
/// As [`decode`].
pub fn decode_response(text: &[u8]) -> Result<Secret, NotBase64> {
    decode(text).map(Secret::from)
}

/// An initial response for the command line: `=` if it is empty.
pub fn encode_initial(response: &Secret) -> Secret {
    if response.is_empty() { "=".into() } else { encode_response(response) }
}

/// An initial response from the command line: `=` is an empty one.
///
/// # Errors
/// As [`decode`], and an empty string, which no command can carry.
pub fn decode_initial(text: &[u8]) -> Result<Secret, NotBase64> {
    match text {
        b"=" => Ok(Secret::default()),
        b"" => Err(NotBase64),
        _ => decode_response(text),
    }
}

/// How many octets `n` octets become.
pub(crate) const fn encoded_len(n: usize) -> usize {
    n.div_ceil(3).saturating_mul(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc4648_vectors_both_ways() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(plain.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Ok(plain.as_bytes()));
            assert_eq!(encoded_len(plain.len()), text.len());
        }
    }

    #[test]
    fn decoding_is_strict() {
        for text in [
            "=", "*", "Zg", "Zg=", "Zg===", "Z", "Zm9", "Zh==", "Zm9=", "Zm9v=", "Zm9v\r\n",
            " Zm9v", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "====", "Zg==Zg==", "Zm9v\0", "Zmé=",
        ] {
            assert_eq!(decode(text.as_bytes()), Err(NotBase64), "{text:?}");
        }
    }

    #[test]
    fn only_the_initial_response_writes_an_equals_sign_for_empty() {
        assert_eq!(encode_initial(&Secret::default()).expose(), b"=");
        assert_eq!(encode_response(&Secret::default()).expose(), b"");
        assert_eq!(decode_initial(b"="), Ok(Secret::default()));
        assert_eq!(decode_response(b""), Ok(Secret::default()));
        assert_eq!(decode_initial(b""), Err(NotBase64));
        assert_eq!(decode_response(b"="), Err(NotBase64));
        assert_eq!(decode_initial(b"Zg=="), Ok("f".into()));
    }
}
