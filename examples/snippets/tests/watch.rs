//! Watching a mailbox: every change is told, IDLE is renewed, and it ends when nobody listens.
#![allow(clippy::unwrap_used)]

mod common;

use common::{LONG, imap};
use snippets::watch::watch;
use std::time::Duration;
use tokio::{io::duplex, sync::watch, time::timeout};

/// Time stands still while anybody is busy, and jumps to the next deadline when nobody is.
#[tokio::test(start_paused = true)]
async fn changes_are_told_and_idle_is_renewed() {
    let (ours, theirs) = duplex(64);
    let (arrive, exists) = watch::channel(3);
    let (told, mut heard) = watch::channel(0);
    let server = tokio::spawn(imap(theirs, Vec::new(), exists));
    let client = tokio::spawn(async move {
        let watched = watch(ours, ("bea", "secret"), &told).await;
        watched.map_err(|error| error.to_string())
    });
    let mut next = async |patience| {
        let changed = timeout(patience, heard.changed()).await;
        changed.ok().map(|changed| changed.map(|()| *heard.borrow_and_update()).unwrap())
    };
    assert_eq!(next(LONG).await, Some(3));
    arrive.send_replace(4);
    assert_eq!(next(LONG).await, Some(4));
    // RFC 2177 3: a server may end a session that says nothing for 30 minutes.
    assert_eq!(next(Duration::from_secs(3 * 60 * 60)).await, None);
    arrive.send_replace(6);
    assert_eq!(next(LONG).await, Some(6));
    // It tells this by EXPUNGE.
    arrive.send_replace(5);
    assert_eq!(next(LONG).await, Some(5));
    drop(heard);
    assert_eq!(timeout(LONG, client).await.unwrap().unwrap(), Ok(()));
    let commands = timeout(LONG, server).await.unwrap().unwrap();
    assert_eq!(commands[0], "EXAMINE");
    // The first, and one every 29 minutes.
    assert_eq!(commands[1..], ["IDLE"; 7]);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_is_an_error() {
    for (password, error) in [("secret", "the server closed the connection"), ("guess", "not you")]
    {
        let (ours, theirs) = duplex(64);
        let (_keep, exists) = watch::channel(3);
        let (told, mut heard) = watch::channel(0);
        let server = tokio::spawn(imap(theirs, Vec::new(), exists));
        let client = tokio::spawn(async move {
            let watched = watch(ours, ("bea", password), &told).await;
            watched.map_err(|error| error.to_string())
        });
        if password == "secret" {
            timeout(LONG, heard.changed()).await.unwrap().unwrap();
            server.abort();
        }
        let watched = timeout(LONG, client).await.unwrap().unwrap();
        assert_eq!(watched, Err(error.to_owned()));
    }
}
