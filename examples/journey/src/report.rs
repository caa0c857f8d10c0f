//! What the journey prints.

use crate::{Route, watch::Hop};
use anstyle::{AnsiColor, Style};
use std::{
    fmt::Display,
    time::{Duration, Instant},
};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const NAME: Style = AnsiColor::Cyan.on_default();
const DIM: Style = Style::new().dimmed();

/// One journey in the table of all.
pub(crate) struct Row {
    pub(crate) route: Route,
    pub(crate) took: Duration,
    /// Whether everything arrived as it should.
    pub(crate) right: bool,
}

/// The way that the message should take, as a picture.
pub(crate) fn picture(route: Route) {
    match route {
        Route::Submission | Route::BackupMx => anstream::println!("{NAME}{DETOUR}{NAME:#}"),
        _ => anstream::println!("{NAME}{}{NAME:#}", boxes(route.relays())),
    }
}

/// The way around a host that is down.
const DETOUR: &str = "
   Ana                a.org                     b.com                              Bea
  ┌─────┐  SMTP    ┌─────────┐  SMTP  ✗ ┌─────────┐  LMTP  ┌─────┐   ┌─────┐ IMAPS ┌─────┐
  │ MUA │─────────▶│ MSA MTA │─ ─ ─ ─ ─▶│   mx1   │───────▶│ MDA │──▶│ MAA │◀──────│ MUA │
  └─────┘ TLS,AUTH └────┬────┘          └────▲────┘        └─────┘   └─────┘       └─────┘
                        │  ▲                 │                 Maildir
                        │  └─ MX? ─ DNS      │ when mx1 is back
                        │               ┌────┴────┐
                        └──────────────▶│   mx2   │
                             SMTP, TLS  └─────────┘
";

/// A straight way past these relays.
fn boxes(relays: &[&str]) -> String {
    let (mut top, mut middle, mut bottom) = (String::new(), String::new(), String::new());
    let stations = [&["MUA"][..], relays, &["MDA", "MAA", "MUA"]].concat();
    for (n, station) in stations.iter().enumerate() {
        // The last one collects.
        let arrow = match stations.len() - n {
            _ if n == 0 => "",
            1 => "◀──",
            _ => "──▶",
        };
        let (line, gap) = ("─".repeat(station.len() + 2), " ".repeat(arrow.chars().count()));
        top.push_str(&format!("{gap}┌{line}┐"));
        middle.push_str(&format!("{arrow}│ {station} │"));
        bottom.push_str(&format!("{gap}└{line}┘"));
    }
    format!("\n   Ana, then Bea\n  {top}\n  {middle}\n  {bottom}\n")
}

/// All journeys in one table.
pub(crate) fn table(rows: &[Row]) {
    heading("All ways");
    for Row { route, took, right } in rows {
        let (style, mark) = if *right { (GOOD, "✓") } else { (BAD, "✗") };
        let (took, relays) = (took.as_secs_f64() * 1000.0, route.relays().join(" → "));
        anstream::println!(
            "  {style}{mark}{style:#} {NAME}{:<12}{NAME:#} {DIM}{took:>8.1} ms{DIM:#}  {relays}",
            route.name(),
        );
    }
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

/// How many messages a second, and how long one took.
pub(crate) fn rate(what: &str, took: Duration, mut each: Vec<Duration>) {
    each.sort();
    let part = |percent: usize| {
        // The smallest time that this share of them did not exceed.
        let at = (each.len() * percent).div_ceil(100).saturating_sub(1);
        each.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    };
    let rate = each.len() as f64 / took.as_secs_f64();
    anstream::println!(
        "  {what:<26} {NAME}{rate:>7.0} a second{NAME:#} {DIM}half in{DIM:#} {:.1} ms, {DIM}90 % in{DIM:#} {:.1} ms, \
         {DIM}99 % in{DIM:#} {:.1} ms, {DIM}all in{DIM:#} {:.1} ms",
        part(50),
        part(90),
        part(99),
        part(100),
    );
}

/// A check and how it came out, which is returned.
pub(crate) fn check(what: impl Display, holds: bool) -> bool {
    let (style, mark) = if holds { (GOOD, "✓") } else { (BAD, "✗") };
    anstream::println!("  {style}{mark}{style:#} {what}");
    holds
}
