use imap_proto::{
    Misuse,
    codec::{Code, Condition, Status},
};
use posta_core::disk;

/// Why a command is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mistake of the application.
    #[error(transparent)]
    Misuse(#[from] Misuse),
    /// The client asks for what cannot be.
    #[error("{1}")]
    No(Code<'static>, &'static str),
    /// The client asks for what makes no sense.
    #[error("{0}")]
    Bad(&'static str),
    /// The Maildir cannot do it.
    #[error(transparent)]
    Maildir(#[from] maildir::Error),
    /// The mailbox that is selected is no more, or is another: the session cannot go on. Say so, with
    /// [`bye`](imap_proto::Server::bye).
    #[error("{0}")]
    Lost(&'static str),
    /// There is no stamp for a file.
    #[error("there is no stamp for a file")]
    NoStamp,
    /// A message has fewer octets than its name says.
    #[error("a message is shorter than its name says")]
    Short,
}

impl From<disk::Error> for Error {
    fn from(error: disk::Error) -> Self {
        Self::Maildir(error.into())
    }
}

impl Error {
    /// What to answer the client; `None` if it is none of its business, and should be looked into.
    pub fn status(&self) -> Option<Status<'static>> {
        let no = |code, text| Some(Status { code: Some(code), ..Status::new(Condition::No, text) });
        match self {
            Self::No(code, text) => no(*code, text),
            Self::Bad(text) => Some(Status::new(Condition::Bad, text)),
            Self::Maildir(error) => {
                let (code, text) = answer(error)?;
                no(code, text)
            }
            Self::Misuse(_) | Self::Lost(_) | Self::NoStamp | Self::Short => None,
        }
    }
}

fn answer(error: &maildir::Error) -> Option<(Code<'static>, &'static str)> {
    use maildir::Error as E;
    Some(match error {
        E::NoFolder(_) => (Code::NonExistent, "there is no such mailbox"),
        E::FolderExists(_) => (Code::AlreadyExists, "there is such a mailbox already"),
        E::FolderName(_) | E::IntoItself(_) => (Code::Cannot, "a mailbox cannot be called that"),
        E::Locked(_) => (Code::InUse, "another program is writing"),
        E::Keyword(_) => (Code::Cannot, "a flag cannot be called that"),
        E::TooManyKeywords => (Code::Limit, "there are too many keywords"),
        E::TooManySubscriptions => (Code::Limit, "there are too many subscriptions"),
        E::TooManyMessages => (Code::Limit, "there are too many messages"),
        E::Gone(_) => (Code::ExpungeIssued, "the message is gone"),
        E::Disk(error) if error.kind == disk::Kind::NoSpace => {
            (Code::OverQuota, "the disk is full")
        }
        _ => return None,
    })
}
