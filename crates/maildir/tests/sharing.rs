//! Folders that are renamed, messages that go from one to another, keywords and subscriptions.

mod common;

use common::{deliver, stamp, texts};
use maildir::{Error, Flags, FolderName, FolderNameError, MailboxName, Maildir};
use posta_core::disk::fs::Fs;
use std::{fs, path::PathBuf};
use tempfile::TempDir;

fn mailbox() -> (TempDir, Maildir<Fs>, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("bea");
    (folder, Maildir::create(Fs::new(&path)).expect("made"), path)
}

fn name(name: &str) -> FolderName {
    name.parse().expect("a name")
}

fn folders(maildir: &Maildir<Fs>) -> Vec<String> {
    maildir.folders().expect("listed").iter().map(ToString::to_string).collect()
}

#[test]
fn a_folder_is_renamed_with_those_below_it() {
    let (_folder, maildir, _) = mailbox();
    for folder in ["A", "A.x", "A.x.y", "A-x", "AA", "B.other"] {
        let folder = maildir.create_folder(&name(folder)).expect("made");
        deliver(&folder, 1, "text").expect("delivered");
        folder.numbered(&stamp(0), true).expect("numbered");
    }
    let uids = |folder| {
        let folder = maildir.folder(&name(folder)).expect("there");
        folder.numbered(&stamp(0), true).expect("numbered")
    };
    let before = uids("A.x.y");
    maildir.rename_folder(&name("A"), &name("B")).expect("renamed");
    assert_eq!(folders(&maildir), ["A-x", "AA", "B", "B.other", "B.x", "B.x.y"]);
    assert_eq!(uids("B.x.y"), before);
    // Deeper, up again, and one that is not there but has some below it.
    maildir.rename_folder(&name("B.x"), &name("C.d.e")).expect("renamed");
    maildir.rename_folder(&name("C"), &name("D")).expect("renamed");
    assert_eq!(folders(&maildir), ["A-x", "AA", "B", "B.other", "D.d.e", "D.d.e.y"]);
}

#[test]
fn no_folder_is_replaced() {
    let (_folder, maildir, _) = mailbox();
    for folder in ["A", "A.x", "B.x", "C"] {
        maildir.create_folder(&name(folder)).expect("made");
    }
    let long = "l".repeat(199);
    #[rustfmt::skip]
    let table = [
        ("A",   "B",   Error::FolderExists(name("B.x"))),
        ("A",   "C",   Error::FolderExists(name("C"))),
        ("A",   "A",   Error::FolderExists(name("A"))),
        ("A",   "A.y", Error::IntoItself(name("A.y"))),
        ("A",   "A.x", Error::IntoItself(name("A.x"))),
        ("D",   "E",   Error::NoFolder(name("D"))),
        ("D",   "D",   Error::NoFolder(name("D"))),
        ("A",   &long, Error::FolderName(FolderNameError::TooLong)),
        // Nothing is called so itself, but there is something below it.
        ("B",   "C",   Error::FolderExists(name("C"))),
    ];
    for (from, to, error) in table {
        assert_eq!(maildir.rename_folder(&name(from), &name(to)), Err(error), "{from} {to}");
        assert_eq!(folders(&maildir), ["A", "A.x", "B.x", "C"]);
    }
}

#[test]
fn a_copy_has_everything_but_the_name() {
    let (_folder, maildir, path) = mailbox();
    let archive = maildir.create_folder(&name("Archive")).expect("made");
    archive.add_keyword("$Other", &stamp(0)).expect("added");
    deliver(&maildir, 1, "one\r\n").expect("delivered");
    let junk = maildir.add_keyword("$Junk", &stamp(0)).expect("added");
    let mut entry = maildir.list().expect("listed").remove(0);
    maildir.set_flags(&mut entry, Flags::SEEN | junk).expect("set");
    let later = maildir::Stamp { time: std::time::Duration::from_secs(1_800_000_000), ..stamp(7) };
    let copy = maildir.copy(&entry, &archive, &later).expect("copied");
    assert_eq!(
        (texts(&maildir), texts(&archive)),
        (vec!["one\r\n".into()], vec!["one\r\n".into()])
    );
    assert_eq!(archive.list(), Ok(vec![copy.clone()]));
    assert_ne!(copy.id(), entry.id());
    assert_eq!(copy.seconds(), entry.seconds());
    assert_eq!((copy.size(), copy.wire_size()), (entry.size(), entry.wire_size()));
    // Each folder has letters of its own.
    assert_eq!((entry.flags().to_string(), copy.flags().to_string()), ("Sa".into(), "Sb".into()));
    assert_eq!(archive.keywords().expect("read").of(copy.flags()).collect::<Vec<_>>(), ["$Junk"]);
    // Here, without flags, and without a time in its name.
    fs::write(path.join("cur/name:2,"), "two").expect("written");
    let two = maildir.find("name").expect("read").expect("there");
    let copy = maildir.copy(&two, &maildir, &stamp(8)).expect("copied");
    assert!(copy.is_new() && copy.seconds().is_some());
    maildir.remove(&two).expect("removed");
    let gone = Error::Gone("name".into());
    assert_eq!(maildir.copy(&two, &archive, &stamp(9)), Err(gone.clone()));
    assert_eq!(maildir.move_to(&two, &archive, &stamp(9)), Err(gone));
}

#[test]
fn a_moved_message_that_comes_back_has_another_uid() {
    let (_folder, maildir, path) = mailbox();
    let archive = maildir.create_folder(&name("Archive")).expect("made");
    fs::write(path.join("cur/1790000000.M5P1.mda,S=3,U=77:2,FSc"), "one").expect("written");
    fs::write(path.join("dovecot-keywords"), "2 $Junk\n").expect("written");
    let first = maildir.numbered(&stamp(0), true).expect("numbered");
    let there = maildir.move_to(&first.messages[0].entry, &archive, &stamp(1)).expect("moved");
    assert_eq!((texts(&maildir).len(), texts(&archive)), (0, vec!["one".into()]));
    assert_eq!((there.flags().to_string(), there.size()), ("FSa".into(), Some(3)));
    assert_eq!(there.seconds(), Some(1_790_000_000));
    let names = fs::read_dir(path.join(".Archive/cur")).expect("read");
    let names: Vec<_> = names.map(|name| name.expect("read").file_name()).collect();
    assert!(!names[0].to_string_lossy().contains("U="), "the UID of another folder");
    archive.move_to(&there, &maildir, &stamp(2)).expect("moved");
    let second = maildir.numbered(&stamp(3), true).expect("numbered");
    assert_eq!((second.messages[0].uid, second.messages.len()), (2, 1));
    assert_eq!(second.messages[0].entry.flags().to_string(), "FSc");
}

#[test]
fn a_message_whose_flags_another_program_changes_is_moved() {
    let (_folder, maildir, _) = mailbox();
    let archive = maildir.create_folder(&name("Archive")).expect("made");
    deliver(&maildir, 1, "one").expect("delivered");
    let stale = maildir.list().expect("listed").remove(0);
    maildir.set_flags(&mut stale.clone(), Flags::FLAGGED).expect("set");
    let moved = maildir.move_to(&stale, &archive, &stamp(2)).expect("moved");
    assert_eq!(moved.flags(), Flags::FLAGGED);
    assert_eq!(archive.list().expect("listed"), [moved]);
}

#[test]
fn keywords_get_letters() {
    let (_folder, maildir, path) = mailbox();
    let flag = |letter| Flags::from_char(letter).expect("a flag");
    assert_eq!(maildir.keywords().expect("read").iter().count(), 0);
    // The name of this letter is lost.
    fs::write(path.join("cur/1.a:2,Sb"), "text").expect("written");
    assert_eq!(maildir.add_keyword("$Junk", &stamp(0)), Ok(flag('a')));
    assert_eq!(maildir.add_keyword("Work", &stamp(0)), Ok(flag('c')));
    assert_eq!(maildir.add_keyword("$JUNK", &stamp(0)), Ok(flag('a')));
    let file = || fs::read_to_string(path.join("dovecot-keywords")).expect("written");
    assert_eq!(file(), "0 $Junk\n2 Work\n");
    for refused in ["", "a b", "a\n1 b", "é", "a\0", &"x".repeat(256)] {
        assert!(matches!(maildir.add_keyword(refused, &stamp(0)), Err(Error::Keyword(_))));
    }
    fs::write(path.join("dovecot-keywords.lock"), "left over").expect("written");
    for n in 0..23 {
        maildir.add_keyword(&format!("k{n}"), &stamp(0)).expect("added");
    }
    assert_eq!(maildir.add_keyword("more", &stamp(0)), Err(Error::TooManyKeywords));
    assert_eq!(maildir.add_keyword("k22", &stamp(0)), Ok(flag('z')));
    assert!(!path.join("dovecot-uidlist.lock").exists());
}

#[test]
fn subscriptions_are_kept_in_the_format_that_is_there() {
    let (_folder, maildir, path) = mailbox();
    let mailbox = |name: &str| name.parse::<MailboxName>().expect("a name");
    let file = || fs::read_to_string(path.join("subscriptions")).expect("written");
    let shown = || -> Vec<String> {
        maildir.subscriptions().expect("read").iter().map(ToString::to_string).collect()
    };
    assert_eq!(shown(), [""; 0]);
    maildir.unsubscribe(&mailbox("none"), &stamp(0)).expect("nothing to do");
    assert!(!path.join("subscriptions").exists());
    for name in ["Archive.2026", "Entw&APw-rfe", "inbox", "Archive.2026"] {
        maildir.subscribe(&mailbox(name), &stamp(0)).expect("subscribed");
    }
    assert_eq!(file(), "V\t2\n\nArchive\t2026\nEntw&APw-rfe\nINBOX\n");
    assert_eq!(shown(), ["Archive.2026", "Entw&APw-rfe", "INBOX"]);
    maildir.unsubscribe(&mailbox("Entw&APw-rfe"), &stamp(0)).expect("unsubscribed");
    assert_eq!(file(), "V\t2\n\nArchive\t2026\nINBOX\n");

    // What is no name here stays.
    fs::write(path.join("subscriptions"), "a/b\nB\nB\n\u{1}").expect("written");
    maildir.subscribe(&mailbox("Archive.2026"), &stamp(0)).expect("subscribed");
    maildir.unsubscribe(&mailbox("B"), &stamp(0)).expect("unsubscribed");
    assert_eq!(file(), "a/b\n\u{1}\nArchive.2026\n");

    fs::write(path.join("subscriptions"), "x\n".repeat(1 << 19)).expect("written");
    assert_eq!(maildir.subscribe(&mailbox("y"), &stamp(0)), Err(Error::TooManySubscriptions));
    fs::write(path.join("subscriptions"), "").expect("written");
    fs::write(path.join("subscriptions.lock"), "").expect("written");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let stamp = maildir::Stamp { time: now, ..stamp(0) };
    assert_eq!(
        maildir.subscribe(&MailboxName::Inbox, &stamp),
        Err(Error::Locked("subscriptions".into()))
    );
}
