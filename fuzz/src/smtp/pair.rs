//! Client against server: whatever their applications do, neither finds fault with the other.

use super::{client::give, server};
use posta_core::{Instant, testing::Pair};
use smtp_proto::{Client, Error, Protocol, Server, client, codec::EnhancedCode};

/// Orders for both: the first octet sets switches, the second says how fast the wires are.
///
/// At each `Ready` the client takes the orders up to the next blank; at each question the server takes one.
pub fn pair(data: &[u8]) {
    let [switches, speed, orders @ ..] = data else { return };
    let mut config = server::config(*switches);
    config.limits.errors = u32::MAX;
    config.bare = posta_core::dot::Bare::Reject;
    let mut ours = client::Config::new("a.org").expect("a domain");
    ours.protocol = config.protocol;
    let lmtp = config.protocol == Protocol::Lmtp;
    let client = Client::new(ours, Instant::ORIGIN);
    let server = Server::new(config, Instant::ORIGIN);
    let (verdicts, orders) = orders.split_at(orders.len() / 2);
    let mut verdicts = verdicts.iter().copied();
    let mut groups = orders.split(|octet| *octet == b' ');
    let (mut sent, mut arrived, mut told) = (Vec::new(), Vec::new(), 0);
    let (mut accepted, mut delivered) = (0, 0);
    let mut pair = Pair::new(client, server, 16 * 1024, usize::from(*speed));
    pair.jump = false;
    let (mine, theirs) = pair.run(
        |event, client| match event {
            client::Event::Ready => {
                let group = groups.next();
                for order in group.unwrap_or(b"q") {
                    // Octets of its own: a body is given where it is asked for.
                    if !b"!bBceSTAL".contains(order) {
                        let _misuse = give(*order, client);
                    }
                    if *order == b'S' && client.starttls().is_ok() {
                        return;
                    }
                }
            }
            client::Event::StartTls => client.tls_started().expect("it has asked"),
            client::Event::Body(room) => {
                told += 1;
                let text = [b'.'; 64];
                if told % 4 == 0 {
                    client.end().expect("it has asked");
                } else {
                    let n = client.body(&text[..room.min(64)]).expect("it has asked");
                    sent.extend_from_slice(&text[..n]);
                }
            }
            client::Event::Delivered(..) => delivered += 1,
            client::Event::Done(reply) => assert!(!lmtp || !reply.is_positive() || delivered > 0),
            _ => {}
        },
        |event, server| {
            if let smtp_proto::server::Event::Chunk(bytes) = event {
                arrived.extend_from_slice(bytes);
                return;
            }
            let refuse = verdicts.next().is_some_and(|verdict| verdict % 4 == 0);
            if refuse && server.reject(450, EnhancedCode(4, 0, 0), "no").is_ok() {
                return;
            }
            accepted += 1;
            server::answer(&event, server);
        },
    );
    let refused = matches!(mine, Some(Error::Refused(_)));
    assert!(refused || mine.is_none(), "{mine:?}");
    assert!(theirs.is_none() || refused, "{theirs:?}");
    // Each message ends with a line end, which is added if it is missing.
    arrived.retain(|octet| *octet == b'.');
    assert_eq!(arrived.len(), sent.len());
}
