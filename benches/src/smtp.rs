//! SMTP: the codec here, messages and sessions in their own files.

mod data;
mod session;

use crate::harness::{Bench, Case, Contender, Goal, Growth, Holding};
use peer_smtp_proto::{
    EhloResponse, Error, Request, request::receiver::RequestReceiver,
    response::parser::ResponseReceiver,
};
use posta_core::Input;
use smtp_proto::{
    codec::{Capabilities, Command, Reply},
    server::Limits,
};

const COMMANDS: &[u8] = b"EHLO mx.example.com\r\n\
    MAIL FROM:<ana.longname@a.example.org> SIZE=12345 BODY=8BITMIME RET=HDRS ENVID=abc123\r\n\
    RCPT TO:<bea@b.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bea@b.com\r\n\
    RCPT TO:<postmaster@example.net>\r\nRCPT TO:<x@example.org>\r\nDATA\r\nRSET\r\nNOOP\r\nQUIT\r\n";

const REPLY: &[u8] = b"250 2.1.5 Ok\r\n";

const EHLO: &[u8] = b"250-mx1.b.com\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n\
    250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250-SMTPUTF8\r\n\
    250-AUTH PLAIN LOGIN SCRAM-SHA-256\r\n250 CHUNKING\r\n";

pub fn benches(quick: bool) -> Vec<Bench> {
    let codec = [
        Bench::new("SMTP commands, 9", commands),
        Bench::new("SMTP commands, 9, in reads of 16 octets", commands_in_reads),
        Bench::new("SMTP reply, 1 line", || reply(REPLY)),
        Bench::new("SMTP reply, 10 lines", || reply(EHLO)),
        Bench::new("SMTP reply to EHLO", ehlo),
    ];
    codec.into_iter().chain(data::benches(quick)).chain(session::benches()).collect()
}

pub fn growth() -> Vec<Growth> {
    data::growth()
}

pub fn holding() -> Vec<Holding> {
    session::holding()
}

/// posta checks all of the syntax; smtp-proto takes `<a@-.->`, parameters twice and words behind DATA.
fn commands() -> Case {
    let ours = Contender::ours(|| {
        let (mut begin, mut found) = (0, 0);
        for end in memchr::memchr_iter(b'\n', COMMANDS) {
            found += u64::from(Command::parse(&COMMANDS[begin..end - 1]).is_ok());
            begin = end + 1;
        }
        found
    });
    let smtp_proto = Contender::peer("smtp-proto 0.2.5", 1.0, || {
        let mut octets = COMMANDS.iter();
        std::iter::from_fn(|| Request::parse(&mut octets).ok()).count() as u64
    });
    let smtp_codec = Contender::peer("smtp-codec 0.2.0", 5.0, || {
        let (mut rest, mut found) = (COMMANDS, 0);
        while let Ok((after, _)) = smtp_codec::parse::command::command(rest) {
            (rest, found) = (after, found + 1);
        }
        found
    });
    let peers = vec![smtp_proto, smtp_codec];
    Case { octets: COMMANDS.len(), goal: Goal::NOTHING, ours, peers }
}

fn commands_in_reads() -> Case {
    let mut input = Input::new(Limits::INPUT);
    let ours = Contender::ours(move || {
        let mut found = 0;
        for read in COMMANDS.chunks(16) {
            input.extend(read);
            while let Some(n) = input.line() {
                found += u64::from(Command::parse(&input.take(n)[..n - 2]).is_ok());
            }
        }
        found
    });
    let smtp_proto = Contender::peer("smtp-proto 0.2.5", 1.5, || {
        let (mut receiver, mut found) = (RequestReceiver::default(), 0);
        for read in COMMANDS.chunks(16) {
            let mut octets = read.iter();
            loop {
                match receiver.ingest(&mut octets) {
                    Ok(_) => found += 1,
                    Err(Error::NeedsMoreData { .. }) => break,
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
        found
    });
    Case { octets: COMMANDS.len(), goal: Goal::NOTHING, ours, peers: vec![smtp_proto] }
}

fn reply(wire: &'static [u8]) -> Case {
    let ours = Contender::ours(move || {
        let (reply, _) = Reply::parse(wire).expect("a reply").expect("all of it");
        u64::from(reply.code)
    });
    let smtp_proto = Contender::peer("smtp-proto 0.2.5", 1.5, move || {
        let reply = ResponseReceiver::default().parse(&mut wire.iter()).expect("a reply");
        u64::from(reply.code())
    });
    let io_smtp = Contender::peer("io-smtp 0.6.0", 8.0, move || {
        let reply = io_smtp::rfc5321::SmtpResponse::parse(wire).expect("a reply");
        u64::from(reply.code.code())
    });
    let wasm_smtp = Contender::peer("wasm-smtp 0.18.0, lines cut by the caller", 0.0, move || {
        let lines = wire.split_inclusive(|octet| *octet == b'\n');
        let read = |line: &[u8]| {
            let line = wasm_smtp::protocol::parse_reply_line(&line[..line.len() - 2]);
            u64::from(line.expect("a line").code)
        };
        lines.map(read).fold(0, |_, code| code)
    });
    let peers = vec![smtp_proto, io_smtp, wasm_smtp];
    Case { octets: wire.len(), goal: Goal::NOTHING, ours, peers }
}

/// What is made of the reply: the largest message that the server takes.
fn ehlo() -> Case {
    let ours = Contender::ours(|| {
        let (reply, _) = Reply::parse(EHLO).expect("a reply").expect("all of it");
        Capabilities::parse(reply).max_size.expect("SIZE")
    });
    let smtp_proto = Contender::peer("smtp-proto 0.2.5", 1.5, || {
        EhloResponse::parse(&mut EHLO.iter()).expect("a reply").size as u64
    });
    let goal = Goal { allocations: Some(1), peak: None };
    Case { octets: EHLO.len(), goal, ours, peers: vec![smtp_proto] }
}
