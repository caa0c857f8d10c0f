use posta_core::{
    Output,
    dot::{Bare, Encoder},
};

/// A message on its way out: stuffed, line ends made CRLF, and for TOP cut behind its last line.
#[derive(Debug)]
pub(super) struct Body {
    encoder: Encoder,
    top: Option<Top>,
}

/// Where TOP is. A line ends with CRLF or with a CR or LF alone, as in what is sent.
#[derive(Debug)]
struct Top {
    /// Lines of the body still wanted.
    left: u32,
    in_header: bool,
    /// Nothing of this line has come yet.
    empty: bool,
    /// The octet before was a CR, whose line is counted; a LF now belongs to it.
    cr: bool,
}

impl Body {
    /// `lines` is what TOP asks for; `None` for all of it.
    pub(super) fn new(lines: Option<u32>) -> Self {
        let top = lines.map(|left| Top { left, in_header: true, empty: true, cr: false });
        // A stored message may have bare line ends; what is sent has none. RFC 1939 3
        Self { encoder: Encoder::new(Bare::Convert), top }
    }

    /// Sends a piece. Whether that was the last one that is needed: then the body is ended.
    pub(super) fn put(&mut self, chunk: &[u8], output: &mut Output) -> bool {
        let cut = self.top.as_mut().and_then(|top| top.cut(chunk));
        let plain = &chunk[..cut.unwrap_or(chunk.len())];
        // Nothing is refused when bare line ends are converted.
        let _ = self.encoder.put(plain, output);
        if cut.is_some() {
            let _ = self.encoder.put(b"\r\n", output);
            self.end(output);
        }
        cut.is_some()
    }

    /// Closes the last line if it is open, and adds the line with the dot.
    pub(super) fn end(&mut self, output: &mut Output) {
        let _ = self.encoder.end(output);
    }
}

impl Top {
    /// Where in `chunk` the last line that is wanted ends, before its line end.
    fn cut(&mut self, chunk: &[u8]) -> Option<usize> {
        let mut from = 0;
        while from < chunk.len() {
            let at = memchr::memchr2(b'\r', b'\n', &chunk[from..]).map(|n| from + n);
            let text = at.unwrap_or(chunk.len()) - from;
            if text > 0 {
                (self.empty, self.cr) = (false, false);
            }
            let at = at?;
            from = at + 1;
            let lf = chunk[at] == b'\n';
            if lf && self.cr {
                self.cr = false;
                continue;
            }
            self.cr = !lf;
            let blank = core::mem::replace(&mut self.empty, true);
            if self.in_header {
                // RFC 1939 7: the count begins behind the blank line.
                self.in_header = !blank;
                if blank && self.left == 0 {
                    return Some(at);
                }
            } else {
                self.left -= 1;
                if self.left == 0 {
                    return Some(at);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(lines: u32, message: &[u8], step: usize) -> Vec<u8> {
        let mut output = Output::default();
        let mut body = Body::new(Some(lines));
        if !message.chunks(step.max(1)).any(|chunk| body.put(chunk, &mut output)) {
            body.end(&mut output);
        }
        output.bytes().to_vec()
    }

    #[test]
    fn top_counts_lines_behind_the_blank_one() {
        #[rustfmt::skip]
        let table: &[(u32, &[u8], &[u8])] = &[
            (0, b"A: b\r\n\r\none\r\ntwo\r\n",   b"A: b\r\n\r\n.\r\n"),
            (1, b"A: b\r\n\r\none\r\ntwo\r\n",   b"A: b\r\n\r\none\r\n.\r\n"),
            (2, b"A: b\r\n\r\none\r\ntwo\r\n",   b"A: b\r\n\r\none\r\ntwo\r\n.\r\n"),
            (9, b"A: b\r\n\r\none\r\ntwo\r\n",   b"A: b\r\n\r\none\r\ntwo\r\n.\r\n"),
            (1, b"A: b\n\none\ntwo\n",           b"A: b\r\n\r\none\r\n.\r\n"),
            (1, b"A: b\r\rone\rtwo\r",           b"A: b\r\n\r\none\r\n.\r\n"),
            (2, b"A: b\n\n\n\n\nend",            b"A: b\r\n\r\n\r\n\r\n.\r\n"),
            (1, b"A: b\r\n\r\n.\r\n.x\r\n",      b"A: b\r\n\r\n..\r\n.\r\n"),
            (1, b"A: b\r\n\r\nno end",           b"A: b\r\n\r\nno end\r\n.\r\n"),
            (0, b"A: b\r\nC: d\r\n",             b"A: b\r\nC: d\r\n.\r\n"),
            (0, b"\r\nbody\r\n",                 b"\r\n.\r\n"),
            (0, b"",                             b".\r\n"),
            (u32::MAX, b"\n\nx",                 b"\r\n\r\nx\r\n.\r\n"),
        ];
        for (lines, message, want) in table {
            for step in 1..=message.len().max(1) {
                let got = top(*lines, message, step);
                assert_eq!(got, *want, "{} by {step}", message.escape_ascii());
            }
        }
    }
}
