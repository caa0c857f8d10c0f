use super::Quirk;

/// Why something cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {offset}: expected {expected}")]
pub struct ParseError {
    /// The kind of fault.
    pub kind: Fault,
    /// Where, counted from 0.
    pub offset: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// The kinds of [`ParseError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Something is missing.
    #[error("missing argument")]
    Missing,
    /// Something is not what it should be.
    #[error("bad argument")]
    Bad,
    /// Something is left over.
    #[error("something left over")]
    Extra,
    /// Parentheses nest too deep.
    #[error("too much nesting")]
    Nesting,
    /// What real servers send, but see [`Quirks`](super::Quirks).
    #[error("not tolerated ({0:?})")]
    Quirk(Quirk),
}

impl ParseError {
    /// Where something should be and nothing is.
    pub(crate) fn nothing() -> Self {
        Self::new(Fault::Missing, 0, "a response")
    }

    pub(crate) fn new(kind: Fault, offset: usize, expected: &'static str) -> Self {
        Self { kind, offset, expected }
    }
}
