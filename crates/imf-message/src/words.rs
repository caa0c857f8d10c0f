//! Encoded words (RFC 2047): text beyond ASCII in header fields.

use crate::charset::{decode_charset, guess};
use crate::lex::unfold;
use crate::mime::hex;
use crate::transfer::Decoder;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use memchr::{memchr_iter, memchr3};
use nom::bytes::complete::{tag, take_while, take_while_m_n};
use nom::character::complete::one_of;
use nom::{IResult, Parser};

/// RFC 2047 2: an encoded word has at most 75 characters.
const MAX_WORD: usize = 75;
const PREFIX: usize = "=?utf-8?q??=".len();

struct Word<'a> {
    charset: &'a [u8],
    base64: bool,
    text: &'a [u8],
}

/// Reads one encoded word at the start of `input`. White space inside is let through: some senders write it.
// RFC 2047 2: encoded-word = "=?" charset "?" encoding "?" encoded-text "?="
fn encoded_word(input: &[u8]) -> IResult<&[u8], Word<'_>> {
    let label = take_while_m_n(1, 64, |b: u8| b.is_ascii_graphic() && b != b'?');
    let text = take_while(|b| b != b'?');
    let mut word = (tag("=?"), label, tag("?"), one_of("bBqQ"), tag("?"), text, tag("?="));
    let (rest, (_, charset, _, encoding, _, text, _)) = word.parse(input)?;
    // RFC 2231 5: charset ["*" language]
    let charset = charset.split(|&b| b == b'*').next().unwrap_or(charset);
    Ok((rest, Word { charset, base64: matches!(encoding, 'b' | 'B'), text }))
}

/// Length of the encoded word at the start of `input`, when it has no white space in it.
pub(crate) fn word_len(input: &[u8]) -> Option<usize> {
    if !input.starts_with(b"=?") {
        return None;
    }
    let rest = encoded_word(input).ok()?.0;
    let len = input.len() - rest.len();
    input[..len].iter().all(u8::is_ascii_graphic).then_some(len)
}

/// The text of an unstructured value or a phrase: unfolded, its encoded words decoded.
///
/// White space between adjacent words is dropped, and words of one charset are joined before they
/// are decoded, so a character cut in two survives. Words are also seen where no white space sets them
/// apart. Bytes outside of words are UTF-8 (RFC 6532) or, where that is not valid, windows-1252.
#[must_use]
pub fn decode(text: &[u8]) -> Cow<'_, str> {
    if find_start(text).is_none() {
        return match unfold(text) {
            Cow::Borrowed(text) => guess(text),
            Cow::Owned(text) => Cow::Owned(guess(&text).into_owned()),
        };
    }
    let mut out = String::with_capacity(text.len());
    let mut pending: Option<(&[u8], Vec<u8>)> = None;
    let (mut plain, mut at) = (0, 0);
    while let Some(i) = find_start(&text[at..]).map(|i| at + i) {
        let Ok((rest, word)) = encoded_word(&text[i..]) else {
            at = i + 2;
            continue;
        };
        let between = &text[plain..i];
        let adjacent = between.iter().all(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        match &mut pending {
            Some((charset, bytes)) if adjacent && charset.eq_ignore_ascii_case(word.charset) => {
                decode_word(&word, bytes);
            }
            _ => {
                let first = pending.is_none();
                flush(&mut pending, &mut out);
                if first || !adjacent {
                    out.push_str(&guess(&unfold(between)));
                }
                let mut bytes = Vec::with_capacity(word.text.len());
                decode_word(&word, &mut bytes);
                pending = Some((word.charset, bytes));
            }
        }
        plain = text.len() - rest.len();
        at = plain;
    }
    flush(&mut pending, &mut out);
    out.push_str(&guess(&unfold(&text[plain..])));
    Cow::Owned(out)
}

/// Where `=?` is.
fn find_start(text: &[u8]) -> Option<usize> {
    memchr_iter(b'=', text).find(|&i| text.get(i + 1) == Some(&b'?'))
}

fn flush(pending: &mut Option<(&[u8], Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        let label = core::str::from_utf8(charset).ok();
        // A line end or NUL that came in by the encoding has no business in a header.
        let text = decode_charset(label, &bytes);
        if memchr3(b'\r', b'\n', 0, text.as_bytes()).is_some() {
            out.push_str(&text.replace(['\r', '\n', '\0'], " "));
        } else {
            out.push_str(&text);
        }
    }
}

fn decode_word(word: &Word<'_>, out: &mut Vec<u8>) {
    if word.base64 {
        let mut decoder = Decoder::new(crate::mime::Encoding::Base64);
        decoder.push(word.text, out);
        decoder.finish(out);
        return;
    }
    // RFC 2047 4.2: the Q encoding
    let mut rest = word.text;
    while let Some((&b, tail)) = rest.split_first() {
        rest = tail;
        match (b, tail) {
            (b'_', _) => out.push(b' '),
            (b'=', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = after;
                }
                _ => out.push(b),
            },
            (b'\r' | b'\n', _) => {}
            _ => out.push(b),
        }
    }
}

/// `text` as encoded words in UTF-8, of at most 75 characters each and with no character cut in two;
/// white space goes between them. B or Q, whichever is shorter; the Q form is the narrow one that is
/// also allowed in phrases (RFC 2047 5).
#[must_use]
pub fn encode(text: &str) -> Vec<String> {
    let q_len: usize = text.bytes().map(|b| if q_plain(b) { 1 } else { 3 }).sum();
    let base64 = q_len > text.len().div_ceil(3) * 4;
    let room = MAX_WORD - PREFIX;
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut used = 0;
        let end = rest
            .char_indices()
            .find(|&(i, c)| {
                let end = i + c.len_utf8();
                let bytes = &rest.as_bytes()[i..end];
                used += bytes.iter().map(|&b| if q_plain(b) { 1 } else { 3 }).sum::<usize>();
                if base64 { end.div_ceil(3) * 4 > room } else { used > room }
            })
            .map_or(rest.len(), |(i, _)| i);
        let (head, tail) = rest.split_at(end);
        rest = tail;
        words.push(if base64 { b_word(head) } else { q_word(head) });
    }
    words
}

// RFC 2047 5 (3): what may stand for itself in a phrase
fn q_plain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!*+-/ ".contains(&b)
}

fn q_word(text: &str) -> String {
    let mut word = String::from("=?utf-8?q?");
    for b in text.bytes() {
        match b {
            b' ' => word.push('_'),
            b if q_plain(b) => word.push(char::from(b)),
            b => push_hex(&mut word, '=', b),
        }
    }
    word + "?="
}

fn b_word(text: &str) -> String {
    alloc::format!("=?utf-8?b?{}?=", base64_simd::STANDARD.encode_to_string(text))
}

/// Writes `mark` and two upper case digits.
pub(crate) fn push_hex(out: &mut String, mark: char, b: u8) {
    let digit = |n: u8| char::from(b"0123456789ABCDEF"[usize::from(n)]);
    out.extend([mark, digit(b >> 4), digit(b & 15)]);
}
