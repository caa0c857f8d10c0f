use posta_sasl::passwords::{FileError, Passwords};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Why a password file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not `user:keys`.
    #[error("{path} is not a valid password file")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Which line, and what is wrong with it.
        source: FileError,
    },
}

/// Reads a password file: a line a user, `user:SCRAM-SHA-256$4096:salt$stored:server`.
///
/// # Errors
/// The file cannot be read, or a line of it is wrong.
pub fn users(path: &Path) -> Result<Passwords, UsersError> {
    let read = |source| UsersError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(read)?;
    Passwords::parse(&text).map_err(|source| UsersError::Parse { path: path.to_owned(), source })
}
