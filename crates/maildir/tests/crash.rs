//! What is left after a crash, or when the disk fails.

mod common;

use common::{deliver, stamp, texts};
use maildir::{Flags, Maildir};
use posta_core::{
    disk::{Disk, Kind},
    testing::{SimDisk, every_crash, every_failure},
};

const ONE: &str = "Subject: one\r\n\r\nfirst\r\n";
const TWO: &str = "Subject: two\r\n\r\nsecond\r\n";

/// Two deliveries, and how many of them were acknowledged.
fn two_deliveries(disk: &SimDisk) -> usize {
    let Ok(maildir) = Maildir::create(disk) else { return 0 };
    if deliver(&maildir, 1, ONE).is_err() {
        return 0;
    }
    1 + usize::from(deliver(&maildir, 2, TWO).is_ok())
}

#[test]
fn an_acknowledged_message_survives_every_crash() {
    let looked_at = every_crash(two_deliveries, |disk, acknowledged| {
        let maildir = Maildir::create(disk).expect("the disk works again");
        let found = texts(&maildir);
        assert!(found.len() >= *acknowledged, "{acknowledged} acknowledged, {} found", found.len());
        // Whole, or not there at all.
        assert!(found.is_empty() || found[0] == ONE);
        assert!(found.len() < 2 || found[1] == TWO);
        assert!(found.len() <= 2);
    });
    assert!(looked_at > 200, "{looked_at}");
}

/// Who was killed before the acknowledgement is given the message again.
#[test]
fn a_message_that_comes_again_after_a_crash_is_there_once() {
    let once = |disk: &SimDisk, count| {
        let maildir = Maildir::create(disk).ok()?;
        let mut delivery = maildir.deliver(&stamp(count)).ok()?;
        delivery.write(ONE.as_bytes()).ok()?;
        delivery.commit_once(&stamp(0)).ok()
    };
    let looked_at = every_crash(
        |disk| once(disk, 1).is_some(),
        |disk, _| {
            once(disk, 2).expect("delivered");
            for survivor in disk.survivors() {
                let maildir = Maildir::create(&survivor).expect("the disk works again");
                assert_eq!(texts(&maildir), [ONE]);
            }
        },
    );
    assert!(looked_at > 100, "{looked_at}");
    every_failure(
        |disk| once(disk, 1).is_some(),
        |disk, delivered| {
            let maildir = Maildir::create(disk).expect("the disk works again");
            assert_eq!(texts(&maildir).len(), usize::from(*delivered));
            once(disk, 2).expect("delivered");
            assert_eq!(texts(&maildir), [ONE]);
        },
    );
}

/// Two messages of one name and one length are two.
#[test]
fn only_the_same_octets_are_the_same_message() {
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).expect("made");
    let other = ONE.replace("first", "worst");
    for (count, text) in [(1, ONE), (2, &other), (3, ONE)] {
        let mut delivery = maildir.deliver(&stamp(count)).expect("begun");
        delivery.write(text.as_bytes()).expect("written");
        delivery.commit_once(&stamp(0)).expect("delivered");
    }
    assert_eq!(texts(&maildir), [ONE, &other]);
}

#[test]
fn a_failing_disk_never_leaves_half_a_message() {
    let looked_at = every_failure(two_deliveries, |disk, acknowledged| {
        let maildir = Maildir::create(disk).expect("the disk works again");
        let found = texts(&maildir);
        assert_eq!(found, &[ONE, TWO][..*acknowledged]);
    });
    assert!(looked_at > 50, "{looked_at}");
}

#[test]
fn a_failed_delivery_leaves_nothing_in_tmp() {
    every_failure(two_deliveries, |disk, _| {
        let left = disk.read_dir("tmp").map_or(0, |entries| entries.len());
        // If it was the removal itself that failed, there is one for the clean-up.
        assert!(left <= 1, "{left}");
    });
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).expect("made");
    drop(maildir.deliver(&stamp(1)).expect("begun"));
    assert_eq!(disk.read_dir("tmp").expect("there"), []);
}

#[test]
fn no_crash_loses_a_message_whose_flags_change() {
    let scenario = |disk: &SimDisk| -> Option<Flags> {
        let maildir = Maildir::create(disk).ok()?;
        deliver(&maildir, 1, ONE).ok()?;
        let mut entry = maildir.list().ok()?.pop()?;
        maildir.set_flags(&mut entry, Flags::SEEN).ok()?;
        let _ = maildir.set_flags(&mut entry, Flags::SEEN | Flags::FLAGGED);
        maildir.sync().ok()?;
        Some(entry.flags())
    };
    every_crash(scenario, |disk, synced| {
        let maildir = Maildir::create(disk).expect("the disk works again");
        let found = maildir.list().expect("listed");
        if let Some(flags) = synced {
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].flags(), *flags);
        }
        assert!(found.len() <= 1, "the same message twice");
        assert!(texts(&maildir).iter().all(|text| text == ONE));
    });
}

/// The message was acknowledged, then its flags changed: whatever is lost of the change, it is there.
#[test]
fn no_crash_loses_an_acknowledged_message() {
    let prepared = || {
        let disk = SimDisk::new();
        deliver(&Maildir::create(&disk).expect("made"), 1, ONE).expect("delivered");
        disk
    };
    for n in 0..20 {
        let disk = prepared();
        disk.crash_after(n);
        let maildir = Maildir::create(&disk);
        if let Ok(maildir) = &maildir
            && let Ok(mut entries) = maildir.list()
        {
            let _ = maildir.set_flags(&mut entries[0], Flags::REPLIED);
            let _ = maildir.sync();
        }
        for survivor in disk.survivors() {
            let maildir = Maildir::create(&survivor).expect("the disk works again");
            assert_eq!(texts(&maildir), [ONE], "crash after {n}");
        }
    }
}

#[test]
fn a_folder_is_whole_after_every_crash() {
    let name = "Archive".parse().expect("a name");
    let scenario = |disk: &SimDisk| {
        let maildir = Maildir::create(disk).ok()?;
        let folder = maildir.create_folder(&name).ok()?;
        deliver(&folder, 1, ONE).ok()
    };
    every_crash(scenario, |disk, delivered| {
        let maildir = Maildir::create(disk).expect("the disk works again");
        if delivered.is_some() {
            assert_eq!(texts(&maildir.folder(&name).expect("there")), [ONE]);
            disk.stat(".Archive/maildirfolder").expect("marked");
        } else if maildir.folders().expect("listed").contains(&name) {
            assert!(texts(&maildir.folder(&name).expect("there")).len() <= 1);
        }
    });
}

#[test]
fn a_full_disk_is_told_as_such() {
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).expect("made");
    let mut delivery = maildir.deliver(&stamp(1)).expect("begun");
    disk.fail_after(0, Kind::NoSpace);
    let error = delivery.write(b"Subject: one\r\n").expect_err("full");
    let text = error.to_string();
    assert!(text.contains("cannot write tmp/") && text.ends_with("the disk is full"), "{text}");
}
