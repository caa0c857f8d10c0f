use core::fmt;

/// A line of the reply to CAPA. RFC 2449 5
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability<'a> {
    /// `TOP`: RFC 2449 6.1
    Top,
    /// `USER`: USER and PASS may be used. RFC 2449 6.2
    User,
    /// `SASL`: the mechanisms, with a space between them. RFC 2449 6.3
    Sasl(&'a str),
    /// `RESP-CODES`: RFC 2449 6.4
    RespCodes,
    /// `LOGIN-DELAY`: RFC 2449 6.5
    LoginDelay(LoginDelay),
    /// `PIPELINING`: RFC 2449 6.6
    Pipelining,
    /// `EXPIRE`: RFC 2449 6.7
    Expire(Expire),
    /// `UIDL`: RFC 2449 6.8
    Uidl,
    /// `IMPLEMENTATION`: RFC 2449 6.9
    Implementation(&'a str),
    /// `STLS`: RFC 2595 4
    Stls,
    /// `AUTH-RESP-CODE`: RFC 3206 6
    AuthRespCode,
    /// `UTF8`: RFC 6856 2
    Utf8 {
        /// Whether names and passwords may be UTF-8.
        user: bool,
    },
    /// `LANG`: RFC 6856 3
    Lang,
    /// Any other, or one of the above with arguments that it does not take: the whole line.
    Other(&'a [u8]),
}

/// How long to wait between logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginDelay {
    /// In seconds.
    pub seconds: u32,
    /// Whether CAPA after the login tells the user's own value.
    pub user: bool,
}

/// How long the server keeps mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expire {
    /// In days; `None` is for ever, 0 means that nothing may be left on the server.
    pub days: Option<u32>,
    /// Whether CAPA after the login tells the user's own value.
    pub user: bool,
}

impl<'a> Capability<'a> {
    /// Reads a line, given without its CRLF. Never fails: what is unknown is [`Self::Other`].
    ///
    /// ```abnf
    /// capability = capa-tag *(SP param) CRLF
    /// ```
    pub fn parse(line: &'a [u8]) -> Self {
        Self::known(line).unwrap_or(Self::Other(line))
    }

    fn known(line: &'a [u8]) -> Option<Self> {
        let line = core::str::from_utf8(line).ok()?;
        let (tag, rest) = match line.split_once(' ') {
            Some((tag, rest)) => (tag, rest),
            None => (line, ""),
        };
        let is = |name: &str| tag.eq_ignore_ascii_case(name);
        // RFC 2449 6.5 and 6.7: "USER" may follow the value.
        let (value, user) = match rest.split_once(' ') {
            Some((value, user)) => (value, user.eq_ignore_ascii_case("USER").then_some(true)),
            None => (rest, Some(false)),
        };
        let number = || super::digits::<u32>(value.as_bytes());
        Some(if is("SASL") {
            Self::Sasl(rest)
        } else if is("IMPLEMENTATION") {
            Self::Implementation(rest)
        } else if is("LOGIN-DELAY") {
            Self::LoginDelay(LoginDelay { seconds: number()?, user: user? })
        } else if is("EXPIRE") && value.eq_ignore_ascii_case("NEVER") {
            Self::Expire(Expire { days: None, user: user? })
        } else if is("EXPIRE") {
            Self::Expire(Expire { days: Some(number()?), user: user? })
        } else if is("UTF8") && rest.eq_ignore_ascii_case("USER") {
            Self::Utf8 { user: true }
        } else if !rest.is_empty() {
            return None;
        } else if is("TOP") {
            Self::Top
        } else if is("USER") {
            Self::User
        } else if is("RESP-CODES") {
            Self::RespCodes
        } else if is("PIPELINING") {
            Self::Pipelining
        } else if is("UIDL") {
            Self::Uidl
        } else if is("STLS") {
            Self::Stls
        } else if is("AUTH-RESP-CODE") {
            Self::AuthRespCode
        } else if is("UTF8") {
            Self::Utf8 { user: false }
        } else if is("LANG") {
            Self::Lang
        } else {
            return None;
        })
    }
}

/// The line, without its CRLF.
impl fmt::Display for Capability<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = |user: bool| if user { " USER" } else { "" };
        match self {
            Self::Top => f.write_str("TOP"),
            Self::User => f.write_str("USER"),
            Self::Sasl("") => f.write_str("SASL"),
            Self::Sasl(list) => write!(f, "SASL {list}"),
            Self::RespCodes => f.write_str("RESP-CODES"),
            Self::LoginDelay(it) => write!(f, "LOGIN-DELAY {}{}", it.seconds, user(it.user)),
            Self::Pipelining => f.write_str("PIPELINING"),
            Self::Expire(Expire { days: None, user: u }) => write!(f, "EXPIRE NEVER{}", user(*u)),
            Self::Expire(Expire { days: Some(n), user: u }) => write!(f, "EXPIRE {n}{}", user(*u)),
            Self::Uidl => f.write_str("UIDL"),
            Self::Implementation("") => f.write_str("IMPLEMENTATION"),
            Self::Implementation(text) => write!(f, "IMPLEMENTATION {text}"),
            Self::Stls => f.write_str("STLS"),
            Self::AuthRespCode => f.write_str("AUTH-RESP-CODE"),
            Self::Utf8 { user: u } => write!(f, "UTF8{}", user(*u)),
            Self::Lang => f.write_str("LANG"),
            Self::Other(line) => match core::str::from_utf8(line) {
                Ok(line) => f.write_str(line),
                Err(_) => write!(f, "{}", line.escape_ascii()),
            },
        }
    }
}

/// What a server can do, in a few octets. The SASL mechanisms are not here: take them from
/// [`Capability::Sasl`] as it passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// TOP
    pub top: bool,
    /// USER and PASS
    pub user: bool,
    /// AUTH
    pub sasl: bool,
    /// UIDL
    pub uidl: bool,
    /// STLS
    pub stls: bool,
    /// Commands may be sent before the replies to earlier ones.
    pub pipelining: bool,
    /// Text in square brackets is a code.
    pub resp_codes: bool,
    /// Every fault of the credentials has the code AUTH.
    pub auth_resp_code: bool,
    /// UTF8
    pub utf8: bool,
    /// Names and passwords may be UTF-8.
    pub utf8_user: bool,
    /// LANG
    pub lang: bool,
    /// LOGIN-DELAY
    pub login_delay: Option<LoginDelay>,
    /// EXPIRE
    pub expire: Option<Expire>,
}

impl Capabilities {
    /// Takes note of a line.
    pub fn add(&mut self, capability: Capability<'_>) {
        match capability {
            Capability::Top => self.top = true,
            Capability::User => self.user = true,
            Capability::Sasl(_) => self.sasl = true,
            Capability::RespCodes => self.resp_codes = true,
            Capability::LoginDelay(delay) => self.login_delay = Some(delay),
            Capability::Pipelining => self.pipelining = true,
            Capability::Expire(expire) => self.expire = Some(expire),
            Capability::Uidl => self.uidl = true,
            Capability::Stls => self.stls = true,
            Capability::AuthRespCode => self.auth_resp_code = true,
            Capability::Utf8 { user } => (self.utf8, self.utf8_user) = (true, user),
            Capability::Lang => self.lang = true,
            Capability::Implementation(_) | Capability::Other(_) => {}
        }
    }
}
