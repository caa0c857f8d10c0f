//! IMAP, with a mail program and line by line.
#![allow(clippy::unwrap_used)]

mod common;

use agent::{Account, Mailstore, Security};
use common::{PASSWORD, World};
use imap_proto::codec::{Flag, Store};
use posta_net::{Stream, tls};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// How long anything may take that happens on one machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn open(world: &World, security: Security) -> Mailstore {
    Mailstore::open(&world.bea("imap", security), &world.trust()).await.unwrap()
}

const TEA: &str = "From: Ana <ana@a.org>\r\nTo: bea@b.com\r\nSubject: Tea at four\r\n\
                   Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\nCome for tea.\r\n";

#[tokio::test]
async fn bea_reads_sorts_and_removes() {
    let world = World::start().await;
    world.deliver(1, TEA);
    world.deliver(2, "From: ana@a.org\nSubject: =?utf-8?q?Th=C3=A9?=\n\nonly LF\n");
    for security in [Security::Tls, Security::StartTls] {
        let mut store = open(&world, security).await;
        assert_eq!(store.list().await.unwrap(), ["INBOX"]);
        let opened = store.select("inbox").await.unwrap();
        assert_eq!((opened.exists, opened.uid_next), (2, 3));
        assert_eq!(store.read(1, false).await.unwrap(), TEA.as_bytes());
        assert!(TEA.starts_with(std::str::from_utf8(&store.read(1, true).await.unwrap()).unwrap()));
        let two = store.read(2, false).await.unwrap();
        assert_eq!(two, b"From: ana@a.org\r\nSubject: =?utf-8?q?Th=C3=A9?=\r\n\r\nonly LF\r\n");
        assert!(store.read(3, false).await.is_err());
        assert_eq!(store.search(b"SUBJECT tea").await.unwrap(), [1]);
        assert_eq!(store.search(b"CHARSET UTF-8 SUBJECT {4}\r\nTh\xc3\xa9").await.unwrap(), [2]);
        assert_eq!(store.search(b"BODY tea SENTON 21-Nov-2026").await.unwrap(), [1]);
        assert_eq!(store.search(b"SEEN").await.unwrap(), [], "they were only peeked at");
        store.close().await.unwrap();
    }
    let mut store = open(&world, Security::Tls).await;
    store.select("INBOX").await.unwrap();
    store.store("1", Store::Add, &[Flag::Flagged, Flag::Other("$Tea")]).await.unwrap();
    let list = store.summaries("1:*").await.unwrap();
    assert_eq!((list.len(), list[0].uid, list[0].octets), (2, 1, TEA.len() as u64));
    assert_eq!(list[0].flags, ["\\Flagged", "$Tea"]);
    assert_eq!(
        (list[0].from.as_slice(), list[0].subject.as_slice()),
        (&b"Ana"[..], &b"Tea at four"[..])
    );
    assert_eq!(list[1].from, b"ana@a.org");
    assert_eq!(store.search(b"KEYWORD $tea").await.unwrap(), [1]);

    store.create("Archive.2026").await.unwrap();
    store.move_to("1", "Archive.2026").await.unwrap();
    assert_eq!(store.search(b"ALL").await.unwrap(), [2]);
    store.remove("2").await.unwrap();
    assert_eq!(store.search(b"ALL").await.unwrap(), []);
    let sent = "Subject: sent\r\n\r\nHi\r\n";
    store.append("Archive.2026", &[Flag::Seen], sent.as_bytes()).await.unwrap();
    assert!(store.append("Nowhere", &[], sent.as_bytes()).await.is_err());
    store.select("Archive.2026").await.unwrap();
    let list = store.summaries("1:*").await.unwrap();
    assert_eq!(list[0].flags, ["\\Flagged", "$Tea"], "keywords move with their messages");
    assert_eq!(list[1].flags, ["\\Seen"]);
    assert_eq!(store.read(2, false).await.unwrap(), sent.as_bytes());
    store.close().await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn a_session_that_idles_is_woken() {
    let world = World::start().await;
    let mut store = open(&world, Security::Tls).await;
    assert_eq!(store.select("INBOX").await.unwrap().exists, 0);
    assert_eq!(store.search(b"ALL").await.unwrap(), []);
    for count in 1..=3 {
        let idle = async {
            timeout(PATIENCE, store.idle()).await.unwrap().unwrap();
            store.search(b"ALL").await.unwrap().len()
        };
        let deliver = async { world.deliver(count, TEA) };
        let (messages, ()) = tokio::join!(idle, deliver);
        assert_eq!(messages as u64, count);
    }
    // The end of the server ends it, too.
    let stop = world.stop.clone();
    let (idle, ()) = tokio::join!(timeout(PATIENCE, store.idle()), async { stop.stop() });
    assert!(idle.unwrap().is_err());
    world.end().await;
}

#[tokio::test]
async fn only_the_right_password_opens_it() {
    let world = World::start().await;
    let mut refusals = Vec::new();
    for (user, password) in [
        ("bea@b.com", "wrong"),
        ("nobody@b.com", PASSWORD),
        ("bea@b.com", ""),
        ("../bea", PASSWORD),
    ] {
        let (user, password) = (Some(user.into()), Some(password.into()));
        let account = Account { user, password, ..world.bea("imap", Security::Tls) };
        let error = Mailstore::open(&account, &world.trust()).await.err().unwrap().to_string();
        assert!(!error.contains(PASSWORD), "{error}");
        refusals.push(error);
    }
    // Nobody learns which users exist.
    assert_eq!(refusals[0], refusals[1]);
    world.end().await;
}

/// A client that says what it is told to.
struct Talk<S>(BufReader<S>);

impl Talk<Stream> {
    async fn start(world: &World) -> Self {
        let address = world.service.address("imaps").unwrap();
        let tcp = TcpStream::connect(address).await.unwrap();
        let stream = tls::connect(tcp, &world.trust(), "mail.b.com", PATIENCE).await.unwrap();
        let mut talk = Self(BufReader::new(stream));
        talk.line().await;
        talk.say(&format!("l LOGIN bea@b.com {PASSWORD}")).await;
        talk
    }
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Talk<S> {
    /// A line, with the literals in it.
    async fn line(&mut self) -> String {
        let mut all = Vec::new();
        loop {
            let read = self.0.read_until(b'\n', &mut all);
            assert!(timeout(PATIENCE, read).await.unwrap().unwrap() > 0, "closed");
            let text = String::from_utf8_lossy(&all).into_owned();
            let Some(head) = text.strip_suffix("}\r\n") else {
                return text.trim_end().to_owned();
            };
            let size: usize = head.rsplit_once('{').unwrap().1.parse().unwrap();
            let end = all.len();
            all.resize(end + size, 0);
            self.0.read_exact(&mut all[end..]).await.unwrap();
        }
    }

    async fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
        self.0.get_mut().flush().await.unwrap();
    }

    /// All that is said up to the answer to this command.
    async fn say(&mut self, command: &str) -> Vec<String> {
        self.send(&format!("{command}\r\n")).await;
        let tag = command.split_once(' ').unwrap().0.to_owned() + " ";
        let mut said = Vec::new();
        loop {
            let line = self.line().await;
            let last = line.starts_with(&tag) || line.starts_with("+ ");
            said.push(line);
            if last {
                return said;
            }
        }
    }

    async fn expect(&mut self, command: &str, said: &[&str]) {
        assert_eq!(self.say(command).await, said, "{command}");
    }
}

#[tokio::test]
async fn no_password_is_taken_in_the_clear() {
    let world = World::start().await;
    let tcp = TcpStream::connect(world.service.address("imap").unwrap()).await.unwrap();
    let mut talk = Talk(BufReader::new(tcp));
    let greeting = talk.line().await;
    assert!(
        greeting.contains(" STARTTLS LOGINDISABLED]") && !greeting.contains("AUTH="),
        "{greeting}"
    );
    let refused = ["a NO [PRIVACYREQUIRED] TLS must be started first"];
    talk.expect("a LOGIN bea@b.com looking-glass", &refused).await;
    talk.expect("a AUTHENTICATE PLAIN AGJlYUBiLmNvbQBsb29raW5nLWdsYXNz", &refused).await;
    talk.expect("a LIST \"\" *", &["a BAD log in first"]).await;
    world.end().await;
}

#[tokio::test]
async fn passwords_go_in_the_clear_where_that_is_allowed() {
    let world = World::start_with("plain_text_without_tls = true").await;
    let tcp = TcpStream::connect(world.service.address("imap").unwrap()).await.unwrap();
    let mut talk = Talk(BufReader::new(tcp));
    let greeting = talk.line().await;
    assert!(greeting.contains(" STARTTLS AUTH=") && !greeting.contains("DISABLED"), "{greeting}");
    let said = talk.say("a AUTHENTICATE PLAIN AGJlYUBiLmNvbQBsb29raW5nLWdsYXNz").await;
    assert!(said[0].starts_with("a OK "), "{said:?}");
    world.end().await;
}

#[tokio::test]
async fn two_sessions_see_what_each_other_does() {
    let world = World::start().await;
    for count in 1..=3 {
        world.deliver(count, TEA);
    }
    let (mut one, mut two) = (Talk::start(&world).await, Talk::start(&world).await);
    assert!(one.say("a SELECT INBOX").await.contains(&"* 3 RECENT".to_owned()));
    assert!(two.say("a SELECT INBOX").await.contains(&"* 0 RECENT".to_owned()), "one has them");
    one.expect(
        "b STORE 2 +FLAGS (\\Deleted)",
        &["* 2 FETCH (FLAGS (\\Deleted \\Recent))", "b OK done"],
    )
    .await;
    one.expect("c EXPUNGE", &["* 2 EXPUNGE", "* 2 RECENT", "c OK done"]).await;
    world.deliver(4, TEA);
    // A sequence number means what it meant, until the client can be told.
    two.expect("b FETCH 3 UID", &["* 3 FETCH (UID 3)", "b OK done"]).await;
    two.expect("c FETCH 2 RFC822.HEADER", &["c NO [EXPUNGEISSUED] some of the messages are gone"])
        .await;
    two.expect("d NOOP", &["* 2 EXPUNGE", "* 3 EXISTS", "* 1 RECENT", "d OK done"]).await;
    two.expect("e FETCH 2 UID", &["* 2 FETCH (UID 3)", "e OK done"]).await;
    one.expect("d CHECK", &["* 3 EXISTS", "d OK done"]).await;
    // One writes while the other idles.
    assert_eq!(two.say("f IDLE").await, ["+ idling"]);
    one.expect(
        "e STORE 1 FLAGS.SILENT (\\Seen $a)",
        &["* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $a)", "e OK done"],
    )
    .await;
    assert_eq!(two.line().await, "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $a)");
    assert_eq!(two.line().await, "* 1 FETCH (FLAGS (\\Seen $a))");
    one.expect("f UID EXPUNGE 1:*", &["f OK done"]).await;
    one.expect("g STORE 1 +FLAGS.SILENT (\\Deleted)", &["g OK done"]).await;
    one.expect("h CLOSE", &["h OK done"]).await;
    loop {
        // Marked first, or gone at once.
        match two.line().await.as_str() {
            "* 1 EXPUNGE" => break,
            "* 1 FETCH (FLAGS (\\Deleted \\Seen $a))" => {}
            other => panic!("{other}"),
        }
    }
    two.send("DONE\r\n").await;
    assert_eq!(two.line().await, "f OK done");
    world.end().await;
}

#[tokio::test]
async fn mailboxes() {
    let world = World::start().await;
    let mut talk = Talk::start(&world).await;
    for name in ["Sent", "a.b", "&AOk-", "Trash."] {
        talk.expect(&format!("a CREATE {name}"), &["a OK done"]).await;
    }
    talk.expect("b CREATE inbox", &["b NO [ALREADYEXISTS] there always is an INBOX"]).await;
    talk.expect("b CREATE Sent", &["b NO [ALREADYEXISTS] there is such a mailbox already"]).await;
    for bad in ["..", "../x", "/etc", "a..b", ".a", "\"a/b\"", "&AOk", "\"&\""] {
        let said = talk.say(&format!("b CREATE {bad}")).await;
        assert_eq!(said, ["b NO [CANNOT] a mailbox cannot be called that"], "{bad}");
    }
    talk.expect("c LIST \"\" \"\"", &["* LIST (\\Noselect) \".\" \"\"", "c OK done"]).await;
    talk.expect(
        "d LIST \"\" %",
        &[
            "* LIST (\\HasNoChildren) \".\" \"&AOk-\"",
            "* LIST (\\HasNoChildren) \".\" \"INBOX\"",
            "* LIST (\\HasNoChildren \\Sent) \".\" \"Sent\"",
            "* LIST (\\HasNoChildren \\Trash) \".\" \"Trash\"",
            "* LIST (\\Noselect \\HasChildren) \".\" \"a\"",
            "d OK done",
        ],
    )
    .await;
    talk.expect("e LIST a. *", &["* LIST (\\HasNoChildren) \".\" \"a.b\"", "e OK done"]).await;
    talk.expect("f SUBSCRIBE a.b", &["f OK done"]).await;
    talk.expect("f SUBSCRIBE gone", &["f OK done"]).await;
    talk.expect(
        "g LSUB \"\" %",
        &[
            "* LSUB (\\Noselect \\HasChildren) \".\" \"a\"",
            "* LSUB (\\Noselect \\HasNoChildren) \".\" \"gone\"",
            "g OK done",
        ],
    )
    .await;
    talk.expect("h UNSUBSCRIBE gone", &["h OK done"]).await;
    talk.expect("i LSUB \"\" *", &["* LSUB (\\HasNoChildren) \".\" \"a.b\"", "i OK done"]).await;
    talk.expect("j NAMESPACE", &["* NAMESPACE ((\"\" \".\")) NIL NIL", "j OK done"]).await;
    world.deliver(1, TEA);
    let status = "(MESSAGES RECENT UIDNEXT UNSEEN SIZE)";
    talk.expect(
        &format!("k STATUS INBOX {status}"),
        &[
            &format!(
                "* STATUS \"INBOX\" (MESSAGES 1 RECENT 1 UIDNEXT 2 UNSEEN 1 SIZE {})",
                TEA.len()
            ),
            "k OK done",
        ],
    )
    .await;
    // RFC 3501 6.3.5: INBOX stays, its messages go.
    talk.expect("l RENAME INBOX old", &["l OK done"]).await;
    talk.expect("m STATUS old (MESSAGES)", &["* STATUS \"old\" (MESSAGES 1)", "m OK done"]).await;
    talk.expect("n RENAME a x.y", &["n OK done"]).await;
    talk.expect("o RENAME old Sent", &["o NO [ALREADYEXISTS] there is such a mailbox already"])
        .await;
    talk.expect("p RENAME nope z", &["p NO [NONEXISTENT] there is no such mailbox"]).await;
    talk.expect("q DELETE x.y.b", &["q OK done"]).await;
    talk.expect("r DELETE INBOX", &["r NO [CANNOT] INBOX cannot be deleted"]).await;
    talk.expect("s DELETE x", &["s NO [NONEXISTENT] there is no such mailbox"]).await;
    talk.expect("t SELECT x", &["t NO [NONEXISTENT] there is no such mailbox"]).await;
    let said = talk.say("u LOGOUT").await;
    assert_eq!(said, ["* BYE bye", "u OK done"]);
    world.end().await;
}

/// RFC 2180 3: what becomes of those who have a mailbox open.
#[tokio::test]
async fn mailboxes_that_are_open_go_and_get_other_names() {
    let world = World::start().await;
    let (mut one, mut two) = (Talk::start(&world).await, Talk::start(&world).await);
    for talk in [&mut one, &mut two] {
        talk.say("a CREATE a.b").await;
        talk.say("a SELECT a.b").await;
    }
    one.expect("b RENAME a c", &["b OK done"]).await;
    // Who did it goes on.
    let said = one.say("c APPEND c.b {3+}\r\nx\r\n").await;
    assert_eq!(said[..2], ["* 1 EXISTS", "* 1 RECENT"]);
    assert!(said[2].starts_with("c OK [APPENDUID"), "{said:?}");
    // Who did not is told.
    two.send("b NOOP\r\n").await;
    assert_eq!(two.line().await, "* BYE the mailbox is no more");
    one.expect("d DELETE c.b", &["d OK done"]).await;
    one.expect("e FETCH 1 UID", &["e BAD select a mailbox first"]).await;
    let said = one.say("f SELECT INBOX").await;
    assert_eq!(said.last().unwrap(), "f OK [READ-WRITE] selected");
    one.expect("g FETCH 1:* UID", &["g OK done"]).await;
    one.expect("h FETCH 1 UID", &["h BAD there is no such message"]).await;
    world.end().await;
}

#[tokio::test]
async fn what_fetch_tells() {
    let world = World::start().await;
    let mixed = "From: ana@a.org\r\nSubject: two parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
                 --b\r\n\r\nfirst\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>second\r\n--b--\r\n";
    world.deliver(1, TEA);
    world.deliver(2, mixed);
    let mut talk = Talk::start(&world).await;
    let said = talk.say("a EXAMINE INBOX").await;
    assert_eq!(said.last().unwrap(), "a OK [READ-ONLY] selected");
    let ana = "((\"Ana\" NIL \"ana\" \"a.org\"))";
    #[rustfmt::skip]
    let table: &[(&str, String)] = &[
        ("1 (FLAGS UID)", "FLAGS (\\Recent) UID 1".into()),
        ("1 FAST", format!("FLAGS (\\Recent) INTERNALDATE \"21-Sep-2026 14:13:21 +0000\" RFC822.SIZE {}", TEA.len())),
        ("1 ENVELOPE", format!(
            "ENVELOPE (\"Sat, 21 Nov 2026 10:00:00 +0000\" \"Tea at four\" {ana} {ana} {ana} \
             ((NIL NIL \"bea\" \"b.com\")) NIL NIL NIL NIL)")),
        ("1 BODY", "BODY (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7BIT\" 15 1)".into()),
        ("1 BODY[]", format!("BODY[] {{{}}}\r\n{TEA}", TEA.len())),
        ("1 BODY[]<6.9>", "BODY[]<6> {9}\r\nAna <ana@".into()),
        ("1 BODY[]<9999.9>", "BODY[]<9999> {0}\r\n".into()),
        ("1 RFC822.TEXT", "RFC822.TEXT {15}\r\nCome for tea.\r\n".into()),
        ("1 (BODY[TEXT] BODY[1])", "BODY[TEXT] {15}\r\nCome for tea.\r\n BODY[1] {15}\r\nCome for tea.\r\n".into()),
        ("1 BODY.PEEK[HEADER.FIELDS (subject)]", "BODY[HEADER.FIELDS (subject)] {24}\r\nSubject: Tea at four\r\n\r\n".into()),
        ("2 BODY[1]", "BODY[1] {5}\r\nfirst".into()),
        ("2 BODY[2.MIME]", "BODY[2.MIME] {27}\r\nContent-Type: text/html\r\n\r\n".into()),
        ("2 BODY[3]", "BODY[3] NIL".into()),
        ("2 BODY.PEEK[2]<3.3>", "BODY[2]<3> {3}\r\nsec".into()),
    ];
    for (asked, told) in table {
        let number = &asked[..1];
        let said = talk.say(&format!("b FETCH {asked}")).await;
        assert_eq!(said, [format!("* {number} FETCH ({told})"), "b OK done".into()], "{asked}");
    }
    talk.expect("c UID FETCH 2 FLAGS", &["* 2 FETCH (UID 2 FLAGS (\\Recent))", "c OK done"]).await;
    talk.expect("d FETCH 3 UID", &["d BAD there is no such message"]).await;
    talk.expect("d FETCH 1:4 UID", &["d BAD there is no such message"]).await;
    talk.expect("e UID FETCH 3:9 UID", &["e OK done"]).await;
    talk.expect("e UID FETCH 4:* UID", &["* 2 FETCH (UID 2)", "e OK done"]).await;
    talk.expect("f STORE 1 FLAGS (a)", &["f NO [NOPERM] the mailbox was opened to be read only"])
        .await;
    talk.expect(
        "g SEARCH CHARSET x-none ALL",
        &["g NO [BADCHARSET (\"UTF-8\" \"US-ASCII\")] this charset is not known"],
    )
    .await;
    talk.expect("h SEARCH NOT ALL", &["* SEARCH", "h OK done"]).await;
    // Reading is seeing, unless it is peeking, or the mailbox is only read.
    talk.say("i SELECT INBOX").await;
    talk.expect(
        "j FETCH 1 BODY.PEEK[TEXT]",
        &["* 1 FETCH (BODY[TEXT] {15}\r\nCome for tea.\r\n)", "j OK done"],
    )
    .await;
    talk.expect(
        "k FETCH 1 BODY[TEXT]",
        &["* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[TEXT] {15}\r\nCome for tea.\r\n)", "k OK done"],
    )
    .await;
    world.end().await;
}

#[tokio::test]
async fn messages_that_come_and_go() {
    let world = World::start().await;
    let mut talk = Talk::start(&world).await;
    talk.say("a SELECT INBOX").await;
    talk.expect("b APPEND nowhere {5}", &["b NO [TRYCREATE] there is no such mailbox"]).await;
    let date = "\"01-Feb-2020 10:00:00 +0100\"";
    assert_eq!(
        talk.say(&format!("c APPEND INBOX (\\Flagged $b) {date} {{14}}")).await,
        ["+ go on"]
    );
    talk.send("A: b\r\n\r\ntext\r\n\r\n").await;
    let mut said = Vec::new();
    while !said.last().is_some_and(|line: &String| line.starts_with("c ")) {
        said.push(talk.line().await);
    }
    let [flags, exists, done] = &said[..] else { panic!("{said:?}") };
    assert!(flags.ends_with("$b)"));
    assert_eq!(exists, "* 1 EXISTS");
    assert!(done.starts_with("c OK [APPENDUID ") && done.ends_with(" 1] done"), "{done}");
    talk.expect(
        "d FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])",
        &[
            "* 1 FETCH (FLAGS (\\Flagged $b) INTERNALDATE \"01-Feb-2020 09:00:00 +0000\" BODY[] {14}\r\nA: b\r\n\r\ntext\r\n)",
            "d OK done",
        ],
    )
    .await;
    talk.say("e CREATE Sent").await;
    let said = talk.say("f COPY 1 Sent").await;
    assert!(said[0].starts_with("f OK [COPYUID ") && said[0].ends_with(" 1 1] done"), "{said:?}");
    let said = talk.say("g UID MOVE 1 Sent").await;
    assert!(said[0].starts_with("* OK [COPYUID ") && said[0].ends_with(" 1 2] done"), "{said:?}");
    assert_eq!(said[1..], ["* 1 EXPUNGE", "g OK done"]);
    talk.expect("h COPY 1 Sent", &["h BAD there is no such message"]).await;
    talk.expect("h UID COPY 1 Sent", &["h OK done"]).await;
    talk.say("i SELECT Sent").await;
    let told = "FLAGS (\\Flagged $b) INTERNALDATE \"01-Feb-2020 09:00:00 +0000\"";
    talk.expect(
        "j FETCH 1:2 (FLAGS INTERNALDATE)",
        &[&format!("* 1 FETCH ({told})"), &format!("* 2 FETCH ({told})"), "j OK done"],
    )
    .await;
    // Half a message is none.
    talk.send("k APPEND Sent {1000+}\r\nA: b\r\n").await;
    drop(talk);
    let sent = world.maildir().folder(&"Sent".parse().unwrap()).unwrap();
    assert_eq!(sent.list().unwrap().len(), 2);
    world.end().await;
}
