//! The file of aliases.
//!
//! ```text
//! # name: to whom, and to whom else
//! postmaster:     bea
//! team@b.com:     bea, ana@a.org
//! owner-team:     bea               who hears of bounces for the team
//! everyone:       :include:/etc/posta/everyone
//! @b.com:         bea               whatever is not known otherwise
//! ```
//!
//! A line that begins with a space goes on with the one before. Names are found in any case. A name without
//! a domain stands for that name in every domain of this host. Programs and files as targets are refused.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The most octets of a file of aliases, and of one that it includes.
const MAX_FILE: u64 = 16 << 20;

/// Who has which name.
#[derive(Clone, Debug, Default)]
pub struct Aliases(HashMap<String, Vec<String>>);

/// Why a file of aliases cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AliasesError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line makes no sense.
    #[error("{}, line {line}: {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl Aliases {
    /// Reads a file of aliases, and those that it includes.
    ///
    /// # Errors
    /// A file cannot be read, or a line of it makes no sense.
    pub fn read(path: &Path) -> Result<Self, AliasesError> {
        let mut all = Self::default();
        for (line, entry) in entries(&text(path)?) {
            let wrong = |what| AliasesError::Line { path: path.to_owned(), line, what };
            let (name, targets) =
                entry.split_once(':').ok_or_else(|| wrong("there is no colon"))?;
            let name = name.trim().trim_matches('"').to_lowercase();
            if name.is_empty() {
                return Err(wrong("there is no name"));
            }
            let mut known = Vec::new();
            for target in list(targets) {
                match target.strip_prefix(":include:") {
                    Some(file) => known.extend(included(Path::new(file.trim()))?),
                    None => known.push(checked(&target).map_err(wrong)?),
                }
            }
            if known.is_empty() {
                return Err(wrong("nobody has this name"));
            }
            if all.0.insert(name, known).is_some() {
                return Err(wrong("this name stands here twice"));
            }
        }
        Ok(all)
    }

    /// Whom a name stands for.
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(&name.to_lowercase()).map(Vec::as_slice)
    }

    /// Whether a name is in this domain.
    pub(crate) fn has_domain(&self, domain: &str) -> bool {
        let end = format!("@{}", domain.to_lowercase());
        self.0.keys().any(|name| name.ends_with(&end))
    }
}

fn text(path: &Path) -> Result<String, AliasesError> {
    let read = |source| AliasesError::Read { path: path.to_owned(), source };
    if fs::metadata(path).map_err(read)?.len() > MAX_FILE {
        return Err(read(io::ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(read)
}

/// The entries, each with the number of its first line.
fn entries(text: &str) -> Vec<(usize, String)> {
    let mut entries: Vec<(usize, String)> = Vec::new();
    for (n, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        match entries.last_mut() {
            Some((_, entry)) if line.starts_with([' ', '\t']) => entry.push_str(line),
            _ => entries.push((n + 1, line.to_owned())),
        }
    }
    entries
}

/// A file with a target a line, or several with commas between them.
fn included(path: &Path) -> Result<Vec<String>, AliasesError> {
    let mut targets = Vec::new();
    for (line, entry) in text(path)?.lines().enumerate() {
        let entry = entry.trim();
        for target in list(entry).into_iter().filter(|_| !entry.starts_with('#')) {
            let wrong = |what| AliasesError::Line { path: path.to_owned(), line: line + 1, what };
            targets.push(checked(&target).map_err(wrong)?);
        }
    }
    Ok(targets)
}

/// Splits at commas, but not within quotes.
fn list(text: &str) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        quoted ^= c == '"';
        match (c, parts.last_mut()) {
            (',', _) if !quoted => parts.push(String::new()),
            (_, Some(part)) => part.push(c),
            _ => {}
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn checked(target: &str) -> Result<String, &'static str> {
    let bare = target.trim_matches('"');
    if bare.starts_with('|') {
        return Err("programs cannot be targets");
    }
    if bare.starts_with('/') || bare.starts_with(':') {
        return Err("files cannot be targets");
    }
    if target.chars().any(|c| c.is_control() || c == ' ') {
        return Err("an address has no spaces");
    }
    Ok(target.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Aliases, AliasesError> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("list"), "# all\nbea\nana@a.org, bob\n").expect("written");
        let path = folder.path().join("aliases");
        let text = text.replace("LIST", &folder.path().join("list").to_string_lossy());
        fs::write(&path, text).expect("written");
        Aliases::read(&path)
    }

    #[test]
    fn a_file_is_read() {
        let text = "# comment\nPostmaster: bea\n\nteam@b.com:\tbea,\n  ana@a.org ,\"a,b\"@b.com\n\
                    all: :include:LIST\n@b.com: bea\n";
        let aliases = read(text).expect("valid");
        assert_eq!(aliases.get("postMASTER"), Some(&["bea".to_owned()][..]));
        let team = aliases.get("team@b.com").expect("known");
        assert_eq!(team, ["bea", "ana@a.org", "\"a,b\"@b.com"]);
        assert_eq!(aliases.get("all").expect("known"), ["bea", "ana@a.org", "bob"]);
        assert_eq!(aliases.get("nobody"), None);
        assert!(aliases.has_domain("B.COM") && !aliases.has_domain("a.org"));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, line, what) in [
            ("a: b\nc d\n", 2, "there is no colon"),
            (": b\n", 1, "there is no name"),
            ("a: ,\n", 1, "nobody has this name"),
            ("a: b\nA: c\n", 2, "this name stands here twice"),
            ("a: |\"rm -rf /\"\n", 1, "programs cannot be targets"),
            ("a: \"|rm\"\n", 1, "programs cannot be targets"),
            ("a: /etc/passwd\n", 1, "files cannot be targets"),
            ("a: b c\n", 1, "an address has no spaces"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.ends_with(&format!("line {line}: {what}")), "{text}: {error}");
        }
        assert!(read("a: :include:/does/not/exist\n").is_err());
    }
}
