//! Password files: one line for each user, with keys in the form of RFC 5803, never a password.
//!
//! ```text
//! # whoever may log in
//! ana:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8o…:wfPLwc…
//! ```
//!
//! A user may have one line for each hash function. Blank lines and lines that begin with `#` are
//! skipped. Names are kept as [`saslprep`] leaves them; they differ in case if their letters do.

use alloc::{borrow::ToOwned as _, collections::BTreeMap, string::String, vec::Vec};

use crate::{
    Decoy, ITERATIONS, Keys, KeysError, Misuse, SALT, ScramHash, Secret,
    prep::{PrepError, saslprep},
    server::{Server, Step},
};

/// The longest user name, in octets (RFC 4616 2 asks for at least as much).
pub const MAX_USER: usize = 255;

/// The users of a server and their keys.
#[derive(Clone, Debug, Default)]
pub struct Passwords {
    /// By user; for each the strongest hash first.
    users: BTreeMap<String, Vec<Keys>>,
}

/// Why a text is no password file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {cause}")]
pub struct FileError {
    /// The first is 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub cause: LineError,
}

/// Why a line of a password file is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// There is no colon.
    #[error("not user:keys")]
    Syntax,
    /// The name cannot be one.
    #[error("{0}")]
    User(#[from] UserError),
    /// What follows the name are no keys.
    #[error("{0}")]
    Keys(#[from] KeysError),
    /// The user has keys for this hash already.
    #[error("the same user and scheme again")]
    Twice,
}

/// Why a name cannot stand in a password file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// It does not survive [`saslprep`].
    #[error("user name: {0}")]
    Prep(#[from] PrepError),
    /// It is longer than [`MAX_USER`].
    #[error("the user name is longer than {MAX_USER} octets")]
    Long,
    /// It has a `:`, begins with `#`, or begins or ends with a space.
    #[error("a user name with ':', that begins with '#', or with a space at an end")]
    Reserved,
}

impl Passwords {
    /// Reads a password file. Lines end with LF or CRLF.
    ///
    /// # Errors
    /// The first line that is neither an entry, nor blank, nor a comment, by its number.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        let mut all = Self::default();
        for (i, line) in text.lines().enumerate() {
            if !line.trim().is_empty() && !line.starts_with('#') {
                all.line(line).map_err(|cause| FileError { line: i + 1, cause })?;
            }
        }
        Ok(all)
    }

    /// Writes a password file, users in order; comments that were read are not kept. Let nobody but
    /// the server read it.
    pub fn write(&self) -> String {
        let mut text = String::new();
        for (user, all) in &self.users {
            for keys in all {
                text.extend([user, ":", &keys.write(), "\n"]);
            }
        }
        text
    }

    /// Adds a user, or replaces their keys for the same hash, which are returned. Keys for other
    /// hashes stay, and still open the door with the old password: [`remove`](Self::remove) first.
    ///
    /// # Errors
    /// The name cannot stand in a file.
    pub fn insert(&mut self, user: &str, keys: Keys) -> Result<Option<Keys>, UserError> {
        let all = self.users.entry(name(user)?).or_default();
        if let Some(old) = all.iter_mut().find(|old| old.hash == keys.hash) {
            return Ok(Some(core::mem::replace(old, keys)));
        }
        all.push(keys);
        all.sort_by_key(|keys| core::cmp::Reverse(keys.hash));
        Ok(None)
    }

    /// Removes a user. Says whether they were there.
    pub fn remove(&mut self, user: &str) -> bool {
        saslprep(user).is_ok_and(|user| self.users.remove(user.as_str()).is_some())
    }

    /// The keys of a user for a hash. The name is prepared by [`saslprep`] first.
    pub fn get(&self, user: &str, hash: ScramHash) -> Option<&Keys> {
        let user = saslprep(user).ok()?;
        self.users.get(user.as_str())?.iter().find(|keys| keys.hash == hash)
    }

    /// Whether every user has keys for a hash. Offer SCRAM only over such hashes: a client picks the
    /// best mechanism that it is offered, and users without keys for it cannot log in.
    pub fn covers(&self, hash: ScramHash) -> bool {
        self.users.values().all(|all| all.iter().any(|keys| keys.hash == hash))
    }

    /// The users, in order.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// Whether the password is the user's. An unknown user takes the same work and gets the same
    /// answer as a wrong password, as long as the users' keys are of one kind.
    pub fn verify(&self, user: &str, password: &Secret) -> bool {
        let user = saslprep(user).ok();
        let known = user.and_then(|user| self.users.get(user.as_str())?.first());
        // Nobody sees the salt of these, so they need no secret; `known` says no in the end.
        let (hash, decoy) = self.usual(None, Secret::default());
        let keys = known.map_or_else(|| decoy.keys(hash, ""), Keys::clone);
        keys.verify(password) & known.is_some()
    }

    /// What a SCRAM server with these users needs to hide which users it has. `key` is a secret of
    /// the server; see [`Decoy`].
    pub fn decoy(&self, hash: ScramHash, key: Secret) -> Decoy {
        self.usual(Some(hash), key).1
    }

    /// Answers a server machine's question from this file and says what is to be done next; a step
    /// that is no question (a challenge, the end) comes back as it is.
    ///
    /// [`Step::Authorize`], [`Step::LookupCram`], [`Step::Token`], [`Step::External`] and
    /// [`Step::Anonymous`] are questions that no password file can answer: they come back too.
    ///
    /// # Errors
    /// The step is not the last one of this machine.
    pub fn answer(&self, server: &mut Server, step: Step) -> Result<Step, Misuse> {
        match step {
            Step::Verify { user, password } if self.verify(&user, &password) => server.accept(),
            Step::Verify { .. } => server.reject(),
            Step::Lookup { user, hash } => server.answer(self.get(&user, hash).cloned()),
            step => Ok(step),
        }
    }

    /// The hash, iterations and length of salt that most users have: what strangers must seem to have.
    fn usual(&self, only: Option<ScramHash>, key: Secret) -> (ScramHash, Decoy) {
        let mut counts = BTreeMap::<_, usize>::new();
        for all in self.users.values() {
            let mut fit = all.iter().filter(|keys| only.is_none_or(|hash| keys.hash == hash));
            if let Some(keys) = fit.next() {
                *counts.entry((keys.hash, keys.iterations, keys.salt.len())).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(_, n)| *n).map(|(kind, _)| kind);
        let usual = (only.unwrap_or(ScramHash::Sha256), ITERATIONS, SALT);
        let (hash, iterations, salt) = most.unwrap_or(usual);
        (hash, Decoy { key, iterations, salt })
    }

    fn line(&mut self, line: &str) -> Result<(), LineError> {
        let (user, keys) = line.split_once(':').ok_or(LineError::Syntax)?;
        match self.insert(user, Keys::parse(keys)?)? {
            Some(_) => Err(LineError::Twice),
            None => Ok(()),
        }
    }
}

fn name(user: &str) -> Result<String, UserError> {
    let user = saslprep(user)?;
    if user.len() > MAX_USER {
        return Err(UserError::Long);
    }
    if user.contains(':') || user.starts_with(['#', ' ']) || user.ends_with(' ') {
        return Err(UserError::Reserved);
    }
    Ok(user.as_str().to_owned())
}
