use crate::{
    Protocol,
    codec::{self, ParseError, domain_or_literal},
    limits::minutes,
};
use alloc::{string::String, vec::Vec};
use core::time::Duration;
use posta_core::dot::Bare;

/// What a server is called, and what it offers.
#[derive(Clone, Debug)]
pub struct Config {
    hostname: String,
    /// SMTP, or LMTP.
    pub protocol: Protocol,
    /// Whether the connection is under TLS from the beginning (RFC 8314).
    pub tls: bool,
    /// Whether STARTTLS is offered. It is not offered under TLS, nor taken there.
    pub starttls: bool,
    /// Whether everything but NOOP, EHLO, STARTTLS, QUIT and RSET is refused in the clear, with 530.
    pub require_tls: bool,
    /// The SASL mechanisms that AUTH offers; none, no AUTH.
    pub auth: Vec<String>,
    /// Whether AUTH is offered and taken in the clear. By default it is not: 538.
    pub auth_in_clear: bool,
    /// Whether DSN is offered (RFC 3461). The application does the work.
    pub dsn: bool,
    /// Whether SMTPUTF8 is offered (RFC 6531).
    pub smtputf8: bool,
    /// What to do with a bare CR or LF in a message.
    pub bare: Bare,
    /// Sizes and times.
    pub limits: Limits,
    /// Tolerances.
    pub quirks: Quirks,
}

impl Config {
    /// A plain server: PIPELINING, SIZE, 8BITMIME, ENHANCEDSTATUSCODES.
    ///
    /// # Errors
    /// `hostname` is neither a domain nor an address literal.
    pub fn new(hostname: impl Into<String>) -> Result<Self, ParseError> {
        let hostname = hostname.into();
        domain_or_literal(hostname.as_bytes())?;
        Ok(Self {
            hostname,
            protocol: Protocol::Smtp,
            tls: false,
            starttls: false,
            require_tls: false,
            auth: Vec::new(),
            auth_in_clear: false,
            dsn: false,
            smtputf8: false,
            bare: Bare::Reject,
            limits: Limits::default(),
            quirks: Quirks::default(),
        })
    }

    /// The name that the server gives itself.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }
}

/// Sizes in octets, and times. An [`Input`](posta_core::Input) must hold at least the longest line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A command line, CRLF included: 2048. RFC 5321 4.5.3.1.4 asks for 512, and each extension for
    /// more: SIZE 26, AUTH 500, DSN 636, SMTPUTF8 10.
    pub line: usize,
    /// A line of an AUTH exchange, and an AUTH command: 12288 (RFC 4954 4).
    pub auth_line: usize,
    /// Accepted recipients of a message: 1000, and never fewer than 100 (RFC 5321 4.5.3.1.8).
    pub recipients: usize,
    /// A message, without dot-stuffing: 50 MiB (RFC 1870).
    pub message: u64,
    /// Bad commands and failed authentications before the server hangs up: 20.
    pub errors: u32,
    /// How long it waits for a command, or for the next piece of a message: 5 minutes (RFC 5321
    /// 4.5.3.2.7).
    pub command_timeout: Duration,
    /// The octets a second that a message has to come in with, from its first five minutes on and on the
    /// average: 100. Otherwise an octet every five minutes could keep a session for years.
    pub data_rate: u64,
}

impl Limits {
    /// The input that the default limits need.
    pub const INPUT: usize = 16 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 2048,
            auth_line: 12288,
            recipients: 1000,
            message: 50 * 1024 * 1024,
            errors: 20,
            command_timeout: minutes(5),
            data_rate: 100,
        }
    }
}

/// What a server tolerates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// Spaces between the colon of MAIL or RCPT and the address. On by default; reported with the event.
    pub space_after_colon: bool,
    /// More commands behind EHLO, HELO or LHLO, which must end a group (RFC 2920 3.1). Off by default:
    /// such clients are refused with 554.
    pub early_talker: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self { space_after_colon: true, early_talker: false }
    }
}

impl Config {
    pub(super) fn syntax(&self) -> codec::Syntax {
        codec::Syntax { space_after_colon: self.quirks.space_after_colon, utf8: self.smtputf8 }
    }
}
