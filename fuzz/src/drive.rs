//! A driver that checks what every machine promises.

use crate::script::{Turn, turns};
use posta_core::{
    Input, Instant, Machine, Step,
    testing::{Log, run, run_pieces},
};
use std::fmt::Debug;

/// What a machine may hold.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Octets of its input.
    pub input: usize,
    /// Octets of its output,
    pub output: usize,
    /// and so many more for each order that was given since it was empty.
    pub order: usize,
}

/// Orders that the driver carries out itself; all others are the application's.
mod order {
    /// The peer stops reading, or reads again.
    pub(super) const STALL: u8 = b'%';
    /// The clock goes on to the deadline.
    pub(super) const WAIT: u8 = b'^';
}

/// Whether the machine may go on after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It may.
    GoOn,
    /// It would say the same again until it is answered: it waits for the next order.
    Hold,
}

/// Runs a machine through a script, then to its end, which must come.
///
/// `app` hears the events, `order` carries out what the script says, in whatever state the machine is.
///
/// # Panics
/// If the machine breaks a promise of [`Machine`].
pub fn drive<M: Machine>(
    machine: M,
    script: &[u8],
    bounds: Bounds,
    mut app: impl FnMut(M::Event<'_>, &mut M) -> Heard,
    mut order: impl FnMut(u8, &mut M),
) where
    M::Error: Debug,
{
    let mut session = Session {
        machine,
        input: Input::new(bounds.input),
        bounds,
        now: Instant::ORIGIN,
        heard: Vec::new(),
        stalled: false,
        orders: 0,
        state: State::Moves,
        // Each octet may be an event, each event may be answered; and some more to begin and to end.
        steps: 1_000 + 50 * script.len(),
    };
    session.run(&mut app);
    for turn in turns(script) {
        match turn {
            Turn::Hear(bytes) => session.heard.extend_from_slice(bytes),
            Turn::Do(order::STALL) => session.stalled = !session.stalled,
            Turn::Do(order::WAIT) => session.wait(&mut app),
            Turn::Do(other) => {
                session.orders += 1;
                order(other, &mut session.machine);
            }
        }
        session.run(&mut app);
    }
    session.finish(&mut app);
}

/// Checks that a server tells the same story of `wire` however that is cut.
///
/// `same` may leave out what has to depend on the cut.
///
/// # Panics
/// If it does not.
pub fn cut<M: Machine>(
    make: impl Fn() -> M,
    wire: &[u8],
    limit: usize,
    mut app: impl FnMut(M::Event<'_>, &mut M, &mut Log),
    same: impl Fn(&Log, &Log) -> bool,
) where
    M::Error: Debug,
{
    let whole = run(make(), wire, wire.len(), limit, &mut app);
    for size in [1, 2, 3, 7, 61].into_iter().filter(|size| *size < wire.len()) {
        let cut = run(make(), wire, size, limit, &mut app);
        assert!(same(&cut, &whole), "cut into pieces of {size}: {cut:#?}\nwhole: {whole:#?}");
    }
}

/// Checks that a client tells the same story of each line of `wire`, however that line is cut. What comes
/// before it was asked for is another story, so no piece has octets of two lines.
///
/// # Panics
/// If it does not.
pub fn cut_lines<M: Machine>(
    make: impl Fn() -> M,
    wire: &[u8],
    limit: usize,
    mut app: impl FnMut(M::Event<'_>, &mut M, &mut Log),
) where
    M::Error: Debug,
{
    let lines = || wire.split_inclusive(|octet| *octet == b'\n');
    let whole = run_pieces(make(), lines(), limit, &mut app);
    for size in [1, 2, 7] {
        let cut = run_pieces(make(), lines().flat_map(|line| line.chunks(size)), limit, &mut app);
        assert_eq!(cut, whole, "cut into pieces of {size}");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Moves,
    /// It waits for the next order.
    Holds,
    Reads,
    Waits,
    Over,
}

struct Session<M> {
    machine: M,
    input: Input,
    bounds: Bounds,
    now: Instant,
    /// What the peer has said and the machine has not yet asked for.
    heard: Vec<u8>,
    stalled: bool,
    /// How many orders were given since the output was empty.
    orders: usize,
    state: State,
    /// How many more steps it may take.
    steps: usize,
}

impl<M: Machine> Session<M>
where
    M::Error: Debug,
{
    /// Steps until nothing moves any more.
    fn run(&mut self, app: &mut impl FnMut(M::Event<'_>, &mut M) -> Heard) {
        loop {
            self.step(app);
            match self.state {
                State::Moves => continue,
                State::Over => return self.flush(),
                State::Holds | State::Reads | State::Waits => {}
            }
            if !self.machine.output().is_empty() {
                if self.stalled {
                    return;
                }
                self.flush();
                if self.state == State::Holds {
                    return;
                }
                continue;
            }
            if self.state == State::Waits || self.heard.is_empty() {
                return;
            }
            let taken = self.input.extend(&self.heard);
            if self.state == State::Holds && taken == 0 {
                return;
            }
            assert!(taken > 0, "it reads into a full buffer");
            self.heard.drain(..taken);
        }
    }

    fn step(&mut self, app: &mut impl FnMut(M::Event<'_>, &mut M) -> Heard) {
        self.steps = self.steps.checked_sub(1).expect("it makes no end");
        let was_over = self.state == State::Over;
        let state = match self.machine.step(&mut self.input, self.now) {
            Ok(Step::Event(event)) => match app(event, &mut self.machine) {
                Heard::GoOn => Some(State::Moves),
                Heard::Hold => Some(State::Holds),
            },
            Ok(Step::Read(_)) => Some(State::Reads),
            Ok(Step::Wait(_)) => Some(State::Waits),
            Ok(Step::Closed) => Some(State::Over),
            Err(_) => None,
        };
        self.state = state.unwrap_or_else(|| {
            assert!(!was_over, "an error after the end");
            let again = self.machine.step(&mut self.input, self.now);
            assert!(matches!(again, Ok(Step::Closed)), "not closed after an error");
            State::Over
        });
        assert!(!was_over || self.state == State::Over, "{:?} after the end", self.state);
        let output = self.machine.output().len();
        let limit = self.bounds.output + self.bounds.order * self.orders;
        assert!(output <= limit, "{output} octets of output");
        assert!(self.input.capacity() <= self.bounds.input);
    }

    fn flush(&mut self) {
        let output = self.machine.output();
        let n = output.len();
        output.sent(n);
        self.orders = 0;
    }

    /// Lets the time pass to the deadline, at which something has to happen.
    fn wait(&mut self, app: &mut impl FnMut(M::Event<'_>, &mut M) -> Heard) {
        let Some(deadline) = self.machine.deadline().filter(|_| self.state != State::Over) else {
            return;
        };
        self.now = self.now.max(deadline);
        self.run(app);
        let next = self.machine.deadline();
        assert!(
            matches!(self.state, State::Over | State::Holds)
                || next.is_none_or(|next| next > self.now),
            "the deadline has passed and {:?}",
            self.state
        );
    }

    /// The peer is gone: the machine comes to its end, or waits for its application.
    fn finish(&mut self, app: &mut impl FnMut(M::Event<'_>, &mut M) -> Heard) {
        self.stalled = false;
        self.run(app);
        while self.state != State::Over {
            if self.state == State::Reads {
                assert!(!self.input.is_eof(), "it reads past the end");
                self.input.end();
                self.run(app);
            } else if self.state == State::Waits && self.machine.deadline().is_some() {
                self.wait(app);
            } else {
                return;
            }
        }
    }
}
