//! A reader of ENVELOPE, BODY and BODYSTRUCTURE by the letter of RFC 3501 9, and what must hold of every message.

use imf_message::{Message, imap};

/// What a BODYSTRUCTURE says, as far as it can be checked.
pub(crate) struct Body {
    pub(crate) parts: Vec<Self>,
    pub(crate) octets: usize,
    pub(crate) lines: Option<usize>,
    pub(crate) message: Option<Box<Self>>,
}

pub(crate) struct Wire<'a> {
    pub(crate) rest: &'a [u8],
}

impl Wire<'_> {
    fn peek(&self) -> u8 {
        self.rest.first().copied().expect("more")
    }

    fn byte(&mut self, b: u8) {
        let rest = self.rest.escape_ascii();
        assert_eq!(self.peek(), b, "{} expected: {rest}", char::from(b));
        self.rest = &self.rest[1..];
    }

    fn space(&mut self) {
        self.byte(b' ');
    }

    fn nil(&mut self) -> bool {
        let rest = self.rest.strip_prefix(b"NIL");
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn number(&mut self) -> usize {
        let n = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(n);
        self.rest = rest;
        std::str::from_utf8(digits).unwrap().parse().unwrap()
    }

    fn string(&mut self) -> Vec<u8> {
        if self.peek() == b'{' {
            self.byte(b'{');
            let n = self.number();
            self.rest = self.rest.strip_prefix(b"}\r\n").unwrap();
            let (text, rest) = self.rest.split_at(n);
            assert!(!text.contains(&0));
            self.rest = rest;
            return text.to_vec();
        }
        self.byte(b'"');
        let mut text = Vec::new();
        loop {
            let b = self.peek();
            self.rest = &self.rest[1..];
            assert!((1..=127).contains(&b) && !matches!(b, b'\r' | b'\n'), "{b}");
            match b {
                b'"' => return text,
                b'\\' => {
                    assert!(matches!(self.peek(), b'"' | b'\\'));
                    text.push(self.peek());
                    self.rest = &self.rest[1..];
                }
                b => text.push(b),
            }
        }
    }

    fn nstring(&mut self) -> Option<Vec<u8>> {
        if self.nil() { None } else { Some(self.string()) }
    }

    /// Addresses have nothing between them; groups begin, end, and are not inside groups.
    fn addresses(&mut self) {
        if self.nil() {
            return;
        }
        let mut in_group = false;
        self.byte(b'(');
        loop {
            self.byte(b'(');
            self.nstring();
            self.space();
            self.nstring();
            self.space();
            let mailbox = self.nstring();
            self.space();
            let host = self.nstring();
            self.byte(b')');
            match (mailbox, host) {
                (Some(_), Some(_)) => {}
                (Some(_), None) => assert!(!std::mem::replace(&mut in_group, true)),
                (None, None) => assert!(std::mem::replace(&mut in_group, false)),
                (None, Some(_)) => panic!("a host without a mailbox"),
            }
            if self.peek() == b')' {
                break;
            }
        }
        assert!(!in_group);
        self.byte(b')');
    }

    pub(crate) fn envelope(&mut self) {
        self.byte(b'(');
        self.nstring();
        self.space();
        self.nstring();
        for _ in 0..6 {
            self.space();
            self.addresses();
        }
        self.space();
        self.nstring();
        self.space();
        self.nstring();
        self.byte(b')');
    }

    fn params(&mut self) {
        if self.nil() {
            return;
        }
        self.byte(b'(');
        loop {
            self.string();
            self.space();
            self.string();
            if self.peek() == b')' {
                break;
            }
            self.space();
        }
        self.byte(b')');
    }

    fn extension(&mut self) {
        self.space();
        if !self.nil() {
            self.byte(b'(');
            self.string();
            self.space();
            self.params();
            self.byte(b')');
        }
        self.space();
        if self.peek() == b'(' {
            self.byte(b'(');
            self.string();
            while self.peek() == b' ' {
                self.space();
                self.string();
            }
            self.byte(b')');
        } else {
            self.nstring();
        }
        self.space();
        self.nstring();
    }

    pub(crate) fn body(&mut self, extended: bool) -> Body {
        self.byte(b'(');
        let mut parts = Vec::new();
        while self.peek() == b'(' {
            parts.push(self.body(extended));
        }
        if !parts.is_empty() {
            self.space();
            self.string();
            if extended {
                self.space();
                self.params();
                self.extension();
            }
            self.byte(b')');
            return Body { parts, octets: 0, lines: None, message: None };
        }
        let media = self.string().to_ascii_lowercase();
        self.space();
        let subtype = self.string().to_ascii_lowercase();
        self.space();
        self.params();
        self.space();
        self.nstring();
        self.space();
        self.nstring();
        self.space();
        self.string();
        self.space();
        let octets = self.number();
        let (mut lines, mut message) = (None, None);
        // body-type-basic: MESSAGE subtype MUST NOT be "RFC822"
        if media == b"message" && subtype == b"rfc822" {
            self.space();
            self.envelope();
            self.space();
            message = Some(Box::new(self.body(extended)));
        }
        if media == b"text" || message.is_some() {
            self.space();
            lines = Some(self.number());
        }
        if extended {
            self.space();
            self.nstring();
            self.extension();
        }
        self.byte(b')');
        Body { parts, octets, lines, message }
    }
}

fn count_lines(text: &[u8]) -> usize {
    text.split_inclusive(|&b| b == b'\n').count()
}

/// Gives every part that the structure has its number, fetches it, and compares sizes.
fn walk(message: &Message<'_>, body: &Body, path: &mut Vec<u32>, root: bool) {
    let fetch = |path: &[u32], text| imap::section(message, path, text);
    let depth = path.len();
    if !body.parts.is_empty() {
        for (number, part) in (1..).zip(&body.parts) {
            path.push(number);
            assert!(fetch(path, &imap::Text::All).is_some(), "{path:?}");
            walk(message, part, path, false);
            path.pop();
        }
        path.push(u32::try_from(body.parts.len()).unwrap() + 1);
        assert!(fetch(path, &imap::Text::All).is_none(), "{path:?}");
        path.pop();
        return;
    }
    if root {
        path.push(1);
    }
    let octets = fetch(path, &imap::Text::All).expect("a part of the structure");
    assert_eq!(octets.len(), body.octets, "{path:?}");
    if let Some(lines) = body.lines {
        assert_eq!(lines, count_lines(&octets), "{path:?}");
    }
    let header = fetch(path, &imap::Text::Header);
    match &body.message {
        Some(inner) => {
            if let Some(header) = header {
                let text = fetch(path, &imap::Text::Text).unwrap();
                assert_eq!([header, text].concat(), *octets, "{path:?}");
            }
            walk(message, inner, path, true);
        }
        None => {
            assert!(header.is_none() && fetch(path, &imap::Text::Text).is_none());
            path.push(1);
            assert!(fetch(path, &imap::Text::All).is_none(), "{path:?}");
        }
    }
    path.truncate(depth);
}

/// What must hold of every message. What is written can be as long as the message some times over.
pub(crate) fn check(bytes: &[u8]) {
    let message = Message::new(bytes);
    let [mut envelope, mut basic, mut extended] = [const { Vec::new() }; 3];
    imap::envelope(&message, &mut envelope);
    imap::body_structure(&message, false, &mut basic);
    imap::body_structure(&message, true, &mut extended);
    let mut wire = Wire { rest: &envelope };
    wire.envelope();
    assert!(wire.rest.is_empty());
    let mut wire = Wire { rest: &basic };
    wire.body(false);
    assert!(wire.rest.is_empty());
    let mut wire = Wire { rest: &extended };
    let body = wire.body(true);
    assert!(wire.rest.is_empty());
    walk(&message, &body, &mut Vec::new(), true);

    let fetch = |text| imap::section(&message, &[], text).unwrap();
    let (header, text) = (fetch(&imap::Text::Header), fetch(&imap::Text::Text));
    let all = fetch(&imap::Text::All);
    assert_eq!([header, text].concat(), *all);
    assert_eq!(all.len(), bytes.len());
    assert!(!all.contains(&0));
    assert!(fetch(&imap::Text::HeaderFields(&[b"Subject"])).ends_with(b"\r\n"));
    assert!(imap::section(&message, &[], &imap::Text::Mime).is_none());

    // The reader of this workspace's client: strict, but not so deep.
    let mut response = b"* 1 FETCH (ENVELOPE ".to_vec();
    for (name, data) in [("", &envelope), (" BODY ", &basic), (" BODYSTRUCTURE ", &extended)] {
        response.extend_from_slice(name.as_bytes());
        response.extend_from_slice(data);
    }
    response.push(b')');
    match imap_proto::codec::Response::parse(&response) {
        Ok(imap_proto::codec::Response::Data(imap_proto::codec::Data::Fetch(fetch))) => {
            assert_eq!(fetch.data.iter().count(), 3);
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => assert_eq!(error.kind, imap_proto::codec::Fault::Nesting, "{error}"),
    }
}
