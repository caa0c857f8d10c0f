//! Commands not yet sent, and commands not yet answered.

use super::{Handle, Verb};
use crate::Misuse;
use alloc::{collections::VecDeque, vec::Vec};
use core::fmt::Write;
use posta_core::Output;

/// A command, as far as its answer must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) handle: Handle,
    pub(super) verb: Verb,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    sent: Sent,
    /// The length of its text, which has literals in it but no CRLF at its end.
    len: usize,
    /// The size of the message behind it, if it is APPEND.
    body: Option<u64>,
}

/// What of a command has gone out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// All of it, or nothing: there is none in between.
    Whole,
    /// All up to a literal, for which the server must ask.
    Literal,
    /// All up to a message of so many octets, for which the server must ask.
    Body(u64),
}

/// Up to how many octets the server takes a literal without having asked for it; none if that is 0.
/// RFC 7888
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NonSync(pub(super) u64);

pub(super) struct Queue {
    /// The texts of `waiting`, from `at` on.
    text: Vec<u8>,
    at: usize,
    waiting: VecDeque<Waiting>,
    sent: VecDeque<Sent>,
    progress: Progress,
    /// Octets of a literal at the front of the first text, which was announced.
    literal: usize,
    limit: usize,
    window: usize,
}

impl Queue {
    pub(super) fn new(limit: usize, window: usize) -> Self {
        let (text, waiting, sent) = (Vec::new(), VecDeque::new(), VecDeque::new());
        let window = window.max(1);
        Self { text, at: 0, waiting, sent, progress: Progress::Whole, literal: 0, limit, window }
    }

    /// Whether every command is answered.
    pub(super) fn is_idle(&self) -> bool {
        self.sent.is_empty() && self.waiting.is_empty()
    }

    /// Whether an answer is due.
    pub(super) fn is_answer_due(&self) -> bool {
        !self.sent.is_empty()
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// The last command that went out, at least in part.
    pub(super) fn last(&self) -> Option<Sent> {
        self.sent.back().copied()
    }

    /// Takes a command in: `write` appends its text without CRLF.
    pub(super) fn push(
        &mut self,
        sent: Sent,
        body: Option<u64>,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Misuse>,
    ) -> Result<(), Misuse> {
        // A command needs some octets at least.
        if self.text.len() - self.at + 16 * self.waiting.len() >= self.limit {
            return Err(Misuse::Full);
        }
        let start = self.text.len();
        if let Err(misuse) = write(&mut self.text) {
            self.text[start..].fill(0);
            self.text.truncate(start);
            return Err(misuse);
        }
        self.waiting.push_back(Waiting { sent, len: self.text.len() - start, body });
        Ok(())
    }

    /// Moves commands to the output as far as the server takes them.
    pub(super) fn release(&mut self, non_sync: NonSync, output: &mut Output) {
        while self.progress == Progress::Whole && !output.is_full() {
            let Some(next) = self.waiting.front().copied() else { break };
            let go = self.sent.len() < self.window
                && self.sent.iter().all(|sent| next.sent.verb.may_follow(sent.verb));
            if !go {
                break;
            }
            self.sent.push_back(next.sent);
            self.go_on(non_sync, output);
        }
    }

    /// The server asked for a literal, or this is the beginning.
    pub(super) fn go_on(&mut self, non_sync: NonSync, output: &mut Output) {
        loop {
            let Some(next) = self.waiting.front_mut() else { return };
            let text = &self.text[self.at..self.at + next.len];
            let Some((n, size)) = announcement(text, self.literal) else {
                output.put(text);
                let (n, body) = (next.len, next.body);
                self.waiting.pop_front();
                self.literal = 0;
                self.pass_over(n);
                self.progress = match body {
                    Some(size) => {
                        // Not `{n+}`: a refusal must come before the message, not in the middle of it.
                        put_literal(size, output);
                        Progress::Body(size)
                    }
                    None => {
                        output.put(b"\r\n");
                        Progress::Whole
                    }
                };
                return;
            };
            next.len -= n;
            self.literal = size;
            let wait = non_sync.0 == 0 || size as u64 > non_sync.0;
            if wait {
                output.put(&text[..n]);
            } else {
                output.put(&text[..n - 3]);
                output.put(b"+}\r\n");
            }
            self.pass_over(n);
            if wait {
                self.progress = Progress::Literal;
                return;
            }
        }
    }

    /// So much of the message has been sent.
    pub(super) fn body(&mut self, n: u64) {
        if let Progress::Body(left) = &mut self.progress {
            *left = left.saturating_sub(n);
        }
    }

    /// The message has been sent.
    pub(super) fn body_sent(&mut self) {
        self.progress = Progress::Whole;
    }

    /// A command is answered; `None` if there is no such command. What it has not sent is not sent.
    pub(super) fn answered(&mut self, handle: Handle) -> Option<Sent> {
        let at = self.sent.iter().position(|sent| sent.handle == handle)?;
        let last = at + 1 == self.sent.len();
        let sent = self.sent.remove(at)?;
        if last && self.progress != Progress::Whole {
            if self.progress == Progress::Literal
                && let Some(waiting) = self.waiting.pop_front()
            {
                self.literal = 0;
                self.pass_over(waiting.len);
            }
            self.progress = Progress::Whole;
        }
        Some(sent)
    }

    /// Gives memory back; for when the connection is idle.
    pub(super) fn shrink(&mut self) {
        if self.is_idle() {
            (self.text, self.at) = (Vec::new(), 0);
            (self.waiting, self.sent) = (VecDeque::new(), VecDeque::new());
        }
    }

    fn pass_over(&mut self, n: usize) {
        // It may hold a password.
        self.text[self.at..self.at + n].fill(0);
        self.at += n;
        if self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
        } else if self.at > self.text.len() / 2 {
            self.text.drain(..self.at);
            self.at = 0;
        }
    }
}

/// Where a command, behind the literal of so many octets that it begins with, announces its next one, and
/// that one's size. There is no CRLF but in literals and where they are announced.
fn announcement(text: &[u8], literal: usize) -> Option<(usize, usize)> {
    let rest = text.get(literal..)?;
    let at = memchr::memchr(b'\r', rest)?;
    let open = memchr::memrchr(b'{', &rest[..at])?;
    let size = core::str::from_utf8(rest[open + 1..at].strip_suffix(b"}")?).ok()?.parse().ok()?;
    Some((literal + at + 2, size))
}

/// ` {size}` and CRLF.
fn put_literal(size: u64, output: &mut Output) {
    // An `Output` takes all that is written to it.
    let _never_fails = write!(output, " {{{size}}}\r\n");
}
