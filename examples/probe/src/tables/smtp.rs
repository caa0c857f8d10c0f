//! SMTP, submission and LMTP.

use crate::case::{
    Case,
    Kind::{self, Lmtp, Smtp, Submission},
    Rule::{AtMost, Clean, Deaf, Never, NoShell, OneMessage, Refused, Same, Serves},
    SMTP, Stage, Step, Verdict, ask, case, say, send,
};
use Verdict::{DiffersButSafe, Holds};

/// What looks like the end of a message to some.
pub const ENDS: [&str; 11] = [
    "\n.\n",
    "\n.\r\n",
    "\r\n.\n",
    "\r.\r",
    "\r\n.\r",
    "\n.\r",
    "\r.\r\n",
    "\r\n.\r\r\n",
    "\r\r\n.\r\r\n",
    "\r\n\r.\r\n",
    "\n\n.\r\n",
];

/// Where there are logins.
const USERS: &[Kind] = &[Submission];

/// What holds a NUL and no bare line end: it is a message like any other.
const NULS: [&str; 2] = ["\r\n\0.\r\n", "\r\n.\0\r\n"];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = smuggling();
    cases.extend(pipelining());
    cases.extend(tls_and_login());
    cases.extend(sizes());
    cases.extend(injection());
    cases
}

/// Smuggled behind a false end: a message of somebody else.
fn smuggled(end: &str) -> [Step; 1] {
    [send(format!(
        "Subject: one\r\n\r\nfirst{end}MAIL FROM:<x@evil.example>\r\nRCPT TO:<{{recipient}}>\r\nDATA\r\n\
         X-Probe: smuggled\r\n\r\nsecond\r\n.\r\n"
    ))]
}

/// V1 and V3.
fn smuggling() -> Vec<Case> {
    let name = |end: &str| end.escape_debug().to_string();
    let ends = ENDS.iter().map(|end| {
        case(1, SMTP, name(end), Stage::Data, smuggled(end), OneMessage).otherwise(DiffersButSafe)
    });
    let nuls = NULS.iter().map(|end| {
        case(1, SMTP, name(end), Stage::Data, smuggled(end), OneMessage).otherwise(Holds)
    });
    let lines = [
        ("a LF ends no command", "NOOP\nNOOP\r\n"),
        ("a CR ends no command", "NOOP\rNOOP\r\n"),
        ("nor does an empty line", "\nNOOP\r\n"),
    ];
    let lines = lines.map(|(name, line)| {
        case(1, SMTP, name, Stage::Hello, [send(line)], AtMost(1)).otherwise(DiffersButSafe)
    });
    let bdat = [
        ("more than 64 bits", Stage::Rcpt, "BDAT 18446744073709551616\r\nNOOP\r\n"),
        ("a negative size", Stage::Rcpt, "BDAT -1\r\nNOOP\r\n"),
        ("no size", Stage::Rcpt, "BDAT\r\nNOOP\r\n"),
        ("LASTX", Stage::Rcpt, "BDAT 6 LASTX\r\nNOOP\r\n"),
        ("without a recipient", Stage::Mail, "BDAT 6 LAST\r\nNOOP\r\n"),
        ("without a sender", Stage::Hello, "BDAT 6 LAST\r\nNOOP\r\n"),
        ("DATA between chunks", Stage::Rcpt, "DATA\r\nBDAT 6 LAST\r\nNOOP\r\n.\r\n"),
    ];
    let bdat = bdat.map(|(name, stage, octets)| {
        let rule = if name.starts_with("DATA") { OneMessage } else { Refused };
        let case =
            case(3, SMTP, format!("BDAT, {name}"), stage, [send(octets)], rule).needs("CHUNKING");
        if case.rule == OneMessage { case.otherwise(Holds) } else { case }
    });
    ends.chain(nuls).chain(lines).chain(bdat).collect()
}

/// V4 and V20.
fn pipelining() -> Vec<Case> {
    let circles = "Received: from a by b; Mon, 23 Nov 2026 12:00:00 +0000\r\n".repeat(101);
    vec![
        case(
            4,
            &[Smtp],
            "before the greeting",
            Stage::Connected,
            [send("EHLO a.org\r\nMAIL FROM:<ana@a.org>\r\nRCPT TO:<{recipient}>\r\n")],
            Refused,
        )
        .otherwise(DiffersButSafe),
        case(
            4,
            &[Smtp],
            "behind EHLO",
            Stage::Clear,
            [send("EHLO a.org\r\nMAIL FROM:<ana@a.org>\r\nRCPT TO:<{recipient}>\r\n")],
            Refused,
        )
        .otherwise(DiffersButSafe),
        case(
            4,
            SMTP,
            "a message behind DATA",
            Stage::Rcpt,
            [send("DATA\r\nMAIL FROM:<x@evil.example>\r\nNOOP\r\n.\r\n")],
            OneMessage,
        )
        .otherwise(Holds),
        case(
            4,
            SMTP,
            "a message behind a DATA that is refused",
            Stage::Mail,
            [send("DATA\r\nRSET\r\nNOOP\r\n.\r\n")],
            Refused,
        ),
        case(
            20,
            SMTP,
            "101 hops",
            Stage::Data,
            [send(format!("{circles}\r\nround and round\r\n.\r\n"))],
            Refused,
        )
        .otherwise(DiffersButSafe),
        case(
            20,
            &[Lmtp],
            "it was here before",
            Stage::Data,
            [send("Delivered-To: {recipient}\r\n\r\nround and round\r\n.\r\n")],
            Refused,
        )
        .otherwise(DiffersButSafe),
    ]
}

/// V5, V8, V29 and V30.
fn tls_and_login() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, behind) in [
        ("RSET", "RSET\r\n"),
        ("EHLO and MAIL", "EHLO evil.example\r\nMAIL FROM:<x@evil.example>\r\n"),
    ] {
        let steps = [send(format!("STARTTLS\r\n{behind}")), Step::Tls];
        cases.push(
            case(5, SMTP, format!("STARTTLS with {name} behind it"), Stage::Hello, steps, Deaf)
                .needs("STARTTLS"),
        );
    }
    for line in ["DATA", "RCPT TO:<{recipient}>"] {
        let steps = [send("STARTTLS\r\n"), Step::Tls, say(line)];
        let name = format!("the transaction is forgotten: {line}");
        cases.push(case(5, &[Smtp, Lmtp], name, Stage::Rcpt, steps, Refused).needs("STARTTLS"));
    }
    let never = || Never(["235", "334", "535"].map(String::from).to_vec());
    cases.extend([
        case(
            8,
            SMTP,
            "no AUTH is offered in the clear",
            Stage::Clear,
            [send("EHLO a.org\r\n")],
            Never(vec!["AUTH ".into(), "AUTH=".into()]),
        ),
        case(
            8,
            SMTP,
            "AUTH PLAIN in the clear",
            Stage::Clear,
            [ask("EHLO a.org"), send("AUTH PLAIN {plain}\r\n")],
            never(),
        ),
        case(
            8,
            SMTP,
            "AUTH LOGIN in the clear",
            Stage::Clear,
            [ask("EHLO a.org"), send("AUTH LOGIN\r\n*\r\n")],
            never(),
        ),
    ]);
    cases.extend([
        case(8, USERS, "a wrong password", Stage::Tls, [say("AUTH PLAIN {plain-wrong}")], Refused),
        case(
            8,
            USERS,
            "to act as another",
            Stage::Tls,
            [say("AUTH PLAIN {plain-as-root}")],
            Refused,
        ),
        case(8, USERS, "what is no base64", Stage::Tls, [say("AUTH PLAIN !!!!")], Refused),
        case(
            8,
            USERS,
            "an exchange that is given up",
            Stage::Tls,
            [ask("AUTH PLAIN"), say("*")],
            Refused,
        ),
        case(
            8,
            USERS,
            "a response of 16 KiB",
            Stage::Tls,
            [ask("AUTH PLAIN"), say("A".repeat(16384))],
            Refused,
        ),
        case(
            8,
            USERS,
            "a login behind a login",
            Stage::LoggedIn,
            [say("AUTH PLAIN {plain}")],
            Refused,
        ),
        case(
            8,
            USERS,
            "MAIL without a login",
            Stage::Tls,
            [say("MAIL FROM:<{user}>"), say("RCPT TO:<victim@example.org>")],
            Refused,
        ),
        case(
            8,
            USERS,
            "MAIL as somebody else",
            Stage::LoggedIn,
            [say("MAIL FROM:<x@evil.example>")],
            Refused,
        )
        .otherwise(DiffersButSafe),
        case(
            29,
            USERS,
            "an unknown user and a wrong password",
            Stage::Tls,
            [say("AUTH PLAIN {plain-wrong}")],
            Same(vec![say("AUTH PLAIN {plain-nobody}")]),
        ),
        case(
            29,
            SMTP,
            "VRFY of who exists and who does not",
            Stage::Hello,
            [say("VRFY {recipient}")],
            Same(vec![say("VRFY {nobody}")]),
        ),
        case(
            29,
            SMTP,
            "EXPN of who exists and who does not",
            Stage::Hello,
            [say("EXPN {recipient}")],
            Same(vec![say("EXPN {nobody}")]),
        ),
        case(
            30,
            USERS,
            "no password in a reply",
            Stage::Tls,
            [say("AUTH PLAIN {plain} {password}")],
            Never(["{password}", "{plain}"].map(String::from).to_vec()),
        ),
    ]);
    cases
}

/// V9.
fn sizes() -> Vec<Case> {
    let line = "x".repeat(1 << 20);
    let recipients: String = (0..1200).map(|n| format!("RCPT TO:<u{n}@{{domain}}>\r\n")).collect();
    vec![
        case(
            9,
            SMTP,
            "a command of 1 MiB",
            Stage::Hello,
            [send(format!("NOOP {line}\r\n"))],
            Serves,
        ),
        case(
            9,
            SMTP,
            "1 MiB that is no command",
            Stage::Hello,
            [send(format!("{line}\r\n"))],
            Serves,
        ),
        case(
            9,
            SMTP,
            "20,000 commands at once",
            Stage::Hello,
            [send("NOOP\r\n".repeat(20_000))],
            Serves,
        ),
        case(9, SMTP, "1,200 recipients", Stage::Mail, [send(recipients)], Serves),
        case(
            9,
            SMTP,
            "a line of 1 MiB in a message",
            Stage::Data,
            [send(format!("\r\n{line}\r\n.\r\n"))],
            Serves,
        ),
    ]
}

/// V10 and V11.
fn injection() -> Vec<Case> {
    let mut cases = vec![
        case(
            10,
            SMTP,
            "a line end in a quoted recipient",
            Stage::Mail,
            [send("RCPT TO:<\"a\r\nDATA\"@{domain}>\r\n")],
            Refused,
        ),
        case(
            10,
            SMTP,
            "a CR in a sender",
            Stage::Hello,
            [send("MAIL FROM:<a\rb@a.org>\r\n")],
            Refused,
        ),
        case(
            10,
            SMTP,
            "a NUL in a recipient",
            Stage::Mail,
            [send("RCPT TO:<a\0b@{domain}>\r\n")],
            Refused,
        ),
        case(
            30,
            SMTP,
            "control characters in VRFY are not sent back",
            Stage::Hello,
            [send("VRFY a\x1b[31m\x07b\r\n")],
            Clean,
        ),
        case(
            30,
            SMTP,
            "control characters in a command are not sent back",
            Stage::Hello,
            [send("\x1b[2J\x07\r\n")],
            Clean,
        ),
        case(
            30,
            SMTP,
            "control characters in EHLO are not sent back",
            Stage::Clear,
            [send("EHLO a\x1b[2Jb\r\n")],
            Clean,
        ),
        case(
            30,
            SMTP,
            "control characters in a recipient are not sent back",
            Stage::Mail,
            [send("RCPT TO:<a\x1b[2Jb@{domain}>\r\n")],
            Clean,
        ),
    ];
    let message = || [say("DATA"), send("Subject: x\r\n\r\nx\r\n.\r\n")];
    for sender in [
        ";touch${IFS}{canary};",
        "`touch${IFS}{canary}`",
        "${run{/usr/bin/touch {canary}}}",
        "|touch${IFS}{canary}",
        "\"|touch {canary}\"",
    ] {
        let steps = [
            vec![say(format!("MAIL FROM:<{sender}@a.org>")), say("RCPT TO:<{recipient}>")],
            message().to_vec(),
        ]
        .concat();
        cases.push(
            case(11, SMTP, format!("the sender {sender}"), Stage::Hello, steps, NoShell)
                .otherwise(DiffersButSafe),
        );
    }
    for recipient in [
        "<;touch${IFS}{canary};@{domain}>",
        "<${run{/usr/bin/touch {canary}}}@{domain}>",
        "<|touch${IFS}{canary}@{domain}>",
        "<\"|touch {canary}\"@{domain}>",
        "<|touch${IFS}{canary}>",
        "<{canary}@{domain}>",
        "<\"{canary}\">",
        "<:include:/etc/passwd@{domain}>",
    ] {
        let steps = [vec![say(format!("RCPT TO:{recipient}"))], message().to_vec()].concat();
        cases.push(
            case(11, SMTP, format!("the recipient {recipient}"), Stage::Mail, steps, NoShell)
                .otherwise(DiffersButSafe),
        );
    }
    cases.push(
        case(
            11,
            &[Lmtp, Smtp],
            "a path behind a plus",
            Stage::Mail,
            [say("RCPT TO:<bea+../../x@{domain}>"), say("DATA"), send("x\r\n.\r\n")],
            NoShell,
        )
        .otherwise(DiffersButSafe),
    );
    cases
}
