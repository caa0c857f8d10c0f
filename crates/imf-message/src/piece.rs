//! The parts of a message that is written: each once, straight to where it belongs.

use crate::error::Misuse;
use crate::header::{Header, MAX_LINE};
use crate::mime::Encoding;
use crate::transfer::{append_base64, base64_len, encode_quoted_printable, longest_line, to_crlf};
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use memchr::memmem;

/// A part to be written.
pub(crate) struct Piece<'a> {
    pub(crate) headers: Vec<Header>,
    pub(crate) content: Content<'a>,
}

pub(crate) enum Content<'a> {
    /// A body as it is written.
    Leaf(Vec<u8>),
    /// What is written in base64.
    Base64(Cow<'a, [u8]>),
    Multipart {
        kind: &'static str,
        params: &'static [(&'static str, &'static str)],
        pieces: Vec<Piece<'a>>,
    },
}

impl<'a> Piece<'a> {
    pub(crate) const fn multipart(
        kind: &'static str,
        params: &'static [(&'static str, &'static str)],
        pieces: Vec<Self>,
    ) -> Self {
        Self { headers: Vec::new(), content: Content::Multipart { kind, params, pieces } }
    }

    /// Text, in the plainest encoding that can carry it.
    pub(crate) fn text(subtype: &str, text: &str, eight_bit: bool) -> Result<Self, Misuse> {
        let text = to_crlf(text.as_bytes());
        let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
        let kind = alloc::format!("text/{subtype}");
        let mut headers =
            alloc::vec![Header::params("Content-Type", &kind, &[("charset", charset)])?];
        let beyond = text.iter().filter(|b| !b.is_ascii()).count();
        // A CR alone cannot be here: line ends are CRLF by now.
        let short = longest_line(&text) <= MAX_LINE && !text.contains(&0);
        let (encoding, body) = match beyond {
            0 if short => (Encoding::SevenBit, text),
            _ if short && eight_bit => (Encoding::EightBit, text),
            // Quoted-printable is three for one and stays readable; past a sixth base64 is shorter.
            n if n <= text.len() / 6 => {
                (Encoding::QuotedPrintable, encode_quoted_printable(&text).into_bytes())
            }
            _ => return Self::base64(headers, Cow::Owned(text)),
        };
        headers.push(encoding_header(encoding)?);
        Ok(Self { headers, content: Content::Leaf(body) })
    }

    /// A message or the header of one, which may not be encoded (RFC 2046 5.2.1).
    pub(crate) fn message(mut headers: Vec<Header>, bytes: &[u8]) -> Result<Self, Misuse> {
        let body = to_crlf(bytes);
        if longest_line(&body) > MAX_LINE || body.contains(&0) {
            return Err(Misuse::TooLong);
        }
        // There is no 7bit form of an 8bit message: it goes as it is, whatever the policy.
        let encoding = if body.is_ascii() { Encoding::SevenBit } else { Encoding::EightBit };
        headers.push(encoding_header(encoding)?);
        Ok(Self { headers, content: Content::Leaf(body) })
    }

    /// Anything, in base64.
    pub(crate) fn base64(mut headers: Vec<Header>, data: Cow<'a, [u8]>) -> Result<Self, Misuse> {
        headers.push(encoding_header(Encoding::Base64)?);
        Ok(Self { headers, content: Content::Base64(data) })
    }

    /// Header and body, with `before` in front.
    pub(crate) fn write(
        &self,
        before: &[Header],
        boundaries: &mut Boundaries,
    ) -> Result<Vec<u8>, Misuse> {
        let mut out = Vec::with_capacity(size(before) + self.size());
        put_headers(before, &mut out);
        self.put(boundaries, &mut out)?;
        Ok(out)
    }

    // Never deeper than the builders here nest: mixed, alternative, leaf.
    fn put(&self, boundaries: &mut Boundaries, out: &mut Vec<u8>) -> Result<(), Misuse> {
        put_headers(&self.headers, out);
        match &self.content {
            Content::Leaf(body) => {
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(body);
            }
            Content::Base64(data) => {
                out.extend_from_slice(b"\r\n");
                append_base64(data, out);
            }
            Content::Multipart { kind, params, pieces } => {
                let boundary = boundaries.next(pieces);
                let mut all = params.to_vec();
                all.push(("boundary", &boundary));
                put_headers(&[Header::params("Content-Type", kind, &all)?], out);
                // RFC 2045 6.4: a multipart is 8bit when something inside is.
                if !pieces.iter().all(Self::is_ascii) {
                    put_headers(&[encoding_header(Encoding::EightBit)?], out);
                }
                out.extend_from_slice(b"\r\n");
                // RFC 2046 5.1.1: multipart-body
                for piece in pieces {
                    put_delimiter(&boundary, "\r\n", out);
                    piece.put(boundaries, out)?;
                    out.extend_from_slice(b"\r\n");
                }
                put_delimiter(&boundary, "--\r\n", out);
            }
        }
        Ok(())
    }

    /// How many octets it will have, about.
    fn size(&self) -> usize {
        let body = match &self.content {
            Content::Leaf(body) => body.len(),
            Content::Base64(data) => base64_len(data.len()),
            Content::Multipart { pieces, .. } => pieces.iter().map(|piece| piece.size() + 50).sum(),
        };
        size(&self.headers) + 200 + body
    }

    fn is_ascii(&self) -> bool {
        match &self.content {
            Content::Leaf(body) => body.is_ascii(),
            Content::Base64(_) => true,
            Content::Multipart { pieces, .. } => pieces.iter().all(Self::is_ascii),
        }
    }

    /// Whether a body holds a text. Base64 has no `=_` in it, which all boundaries have.
    fn holds(&self, text: &memmem::Finder<'_>) -> bool {
        match &self.content {
            Content::Leaf(body) => text.find(body).is_some(),
            Content::Base64(_) => false,
            Content::Multipart { pieces, .. } => pieces.iter().any(|piece| piece.holds(text)),
        }
    }
}

pub(crate) fn encoding_header(encoding: Encoding) -> Result<Header, Misuse> {
    Header::text("Content-Transfer-Encoding", encoding.name())
}

fn put_delimiter(boundary: &str, end: &str, out: &mut Vec<u8>) {
    for text in ["--", boundary, end] {
        out.extend_from_slice(text.as_bytes());
    }
}

fn put_headers(headers: &[Header], out: &mut Vec<u8>) {
    for header in headers {
        out.extend_from_slice(header.as_str().as_bytes());
    }
}

fn size(headers: &[Header]) -> usize {
    headers.iter().map(|header| header.as_str().len()).sum()
}

/// Boundaries from a seed.
pub(crate) struct Boundaries {
    state: u64,
}

impl Boundaries {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A boundary that no line in `pieces` begins with.
    fn next(&mut self, pieces: &[Piece<'_>]) -> String {
        loop {
            let boundary = alloc::format!("=_{:016x}{:016x}", self.mix(), self.mix());
            let mark = alloc::format!("--{boundary}");
            let mark = memmem::Finder::new(&mark);
            if !pieces.iter().any(|piece| piece.holds(&mark)) {
                return boundary;
            }
        }
    }

    /// One step of the SplitMix64 sequence.
    const fn mix(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = self.state;
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
