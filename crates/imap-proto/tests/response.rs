//! Responses: what is read, what is refused, and that writing gives back what was read.
#![allow(clippy::unwrap_used)]

use imap_proto::codec::{
    Address, BodyStructure, Code, Condition, Content, Data, DateTime, Envelope, Esearch, Fault,
    Fetch, FetchData, Items, Place, Quirk, Quirks, Range, Response, Search, SearchData, Section,
    Status, Text,
};

fn read(line: &str) -> Response<'_> {
    Response::parse(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn data(line: &str) -> Data<'_> {
    match read(line) {
        Response::Data(data) => data,
        other => panic!("{line}: {other:?}"),
    }
}

/// As they are written by us: what is read is written again.
const CANONICAL: &[&str] = &[
    "+ ",
    "+ idling",
    "+ YGgGCSqGSIb3EgECAgIAb1kwV6ADAgEFoQMCAQ+iSzBJoAMCAQGi",
    "* OK IMAP4rev1 Service Ready",
    "* PREAUTH [CAPABILITY IMAP4rev1] hi",
    "* BYE Autologout; idle for too long",
    "* OK [ALERT] System shutdown in 10 minutes",
    "* OK [UNSEEN 17] Message 17 is the first unseen message",
    "* OK [PERMANENTFLAGS (\\Deleted \\Seen $Forwarded \\*)] Limited",
    "* OK [PERMANENTFLAGS ()] None",
    "* OK [HIGHESTMODSEQ 715194045007] ok",
    "* NO [X-MINE a b (c)] text",
    "* BAD [BADCHARSET (\"UTF-8\" \"US-ASCII\")] text",
    "A1 OK [APPENDUID 38505 3955] done",
    "A1 OK [COPYUID 38505 304,319:320 3956:3958] Done",
    "A1 OK [MODIFIED 7,9] Conditional STORE failed",
    "A1 NO [AUTHENTICATIONFAILED] no",
    "A1 BAD What?",
    "* CAPABILITY IMAP4rev1 STARTTLS AUTH=GSSAPI LOGINDISABLED",
    "* ENABLED",
    "* ENABLED CONDSTORE X-GOOD-IDEA",
    "* FLAGS (\\Answered \\Flagged Junk $NotJunk)",
    "* LIST (\\Noselect \\HasChildren) \"/\" \"~/Mail/foo\"",
    "* LIST () NIL \"INBOX\"",
    "* LIST (\\NonExistent) \"\\\\\" \"a\\\"b\" (\"CHILDINFO\" (\"SUBSCRIBED\") OLDNAME (a))",
    "* LSUB (\\X-New) \".\" \"#news.comp.mail.misc\"",
    "* STATUS \"blurdybloop\" (MESSAGES 231 UIDNEXT 44292 SIZE 8589934592 X-A (1 2))",
    "* SEARCH",
    "* SEARCH 2 84 882",
    "* SEARCH 2 5 (MODSEQ 917162500)",
    "* ESEARCH",
    "* ESEARCH (TAG \"A282\") MIN 2 COUNT 3",
    "* ESEARCH (TAG \"A283\") UID ALL 2,10:11 MODSEQ 1236 PARTIAL (1:2 3)",
    "* NAMESPACE NIL NIL NIL",
    "* NAMESPACE ((\"\" \"/\")(\"#mh/\" NIL)) NIL ((\"#p/\" \"/\" \"X-P\" (\"a\" \"b\")))",
    "* ID NIL",
    "* ID (\"name\" \"Cyrus\" \"version\" NIL)",
    "* 23 EXISTS",
    "* 0 RECENT",
    "* 44 EXPUNGE",
    "* VANISHED (EARLIER) 41,43:116",
    "* VANISHED 405",
    "* XUNKNOWN (a (b)) {3}\r\nx\"( \"y\" BODY[1.2]<3>",
    "* 7 XUNKNOWN",
    "* 23 FETCH (FLAGS (\\Seen) RFC822.SIZE 44827 UID 7 MODSEQ (624140003))",
    "* 23 FETCH (INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")",
    "* 1 FETCH (BODY[] {6}\r\na\r\nb\"( X-UNKNOWN[a]<1> (b \"c)\") BODY[HEADER]<0> \"x\")",
    "* 1 FETCH (BODY[1.2.MIME] NIL BODY[HEADER.FIELDS (To Date)] \"\")",
    "* 1 FETCH (BINARY[1] \"x\" BINARY.SIZE[2] 77 RFC822 \"a\" RFC822.HEADER NIL RFC822.TEXT \"\")",
    "* 1 FETCH (ENVELOPE (NIL \"a \\\"b\\\"\" ((\"N\" NIL \"ana\" \"a.org\")) NIL NIL ((NIL NIL \"bea\" \"b.com\")(NIL NIL \"c\" \"b.com\")) NIL NIL NIL \"<1@a.org>\"))",
    "* 1 FETCH (BODY (\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7BIT\" 3028 92))",
    "* 1 FETCH (BODYSTRUCTURE (\"image\" \"png\" NIL \"<i>\" \"d\" \"base64\" 9 \"md5\" (\"inline\" (\"filename\" \"a.png\")) (\"en\" \"de\") \"http://a\"))",
    "* 1 FETCH (BODY ((\"a\" \"b\" NIL NIL NIL \"8bit\" 1)((\"text\" \"html\" NIL NIL NIL \"8bit\" 2 1) \"alternative\") \"mixed\"))",
];

#[test]
fn what_is_written_is_what_was_read() {
    for line in CANONICAL {
        let mut wire = Vec::new();
        read(line).write(&mut wire).unwrap_or_else(|error| panic!("{line}: {error}"));
        let wire = String::from_utf8(wire).unwrap();
        assert_eq!(wire, format!("{line}\r\n"));
    }
}

/// A response that ends too early, or goes on, is not read as something else of the same kind.
#[test]
fn nothing_is_read_of_a_piece() {
    for line in CANONICAL.iter().filter(|line| line.starts_with("* ") && line.ends_with(')')) {
        let line = line.as_bytes();
        for n in line.len() - 2..line.len() {
            let data = Response::parse(&line[..n]);
            let kept = matches!(data, Ok(Response::Data(Data::Other(raw))) if raw == &line[2..n]);
            assert!(data.is_err() || kept, "{}", line[..n].escape_ascii());
        }
        let longer = [line, b")"].concat();
        let data = Response::parse(&longer);
        let kept = matches!(data, Ok(Response::Data(Data::Other(raw))) if raw == &longer[2..]);
        assert!(data.is_err() || kept, "{}", longer.escape_ascii());
    }
}

/// The same in another form of words: what the other says is told by the first.
const SAME: &[(&str, &str)] = &[
    ("* list () nil inbox", "* LIST () NIL \"inbox\""),
    ("* LIST () NIL {5}\r\nINBOX", "* LIST () NIL INBOX"),
    ("* LIST () NIL NIL", "* LIST () NIL \"NIL\""),
    ("* status {1}\r\na (messages 3)", "* STATUS a (MESSAGES 3)"),
    ("* 1 fetch (uid 4 flags (\\SEEN))", "* 1 FETCH (UID 4 FLAGS (\\Seen))"),
    ("* VANISHED 5:3,9", "* VANISHED 3:5,9"),
    (
        "* 1 FETCH (BODY[header.fields (to)] {1}\r\na)",
        "* 1 FETCH (BODY[HEADER.FIELDS (\"to\")] \"a\")",
    ),
    ("* 1 FETCH (BODY[TEXT] ~{1}\r\na)", "* 1 FETCH (BODY[TEXT] \"a\")"),
    ("* ok [uidnext 4] x", "* OK [UIDNEXT 4] x"),
    (
        "* 1 FETCH (BODYSTRUCTURE (\"a\" \"b\" NIL NIL NIL \"c\" 1 NIL NIL \"en\"))",
        "* 1 FETCH (BODYSTRUCTURE (\"a\" \"b\" NIL NIL NIL \"c\" 1 NIL NIL (\"en\") NIL))",
    ),
    (
        "* 1 FETCH (BODYSTRUCTURE (\"a\" \"b\" NIL NIL NIL \"c\" 1 NIL NIL NIL NIL 1 (2 (\"x\")) NIL))",
        "* 1 FETCH (BODYSTRUCTURE (\"a\" \"b\" NIL NIL NIL \"c\" 1))",
    ),
];

#[test]
fn forms_that_say_the_same_are_equal() {
    for (one, other) in SAME {
        assert_eq!(read(one), read(other));
    }
}

#[test]
fn the_envelope_and_the_body_of_rfc_3501() {
    let line = "* 12 FETCH (FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" \
        RFC822.SIZE 4286 ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \
        \"IMAP4rev1 WG mtg summary and minutes\" \
        ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
        ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
        ((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) \
        ((NIL NIL \"imap\" \"cac.washington.edu\")) \
        ((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")\
        (\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL \
        \"<B27397-0100000@cac.washington.edu>\") \
        BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92))";
    let Data::Fetch(fetch) = data(line) else { panic!() };
    assert_eq!((fetch.number, fetch.size(), fetch.uid()), (12, Some(4286), None));
    let items: Vec<_> = fetch.data.iter().collect();
    assert_eq!(items.len(), 5);
    let FetchData::Envelope(envelope) = items[3] else { panic!() };
    assert_eq!(envelope.subject, Some(Text::from("IMAP4rev1 WG mtg summary and minutes")));
    let cc: Vec<Address<'_>> = envelope.cc.iter().collect();
    assert_eq!((cc.len(), cc[1].mailbox), (2, Some("KLENSIN".into())));
    assert!(envelope.bcc.is_empty() && envelope.in_reply_to.is_none());
    let FetchData::Body(BodyStructure {
        content: Content::Part(part), subtype, parameters, ..
    }) = items[4]
    else {
        panic!()
    };
    assert_eq!((part.octets, part.lines), (3028, Some(92)));
    assert!(part.media.is("text") && subtype.is("plain"));
    assert_eq!(parameters.first().unwrap().value, "US-ASCII");
}

#[test]
fn a_message_within_a_message() {
    let line = "* 1 FETCH (BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 4 1)\
        (\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 88 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) \
        ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1)(\"text\" \"html\" NIL NIL NIL \"7bit\" 2 1) \
        \"alternative\" (\"boundary\" \"b\")) 9) \"mixed\"))";
    let Data::Fetch(fetch) = data(line) else { panic!() };
    let Some(FetchData::BodyStructure(body)) = fetch.data.first() else { panic!() };
    let Content::Parts(parts) = body.content else { panic!() };
    let Content::Part(part) = parts.iter().nth(1).unwrap().content else { panic!() };
    let message = part.message.unwrap();
    assert_eq!((message.envelope.subject, part.lines), (Some("in".into()), Some(9)));
    let inner = message.structure.first().unwrap();
    let Content::Parts(parts) = inner.content else { panic!() };
    assert_eq!((parts.iter().count(), inner.parameters.first().unwrap().value), (2, "b".into()));
}

/// What each tolerance is for, and that there is none without it.
const QUIRKS: &[(&str, Quirk)] = &[
    ("A1 OK", Quirk::MissingText),
    ("* OK [UIDNEXT 4]", Quirk::MissingText),
    ("* OK [UIDNEXT 4]Predicted", Quirk::Spaces),
    ("* SEARCH 1 2 ", Quirk::Spaces),
    ("* SEARCH  1 2", Quirk::Spaces),
    ("* ESEARCH  (TAG \"a\")  UID  ALL  7", Quirk::Spaces),
    ("* FLAGS (\\Seen) ", Quirk::Spaces),
    ("* FLAGS (\\Seen )", Quirk::Spaces),
    ("* FLAGS ( \\Seen  \\Draft)", Quirk::Spaces),
    ("* 1 FETCH ( UID  4 )", Quirk::Spaces),
    ("* CAPABILITY IMAP4rev1 ", Quirk::Spaces),
    (
        "* 1 FETCH (BODYSTRUCTURE ((\"a\" \"b\" NIL NIL NIL \"c\" 1) (\"a\" \"b\" NIL NIL NIL \"c\" 1) \"mixed\" ))",
        Quirk::Spaces,
    ),
    ("* 1 FETCH (BODY (\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 -1))", Quirk::NegativeNumber),
    ("* 1 FETCH (RFC822.SIZE -1)", Quirk::NegativeNumber),
    ("* 1 FETCH (BODY (\"a\" \"b\" (\"boundary\" NIL) NIL NIL \"7bit\" 3))", Quirk::NilValue),
    ("* 1 FETCH (BODY (NIL NIL NIL NIL NIL NIL 3))", Quirk::NilValue),
    ("* 1 FETCH (BODY (\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 NIL))", Quirk::NilValue),
    ("* LIST () \"\" INBOX", Quirk::NilValue),
    ("* 1 FETCH (ENVELOPE (NIL NIL () NIL NIL NIL NIL NIL NIL NIL))", Quirk::EmptyList),
    ("* 1 FETCH (BODY (\"mixed\"))", Quirk::EmptyList),
    ("* LIST () NIL \"a\\b\"", Quirk::Escapes),
    ("+", Quirk::BarePlus),
    ("* FLAGS no list", Quirk::Unreadable),
    ("* 1 FETCH (UID no)", Quirk::Unreadable),
    ("* SEARCH 1 two", Quirk::Unreadable),
];

#[test]
fn quirks_are_tolerated_each_by_its_name_and_reported() {
    for (line, quirk) in QUIRKS {
        let error = Response::parse(line.as_bytes()).unwrap_err();
        if *quirk != Quirk::Unreadable {
            assert_eq!(error.kind, Fault::Quirk(*quirk), "{line}");
        }
        let (response, needed) = Response::parse_with(line.as_bytes(), Quirks::all()).unwrap();
        // What is tolerated for one thing is not tolerated for another.
        let again = Response::parse_with(line.as_bytes(), needed).unwrap();
        assert_eq!(again, (response, needed), "{line}");
        let unreadable =
            matches!(response, Response::Data(Data::Other(raw)) if raw == &line.as_bytes()[2..]);
        assert_eq!(unreadable, *quirk == Quirk::Unreadable, "{line}");
    }
}

/// What stands in brackets and is not understood is kept as it is: no quirk is needed for that.
#[test]
fn a_code_ends_at_the_same_bracket_whatever_is_tolerated() {
    let lines: [&[u8]; 3] =
        [b"* OK [X \"\xe8\"] x", b"* OK [X \"\\a]\" y] x", b"* NO [BADCHARSET (\"\xff\" [)] x"];
    for line in lines {
        let strict = Response::parse(line).unwrap();
        let tolerant = Response::parse_with(line, Quirks::all()).unwrap();
        assert_eq!(tolerant, (strict, Quirks::default()), "{}", line.escape_ascii());
    }
}

/// A quote that begins no string, before the text of the message, must not begin one with what comes in it.
#[test]
fn the_brackets_of_an_item_hold_whole_strings() {
    for value in ["{2}\r\n\"x", "\"x\""] {
        let line = format!("* 1 FETCH (BODY[X \"] BODY[] {value})");
        let (response, needed) = Response::parse_with(line.as_bytes(), Quirks::all()).unwrap();
        assert!(matches!(response, Response::Data(Data::Other(_))), "{response:?}");
        assert_eq!(needed, Quirks { unreadable: true, ..Quirks::default() });
    }
}

/// Some servers tell of multiparts without parts; there is no way to say so.
#[test]
fn a_multipart_without_parts_is_read_and_not_written() {
    let line = b"* 1 FETCH (BODYSTRUCTURE (\"mixed\"))";
    let (response, needed) = Response::parse_with(line, Quirks::all()).unwrap();
    assert!(needed.empty_lists);
    let mut wire = Vec::new();
    assert!(response.write(&mut wire).is_err(), "{}", wire.escape_ascii());
    assert_eq!(wire, b"");
}

#[test]
fn eight_bit_text_is_utf_8_or_a_quirk() {
    assert!(Response::parse("* OK größer".as_bytes()).is_ok());
    assert!(Response::parse("* LIST () NIL \"größer\"".as_bytes()).is_ok());
    for line in [&b"* OK gr\xf6\xdfer"[..], b"* LIST () NIL \"gr\xf6\xdfer\""] {
        assert_eq!(Response::parse(line).unwrap_err().kind, Fault::Quirk(Quirk::EightBit));
        let quirks = Quirks { eight_bit: true, ..Quirks::default() };
        assert!(Response::parse_with(line, quirks).is_ok());
    }
}

#[test]
fn refused() {
    for line in [
        "",
        " ",
        "*",
        "* ",
        "A1",
        "A1 ",
        "A1 PREAUTH x",
        "A1 BYE x",
        "A1 FLAGS ()",
        "A+1 OK x",
        "(A OK x",
        "* 0 EXPUNGE",
        "* 0 FETCH (UID 1)",
        "* 1 FETCH",
        "* 1 FETCH UID 1",
        "* 1 FETCH (UID)",
        "* 1 FETCH (UID 0)",
        "* 1 FETCH (UID 4294967296)",
        "* 1 FETCH (RFC822.SIZE 9223372036854775808)",
        "* 1 FETCH (UID 1",
        "* 1 FETCH (UID 1))",
        "* 1 FETCH (UID 1) x",
        "* 1 FETCH (FLAGS \\Seen)",
        "* 1 FETCH (BODY[ NIL)",
        "* 1 FETCH (BODY[] x)",
        "* 1 FETCH (BODY[] {3}\r\nab)",
        "* 1 FETCH (X \"a)",
        "* 1 FETCH (X (a)",
        "* 1 FETCH (ENVELOPE (NIL))",
        "* 1 FETCH (BODY ())",
        "* LIST () NIL",
        "* LIST () \"ab\" x",
        "* LIST (a b) / x",
        "* SEARCH 0",
        "* SEARCH 1,2",
        "* VANISHED 1:*",
        "* VANISHED ",
        "* ESEARCH MIN",
        "* NAMESPACE NIL NIL",
        "* ID (\"a\")",
        "* OK a\rb",
        "* OK a\0b",
        "* LIST () NIL \"a\rb\"",
        "* LIST () NIL \"a\nb\"",
        "* LIST () NIL \"a\0b\"",
        "* 23 EXISTS x",
        "* 99999999999 EXISTS",
    ] {
        assert!(Response::parse(line.as_bytes()).is_err(), "{line:?}");
    }
}

#[test]
fn codes_that_are_not_what_they_should_be_are_kept() {
    for raw in [
        "UIDNEXT",
        "UIDNEXT x",
        "COPYUID 1 2",
        "APPENDUID 1 *",
        "ALERT x",
        "PERMANENTFLAGS \\Seen",
        "",
    ] {
        assert_eq!(Code::parse(raw.as_bytes()), Code::Other(raw.as_bytes()));
    }
    // A bracket that is never closed is text.
    let Response::Status(status) = read("* OK [ALERT hi") else { panic!() };
    assert_eq!((status.code, status.text), (None, "[ALERT hi".into()));
    // A bracket in a string does not close the code.
    let Response::Status(status) = read("* NO [BADCHARSET (\"a]\")] hi") else { panic!() };
    assert_eq!((status.condition, status.text), (Condition::No, "hi".into()));
}

#[test]
fn what_is_not_known_is_never_an_error() {
    for raw in [
        "+  ",
        "X",
        "X  y",
        "1  X",
        "99999999999999999999 X",
        "0 X",
        "(",
        "\"",
        "LISTS",
        "1 EXISTSX x",
        "1",
    ] {
        assert_eq!(data(&format!("* {raw}")), Data::Other(raw.as_bytes()));
    }
}

/// Body structures of 1000 levels and a million parentheses cost little and are refused.
#[test]
fn deep_nesting_is_refused() {
    let deep = |n: usize, open: &str| format!("* 1 FETCH (BODYSTRUCTURE {}", open.repeat(n));
    for open in [
        "(",
        "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 1 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ",
    ] {
        let wire = deep(1000, open);
        assert_eq!(Response::parse(wire.as_bytes()).unwrap_err().kind, Fault::Nesting);
    }
    let unknown = format!("* 1 FETCH (X {}{})", "(".repeat(1_000_000), ")".repeat(1_000_000));
    assert!(Response::parse(unknown.as_bytes()).is_ok());
    let half = &unknown[..1_500_000];
    assert!(Response::parse(half.as_bytes()).is_err());
}

/// Reading the first part of a part of a part … twice at every level would take 2^60 steps.
#[test]
fn nested_multiparts_are_read_once() {
    let mut body = "(\"a\" \"b\" NIL NIL NIL \"c\" 1)".to_owned();
    for _ in 0..60 {
        body = format!("({body} \"mixed\")");
    }
    let wire = format!("* 1 FETCH (BODY {body})");
    let mut written = Vec::new();
    read(&wire).write(&mut written).unwrap();
    assert_eq!(written.len(), wire.len() + 2);
}

#[test]
fn nothing_smuggles_a_line_into_what_is_written() {
    let inject = "x\r\nA1 OK injected";
    let mut wire = Vec::new();
    let status = |code, text| Status { condition: Condition::Ok, code, text: Text::from(text) };
    let fetch = |data: &'static [FetchData<'static>]| {
        Response::Data(Data::Fetch(Fetch { number: 1, data: Items::new(data) }))
    };
    for response in [
        Response::Status(status(None, inject)),
        Response::Status(status(None, "[ALERT] not a code of ours")),
        Response::Status(status(Some(Code::Other(inject.as_bytes())), "x")),
        Response::Status(status(Some(Code::Other(b"A] x")), "x")),
        Response::Continue(Text::from(inject)),
        Response::Tagged(inject, status(None, "x")),
        Response::Tagged("+", status(None, "x")),
        Response::Tagged("A1", Status { condition: Condition::Bye, ..status(None, "x") }),
        Response::Data(Data::Other(inject.as_bytes())),
        Response::Data(Data::Other(b"X {5}\r\nabc")),
        Response::Data(Data::Expunge(0)),
        fetch(&[FetchData::Other { name: b"X\r\nA1", value: b"1" }]),
        fetch(&[FetchData::Other { name: b"X", value: b"1) Y (2" }]),
        fetch(&[FetchData::Other { name: b"X", value: b"\"a\r\n\"" }]),
        fetch(&[FetchData::Text(Place::Other(b"X Y"), None)]),
        Response::Data(Data::Esearch(Esearch {
            data: Items::new(&[SearchData::Other { name: "X\r\n", value: b"1" }]),
            ..Esearch::default()
        })),
        Response::Data(Data::Esearch(Esearch {
            data: Items::new(&[SearchData::All(Items::new(&[Range { first: 5, last: 2 }]))]),
            ..Esearch::default()
        })),
    ] {
        assert!(response.write(&mut wire).is_err(), "{response:?}: {}", wire.escape_ascii());
        assert!(wire.is_empty());
    }
    // A string with a line end is a literal.
    let envelope = Envelope { subject: Some(Text::from(inject)), ..Envelope::default() };
    let data = [FetchData::Envelope(envelope)];
    let response = Response::Data(Data::Fetch(Fetch { number: 1, data: Items::new(&data) }));
    response.write(&mut wire).unwrap();
    assert_eq!(Response::parse(&wire[..wire.len() - 2]).unwrap(), response);
    assert!(wire.windows(6).any(|six| six == b"{17}\r\n"));
}

#[test]
fn dates() {
    for good in
        [" 7-Feb-1994 21:52:25 -0800", "17-jul-1996 02:44:25 +0000", "31-DEC-9999 23:59:60 +2359"]
    {
        let date = DateTime::parse(good.as_bytes()).unwrap();
        let mut wire = Vec::new();
        date.write(&mut wire).unwrap();
        assert_eq!(DateTime::parse(&wire[1..wire.len() - 1]), Ok(date), "{good}");
    }
    for bad in [
        "",
        "7-Feb-1994 21:52:25 -0800",
        "17-Foo-1994 21:52:25 -0800",
        "32-Feb-1994 21:52:25 -0800",
        "00-Feb-1994 21:52:25 -0800",
        "17-Feb-1994 24:52:25 -0800",
        "17-Feb-1994 21:60:25 -0800",
        "17-Feb-1994 21:52:61 -0800",
        "17-Feb-1994 21:52:25 0800",
        "17-Feb-1994 21:52:25 -0860",
        "17-Feb-1994 21:52:25 -08000",
        "17-Feb-94 21:52:25 -0800 ",
        "1\u{e9}-Feb-1994 21:52:25 -080",
    ] {
        assert!(DateTime::parse(bad.as_bytes()).is_err(), "{bad:?}");
        // In a response it is kept.
        let wire = format!("* 1 FETCH (INTERNALDATE \"{bad}\")");
        let Data::Fetch(fetch) = data(&wire) else { panic!() };
        assert!(matches!(fetch.data.first(), Some(FetchData::Other { .. })), "{bad:?}");
    }
    let date = DateTime::parse(b"17-Jul-1996 02:44:25 -0700").unwrap();
    assert_eq!((date.year, date.month, date.day, date.offset), (1996, 7, 17, -420));
    for date in [
        DateTime { month: 13, ..date },
        DateTime { month: 0, ..date },
        DateTime { day: 99, ..date },
    ] {
        assert!(date.write(&mut Vec::new()).is_err());
    }
}

#[test]
fn sections() {
    for good in [
        "",
        "1",
        "1.2.3",
        "HEADER",
        "TEXT",
        "1.MIME",
        "2.HEADER",
        "3.TEXT",
        "1.HEADER.FIELDS.NOT (A)",
        "HEADER.FIELDS (A \"b c\")",
    ] {
        let section = Section::parse(good.as_bytes()).unwrap();
        let mut wire = Vec::new();
        section.write(&mut wire).unwrap();
        assert_eq!(wire, good.as_bytes());
    }
    for bad in
        ["MIME", "0", "1.", "1..2", "1.0", "HEADER.FIELDS", "HEADER.FIELDS ()x", "X", "1.X", "1 2"]
    {
        assert!(Section::parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn numbers_of_a_search_are_read_as_they_are_asked_for() {
    let found: Vec<u32> = vec![1, 5, 4_294_967_295];
    let search = Search { found: Items::new(&found), mod_seq: None };
    assert_eq!(data("* SEARCH 1 5 4294967295"), Data::Search(search));
}

/// With two spaces before it, `UID` was taken for the name of what was found.
#[test]
fn spaces_in_esearch_change_nothing() {
    let strict = Response::parse(b"* ESEARCH (TAG \"a\") UID ALL 7").unwrap();
    let wire = b"* ESEARCH  (TAG \"a\")  UID  ALL 7 ";
    assert_eq!(Response::parse_with(wire, Quirks::all()).unwrap().0, strict);
}
