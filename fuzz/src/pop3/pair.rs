//! Client against server: whatever their applications do, neither finds fault with the other.

use super::{client::give, server};
use pop3_proto::{
    Client, Server,
    client::{self, Quirks},
};
use posta_core::{Instant, testing::Pair};
use std::sync::Arc;

/// Orders for both: the first octet sets switches, the second says how fast the wires are.
///
/// At each `Ready` the client takes the orders up to the next blank; at each question the server takes one.
pub fn pair(data: &[u8]) {
    let [switches, speed, orders @ ..] = data else { return };
    let mut config = server::config(*switches);
    config.limits.errors = u32::MAX;
    let server = Server::new(Arc::new(config), Some("<1@b.com>"), Instant::ORIGIN).expect("fine");
    let client = Client::new(client::Limits::default(), Quirks::default());
    let (verdicts, orders) = orders.split_at(orders.len() / 2);
    let mut verdicts = verdicts.iter();
    let mut groups = orders.split(|octet| *octet == b' ');
    let (mut sent, mut arrived) = (0, 0);
    let mut pair = Pair::new(client, server, 16 * 1024, usize::from(*speed));
    pair.jump = false;
    let failed = pair.run(
        |event, client| match event {
            client::Event::Ready => {
                for order in groups.next().unwrap_or(b"q") {
                    let _misuse = give(*order, client);
                }
            }
            client::Event::StartTls => client.tls_started().expect("it has asked"),
            client::Event::Challenge("") => client.cancel().expect("so"),
            client::Event::Challenge(_) => client.respond("QQ==").expect("it has asked"),
            client::Event::Chunk(bytes) => arrived += count(bytes),
            _ => {}
        },
        |event, server| {
            let refuse = verdicts.next().is_some_and(|verdict| verdict % 4 == 0);
            match event {
                pop3_proto::server::Event::Body(_) => {
                    let text = b"Subject: x\n\n.\r\n..\rend";
                    let taken = server.body(text).expect("it has asked");
                    sent += count(&text[..taken]);
                    server.end().expect("it has asked");
                }
                pop3_proto::server::Event::StartTls => server.tls_started().expect("it has asked"),
                _ if refuse && server.reject(None, "no").is_ok() => {}
                event => server::answer(&event, server),
            }
        },
    );
    assert_eq!(failed, (None, None));
    // TOP leaves the end away.
    assert!(arrived <= sent, "{arrived} of {sent} dots");
    if !orders.contains(&b't') {
        assert_eq!(arrived, sent);
    }
}

fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|octet| **octet == b'.').count()
}
