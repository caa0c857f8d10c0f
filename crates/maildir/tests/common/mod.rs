//! What the tests share.
#![allow(dead_code)]

use maildir::{Entry, Error, Maildir, Stamp};
use posta_core::disk::Disk;
use std::{io::Read, time::Duration};

/// A stamp that differs for each number, in their order.
pub(crate) fn stamp(count: u64) -> Stamp<'static> {
    let time = Duration::from_secs(1_790_000_000) + Duration::from_micros(count);
    Stamp { time, process: 7, count, random: 99, host: "mda.b.com" }
}

/// Delivers a text in two pieces.
pub(crate) fn deliver<D: Disk + Clone>(
    maildir: &Maildir<D>,
    count: u64,
    text: &str,
) -> Result<Entry, Error> {
    let mut delivery = maildir.deliver(&stamp(count))?;
    let (one, two) = text.split_at(text.len() / 2);
    delivery.write(one.as_bytes())?;
    delivery.write(two.as_bytes())?;
    delivery.commit()
}

/// The texts of all messages, in order.
pub(crate) fn texts<D: Disk + Clone>(maildir: &Maildir<D>) -> Vec<String> {
    let read = |entry| {
        let mut text = String::new();
        maildir.open(&entry).expect("there").read_to_string(&mut text).expect("read");
        text
    };
    maildir.list().expect("listed").into_iter().map(read).collect()
}
