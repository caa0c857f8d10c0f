//! Our machines as servers in memory, with the least application that each needs.
#![allow(dead_code, clippy::unwrap_used)]

use imap_proto::{codec::Command, server as imap};
use pop3_proto::server as pop3;
use posta_core::{Input, Instant, Machine, Step};
use probe::{Case, Ended, Facts, Heard, Kind, Peer, Rule, Stopped, Verdict, judge, talk};
use smtp_proto::{
    Protocol,
    codec::{EnhancedCode, Path},
    server as smtp,
};
use std::{fmt::Debug, sync::Arc};

/// What an application knows, and what happened in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Shop {
    /// The password, as AUTH PLAIN has it.
    plain: String,
    facts: Option<(String, String)>,
    /// Who may send to anywhere.
    submission: bool,
    /// The machine waits for TLS.
    wants_tls: bool,
    /// The sender of each message that was taken, in the order in which they came.
    taken: Vec<String>,
    sender: String,
}

/// What a session costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Load {
    /// How often the machine stepped.
    pub(crate) steps: u64,
    /// The most that the machine, its input and the application held.
    pub(crate) most: i64,
    held: i64,
}

/// A machine with the application that answers it.
trait App: Machine<Error: Debug> + Sized {
    fn answer(event: Self::Event<'_>, machine: &mut Self, shop: &mut Shop);
    fn started(&mut self) -> bool;
}

impl App for smtp::Server {
    fn answer(event: smtp::Event<'_>, smtp: &mut Self, shop: &mut Shop) {
        answer_smtp(event, smtp, shop);
    }
    fn started(&mut self) -> bool {
        self.tls_started().is_ok()
    }
}

impl App for pop3::Server {
    fn answer(event: pop3::Event<'_>, pop3: &mut Self, shop: &mut Shop) {
        answer_pop3(event, pop3, shop);
    }
    fn started(&mut self) -> bool {
        self.tls_started().is_ok()
    }
}

impl App for imap::Server {
    fn answer(event: imap::Event<'_>, imap: &mut Self, shop: &mut Shop) {
        answer_imap(event, imap, shop);
    }
    fn started(&mut self) -> bool {
        self.tls_started().is_ok()
    }
}

/// A server that is a machine, with an input that is filled so many octets at a time.
struct Memory<M> {
    machine: M,
    input: Input,
    piece: usize,
    shop: Shop,
    heard: Vec<u8>,
    over: bool,
    tls: bool,
    /// Octets on the heap now.
    heap: fn() -> i64,
    load: Load,
}

impl<M: App> Memory<M> {
    /// Steps until nothing moves.
    fn turn(&mut self) {
        while !self.over {
            let moved = self.weighed(Self::step);
            let n = self.machine.output().len();
            self.heard.extend_from_slice(self.machine.output().bytes());
            self.weighed(|memory| memory.machine.output().sent(n));
            if !moved && n == 0 {
                break;
            }
        }
    }

    /// One step, and what the application says to it.
    fn step(&mut self) -> bool {
        self.load.steps += 1;
        match self.machine.step(&mut self.input, Instant::ORIGIN) {
            Ok(Step::Event(event)) => {
                M::answer(event, &mut self.machine, &mut self.shop);
                return true;
            }
            Ok(Step::Read(_) | Step::Wait(_)) => {}
            Ok(Step::Closed) | Err(_) => self.over = true,
        }
        false
    }

    /// Does something, and notes what it added to the heap.
    fn weighed<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = (self.heap)();
        let done = work(self);
        self.load.held += (self.heap)() - before;
        self.load.most = self.load.most.max(self.load.held);
        done
    }
}

impl<M: App> Peer for Memory<M> {
    fn send(&mut self, octets: &[u8]) {
        self.turn();
        for mut piece in octets.chunks(self.piece) {
            while !piece.is_empty() && !self.over {
                let taken = self.weighed(|memory| memory.input.extend(piece));
                piece = &piece[taken..];
                self.turn();
                assert!(taken > 0 || self.over, "it reads into a full buffer");
            }
        }
    }

    fn hear(&mut self, enough: &dyn Fn(&[u8]) -> bool) -> (Vec<u8>, Ended) {
        self.turn();
        let ended = match (enough(&self.heard), self.over) {
            (true, _) => Ended::Enough,
            (false, true) => Ended::Closed,
            (false, false) => Ended::Silent,
        };
        (std::mem::take(&mut self.heard), ended)
    }

    fn start_tls(&mut self) -> Result<(), String> {
        self.turn();
        // What came behind the command is no handshake.
        if self.over || !self.shop.wants_tls || !self.machine.started() {
            return Err("(no TLS)".into());
        }
        self.tls = true;
        self.heard.clear();
        self.turn();
        Ok(())
    }

    fn is_tls(&self) -> bool {
        self.tls
    }
}

/// What came of a case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) heard: Result<Heard, Stopped>,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) taken: Vec<String>,
}

/// Tries a case at the machine for this kind, and its twin if it has one.
pub(crate) fn try_in_memory(
    kind: Kind,
    case: &Case,
    piece: usize,
    heap: fn() -> i64,
) -> (Tried, Load) {
    let sender = if kind == Kind::Submission { "bea@b.com" } else { "ana@a.org" };
    let facts = Facts { sender: sender.into(), ..Facts::default() };
    let shop = || Shop {
        plain: facts.fill("{plain}"),
        facts: Some((facts.user.clone(), facts.password.clone())),
        submission: kind == Kind::Submission,
        ..Shop::default()
    };
    let go = |steps: &[probe::Step]| match kind {
        Kind::Smtp | Kind::Submission | Kind::Lmtp => {
            tried(memory_smtp(kind, shop(), piece), kind, case, steps, &facts, heap)
        }
        Kind::Pop3 => tried(memory_pop3(shop(), piece), kind, case, steps, &facts, heap),
        Kind::Imap => tried(memory_imap(shop(), piece), kind, case, steps, &facts, heap),
    };
    let (heard, taken, load) = go(&case.steps);
    let twin = match &case.rule {
        Rule::Same(steps) => go(steps).0.ok(),
        _ => None,
    };
    let judged = heard.as_ref().ok().map(|heard| judge(case, kind, heard, twin.as_ref(), &facts));
    (Tried { heard, verdict: judged, taken }, load)
}

fn tried<M: App>(
    mut memory: Memory<M>,
    kind: Kind,
    case: &Case,
    steps: &[probe::Step],
    facts: &Facts,
    heap: fn() -> i64,
) -> (Result<Heard, Stopped>, Vec<String>, Load) {
    memory.heap = heap;
    let heard = talk(&mut memory, kind, case, steps, facts);
    (heard, memory.shop.taken, memory.load)
}

fn memory<M>(machine: M, limit: usize, piece: usize, shop: Shop) -> Memory<M> {
    let input = Input::new(limit);
    Memory {
        machine,
        input,
        piece,
        shop,
        heard: Vec::new(),
        over: false,
        tls: false,
        heap: || 0,
        load: Load::default(),
    }
}

fn memory_smtp(kind: Kind, shop: Shop, piece: usize) -> Memory<smtp::Server> {
    let mut config = smtp::Config::new("mx1.b.com").unwrap();
    config.starttls = true;
    if kind == Kind::Lmtp {
        config.protocol = Protocol::Lmtp;
    }
    if kind == Kind::Submission {
        config.auth = vec!["PLAIN".into()];
        config.require_tls = true;
    }
    let machine = smtp::Server::new(config, Instant::ORIGIN);
    memory(machine, smtp::Limits::INPUT, piece, shop)
}

fn answer_smtp(event: smtp::Event<'_>, smtp: &mut smtp::Server, shop: &mut Shop) {
    use smtp::Event;
    let no = |smtp: &mut smtp::Server| smtp.reject(550, EnhancedCode(5, 7, 1), "No").unwrap();
    match event {
        Event::Helo { .. } | Event::Data => smtp.accept().unwrap(),
        Event::Vrfy(_) => smtp.accept().unwrap(),
        Event::Mail { path, .. } => {
            let known = !shop.submission || smtp.is_authenticated() && path.as_str() == "bea@b.com";
            path.as_str().clone_into(&mut shop.sender);
            if known { smtp.accept().unwrap() } else { no(smtp) }
        }
        Event::Rcpt { path, .. } => {
            let ours = match path {
                Path::Mailbox(address) => address.as_str().eq_ignore_ascii_case("bea@b.com"),
                _ => false,
            };
            if ours { smtp.accept().unwrap() } else { no(smtp) }
        }
        Event::End => {
            shop.taken.push(shop.sender.clone());
            while smtp.accept().is_ok() {}
        }
        Event::Auth { initial: Some(initial), .. } if initial.as_str() == shop.plain => {
            smtp.accept().unwrap()
        }
        Event::Auth { initial: None, .. } => smtp.challenge("").unwrap(),
        Event::AuthResponse(response) if response.as_str() == shop.plain => smtp.accept().unwrap(),
        Event::Auth { .. } | Event::AuthResponse(_) => {
            smtp.reject(535, EnhancedCode(5, 7, 8), "Wrong name or password").unwrap();
        }
        Event::StartTls => shop.wants_tls = true,
        _ => {}
    }
}

fn memory_pop3(shop: Shop, piece: usize) -> Memory<pop3::Server> {
    let config = pop3::Config { sasl: "PLAIN".into(), ..pop3::Config::default() };
    let machine = pop3::Server::new(Arc::new(config), None, Instant::ORIGIN).unwrap();
    memory(machine, pop3::Limits::INPUT, piece, shop)
}

fn answer_pop3(event: pop3::Event<'_>, pop3: &mut pop3::Server, shop: &mut Shop) {
    use pop3::Event;
    const LETTER: &[u8] = b"Subject: Tea\r\n\r\n.\r\n..\r\n";
    let denied = |pop3: &mut pop3::Server| pop3.reject(None, "wrong name or password").unwrap();
    match event {
        Event::Pass(password) => {
            let (user, secret) = shop.facts.clone().unwrap();
            let knows = pop3.user() == Some(&user) && password == secret;
            if knows { pop3.open(1, LETTER.len() as u64).unwrap() } else { denied(pop3) }
        }
        Event::Auth { initial: Some(response), .. } | Event::AuthResponse(response) => {
            let knows = response == shop.plain;
            if knows { pop3.open(1, LETTER.len() as u64).unwrap() } else { denied(pop3) }
        }
        Event::Auth { initial: None, .. } => pop3.challenge("").unwrap(),
        Event::Apop { .. } => denied(pop3),
        Event::Size(_) => pop3.size(LETTER.len() as u64).unwrap(),
        Event::Uid(_) => pop3.uid("1").unwrap(),
        Event::Body(_) => {
            pop3.body(LETTER).unwrap();
            pop3.end().unwrap();
        }
        Event::Message { .. } | Event::Quit => pop3.accept().unwrap(),
        Event::StartTls => shop.wants_tls = true,
        _ => {}
    }
}

fn memory_imap(shop: Shop, piece: usize) -> Memory<imap::Server> {
    let config = imap::Config { sasl: "PLAIN".into(), ..imap::Config::default() };
    let machine = imap::Server::new(Arc::new(config), Instant::ORIGIN).unwrap();
    memory(machine, imap::Limits::INPUT, piece, shop)
}

fn answer_imap(event: imap::Event<'_>, imap: &mut imap::Server, shop: &mut Shop) {
    use imap::Event;
    let verdict = |imap: &mut imap::Server, yes: bool| match yes {
        true => imap.accept().unwrap(),
        false => imap.reject(None, "no").unwrap(),
    };
    match event {
        Event::Login { user, password } => {
            let (name, secret) = shop.facts.clone().unwrap();
            verdict(imap, user == name.as_str() && password.0 == secret.as_str());
        }
        Event::Authenticate { initial: None, .. } => imap.challenge("").unwrap(),
        Event::Authenticate { initial: Some(response), .. } | Event::Response(response) => {
            verdict(imap, response.0 == shop.plain);
        }
        Event::Command(Command::Select(name) | Command::Examine(name), _) => {
            if name.is("INBOX") {
                let mailbox = imap::Mailbox {
                    exists: 1,
                    uid_validity: 1,
                    uid_next: 2,
                    ..imap::Mailbox::default()
                };
                imap.select(&mailbox).unwrap();
            } else {
                verdict(imap, false);
            }
        }
        Event::Command(
            Command::Create(name)
            | Command::Delete(name)
            | Command::Subscribe(name)
            | Command::Unsubscribe(name)
            | Command::Rename { to: name, .. },
            _,
        )
        | Event::Append { mailbox: name, .. } => verdict(imap, imap_maildir::mailbox(name).is_ok()),
        Event::Command(..) | Event::Appended | Event::Done => imap.accept().unwrap(),
        Event::StartTls => shop.wants_tls = true,
        _ => {}
    }
}
