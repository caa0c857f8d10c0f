/// What a command does, as far as others must know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Changes what other commands mean, or how the session goes on: nothing else is under way.
    Alone,
    StartTls,
    Login,
    Authenticate,
    Idle,
    Logout,
    /// FETCH, STORE and SEARCH with sequence numbers: no message is expunged while one is under way.
    Numbers,
    /// The same, with an answer that does not tell which of two it is for.
    NumbersSearch,
    /// COPY with sequence numbers.
    NumbersCopy,
    /// A UID command.
    Uid,
    /// UID SEARCH, which may have sequence numbers among its keys.
    UidSearch,
    /// LIST and LSUB.
    List,
    /// Anything else that neither numbers messages nor answers for another.
    Plain,
}

impl Verb {
    /// Whether this may be sent while that is under way. RFC 3501 5.5
    ///
    /// Everything but FETCH, STORE and SEARCH lets the server expunge messages, so that sequence numbers
    /// in what follows could mean others; and two answers that look alike must not be under way.
    pub(super) fn may_follow(self, earlier: Self) -> bool {
        use Verb::{List, Logout, Numbers, NumbersCopy, NumbersSearch, Plain, Uid, UidSearch};
        let stable = matches!(earlier, Numbers | NumbersSearch);
        let shares = stable || matches!(earlier, NumbersCopy | Uid | UidSearch | List | Plain);
        match self {
            Numbers | NumbersCopy => stable,
            NumbersSearch | UidSearch => earlier == Numbers,
            List => shares && earlier != List,
            Uid | Plain | Logout => shares,
            _ => false,
        }
    }
}
