//! The reader of address lists: tokens in, mailboxes as they are spelled out.

use crate::lex::{Lex, Token, is_atext, trim, unfold};
use crate::words;
use alloc::borrow::Cow;
use alloc::vec::Vec;

/// Takes the elements of an address list in document order.
pub(crate) trait Sink {
    /// A mailbox; of the group that has begun and not ended, if there is one.
    fn mailbox(&mut self, mailbox: Spelled<'_>);
    /// A group begins. Groups are never inside groups.
    fn group(&mut self, name: &[u8]);
    /// The group ends.
    fn end(&mut self);
}

/// A mailbox as it stands in the field: quoting and folding are gone, encoded words are not decoded,
/// no charset is applied.
#[derive(Default)]
pub(crate) struct Spelled<'a> {
    /// The words before the address, with single spaces; may be empty.
    pub(crate) phrase: Cow<'a, [u8]>,
    /// The last comment, if there is something in it.
    pub(crate) comment: Option<Cow<'a, [u8]>>,
    /// The domains to go by, as `@b.com,@example.net` (RFC 5322 4.4, obs-route); mostly empty.
    pub(crate) route: Vec<u8>,
    /// The part before the `@`; empty in `<>` and where there is only a name.
    pub(crate) local: Cow<'a, [u8]>,
    /// The part after the `@`; a literal keeps its brackets.
    pub(crate) domain: Cow<'a, [u8]>,
    /// The phrase again where there is no address and the phrase could be a local part.
    pub(crate) bare: Cow<'a, [u8]>,
}

/// Pieces of the value put together; copied only where they do not stand side by side there.
#[derive(Default)]
struct Joined<'a> {
    text: Cow<'a, [u8]>,
    /// Where the last piece ends in the value.
    end: usize,
}

impl<'a> Joined<'a> {
    /// Adds a piece; `read` is the value up to the end of it.
    fn add(&mut self, piece: &[u8], read: &'a [u8]) {
        let beside = matches!(self.text, Cow::Borrowed(_)) && self.end + piece.len() == read.len();
        if (self.text.is_empty() || beside) && read.ends_with(piece) {
            self.text = Cow::Borrowed(&read[read.len() - piece.len() - self.text.len()..]);
        } else {
            self.text.to_mut().extend_from_slice(piece);
        }
        self.end = read.len();
    }
}

/// `word *("." word)` under way, spaces between the words dropped.
#[derive(Default)]
struct Dotted<'a> {
    joined: Joined<'a>,
    /// The last thing was a dot.
    dot: bool,
    broken: bool,
}

impl<'a> Dotted<'a> {
    fn word(&mut self, word: &[u8], read: &'a [u8], first: bool) {
        self.broken |= !first && !self.dot;
        self.dot = false;
        self.joined.add(word, read);
    }

    fn dot(&mut self, read: &'a [u8], first: bool) {
        self.broken |= first || self.dot;
        self.dot = true;
        self.joined.add(b".", read);
    }

    /// Whether it is a local part or domain.
    const fn sound(&self) -> bool {
        !self.broken && !self.dot
    }
}

/// One list element under way.
#[derive(Default)]
struct Item<'a> {
    phrase: Joined<'a>,
    local: Dotted<'a>,
    /// Words and dots so far.
    words: usize,
    /// A dot came before any word.
    leading_dot: bool,
    address: Option<Spelled<'a>>,
    /// The address was in angle brackets.
    angle: bool,
    comment: Option<Cow<'a, [u8]>>,
}

impl<'a> Item<'a> {
    fn word(&mut self, word: &[u8], read: &'a [u8], before: Option<&'a [u8]>) {
        if let Some(before) = before.filter(|_| !self.phrase.text.is_empty()) {
            self.phrase.add(b" ", before);
        }
        self.phrase.add(word, read);
        self.local.word(word, read, self.words == 0);
        self.words += 1;
    }

    fn dot(&mut self, read: &'a [u8]) {
        self.phrase.add(b".", read);
        self.leading_dot |= self.words == 0;
        self.local.dot(read, self.words == 0);
        self.words += 1;
    }
}

/// What reading a list has shown, besides its elements.
pub(crate) struct Verdict {
    /// The value follows the grammar, obsolete forms included; one without any element does as well.
    pub(crate) sound: bool,
    /// There were more elements than the limit.
    pub(crate) truncated: bool,
}

/// Reads a field value and hands up to `limit` mailboxes and groups to `sink`.
pub(crate) fn parse(value: &[u8], limit: usize, sink: &mut impl Sink) -> Verdict {
    let mut parser = Parser {
        lex: Lex::new(value),
        item: Item::default(),
        in_group: false,
        sound: true,
        truncated: false,
        left: limit,
        sink,
    };
    parser.run();
    let Parser { lex, sound, truncated, .. } = parser;
    Verdict { sound: sound && !lex.defect && !truncated, truncated }
}

struct Parser<'a, 's, S> {
    lex: Lex<'a>,
    item: Item<'a>,
    in_group: bool,
    sound: bool,
    truncated: bool,
    left: usize,
    sink: &'s mut S,
}

impl<'a, S: Sink> Parser<'a, '_, S> {
    /// ```abnf
    /// address-list = (address *("," address)) / obs-addr-list
    /// address      = mailbox / group
    /// mailbox      = [display-name] angle-addr / addr-spec
    /// group        = display-name ":" [group-list] ";" [CFWS]
    /// ```
    fn run(&mut self) {
        while self.left > 0 {
            let space = self.skip().then(|| self.lex.read());
            if let Some(len) = words::word_len(self.lex.rest()) {
                self.encoded(len, space);
                continue;
            }
            let Some(token) = self.lex.token() else { break };
            match token {
                Token::Atom(word) => self.word(word, self.lex.read(), space),
                Token::Quoted(word) => self.word(&word, self.lex.quoted_read(), space),
                Token::Literal(word) => {
                    self.sound = false;
                    self.word(word, self.lex.read(), space);
                }
                Token::Special(b'.') if self.item.address.is_none() => {
                    self.item.dot(self.lex.read());
                }
                Token::Special(b'@') if self.item.address.is_none() => {
                    self.sound &= self.item.words > 0 && self.item.local.sound();
                    let local = core::mem::take(&mut self.item.local.joined.text);
                    let domain = self.domain();
                    self.item.phrase = Joined::default();
                    self.item.address = Some(Spelled { local, domain, ..Spelled::default() });
                }
                Token::Special(b'<') if self.item.address.is_none() => {
                    // RFC 5322 3.2.5: phrase = 1*word / obs-phrase, which may not start with a dot
                    self.sound &= !self.item.leading_dot;
                    let address = self.angle();
                    self.item.address = Some(address);
                    self.item.angle = true;
                }
                // `ana@a.org <ana@a.org>`: the address in brackets is meant, whatever the other one is.
                Token::Special(b'<') if !self.item.angle => {
                    self.sound = false;
                    if let Some(Spelled { local, domain, .. }) = self.item.address.take() {
                        self.item.phrase.text = Cow::Owned([&local[..], b"@", &domain].concat());
                    }
                    let address = self.angle();
                    self.item.address = Some(address);
                    self.item.angle = true;
                }
                Token::Special(b':') if !self.in_group && self.item.words > 0 => {
                    self.sound &= self.item.address.is_none();
                    let item = core::mem::take(&mut self.item);
                    self.in_group = true;
                    self.sink.group(&item.phrase.text);
                    self.left -= 1;
                }
                Token::Special(b',') => self.end_item(),
                Token::Special(b';') => {
                    self.end_item();
                    self.sound &= self.in_group;
                    self.end_group();
                }
                Token::Special(_) => self.sound = false,
            }
        }
        if self.left == 0 {
            self.skip();
            self.truncated = !self.lex.rest().is_empty();
        }
        self.end_item();
        self.sound &= !self.in_group;
        self.end_group();
    }

    /// Skips white space and comments; keeps the last comment, which may be a name.
    fn skip(&mut self) -> bool {
        let space = self.lex.skip_cfws();
        if let Some(comment) = self.lex.comment.take() {
            let drop = |b: &u8| matches!(b, b'\\' | b'\r' | b'\n');
            let plain = if comment.iter().any(drop) {
                Cow::Owned(comment.iter().copied().filter(|b| !drop(b)).collect())
            } else {
                Cow::Borrowed(comment)
            };
            self.item.comment = Some(trimmed(plain)).filter(|c| !c.is_empty());
        }
        space
    }

    /// Takes a word; `read` is the value up to the end of it, `before` up to its start if there is white space.
    fn word(&mut self, word: &[u8], read: &'a [u8], before: Option<&'a [u8]>) {
        if self.item.address.is_some() {
            self.sound = false;
            return;
        }
        self.item.word(word, read, before);
    }

    /// Takes an encoded word whole: some senders leave commas and brackets in it as they are.
    fn encoded(&mut self, len: usize, before: Option<&'a [u8]>) {
        let word = &self.lex.rest()[..len];
        self.sound &= word.iter().all(|&b| is_atext(b));
        for _ in 0..len {
            self.lex.bump();
        }
        self.word(word, self.lex.read(), before);
    }

    /// Reads on behind `<`.
    // RFC 5322 3.4: angle-addr = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr
    fn angle(&mut self) -> Spelled<'a> {
        let (mut local, mut count) = (Dotted::default(), 0_usize);
        let (mut domain, mut route) = (None, Vec::new());
        self.skip();
        // RFC 5322 4.4: obs-route = obs-domain-list ":", a list of domains; nobody goes by it any more
        if matches!(self.lex.peek(), Some(b'@' | b',')) {
            route = self.route();
        }
        loop {
            self.skip();
            if matches!(self.lex.peek(), Some(b',' | b';' | b'<')) && count > 0 {
                self.sound = false;
                break;
            }
            match self.lex.token() {
                Some(Token::Special(b'>')) => {
                    self.sound &= domain.is_some();
                    break;
                }
                None => {
                    self.sound = false;
                    break;
                }
                Some(_) if domain.is_some() => self.sound = false,
                Some(Token::Atom(word)) => {
                    local.word(word, self.lex.read(), count == 0);
                    count += 1;
                }
                Some(Token::Quoted(word)) => {
                    local.word(&word, self.lex.quoted_read(), count == 0);
                    count += 1;
                }
                Some(Token::Special(b'.')) => {
                    local.dot(self.lex.read(), count == 0);
                    count += 1;
                }
                Some(Token::Special(b'@')) => {
                    self.sound &= count > 0 && local.sound();
                    count += 1;
                    domain = Some(self.domain());
                }
                Some(_) => self.sound = false,
            }
        }
        Spelled {
            route,
            local: local.joined.text,
            domain: domain.unwrap_or_default(),
            ..Spelled::default()
        }
    }

    /// Reads `@b.com,@example.net:`, and gives it without the colon.
    fn route(&mut self) -> Vec<u8> {
        let mut route = Vec::new();
        loop {
            self.skip();
            match self.lex.peek() {
                Some(b',') => {
                    self.lex.bump();
                }
                Some(b'@') => {
                    self.lex.bump();
                    if !route.is_empty() {
                        route.push(b',');
                    }
                    route.push(b'@');
                    let domain = self.domain();
                    route.extend_from_slice(&domain);
                }
                Some(b':') => {
                    self.lex.bump();
                    return route;
                }
                _ => {
                    self.sound = false;
                    return route;
                }
            }
        }
    }

    /// Reads on behind `@`.
    // RFC 5322 3.4.1: domain = dot-atom / domain-literal / obs-domain
    fn domain(&mut self) -> Cow<'a, [u8]> {
        let (mut domain, mut count) = (Dotted::default(), 0_usize);
        loop {
            self.skip();
            match self.lex.peek() {
                Some(b'[') if count == 0 => {
                    let Some(Token::Literal(literal)) = self.lex.token() else { break };
                    return unfold(literal);
                }
                Some(b'.') => {
                    self.lex.bump();
                    domain.dot(self.lex.read(), count == 0);
                }
                Some(b) if is_atext(b) && (count == 0 || domain.dot) => {
                    let word = self.lex.take_while(is_atext);
                    domain.word(word, self.lex.read(), count == 0);
                }
                _ => break,
            }
            count += 1;
        }
        self.sound &= count > 0 && domain.sound();
        domain.joined.text
    }

    fn end_item(&mut self) {
        let item = core::mem::take(&mut self.item);
        if item.words == 0 && item.address.is_none() {
            return;
        }
        let mut spelled = item.address.unwrap_or_else(|| {
            self.sound = false;
            // `root`, as local mail has it, might be a local part; an encoded word never is.
            let local = item.local.joined.text.as_ref();
            let local_part = item.local.sound() && words::word_len(local).is_none();
            let bare = if local_part { item.local.joined.text } else { Cow::default() };
            Spelled { bare, ..Spelled::default() }
        });
        spelled.phrase = trimmed(item.phrase.text);
        spelled.comment = item.comment;
        self.left = self.left.saturating_sub(1);
        self.sink.mailbox(spelled);
    }

    fn end_group(&mut self) {
        if core::mem::take(&mut self.in_group) {
            self.sink.end();
        }
    }
}

fn trimmed(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) => Cow::Owned(trim(&text).to_vec()),
    }
}
