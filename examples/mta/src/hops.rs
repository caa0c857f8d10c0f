//! How many hosts a message has passed.

const RECEIVED: &[u8] = b"received:";

/// Counts the Received fields of a message that comes in pieces.
#[derive(Debug, Default)]
pub(crate) struct Hops {
    seen: usize,
    /// The header is over.
    body: bool,
    /// How much of `received:` this line has matched; `None` once it cannot be one.
    matched: Option<usize>,
    /// The octets of this line.
    column: usize,
}

impl Hops {
    /// Takes the next piece.
    pub(crate) fn count(&mut self, bytes: &[u8]) {
        for octet in bytes {
            if self.body {
                return;
            }
            match octet {
                b'\r' => {}
                b'\n' => {
                    self.body = self.column == 0;
                    (self.column, self.matched) = (0, None);
                }
                _ => self.octet(*octet),
            }
        }
    }

    /// The Received fields so far.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    fn octet(&mut self, octet: u8) {
        let at = if self.column == 0 { Some(0) } else { self.matched };
        self.column += 1;
        self.matched =
            at.filter(|at| RECEIVED.get(*at) == Some(&octet.to_ascii_lowercase())).map(|at| at + 1);
        if self.matched == Some(RECEIVED.len()) {
            self.seen += 1;
            self.matched = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_whatever_the_cut() {
        let text =
            b"Received: a\r\n b Received: c\r\nX-Received: d\r\nRECEIVED:e\r\n\r\nReceived: f\r\n";
        for step in 1..text.len() {
            let mut hops = Hops::default();
            text.chunks(step).for_each(|piece| hops.count(piece));
            assert_eq!(hops.seen(), 2, "by {step}");
        }
    }
}
