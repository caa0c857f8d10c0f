//! What the documents claim must exist.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every `Yes` or `Partial` of docs/rfc.md names a test, and the test is there.
#[test]
fn every_test_named_in_the_rfc_table_exists() {
    let table = fs::read_to_string(root().join("docs/rfc.md")).unwrap();
    let mut rows = 0;
    for line in table.lines().filter(|line| line.starts_with('|')).skip(2) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [rfc, feature, state, krate, tests] = cells[..] else { panic!("five columns: {line}") };
        assert!(["Yes", "Partial", "No"].contains(&state), "{line}");
        if state == "No" {
            continue;
        }
        rows += 1;
        assert!(!tests.is_empty(), "RFC {rfc} {feature} names no test");
        for test in tests.split(',').map(|name| name.trim().trim_matches('`')) {
            let folder = ["crates", "examples"].map(|dir| root().join(dir).join(krate));
            let found = folder.iter().any(|folder| has_function(folder, test));
            assert!(found, "RFC {rfc}, {feature}: no test `{test}` in {krate}");
        }
    }
    assert!(rows > 20, "the table has only {rows} rows");
}

fn has_function(folder: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return has_function(&path, name);
        }
        path.extension().is_some_and(|end| end == "rs")
            && fs::read_to_string(&path).unwrap().contains(&format!("fn {name}("))
    })
}

/// Nothing under crates/ does I/O, reads a clock or draws a random number, except the two places that
/// say so.
#[test]
fn the_protocol_crates_do_no_io() {
    let forbidden = [
        "std::net",
        "std::fs",
        "io::stdin",
        "io::stdout",
        "io::stderr",
        "println!",
        "std::time::Instant",
        "std::time::SystemTime",
        "SystemTime::now",
        "std::env",
        "std::process",
        "std::thread",
        "getrandom",
        "tokio::",
    ];
    let mut looked_at = 0;
    for krate in fs::read_dir(root().join("crates")).unwrap() {
        let krate = krate.unwrap().path();
        if krate.ends_with("posta-net") {
            continue;
        }
        each_source(&krate.join("src"), &mut |path, text| {
            looked_at += 1;
            // The executor of disk operations, harnesses for tests, and tests.
            let exempt = ["disk/fs", "testing", "tests"]
                .iter()
                .any(|part| path.to_string_lossy().contains(part));
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for line in code.lines().filter(|line| !exempt && !line.trim_start().starts_with("//"))
            {
                for word in forbidden {
                    assert!(!line.contains(word), "{}: {line}", path.display());
                }
            }
        });
    }
    assert!(looked_at > 30);
}

fn each_source(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            each_source(&path, look);
        } else if path.extension().is_some_and(|end| end == "rs") {
            look(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}
