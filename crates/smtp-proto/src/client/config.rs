use super::queue::Sent;
use crate::{
    Protocol,
    codec::{ParseError, domain_or_literal},
    limits::minutes,
};
use alloc::string::String;
use core::time::Duration;
use posta_core::dot::Bare;

/// What a client is called, and how it behaves.
#[derive(Clone, Debug)]
pub struct Config {
    hostname: String,
    /// SMTP, or LMTP.
    pub protocol: Protocol,
    /// Whether the connection is under TLS from the beginning (RFC 8314).
    pub tls: bool,
    /// What to do with a bare CR or LF in a message that is to be sent. By default each becomes a CRLF:
    /// neither ever gets out (RFC 5321 2.3.8).
    pub bare: Bare,
    /// Sizes and times.
    pub limits: Limits,
}

impl Config {
    /// A client.
    ///
    /// # Errors
    /// `hostname` is neither a domain nor an address literal (RFC 5321 4.1.1.1).
    pub fn new(hostname: impl Into<String>) -> Result<Self, ParseError> {
        let hostname = hostname.into();
        domain_or_literal(hostname.as_bytes())?;
        Ok(Self {
            hostname,
            protocol: Protocol::Smtp,
            tls: false,
            bare: Bare::Convert,
            limits: Limits::default(),
        })
    }

    /// The name that the client gives itself.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }
}

/// Sizes, and the times of RFC 5321 4.5.3.2. An [`Input`](posta_core::Input) must hold a whole reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The octets of a reply, all its lines: 8192.
    pub reply: usize,
    /// Octets of commands that wait for replies: 512 KiB, which is 1000 recipients and more.
    pub queue: usize,
    /// Commands that were sent and not answered: 64. All of them and all their replies must fit into what
    /// the network holds, or a driver that does not read while it writes waits for ever (RFC 2920 3.1).
    pub window: usize,
    /// The room in the output from which on the application is asked for more of a message: 4096 octets.
    pub chunk: usize,
    /// For the greeting: 5 minutes (4.5.3.2.1).
    pub greeting: Duration,
    /// For commands without a time of their own, and for QUIT: 5 minutes.
    pub command: Duration,
    /// For MAIL: 5 minutes (4.5.3.2.2).
    pub mail: Duration,
    /// For RCPT: 5 minutes (4.5.3.2.3).
    pub rcpt: Duration,
    /// For DATA: 2 minutes (4.5.3.2.4).
    pub data: Duration,
    /// For the server to take some of the message: 3 minutes (4.5.3.2.5).
    pub data_block: Duration,
    /// For the verdict on the message: 10 minutes (4.5.3.2.6). Do not make it shorter: a message that was
    /// accepted too late is sent twice.
    pub data_end: Duration,
}

impl Limits {
    /// The input that the default limits need.
    pub const INPUT: usize = 16 * 1024;

    pub(super) fn time(&self, sent: Sent) -> Duration {
        match sent {
            Sent::Greeting => self.greeting,
            Sent::Mail => self.mail,
            Sent::Rcpt | Sent::VoidRcpt => self.rcpt,
            Sent::Data | Sent::VoidData => self.data,
            Sent::End | Sent::VoidEnd => self.data_end,
            _ => self.command,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply: 8192,
            queue: 512 * 1024,
            window: 64,
            chunk: 4096,
            greeting: minutes(5),
            command: minutes(5),
            mail: minutes(5),
            rcpt: minutes(5),
            data: minutes(2),
            data_block: minutes(3),
            data_end: minutes(10),
        }
    }
}
