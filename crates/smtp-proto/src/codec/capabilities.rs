use super::Reply;
use alloc::string::String;

/// What a server offers: its reply to EHLO or LHLO, understood.
///
/// Keywords are compared in any case. What is not known here is kept: see [`iter`](Self::iter).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Commands may be sent in groups (RFC 2920).
    pub pipelining: bool,
    /// SIZE may be declared (RFC 1870).
    pub size: bool,
    /// The largest message it will ever take, in octets, if it says so.
    pub max_size: Option<u64>,
    /// BODY=8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// Replies have enhanced codes (RFC 2034).
    pub enhanced_status_codes: bool,
    /// BDAT (RFC 3030).
    pub chunking: bool,
    /// Addresses may be UTF-8 (RFC 6531).
    pub smtputf8: bool,
    /// Delivery status notifications (RFC 3461).
    pub dsn: bool,
    /// The lines after the first, each with an LF.
    text: String,
}

/// One line of an EHLO reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyword<'a> {
    /// The keyword, in the case it came in.
    pub name: &'a str,
    /// What followed it: words, usually.
    pub params: &'a str,
}

impl Capabilities {
    /// Reads the reply to EHLO or LHLO.
    pub fn parse(reply: Reply<'_>) -> Self {
        let mut text = String::with_capacity(reply.raw.len());
        let mut offered = Self::default();
        for line in reply.lines().skip(1) {
            let Ok(line) = core::str::from_utf8(line.trim_ascii()) else { continue };
            offered.understand(keyword(line));
            text.push_str(line);
            text.push('\n');
        }
        Self { text, ..offered }
    }

    /// Of a keyword that comes twice the first counts.
    fn understand(&mut self, keyword: Keyword<'_>) {
        let is = |name: &str| keyword.name.eq_ignore_ascii_case(name);
        if is("PIPELINING") {
            self.pipelining = true;
        } else if is("SIZE") && !self.size {
            self.size = true;
            // RFC 1870 3: none, or zero, is no fixed limit.
            self.max_size = keyword.params.parse().ok().filter(|size| *size > 0);
        } else if is("8BITMIME") {
            self.eight_bit_mime = true;
        } else if is("STARTTLS") {
            self.starttls = true;
        } else if is("ENHANCEDSTATUSCODES") {
            self.enhanced_status_codes = true;
        } else if is("CHUNKING") {
            self.chunking = true;
        } else if is("SMTPUTF8") {
            self.smtputf8 = true;
        } else if is("DSN") {
            self.dsn = true;
        }
    }

    /// All keywords, known or not.
    ///
    /// ```text
    /// ehlo-line    = ehlo-keyword *( SP ehlo-param )       ; RFC 5321 4.1.1.1
    /// ehlo-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
    /// ```
    ///
    /// `AUTH=LOGIN`, which some servers say for the sake of some clients, is `AUTH LOGIN`.
    pub fn iter(&self) -> impl Iterator<Item = Keyword<'_>> {
        keywords(&self.text)
    }

    /// The first line with this keyword.
    pub fn get(&self, name: &str) -> Option<Keyword<'_>> {
        self.iter().find(|keyword| keyword.name.eq_ignore_ascii_case(name))
    }

    /// Whether the keyword is there.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The SASL mechanisms, of all AUTH lines, in order; some may come twice.
    pub fn auth(&self) -> impl Iterator<Item = &str> {
        self.iter()
            .filter(|keyword| keyword.name.eq_ignore_ascii_case("AUTH"))
            .flat_map(|keyword| keyword.params.split_ascii_whitespace())
    }

    /// Whether the SASL mechanism is there.
    pub fn has_auth(&self, mechanism: &str) -> bool {
        self.auth().any(|name| name.eq_ignore_ascii_case(mechanism))
    }
}

fn keywords(text: &str) -> impl Iterator<Item = Keyword<'_>> {
    text.lines().filter(|line| !line.is_empty()).map(keyword)
}

fn keyword(line: &str) -> Keyword<'_> {
    let end = line.bytes().position(|b| matches!(b, b' ' | b'=')).unwrap_or(line.len());
    let (name, params) = line.split_at(end);
    Keyword { name, params: params.get(1..).unwrap_or_default().trim_ascii_start() }
}
