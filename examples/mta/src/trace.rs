//! The Received field that this host adds.

use imf_message::{Date, Received};
use mail_queue::Recipient;
use smtp_proto::server::Hello;
use std::{net::SocketAddr, time::Duration};

/// What is known of a message that comes in.
pub(crate) struct Receipt<'a> {
    pub(crate) host: &'a str,
    pub(crate) peer: SocketAddr,
    pub(crate) hello: Option<(Hello, &'a str)>,
    pub(crate) tls: bool,
    pub(crate) authenticated: bool,
    pub(crate) id: &'a str,
    pub(crate) recipients: &'a [Recipient],
}

/// The field, with its line end. RFC 5321 4.4
pub(crate) fn received(receipt: &Receipt<'_>) -> String {
    let (hello, name) = receipt.hello.unwrap_or((Hello::Helo, "unknown"));
    let field = Received {
        from: Some(name.to_owned()),
        from_info: Some(literal(receipt.peer)),
        by: Some(receipt.host.to_owned()),
        with: Some(protocol(hello, receipt.tls, receipt.authenticated).to_owned()),
        id: Some(receipt.id.to_owned()),
        // RFC 5321 7.2: with more than one it would tell of Bcc.
        for_: match receipt.recipients {
            [only] => Some(only.address.clone()),
            _ => None,
        },
        date: Some(date(agent::now())),
        ..Received::default()
    };
    // It fails only for a date outside of the years 1900 to 9999.
    field.header().map_or_else(|_| String::new(), |header| header.as_str().to_owned())
}

/// A time of day since the beginning of 1970, in UTC.
pub(crate) fn date(time: Duration) -> Date {
    Date::new(i64::try_from(time.as_secs()).unwrap_or(i64::MAX), 0)
}

/// RFC 3848
fn protocol(hello: Hello, tls: bool, authenticated: bool) -> &'static str {
    match (hello, tls, authenticated) {
        (Hello::Helo, ..) => "SMTP",
        (_, false, false) => "ESMTP",
        (_, true, false) => "ESMTPS",
        (_, false, true) => "ESMTPA",
        (_, true, true) => "ESMTPSA",
    }
}

/// RFC 5321 4.1.3
fn literal(peer: SocketAddr) -> String {
    match peer {
        SocketAddr::V4(peer) => format!("[{}]", peer.ip()),
        SocketAddr::V6(peer) => format!("[IPv6:{}]", peer.ip()),
    }
}
