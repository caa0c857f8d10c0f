use crate::{Error, FolderName, Maildir};
use posta_core::disk::{Disk, Kind};
use std::collections::BTreeSet;

impl<D: Disk + Clone> Maildir<D> {
    /// The names of all folders, sorted. The main one has none. Names are whole, also when this is a
    /// folder itself.
    ///
    /// # Errors
    /// The disk failed.
    pub fn folders(&self) -> Result<Vec<FolderName>, Error> {
        let entries = self.disk.read_dir("")?;
        let directories = entries.iter().filter(|entry| entry.is_dir);
        let mut names: Vec<_> =
            directories.filter_map(|entry| FolderName::from_directory(&entry.name)).collect();
        names.sort();
        Ok(names)
    }

    /// The name of this folder; `None` for the main one.
    pub fn name(&self) -> Option<FolderName> {
        FolderName::from_directory(self.prefix.trim_end_matches('/'))
    }

    /// One of the folders.
    ///
    /// # Errors
    /// The disk failed, or there is no such folder.
    pub fn folder(&self, name: &FolderName) -> Result<Self, Error> {
        if !self.folders()?.contains(name) {
            return Err(Error::NoFolder(name.clone()));
        }
        let folder = self.at(name);
        folder.make_parts()?;
        Ok(folder)
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// The disk failed, or there is such a folder already.
    pub fn create_folder(&self, name: &FolderName) -> Result<Self, Error> {
        match self.disk.make_dir(&name.directory()) {
            Err(error) if error.kind == Kind::Exists => Err(Error::FolderExists(name.clone())),
            made => {
                made?;
                let folder = self.at(name);
                folder.make_parts()?;
                Ok(folder)
            }
        }
    }

    /// Removes a folder with its messages. Folders below it, which Maildir++ keeps beside it, stay.
    ///
    /// # Errors
    /// The disk failed, or there is no such folder.
    pub fn delete_folder(&self, name: &FolderName) -> Result<(), Error> {
        if !self.folders()?.contains(name) {
            return Err(Error::NoFolder(name.clone()));
        }
        let folder = name.directory();
        for entry in self.disk.read_dir(&folder)? {
            let path = format!("{folder}/{}", entry.name);
            if !entry.is_dir {
                self.disk.remove(&path)?;
                continue;
            }
            for file in self.disk.read_dir(&path)? {
                self.disk.remove(&format!("{path}/{}", file.name))?;
            }
            self.disk.remove_dir(&path)?;
        }
        self.disk.remove_dir(&folder)?;
        Ok(self.disk.sync_dir("")?)
    }

    /// Gives a folder, and with it those below it, another name. A folder that is not there itself can have
    /// some below it, which move as well.
    ///
    /// Each folder moves in one step, with all its messages and their UIDs. After a crash between two of them
    /// the same call moves the rest.
    ///
    /// # Errors
    /// The disk failed, there is no such folder, one would replace another, it would be below itself, or a
    /// name would be too long. Nothing has moved then, unless the disk failed.
    pub fn rename_folder(&self, from: &FolderName, to: &FolderName) -> Result<(), Error> {
        if to.below(from).is_some() {
            return Err(Error::IntoItself(to.clone()));
        }
        let folders: BTreeSet<_> = self.folders()?.into_iter().collect();
        let mut moves = Vec::new();
        for folder in &folders {
            if let Some(name) = folder.renamed(from, to) {
                moves.push((folder, name?));
            }
        }
        if moves.is_empty() {
            return Err(Error::NoFolder(from.clone()));
        }
        let names = moves.iter().map(|(_, name)| name);
        if let Some(taken) = names.chain([to]).find(|name| folders.contains(*name)) {
            return Err(Error::FolderExists(taken.clone()));
        }
        // The folder itself comes last: once it has moved for good, so have those below it, and a folder of
        // its new name is another's.
        for (folder, name) in moves.iter().rev() {
            if *folder == from {
                self.disk.sync_dir("")?;
            }
            self.disk.rename(&folder.directory(), &name.directory())?;
        }
        Ok(self.disk.sync_dir("")?)
    }

    fn at(&self, name: &FolderName) -> Self {
        Self { disk: self.disk.clone(), prefix: format!("{}/", name.directory()) }
    }
}
