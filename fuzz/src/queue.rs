//! The files of a queue: whatever is in them, an error or an entry, and never another recipient.

use mail_queue::{Envelope, Error, Found, Id, Outcome, Spool};
use posta_core::{disk::Disk, testing::SimDisk};
use std::{io::Read, time::Duration};

/// A file of octets; and a true one, changed by them.
pub fn queue(data: &[u8]) {
    foreign(data);
    with_checksum(data);
    if let Some((change, data)) = data.split_first() {
        changed(*change, data);
    }
}

fn id() -> Id {
    Id::new(Duration::from_secs(1_790_000_000), 7)
}

/// Puts octets where an entry should be.
fn foreign(data: &[u8]) {
    for folder in ["mail", "state"] {
        let disk = SimDisk::new();
        let (spool, _) = Spool::open(&disk).expect("an empty spool");
        if folder == "state" {
            accept(&spool, b"Hi\r\n", &envelope("bea@b.com"));
        }
        put(&disk, &format!("{folder}/{}", id()), data);
        let (spool, recovery) = Spool::open(&disk).expect("the disk is well");
        let (mut found, mut corrupt) = (Vec::new(), 0);
        for one in recovery {
            match one {
                Found::Entry(id, _) => found.push(id),
                Found::Corrupt(..) => corrupt += 1,
                Found::Unread(_, error) => panic!("{error}"),
            }
        }
        // What cannot be read is put aside; behind a bad state the entry is as it was in the beginning.
        let lost = usize::from(folder == "mail" && corrupt > 0);
        assert_eq!(found.len() + lost, 1);
        for id in found {
            let entry = spool.entry(&id).expect("it was found");
            spool.update(&id, &entry).expect("what is read can be written");
            assert_eq!(spool.entry(&id).ok(), Some(entry));
            if let Ok(mut message) = spool.message(&id) {
                let _damaged_or_not = message.read_to_end(&mut Vec::new());
            }
        }
    }
}

/// Puts an end mark behind them that is right, so that the text is read.
fn with_checksum(data: &[u8]) {
    let n = data.windows(2).position(|two| two == b"\n\n").map_or(0, |at| at + 2);
    let (message, record) = data.split_at(n);
    let mark = format!("end {:08x} {:08x}\n", record.len(), crc32fast::hash(record));
    foreign(&[message, record, mark.as_bytes()].concat());
}

/// Changes an octet of a true entry, or cuts it.
fn changed(change: u8, data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut envelope = envelope(&text);
    envelope.envelope_id = Some(text.clone().into_owned());
    envelope.recipients[1].settle(Outcome::Failed, &text, &text);
    let disk = SimDisk::new();
    let (spool, _) = Spool::open(&disk).expect("an empty spool");
    accept(&spool, data, &envelope);
    let entry = spool.entry(&id()).expect("it was accepted");
    assert_eq!((&entry.recipients, &entry.sender), (&envelope.recipients, &envelope.sender));
    let path = format!("mail/{}", id());
    let mut file = posta_core::disk::read_all(&&disk, &path, 1 << 20).expect("there");
    let place = data.iter().fold(usize::from(change), |place, octet| {
        place.wrapping_mul(31).wrapping_add(usize::from(*octet))
    });
    let at = place % file.len();
    if change.is_multiple_of(4) {
        file.truncate(at);
    } else {
        file[at] ^= 1 << (change / 4 % 8);
    }
    disk.remove(&path).expect("there");
    put(&disk, &path, &file);
    match spool.entry(&id()) {
        Ok(other) => assert_eq!(other.recipients, entry.recipients, "octet {at} of {}", file.len()),
        Err(error) => assert!(matches!(error, Error::Corrupt { .. }), "{error}"),
    }
    if let Ok(mut message) = spool.message(&id()) {
        let mut text = Vec::new();
        if message.read_to_end(&mut text).is_ok() {
            assert_eq!(text, data);
        }
    }
}

fn envelope(text: &str) -> Envelope {
    let mut envelope = Envelope::new("ana@a.org", Duration::from_secs(1_790_000_000));
    envelope.add("bea@b.com");
    envelope.add(text);
    envelope
}

fn accept(spool: &Spool<&SimDisk>, message: &[u8], envelope: &Envelope) {
    let mut incoming = spool.begin(id()).expect("a new one");
    incoming.write(message).expect("the disk is well");
    incoming.commit(envelope).expect("the disk is well");
}

fn put(disk: &SimDisk, path: &str, data: &[u8]) {
    let mut file = disk.create(path).expect("a new one");
    disk.write(&mut file, data).expect("the disk is well");
    disk.sync(&mut file).expect("the disk is well");
}
