//! Messages read: the header alone, and all of it with everything decoded.

use super::data::{parts, plain, set};
use crate::harness::{Bench, Case, Contender, Goal};
use imf_message::{Kind, Message};
use mail_parser::{MessageParser, PartKind};
use mail_parser_0_11 as old;
use mailparse::MailHeaderMap;
use memchr::memmem;
use std::{env, fs, hint::black_box, path::Path, rc::Rc};

type Messages = Rc<[Vec<u8>]>;

/// The ratio that is asked for, and what reads a message and tells what it found.
type Reader = (f64, fn(&[u8]) -> u64);

/// Folders under `message` of the third-party corpora, each a row.
const CORPORA: [(&str, &str); 6] = [
    ("message in full, corpus mail-parser", "mail-parser"),
    ("message in full, corpus mime4j", "mime4j"),
    ("message in full, corpus notmuch-lkml", "notmuch-lkml"),
    ("message in full, corpus python-email", "python-email"),
    ("message in full, corpus ruby-mail", "ruby-mail"),
    ("message in full, corpus spamassassin", "spamassassin"),
];

pub(super) fn benches(quick: bool) -> Vec<Bench> {
    let mut benches = vec![
        Bench::new("message headers, 5 small ones", || headers(set().into())),
        Bench::new("message in full, 5 small ones", || in_full(set().into(), true)),
        Bench::new("message headers, 4 KiB", || headers([plain(4 << 10)].into())),
        Bench::new("message in full, 4 KiB", || in_full([plain(4 << 10)].into(), true)),
        Bench::new("message headers, file of 10 MiB", || headers([parts(10 << 20)].into())),
        Bench::new("message in full, file of 10 MiB", || in_full([parts(10 << 20)].into(), true)),
        Bench::new("message in full, 1 KiB", || in_full([plain(1 << 10)].into(), true)),
        Bench::new("message in full, 1 MiB", || in_full([plain(1 << 20)].into(), true)),
    ];
    if !quick {
        benches.push(Bench::new("message in full, 64 MiB", || {
            in_full([plain(64 << 20)].into(), true)
        }));
    }
    benches
}

/// Those that are there.
pub(super) fn corpora() -> Vec<Bench> {
    let Some(root) = env::var_os("POSTA_CORPORA") else {
        eprintln!("POSTA_CORPORA is not set: no third-party messages");
        return Vec::new();
    };
    let root = Path::new(&root).join("message");
    let found = CORPORA.iter().filter(|(_, folder)| root.join(folder).is_dir());
    let bench = |&(name, folder): &(&'static str, &str)| {
        let folder = root.join(folder);
        Bench::new(name, move || in_full(messages(&folder).into(), false))
    };
    found.map(bench).collect()
}

fn messages(folder: &Path) -> Vec<Vec<u8>> {
    let (mut todo, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder that can be read");
            todo.extend(entries.map(|entry| entry.expect("a name").path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files.iter().map(|path| fs::read(path).expect("a file that can be read")).collect()
}

/// Reads all of them. Messages that are in order are read by all alike; of others they need not think
/// the same, so that only their number is compared.
fn each(messages: &Messages, alike: bool, read: fn(&[u8]) -> u64) -> impl FnMut() -> u64 + use<> {
    let messages = Rc::clone(messages);
    move || {
        let found: u64 = messages.iter().map(|message| black_box(read(message))).sum();
        if alike { found } else { messages.len() as u64 }
    }
}

fn case(messages: &Messages, alike: bool, readers: [Reader; 4]) -> Case {
    let names = ["mail-parser 1.0.1", "mailparse 0.18.0", "mail-parser 0.11.9"];
    let [(_, ours), peers @ ..] = readers;
    let peers = names
        .into_iter()
        .zip(peers)
        .map(|(name, (faster, read))| Contender::peer(name, faster, each(messages, alike, read)));
    Case {
        octets: messages.iter().map(Vec::len).sum(),
        goal: Goal::default(),
        ours: Contender::ours(each(messages, alike, ours)),
        peers: peers.collect(),
    }
}

/// Finds the fields, and reads the addresses and the subject. posta has no reader of headers alone: it is given
/// the message up to its empty line.
fn headers(messages: Messages) -> Case {
    let ours = |bytes: &[u8]| {
        let end = memmem::find(bytes, b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let message = Message::new(&bytes[..end]);
        black_box(message.field("subject").map(|field| field.text().len()));
        addresses(&message)
    };
    let new = |bytes: &[u8]| {
        let message = MessageParser::new().parse_headers(bytes).expect("a message");
        black_box(message.subject().map(str::len));
        addresses_by_new(&message)
    };
    let mailparse = |bytes: &[u8]| {
        let (headers, _) = mailparse::parse_headers(bytes).expect("headers");
        black_box(headers.get_first_value("subject").map(|text| text.len()));
        addresses_by_mailparse(&headers)
    };
    let old = |bytes: &[u8]| {
        let message = old::MessageParser::new().parse_headers(bytes).expect("a message");
        black_box(message.subject().map(str::len));
        addresses_by_old(&message)
    };
    case(&messages, true, [(0.0, ours), (1.0, new), (2.0, mailparse), (2.5, old)])
}

/// Indexes all parts, and decodes all fields and bodies. What is compared is the addresses, the parts that
/// hold no others, and the octets of files.
fn in_full(messages: Messages, alike: bool) -> Case {
    let readers =
        [(0.0, by_ours as fn(&[u8]) -> u64), (0.9, by_new), (2.0, by_mailparse), (2.5, by_old)];
    case(&messages, alike, readers)
}

fn by_ours(bytes: &[u8]) -> u64 {
    let message = Message::new(bytes);
    let mut found = addresses(&message);
    for part in message.parts() {
        for field in part.fields() {
            match field.name() {
                "From" | "To" | "Cc" if part.number() == 0 => {}
                "Date" => _ = black_box(field.date()),
                "Message-ID" | "References" | "In-Reply-To" => _ = black_box(field.ids()),
                _ => _ = black_box(field.text()),
            }
        }
        if part.kind() == Kind::Leaf {
            found += 1;
            if part.content_type().is("text", "*") {
                black_box(part.text());
            } else {
                found += black_box(part.decoded()).len() as u64;
            }
        }
    }
    found
}

/// Reads all fields as it indexes.
fn by_new(bytes: &[u8]) -> u64 {
    let Some(message) = MessageParser::new().parse(bytes) else { return 0 };
    let mut found = addresses_by_new(&message);
    for part in message.parts() {
        match part.kind() {
            PartKind::Text | PartKind::Html => {
                found += 1;
                black_box(part.text());
            }
            PartKind::Binary | PartKind::InlineBinary => {
                found += 1 + black_box(part.decoded()).len() as u64;
            }
            _ => {}
        }
    }
    found
}

/// Refuses some messages that are not in order.
fn by_mailparse(bytes: &[u8]) -> u64 {
    let Ok(message) = mailparse::parse_mail(bytes) else { return 0 };
    let mut found = addresses_by_mailparse(&message.headers);
    for part in message.parts() {
        for field in &part.headers {
            match field.get_key_ref().as_ref() {
                "From" | "To" | "Cc" => {}
                "Date" => _ = black_box(mailparse::dateparse(&field.get_value())),
                "Message-ID" | "References" | "In-Reply-To" => {
                    _ = black_box(mailparse::msgidparse(&field.get_value()));
                }
                _ => _ = black_box(field.get_value()),
            }
        }
        if part.subparts.is_empty() {
            found += 1;
            if part.ctype.mimetype.starts_with("text/") {
                _ = black_box(part.get_body());
            } else {
                found += black_box(part.get_body_raw()).map_or(0, |body| body.len() as u64);
            }
        }
    }
    found
}

/// Decodes all as it reads.
fn by_old(bytes: &[u8]) -> u64 {
    let Some(message) = old::MessageParser::new().parse(bytes) else { return 0 };
    let mut found = addresses_by_old(&message);
    for part in &message.parts {
        found += match &part.body {
            old::PartType::Text(_) | old::PartType::Html(_) => 1,
            old::PartType::Binary(body) | old::PartType::InlineBinary(body) => {
                1 + body.len() as u64
            }
            _ => 0,
        };
    }
    black_box(message);
    found
}

fn addresses(message: &Message<'_>) -> u64 {
    let fields = message.fields().filter(|field| {
        let of = |name| field.is(name);
        of("From") || of("To") || of("Cc")
    });
    fields.map(|field| field.addresses().mailboxes().count() as u64).sum()
}

fn addresses_by_new(message: &mail_parser::Message<'_>) -> u64 {
    let lists = [message.from(), message.to(), message.cc()];
    lists.into_iter().flatten().map(|list| list.mailboxes().count() as u64).sum()
}

fn addresses_by_old(message: &old::Message<'_>) -> u64 {
    let lists = [message.from(), message.to(), message.cc()];
    lists.into_iter().flatten().map(|list| list.iter().count() as u64).sum()
}

fn addresses_by_mailparse(headers: &[mailparse::MailHeader<'_>]) -> u64 {
    let mut found = 0;
    for name in ["From", "To", "Cc"] {
        let field = headers.get_first_header(name);
        let list = field.and_then(|field| mailparse::addrparse_header(field).ok());
        for address in list.iter().flat_map(|list| list.iter()) {
            found += match address {
                mailparse::MailAddr::Group(group) => group.addrs.len() as u64,
                mailparse::MailAddr::Single(_) => 1,
            };
        }
    }
    found
}
