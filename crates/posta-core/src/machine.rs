use crate::{Input, Instant, Output};

/// One end of a conversation over a byte stream, without the stream.
///
/// A driver owns the [`Input`] and the transport; the machine owns its [`Output`]. The driver calls
/// [`step`](Self::step) and does what the answer says:
///
/// 1. Flush [`output`](Self::output). If anything was sent, step again: there may be room for more.
/// 2. Only with an empty output read (on [`Step::Read`]) or sleep (on [`Step::Wait`]).
/// 3. Never block in a read with output pending, never block in a write without reading.
/// 4. Step again at [`deadline`](Self::deadline) at the latest. Early and repeated calls are harmless.
///
/// Commands (`accept`, `mail`, `quit`, …) are inherent methods of each machine. They never wait: they
/// append to the output or change the state, and in a wrong state they return that crate's `Misuse`.
pub trait Machine {
    /// What the application hears. Borrows from the [`Input`] passed to `step`, never from the machine,
    /// so the machine can be answered with the event in hand, and nothing can be read while it lives.
    type Event<'i>;
    /// A fault of the peer or of the transport, after which the conversation is over.
    type Error;

    /// Makes what progress it can and says what is needed next.
    ///
    /// # Errors
    /// The conversation cannot go on. The machine's last words, if the protocol has any, are in the
    /// output; flush them, then close. Every later call returns [`Step::Closed`].
    fn step<'i>(
        &mut self,
        input: &'i mut Input,
        now: Instant,
    ) -> Result<Step<'i, Self::Event<'i>>, Self::Error>;

    /// Bytes waiting to be sent.
    fn output(&mut self) -> &mut Output;

    /// When `step` must be called again even if nothing arrives; `None` for never.
    fn deadline(&self) -> Option<Instant>;
}

/// What a machine needs next.
#[must_use = "the machine makes progress only if its needs are met"]
#[derive(Debug)]
pub enum Step<'i, E> {
    /// Something for the application.
    Event(E),
    /// More bytes in this buffer, or its end.
    Read(&'i mut Input),
    /// Nothing from the peer: only a command or the deadline can make progress.
    Wait(&'i mut Input),
    /// Nothing any more: flush the output, then close.
    Closed,
}
