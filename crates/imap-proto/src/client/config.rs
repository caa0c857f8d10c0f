use crate::codec::Quirks;
use core::time::Duration;

/// How a client behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Config {
    /// What is known of TLS when the connection begins.
    pub tls: Tls,
    /// What is tolerated of the server.
    pub quirks: Quirks,
    /// Sizes and times.
    pub limits: Limits,
}

/// What a client makes of a connection without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tls {
    /// There is TLS from the beginning, as on port 993. RFC 8314
    Started,
    /// STARTTLS must come before anything that tells of the user; a server that lets the client in
    /// without a login, and so without TLS, is not talked to.
    #[default]
    Required,
    /// Passwords and mail may go in the clear.
    Optional,
}

/// The bounds of a client. The longest response, and the longest part of one that cannot be cut, is what
/// the [`Input`](posta_core::Input) holds: give it [`INPUT`](Self::INPUT) octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the text of a message that comes as a part of its FETCH response, if it fits the input;
    /// 4096. A longer one comes in chunks. Other literals must fit the input.
    pub literal: usize,
    /// Octets of the names of capabilities that are remembered; 4096. More are told and forgotten.
    pub capabilities: usize,
    /// Octets of commands that wait to be sent; 64 KiB.
    pub queue: usize,
    /// Commands that were sent and not answered; 16. All of them and all their answers must fit into what
    /// the network holds, or a driver that does not read while it writes waits for ever.
    pub window: usize,
    /// The room in the output from which on the application is asked for more of a message: 4096 octets.
    pub chunk: usize,
    /// How long the server may take to go on; 5 minutes.
    pub timeout: Duration,
    /// How long IDLE goes on before the client ends it; 29 minutes, by RFC 2177 3.
    pub idle: Duration,
}

impl Limits {
    /// The input that the default limits need.
    pub const INPUT: usize = 64 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            literal: 4096,
            capabilities: 4096,
            queue: 64 * 1024,
            window: 16,
            chunk: 4096,
            timeout: Duration::from_secs(5 * 60),
            idle: Duration::from_secs(29 * 60),
        }
    }
}
