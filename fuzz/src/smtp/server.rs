//! The server: a hostile client, and an application that answers when and what it likes.

use crate::drive::{Bounds, Heard, cut, drive};
use crate::script::heard;
use posta_core::{Instant, Output, dot::Bare, testing::Log};
use smtp_proto::{
    Protocol, Server,
    codec::EnhancedCode,
    server::{Config, Event, Limits},
};

/// What a client says, with the application's orders between it. The first octet sets switches.
pub fn server(data: &[u8]) {
    let Some((switches, script)) = data.split_first() else { return };
    in_any_order(*switches, script);
    cut_anywhere(*switches, &heard(script));
}

fn in_any_order(switches: u8, script: &[u8]) {
    let mut config = config(switches);
    config.limits.recipients = 3;
    config.limits.message = 300;
    let bounds = Bounds { input: Limits::INPUT, output: 2 * Output::LIMIT, order: 600 };
    // Whether the next question is answered with yes, at once.
    let yes = std::cell::Cell::new(false);
    let mut size = 0;
    drive(
        Server::new(config, Instant::ORIGIN),
        script,
        bounds,
        |event, server| {
            match event {
                Event::Data => size = 0,
                Event::Chunk(bytes) => size += bytes.len(),
                Event::End => assert!(size <= 300, "{size} octets of message"),
                _ => {}
            }
            if yes.get() {
                answer(&event, server);
            }
            Heard::GoOn
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
    // What comes after these depends on whether more is there already, and has to.
    config.quirks.early_talker = true;
    (config.starttls, config.require_tls, config.auth) = (false, false, Vec::new());
    cut(
        || Server::new(config.clone(), Instant::ORIGIN),
        wire,
        Limits::INPUT,
        |event, server, log| {
            note(&event, log);
            answer(&event, server);
        },
        // The same holds behind a DATA that is refused.
        |cut, whole| cut == whole || [cut, whole].iter().any(|log| is_impatient(log)),
    );
}

fn is_impatient(log: &Log) -> bool {
    log.events.last().is_some_and(|line| line == "error: Pipelining")
}

pub(super) fn config(switches: u8) -> Config {
    let is = |bit: u8| switches & (1 << bit) != 0;
    let mut config = Config::new("mx1.b.com").expect("a domain");
    if is(0) {
        config.protocol = Protocol::Lmtp;
    }
    (config.smtputf8, config.dsn) = (is(1), is(1));
    (config.starttls, config.require_tls) = (is(2), is(2) && is(3));
    if is(3) {
        config.auth = vec!["PLAIN".into(), "LOGIN".into()];
        config.auth_in_clear = true;
    }
    config.quirks.early_talker = is(4);
    config.bare = if is(5) { Bare::Convert } else { Bare::Reject };
    config
}

pub(super) fn note(event: &Event<'_>, log: &mut Log) {
    match event {
        Event::Chunk(bytes) => log.chunk(bytes),
        event => log.event(event),
    }
}

/// Says yes to whatever is asked.
pub(super) fn answer(event: &Event<'_>, server: &mut Server) {
    match event {
        Event::End => while server.accept().is_ok() {},
        Event::Helo { .. }
        | Event::Mail { .. }
        | Event::Rcpt { .. }
        | Event::Data
        | Event::Auth { .. }
        | Event::AuthResponse(_)
        | Event::Vrfy(_) => server.accept().expect("it has asked"),
        Event::StartTls => server.tls_started().expect("it has asked"),
        _ => {}
    }
}

fn carry_out(order: u8, server: &mut Server) {
    // In a wrong state they do nothing, and say so.
    let _misuse = match order {
        b'a' => server.accept(),
        b'w' => server.accept_with("two\nlines \r\n and \u{e9}"),
        b'4' => server.reject(450, EnhancedCode(4, 2, 0), "later"),
        b'5' => server.reject(550, EnhancedCode(5, 1, 1), "no\nno"),
        b'1' => server.reject(421, EnhancedCode(4, 3, 2), "bye"),
        b'0' => server.reject(250, EnhancedCode(2, 0, 0), "not a refusal"),
        b'c' => server.challenge("QQ=="),
        b'b' => server.challenge("\r\n"),
        b't' => server.tls_started(),
        b's' => {
            server.shutdown();
            Ok(())
        }
        _ => Ok(()),
    };
}
