//! Message identifiers (RFC 5322 3.6.4).

use crate::charset::guess;
use crate::lex::{Lex, trim};
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Identifiers read from one field.
pub const MAX_IDS: usize = 10_000;

/// The identifiers of a Message-ID, In-Reply-To or References value, without angle brackets and with
/// white space inside removed; at most [`MAX_IDS`]. Without any brackets, its words.
// RFC 5322 3.6.4: msg-id = [CFWS] "<" id-left "@" id-right ">" [CFWS]
#[must_use]
pub fn parse(value: &[u8]) -> Vec<Cow<'_, str>> {
    let mut ids = Vec::new();
    let mut lex = Lex::new(value);
    while ids.len() < MAX_IDS {
        lex.skip_cfws();
        match lex.bump() {
            None => break,
            Some(b'<') => {
                let id = lex.take_while(|b| b != b'>' && b != b'<');
                lex.eat(b'>');
                if !trim(id).is_empty() {
                    ids.push(squeeze(id));
                }
            }
            Some(b'"') => {
                lex.quoted();
            }
            // RFC 5322 4.5.4: obsolete forms have phrases between the identifiers
            Some(_) => {}
        }
    }
    if ids.is_empty() && !value.contains(&b'<') {
        let words = value.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'>'));
        ids.extend(words.filter(|word| !word.is_empty()).take(MAX_IDS).map(guess));
    }
    ids
}

/// Removes white space from an identifier; one that has some is of the obsolete form, so comments too.
// RFC 5322 4.5.4: obs-id-left = local-part; obs-id-right = domain
fn squeeze(id: &[u8]) -> Cow<'_, str> {
    let id = trim(id);
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    if !id.iter().any(blank) {
        return guess(id);
    }
    let mut out = Vec::new();
    let mut lex = Lex::new(id);
    while lex.peek().is_some() {
        lex.skip_cfws();
        out.extend_from_slice(lex.take_while(|b| !blank(&b) && b != b'('));
    }
    Cow::Owned(guess(&out).into_owned())
}
