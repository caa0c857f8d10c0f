//! What a case is: data.

use serde::Serialize;
use std::fmt;

/// What a server speaks, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// SMTP, as the MX host of a domain: for anyone.
    Smtp,
    /// SMTP for users who log in.
    Submission,
    /// LMTP.
    Lmtp,
    /// POP3.
    Pop3,
    /// IMAP.
    Imap,
}

/// All that speak SMTP.
pub const SMTP: &[Kind] = &[Kind::Smtp, Kind::Submission, Kind::Lmtp];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smtp => "smtp",
            Self::Submission => "submission",
            Self::Lmtp => "lmtp",
            Self::Pop3 => "pop3",
            Self::Imap => "imap",
        })
    }
}

/// How far a session is when the case begins. Submission logs in before its first MAIL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Connected, and not a word heard.
    Connected,
    /// The server has greeted, and the connection is not under TLS.
    Clear,
    /// The server has greeted.
    Greeted,
    /// SMTP: after EHLO or LHLO.
    Hello,
    /// Under TLS, if the server has it, and after another EHLO.
    Tls,
    /// Logged in, under TLS if the server has it.
    LoggedIn,
    /// IMAP: the INBOX is selected.
    Selected,
    /// SMTP: MAIL was accepted.
    Mail,
    /// SMTP: and a recipient.
    Rcpt,
    /// SMTP: and DATA.
    Data,
}

/// One thing that the client does. `{recipient}`, `{sender}`, `{user}`, `{password}`, `{plain}` and the
/// others of [`Facts`](crate::Facts) stand for what the server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Says a line and waits for the reply, which must not be a refusal: otherwise the case is not reached.
    Need(String),
    /// Says a line and waits for the reply, whatever it is.
    Ask(String),
    /// Says a line and waits for the reply, which is judged.
    Say(String),
    /// Sends octets and waits for nothing. All that is heard from then on is judged.
    Send(String),
    /// Starts TLS, if that is what the server has agreed to. Only what is heard under it is judged.
    Tls,
}

/// What must be true of what was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// There is one verdict on one message, and a refusal at that, and nothing in it was heard as a command.
    OneMessage,
    /// Nothing was agreed to.
    Refused,
    /// There are at most so many replies.
    AtMost(usize),
    /// After TLS only the farewell is answered: nothing was kept from before.
    Deaf,
    /// The server goes on, or says why not and closes.
    Serves,
    /// None of these is said. Digits are a code at the beginning of a line.
    Never(Vec<String>),
    /// The reply holds no control characters.
    Clean,
    /// The twin hears the same, but for the names in it.
    Same(Vec<Step>),
    /// It is refused; and whatever was said, no command was run and no file written.
    NoShell,
    /// It is refused; and whatever was said, nothing changed outside of the mailbox.
    Inside,
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The server does what the rule says.
    Holds,
    /// It does something else, which harms nobody by itself.
    DiffersButSafe,
    /// It does what others could make use of.
    Fails,
    /// The case could not be brought about.
    NotReached,
    /// The server does not offer what the case is about.
    DoesNotApply,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::DiffersButSafe => "differs, safe",
            Self::Fails => "**FAILS**",
            Self::NotReached => "not reached",
            Self::DoesNotApply => "does not apply",
        })
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Case {
    /// Of the thirty classes.
    pub class: u8,
    /// Which servers it is for.
    pub on: &'static [Kind],
    /// What it is called.
    pub name: String,
    /// Where it begins.
    pub stage: Stage,
    /// What is done.
    pub steps: Vec<Step>,
    /// What must be true then.
    pub rule: Rule,
    /// What it means if the server agrees, where the rule wants a refusal; or if the rule does not hold.
    pub otherwise: Verdict,
    /// What the server must offer, or the case does not apply where the rule does not hold.
    pub needs: Option<&'static str>,
}

/// A case that fails if its rule does not hold.
pub fn case(
    class: u8,
    on: &'static [Kind],
    name: impl Into<String>,
    stage: Stage,
    steps: impl Into<Vec<Step>>,
    rule: Rule,
) -> Case {
    let (name, steps) = (name.into(), steps.into());
    Case { class, on, name, stage, steps, rule, otherwise: Verdict::Fails, needs: None }
}

impl Case {
    /// With another verdict for those who agree.
    #[must_use]
    pub fn otherwise(self, otherwise: Verdict) -> Self {
        Self { otherwise, ..self }
    }

    /// Only for servers that offer this.
    #[must_use]
    pub fn needs(self, word: &'static str) -> Self {
        Self { needs: Some(word), ..self }
    }

    /// What is sent, in short.
    pub fn sent(&self) -> String {
        let texts = self.steps.iter().map(|step| match step {
            Step::Need(line) | Step::Ask(line) | Step::Say(line) => short(line, 60),
            Step::Send(octets) => short(octets, 60),
            Step::Tls => "(TLS)".to_owned(),
        });
        short(&texts.collect::<Vec<_>>().join(" / "), 90)
    }
}

/// A text that fits into a table.
pub fn short(text: &str, most: usize) -> String {
    let mut short = String::new();
    for octet in text.trim_end_matches(['\r', '\n']).chars() {
        short.extend(octet.escape_debug());
        if short.chars().count() > most {
            return short.chars().take(most).chain(['…']).collect();
        }
    }
    short.replace("\\\"", "\"").replace("\\'", "'")
}

/// A line that must not be refused.
pub fn need(line: impl Into<String>) -> Step {
    Step::Need(line.into())
}

/// A line with any reply.
pub fn ask(line: impl Into<String>) -> Step {
    Step::Ask(line.into())
}

/// A line whose reply is judged.
pub fn say(line: impl Into<String>) -> Step {
    Step::Say(line.into())
}

/// Octets at once.
pub fn send(octets: impl Into<String>) -> Step {
    Step::Send(octets.into())
}
