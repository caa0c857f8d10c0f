use std::{fmt::Display, time::Duration};

/// What was found, and whether it is as it must be.
#[derive(Debug)]
pub(crate) struct Report {
    part: &'static str,
    lines: Vec<(String, Option<bool>)>,
}

impl Report {
    pub(crate) fn new(part: &'static str) -> Self {
        Self { part, lines: Vec::new() }
    }

    /// Something that is only to be known.
    pub(crate) fn note(&mut self, what: impl Display) {
        self.lines.push((what.to_string(), None));
    }

    /// Something that must be so.
    pub(crate) fn check(&mut self, what: impl Display, holds: bool) {
        self.lines.push((what.to_string(), Some(holds)));
    }

    /// A time that must be below another.
    pub(crate) fn within(&mut self, what: &str, took: Duration, bar: Duration) {
        let figures = format!("{:.3} s (bar: {} s)", took.as_secs_f64(), bar.as_secs_f64());
        self.check(format_args!("{what}: {figures}"), took < bar);
    }

    /// An amount of memory that must be below another, both in KiB.
    pub(crate) fn memory(&mut self, what: &str, held: u64, bar: u64) {
        let (mib, bar_mib) = (held as f64 / 1024.0, bar / 1024);
        self.check(format_args!("{what}: {mib:.1} MiB (bar: {bar_mib} MiB)"), held < bar);
    }

    pub(crate) fn holds(&self) -> bool {
        self.lines.iter().all(|(_, holds)| *holds != Some(false))
    }

    pub(crate) fn print(&self) {
        for (line, holds) in &self.lines {
            let mark = match holds {
                Some(true) => "ok     ",
                Some(false) => "MISSED ",
                None => "       ",
            };
            println!("{mark}{line}");
        }
        println!(
            "{}: {}",
            self.part,
            if self.holds() { "every bar held" } else { "a bar was missed" }
        );
    }
}
