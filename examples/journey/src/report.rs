//! What the journey prints.

use crate::watch::Hop;
use anstyle::{AnsiColor, Style};
use std::{fmt::Display, time::Instant};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NAME: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// The route as a picture: every agent, and how they are joined.
pub(crate) fn picture() {
    anstream::println!(
        "{NAME}
   Ana                a.org                     b.com                              Bea
  ┌─────┐  SMTP    ┌─────────┐  SMTP  ✗ ┌─────────┐  LMTP  ┌─────┐   ┌─────┐ POP3S ┌─────┐
  │ MUA │─────────▶│ MSA MTA │─ ─ ─ ─ ─▶│   mx1   │───────▶│ MDA │──▶│ MAA │◀──────│ MUA │
  └─────┘ TLS,AUTH └────┬────┘          └────▲────┘        └─────┘   └─────┘       └─────┘
                        │  ▲                 │                 Maildir
                        │  └─ MX? ─ DNS      │ when mx1 is back
                        │               ┌────┴────┐
                        └──────────────▶│   mx2   │
                             SMTP, TLS  └─────────┘
{NAME:#}"
    );
}

/// A heading.
pub(crate) fn heading(text: &str) {
    anstream::println!("\n{NAME}{text}{NAME:#}");
}

/// A remark below a heading.
pub(crate) fn note(text: impl Display) {
    anstream::println!("  {DIM}{text}{DIM:#}");
}

/// A line a hop, each with the time since the one before.
pub(crate) fn hops(start: Instant, hops: &[Hop]) {
    let mut last = start;
    for hop in hops {
        let took = hop.at.saturating_duration_since(last).as_secs_f64() * 1000.0;
        anstream::println!(
            "  {DIM}{took:>8.1} ms{DIM:#}  {NAME}{:<12}{NAME:#} {}",
            hop.agent,
            hop.what
        );
        last = hop.at;
    }
}

/// A check and how it came out, which is returned.
pub(crate) fn check(what: impl Display, holds: bool) -> bool {
    let (style, mark) = if holds { (GOOD, "✓") } else { (BAD, "✗") };
    anstream::println!("  {style}{mark}{style:#} {what}");
    holds
}
