//! Replies: which command each answers, and what follows from it.

use super::{Body, Client, Event, Exchange, Session, Transaction, queue::Sent};
use crate::{
    Error,
    codec::{Base64, Capabilities, Reply, frame},
};
use posta_core::{Input, Instant, Step};

/// What the application hears of a reply.
enum Hear {
    Nothing,
    Mail,
    Rcpt(usize),
    Delivered(usize),
    Done,
    Auth,
    Challenge,
    Reply,
    StartTls,
    TlsRefused,
}

impl Client {
    pub(super) fn replies<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Event<'i>>, Error> {
        loop {
            self.send();
            let length = match frame(input, self.config.limits.reply) {
                Ok(Some(length)) => length,
                Ok(None) => return self.idle(input, now),
                Err(error) => return Err(self.fail(now, Error::Syntax(error))),
            };
            if core::mem::take(&mut self.done) {
                return Ok(Step::Event(Event::Done(Reply::from_frame(input.take(length)))));
            }
            let reply = Reply::from_frame(&input.bytes()[..length]);
            let hear = match self.hear(reply, length < input.len(), now) {
                Ok(hear) => hear,
                Err(error) => return Err(self.fail(now, error)),
            };
            if self.session == Session::Closed && !matches!(hear, Hear::Done) {
                return Ok(Step::Closed);
            }
            // A verdict that is heard twice stays in the input for the second time.
            let raw = match (self.done, &hear) {
                (_, Hear::Nothing) => {
                    input.take(length);
                    continue;
                }
                (true, _) => &input.bytes()[..length],
                (false, _) => input.take(length),
            };
            let reply = Reply::from_frame(raw);
            return Ok(Step::Event(match hear {
                Hear::Mail => Event::Mail(reply),
                Hear::Rcpt(i) => Event::Rcpt(i, reply),
                Hear::Delivered(i) => Event::Delivered(i, reply),
                Hear::Done => Event::Done(reply),
                Hear::Auth => Event::Auth(reply),
                Hear::Challenge => match challenge(reply) {
                    Some(challenge) => Event::Challenge(challenge),
                    None => return Err(self.fail(now, Error::Unexpected(reply.to_buf()))),
                },
                Hear::StartTls => Event::StartTls,
                Hear::TlsRefused => Event::TlsRefused(reply),
                Hear::Reply | Hear::Nothing => Event::Reply(reply),
            }));
        }
    }

    /// Counts the reply against the oldest command, as RFC 2920 3.1 demands: never by code or text.
    fn hear(&mut self, reply: Reply<'_>, more: bool, now: Instant) -> Result<Hear, Error> {
        let (code, positive) = (reply.code, reply.is_positive());
        let refused = reply.is_transient() || reply.is_permanent();
        let unexpected = || Err(Error::Unexpected(reply.to_buf()));
        if code == 421 && self.sent.front() != Some(&Sent::Quit) {
            // RFC 5321 3.8
            return Err(Error::Shutdown(reply.to_buf()));
        }
        if self.body != Body::None {
            if !refused {
                return unexpected();
            }
            // Refused in the middle: the verdict counts, but the server still waits for the end, which
            // must not come now.
            self.transaction = Transaction::None;
            self.body = Body::None;
            self.output.sent(self.output.len());
            self.close(Some(now));
            return Ok(Hear::Done);
        }
        let Some(sent) = self.sent.pop_front() else { return unexpected() };
        self.deadline = None;
        match sent {
            Sent::Greeting if positive => {
                self.hello();
                Ok(Hear::Nothing)
            }
            Sent::Ehlo if positive => {
                self.capabilities = Capabilities::parse(reply);
                self.session = Session::Open;
                Ok(Hear::Nothing)
            }
            // RFC 5321 3.2: an old server.
            Sent::Ehlo if reply.is_permanent() && !self.is_lmtp() => {
                self.introduce("HELO", Sent::Helo);
                Ok(Hear::Nothing)
            }
            Sent::Helo if positive => {
                self.session = Session::Open;
                Ok(Hear::Nothing)
            }
            Sent::Greeting | Sent::Ehlo | Sent::Helo if refused => {
                Err(Error::Refused(reply.to_buf()))
            }
            Sent::StartTls if code == 220 => {
                if more {
                    // Said in the clear, to be heard under TLS: response injection.
                    return Err(Error::Pipelining);
                }
                self.session = Session::Tls;
                Ok(Hear::StartTls)
            }
            Sent::StartTls if refused => {
                self.session = Session::Open;
                Ok(Hear::TlsRefused)
            }
            Sent::Auth if code == 334 => {
                self.sent.push_front(Sent::Auth);
                if let Some(initial) = self.held.take() {
                    self.say_response(&initial);
                    return Ok(Hear::Nothing);
                }
                self.auth = Exchange::Ours;
                Ok(Hear::Challenge)
            }
            Sent::Auth if positive || refused => {
                (self.auth, self.held) = (Exchange::None, None);
                self.authenticated = positive;
                Ok(Hear::Auth)
            }
            Sent::Mail if positive => Ok(Hear::Mail),
            Sent::Mail if refused => {
                self.over(false);
                Ok(Hear::Mail)
            }
            Sent::Rcpt if positive || refused => Ok(self.hear_rcpt(positive)),
            Sent::Data if code == 354 => {
                self.open_body();
                Ok(Hear::Nothing)
            }
            Sent::Data if refused => {
                (self.transaction, self.stale) = (Transaction::None, true);
                Ok(Hear::Done)
            }
            Sent::End if positive || refused => Ok(self.hear_end()),
            Sent::VoidData if code == 354 => {
                // RFC 2920 3.1: DATA was taken although no recipient was. An empty message, for nobody.
                self.output.put(b".\r\n");
                self.stale = false;
                // LMTP: nobody, no reply (RFC 2033 4.2).
                if !self.is_lmtp() {
                    self.sent.push_front(Sent::VoidEnd);
                }
                Ok(Hear::Nothing)
            }
            Sent::VoidRcpt | Sent::VoidData | Sent::VoidEnd | Sent::Reset
                if positive || refused =>
            {
                Ok(Hear::Nothing)
            }
            Sent::Plain if positive || refused => Ok(Hear::Reply),
            Sent::Quit => {
                self.close(Some(now));
                Ok(Hear::Nothing)
            }
            _ => unexpected(),
        }
    }

    fn hear_rcpt(&mut self, positive: bool) -> Hear {
        let i = self.answered;
        self.answered += 1;
        if positive {
            self.accepted += 1;
            if self.is_lmtp() {
                self.deliveries.push_back(i);
            }
        } else if self.transaction == Transaction::Data
            && self.accepted == 0
            && self.answered == self.given
        {
            self.over(true);
        }
        Hear::Rcpt(i)
    }

    /// The verdict on the message; in LMTP one for each accepted recipient (RFC 2033 4.2).
    fn hear_end(&mut self) -> Hear {
        let delivered = self.deliveries.pop_front();
        if !self.deliveries.is_empty() {
            self.sent.push_front(Sent::End);
        } else {
            self.transaction = Transaction::None;
            self.done = delivered.is_some();
        }
        delivered.map_or(Hear::Done, Hear::Delivered)
    }

    /// The transaction is decided before its message was sent; the reply in hand will be `Done` too.
    fn over(&mut self, stale: bool) {
        self.void_transaction();
        (self.transaction, self.stale, self.done) = (Transaction::None, stale, true);
    }
}

/// RFC 4954 4: the text of a 334 is BASE64 and nothing else.
fn challenge(reply: Reply<'_>) -> Option<Base64<'_>> {
    let mut lines = reply.lines();
    let challenge = Base64::from_octets(lines.next()?)?;
    lines.next().is_none().then_some(challenge)
}
