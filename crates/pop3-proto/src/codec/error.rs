use core::fmt;

/// Why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at octet {offset}: expected {expected}")]
pub struct ParseError {
    /// The kind of fault.
    pub kind: Fault,
    /// Where in the line, counted from 0.
    pub offset: usize,
    /// What should have been there.
    pub expected: &'static str,
}

/// The kinds of [`ParseError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No such command.
    #[error("unknown command")]
    Unknown,
    /// An octet that may not stand in a line: a control character, or no UTF-8.
    #[error("forbidden octet")]
    Octet,
    /// Something is missing.
    #[error("missing argument")]
    Missing,
    /// Something is not what it should be.
    #[error("bad argument")]
    Bad,
    /// Something is left over.
    #[error("something left over")]
    Extra,
}

impl ParseError {
    pub(crate) fn new(kind: Fault, offset: usize, expected: &'static str) -> Self {
        Self { kind, offset, expected }
    }

    /// Displays the command line that failed, on a second line a caret under the fault, and what was
    /// expected. Passwords, digests and SASL data are replaced by `***`, and so are the arguments
    /// of an unknown command, which may be a misspelt one.
    ///
    /// ```
    /// let line = b"APOP ana a b";
    /// let error = pop3_proto::codec::Command::parse(line).unwrap_err();
    /// assert_eq!(error.show(line).to_string(), "APOP ana ***\n         ^ 32 hexadecimal digits");
    /// ```
    pub fn show<'a>(&self, line: &'a [u8]) -> Shown<'a> {
        Shown { error: *self, line }
    }
}

/// A line with a caret under its fault; made by [`ParseError::show`].
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    error: ParseError,
    line: &'a [u8],
}

impl Shown<'_> {
    /// How many octets of the line may be seen.
    fn open(&self) -> usize {
        let mut spaces = memchr::memchr_iter(b' ', self.line).map(|at| at + 1);
        let first = spaces.next();
        let keyword = &self.line[..first.map_or(self.line.len(), |at| at - 1)];
        let is = |name: &str| keyword.eq_ignore_ascii_case(name.as_bytes());
        let open = if is("APOP") || is("AUTH") {
            spaces.next()
        } else if is("PASS") {
            first
        } else if self.error.kind == Fault::Unknown || keyword.len() > 4 {
            // A response of a SASL exchange in the wrong place looks like this.
            Some(first.unwrap_or(4).min(5))
        } else {
            None
        };
        open.unwrap_or(self.line.len()).min(self.line.len())
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, hidden) = self.line.split_at(self.open());
        let mark = if hidden.is_empty() { "" } else { "***" };
        let before = &open[..self.error.offset.min(open.len())];
        let width = before.escape_ascii().count();
        writeln!(f, "{}{mark}", open.escape_ascii())?;
        write!(f, "{:width$}^ {}", "", self.error.expected)
    }
}

/// Hides what `Display` hides.
impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
