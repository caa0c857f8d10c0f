//! Commands outside transactions.

use super::{Client, Exchange, Session, Transaction, queue::Sent};
use crate::{
    Misuse,
    codec::{Command, ErrorKind, fault},
};
use posta_core::Output;

impl Client {
    /// Asks for TLS (RFC 3207): [`Event::StartTls`](super::Event::StartTls) or
    /// [`Event::TlsRefused`](super::Event::TlsRefused) answers. Until then, and until the next
    /// [`Event::Ready`](super::Event::Ready), no command is taken.
    ///
    /// # Errors
    /// Something is going on, TLS is on already, or it is not offered.
    pub fn starttls(&mut self) -> Result<(), Misuse> {
        self.only_ready()?;
        if self.tls {
            return Err(Misuse::State);
        }
        if !self.capabilities.starttls {
            return Err(Misuse::NotOffered("STARTTLS"));
        }
        self.give(Sent::StartTls, |out, _| out.put(b"STARTTLS\r\n"));
        self.session = Session::AskedTls;
        Ok(())
    }

    /// The driver has put the connection under TLS: all that the server said before is forgotten, and the
    /// client begins with EHLO again (RFC 3207 4.2).
    ///
    /// # Errors
    /// The server was not asked for TLS, or has not agreed.
    pub fn tls_started(&mut self) -> Result<(), Misuse> {
        if self.session != Session::Tls {
            return Err(Misuse::State);
        }
        (self.tls, self.authenticated, self.stale) = (true, false, false);
        self.hello();
        Ok(())
    }

    /// NOOP. The answer is an [`Event::Reply`](super::Event::Reply).
    ///
    /// # Errors
    /// Something is going on.
    pub fn noop(&mut self) -> Result<(), Misuse> {
        self.only_ready()?;
        self.give(Sent::Plain, |out, _| out.put(b"NOOP\r\n"));
        Ok(())
    }

    /// VRFY: does the server know a user or a mailbox? The answer is an
    /// [`Event::Reply`](super::Event::Reply).
    ///
    /// # Errors
    /// Something is going on, or `text` cannot be sent: it is empty, not ASCII, or holds control characters.
    pub fn vrfy(&mut self, text: &str) -> Result<(), Misuse> {
        self.only_ready()?;
        if let Some(at) = text.bytes().position(|b| !b.is_ascii()) {
            // RFC 6531 3.7.4.2: only with a parameter that this client does not send.
            return Err(fault(ErrorKind::Utf8, at, "ASCII").into());
        }
        let mut line = Output::default();
        Command::Vrfy(text).write(&mut line)?;
        self.give(Sent::Plain, |out, _| out.put(line.bytes()));
        Ok(())
    }

    /// RSET: gives up an open transaction. The answer is an [`Event::Reply`](super::Event::Reply).
    ///
    /// # Errors
    /// Replies are due, or a message is on its way: see [`abort`](Self::abort).
    pub fn rset(&mut self) -> Result<(), Misuse> {
        if !self.is_ready() {
            return Err(Misuse::State);
        }
        (self.transaction, self.stale) = (Transaction::None, false);
        self.give(Sent::Plain, |out, _| out.put(b"RSET\r\n"));
        Ok(())
    }

    /// QUIT, after all that was asked before; then the session closes. No command is taken after it.
    ///
    /// # Errors
    /// It was given already, the session is not open, or an authentication is going on.
    pub fn quit(&mut self) -> Result<(), Misuse> {
        if self.session != Session::Open || self.quitting || self.auth != Exchange::None {
            return Err(Misuse::State);
        }
        self.give(Sent::Quit, |out, _| out.put(b"QUIT\r\n"));
        self.quitting = true;
        Ok(())
    }

    /// Whether a command that belongs to no transaction may be given.
    pub(super) fn only_ready(&self) -> Result<(), Misuse> {
        if self.is_ready() && self.transaction == Transaction::None {
            Ok(())
        } else {
            Err(Misuse::State)
        }
    }

    /// Introduces the client: EHLO, or LHLO (RFC 5321 4.1.1.1, RFC 2033 4.1).
    pub(super) fn hello(&mut self) {
        let verb = if self.is_lmtp() { "LHLO" } else { "EHLO" };
        self.introduce(verb, Sent::Ehlo);
    }

    pub(super) fn introduce(&mut self, verb: &str, sent: Sent) {
        self.capabilities = Default::default();
        for part in [verb, " ", self.config.hostname(), "\r\n"] {
            self.output.put(part.as_bytes());
        }
        self.sent.push_back(sent);
        (self.session, self.deadline) = (Session::Opening, None);
    }
}
