//! IMAP.

use crate::case::{
    Case,
    Kind::{self, Imap},
    Rule::{AtMost, Clean, Deaf, Never, Refused, Same, Serves},
    Stage, Step, Verdict, ask, case, need, say, send,
};

const ON: &[Kind] = &[Imap];

pub(super) fn cases() -> Vec<Case> {
    [sessions(), sizes(), mailboxes()].concat()
}

/// V1, V5, V8, V29 and V30.
fn sessions() -> Vec<Case> {
    vec![
        case(
            1,
            ON,
            "a LF ends no command",
            Stage::Greeted,
            [send("a NOOP\nb NOOP\r\n")],
            AtMost(1),
        )
        .otherwise(Verdict::DiffersButSafe),
        case(
            5,
            ON,
            "STARTTLS with NOOP behind it",
            Stage::Clear,
            [send("a STARTTLS\r\nb NOOP\r\n"), Step::Tls],
            Deaf,
        )
        .needs("STARTTLS"),
        case(
            5,
            ON,
            "STARTTLS with LOGIN behind it",
            Stage::Clear,
            [send("a STARTTLS\r\nb LOGIN x y\r\n"), Step::Tls],
            Deaf,
        )
        .needs("STARTTLS"),
        case(
            8,
            ON,
            "LOGIN in the clear",
            Stage::Clear,
            [say("a LOGIN \"{user}\" \"{password}\"")],
            Refused,
        ),
        case(
            8,
            ON,
            "AUTHENTICATE PLAIN in the clear",
            Stage::Clear,
            [say("a AUTHENTICATE PLAIN")],
            Refused,
        ),
        case(
            8,
            ON,
            "the clear is said to be no place for a login",
            Stage::Clear,
            [say("a CAPABILITY")],
            Never(vec!["AUTH=PLAIN".into(), "AUTH=LOGIN".into()]),
        ),
        case(8, ON, "a wrong password", Stage::Tls, [say("a LOGIN \"{user}\" wrong")], Refused),
        case(
            8,
            ON,
            "to act as another",
            Stage::Tls,
            [ask("a AUTHENTICATE PLAIN"), say("{plain-as-root}")],
            Refused,
        ),
        case(
            8,
            ON,
            "what is no base64",
            Stage::Tls,
            [ask("a AUTHENTICATE PLAIN"), say("!!!!")],
            Refused,
        ),
        case(
            8,
            ON,
            "an exchange that is given up",
            Stage::Tls,
            [ask("a AUTHENTICATE PLAIN"), say("*")],
            Refused,
        ),
        case(8, ON, "SELECT without a login", Stage::Tls, [say("a SELECT INBOX")], Refused),
        case(
            29,
            ON,
            "an unknown user and a wrong password",
            Stage::Tls,
            [say("a LOGIN \"{user}\" wrong")],
            Same(vec![say("a LOGIN \"{nobody}\" wrong")]),
        ),
        case(
            29,
            ON,
            "the same with AUTHENTICATE",
            Stage::Tls,
            [say("a AUTHENTICATE PLAIN"), say("{plain-wrong}")],
            Same(vec![say("a AUTHENTICATE PLAIN"), say("{plain-nobody}")]),
        ),
        case(
            30,
            ON,
            "no password in a reply",
            Stage::Tls,
            [say("a LOGIN {user} {password} more")],
            Never(vec!["{password}".into()]),
        ),
        case(
            30,
            ON,
            "control characters are not sent back",
            Stage::Greeted,
            [send("a \x1b[2J\x07\r\n\x1b[2J x\r\n")],
            Clean,
        ),
    ]
}

/// V9 and V26: what is large, before the login and after it.
fn sizes() -> Vec<Case> {
    let mut cases = vec![
        case(
            9,
            ON,
            "a literal of 4 GiB for a name",
            Stage::Tls,
            [say("a LOGIN {4294967295}")],
            Refused,
        ),
        case(
            9,
            ON,
            "a literal of more than 64 bits",
            Stage::Tls,
            [say("a LOGIN {99999999999999999999}")],
            Refused,
        ),
        case(9, ON, "a negative literal", Stage::Tls, [say("a LOGIN {-1}")], Refused),
        case(
            9,
            ON,
            "a command of 1 MiB",
            Stage::Greeted,
            [send(format!("a NOOP {}\r\n", "x".repeat(1 << 20)))],
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
            "a million parentheses",
            Stage::Greeted,
            [send(format!("a LOGIN {}\r\n", "(".repeat(1_000_000)))],
            Serves,
        ),
        case(
            9,
            ON,
            "ID with a million parentheses",
            Stage::Greeted,
            [send(format!("a ID {}\r\n", "(".repeat(1_000_000)))],
            Serves,
        ),
        case(
            9,
            ON,
            "100,000 literals that do not wait",
            Stage::Greeted,
            [send(format!("a LOGIN {}\r\n", "{1+}\r\nx ".repeat(100_000)))],
            Serves,
        ),
        case(
            9,
            ON,
            "20,000 commands at once",
            Stage::Greeted,
            [send("a NOOP\r\n".repeat(20_000))],
            Serves,
        ),
        case(
            9,
            ON,
            "a literal of 1 GiB for a mailbox",
            Stage::LoggedIn,
            [say("a SELECT {1073741824}")],
            Refused,
        ),
        case(
            9,
            ON,
            "APPEND of 4 GiB",
            Stage::LoggedIn,
            [say("a APPEND INBOX {4294967295}")],
            Refused,
        )
        .otherwise(Verdict::DiffersButSafe),
        case(
            9,
            ON,
            "APPEND of more than 64 bits",
            Stage::LoggedIn,
            [say("a APPEND INBOX {18446744073709551617}")],
            Refused,
        ),
    ];
    let set: String = (0..100_000).map(|n| format!("{}:4294967295,", n + 1)).collect();
    for (name, command) in [
        ("100,000 ranges", format!("FETCH {set}1 FLAGS")),
        ("100,000 NOTs", format!("SEARCH {}ALL", "NOT ".repeat(100_000))),
        ("100,000 ORs", format!("SEARCH {}ALL", "OR ALL ".repeat(100_000))),
        (
            "nested 100,000 deep",
            format!("SEARCH {}ALL{}", "(".repeat(100_000), ")".repeat(100_000)),
        ),
        ("nested 1,000 deep", format!("SEARCH {}ALL{}", "(".repeat(1000), ")".repeat(1000))),
        ("100,000 sections", format!("FETCH 1 ({})", "BODY.PEEK[1] ".repeat(100_000))),
        ("1,000 sections", format!("FETCH 1 ({}FLAGS)", "BODY.PEEK[1] ".repeat(1000))),
        ("a section 10,000 deep", format!("FETCH 1 BODY[{}1]", "1.".repeat(10_000))),
        ("the last of none", "UID FETCH * FLAGS".to_owned()),
        ("a number of more than 32 bits", "FETCH 4294967296 FLAGS".to_owned()),
        ("the number 0", "FETCH 0 FLAGS".to_owned()),
        (
            "octets beyond 64 bits",
            "FETCH 1 BODY[]<18446744073709551615.18446744073709551615>".to_owned(),
        ),
        ("a LIST of a thousand wildcards", format!("LIST \"\" \"{}x\"", "*%".repeat(500))),
        ("an unknown flag of 10,000 octets", format!("STORE 1 FLAGS ({})", "k".repeat(10_000))),
        ("literal8 where there is none", "SELECT ~{1}\r\nx".to_owned()),
    ] {
        cases.push(case(26, ON, name, Stage::Selected, [send(format!("a {command}\r\n"))], Serves));
    }
    cases
}

/// V10 and V12: what is stored.
fn mailboxes() -> Vec<Case> {
    let mut nested = String::from("Subject: nested\r\n");
    for n in 0..10_000 {
        nested += &format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    }
    let mut inside = String::from("Subject: inside\r\n");
    for _ in 0..10_000 {
        inside += "Content-Type: message/rfc822\r\n\r\n";
    }
    let empty = format!(
        "Subject: empty\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}",
        "--b\r\n\r\n".repeat(100_000)
    );
    let mut cases = Vec::new();
    for (name, message) in [
        ("10,000 multiparts in each other", nested),
        ("10,000 messages in each other", inside),
        ("100,000 empty parts", empty),
    ] {
        let steps = [
            need(format!("a APPEND INBOX {{{}}}", message.len())),
            need(message),
            need("b SELECT INBOX"),
            say("c FETCH * (BODYSTRUCTURE ENVELOPE)"),
        ];
        cases.push(case(12, ON, name, Stage::LoggedIn, steps, Serves));
    }
    for name in ["a\r\nb", "a\r\n* BYE x"] {
        let steps = [need(format!("a CREATE {{{}}}", name.len())), say(name)];
        cases.push(case(
            10,
            ON,
            format!("a mailbox {}", name.escape_debug()),
            Stage::LoggedIn,
            steps,
            Refused,
        ));
    }
    for (name, quoted) in
        [("a quote in a mailbox", "\"pro\\\"be\""), ("a backslash in a mailbox", "\"pro\\\\be\"")]
    {
        let steps = [
            ask(format!("a CREATE {quoted}")),
            ask("b LIST \"\" *"),
            ask(format!("c DELETE {quoted}")),
            send("d NOOP\r\n"),
        ];
        cases.push(case(10, ON, name, Stage::LoggedIn, steps, Serves));
    }
    cases
}
