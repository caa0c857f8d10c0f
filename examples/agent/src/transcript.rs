use posta_net::{Passed, Tap};
use tracing::{enabled, trace};

/// The target under which transcripts are logged, at level TRACE.
pub const TRANSCRIPT: &str = "posta::transcript";

/// The most octets of a line that are shown.
const LINE: usize = 1024;

/// Who spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// `C:`
    Client,
    /// `S:`
    Server,
}

/// What logs the session called `session`, in which we are `we`, line by line with secrets hidden; `None`
/// if nobody listens to such logs.
pub fn transcript(session: &str, we: Who) -> Option<Tap> {
    if !enabled!(target: TRANSCRIPT, tracing::Level::TRACE) {
        return None;
    }
    let peer = if we == Who::Client { Who::Server } else { Who::Client };
    let mut transcript = Transcript::new(session);
    Some(Box::new(move |passed| match passed {
        Passed::Received(bytes) => transcript.feed(peer, bytes),
        Passed::Sent(bytes) => transcript.feed(we, bytes),
    }))
}

/// Turns the bytes of an SMTP, LMTP, POP3 or IMAP session into logged lines, with secrets hidden.
#[derive(Debug)]
struct Transcript {
    session: String,
    client: Vec<u8>,
    server: Vec<u8>,
    phase: Phase,
}

/// What the next line of the client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Command,
    /// Part of an authentication exchange, until the server decides.
    Secret,
    /// Part of an IMAP command that came in literals, until its last line.
    Literal,
    /// Part of a message, until the line with the dot.
    Message,
}

impl Transcript {
    fn new(session: &str) -> Self {
        Self {
            session: session.to_owned(),
            client: Vec::new(),
            server: Vec::new(),
            phase: Phase::Command,
        }
    }

    /// Takes the next bytes that `who` sent.
    fn feed(&mut self, who: Who, bytes: &[u8]) {
        for part in bytes.split_inclusive(|octet| *octet == b'\n') {
            let line = match who {
                Who::Client => &mut self.client,
                Who::Server => &mut self.server,
            };
            line.extend_from_slice(&part[..part.len().min(LINE.saturating_sub(line.len()))]);
            if part.ends_with(b"\n") {
                let whole = std::mem::take(line);
                self.line(who, whole.trim_ascii_end());
            }
        }
    }

    fn line(&mut self, who: Who, line: &[u8]) {
        let (mark, shown) = match who {
            Who::Client => ("C:", self.hide(line)),
            Who::Server => {
                self.reply(line);
                ("S:", line.to_vec())
            }
        };
        let text = String::from_utf8_lossy(&shown).replace(|c: char| c.is_control(), "\u{fffd}");
        trace!(target: TRANSCRIPT, session = self.session, "{mark} {text}");
    }

    /// What may be shown of the client's line.
    fn hide(&mut self, line: &[u8]) -> Vec<u8> {
        let mut words: Vec<&[u8]> = line.splitn(3, |octet| *octet == b' ').collect();
        let secret = match self.phase {
            Phase::Secret => return b"***".to_vec(),
            Phase::Literal => {
                if !line.ends_with(b"}") {
                    self.phase = Phase::Command;
                }
                return b"***".to_vec();
            }
            Phase::Message => {
                if line == b"." {
                    self.phase = Phase::Command;
                }
                return line.to_vec();
            }
            Phase::Command => match words[0].to_ascii_uppercase().as_slice() {
                b"AUTH" => {
                    self.phase = Phase::Secret;
                    2
                }
                b"APOP" => 2,
                b"PASS" => 1,
                _ => match words.get(1).map(|word| word.to_ascii_uppercase()).as_deref() {
                    Some(b"AUTHENTICATE") => {
                        self.phase = Phase::Secret;
                        // Behind the mechanism.
                        words = line.splitn(4, |octet| *octet == b' ').collect();
                        3
                    }
                    Some(b"LOGIN") => {
                        if line.ends_with(b"}") {
                            self.phase = Phase::Literal;
                        }
                        2
                    }
                    _ => return line.to_vec(),
                },
            },
        };
        if words.len() <= secret {
            return line.to_vec();
        }
        [&words[..secret].join(&b' '), &b" ***"[..]].concat()
    }

    fn reply(&mut self, line: &[u8]) {
        self.phase = match (self.phase, line) {
            (Phase::Command, [b'3', b'5', b'4', ..]) => Phase::Message,
            (Phase::Secret, [b'3', ..] | [b'+' | b'*', b' ', ..] | [b'+']) => Phase::Secret,
            (Phase::Secret, _) => Phase::Command,
            (phase, _) => phase,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden() {
        let mut transcript = Transcript::new("");
        #[rustfmt::skip]
        let table: &[(Who, &str, &str)] = &[
            (Who::Client, "AUTH PLAIN AGFuYQBzZWNyZXQ=", "AUTH PLAIN ***"),
            (Who::Server, "235 2.7.0 Welcome",           ""),
            (Who::Client, "auth login",                  "auth login"),
            (Who::Server, "334 VXNlcm5hbWU6",            ""),
            (Who::Client, "YW5h",                        "***"),
            (Who::Server, "334 UGFzc3dvcmQ6",            ""),
            (Who::Client, "c2VjcmV0",                    "***"),
            (Who::Server, "535 5.7.8 No",                ""),
            (Who::Client, "PASS open sesame",            "PASS ***"),
            (Who::Client, "APOP bea c4c9334bac560ecc",   "APOP bea ***"),
            (Who::Client, "DATA",                        "DATA"),
            (Who::Server, "354 Go",                      ""),
            (Who::Client, "PASS me the salt",            "PASS me the salt"),
            (Who::Client, ".",                           "."),
            (Who::Client, "PASS word",                   "PASS ***"),
            (Who::Client, "A1 LOGIN bea secret",         "A1 LOGIN ***"),
            (Who::Client, "A2 login {3}",                "A2 login ***"),
            (Who::Server, "+ go on",                     ""),
            (Who::Client, "bea {6}",                     "***"),
            (Who::Server, "+ go on",                     ""),
            (Who::Client, "secret",                      "***"),
            (Who::Client, "A3 SELECT INBOX",             "A3 SELECT INBOX"),
            (Who::Client, "A4 AUTHENTICATE PLAIN AGJl",  "A4 AUTHENTICATE PLAIN ***"),
            (Who::Server, "A4 NO",                       ""),
            (Who::Client, "A5 AUTHENTICATE PLAIN",       "A5 AUTHENTICATE PLAIN"),
            (Who::Server, "* OK wait",                   ""),
            (Who::Server, "+",                           ""),
            (Who::Client, "AGJlYQ==",                    "***"),
            (Who::Server, "A5 OK",                       ""),
            (Who::Client, "A6 NOOP",                     "A6 NOOP"),
        ];
        for (who, line, shown) in table {
            match who {
                Who::Client => {
                    assert_eq!(transcript.hide(line.as_bytes()), shown.as_bytes(), "{line}")
                }
                Who::Server => transcript.reply(line.as_bytes()),
            }
        }
    }
}
