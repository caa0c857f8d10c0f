//! The text form of an envelope.
//!
//! ```text
//! record = "posta-queue 1" LF *(key SP value LF) end
//! end    = "end " 8HEXDIG SP 8HEXDIG LF   ; the octets before it, and their checksum
//! value  = *%x20-7E-and-UTF-8             ; "\" is written "\\", LF "\n", CR "\r"
//! ```

use crate::{Envelope, Error, Outcome, Recipient, envelope::MessageFacts, error::CorruptError};
use std::{fmt::Write, time::Duration};

/// The octets of the end mark.
pub(crate) const END: usize = "end 00000000 00000000\n".len();

/// The most octets of a record.
pub(crate) const MAX: usize = 16 << 20;

const FIRST: &str = "posta-queue 1";

/// Writes an envelope.
pub(crate) fn write(envelope: &Envelope) -> Result<String, Error> {
    let mut text = format!("{FIRST}\n");
    // Writing into a String cannot fail, here and below.
    let mut put = |key: &str, value: &str| {
        let _ = writeln!(text, "{key} {}", escape(value));
    };
    let MessageFacts { size, crc, eight_bit } = envelope.message;
    put("size", &size.to_string());
    put("crc", &crc.to_string());
    put("8bit", yes_no(eight_bit));
    put("sender", &envelope.sender);
    if let Some(id) = &envelope.envelope_id {
        put("envelope-id", id);
    }
    put("arrived", &envelope.arrived.as_nanos().to_string());
    put("attempts", &envelope.attempts.to_string());
    put("next", &envelope.next.as_nanos().to_string());
    put("notified", yes_no(envelope.notified));
    for recipient in &envelope.recipients {
        put("recipient", &recipient.address);
        put("outcome", outcome(recipient.outcome));
        put("host", &recipient.host);
        put("reply", &recipient.reply);
        put("reported", yes_no(recipient.reported));
    }
    let (length, crc) = (text.len(), crc32fast::hash(text.as_bytes()));
    if length + END > MAX {
        return Err(Error::TooLarge);
    }
    let _ = writeln!(text, "end {length:08x} {crc:08x}");
    Ok(text)
}

/// Reads a record that has been found by [`end`].
pub(crate) fn read(record: &[u8], crc: u32) -> Result<Envelope, CorruptError> {
    if crc32fast::hash(record) != crc {
        return Err(CorruptError::Checksum);
    }
    let text = str::from_utf8(record).map_err(|_| CorruptError::Line(0))?;
    let mut lines = Lines { lines: text.lines(), number: 0 };
    if lines.lines.next() != Some(FIRST) {
        return Err(CorruptError::Line(0));
    }
    envelope(&mut lines)
}

/// Reads an end mark: how many octets stand before it, and their checksum.
pub(crate) fn end(mark: &[u8]) -> Result<(usize, u32), CorruptError> {
    let fields = || {
        let text = str::from_utf8(mark).ok()?.strip_prefix("end ")?.strip_suffix('\n')?;
        let (length, crc) = text.split_once(' ')?;
        (length.len() == 8 && crc.len() == 8).then_some(())?;
        let length = u32::from_str_radix(length, 16).ok()?;
        Some((usize::try_from(length).ok()?, u32::from_str_radix(crc, 16).ok()?))
    };
    fields().filter(|(length, _)| length + END <= MAX).ok_or(CorruptError::NoEnd)
}

fn envelope(lines: &mut Lines<'_>) -> Result<Envelope, CorruptError> {
    let size = lines.number("size")?;
    let crc = lines.number("crc")?;
    let eight_bit = lines.yes_no("8bit")?;
    let sender = lines.text("sender")?;
    let envelope_id = lines.optional("envelope-id")?;
    let arrived = lines.time("arrived")?;
    let attempts = lines.number("attempts")?;
    let next = lines.time("next")?;
    let notified = lines.yes_no("notified")?;
    let mut recipients = Vec::new();
    while let Some(address) = lines.optional("recipient")? {
        recipients.push(Recipient {
            address,
            outcome: lines.outcome()?,
            host: lines.text("host")?,
            reply: lines.text("reply")?,
            reported: lines.yes_no("reported")?,
        });
    }
    if lines.lines.next().is_some() {
        return Err(CorruptError::Line(lines.number + 1));
    }
    let message = MessageFacts { size, crc, eight_bit };
    Ok(Envelope { sender, envelope_id, arrived, recipients, attempts, next, notified, message })
}

struct Lines<'a> {
    lines: std::str::Lines<'a>,
    number: usize,
}

impl Lines<'_> {
    /// The value of the next line, if that has this key.
    fn optional(&mut self, key: &str) -> Result<Option<String>, CorruptError> {
        let mut ahead = self.lines.clone();
        let value = ahead.next().and_then(|line| line.strip_prefix(key)?.strip_prefix(' '));
        let Some(value) = value else { return Ok(None) };
        self.lines = ahead;
        self.number += 1;
        unescape(value).ok_or_else(|| self.wrong()).map(Some)
    }

    fn text(&mut self, key: &str) -> Result<String, CorruptError> {
        self.optional(key)?.ok_or(CorruptError::Line(self.number + 1))
    }

    fn number<T: std::str::FromStr>(&mut self, key: &str) -> Result<T, CorruptError> {
        self.text(key)?.parse().map_err(|_| self.wrong())
    }

    fn time(&mut self, key: &str) -> Result<Duration, CorruptError> {
        const NANOS: u128 = 1_000_000_000;
        let nanos: u128 = self.number(key)?;
        let seconds = u64::try_from(nanos / NANOS).map_err(|_| self.wrong())?;
        // A remainder of that division is less than a thousand million.
        Ok(Duration::new(seconds, (nanos % NANOS) as u32))
    }

    fn yes_no(&mut self, key: &str) -> Result<bool, CorruptError> {
        match &*self.text(key)? {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.wrong()),
        }
    }

    fn outcome(&mut self) -> Result<Outcome, CorruptError> {
        let text = self.text("outcome")?;
        let all = [Outcome::Pending, Outcome::Delivered, Outcome::Failed];
        all.into_iter().find(|one| outcome(*one) == text).ok_or_else(|| self.wrong())
    }

    fn wrong(&self) -> CorruptError {
        CorruptError::Line(self.number)
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pending => "pending",
        Outcome::Delivered => "delivered",
        Outcome::Failed => "failed",
    }
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescape(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            _ => c,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample() -> Envelope {
        let mut envelope = Envelope::new("ana@a.org", Duration::from_millis(1_790_000_000_123));
        envelope.add("bea@b.com");
        envelope.add("\"a b\\\"\"@b.com");
        envelope.envelope_id = Some("QQ314159".to_owned());
        envelope.recipients[0].settle(Outcome::Delivered, "mx1.b.com", "250 2.0.0\nOk\r\n\\n");
        envelope.message = MessageFacts { size: 42, crc: u32::MAX, eight_bit: true };
        envelope
    }

    fn back(bytes: &[u8]) -> Result<Envelope, CorruptError> {
        let at = bytes.len().checked_sub(END).ok_or(CorruptError::NoEnd)?;
        let (length, crc) = end(&bytes[at..])?;
        if length != at {
            return Err(CorruptError::Length);
        }
        read(&bytes[..at], crc)
    }

    #[test]
    fn a_record_is_text() {
        let text = write(&sample()).expect("small");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "posta-queue 1");
        assert!(lines.contains(&"sender ana@a.org") && lines.contains(&"recipient bea@b.com"));
        assert!(lines.contains(&"reply 250 2.0.0\\nOk\\r\\n\\\\n"));
        assert_eq!(back(text.as_bytes()), Ok(sample()));
    }

    #[test]
    fn every_cut_is_noticed() {
        let text = write(&sample()).expect("small");
        for end in 0..text.len() {
            assert!(back(&text.as_bytes()[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn every_changed_octet_is_noticed() {
        let text = write(&sample()).expect("small");
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // In the end mark, only the case of a hexadecimal digit can change unnoticed.
                match back(&bytes) {
                    Ok(envelope) => assert!(at >= text.len() - END && envelope == sample()),
                    Err(_) => continue,
                }
            }
        }
    }

    #[test]
    fn an_envelope_of_any_size_but_a_limit() {
        let mut envelope = sample();
        envelope.sender = "x".repeat(MAX);
        assert_eq!(write(&envelope), Err(Error::TooLarge));
    }

    /// The checksum is right, the text is not.
    #[test]
    fn another_version_is_refused_with_its_line() {
        let text = write(&sample()).expect("small");
        let body = &text[..text.len() - END];
        for (change, to, line) in [
            ("posta-queue 1", "posta-queue 2", 0),
            ("size 42", "size -1", 1),
            ("8bit yes", "8bit maybe", 3),
            ("sender ", "from ", 4),
            ("outcome delivered", "outcome lost", 11),
            ("\\\\n", "\\x", 13),
        ] {
            let other = body.replacen(change, to, 1);
            let crc = crc32fast::hash(other.as_bytes());
            assert_eq!(read(other.as_bytes(), crc), Err(CorruptError::Line(line)), "{change}");
        }
        let longer = format!("{body}more yes\n");
        let crc = crc32fast::hash(longer.as_bytes());
        assert!(matches!(read(longer.as_bytes(), crc), Err(CorruptError::Line(_))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            sender in ".*",
            id in proptest::option::of(".*"),
            times in (any::<Duration>(), any::<Duration>()),
            facts in (any::<u64>(), any::<u32>(), any::<bool>(), any::<u32>(), any::<bool>()),
            recipients in proptest::collection::vec((".*", 0..3, ".*", ".*", any::<bool>()), 0..4),
        ) {
            let outcomes = [Outcome::Pending, Outcome::Delivered, Outcome::Failed];
            let recipient = |(address, n, host, reply, reported): (String, usize, String, String, bool)| {
                Recipient { address, outcome: outcomes[n], host, reply, reported }
            };
            let envelope = Envelope {
                sender,
                envelope_id: id,
                arrived: times.0,
                recipients: recipients.into_iter().map(|(a, n, h, r, t)| recipient((a, n as usize, h, r, t))).collect(),
                attempts: facts.3,
                next: times.1,
                notified: facts.4,
                message: MessageFacts { size: facts.0, crc: facts.1, eight_bit: facts.2 },
            };
            let text = write(&envelope).expect("small");
            prop_assert_eq!(back(text.as_bytes()), Ok(envelope));
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = back(&bytes);
            let _ = read(&bytes, crc32fast::hash(&bytes));
        }
    }
}
