//! The messages of the load: each has a number, from which all of it can be made again.

/// The field that holds the number.
const NUMBER: &[u8] = b"\r\nX-Number: ";

/// The most lines of a body.
const LINES: u64 = 200;

/// The message with this number: some hundred octets to 14 KiB, and no two alike.
pub(crate) fn write(number: u64) -> Vec<u8> {
    let mut text = format!(
        "From: ana@a.org\r\nTo: bea@b.com\r\nSubject: Endurance\r\nX-Number: {number}\r\n\r\n"
    );
    let mut noise = Noise(number);
    for _ in 0..=noise.next() % LINES {
        // A dot at the beginning of some lines, to be doubled on the way.
        let dot = if noise.next().is_multiple_of(8) { "." } else { "" };
        text.push_str(&format!(
            "{dot}{:016x} {:016x} {:016x}\r\n",
            noise.next(),
            noise.next(),
            noise.next()
        ));
    }
    text.into_bytes()
}

/// The number of a message that was delivered, if it is whole: nothing is lost, added or changed but for the
/// fields that were put in front.
pub(crate) fn number(delivered: &[u8]) -> Option<u64> {
    let at = delivered.windows(NUMBER.len()).position(|window| window == NUMBER)?;
    let digits = delivered[at + NUMBER.len()..].split(|octet| *octet == b'\r').next()?;
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    delivered.ends_with(&write(number)).then_some(number)
}

/// Numbers that look random and are the same each time (SplitMix64).
#[derive(Debug)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_message_has_a_number() {
        for n in [0, 7, u64::MAX] {
            let sent = write(n);
            let delivered = [&b"Return-Path: <ana@a.org>\r\n"[..], &sent].concat();
            assert_eq!(number(&delivered), Some(n));
            assert_eq!(number(&delivered[..delivered.len() - 1]), None);
            let mut changed = delivered.clone();
            changed[delivered.len() - 5] ^= 1;
            assert_eq!(number(&changed), None);
        }
        assert_eq!(number(b"Subject: x\r\n\r\n"), None);
    }
}
