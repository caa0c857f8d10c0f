//! V1, V11, V15 and V30: what is found on disk afterwards.

use crate::{Outcome, Server, Verdict};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

/// How long deliveries may go on after the last reply.
const SETTLED: Duration = Duration::from_secs(1);

/// V1: whether a message arrived that was smuggled inside of another one, once deliveries have come to rest.
pub fn smuggled(server: &Server) -> Option<Outcome> {
    let maildir = server.maildir.as_ref()?;
    let (name, sent) = ("what arrived", "all of the above");
    let files = settled(maildir);
    let alone =
        |path: &PathBuf| fs::read(path).is_ok_and(|text| header_says(&text, "X-Probe: smuggled"));
    let count = files.iter().filter(|path| alone(path)).count();
    let verdict = match (files.len(), count) {
        (0, _) => Verdict::NotReached,
        (_, 0) => Verdict::Holds,
        _ => Verdict::Fails,
    };
    let said = format!("{} messages, of which {count} were smuggled", files.len());
    Some(Outcome::new(1, server, name, sent, verdict, said))
}

/// The messages of a Maildir when none has come for a while.
fn settled(maildir: &Path) -> Vec<PathBuf> {
    let list = || -> Vec<PathBuf> {
        let folders =
            ["new", "cur"].into_iter().filter_map(|name| fs::read_dir(maildir.join(name)).ok());
        let entries = folders.flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
    };
    let (mut files, mut since, begin) = (list(), Instant::now(), Instant::now());
    while since.elapsed() < SETTLED && begin.elapsed() < 10 * SETTLED {
        thread::sleep(SETTLED / 10);
        let now = list();
        if now.len() != files.len() {
            (files, since) = (now, Instant::now());
        }
    }
    files
}

fn header_says(text: &[u8], line: &str) -> bool {
    let text = String::from_utf8_lossy(text);
    text.lines().take_while(|line| !line.is_empty()).any(|found| found == line)
}

/// V11: whether anything ran what it was sent.
pub fn canary(server: &Server) -> Outcome {
    let there = Path::new(&server.facts.canary).exists();
    let (verdict, said) = match there {
        true => (Verdict::Fails, "the file is there"),
        false => (Verdict::Holds, "no file was made"),
    };
    Outcome::new(11, server, "what was run", "all of the above", verdict, said)
}

/// V15: every file and folder beside a Maildir, with its size and time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, (u64, Option<SystemTime>)>);

impl Snapshot {
    /// Of what stands around this Maildir, and the Maildir's own name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn around(maildir: &Path) -> io::Result<Self> {
        let mut snapshot = Self::default();
        let above = maildir.parent().unwrap_or(maildir);
        snapshot.add(above, maildir)?;
        Ok(snapshot)
    }

    fn add(&mut self, folder: &Path, but: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path == but {
                continue;
            }
            let found = fs::symlink_metadata(&path)?;
            let file = (found.len(), found.modified().ok());
            self.0.insert(path.clone(), if found.is_dir() { (0, None) } else { file });
            if found.is_dir() {
                self.add(&path, but)?;
            }
        }
        Ok(())
    }

    /// The paths that came, went or changed since then.
    pub fn changes<'s>(&'s self, then: &'s Self) -> Vec<&'s Path> {
        let changed = self.0.iter().filter(|(path, file)| then.0.get(*path) != Some(file));
        let gone = then.0.keys().filter(|path| !self.0.contains_key(*path));
        changed.map(|(path, _)| path.as_path()).chain(gone.map(PathBuf::as_path)).collect()
    }
}

/// V30: whether the password, or a control character, stands in the log.
pub fn secrets(server: &Server) -> Option<Outcome> {
    let log = server.log.as_ref()?;
    let (name, sent) = ("the log", "all of the above");
    let text = match fs::read(log) {
        Ok(text) => text,
        Err(error) => {
            return Some(Outcome::new(
                30,
                server,
                name,
                sent,
                Verdict::NotReached,
                error.to_string(),
            ));
        }
    };
    let facts = &server.facts;
    let holds = |word: &str| text.windows(word.len().max(1)).any(|part| part == word.as_bytes());
    let secret = [facts.password.clone(), facts.fill("{plain}"), facts.fill("{plain-as-root}")]
        .iter()
        .any(|word| holds(word));
    let control =
        text.iter().any(|octet| *octet < b' ' && !matches!(octet, b'\n' | b'\t') || *octet == 0x7f);
    let (verdict, said) = match (secret, control) {
        (false, false) if text.is_empty() => (Verdict::NotReached, "it is empty".to_owned()),
        (false, false) => (Verdict::Holds, format!("{} octets without either", text.len())),
        (true, _) => (Verdict::Fails, "it holds a password".to_owned()),
        (false, true) => (Verdict::Fails, "it holds control characters".to_owned()),
    };
    Some(Outcome::new(30, server, name, sent, verdict, said))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_around_a_maildir_and_not_in_it() {
        let folder = tempfile::TempDir::new().unwrap();
        let maildir = folder.path().join("bea");
        fs::create_dir_all(maildir.join("new")).unwrap();
        fs::write(folder.path().join("other"), "x").unwrap();
        let then = Snapshot::around(&maildir).unwrap();
        fs::write(maildir.join("new/1"), "x").unwrap();
        assert!(Snapshot::around(&maildir).unwrap().changes(&then).is_empty());
        fs::write(folder.path().join("out"), "x").unwrap();
        fs::remove_file(folder.path().join("other")).unwrap();
        let now = Snapshot::around(&maildir).unwrap();
        assert_eq!(now.changes(&then), [folder.path().join("out"), folder.path().join("other")]);
    }

    #[test]
    fn only_a_header_counts() {
        let line = "X-Probe: smuggled";
        assert!(header_says(b"Received: x\r\nX-Probe: smuggled\r\n\r\nsecond\r\n", line));
        assert!(!header_says(b"Subject: one\r\n\r\nfirst\nX-Probe: smuggled\r\n", line));
    }
}
