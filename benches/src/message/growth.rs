//! What is repeated or nested as often as it fits: twice the input takes twice the time.

use crate::harness::Growth;
use imf_message::Message;
use std::{fmt::Write, hint::black_box};

pub fn growth() -> Vec<Growth> {
    let case = |name, make| Growth { name, make, read };
    vec![
        case("message of fields", |n| b"A: b\r\n".repeat(n / 6)),
        case("message of addresses", |n| field("To: ", "ana@a.org, ", n, "bea@b.com")),
        case("message of groups", |n| field("To: ", "g:", n, "")),
        case("message of nested comments", |n| field("To: ", "(", n, "")),
        case("message of nested comments that end", |n| {
            [b"To: ", &*b"(".repeat(n / 2), &*b")".repeat(n / 2), b"bea@b.com\r\n\r\n"].concat()
        }),
        case("message of open angles", |n| field("To: ", "<", n, "")),
        case("message of quotes", |n| field("To: ", "\"", n, "")),
        case("message of RFC 2231 sections", sections),
        case("message of encoded words", |n| field("Subject: ", "=?utf-8?q?a?= ", n, "")),
        case("message of open encoded words", |n| field("Subject: ", "=?", n, "")),
        case("message of References", |n| field("References: ", "<1@a.org> ", n, "")),
        case("message of folding", |n| field("Subject: ", "a\r\n ", n, "a")),
        case("message of nested multiparts", multiparts),
        case("message of delimiters", delimiters),
    ]
}

fn field(name: &str, text: &str, octets: usize, end: &str) -> Vec<u8> {
    [name, &text.repeat(octets / text.len()), end, "\r\n\r\n"].concat().into_bytes()
}

fn sections(octets: usize) -> Vec<u8> {
    let mut text = String::from("Content-Type: text/plain");
    let mut n = 0;
    while text.len() < octets {
        write!(text, "; name*{n}=ab").expect("in memory");
        n += 1;
    }
    (text + "\r\n\r\n").into_bytes()
}

fn multiparts(octets: usize) -> Vec<u8> {
    let mut text = String::new();
    let mut n = 0;
    while text.len() < octets {
        write!(text, "Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")
            .expect("in memory");
        n += 1;
    }
    text.into_bytes()
}

fn delimiters(octets: usize) -> Vec<u8> {
    let head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    [head, &"--b\r\n\r\n".repeat(octets / 7)].concat().into_bytes()
}

/// Reads each field in every way that there is, and each body.
fn read(bytes: &[u8]) -> u64 {
    let message = Message::new(bytes);
    for part in message.parts() {
        for field in part.fields() {
            black_box((field.text(), field.addresses(), field.ids()));
        }
        black_box((part.file_name(), part.text()));
    }
    message.index().parts.len() as u64
}
