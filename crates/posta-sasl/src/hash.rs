use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::Secret;

/// The hash functions of SCRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ScramHash {
    /// SCRAM-SHA-1, RFC 5802.
    Sha1,
    /// SCRAM-SHA-256, RFC 7677.
    Sha256,
    /// SCRAM-SHA-512, registered like the others; same construction.
    Sha512,
}

impl ScramHash {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Sha512, Self::Sha256, Self::Sha1];

    /// The name of the mechanism without channel binding, which is also the scheme of RFC 5803.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// The name of the mechanism with channel binding.
    pub(crate) const fn plus_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1-PLUS",
            Self::Sha256 => "SCRAM-SHA-256-PLUS",
            Self::Sha512 => "SCRAM-SHA-512-PLUS",
        }
    }

    /// Octets of a key.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// RFC 5802 2.2: H(str)
    pub(crate) fn digest(self, octets: &[u8]) -> Secret {
        match self {
            Self::Sha1 => Sha1::digest(octets).as_slice().into(),
            Self::Sha256 => Sha256::digest(octets).as_slice().into(),
            Self::Sha512 => Sha512::digest(octets).as_slice().into(),
        }
    }

    /// RFC 5802 2.2: HMAC(key, str)
    pub(crate) fn hmac(self, key: &[u8], octets: &[u8]) -> Secret {
        match self {
            Self::Sha1 => mac::<Hmac<Sha1>>(key, octets),
            Self::Sha256 => mac::<Hmac<Sha256>>(key, octets),
            Self::Sha512 => mac::<Hmac<Sha512>>(key, octets),
        }
    }

    /// RFC 5802 2.2: Hi(str, salt, i)
    pub(crate) fn hi(self, password: &[u8], salt: &[u8], iterations: u32) -> Secret {
        let mut buffer = zeroize::Zeroizing::new([0; 64]);
        let salted = &mut buffer[..self.size()];
        match self {
            Self::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, salted),
            Self::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, salted),
            Self::Sha512 => pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, salted),
        }
        Secret::from(&*salted)
    }
}

pub(crate) fn mac<M: Mac + KeyInit>(key: &[u8], octets: &[u8]) -> Secret {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(octets);
    mac.finalize().into_bytes().as_slice().into()
}
