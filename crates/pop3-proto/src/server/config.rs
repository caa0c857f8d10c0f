use alloc::string::String;
use core::time::Duration;

/// What a server offers; shared by its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The text of the greeting, of graphic ASCII and spaces, without angle or square brackets.
    pub greeting: String,
    /// Whether there is TLS, and whether it must come first.
    pub tls: Tls,
    /// Whether USER and PASS are taken.
    pub user: bool,
    /// The SASL mechanisms, with a space between them; empty for no AUTH.
    pub sasl: String,
    /// How many seconds must pass between logins, if that is enforced: the application does, by
    /// rejecting with [`Code::LoginDelay`](crate::codec::Code::LoginDelay).
    pub login_delay: Option<u32>,
    /// How long messages stay, if that is announced; `days: None` for ever. `user` is not announced,
    /// since CAPA says the same before and after the login.
    pub expire: Option<crate::codec::Expire>,
    /// What IMPLEMENTATION says; empty for nothing.
    pub implementation: String,
    /// Whether UTF8 is taken. RFC 6856
    pub utf8: bool,
    /// The bounds.
    pub limits: Limits,
}

/// TLS on this port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tls {
    /// There is none, and logins are taken in the clear: for the loopback interface and tests.
    None,
    /// STLS is offered, and logins are taken without it.
    Offered,
    /// STLS is offered, and no login is taken without it.
    #[default]
    Required,
    /// The connection began with TLS (port 995).
    Implicit,
}

/// The bounds of a server session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a command line with its CRLF; 255 by RFC 2449 4.
    pub command: usize,
    /// Octets of an AUTH command and of a SASL response with its CRLF; 12288.
    pub sasl: usize,
    /// Messages in a maildrop, each a bit of memory once one is marked as deleted; 1048576.
    pub messages: u32,
    /// Commands that are not understood or out of place, and failed logins, until the session is
    /// closed; 10.
    pub errors: u32,
    /// The autologout timer; 10 minutes, the least that RFC 1939 3 allows.
    pub idle: Duration,
    /// Octets of output from which on no further command or body is taken; 16384.
    pub output: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            greeting: String::from("POP3 server ready"),
            tls: Tls::default(),
            user: true,
            sasl: String::new(),
            login_delay: None,
            expire: None,
            implementation: String::new(),
            utf8: false,
            limits: Limits::default(),
        }
    }
}

impl Limits {
    /// The input that the default limits need, with SASL mechanisms of whatever kind.
    pub const INPUT: usize = 16 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command: crate::codec::COMMAND,
            sasl: crate::codec::SASL,
            messages: 1 << 20,
            errors: 10,
            idle: Duration::from_secs(600),
            output: posta_core::Output::LIMIT,
        }
    }
}
