use alloc::{format, string::String, vec::Vec};
use core::fmt;

use crate::{
    ScramHash, Secret, base64,
    prep::{PrepError, saslprep},
};

/// How many iterations of PBKDF2 a password costs unless you say otherwise: the floor of RFC 7677 4.
/// More make a stolen file harder to crack and every login slower, for the client too.
pub const ITERATIONS: u32 = 4096;

/// The most iterations that keys may ask for, so that a slip in a file cannot stop a server.
pub const MAX_ITERATIONS: u32 = 10_000_000;

/// Octets of salt to draw for each new user.
pub const SALT: usize = 16;

/// The most octets of salt.
const MAX_SALT: usize = 64;

/// What a server keeps instead of a password: enough to check one, not enough to log in with
/// (RFC 5802 3, written as in RFC 5803).
///
/// ```
/// use posta_sasl::{ITERATIONS, Keys, ScramHash, Secret};
///
/// let salt = [7; 16]; // draw 16 random octets for each user
/// let keys = Keys::derive(ScramHash::Sha256, &Secret::from("pencil"), &salt, ITERATIONS)?;
/// assert!(keys.verify(&Secret::from("pencil")));
/// assert!(!keys.verify(&Secret::from("pencils")));
/// assert!(keys.write().starts_with("SCRAM-SHA-256$4096:BwcHBwcHBwcHBwcHBwcHBw==$"));
/// # Ok::<(), posta_sasl::KeysError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    pub(crate) hash: ScramHash,
    pub(crate) iterations: u32,
    pub(crate) salt: Vec<u8>,
    pub(crate) stored: Secret,
    pub(crate) server: Secret,
}

/// Why there are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The password cannot be one.
    #[error("password: {0}")]
    Password(#[from] PrepError),
    /// Fewer iterations than [`ITERATIONS`] or more than [`MAX_ITERATIONS`].
    #[error("iterations are not between {ITERATIONS} and {MAX_ITERATIONS}")]
    Iterations,
    /// No salt, or more than 64 octets.
    #[error("salt is not of 1 to 64 octets")]
    Salt,
    /// The scheme is none of [`ScramHash::ALL`].
    #[error("unknown scheme")]
    Scheme,
    /// Not `scheme$iterations:salt$StoredKey:ServerKey` with keys of the right length in base64.
    #[error("not scheme$iterations:salt$StoredKey:ServerKey")]
    Syntax,
}

impl Keys {
    /// Derives keys from a password: one PBKDF2 of `iterations` rounds.
    ///
    /// # Errors
    /// The password does not survive [`saslprep`], or salt or iterations are out of bounds.
    pub fn derive(
        hash: ScramHash,
        password: &Secret,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, KeysError> {
        check(salt, iterations)?;
        // RFC 5802 2.2: Normalize(str)
        let password = saslprep(password.text().ok_or(PrepError::NotUtf8)?)?;
        Ok(Self::hashed(hash, password.as_bytes(), salt, iterations))
    }

    /// Whether the password is the one that these keys were derived from. Takes one PBKDF2 and
    /// constant time.
    pub fn verify(&self, password: &Secret) -> bool {
        Self::derive(self.hash, password, &self.salt, self.iterations)
            .is_ok_and(|keys| keys.stored == self.stored)
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// See [`KeysError`].
    // RFC 5803 2: scheme "$" iter-count ":" salt "$" StoredKey ":" ServerKey
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let (scheme, rest) = text.split_once('$').ok_or(KeysError::Syntax)?;
        let (info, value) = rest.split_once('$').ok_or(KeysError::Syntax)?;
        let (iterations, salt) = info.split_once(':').ok_or(KeysError::Syntax)?;
        let (stored, server) = value.split_once(':').ok_or(KeysError::Syntax)?;
        let hash = ScramHash::ALL.into_iter().find(|hash| hash.name() == scheme);
        let hash = hash.ok_or(KeysError::Scheme)?;
        let salt = base64::decode(salt.as_bytes()).map_err(|_| KeysError::Syntax)?;
        let iterations = positive(iterations).ok_or(KeysError::Syntax)?;
        check(&salt, iterations)?;
        let key = |text: &str| {
            let key = base64::decode_response(text.as_bytes()).ok();
            key.filter(|key| key.len() == hash.size()).ok_or(KeysError::Syntax)
        };
        Ok(Self { hash, iterations, salt, stored: key(stored)?, server: key(server)? })
    }

    /// The keys as one line of text, for a file or database that only the server can read: with them
    /// passwords can be guessed at leisure, and a client be fooled.
    pub fn write(&self) -> String {
        format!(
            "{}${}:{}${}:{}",
            self.hash.name(),
            self.iterations,
            base64::encode(&self.salt),
            base64::encode(self.stored.expose()),
            base64::encode(self.server.expose()),
        )
    }

    /// The hash function, and so the SCRAM mechanism that can use these keys.
    pub fn hash(&self) -> ScramHash {
        self.hash
    }

    /// The rounds of PBKDF2.
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The salt. A server tells it to whoever asks.
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    fn hashed(hash: ScramHash, password: &[u8], salt: &[u8], iterations: u32) -> Self {
        let salted = hash.hi(password, salt, iterations);
        let client = hash.hmac(salted.expose(), b"Client Key");
        Self {
            hash,
            iterations,
            salt: salt.to_vec(),
            stored: hash.digest(client.expose()),
            server: hash.hmac(salted.expose(), b"Server Key"),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// What a server says of users that it does not know: a salt that is always the same for the same
/// name, and keys that no password fits. So nobody can tell who has a mailbox.
///
/// It works if `iterations` and `salt` are those of the real users; take it from
/// [`Passwords::decoy`](crate::passwords::Passwords::decoy), or derive all keys alike.
#[derive(Clone, Debug)]
pub struct Decoy {
    /// A secret of the server, at least 16 random octets, the same after a restart.
    pub key: Secret,
    /// The iterations to announce.
    pub iterations: u32,
    /// The octets of salt to announce, at most 64.
    pub salt: usize,
}

impl Default for Decoy {
    /// The usual sizes, and no key: a server machine that needs one refuses to begin without.
    fn default() -> Self {
        Self { key: Secret::default(), iterations: ITERATIONS, salt: SALT }
    }
}

impl Decoy {
    /// The keys of a user that does not exist.
    pub(crate) fn keys(&self, hash: ScramHash, user: &str) -> Keys {
        let of = |what: &str| {
            let name = [what, hash.name(), user].join("\0");
            ScramHash::Sha512.hmac(self.key.expose(), name.as_bytes())
        };
        let cut = |secret: &Secret, n: usize| secret.expose().iter().copied().take(n).collect();
        let size = hash.size();
        Keys {
            hash,
            iterations: self.iterations,
            salt: cut(&of("salt"), self.salt.clamp(1, MAX_SALT)),
            stored: Secret::from(cut(&of("stored"), size)),
            server: Secret::from(cut(&of("server"), size)),
        }
    }
}

/// RFC 5802 7: `posit-number = %x31-39 *DIGIT`
pub(crate) fn positive(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| digits)
}

fn check(salt: &[u8], iterations: u32) -> Result<(), KeysError> {
    if !(ITERATIONS..=MAX_ITERATIONS).contains(&iterations) {
        return Err(KeysError::Iterations);
    }
    if salt.is_empty() || salt.len() > MAX_SALT {
        return Err(KeysError::Salt);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_texts_are_refused_with_their_cause() {
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="; // 20 octets
        let good = format!("SCRAM-SHA-1$4096:c2FsdA==${key}:{key}");
        assert_eq!(Keys::parse(&good).map(|keys| keys.write()), Ok(good.clone()));
        for (from, to, why) in [
            ("SHA-1", "SHA-2", KeysError::Scheme),
            ("SCRAM", "scram", KeysError::Scheme),
            ("4096", "4095", KeysError::Iterations),
            ("4096", "10000001", KeysError::Iterations),
            ("4096", "4294967296", KeysError::Syntax),
            ("4096", "04096", KeysError::Syntax),
            ("4096", "+4096", KeysError::Syntax),
            ("4096", "", KeysError::Syntax),
            ("c2FsdA==", "", KeysError::Salt),
            ("c2FsdA==", "c2FsdA", KeysError::Syntax),
            ("c2FsdA==", &"c2Fs".repeat(22), KeysError::Salt),
            ("AAA=:", "A:", KeysError::Syntax),
            ("A=:", "=:", KeysError::Syntax),
            ("$", "", KeysError::Syntax),
            ("$", ":", KeysError::Syntax),
            (":", "$", KeysError::Syntax),
            ("=:A", "=A", KeysError::Syntax),
            ("AAA=:", "AAA=:AAAA", KeysError::Syntax),
            ("SCRAM", " SCRAM", KeysError::Scheme),
        ] {
            assert_eq!(Keys::parse(&good.replace(from, to)), Err(why), "{from} {to}");
        }
        assert_eq!(Keys::parse(""), Err(KeysError::Syntax));
        assert_eq!(Keys::parse(&format!("{good} ")), Err(KeysError::Syntax));
    }

    #[test]
    fn derive_refuses_what_it_cannot_keep() {
        let derive = |password: &[u8], salt: &[u8], i| {
            Keys::derive(ScramHash::Sha1, &Secret::from(password), salt, i).map(|_| ())
        };
        assert_eq!(derive(b"", b"salt", 4096), Err(KeysError::Password(PrepError::Empty)));
        assert_eq!(derive(b"a\xff", b"salt", 4096), Err(KeysError::Password(PrepError::NotUtf8)));
        assert_eq!(derive(b"a\0", b"salt", 4096), Err(KeysError::Password(PrepError::Prohibited)));
        assert_eq!(derive(b"a", b"", 4096), Err(KeysError::Salt));
        assert_eq!(derive(b"a", &[0; 65], 4096), Err(KeysError::Salt));
        assert_eq!(derive(b"a", b"salt", 0), Err(KeysError::Iterations));
        assert_eq!(derive(b"a", b"salt", u32::MAX), Err(KeysError::Iterations));
    }

    #[test]
    fn a_decoy_is_stable_and_differs_by_user_hash_and_key() {
        let decoy = |key: &str| Decoy { key: key.into(), ..Decoy::default() };
        let one = decoy("k").keys(ScramHash::Sha256, "ana");
        assert_eq!(one, decoy("k").keys(ScramHash::Sha256, "ana"));
        assert_eq!((one.salt.len(), one.iterations, one.stored.len()), (16, 4096, 32));
        assert_ne!(one.salt, decoy("k").keys(ScramHash::Sha256, "bea").salt);
        assert_ne!(one.salt, decoy("l").keys(ScramHash::Sha256, "ana").salt);
        assert_ne!(one.salt, decoy("k").keys(ScramHash::Sha1, "ana").salt);
        assert!(Keys::parse(&one.write()).is_ok());
    }
}
