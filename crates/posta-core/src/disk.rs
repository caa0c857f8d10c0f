//! Disks: the file operations that `maildir` and `mail-queue` are made of.
//!
//! Whoever stores mail writes its steps against [`Disk`] and so does no I/O itself. [`fs::Fs`] carries
//! the operations out on a folder of the file system; the simulated disk of the `testing` feature crashes
//! after every prefix of them, with un-synced work lost in every way that POSIX allows, and lets a test
//! look at what is left.
//!
//! # What lasts
//!
//! A file's octets last once [`Disk::sync`] has returned, its name once [`Disk::sync_dir`] has returned for
//! the folder that holds it. Before that a crash may keep any part of the octets, and any subset of the
//! names that were given and taken away. A sync that failed must not be repeated on the same file: the
//! system may have dropped the octets and forgotten the error. Write a new file.

#[cfg(feature = "std")]
pub mod fs;

use alloc::{string::String, vec::Vec};
use core::fmt;

/// The longest path, in octets.
pub const MAX_PATH: usize = 4096;

/// A folder with everything below it, and the operations on it.
///
/// Paths are relative to that folder, with `/` between their parts. An executor refuses a path that is
/// absolute, has a part `.` or `..` or none at all, or holds a NUL: nothing outside can be named.
///
/// # Errors
/// Every operation tells with [`Error`] what it could not do to which path, and why.
pub trait Disk {
    /// An open file; it is closed when dropped.
    type File: fmt::Debug;

    /// Makes a file that does not exist yet, to be written by its owner only. The folder must exist.
    ///
    /// # Errors
    /// [`Kind::Exists`] if the name is taken.
    fn create(&self, path: &str) -> Result<Self::File, Error>;

    /// Opens a file that is there, to write more to its end.
    ///
    /// # Errors
    /// As above.
    fn append(&self, path: &str) -> Result<Self::File, Error>;

    /// Appends octets to a file from [`create`](Self::create) or [`append`](Self::append).
    ///
    /// # Errors
    /// As above.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> Result<(), Error>;

    /// Makes what was written last.
    ///
    /// # Errors
    /// As above. The file is of no more use then.
    fn sync(&self, file: &mut Self::File) -> Result<(), Error>;

    /// Opens a file for reading.
    ///
    /// # Errors
    /// As above.
    fn open(&self, path: &str) -> Result<Self::File, Error>;

    /// Reads at `offset` into `buffer` and returns how many octets; 0 at the end of the file.
    ///
    /// # Errors
    /// As above.
    fn read(&self, file: &mut Self::File, offset: u64, buffer: &mut [u8]) -> Result<usize, Error>;

    /// Gives a file another name, which must be free, in one step that never shows half of it.
    ///
    /// # Errors
    /// [`Kind::Exists`] if the name is taken; the file keeps the one it has.
    fn publish(&self, from: &str, to: &str) -> Result<(), Error>;

    /// Gives a file another name. A file that has it is replaced, in one step. A crash before the folders
    /// are synced leaves the old name, the new one or both, but never none.
    ///
    /// A folder can be given another name too, which must be free, in the folder that it is in.
    ///
    /// # Errors
    /// As above.
    fn rename(&self, from: &str, to: &str) -> Result<(), Error>;

    /// Takes a file's name away.
    ///
    /// # Errors
    /// As above.
    fn remove(&self, path: &str) -> Result<(), Error>;

    /// Makes a folder, for its owner only. The folder above must exist; for the empty path, the folder of
    /// this disk itself, those above it are made as well.
    ///
    /// # Errors
    /// [`Kind::Exists`] if the name is taken.
    fn make_dir(&self, path: &str) -> Result<(), Error>;

    /// Removes an empty folder.
    ///
    /// # Errors
    /// As above.
    fn remove_dir(&self, path: &str) -> Result<(), Error>;

    /// Makes the names in a folder last; the empty path is the folder of this disk itself.
    ///
    /// # Errors
    /// As above.
    fn sync_dir(&self, path: &str) -> Result<(), Error>;

    /// The entries of a folder, in no order. Symbolic links, which may lead outside, and names that are
    /// no UTF-8 are left out.
    ///
    /// # Errors
    /// As above.
    fn read_dir(&self, path: &str) -> Result<Vec<Entry>, Error>;

    /// What is known of a file.
    ///
    /// # Errors
    /// As above.
    fn stat(&self, path: &str) -> Result<Stat, Error>;
}

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_dir: bool,
}

/// What is known of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its octets.
    pub size: u64,
    /// When it was written last, in seconds since 1970.
    pub modified: u64,
}

/// What a disk was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// [`Disk::create`]
    Create,
    /// [`Disk::append`]
    Append,
    /// [`Disk::write`]
    Write,
    /// [`Disk::sync`]
    Sync,
    /// [`Disk::open`]
    Open,
    /// [`Disk::read`]
    Read,
    /// [`Disk::publish`]
    Publish,
    /// [`Disk::rename`]
    Rename,
    /// [`Disk::remove`]
    Remove,
    /// [`Disk::make_dir`]
    MakeDir,
    /// [`Disk::remove_dir`]
    RemoveDir,
    /// [`Disk::sync_dir`]
    SyncDir,
    /// [`Disk::read_dir`]
    ReadDir,
    /// [`Disk::stat`]
    Stat,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create | Self::MakeDir => "make",
            Self::Append | Self::Write => "write",
            Self::Sync | Self::SyncDir => "sync",
            Self::Open => "open",
            Self::Read | Self::ReadDir | Self::Stat => "read",
            Self::Publish | Self::Rename => "give another name to",
            Self::Remove | Self::RemoveDir => "remove",
        })
    }
}

/// Why it could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Kind {
    /// There is no such file or folder.
    #[error("it does not exist")]
    NotFound,
    /// The name is taken.
    #[error("it exists already")]
    Exists,
    /// The disk, or the user's share of it, is full.
    #[error("the disk is full")]
    NoSpace,
    /// Too many files are open.
    #[error("too many files are open")]
    TooManyFiles,
    /// It is not allowed.
    #[error("permission denied")]
    Denied,
    /// The path leads outside, or is none.
    #[error("it is not a path inside this folder")]
    Path,
    /// Anything else, with the number that the system gave it.
    #[error("the disk failed (error {0})")]
    Io(i32),
}

/// What a disk could not do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot {operation} {path}: {kind}")]
pub struct Error {
    /// What it was asked to do.
    pub operation: Operation,
    /// To which file or folder.
    pub path: String,
    /// Why it could not.
    pub kind: Kind,
}

/// Checks that a path stays inside; the empty path is the folder itself.
///
/// # Errors
/// [`Kind::Path`].
pub fn check_path(operation: Operation, path: &str) -> Result<(), Error> {
    // Where `\` separates parts too and `:` follows a drive, neither can be in a part.
    let foreign = |c| c == '\0' || (cfg!(windows) && matches!(c, '\\' | ':'));
    let part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(foreign);
    let inside = path.is_empty() || (path.len() <= MAX_PATH && path.split('/').all(part));
    if inside {
        return Ok(());
    }
    let shown = path.chars().take(100).collect();
    Err(Error { operation, path: shown, kind: Kind::Path })
}

/// Makes a folder unless it is there.
///
/// # Errors
/// It cannot be made.
pub fn ensure_dir(disk: &impl Disk, path: &str) -> Result<(), Error> {
    match disk.make_dir(path) {
        Err(error) if error.kind == Kind::Exists => Ok(()),
        made => made,
    }
}

/// Reads a file that may have at most `limit` octets.
///
/// # Errors
/// It cannot be read, or is longer: [`Kind::Io`] with 27, the system's "file too large".
pub fn read_all<D: Disk>(disk: &D, path: &str, limit: usize) -> Result<Vec<u8>, Error> {
    const TOO_LARGE: i32 = 27;
    let mut reader = Reader::open(disk, path)?;
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(all),
            n => all.extend_from_slice(&chunk[..n]),
        }
        if all.len() > limit {
            let kind = Kind::Io(TOO_LARGE);
            return Err(Error { operation: Operation::Read, path: path.into(), kind });
        }
    }
}

/// Reads a file from its beginning to its end.
#[derive(Debug)]
pub struct Reader<D: Disk> {
    disk: D,
    file: D::File,
    offset: u64,
}

impl<D: Disk> Reader<D> {
    /// Opens a file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(disk: D, path: &str) -> Result<Self, Error> {
        let file = disk.open(path)?;
        Ok(Self { disk, file, offset: 0 })
    }

    /// Passes over so many octets.
    pub fn skip(&mut self, octets: u64) {
        self.offset = self.offset.saturating_add(octets);
    }

    /// Reads the next octets into `buffer` and returns how many; 0 at the end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let n = self.disk.read(&mut self.file, self.offset, buffer)?;
        self.offset += n as u64;
        Ok(n)
    }
}

/// A shared disk is a disk.
impl<D: Disk> Disk for &D {
    type File = D::File;

    fn create(&self, path: &str) -> Result<D::File, Error> {
        (**self).create(path)
    }
    fn append(&self, path: &str) -> Result<D::File, Error> {
        (**self).append(path)
    }
    fn write(&self, file: &mut D::File, bytes: &[u8]) -> Result<(), Error> {
        (**self).write(file, bytes)
    }
    fn sync(&self, file: &mut D::File) -> Result<(), Error> {
        (**self).sync(file)
    }
    fn open(&self, path: &str) -> Result<D::File, Error> {
        (**self).open(path)
    }
    fn read(&self, file: &mut D::File, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        (**self).read(file, offset, buffer)
    }
    fn publish(&self, from: &str, to: &str) -> Result<(), Error> {
        (**self).publish(from, to)
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        (**self).rename(from, to)
    }
    fn remove(&self, path: &str) -> Result<(), Error> {
        (**self).remove(path)
    }
    fn make_dir(&self, path: &str) -> Result<(), Error> {
        (**self).make_dir(path)
    }
    fn remove_dir(&self, path: &str) -> Result<(), Error> {
        (**self).remove_dir(path)
    }
    fn sync_dir(&self, path: &str) -> Result<(), Error> {
        (**self).sync_dir(path)
    }
    fn read_dir(&self, path: &str) -> Result<Vec<Entry>, Error> {
        (**self).read_dir(path)
    }
    fn stat(&self, path: &str) -> Result<Stat, Error> {
        (**self).stat(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for path in ["", "a", "a/b.c", "new/1.M2.host,S=3:2,S", "..a", ".Sub.Folder"] {
            assert!(check_path(Operation::Open, path).is_ok(), "{path}");
        }
        for path in ["/", "/etc", "..", "a/../b", "a/..", "./a", "a//b", "a/", "a\0b"] {
            assert!(check_path(Operation::Open, path).is_err(), "{path}");
        }
        assert!(check_path(Operation::Open, &"a/".repeat(MAX_PATH)).is_err());
    }
}
