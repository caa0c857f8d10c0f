//! Client against server: whatever their applications do, neither finds fault with the other.

use super::{client::give, server};
use imap_proto::{Client, Server, client};
use posta_core::{Instant, testing::Pair};
use std::sync::Arc;

/// Orders for both: the first octet sets switches, the second says how fast the wires are.
///
/// At each `Ready` the client takes the orders up to the next blank; at each question the server takes one.
pub fn pair(data: &[u8]) {
    let [switches, speed, orders @ ..] = data else { return };
    let mut config = server::config(*switches);
    config.limits.errors = u32::MAX;
    let tls = match config.tls {
        imap_proto::server::Tls::Implicit => client::Tls::Started,
        imap_proto::server::Tls::Required => client::Tls::Required,
        _ => client::Tls::Optional,
    };
    let server = Server::new(Arc::new(config), Instant::ORIGIN).expect("a greeting");
    let client = Client::new(client::Config { tls, ..client::Config::default() });
    let (verdicts, orders) = orders.split_at(orders.len() / 2);
    let mut verdicts = verdicts.iter();
    let mut groups = orders.split(|octet| *octet == b' ');
    let (mut given, mut answered) = (0, 0);
    let mut pair = Pair::new(client, server, 16 * 1024, usize::from(*speed));
    pair.jump = false;
    let failed = pair.run(
        |event, client| match event {
            client::Event::Ready => {
                assert_eq!(answered, given, "Ready, and not all is answered");
                for order in groups.next().unwrap_or(b"q") {
                    // These are for what comes with a command, or are no commands.
                    let is_command = !b"dTor!bB".contains(order) && order.is_ascii_graphic();
                    if is_command && b"AGLlCnqSseE+-RuvwWNyapPczkxXfF0tUOQmMhHjiIV".contains(order)
                    {
                        given += usize::from(give(*order, client).is_ok());
                    }
                }
            }
            client::Event::StartTls(_) => {
                answered += 1;
                client.tls_started().expect("it has asked");
            }
            client::Event::Challenge(..) => client.respond("QQ==").expect("it has asked"),
            client::Event::Idling(_) => client.done().expect("it idles"),
            client::Event::Body(_, room) => {
                client.body(&[b'x'; 64][..room.min(64)]).expect("it has asked");
            }
            client::Event::Done(..) => answered += 1,
            _ => {}
        },
        |event, server| {
            let asks = !matches!(
                event,
                imap_proto::server::Event::Chunk(_)
                    | imap_proto::server::Event::Idle
                    | imap_proto::server::Event::More(_)
                    | imap_proto::server::Event::StartTls
            );
            let refuse = asks && verdicts.next().is_some_and(|verdict| verdict % 4 == 0);
            if !refuse || server.reject(None, "no").is_err() {
                server::answer(&event, server);
            }
        },
    );
    assert_eq!(failed, (None, None));
}
