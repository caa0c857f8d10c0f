//! What the tests share: a certificate, a deadline, and an IMAP server.
#![allow(dead_code, clippy::unwrap_used)]

use imap_proto::codec::{Command, Data, FetchData, Place, SearchKey, Section};
use imap_proto::server::{Config, Event, Limits, Mailbox, Server, Tls};
use posta_net::{
    Clock, Conn,
    tls::{self, ClientConfig, PrivateKeyDer, ServerConfig, Verify},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
    sync::watch,
};

/// How long anything may take.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Who the servers are.
pub(crate) const HOST: &str = "mx1.b.com";

/// A certificate for `HOST`, and trust in it.
pub(crate) fn certificate() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let der = made.cert.der().clone();
    let trust = tls::client(&Verify::CaDer(vec![der.clone()])).unwrap();
    (tls::server_der(vec![der], key).unwrap(), trust)
}

/// The UID of the mail at this place.
pub(crate) fn uid(at: usize) -> u32 {
    70 + at as u32
}

/// An IMAP session of Bea's: her mails, and as many of them as `exists` says. It tells which commands came.
pub(crate) async fn imap(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    mails: Vec<Vec<u8>>,
    mut exists: watch::Receiver<u32>,
) -> Vec<&'static str> {
    let clock = Clock::start();
    let config = Config { tls: Tls::Implicit, ..Config::default() };
    let machine = Server::new(config.into(), clock.now()).unwrap();
    let mut conn = Conn::new(machine, stream, Limits::INPUT, clock);
    let (mut heard, mut sending) = (Vec::new(), (0, 0));
    let mut there = *exists.borrow_and_update();
    loop {
        let next = select! {
            next = conn.next() => next.unwrap(),
            Ok(()) = exists.changed() => {
                let before = std::mem::replace(&mut there, *exists.borrow_and_update());
                let told = match there < before {
                    true => conn.machine().data(&Data::Expunge(before)),
                    false => conn.machine().data(&Data::Exists(there)),
                };
                told.unwrap();
                continue;
            }
        };
        let Some((event, imap)) = next else { return heard };
        match event {
            Event::Login { user, password } if user == "bea" && password.0 == "secret" => {
                imap.accept().unwrap();
            }
            Event::Login { .. } => imap.reject(None, "not you").unwrap(),
            Event::Command(Command::Examine(name), _) if name.is("INBOX") => {
                heard.push("EXAMINE");
                let uids = Mailbox { uid_validity: 1, uid_next: 100, ..Mailbox::default() };
                imap.select(&Mailbox { exists: there, read_only: true, ..uids }).unwrap();
            }
            Event::Command(Command::Search { uid: true, keys, .. }, _) => {
                heard.push("UID SEARCH");
                let Some(SearchKey::Set(set)) = keys.first() else { panic!("{keys:?}") };
                let range = set.first().unwrap().resolve(mails.len() as u32);
                let found = (1..).zip(0..mails.len()).filter(|(number, _)| range.contains(*number));
                imap.found(&found.map(|(_, at)| uid(at)).collect::<Vec<_>>()).unwrap();
                imap.accept().unwrap();
            }
            Event::Command(Command::Fetch { uid: true, set, items }, _) => {
                heard.push("UID FETCH");
                assert_eq!(format!("{items:?}").matches("peek: true").count(), 1, "{items:?}");
                let asked = set.first().unwrap().first.unwrap();
                let at = (0..mails.len()).find(|at| uid(*at) == asked).unwrap();
                imap.begin_fetch(at as u32 + 1, &[FetchData::Uid(asked)]).unwrap();
                let place = Place::Body { section: Section::default(), origin: None };
                imap.literal(place, mails[at].len() as u64).unwrap();
                sending = (at, 0);
                imap.more().unwrap();
            }
            Event::More(_) => {
                let (at, from) = sending;
                sending.1 += imap.body(&mails[at][from..]).unwrap();
                if sending.1 < mails[at].len() {
                    imap.more().unwrap();
                } else {
                    imap.end_fetch().unwrap();
                    imap.accept().unwrap();
                }
            }
            Event::Idle => {
                heard.push("IDLE");
                // While somebody is busy, a clock that is paused never gets to a timeout.
                assert!(heard.len() < 100, "does the client never leave?");
            }
            Event::Done => imap.accept().unwrap(),
            event => panic!("{event:?}"),
        }
    }
}
