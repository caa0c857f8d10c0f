//! Maildir: delivery, listing and flags, beside others and beside the bare system calls.

use crate::{
    data::body,
    harness::{Bench, Case, Contender, Goal},
};
use ::maildir::{Flags, Maildir, Stamp};
use io_maildir::{
    client::MaildirClient,
    flag::{MaildirFlag, MaildirFlags},
    maildir::{Maildir as IoMaildir, MaildirSubdir},
};
use posta_core::disk::fs::Fs;
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

const MESSAGE: usize = 8 << 10;

pub fn benches(quick: bool) -> Vec<Bench> {
    let mut benches = vec![
        Bench::new("Maildir, delivery of 8 KiB, and its removal", deliver),
        Bench::new("Maildir, list of 10,000", || list(10_000)),
        Bench::new("Maildir, flag of one in 1,000, on and off", || flag(1_000)),
        Bench::new("Maildir, flag of one in 10,000, on and off", || flag(10_000)),
    ];
    if !quick {
        benches.push(Bench::new("Maildir, list of 100,000", || list(100_000)));
    }
    benches
}

/// posta syncs the file and its name, always. Where others sync less, that is the name's cost too.
fn deliver() -> Case {
    let text = body(MESSAGE);
    let octets = text.len();
    let bare = |name, faster, level| {
        let (text, folder) = (text.clone(), Folder::new(0));
        let mut count = 0;
        Contender::peer(name, faster, move || {
            count += 1;
            deliver_bare(folder.path(), count, &text, level);
            1
        })
    };
    let peers = vec![
        bare("bare system calls, file and name synced", 0.95, Level::Full),
        bare("bare system calls, file synced", 0.0, Level::File),
        bare("bare system calls, nothing synced", 0.0, Level::None),
        deliver_with_maildir(text.clone()),
        deliver_with_io_maildir(text.clone()),
    ];
    let folder = Folder::new(0);
    let mailbox = folder.open();
    let mut count = 0;
    let ours = Contender::ours(move || {
        let _ = &folder;
        count += 1;
        let mut delivery = mailbox.deliver(&stamp(count)).expect("made");
        delivery.write(&text).expect("written");
        let entry = delivery.commit().expect("delivered");
        mailbox.remove(&entry).expect("removed");
        1
    });
    Case { octets, goal: Goal::default(), ours, peers }
}

/// What a delivery makes last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    None,
    File,
    Full,
}

fn deliver_bare(folder: &Path, count: u64, text: &[u8], level: Level) {
    let name = format!("1790000000.M{count}P1Q1.host,S=8192,W=8192");
    let (tmp, new) = (folder.join("tmp").join(&name), folder.join("new").join(&name));
    let mut file = File::create_new(&tmp).expect("made");
    file.write_all(text).expect("written");
    if level != Level::None {
        file.sync_all().expect("synced");
    }
    fs::hard_link(&tmp, &new).expect("linked");
    fs::remove_file(&tmp).expect("removed");
    if level == Level::Full {
        File::open(folder.join("new")).and_then(|new| new.sync_all()).expect("synced");
    }
    fs::remove_file(&new).expect("removed");
}

fn deliver_with_maildir(text: Vec<u8>) -> Contender {
    let folder = Folder::new(0);
    let mailbox = peer_maildir::Maildir::from(folder.path().to_owned());
    Contender::peer("maildir 0.6.6, file synced", 0.0, move || {
        let id = mailbox.store_new(&text).expect("delivered");
        fs::remove_file(folder.path().join("new").join(id)).expect("removed");
        1
    })
}

fn deliver_with_io_maildir(text: Vec<u8>) -> Contender {
    let folder = Folder::new(0);
    let client = MaildirClient::new(folder.text());
    Contender::peer("io-maildir 0.3.1, nothing synced", 0.0, move || {
        let mailbox = IoMaildir::from_path(folder.text());
        let flags = MaildirFlags::default();
        let stored = client.store(mailbox, MaildirSubdir::New, flags, text.clone());
        let (_, path) = stored.expect("delivered");
        fs::remove_file(path.as_str()).expect("removed");
        1
    })
}

/// posta reads the folders until two readings agree, as one may miss a message that is renamed meanwhile,
/// and puts the messages in order. The others read them once, so twice their time would be fair; maildir
/// 0.6.6 keeps nothing and has no order.
fn list(messages: usize) -> Case {
    let folder = Folder::new(messages);
    let mailbox = folder.open();
    let (cur, name) = (folder.path().join("cur"), folder.text());
    let theirs = peer_maildir::Maildir::from(folder.path().to_owned());
    let system = Contender::peer("bare read_dir, names only", 0.0, move || {
        let names = fs::read_dir(&cur).expect("a folder");
        names.map(|entry| entry.expect("an entry").file_name()).collect::<Vec<_>>().len() as u64
    });
    let maildir = Contender::peer("maildir 0.6.6, read once, in no order", 0.5, move || {
        let entries = theirs.list_cur().map(|entry| entry.expect("an entry"));
        entries.filter(peer_maildir::MailEntry::is_seen).count() as u64
    });
    let client = MaildirClient::new(name.clone());
    let io_maildir = Contender::peer("io-maildir 0.3.1, read once", 1.0, move || {
        let entries = client.list_entries(IoMaildir::from_path(name.clone())).expect("a list");
        let seen = |flags: MaildirFlags| flags.contains(&MaildirFlag::Seen);
        entries.iter().filter(|entry| seen(entry.flags())).count() as u64
    });
    let ours = Contender::ours(move || {
        let _ = &folder;
        let entries = mailbox.list().expect("a list");
        entries.iter().filter(|entry| entry.flags().contains(Flags::SEEN)).count() as u64
    });
    Case { octets: 0, goal: Goal::default(), ours, peers: vec![system, maildir, io_maildir] }
}

/// The others look for the message by its id in all of the folder; posta goes by the entry it listed.
fn flag(messages: usize) -> Case {
    let (folder, theirs) = (Folder::new(messages), Folder::new(messages));
    let mailbox = folder.open();
    let mut entry = mailbox.list().expect("a list").swap_remove(messages / 2);
    let system = {
        let folder = Folder::new(messages);
        let path = |flags| folder.path().join(format!("cur/{}:2,{flags}", id(messages / 2)));
        let (off, on) = (path("S"), path("FS"));
        Contender::peer("bare rename", 0.0, move || {
            let _ = &folder;
            fs::rename(&off, &on).expect("renamed");
            fs::rename(&on, &off).expect("renamed");
            1
        })
    };
    let maildir = {
        let mailbox = peer_maildir::Maildir::from(theirs.path().to_owned());
        let id = id(messages / 2);
        Contender::peer("maildir 0.6.6, by id", messages as f64 / 100.0, move || {
            let _ = &theirs;
            mailbox.add_flags(&id, "F").expect("set");
            mailbox.remove_flags(&id, "F").expect("taken away");
            1
        })
    };
    let ours = Contender::ours(move || {
        let _ = &folder;
        mailbox.set_flags(&mut entry, Flags::SEEN | Flags::FLAGGED).expect("set");
        mailbox.set_flags(&mut entry, Flags::SEEN).expect("set");
        1
    });
    Case { octets: 0, goal: Goal::default(), ours, peers: vec![system, maildir] }
}

/// A Maildir that goes away with it.
struct Folder(TempDir);

impl Folder {
    /// With so many empty messages, which are seen.
    fn new(messages: usize) -> Self {
        let folder = TempDir::new().expect("a folder");
        for name in ["tmp", "new", "cur"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        for n in 0..messages {
            let name = format!("cur/{}:2,S", id(n));
            File::create(folder.path().join(name)).expect("a file");
        }
        Self(folder)
    }

    fn open(&self) -> Maildir<Fs> {
        Maildir::create(Fs::new(self.path())).expect("a Maildir")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn text(&self) -> String {
        PathBuf::from(self.path()).into_os_string().into_string().expect("UTF-8")
    }
}

fn id(n: usize) -> String {
    format!("{}.M{}P1Q1.host", 1_790_000_000 + n / 7, n % 1_000_000)
}

fn stamp(count: u64) -> Stamp<'static> {
    let time = Duration::from_secs(1_790_000_000);
    Stamp { time, process: 1, count, random: 7, host: "mda.b.com" }
}
