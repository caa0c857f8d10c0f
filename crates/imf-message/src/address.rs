//! Addresses: mailboxes and groups (RFC 5322 3.4 and 4.4, RFC 6854), read tolerantly and in one pass.

use crate::error::Error;
use crate::lex::{Lex, Token, is_atext, trim, unfold};
use crate::words;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

/// Addresses read from one field unless told otherwise.
pub const MAX_ADDRESSES: usize = 10_000;

/// One mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The display name, decoded; or else the comment after the address, as in old mail.
    pub name: Option<String>,
    /// The part before the `@`, without quoting; empty in `<>` and where there is only a name.
    pub local: String,
    /// The part after the `@`; a literal keeps its brackets.
    pub domain: String,
}

impl Mailbox {
    /// A mailbox without a name. What cannot be written is found when it is.
    #[must_use]
    pub fn new(local: impl Into<String>, domain: impl Into<String>) -> Self {
        Self { name: None, local: local.into(), domain: domain.into() }
    }

    /// The same mailbox with a display name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// `local@domain` as it is written, the local part quoted where it must be.
    #[must_use]
    pub fn addr_spec(&self) -> String {
        let mut text = String::with_capacity(self.local.len() + self.domain.len() + 1);
        if is_dot_atom(&self.local) {
            text.push_str(&self.local);
        } else {
            quote(&self.local, &mut text);
        }
        text.push('@');
        text.push_str(&self.domain);
        text
    }
}

impl FromStr for Mailbox {
    type Err = Error;

    /// Reads exactly one mailbox, by the grammar of RFC 5322 with its obsolete forms.
    fn from_str(text: &str) -> Result<Self, Error> {
        let list = AddressList::parse(text.as_bytes());
        match <[Address; 1]>::try_from(list.addresses) {
            Ok([Address::Mailbox(mailbox)]) if list.sound => Ok(mailbox),
            _ => Err(Error::Address),
        }
    }
}

impl fmt::Display for Mailbox {
    /// For people: `Ana <ana@a.org>`. Header fields are written by [`crate::Header`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.addr_spec()),
            None => f.write_str(&self.addr_spec()),
        }
    }
}

/// One element of an address list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A mailbox.
    Mailbox(Mailbox),
    /// A group, perhaps empty.
    Group {
        /// The name before the colon, decoded.
        name: String,
        /// The mailboxes up to the semicolon.
        members: Vec<Mailbox>,
    },
}

impl From<Mailbox> for Address {
    fn from(mailbox: Mailbox) -> Self {
        Self::Mailbox(mailbox)
    }
}

/// What an address field says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList {
    /// Mailboxes and groups in document order.
    pub addresses: Vec<Address>,
    /// The value follows the grammar, obsolete forms included.
    pub sound: bool,
    /// There were more than the limit.
    pub truncated: bool,
}

impl AddressList {
    /// Reads a field value, up to [`MAX_ADDRESSES`] addresses. Anything gives a list.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        Self::with_limit(value, MAX_ADDRESSES)
    }

    /// Reads a field value, up to `limit` mailboxes and groups together.
    #[must_use]
    pub fn with_limit(value: &[u8], limit: usize) -> Self {
        let mut parser = Parser {
            lex: Lex::new(value),
            item: Item::default(),
            group: None,
            list: Self { sound: true, ..Self::default() },
            left: limit,
        };
        parser.run();
        let mut list = parser.list;
        list.sound &= !parser.lex.defect && !list.truncated && !list.addresses.is_empty();
        list
    }

    /// All mailboxes, those of groups too.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.addresses.iter().flat_map(|address| match address {
            Address::Mailbox(mailbox) => core::slice::from_ref(mailbox),
            Address::Group { members, .. } => members,
        })
    }
}

/// `word *("." word)` under way, spaces between the words dropped.
#[derive(Default)]
struct Dotted {
    text: Vec<u8>,
    /// The last thing was a dot.
    dot: bool,
    broken: bool,
}

impl Dotted {
    fn word(&mut self, word: &[u8], first: bool) {
        self.broken |= !first && !self.dot;
        self.dot = false;
        self.text.extend_from_slice(word);
    }

    fn dot(&mut self, first: bool) {
        self.broken |= first || self.dot;
        self.dot = true;
        self.text.push(b'.');
    }

    /// Whether it is a local part or domain.
    const fn sound(&self) -> bool {
        !self.broken && !self.dot
    }
}

/// One list element under way.
#[derive(Default)]
struct Item {
    phrase: Vec<u8>,
    local: Dotted,
    /// Words and dots so far.
    words: usize,
    /// A dot came before any word.
    leading_dot: bool,
    address: Option<(String, String)>,
    /// The address was in angle brackets.
    angle: bool,
    comment: Option<String>,
}

impl Item {
    fn word(&mut self, word: &[u8], space: bool) {
        if space && !self.phrase.is_empty() {
            self.phrase.push(b' ');
        }
        self.phrase.extend_from_slice(word);
        self.local.word(word, self.words == 0);
        self.words += 1;
    }
}

struct Parser<'a> {
    lex: Lex<'a>,
    item: Item,
    group: Option<(String, Vec<Mailbox>)>,
    list: AddressList,
    left: usize,
}

impl Parser<'_> {
    /// ```abnf
    /// address-list = (address *("," address)) / obs-addr-list
    /// address      = mailbox / group
    /// mailbox      = [display-name] angle-addr / addr-spec
    /// group        = display-name ":" [group-list] ";" [CFWS]
    /// ```
    fn run(&mut self) {
        while self.left > 0 {
            let space = self.skip();
            if let Some(len) = words::word_len(self.lex.rest()) {
                self.encoded(len, space);
                continue;
            }
            let Some(token) = self.lex.token() else { break };
            match token {
                Token::Atom(word) => self.word(word, space),
                Token::Quoted(word) => self.word(&word, space),
                Token::Literal(word) => {
                    self.list.sound = false;
                    self.word(word, space);
                }
                Token::Special(b'.') if self.item.address.is_none() => {
                    self.item.phrase.push(b'.');
                    self.item.leading_dot |= self.item.words == 0;
                    self.item.local.dot(self.item.words == 0);
                    self.item.words += 1;
                }
                Token::Special(b'@') if self.item.address.is_none() => {
                    self.list.sound &= self.item.words > 0 && self.item.local.sound();
                    let local = core::mem::take(&mut self.item.local.text);
                    let domain = self.domain();
                    self.item.phrase.clear();
                    self.item.address = Some((text(&local), domain));
                }
                Token::Special(b'<') if self.item.address.is_none() => {
                    // RFC 5322 3.2.5: phrase = 1*word / obs-phrase, which may not start with a dot
                    self.list.sound &= !self.item.leading_dot;
                    let address = self.angle();
                    self.item.address = Some(address);
                    self.item.angle = true;
                }
                // `ana@a.org <ana@a.org>`: the address in brackets is meant, whatever the other one is.
                Token::Special(b'<') if !self.item.angle => {
                    self.list.sound = false;
                    if let Some((local, domain)) = self.item.address.take() {
                        self.item.phrase = alloc::format!("{local}@{domain}").into_bytes();
                    }
                    let address = self.angle();
                    self.item.address = Some(address);
                    self.item.angle = true;
                }
                Token::Special(b':') if self.group.is_none() && self.item.words > 0 => {
                    self.list.sound &= self.item.address.is_none();
                    let item = core::mem::take(&mut self.item);
                    self.group = Some((words::decode(&item.phrase).into_owned(), Vec::new()));
                    self.left -= 1;
                }
                Token::Special(b',') => self.end_item(),
                Token::Special(b';') => {
                    self.end_item();
                    self.list.sound &= self.group.is_some();
                    self.end_group();
                }
                Token::Special(_) => self.list.sound = false,
            }
        }
        if self.left == 0 {
            self.skip();
            self.list.truncated = !self.lex.rest().is_empty();
        }
        self.end_item();
        self.list.sound &= self.group.is_none();
        self.end_group();
    }

    /// Skips white space and comments; keeps the last comment, which may be a name.
    fn skip(&mut self) -> bool {
        let space = self.lex.skip_cfws();
        if let Some(comment) = self.lex.comment.take() {
            let plain: Vec<u8> = comment.iter().copied().filter(|&b| b != b'\\').collect();
            let comment = words::decode(trim(&plain)).into_owned();
            self.item.comment = Some(comment).filter(|c| !c.is_empty());
        }
        space
    }

    fn word(&mut self, word: &[u8], space: bool) {
        if self.item.address.is_some() {
            self.list.sound = false;
            return;
        }
        self.item.word(word, space);
    }

    /// Takes an encoded word whole: some senders leave commas and brackets in it as they are.
    fn encoded(&mut self, len: usize, space: bool) {
        let word = &self.lex.rest()[..len];
        self.list.sound &= word.iter().all(|&b| is_atext(b));
        for _ in 0..len {
            self.lex.bump();
        }
        self.word(word, space);
    }

    /// Reads on behind `<`.
    // RFC 5322 3.4: angle-addr = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr
    fn angle(&mut self) -> (String, String) {
        let (mut local, mut count) = (Dotted::default(), 0_usize);
        let mut address = None;
        self.skip();
        // RFC 5322 4.4: obs-route = obs-domain-list ":"; a list of domains, to be ignored
        if matches!(self.lex.peek(), Some(b'@' | b',')) {
            self.route();
        }
        loop {
            self.skip();
            if matches!(self.lex.peek(), Some(b',' | b';' | b'<')) && count > 0 {
                break;
            }
            match self.lex.token() {
                Some(Token::Special(b'>')) => {
                    self.list.sound &= address.is_some();
                    return address.unwrap_or_else(|| (text(&local.text), String::new()));
                }
                None => break,
                Some(_) if address.is_some() => self.list.sound = false,
                Some(Token::Atom(word)) => {
                    local.word(word, count == 0);
                    count += 1;
                }
                Some(Token::Quoted(word)) => {
                    local.word(&word, count == 0);
                    count += 1;
                }
                Some(Token::Special(b'.')) => {
                    local.dot(count == 0);
                    count += 1;
                }
                Some(Token::Special(b'@')) => {
                    self.list.sound &= count > 0 && local.sound();
                    count += 1;
                    address = Some((text(&local.text), self.domain()));
                }
                Some(_) => self.list.sound = false,
            }
        }
        self.list.sound = false;
        address.unwrap_or_else(|| (text(&local.text), String::new()))
    }

    fn route(&mut self) {
        loop {
            self.skip();
            match self.lex.peek() {
                Some(b',') => {
                    self.lex.bump();
                }
                Some(b'@') => {
                    self.lex.bump();
                    self.domain();
                }
                Some(b':') => {
                    self.lex.bump();
                    return;
                }
                _ => {
                    self.list.sound = false;
                    return;
                }
            }
        }
    }

    /// Reads on behind `@`.
    // RFC 5322 3.4.1: domain = dot-atom / domain-literal / obs-domain
    fn domain(&mut self) -> String {
        let (mut domain, mut count) = (Dotted::default(), 0_usize);
        loop {
            self.skip();
            match self.lex.peek() {
                Some(b'[') if count == 0 => {
                    let Some(Token::Literal(literal)) = self.lex.token() else { break };
                    return text(&unfold(literal));
                }
                Some(b'.') => {
                    self.lex.bump();
                    domain.dot(count == 0);
                }
                Some(b) if is_atext(b) && (count == 0 || domain.dot) => {
                    domain.word(self.lex.take_while(is_atext), count == 0);
                }
                _ => break,
            }
            count += 1;
        }
        self.list.sound &= count > 0 && domain.sound();
        text(&domain.text)
    }

    fn end_item(&mut self) {
        let item = core::mem::take(&mut self.item);
        if item.words == 0 && item.address.is_none() {
            return;
        }
        let name = trim(&item.phrase);
        let name = (!name.is_empty()).then(|| words::decode(name).into_owned());
        let mailbox = match item.address {
            Some((local, domain)) => Mailbox { name: name.or(item.comment), local, domain },
            None => {
                self.list.sound = false;
                Mailbox { name, ..Mailbox::default() }
            }
        };
        self.left = self.left.saturating_sub(1);
        match &mut self.group {
            Some((_, members)) => members.push(mailbox),
            None => self.list.addresses.push(Address::Mailbox(mailbox)),
        }
    }

    fn end_group(&mut self) {
        if let Some((name, members)) = self.group.take() {
            self.list.addresses.push(Address::Group { name, members });
        }
    }
}

fn text(bytes: &[u8]) -> String {
    crate::charset::guess(bytes).into_owned()
}

/// Whether `text` can stand unquoted as a local part or as a domain.
// RFC 5322 3.2.3: dot-atom-text = 1*atext *("." 1*atext)
pub(crate) fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// Writes `text` as a quoted string.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}
