//! POP3.

use crate::case::{
    Case,
    Kind::{self, Pop3},
    Rule::{AtMost, Clean, Deaf, Never, Refused, Same, Serves},
    Stage, Step, Verdict, ask, case, say, send,
};

const ON: &[Kind] = &[Pop3];

/// Commands that have stopped a server, or that none should understand.
const ODD: [&str; 21] = [
    ":",
    "",
    " ",
    "\0",
    "USER",
    "PASS",
    "APOP a",
    "APOP a b c",
    "STAT x y",
    "LIST -1",
    "LIST 0",
    "LIST 18446744073709551616",
    "LIST 4294967296",
    "RETR",
    "RETR 0",
    "RETR 1 1",
    "TOP 1",
    "TOP 1 -1",
    "TOP 99999999999 1",
    "DELE 99999999999999999999",
    "UIDL 0",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![
        case(1, ON, "a LF ends no command", Stage::Greeted, [send("NOOP\nNOOP\r\n")], AtMost(1))
            .otherwise(Verdict::DiffersButSafe),
        case(
            5,
            ON,
            "STLS with USER behind it",
            Stage::Clear,
            [send("STLS\r\nUSER x\r\n"), Step::Tls],
            Deaf,
        )
        .needs("STLS"),
        case(
            5,
            ON,
            "STLS with CAPA behind it",
            Stage::Clear,
            [send("STLS\r\nCAPA\r\n"), Step::Tls],
            Deaf,
        )
        .needs("STLS"),
        case(
            5,
            ON,
            "the user is forgotten",
            Stage::Clear,
            [ask("USER {user}"), send("STLS\r\n"), Step::Tls, say("PASS {password}")],
            Refused,
        )
        .needs("STLS"),
        case(
            8,
            ON,
            "USER and PASS in the clear",
            Stage::Clear,
            [ask("USER {user}"), say("PASS {password}")],
            Refused,
        ),
        case(8, ON, "AUTH PLAIN in the clear", Stage::Clear, [say("AUTH PLAIN {plain}")], Refused),
        case(
            8,
            ON,
            "a wrong password",
            Stage::Tls,
            [ask("USER {user}"), say("PASS wrong")],
            Refused,
        ),
        case(8, ON, "to act as another", Stage::Tls, [say("AUTH PLAIN {plain-as-root}")], Refused),
        case(8, ON, "what is no base64", Stage::Tls, [ask("AUTH PLAIN"), say("!!!!")], Refused),
        case(
            8,
            ON,
            "an exchange that is given up",
            Stage::Tls,
            [ask("AUTH PLAIN"), say("*")],
            Refused,
        ),
        case(
            9,
            ON,
            "a command of 1 MiB",
            Stage::Greeted,
            [send(format!("NOOP {}\r\n", "x".repeat(1 << 20)))],
            Serves,
        ),
        case(
            9,
            ON,
            "1 MiB that is no command",
            Stage::Greeted,
            [send("x".repeat(1 << 20) + "\r\n")],
            Serves,
        ),
        case(
            9,
            ON,
            "20,000 commands at once",
            Stage::Greeted,
            [send("NOOP\r\n".repeat(20_000))],
            Serves,
        ),
        case(
            29,
            ON,
            "an unknown user and a wrong password",
            Stage::Tls,
            [say("USER {user}"), say("PASS wrong")],
            Same(vec![say("USER {nobody}"), say("PASS wrong")]),
        ),
        case(
            29,
            ON,
            "the same with AUTH",
            Stage::Tls,
            [say("AUTH PLAIN {plain-wrong}")],
            Same(vec![say("AUTH PLAIN {plain-nobody}")]),
        ),
        case(
            30,
            ON,
            "no password in a reply",
            Stage::Clear,
            [say("PASS {password}"), say("AUTH PLAIN {plain}")],
            Never(["{password}", "{plain}"].map(String::from).to_vec()),
        ),
        case(
            30,
            ON,
            "control characters are not sent back",
            Stage::Greeted,
            [send("\x1b[2J\x07\r\n")],
            Clean,
        ),
    ];
    for user in ["../root", "/etc/passwd", "..", "{user}/../root", "%2e%2e/root", "bea\0@b.com"] {
        let steps = [ask(format!("USER {user}")), say("PASS {password}")];
        cases.push(case(15, ON, format!("the user {user}"), Stage::Tls, steps, Refused));
    }
    for line in ODD {
        let name = format!("'{}'", line.escape_debug());
        for (name, stage) in [
            (format!("{name} before the login"), Stage::Greeted),
            (format!("{name} after it"), Stage::LoggedIn),
        ] {
            let odd = case(25, ON, name, stage, [send(format!("{line}\r\n"))], Refused);
            cases.push(odd.otherwise(Verdict::DiffersButSafe));
        }
    }
    cases
}
