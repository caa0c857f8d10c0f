use crate::codec::Quirks;
use alloc::string::String;
use core::time::Duration;

/// What a server offers; shared by its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The text of the greeting.
    pub greeting: String,
    /// Whether there is TLS, and whether it must come first.
    pub tls: Tls,
    /// Whether LOGIN is taken.
    pub login: bool,
    /// The SASL mechanisms, with a space between them; empty for no AUTHENTICATE.
    pub sasl: String,
    /// The capabilities that the application adds to those of the machine, with a space between them.
    /// Commands of an extension that is not among them are unknown.
    pub extensions: String,
    /// What ID says the name of the server is; empty for nothing.
    pub name: String,
    /// What is tolerated of the client, behind the name of a command.
    pub quirks: Quirks,
    /// The bounds.
    pub limits: Limits,
}

/// TLS on this port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tls {
    /// There is none, and logins are taken in the clear: for the loopback interface and tests.
    None,
    /// STARTTLS is offered, and logins are taken without it.
    Offered,
    /// STARTTLS is offered, and no login is taken without it.
    #[default]
    Required,
    /// The connection began with TLS (port 993).
    Implicit,
}

/// The bounds of a server session. The longest command is what the [`Input`](posta_core::Input) holds:
/// give it [`INPUT`](Self::INPUT) octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a literal in a command, other than the message of APPEND; 16384. Larger ones are refused
    /// before they are sent.
    pub literal: u64,
    /// Octets of a message to append; 128 MiB. Larger ones are refused before they are sent.
    pub message: u64,
    /// Commands that are not understood or out of place, and failed logins, until the session is
    /// closed; 50.
    pub errors: u32,
    /// How long a client may take to log in; 3 minutes.
    pub login: Duration,
    /// How long a client may be silent after the login; 30 minutes, the least that RFC 3501 5.4 allows.
    pub idle: Duration,
    /// Octets of output from which on no further command is taken and no data asked for; 16384.
    pub output: usize,
}

impl Limits {
    /// The input that the default limits need: the longest command, with its literals.
    pub const INPUT: usize = 64 * 1024;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            greeting: String::from("IMAP4rev1 server ready"),
            tls: Tls::default(),
            login: true,
            sasl: String::new(),
            extensions: String::from("CHILDREN IDLE MOVE NAMESPACE SPECIAL-USE UIDPLUS UNSELECT"),
            name: String::new(),
            quirks: Quirks::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            literal: 16 * 1024,
            message: 128 << 20,
            errors: 50,
            login: Duration::from_secs(3 * 60),
            idle: Duration::from_secs(30 * 60),
            output: posta_core::Output::LIMIT,
        }
    }
}
