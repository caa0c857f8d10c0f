//! A Maildir on the file system, shared with other programs.

mod common;

use common::{deliver, stamp, texts};
use maildir::{Error, Flags, FolderName, FolderNameError, MailboxName, Maildir};
use posta_core::disk::{self, Disk, Entry, Stat, fs::Fs};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read,
    path::Path,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

fn mailbox() -> (TempDir, Maildir<Fs>) {
    let folder = TempDir::new().expect("a folder");
    let maildir = Maildir::create(Fs::new(folder.path().join("bea"))).expect("made");
    (folder, maildir)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("there");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("read").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[test]
fn messages_come_in_the_order_of_their_delivery() {
    let (_folder, maildir) = mailbox();
    for count in [2, 10, 1, 1_000_000] {
        deliver(&maildir, count, &count.to_string()).expect("delivered");
    }
    assert_eq!(texts(&maildir), ["1", "2", "10", "1000000"]);
}

#[test]
fn sizes_are_in_the_names() {
    let (folder, maildir) = mailbox();
    deliver(&maildir, 1, "a\nb\r\n").expect("delivered");
    let entry = maildir.list().expect("listed").remove(0);
    assert_eq!((entry.size(), entry.wire_size(), entry.is_new()), (Some(5), Some(6), true));
    let name = &names(&folder.path().join("bea/new"))[0];
    assert!(name.ends_with(".mda.b.com,S=5,W=6"), "{name}");
}

#[test]
fn a_name_without_sizes_is_measured() {
    let (folder, maildir) = mailbox();
    fs::write(folder.path().join("bea/cur/1.x:2,S"), "a\nb\n").expect("written");
    let entry = maildir.list().expect("listed").remove(0);
    assert_eq!(maildir.wire_size(&entry), Ok(6));
}

#[test]
fn flags_move_a_message_to_cur() {
    let (folder, maildir) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let mut entry = maildir.list().expect("listed").remove(0);
    let id = entry.id().to_owned();
    maildir.set_flags(&mut entry, Flags::SEEN | Flags::REPLIED).expect("set");
    assert!(!entry.is_new());
    assert_eq!(names(&folder.path().join("bea/new")), [""; 0]);
    assert_eq!(names(&folder.path().join("bea/cur")), [format!("{id},S=3,W=3:2,RS")]);
    maildir.set_flags(&mut entry, Flags::default()).expect("set");
    let again = maildir.list().expect("listed").remove(0);
    assert_eq!((again.id(), again.flags()), (&*id, Flags::default()));
    assert_eq!(again, entry);
}

#[test]
fn a_message_that_another_program_renames_is_followed() {
    let (folder, maildir) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let mut stale = maildir.list().expect("listed").remove(0);
    let other = Maildir::create(Fs::new(folder.path().join("bea"))).expect("made");
    other.set_flags(&mut other.list().expect("listed")[0], Flags::SEEN).expect("set");

    let mut text = String::new();
    maildir.open(&stale).expect("found").read_to_string(&mut text).expect("read");
    assert_eq!(text, "one");
    maildir.set_flags(&mut stale, Flags::FLAGGED).expect("found");
    assert_eq!(maildir.list().expect("listed"), [stale.clone()]);
    other.remove(&stale).expect("removed");
    assert_eq!(maildir.open(&stale).expect_err("gone"), Error::Gone(stale.id().to_owned()));
    assert_eq!(maildir.remove(&stale), Err(Error::Gone(stale.id().to_owned())));
    assert_eq!(maildir.find(stale.id()), Ok(None));
}

/// A disk on which another program moves the only message while the folders are read.
#[derive(Clone, Copy)]
struct Restless<'a>(&'a Fs, &'a std::cell::Cell<usize>);

impl Restless<'_> {
    fn stir(&self) {
        let n = self.1.get();
        self.1.set(n + 1);
        // During the first reading the file is never where it is looked for.
        let (from, to) = if n.is_multiple_of(2) {
            ("cur/1.a:2,S", "new/1.a")
        } else {
            ("new/1.a", "cur/1.a:2,S")
        };
        if n < 2 {
            self.0.rename(from, to).expect("moved");
        }
    }
}

impl Disk for Restless<'_> {
    type File = disk::fs::OpenFile;

    fn read_dir(&self, path: &str) -> Result<Vec<Entry>, disk::Error> {
        let entries = self.0.read_dir(path);
        self.stir();
        entries
    }
    fn open(&self, path: &str) -> Result<Self::File, disk::Error> {
        self.0.open(path)
    }
    fn read(&self, file: &mut Self::File, at: u64, to: &mut [u8]) -> Result<usize, disk::Error> {
        self.0.read(file, at, to)
    }
    fn make_dir(&self, path: &str) -> Result<(), disk::Error> {
        self.0.make_dir(path)
    }
    fn sync_dir(&self, path: &str) -> Result<(), disk::Error> {
        self.0.sync_dir(path)
    }
    fn create(&self, _: &str) -> Result<Self::File, disk::Error> {
        unreachable!()
    }
    fn append(&self, _: &str) -> Result<Self::File, disk::Error> {
        unreachable!()
    }
    fn write(&self, _: &mut Self::File, _: &[u8]) -> Result<(), disk::Error> {
        unreachable!()
    }
    fn sync(&self, _: &mut Self::File) -> Result<(), disk::Error> {
        unreachable!()
    }
    fn publish(&self, _: &str, _: &str) -> Result<(), disk::Error> {
        unreachable!()
    }
    fn rename(&self, _: &str, _: &str) -> Result<(), disk::Error> {
        unreachable!()
    }
    fn remove(&self, _: &str) -> Result<(), disk::Error> {
        unreachable!()
    }
    fn remove_dir(&self, _: &str) -> Result<(), disk::Error> {
        unreachable!()
    }
    fn stat(&self, path: &str) -> Result<Stat, disk::Error> {
        self.0.stat(path)
    }
}

#[test]
fn a_listing_does_not_miss_what_is_renamed_meanwhile() {
    let folder = TempDir::new().expect("a folder");
    let fs = Fs::new(folder.path());
    Maildir::create(fs.clone()).expect("made");
    fs::write(folder.path().join("cur/1.a:2,S"), "one").expect("written");
    let stirred = std::cell::Cell::new(0);
    let maildir = Maildir::create(Restless(&fs, &stirred)).expect("made");
    let found = maildir.list().expect("listed");
    assert_eq!(found.iter().map(maildir::Entry::id).collect::<Vec<_>>(), ["1.a"]);
    assert!(stirred.get() > 4, "one reading was believed");
}

/// Where a list tells which messages there are, one reading is believed if it has found them all.
#[test]
fn no_message_with_a_uid_is_missed_while_it_is_renamed() {
    let folder = TempDir::new().expect("a folder");
    let fs = Fs::new(folder.path());
    let calm = Maildir::create(fs.clone()).expect("made");
    fs::write(folder.path().join("cur/1.a:2,S"), "one").expect("written");
    let first = calm.numbered(&stamp(1), false).expect("numbered");
    assert_eq!(first.messages.len(), 1);
    let stirred = std::cell::Cell::new(0);
    let maildir = Maildir::create(Restless(&fs, &stirred)).expect("made");
    let found = maildir.numbered(&stamp(1), false).expect("numbered");
    assert_eq!(found.since(&first).map(|changes| changes.is_empty()), Some(true));
    let readings = stirred.get();
    assert_eq!(maildir.numbered(&stamp(1), false), Ok(found));
    assert_eq!(stirred.get(), readings + 2, "both folders were read once");
    // A crash in the middle of a move may leave it in both.
    fs::write(folder.path().join("new/1.a"), "one").expect("written");
    let twice = maildir.numbered(&stamp(1), false).expect("numbered");
    assert_eq!(twice, first);
    fs.remove("new/1.a").expect("there");
    fs.remove("cur/1.a:2,S").expect("there");
    let gone = maildir.numbered(&stamp(1), false).expect("numbered");
    assert_eq!(gone.messages, []);
}

#[test]
fn what_is_no_message_is_not_listed() {
    let (folder, maildir) = mailbox();
    let bea = folder.path().join("bea");
    fs::write(bea.join("new/.hidden"), "x").expect("written");
    fs::create_dir(bea.join("cur/folder")).expect("made");
    fs::write(bea.join("cur/1.a:2,"), "one").expect("written");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", bea.join("cur/2.b:2,")).expect("linked");
    assert_eq!(texts(&maildir), ["one"]);
}

#[test]
fn folders_know_their_names() {
    let (_folder, maildir) = mailbox();
    let name = |name: &str| -> FolderName { name.parse().expect("a name") };
    assert_eq!(maildir.name(), None);
    let made = maildir.create_folder(&name("a.b")).expect("made");
    assert_eq!(made.name(), Some(name("a.b")));
    for (folder, renamed) in [("a", Some("x")), ("a.b", Some("x.b")), ("ab", None), ("b.a", None)] {
        let known = name(folder).renamed(&name("a"), &name("x"));
        assert_eq!(known, renamed.map(|renamed| Ok(name(renamed))), "{folder}");
    }
    assert!(name("a.b").renamed(&name("a"), &name(&"x".repeat(199))).expect("below").is_err());
}

#[test]
fn a_stamp_makes_one_message() {
    let (_folder, maildir) = mailbox();
    let first = maildir.deliver(&stamp(1)).expect("begun");
    assert!(matches!(maildir.deliver(&stamp(1)), Err(Error::Disk(_))), "the same file twice");
    first.commit().expect("delivered");
}

#[test]
fn old_files_in_tmp_go_away() {
    let (folder, maildir) = mailbox();
    let tmp = folder.path().join("bea/tmp");
    let now =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    for (name, hours) in [("old", 37), ("young", 35), ("now", 0)] {
        let file = File::create(tmp.join(name)).expect("made");
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(now - hours * 3600);
        file.set_modified(then).expect("set");
    }
    assert_eq!(maildir.clean(now), Ok(1));
    assert_eq!(names(&tmp), ["now", "young"]);
}

#[test]
fn folders_are_made_listed_and_removed() {
    let (folder, maildir) = mailbox();
    let name: FolderName = "Archive.2026".parse().expect("a name");
    assert_eq!(FolderName::from_parts(&["Archive", "2026"]), Ok(name.clone()));
    assert_eq!(maildir.folder(&name).expect_err("not yet"), Error::NoFolder(name.clone()));
    let archive = maildir.create_folder(&name).expect("made");
    assert_eq!(maildir.create_folder(&name).expect_err("there"), Error::FolderExists(name.clone()));
    deliver(&archive, 1, "old").expect("delivered");
    assert_eq!(texts(&maildir.folder(&name).expect("there")), ["old"]);
    assert_eq!(texts(&maildir), [""; 0]);
    assert_eq!(maildir.folders(), Ok(vec![name.clone()]));
    assert_eq!(
        names(&folder.path().join("bea/.Archive.2026")),
        ["cur", "maildirfolder", "new", "tmp"]
    );
    maildir.delete_folder(&name).expect("removed");
    assert_eq!(maildir.folders(), Ok(vec![]));
    assert_eq!(maildir.delete_folder(&name), Err(Error::NoFolder(name)));
}

/// No name of a folder leads to another place.
#[test]
fn no_folder_name_leads_outside() {
    #[rustfmt::skip]
    let refused = [
        "", ".", "..", "...", "../x", "a/../../b", "/etc", "a..b", ".a", "a.", "a/b", "a\\b", "..\\x", "a\0b",
        "a\nb", "\u{7f}", ".cur", ".new.", "..tmp", "a/../cur", "./cur",
    ];
    for name in refused {
        assert!(name.parse::<FolderName>().is_err(), "{name:?}");
        assert!(FolderName::from_text(name).is_err(), "{name:?}");
        assert!(name.parse::<MailboxName>().is_err(), "{name:?}");
    }
    // Hidden in BASE64: / . .. \ NUL LF DEL, and what is not in its one form.
    for name in [
        "&AC8-",
        "&AC4-",
        "&AC4ALg-",
        "&AFw-",
        "&AAA-",
        "a&AAo-",
        "&AH8-",
        "&AOkALw-",
        "&AOk-&AOk-",
        "&AOl-",
        "R&D",
        "&",
        "&-&",
        "ä",
        "&2D0-",
        "&AOk",
    ] {
        assert!(name.parse::<FolderName>().is_err(), "{name:?}");
    }
    assert_eq!("R&D".parse::<FolderName>(), Err(FolderNameError::NotUtf7));
    assert_eq!("&AAA-".parse::<FolderName>(), Err(FolderNameError::Character('\0')));
    assert_eq!(FolderName::from_text(&"é".repeat(200)), Err(FolderNameError::TooLong));
    assert_eq!(FolderName::from_text(&"x".repeat(1 << 20)), Err(FolderNameError::TooLong));
    assert_eq!("x".repeat(201).parse::<FolderName>(), Err(FolderNameError::TooLong));
    assert_eq!(FolderName::from_parts(&["a.b"]), Err(FolderNameError::Character('.')));
    assert_eq!(FolderName::from_parts(&[]), Err(FolderNameError::EmptyPart));

    let (folder, maildir) = mailbox();
    let outside = |folder: &Path| -> BTreeSet<String> { names(folder).into_iter().collect() };
    let before = outside(folder.path());
    // Odd, and inside.
    for name in [
        "~root", "%2e%2e", "cur", "new", "tmp", "INBOX", "a b", "&AOQ-", "R&-D", "-rf", "*",
        "&,w4-",
    ] {
        let name: FolderName = name.parse().expect("a name");
        assert_eq!(FolderName::from_text(&name.text()), Ok(name.clone()));
        deliver(&maildir.create_folder(&name).expect("made"), 1, "x").expect("delivered");
        maildir.delete_folder(&name).expect("removed");
    }
    assert_eq!(outside(folder.path()), before);
    assert_eq!(names(&folder.path().join("bea")), ["cur", "new", "tmp"]);
}

#[cfg(unix)]
#[test]
fn a_link_is_no_folder() {
    let (folder, maildir) = mailbox();
    fs::create_dir(folder.path().join("secret")).expect("made");
    std::os::unix::fs::symlink("../secret", folder.path().join("bea/.Link")).expect("linked");
    let name: FolderName = "Link".parse().expect("a name");
    assert_eq!(maildir.folder(&name).expect_err("a link"), Error::NoFolder(name.clone()));
    assert_eq!(maildir.delete_folder(&name), Err(Error::NoFolder(name)));
    assert_eq!(names(&folder.path().join("secret")), [""; 0]);
}

/// A hundred deliveries at once, from threads that share nothing but the folder, while it is listed.
#[test]
fn many_deliver_at_once() {
    let (folder, maildir) = mailbox();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let root = folder.path().join("bea");
            scope.spawn(move || {
                let maildir = Maildir::create(Fs::new(root)).expect("made");
                for n in 0..25 {
                    deliver(&maildir, thread * 100 + n, "text").expect("delivered");
                }
            });
        }
        for _ in 0..20 {
            assert!(texts(&maildir).iter().all(|text| text == "text"));
        }
    });
    assert_eq!(maildir.list().expect("listed").len(), 100);
}
