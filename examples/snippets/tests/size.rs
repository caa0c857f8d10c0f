//! What can be copied must be short enough to be read.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

#[test]
fn every_snippet_has_less_than_60_lines() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = fs::read_dir(package.join("src")).unwrap().map(|entry| entry.unwrap().path());
    let snippets = sources.filter(|path| path.is_file() && !path.ends_with("lib.rs"));
    let all: Vec<_> = snippets.chain([package.join("tests/server_in_a_test.rs")]).collect();
    assert_eq!(all.len(), 7);
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().count() < 60, "{}", path.display());
        // Whoever copies the file needs no other of this package, but for the code that a test is about.
        assert!(!text.contains("crate::"), "{}", path.display());
    }
}
