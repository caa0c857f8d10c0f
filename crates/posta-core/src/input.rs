use alloc::vec::Vec;

/// The size of the first allocation, in octets; it doubles whenever a read fills it.
const FIRST: usize = 512;

/// A bounded receive buffer, owned by the driver.
///
/// It holds no memory before the first read and after [`release`](Self::release), grows by doubling
/// up to its limit, and is the most that a machine can ever hold of what its peer sent.
///
/// ```
/// let mut input = posta_core::Input::new(64);
/// input.extend(b"NOOP\r\nQU");
/// assert_eq!(input.line(), Some(6));
/// assert_eq!(input.take(6), b"NOOP\r\n");
/// assert_eq!(input.line(), None);
/// ```
#[derive(Debug)]
pub struct Input {
    data: Vec<u8>,
    /// The unread bytes are `data[start..end]`.
    start: usize,
    end: usize,
    /// Relative to `start`: complete lines of an unfinished frame, and how far `line` has looked.
    framed: usize,
    seen: usize,
    limit: usize,
    eof: bool,
}

impl Input {
    /// An empty buffer that will hold at most `limit` octets.
    pub const fn new(limit: usize) -> Self {
        Self { data: Vec::new(), start: 0, end: 0, framed: 0, seen: 0, limit, eof: false }
    }

    /// The bytes received and not yet taken.
    pub fn bytes(&self) -> &[u8] {
        &self.data[self.start..self.end]
    }

    /// How many bytes are received and not yet taken.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether every received byte is taken.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether the limit is reached, so that no more can be read before something is taken.
    pub fn is_full(&self) -> bool {
        self.len() >= self.limit
    }

    /// Whether the peer will send no more. Bytes may still be waiting here.
    pub fn is_eof(&self) -> bool {
        self.eof
    }

    /// The most octets this buffer will hold.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Octets of memory held now.
    pub fn capacity(&self) -> usize {
        self.data.capacity()
    }

    /// Hands out the next `n` bytes (or all, if fewer are there) and moves past them.
    /// They stay in place until the next [`space`](Self::space).
    pub fn take(&mut self, n: usize) -> &[u8] {
        let from = self.start;
        self.start = self.end.min(from.saturating_add(n));
        (self.framed, self.seen) = (0, 0);
        &self.data[from..self.start]
    }

    /// The length of [`bytes`](Self::bytes) through the first LF after the frame so far, if it has come.
    /// Never looks at a byte twice. Whether a CR stands before the LF is for the caller to check.
    pub fn line(&mut self) -> Option<usize> {
        let from = self.start + self.seen.max(self.framed);
        if let Some(at) = memchr::memchr(b'\n', &self.data[from..self.end]) {
            let n = from + at + 1 - self.start;
            // The caller may ask again before it takes or frames: find the same line again, at once.
            self.seen = n - 1;
            return Some(n);
        }
        self.seen = self.len();
        None
    }

    /// Remembers that the first `n` bytes belong to an unfinished frame (a reply of several lines, a
    /// command with literals), so that [`line`](Self::line) goes on behind them. `take` forgets it.
    pub fn frame(&mut self, n: usize) {
        self.framed = n.min(self.len());
    }

    /// How many bytes the unfinished frame has so far.
    pub fn framed(&self) -> usize {
        self.framed
    }

    /// Room to read into: moves the unread bytes to the front, and grows if the last read filled it.
    /// Empty only if the buffer [is full](Self::is_full).
    pub fn space(&mut self) -> &mut [u8] {
        let filled = self.end == self.data.len();
        if self.start > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if filled {
            let size = (self.data.len() * 2).max(FIRST).min(self.limit);
            self.data.reserve_exact(size - self.data.len());
            self.data.resize(size, 0);
        }
        &mut self.data[self.end..]
    }

    /// Records that a read put `n` bytes into [`space`](Self::space); 0 is the end of the stream.
    pub fn filled(&mut self, n: usize) {
        self.eof |= n == 0;
        self.end = self.data.len().min(self.end.saturating_add(n));
    }

    /// Marks the end of the stream.
    pub fn end(&mut self) {
        self.eof = true;
    }

    /// Copies in as much of `bytes` as the limit allows and returns how much that was: for callers
    /// that hold bytes already, such as tests.
    pub fn extend(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        while done < bytes.len() && !self.is_full() {
            let space = self.space();
            let n = space.len().min(bytes.len() - done);
            space[..n].copy_from_slice(&bytes[done..done + n]);
            self.filled(n);
            done += n;
        }
        done
    }

    /// Gives the memory back if every byte is taken; does nothing otherwise.
    pub fn release(&mut self) {
        if self.is_empty() {
            self.data = Vec::new();
            (self.start, self.end, self.framed, self.seen) = (0, 0, 0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_nothing_then_512_then_doubles_to_the_limit() {
        let mut input = Input::new(1500);
        assert_eq!(input.capacity(), 0);
        assert_eq!(input.space().len(), 512);
        assert_eq!(input.extend(&[b'x'; 600]), 600);
        assert_eq!(input.capacity(), 1024);
        assert_eq!(input.extend(&[b'x'; 2000]), 900);
        assert!(input.is_full() && input.space().is_empty());
        assert_eq!(input.capacity(), 1500);
        input.take(1500);
        input.release();
        assert_eq!(input.capacity(), 0);
    }

    /// Whoever takes everything at once still gets longer reads in time.
    #[test]
    fn grows_when_reads_fill_it_even_if_all_is_taken() {
        let mut input = Input::new(4096);
        for size in [512, 1024, 2048, 4096, 4096] {
            assert_eq!(input.space().len(), size);
            input.filled(size);
            assert_eq!(input.take(size).len(), size);
        }
    }

    #[test]
    fn frames_grow_line_by_line() {
        let mut input = Input::new(100);
        input.extend(b"250-a\r\n250 b");
        assert_eq!(input.line(), Some(7));
        input.frame(7);
        assert_eq!(input.line(), None);
        input.extend(b"\r\nrest\n");
        assert_eq!(input.line(), Some(14));
        assert_eq!(input.line(), Some(14));
        assert_eq!(input.take(14), b"250-a\r\n250 b\r\n");
        assert_eq!(input.framed(), 0);
        assert_eq!(input.line(), Some(5));
    }

    #[test]
    fn misuse_is_clamped() {
        let mut input = Input::new(4);
        assert_eq!(input.take(9), b"");
        input.filled(9);
        assert!(input.is_empty() && !input.is_eof());
        input.extend(b"ab");
        input.frame(9);
        assert_eq!(input.framed(), 2);
        assert_eq!(input.take(9), b"ab");
        input.filled(0);
        assert!(input.is_eof());
    }
}
