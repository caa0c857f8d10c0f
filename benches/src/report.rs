//! The tables, and which of the goals are held.

use crate::harness::{Case, Figures, Grown, Holding};
use serde::Serialize;

/// All that was measured.
#[derive(Default, Serialize)]
pub struct Report {
    pub cases: Vec<Row>,
    pub growth: Vec<Grown>,
    pub holding: Vec<Held>,
    /// The goals that were missed, by name.
    pub missed: Vec<String>,
}

/// A case and what came of it: posta first.
#[derive(Serialize)]
pub struct Row {
    pub case: &'static str,
    pub octets: usize,
    pub figures: Vec<Figures>,
}

/// What something idle holds.
#[derive(Serialize)]
pub struct Held {
    pub name: &'static str,
    pub octets: usize,
    pub most: usize,
}

impl Report {
    /// Prints the lines of a case, one for posta and one for each peer, and keeps them.
    pub fn case(&mut self, name: &'static str, case: &Case, figures: Vec<Figures>) {
        if self.cases.is_empty() {
            println!(
                "| case | who | time | MB/s | ratio to posta | allocations | peak | instructions | goal | |"
            );
            println!("|---|---|---|---|---|---|---|---|---|---|");
        }
        let row = Row { case: name, octets: case.octets, figures };
        for (n, figures) in row.figures.iter().enumerate() {
            let goal = if n == 0 { memory_goal(case) } else { time_goal(figures) };
            let held = if n == 0 {
                memory_held(case, figures)
            } else {
                figures.ratio[1] >= figures.faster
            };
            let [low, ratio, high] = figures.ratio;
            println!(
                "| {} | {} | {} | {} | {} | {} | {} | {} | {goal} | {} |",
                if n == 0 { row.case } else { "" },
                figures.name,
                time(figures.nanoseconds),
                throughput(row.octets, figures.nanoseconds),
                if n == 0 { String::new() } else { format!("{ratio:.2} ({low:.2}–{high:.2})") },
                figures.allocations,
                octets(figures.peak),
                figures.instructions.map_or_else(String::new, |n| n.to_string()),
                verdict(&goal, held),
            );
            self.judge(held, || format!("{}, {}: {goal}", row.case, figures.name));
        }
        self.cases.push(row);
    }

    /// Prints how something grows, and keeps it.
    pub fn growth(&mut self, grown: Grown) {
        if self.growth.is_empty() {
            println!("\n| twice the input | times as long | goal | |\n|---|---|---|---|");
        }
        let held = grown.ratio <= Grown::MOST;
        let goal = format!("≤ {}", Grown::MOST);
        println!("| {} | {:.2} | {goal} | {} |", grown.name, grown.ratio, verdict(&goal, held));
        self.judge(held, || format!("{}, twice the input: {goal}", grown.name));
        self.growth.push(grown);
    }

    /// Prints what something idle holds, and keeps it.
    pub fn holding(&mut self, holding: &Holding) {
        if self.holding.is_empty() {
            println!("\n| idle | octets | goal | |\n|---|---|---|---|");
        }
        let octets = (holding.octets)();
        let (held, goal) = (octets <= holding.most, format!("≤ {}", holding.most));
        println!("| {} | {octets} | {goal} | {} |", holding.name, verdict(&goal, held));
        self.judge(held, || format!("{}: {goal} octets", holding.name));
        self.holding.push(Held { name: holding.name, octets, most: holding.most });
    }

    fn judge(&mut self, held: bool, goal: impl FnOnce() -> String) {
        if !held {
            self.missed.push(goal());
        }
    }
}

fn memory_goal(case: &Case) -> String {
    let allocations = case.goal.allocations.map(|most| format!("≤ {most} allocations"));
    let peak = case.goal.peak.map(|most| format!("peak ≤ {}", octets(most)));
    allocations.into_iter().chain(peak).collect::<Vec<_>>().join(", ")
}

fn memory_held(case: &Case, figures: &Figures) -> bool {
    case.goal.allocations.is_none_or(|most| figures.allocations <= most)
        && case.goal.peak.is_none_or(|most| figures.peak <= most)
}

fn time_goal(figures: &Figures) -> String {
    if figures.faster > 0.0 { format!("≥ {}", figures.faster) } else { String::new() }
}

fn verdict(goal: &str, held: bool) -> &'static str {
    match (goal.is_empty(), held) {
        (true, _) => "",
        (false, true) => "held",
        (false, false) => "**missed**",
    }
}

fn throughput(octets: usize, nanoseconds: f64) -> String {
    if octets == 0 { String::new() } else { format!("{:.0}", octets as f64 * 1000.0 / nanoseconds) }
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}

fn octets(octets: u64) -> String {
    match octets {
        n if n < 10_000 => n.to_string(),
        n if n < 10_000_000 => format!("{} KB", n / 1000),
        n => format!("{} MB", n / 1_000_000),
    }
}
