//! Replies that real servers gave, and broken ones, from `POSTA_CORPORA/pop3`.
#![allow(clippy::unwrap_used)]

use pop3_proto::{
    Client,
    client::{Event, Limits, Quirks},
};
use posta_core::testing::every_split;
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
    let mut asked = false;
    let log = every_split(
        || Client::new(Limits::default(), quirks),
        &wire,
        4096,
        |event, client, log| match event {
            Event::Chunk(bytes) => log.chunk(bytes),
            Event::Reply(pop3_proto::client::Verb::Connect, reply) => {
                asked = false;
                log.event(reply);
            }
            Event::Ready if !asked && !is_greeting => {
                asked = true;
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
            Event::Ready => {}
            event => log.event(event),
        },
    );
    let all = log.events.join("\n");
    if name.contains("error") && name != "list-error2" {
        let refused = all.contains("error: Syntax") || all.contains("error: WrongMessage");
        assert!(refused, "{name}: {all}");
        return;
    }
    assert!(!all.contains("error: Syntax"), "{name}: {all}");
    let text = String::from_utf8_lossy(reply);
    let mut lines = text.lines();
    let first = lines.next().unwrap();
    if name.starts_with("retr") {
        let message = &text[text.find('\n').unwrap() + 1..];
        let message = message.strip_suffix(&format!(".{end}")).unwrap();
        let lost = !all.contains(&message.as_bytes().escape_ascii().to_string());
        assert!(!lost, "{name}: {all}");
        return;
    }
    let words = first.split(' ').skip(1).chain(lines.flat_map(|line| line.split(' ')));
    for word in words.filter(|word| !["", "."].contains(word)) {
        // `Debug` of a capability spells its name in its own way.
        let word = word.replace('-', "").to_lowercase().replace("never", "none");
        assert!(all.to_lowercase().contains(&word) || word == "xoip", "{name}: {word} in {all}");
    }
    assert_eq!(name.starts_with("capa2"), all.contains("Other([88, 79, 73, 80])"), "{all}");
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
