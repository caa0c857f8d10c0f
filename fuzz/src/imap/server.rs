//! The server: a hostile client, and an application that answers when and what it likes.

use crate::{
    drive::{Bounds, Heard, cut, drive},
    script::heard,
};
use imap_proto::{
    Misuse, Server,
    codec::{
        Code, Command, Condition, Data, Fetch, FetchData, Flag, Items, Place, Quirks, Range,
        Section, Status, What,
    },
    server::{Config, Event, Mailbox, Tls},
};
use posta_core::{Instant, Output};
use std::{cell::Cell, sync::Arc};

const INBOX: Mailbox<'static> = Mailbox {
    exists: 3,
    recent: 1,
    flags: &[Flag::Seen, Flag::Deleted],
    permanent_flags: &[Flag::Seen, Flag::Any],
    unseen: Some(2),
    uid_validity: 77,
    uid_next: 9,
    read_only: false,
};

const TEXT: &[u8] = b"From: ana@a.org\r\n\r\nHi\r\n";

const PLACE: Place<'static> =
    Place::Body { section: Section { part: Items::new(&[]), what: What::All }, origin: None };

/// What a client says, with the application's orders between it. The first octet sets switches.
pub fn server(data: &[u8]) {
    let Some((switches, script)) = data.split_first() else { return };
    in_any_order(*switches, script);
    cut_anywhere(*switches, &heard(script));
}

fn in_any_order(switches: u8, script: &[u8]) {
    let bounds = Bounds { input: 4096, output: 2 * Output::LIMIT, order: 600 };
    let yes = Cell::new(false);
    let mut left = None;
    drive(
        make(&Arc::new(config(switches))),
        script,
        bounds,
        |event, server| {
            match event {
                Event::Append { size, .. } => left = Some(size),
                Event::Chunk(octets) => {
                    let more = left.expect("accepted").checked_sub(octets.len() as u64);
                    left = Some(more.expect("no more than was announced"));
                }
                Event::Appended => assert_eq!(left.take(), Some(0)),
                _ => {}
            }
            if yes.get() {
                // Orders may have begun a response in the middle of which no command can be answered.
                let _misuse = try_answer(&event, server);
            }
            Heard::GoOn
        },
        |order, server| match order {
            b'y' => yes.set(true),
            b'n' => yes.set(false),
            order => {
                // In a wrong state they do nothing, and say so.
                let _misuse = carry_out(order, server);
            }
        },
    );
}

/// To a server that says yes.
fn cut_anywhere(switches: u8, wire: &[u8]) {
    let mut config = config(switches);
    // What comes behind STARTTLS depends on whether it is there already, and has to.
    if config.tls != Tls::Implicit {
        config.tls = Tls::None;
    }
    let config = Arc::new(config);
    cut(
        || make(&config),
        wire,
        4096,
        |event, server, log| {
            match event {
                Event::Chunk(octets) => log.chunk(octets),
                // How often that is depends on how it is driven.
                Event::More(_) => {}
                event => log.event(event),
            }
            answer(&event, server);
        },
        |cut, whole| cut == whole,
    );
}

fn make(config: &Arc<Config>) -> Server {
    Server::new(config.clone(), Instant::ORIGIN).expect("a greeting")
}

pub(super) fn config(switches: u8) -> Config {
    let is = |bit: u8| switches & (1 << bit) != 0;
    let tls = match (is(0), is(1)) {
        (false, false) => Tls::None,
        (true, false) => Tls::Offered,
        (false, true) => Tls::Required,
        (true, true) => Tls::Implicit,
    };
    let mut config = Config { tls, sasl: "PLAIN LOGIN".into(), ..Config::default() };
    if is(2) {
        config.quirks = Quirks::all();
    }
    if is(3) {
        config.extensions.push_str(" LITERAL+ SASL-IR ID ENABLE");
    }
    config.limits.literal = 40;
    config.limits.message = 100;
    config
}

/// Says yes to whatever is asked.
pub(super) fn answer(event: &Event<'_>, server: &mut Server) {
    try_answer(event, server).expect("it has asked");
}

fn try_answer(event: &Event<'_>, server: &mut Server) -> Result<(), Misuse> {
    match event {
        Event::Login { .. } | Event::Response(_) | Event::Append { .. } => server.accept(),
        Event::Authenticate { initial: Some(_), .. } => server.accept(),
        Event::Authenticate { .. } => server.challenge(""),
        Event::Appended => {
            let uids = [Range::from(9)];
            let code = Code::AppendUid { uid_validity: 77, uids: Items::new(&uids) };
            server.finish(&Status { code: Some(code), ..Status::new(Condition::Ok, "stored") })
        }
        Event::StartTls => server.tls_started(),
        Event::Idle => server.data(&Data::Exists(4)).or(Ok(())),
        Event::Done => server.accept(),
        Event::Command(command, _) => command_answer(command, server),
        _ => Ok(()),
    }
}

fn command_answer(command: &Command<'_>, server: &mut Server) -> Result<(), Misuse> {
    match command {
        Command::Select(_) => server.select(&INBOX),
        Command::Examine(_) => server.select(&Mailbox { read_only: true, ..INBOX }),
        Command::Search { .. } => {
            server.found(&[2])?;
            server.found(&[3])?;
            server.accept()
        }
        Command::Fetch { .. } => {
            fetch(server)?;
            server.accept()
        }
        _ => server.accept(),
    }
}

fn fetch(server: &mut Server) -> Result<(), Misuse> {
    server.begin_fetch(2, &[FetchData::Uid(7)])?;
    server.literal(PLACE, TEXT.len() as u64)?;
    // The window of an answer is half of the output, so this fits.
    assert_eq!(server.body(TEXT)?, TEXT.len());
    server.fetch_data(&[FetchData::Size(5)])?;
    server.end_fetch()
}

fn carry_out(order: u8, server: &mut Server) -> Result<(), Misuse> {
    match order {
        b'a' => server.accept(),
        b'r' => server.reject(None, "no"),
        b'R' => server.reject(Some(Code::TryCreate), ""),
        b'x' => server.reject(None, "a\r\nb"),
        b'B' => server.finish(&Status::new(Condition::Bad, "bad")),
        b'P' => server.finish(&Status::new(Condition::PreAuth, "no answer")),
        b's' => server.select(&INBOX),
        b'S' => server.select(&Mailbox { uid_validity: 0, ..INBOX }),
        b'd' => server.deselect(),
        b'c' => server.challenge("QQ=="),
        b'C' => server.challenge("\r\n"),
        b'e' => server.data(&Data::Exists(4)),
        b'E' => server.data(&Data::Expunge(1)),
        b'D' => {
            let flags = [Flag::Seen];
            let data = [FetchData::Flags(Items::new(&flags))];
            server.data(&Data::Fetch(Fetch { number: 1, data: Items::new(&data) }))
        }
        b'i' => server.status(&Status::new(Condition::Ok, "still here")),
        b'f' => server.found(&[1, 2, 3]),
        b'F' => fetch(server),
        b'1' => server.begin_fetch(2, &[]),
        b'2' => server.literal(PLACE, 30),
        b'3' => server.body(&[b'x'; 20]).map(|_| ()),
        b'4' => server.fetch_data(&[FetchData::Uid(7)]),
        b'5' => server.end_fetch(),
        b'0' => server.literal(PLACE, u64::MAX),
        b'9' => server.body(&[b'x'; 20_000]).map(|_| ()),
        b'm' => server.more(),
        b't' => server.tls_started(),
        b'b' => server.bye("bye"),
        _ => Ok(()),
    }
}
