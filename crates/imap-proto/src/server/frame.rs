//! Where a command ends, and its literals.

use super::Limits;
use crate::codec::{Command, Cursor, Quirks};
use posta_core::Input;

/// What stands at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A whole command, with its CRLF.
    Whole(usize),
    /// The beginning of one; the client waits for leave to send this literal.
    Waits,
    /// The beginning of an APPEND, up to the message, which comes without leave if so marked.
    Append { n: usize, size: u64, waits: bool },
    /// The beginning of a command with a literal that is too large.
    TooLarge { n: usize, size: u64, waits: bool },
    /// A line that does not end with CRLF, or holds a CR or NUL.
    BadLine(usize),
    /// The command fills the input.
    TooLong,
}

/// Looks for the end of a command. `need` is where its next line can begin at the earliest, behind a
/// literal; `None` means that more must come.
pub(super) fn frame(
    input: &mut Input,
    limits: &Limits,
    quirks: Quirks,
    need: &mut usize,
) -> Option<Frame> {
    loop {
        if input.len() < *need {
            return None;
        }
        if *need > 0 {
            input.frame(*need);
        }
        let Some(n) = input.line() else {
            return input.is_full().then_some(Frame::TooLong);
        };
        let line = &input.bytes()[input.framed()..n];
        let Some(text) = line.strip_suffix(b"\r\n") else { return Some(Frame::BadLine(n)) };
        if memchr::memchr2(b'\r', 0, text).is_some() {
            return Some(Frame::BadLine(n));
        }
        let Some(Literal { size, waits }) = Literal::announced(text) else {
            *need = 0;
            return Some(Frame::Whole(n));
        };
        if is_append(&input.bytes()[..n], quirks) {
            *need = 0;
            return Some(Frame::Append { n, size, waits });
        }
        // At least the end of the line must fit behind it.
        let end = usize::try_from(size).ok().and_then(|size| n.checked_add(size));
        match end.filter(|end| size <= limits.literal && end + 2 <= input.limit()) {
            None => {
                *need = 0;
                return Some(Frame::TooLarge { n, size, waits });
            }
            Some(end) => *need = end,
        }
        if waits {
            return Some(Frame::Waits);
        }
    }
}

/// The announcement of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) size: u64,
    /// The client waits for leave to send it.
    pub(super) waits: bool,
}

impl Literal {
    /// `{size}` or `{size+}` at the end of a line.
    pub(super) fn announced(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"}")?;
        let open = memchr::memrchr(b'{', line)?;
        let text = &line[open + 1..];
        let digits = text.strip_suffix(b"+").unwrap_or(text);
        // `FromStr` would take a sign.
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        // One with too many digits is too large for anything.
        let size = core::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX);
        Some(Self { size, waits: digits.len() == text.len() })
    }
}

/// Whether what ends with a literal's announcement is an APPEND whose message that literal is.
fn is_append(frame: &[u8], quirks: Quirks) -> bool {
    let mut words = frame.splitn(3, |octet| *octet == b' ');
    let is = words.nth(1).is_some_and(|word| word.eq_ignore_ascii_case(b"APPEND"));
    is && matches!(Command::parse_with(frame, quirks), Ok((_, Command::Append { .. })))
}

/// The tag of a command, as far as it can be read.
pub(super) fn tag(frame: &[u8]) -> Option<&str> {
    Cursor::new(frame, Quirks::default()).tag().ok()
}
