//! The message that Ana sends, as it must arrive.

use posta_core::dot::find_bare;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A message in wire form: every line ends with CRLF.
#[derive(Debug)]
pub struct Original {
    /// The octets that must arrive.
    pub bytes: Vec<u8>,
    /// What had to be changed to give the file this form, for the reader.
    pub notes: Vec<&'static str>,
}

/// Why a file cannot be sent as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OriginalError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{path} is empty: a message has at least one header field (RFC 5322 3.6)")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A CR or LF stands alone in a file that is not LF-only.
    #[error(
        "{path}, line {line}, column {column}: a {octet} stands alone; \
         lines end with CRLF and nothing else (RFC 5321 2.3.8)"
    )]
    Bare {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The octet in that line, from 1.
        column: usize,
        /// `CR` or `LF`.
        octet: &'static str,
    },
}

impl Original {
    /// Reads a message from a file. A file whose lines all end with LF alone is converted.
    ///
    /// # Errors
    /// The file is missing, unreadable or empty, or mixes line ends, or has a CR without LF.
    pub fn read(path: &Path) -> Result<Self, OriginalError> {
        let read = |source| OriginalError::Read { path: path.to_owned(), source };
        let bytes = fs::read(path).map_err(read)?;
        if bytes.is_empty() {
            return Err(OriginalError::Empty { path: path.to_owned() });
        }
        let bare = |(line, column, octet)| OriginalError::Bare {
            path: path.to_owned(),
            line,
            column,
            octet,
        };
        Self::new(bytes).map_err(bare)
    }

    /// Gives octets the form they have on the wire; on failure the line, the column and the octet that
    /// stands alone.
    pub(crate) fn new(mut bytes: Vec<u8>) -> Result<Self, (usize, usize, &'static str)> {
        let mut notes = Vec::new();
        if bytes.contains(&b'\n') && !bytes.contains(&b'\r') {
            bytes = with_crlf(&bytes);
            notes.push("its lines ended with LF alone and now end with CRLF (RFC 5321 2.3.8)");
        }
        if let Some(at) = find_bare(&bytes) {
            return Err(place(&bytes, at));
        }
        if !bytes.ends_with(b"\r\n") {
            bytes.extend(b"\r\n");
            notes.push("its last line had no end and got one (RFC 5321 4.1.1.4)");
        }
        Ok(Self { bytes, notes })
    }
}

fn with_crlf(text: &[u8]) -> Vec<u8> {
    let lines = text.iter().filter(|octet| **octet == b'\n').count();
    let mut wire = Vec::with_capacity(text.len() + lines);
    for line in text.split_inclusive(|octet| *octet == b'\n') {
        match line.split_last() {
            Some((b'\n', text)) => {
                wire.extend_from_slice(text);
                wire.extend_from_slice(b"\r\n");
            }
            _ => wire.extend_from_slice(line),
        }
    }
    wire
}

fn place(bytes: &[u8], at: usize) -> (usize, usize, &'static str) {
    let before = &bytes[..at];
    let line = 1 + before.iter().filter(|octet| **octet == b'\n').count();
    let start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |i| i + 1);
    (line, at - start + 1, if bytes[at] == b'\r' { "CR" } else { "LF" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends() {
        #[rustfmt::skip]
        let table: &[(&str, Result<(&str, usize), (usize, usize, &str)>)] = &[
            ("A: b\r\n\r\nc\r\n", Ok(("A: b\r\n\r\nc\r\n", 0))),
            ("A: b\n\nc\n",       Ok(("A: b\r\n\r\nc\r\n", 1))),
            ("A: b\n\nc",         Ok(("A: b\r\n\r\nc\r\n", 2))),
            ("A: b\r\n\r\nc",     Ok(("A: b\r\n\r\nc\r\n", 1))),
            ("A",                 Ok(("A\r\n", 1))),
            ("A: b\r\n\nc\r\n",   Err((2, 1, "LF"))),
            ("A: b\n\r\nc\r\n",   Err((1, 5, "LF"))),
            ("A: b\r\n\r\nc\rd",  Err((3, 2, "CR"))),
            ("A: b\n\r",          Err((1, 5, "LF"))),
            ("A: b\r",            Err((1, 5, "CR"))),
        ];
        for (text, want) in table {
            let got = Original::new(text.as_bytes().to_vec());
            let got = got.as_ref().map(|o| (o.bytes.as_slice(), o.notes.len()));
            assert_eq!(got, want.as_ref().map(|(wire, n)| (wire.as_bytes(), *n)), "{text:?}");
        }
    }
}
