//! What the tests of the client share.
#![allow(dead_code, clippy::unwrap_used)]

use imap_proto::{
    Client, Misuse,
    client::{Config, Event, Handle, Tls},
};
use posta_core::{
    Input, Instant, Machine, Step,
    testing::{Log, every_split},
};

pub(crate) fn config() -> Config {
    Config { tls: Tls::Optional, ..Config::default() }
}

pub(crate) fn make() -> Client {
    Client::new(config())
}

/// A client that gives the next of these on each `Ready`.
pub(crate) type Steps = [Give];
pub(crate) type Give = fn(&mut Client) -> Result<Handle, Misuse>;

/// `Log` has no state of the client's: how many were `Ready` is counted in the log.
pub(crate) fn app<'s>(steps: &'s Steps) -> impl FnMut(Event<'_>, &mut Client, &mut Log) + 's {
    move |event, imap, log| match event {
        Event::Chunk(octets) => log.chunk(octets),
        Event::Ready => {
            let done = log.events.iter().filter(|line| *line == "Ready").count();
            log.line("Ready");
            if let Some(step) = steps.get(done) {
                step(imap).unwrap();
            }
        }
        Event::Body(handle, _) => {
            log.line(format!("Body({handle})"));
            imap.body(b"From: ana@a.org\r\n\r\nHi\r\n").unwrap();
        }
        Event::Challenge(_, "") => imap.respond("").unwrap(),
        Event::Challenge(_, "cGFzcw==") => imap.cancel().unwrap(),
        Event::Challenge(_, text) => {
            log.line(format!("Challenge {text}"));
            imap.respond("b2s=").unwrap();
        }
        event => log.event(event),
    }
}

pub(crate) fn talk_with(make: impl Fn() -> Client, wire: &str, limit: usize, steps: &Steps) -> Log {
    every_split(make, wire.as_bytes(), limit, app(steps))
}

/// The events behind the greeting, without the `Ready`s, and what was sent.
pub(crate) fn talk(wire: &str, steps: &Steps) -> (Vec<String>, String) {
    let log = talk_with(make, &format!("* PREAUTH hi\r\n{wire}"), 4096, steps);
    let sent = log.sent();
    (log.events.into_iter().skip(1).filter(|line| line != "Ready").collect(), sent)
}

pub(crate) fn handle() -> Handle {
    let mut client = make();
    client.noop().unwrap()
}

pub(crate) fn drive(client: &mut Client, input: &mut Input) -> Vec<String> {
    let mut events = Vec::new();
    loop {
        match client.step(input, Instant::ORIGIN).unwrap() {
            Step::Event(Event::Body(..)) => return events,
            Step::Event(event) => events.push(format!("{event:?}")),
            _ => return events,
        }
    }
}
