//! From what was heard to a verdict.

use crate::{
    Facts,
    case::{Case, Kind, Rule, Stage, Verdict, short},
    reply::Reply,
    talk::{Ended, Heard},
};

/// Judges a case by what was heard, and by what its twin heard, if it has one.
///
/// What becomes of files is for the caller to see: [`Rule::NoShell`] and [`Rule::Inside`] are judged here by
/// the replies alone.
pub fn judge(
    case: &Case,
    kind: Kind,
    heard: &Heard,
    twin: Option<&Heard>,
    facts: &Facts,
) -> Verdict {
    let mut replies = heard.replies(kind);
    if case.stage == Stage::Connected && !replies.is_empty() {
        // The greeting is no answer.
        replies.remove(0);
    }
    let agreed = replies.iter().any(Reply::is_positive);
    let refused = !agreed && (heard.no_tls || answered(&replies, heard));
    let verdict = |holds: bool| if holds { Verdict::Holds } else { case.otherwise };
    let verdict = match &case.rule {
        Rule::OneMessage => one_message(case, &replies, heard),
        Rule::Refused | Rule::NoShell | Rule::Inside => verdict(refused),
        Rule::AtMost(most) => verdict(replies.len() <= *most && answered(&replies, heard)),
        Rule::Deaf => verdict(heard.no_tls || replies.is_empty() && heard.ended == Ended::Closed),
        Rule::Serves => verdict(heard.ended == Ended::Closed && !heard.octets.is_empty()),
        Rule::Never(words) => {
            verdict(!words.iter().any(|word| says(&heard.octets, &facts.fill(word))))
        }
        Rule::Clean => verdict(!heard.octets.iter().any(|octet| is_control(*octet))),
        Rule::Same(_) => {
            let (one, other) =
                (facts.without_names(heard), twin.map(|twin| facts.without_names(twin)));
            verdict(other.is_some_and(|other| one == other) && answered(&replies, heard))
        }
    };
    match case.needs {
        Some(word) if (verdict != Verdict::Holds || heard.no_tls) && !heard.offers(word) => {
            Verdict::DoesNotApply
        }
        _ => verdict,
    }
}

/// Whether the server said something or closed; silence is no answer.
fn answered(replies: &[Reply], heard: &Heard) -> bool {
    !replies.is_empty() && heard.ended != Ended::Enough || heard.ended == Ended::Closed
}

/// The verdict on a message that might be taken for two.
fn one_message(case: &Case, replies: &[Reply], heard: &Heard) -> Verdict {
    let mut verdicts = replies.iter().skip_while(|reply| reply.is_more());
    match (verdicts.next(), verdicts.next()) {
        (_, Some(_)) => Verdict::Fails,
        (Some(verdict), None) if verdict.is_positive() => case.otherwise,
        (Some(_), None) => Verdict::Holds,
        (None, None) if heard.ended == Ended::Closed => Verdict::Holds,
        (None, None) => Verdict::Fails,
    }
}

/// Whether this is said; digits are a code at the beginning of a line.
fn says(heard: &[u8], word: &str) -> bool {
    let heard = String::from_utf8_lossy(heard).to_ascii_uppercase();
    let word = word.to_ascii_uppercase();
    if word.bytes().all(|octet| octet.is_ascii_digit()) {
        return heard.lines().any(|line| line.starts_with(&word));
    }
    heard.contains(&word)
}

fn is_control(octet: u8) -> bool {
    octet < b' ' && !matches!(octet, b'\r' | b'\n' | b'\t') || octet == 0x7f
}

/// What the server said, for the report.
pub fn said(kind: Kind, heard: &Heard) -> String {
    let replies = heard.replies(kind);
    let texts: Vec<_> = replies.iter().take(3).map(|reply| short(&reply.text, 100)).collect();
    let more =
        if replies.len() > 3 { format!(" / … {} in all", replies.len()) } else { String::new() };
    let end = match heard.ended {
        Ended::Silent => " (then silence)",
        _ if replies.is_empty() => "(closed)",
        _ => "",
    };
    format!("{}{more}{end}", texts.join(" / "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{SMTP, case, send};

    fn verdict(rule: Rule, otherwise: Verdict, octets: &str, ended: Ended) -> Verdict {
        let case = case(1, SMTP, "", Stage::Data, [send("")], rule).otherwise(otherwise);
        let heard = heard(octets, ended);
        judge(&case, Kind::Smtp, &heard, Some(&heard), &Facts::default())
    }

    fn heard(octets: &str, ended: Ended) -> Heard {
        Heard { octets: octets.into(), offer: String::new(), ended, no_tls: false }
    }

    #[test]
    fn each_rule_holds_and_fails() {
        use Ended::{Closed, Silent};
        use Verdict::{DiffersButSafe, Fails, Holds};
        let never = || Rule::Never(vec!["235".into(), "AUTH ".into()]);
        for (rule, octets, ended, expected) in [
            (Rule::OneMessage, "550 no\r\n221 bye\r\n", Closed, Holds),
            (Rule::OneMessage, "354 go\r\n550 no\r\n221 bye\r\n", Closed, Holds),
            (Rule::OneMessage, "250 queued\r\n221 bye\r\n", Closed, DiffersButSafe),
            (Rule::OneMessage, "250 queued\r\n250 ok\r\n221 bye\r\n", Closed, Fails),
            (Rule::OneMessage, "550 no\r\n503 MAIL first\r\n221 bye\r\n", Closed, Fails),
            (Rule::OneMessage, "", Closed, Holds),
            (Rule::OneMessage, "", Silent, Fails),
            (Rule::Refused, "550 no\r\n221 bye\r\n", Closed, Holds),
            (Rule::Refused, "550 no\r\n250 ok\r\n221 bye\r\n", Closed, DiffersButSafe),
            (Rule::Refused, "", Silent, DiffersButSafe),
            (Rule::AtMost(1), "500 no\r\n221 bye\r\n", Closed, Holds),
            (Rule::AtMost(1), "250 ok\r\n250 ok\r\n221 bye\r\n", Closed, DiffersButSafe),
            (Rule::Deaf, "221 bye\r\n", Closed, Holds),
            (Rule::Deaf, "250 ok\r\n221 bye\r\n", Closed, DiffersButSafe),
            (Rule::Serves, "500 no\r\n221 bye\r\n", Closed, Holds),
            (Rule::Serves, "", Silent, DiffersButSafe),
            (never(), "250-SIZE 2350\r\n250 x\r\n221 bye\r\n", Closed, Holds),
            (never(), "250-AUTH PLAIN\r\n250 x\r\n", Closed, DiffersButSafe),
            (never(), "235 welcome\r\n", Closed, DiffersButSafe),
            (Rule::Clean, "500 a?b\r\n", Closed, Holds),
            (Rule::Clean, "500 a\x1bb\r\n", Closed, DiffersButSafe),
            (Rule::Same(vec![]), "500 a\r\n", Closed, Holds),
        ] {
            assert_eq!(
                verdict(rule.clone(), DiffersButSafe, octets, ended),
                expected,
                "{rule:?} {octets:?}"
            );
        }
        let case = case(29, SMTP, "", Stage::Data, [send("")], Rule::Same(vec![]));
        let (one, other) = (heard("252 maybe\r\n", Closed), heard("550 no\r\n", Closed));
        let facts = Facts::default();
        assert_eq!(judge(&case, Kind::Smtp, &one, Some(&other), &facts), Fails);
    }
}
