//! The program ends well when it is told to.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

#[test]
fn sigterm_ends_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("mda.toml");
    fs::write(&config, "hostname = \"mda.b.com\"\nlisten = [\"127.0.0.1:0\"]\n[mailboxes]\n")
        .unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mda"))
        .args(["--config", config.to_str().unwrap()])
        .env_remove("RUST_LOG")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let logs = BufReader::new(child.stderr.take().unwrap());
    let mut lines = logs.lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("listening")));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(lines.any(|line| line.contains("stopping")));
    assert!(child.wait().unwrap().success());
}
