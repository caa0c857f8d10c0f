//! Transactions.

use super::{Body, Client, Exchange, Session, Transaction, queue::Sent};
use crate::{
    Misuse,
    codec::{MailParams, Path, RcptParams, write_mail, write_rcpt},
};
use posta_core::dot::Encoder;

impl Client {
    /// Begins a transaction. Recipients and [`data`](Self::data) may be given at once, without waiting
    /// for the answer: they go out together if the server pipelines, one by one otherwise.
    ///
    /// Parameters of extensions that are not offered are left out; look at the
    /// [`capabilities`](Self::capabilities) if that matters (8BITMIME: the message must then be 7-bit).
    ///
    /// # Errors
    /// A transaction is open, the session is not, the sender is the postmaster or a parameter cannot be
    /// sent, or the sender is not ASCII and SMTPUTF8 not offered or not asked for.
    pub fn mail<'p>(
        &mut self,
        from: impl Into<Path<'p>>,
        params: &MailParams<'_>,
    ) -> Result<(), Misuse> {
        let busy = self.transaction != Transaction::None || self.done;
        if self.session != Session::Open || self.auth != Exchange::None || self.quitting || busy {
            return Err(Misuse::State);
        }
        let from = from.into();
        if from == Path::Postmaster || !params.is_valid() {
            return Err(Misuse::Parameter);
        }
        let utf8 = params.smtputf8 && self.capabilities.smtputf8;
        if !utf8 && (!from.is_ascii() || params.auth.is_some_and(|auth| !auth.is_ascii())) {
            return Err(Misuse::NotOffered("SMTPUTF8"));
        }
        if self.queue.len() >= self.config.limits.queue {
            return Err(Misuse::Full);
        }
        if core::mem::take(&mut self.stale) {
            // RFC 2920 3.1: RSET and MAIL may go together.
            self.give(Sent::Reset, |out, _| out.put(b"RSET\r\n"));
        }
        self.give(Sent::Mail, |out, offered| {
            // An `Output` takes all that is written to it.
            let _never_fails = write_mail(from, params, offered, out);
        });
        (self.transaction, self.utf8) = (Transaction::Open, utf8);
        (self.given, self.answered, self.accepted) = (0, 0, 0);
        self.deliveries.clear();
        Ok(())
    }

    /// Names a recipient; they are counted from 0 in each transaction.
    ///
    /// # Errors
    /// No transaction is open, or DATA was given; the recipient is nobody, or a parameter cannot be sent;
    /// the recipient is not ASCII and the transaction not SMTPUTF8; too many commands are waiting.
    pub fn rcpt<'p>(
        &mut self,
        to: impl Into<Path<'p>>,
        params: &RcptParams<'_>,
    ) -> Result<(), Misuse> {
        if self.session != Session::Open || self.transaction != Transaction::Open || self.quitting {
            return Err(Misuse::State);
        }
        let to = to.into();
        if to == Path::Null || !params.is_valid() {
            return Err(Misuse::Parameter);
        }
        if !self.utf8 && !to.is_ascii() {
            return Err(Misuse::NotOffered("SMTPUTF8"));
        }
        if self.queue.len() >= self.config.limits.queue {
            return Err(Misuse::Full);
        }
        self.give(Sent::Rcpt, |out, offered| {
            // An `Output` takes all that is written to it.
            let _never_fails = write_rcpt(to, params, offered, out);
        });
        self.given += 1;
        Ok(())
    }

    /// Announces the message. [`Event::Body`](super::Event::Body) asks for it, if the server wants it and
    /// accepted a recipient; [`Event::Done`](super::Event::Done) comes in any case.
    ///
    /// # Errors
    /// No transaction is open, DATA was given, or there is no recipient that was, or may yet be,
    /// accepted.
    pub fn data(&mut self) -> Result<(), Misuse> {
        if self.session != Session::Open || self.transaction != Transaction::Open || self.quitting {
            return Err(Misuse::State);
        }
        if self.accepted == 0 && self.answered == self.given {
            return Err(Misuse::NoRecipient);
        }
        self.transaction = Transaction::Data;
        self.give(Sent::Data, |out, _| out.put(b"DATA\r\n"));
        Ok(())
    }

    /// Sends a piece of the message, cut anywhere, and returns how much of it was taken: all, if it is no
    /// longer than [`Event::Body`](super::Event::Body) asked for. Line ends and dots are taken care of.
    ///
    /// # Errors
    /// No message is wanted now. [`Misuse::Bare`]: a bare CR or LF under
    /// [`Bare::Reject`](posta_core::dot::Bare::Reject); only [`abort`](Self::abort) is left then.
    pub fn body(&mut self, chunk: &[u8]) -> Result<usize, Misuse> {
        let Body::Open { .. } = self.body else { return Err(Misuse::State) };
        if self.session != Session::Open {
            return Err(Misuse::State);
        }
        let n = chunk.len().min(self.output.room());
        let taken = self.encoder.put(&chunk[..n], &mut self.output);
        (self.body, self.deadline) = (Body::Open { asked: false }, None);
        taken.map(|()| n).map_err(|bare| self.broken(bare))
    }

    /// Ends the message. If its last line was open, it is closed.
    ///
    /// # Errors
    /// As for [`body`](Self::body).
    pub fn end(&mut self) -> Result<(), Misuse> {
        let Body::Open { .. } = self.body else { return Err(Misuse::State) };
        if self.session != Session::Open {
            return Err(Misuse::State);
        }
        self.encoder.end(&mut self.output).map_err(|bare| self.broken(bare))?;
        (self.body, self.deadline) = (Body::None, None);
        self.sent.push_back(Sent::End);
        Ok(())
    }

    fn broken(&mut self, bare: posta_core::dot::BareLineEnd) -> Misuse {
        self.body = Body::Broken;
        Misuse::Bare(bare)
    }

    /// The server wants the message.
    pub(super) fn open_body(&mut self) {
        self.body = Body::Open { asked: false };
        self.encoder = Encoder::new(self.config.bare);
    }
}
