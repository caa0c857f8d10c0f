//! Tables for the codec: a case a line.
#![allow(clippy::unwrap_used)]

use posta_core::Output;
use smtp_proto::codec::{
    Address, Base64, Body, Capabilities, Command, EnhancedCode, ErrorKind, Mailbox, Notify, Orcpt,
    Params, Path, Reply, Ret, Syntax, write_reply,
};

fn written(command: &Command<'_>) -> String {
    let mut out = Output::default();
    command.write(&mut out).unwrap();
    String::from_utf8(out.bytes().to_vec()).unwrap()
}

#[test]
fn commands_round_trip() {
    for line in [
        "HELO a.org",
        "EHLO [192.0.2.1]",
        "LHLO a.org",
        "MAIL FROM:<>",
        "MAIL FROM:<ana@a.org>",
        "MAIL FROM:<ana@a.org> SIZE=1000 BODY=8BITMIME FUTURE=x",
        "RCPT TO:<bea@b.com>",
        "RCPT TO:<bea@b.com> NOTIFY=NEVER ORCPT=rfc822;bea@b.com",
        "RCPT TO:<Postmaster>",
        "DATA",
        "RSET",
        "NOOP",
        "NOOP with a text",
        "QUIT",
        "VRFY bea",
        "EXPN list",
        "HELP",
        "HELP MAIL",
        "STARTTLS",
        "AUTH PLAIN",
        "AUTH PLAIN =",
        "AUTH PLAIN AGFuYQBzZWNyZXQ=",
        "XCLIENT NAME=a.org ADDR=192.0.2.1",
        "XYZZY",
    ] {
        let command = Command::parse(line.as_bytes()).unwrap();
        assert_eq!(written(&command), format!("{line}\r\n"));
        let lower = line.to_ascii_lowercase();
        assert!(Command::parse(lower.as_bytes()).is_ok(), "{lower}");
        let trailing = format!("{line} \t ");
        assert_eq!(Command::parse(trailing.as_bytes()), Ok(command), "RFC 5321 4.1.1");
    }
}

#[test]
fn bad_commands() {
    use ErrorKind::{
        Argument, Base64, Brackets, Duplicate, Octet, Parameter, Recipient, Sender, Utf8, Verb,
    };
    for (line, kind, offset) in [
        ("", Verb, 0),
        (" NOOP", Verb, 0),
        ("NO\rOP", Octet, 2),
        ("NOOP\0", Octet, 4),
        ("NOOP a\nb", Octet, 6),
        ("N\u{f6}\u{f6}P", Octet, 1),
        ("DATA foo", Argument, 5),
        ("RSET now", Argument, 5),
        ("QUIT now", Argument, 5),
        ("STARTTLS now", Argument, 9),
        ("EHLO", Argument, 4),
        ("EHLO a b c", Argument, 6),
        ("VRFY", Argument, 4),
        ("AUTH", Argument, 4),
        ("AUTH !", Argument, 5),
        ("AUTH ABCDEFGHIJKLMNOPQRSTU", Argument, 5),
        ("AUTH PLAIN abc", Base64, 11),
        ("AUTH PLAIN =AAA", Base64, 11),
        ("AUTH PLAIN AAA=BBB=", Base64, 11),
        ("AUTH PLAIN AAAA BBBB", Base64, 11),
        ("MAIL", Argument, 4),
        ("MAIL TO:<ana@a.org>", Argument, 5),
        ("MAIL  FROM:<ana@a.org>", Argument, 5),
        ("MAIL FROM <ana@a.org>", Argument, 5),
        ("MAIL FROM:", Argument, 10),
        ("MAIL FROM:ana@a.org", Brackets, 10),
        ("MAIL FROM: ana@a.org", Brackets, 11),
        ("RCPT TO: bea@b.com", Brackets, 9),
        ("MAIL FROM:<ana@a.org", Sender, 20),
        ("MAIL FROM:<ana>", Sender, 14),
        ("MAIL FROM:<Postmaster>", Sender, 21),
        ("MAIL FROM:<@a.org>", Sender, 17),
        ("MAIL FROM:<ana@a.org>x", Argument, 21),
        ("MAIL FROM:<ana@a.org>garbage SIZE=1", Argument, 21),
        ("MAIL FROM:<ana@a.org>  SIZE=1", Parameter, 22),
        ("MAIL FROM:<ana@a.org> SIZE=", Parameter, 27),
        ("MAIL FROM:<ana@a.org> -X", Parameter, 22),
        ("MAIL FROM:<ana@a.org> X=a=b", Parameter, 25),
        ("MAIL FROM:<ana@a.org> SIZE=1 size=2", Duplicate, 29),
        ("RCPT TO:<>", Recipient, 9),
        ("RCPT TO:<bea@-.->", Recipient, 13),
        ("RCPT TO:<bea@b_c.com>", Recipient, 14),
        ("RCPT TO:<bea@b..com>", Recipient, 15),
        ("RCPT TO:<bea@b.com.>", Recipient, 19),
        ("RCPT TO:<bea@b-.com>", Recipient, 14),
        ("RCPT TO:<.bea@b.com>", Recipient, 9),
        ("RCPT TO:<bea.@b.com>", Recipient, 13),
        ("RCPT TO:<b ea@b.com>", Recipient, 10),
        ("RCPT TO:<\"bea@b.com>", Recipient, 20),
        ("RCPT TO:<bea@[192.0.2.256]>", Recipient, 14),
        ("RCPT TO:<bea@[192.0.2]>", Recipient, 14),
        ("RCPT TO:<bea@[IPv6:2001::g]>", Recipient, 14),
        ("RCPT TO:<bea@[]>", Recipient, 14),
        ("RCPT TO:<bea@[192.0.2.1>", Recipient, 24),
        ("RCPT TO:<@relay.example:>", Recipient, 24),
        ("RCPT TO:<@relay.example,bea@b.com>", Recipient, 24),
        ("RCPT TO:<b\u{e9}a@b.com>", Utf8, 10),
    ] {
        let error = Command::parse(line.as_bytes()).unwrap_err();
        assert_eq!((error.kind, error.offset), (kind, offset), "{line}: {error}");
    }
}

/// What other implementations refuse, lose or change.
#[test]
fn addresses_survive() {
    for text in [
        "ana@a.org",
        "a.n.a+tag@a.org",
        "!#$%&'*+-/=?^_`{|}~@a.org",
        "ana@localhost",
        "ana@xn--bcher-kva.example",
        "ana@1.2.3.example",
        "\"\"@a.org",
        "\"a b\"@a.org",
        "\"a\\\"b\\\\c\"@a.org",
        "\"ana@home\"@a.org",
        "\"<>,:;[]()\"@a.org",
        "ana@[192.0.2.1]",
        "ana@[192.000.002.001]",
        "ana@[IPv6:2001:db8::1]",
        "ana@[ipv6:::ffff:192.0.2.1]",
        "ana@[x400:something]",
    ] {
        let line = format!("RCPT TO:<{text}>");
        let command = Command::parse(line.as_bytes()).unwrap();
        let Command::Rcpt { path: Path::Mailbox(address), .. } = command else { panic!("{text}") };
        assert_eq!(address.as_str(), text);
        assert_eq!(format!("{}@{}", address.local_part(), address.domain()), text);
        assert_eq!(written(&command), format!("{line}\r\n"));
        let owned: Mailbox = text.parse().unwrap();
        assert_eq!(owned.as_address(), address);
    }
}

#[test]
fn quoted_local_part_round_trip() {
    let address = Address::new("\"Joe\\,Smith \\\\\"@a.org").unwrap();
    assert_eq!(address.local_part(), "\"Joe\\,Smith \\\\\"");
    assert_eq!(address.unquoted_local_part(), "Joe,Smith \\");
    assert_eq!(Address::new("\"ana\"@a.org").unwrap().unquoted_local_part(), "ana");
    assert_eq!(Address::new("ana@a.org").unwrap().unquoted_local_part(), "ana");
}

#[test]
fn postmaster_is_not_the_empty_path() {
    for line in ["RCPT TO:<Postmaster>", "RCPT TO:<postmaster>", "rcpt to:<POSTMASTER>"] {
        let Command::Rcpt { path, .. } = Command::parse(line.as_bytes()).unwrap() else { panic!() };
        assert_eq!(path, Path::Postmaster);
    }
    let Command::Rcpt { path, .. } = Command::parse(b"RCPT TO:<Postmaster@b.com>").unwrap() else {
        panic!()
    };
    assert_eq!(path.as_str(), "Postmaster@b.com");
}

#[test]
fn source_routes_are_accepted_and_ignored() {
    for route in ["@a.org:", "@a.org,@b.com:", "@[192.0.2.1],@b.com:"] {
        let line = format!("MAIL FROM:<{route}ana@a.org>");
        let Command::Mail { path, .. } = Command::parse(line.as_bytes()).unwrap() else { panic!() };
        assert_eq!(path.as_str(), "ana@a.org");
    }
}

#[test]
fn address_limits() {
    let local = |n: usize| format!("{}@a.org", "x".repeat(n));
    assert!(Address::new(&local(64)).is_ok());
    assert!(Address::new(&local(65)).is_err());
    let domain = |n: usize| format!("x@{}", "d".repeat(n));
    assert!(Address::new(&domain(255)).is_ok());
    assert!(Address::new(&domain(256)).is_err());
    let path = |n: usize| format!("RCPT TO:<x@{}>", "d".repeat(n - 4));
    assert!(Command::parse(path(256).as_bytes()).is_ok());
    assert_eq!(Command::parse(path(257).as_bytes()).unwrap_err().kind, ErrorKind::Recipient);
}

#[test]
fn utf8_only_where_asked_for() {
    let line = "MAIL FROM:<an\u{e9}@\u{e9}.org> SMTPUTF8".as_bytes();
    assert_eq!(Command::parse(line).unwrap_err().kind, ErrorKind::Utf8);
    let mut syntax = Syntax::default();
    syntax.utf8 = true;
    let Command::Mail { path, params } = Command::parse_with(line, syntax).unwrap() else {
        panic!()
    };
    assert_eq!((path.as_str(), params.smtputf8()), ("an\u{e9}@\u{e9}.org", Ok(true)));
    let broken = b"MAIL FROM:<an\xe9@a.org> SMTPUTF8";
    assert_eq!(Command::parse_with(broken, syntax).unwrap_err().kind, ErrorKind::Utf8);
}

/// V10: nothing that can be given to a client holds a line end.
#[test]
fn no_line_end_gets_into_an_address() {
    for text in [
        "x>\r\nRCPT TO:<y",
        "\"a\r\nDATA\"@a.org",
        "\"a\nDATA\"@a.org",
        "\"a\\\r\"@a.org",
        "ana@a.org\r\n",
        "ana@a.org\n",
        "ana@a.org\0",
        "ana@[x400:a\r\nb]",
        "ana@a.org> SIZE=1",
        "ana @a.org",
    ] {
        assert!(Address::new(text).is_err(), "{text:?}");
        assert!(Path::new(text).is_err(), "{text:?}");
        assert!(text.parse::<Mailbox>().is_err(), "{text:?}");
        assert!(Params::new(text).is_err(), "{text:?}");
    }
    let mut out = Output::default();
    for command in [
        Command::Ehlo("a.org\r\nQUIT"),
        Command::Ehlo(""),
        Command::Noop("\r\nQUIT"),
        Command::Vrfy("\nQUIT"),
        Command::Help("\rx"),
        Command::Auth { mechanism: "PLAIN\r\nX", initial: None },
        Command::Unknown { verb: "X\r\nY", rest: "" },
        Command::Unknown { verb: "X", rest: "\r\nY" },
        Command::Rcpt { path: Path::Null, params: Params::default() },
        Command::Mail { path: Path::Postmaster, params: Params::default() },
    ] {
        assert!(command.write(&mut out).is_err(), "{command:?}");
        assert!(out.is_empty(), "{command:?}");
    }
}

#[test]
fn size_is_never_wrapped() {
    for (text, size) in [
        ("SIZE=0", Ok(Some(0))),
        ("SIZE=18446744073709551615", Ok(Some(u64::MAX))),
        ("SIZE=00000000000000000001", Ok(Some(1))),
        ("SIZE=18446744073709551616", Err(ErrorKind::TooLarge)),
        ("SIZE=99999999999999999999999", Err(ErrorKind::TooLarge)),
        ("SIZE=-1", Err(ErrorKind::Parameter)),
        ("SIZE=+1", Err(ErrorKind::Parameter)),
        ("SIZE=1k", Err(ErrorKind::Parameter)),
        ("SIZE", Err(ErrorKind::Parameter)),
        ("BODY=7BIT", Ok(None)),
    ] {
        let params = Params::new(text).unwrap();
        assert_eq!(params.size().map_err(|error| error.kind), size, "{text}");
    }
}

#[test]
fn typed_parameters() {
    let params =
        Params::new("body=8bitmime RET=hdrs ENVID=QQ+2B314159 AUTH=e+3Dmc2@example.com X-Y");
    let params = params.unwrap();
    assert_eq!(params.body(), Ok(Some(Body::EightBitMime)));
    assert_eq!(params.ret(), Ok(Some(Ret::Headers)));
    assert_eq!(params.envid(), Ok(Some("QQ+314159".into())));
    assert_eq!(params.auth(), Ok(Some("e=mc2@example.com".into())));
    assert_eq!(params.unknown().map(|param| param.name).collect::<Vec<_>>(), ["X-Y"]);
    assert_eq!(Params::new("AUTH=<>").unwrap().auth(), Ok(Some(String::new())));

    let params = Params::new("NOTIFY=success,Delay ORCPT=rfc822;be+2Ba@b.com").unwrap();
    let notify = Notify { success: true, failure: false, delay: true };
    assert_eq!(params.notify(), Ok(Some(notify)));
    let orcpt = Orcpt { kind: "rfc822", address: "be+a@b.com".into() };
    assert_eq!(params.orcpt(), Ok(Some(orcpt)));
    assert_eq!(Params::new("NOTIFY=NEVER").unwrap().notify(), Ok(Some(Notify::default())));

    // RFC 6533 3
    for (value, address) in
        [("utf-8;\u{e9}@b.com", "\u{e9}@b.com"), ("UTF-8;\\x{E9}@b.com", "\\x{E9}@b.com")]
    {
        let text = format!("ORCPT={value}");
        assert_eq!(Params::new(&text).unwrap().orcpt().unwrap().unwrap().address, address);
    }

    for bad in [
        "ORCPT=rfc822;\u{e9}@b.com",
        "ORCPT=utf-8;a+C3+A9",
        "ORCPT=utf-8;a+0D+0Ab",
        "ENVID=\u{e9}",
        "RET=SOME",
        "BODY=9BIT",
        "NOTIFY=NEVER,DELAY",
        "NOTIFY=,",
        "ORCPT=bea@b.com",
        "ORCPT=rfc822;a+0D+0Ab",
        "ORCPT=rfc822;a+0",
        "ENVID=+0a",
        "ENVID=a+0A",
        "AUTH=ana",
        "SMTPUTF8=1",
    ] {
        let params = Params::new(bad).unwrap();
        let faults = [
            params.ret().err(),
            params.body().err(),
            params.notify().err(),
            params.orcpt().err(),
            params.envid().err(),
            params.auth().err(),
            params.smtputf8().err(),
        ];
        assert_eq!(faults.iter().flatten().count(), 1, "{bad}");
    }
    let many: Vec<_> = (0..33).map(|i| format!("X{i}")).collect();
    assert!(Params::new(&many[..32].join(" ")).is_ok());
    assert!(Params::new(&many.join(" ")).is_err());
}

#[test]
fn errors_show_the_place_and_hide_secrets() {
    let show =
        |line: &str| Command::parse(line.as_bytes()).unwrap_err().show(line.as_bytes()).to_string();
    assert_eq!(
        show("MAIL FROM: mi@dominio.com"),
        "MAIL FROM: mi@dominio.com\n           ^ expected <address>"
    );
    assert_eq!(show("NO\x07OP"), "NO?OP\n  ^ expected printable text");
    for line in
        ["AUTH PLAIN AGFuYQBzZWNyZXQ", "auth login c2VjcmV0 c2VjcmV0", "AUTH PLAIN sec\x01ret"]
    {
        let shown = show(line);
        assert!(
            !shown.contains("AGFu") && !shown.contains("c2Vj") && !shown.contains("sec"),
            "{shown}"
        );
        let error = Command::parse(line.as_bytes()).unwrap_err();
        assert_eq!(format!("{:?}", error.show(line.as_bytes())), shown);
    }
    let base64 = Base64::new("c2VjcmV0").unwrap();
    assert_eq!(format!("{base64:?}"), "Base64(..)");
}

#[test]
fn errors_know_their_reply() {
    for (line, code, enhanced) in [
        ("NO\rOP", 500, EnhancedCode(5, 5, 2)),
        ("DATA x", 501, EnhancedCode(5, 5, 4)),
        ("MAIL FROM:ana@a.org", 555, EnhancedCode(5, 5, 2)),
        ("MAIL FROM:<ana>", 501, EnhancedCode(5, 1, 7)),
        ("RCPT TO:<bea>", 501, EnhancedCode(5, 1, 3)),
        ("MAIL FROM:<> A A", 501, EnhancedCode(5, 5, 4)),
        ("AUTH PLAIN !", 501, EnhancedCode(5, 5, 2)),
    ] {
        assert_eq!(
            Command::parse(line.as_bytes()).unwrap_err().reply(),
            (code, enhanced),
            "{line}"
        );
    }
}

#[test]
fn replies() {
    for (raw, code, lines) in [
        ("250\r\n", 250, vec![""]),
        ("250 \r\n", 250, vec![""]),
        ("250 OK\r\n", 250, vec!["OK"]),
        ("250-\r\n250\r\n", 250, vec!["", ""]),
        (
            "250-First line\r\n250-Second line\r\n250-234 Text beginning with numbers\r\n250 The last line\r\n",
            250,
            vec!["First line", "Second line", "234 Text beginning with numbers", "The last line"],
        ),
        ("550 5.1.1 no\0such\ruser\r\n", 550, vec!["5.1.1 no\0such\ruser"]),
    ] {
        for n in 0..raw.len() {
            assert_eq!(Reply::parse(&raw.as_bytes()[..n]), Ok(None), "{raw:?} cut at {n}");
        }
        let trailing = format!("{raw}250 next\r\n");
        for text in [raw, &trailing] {
            let (reply, length) = Reply::parse(text.as_bytes()).unwrap().unwrap();
            assert_eq!((reply.code, length), (code, raw.len()), "{raw:?}");
            assert!(reply.lines().eq(lines.iter().map(|line| line.as_bytes())), "{raw:?}");
            assert_eq!(reply.to_buf().as_reply(), reply);
        }
    }
}

#[test]
fn bad_replies() {
    for (raw, offset) in [
        ("\r\n", 0),
        ("25\r\n", 0),
        ("999 x\r\n", 0),
        ("150 x\r\n", 0),
        ("2x0 x\r\n", 0),
        ("250_x\r\n", 3),
        ("2500\r\n", 3),
        ("250\rx\r\n", 3),
        ("250 bare\n", 8),
        ("250-a\n250 b\r\n", 5),
        ("250-one\r\n251 two\r\n", 9),
        ("250-one\r\n550-two\r\n250 three\r\n", 9),
        ("250-one\r\n\r\n", 9),
    ] {
        let error = Reply::parse(raw.as_bytes()).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::Reply, offset), "{raw:?}");
    }
}

#[test]
fn enhanced_codes() {
    for (raw, code) in [
        ("250 2.1.5 OK\r\n", Some(EnhancedCode(2, 1, 5))),
        ("554 5.123.456 three digits\r\n", Some(EnhancedCode(5, 123, 456))),
        ("550 5.1.1\r\n", Some(EnhancedCode(5, 1, 1))),
        ("550 4.1.1 another class\r\n", None),
        ("550 5.1.1234 four digits\r\n", None),
        ("550 3.1.1 no such class\r\n", None),
        ("550 5.1 short\r\n", None),
        ("550 5.1.1text\r\n", None),
        ("550 192.0.2.1 is listed\r\n", None),
        ("250\r\n", None),
    ] {
        let (reply, _) = Reply::parse(raw.as_bytes()).unwrap().unwrap();
        assert_eq!(reply.enhanced(), code, "{raw:?}");
    }
}

/// V10: a remote text cannot forge a line in a log or in our own reply.
#[test]
fn replies_are_printable() {
    let (reply, _) = Reply::parse(b"550-5.1.1 a\x1b[31m\r\n550 b\rc\0\xff\r\n").unwrap().unwrap();
    assert_eq!(reply.to_string(), "550 5.1.1 a?[31m / b?c??");
    let mut out = Output::default();
    write_reply(&mut out, 550, Some(EnhancedCode(5, 1, 1)), "no\r250 OK\0\u{e9}\nsecond\r\n");
    assert_eq!(out.bytes(), b"550-5.1.1 no?250 OK???\r\n550-5.1.1 second\r\n550 5.1.1 \r\n");
    let mut out = Output::default();
    write_reply(&mut out, 250, None, &"x".repeat(2000));
    assert!(out.bytes().split(|b| *b == b'\n').all(|line| line.len() < 512));
    assert!(Reply::parse(out.bytes()).unwrap().is_some());
}

#[test]
fn capabilities() {
    let raw = b"250-mx1.b.com at your service\r\n250-pipelining\r\n250-Size 52428800\r\n250-8BITMIME\r\n\
        250-AUTH=LOGIN\r\n250-AUTH PLAIN  SCRAM-SHA-256\r\n250-LIMITS RCPTMAX=100\r\n250-STARTTLS\r\n\
        250-XFOO\r\n250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250-DSN\r\n250 SMTPUTF8\r\n";
    let offered = Capabilities::parse(Reply::parse(raw).unwrap().unwrap().0);
    assert!(offered.pipelining && offered.size && offered.eight_bit_mime && offered.starttls);
    assert!(offered.enhanced_status_codes && offered.chunking && offered.dsn && offered.smtputf8);
    assert_eq!(offered.max_size, Some(52_428_800));
    assert!(offered.auth().eq(["LOGIN", "PLAIN", "SCRAM-SHA-256"]));
    assert!(offered.has_auth("scram-sha-256") && !offered.has_auth("CRAM-MD5"));
    assert_eq!(offered.get("limits").unwrap().params, "RCPTMAX=100");
    assert!(offered.has("XFOO") && !offered.has("mx1.b.com"));
    for (line, max) in [("SIZE", None), ("SIZE 0", None), ("SIZE 99999999999999999999999", None)] {
        let raw = format!("250-x\r\n250 {line}\r\n");
        let offered = Capabilities::parse(Reply::parse(raw.as_bytes()).unwrap().unwrap().0);
        assert_eq!((offered.size, offered.max_size), (true, max), "{line}");
    }
}
