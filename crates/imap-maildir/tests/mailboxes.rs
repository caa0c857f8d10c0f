//! Mailboxes on a simulated disk: what others do meanwhile, and what happens when the disk fails.
#![allow(clippy::unwrap_used)]

use imap_maildir::{Arrival, Error, Fetch, Haystack, Listing, Progress, Rename, Transfer, View};
use imap_proto::{
    Server,
    codec::{Command, Condition, Flag, Items, SearchKey, Text},
    server::{Config, Event, Limits, Tls},
};
use maildir::{Flags, Maildir, Stamp};
use posta_core::{
    Input, Instant, Machine, Step,
    disk::Kind,
    testing::{SimDisk, every_failure},
};
use std::{cell::Cell, time::Duration};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn stamps() -> Option<Stamp<'static>> {
    let count = COUNT.with(|count| count.replace(count.get() + 1));
    let time = Duration::from_secs(1_790_000_000 + count);
    Some(Stamp { time, process: 1, count, random: 7, host: "mail.b.com" })
}

type Home<'d> = Maildir<&'d SimDisk>;

fn deliver(home: &Home<'_>, text: &str) {
    let mut delivery = home.deliver(&stamps().unwrap()).unwrap();
    delivery.write(text.as_bytes()).unwrap();
    delivery.commit().unwrap();
}

fn view<'d>(maildir: &Home<'d>) -> View<&'d SimDisk> {
    View::new(maildir.clone(), false, Listing::read(maildir, false, &stamps).unwrap())
}

/// A session that has the mailbox selected.
struct Session {
    imap: Server,
    input: Input,
}

impl Session {
    fn new(view: &View<&SimDisk>) -> Self {
        let config = Config { tls: Tls::Implicit, ..Config::default() };
        let imap = Server::new(config.into(), Instant::ORIGIN).unwrap();
        let mut session = Self { imap, input: Input::new(Limits::INPUT) };
        session.give("l LOGIN bea secret", |event, imap| {
            assert!(matches!(event, Event::Login { .. }));
            imap.accept().unwrap();
        });
        session.give("s SELECT INBOX", |_, imap| view.select(imap).unwrap());
        session
    }

    /// Gives a command, and returns what is said.
    fn give(&mut self, command: &str, mut answer: impl FnMut(Event<'_>, &mut Server)) -> String {
        self.input.extend(format!("{command}\r\n").as_bytes());
        let mut said = Vec::new();
        loop {
            let waits = match self.imap.step(&mut self.input, Instant::ORIGIN).unwrap() {
                Step::Event(event) => {
                    answer(event, &mut self.imap);
                    false
                }
                _ => true,
            };
            let output = self.imap.output();
            said.extend_from_slice(output.bytes());
            let n = output.len();
            output.sent(n);
            if waits && n == 0 {
                return String::from_utf8(said).unwrap();
            }
        }
    }

    fn fetch(&mut self, view: &mut View<&SimDisk>, command: &str) -> String {
        let mut work = None;
        self.give(command, |event, imap| {
            if let Event::Command(Command::Fetch { uid, set, .. }, line) = event {
                work = Some(Fetch::new(line, view.numbers(&set, uid).unwrap()));
            }
            let _: Progress = work.as_mut().unwrap().step(view, imap).unwrap();
        })
    }

    fn noop(&mut self, view: &mut View<&SimDisk>) -> String {
        let listing = Listing::read(view.maildir(), false, &stamps).unwrap();
        let mut listing = Some(listing);
        self.give("n NOOP", |_, imap| {
            view.update(listing.take().unwrap(), imap).unwrap();
            imap.accept().unwrap();
        })
    }
}

#[test]
fn what_others_do_is_told_once() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    for n in 1..=4 {
        deliver(&home, &format!("Subject: {n}\r\n\r\n"));
    }
    let mut ours = view(&home);
    let mut session = Session::new(&ours);
    let mut entry = ours.message(3).unwrap().entry.clone();
    home.set_flags(&mut entry, Flags::SEEN | Flags::FLAGGED).unwrap();
    home.remove(&ours.message(1).unwrap().entry.clone()).unwrap();
    home.remove(&ours.message(4).unwrap().entry.clone()).unwrap();
    deliver(&home, "Subject: 5\r\n\r\n");
    assert_eq!(
        session.noop(&mut ours),
        "* 3 FETCH (FLAGS (\\Flagged \\Seen \\Recent))\r\n* 4 EXPUNGE\r\n* 1 EXPUNGE\r\n* 3 EXISTS\r\n* 3 RECENT\r\nn OK done\r\n"
    );
    assert_eq!(session.noop(&mut ours), "n OK done\r\n");
    assert_eq!(ours.message(3).unwrap().uid, 5);
}

#[test]
fn a_mailbox_that_was_rebuilt_ends_the_session() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    deliver(&home, "Subject: 1\r\n\r\n");
    let mut ours = view(&home);
    let mut session = Session::new(&ours);
    posta_core::disk::Disk::remove(&disk, "dovecot-uidlist").unwrap();
    let listing = Listing::read(&home, false, &stamps).unwrap();
    let mut listing = Some(listing);
    session.give("n NOOP", |_, imap| {
        let lost = ours.update(listing.take().unwrap(), imap).unwrap_err();
        assert_eq!(lost, Error::Lost("the mailbox has been rebuilt"));
        imap.accept().unwrap();
    });
    // It may be gone as well.
    let sent = home.create_folder(&"Sent".parse().unwrap()).unwrap();
    Listing::read(&sent, false, &stamps).unwrap();
    home.delete_folder(&"Sent".parse().unwrap()).unwrap();
    let lost = Listing::read(&sent, false, &stamps).unwrap_err();
    assert_eq!(lost, Error::Lost("the mailbox is no more"));
}

#[test]
fn messages_are_told_with_crlf_and_in_pieces() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    deliver(&home, "Subject: LF\n\ntext\n");
    let large = format!("Subject: large\r\n\r\n{}", "0123456789\r\n".repeat(20_000));
    deliver(&home, &large);
    let mut ours = view(&home);
    let mut session = Session::new(&ours);
    assert_eq!(
        session.fetch(&mut ours, "a FETCH 1 (RFC822.SIZE BODY.PEEK[])"),
        "* 1 FETCH (RFC822.SIZE 21 BODY[] {21}\r\nSubject: LF\r\n\r\ntext\r\n)\r\na OK done\r\n"
    );
    let said = session.fetch(&mut ours, "b FETCH 2 (BODY.PEEK[] BODY.PEEK[TEXT]<11.13>)");
    let told =
        format!("* 2 FETCH (BODY[] {{{}}}\r\n{large} BODY[TEXT]<11> {{13}}\r\n", large.len());
    assert!(said.starts_with(&told), "{}", &said[said.len() - 100..]);
    assert!(said.ends_with("\n0123456789\r\n)\r\nb OK done\r\n"));
    home.remove(&ours.message(1).unwrap().entry.clone()).unwrap();
    assert_eq!(
        session.fetch(&mut ours, "c FETCH 1:2 BODY.PEEK[TEXT]<0.4>"),
        "* 2 FETCH (BODY[TEXT]<0> {4}\r\n0123)\r\nc NO [EXPUNGEISSUED] some of the messages are gone\r\n"
    );
}

/// V26: a command of 64 KiB must not make a server hold thousands of copies of a message.
#[test]
fn many_items_of_one_message_are_told_one_by_one() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    deliver(&home, "Subject: 1\r\n\r\ntext\r\n");
    let mut ours = view(&home);
    let mut session = Session::new(&ours);
    let many = |n| format!("a FETCH 1 (ENVELOPE ENVELOPE {})", vec!["BODY.PEEK[1]"; n].join(" "));
    let said = session.fetch(&mut ours, &many(498));
    assert_eq!(
        (said.matches("ENVELOPE").count(), said.matches("BODY[1] {6}\r\ntext").count()),
        (1, 498)
    );
    assert!(said.ends_with(")\r\na OK done\r\n"));
    let said = session.give(&many(499), |event, imap| {
        let Event::Command(Command::Fetch { .. }, line) = event else { panic!("{event:?}") };
        let error = Fetch::new(line, vec![1]).step(&mut ours, imap).unwrap_err();
        imap.finish(&error.status().unwrap()).unwrap();
    });
    assert_eq!(said, "a NO [LIMIT] too many items\r\n");
}

#[test]
fn what_is_gone_is_not_found() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    for n in 1..=3 {
        deliver(&home, &format!("Subject: tea {n}\r\n\r\n"));
    }
    let ours = view(&home);
    home.remove(&ours.message(2).unwrap().entry.clone()).unwrap();
    let keys = SearchKey::parse(b"SUBJECT TEA").unwrap();
    let find = |uid| Haystack::new(&ours, uid, None, &keys).unwrap().find().unwrap();
    assert_eq!(find(true), [1, 3]);
    let unknown = Haystack::new(&ours, true, Some(Text::from("x-none")), &keys);
    assert_eq!(unknown.unwrap_err().status().unwrap().condition, Condition::No);
}

/// V24 and its kin: never `OK` and lost.
#[test]
fn a_message_that_was_appended_is_there_whatever_fails() {
    let append = |disk: &SimDisk| -> Result<(), Error> {
        let home = Maildir::create(disk)?;
        let flags = [Flag::Seen, Flag::Other("$a")];
        let mut arrival =
            Arrival::begin(home.clone(), &Items::new(&flags), None, stamps().unwrap())?;
        arrival.write(b"Subject: 1\r\n");
        arrival.write(b"\r\ntext\r\n");
        arrival.store(&stamps).map(drop)
    };
    let looked_at = every_failure(append, |disk, stored| {
        let home = Maildir::create(disk).unwrap();
        let there = home.list().unwrap();
        match stored {
            Ok(()) => assert_eq!((there.len(), there[0].flags().to_string()), (1, "Sa".into())),
            // It may be there without a UID.
            Err(_) => assert!(there.len() <= 1),
        }
    });
    assert!(looked_at > 30, "{looked_at}");
}

#[test]
fn a_full_disk_is_told_as_such() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    let mut arrival =
        Arrival::begin(home.clone(), &Items::default(), None, stamps().unwrap()).unwrap();
    disk.fail_after(0, Kind::NoSpace);
    arrival.write(b"Subject: 1\r\n\r\n");
    arrival.write(b"text\r\n");
    let error = arrival.store(&stamps).unwrap_err();
    assert_eq!(error.status().unwrap().text, "the disk is full");
    drop(arrival);
    assert!(home.list().unwrap().is_empty());
    // What else fails is none of the client's business.
    disk.fail_after(0, Kind::Io(5));
    assert_eq!(home.list().map_err(Error::from).unwrap_err().status(), None);
}

/// RFC 3501 6.4.7: all or nothing.
#[test]
fn a_copy_that_fails_leaves_nothing() {
    let scenario = |disk: &SimDisk| -> Option<bool> {
        let home = Maildir::create(disk).ok()?;
        let sent = home.create_folder(&"Sent".parse().unwrap()).ok()?;
        for n in 1..=3 {
            let mut delivery = home.deliver(&stamps().unwrap()).ok()?;
            delivery.write(format!("Subject: {n}\r\n\r\n").as_bytes()).ok()?;
            delivery.commit().ok()?;
        }
        let listing = Listing::read(&home, false, &stamps).ok()?;
        let ours = View::new(home, false, listing);
        Some(Transfer::new(&ours, &[1, 2, 3], sent, false).run(&stamps).is_ok())
    };
    every_failure(scenario, |disk, copied| {
        let Some(copied) = copied else { return };
        let home = Maildir::create(disk).unwrap();
        let sent = home.folder(&"Sent".parse().unwrap()).unwrap().list().unwrap();
        assert_eq!(home.list().unwrap().len(), 3);
        // If only the UIDs could not be given, the copies stand.
        assert!(sent.len() == 3 || sent.is_empty() && !copied, "{copied} {}", sent.len());
    });
}

#[test]
fn inbox_is_emptied_by_rename_and_stays() {
    let disk = SimDisk::new();
    let home = Maildir::create(&disk).unwrap();
    deliver(&home, "Subject: 1\r\n\r\n");
    Rename::new(Text::from("INBOX"), Text::from("old")).unwrap().run(&home, &stamps).unwrap();
    assert!(home.list().unwrap().is_empty());
    assert_eq!(home.folder(&"old".parse().unwrap()).unwrap().list().unwrap().len(), 1);
    let again = Rename::new(Text::from("inbox"), Text::from("old")).unwrap().run(&home, &stamps);
    assert_eq!(again.unwrap_err().status().unwrap().text, "there is such a mailbox already");
}
