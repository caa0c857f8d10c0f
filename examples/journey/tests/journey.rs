//! The main job, run as a person would run it.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

const SECRETS: [&str; 4] = [
    "wonderland",
    "looking-glass",
    // In base64, as PLAIN sends them.
    "AGFuYUBhLm9yZwB3b25kZXJsYW5k",
    "d29uZGVybGFuZA==",
];

fn journey(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_journey"));
    command.arg("--no-color").args(arguments).env_remove("RUST_LOG").output().unwrap()
}

fn arrives(arguments: &[&str]) -> String {
    let output = journey(arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(
        !out.contains('✗') || out.matches('✗').count() == 1,
        "only the picture has a cross\n{out}"
    );
    out
}

fn refused(arguments: &[&str]) -> String {
    let output = journey(arguments);
    assert!(!output.status.success());
    text(&output.stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn file(folder: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn ana_writes_to_bea() {
    let out = arrives(&[]);
    for station in ["mx.a.org", "mx1.b.com", "mx2.b.com", "mda.b.com", "mail.b.com"] {
        assert!(out.contains(station), "{station} is missing:\n{out}");
    }
    assert!(
        out.contains("by mx1.b.com") && out.contains("by mx2.b.com") && out.contains("by mx.a.org")
    );
}

#[test]
fn every_way_leads_to_bea() {
    let folder = TempDir::new().unwrap();
    let keep = folder.path().join("kept");
    let output = journey(&["--route", "all", "--keep", path(&keep)]);
    let out = text(&output.stdout);
    assert!(output.status.success(), "{out}\n{}", text(&output.stderr));
    let names =
        ["own-mta", "direct", "submission", "same-server", "smart-host", "backup-mx", "two-tier"];
    for name in names {
        assert!(out.contains(&format!("  ✓ {name} ")), "{name} failed:\n{out}");
        assert!(keep.join(name).join("ca.pem").exists(), "{name} is not kept");
    }
    // Mail within a provider is nobody else's business.
    let within = out.lines().rfind(|line| line.contains("✓ same-server")).unwrap();
    assert!(within.ends_with("mx.a.org"), "{within}");
    let err = refused(&["--route", "nowhere"]);
    assert!(err.contains("own-mta, direct"), "{err}");
}

#[test]
fn many_arrive() {
    for route in ["submission", "direct"] {
        let out = arrives(&["--count", "25", "--route", route]);
        assert!(out.contains("✓ Ana sent 25 messages, and Bea has 25"), "{out}");
        assert!(out.contains("taken by the first server") && out.contains("99 % in"), "{out}");
    }
    refused(&["--count", "0"]);
}

#[test]
fn attachments_arrive() {
    let folder = TempDir::new().unwrap();
    let (one, two) =
        (file(&folder, "one.bin", &[0, 255, 13, 10, 46]), file(&folder, "zwei ñ.txt", b"hi"));
    arrives(&["--attach", path(&one), "--attach", path(&two)]);
}

#[test]
fn real_messages_arrive_unchanged() {
    let folder = TempDir::new().unwrap();
    let long = format!("Subject: long\r\n\r\n{}\r\n", "x".repeat(5000));
    #[rustfmt::skip]
    let table: &[(&str, &[u8])] = &[
        ("plain",     b"From: ana@a.org\r\nSubject: hi\r\n\r\nhi\r\n"),
        ("dots",      b"Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n"),
        ("no-body",   b"Subject: nothing more\r\n"),
        ("no-header", b"\r\nonly a body\r\n"),
        ("8-bit",     b"Subject: \xff\xfe\r\n\r\n\xff\x80\x00\r\n"),
        ("old-trace", b"Received: from somewhere\r\n\tby elsewhere\r\nReturn-Path: <x@example.com>\r\n\r\nhi\r\n"),
        ("long-line", long.as_bytes()),
    ];
    for (name, message) in table {
        let file = file(&folder, &format!("{name}.eml"), message);
        arrives(&["--message", path(&file)]);
    }
}

#[test]
fn an_lf_only_file_is_converted_and_it_says_so() {
    let folder = TempDir::new().unwrap();
    let file = file(&folder, "lf.eml", b"Subject: hi\n\nhi\n");
    let out = arrives(&["--message", path(&file)]);
    assert!(out.contains("LF alone"), "{out}");
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_place() {
    let folder = TempDir::new().unwrap();
    #[rustfmt::skip]
    let table: &[(&str, &[u8], &str)] = &[
        ("empty", b"",                            "is empty"),
        ("mixed", b"Subject: hi\r\n\r\na\nb\r\n", "line 3, column 2: a LF stands alone"),
        ("cr",    b"Subject: hi\r\n\r\na\rb\r\n", "line 3, column 2: a CR stands alone"),
    ];
    for (name, message, reason) in table {
        let file = file(&folder, name, message);
        let err = refused(&["--message", path(&file)]);
        assert!(err.contains(reason), "{name}: {err}");
    }
    let err = refused(&["--message", path(&folder.path().join("missing"))]);
    assert!(err.contains("cannot read") && err.contains("missing"), "{err}");
    let err = refused(&["--attach", path(&folder.path().join("missing"))]);
    assert!(err.contains("cannot attach"), "{err}");
}

#[test]
fn a_large_message_arrives() {
    let folder = TempDir::new().unwrap();
    let mut message = b"Subject: large\r\n\r\n".to_vec();
    let line = [&[b'x'; 76][..], b"\r\n"].concat();
    message.extend(line.iter().cycle().take(line.len() * 100_000));
    let file = file(&folder, "large.eml", &message);
    arrives(&["--message", path(&file)]);
}

#[test]
fn the_transcript_hides_the_secrets() {
    let out = arrives(&["--transcript"]);
    for line in [
        "C: EHLO",
        "S: 220 ",
        "C: MAIL FROM:<ana@a.org>",
        "C: RCPT TO:<bea@b.com>",
        "S: 354",
        "C: LHLO",
        "S: +OK",
        "C: QUIT",
    ] {
        assert!(out.contains(line), "`{line}` is missing:\n{out}");
    }
    assert!(out.contains("***"));
    for secret in SECRETS {
        assert!(!out.contains(secret), "{secret}");
    }
}

#[test]
fn everything_is_kept() {
    let folder = TempDir::new().unwrap();
    let keep = folder.path().join("kept");
    arrives(&["--keep", path(&keep)]);
    for name in [
        "ca.pem",
        "maa.b.com.toml",
        "mda.b.com.toml",
        "mx.a.org.toml",
        "mx1.b.com.toml",
        "mx2.b.com.toml",
        "maildir-bea@b.com/new",
    ] {
        assert!(keep.join(name).exists(), "{name}");
    }
    let err = refused(&["--keep", path(&keep)]);
    assert!(err.contains("not empty"), "{err}");
}
