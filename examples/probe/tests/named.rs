//! What the list of classes claims must exist.
#![allow(clippy::unwrap_used)]

use probe::{cases, elsewhere::CLASSES};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every class is tried, proved by a test that is there, or said to be out of reach.
#[test]
fn every_class_is_accounted_for() {
    let cases = cases();
    for (class, number) in CLASSES.iter().zip(1..) {
        assert_eq!(class.number, number);
        let tried = cases.iter().any(|case| case.class == number);
        assert!(tried || !class.tests.is_empty() || !class.out_of_reach.is_empty(), "V{number}");
        for (krate, tests) in class.tests {
            assert!(!tests.is_empty(), "V{number} {krate}");
            for test in *tests {
                let folder = ["crates", "examples"].map(|folder| root().join(folder).join(krate));
                let found = folder.iter().any(|folder| has_function(folder, test));
                assert!(found, "V{number}: no test `{test}` in {krate}");
            }
        }
    }
}

/// No two cases of a class and a protocol have the same name, and none is without steps.
#[test]
fn cases_have_names_of_their_own() {
    let mut known = std::collections::BTreeSet::new();
    for case in cases() {
        assert!((1..=30).contains(&case.class) && !case.on.is_empty() && !case.steps.is_empty());
        for kind in case.on {
            assert!(
                known.insert((case.class, *kind, case.name.clone())),
                "V{} {kind} {}",
                case.class,
                case.name
            );
        }
    }
    assert!(known.len() > 400, "{}", known.len());
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
