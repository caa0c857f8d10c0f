//! Machines small enough to be read at a glance, for the tests of the drivers.
#![allow(dead_code, unreachable_pub)]

use posta_core::{Input, Instant, Machine, Output, Step};
use std::time::Duration;

#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    Timeout,
    TooLong,
    CutOff,
}

/// Hears lines, says what it is told to, and has a deadline after each line if asked for.
#[derive(Debug, Default)]
pub struct Lines {
    pub output: Output,
    pub over: bool,
    /// Whether to answer `Wait` instead of `Read`.
    pub deaf: bool,
    pub deadline: Option<Instant>,
    pub patience: Option<Duration>,
    pub last_words: &'static str,
}

impl Lines {
    pub fn say(&mut self, text: &str) {
        self.output.put(text.as_bytes());
    }

    fn fail(&mut self, fault: Fault, now: Instant) -> Fault {
        self.say(self.last_words);
        self.over = true;
        self.deadline = Some(now + Duration::from_secs(5));
        fault
    }
}

impl Machine for Lines {
    type Event<'i> = &'i [u8];
    type Error = Fault;

    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, &'i [u8]>, Fault> {
        if self.over {
            return Ok(Step::Closed);
        }
        if self.deadline.is_some_and(|at| now >= at) {
            return Err(self.fail(Fault::Timeout, now));
        }
        if self.deaf {
            return Ok(Step::Wait(input));
        }
        match input.line() {
            Some(n) => {
                if let Some(patience) = self.patience {
                    self.deadline = Some(now + patience);
                }
                Ok(Step::Event(input.take(n)))
            }
            None if input.is_full() => Err(self.fail(Fault::TooLong, now)),
            None if input.is_eof() => Err(self.fail(Fault::CutOff, now)),
            None => Ok(Step::Read(input)),
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// Says one long line and hears one, both at once; its peer does the same.
#[derive(Debug)]
pub struct Flood {
    pub output: Output,
    pub left: usize,
    pub heard: usize,
    pub expected: usize,
}

impl Flood {
    pub fn new(octets: usize) -> Self {
        Self { output: Output::default(), left: octets, heard: 0, expected: octets }
    }
}

impl Machine for Flood {
    type Event<'i> = ();
    type Error = Fault;

    fn step<'i>(&mut self, input: &'i mut Input, _: Instant) -> Result<Step<'i, ()>, Fault> {
        let chunk = [b'x'; 1024];
        while self.left > 0 && self.output.room() > 0 {
            let n = self.left.min(self.output.room()).min(chunk.len());
            self.output.put(&chunk[..n]);
            self.left -= n;
        }
        // The peer's end may be late, not early.
        self.heard += input.take(usize::MAX).len();
        match self.heard == self.expected && self.left == 0 {
            true => Ok(Step::Closed),
            false if input.is_eof() => Err(Fault::CutOff),
            false => Ok(Step::Read(input)),
        }
    }

    fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }
}
