//! What is left of a spool after a crash, or when the disk fails or forgets.

use mail_queue::{CorruptError, Envelope, Error, Found, Id, Outcome, Spool};
use posta_core::{
    disk::{Disk, Kind, fs::Fs},
    testing::{SimDisk, every_crash, every_failure},
};
use std::{collections::BTreeMap, fs, io::Read, time::Duration};

const NOW: Duration = Duration::from_secs(1_790_000_000);

fn id(n: u32) -> Id {
    Id::new(NOW, n)
}

fn text(n: u32) -> String {
    format!("Subject: {n}\r\n\r\nHi Bea, this is {n}\r\n")
}

fn envelope() -> Envelope {
    let mut envelope = Envelope::new("ana@a.org", NOW);
    envelope.add("bea@b.com");
    envelope.add("bob@b.com");
    envelope
}

fn enqueue<D: Disk + Clone>(spool: &Spool<D>, n: u32) -> Result<Id, Error> {
    let mut incoming = spool.begin(id(n))?;
    let text = text(n);
    let (one, two) = text.split_at(7);
    incoming.write(one.as_bytes())?;
    incoming.write(two.as_bytes())?;
    incoming.commit(&envelope())
}

fn read<D: Disk + Clone>(spool: &Spool<D>, id: Id) -> std::io::Result<String> {
    let mut text = String::new();
    let mut message = spool.message(&id).map_err(std::io::Error::other)?;
    message.read_to_string(&mut text).map(|_| text)
}

/// What is in a spool when it is opened.
struct Opened<D> {
    spool: Spool<D>,
    entries: BTreeMap<Id, Envelope>,
    corrupt: Vec<(String, Error)>,
    removed: usize,
}

fn open<D: Disk + Clone>(disk: D) -> Result<Opened<D>, Error> {
    let (spool, mut recovery) = Spool::open(disk)?;
    let removed = recovery.removed();
    let (mut entries, mut corrupt) = (BTreeMap::new(), Vec::new());
    for found in recovery.by_ref() {
        match found {
            Found::Entry(id, envelope) => drop(entries.insert(id, envelope)),
            Found::Unread(_, error) => return Err(error),
            Found::Corrupt(name, error) => corrupt.push((name, error)),
        }
    }
    assert_eq!(recovery.left(), 0);
    Ok(Opened { spool, entries, corrupt, removed })
}

/// Opens a spool after a crash: what is in it is whole.
fn reopen(disk: &SimDisk) -> Opened<&SimDisk> {
    let opened = open(disk).expect("the disk works again");
    assert_eq!(opened.corrupt, [], "a crash damages nothing");
    for id in opened.entries.keys() {
        assert!(read(&opened.spool, *id).expect("whole").starts_with("Subject: "));
    }
    assert_eq!(disk.read_dir("tmp").expect("there"), []);
    opened
}

fn two_messages(disk: &SimDisk) -> usize {
    let Ok(Opened { spool, .. }) = open(disk) else { return 0 };
    (1..=2).take_while(|n| enqueue(&spool, *n).is_ok()).count()
}

#[test]
fn what_was_acknowledged_survives_every_crash() {
    let looked_at = every_crash(two_messages, |disk, acknowledged| {
        let Opened { spool, entries, .. } = reopen(disk);
        assert!(entries.len() >= *acknowledged);
        for n in 1..=*acknowledged as u32 {
            assert_eq!(read(&spool, id(n)).expect("there"), text(n));
            let entry = spool.entry(&id(n)).expect("there");
            assert_eq!((entry.sender.as_str(), entry.pending().count()), ("ana@a.org", 2));
        }
    });
    assert!(looked_at > 200, "{looked_at}");
}

#[test]
fn a_failing_disk_refuses_and_forgets_nothing() {
    let looked_at = every_failure(two_messages, |disk, acknowledged| {
        assert_eq!(reopen(disk).entries.len(), *acknowledged);
    });
    assert!(looked_at > 50, "{looked_at}");
}

/// One message with two recipients: one is reached, then the other, then the entry goes.
#[test]
fn what_became_of_a_recipient_survives_every_crash() {
    let scenario = |disk: &SimDisk| {
        let mut steps = 0;
        let mut run = || -> Result<(), Error> {
            let Opened { spool, .. } = open(disk)?;
            enqueue(&spool, 1)?;
            steps = 1;
            let mut entry = spool.entry(&id(1))?;
            for n in 0..2 {
                entry.recipients[n].settle(Outcome::Delivered, "mx1.b.com", "250 Ok");
                entry.put_off(NOW + Duration::from_secs(300));
                spool.update(&id(1), &entry)?;
                steps += 1;
            }
            spool.remove(&id(1))?;
            steps += 1;
            Ok(())
        };
        let _ = run();
        steps
    };
    let check = |disk: &SimDisk, steps: &i32| {
        let opened = reopen(disk);
        let pending = opened.entries.values().next().map(|entry| entry.pending().count());
        match steps {
            0 => {}
            // Acknowledged to the sender: still there, with one or both recipients.
            1 => assert!(matches!(pending, Some(1 | 2))),
            2 => assert!(matches!(pending, Some(0 | 1))),
            // Both were reached: there may be nothing left to do, but never someone to send it to again.
            _ => assert!(matches!(pending, None | Some(0))),
        }
    };
    every_crash(scenario, check);
    every_failure(scenario, check);
}

fn on_disk() -> (tempfile::TempDir, Spool<Fs>) {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { spool, .. } = open(Fs::new(folder.path())).expect("made");
    enqueue(&spool, 1).expect("taken");
    (folder, spool)
}

/// A bit that flips on disk is never sent on.
#[test]
fn every_changed_octet_is_noticed() {
    let (folder, spool) = on_disk();
    let path = folder.path().join(format!("mail/{}", id(1)));
    let whole = fs::read(&path).expect("there");
    let (message, entry) = (text(1), spool.entry(&id(1)).expect("there"));
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).expect("written");
        let (read, found) = (read(&spool, id(1)), spool.entry(&id(1)));
        if at < message.len() {
            assert!(read.is_err() && found.is_ok(), "octet {at}");
        } else {
            // The case of a hexadecimal digit in the end mark means nothing.
            assert!(found.is_err() || found.as_ref() == Ok(&entry), "octet {at}");
        }
    }
}

#[test]
fn every_cut_is_noticed() {
    let (folder, _) = on_disk();
    let path = folder.path().join(format!("mail/{}", id(1)));
    let whole = fs::read(&path).expect("there");
    for end in 0..whole.len() {
        fs::write(&path, &whole[..end]).expect("written");
        let Opened { entries, corrupt, .. } = open(Fs::new(folder.path())).expect("opened");
        assert_eq!((entries.len(), corrupt.len()), (0, 1), "cut at {end}");
        let aside = folder.path().join(format!("corrupt/{}", id(1)));
        assert_eq!(fs::read(&aside).expect("put aside"), &whole[..end]);
        fs::remove_file(aside).expect("removed");
    }
}

/// A record that is longer than what is read first.
#[test]
fn long_envelopes_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { spool, .. } = open(Fs::new(folder.path())).expect("made");
    for (n, recipients) in [0, 10, 30, 31, 32, 33, 34, 35, 1000].into_iter().enumerate() {
        let mut incoming = spool.begin(id(n as u32)).expect("begun");
        incoming.write(b"Subject: Tea\r\n\r\n").expect("written");
        let mut envelope = Envelope::new("ana@a.org", NOW);
        (0..recipients).for_each(|n| envelope.add(&format!("bea{n:04}@b.com")));
        let id = incoming.commit(&envelope).expect("taken");
        assert_eq!(spool.entry(&id).expect("there").recipients, envelope.recipients);
    }
    assert_eq!(open(Fs::new(folder.path())).expect("opened").entries.len(), 9);
}

/// A state that cannot be read costs a second delivery, not the message.
#[test]
fn a_damaged_state_falls_back_to_the_beginning() {
    let (folder, spool) = on_disk();
    let mut entry = spool.entry(&id(1)).expect("there");
    entry.recipients[0].settle(Outcome::Delivered, "mx1.b.com", "250 Ok");
    spool.update(&id(1), &entry).expect("updated");
    let path = folder.path().join(format!("state/{}", id(1)));
    let mut record = fs::read(&path).expect("there");
    record[3] ^= 1;
    fs::write(&path, record).expect("written");
    assert!(matches!(
        spool.entry(&id(1)),
        Err(Error::Corrupt { source: CorruptError::Checksum, .. })
    ));
    let Opened { spool, entries, corrupt, .. } = open(Fs::new(folder.path())).expect("opened");
    assert_eq!((entries.len(), corrupt.len()), (1, 1));
    assert_eq!(entries[&id(1)].pending().count(), 2);
    assert_eq!(corrupt[0].0, format!("{}.state", id(1)));
    assert_eq!(spool.entry(&id(1)).expect("there").pending().count(), 2);
}

#[test]
fn strange_files_are_left_alone() {
    let (folder, _) = on_disk();
    for name in ["mail/README", "mail/0000", "state/x", "mail/.hidden"] {
        fs::write(folder.path().join(name), "x").expect("written");
    }
    fs::write(folder.path().join("tmp/left-over"), "x").expect("written");
    fs::write(folder.path().join(format!("state/{}", id(9))), "x").expect("written");
    let Opened { entries, corrupt, removed, .. } = open(Fs::new(folder.path())).expect("opened");
    assert_eq!((corrupt, removed), (vec![], 2));
    assert_eq!(entries.keys().collect::<Vec<_>>(), [&id(1)]);
    assert!(folder.path().join("mail/README").exists());
}

/// Addresses, replies and bodies hold what they like: the record stays in order.
#[test]
fn a_message_cannot_pass_for_its_envelope() {
    let disk = SimDisk::new();
    let Opened { spool, .. } = open(&disk).expect("made");
    let mut incoming = spool.begin(id(1)).expect("begun");
    let forged = "posta-queue 1\nsender eve@example.com\nend 00000026 00000000\n";
    incoming.write(forged.as_bytes()).expect("written");
    let mut envelope = Envelope::new("ana@a.org\nrecipient eve@example.com", NOW);
    envelope.add("bea@b.com\noutcome delivered");
    incoming.commit(&envelope).expect("taken");
    let entry = spool.entry(&id(1)).expect("there");
    assert_eq!(entry.sender, "ana@a.org\nrecipient eve@example.com");
    let pending: Vec<_> = entry.pending().map(|r| r.address.as_str()).collect();
    assert_eq!(pending, ["bea@b.com\noutcome delivered"]);
    assert_eq!(read(&spool, id(1)).expect("there"), forged);
}

#[test]
fn entries_come_back_with_their_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let Opened { spool, .. } = open(Fs::new(folder.path())).expect("made");
    let mut want = BTreeMap::new();
    for n in 1..=5 {
        enqueue(&spool, n).expect("taken");
        let mut entry = spool.entry(&id(n)).expect("there");
        let next = NOW + Duration::from_millis(u64::from(n));
        entry.put_off(next);
        spool.update(&id(n), &entry).expect("updated");
        want.insert(id(n), next);
    }
    spool.remove(&id(3)).expect("removed");
    want.remove(&id(3));
    let Opened { spool, entries, .. } = open(Fs::new(folder.path())).expect("opened");
    let found: BTreeMap<Id, Duration> = entries.iter().map(|(id, one)| (*id, one.next)).collect();
    assert_eq!(found, want);
    assert!(spool.begin(id(1)).is_ok_and(|incoming| incoming.commit(&envelope()).is_err()));
    assert_eq!(read(&spool, id(1)).expect("untouched"), text(1));
    assert!(matches!(spool.remove(&id(3)), Err(Error::Disk(_))));
}

/// Whichever operation of a start fails: no entry is passed over in silence, and it can be read afterwards.
#[test]
fn an_entry_that_the_disk_withholds_is_told_of() {
    for n in 0.. {
        let disk = SimDisk::new();
        let Opened { spool, .. } = open(&disk).expect("made");
        enqueue(&spool, 1).expect("taken");
        enqueue(&spool, 2).expect("taken");
        let before = disk.operations();
        disk.fail_after(n, Kind::TooManyFiles);
        let opened = Spool::open(&disk).map(|(_, recovery)| recovery.collect::<Vec<_>>());
        let failed = disk.operations() > before + n;
        if let Ok(found) = opened {
            let unread = found.iter().filter(|one| matches!(one, Found::Unread(..))).count();
            assert_eq!((found.len(), unread), (2, usize::from(failed)), "operation {n}");
        }
        if !failed {
            assert!(n > 10, "{n}");
            return;
        }
        for n in 1..=2 {
            assert!(spool.entry(&id(n)).is_ok());
        }
    }
}
