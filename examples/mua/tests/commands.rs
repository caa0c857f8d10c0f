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
    assert!(list.contains("Grüße") && list.contains("ana@a.org"), "{list}");
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
