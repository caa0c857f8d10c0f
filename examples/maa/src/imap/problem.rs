//! Why a command is not done.

use agent::Stamps;
use imap_maildir::Error;
use imap_proto::{
    Misuse, Server,
    codec::{Code, Condition, Status},
};
use std::{sync::Arc, thread, time::Duration};
use tokio::task::{JoinError, spawn_blocking};

/// How often something is tried while another program holds a lock, and the pause between.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// Why a command is not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(transparent)]
    Mailbox(#[from] Error),
    #[error("a task failed: {0}")]
    Task(#[from] JoinError),
}

impl From<Misuse> for Problem {
    fn from(misuse: Misuse) -> Self {
        Self::Mailbox(misuse.into())
    }
}

impl Problem {
    pub(crate) fn no(code: Code<'static>, text: &'static str) -> Self {
        Self::Mailbox(Error::No(code, text))
    }

    /// Answers the command.
    pub(crate) fn tell(&self, user: &str, imap: &mut Server) -> Result<(), Misuse> {
        if let Self::Mailbox(Error::Misuse(misuse)) = self {
            return Err(*misuse);
        }
        let known = match self {
            Self::Mailbox(error) => error.status(),
            Self::Task(_) => None,
        };
        let status = known.unwrap_or_else(|| {
            tracing::error!(user, problem = %self, "the mailbox failed");
            let code = Some(Code::Unavailable);
            Status { code, ..Status::new(Condition::No, "the mailbox cannot be used now") }
        });
        imap.finish(&status)
    }
}

/// Runs something on the disk, off the threads that others wait for; again for a while if another program
/// holds a lock.
pub(crate) async fn on_disk<T: Send + 'static>(
    stamps: &Arc<Stamps>,
    mut run: impl FnMut(&imap_maildir::Stamps<'_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Problem> {
    let stamps = Arc::clone(stamps);
    let tries = move || {
        let now = || stamps.now().ok();
        for _ in 1..TRIES {
            match run(&now) {
                Err(Error::Maildir(maildir::Error::Locked(_))) => thread::sleep(PAUSE),
                done => return done,
            }
        }
        run(&now)
    };
    Ok(spawn_blocking(tries).await??)
}
