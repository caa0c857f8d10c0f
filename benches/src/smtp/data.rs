//! Messages in and out, without the session around them.

use crate::{
    data::{READ, body, stuffed},
    harness::{Bench, Case, Contender, Goal, Growth},
};
use io_smtp::{
    coroutine::{SmtpCoroutine, SmtpCoroutineState, SmtpYield},
    rfc5321::data::SmtpData,
};
use peer_smtp_proto::request::receiver::DataReceiver;
use posta_core::{
    Input, Output,
    dot::{Bare, Decoder, Encoder, Piece},
};
use std::rc::Rc;

pub(super) fn benches(quick: bool) -> Vec<Bench> {
    let mut benches = vec![
        Bench::new("SMTP DATA in, 1 KiB", || receive(1 << 10)),
        Bench::new("SMTP DATA in, 1 MiB", || receive(1 << 20)),
        Bench::new("SMTP DATA out, 1 KiB", || send(1 << 10)),
        Bench::new("SMTP DATA out, 1 MiB", || send(1 << 20)),
    ];
    if !quick {
        benches.push(Bench::new("SMTP DATA in, 64 MiB", || receive(64 << 20)));
        benches.push(Bench::new("SMTP DATA out, 64 MiB", || send(64 << 20)));
    }
    benches
}

/// Bodies that need a second look at every octet.
pub(super) fn growth() -> Vec<Growth> {
    let decode: fn(&[u8]) -> u64 = |wire| {
        let mut input = Input::new(READ);
        decode(&mut input, Bare::Convert, wire)
    };
    vec![
        Growth { name: "SMTP DATA in, of bare LF", make: |n| vec![b'\n'; n], read: decode },
        Growth { name: "SMTP DATA in, of CR", make: |n| vec![b'\r'; n], read: decode },
        Growth { name: "SMTP DATA in, of dots", make: |n| b"..\r\n".repeat(n / 4), read: decode },
        Growth { name: "SMTP DATA out, of dots", make: |n| b".\r\n".repeat(n / 3), read: encode },
    ]
}

fn receive(octets: usize) -> Case {
    let wire: Rc<[u8]> = stuffed(&body(octets)).into();
    let (octets, theirs) = (wire.len(), Rc::clone(&wire));
    let mut input = Input::new(READ);
    let ours = Contender::ours(move || decode(&mut input, Bare::Reject, &wire));
    let mut message = Vec::new();
    let name = "smtp-proto 0.2.5, all in memory, CR and LF not checked";
    let smtp_proto = Contender::peer(name, 1.0, move || {
        message.clear();
        let mut receiver = DataReceiver::new();
        for read in theirs.chunks(READ) {
            if receiver.ingest(&mut read.iter(), &mut message) {
                break;
            }
        }
        message.len() as u64
    });
    Case { octets, goal: Goal::NOTHING, ours, peers: vec![smtp_proto] }
}

/// The octets of the body, which arrives in reads that fill the input.
fn decode(input: &mut Input, bare: Bare, mut wire: &[u8]) -> u64 {
    let (mut decoder, mut found) = (Decoder::new(bare), 0);
    while !wire.is_empty() {
        wire = &wire[input.extend(wire)..];
        loop {
            match decoder.next(input.bytes()) {
                Piece::Read => break,
                Piece::Chunk(n) => found += input.take(n).len() as u64,
                Piece::LineEnd(n) => found += 1 + input.take(n).len() as u64,
                Piece::Skip(n) | Piece::Bare(n) => _ = input.take(n),
                Piece::End(n) => {
                    input.take(n);
                    return found;
                }
            }
        }
    }
    found
}

fn send(octets: usize) -> Case {
    let message: Rc<[u8]> = body(octets).into();
    let octets = message.len();
    let [pieces, at_once, coroutine] = [(); 3].map(|()| Rc::clone(&message));
    let ours = {
        let mut output = Output::default();
        Contender::ours(move || encode_into(&mut output, &message))
    };
    let pieces = Contender::peer("wasm-smtp 0.18.0, in pieces", 5.0, move || {
        let mut stuffer = wasm_smtp::protocol::DotStufferState::new();
        let sent: usize = pieces.chunks(READ).map(|piece| stuffer.process_chunk(piece).len()).sum();
        (sent + stuffer.finish().len()) as u64
    });
    let at_once = Contender::peer("wasm-smtp 0.18.0, at once", 5.0, move || {
        wasm_smtp::protocol::dot_stuff_and_terminate(&at_once).len() as u64
    });
    let name = "io-smtp 0.6.0, with a copy of the message, which it consumes";
    let io_smtp = Contender::peer(name, 5.0, move || send_with_io_smtp(coroutine.to_vec()));
    Case { octets, goal: Goal::NOTHING, ours, peers: vec![pieces, at_once, io_smtp] }
}

fn encode(message: &[u8]) -> u64 {
    encode_into(&mut Output::default(), message)
}

fn encode_into(output: &mut Output, message: &[u8]) -> u64 {
    let (mut encoder, mut sent) = (Encoder::new(Bare::Reject), 0);
    for piece in message.chunks(READ) {
        encoder.put(piece, output).expect("no bare CR or LF");
        sent += drain(output);
    }
    encoder.end(output).expect("no bare CR");
    sent + drain(output)
}

/// Sends all that there is, and returns how much that was.
pub(super) fn drain(output: &mut Output) -> u64 {
    let n = output.len();
    output.sent(n);
    n as u64
}

fn send_with_io_smtp(message: Vec<u8>) -> u64 {
    let mut data = SmtpData::new(message);
    let (mut replies, mut reply) = ([&b"354 go\r\n"[..], b"250 ok\r\n"].into_iter(), None);
    let mut sent = 0;
    loop {
        match data.resume(reply.take()) {
            SmtpCoroutineState::Yielded(SmtpYield::WantsWrite(octets)) => sent += octets.len(),
            SmtpCoroutineState::Yielded(SmtpYield::WantsRead) => reply = replies.next(),
            SmtpCoroutineState::Complete(result) => {
                result.expect("sent");
                return (sent - b"DATA\r\n".len()) as u64;
            }
        }
    }
}
