//! Commands about the session.

use super::{Client, Handle, Out, Progress, Verb};
use crate::{
    Misuse,
    codec::{Capability, IdField, Items, Text},
};
use alloc::vec::Vec;

impl Client {
    /// CAPABILITY.
    ///
    /// # Errors
    /// As for every command: LOGOUT was given or the connection is over, TLS or a challenge comes first,
    /// too much is waiting, or an argument cannot be sent.
    pub fn capability(&mut self) -> Result<Handle, Misuse> {
        self.plain(Verb::Alone, "CAPABILITY")
    }

    /// NOOP.
    ///
    /// # Errors
    /// As for [`capability`](Self::capability).
    pub fn noop(&mut self) -> Result<Handle, Misuse> {
        self.plain(Verb::Plain, "NOOP")
    }

    /// LOGOUT: the last command.
    ///
    /// # Errors
    /// As for [`capability`](Self::capability).
    pub fn logout(&mut self) -> Result<Handle, Misuse> {
        let handle = self.plain(Verb::Logout, "LOGOUT")?;
        self.logging_out = true;
        Ok(handle)
    }

    /// STARTTLS. Give it on [`Event::Ready`](super::Event::Ready): nothing may be under way.
    ///
    /// # Errors
    /// As for [`capability`](Self::capability), or something is under way, or there is TLS or a login
    /// already, or the server does not offer it.
    pub fn starttls(&mut self) -> Result<Handle, Misuse> {
        if self.tls || self.authenticated || !self.is_ready() {
            return Err(Misuse::State);
        }
        if self.capabilities.is_some() && !self.offers("STARTTLS") {
            return Err(Misuse::NotOffered("STARTTLS"));
        }
        self.plain(Verb::StartTls, "STARTTLS")
    }

    /// Says that TLS has been negotiated on the stream. All that the server said before is forgotten.
    ///
    /// # Errors
    /// The server did not accept STARTTLS.
    pub fn tls_started(&mut self) -> Result<(), Misuse> {
        if self.out != Out::Tls {
            return Err(Misuse::State);
        }
        // RFC 9051 6.2.1
        (self.out, self.tls, self.capabilities, self.fresh) = (Out::Whole, true, None, false);
        Ok(())
    }

    /// LOGIN. Give it on [`Event::Ready`](super::Event::Ready).
    ///
    /// # Errors
    /// As for [`capability`](Self::capability); something is under way; there is no TLS and the
    /// [`Config`](super::Config) wants it; the server has said LOGINDISABLED.
    pub fn login(&mut self, user: &str, password: &str) -> Result<Handle, Misuse> {
        self.may_log_in()?;
        // RFC 9051 6.2.3
        if self.offers("LOGINDISABLED") {
            return Err(Misuse::NotOffered("LOGIN"));
        }
        let handle = self.command(Verb::Login, None, |text| {
            text.extend_from_slice(b"LOGIN ");
            Text::from(user).write(text)?;
            text.push(b' ');
            Text::from(password).write(text)
        })?;
        self.fresh = false;
        Ok(handle)
    }

    /// AUTHENTICATE. Give it on [`Event::Ready`](super::Event::Ready). The initial response is in base64,
    /// `Some("")` if it is there and empty; it is held back until the server asks for it if it cannot
    /// stand in the command (RFC 4959).
    ///
    /// # Errors
    /// As for [`login`](Self::login), but for LOGINDISABLED.
    pub fn authenticate(
        &mut self,
        mechanism: &str,
        initial: Option<&str>,
    ) -> Result<Handle, Misuse> {
        self.may_log_in()?;
        if initial.is_some_and(|text| !posta_core::is_base64(text.as_bytes())) {
            return Err(Misuse::Argument("the initial response is not base64"));
        }
        let now = initial.filter(|_| self.offers("SASL-IR"));
        let handle = self.command(Verb::Authenticate, None, |text| {
            text.extend_from_slice(b"AUTHENTICATE ");
            crate::codec::put_name(mechanism, text)?;
            if let Some(initial) = now {
                text.push(b' ');
                text.extend_from_slice(if initial.is_empty() { b"=" } else { initial.as_bytes() });
            }
            Ok(())
        })?;
        self.initial = initial.filter(|_| now.is_none()).map(Into::into);
        self.fresh = false;
        Ok(handle)
    }

    fn may_log_in(&self) -> Result<(), Misuse> {
        if self.authenticated || !self.is_ready() {
            return Err(Misuse::State);
        }
        if self.needs_tls() {
            return Err(Misuse::NoTls);
        }
        Ok(())
    }

    /// Nothing is under way, and the server has greeted.
    fn is_ready(&self) -> bool {
        self.greeted && self.queue.is_idle() && self.out == Out::Whole
    }

    /// Answers a challenge, in base64; may be empty.
    ///
    /// # Errors
    /// There is none, or it is not base64.
    pub fn respond(&mut self, base64: &str) -> Result<(), Misuse> {
        if !matches!(self.out, Out::Challenge(_)) {
            return Err(Misuse::State);
        }
        if !posta_core::is_base64(base64.as_bytes()) {
            return Err(Misuse::Argument("the response is not base64"));
        }
        self.output.put(base64.as_bytes());
        self.output.put(b"\r\n");
        self.out = Out::Whole;
        Ok(())
    }

    /// Gives the exchange up; the server answers BAD.
    ///
    /// # Errors
    /// There is no challenge.
    pub fn cancel(&mut self) -> Result<(), Misuse> {
        if !matches!(self.out, Out::Challenge(_)) {
            return Err(Misuse::State);
        }
        self.output.put(b"*\r\n");
        self.out = Out::Whole;
        Ok(())
    }

    /// IDLE: the server tells what happens, until [`done`](Self::done). RFC 2177
    ///
    /// # Errors
    /// As for [`capability`](Self::capability), or there was no login yet.
    pub fn idle(&mut self) -> Result<Handle, Misuse> {
        self.session(Verb::Idle, |text| {
            text.extend_from_slice(b"IDLE");
            Ok(())
        })
    }

    /// Ends IDLE.
    ///
    /// # Errors
    /// The server has not said that it is idling, or it was ended already.
    pub fn done(&mut self) -> Result<(), Misuse> {
        if !matches!(self.out, Out::Idling(_)) {
            return Err(Misuse::State);
        }
        self.output.put(b"DONE\r\n");
        (self.out, self.deadline) = (Out::Ended, None);
        Ok(())
    }

    /// A piece of the message to append; returns how much of it was taken, which is at least what
    /// [`Event::Body`](super::Event::Body) asked for, or all.
    ///
    /// # Errors
    /// Nobody asked for it, or it holds a NUL, which no literal may.
    pub fn body(&mut self, chunk: &[u8]) -> Result<usize, Misuse> {
        let Progress::Body(left) = self.queue.progress() else { return Err(Misuse::State) };
        if !self.asked || self.out == Out::Closed {
            return Err(Misuse::State);
        }
        let n =
            chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX)).min(self.output.room());
        if memchr::memchr(0, &chunk[..n]).is_some() {
            return Err(Misuse::Argument("a message holds NUL"));
        }
        self.output.put(&chunk[..n]);
        self.queue.body(n as u64);
        if n as u64 == left {
            self.finish_body();
        }
        Ok(n)
    }

    /// The message is whole.
    pub(super) fn finish_body(&mut self) {
        self.output.put(b"\r\n");
        self.asked = false;
        self.deadline = None;
        self.queue.body_sent();
    }

    /// ID: tells the server what the client is, and asks the same; the answer is data. RFC 2971
    ///
    /// # Errors
    /// As for [`capability`](Self::capability).
    pub fn id(&mut self, fields: &[IdField<'_>]) -> Result<Handle, Misuse> {
        self.command(Verb::Plain, None, |text| {
            text.extend_from_slice(b"ID ");
            Items::new(fields).write_list_or_nil(text)
        })
    }

    /// ENABLE. RFC 5161
    ///
    /// # Errors
    /// As for [`capability`](Self::capability), or there was no login yet.
    pub fn enable(&mut self, capabilities: &[Capability<'_>]) -> Result<Handle, Misuse> {
        self.session(Verb::Alone, |text| {
            text.extend_from_slice(b"ENABLE ");
            Items::new(capabilities).write_bare(text)
        })
    }

    /// A command that needs a login.
    pub(super) fn session(
        &mut self,
        verb: Verb,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>,
    ) -> Result<Handle, Misuse> {
        if !self.authenticated {
            return Err(Misuse::State);
        }
        self.command(verb, None, write)
    }

    pub(super) fn plain(&mut self, verb: Verb, name: &str) -> Result<Handle, Misuse> {
        self.command(verb, None, |text: &mut Vec<u8>| {
            text.extend_from_slice(name.as_bytes());
            Ok(())
        })
    }
}
