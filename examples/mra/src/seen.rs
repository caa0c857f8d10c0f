//! What has been fetched already.
//!
//! A file of lines, which only grow during a session: `pending UID NAME` before a message gets its name in a
//! Maildir, `seen UID` once it is safe. Whoever stops in between is found out by the name.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The unique ids of the messages of one mailbox that need not be fetched again.
#[derive(Debug)]
pub(crate) struct Seen {
    path: PathBuf,
    file: File,
    seen: HashSet<String>,
    /// The names under which messages were about to be stored.
    pending: HashMap<String, String>,
}

impl Seen {
    /// Reads what is known of a mailbox. A line that was cut off by a crash does not count.
    pub(crate) fn open(folder: &Path, mailbox: &str) -> io::Result<Self> {
        if mailbox.is_empty() || mailbox.starts_with('.') || mailbox.contains(['/', '\\', '\0']) {
            return Err(io::Error::other(format!("a mailbox cannot be called {mailbox:?}")));
        }
        fs::create_dir_all(folder)?;
        let path = folder.join(mailbox);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let (mut seen, mut pending) = (HashSet::new(), HashMap::new());
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["seen", uid] => drop(seen.insert(uid.to_owned())),
                ["pending", uid, name] => drop(pending.insert(uid.to_owned(), name.to_owned())),
                _ => return Err(io::Error::other(format!("{}: {line:?}", path.display()))),
            }
        }
        pending.retain(|uid, _| !seen.contains(uid));
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        // What was cut off must not become the beginning of a line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64)?;
        Ok(Self { path, file, seen, pending })
    }

    /// Whether a message is safe here.
    pub(crate) fn contains(&self, uid: &str) -> bool {
        self.seen.contains(uid)
    }

    /// The name under which a message was about to be stored when we stopped.
    pub(crate) fn pending(&self, uid: &str) -> Option<&str> {
        self.pending.get(uid).map(String::as_str)
    }

    /// Notes that a message is about to be stored under this name.
    pub(crate) fn begin(&mut self, uid: &str, name: &str) -> io::Result<()> {
        self.add(&format!("pending {uid} {name}\n"))
    }

    /// Notes that a message is safe.
    pub(crate) fn insert(&mut self, uid: &str) -> io::Result<()> {
        self.add(&format!("seen {uid}\n"))?;
        self.seen.insert(uid.to_owned());
        Ok(())
    }

    /// Forgets what is not there any more.
    pub(crate) fn retain(&mut self, there: &HashSet<&str>) -> io::Result<()> {
        self.seen.retain(|uid| there.contains(uid.as_str()));
        let mut lines: Vec<_> = self.seen.iter().map(|uid| format!("seen {uid}\n")).collect();
        lines.sort();
        let next = self.path.with_extension("new");
        let mut file = File::create(&next)?;
        file.write_all(lines.concat().as_bytes())?;
        file.sync_all()?;
        fs::rename(&next, &self.path)?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        Ok(())
    }

    fn add(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Seen::open(folder.path(), "b.com").expect("opened");
        let mut seen = open();
        seen.begin("a", "name-a").expect("noted");
        seen.insert("a").expect("noted");
        seen.begin("b", "name-b").expect("noted");
        let seen = open();
        assert!(seen.contains("a") && !seen.contains("b"));
        assert_eq!((seen.pending("a"), seen.pending("b")), (None, Some("name-b")));
        let mut seen = open();
        seen.insert("c").expect("noted");
        seen.retain(&HashSet::from(["c", "d"])).expect("written");
        seen.insert("d").expect("noted");
        let seen = open();
        assert!(!seen.contains("a") && seen.contains("c") && seen.contains("d"));
    }

    #[test]
    fn a_line_that_was_cut_off_does_not_count() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("b.com");
        let whole = "seen a\npending b name\nseen c\n";
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).expect("written");
            let mut seen = Seen::open(folder.path(), "b.com").expect("opened");
            assert!(!seen.contains("c"), "{end}");
            seen.insert("d").expect("noted");
            let seen = Seen::open(folder.path(), "b.com").expect("opened");
            assert!(seen.contains("d") && seen.contains("a") == (end > 6), "{end}");
        }
    }

    #[test]
    fn no_name_leads_outside() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["", ".", "..", "../x", "a/b", ".hidden"] {
            assert!(Seen::open(folder.path(), name).is_err(), "{name}");
        }
    }
}
