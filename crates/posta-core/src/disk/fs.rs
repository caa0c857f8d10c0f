//! Disk operations on the file system.

use super::{Disk, Entry, Error, Kind, Operation, Stat, check_path};
use alloc::{string::String, vec::Vec};
use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A folder of the file system.
///
/// Nothing outside of it can be named. Symbolic links inside it are not listed, but followed when they are
/// named: it must belong to whoever owns the mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fs {
    root: PathBuf,
    durability: Durability,
}

/// What survives a power failure once it is said to last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Files and their names: folders are synced as well. What was acknowledged is not lost.
    #[default]
    Full,
    /// Files alone: [`sync_dir`](Disk::sync_dir) does nothing, and the file system decides when a name lasts.
    /// POSIX promises nothing then, and a file without its name is lost. ext4, in its usual mode, keeps the name
    /// that the file had when it was synced, which for a message is the one in `tmp`.
    Files,
}

/// An open file, and its name for error messages.
#[derive(Debug)]
pub struct OpenFile {
    file: File,
    path: String,
    offset: u64,
}

impl Fs {
    /// The folder at `root`, which is made when something is first put there.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), durability: Durability::Full }
    }

    /// The same folder with another promise.
    #[must_use]
    pub fn with_durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    /// Where the folder is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn at(&self, operation: Operation, path: &str) -> Result<PathBuf, Error> {
        check_path(operation, path)?;
        Ok(if path.is_empty() { self.root.clone() } else { self.root.join(path) })
    }

    fn run<T>(
        &self,
        operation: Operation,
        path: &str,
        run: impl FnOnce(&Path) -> io::Result<T>,
    ) -> Result<T, Error> {
        let at = self.at(operation, path)?;
        run(&at).map_err(|error| failed(operation, path, &error))
    }
}

impl Disk for Fs {
    type File = OpenFile;

    fn create(&self, path: &str) -> Result<OpenFile, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        owner_only(&mut options);
        let file = self.run(Operation::Create, path, |at| options.open(at))?;
        Ok(OpenFile { file, path: path.into(), offset: 0 })
    }

    fn append(&self, path: &str) -> Result<OpenFile, Error> {
        let mut options = OpenOptions::new();
        options.append(true);
        let file = self.run(Operation::Append, path, |at| options.open(at))?;
        Ok(OpenFile { file, path: path.into(), offset: 0 })
    }

    fn write(&self, file: &mut OpenFile, bytes: &[u8]) -> Result<(), Error> {
        let written = file.file.write_all(bytes);
        written.map_err(|error| failed(Operation::Write, &file.path, &error))
    }

    fn sync(&self, file: &mut OpenFile) -> Result<(), Error> {
        file.file.sync_all().map_err(|error| failed(Operation::Sync, &file.path, &error))
    }

    fn open(&self, path: &str) -> Result<OpenFile, Error> {
        let file = self.run(Operation::Open, path, |at| File::open(at))?;
        Ok(OpenFile { file, path: path.into(), offset: 0 })
    }

    fn read(&self, file: &mut OpenFile, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        let mut read = |file: &mut OpenFile| {
            if file.offset != offset {
                file.file.seek(SeekFrom::Start(offset))?;
            }
            let n = file.file.read(buffer)?;
            file.offset = offset + n as u64;
            Ok(n)
        };
        read(file).map_err(|error: io::Error| failed(Operation::Read, &file.path, &error))
    }

    /// A hard link and the removal of the old name: std has no rename that refuses to replace. A crash
    /// between the two leaves both names, which is harmless for a name in a `tmp` folder.
    fn publish(&self, from: &str, to: &str) -> Result<(), Error> {
        let old = self.at(Operation::Publish, from)?;
        self.run(Operation::Publish, to, |new| match fs::hard_link(&old, new) {
            // A file system without hard links.
            Err(error) if error.kind() == io::ErrorKind::Unsupported && !new.exists() => {
                fs::rename(&old, new)
            }
            Err(error) => Err(error),
            Ok(()) => fs::remove_file(&old),
        })
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        let old = self.at(Operation::Rename, from)?;
        self.run(Operation::Rename, to, |new| fs::rename(&old, new))
    }

    fn remove(&self, path: &str) -> Result<(), Error> {
        self.run(Operation::Remove, path, |at| fs::remove_file(at))
    }

    fn make_dir(&self, path: &str) -> Result<(), Error> {
        match path {
            "" => self.run(Operation::MakeDir, path, make_root),
            _ => self.run(Operation::MakeDir, path, make_folder),
        }
    }

    fn remove_dir(&self, path: &str) -> Result<(), Error> {
        self.run(Operation::RemoveDir, path, |at| fs::remove_dir(at))
    }

    fn sync_dir(&self, path: &str) -> Result<(), Error> {
        match self.durability {
            Durability::Full => self.run(Operation::SyncDir, path, sync_folder),
            Durability::Files => Ok(()),
        }
    }

    fn read_dir(&self, path: &str) -> Result<Vec<Entry>, Error> {
        self.run(Operation::ReadDir, path, |at| {
            let mut entries = Vec::new();
            for entry in fs::read_dir(at)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                let is_dir = kind.is_dir();
                if kind.is_symlink() {
                    continue;
                }
                if let Ok(name) = OsString::into_string(entry.file_name()) {
                    entries.push(Entry { name, is_dir });
                }
            }
            Ok(entries)
        })
    }

    fn stat(&self, path: &str) -> Result<Stat, Error> {
        self.run(Operation::Stat, path, |at| {
            let known = fs::metadata(at)?;
            let since = known.modified()?.duration_since(SystemTime::UNIX_EPOCH);
            Ok(Stat { size: known.len(), modified: since.map_or(0, |since| since.as_secs()) })
        })
    }
}

/// Any [`Reader`](super::Reader) is a reader of std.
impl<D: Disk> Read for super::Reader<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Self::read(self, buffer).map_err(io::Error::other)
    }
}

/// Makes a folder and those above it, and its name last.
fn make_root(at: &Path) -> io::Result<()> {
    if at.is_dir() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    if let Some(above) = at.parent().filter(|above| !above.as_os_str().is_empty()) {
        fs::create_dir_all(above)?;
        make_folder(at)?;
        return sync_folder(above);
    }
    make_folder(at)
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(unix)]
fn make_folder(at: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(at)
}

#[cfg(not(unix))]
fn make_folder(at: &Path) -> io::Result<()> {
    fs::create_dir(at)
}

#[cfg(unix)]
fn sync_folder(at: &Path) -> io::Result<()> {
    File::open(at)?.sync_all()
}

/// Where folders cannot be opened as files, the system alone decides when their names last.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(operation: Operation, path: &str, error: &io::Error) -> Error {
    /// `EMFILE` and `ENFILE`, which std has no names for.
    const TOO_MANY_FILES: [i32; 2] = [24, 23];
    let number = error.raw_os_error();
    let kind = match error.kind() {
        io::ErrorKind::NotFound => Kind::NotFound,
        io::ErrorKind::AlreadyExists => Kind::Exists,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Kind::NoSpace,
        io::ErrorKind::PermissionDenied => Kind::Denied,
        _ if cfg!(unix) && number.is_some_and(|n| TOO_MANY_FILES.contains(&n)) => {
            Kind::TooManyFiles
        }
        _ => Kind::Io(number.unwrap_or_default()),
    };
    Error { operation, path: path.into(), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_from_its_making_to_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Fs::new(folder.path().join("a/b"));
        disk.make_dir("").expect("made, and the folder above it");
        assert_eq!(disk.make_dir("").expect_err("there").kind, Kind::Exists);
        disk.make_dir("new").expect("made");
        assert_eq!(disk.make_dir("new").expect_err("there").kind, Kind::Exists);

        let mut file = disk.create("one").expect("made");
        disk.write(&mut file, b"hello").expect("written");
        disk.sync(&mut file).expect("synced");
        assert_eq!(disk.create("one").expect_err("taken").kind, Kind::Exists);
        disk.publish("one", "new/two").expect("published");
        disk.sync_dir("new").expect("synced");
        disk.sync_dir("").expect("synced");
        assert_eq!(disk.open("one").expect_err("moved").kind, Kind::NotFound);

        drop(disk.create("three").expect("made"));
        assert_eq!(disk.publish("three", "new/two").expect_err("taken").kind, Kind::Exists);
        let mut file = disk.append("new/two").expect("there");
        disk.write(&mut file, b", Bea").expect("written");
        disk.sync(&mut file).expect("synced");
        assert_eq!(super::super::read_all(&disk, "new/two", 100).expect("there"), b"hello, Bea");
        assert_eq!(disk.append("one").expect_err("moved").kind, Kind::NotFound);
        disk.rename("three", "new/two").expect("replaced");
        assert_eq!(disk.stat("new/two").expect("there").size, 0);
        let names: Vec<_> = disk.read_dir("").expect("read").into_iter().collect();
        assert_eq!(names, [Entry { name: "new".into(), is_dir: true }]);
        disk.remove("new/two").expect("removed");
        disk.remove_dir("new").expect("removed");
    }

    #[test]
    fn reads_at_any_offset() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Fs::new(folder.path());
        let mut file = disk.create("f").expect("made");
        disk.write(&mut file, b"0123456789").expect("written");
        let mut file = disk.open("f").expect("there");
        let mut buffer = [0; 4];
        for (offset, want) in [(0, &b"0123"[..]), (4, b"4567"), (2, b"2345"), (8, b"89"), (10, b"")]
        {
            let n = disk.read(&mut file, offset, &mut buffer).expect("read");
            assert_eq!(&buffer[..n], want);
        }
    }

    #[cfg(unix)]
    #[test]
    fn folders_are_synced_unless_files_alone_shall_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Fs::new(folder.path());
        // Only who syncs a folder can find that it is not there.
        assert_eq!(disk.sync_dir("gone").expect_err("synced").kind, Kind::NotFound);
        disk.with_durability(Durability::Files).sync_dir("gone").expect("nothing done");
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_are_not_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink("/etc", folder.path().join(".Etc")).expect("linked");
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("mail")).expect("linked");
        assert_eq!(Fs::new(folder.path()).read_dir("").expect("read"), []);
    }

    #[test]
    fn nothing_outside_can_be_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("secret"), "s").expect("written");
        let disk = Fs::new(folder.path().join("mail"));
        disk.make_dir("").expect("made");
        for path in ["../secret", "/etc/passwd", "a/../../secret"] {
            assert_eq!(disk.open(path).expect_err("outside").kind, Kind::Path);
            assert_eq!(disk.create(path).expect_err("outside").kind, Kind::Path);
            assert_eq!(disk.append(path).expect_err("outside").kind, Kind::Path);
            assert_eq!(disk.remove(path).expect_err("outside").kind, Kind::Path);
            assert_eq!(disk.rename("x", path).expect_err("outside").kind, Kind::Path);
            assert_eq!(disk.rename(path, "x").expect_err("outside").kind, Kind::Path);
        }
    }
}
