//! What the probe knows of a server, and puts into its cases.

use crate::talk::Heard;
use posta_sasl::base64;

/// What stands for `{recipient}` and the others in the text of a case.
#[derive(Clone, Debug)]
pub struct Facts {
    /// `{recipient}`: an address that the server takes mail for, of a mailbox for tests.
    pub recipient: String,
    /// `{user}`: who can log in.
    pub user: String,
    /// `{password}`
    pub password: String,
    /// `{canary}`: a file that nobody makes, unless the server runs what it is sent.
    pub canary: String,
    /// `{sender}`: who sends. The user, where one must log in.
    pub sender: String,
}

/// A user, or an address, that does not exist anywhere: `{nobody}`.
const NOBODY: &str = "nobody-9f3a";

impl Default for Facts {
    fn default() -> Self {
        Self {
            recipient: "bea@b.com".into(),
            user: "bea@b.com".into(),
            password: "looking-glass".into(),
            canary: "/nonexistent/canary".into(),
            sender: "ana@a.org".into(),
        }
    }
}

impl Facts {
    /// The domain of the recipient: `{domain}`.
    pub fn domain(&self) -> &str {
        self.recipient.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Puts the facts into a text.
    pub fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let mut filled = text.to_owned();
        let plain = |identity: &str, password: &str| {
            base64::encode(format!("{identity}\0{}\0{password}", self.user).as_bytes())
        };
        let stranger = base64::encode(format!("\0{NOBODY}@{}\0wrong", self.domain()).as_bytes());
        for (name, value) in [
            ("{recipient}", self.recipient.as_str()),
            ("{user}", &self.user),
            ("{password}", &self.password),
            ("{canary}", &self.canary),
            ("{sender}", &self.sender),
            ("{domain}", self.domain()),
            ("{nobody}", &format!("{NOBODY}@{}", self.domain())),
            ("{plain}", &plain("", &self.password)),
            ("{plain-wrong}", &plain("", "wrong")),
            ("{plain-as-root}", &plain("root", &self.password)),
            ("{plain-nobody}", &stranger),
        ] {
            filled = filled.replace(name, value);
        }
        filled
    }

    /// What was heard, with the same word for whoever exists and for whoever does not, and without what is
    /// new in every session.
    pub(crate) fn without_names(&self, heard: &Heard) -> String {
        let mut text = String::from_utf8_lossy(&heard.octets).into_owned();
        for name in [&*self.recipient, &self.user, &format!("{NOBODY}@{}", self.domain())] {
            text = text.replace(name, "*");
            if let Some((local, _)) = name.split_once('@') {
                text = text.replace(local, "*");
            }
        }
        // Dovecot tells how long it took, and which session it was.
        let mut lines = Vec::new();
        for line in text.lines() {
            lines.push(line.split(['(', '[']).next().unwrap_or_default().trim_end().to_owned());
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_filled() {
        let facts = Facts::default();
        assert_eq!(facts.fill("RCPT TO:<x%y@{domain}> {10}"), "RCPT TO:<x%y@b.com> {10}");
        assert_eq!(facts.fill("{plain}"), "AGJlYUBiLmNvbQBsb29raW5nLWdsYXNz");
    }
}
