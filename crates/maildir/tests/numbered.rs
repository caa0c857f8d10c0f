//! UIDs, keywords, subscriptions and folders: what an IMAP server needs.
#![allow(clippy::unwrap_used)]

mod common;

use common::{deliver, stamp, texts};
use maildir::{Changes, Error, Flags, MailboxName, Maildir, Stamp};
use posta_core::{
    disk::{Disk, fs::Fs},
    testing::{SimDisk, every_crash, every_failure},
};
use std::{collections::BTreeMap, fs, time::Duration};
use tempfile::TempDir;

fn on_disk() -> (TempDir, Maildir<Fs>) {
    let folder = TempDir::new().unwrap();
    let maildir = Maildir::create(Fs::new(folder.path().join("bea"))).unwrap();
    (folder, maildir)
}

fn uids<D: Disk + Clone>(maildir: &Maildir<D>) -> Vec<u32> {
    let numbered = maildir.numbered(&stamp(900), false).unwrap();
    numbered.messages.iter().map(|message| message.uid).collect()
}

#[test]
fn uids_stay_whatever_happens_to_the_file() {
    let (folder, maildir) = on_disk();
    for n in 1..=3 {
        deliver(&maildir, n, "text").unwrap();
    }
    let first = maildir.numbered(&stamp(10), false).unwrap();
    assert_eq!(uids(&maildir), [1, 2, 3]);
    assert_eq!((first.uid_validity, first.uid_next), (1_790_000_000, 4));
    assert!(first.messages.iter().all(|message| !message.recent && message.entry.is_new()));

    let mut entry = first.messages[1].entry.clone();
    maildir.set_flags(&mut entry, Flags::SEEN).unwrap();
    maildir.remove(&first.messages[2].entry).unwrap();
    deliver(&maildir, 4, "text").unwrap();
    let second = maildir.numbered(&stamp(11), true).unwrap();
    assert_eq!(uids(&maildir), [1, 2, 4], "no UID is given twice");
    assert_eq!(
        second.since(&first),
        Some(Changes { vanished: vec![3], changed: vec![2], arrived: vec![4] })
    );
    assert_eq!(second.find(4).map(|message| message.recent), Some(true));
    assert_eq!(second.find(2).map(|message| message.recent), Some(false));
    assert!(maildir.numbered(&stamp(12), true).unwrap().messages.iter().all(|one| !one.recent));
    let nothing = maildir.numbered(&stamp(13), false).unwrap();
    assert!(nothing.since(&nothing).unwrap().is_empty());

    // The highest is gone, and what it was called is not known any more: still not given twice.
    maildir.remove(&second.messages[2].entry).unwrap();
    deliver(&maildir, 5, "text").unwrap();
    assert_eq!(uids(&maildir), [1, 2, 5]);
    drop(folder);
}

#[test]
fn a_list_that_is_lost_or_damaged_makes_all_uids_others() {
    let (folder, maildir) = on_disk();
    deliver(&maildir, 1, "text").unwrap();
    let first = maildir.numbered(&stamp(2), false).unwrap();
    let list = folder.path().join("bea/dovecot-uidlist");
    let whole = fs::read_to_string(&list).unwrap();
    for damaged in [whole.replace("1 :", "x :"), format!("{whole}{whole}")] {
        fs::write(&list, damaged).unwrap();
        let second = maildir.numbered(&stamp(3), false).unwrap();
        assert!(second.uid_validity > first.uid_validity);
        assert_eq!(second.since(&first), None);
    }
    fs::remove_file(&list).unwrap();
    assert_eq!(uids(&maildir), [1]);
}

#[test]
fn what_another_program_wrote_is_kept() {
    let (folder, maildir) = on_disk();
    deliver(&maildir, 1, "text").unwrap();
    let list = folder.path().join("bea/dovecot-uidlist");
    fs::write(&list, "3 V7 N3 Gabc\n2 W9 :1.old\n").unwrap();
    fs::write(folder.path().join("bea/cur/1.old,S=4:2,S"), "text").unwrap();
    let numbered = maildir.numbered(&stamp(2), false).unwrap();
    assert_eq!((numbered.uid_validity, numbered.uid_next), (7, 4));
    let text = fs::read_to_string(&list).unwrap();
    assert!(
        text.starts_with("3 V7 N4 Gabc\n2 W9 :1.old,S=4\n3 :1790000000.M000001P7Q1R"),
        "{text}"
    );
    // Nothing new: nothing is written.
    fs::write(folder.path().join("bea/dovecot-uidlist.lock"), "").unwrap();
    assert_eq!(maildir.numbered(&stamp(3), false).unwrap(), numbered);
}

/// One writes at a time, and one that died is not waited for.
#[test]
fn a_lock_is_respected_until_it_is_old() {
    let (folder, maildir) = on_disk();
    deliver(&maildir, 1, "text").unwrap();
    let lock = folder.path().join("bea/dovecot-uidlist.lock");
    fs::write(&lock, "half").unwrap();
    let now = fs::metadata(&lock).unwrap().modified().unwrap();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let at = |seconds| Stamp { time: now + Duration::from_secs(seconds), ..stamp(2) };
    let locked = Error::Locked("dovecot-uidlist".into());
    assert_eq!(maildir.numbered(&at(100), false), Err(locked));
    assert_eq!(maildir.numbered(&at(200), false).unwrap().messages.len(), 1);
    assert!(!lock.exists());
}

#[test]
fn no_crash_gives_a_uid_to_two_messages() {
    // What was told before the crash: which UID under which validity is which message.
    type Told = BTreeMap<(u32, u32), String>;
    type Next = (u32, u32);
    fn tell(
        maildir: &Maildir<&SimDisk>,
        count: u64,
        told: &mut Told,
        next: &mut Next,
    ) -> Option<()> {
        deliver(maildir, count, &format!("{count}")).ok()?;
        let numbered = maildir.numbered(&stamp(count + 10), true).ok()?;
        for message in &numbered.messages {
            let key = (numbered.uid_validity, message.uid);
            let before = told.insert(key, message.entry.id().to_owned());
            assert!(before.is_none_or(|id| id == message.entry.id()), "{key:?} means two messages");
        }
        let now = (numbered.uid_validity, numbered.uid_next);
        assert!(now >= *next, "{now:?} after {next:?}");
        *next = now;
        Some(())
    }
    let scenario = |disk: &SimDisk| {
        let (mut told, mut next) = (Told::new(), (0, 0));
        let Ok(maildir) = Maildir::create(disk) else { return (told, next) };
        let _ = tell(&maildir, 1, &mut told, &mut next);
        if let Some(entry) = maildir.list().ok().and_then(|mut all| all.pop()) {
            let _ = maildir.remove(&entry);
            let _ = maildir.sync();
        }
        let _ = tell(&maildir, 2, &mut told, &mut next);
        (told, next)
    };
    let check = |disk: &SimDisk, (told, next): &(Told, Next)| {
        let (mut told, mut next) = (told.clone(), *next);
        let maildir = Maildir::create(disk).expect("the disk works again");
        // A lock that was left is old by now: the simulated disk's files are of 1970.
        tell(&maildir, 3, &mut told, &mut next).expect("the disk works again");
        tell(&maildir, 4, &mut told, &mut next).expect("the disk works again");
    };
    assert!(every_crash(scenario, check) > 300);
    every_failure(scenario, check);
}

#[test]
fn keywords_have_letters() {
    let (folder, maildir) = on_disk();
    deliver(&maildir, 1, "text").unwrap();
    let junk = maildir.add_keyword("$Junk", &stamp(2)).unwrap();
    let label = maildir.add_keyword("NonJunk", &stamp(3)).unwrap();
    assert_eq!((junk.to_string(), label.to_string()), ("a".into(), "b".into()));
    assert_eq!(maildir.add_keyword("$JUNK", &stamp(4)), Ok(junk));
    let file = folder.path().join("bea/dovecot-keywords");
    assert_eq!(fs::read_to_string(&file).unwrap(), "0 $Junk\n1 NonJunk\n");

    let mut entry = maildir.list().unwrap().remove(0);
    maildir.set_flags(&mut entry, Flags::SEEN | label).unwrap();
    let keywords = maildir.keywords().unwrap();
    assert_eq!(keywords.of(entry.flags()).collect::<Vec<_>>(), ["NonJunk"]);
    assert_eq!(keywords.iter().collect::<Vec<_>>(), ["$Junk", "NonJunk"]);

    // In another folder the same letter may stand for another keyword.
    let sent = maildir.create_folder(&"Sent".parse().unwrap()).unwrap();
    let copy = maildir.copy(&entry, &sent, &stamp(5)).unwrap();
    assert_eq!(copy.flags().to_string(), "Sa");
    assert_eq!(sent.keywords().unwrap().of(copy.flags()).collect::<Vec<_>>(), ["NonJunk"]);
    assert_eq!((texts(&sent), texts(&maildir).len()), (vec!["text".to_owned()], 1));
    let moved = sent.move_to(&copy, &maildir, &stamp(6)).unwrap();
    assert_eq!((moved.flags().to_string(), texts(&sent).len()), ("Sb".into(), 0));
    assert_eq!(texts(&maildir), ["text", "text"]);

    for bad in ["", "a b", "a\nb", "\u{e9}", &"x".repeat(101)] {
        assert_eq!(maildir.add_keyword(bad, &stamp(7)), Err(Error::NoKeyword(bad.to_owned())));
    }
    for n in 2..26 {
        maildir.add_keyword(&format!("k{n}"), &stamp(8)).unwrap();
    }
    assert!(matches!(maildir.add_keyword("more", &stamp(9)), Err(Error::NoKeyword(_))));
    // What cannot be is left out.
    fs::write(&file, "0 a\n99 b\nx c\n2\n3 d e\n1 \u{7}\n").unwrap();
    assert_eq!(maildir.keywords().unwrap().iter().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn subscriptions_are_as_dovecot_writes_them() {
    let (folder, maildir) = on_disk();
    let file = folder.path().join("bea/subscriptions");
    let name = |name: &str| -> MailboxName { name.parse().unwrap() };
    assert!(maildir.subscriptions().unwrap().is_empty());
    maildir.subscribe(&name("Archive.2026"), &stamp(1)).unwrap();
    maildir.subscribe(&name("inbox"), &stamp(2)).unwrap();
    maildir.subscribe(&name("INBOX"), &stamp(3)).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "V\t2\n\nINBOX\nArchive\t2026\n");
    maildir.unsubscribe(&name("INBOX"), &stamp(4)).unwrap();
    maildir.unsubscribe(&name("Sent"), &stamp(5)).unwrap();
    let names = |maildir: &Maildir<Fs>| -> Vec<String> {
        maildir.subscriptions().unwrap().iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(&maildir), ["Archive.2026"]);
    fs::write(&file, "Sent\nINBOX\na.b\n../x\n\n").unwrap();
    assert_eq!(names(&maildir), ["INBOX", "Sent", "a.b"]);
    maildir.subscribe(&name("c"), &stamp(6)).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "V\t2\n\nINBOX\nSent\na\tb\nc\n");
}

#[test]
fn folders_are_renamed_with_those_below_them() {
    let (_folder, maildir) = on_disk();
    let name = |name: &str| -> maildir::FolderName { name.parse().unwrap() };
    for folder in ["a", "a.b", "ab", "x"] {
        let made = maildir.create_folder(&name(folder)).unwrap();
        deliver(&made, 1, folder).unwrap();
    }
    maildir.rename_folder(&name("a"), &name("c.d")).unwrap();
    let names: Vec<_> = maildir.folders().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["ab", "c.d", "c.d.b", "x"]);
    assert_eq!(texts(&maildir.folder(&name("c.d.b")).unwrap()), ["a.b"]);
    for (from, to) in [("x", "ab"), ("x", "x"), ("x", "x.y"), ("c", "c.z")] {
        let refused = maildir.rename_folder(&name(from), &name(to));
        assert!(matches!(refused, Err(Error::FolderExists(_))), "{from} to {to}: {refused:?}");
    }
    // There is nothing called so, but something below it.
    maildir.rename_folder(&name("c"), &name("e")).unwrap();
    assert!(maildir.folder(&name("e.d.b")).is_ok());
    assert_eq!(
        maildir.rename_folder(&name("nope"), &name("f")),
        Err(Error::NoFolder(name("nope")))
    );
    let long = name(&"l".repeat(199));
    assert!(matches!(maildir.rename_folder(&name("e"), &long), Err(Error::Name(_))));
}

/// Path traversal: whatever a client calls a mailbox, it stays inside.
#[test]
fn no_mailbox_name_leads_outside() {
    for bad in [
        "..",
        ".",
        "",
        "/",
        "a/b",
        "../x",
        "a.",
        ".a",
        "a..b",
        "a\\b",
        "a\0b",
        "a\rb",
        "\u{85}",
        "/etc/passwd",
        &"x".repeat(201),
    ] {
        assert!(bad.parse::<MailboxName>().is_err(), "{bad:?}");
    }
    // These are folders like others.
    let (folder, maildir) = on_disk();
    for odd in ["cur", "new", "tmp", "&AOk-", "~", "-rf", "dovecot-uidlist"] {
        maildir.create_folder(&odd.parse().unwrap()).unwrap();
        assert!(folder.path().join("bea").join(format!(".{odd}")).is_dir());
    }
    assert_eq!("&AOk-".parse::<maildir::FolderName>().unwrap().to_text(), "\u{e9}");
}

/// A move survives every crash: the message is in one folder or in both, never in none.
#[test]
fn no_crash_loses_a_message_that_is_moved() {
    let scenario = |disk: &SimDisk| -> Option<bool> {
        let maildir = Maildir::create(disk).ok()?;
        let sent = maildir.create_folder(&"Sent".parse().unwrap()).ok()?;
        deliver(&maildir, 1, "text").ok()?;
        let entry = maildir.list().ok()?.pop()?;
        let synced = maildir.move_to(&entry, &sent, &stamp(2)).is_ok()
            && sent.sync().is_ok()
            && maildir.sync().is_ok();
        Some(synced)
    };
    let looked_at = every_crash(scenario, |disk, delivered| {
        let maildir = Maildir::create(disk).unwrap();
        let sent = maildir.folder(&"Sent".parse().unwrap());
        let there = sent.map_or(0, |sent| texts(&sent).len());
        let here = texts(&maildir).len();
        match delivered {
            None => {}
            Some(true) => assert_eq!((here, there), (0, 1)),
            Some(false) => assert!(here + there >= 1, "lost"),
        }
    });
    assert!(looked_at > 100);
}

#[test]
fn marks_are_believed_only_when_they_are_old_enough() {
    let (folder, maildir) = on_disk();
    deliver(&maildir, 1, "text").unwrap();
    let modified = fs::metadata(folder.path().join("bea/new")).unwrap().modified().unwrap();
    let at = modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let (soon, later) = (maildir.mark(at).unwrap(), maildir.mark(at + 2).unwrap());
    assert!(!later.is_unchanged_since(&soon));
    assert!(maildir.mark(at + 9).unwrap().is_unchanged_since(&later));
    let file = fs::File::open(folder.path().join("bea/new")).unwrap();
    file.set_modified(modified + Duration::from_secs(1)).unwrap();
    assert!(!maildir.mark(at + 9).unwrap().is_unchanged_since(&later));
}

/// What is done does not depend on how many messages there are, if they all have been seen.
#[test]
fn many_messages() {
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).unwrap();
    for part in ["cur", "new", "tmp"] {
        assert!(disk.read_dir(part).is_ok());
    }
    for n in 0..2_000 {
        let name = format!("cur/{}.M{n}P1.host:2,S", 1_790_000_000 + n);
        disk.create(&name).unwrap();
    }
    let before = disk.operations();
    let numbered = maildir.numbered(&stamp(1), true).unwrap();
    assert_eq!(numbered.messages.len(), 2_000);
    assert!(disk.operations() - before < 40, "{}", disk.operations() - before);
    assert_eq!(numbered.messages.last().unwrap().uid, 2_000);
}
