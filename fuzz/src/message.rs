//! Messages: structure, edits, values of fields, transfer encodings, and what an IMAP server says of them.

#[path = "../../crates/imf-message/tests/imap/grammar.rs"]
mod grammar;
mod transfer;
mod values;

pub use transfer::transfer;
pub use values::values;

use imf_message::{
    Date, Edit, Header, Index, Limits, Mailbox, Message, Span,
    imap::{self, Text},
    report::{self, Action, Original, Recipient, Report},
};

/// Any octets are a message, and every one of them stays where it is.
pub fn message(data: &[u8]) {
    let message = Message::new(data);
    assert_eq!(Edit::new(&message).to_vec(), data, "an edit that changes nothing");
    let mut tight = Limits::default();
    (tight.depth, tight.parts, tight.fields, tight.issues) = (2, 3, 5, 2);
    for limits in [Limits::default(), tight] {
        spans(data, &limits);
    }
    for part in message.parts() {
        let _ = (part.text(), part.decoded(), part.file_name(), part.is_attachment());
        for field in part.fields() {
            let _ = (field.text(), field.addresses(), field.date(), field.ids());
        }
    }
    let _ = (message.attachments(), message.text_part(), message.html_part());
    edits(&message);
    bounced(data);
}

/// What IMAP says of a message is grammatical, its sizes agree, and what is in it is found.
pub fn message_imap(data: &[u8]) {
    grammar::check(data);
    let message = Message::new(data);
    for field in message.fields().take(20) {
        let text = field.text();
        assert!(imap::header_contains(&message, field.name(), &text), "{:?}", field.name());
        assert!(imap::text_contains(&message, &text));
    }
    if let Some(part) = message.text_part() {
        assert!(
            imap::body_contains(&message, &part.text().to_uppercase()) || !part.text().is_ascii()
        );
    }
    let all = imap::section(&message, &[], &Text::All).expect("all of it");
    let half = u32::try_from(all.len() / 2).expect("a short one");
    let pieces = [imap::partial(&all, 0, half), imap::partial(&all, half, u32::MAX)];
    assert_eq!(pieces.concat(), *all);
    let names: [&[u8]; 2] = [b"subject", b"To"];
    let listed = imap::section(&message, &[], &Text::HeaderFields(&names)).expect("a header");
    let others = imap::section(&message, &[], &Text::HeaderFieldsNot(&names)).expect("a header");
    for (text, are_listed) in [(listed, true), (others, false)] {
        let picked = Message::new(&text);
        let is_listed = |name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name.as_bytes()));
        assert!(picked.fields().all(|field| is_listed(field.name()) == are_listed));
    }
}

/// All spans lie within the message and within that of their part; the pieces are all of the message.
fn spans(data: &[u8], limits: &Limits) {
    let index = Index::new(data, limits);
    let mut at = 0;
    for (segment, span) in index.segments() {
        assert!(span.start == at && span.end > at, "{segment:?} {span:?} after {at}");
        at = span.end;
    }
    assert_eq!(at, data.len());
    assert!(index.parts.len() <= limits.parts.max(1), "{} parts", index.parts.len());
    assert!(index.fields.len() <= limits.fields && index.issues.len() <= limits.issues);
    assert!(index.issues.iter().all(|issue| issue.offset <= data.len()));
    for (number, node) in index.parts.iter().enumerate() {
        assert!(node.span.end <= data.len());
        for inner in [node.lead, node.header, node.body] {
            assert!(is_within(inner, node.span), "{inner:?} of {node:?}");
        }
        if let Some(parent) = node.parent {
            assert!(parent < number && is_within(node.span, index.parts[parent].body));
        }
        for field in &index.fields[node.fields.clone()] {
            assert!(is_within(field.span, node.header), "{field:?} of {node:?}");
            assert!(is_within(field.name, field.span) && is_within(field.value, field.span));
        }
    }
    let again = Message::with_index(data, index.clone());
    assert_eq!(Message::with_limits(data, limits).into_index(), again.into_index());
}

fn is_within(inner: Span, outer: Span) -> bool {
    inner.start <= inner.end
        && (inner.is_empty() || outer.start <= inner.start && inner.end <= outer.end)
}

/// A field more, and away again: no other changes.
fn edits(message: &Message<'_>) {
    let header = Header::text("X-Very-New", "1").expect("a field");
    let fields = |message: &Message<'_>| -> Vec<Vec<u8>> {
        message.fields().map(|field| field.raw().trim_ascii_end().to_vec()).collect()
    };
    if message.fields().any(|field| field.is("X-Very-New")) {
        return;
    }
    for front in [true, false] {
        let mut edit = Edit::new(message);
        if front {
            edit.prepend(&header)
        } else {
            edit.append(&header)
        }
        let changed = edit.to_vec();
        assert_eq!(edit.slices().collect::<Vec<_>>().concat(), changed);
        let again = Message::new(&changed);
        assert_eq!(again.root().body(), message.root().body());
        let mut expected = fields(message);
        expected.insert(if front { 0 } else { expected.len() }, b"X-Very-New: 1".to_vec());
        assert_eq!(fields(&again), expected);
        let mut edit = Edit::new(&again);
        assert_eq!(edit.remove("x-very-new"), 1);
        assert_eq!(fields(&Message::new(&edit.to_vec())), fields(message));
    }
}

/// Whatever has failed can be told of.
fn bounced(data: &[u8]) {
    let mut recipient = Recipient::new("bea@b.com", Action::Failed, "5.0.0");
    recipient.diagnostic = Some(String::from_utf8_lossy(data).into_owned());
    for original in [Original::Message(data), Original::Headers(data)] {
        let report = Report {
            from: Mailbox::new("MAILER-DAEMON", "b.com"),
            to: Mailbox::new("ana", "a.org"),
            date: Date::new(0, 0),
            message_id: "1@b.com".into(),
            subject: "Not delivered".into(),
            text: String::new(),
            reporting_mta: "mx1.b.com".into(),
            envelope_id: None,
            arrival: None,
            recipients: vec![recipient.clone()],
            original,
        };
        let bytes = report::bounce(&report, 0).expect("a report");
        assert_eq!(Message::new(&bytes).root().children().count(), 3);
    }
}
