//! Files of a Maildir that others have written, and names of folders that lead nowhere else.

use maildir::{Error, FolderName, Keywords, MailboxName, Maildir, Numbered, Stamp};
use posta_core::{disk::Disk, testing::SimDisk};
use std::time::Duration;

/// Sections with a line `--` between them: names of messages, the list of UIDs, that of keywords, that of
/// subscriptions, and names of folders.
pub fn maildir(data: &[u8]) {
    let mut sections = Vec::from([Vec::new()]);
    for line in data.split_inclusive(|octet| *octet == b'\n') {
        match (line, sections.last_mut()) {
            (b"--\n", _) => sections.push(Vec::new()),
            (_, Some(section)) => section.extend_from_slice(line),
            _ => {}
        }
    }
    sections.resize(5, Vec::new());
    let disk = SimDisk::new();
    let maildir = Maildir::create(&disk).expect("an empty disk");
    for name in String::from_utf8_lossy(&sections[0]).lines().filter(|name| is_file_name(name)) {
        // A name twice is one file.
        let _exists = put(&disk, &format!("cur/{name}"), b"Hi\r\n");
    }
    for (name, octets) in
        ["dovecot-uidlist", "dovecot-keywords", "subscriptions"].iter().zip(&sections[1..])
    {
        put(&disk, name, octets).expect("a new one");
    }
    messages(&maildir);
    numbers(&maildir);
    keywords(&maildir);
    subscriptions(&maildir);
    for name in String::from_utf8_lossy(&sections[4]).lines() {
        folder(&maildir, name);
    }
}

type Mail<'d> = Maildir<&'d SimDisk>;

const STAMP: Stamp<'static> = Stamp {
    time: Duration::from_secs(1_790_000_000),
    process: 7,
    count: 1,
    random: 99,
    host: "mda.b.com",
};

fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 300
        && !name.contains(['/', '\0'])
        && name != "."
        && name != ".."
}

fn put(disk: &SimDisk, path: &str, octets: &[u8]) -> Result<(), posta_core::disk::Error> {
    let mut file = disk.create(path)?;
    disk.write(&mut file, octets)
}

/// Flags come back as they were set, and the message keeps its name.
fn messages(maildir: &Mail<'_>) {
    for mut entry in maildir.list().expect("the disk is well") {
        let before = entry.clone();
        let flags = entry.flags() | maildir::Flags::SEEN;
        match maildir.set_flags(&mut entry, flags) {
            Ok(()) => {
                assert_eq!((entry.id(), entry.flags()), (before.id(), flags));
                assert_eq!((entry.size(), entry.wire_size()), (before.size(), before.wire_size()));
                assert!(maildir.open(&entry).is_ok());
            }
            // Another file of the same id had that name.
            Err(error) => assert!(matches!(error, Error::Gone(_) | Error::Disk(_)), "{error}"),
        }
    }
}

/// Whatever the list was: UIDs ascend, and stay.
fn numbers(maildir: &Mail<'_>) {
    let check = |numbered: &Numbered| {
        let uids: Vec<u32> = numbered.messages.iter().map(|message| message.uid).collect();
        assert!(numbered.uid_validity > 0 && uids.iter().all(|uid| *uid > 0));
        assert!(uids.windows(2).all(|two| two[0] < two[1]), "{uids:?}");
        assert!(uids.last().is_none_or(|last| *last < numbered.uid_next), "{uids:?}");
    };
    match maildir.numbered(&STAMP, true) {
        Ok(first) => {
            check(&first);
            let second = maildir.numbered(&STAMP, true).expect("as before");
            check(&second);
            let uids = |numbered: &Numbered| -> Vec<(u32, String)> {
                let messages = numbered.messages.iter();
                messages.map(|message| (message.uid, message.entry.id().to_owned())).collect()
            };
            assert_eq!(uids(&first), uids(&second));
            assert_eq!(first.uid_validity, second.uid_validity);
            assert!(second.uid_next >= first.uid_next);
        }
        Err(error) => {
            assert!(matches!(error, Error::TooManyMessages | Error::NoUidValidity), "{error}");
        }
    }
}

/// A keyword more changes no other.
fn keywords(maildir: &Mail<'_>) {
    let before = maildir.keywords().expect("the disk is well");
    let all = |keywords: &Keywords| -> Vec<(char, String)> {
        keywords.iter().map(|(letter, name)| (letter, name.to_owned())).collect()
    };
    for (letter, name) in all(&before) {
        assert!(letter.is_ascii_lowercase() && name.bytes().all(|octet| octet.is_ascii_graphic()));
    }
    match maildir.add_keyword("$New", &STAMP) {
        Ok(flag) => {
            let after = maildir.keywords().expect("the disk is well");
            assert_eq!(after.flag("$new"), Some(flag));
            let mut kept = all(&after);
            kept.retain(|keyword| before.flag("$New").is_some() || keyword.1 != "$New");
            assert_eq!(kept, all(&before));
        }
        Err(error) => assert!(matches!(error, Error::TooManyKeywords), "{error}"),
    }
}

/// A subscription more changes no other.
fn subscriptions(maildir: &Mail<'_>) {
    let name: MailboxName = "Archive.New".parse().expect("a name");
    let Ok(before) = maildir.subscriptions() else { return };
    if maildir.subscribe(&name, &STAMP).is_err() {
        return;
    }
    let after = maildir.subscriptions().expect("as before");
    assert!(after.contains(&name) && before.iter().all(|known| after.contains(known)));
    maildir.unsubscribe(&name, &STAMP).expect("as before");
    let last = maildir.subscriptions().expect("as before");
    assert!(!last.contains(&name));
    assert!(before.iter().filter(|known| **known != name).all(|known| last.contains(known)));
}

/// A name of a folder has one form of each kind, and is below the Maildir.
fn folder(maildir: &Mail<'_>, text: &str) {
    if let Ok(name) = FolderName::from_text(text) {
        assert_eq!(name.text(), text);
    }
    let Ok(name) = text.parse::<FolderName>() else { return };
    assert_eq!(name.as_str(), text);
    assert_eq!(FolderName::from_text(&name.text()), Ok(name.clone()));
    let is_part = |part: &str| !part.is_empty() && !part.contains(['/', '\\', '.', '\0']);
    assert!(name.parts().all(is_part), "{name:?}");
    let parts: Vec<&str> = name.parts().collect();
    assert_eq!(FolderName::from_parts(&parts), Ok(name.clone()));
    let other: FolderName = "Other".parse().expect("a name");
    if let Some(Ok(renamed)) = name.renamed(&name, &other) {
        assert_eq!(renamed, other);
    }
    match maildir.create_folder(&name) {
        Ok(made) => {
            assert_eq!(made.name(), Some(name.clone()));
            assert!(maildir.folders().expect("the disk is well").contains(&name));
            maildir.delete_folder(&name).expect("it is there");
        }
        Err(error) => assert!(matches!(error, Error::FolderExists(_)), "{error}"),
    }
}
