//! The server: a hostile client, and an application that answers when and what it likes.

use crate::{
    drive::{Bounds, Heard, cut, drive},
    script::heard,
};
use pop3_proto::{
    Server,
    codec::{Code, Expire},
    server::{Config, Event, Limits, Tls},
};
use posta_core::{Instant, Output};
use std::{cell::Cell, sync::Arc};

const TIMESTAMP: &str = "<1896.697170952@b.com>";

/// The messages of the maildrop.
const MESSAGES: u32 = 3;

/// What a client says, with the application's orders between it. The first octet sets switches.
pub fn server(data: &[u8]) {
    let Some((switches, script)) = data.split_first() else { return };
    in_any_order(*switches, script);
    cut_anywhere(*switches, &heard(script));
}

fn in_any_order(switches: u8, script: &[u8]) {
    let bounds = Bounds { input: Limits::INPUT, output: 2 * Output::LIMIT, order: 600 };
    let yes = Cell::new(false);
    drive(
        make(&Arc::new(config(switches))),
        script,
        bounds,
        |event, server| {
            if let Event::Message { number, .. } | Event::Size(number) | Event::Uid(number) = event
            {
                assert!((1..=MESSAGES).contains(&number) && !server.is_deleted(number));
            }
            if yes.get() {
                answer(&event, server);
                return Heard::GoOn;
            }
            if matches!(event, Event::Body(_)) { Heard::Hold } else { Heard::GoOn }
        },
        |order, server| match order {
            b'y' => yes.set(true),
            b'n' => yes.set(false),
            order => carry_out(order, server),
        },
    );
}

/// To a server that says yes.
fn cut_anywhere(switches: u8, wire: &[u8]) {
    let mut config = config(switches);
    // What comes behind STLS depends on whether it is there already, and has to.
    if config.tls != Tls::Implicit {
        config.tls = Tls::None;
    }
    let config = Arc::new(config);
    cut(
        || make(&config),
        wire,
        Limits::INPUT,
        |event, server, log| {
            if !matches!(event, Event::Body(_)) {
                log.event(event);
            }
            answer(&event, server);
        },
        |cut, whole| cut == whole,
    );
}

fn make(config: &Arc<Config>) -> Server {
    Server::new(config.clone(), Some(TIMESTAMP), Instant::ORIGIN).expect("a timestamp")
}

pub(super) fn config(switches: u8) -> Config {
    let is = |bit: u8| switches & (1 << bit) != 0;
    let tls = match (is(0), is(1)) {
        (false, false) => Tls::None,
        (true, false) => Tls::Offered,
        (false, true) => Tls::Required,
        (true, true) => Tls::Implicit,
    };
    let sasl = if is(2) { String::new() } else { "PLAIN LOGIN".to_owned() };
    let expire = is(3).then_some(Expire { days: None, user: false });
    let login_delay = is(3).then_some(60);
    Config { tls, sasl, expire, login_delay, utf8: is(4), user: !is(5), ..Config::default() }
}

/// Says yes to whatever is asked.
pub(super) fn answer(event: &Event<'_>, server: &mut Server) {
    let answered = match event {
        Event::Pass(_) | Event::Apop { .. } | Event::AuthResponse(_) => server.open(MESSAGES, 99),
        Event::Auth { initial: Some(_), .. } => server.open(MESSAGES, 99),
        Event::Auth { initial: None, .. } => server.challenge(""),
        Event::Size(number) => server.size(u64::from(*number) * 11),
        Event::Uid(1) => server.uid("!uid~1"),
        Event::Uid(_) => server.uid(&"x".repeat(70)),
        Event::Message { .. } | Event::Quit => server.accept(),
        Event::Body(_) => server.body(b"Subject: x\n\n.\r\n..\rend").and_then(|_| server.end()),
        Event::StartTls => server.tls_started(),
        _ => Ok(()),
    };
    answered.expect("it has asked");
}

fn carry_out(order: u8, server: &mut Server) {
    // In a wrong state they do nothing, and say so.
    let _misuse = match order {
        b'o' => server.open(MESSAGES, 99),
        b'O' => server.open(u32::MAX, u64::MAX),
        b'a' => server.accept(),
        b'r' => server.reject(None, "no"),
        b'R' => server.reject(Some(Code::SysTemp), ""),
        b'x' => server.reject(Some(Code::Other(b"]\r\n")), "\r\n+OK"),
        b's' => server.size(u64::MAX),
        b'u' => server.uid("a1"),
        b'U' => server.uid("a 1"),
        b'c' => server.challenge("QQ=="),
        b'C' => server.challenge("\r\n"),
        b'b' => server.body(b"Hi\r\n.\r\n\nBea\r").map(|_| ()),
        b'B' => server.body(&[b'.'; 20_000]).map(|_| ()),
        b'e' => server.end(),
        b'!' => server.abort(),
        b't' => server.tls_started(),
        _ => Ok(()),
    };
    assert!(server.deleted().all(|number| (1..=MESSAGES).contains(&number)));
}
