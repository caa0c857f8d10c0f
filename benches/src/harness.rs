//! What is measured, and how: everyone in turn, again and again, so that a machine that slows down slows
//! everyone down.

use anyhow::{Result, ensure};
use serde::Serialize;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How long the runs between two looks at the clock take together.
const SAMPLE: Duration = Duration::from_millis(20);

/// A case by its name. It is made, with its inputs, when its turn comes.
pub struct Bench {
    /// What is done.
    pub name: &'static str,
    /// Makes the case.
    pub make: Box<dyn Fn() -> Case>,
}

impl Bench {
    /// A case that `make` makes.
    pub fn new(name: &'static str, make: impl Fn() -> Case + 'static) -> Self {
        Self { name, make: Box::new(make) }
    }
}

/// One thing that is done, by posta and by its peers.
pub struct Case {
    /// Octets of input that a run works on, for the throughput; 0 if there is no sense in that.
    pub octets: usize,
    /// What a run of posta may take of the memory.
    pub goal: Goal,
    /// posta.
    pub ours: Contender,
    /// The others.
    pub peers: Vec<Contender>,
}

/// Who does it, and how.
pub struct Contender {
    /// The crate and its version, and what it leaves out of the work, if anything.
    pub name: &'static str,
    /// The goal of a peer: how many times as long as posta it takes at least. 0 if it is only there to
    /// be looked at.
    pub faster: f64,
    /// Does it once and returns what it found: all contenders of a case have to find the same.
    pub run: Box<dyn FnMut() -> u64>,
}

/// What a run of posta may take of the memory, once warm.
#[derive(Clone, Copy, Default)]
pub struct Goal {
    /// Calls of the allocator.
    pub allocations: Option<u64>,
    /// Octets held at once, beyond those held before.
    pub peak: Option<u64>,
}

impl Goal {
    /// No allocation at all.
    pub const NOTHING: Self = Self { allocations: Some(0), peak: Some(0) };
}

impl Contender {
    /// A peer, and how many times as long as posta it should take.
    pub fn peer(name: &'static str, faster: f64, run: impl FnMut() -> u64 + 'static) -> Self {
        Self { name, faster, run: Box::new(run) }
    }

    /// posta itself.
    pub fn ours(run: impl FnMut() -> u64 + 'static) -> Self {
        Self { name: "posta", faster: 0.0, run: Box::new(run) }
    }
}

impl Case {
    /// All who compete, posta first.
    pub fn contenders(&mut self) -> impl Iterator<Item = &mut Contender> {
        std::iter::once(&mut self.ours).chain(&mut self.peers)
    }
}

/// What a contender took for one run.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub name: &'static str,
    /// The goal, as in [`Contender::faster`].
    pub faster: f64,
    /// The median, in nanoseconds.
    pub nanoseconds: f64,
    /// How many times as long as posta in the same round: lower quartile, median, upper quartile.
    pub ratio: [f64; 3],
    /// Calls of the allocator in a warm run.
    pub allocations: u64,
    /// The most octets held at once in a warm run, beyond those held before it.
    pub peak: u64,
    /// Instructions of a run, if they were counted.
    pub instructions: Option<u64>,
}

/// Measures all contenders of a case, posta first.
///
/// # Errors
/// They do not find the same.
pub fn measure(case: &mut Case, rounds: usize) -> Result<Vec<Figures>> {
    let found = (case.ours.run)();
    let (mut memory, mut counts) = (Vec::new(), Vec::new());
    for contender in case.contenders() {
        let theirs = (contender.run)();
        ensure!(theirs == found, "{} finds {theirs}, not {found}", contender.name);
        memory.push(allocation_counter::measure(|| _ = black_box((contender.run)())));
        counts.push(calibrate(contender));
    }
    let mut times = vec![Vec::with_capacity(rounds); counts.len()];
    for _ in 0..rounds {
        for ((contender, count), times) in case.contenders().zip(&counts).zip(&mut times) {
            times.push(sample(contender, *count));
        }
    }
    let ours = times[0].clone();
    let figures = case.contenders().zip(times).zip(memory).map(|((contender, times), memory)| {
        let ratios = times.iter().zip(&ours).map(|(theirs, ours)| theirs / ours).collect();
        Figures {
            name: contender.name,
            faster: contender.faster,
            nanoseconds: quartiles(times)[1],
            ratio: quartiles(ratios),
            allocations: memory.count_total,
            peak: memory.bytes_max,
            instructions: None,
        }
    });
    Ok(figures.collect())
}

/// How many runs make a sample.
fn calibrate(contender: &mut Contender) -> u32 {
    let mut count = 1;
    loop {
        let taken = sample(contender, count) * f64::from(count);
        if taken >= SAMPLE.as_nanos() as f64 / 4.0 {
            let runs = f64::from(count) * SAMPLE.as_nanos() as f64 / taken;
            return runs.max(1.0) as u32;
        }
        count *= 2;
    }
}

/// The nanoseconds of a run, over so many of them.
fn sample(contender: &mut Contender, count: u32) -> f64 {
    let begin = Instant::now();
    for _ in 0..count {
        black_box((contender.run)());
    }
    begin.elapsed().as_nanos() as f64 / f64::from(count)
}

fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[(values.len() - 1) * quarter / 4])
}

/// What should take twice as long for twice the input.
pub struct Growth {
    /// What is fed to what.
    pub name: &'static str,
    /// Makes an input of about so many octets.
    pub make: fn(usize) -> Vec<u8>,
    /// Reads it.
    pub read: fn(&[u8]) -> u64,
}

/// How many times as long twice the input takes.
#[derive(Debug, Serialize)]
pub struct Grown {
    pub name: &'static str,
    pub ratio: f64,
}

impl Grown {
    /// The goal: linear, up to the noise.
    pub const MOST: f64 = 2.3;
    /// Octets of the shorter input, about.
    const OCTETS: usize = 1 << 20;

    /// Measures the growth: the best of each length, as what else the machine does only adds.
    pub fn measure(growth: &Growth, rounds: usize) -> Self {
        let inputs = [Self::OCTETS, 2 * Self::OCTETS].map(growth.make);
        let mut best = [f64::MAX; 2];
        for _ in 0..rounds {
            for (input, best) in inputs.iter().zip(&mut best) {
                let begin = Instant::now();
                black_box((growth.read)(black_box(input)));
                *best = best.min(begin.elapsed().as_nanos() as f64);
            }
        }
        Self { name: growth.name, ratio: best[1] / best[0] }
    }
}

/// What something holds while nothing happens: no time is measured.
pub struct Holding {
    /// What is idle, and after what.
    pub name: &'static str,
    /// The most octets that it may hold.
    pub most: usize,
    /// Its own size, and the heap that it holds.
    pub octets: fn() -> usize,
}

/// Octets of heap taken by `make` and still held by what it made.
pub fn heap_of<T>(make: impl FnOnce() -> T) -> usize {
    let mut made = None;
    let memory = allocation_counter::measure(|| made = Some(make()));
    drop(made);
    usize::try_from(memory.bytes_current).unwrap_or(0)
}
