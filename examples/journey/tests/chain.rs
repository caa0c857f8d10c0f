//! What else can happen on the way: answers, bounces, strangers, restarts.
#![allow(clippy::unwrap_used)]

use imf_message::Message;
use journey::{ANA, BEA, Route, User, World};
use std::{fs, path::Path, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

const LETTER: &[u8] = b"From: ana@a.org\r\nSubject: Tea\r\n\r\nAt four?\r\n";

async fn world(folder: &TempDir) -> World {
    let mut world = World::start(folder.path(), Route::Submission).await.unwrap();
    world.start_mx1().await.unwrap();
    world
}

async fn send(world: &World, from: &User, to: &[&str], message: &[u8]) -> mua::Sent {
    let config = world.mail_program(from).unwrap();
    mua::send(&config, from.address, to, message).await.unwrap()
}

/// The messages in a mailbox, as soon as there are `count`.
async fn collect(world: &World, user: &User, count: usize) -> Vec<Vec<u8>> {
    let config = world.mail_program(user).unwrap();
    let waiting = async {
        loop {
            let mut mailbox = mua::open(&config, "INBOX").await.unwrap();
            let list = mailbox.list().await.unwrap();
            let mut messages = Vec::new();
            for entry in &list {
                messages.push(mailbox.read(entry.number).await.unwrap());
            }
            mailbox.close().await.unwrap();
            if messages.len() >= count {
                return messages;
            }
        }
    };
    timeout(Duration::from_secs(60), waiting).await.expect("in time")
}

#[tokio::test]
async fn bea_answers() {
    let folder = TempDir::new().unwrap();
    let world = world(&folder).await;
    send(&world, &ANA, &[BEA.address], LETTER).await;
    assert!(collect(&world, &BEA, 1).await[0].ends_with(LETTER));
    let answer = b"From: bea@b.com\r\nSubject: Re: Tea\r\n\r\nYes.\r\n";
    send(&world, &BEA, &[ANA.address], answer).await;
    assert!(collect(&world, &ANA, 1).await[0].ends_with(answer));
    world.stop().await.unwrap();
}

/// Reads the fields of a report that matter.
fn report(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let message = Message::new(bytes);
    let text = String::from_utf8_lossy(bytes).into_owned();
    assert!(text.starts_with("Return-Path: <>\r\n"), "{text}");
    assert!(text.contains("report-type=delivery-status"), "{text}");
    assert!(message.fields().any(|field| field.is("Auto-Submitted")), "{text}");
    let all = |name: &str| {
        let values = text.lines().filter_map(|line| line.strip_prefix(name));
        values.map(|value| value.trim().to_owned()).collect()
    };
    (all("Final-Recipient: rfc822;"), all("Status:"))
}

#[tokio::test]
async fn the_sender_learns_of_every_failure() {
    let folder = TempDir::new().unwrap();
    let world = world(&folder).await;
    let to = [BEA.address, "nobody@b.com", "nobody@nowhere.b.com"];
    send(&world, &ANA, &to, LETTER).await;
    assert!(collect(&world, &BEA, 1).await[0].ends_with(LETTER));
    // One report from the host that asked the DNS, one from the host that asked the delivery agent.
    let mut reports: Vec<_> = collect(&world, &ANA, 2).await.iter().map(|m| report(m)).collect();
    reports.sort();
    let want = [("nobody@b.com", "5.1.1"), ("nobody@nowhere.b.com", "5.1.2")];
    assert_eq!(reports, want.map(|(who, why)| (vec![who.to_owned()], vec![why.to_owned()])));
    world.stop().await.unwrap();
}

/// An SMTP session by hand.
struct Telnet {
    replies: BufReader<tokio::net::tcp::OwnedReadHalf>,
    write: tokio::net::tcp::OwnedWriteHalf,
}

impl Telnet {
    /// Connects to a service of `settings.toml`.
    async fn connect(world: &World, service: &str) -> Self {
        let settings = world.settings().unwrap();
        let section = settings.split(&format!("[{service}]\n")).nth(1).unwrap();
        let port = section.lines().find_map(|line| line.strip_prefix("port = ")).unwrap();
        let tcp = TcpStream::connect(("127.0.0.1", port.parse().unwrap())).await.unwrap();
        let (read, write) = tcp.into_split();
        let mut telnet = Self { replies: BufReader::new(read), write };
        telnet.reply().await;
        telnet
    }

    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            let n = self.replies.read_line(&mut reply).await.unwrap();
            if n == 0 || reply.as_bytes().get(start + 3) == Some(&b' ') {
                return reply;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.write.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }
}

/// An alias of b.com leads to a.org: what Ana writes to the team comes back to her.
#[tokio::test]
async fn an_alias_leads_elsewhere() {
    let folder = TempDir::new().unwrap();
    let world = World::start(folder.path(), Route::OwnMta).await.unwrap();
    send(&world, &ANA, &["team@b.com"], LETTER).await;
    let bea = collect(&world, &BEA, 1).await;
    assert!(bea[0].ends_with(LETTER) && bea[0].starts_with(b"Return-Path: <ana@a.org>\r\n"));
    let ana = String::from_utf8(collect(&world, &ANA, 1).await.remove(0)).unwrap();
    assert!(ana.contains("\r\nDelivered-To: team@b.com\r\n"), "{ana}");
    assert!(ana.as_bytes().ends_with(LETTER));
    world.stop().await.unwrap();
}

#[tokio::test]
async fn strangers_cannot_relay() {
    let folder = TempDir::new().unwrap();
    let world = world(&folder).await;
    let forms = probe::ELSEWHERE.iter().chain(&probe::HERE);
    let forms: Vec<_> = forms.map(|form| form.replace("{domain}", "b.com")).collect();
    // Whoever they say they are, and however often they try.
    for (hello, sender) in [
        ("EHLO spam.example.com", "spam@example.com"),
        ("HELO mx1.b.com", "bea@b.com"),
        ("EHLO [127.0.0.1]", ""),
        ("EHLO b.com", "postmaster@mx1.b.com"),
    ] {
        for forms in forms.chunks(10) {
            let mut smtp = Telnet::connect(&world, "mx").await;
            assert!(smtp.say(hello).await.starts_with("250"));
            assert!(smtp.say(&format!("MAIL FROM:<{sender}>")).await.starts_with("250"));
            for recipient in forms {
                let reply = smtp.say(&format!("RCPT TO:{recipient}")).await;
                assert!(reply.starts_with('5'), "{sender}: {recipient}: {reply}");
            }
            let reply = smtp.say("DATA").await;
            assert!(reply.starts_with("503") || reply.starts_with("554"), "{reply}");
        }
    }
    let mut smtp = Telnet::connect(&world, "mx").await;
    let offer = smtp.say("EHLO spam.example.com").await;
    assert!(!offer.contains("AUTH"), "no login helps here: {offer}");
    smtp.say("MAIL FROM:<spam@example.com>").await;
    for recipient in ["<bea@b.com>", "<bea@B.COM>", "<Postmaster>", "<@example.org:bea@b.com>"] {
        let reply = smtp.say(&format!("RCPT TO:{recipient}")).await;
        assert!(reply.starts_with("250 2.1.5"), "{recipient}: {reply}");
    }
    world.stop().await.unwrap();
}

#[tokio::test]
async fn submission_wants_tls_and_a_login() {
    let folder = TempDir::new().unwrap();
    let world = world(&folder).await;
    let mut smtp = Telnet::connect(&world, "submission").await;
    let offer = smtp.say("EHLO laptop.a.org").await;
    assert!(offer.contains("STARTTLS") && !offer.contains("AUTH"), "{offer}");
    for line in ["MAIL FROM:<ana@a.org>", "AUTH PLAIN AGFuYUBhLm9yZwB3b25kZXJsYW5k"] {
        let reply = smtp.say(line).await;
        assert!(reply.starts_with("530") || reply.starts_with("5"), "{line}: {reply}");
    }
    // Under TLS and logged in, Ana is still only Ana.
    let config = world.mail_program(&ANA).unwrap();
    let error = mua::send(&config, "bea@b.com", &["ana@a.org"], LETTER).await.unwrap_err();
    assert!(error.to_string().contains("may not send as"), "{error}");
    world.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_goes_in_circles_is_refused() {
    let folder = TempDir::new().unwrap();
    let world = world(&folder).await;
    let circles =
        [&b"Received: from a by b; Mon, 23 Nov 2026 12:00:00 +0000\r\n".repeat(101)[..], LETTER]
            .concat();
    let config = world.mail_program(&ANA).unwrap();
    let error = mua::send(&config, ANA.address, &[BEA.address], &circles).await.unwrap_err();
    assert!(error.to_string().contains("5.4.6"), "{error}");
    world.stop().await.unwrap();
}

/// What could not be stored is not accepted.
#[tokio::test]
async fn without_a_disk_there_is_no_250() {
    let folder = TempDir::new().unwrap();
    let world = world(&folder).await;
    fs::remove_dir_all(folder.path().join("spool-mx.a.org/mail")).unwrap();
    let config = world.mail_program(&ANA).unwrap();
    let error = mua::send(&config, ANA.address, &[BEA.address], LETTER).await.unwrap_err();
    assert!(error.to_string().contains("451"), "{error}");
    world.stop().await.unwrap();
}

fn in_queue(folder: &Path, host: &str) -> usize {
    fs::read_dir(folder.join(format!("spool-{host}/mail"))).unwrap().count()
}

/// What was accepted is delivered, even if every agent stops in between.
#[tokio::test]
async fn the_queue_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let world = World::start(folder.path(), Route::Submission).await.unwrap();
    send(&world, &ANA, &[BEA.address], LETTER).await;
    world.stop().await.unwrap();
    // It waits at a.org or at mx2, perhaps at both if the stop came at the wrong moment.
    let waiting = in_queue(folder.path(), "mx.a.org") + in_queue(folder.path(), "mx2.b.com");
    assert!(waiting >= 1);
    let world = self::world(&folder).await;
    let messages = collect(&world, &BEA, 1).await;
    assert!(messages.iter().all(|message| message.ends_with(LETTER)));
    world.stop().await.unwrap();
}
