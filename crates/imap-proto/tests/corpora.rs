//! What real servers said, from `POSTA_CORPORA/imap`.
#![allow(clippy::unwrap_used)]

use imap_proto::{
    Client,
    client::{Config, Event, Limits, Tls},
    codec::{Data, Quirks, Response},
};
use posta_core::testing::every_split;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    let root = std::env::var_os("POSTA_CORPORA").expect("POSTA_CORPORA names the corpora");
    Path::new(&root).join("imap")
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of transcripts") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, files);
        } else if path.extension().is_some_and(|found| found == extension)
            && !path.file_name().unwrap().to_str().unwrap().starts_with("PROVENANCE")
        {
            files.push(path);
        }
    }
}

/// Every transcript through the client, at every split, with literals inside and outside of their
/// responses: the same is told, and what is told is what was said.
#[test]
fn every_transcript_is_read_and_nothing_is_lost() {
    let mut files = Vec::new();
    collect(&root().join("mailkit-transcripts"), "txt", &mut files);
    assert!(files.len() >= 120, "{} transcripts", files.len());
    let mut octets = 0;
    for file in files {
        let name = file.display().to_string();
        let said = crlf(&fs::read(&file).unwrap());
        let text = said.clone();
        let is_greeting = [&b"* OK"[..], b"* PREAUTH"].iter().any(|word| text.starts_with(word))
            && name.contains("greeting");
        let tags = said.windows(9).filter(|nine| nine == b"A########").count().max(1);
        let mut wire = if is_greeting { Vec::new() } else { b"* PREAUTH hi\r\n".to_vec() };
        let mut tag = 0;
        let mut rest = &said[..];
        while let Some(at) = rest.windows(9).position(|nine| nine == b"A########") {
            // Within ESEARCH it is a string, of any command's.
            let is_tag = at == 0 || rest[at - 1] == b'\n';
            tag += usize::from(is_tag);
            wire.extend_from_slice(&rest[..at]);
            wire.extend_from_slice(format!("A{}", tag.max(1)).as_bytes());
            rest = &rest[at + 9..];
        }
        wire.extend_from_slice(rest);
        for literal in [64 * 1024, 16] {
            let limits = Limits { literal, ..Limits::default() };
            let config = Config { tls: Tls::Optional, quirks: Quirks::all(), limits };
            let log = every_split(
                || Client::new(config),
                &wire,
                Limits::INPUT * 8,
                |event, client, log| match event {
                    Event::Chunk(octets) => log.chunk(octets),
                    Event::Ready if log.events.iter().any(|line| line == "Ready") => {}
                    Event::Ready => {
                        log.line("Ready");
                        // The only one that waits for a continuation here.
                        if said.starts_with(b"+") {
                            client.idle().unwrap();
                            return;
                        }
                        for _ in 0..tags {
                            client.noop().unwrap();
                        }
                    }
                    event => {
                        if let Event::Data { data: Data::Other(raw), .. } = event {
                            let word = raw.split(|octet| *octet == b' ').next().unwrap();
                            let known =
                                ["FETCH", "LIST", "STATUS", "SEARCH", "ESEARCH", "FLAGS", "ID"];
                            assert!(!known.iter().any(|name| name.as_bytes() == word), "{name}");
                        }
                        log.event(event);
                    }
                },
            );
            let last = log.events.last().unwrap();
            assert_eq!(last, "error: UnexpectedEof", "{name}: {:#?}", log.events);
            if literal > 16 {
                octets += round_trip(&name, &wire);
            }
        }
    }
    assert!(octets > 40_000, "{octets} octets");
}

/// What is read is written, and read again as the same.
fn round_trip(name: &str, wire: &[u8]) -> usize {
    let mut rest = wire;
    while !rest.is_empty() {
        let n = frame(rest).unwrap_or_else(|| panic!("{name}: unfinished"));
        let (response, _) = Response::parse_with(&rest[..n - 2], Quirks::all())
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", rest[..n].escape_ascii()));
        let mut again = Vec::new();
        // A status without text is written with its space.
        response.write(&mut again).unwrap_or_else(|error| panic!("{name}: {error}: {response:?}"));
        let (read, _) = Response::parse_with(&again[..again.len() - 2], Quirks::all()).unwrap();
        assert_eq!(read, response, "{name}");
        rest = &rest[n..];
    }
    wire.len()
}

/// How long the response is that begins here, with its literals.
fn frame(wire: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += wire[at..].windows(2).position(|two| two == b"\r\n")? + 2;
        let line = &wire[..at - 2];
        let size = line.strip_suffix(b"}").and_then(|line| {
            let open = line.iter().rposition(|octet| *octet == b'{')?;
            std::str::from_utf8(&line[open + 1..]).ok()?.parse::<usize>().ok()
        });
        match size {
            Some(size) => at += size,
            None => return Some(at),
        }
        if at > wire.len() {
            return None;
        }
    }
}

/// Stored with bare LF, but for the messages in some.
fn crlf(text: &[u8]) -> Vec<u8> {
    if text.windows(2).any(|two| two == b"\r\n") {
        return text.to_vec();
    }
    text.split_inclusive(|octet| *octet == b'\n').fold(Vec::new(), |mut wire, line| {
        wire.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        wire.extend_from_slice(if line.ends_with(b"\n") { b"\r\n" } else { b"" });
        wire
    })
}

/// The scripts write what the server says as regular expressions; those lines that match one text only
/// are that text.
#[test]
fn what_james_says_is_read() {
    let mut files = Vec::new();
    collect(&root().join("james-mpt"), "test", &mut files);
    assert!(files.len() >= 150, "{} scripts", files.len());
    let mut read = 0;
    for file in files {
        let script = fs::read(&file).unwrap();
        let script = String::from_utf8_lossy(&script);
        for line in script.lines().filter_map(|line| line.strip_prefix("S: ")) {
            let Some(text) = literal_text(line) else { continue };
            let is_response = text.starts_with("* ") || text.starts_with("+ ");
            if !is_response || text.ends_with('}') || !text.is_ascii() {
                continue;
            }
            let response = Response::parse_with(text.as_bytes(), Quirks::all());
            let (_, needed) =
                response.unwrap_or_else(|error| panic!("{}: {text}: {error}", file.display()));
            assert!(!needed.unreadable, "{}: {text}", file.display());
            read += 1;
        }
    }
    assert!(read >= 1000, "{read} responses");
}

/// The one text that a regular expression matches, if it has no choice.
fn literal_text(expression: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = expression.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                c if c.is_ascii_alphanumeric() => return None,
                c => text.push(c),
            },
            '(' | ')' | '[' | ']' | '*' | '+' | '?' | '{' | '|' | '^' | '$' => return None,
            c => text.push(c),
        }
    }
    Some(text)
}
