//! Commands not yet sent, and commands not yet answered.

use super::Verb;
use crate::{Misuse, codec::Command};
use alloc::{collections::VecDeque, vec::Vec};
use posta_core::Output;

/// A command, as far as its reply must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) verb: Verb,
    /// The message that LIST or UIDL asks for.
    pub(super) asked: Option<u32>,
}

pub(super) struct Queue {
    /// The lines of `waiting`, from `at` on.
    text: Vec<u8>,
    at: usize,
    /// Each with the length of its line.
    waiting: VecDeque<(Sent, usize)>,
    sent: VecDeque<Sent>,
    limit: usize,
    window: usize,
    /// QUIT is the last command.
    quit: bool,
}

impl Queue {
    /// A queue with the greeting outstanding.
    pub(super) fn new(limit: usize, window: usize) -> Self {
        let sent = VecDeque::from([Sent { verb: Verb::Connect, asked: None }]);
        let (text, waiting) = (Vec::new(), VecDeque::new());
        Self { text, at: 0, waiting, sent, limit, window, quit: false }
    }

    pub(super) fn has_room(&self, commands: usize) -> bool {
        self.waiting.len() + commands <= self.limit
    }

    /// Whether every command is answered.
    pub(super) fn is_idle(&self) -> bool {
        self.sent.is_empty() && self.waiting.is_empty()
    }

    pub(super) fn push(&mut self, sent: Sent, command: Command<'_>) -> Result<(), Misuse> {
        if self.quit {
            return Err(Misuse::State);
        }
        if !self.has_room(1) {
            return Err(Misuse::Full);
        }
        let start = self.text.len();
        command.write(&mut self.text)?;
        self.waiting.push_back((sent, self.text.len() - start));
        self.quit = sent.verb == Verb::Quit;
        Ok(())
    }

    /// The command whose reply is due.
    pub(super) fn current(&self) -> Option<Sent> {
        self.sent.front().copied()
    }

    /// The current command is answered.
    pub(super) fn answered(&mut self) {
        self.sent.pop_front();
    }

    /// USER was refused: its PASS is not sent.
    pub(super) fn drop_pass(&mut self) {
        if let Some((Sent { verb: Verb::Pass, .. }, n)) = self.waiting.front().copied() {
            self.waiting.pop_front();
            self.pass_over(n);
        }
    }

    /// Moves commands to the output as far as the server takes them. RFC 2449 6.6
    pub(super) fn release(&mut self, pipelining: bool, output: &mut Output) {
        while let Some((next, n)) = self.waiting.front().copied() {
            let go = self.sent.back().is_none_or(|last| {
                pipelining
                    && self.sent.len() < self.window
                    && !is_fence(last.verb)
                    && (next.verb == Verb::Quit || !is_fence(next.verb))
            });
            if !go {
                break;
            }
            output.put(&self.text[self.at..self.at + n]);
            self.waiting.pop_front();
            self.sent.push_back(next);
            self.pass_over(n);
        }
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
        if self.waiting.is_empty() {
            self.text.clear();
            self.at = 0;
        }
    }
}

/// Commands whose reply decides what may follow.
fn is_fence(verb: Verb) -> bool {
    use Verb::{Apop, Auth, Capa, Connect, Pass, Quit, Stls, User, Utf8};
    matches!(verb, Connect | Capa | Stls | User | Pass | Apop | Auth | Utf8 | Quit)
}
