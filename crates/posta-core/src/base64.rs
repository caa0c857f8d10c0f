/// Whether text is BASE64 as the exchanges of SASL are framed in: no octet outside the alphabet, padding at
/// the end only, a length that is a multiple of four. Empty text is: an empty challenge or response.
///
/// ```abnf
/// base64          = base64-terminal / ( 1*(4base64-char) [base64-terminal] )
/// base64-terminal = (2base64-char "==") / (3base64-char "=")
/// ```
///
/// RFC 4954 4 and RFC 5034 4 want anything else refused and not ignored. What it means is for a SASL
/// implementation.
pub fn is_base64(text: &[u8]) -> bool {
    let padding = text.iter().rev().take(2).take_while(|octet| **octet == b'=').count();
    let digits = &text[..text.len() - padding];
    let is_digit = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    text.len().is_multiple_of(4) && digits.iter().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_strict() {
        for good in ["", "AAAA", "AAA=", "AA==", "+/09"] {
            assert!(is_base64(good.as_bytes()), "{good}");
        }
        for bad in
            ["A", "A===", "=AAA", "AA=A", "AAA=AAAA", "AAA*", "AAA ", "====", "AAAé", "AA==AA=="]
        {
            assert!(!is_base64(bad.as_bytes()), "{bad}");
        }
    }
}
