//! Why a command is not done.

use agent::Stamps;
use imap_proto::{
    Misuse, Server,
    codec::{Code, Condition, Status},
};
use maildir::Error;
use posta_core::disk;
use std::{io, sync::Arc, thread, time::Duration};
use tokio::task::spawn_blocking;

/// How often something is tried while another program holds a lock, and the pause between.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// Why a command is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// A mistake of ours.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The client asks for what cannot be.
    #[error("{1}")]
    No(Option<Code<'static>>, &'static str),
    /// The client asks for what makes no sense.
    #[error("{0}")]
    Bad(&'static str),
    #[error(transparent)]
    Maildir(#[from] Error),
    #[error(transparent)]
    Disk(#[from] disk::Error),
    #[error("no randomness: {0}")]
    Random(#[from] io::Error),
    #[error("a task failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Problem {
    pub(crate) fn no(code: Code<'static>, text: &'static str) -> Self {
        Self::No(Some(code), text)
    }

    /// Answers the command.
    pub(crate) fn tell(&self, user: &str, imap: &mut Server) -> Result<(), Misuse> {
        let (code, text) = match self {
            Self::Misuse(misuse) => return Err(*misuse),
            Self::No(code, text) => (*code, *text),
            Self::Bad(text) => return imap.finish(&Status::new(Condition::Bad, text)),
            Self::Maildir(Error::NoFolder(_)) => {
                (Some(Code::NonExistent), "there is no such mailbox")
            }
            Self::Maildir(Error::FolderExists(_)) => {
                (Some(Code::AlreadyExists), "there is such a mailbox already")
            }
            Self::Maildir(Error::Locked(_)) => (Some(Code::InUse), "another program is writing"),
            Self::Maildir(Error::FolderName(_) | Error::IntoItself(_)) => {
                (Some(Code::Cannot), "a mailbox cannot be called that")
            }
            Self::Maildir(Error::Keyword(_)) => {
                (Some(Code::Cannot), "a flag cannot be called that")
            }
            Self::Maildir(Error::TooManyKeywords) => {
                (Some(Code::Limit), "there are too many keywords")
            }
            Self::Maildir(Error::TooManySubscriptions) => {
                (Some(Code::Limit), "there are too many subscriptions")
            }
            Self::Maildir(Error::Gone(_)) => (Some(Code::ExpungeIssued), "the message is gone"),
            Self::Maildir(Error::Disk(error)) | Self::Disk(error)
                if error.kind == disk::Kind::NoSpace =>
            {
                (Some(Code::OverQuota), "the disk is full")
            }
            error => {
                tracing::error!(user, %error, "the mailbox failed");
                (Some(Code::Unavailable), "the mailbox cannot be used now")
            }
        };
        imap.reject(code, text)
    }
}

/// Runs something on the disk, off the threads that others wait for; again for a while if another program
/// holds a lock.
pub(crate) async fn on_disk<T: Send + 'static>(
    stamps: &Arc<Stamps>,
    mut run: impl FnMut(&Stamps) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let stamps = Arc::clone(stamps);
    let tries = move || {
        for _ in 1..TRIES {
            match run(&stamps) {
                Err(Problem::Maildir(Error::Locked(_))) => thread::sleep(PAUSE),
                done => return done,
            }
        }
        run(&stamps)
    };
    spawn_blocking(tries).await?
}
