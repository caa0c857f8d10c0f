//! Scripts: what a peer says, and between it what the application does.
//!
//! ```text
//! ~aEHLO a.org␍␊~aMAIL FROM:<ana@a.org>␍␊~r
//! ```
//!
//! A `~` makes the octet behind it an order; `~~` is the octet `~` itself, and all else is said by the peer.
//! Seeds stay readable so, and a dictionary of the protocol's words works on them as it would on a transcript.

/// A piece of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn<'a> {
    /// The peer says this.
    Hear(&'a [u8]),
    /// The application does this.
    Do(u8),
}

/// The turns of a script.
pub fn turns(mut rest: &[u8]) -> impl Iterator<Item = Turn<'_>> {
    std::iter::from_fn(move || {
        let (turn, behind) = match rest {
            [] => return None,
            [b'~', b'~', ..] => (Turn::Hear(&rest[..1]), &rest[2..]),
            [b'~'] => (Turn::Hear(rest), &rest[1..]),
            [b'~', order, behind @ ..] => (Turn::Do(*order), behind),
            _ => {
                let n = rest.iter().position(|octet| *octet == b'~').unwrap_or(rest.len());
                (Turn::Hear(&rest[..n]), &rest[n..])
            }
        };
        rest = behind;
        Some(turn)
    })
}

/// What the peer says in a script, without the orders.
pub fn heard(script: &[u8]) -> Vec<u8> {
    let heard = turns(script).filter_map(|turn| match turn {
        Turn::Hear(bytes) => Some(bytes),
        Turn::Do(_) => None,
    });
    heard.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::{Turn::*, turns};

    #[test]
    fn orders_stand_behind_tildes() {
        let all: Vec<_> = turns(b"~aEHLO~~x\r\n~.~").collect();
        assert_eq!(
            all,
            [Do(b'a'), Hear(b"EHLO"), Hear(b"~"), Hear(b"x\r\n"), Do(b'.'), Hear(b"~")]
        );
    }
}
