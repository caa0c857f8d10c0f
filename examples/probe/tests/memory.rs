//! What a session holds, and how its work grows, counted by the allocator.
#![allow(clippy::unwrap_used)]

mod common;

use common::try_in_memory;
use probe::{Kind, Rule, SMTP, Stage, case, cases, send};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for the whole process, so there is no harness with threads of its own.
fn main() {
    a_case_holds_little_memory();
    println!("a_case_holds_little_memory ... ok");
    v13_twice_the_input_is_twice_the_work();
    println!("v13_twice_the_input_is_twice_the_work ... ok");
}

/// V9: no more than 128 KiB, whatever is sent.
const MOST: i64 = 128 * 1024;

fn heap() -> i64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
}

fn a_case_holds_little_memory() {
    let mut looked_at = 0;
    for case in cases() {
        for kind in case.on {
            let (_, load) = try_in_memory(*kind, &case, 4096, heap);
            assert!(load.most < MOST, "V{} {kind} {}: {} octets", case.class, case.name, load.most);
            // The machine reads into something.
            assert!(load.most > 0, "V{} {kind} {}", case.class, case.name);
            looked_at += 1;
        }
    }
    assert!(looked_at > 400);
}

/// V13: input of twice the size makes at most 2.3 times the steps and the memory that is asked for.
fn v13_twice_the_input_is_twice_the_work() {
    let imap: &[Kind] = &[Kind::Imap];
    let pop3: &[Kind] = &[Kind::Pop3];
    type Make = fn(usize) -> String;
    let rows: [(&[Kind], Stage, &str, Make); 12] = [
        (SMTP, Stage::Hello, "a long line", |n| "x".repeat(n * 8) + "\r\n"),
        (SMTP, Stage::Hello, "many commands", |n| "NOOP\r\n".repeat(n)),
        (SMTP, Stage::Mail, "parameters", |n| {
            format!("RCPT TO:<bea@b.com>{}\r\n", " A=B".repeat(n))
        }),
        (SMTP, Stage::Data, "bare line ends", |n| "\n.\r\r".repeat(n) + "\r\n.\r\n"),
        (SMTP, Stage::Data, "dots", |n| "..\r\n".repeat(n) + "\r\n.\r\n"),
        (pop3, Stage::LoggedIn, "a long line", |n| "x".repeat(n * 8) + "\r\n"),
        (pop3, Stage::LoggedIn, "many commands", |n| "LIST\r\n".repeat(n)),
        (imap, Stage::Selected, "ranges", |n| format!("a FETCH {}1 FLAGS\r\n", "1:2,".repeat(n))),
        (imap, Stage::Selected, "NOT", |n| format!("a SEARCH {}ALL\r\n", "NOT ".repeat(n))),
        (imap, Stage::Selected, "sections", |n| {
            format!("a FETCH 1 ({}UID)\r\n", "BODY[1] ".repeat(n))
        }),
        (imap, Stage::Greeted, "parentheses", |n| format!("a ID {}\r\n", "(".repeat(n * 8))),
        (imap, Stage::Greeted, "literals", |n| format!("a LOGIN {}\r\n", "{1+}\r\nx ".repeat(n))),
    ];
    for (on, stage, name, make) in rows {
        for kind in on {
            let [one, two] = [1000, 2000].map(|n| {
                let case = case(13, on, name, stage, [send(make(n))], Rule::Serves);
                let before = ALLOCATOR.stats().bytes_allocated;
                let (tried, load) = try_in_memory(*kind, &case, 512, || 0);
                assert!(tried.heard.is_ok(), "{kind} {name}: {tried:?}");
                (load.steps, ALLOCATOR.stats().bytes_allocated - before)
            });
            assert!(
                two.0 as f64 <= one.0 as f64 * 2.3,
                "{kind} {name}: {} steps, then {}",
                one.0,
                two.0
            );
            assert!(
                two.1 as f64 <= one.1 as f64 * 2.3,
                "{kind} {name}: {} octets, then {}",
                one.1,
                two.1
            );
        }
    }
}
