use crate::disk::{Disk, Entry, Error, Kind, Operation, Stat, check_path};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString},
    vec::Vec,
};

/// What every operation gives once the power is gone.
const POWER_LOST: Kind = Kind::Io(-1);

/// A disk in memory that keeps apart what was done and what lasts.
///
/// After a crash a file's octets are those of its last sync, or more of what was written since; a folder's
/// names are those of its last sync, with any subset of the changes since. After a sync that failed no other
/// one of the same file does anything, and says nothing of it.
#[derive(Debug, Default)]
pub struct SimDisk {
    state: RefCell<State>,
}

#[derive(Debug, Default, Clone)]
struct State {
    files: Vec<Content>,
    /// The names as a running system sees them; a folder ends with `/`.
    names: BTreeMap<String, usize>,
    folders: BTreeSet<String>,
    /// The names that last.
    lasting: BTreeMap<String, usize>,
    lasting_folders: BTreeSet<String>,
    /// What was done to names since their folders were synced, in order.
    pending: Vec<Change>,
    operations: usize,
    crash_after: Option<usize>,
    fail: Option<(usize, Kind)>,
}

#[derive(Debug, Default, Clone)]
struct Content {
    octets: Vec<u8>,
    synced: usize,
    /// A sync has failed: what was not synced by then never will be, though the next one says that it was.
    dropped: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Name(String, usize),
    Unname(String),
    /// Both at once, in one folder.
    Move(String, String, usize),
    /// The second half of a move to another folder: it is never done without the first, which gave the
    /// file its new name.
    Leave(String, String, usize),
    Folder(String),
    NoFolder(String),
    /// A folder, with all that is in it.
    MoveFolder(String, String),
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
pub struct SimFile {
    number: usize,
    path: String,
}

impl SimDisk {
    /// An empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// From the operation after the next `n` on, nothing works any more: the power is gone.
    pub fn crash_after(&self, n: usize) {
        let mut state = self.state.borrow_mut();
        state.crash_after = Some(state.operations + n);
    }

    /// The operation after the next `n` fails, once.
    pub fn fail_after(&self, n: usize, kind: Kind) {
        let mut state = self.state.borrow_mut();
        state.fail = Some((state.operations + n, kind));
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> usize {
        self.state.borrow().operations
    }

    /// The disks that may be found when the power comes back.
    pub fn survivors(&self) -> Vec<Self> {
        let state = self.state.borrow();
        let n = state.pending.len();
        let mut keeps: Vec<Vec<bool>> = std::vec![std::vec![false; n], std::vec![true; n]];
        for i in 0..n {
            keeps.push((0..n).map(|j| j == i).collect());
            keeps.push((0..n).map(|j| j != i).collect());
            keeps.push((0..n).map(|j| j <= i).collect());
        }
        keeps.sort();
        keeps.dedup();
        let mut disks = Vec::new();
        for keep in &keeps {
            for share in [0, 1, 2] {
                disks.push(state.after_crash(keep, share));
            }
        }
        disks
    }

    fn run<T>(
        &self,
        operation: Operation,
        path: &str,
        run: impl FnOnce(&mut State) -> Result<T, Kind>,
    ) -> Result<T, Error> {
        check_path(operation, path)?;
        let mut state = self.state.borrow_mut();
        let n = state.operations;
        state.operations += 1;
        let done = if state.crash_after.is_some_and(|last| n >= last) {
            Err(POWER_LOST)
        } else if let Some((at, kind)) = state.fail
            && at == n
        {
            Err(kind)
        } else {
            run(&mut state)
        };
        done.map_err(|kind| Error { operation, path: path.to_string(), kind })
    }
}

impl State {
    /// The disk after a crash that kept those pending changes, and none (0), half (1) or all (2) of the
    /// octets that were not synced.
    fn after_crash(&self, keep: &[bool], share: usize) -> SimDisk {
        let mut names = self.lasting.clone();
        let mut folders = self.lasting_folders.clone();
        for (i, change) in self.pending.iter().enumerate().filter(|(i, _)| keep[*i]) {
            let arrived = i == 0 || keep[i - 1] || !change.comes_after(&self.pending[i - 1]);
            if arrived {
                apply(change, &mut names, &mut folders);
            }
        }
        // A name in a folder that is gone is gone.
        names.retain(|path, _| above(path).is_empty() || folders.contains(above(path)));
        let cut = |content: &Content| {
            let more = (content.octets.len() - content.synced) * share / 2;
            let octets = content.octets[..content.synced + more].to_vec();
            Content { synced: octets.len(), octets, dropped: false }
        };
        let state = Self {
            files: self.files.iter().map(cut).collect(),
            lasting: names.clone(),
            lasting_folders: folders.clone(),
            names,
            folders,
            ..Self::default()
        };
        SimDisk { state: RefCell::new(state) }
    }

    fn change(&mut self, change: Change) {
        apply(&change, &mut self.names, &mut self.folders);
        self.pending.push(change);
    }

    fn folder_exists(&self, path: &str) -> Result<(), Kind> {
        if path.is_empty() || self.folders.contains(path) { Ok(()) } else { Err(Kind::NotFound) }
    }

    fn is_free(&self, path: &str) -> Result<(), Kind> {
        if path.is_empty() {
            return Err(Kind::Exists);
        }
        self.folder_exists(above(path))?;
        if self.names.contains_key(path) || self.folders.contains(path) {
            return Err(Kind::Exists);
        }
        Ok(())
    }

    /// A folder moves: first of all, so that what is pending inside happens where it is now.
    fn move_folder(&mut self, from: &str, to: &str) -> Result<(), Kind> {
        self.is_free(to)?;
        let change = Change::MoveFolder(from.into(), to.into());
        apply(&change, &mut self.names, &mut self.folders);
        self.pending.iter_mut().for_each(|change| change.follow(from, to));
        self.pending.insert(0, change);
        Ok(())
    }

    fn number(&self, path: &str) -> Result<usize, Kind> {
        self.names.get(path).copied().ok_or(Kind::NotFound)
    }
}

impl Change {
    /// Whether this is the second half of a move, and that the first.
    fn comes_after(&self, first: &Self) -> bool {
        match (self, first) {
            (Self::Leave(_, to, file), Self::Name(path, named)) => to == path && file == named,
            _ => false,
        }
    }

    /// The same change in a folder that has another name now.
    fn follow(&mut self, from: &str, to: &str) {
        match self {
            Self::Name(path, _)
            | Self::Unname(path)
            | Self::Folder(path)
            | Self::NoFolder(path) => {
                *path = moved(path, from, to);
            }
            Self::Move(old, new, _) | Self::Leave(old, new, _) | Self::MoveFolder(old, new) => {
                *old = moved(old, from, to);
                *new = moved(new, from, to);
            }
        }
    }

    fn is_in(&self, folder: &str) -> bool {
        match self {
            Self::Name(path, _)
            | Self::Unname(path)
            | Self::Leave(path, ..)
            | Self::Folder(path)
            | Self::NoFolder(path) => above(path) == folder,
            Self::Move(from, to, _) | Self::MoveFolder(from, to) => {
                above(from) == folder && above(to) == folder
            }
        }
    }
}

fn apply(change: &Change, names: &mut BTreeMap<String, usize>, folders: &mut BTreeSet<String>) {
    match change {
        Change::Name(path, file) => {
            names.insert(path.clone(), *file);
        }
        Change::Unname(path) | Change::Leave(path, ..) => {
            names.remove(path);
        }
        Change::Move(from, to, file) => {
            names.remove(from);
            names.insert(to.clone(), *file);
        }
        Change::Folder(path) => {
            folders.insert(path.clone());
        }
        Change::NoFolder(path) => {
            folders.remove(path);
        }
        Change::MoveFolder(from, to) => {
            let all = std::mem::take(names).into_iter();
            *names = all.map(|(path, file)| (moved(&path, from, to), file)).collect();
            let all = std::mem::take(folders).into_iter();
            *folders = all.map(|path| moved(&path, from, to)).collect();
        }
    }
}

/// A path after the folder `from` has become `to`.
fn moved(path: &str, from: &str, to: &str) -> String {
    match path.strip_prefix(from) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => std::format!("{to}{rest}"),
        _ => path.to_string(),
    }
}

/// The folder that a path is in.
fn above(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Disk for SimDisk {
    type File = SimFile;

    fn create(&self, path: &str) -> Result<SimFile, Error> {
        let number = self.run(Operation::Create, path, |state| {
            state.is_free(path)?;
            state.files.push(Content::default());
            let number = state.files.len() - 1;
            state.change(Change::Name(path.into(), number));
            Ok(number)
        })?;
        Ok(SimFile { number, path: path.into() })
    }

    fn append(&self, path: &str) -> Result<SimFile, Error> {
        let number = self.run(Operation::Append, path, |state| state.number(path))?;
        Ok(SimFile { number, path: path.into() })
    }

    /// A failing write has written half.
    fn write(&self, file: &mut SimFile, bytes: &[u8]) -> Result<(), Error> {
        let number = file.number;
        let written = self.run(Operation::Write, &file.path, |state| {
            state.files[number].octets.extend_from_slice(bytes);
            Ok(())
        });
        if written.is_err() {
            self.state.borrow_mut().files[number]
                .octets
                .extend_from_slice(&bytes[..bytes.len() / 2]);
        }
        written
    }

    fn sync(&self, file: &mut SimFile) -> Result<(), Error> {
        let number = file.number;
        let synced = self.run(Operation::Sync, &file.path, |state| {
            let content = &mut state.files[number];
            if !content.dropped {
                content.synced = content.octets.len();
            }
            Ok(())
        });
        self.state.borrow_mut().files[number].dropped |= synced.is_err();
        synced
    }

    fn open(&self, path: &str) -> Result<SimFile, Error> {
        let number = self.run(Operation::Open, path, |state| state.number(path))?;
        Ok(SimFile { number, path: path.into() })
    }

    fn read(&self, file: &mut SimFile, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
        let number = file.number;
        self.run(Operation::Read, &file.path, |state| {
            let octets = &state.files[number].octets;
            let from = usize::try_from(offset).unwrap_or(usize::MAX).min(octets.len());
            let n = buffer.len().min(octets.len() - from);
            buffer[..n].copy_from_slice(&octets[from..from + n]);
            Ok(n)
        })
    }

    fn publish(&self, from: &str, to: &str) -> Result<(), Error> {
        check_path(Operation::Publish, from)?;
        self.run(Operation::Publish, to, |state| {
            let number = state.number(from)?;
            state.is_free(to)?;
            // A link and the removal of the old name: two changes, each of which may be lost.
            state.change(Change::Name(to.into(), number));
            state.change(Change::Unname(from.into()));
            Ok(())
        })
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        check_path(Operation::Rename, from)?;
        self.run(Operation::Rename, to, |state| {
            if state.folders.contains(from) {
                return state.move_folder(from, to);
            }
            let number = state.number(from)?;
            state.folder_exists(above(to))?;
            if above(from) == above(to) {
                state.change(Change::Move(from.into(), to.into(), number));
            } else {
                state.change(Change::Name(to.into(), number));
                state.change(Change::Leave(from.into(), to.into(), number));
            }
            Ok(())
        })
    }

    fn remove(&self, path: &str) -> Result<(), Error> {
        self.run(Operation::Remove, path, |state| {
            state.number(path)?;
            state.change(Change::Unname(path.into()));
            Ok(())
        })
    }

    fn make_dir(&self, path: &str) -> Result<(), Error> {
        self.run(Operation::MakeDir, path, |state| {
            state.is_free(path)?;
            state.change(Change::Folder(path.into()));
            Ok(())
        })
    }

    fn remove_dir(&self, path: &str) -> Result<(), Error> {
        self.run(Operation::RemoveDir, path, |state| {
            state.folder_exists(path)?;
            if state.names.keys().any(|name| above(name) == path) {
                return Err(Kind::Exists);
            }
            state.change(Change::NoFolder(path.into()));
            Ok(())
        })
    }

    fn sync_dir(&self, path: &str) -> Result<(), Error> {
        self.run(Operation::SyncDir, path, |state| {
            state.folder_exists(path)?;
            let pending = std::mem::take(&mut state.pending);
            for change in pending {
                if change.is_in(path) {
                    let first = state.pending.pop_if(|first| change.comes_after(first));
                    if let Some(first) = first {
                        apply(&first, &mut state.lasting, &mut state.lasting_folders);
                    }
                    apply(&change, &mut state.lasting, &mut state.lasting_folders);
                } else {
                    state.pending.push(change);
                }
            }
            Ok(())
        })
    }

    fn read_dir(&self, path: &str) -> Result<Vec<Entry>, Error> {
        self.run(Operation::ReadDir, path, |state| {
            state.folder_exists(path)?;
            let last = |name: &String| name.rsplit('/').next().unwrap_or_default().to_string();
            let inside = |name: &&String| above(name) == path;
            let files = state.names.keys().filter(inside);
            let files = files.map(|name| Entry { name: last(name), is_dir: false });
            let folders = state.folders.iter().filter(inside);
            let folders = folders.map(|name| Entry { name: last(name), is_dir: true });
            Ok(files.chain(folders).collect())
        })
    }

    fn stat(&self, path: &str) -> Result<Stat, Error> {
        self.run(Operation::Stat, path, |state| {
            if state.folders.contains(path) {
                return Ok(Stat { size: 0, modified: 0 });
            }
            let number = state.number(path)?;
            Ok(Stat { size: state.files[number].octets.len() as u64, modified: 0 })
        })
    }
}

/// Runs `scenario` on a fresh disk with a crash after none, one, two, … of its operations, and has `check`
/// look at every disk that may be found afterwards, together with what the scenario had acknowledged.
///
/// Returns how many disks were looked at.
pub fn every_crash<R>(scenario: impl Fn(&SimDisk) -> R, check: impl Fn(&SimDisk, &R)) -> usize {
    let mut looked_at = 0;
    for n in 0.. {
        let disk = SimDisk::new();
        disk.crash_after(n);
        let acknowledged = scenario(&disk);
        for survivor in disk.survivors() {
            check(&survivor, &acknowledged);
            looked_at += 1;
        }
        if disk.operations() <= n {
            return looked_at;
        }
    }
    looked_at
}

/// Runs `scenario` on a fresh disk with each of its operations failing in turn, once for each kind of
/// failure, and has `check` look at the disk and at what the scenario said.
pub fn every_failure<R>(scenario: impl Fn(&SimDisk) -> R, check: impl Fn(&SimDisk, &R)) -> usize {
    const EIO: Kind = Kind::Io(5);
    let mut looked_at = 0;
    for kind in [Kind::NoSpace, EIO, Kind::TooManyFiles] {
        for n in 0.. {
            let disk = SimDisk::new();
            disk.fail_after(n, kind);
            let said = scenario(&disk);
            let done = disk.operations() <= n;
            disk.state.borrow_mut().fail = None;
            check(&disk, &said);
            looked_at += 1;
            if done {
                break;
            }
        }
    }
    looked_at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(disk: &SimDisk) -> Vec<String> {
        disk.read_dir("").expect("there").into_iter().map(|entry| entry.name).collect()
    }

    /// The simulated disk loses what it may lose: a careless writer is found out.
    #[test]
    fn what_is_not_synced_may_be_lost() {
        let disk = SimDisk::new();
        let mut file = disk.create("a").expect("made");
        disk.write(&mut file, b"hello").expect("written");
        let sizes: BTreeSet<_> =
            disk.survivors().iter().map(|disk| disk.stat("a").ok().map(|stat| stat.size)).collect();
        assert_eq!(sizes, [None, Some(0), Some(2), Some(5)].into());
        disk.sync(&mut file).expect("synced");
        assert!(disk.survivors().iter().any(|disk| names(disk).is_empty()));
        disk.sync_dir("").expect("synced");
        for survivor in disk.survivors() {
            assert_eq!(survivor.stat("a").expect("there").size, 5);
        }
        let mut file = disk.append("a").expect("there");
        disk.write(&mut file, b"12").expect("written");
        let sizes: BTreeSet<_> =
            disk.survivors().iter().map(|disk| disk.stat("a").expect("there").size).collect();
        assert_eq!(sizes, [5, 6, 7].into());
        disk.fail_after(0, Kind::Io(5));
        assert_eq!(disk.sync(&mut file).expect_err("failed").kind, Kind::Io(5));
        disk.sync(&mut file).expect("nothing said");
        assert!(disk.survivors().iter().any(|disk| disk.stat("a").is_ok_and(|a| a.size == 5)));
        disk.rename("a", "b").expect("renamed");
        let found: BTreeSet<_> = disk.survivors().iter().map(names).collect();
        assert_eq!(found, [std::vec!["a".to_string()], std::vec!["b".to_string()]].into());
    }

    #[test]
    fn a_folder_moves_with_what_is_in_it() {
        let disk = SimDisk::new();
        disk.make_dir("a").expect("made");
        disk.sync_dir("").expect("synced");
        drop(disk.create("a/one").expect("made"));
        disk.sync_dir("a").expect("synced");
        drop(disk.create("a/two").expect("made"));
        disk.rename("a", "b").expect("moved");
        assert_eq!(disk.stat("a/one").expect_err("moved").kind, Kind::NotFound);
        assert_eq!(disk.read_dir("b").expect("there").len(), 2);
        for survivor in disk.survivors() {
            let found =
                ["a", "b"].map(|folder| survivor.stat(&std::format!("{folder}/one")).is_ok());
            assert!(found == [true, false] || found == [false, true], "{found:?}");
        }
        disk.sync_dir("").expect("synced");
        disk.sync_dir("b").expect("synced");
        for survivor in disk.survivors() {
            assert_eq!(names(&survivor), ["b"]);
            survivor.stat("b/two").expect("there");
        }
        disk.make_dir("c").expect("made");
        assert_eq!(disk.rename("c", "b").expect_err("taken").kind, Kind::Exists);
    }

    #[test]
    fn every_operation_is_a_crash_point() {
        let scenario = |disk: &SimDisk| {
            let _ = disk.create("a");
            let _ = disk.create("b");
            disk.sync_dir("").is_ok()
        };
        let looked_at = every_crash(scenario, |disk, synced| {
            assert!(!synced || names(disk) == ["a", "b"]);
        });
        assert!(looked_at > 10);
    }
}
