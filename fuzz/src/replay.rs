//! Runs every target over its seeds and over every crash that was ever found.

use super::TARGETS;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The largest seed, in octets: they are to be read by people.
const MAX_SEED: u64 = 16 * 1024;

/// The most seeds of a target.
const MAX_SEEDS: usize = 60;

#[test]
fn every_target_takes_its_seeds_and_every_crash_ever_found() {
    for (name, run) in TARGETS {
        let seeds = files(&folder("seeds").join(name));
        assert!(!seeds.is_empty(), "{name} has no seeds");
        assert!(seeds.len() <= MAX_SEEDS, "{name} has {} seeds", seeds.len());
        for seed in &seeds {
            assert!(fs::metadata(seed).unwrap().len() <= MAX_SEED, "{}", seed.display());
        }
        for path in seeds.iter().chain(&files(&folder("crashes").join(name))) {
            // Printed if the test fails: the last one is the one.
            println!("{}", path.display());
            run(&fs::read(path).unwrap());
        }
    }
}

#[test]
fn targets_folders_and_dictionaries_have_the_same_names() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "a name twice");
    let programs = names(&folder("fuzz_targets"));
    assert_eq!(programs, targets);
    for name in &targets {
        let text = fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(text.contains(&format!("posta_fuzz::run(\"{name}\", data)")), "{name}");
    }
    assert_eq!(names(&folder("seeds")), targets);
    for folder in [folder("crashes"), folder("dictionaries")] {
        let strange: Vec<_> = names(&folder).difference(&targets).cloned().collect();
        assert!(strange.is_empty(), "{}: no target {strange:?}", folder.display());
    }
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in &targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The files in a folder, in order; none if it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What they are called, without extensions.
fn names(folder: &Path) -> BTreeSet<String> {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files(folder).iter().map(stem).collect()
}
