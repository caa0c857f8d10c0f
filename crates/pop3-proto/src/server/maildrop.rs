use alloc::vec::Vec;

/// What the machine knows of the open maildrop: how much is in it, and the marks.
///
/// A mark is one bit, and there are none before the first DELE.
#[derive(Debug, Default)]
pub(super) struct Maildrop {
    messages: u32,
    octets: u64,
    marks: Vec<u64>,
    marked: u32,
    marked_octets: u64,
}

impl Maildrop {
    pub(super) fn new(messages: u32, octets: u64) -> Self {
        Self { messages, octets, ..Self::default() }
    }

    /// How many messages there are, marked or not: the last number.
    pub(super) fn last(&self) -> u32 {
        self.messages
    }

    /// Messages not marked.
    pub(super) fn messages(&self) -> u32 {
        self.messages - self.marked
    }

    /// Octets of the messages not marked.
    pub(super) fn octets(&self) -> u64 {
        self.octets.saturating_sub(self.marked_octets)
    }

    pub(super) fn is_marked(&self, message: u32) -> bool {
        let (word, bit) = place(message);
        self.marks.get(word).is_some_and(|marks| marks & bit != 0)
    }

    /// Whether there is such a message, not marked.
    pub(super) fn has(&self, message: u32) -> bool {
        (1..=self.messages).contains(&message) && !self.is_marked(message)
    }

    /// The first message from `message` on that is not marked.
    pub(super) fn from(&self, message: u32) -> Option<u32> {
        (message..=self.messages).find(|message| !self.is_marked(*message))
    }

    pub(super) fn mark(&mut self, message: u32, octets: u64) {
        if self.has(message) {
            if self.marks.is_empty() {
                self.marks = alloc::vec![0; place(self.messages).0 + 1];
            }
            let (word, bit) = place(message);
            self.marks[word] |= bit;
            self.marked += 1;
            self.marked_octets = self.marked_octets.saturating_add(octets);
        }
    }

    pub(super) fn unmark_all(&mut self) {
        (self.marks, self.marked, self.marked_octets) = (Vec::new(), 0, 0);
    }

    pub(super) fn marked(&self) -> impl Iterator<Item = u32> + '_ {
        (1..=self.messages).take_while(|_| self.marked > 0).filter(|n| self.is_marked(*n))
    }
}

fn place(message: u32) -> (usize, u64) {
    let at = message.saturating_sub(1);
    ((at / 64) as usize, 1 << (at % 64))
}
