//! V15: names of mailboxes that lead out of a Maildir.

use crate::case::{Case, Kind, Rule, Stage, Verdict, ask, case, say, send, short};

const NAMES: [&str; 22] = [
    "../x",
    "..",
    ".",
    "../../x",
    "a/../../b",
    "/etc/x",
    "/x",
    "a/",
    "~root/x",
    "~/x",
    "a..b",
    ".a",
    "a.",
    "INBOX..x",
    "INBOX/../x",
    "%2e%2e%2fx",
    "&AC8-x",
    "&AC4ALg-",
    "cur",
    "new",
    "tmp",
    "a/../cur",
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let long = "n".repeat(300);
    for (n, name) in NAMES.into_iter().chain([long.as_str()]).enumerate() {
        let shown = short(name, 24);
        let commands = [
            ("CREATE", vec![say(format!("a CREATE \"{name}\""))]),
            (
                "RENAME",
                vec![
                    ask(format!("a CREATE probe{n}")),
                    say(format!("b RENAME probe{n} \"{name}\"")),
                    ask(format!("c DELETE probe{n}")),
                ],
            ),
            ("SUBSCRIBE", vec![say(format!("a SUBSCRIBE \"{name}\""))]),
            ("APPEND", vec![say(format!("a APPEND \"{name}\" {{2}}")), send("x\r\n\r\n")]),
            ("DELETE", vec![say(format!("a DELETE \"{name}\""))]),
        ];
        for (verb, steps) in commands {
            cases.push(
                case(
                    15,
                    &[Kind::Imap],
                    format!("{verb} {shown}"),
                    Stage::LoggedIn,
                    steps,
                    Rule::Inside,
                )
                .otherwise(Verdict::DiffersButSafe),
            );
        }
    }
    cases
}
