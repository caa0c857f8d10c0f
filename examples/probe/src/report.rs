//! The matrix.

use crate::{
    case::{Kind, Verdict},
    elsewhere,
    server::Server,
};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};

/// What came of one case at one server.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Of the thirty classes.
    pub class: u8,
    /// The column.
    pub server: String,
    /// What it speaks.
    pub kind: Kind,
    /// The name of the case.
    pub case: String,
    /// What was sent, in short.
    pub sent: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What the server said.
    pub said: String,
}

impl Outcome {
    /// An outcome at this server.
    pub fn new(
        class: u8,
        server: &Server,
        case: impl Into<String>,
        sent: impl Into<String>,
        verdict: Verdict,
        said: impl Into<String>,
    ) -> Self {
        let (case, sent, said) = (case.into(), sent.into(), said.into());
        Self { class, server: server.name.clone(), kind: server.kind, case, sent, verdict, said }
    }
}

/// All outcomes. It is shown as Markdown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// In the order of their classes.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// The outcomes that fail.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Fails)
    }

    /// The columns, in the order in which they were given.
    fn columns(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        for outcome in &self.outcomes {
            if !columns.contains(&outcome.server.as_str()) {
                columns.push(&outcome.server);
            }
        }
        columns
    }

    /// How many cases of a class hold and do not, in each column.
    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns();
        writeln!(f, "| class | | {} |", columns.join(" | "))?;
        writeln!(f, "|---|---|{}", "---|".repeat(columns.len()))?;
        for class in &elsewhere::CLASSES {
            let mut cells = Vec::new();
            for column in &columns {
                let mut counts = BTreeMap::<_, usize>::new();
                let here =
                    |outcome: &&Outcome| outcome.class == class.number && outcome.server == *column;
                for outcome in self.outcomes.iter().filter(here) {
                    *counts.entry(outcome.verdict).or_default() += 1;
                }
                let counts = counts.iter().map(|(verdict, count)| format!("{count} {verdict}"));
                let cell = counts.collect::<Vec<_>>().join(", ");
                cells.push(if cell.is_empty() { "–".to_owned() } else { cell });
            }
            writeln!(f, "| V{} | {} | {} |", class.number, class.what, cells.join(" | "))?;
        }
        Ok(())
    }

    /// Every case, a row each, with the verdict of each column.
    fn matrix(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.columns();
        writeln!(f, "| class | server | case | sent | {} |", columns.join(" | "))?;
        writeln!(f, "|---|---|---|---|{}", "---|".repeat(columns.len()))?;
        let mut rows: Vec<(&Outcome, BTreeMap<&str, Verdict>)> = Vec::new();
        let mut known = BTreeMap::new();
        for outcome in &self.outcomes {
            let key = (outcome.class, outcome.kind, &outcome.case);
            let row = *known.entry(key).or_insert(rows.len());
            if row == rows.len() {
                rows.push((outcome, BTreeMap::new()));
            }
            rows[row].1.insert(&outcome.server, outcome.verdict);
        }
        for (of, verdicts) in rows {
            let cells = columns.iter().map(|column| {
                verdicts.get(column).map_or_else(|| "–".to_owned(), ToString::to_string)
            });
            let (case, sent) = (cell(&of.case), cell(&of.sent));
            writeln!(
                f,
                "| V{} | {} | {case} | `{sent}` | {} |",
                of.class,
                of.kind,
                cells.collect::<Vec<_>>().join(" | ")
            )?;
        }
        Ok(())
    }

    /// What was said where a case does not hold.
    fn exceptions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| class | server | case | verdict | what the server said |\n|---|---|---|---|---|"
        )?;
        let odd =
            |outcome: &&Outcome| !matches!(outcome.verdict, Verdict::Holds | Verdict::DoesNotApply);
        for of in self.outcomes.iter().filter(odd) {
            let (case, said) = (cell(&of.case), cell(&of.said));
            writeln!(
                f,
                "| V{} | {} {} | {case} | {} | {said} |",
                of.class, of.server, of.kind, of.verdict
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Every case\n")?;
        self.matrix(f)?;
        writeln!(f, "\n## Where a case does not hold\n")?;
        self.exceptions(f)?;
        writeln!(f, "\n## The classes\n")?;
        self.summary(f)?;
        writeln!(f, "\n## Proved elsewhere, or out of reach\n")?;
        elsewhere::table(f)
    }
}

/// A text that cannot leave its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('`', "'")
}
