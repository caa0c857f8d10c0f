use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use thiserror::Error;

/// The most octets in a label (RFC 1035 2.3.4).
const LABEL: usize = 63;
/// The most octets of a name as text: 255 on the wire (RFC 1035 2.3.4), less the first length octet
/// and the root's.
const NAME: usize = 253;

/// A host or domain name, as mail uses them: labels of ASCII letters, digits, `-` and `_`.
///
/// Kept in lower case without the final dot, so equality, order and hash ignore case (RFC 4343).
/// Underscores are allowed because TLSA and policy records live under them. A name in Unicode must
/// come as A-labels (`xn--…`). The root, written `.`, is a name too: a null MX points to it.
///
/// ```
/// use mx_resolve::Name;
/// let name: Name = "MX1.B.com.".parse()?;
/// assert_eq!(name.as_str(), "mx1.b.com");
/// assert!("mx 1.b.com".parse::<Name>().is_err());
/// # Ok::<(), mx_resolve::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

/// Why a text is not a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is nothing, or nothing between two dots.
    #[error("empty label")]
    Empty,
    /// A label of more than 63 octets.
    #[error("label longer than 63 octets")]
    LabelTooLong,
    /// More than 253 octets in all.
    #[error("name longer than 253 octets")]
    TooLong,
    /// An octet that is no letter, digit, `-` or `_`.
    #[error("octet {0:#04x} cannot be in a host name")]
    Octet(u8),
}

impl Name {
    /// Reads a name, with or without the final dot.
    ///
    /// # Errors
    /// If it is empty, too long, or holds anything but letters, digits, `-`, `_` and dots.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text == "." {
            return Ok(Self::root());
        }
        Self::from_labels(text.strip_suffix('.').unwrap_or(text).as_bytes().split(|b| *b == b'.'))
    }

    /// The root of the DNS, `.`: as the target of an MX it says that there is no mail service.
    pub fn root() -> Self {
        Self("".into())
    }

    /// Whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The name under which the PTR record of an address is found (RFC 1035 3.5, RFC 3596 2.5).
    ///
    /// ```
    /// use mx_resolve::Name;
    /// let name = Name::reverse("192.0.2.1".parse()?);
    /// assert_eq!(name.as_str(), "1.2.0.192.in-addr.arpa");
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn reverse(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                Self(format!("{d}.{c}.{b}.{a}.in-addr.arpa").into())
            }
            IpAddr::V6(v6) => {
                let nibbles = v6.octets().into_iter().rev();
                let text: String = nibbles.map(|o| format!("{:x}.{:x}.", o & 15, o >> 4)).collect();
                Self(format!("{text}ip6.arpa").into())
            }
        }
    }

    /// The name in lower case without the final dot; `.` for the root.
    pub fn as_str(&self) -> &str {
        if self.is_root() { "." } else { &self.0 }
    }

    /// Whether the text is that of an IPv4 address, which no host is called by (RFC 1123 2.1).
    pub fn is_address_text(&self) -> bool {
        self.0.parse::<Ipv4Addr>().is_ok()
    }

    /// The labels from the left; none for the root.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &[u8]> {
        self.0.as_bytes().split(|b| *b == b'.').filter(|label| !label.is_empty())
    }

    pub(crate) fn from_labels<'a>(
        labels: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Self, NameError> {
        let mut text = String::new();
        for label in labels {
            match label.len() {
                0 => return Err(NameError::Empty),
                1..=LABEL => {}
                _ => return Err(NameError::LabelTooLong),
            }
            if !text.is_empty() {
                text.push('.');
            }
            for octet in label {
                match octet {
                    b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'A'..=b'Z' => {
                        text.push(char::from(octet.to_ascii_lowercase()));
                    }
                    _ => return Err(NameError::Octet(*octet)),
                }
            }
            if text.len() > NAME {
                return Err(NameError::TooLong);
            }
        }
        Ok(Self(text.into()))
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The address in an address literal, brackets included (RFC 5321 4.1.3); `None` if it is none of
/// the two forms that name a way to send.
///
/// ```text
/// address-literal      = "[" ( IPv4-address-literal / IPv6-address-literal / ... ) "]"
/// IPv4-address-literal = Snum 3("."  Snum)
/// IPv6-address-literal = "IPv6:" IPv6-addr
/// Snum                 = 1*3DIGIT   ; 0 through 255
/// ```
pub(crate) fn literal(text: &str) -> Option<IpAddr> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if let Some((tag, address)) = inner.split_once(':') {
        let v6: Ipv6Addr = tag.eq_ignore_ascii_case("IPv6").then_some(address)?.parse().ok()?;
        return Some(v6.to_canonical());
    }
    let mut octets = [0; 4];
    let mut numbers = inner.split('.');
    for octet in &mut octets {
        // Not std's parser for the whole: Snum may have leading zeros.
        let number = numbers.next()?;
        let digits = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
        *octet = digits.then_some(number)?.parse().ok()?;
    }
    numbers.next().is_none().then(|| IpAddr::from(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", &label[..61]);
        let table: &[(&str, Result<&str, NameError>)] = &[
            ("b.com", Ok("b.com")),
            ("B.COM.", Ok("b.com")),
            ("_25._tcp.mx1.b.com", Ok("_25._tcp.mx1.b.com")),
            ("xn--bcher-kva.example", Ok("xn--bcher-kva.example")),
            ("r3---sn-x.example", Ok("r3---sn-x.example")),
            (".", Ok(".")),
            ("", Err(NameError::Empty)),
            ("..", Err(NameError::Empty)),
            (".b.com", Err(NameError::Empty)),
            ("b..com", Err(NameError::Empty)),
            ("b.com..", Err(NameError::Empty)),
            ("b com", Err(NameError::Octet(b' '))),
            ("b.com\r\n", Err(NameError::Octet(b'\r'))),
            ("bücher.example", Err(NameError::Octet(0xc3))),
            ("[192.0.2.1]", Err(NameError::Octet(b'['))),
            (&label, Ok(&label)),
            (&"a".repeat(64), Err(NameError::LabelTooLong)),
            (&longest, Ok(&longest)),
            (&format!("{longest}."), Ok(&longest)),
            (&format!("{longest}a"), Err(NameError::TooLong)),
        ];
        for (text, want) in table {
            let got = Name::parse(text);
            assert_eq!(got.as_ref().map(Name::as_str).map_err(|e| *e), *want, "{text}");
        }
    }

    #[test]
    fn literals() {
        let table: &[(&str, Option<&str>)] = &[
            ("[192.0.2.1]", Some("192.0.2.1")),
            ("[192.000.002.001]", Some("192.0.2.1")),
            ("[IPv6:2001:db8::1]", Some("2001:db8::1")),
            ("[ipv6:2001:DB8::1]", Some("2001:db8::1")),
            ("[IPv6:::ffff:192.0.2.1]", Some("192.0.2.1")),
            ("192.0.2.1", None),
            ("[192.0.2.1", None),
            ("[192.0.2]", None),
            ("[192.0.2.1.1]", None),
            ("[192.0.2.256]", None),
            ("[192.0.2.0001]", None),
            ("[192.0.2.+1]", None),
            ("[2001:db8::1]", None),
            ("[IPv6:2001:db8::1%eth0]", None),
            ("[IPv6:192.0.2.1]", None),
            ("[X400:c=us]", None),
            ("[]", None),
        ];
        for (text, want) in table {
            assert_eq!(literal(text).map(|a| a.to_string()).as_deref(), *want, "{text}");
        }
    }

    #[test]
    fn reverses_ipv6() {
        let name = Name::reverse("2001:db8::567:89ab".parse().expect("an address"));
        // RFC 3596 2.5, with another address.
        let want = "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(name.as_str(), want);
        assert_eq!(Name::parse(want), Ok(name));
    }
}
