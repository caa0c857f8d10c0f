//! Replies of the three protocols, as far as they tell yes from no.

use crate::case::Kind;

/// One reply: its lines, joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What was said, without line ends.
    pub text: String,
    sort: Sort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Yes,
    /// Go on: 354, 334, `+`.
    More,
    No,
}

impl Reply {
    /// Whether it is no refusal.
    pub fn is_positive(&self) -> bool {
        self.sort != Sort::No
    }

    /// Whether the server now waits for more: a message, a response, a literal.
    pub fn is_more(&self) -> bool {
        self.sort == Sort::More
    }

    /// Whether it answers the farewell.
    pub(crate) fn is_farewell(&self, kind: Kind) -> bool {
        match kind {
            Kind::Imap => self.text.starts_with("zz "),
            Kind::Pop3 => self.sort == Sort::Yes,
            _ => self.text.starts_with("221"),
        }
    }
}

/// Finds the replies in what was heard.
pub fn replies(kind: Kind, heard: &[u8]) -> Vec<Reply> {
    let heard = String::from_utf8_lossy(heard);
    let mut replies = Vec::new();
    let mut lines = Vec::new();
    for line in heard.split('\n').map(|line| line.trim_end_matches('\r')) {
        lines.push(line);
        if let Some(sort) = end_of_reply(kind, line) {
            let from = lines.iter().position(|line| is_part(kind, line)).unwrap_or(0);
            replies.push(Reply { text: lines[from..].join(" | "), sort });
            lines.clear();
        }
    }
    replies
}

/// What sort of reply this line ends, if it ends one.
fn end_of_reply(kind: Kind, line: &str) -> Option<Sort> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    match kind {
        Kind::Pop3 => match first {
            "+OK" => Some(Sort::Yes),
            "+" => Some(Sort::More),
            "-ERR" => Some(Sort::No),
            _ => None,
        },
        Kind::Imap => match (first, rest.split(' ').next().unwrap_or_default()) {
            ("+", _) => Some(Sort::More),
            ("*", "BYE") => Some(Sort::No),
            // The greeting.
            ("*", "OK" | "PREAUTH") if !rest.contains('[') || rest.contains("CAPABILITY") => {
                Some(Sort::Yes)
            }
            ("*", _) => None,
            (_, "OK") => Some(Sort::Yes),
            (_, "NO" | "BAD") => Some(Sort::No),
            _ => None,
        },
        _ => {
            let is_code = first.len() == 3 && first.bytes().all(|octet| octet.is_ascii_digit());
            is_code.then(|| match first.as_bytes()[0] {
                b'2' => Sort::Yes,
                b'3' => Sort::More,
                _ => Sort::No,
            })
        }
    }
}

/// Whether the line is worth showing with the reply that it is a part of.
fn is_part(kind: Kind, line: &str) -> bool {
    match kind {
        Kind::Smtp | Kind::Submission | Kind::Lmtp => {
            line.as_bytes().first().is_some_and(u8::is_ascii_digit)
        }
        Kind::Pop3 | Kind::Imap => end_of_reply(kind, line).is_some(),
    }
}

/// Whether what was heard is the whole reply to a command.
pub fn is_whole(kind: Kind, command: &str, heard: &[u8]) -> bool {
    if !heard.ends_with(b"\n") {
        return false;
    }
    let text = String::from_utf8_lossy(heard);
    let last = text.lines().next_back().unwrap_or_default();
    let has_lines = ["CAPA", "RETR", "TOP", "LIST", "UIDL"].contains(&command);
    if kind == Kind::Pop3 && has_lines && text.starts_with("+OK") {
        return last == ".";
    }
    end_of_reply(kind, last).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no() {
        for (kind, heard, positive) in [
            (Kind::Smtp, "250-a\r\n250 b\r\n354 go\r\n550-no\r\n550 no\r\n", "yyn"),
            (Kind::Smtp, "250-a\r\n", ""),
            (Kind::Pop3, "+OK\r\n-ERR [AUTH] no\r\n+ \r\n1 200\r\n.\r\n", "yny"),
            (
                Kind::Imap,
                "* 1 EXISTS\r\n* OK [UIDNEXT 4] x\r\na OK [READ-WRITE] b\r\nb NO c\r\n+ go\r\nd BAD\r\n",
                "ynyn",
            ),
            (Kind::Imap, "* OK [CAPABILITY IMAP4rev1] hi\r\n* BYE x\r\n", "yn"),
        ] {
            let found: String = replies(kind, heard.as_bytes())
                .iter()
                .map(|r| if r.is_positive() { 'y' } else { 'n' })
                .collect();
            assert_eq!(found, positive, "{heard}");
        }
    }

    #[test]
    fn replies_are_whole_or_not() {
        for (kind, command, heard, whole) in [
            (Kind::Smtp, "EHLO a.org", "250-a\r\n", false),
            (Kind::Smtp, "EHLO a.org", "250-a\r\n250 b\r\n", true),
            (Kind::Smtp, "", "220 a", false),
            (Kind::Pop3, "CAPA", "+OK\r\nUSER\r\n", false),
            (Kind::Pop3, "CAPA", "+OK\r\nUSER\r\n.\r\n", true),
            (Kind::Pop3, "CAPA", "-ERR\r\n", true),
            (Kind::Imap, "a NOOP", "* 3 EXISTS\r\n", false),
            (Kind::Imap, "a NOOP", "* 3 EXISTS\r\na OK\r\n", true),
        ] {
            assert_eq!(is_whole(kind, command, heard.as_bytes()), whole, "{heard}");
        }
    }
}
