//! Replies that real servers gave, and broken ones, from `POSTA_CORPORA/pop3`.
#![allow(clippy::unwrap_used)]

use pop3_proto::{
    Client,
    client::{Event, Limits, Quirks},
};
use posta_core::testing::{Log, every_split};
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_transcript_is_read_and_nothing_is_lost() {
    let root = std::env::var_os("POSTA_CORPORA").expect("POSTA_CORPORA names the corpora");
    let mut files = Vec::new();
    let root = Path::new(&root).join("pop3/mailkit-transcripts");
    collect(&root, &mut files);
    assert!(files.len() >= 20, "{} transcripts in {}", files.len(), root.display());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let text = fs::read(&file).unwrap();
        // Stored with bare LF: once as they are, once as they were sent.
        let crlf = text.split_inclusive(|c| *c == b'\n').fold(Vec::new(), |mut wire, line| {
            wire.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            wire.extend_from_slice(if line.ends_with(b"\n") { b"\r\n" } else { b"" });
            wire
        });
        for (reply, end, bare_lf) in [(&text, "\n", true), (&crlf, "\r\n", false)] {
            read(name, reply, end, bare_lf);
        }
    }
}

fn read(name: &str, reply: &[u8], end: &str, bare_lf: bool) {
    let greeting = format!("+OK{end}");
    let is_greeting = name.contains("greeting");
    let wire = match is_greeting {
        true => reply.to_vec(),
        false => [greeting.as_bytes(), reply].concat(),
    };
    let quirks = Quirks { bare_lf };
    let log = every_split(
        || Client::new(Limits::default(), quirks),
        &wire,
        4096,
        |event, client, log| match event {
            Event::Chunk(bytes) => log.chunk(bytes),
            Event::Ready if asked(log) || is_greeting => {}
            Event::Ready => {
                log.line("asked");
                match name {
                    _ if name.starts_with("capa") => client.capa(),
                    _ if name.starts_with("list1") => client.list(Some(1)),
                    _ if name.starts_with("list") => client.list(None),
                    _ if name.starts_with("retr") => client.retr(1),
                    _ if name.starts_with("stat") => client.stat(),
                    _ if name.starts_with("quit") => client.quit(),
                    _ => client.noop(),
                }
                .unwrap();
            }
            Event::Reply(_, reply) => {
                let mut wire = Vec::new();
                reply.write(&mut wire).unwrap();
                log.line(String::from_utf8(wire).unwrap().trim_end());
            }
            Event::Capability(capability) => log.line(capability),
            Event::Stat(stat) => log.line(format!("+OK {stat}")),
            Event::Listing(listing) if name.starts_with("list1") => {
                log.line(format!("+OK {listing}"));
            }
            Event::Listing(listing) => log.line(listing),
            Event::End(_) => log.line("."),
            Event::Quirk(_) => {}
            event => log.event(event),
        },
    );
    let from = log.events.iter().position(|line| line == "asked").map_or(0, |at| at + 1);
    let (last, events) = log.events[from..].split_last().unwrap();
    if name.contains("error") && name != "list-error2" {
        let refused = last.starts_with("error: Syntax") || last.starts_with("error: WrongMessage");
        assert!(refused, "{name}: {last}");
        return;
    }
    assert!(["waits", "closed", "error: UnexpectedEof"].contains(&&**last), "{name}: {last}");
    let text = std::str::from_utf8(reply).unwrap();
    if !name.starts_with("retr") {
        assert_eq!(events, text.lines().collect::<Vec<_>>(), "{name}");
        return;
    }
    let (first, message) = text.split_once(end).unwrap();
    let message = message.strip_suffix(&format!(".{end}")).unwrap();
    let plain = message.replace("\n.", "\n").as_bytes().escape_ascii().to_string();
    assert!(events == [first, &plain, "."], "{name}: the message is not as it was sent");
}

fn asked(log: &Log) -> bool {
    log.events.iter().any(|line| line == "asked")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of transcripts") {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ext| ext == "txt")
            && path.parent().is_some_and(|parent| !parent.ends_with("mailkit-transcripts"))
        {
            files.push(path);
        }
    }
}
