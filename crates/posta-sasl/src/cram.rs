//! The formulas of CRAM-MD5 (RFC 2195), for both sides.

use alloc::string::String;
use core::fmt;

use md5::{
    Digest, Md5,
    digest::{
        array::Array,
        common::hazmat::{SerializableState, SerializedState},
    },
};
use zeroize::Zeroizing;

use crate::{
    Error, Secret,
    apop::hex,
    prep::{PrepError, saslprep},
};

/// Octets of MD5's state and of its result.
const STATE: usize = 16;

/// Octets of a block of MD5.
const BLOCK: usize = 64;

/// What a server keeps to check CRAM-MD5: HMAC-MD5 stopped halfway, after it has seen the password and
/// before it sees the challenge (RFC 2195 2 calls them contexts).
///
/// **It is as good as the password here.** Whoever reads it can log in by CRAM-MD5 at once, without
/// knowing the password. It has no salt, so two users with one password have one and the same, and
/// finding the password takes one round of MD5 a guess. All that it saves is that the password does not
/// lie there to be read. Keep [`Keys`](crate::Keys) and SCRAM instead wherever the clients allow it.
///
/// ```
/// use posta_sasl::{CramKeys, Secret};
///
/// let keys = CramKeys::derive(&Secret::from("test"))?;
/// let text = keys.write();
/// let want = "e02d374fde0dc75a17a557039a3a5338c7743304777dccd376f332bee68d2cf6";
/// assert_eq!(text.expose(), want.as_bytes());
/// assert_eq!(CramKeys::parse(text.expose()), Ok(keys));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct CramKeys {
    /// MD5's state after the password XOR `opad`.
    outer: Secret,
    /// The same with `ipad`.
    inner: Secret,
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 64 hexadecimal digits")]
pub struct NotCramKeys;

impl CramKeys {
    /// Computes both halves from a password.
    ///
    /// # Errors
    /// The password does not survive [`saslprep`].
    pub fn derive(password: &Secret) -> Result<Self, PrepError> {
        let password = saslprep(password.text().ok_or(PrepError::NotUtf8)?)?;
        Ok(Self::of(password.as_bytes()))
    }

    /// Reads what [`write`](Self::write) wrote, in either case.
    ///
    /// # Errors
    /// It is not 64 hexadecimal digits.
    pub fn parse(text: &[u8]) -> Result<Self, NotCramKeys> {
        let (pairs, rest) = text.as_chunks::<2>();
        if pairs.len() != 2 * STATE || !rest.is_empty() {
            return Err(NotCramKeys);
        }
        let mut octets = Zeroizing::new([0; 2 * STATE]);
        for (octet, pair) in octets.iter_mut().zip(pairs) {
            let digit =
                |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let [high, low] = pair.map(digit);
            *octet = high.zip(low).map(|(high, low)| high << 4 | low).ok_or(NotCramKeys)?;
        }
        let (outer, inner) = octets.split_at(STATE);
        Ok(Self { outer: outer.into(), inner: inner.into() })
    }

    /// Both halves as 64 hexadecimal digits, the outer first: what other servers write behind
    /// `{CRAM-MD5}`. Keep it like a password.
    pub fn write(&self) -> Secret {
        hex(Secret::concat(&[self.outer.expose(), self.inner.expose()]).expose()).into()
    }

    /// What the client must say to this challenge: 32 hexadecimal digits.
    pub(crate) fn digest(&self, challenge: &[u8]) -> Secret {
        let inner = resumed(&self.inner).chain_update(challenge).finalize();
        let outer = resumed(&self.outer).chain_update(inner).finalize();
        hex(&outer).into()
    }

    /// To stand in for those of a user that does not exist.
    pub(crate) fn nobody() -> Self {
        Self { outer: [0; STATE].as_slice().into(), inner: [0; STATE].as_slice().into() }
    }

    /// RFC 2104 2: a key longer than a block is hashed, then filled up with zeros.
    fn of(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; BLOCK]);
        if key.len() > BLOCK {
            block[..STATE].copy_from_slice(&Md5::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let half = |pad: u8| {
            let padded = Zeroizing::new(block.map(|octet| octet ^ pad));
            let mut state = Md5::new().chain_update(*padded).serialize();
            let half = Secret::from(&state[..STATE]);
            zeroize::Zeroize::zeroize(state.as_mut_slice());
            half
        };
        Self { outer: half(0x5c), inner: half(0x36) }
    }
}

impl fmt::Debug for CramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// RFC 2195 2: a string consisting of the user name, a space, and a digest
pub(crate) fn parse(text: &str) -> Result<(&str, Secret), Error> {
    let (user, digest) = text.rsplit_once(' ').ok_or(Error::Digest)?;
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if digest.len() != 2 * STATE || !digest.bytes().all(hex) {
        return Err(Error::Digest);
    }
    Ok((user, digest.into()))
}

/// RFC 2195 2: a challenge has the syntax of an RFC 822 `msg-id`. Without a clock the nonce stands for
/// the timestamp too.
pub(crate) fn challenge(nonce: &str, host: &str) -> String {
    ["<", nonce, "@", host, ">"].concat()
}

/// `dot-atom-text = 1*atext *("." 1*atext)`
pub(crate) fn is_dot_atom(text: &str) -> bool {
    let atext = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&c);
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(atext))
}

/// MD5 after the one block that this is the state of.
fn resumed(state: &Secret) -> Md5 {
    // The state, the number of blocks, and an empty buffer.
    let mut serialized: SerializedState<Md5> = Array::default();
    let blocks = 1_u64.to_le_bytes();
    let from = state.expose().iter().chain(&blocks);
    serialized.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    let md5 = Md5::deserialize(&serialized).expect("a buffer with nothing in it is none too full");
    zeroize::Zeroize::zeroize(serialized.as_mut_slice());
    md5
}

#[cfg(test)]
mod tests {
    use hmac::Hmac;

    use super::*;

    #[test]
    fn stopped_halfway_and_resumed_it_is_hmac_md5() {
        for key in [0, 1, 16, 63, 64, 65, 200] {
            for challenge in [0, 1, 55, 56, 64, 300] {
                let (key, challenge) = (vec![b'k'; key], vec![b'c'; challenge]);
                let whole = crate::hash::mac::<Hmac<Md5>>(&key, &challenge);
                let want = Secret::from(hex(whole.expose()));
                assert_eq!(CramKeys::of(&key).digest(&challenge), want);
            }
        }
    }

    #[test]
    fn malformed_keys_are_refused() {
        let good = "e02d374fde0dc75a17a557039a3a5338c7743304777dccd376f332bee68d2cf6";
        let keys = CramKeys::parse(good.to_uppercase().as_bytes());
        assert_eq!(keys.map(|keys| keys.write()), Ok(good.into()));
        for bad in ["", &good[1..], &good[2..], &good.replace('e', "g"), &format!("{good}00")] {
            assert_eq!(CramKeys::parse(bad.as_bytes()), Err(NotCramKeys), "{bad}");
        }
        assert_eq!(CramKeys::derive(&Secret::from("")), Err(PrepError::Empty));
    }

    #[test]
    fn dot_atoms() {
        for (text, want) in [
            ("mx1.b.com", true),
            ("a+/=", true),
            ("", false),
            (".", false),
            ("a.", false),
            ("a..b", false),
            ("a b", false),
            ("a>", false),
            ("a@b", false),
            ("\u{e9}", false),
        ] {
            assert_eq!(is_dot_atom(text), want, "{text}");
        }
    }
}
