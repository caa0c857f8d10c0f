//! The messages of OAUTHBEARER (RFC 7628) and XOAUTH2, for both sides.

use alloc::{format, string::String};

use crate::{Error, Mechanism, Secret, keys::positive, scram};

/// What a server tells clients whose token it refuses, so that they can get a better one (RFC 7628
/// 3.2.2). Anybody can read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenHint {
    /// The scope that a token must have.
    pub scope: Option<String>,
    /// OAUTHBEARER: the `https` address of the provider's description, as in OpenID Connect Discovery.
    pub openid_configuration: Option<String>,
}

/// What the client says.
#[derive(Debug)]
pub(crate) struct TokenMessage {
    pub(crate) user: Option<String>,
    /// `None` for a client that only wants to know where to get one.
    pub(crate) token: Option<Secret>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
}

impl TokenMessage {
    /// ```abnf
    /// client-resp = (gs2-header kvsep *kvpair kvsep) / kvsep
    /// kvpair      = key "=" value kvsep
    /// gs2-header  = gs2-cb-flag "," [ authzid ] ","
    /// ```
    pub(crate) fn parse_oauthbearer(text: &str) -> Result<Self, Error> {
        let mut parts = text.strip_suffix("\x01\x01").ok_or(Error::Fields)?.split('\x01');
        let user = gs2(parts.next().unwrap_or_default())?;
        let (mut auth, mut host, mut port) = (None, None, None);
        for part in parts {
            let (key, value) = part.split_once('=').ok_or(Error::Fields)?;
            let ascii = |c: u8| matches!(c, b' '..=b'~' | b'\t' | b'\r' | b'\n');
            if key.is_empty()
                || !key.bytes().all(|c| c.is_ascii_alphabetic())
                || !value.bytes().all(ascii)
            {
                return Err(Error::Fields);
            }
            let known = match key {
                "auth" => &mut auth,
                "host" => &mut host,
                "port" => &mut port,
                _ => continue, // RFC 7628 3.1: unknown pairs MUST be ignored.
            };
            if known.replace(value).is_some() {
                return Err(Error::Fields);
            }
        }
        // RFC 7628 3.1: without leading zeros
        let port = match port.map(positive) {
            Some(number) => Some(number.and_then(|n| u16::try_from(n).ok()).ok_or(Error::Fields)?),
            None => None,
        };
        let token = match auth {
            None => return Err(Error::Token),
            Some("") => None, // RFC 7628 4.3
            Some(auth) => Some(bearer(auth)?),
        };
        Ok(Self { user, token, host: host.map(Into::into), port })
    }

    /// ```abnf
    /// message = "user=" user kvsep "auth=Bearer " token kvsep kvsep
    /// ```
    pub(crate) fn parse_xoauth2(text: &str) -> Result<Self, Error> {
        let fields = text.strip_suffix("\x01\x01").ok_or(Error::Fields)?;
        let (user, auth) = fields.split_once('\x01').ok_or(Error::Fields)?;
        let user = user.strip_prefix("user=").ok_or(Error::Fields)?;
        let auth = auth.strip_prefix("auth=").ok_or(Error::Fields)?;
        Ok(Self { user: Some(user.into()), token: Some(bearer(auth)?), host: None, port: None })
    }
}

pub(crate) fn oauthbearer(user: &str, token: &Secret, host: &str, port: Option<u16>) -> Secret {
    let mut head = format!("n,a={},\x01", scram::escape(user));
    if !host.is_empty() {
        head.push_str(&format!("host={host}\x01"));
    }
    if let Some(port) = port {
        head.push_str(&format!("port={port}\x01"));
    }
    Secret::concat(&[head.as_bytes(), b"auth=Bearer ", token.expose(), b"\x01\x01"])
}

pub(crate) fn xoauth2(user: &str, token: &Secret) -> Secret {
    let parts = [b"user=", user.as_bytes(), b"\x01auth=Bearer ", token.expose(), b"\x01\x01"];
    Secret::concat(&parts)
}

/// Why the token is refused, in JSON.
pub(crate) fn refusal(mechanism: Mechanism, hint: &TokenHint) -> String {
    let mut out = match mechanism {
        Mechanism::XOAuth2 => String::from(r#"{"status":"401","schemes":"bearer""#),
        // RFC 6750 3.1
        _ => String::from(r#"{"status":"invalid_token""#),
    };
    let discovery = match mechanism {
        Mechanism::XOAuth2 => None,
        _ => hint.openid_configuration.as_deref(),
    };
    for (name, value) in [("scope", hint.scope.as_deref()), ("openid-configuration", discovery)] {
        if let Some(value) = value {
            out.push_str(&format!(r#","{name}":""#));
            value.chars().for_each(|c| push_json(&mut out, c));
            out.push('"');
        }
    }
    out.push('}');
    out
}

/// RFC 6750 2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
pub(crate) fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let in_token = |c: u8| c.is_ascii_alphanumeric() || b"-._~+/".contains(&c);
    !body.is_empty() && body.bytes().all(in_token)
}

/// RFC 6750 2.1: `credentials = "Bearer" 1*SP b64token`, the scheme in any case (RFC 7628 4).
fn bearer(auth: &str) -> Result<Secret, Error> {
    let (scheme, token) = auth.split_once(' ').ok_or(Error::Token)?;
    let token = token.trim_start_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || !is_token(token) {
        return Err(Error::Token);
    }
    Ok(token.into())
}

/// Who the client wants to act as. OAUTHBEARER cannot be bound to a channel.
fn gs2(header: &str) -> Result<Option<String>, Error> {
    let mut parts = header.split(',');
    match parts.next() {
        Some("n" | "y") => {}
        Some(flag) if flag.starts_with("p=") => return Err(Error::ChannelBinding),
        _ => return Err(Error::Attribute('p')),
    }
    let authzid = parts.next().ok_or(Error::Attribute('a'))?;
    if parts.next() != Some("") || parts.next().is_some() {
        return Err(Error::Attribute('a'));
    }
    match authzid {
        "" => Ok(None),
        _ => {
            let name = authzid.strip_prefix("a=").and_then(scram::unescape);
            name.map(Some).ok_or(Error::Attribute('a'))
        }
    }
}

/// RFC 8259 7
fn push_json(out: &mut String, c: char) {
    match c {
        '"' | '\\' => out.extend(['\\', c]),
        '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_json() {
        let full = TokenHint {
            scope: Some("mail \"all\" \\ \n".into()),
            openid_configuration: Some(
                "https://example.com/.well-known/openid-configuration".into(),
            ),
        };
        for (mechanism, hint, want) in [
            (Mechanism::OAuthBearer, &TokenHint::default(), r#"{"status":"invalid_token"}"#),
            (Mechanism::XOAuth2, &TokenHint::default(), r#"{"status":"401","schemes":"bearer"}"#),
            (
                Mechanism::OAuthBearer,
                &full,
                r#"{"status":"invalid_token","scope":"mail \"all\" \\ \u000a","openid-configuration":"https://example.com/.well-known/openid-configuration"}"#,
            ),
            (
                Mechanism::XOAuth2,
                &full,
                r#"{"status":"401","schemes":"bearer","scope":"mail \"all\" \\ \u000a"}"#,
            ),
        ] {
            assert_eq!(refusal(mechanism, hint), want);
        }
    }

    #[test]
    fn tokens() {
        for (text, want) in [
            ("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", true),
            ("eyJ0.eyJ-_~+/", true),
            ("a", true),
            ("", false),
            ("=", false),
            ("a=b", false),
            ("a b", false),
            ("a,b", false),
            ("a\x01b", false),
            ("\u{e9}", false),
        ] {
            assert_eq!(is_token(text), want, "{text}");
        }
    }
}
