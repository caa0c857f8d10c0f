use posta_sasl::{ITERATIONS, Keys, KeysError, SALT, ScramHash, Secret, passwords};
use std::io::{self, BufRead};

/// Why a line of a password file cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeKeysError {
    /// No password came.
    #[error("cannot read the password")]
    Read(#[from] io::Error),
    /// The system has no randomness.
    #[error("no random salt")]
    Random(#[from] getrandom::Error),
    /// The password cannot be used.
    #[error("this password cannot be used")]
    Password(#[from] KeysError),
    /// The name cannot be used.
    #[error("this name cannot be used")]
    User(#[from] passwords::UserError),
}

/// Makes the line of a password file for a user: the keys that prove the password, never itself.
///
/// # Errors
/// The name or the password cannot be used (RFC 4013), or the system has no randomness.
pub fn make_keys(user: &str, password: &str) -> Result<String, MakeKeysError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt)?;
    let keys = Keys::derive(ScramHash::Sha256, &Secret::from(password), &salt, ITERATIONS)?;
    let mut line = passwords::Passwords::default();
    line.insert(user, keys)?;
    Ok(line.write())
}

/// Does what the command `keys NAME` of a server does: reads a password from standard input and prints the
/// line for the password file.
///
/// # Errors
/// As for [`make_keys`], or nothing could be read.
pub fn print_keys(user: &str) -> Result<(), MakeKeysError> {
    let mut password = String::new();
    io::stdin().lock().read_line(&mut password)?;
    anstream::print!("{}", make_keys(user, password.trim_end_matches(['\r', '\n']))?);
    Ok(())
}
