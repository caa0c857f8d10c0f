use crate::Draft;
use imf_message::{Attachment, Field, Mailbox, Message};

/// A draft that answers a message: to who wrote it, with `all` also to whoever else got it, but not to
/// `own`, who answers. RFC 5322 3.6.4
pub fn reply(own: &str, original: &[u8], text: &str, all: bool) -> Draft {
    let message = Message::new(original);
    let addresses = |name: &str| -> Vec<Mailbox> {
        let list = message.field(name).map(|field| field.addresses());
        list.iter().flat_map(|list| list.mailboxes()).cloned().collect()
    };
    let authors = Some(addresses("Reply-To")).filter(|some| !some.is_empty());
    let to = authors.unwrap_or_else(|| addresses("From"));
    let mut cc = Vec::new();
    if all {
        cc.extend(addresses("To"));
        cc.extend(addresses("Cc"));
        let known: Vec<_> = to.iter().map(Mailbox::addr_spec).chain([own.to_owned()]).collect();
        cc.retain(|one| !known.iter().any(|known| one.addr_spec().eq_ignore_ascii_case(known)));
    }
    let ids = |name: &str| -> Vec<String> {
        let field = message.field(name);
        field.iter().flat_map(Field::ids).map(|id| id.into_owned()).collect()
    };
    let in_reply_to = ids("Message-ID").pop();
    let mut references = ids("References");
    if references.is_empty() {
        references = ids("In-Reply-To");
    }
    references.extend(in_reply_to.clone());
    Draft {
        to: to.iter().map(ToString::to_string).collect(),
        cc: cc.iter().map(ToString::to_string).collect(),
        subject: prefixed("Re: ", &message),
        text: Some(format!("{text}\n{}", quote(&message))),
        in_reply_to,
        references,
        ..Draft::default()
    }
}

/// A draft that passes a message on, as it is, to people who have to be named still.
pub fn forward(original: &[u8], text: &str) -> Draft {
    let message = Message::new(original);
    Draft {
        subject: prefixed("Fwd: ", &message),
        text: Some(text.to_owned()),
        attachments: vec![Attachment::new("message.eml", "message/rfc822", original)],
        ..Draft::default()
    }
}

/// The subject, with a prefix that it does not have yet.
fn prefixed(prefix: &str, message: &Message<'_>) -> String {
    let subject = message.field("Subject").map(|field| field.text().into_owned());
    let subject = subject.unwrap_or_default();
    let has = |front: &str| front.eq_ignore_ascii_case(prefix.trim_end());
    match subject.get(..prefix.len() - 1).is_some_and(has) {
        true => subject,
        false => format!("{prefix}{subject}"),
    }
}

/// The text of a message, a mark before each line.
fn quote(message: &Message<'_>) -> String {
    let Some(part) = message.text_part() else { return String::new() };
    let text = part.text();
    text.lines().map(|line| format!("> {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGINAL: &[u8] = b"From: Ana <ana@a.org>\r\nTo: bea@b.com, Carl <carl@example.com>\r\n\
        Subject: =?utf-8?q?Th=C3=A9?=\r\nMessage-ID: <2@a.org>\r\nReferences: <1@b.com>\r\n\r\nCome.\r\n";

    #[test]
    fn a_reply_goes_to_the_author() {
        let draft = reply("bea@b.com", ORIGINAL, "Yes.", false);
        assert_eq!((draft.to.as_slice(), draft.cc.len()), (&["Ana <ana@a.org>".to_owned()][..], 0));
        assert_eq!(draft.subject, "Re: Th\u{e9}");
        assert_eq!(draft.text.as_deref(), Some("Yes.\n> Come.\n"));
        assert_eq!(draft.in_reply_to.as_deref(), Some("2@a.org"));
        assert_eq!(draft.references, ["1@b.com", "2@a.org"]);
        let draft = reply("Bea@b.com", ORIGINAL, "Yes.", true);
        assert_eq!(draft.cc, ["Carl <carl@example.com>"], "and not to herself");
    }

    #[test]
    fn a_reply_to_a_reply_says_so_once() {
        let again = b"From: a@a.org\r\nReply-To: list@example.org\r\nSubject: RE: x\r\nIn-Reply-To: <1@b>\r\n\r\n";
        let draft = reply("bea@b.com", again, "", false);
        assert_eq!((draft.subject.as_str(), draft.to[0].as_str()), ("RE: x", "list@example.org"));
        assert_eq!((draft.in_reply_to, draft.references), (None, vec!["1@b".to_owned()]));
    }

    #[test]
    fn what_is_forwarded_is_not_changed() {
        let draft = Draft {
            from: "bea@b.com".into(),
            to: vec!["carl@example.com".into()],
            ..forward(ORIGINAL, "See below.")
        };
        let sent = draft.compose().expect("valid").message;
        let message = Message::new(&sent);
        let inside = message.parts().find(|part| part.content_type().is("message", "rfc822"));
        assert_eq!(inside.expect("there").body(), ORIGINAL);
    }
}
