use core::fmt;

/// An enhanced status code (RFC 3463): class, subject, detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnhancedCode(pub u8, pub u16, pub u16);

impl EnhancedCode {
    /// The code at the beginning of a reply's text, and what follows it and its space.
    ///
    /// ```text
    /// status-code = class "." subject "." detail      ; RFC 3463 2
    /// class       = "2" / "4" / "5"
    /// subject     = 1*3DIGIT
    /// detail      = 1*3DIGIT
    /// ```
    pub fn parse(text: &[u8]) -> Option<(Self, &[u8])> {
        let (class, rest) = number(text)?;
        let (subject, rest) = number(rest.strip_prefix(b".")?)?;
        let (detail, rest) = number(rest.strip_prefix(b".")?)?;
        let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
        let rest = if rest.is_empty() { rest } else { rest.strip_prefix(b" ")? };
        Some((Self(class, subject, detail), rest))
    }
}

fn number(text: &[u8]) -> Option<(u16, &[u8])> {
    let digits = text.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    if !(1..=3).contains(&digits) {
        return None;
    }
    let (digits, rest) = text.split_at(digits);
    Some((digits.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0')), rest))
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}
