//! Instructions, which do not depend on how busy the machine is: this program runs itself under callgrind.

use crate::harness::Case;
use anyhow::{Context, Result, ensure};
use std::{env, hint::black_box, process::Command};

/// Runs in the shorter of two counts; the other has twice as many. What is the same in both, such as the
/// start of the program and the making of the input, does not count.
const RUNS: u64 = 64;

/// Up to how many nanoseconds a run is short enough to be counted.
pub const LONGEST: f64 = 100_000.0;

/// The instructions of one run of the contender of that number.
///
/// # Errors
/// There is no valgrind, or it fails.
pub fn count(case: &str, contender: usize) -> Result<u64> {
    let once = |runs: u64| -> Result<u64> {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(env::current_exe()?)
            .args([case, "--run-only"])
            .arg(format!("{contender}x{runs}"))
            .output()
            .context("valgrind, which counts the instructions, cannot be run")?;
        let text = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "valgrind fails: {text}");
        let total =
            text.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
        Ok(total.context("valgrind does not say how many instructions there were")?.parse()?)
    };
    Ok(once(2 * RUNS)?.saturating_sub(once(RUNS)?) / RUNS)
}

/// Under callgrind: runs the contender of that number so often, as in `0x64`, and does nothing else.
///
/// # Errors
/// There is no such contender.
pub fn run(case: &mut Case, what: &str) -> Result<()> {
    let (contender, runs) = what.split_once('x').context("--run-only takes CONTENDERxRUNS")?;
    let contender = case.contenders().nth(contender.parse()?).context("no such contender")?;
    for _ in 0..runs.parse::<u64>()? {
        black_box((contender.run)());
    }
    Ok(())
}
