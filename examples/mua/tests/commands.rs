//! The program's commands, with the servers of Ana and Bea.
#![allow(clippy::unwrap_used)]

use journey::{ANA, BEA, Route, User, World};
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// Runs a command as this user and returns what it printed.
fn mua(folder: &Path, user: &User, arguments: &[&str]) -> Output {
    let config = folder.join(format!("mua-{}.toml", user.name.to_lowercase()));
    let mut command = Command::new(env!("CARGO_BIN_EXE_mua"));
    command.args(["--config", config.to_str().unwrap()]).args(arguments).output().unwrap()
}

fn printed(output: &Output) -> String {
    let (out, err) = [&output.stdout, &output.stderr].map(|b| String::from_utf8_lossy(b)).into();
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

/// The mailbox list, once there is something in it.
fn list(folder: &Path, user: &User) -> String {
    for _ in 0..600 {
        let list = printed(&mua(folder, user, &["list"]));
        if !list.is_empty() {
            return list;
        }
    }
    panic!("nothing arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn ana_sends_and_bea_reads_saves_and_removes() {
    let folder = TempDir::new().unwrap();
    let mut world = World::start(folder.path(), Route::Submission).await.unwrap();
    world.start_mx1().await.unwrap();
    for user in [&ANA, &BEA] {
        world.mail_program(user).unwrap();
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("text"), "Dear Bea,\n\u{1b}[31m\n.\n").unwrap();
    fs::write(at("photo.bin"), [0, 255, 13, 10]).unwrap();
    let send = [
        "send",
        "--to",
        "Bea <bea@b.com>",
        "--subject",
        "Grüße",
        "--text",
        &at("text"),
        "--attach",
        &at("photo.bin"),
    ];
    assert!(printed(&mua(folder.path(), &ANA, &send)).starts_with("250 "));

    let list = list(folder.path(), &BEA);
    assert!(list.contains("Grüße") && list.contains("Ana"), "{list}");
    fs::create_dir(at("saved")).unwrap();
    let read = printed(&mua(folder.path(), &BEA, &["read", "1", "--save", &at("saved")]));
    assert!(read.contains("Subject: Grüße") && read.contains("Dear Bea,"), "{read}");
    assert!(!read.contains('\u{1b}'), "a message steers the terminal");
    assert_eq!(fs::read(at("saved/photo.bin")).unwrap(), [0, 255, 13, 10]);
    let raw = printed(&mua(folder.path(), &BEA, &["read", "1", "--raw"]));
    assert!(raw.starts_with("Return-Path: <ana@a.org>\r\n"));

    printed(&mua(folder.path(), &BEA, &["delete", "1"]));
    assert_eq!(printed(&mua(folder.path(), &BEA, &["list"])), "");
    assert!(!mua(folder.path(), &BEA, &["read", "1"]).status.success());
    world.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bea_searches_sorts_answers_and_passes_on() {
    let folder = TempDir::new().unwrap();
    let world = World::start(folder.path(), Route::TwoTier).await.unwrap();
    for user in [&ANA, &BEA] {
        world.mail_program(user).unwrap();
    }
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("text"), "Tea at four?\n").unwrap();
    fs::write(at("yes"), "Yes!\n").unwrap();
    let run = |user, arguments: &[&str]| printed(&mua(folder.path(), user, arguments));
    run(&ANA, &["send", "--to", "bea@b.com", "--subject", "Thé", "--text", &at("text")]);
    assert!(list(folder.path(), &BEA).contains("Thé"));

    assert!(run(&BEA, &["search", "at FOUR"]).contains("Thé"));
    assert_eq!(run(&BEA, &["search", "coffee"]), "");
    run(&BEA, &["flag", "1", "\\Flagged"]);
    run(&BEA, &["reply", "1", "--text", &at("yes")]);
    assert!(run(&BEA, &["list"]).contains(" SAF "), "seen, answered and flagged");
    run(&BEA, &["flag", "1", "\\Flagged", "--off"]);
    assert!(run(&BEA, &["list"]).contains(" SA "));
    let answer = list(folder.path(), &ANA);
    assert!(answer.contains("Re: Thé") && answer.contains("Bea"), "{answer}");
    let answer = run(&ANA, &["read", "1"]);
    assert!(answer.contains("Yes!\n\n> Tea at four?"), "{answer}");

    run(&ANA, &["forward", "1", "--to", "bea@b.com", "--text", &at("yes")]);
    run(&BEA, &["move", "1", "Archive.2026"]);
    assert_eq!(run(&BEA, &["folders"]), "Archive.2026\nINBOX\n");
    assert!(run(&BEA, &["--folder", "Archive.2026", "list"]).contains("Thé"));
    let passed_on = list(folder.path(), &BEA);
    assert!(passed_on.contains("Fwd: Re: Thé"), "{passed_on}");
    assert!(run(&BEA, &["read", "2"]).contains("[message.eml: "));
    world.stop().await.unwrap();
}
