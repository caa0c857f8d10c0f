//! Client and server, with each other.
#![allow(clippy::unwrap_used)]

use imap_proto::{
    Client, Misuse, Server,
    client::{self, Handle},
    codec::{Command, Data, FetchData, FetchItem, Flag, Items, Place, Section, Store},
    server::{self, Event, Mailbox},
};
use posta_core::{Instant, testing::Pair};

type Give = fn(&mut Client) -> Result<Handle, Misuse>;

/// All that a client can say.
const COMMANDS: &[(Give, &str)] = &[
    (|c| c.login("be\"a", "s\u{e9}cret"), "login"),
    (|c| c.create("a b"), "Create(\"a b\")"),
    (|c| c.rename("a b", "c{1}"), "Rename { from: \"a b\", to: \"c{1}\" }"),
    (|c| c.subscribe("c"), "Subscribe(\"c\")"),
    (|c| c.unsubscribe("c"), "Unsubscribe(\"c\")"),
    (|c| c.delete("nil"), "Delete(\"nil\")"),
    (|c| c.list("", "*"), "List { reference: \"\", pattern: \"*\" }"),
    (|c| c.lsub("a", "%"), "Lsub { reference: \"a\", pattern: \"%\" }"),
    (|c| c.namespace(), "Namespace"),
    (|c| c.status("s", &["MESSAGES"]), "Status { mailbox: \"s\", items: [Messages] }"),
    (|c| c.append("s", &[Flag::Seen], None, 30_000), "append"),
    (|c| c.select("INBOX"), "Select(\"INBOX\")"),
    (|c| c.noop(), "Noop"),
    (
        |c| c.uid_search(b"UNSEEN OR FROM {3}\r\nana NOT 1:*"),
        "Search { uid: true, charset: None, keys: [Unseen, Or([From(\"ana\"), \
         Not([Set([Sequence { first: Some(1), last: None }])])])] }",
    ),
    (
        |c| c.uid_fetch("1:*", &[FetchItem::Flags, FetchItem::message()]),
        "Fetch { uid: true, set: [Sequence { first: Some(1), last: None }], items: [Flags, Section { section: \
         Section { part: [], what: All }, peek: true, partial: None }] }",
    ),
    (
        |c| c.store("1", Store::Add, &[Flag::Deleted, Flag::Other("$a")], true),
        "Store { uid: false, set: [Sequence { first: Some(1), last: Some(1) }], how: Add, silent: true, flags: \
         [Deleted, Other(\"$a\")] }",
    ),
    (
        |c| c.uid_copy("2,4:3", "s"),
        "Copy { uid: true, set: [Sequence { first: Some(2), last: Some(2) }, Sequence { first: Some(4), last: \
         Some(3) }], mailbox: \"s\" }",
    ),
    (
        |c| c.uid_move("7", "s"),
        "Move { uid: true, set: [Sequence { first: Some(7), last: Some(7) }], mailbox: \"s\" }",
    ),
    (
        |c| c.move_to("*", "s"),
        "Move { uid: false, set: [Sequence { first: None, last: None }], mailbox: \"s\" }",
    ),
    (|c| c.check(), "Check"),
    (|c| c.expunge(), "Expunge(None)"),
    (|c| c.uid_expunge("7"), "Expunge(Some([Sequence { first: Some(7), last: Some(7) }]))"),
    (|c| c.idle(), "idle"),
    (|c| c.close_mailbox(), "Close"),
    (|c| c.select("INBOX"), "Select(\"INBOX\")"),
    (|c| c.unselect(), "Unselect"),
    (|c| c.logout(), ""),
];

/// Every command of the client's is understood by the server as what it is, and every answer of the
/// server's by the client; a message of 30,000 octets goes each way.
#[test]
fn all_that_a_client_can_say() {
    for piece in [1, 2, 3, 7, 64, 1000, 100_000] {
        let config = server::Config { tls: server::Tls::None, ..server::Config::default() };
        let server = Server::new(config.into(), Instant::ORIGIN).unwrap();
        let config = client::Config { tls: client::Tls::Optional, ..client::Config::default() };
        let mut pair = Pair::new(Client::new(config), server, 65_536, piece);
        pair.jump = false;
        let mut given = 0;
        let (mut heard, mut answers) = (Vec::new(), Vec::new());
        let (mut appended, mut fetched) = (0, 0);
        let mut left = 0;
        let errors = pair.run(
            |event, imap| match event {
                client::Event::Ready => {
                    if let Some((give, _)) = COMMANDS.get(given) {
                        give(imap).unwrap();
                        given += 1;
                    }
                }
                client::Event::Body(_, room) => {
                    imap.body(&vec![b'x'; room]).unwrap();
                }
                client::Event::Idling(_) => imap.done().unwrap(),
                client::Event::Chunk(octets) => fetched += octets.len(),
                client::Event::Done(_, status) => answers.push(status.is_ok()),
                _ => {}
            },
            |event, imap| match event {
                Event::Login { user, password } => {
                    assert!(user == "be\"a" && password.0 == "s\u{e9}cret");
                    heard.push("login".to_owned());
                    imap.accept().unwrap();
                }
                Event::Command(command, _) => {
                    heard.push(format!("{command:?}"));
                    match command {
                        Command::Select(_) => {
                            let mailbox =
                                Mailbox { exists: 1, uid_validity: 1, ..Mailbox::default() };
                            imap.select(&mailbox).unwrap();
                        }
                        Command::Fetch { .. } => {
                            left = 30_000;
                            imap.begin_fetch(1, &[FetchData::Uid(7)]).unwrap();
                            let place = Place::Body { section: Section::default(), origin: None };
                            imap.literal(place, left as u64).unwrap();
                            imap.more().unwrap();
                        }
                        Command::Noop => {
                            imap.data(&Data::Flags(Items::new(&[Flag::Seen]))).unwrap();
                            imap.data(&Data::Expunge(1)).unwrap();
                            imap.data(&Data::Exists(1)).unwrap();
                            imap.accept().unwrap();
                        }
                        _ => imap.accept().unwrap(),
                    }
                }
                Event::More(room) => {
                    left -= imap.body(&vec![b'y'; room.min(left)]).unwrap();
                    if left > 0 {
                        return imap.more().unwrap();
                    }
                    imap.end_fetch().unwrap();
                    imap.accept().unwrap();
                }
                Event::Append { size: 30_000, .. } => {
                    heard.push("append".to_owned());
                    imap.accept().unwrap();
                }
                Event::Chunk(octets) => appended += octets.len(),
                Event::Idle => heard.push("idle".to_owned()),
                Event::Appended | Event::Done => imap.accept().unwrap(),
                event => panic!("{event:?}"),
            },
        );
        assert_eq!(errors, (None, None), "{heard:#?}");
        let expected: Vec<_> =
            COMMANDS.iter().map(|row| row.1).filter(|row| !row.is_empty()).collect();
        assert_eq!(heard, expected);
        assert_eq!((appended, fetched), (30_000, 30_000));
        assert_eq!(answers, vec![true; COMMANDS.len()]);
    }
}
