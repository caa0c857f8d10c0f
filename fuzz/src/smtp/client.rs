//! The client: a hostile server, and an application that says what it likes when it likes.

use crate::drive::{Bounds, Heard, cut_lines, drive};
use crate::script::heard;
use posta_core::{Instant, Output};
use smtp_proto::{
    Client, Misuse, Protocol,
    client::{Config, Event, Limits},
    codec::{Body, MailParams, Mailbox, Notify, Path, RcptParams, Ret},
};

/// What a server says, with the application's orders between it. The first octet sets switches.
pub fn client(data: &[u8]) {
    let Some((switches, script)) = data.split_first() else { return };
    in_any_order(*switches, script);
    cut_anywhere(*switches, &heard(script));
}

fn in_any_order(switches: u8, script: &[u8]) {
    let bounds = Bounds { input: Limits::INPUT, output: 2 * Output::LIMIT, order: 600 };
    drive(
        Client::new(config(switches), Instant::ORIGIN),
        script,
        bounds,
        |_, _| Heard::GoOn,
        |order, client| {
            // In a wrong state they do nothing, and say so.
            let _misuse = give(order, client);
        },
    );
}

/// To a client that has messages to send.
fn cut_anywhere(switches: u8, wire: &[u8]) {
    cut_lines(
        || Client::new(config(switches), Instant::ORIGIN),
        wire,
        Limits::INPUT,
        |event, client, log| {
            let turn = log.events.iter().filter(|line| *line == "Ready").count();
            log.event(event);
            answer(&event, turn, client);
        },
    );
}

fn config(switches: u8) -> Config {
    let mut config = Config::new("a.org").expect("a domain");
    if switches & 1 != 0 {
        config.protocol = Protocol::Lmtp;
    }
    config.tls = switches & 2 != 0;
    config.limits.queue = 4096;
    config.limits.window = if switches & 4 != 0 { 2 } else { 64 };
    config
}

fn answer(event: &Event<'_>, turn: usize, client: &mut Client) {
    let orders: &[u8] = match event {
        Event::Ready => match turn {
            0 => b"mrrd",
            1 => b"AR",
            2 => b"Mrd",
            _ => b"q",
        },
        Event::Challenge(_) => b"o",
        Event::StartTls => b"T",
        Event::Body(_) => b"be",
        _ => b"",
    };
    for order in orders {
        let _misuse = give(*order, client);
    }
}

pub(super) fn give(order: u8, client: &mut Client) -> Result<(), Misuse> {
    let ana = Mailbox::new("ana@a.org")?;
    let bea = Mailbox::new("b\u{e9}a@b.com")?;
    let ana_path = Path::from(&ana);
    match order {
        b'm' => client.mail(&ana, &MailParams::size(30)),
        b'M' => {
            let mut params = MailParams::size(30);
            (params.body, params.smtputf8) = (Some(Body::EightBitMime), true);
            (params.auth, params.ret) = (Some(ana_path), Some(Ret::Headers));
            params.envid = Some("a b+c=d");
            client.mail(Path::Null, &params)
        }
        b'r' => client.rcpt(&ana, &RcptParams::default()),
        b'R' => {
            let notify = Notify { success: true, failure: false, delay: true };
            let params = RcptParams { notify: Some(notify), orcpt: Some(("rfc822", "ana@a.org")) };
            client.rcpt(&bea, &params)
        }
        b'p' => client.rcpt(Path::Postmaster, &RcptParams::default()),
        b'd' => client.data(),
        b'b' => client.body(b"Hi\r\n.\r\nBea\n").map(|_| ()),
        b'B' => client.body(&[b'.'; 5000]).map(|_| ()),
        b'c' => client.body(b"\r").map(|_| ()),
        b'e' => client.end(),
        b'A' => client.auth("PLAIN", Some("AGFuYQBh")),
        b'L' => client.auth("LOGIN", None),
        b'o' => client.respond("QQ=="),
        b'O' => client.respond("\r\n"),
        b'x' => client.cancel_auth(),
        b'S' => client.starttls(),
        b'T' => client.tls_started(),
        b'N' => client.noop(),
        b'V' => client.vrfy("ana"),
        b'v' => client.vrfy("ana\r\nDATA"),
        b'Z' => client.rset(),
        b'q' => client.quit(),
        b'!' => {
            client.abort();
            Ok(())
        }
        _ => Ok(()),
    }
}
