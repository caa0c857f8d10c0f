//! What the clients do. Each returns how long its operations took.

use crate::{Failure, Who, line::Connection};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

/// The password of every user.
const PASSWORD: &str = "looking-glass";

/// The messages that are in every mailbox at least.
const MESSAGES: usize = 100;

/// IMAP sessions: log in, look at the flags of all messages, read one, and leave.
pub fn imap(server: SocketAddr, who: Who, end: Instant) -> Result<Vec<Duration>, Failure> {
    repeat(end, |n| {
        let mut session = select(server, who)?;
        session.imap(&format!("FETCH 1:{MESSAGES} (FLAGS)"))?;
        body(&mut session, n)?;
        session.imap("LOGOUT").map(drop)
    })
}

/// POP3 sessions: log in, list all messages, read one, and leave.
pub fn pop3(server: SocketAddr, who: Who, end: Instant) -> Result<Vec<Duration>, Failure> {
    // POP3 is for one session a mailbox at a time.
    if who.client >= who.users {
        return Err("more clients than users".into());
    }
    repeat(end, |n| {
        let mut session = Connection::open(server, who)?;
        session.expect("+OK")?;
        session.pop3(&format!("USER {}", who.user()))?;
        session.pop3(&format!("PASS {PASSWORD}"))?;
        session.pop3("STAT")?;
        session.pop3("LIST")?;
        session.lines()?;
        session.pop3(&format!("RETR {}", n % MESSAGES + 1))?;
        if session.lines()? == 0 {
            return Err("an empty message".into());
        }
        session.pop3("QUIT").map(drop)
    })
}

/// One IMAP session after all: reads one message after the other.
pub fn fetch(server: SocketAddr, who: Who, end: Instant) -> Result<Vec<Duration>, Failure> {
    let mut session = select(server, who)?;
    repeat(end, |n| body(&mut session, n))
}

/// One IMAP session: stores messages of 4 KiB.
pub fn append(server: SocketAddr, who: Who, end: Instant) -> Result<Vec<Duration>, Failure> {
    let mut session = select(server, who)?;
    let mut message = String::from("From: ana@a.org\r\nTo: bea@b.com\r\nSubject: kept\r\n\r\n");
    while message.len() < 4096 - 80 {
        message.push_str("0123456789 0123456789 0123456789 0123456789 0123456789 0123456789\r\n");
    }
    repeat(end, |_| session.imap_literal("APPEND INBOX", &message))
}

/// An IMAP session that waits for news.
pub fn idle(server: SocketAddr, who: Who) -> Result<Connection, Failure> {
    let mut session = select(server, who)?;
    session.begin_idle()?;
    Ok(session)
}

fn select(server: SocketAddr, who: Who) -> Result<Connection, Failure> {
    let mut session = Connection::open(server, who)?;
    session.expect("* OK")?;
    session.imap(&format!("LOGIN {} {PASSWORD}", who.user()))?;
    session.imap("SELECT INBOX")?;
    Ok(session)
}

fn body(session: &mut Connection, n: usize) -> Result<(), Failure> {
    match session.imap(&format!("FETCH {} (BODY.PEEK[])", n % MESSAGES + 1))? {
        0 => Err("an empty message".into()),
        _ => Ok(()),
    }
}

/// Does it again and again until the time is over.
fn repeat(
    end: Instant,
    mut operation: impl FnMut(usize) -> Result<(), Failure>,
) -> Result<Vec<Duration>, Failure> {
    let mut took = Vec::new();
    while Instant::now() < end {
        let begin = Instant::now();
        operation(took.len())?;
        took.push(begin.elapsed());
    }
    Ok(took)
}
