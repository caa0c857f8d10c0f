//! Third-party messages under `POSTA_CORPORA`; their expectations are another program's opinion, so
//! every difference is listed here with its reason.
#![allow(clippy::unwrap_used)]

#[path = "imap/grammar.rs"]
mod grammar;
#[path = "corpora/json.rs"]
mod json;

use imf_message::{Address, AddressList, Date, Edit, Mailbox, Message, Segment, parse_ids};
use json::Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn corpora(folder: &str) -> PathBuf {
    let root = std::env::var("POSTA_CORPORA")
        .expect("POSTA_CORPORA names the folder of third-party cases");
    Path::new(&root).join(folder)
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut todo = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Compares with the reasons listed: every difference has one, and every reason is needed.
fn explained(found: BTreeMap<String, String>, reasons: &[(&str, &str)]) {
    let unexplained: Vec<_> =
        found.iter().filter(|(case, _)| !reasons.iter().any(|(name, _)| name == case)).collect();
    let idle: Vec<_> = reasons.iter().filter(|(name, _)| !found.contains_key(*name)).collect();
    assert!(unexplained.is_empty() && idle.is_empty(), "new {unexplained:#?}\ngone {idle:#?}");
}

#[test]
fn every_message_is_covered_and_kept() {
    let files = walk(&corpora("message"));
    assert!(files.len() > 1_000, "{}", files.len());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let message = Message::new(&bytes);
        let mut at = 0;
        for (segment, span) in message.index().segments() {
            assert_eq!(span.start, at, "{file:?}");
            assert_ne!(segment, Segment::Unscanned, "{file:?}");
            at = span.end;
        }
        assert_eq!(at, bytes.len(), "{file:?}");
        assert_eq!(Edit::new(&message).to_vec(), bytes, "{file:?}");
        for part in message.parts() {
            let _ = (part.text(), part.file_name());
            for field in part.fields() {
                let _ = (field.text(), field.addresses(), field.date(), field.ids());
            }
        }
    }
}

#[test]
fn every_message_is_told_by_the_grammar_of_imap() {
    for file in walk(&corpora("message")) {
        let bytes = std::fs::read(&file).unwrap();
        grammar::check(&bytes);
        grammar::check(&imf_message::to_crlf(&bytes));
    }
}

fn show(list: &AddressList) -> String {
    let mailbox = |m: &Mailbox| {
        let address =
            if m.domain.is_empty() { m.local.clone() } else { format!("{}@{}", m.local, m.domain) };
        format!("{} <{address}>", m.name.as_deref().unwrap_or_default())
    };
    let all = list.addresses.iter().map(|address| match address {
        Address::Mailbox(m) => mailbox(m),
        Address::Group { name, members } => {
            format!("{name}:{}", members.iter().map(mailbox).collect::<Vec<_>>().join(","))
        }
    });
    all.collect::<Vec<_>>().join(",")
}

/// The same from the expectation; a group without name is how it notes addresses outside of groups.
fn show_expected(value: &Json) -> String {
    let mailboxes = |list: &Json| {
        let one = |m: &Json| format!("{} <{}>", m["name"].text(), m["address"].text());
        list.list().iter().map(one).collect::<Vec<_>>().join(",")
    };
    let group = |group: &Json| match group["name"].text() {
        "" => mailboxes(&group["addresses"]),
        name => format!("{name}:{}", mailboxes(&group["addresses"])),
    };
    match &value["Group"] {
        Json::Null => mailboxes(&value["List"]),
        groups => groups.list().iter().map(group).collect::<Vec<_>>().join(","),
    }
}

/// Seconds since 1970 and offset, by way of the text form.
fn date_expected(value: &Json) -> Option<Date> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let part = |name: &str| value[name].number();
    let month = usize::try_from(part("month")?).ok()?.checked_sub(1)?;
    let sign = if value["tz_before_gmt"] == Json::Bool(true) { '-' } else { '+' };
    let text = format!(
        "{} {} {} {:02}:{:02}:{:02} {sign}{:02}{:02}",
        part("day")?,
        MONTHS.get(month)?,
        part("year")?,
        part("hour")?,
        part("minute")?,
        part("second")?,
        part("tz_hour")?,
        part("tz_minute")?
    );
    Date::parse(text.as_bytes()).ok()
}

#[test]
fn messages_as_mail_parser_sees_them() {
    let root = corpora("message/mail-parser/resources/eml");
    let mut found = BTreeMap::new();
    let mut cases = 0;
    for file in walk(&root).into_iter().filter(|f| f.extension().is_some_and(|e| e == "eml")) {
        let bytes = std::fs::read(&file).unwrap();
        let expected = json::parse(&std::fs::read_to_string(file.with_extension("json")).unwrap());
        let message = Message::new(&bytes);
        let name = file.strip_prefix(&root).unwrap().with_extension("").display().to_string();
        let mut check = |what: &str, ours: String, theirs: String| {
            cases += 1;
            if ours != theirs {
                found.insert(format!("{name} {what}"), format!("ours {ours:?}, theirs {theirs:?}"));
            }
        };
        let parts = expected["parts"].list();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for header in parts[0]["headers"].list() {
            let kind = header["name"].text();
            // The headers come in order: the next one of this name is the same on both sides.
            let before = seen.entry(kind.to_owned()).or_insert(0);
            *before += 1;
            let before = *before - 1;
            let field = |name: &str| message.fields().filter(|f| f.is(name)).nth(before);
            let value = &header["value"];
            match kind {
                "subject" => {
                    let ours = field("Subject").map(|f| f.text().into_owned());
                    check(kind, ours.unwrap_or_default(), value["Text"].text().into());
                }
                "from" | "to" | "cc" | "reply_to" => {
                    let ours = field(&kind.replace('_', "-")).map(|f| show(&f.addresses()));
                    check(kind, ours.unwrap_or_default(), show_expected(&value["Address"]));
                }
                "date" => {
                    let ours = field("Date").and_then(|f| f.date().ok());
                    check(
                        kind,
                        format!("{ours:?}"),
                        format!("{:?}", date_expected(&value["DateTime"])),
                    );
                }
                _ => {}
            }
        }
        // There, further texts that are not the first alternative count as well: compare the others.
        let text = |n: &&Json| {
            let part = &parts[usize::try_from(n.number().unwrap()).unwrap()]["body"];
            part["Text"] == Json::Null && part["Html"] == Json::Null
        };
        let theirs = expected["attachments"].list().iter().filter(text).count();
        let attachments = message.attachments();
        let ours = attachments.iter().filter(|p| !p.content_type().is("text", "*")).count();
        check("attachments", ours.to_string(), theirs.to_string());
    }
    assert!(cases > 300, "{cases}");
    explained(found, MESSAGES);
}

/// Differences from mail-parser's reading of whole messages.
const MESSAGES: &[(&str, &str)] = &[
    ("legacy/001 subject", "UTF-7 is not decoded: no current charset registry has it"),
    ("legacy/001 to", "UTF-7 is not decoded: no current charset registry has it"),
    ("legacy/005 subject", "UTF-7 is not decoded: no current charset registry has it"),
    ("legacy/005 to", "UTF-7 is not decoded: no current charset registry has it"),
    ("legacy/010 subject", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/010 to", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/017 to", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/020 subject", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/020 to", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/022 subject", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/022 to", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/027 subject", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/027 to", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/052 subject", "8-bit header without a charset: read as windows-1252 here"),
    ("legacy/052 to", "8-bit header without a charset: read as windows-1252 here"),
    (
        "malformed/012 attachments",
        "the inner multipart is closed by the outer delimiter, then one more message comes",
    ),
    ("malformed/022 attachments", "broken, but a message: there it is text"),
    ("rfc/000 attachments", "audio and image with empty bodies count here"),
    (
        "thirdparty/015 attachments",
        "an attached message without a body does not swallow the next delimiter here",
    ),
];

#[test]
fn addresses_as_mail_parser_sees_them() {
    let cases = corpora("message/mail-parser/resources/address.json");
    let mut found = BTreeMap::new();
    for case in json::parse(&std::fs::read_to_string(cases).unwrap()).list() {
        let value = case["header"].text();
        let ours = show(&AddressList::parse(value.trim_end().as_bytes()));
        let theirs = show_expected(&case["expected"]);
        if ours != theirs {
            found.insert(value.trim_end().to_owned(), format!("ours {ours:?}, theirs {theirs:?}"));
        }
    }
    explained(found, ADDRESSES);
}

/// Differences from mail-parser's reading of addresses.
const ADDRESSES: &[(&str, &str)] = &[
    (
        "\"  James Smythe\" <james@example.com>, Friends:\n  jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\n   <john@example.com>;",
        "white space around a name is dropped",
    ),
    (
        "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
        "a comment is not part of a name",
    ),
    (
        "(Use this command to get off the list)\n     <mailto:list-manager@host.com?body=unsubscribe%20list>",
        "a List field: URLs, not addresses",
    ),
    (
        "(Use this command to join the list)\n   <mailto:list-manager@host.com?body=subscribe%20list>",
        "a List field: URLs, not addresses",
    ),
    ("<a@b.com> =?utf-8?q?Doe?=", "what follows an address is no name"),
    (
        "<ftp://ftp.host.com/list.txt> (FTP),\n   <mailto:list@host.com?subject=help>",
        "a List field: URLs, not addresses",
    ),
    (
        "<http://www.host.com/list.cgi?cmd=sub&lst=list>,\n   <mailto:list-manager@host.com?body=subscribe%20list>",
        "a List field: URLs, not addresses",
    ),
    (
        "<http://www.host.com/list.cgi?cmd=unsub&lst=list>,\n   <mailto:list-request@host.com?subject=unsubscribe>",
        "a List field: URLs, not addresses",
    ),
    (
        "<http://www.host.com/list/>, <mailto:list-info@host.com>",
        "a List field: URLs, not addresses",
    ),
    ("<http://www.host.com/list/archive/> (Web Archive)", "a List field: URLs, not addresses"),
    ("<mailto:archive@host.com?subject=index%20list>", "a List field: URLs, not addresses"),
    ("<mailto:listmom@host.com> (Contact Person for Help)", "a List field: URLs, not addresses"),
    ("<mailto:moderator@host.com> (Postings are Moderated)", "a List field: URLs, not addresses"),
    (
        "A Group(Some people)\n        :Chris Jones <c@(Chris's host.)public.example>,\n            joe@example.org,\n     John <jdoe@one.test> (my dear friend); (the end of the group)",
        "a comment is not part of a name",
    ),
    ("John Doe <jdoe@machine(comment).  example>", "a comment is not part of a name"),
    (
        "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
        "RFC 5322 4.4: a route is ignored and white space in a domain has no meaning",
    ),
    ("NO (posting not allowed on this list)", "a name, not an address"),
    ("Name (comment) =?utf-8?q?Doe?= <a@b.com>", "a comment is not part of a name"),
    (
        "Nathaniel Borenstein <nsb@thumper.bellcore.com>\n    (=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=)",
        "a comment is not part of a name",
    ),
    (
        "Pete(A nice \n \\\n ) chap) <pete(his\n account)@silly\n .test(his host)>",
        "a comment is not part of a name",
    ),
    (
        "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
        "a comment is not part of a name",
    ),
];

#[test]
fn dates_and_identifiers_as_mail_parser_sees_them() {
    let folder = corpora("message/mail-parser/resources");
    let mut found = BTreeMap::new();
    for case in json::parse(&std::fs::read_to_string(folder.join("date.json")).unwrap()).list() {
        let value = case["header"].text();
        let ours = Date::parse(value.trim_end().as_bytes()).ok();
        let theirs = date_expected(&case["expected"]);
        if ours != theirs {
            found.insert(value.trim_end().to_owned(), format!("ours {ours:?}, theirs {theirs:?}"));
        }
    }
    for case in json::parse(&std::fs::read_to_string(folder.join("id.json")).unwrap()).list() {
        let value = case["header"].text();
        let ours = parse_ids(value.as_bytes()).join(" ");
        let theirs = case["expected"].list().iter().map(Json::text).collect::<Vec<_>>().join(" ");
        if ours != theirs {
            found.insert(value.trim_end().to_owned(), format!("ours {ours:?}, theirs {theirs:?}"));
        }
    }
    explained(found, DATES_AND_IDS);
}

/// Differences from mail-parser's reading of dates and identifiers.
const DATES_AND_IDS: &[(&str, &str)] = &[
    (" 4 8 15 16 23 42, 4 8 15 16 23 42, 4 8 15 16 23 42,", "not a date"),
    ("20 11 (some \n 44 comments(more comments\n )) 79 05:34:27 -0300", "a month is no number"),
    (
        "<1234   @   local(blah)  .machine .example>",
        "RFC 5322 A.6.3: white space and comments have no meaning",
    ),
    (
        "<1234@local.machine.example>\n\n <3456@example.net>",
        "an empty line would have ended the header: here all of the value is read",
    ),
    (
        "Tue, 1 Jul 2003 ((invalid)\ncomment) 10:52:37 +0200",
        "a comment may hold another and be folded",
    ),
    (
        "by 2002:aa7:cd10:0:b0:45c:2c83:1208 with SMTP id b16-20020aa7cd10000000b0045c2c831208mr4220805edw.81.1665423075119;\n\tMon, 10 Oct 2022 10:31:15 -0700 (PDT)",
        "not a date but a trace field",
    ),
];

/// The text between the tags of `name`, and what comes after.
fn element<'a>(xml: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>"))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_once('&') {
        out.push_str(plain);
        let (entity, tail) = tail.split_once(';').unwrap();
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            code => {
                char::from_u32(u32::from_str_radix(code.strip_prefix("#x").unwrap(), 16).unwrap())
                    .unwrap()
            }
        });
        rest = tail;
    }
    out.push_str(rest);
    // Control characters stand in the file as their pictures.
    let control =
        |c: char| u32::from(c).checked_sub(0x2400).filter(|n| *n < 0x20).and_then(char::from_u32);
    out.chars().map(|c| control(c).unwrap_or(c)).collect()
}

#[test]
fn addresses_of_isemail() {
    let xml = std::fs::read_to_string(corpora("address/isemail/tests.xml")).unwrap();
    let mut found = BTreeMap::new();
    let mut count = 0;
    for test in xml.split("<test id=").skip(1) {
        let (id, _) = test[1..].split_once('"').unwrap();
        let address = element(test, "address").map_or_else(String::new, |(text, _)| unescape(text));
        let category = element(test, "category").unwrap().0;
        let diagnosis = element(test, "diagnosis").unwrap().0;
        let ours = address.parse::<Mailbox>().is_ok();
        let theirs = category != "ISEMAIL_ERR";
        count += 1;
        if ours != theirs {
            found.insert(id.to_owned(), format!("{address:?} {diagnosis}: valid here {ours}"));
        }
    }
    assert_eq!(count, 164);
    explained(found, ISEMAIL);
}

/// Differences from isemail, by the number of the test.
const ISEMAIL: &[(&str, &str)] = &[
    ("102", "RFC 5322 3.4.1: hyphens are a matter of DNS, not of this grammar"),
    ("160", "RFC 6532 3.1: a quoted pair may be UTF-8"),
    ("30", "RFC 5322 3.4.1: hyphens are a matter of DNS, not of this grammar"),
    ("31", "RFC 5322 3.4.1: hyphens are a matter of DNS, not of this grammar"),
];
