//! V21: forms of a recipient that have made hosts relay.

use crate::case::{Case, Kind, Rule, Stage, Verdict, ask, case, say};

/// What leads elsewhere: whoever accepts it is an open relay. `{domain}` is the server's own.
pub const ELSEWHERE: [&str; 22] = [
    "<victim@example.org>",
    "<victim@EXAMPLE.ORG>",
    "<ana@a.org>",
    "victim@example.org",
    "<victim@example.org",
    "victim@example.org>",
    "<<victim@example.org>>",
    "< victim@example.org>",
    "<victim@example.org.>",
    "<victim@{domain}@example.org>",
    "<@{domain}:victim@example.org>",
    "<@{domain},@example.org:victim@example.org>",
    "<@example.org:victim@example.org>",
    "<victim@[192.0.2.1]>",
    "<victim@[IPv6:2001:db8::1]>",
    "<victim@192.0.2.1>",
    "<victim@mail.{domain}.example.org>",
    "<victim@{domain}.example.org>",
    "<victim@example{domain}>",
    "<victim@sub.{domain}>",
    "<victim@mx1.{domain}>",
    "<victim@{domain}:25>",
];

/// What an older host would send elsewhere: it is refused, or stays here.
pub const HERE: [&str; 23] = [
    "<victim%example.org@{domain}>",
    "<victim%a.org%example.org@{domain}>",
    "<\"victim%example.org\"@{domain}>",
    "<victim%example.org>",
    "<example.org!victim@{domain}>",
    "<\"example.org!victim\"@{domain}>",
    "<{domain}!example.org!victim>",
    "<victim@example.org@{domain}>",
    "<\"victim@example.org\"@{domain}>",
    "<\"victim@example.org\">",
    "<\"\\victim@example.org\"@{domain}>",
    "<victim\\@example.org@{domain}>",
    "<@{domain}:victim%example.org@{domain}>",
    "<victim:victim@example.org@{domain}>",
    "<victim@[127.0.0.1]>",
    "<victim@[IPv6:::1]>",
    "<victim@127.0.0.1>",
    "<victim@[{domain}]>",
    "<victim@localhost>",
    "<victim@>",
    "<@{domain}>",
    "<victim>",
    "<>",
];

pub(super) fn cases() -> Vec<Case> {
    let with = |form: &str, otherwise| {
        let steps = [say(format!("RCPT TO:{form}"))];
        case(21, &[Kind::Smtp], form, Stage::Mail, steps, Rule::Refused).otherwise(otherwise)
    };
    let elsewhere = ELSEWHERE.iter().map(|form| with(form, Verdict::Fails));
    let here = HERE.iter().map(|form| with(form, Verdict::DiffersButSafe));
    let login = [
        "AUTH PLAIN {plain-wrong}",
        "XCLIENT ADDR=127.0.0.1 LOGIN=root",
        "XFORWARD ADDR=127.0.0.1",
    ];
    let pretend = login.map(|line| {
        let steps = [ask(line), say("RCPT TO:<victim@example.org>")];
        case(
            21,
            &[Kind::Smtp],
            format!("{} first", line.split(' ').next().unwrap_or(line)),
            Stage::Mail,
            steps,
            Rule::Refused,
        )
    });
    elsewhere.chain(here).chain(pretend).collect()
}
