//! The codec alone: tables and properties.
#![allow(clippy::unwrap_used)]

use pop3_proto::{
    Misuse,
    codec::{
        Capabilities, Capability, Code, Command, DropListing, Expire, Fault, LoginDelay, Reply,
        ScanListing, Status, UniqueId, timestamp,
    },
};
use proptest::prelude::*;

const DIGEST: &str = "c4c9334bac560ecc979e58001b3e22fb";

#[test]
fn commands() {
    #[rustfmt::skip]
    let table: &[(&str, Command<'_>)] = &[
        ("USER bea@b.com",             Command::User("bea@b.com")),
        ("user béa",                   Command::User("béa")),
        ("PASS two  words ",           Command::Pass("two  words ")),
        ("APOP mrose c4c9334bac560ecc979e58001b3e22fb", Command::Apop { name: "mrose", digest: DIGEST }),
        ("AUTH PLAIN",                 Command::Auth { mechanism: "PLAIN", initial: None }),
        ("AUTH PLAIN =",               Command::Auth { mechanism: "PLAIN", initial: Some("") }),
        ("AUTH plain dGVzdA==",        Command::Auth { mechanism: "plain", initial: Some("dGVzdA==") }),
        ("STLS",                       Command::Stls),
        ("capa",                       Command::Capa),
        ("UTF8",                       Command::Utf8),
        ("LANG",                       Command::Lang(None)),
        ("LANG *",                     Command::Lang(Some("*"))),
        ("STAT",                       Command::Stat),
        ("LIST",                       Command::List(None)),
        ("LIST 007",                   Command::List(Some(7))),
        ("UIDL",                       Command::Uidl(None)),
        ("UIDL 2",                     Command::Uidl(Some(2))),
        ("RETR 4294967295",            Command::Retr(u32::MAX)),
        ("TOP 1 0",                    Command::Top { message: 1, lines: 0 }),
        ("DELE 1",                     Command::Dele(1)),
        ("NoOp",                       Command::Noop),
        ("RSET",                       Command::Rset),
        ("QUIT",                       Command::Quit),
    ];
    for (line, want) in table {
        assert_eq!(Command::parse(line.as_bytes()), Ok(*want), "{line}");
        let mut wire = b"before".to_vec();
        want.write(&mut wire).unwrap();
        let written = wire.strip_prefix(b"before").unwrap().strip_suffix(b"\r\n").unwrap();
        assert_eq!(Command::parse(written), Ok(*want), "{line}");
    }
}

#[test]
fn bad_commands() {
    #[rustfmt::skip]
    let table: &[(&[u8], Fault, usize)] = &[
        (b"",                    Fault::Unknown, 0),
        (b":",                   Fault::Unknown, 0),
        (b" ",                   Fault::Unknown, 0),
        (b" NOOP",               Fault::Unknown, 0),
        (b"NOOP ",               Fault::Extra,   4),
        (b"STAT x",              Fault::Extra,   4),
        (b"USER",                Fault::Missing, 4),
        (b"USER ",               Fault::Missing, 5),
        (b"USER a b",            Fault::Extra,   6),
        (b"PASS",                Fault::Missing, 4),
        (b"PASS ",               Fault::Missing, 4),
        (b"APOP a",              Fault::Missing, 6),
        (b"APOP a b",            Fault::Bad,     7),
        (b"AUTH",                Fault::Missing, 4),
        (b"AUTH A.B",            Fault::Bad,     5),
        (b"AUTH A =AAA",         Fault::Bad,     7),
        (b"AUTH A AAA=BBB=",     Fault::Bad,     7),
        (b"AUTH A AAA",          Fault::Bad,     7),
        (b"LIST 0",              Fault::Bad,     5),
        (b"LIST  1",             Fault::Missing, 5),
        (b"RETR",                Fault::Missing, 4),
        (b"RETR +1",             Fault::Bad,     5),
        (b"RETR -1",             Fault::Bad,     5),
        (b"RETR 4294967296",     Fault::Bad,     5),
        (b"TOP 1",               Fault::Missing, 5),
        (b"TOP 1 -1",            Fault::Bad,     6),
        (b"TOP 0 1",             Fault::Bad,     4),
        (b"USER a\0b",           Fault::Octet,   6),
        (b"USER a\rb",           Fault::Octet,   6),
        (b"USER a\xff",          Fault::Octet,   6),
        (b"USER a\x7f",          Fault::Octet,   6),
    ];
    for (line, kind, offset) in table {
        let error = Command::parse(line).unwrap_err();
        assert_eq!((error.kind, error.offset), (*kind, *offset), "{}", line.escape_ascii());
    }
}

#[test]
fn errors_hide_secrets() {
    #[rustfmt::skip]
    let table: &[&[u8]] = &[
        b"PASS secret\0", b"pass secret\x01", b"APOP ana secret", b"AUTH PLAIN secret!",
        b"AUTH PLAIN secret=", b"PSAS secret", b"c2VjcmV0secret", b"PASS  secret\xff",
    ];
    for line in table {
        let shown = Command::parse(line).unwrap_err().show(line).to_string();
        assert!(!shown.contains("secret"), "{shown}");
        assert!(shown.contains("***"), "{shown}");
    }
    let line = b"TOP 1 x";
    let shown = Command::parse(line).unwrap_err().show(line).to_string();
    assert_eq!(shown, "TOP 1 x\n      ^ a number of lines");
    let all = [
        Command::Pass("secret"),
        Command::Apop { name: "ana", digest: "secret" },
        Command::Auth { mechanism: "PLAIN", initial: Some("secret") },
    ];
    assert!(!format!("{all:?}").contains("secret"));
}

/// RFC 2449 4: 255 octets with CRLF.
#[test]
fn a_command_has_at_most_255_octets() {
    let name = "n".repeat(248);
    let mut wire = Vec::new();
    Command::User(&name).write(&mut wire).unwrap();
    assert_eq!(wire.len(), 255);
    let name = "n".repeat(249);
    wire.clear();
    assert_eq!(Command::User(&name).write(&mut wire), Err(Misuse::TooLong(255)));
    assert!(wire.is_empty());
}

#[test]
fn no_argument_can_inject_a_line() {
    for bad in ["", "a\r\nDELE 1", "a\nDELE 1", "a\rb", "a\0b", "a b", "\u{7f}"] {
        let mut wire = Vec::new();
        let refused = |result: Result<(), Misuse>| matches!(result, Err(Misuse::Argument(_)));
        assert!(refused(Command::User(bad).write(&mut wire)), "{bad:?}");
        assert!(refused(Command::Apop { name: bad, digest: DIGEST }.write(&mut wire)), "{bad:?}");
        let auth = Command::Auth { mechanism: bad, initial: None };
        assert!(refused(auth.write(&mut wire)), "{bad:?}");
        let auth = Command::Auth { mechanism: "PLAIN", initial: Some(bad) };
        assert!(bad.is_empty() || refused(auth.write(&mut wire)), "{bad:?}");
        assert!(bad == "a b" || refused(Command::Pass(bad).write(&mut wire)), "{bad:?}");
        let reply = Reply { status: Status::Ok, code: None, text: bad.as_bytes() };
        let plain = ["", "a b", "\u{7f}"].contains(&bad);
        assert!(plain || refused(reply.write(&mut wire)), "{bad:?}");
    }
    let fake = Reply { status: Status::Err, code: None, text: b"[AUTH] x" };
    assert!(fake.write(&mut Vec::new()).is_err());
    let code = Reply { status: Status::Err, code: Some(Code::Other(b"A] x [")), text: b"" };
    assert!(code.write(&mut Vec::new()).is_err());
    assert!(Command::Retr(0).write(&mut Vec::new()).is_err());
}

type Row = (&'static [u8], Status, Option<Code<'static>>, &'static [u8]);

#[test]
fn replies() {
    use Status::{Continue, Err, Ok};
    #[rustfmt::skip]
    let table: &[Row] = &[
        (b"+OK",                        Ok,  None, b""),
        (b"+OK ",                       Ok,  None, b""),
        (b"+OK POP3 ready",             Ok,  None, b"POP3 ready"),
        (b"-ERR",                       Err, None, b""),
        (b"-ERR [IN-USE] busy",         Err, Some(Code::InUse), b"busy"),
        (b"-ERR [in-use] busy",         Err, Some(Code::InUse), b"busy"),
        (b"-ERR [IN-USE]",              Err, Some(Code::InUse), b""),
        (b"-ERR [LOGIN-DELAY] wait",    Err, Some(Code::LoginDelay), b"wait"),
        (b"-ERR [AUTH] no",             Err, Some(Code::Auth), b"no"),
        (b"-ERR [AUTH/EXPIRED] no",     Err, Some(Code::Auth), b"no"),
        (b"-ERR [SYS/TEMP] later",      Err, Some(Code::SysTemp), b"later"),
        (b"-ERR [sys/perm/disk] call",  Err, Some(Code::SysPerm), b"call"),
        (b"-ERR [SYS] x",               Err, Some(Code::Other(b"SYS")), b"x"),
        (b"-ERR [SYS/ODD] x",           Err, Some(Code::Other(b"SYS/ODD")), b"x"),
        (b"-ERR [UTF8] x",              Err, Some(Code::Utf8), b"x"),
        (b"-ERR [X-NEW/1] x",           Err, Some(Code::Other(b"X-NEW/1")), b"x"),
        (b"-ERR [not a code] x",        Err, None, b"[not a code] x"),
        (b"-ERR [open",                 Err, None, b"[open"),
        (b"-ERR [] x",                  Err, None, b"[] x"),
        (b"-ERR [A//B] x",              Err, None, b"[A//B] x"),
        (b"+OK gr\xfc\xdfe",            Ok,  None, b"gr\xfc\xdfe"),
        (b"+ ",                         Continue, None, b""),
        (b"+",                          Continue, None, b""),
        (b"+ cmVh",                     Continue, None, b"cmVh"),
    ];
    for (line, status, code, text) in table {
        let want = Reply { status: *status, code: *code, text };
        assert_eq!(Reply::parse(line), Result::Ok(want), "{}", line.escape_ascii());
        let mut wire = Vec::new();
        if want.write(&mut wire).is_ok() {
            assert_eq!(Reply::parse(wire.strip_suffix(b"\r\n").unwrap()), Result::Ok(want));
        }
    }
    let bad: [&[u8]; 9] =
        [b"", b"+ok", b"+OKAY", b"-err", b"OK", b"* OK", b" +OK", b"+OK a\rb", b"+OK a\0"];
    for line in bad {
        assert!(Reply::parse(line).is_err(), "{}", line.escape_ascii());
    }
}

#[test]
fn a_first_line_has_at_most_512_octets() {
    let text = "x".repeat(506);
    let mut wire = Vec::new();
    let reply = |text| Reply { status: Status::Ok, code: None, text };
    reply(text.as_bytes()).write(&mut wire).unwrap();
    assert_eq!(wire.len(), 512);
    let text = "x".repeat(507);
    assert_eq!(reply(text.as_bytes()).write(&mut wire), Err(Misuse::TooLong(512)));
}

#[test]
fn apop_timestamps_are_checked() {
    #[rustfmt::skip]
    let table: &[(&[u8], Option<&str>)] = &[
        (b"POP3 ready <1896.697170952@dbc.mtview.ca.us>", Some("<1896.697170952@dbc.mtview.ca.us>")),
        (b"<a@b> and more", Some("<a@b>")),
        (b"ready", None), (b"<>", None), (b"<@>", None), (b"<a@>", None), (b"<@b>", None),
        (b"<ab>", None), (b"<a@b", None), (b"<a @b>", None), (b"<a@b\xe9>", None),
        (b"<a@b\x01>", None), (b"<<a@b>>", None), (b"<a@b@c>", None), (b"> <a@b>", Some("<a@b>")),
    ];
    for (text, want) in table {
        assert_eq!(timestamp(text), *want, "{}", text.escape_ascii());
    }
}

#[test]
fn listings() {
    let scan = |line: &[u8]| ScanListing::parse(line).map(|it| (it.message, it.octets)).ok();
    assert_eq!(scan(b"1 120"), Some((1, 120)));
    assert_eq!(scan(b"2 200 from ana@a.org"), Some((2, 200)));
    for bad in ["", "1", "1 ", "1  2", " 1 2", "0 1", "x 1", "1 ten", "1 -1", "4294967296 1"] {
        assert_eq!(scan(bad.as_bytes()), None, "{bad}");
    }
    let drop = |line: &[u8]| DropListing::parse(line).map(|it| (it.messages, it.octets)).ok();
    assert_eq!(drop(b"0 0"), Some((0, 0)));
    assert_eq!(drop(b"2 320 and more"), Some((2, 320)));
    assert_eq!(drop(b"7 18446744073709551615"), Some((7, u64::MAX)));
    for bad in ["", "7", "seven 1", "7 #octets", "7 18446744073709551616"] {
        assert_eq!(drop(bad.as_bytes()), None, "{bad}");
    }
    let uid = |line: &str| UniqueId::parse(line.as_bytes()).is_ok();
    assert!(uid("1 whqtswO00WBw418f9t5JxYwZ") && uid("2 !~"));
    for bad in ["1", "1 ", "1 a b", "0 a", "1 é", "1 a\t"] {
        assert!(!uid(bad), "{bad}");
    }
}

#[test]
fn unique_ids_have_1_to_70_octets() {
    let line = |n: usize| format!("1 {}", "u".repeat(n));
    assert!(UniqueId::parse(line(70).as_bytes()).is_ok());
    assert!(UniqueId::parse(line(71).as_bytes()).is_err());
}

#[test]
fn capabilities() {
    let delay = |seconds, user| Capability::LoginDelay(LoginDelay { seconds, user });
    let expire = |days, user| Capability::Expire(Expire { days, user });
    #[rustfmt::skip]
    let table: &[(&str, Capability<'_>)] = &[
        ("TOP", Capability::Top), ("uidl", Capability::Uidl), ("USER", Capability::User),
        ("SASL CRAM-MD5 KERBEROS_V4", Capability::Sasl("CRAM-MD5 KERBEROS_V4")),
        ("SASL", Capability::Sasl("")),
        ("RESP-CODES", Capability::RespCodes), ("PIPELINING", Capability::Pipelining),
        ("LOGIN-DELAY 900", delay(900, false)), ("LOGIN-DELAY 900 USER", delay(900, true)),
        ("EXPIRE 60", expire(Some(60), false)), ("EXPIRE 5 USER", expire(Some(5), true)),
        ("EXPIRE never", expire(None, false)), ("EXPIRE 0", expire(Some(0), false)),
        ("IMPLEMENTATION Shlemazle Plotz v302", Capability::Implementation("Shlemazle Plotz v302")),
        ("STLS", Capability::Stls), ("AUTH-RESP-CODE", Capability::AuthRespCode),
        ("UTF8", Capability::Utf8 { user: false }), ("UTF8 USER", Capability::Utf8 { user: true }),
        ("LANG", Capability::Lang),
        ("XOIP", Capability::Other(b"XOIP")), ("EXPIRE soon", Capability::Other(b"EXPIRE soon")),
        ("LOGIN-DELAY", Capability::Other(b"LOGIN-DELAY")), ("TOP 1", Capability::Other(b"TOP 1")),
        ("", Capability::Other(b"")),
    ];
    let mut sum = Capabilities::default();
    for (line, want) in table {
        assert_eq!(Capability::parse(line.as_bytes()), *want, "{line}");
        assert_eq!(Capability::parse(want.to_string().as_bytes()), *want, "{line}");
        sum.add(*want);
    }
    assert!(sum.pipelining && sum.stls && sum.utf8_user);
    assert_eq!(Capability::parse(b"X\xff"), Capability::Other(b"X\xff"));
}

proptest! {
    #[test]
    fn commands_read_back(name in "[!-~é]{1,40}", pass in "[ -~]{1,60}", n in 1u32.., lines: u32, b64 in "([A-Za-z0-9+/]{4}){0,20}") {
        for command in [
            Command::User(&name), Command::Pass(&pass), Command::Apop { name: &name, digest: DIGEST },
            Command::Auth { mechanism: "SCRAM-SHA-256", initial: Some(&b64) },
            Command::List(Some(n)), Command::Uidl(Some(n)), Command::Retr(n), Command::Dele(n),
            Command::Top { message: n, lines }, Command::Lang(Some(&name)),
        ] {
            let mut wire = Vec::new();
            command.write(&mut wire).unwrap();
            let line = wire.strip_suffix(b"\r\n").unwrap();
            prop_assert!(!line.contains(&b'\n') && !line.contains(&b'\r'));
            prop_assert_eq!(Command::parse(line), Ok(command));
        }
    }

    #[test]
    fn what_is_written_is_one_line(text in any::<String>(), code in proptest::collection::vec(any::<u8>(), 0..9)) {
        let reply = Reply { status: Status::Err, code: Some(Code::Other(&code)), text: text.as_bytes() };
        for what in 0..3 {
            let mut wire = Vec::new();
            let written = match what {
                0 => reply.write(&mut wire),
                1 => Command::User(&text).write(&mut wire),
                _ => Command::Pass(&text).write(&mut wire),
            };
            let lines = wire.iter().filter(|octet| **octet == b'\n').count();
            prop_assert_eq!(lines, usize::from(written.is_ok()));
            prop_assert_eq!(wire.is_empty(), written.is_err());
        }
    }

    #[test]
    fn nothing_panics(line in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Err(error) = Command::parse(&line) {
            prop_assert!(error.offset <= line.len());
            let _ = error.show(&line).to_string();
        }
        let _ = (Reply::parse(&line), ScanListing::parse(&line), UniqueId::parse(&line));
        let _ = (DropListing::parse(&line), Capability::parse(&line).to_string(), timestamp(&line));
    }
}
