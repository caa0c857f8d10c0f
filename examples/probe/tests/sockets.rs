//! The program itself, at a server that falls for everything.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output},
    thread,
};
use tempfile::TempDir;

/// A server that says yes to everything, and for which any line end is one.
fn gullible() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || serve(client.unwrap()));
        }
    });
    address
}

/// `None` when the client is gone.
fn serve(mut client: TcpStream) -> Option<()> {
    let mut lines = BufReader::new(client.try_clone().ok()?).lines();
    client.write_all(b"220 hi\r\n").ok()?;
    let mut in_message = false;
    loop {
        // `lines` takes a LF for the end of a line, and a CR before it for a part of that.
        let line = lines.next()?.ok()?;
        if in_message && line != "." {
            continue;
        }
        let reply = match line.get(..4).unwrap_or_default() {
            "DATA" => "354 go\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "250 yes\r\n",
        };
        in_message = reply.starts_with("354");
        client.write_all(reply.as_bytes()).ok()?;
        if reply.starts_with("221") {
            return None;
        }
    }
}

fn probe(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_probe")).args(arguments).output().unwrap()
}

#[test]
fn a_gullible_server_fails() {
    let folder = TempDir::new().unwrap();
    let json = folder.path().join("report.json");
    let server = format!("gullible={}", gullible());
    let arguments = ["--smtp", &server, "--classes", "1,21", "--json", json.to_str().unwrap()];
    let done = probe(&arguments);
    let shown = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(1), "{shown}");
    let failed = |row: &str| {
        let line = shown.lines().find(|line| line.contains(row));
        line.unwrap_or_else(|| panic!("no {row} in {shown}")).contains("**FAILS**")
    };
    for row in [
        r"| V1 | smtp | \n.\n |",
        r"| V1 | smtp | \n.\r\n |",
        "| V21 | smtp | <victim@example.org> |",
    ] {
        assert!(failed(row), "{row}: {shown}");
    }
    // It takes a CR for no line end.
    assert!(!failed(r"| V1 | smtp | \r.\r |"), "{shown}");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap();
    assert!(outcomes.iter().any(|outcome| outcome["verdict"] == "fails" && outcome["class"] == 21));

    // Somebody else's failures do not count, if it is told whose do.
    let done = probe(&["--smtp", &server, "--classes", "1", "--judge", "ours"]);
    assert_eq!(done.status.code(), Some(0));
}

#[test]
fn no_other_host_is_probed() {
    for (arguments, why) in [
        (&["--smtp", "192.0.2.1:25"][..], "which is not loopback"),
        (&["--imap", "x=[2001:db8::1]:143"], "which is not loopback"),
        (&["--imap", "127.0.0.1"], "is not HOST:PORT"),
        (&[], "no server is given"),
    ] {
        let done = probe(arguments);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
