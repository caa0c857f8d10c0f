//! Commands on their way: which may be sent now (RFC 2920 3.1), and which answers are due.

use super::{Body, Client, Session};
use crate::codec::Capabilities;
use alloc::collections::VecDeque;
use posta_core::Output;

/// A command that a reply is due to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// Nothing was sent: servers speak first.
    Greeting,
    /// EHLO or LHLO.
    Ehlo,
    Helo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// The end of the message. LMTP: with one more delivery to be answered.
    End,
    /// RCPT in a transaction that is over: nobody hears of the reply.
    VoidRcpt,
    VoidData,
    VoidEnd,
    /// RSET, noop, vrfy, for the application.
    Plain,
    /// RSET, for ourselves.
    Reset,
    Quit,
}

impl Sent {
    /// Whether another command may follow before the reply has come. RFC 2920 3.1: EHLO, DATA, VRFY,
    /// EXPN, QUIT, NOOP end a group, and so does what extensions define.
    fn groups(self) -> bool {
        matches!(self, Self::Mail | Self::Rcpt | Self::VoidRcpt | Self::Reset)
    }
}

/// Commands that wait.
#[derive(Debug, Default)]
pub(super) struct Queue {
    text: Output,
    lengths: VecDeque<(Sent, usize)>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Octets that wait.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Appends what `write` writes.
    fn push(&mut self, sent: Sent, write: impl FnOnce(&mut Output)) {
        let before = self.text.len();
        write(&mut self.text);
        self.lengths.push_back((sent, self.text.len() - before));
    }

    /// Moves the first command to `output`.
    fn pop(&mut self, output: &mut Output) -> Option<Sent> {
        let (sent, length) = self.lengths.pop_front()?;
        output.put(&self.text.bytes()[..length]);
        self.text.sent(length);
        Some(sent)
    }

    /// Forgets the rest of a transaction, up to the first command that is no part of it.
    fn drop_transaction(&mut self) {
        while let Some((Sent::Rcpt | Sent::Data, length)) = self.lengths.front() {
            self.text.sent(*length);
            self.lengths.pop_front();
        }
    }

    /// Gives memory back.
    pub(super) fn release(&mut self) {
        if self.is_empty() && self.text.capacity() > 0 {
            *self = Self::default();
        }
    }
}

impl Client {
    /// Takes a command: into the output if it may go now, into the queue otherwise.
    pub(super) fn give(&mut self, sent: Sent, write: impl FnOnce(&mut Output, &Capabilities)) {
        self.told = false;
        let offered = &self.capabilities;
        if self.queue.is_empty() && self.may_send() {
            write(&mut self.output, offered);
            self.sent.push_back(sent);
        } else {
            self.queue.push(sent, |out| write(out, offered));
        }
    }

    /// Sends of the queue what may go now.
    pub(super) fn send(&mut self) {
        while !self.queue.is_empty() && self.may_send() {
            let sent = self.queue.pop(&mut self.output);
            self.sent.extend(sent);
        }
    }

    fn may_send(&self) -> bool {
        let in_time = match self.sent.back() {
            None => true,
            Some(last) => {
                self.capabilities.pipelining
                    && last.groups()
                    && self.sent.len() < self.config.limits.window
            }
        };
        // Behind STARTTLS nothing is given, so what waits then is STARTTLS itself.
        in_time
            && matches!(self.session, Session::Open | Session::AskedTls)
            && self.body == Body::None
            && !self.output.is_full()
    }

    /// The transaction has come to nothing: what was not sent of it is not sent, what was is void.
    pub(super) fn void_transaction(&mut self) {
        self.queue.drop_transaction();
        for sent in &mut self.sent {
            match sent {
                Sent::Rcpt => *sent = Sent::VoidRcpt,
                Sent::Data => *sent = Sent::VoidData,
                _ => {}
            }
        }
    }
}
