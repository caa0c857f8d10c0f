//! What UIDs, keywords, subscriptions, folders and moves are worth after a crash, or when the disk fails.

mod common;

use common::{deliver, stamp, texts};
use maildir::{Entry, Error, Flags, FolderName, MailboxName, Maildir, Numbered, Stamp, Uids};
use posta_core::{
    disk::Disk,
    testing::{SimDisk, every_crash, every_failure},
};
use std::{collections::BTreeMap, time::Duration};

fn at(seconds: u64) -> Stamp<'static> {
    Stamp { time: Duration::from_secs(1_790_000_000 + seconds), ..stamp(seconds) }
}

/// What a client has heard of a folder.
#[derive(Clone, Default)]
struct Heard {
    /// By UIDVALIDITY and UID, the message.
    messages: BTreeMap<(u32, u32), String>,
    /// By UIDVALIDITY, the highest UIDNEXT.
    next: BTreeMap<u32, u32>,
    /// How often a listing was told.
    listings: usize,
}

impl Heard {
    fn hear(&mut self, numbered: &Numbered) {
        let validity = numbered.uid_validity;
        let known = self.next.keys().next_back().copied().unwrap_or(0);
        assert!(validity >= known, "UIDVALIDITY went back");
        let next = self.next.entry(validity).or_insert(0);
        assert!(numbered.uid_next >= *next, "UIDNEXT went back");
        for message in &numbered.messages {
            let (uid, id) = (message.uid, message.entry.id());
            assert!(uid < numbered.uid_next);
            let known = self.messages.insert((validity, uid), id.to_owned());
            assert!(known.is_none_or(|known| known == id), "one UID for two messages");
            let uids =
                self.messages.iter().filter(|(key, known)| key.0 == validity && *known == id);
            assert_eq!(uids.count(), 1, "two UIDs for one message");
        }
        *next = numbered.uid_next;
        self.listings += 1;
    }

    fn hear_arrival(&mut self, uids: &Uids, message: &Entry) {
        let Uids { uid_validity, uids } = uids;
        let uid = uids[0];
        let next = self.next.entry(*uid_validity).or_insert(0);
        *next = uid.saturating_add(1).max(*next);
        let known = self.messages.insert((*uid_validity, uid), message.id().to_owned());
        assert!(known.is_none_or(|known| known == message.id()), "one UID for two messages");
        self.listings += 1;
    }
}

/// Messages come and go and are listed by two programs.
fn life(disk: &SimDisk) -> Heard {
    let mut heard = Heard::default();
    let mut run = || -> Result<(), Error> {
        let (one, other) = (Maildir::create(disk)?, Maildir::create(disk)?);
        deliver(&one, 1, "first")?;
        heard.hear(&one.numbered(&at(1), true)?);
        deliver(&other, 2, "second")?;
        deliver(&one, 3, "third")?;
        let listed = other.numbered(&at(1), false)?;
        heard.hear(&listed);
        heard.hear(&one.numbered(&at(1), true)?);
        one.remove(&listed.messages[2].entry)?;
        // Without this a crash may bring it back, and it is another message then.
        one.sync()?;
        deliver(&one, 4, "fourth")?;
        for count in [5, 6] {
            let came = deliver(&one, count, "copied")?;
            heard.hear_arrival(&one.number_arrivals(std::slice::from_ref(&came), &at(1))?, &came);
        }
        heard.hear(&other.numbered(&at(1), true)?);
        Ok(())
    };
    let _ = run();
    heard
}

/// The UIDs that were told hold on this disk, and so do those of the messages that come next.
fn goes_on(disk: &SimDisk, heard: &Heard) {
    let mut all = heard.clone();
    let maildir = Maildir::create(disk).expect("the disk works again");
    let found = maildir.numbered(&at(2), true).expect("numbered");
    all.hear(&found);
    if heard.listings > 0 {
        assert!(heard.next.contains_key(&found.uid_validity), "a list that was told of is lost");
    }
    deliver(&maildir, 9, "ninth").expect("delivered");
    let more = maildir.numbered(&at(2), true).expect("numbered");
    assert_eq!(more.since(&found).map(|changes| changes.arrived), Some(vec![found.uid_next]));
    all.hear(&more);
}

#[test]
fn no_crash_gives_a_uid_twice() {
    let looked_at = every_crash(life, goes_on);
    assert!(looked_at > 1000, "{looked_at}");
}

#[test]
fn no_failure_gives_a_uid_twice() {
    let looked_at = every_failure(life, goes_on);
    assert!(looked_at > 200, "{looked_at}");
}

/// A folder that is removed and made again, while the clock stands still, has other messages under the same
/// UIDs, and so another UIDVALIDITY.
#[test]
fn a_folder_that_is_made_again_gives_no_uid_twice() {
    let name: FolderName = "Archive".parse().expect("a name");
    let again = |maildir: &Maildir<&SimDisk>, count: u64, heard: &mut Heard| -> Result<(), Error> {
        let folder = match maildir.create_folder(&name) {
            Err(Error::FolderExists(_)) => maildir.folder(&name)?,
            folder => folder?,
        };
        deliver(&folder, count, "text")?;
        heard.hear(&folder.numbered(&at(1), true)?);
        Ok(())
    };
    let scenario = |disk: &SimDisk| {
        let mut heard = Heard::default();
        if let Ok(maildir) = Maildir::create(disk)
            && again(&maildir, 1, &mut heard).is_ok()
            && maildir.delete_folder(&name).is_ok()
        {
            let _ = again(&maildir, 2, &mut heard);
        }
        heard
    };
    let check = |disk: &SimDisk, heard: &Heard| {
        let mut heard = heard.clone();
        let maildir = Maildir::create(disk).expect("the disk works again");
        again(&maildir, 3, &mut heard).expect("numbered");
        maildir.delete_folder(&name).expect("removed");
        again(&maildir, 4, &mut heard).expect("numbered");
    };
    every_crash(scenario, check);
    every_failure(scenario, check);
}

/// One program hears of UIDs that another has written and not yet made last, or adds to them: they hold after a
/// crash.
#[test]
fn a_uid_that_another_program_gave_lasts_before_it_is_told() {
    let eio = posta_core::disk::Kind::Io(5);
    for (n, adds) in (0..60).flat_map(|n| [(n, false), (n, true)]) {
        let disk = SimDisk::new();
        let maildir = Maildir::create(&disk).expect("made");
        deliver(&maildir, 1, "first").expect("delivered");
        // The other program is stopped somewhere: it fails, and nothing of what it did is undone.
        disk.fail_after(n, eio);
        let _ = maildir.numbered(&at(1), false);
        disk.fail_after(usize::MAX / 2, eio);
        let mut heard = Heard::default();
        if adds {
            let came = deliver(&maildir, 2, "second").expect("delivered");
            let uids = maildir.number_arrivals(std::slice::from_ref(&came), &at(500));
            heard.hear_arrival(&uids.expect("numbered"), &came);
        } else {
            heard.hear(&maildir.numbered(&at(500), false).expect("numbered"));
        }
        for survivor in disk.survivors() {
            goes_on(&survivor, &heard);
        }
    }
}

/// Nothing that could not be synced is told: not by the program that failed, nor by the next one.
#[test]
fn an_arrival_that_the_disk_failed_is_told_when_it_lasts() {
    let mut failed = 0;
    for n in 0..20 {
        let disk = SimDisk::new();
        let maildir = Maildir::create(&disk).expect("made");
        let mut heard = Heard::default();
        deliver(&maildir, 1, "first").expect("delivered");
        heard.hear(&maildir.numbered(&at(1), false).expect("numbered"));
        let came = deliver(&maildir, 2, "second").expect("delivered");
        disk.fail_after(n, posta_core::disk::Kind::Io(5));
        match maildir.number_arrivals(std::slice::from_ref(&came), &at(1)) {
            Ok(uids) => heard.hear_arrival(&uids, &came),
            Err(_) => failed += 1,
        }
        disk.fail_after(usize::MAX / 2, posta_core::disk::Kind::Io(5));
        heard.hear(&maildir.numbered(&at(500), false).expect("numbered"));
        for survivor in disk.survivors() {
            goes_on(&survivor, &heard);
        }
    }
    assert!((5..15).contains(&failed), "{failed}");
}

/// The same of a line that another program has added, whole or in part, and was stopped.
#[test]
fn a_line_that_another_program_added_lasts_before_it_is_told() {
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).expect("made");
    deliver(&maildir, 1, "first").expect("delivered");
    maildir.numbered(&at(1), false).expect("numbered");
    let came = deliver(&maildir, 2, "second").expect("delivered");
    let line = format!("2 :{}\n", came.id());
    for end in 1..=line.len() {
        // Whatever the crash left of the list is what was told of.
        let disk = disk.survivors().pop().expect("the whole disk");
        let maildir = Maildir::create(&disk).expect("there");
        let mut file = disk.append("dovecot-uidlist").expect("there");
        disk.write(&mut file, &line.as_bytes()[..end]).expect("written");
        let mut heard = Heard::default();
        heard.hear(&maildir.numbered(&at(500), false).expect("numbered"));
        for survivor in disk.survivors() {
            goes_on(&survivor, &heard);
        }
    }
}

/// Nor does UIDNEXT go back where a line was cut that all messages have theirs without.
#[test]
fn half_a_line_uses_up_its_uid_for_good() {
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).expect("made");
    deliver(&maildir, 1, "first").expect("delivered");
    maildir.numbered(&at(1), false).expect("numbered");
    let mut file = disk.append("dovecot-uidlist").expect("there");
    disk.write(&mut file, b"2 :half").expect("written");
    let mut heard = Heard::default();
    heard.hear(&maildir.numbered(&at(500), false).expect("numbered"));
    assert_eq!(heard.next.values().collect::<Vec<_>>(), [&3]);
    for survivor in disk.survivors() {
        goes_on(&survivor, &heard);
    }
}

#[test]
fn a_lock_that_a_crash_leaves_is_no_obstacle() {
    let looked_at = every_crash(
        |disk| {
            let maildir = Maildir::create(disk).ok()?;
            maildir.add_keyword("$Junk", &at(0)).ok()?;
            maildir.subscribe(&MailboxName::Inbox, &at(0)).ok()
        },
        |disk, done| {
            let maildir = Maildir::create(disk).expect("the disk works again");
            let junk = maildir.add_keyword("$Junk", &at(0)).expect("added");
            assert_eq!(Some(junk), Flags::from_char('a'));
            let known = maildir.subscriptions().expect("read");
            if done.is_some() {
                assert_eq!(known, [MailboxName::Inbox]);
            }
            maildir.subscribe(&MailboxName::Inbox, &at(0)).expect("subscribed");
            assert_eq!(maildir.subscriptions(), Ok(vec![MailboxName::Inbox]));
        },
    );
    assert!(looked_at > 100, "{looked_at}");
}

/// A letter that was told of stands for the same keyword after a crash.
#[test]
fn keywords_keep_their_letters() {
    let scenario = |disk: &SimDisk| {
        let mut told = Vec::new();
        if let Ok(maildir) = Maildir::create(disk) {
            for name in ["$Junk", "Work", "Home"] {
                told.extend(maildir.add_keyword(name, &at(0)).map(|flag| (name, flag)));
            }
        }
        told
    };
    let check = |disk: &SimDisk, told: &Vec<(&str, Flags)>| {
        let maildir = Maildir::create(disk).expect("the disk works again");
        for (name, flag) in told {
            assert_eq!(maildir.add_keyword(name, &at(0)), Ok(*flag));
        }
        let other = maildir.add_keyword("Other", &at(0)).expect("added");
        assert!(told.iter().all(|(_, flag)| *flag != other));
    };
    every_crash(scenario, check);
    every_failure(scenario, check);
}

#[test]
fn no_crash_loses_a_message_that_is_copied() {
    let archive: FolderName = "Archive".parse().expect("a name");
    let scenario = |disk: &SimDisk| {
        let maildir = Maildir::create(disk).ok()?;
        let folder = maildir.create_folder(&archive).ok()?;
        deliver(&maildir, 1, "text").ok()?;
        let mut entry = maildir.list().ok()?.pop()?;
        let junk = maildir.add_keyword("$Junk", &at(0)).ok()?;
        maildir.set_flags(&mut entry, Flags::SEEN | junk).ok()?;
        maildir.copy(&entry, &folder, &at(1)).ok()
    };
    let check = |disk: &SimDisk, copied: &Option<Entry>| {
        let maildir = Maildir::create(disk).expect("the disk works again");
        assert!(texts(&maildir).iter().all(|text| text == "text"));
        let Ok(folder) = maildir.folder(&archive) else {
            assert!(copied.is_none());
            return;
        };
        assert!(texts(&folder).len() <= 1);
        assert!(texts(&folder).iter().all(|text| text == "text"));
        if let Some(copied) = copied {
            assert_eq!(texts(&maildir), ["text"]);
            assert_eq!(folder.list(), Ok(vec![copied.clone()]));
            let keywords = folder.keywords().expect("read");
            assert_eq!(keywords.of(copied.flags()).collect::<Vec<_>>(), ["$Junk"]);
        }
    };
    every_crash(scenario, check);
    every_failure(scenario, check);
}

/// Delivered and acknowledged, then moved: it is there, and there once when the move was synced.
#[test]
fn no_crash_loses_a_message_that_is_moved() {
    let archive: FolderName = "Archive".parse().expect("a name");
    for n in 0..60 {
        let disk = SimDisk::new();
        let maildir = Maildir::create(&disk).expect("made");
        let folder = maildir.create_folder(&archive).expect("made");
        deliver(&maildir, 1, "text").expect("delivered");
        let mut entry = maildir.list().expect("listed").remove(0);
        maildir.set_flags(&mut entry, Flags::SEEN).expect("set");
        maildir.sync().expect("synced");
        disk.crash_after(n);
        let moved = maildir.move_to(&entry, &folder, &at(1));
        let synced = moved.is_ok() && folder.sync().is_ok() && maildir.sync().is_ok();
        for survivor in disk.survivors() {
            let maildir = Maildir::create(&survivor).expect("the disk works again");
            let folder = maildir.folder(&archive).expect("there");
            let found = (texts(&maildir), texts(&folder));
            let (here, there) = (found.0.len(), found.1.len());
            assert!(here + there >= 1 && here <= 1 && there <= 1, "crash after {n}: {found:?}");
            assert!(found.0.iter().chain(&found.1).all(|text| text == "text"));
            assert!(!synced || (here, there) == (0, 1), "crash after {n}: {found:?}");
        }
    }
}

#[test]
fn no_crash_loses_a_folder_that_is_renamed() {
    let name = |name: &str| -> FolderName { name.parse().expect("a name") };
    let (from, to) = (name("A"), name("B"));
    for n in 0..20 {
        let disk = SimDisk::new();
        let maildir = Maildir::create(&disk).expect("made");
        for (count, folder) in ["A", "A.x", "A.y"].into_iter().enumerate() {
            let folder = maildir.create_folder(&name(folder)).expect("made");
            deliver(&folder, count as u64, &count.to_string()).expect("delivered");
        }
        disk.crash_after(n);
        let renamed = maildir.rename_folder(&from, &to);
        for survivor in disk.survivors() {
            let maildir = Maildir::create(&survivor).expect("the disk works again");
            let left = maildir
                .folders()
                .expect("listed")
                .into_iter()
                .any(|folder| folder == from || folder.as_str().starts_with("A."));
            assert!(!left || renamed.is_err(), "crash after {n}");
            if left {
                // The crash may have kept any of the moves.
                let again = maildir.rename_folder(&from, &to);
                assert!(again.is_ok(), "crash after {n}: {again:?}");
            }
            let texts = ["B", "B.x", "B.y"]
                .map(|folder| texts(&maildir.folder(&name(folder)).expect("there")));
            assert_eq!(texts, [["0"], ["1"], ["2"]]);
        }
    }
}
