use alloc::vec::Vec;

/// The room that is made for the first octets: a few lines.
const FIRST: usize = 256;

/// Bytes on their way to the peer.
///
/// The limit is soft: a machine stops taking input while [`is_full`](Self::is_full), and gives out
/// [`room`](Self::room) to bodies, but what it must say is always appended.
#[derive(Debug)]
pub struct Output {
    data: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Output {
    /// The limit that machines use unless told otherwise, in octets.
    pub const LIMIT: usize = 16 * 1024;

    /// An empty queue that counts as full from `limit` octets on.
    pub const fn new(limit: usize) -> Self {
        Self { data: Vec::new(), start: 0, limit }
    }

    /// The bytes to send next.
    pub fn bytes(&self) -> &[u8] {
        &self.data[self.start..]
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.data.len() - self.start
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.start == self.data.len()
    }

    /// Whether the limit is reached.
    pub fn is_full(&self) -> bool {
        self.len() >= self.limit
    }

    /// How many more octets fit below the limit.
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.len())
    }

    /// Octets of memory held now.
    pub fn capacity(&self) -> usize {
        self.data.capacity()
    }

    /// Appends.
    pub fn put(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.data.extend_from_slice(bytes);
    }

    /// Appends what `write` appends to what it is given; nothing if it fails.
    ///
    /// # Errors
    /// That of `write`.
    pub fn put_with<E>(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.make_room(1);
        let before = self.data.len();
        let result = write(&mut self.data);
        if result.is_err() {
            self.data.truncate(before);
        }
        result
    }

    /// Makes room for so many octets that are appended in pieces, and some more, unless there was as much before.
    pub(crate) fn reserve(&mut self, octets: usize) {
        self.make_room(octets);
        if self.data.capacity() < octets {
            self.data.reserve(octets + octets / 8);
        }
    }

    /// Makes room for so many octets, out of what was sent if there is enough of it.
    fn make_room(&mut self, octets: usize) {
        if self.data.capacity() == 0 {
            self.data.reserve(octets.max(FIRST));
        }
        // A queue that is never quite empty must not grow: the room of what was sent is used again,
        // once it is at least half, so that no octet is moved more than once on average.
        if self.start > self.len() && octets > self.data.capacity() - self.data.len() {
            self.data.drain(..self.start);
            self.start = 0;
        }
    }

    /// Moves past the first `n` bytes, which have been sent.
    pub fn sent(&mut self, n: usize) {
        self.start = self.data.len().min(self.start.saturating_add(n));
        if self.is_empty() {
            self.data.clear();
            self.start = 0;
        }
    }

    /// Gives the memory back if nothing waits; does nothing otherwise.
    pub fn release(&mut self) {
        if self.is_empty() {
            self.data = Vec::new();
            self.start = 0;
        }
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new(Self::LIMIT)
    }
}

/// So that `write!` can be used; never fails.
impl core::fmt::Write for Output {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_soft() {
        let mut output = Output::new(4);
        output.put(b"abc");
        assert_eq!((output.room(), output.is_full()), (1, false));
        output.put(b"def");
        assert_eq!((output.room(), output.is_full(), output.bytes()), (0, true, &b"abcdef"[..]));
        output.sent(4);
        assert_eq!(output.bytes(), b"ef");
        output.sent(9);
        assert!(output.is_empty() && output.capacity() > 0);
        output.release();
        assert_eq!(output.capacity(), 0);
    }

    #[test]
    fn what_fails_leaves_nothing() {
        let mut output = Output::new(4);
        output.put(b"ab");
        let write = |data: &mut Vec<u8>, result| {
            data.extend_from_slice(b"cd");
            result
        };
        assert_eq!(output.put_with(|data| write(data, Err(7))), Err(7));
        assert_eq!(output.bytes(), b"ab");
        assert_eq!(output.put_with(|data| write(data, Ok::<_, u8>(()))), Ok(()));
        assert_eq!(output.bytes(), b"abcd");
    }

    /// A slow peer takes a little, a machine fills it up again: it never becomes empty.
    #[test]
    fn what_never_empties_does_not_grow() {
        let mut output = Output::new(1000);
        let (mut put, mut taken) = (0u8, 0u8);
        for _ in 0..100_000 {
            while output.room() > 0 {
                output.put(&[put]);
                put = put.wrapping_add(1);
            }
            assert_eq!(output.bytes()[0], taken);
            output.sent(7);
            taken = taken.wrapping_add(7);
        }
        assert!(output.capacity() <= 4096, "{}", output.capacity());
    }
}
