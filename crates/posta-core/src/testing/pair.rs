use crate::{Input, Instant, Machine, Step};
use std::fmt::Debug;

/// Two machines joined in memory, in virtual time.
///
/// What one puts out the other takes in, at most `piece` octets at a time. When neither can go on, the
/// clock jumps to the nearer deadline.
#[derive(Debug)]
pub struct Pair<A, B> {
    /// One machine.
    pub a: A,
    /// The other.
    pub b: B,
    /// The time now.
    pub now: Instant,
    /// Whether the clock may jump when both are stuck; otherwise [`run`](Self::run) returns then.
    pub jump: bool,
    piece: usize,
    to_a: Input,
    to_b: Input,
}

/// How one side of a [`Pair`] stands after a turn.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Turn {
    Moved,
    Stuck,
    Over,
}

impl<A: Machine, B: Machine> Pair<A, B>
where
    A::Error: Debug,
    B::Error: Debug,
{
    /// Joins two machines whose inputs hold `limit` octets, with pipes that pass `piece` at a time.
    pub fn new(a: A, b: B, limit: usize, piece: usize) -> Self {
        Self {
            a,
            b,
            now: Instant::ORIGIN,
            jump: true,
            piece: piece.max(1),
            to_a: Input::new(limit),
            to_b: Input::new(limit),
        }
    }

    /// Runs both until both are closed or have failed, or until nothing can move any more.
    /// Returns what each failed with.
    pub fn run(
        &mut self,
        mut on_a: impl FnMut(A::Event<'_>, &mut A),
        mut on_b: impl FnMut(B::Event<'_>, &mut B),
    ) -> (Option<A::Error>, Option<B::Error>) {
        let (mut a, mut b) = (End::default(), End::default());
        loop {
            let left = turn(
                &mut self.a,
                &mut self.to_a,
                &mut self.to_b,
                self.piece,
                self.now,
                &mut a,
                &mut on_a,
            );
            let right = turn(
                &mut self.b,
                &mut self.to_b,
                &mut self.to_a,
                self.piece,
                self.now,
                &mut b,
                &mut on_b,
            );
            match (left, right) {
                (Turn::Moved, _) | (_, Turn::Moved) => continue,
                (Turn::Over, Turn::Over) => break,
                _ => {}
            }
            let deadline_a = self.a.deadline().filter(|_| !a.over);
            let deadline_b = self.b.deadline().filter(|_| !b.over);
            let next = [deadline_a, deadline_b].into_iter().flatten().min();
            match next.filter(|t| self.jump && *t > self.now) {
                Some(deadline) => self.now = deadline,
                None => break,
            }
        }
        (a.error, b.error)
    }
}

struct End<E> {
    over: bool,
    error: Option<E>,
}

impl<E> Default for End<E> {
    fn default() -> Self {
        Self { over: false, error: None }
    }
}

fn turn<M: Machine>(
    machine: &mut M,
    input: &mut Input,
    peer: &mut Input,
    piece: usize,
    now: Instant,
    end: &mut End<M::Error>,
    on: &mut impl FnMut(M::Event<'_>, &mut M),
) -> Turn {
    let mut moved = false;
    while !end.over {
        match machine.step(input, now) {
            Ok(Step::Event(event)) => {
                on(event, machine);
                moved = true;
            }
            Ok(Step::Read(_) | Step::Wait(_)) => break,
            Ok(Step::Closed) => end.over = true,
            Err(error) => (end.over, end.error) = (true, Some(error)),
        }
    }
    let output = machine.output();
    let n = output.len().min(piece);
    let passed = if peer.is_eof() { n } else { peer.extend(&output.bytes()[..n]) };
    output.sent(passed);
    moved |= passed > 0;
    if end.over && output.is_empty() && !peer.is_eof() {
        peer.end();
        moved = true;
    }
    match (moved, end.over && output.is_empty()) {
        (true, _) => Turn::Moved,
        (false, true) => Turn::Over,
        (false, false) => Turn::Stuck,
    }
}
