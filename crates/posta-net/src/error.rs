use std::io;

/// Why a conversation ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error<E> {
    /// The stream failed.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// The machine gave up: the peer broke the protocol, or was too slow.
    #[error(transparent)]
    Protocol(E),
    /// The machine asks for more bytes than the input may hold: the limit given to the driver is lower
    /// than that of the machine.
    #[error("the machine wants more than the {limit} octets of input it was given")]
    InputFull {
        /// The limit of the input, in octets.
        limit: usize,
    },
    /// Nothing can happen any more: a machine without a deadline waits for a command, and a blocking
    /// driver leaves nobody to give it. The command should have been given before `next`.
    #[error("the machine waits for a command that nobody can give")]
    Stalled,
}
