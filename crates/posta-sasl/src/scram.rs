//! The messages and formulas of SCRAM (RFC 5802), for both sides.

use alloc::{
    borrow::ToOwned as _,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{BindingKind, Error, Misuse, ScramHash, Secret, base64, keys::positive};

/// Characters of nonce at the least. RFC 5802 5.1 only says "random"; 16 of base64 are 96 bits.
const MIN_NONCE: usize = 16;

/// What the client says of channel binding in its first message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// `n`: it cannot.
    Unable,
    /// `y`: it could, but thinks that the server cannot.
    Able,
    /// `p=`: bound, by this kind if it is known.
    Bound(Option<BindingKind>),
}

/// The client's first message.
#[derive(Debug)]
pub(crate) struct ClientFirst {
    pub(crate) flag: Flag,
    pub(crate) authzid: Option<String>,
    pub(crate) user: String,
    pub(crate) nonce: String,
    /// The GS2 header as it was sent.
    pub(crate) gs2: String,
    /// The rest as it was sent.
    pub(crate) bare: String,
}

impl ClientFirst {
    /// ```abnf
    /// gs2-header = gs2-cbind-flag "," [ authzid ] ","
    /// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
    /// ```
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let (flag, rest) = text.split_once(',').ok_or(Error::Attribute('n'))?;
        let (authzid, bare) = rest.split_once(',').ok_or(Error::Attribute('a'))?;
        let flag = match (flag, flag.strip_prefix("p=")) {
            ("n", _) => Flag::Unable,
            ("y", _) => Flag::Able,
            (_, Some(name)) => {
                let kinds = [BindingKind::TlsExporter, BindingKind::TlsServerEndPoint];
                Flag::Bound(kinds.into_iter().find(|kind| kind.name() == name))
            }
            _ => return Err(Error::Attribute('p')),
        };
        let authzid = match authzid {
            "" => None,
            some => Some(unescape(attribute(some, 'a')?).ok_or(Error::Attribute('a'))?),
        };
        let mut parts = bare.split(',');
        let user = unescape(next(&mut parts, 'n')?).ok_or(Error::Attribute('n'))?;
        let nonce = nonce(next(&mut parts, 'r')?)?;
        extensions(parts)?;
        let gs2 = text[..text.len() - bare.len()].to_owned();
        Ok(Self { flag, authzid, user, nonce, gs2, bare: bare.to_owned() })
    }
}

/// The server's first message.
pub(crate) struct ServerFirst {
    pub(crate) nonce: String,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

impl ServerFirst {
    /// ```abnf
    /// server-first-message = [reserved-mext ","] nonce "," salt "," iteration-count ["," extensions]
    /// ```
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.split(',');
        let nonce = nonce(next(&mut parts, 'r')?)?;
        let salt = base64::decode(next(&mut parts, 's')?.as_bytes()).unwrap_or_default();
        if salt.is_empty() {
            return Err(Error::Attribute('s'));
        }
        let iterations = positive(next(&mut parts, 'i')?).ok_or(Error::Attribute('i'))?;
        extensions(parts)?;
        Ok(Self { nonce, salt, iterations })
    }
}

/// The client's last message.
pub(crate) struct ClientFinal<'t> {
    /// The GS2 header and the channel binding data.
    pub(crate) binding: Secret,
    pub(crate) nonce: &'t str,
    pub(crate) proof: Secret,
    /// All but the proof.
    pub(crate) without_proof: &'t str,
}

impl<'t> ClientFinal<'t> {
    /// ```abnf
    /// client-final-message-without-proof = channel-binding "," nonce ["," extensions]
    /// client-final-message = client-final-message-without-proof "," proof
    /// ```
    pub(crate) fn parse(text: &'t str) -> Result<Self, Error> {
        let (without_proof, proof) = text.rsplit_once(',').ok_or(Error::Attribute('p'))?;
        let mut parts = without_proof.split(',');
        let octets = |value: &str, name| {
            base64::decode_response(value.as_bytes()).map_err(|_| Error::Attribute(name))
        };
        let binding = octets(next(&mut parts, 'c')?, 'c')?;
        let nonce = next(&mut parts, 'r')?;
        extensions(parts)?;
        let proof = octets(attribute(proof, 'p')?, 'p')?;
        Ok(Self { binding, nonce, proof, without_proof })
    }
}

/// ```abnf
/// server-final-message = (server-error / verifier) ["," extensions]
/// ```
pub(crate) fn server_final(text: &str) -> Result<Secret, Error> {
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default();
    if let Some(why) = first.strip_prefix("e=") {
        return Err(Error::Refused(why.to_string()));
    }
    let signature = base64::decode_response(attribute(first, 'v')?.as_bytes());
    extensions(parts)?;
    signature.map_err(|_| Error::Attribute('v'))
}

/// RFC 5802 3: `AuthMessage`
pub(crate) fn auth_message(bare: &str, server_first: &str, without_proof: &str) -> String {
    [bare, server_first, without_proof].join(",")
}

/// RFC 5802 3: `ClientKey XOR HMAC(StoredKey, AuthMessage)`, which makes the proof of the key, and the
/// key of the proof.
pub(crate) fn masked(hash: ScramHash, key: &Secret, stored: &Secret, auth: &str) -> Secret {
    key.xor(hash.hmac(stored.expose(), auth.as_bytes()).expose())
}

/// RFC 5802 7: `"=2C"` and `"=3D"` stand for a comma and an equals sign.
pub(crate) fn escape(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

pub(crate) fn unescape(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (c, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            _ => return None,
        };
        out.push(c);
        out.push_str(rest);
    }
    Some(out).filter(|name| !name.is_empty() && !name.contains('\0'))
}

/// A nonce of ours, handed in by the application.
pub(crate) fn our_nonce(text: &str) -> Result<(), Misuse> {
    match nonce(text) {
        Ok(text) if text.len() >= MIN_NONCE => Ok(()),
        _ => Err(Misuse::Nonce),
    }
}

/// RFC 5802 7: `printable = %x21-2B / %x2D-7E`
fn nonce(text: &str) -> Result<String, Error> {
    let printable = text.bytes().all(|c| c.is_ascii_graphic() && c != b',');
    Some(text.to_owned()).filter(|t| printable && !t.is_empty()).ok_or(Error::Attribute('r'))
}

fn next<'t>(parts: &mut core::str::Split<'t, char>, name: char) -> Result<&'t str, Error> {
    attribute(parts.next().unwrap_or_default(), name)
}

/// RFC 5802 7: `attr-val = ALPHA "=" value`
fn attribute(part: &str, name: char) -> Result<&str, Error> {
    match part.split_once('=') {
        Some(("m", _)) => Err(Error::MandatoryExtension),
        Some((found, value)) if found.chars().eq([name]) && !value.is_empty() => Ok(value),
        _ => Err(Error::Attribute(name)),
    }
}

/// RFC 5802 5.1: optional extensions are ignored, once they are seen to be some.
fn extensions<'t>(parts: impl Iterator<Item = &'t str>) -> Result<(), Error> {
    for part in parts {
        let name = part.chars().next().filter(char::is_ascii_alphabetic);
        attribute(part, name.ok_or(Error::Attribute(','))?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_back() {
        for name in ["ana", "a,b", "a=b", "=2C", ",=,=", "ü=,"] {
            assert_eq!(unescape(&escape(name)).as_deref(), Some(name));
        }
        for bad in ["", "a=", "a=2", "a=2c", "a==3D=", "a=41", "a\0b"] {
            assert_eq!(unescape(bad), None, "{bad:?}");
        }
    }
}
