//! A client's machine: a listing and a literal, in reads of 8 KiB; what it holds while nothing happens.

use super::{CODEC, listing, seen, seen_by_codec, seen_in};
use crate::{
    data::{READ, body},
    harness::{Bench, Case, Contender, Goal, heap_of},
};
use imap_codec::{
    ResponseCodec,
    fragmentizer::Fragmentizer,
    imap_types::{
        fetch::{Macro, MessageDataItem},
        response::{Data, Response},
    },
};
use imap_next::{Interrupt, Io, State, client as next};
use imap_proto::{
    Client,
    client::{Config, Event, Limits, Tls},
};
use io_imap::{
    coroutine::{ImapCoroutine, ImapCoroutineState, ImapYield},
    rfc3501::fetch::ImapMessageFetch,
};
use posta_core::{Input, Instant, Machine, Step};
use std::{cell::OnceCell, rc::Rc};

const GREETING: &[u8] = b"* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ IDLE] hi\r\n";

pub(super) fn benches() -> [Bench; 2] {
    [
        Bench::new("IMAP FETCH of UID and FLAGS, 10,000, in reads of 8 KiB", flags),
        Bench::new("IMAP FETCH of BODY[], 10 MB, in reads of 8 KiB", literal),
    ]
}

fn flags() -> Case {
    let wire: Rc<[u8]> = listing().into();
    let (octets, second, third) = (wire.len(), Rc::clone(&wire), Rc::clone(&wire));
    let fourth = Rc::clone(&wire);
    let (mut imap, mut input) = greeted();
    let ours = Contender::ours(move || hear(&mut imap, &mut input, &wire));
    let mut theirs = next_greeted();
    let imap_next =
        Contender::peer("imap-next 0.3.4", 7.0, move || hear_next(&mut theirs, &second));
    let name = "imap-codec 2.0.0-alpha.10 with its Fragmentizer";
    let imap_codec = Contender::peer(name, 7.0, move || fragmented(&third));
    let name = "io-imap 0.7.1, with its command, all of it as one map";
    let io_imap = Contender::peer(name, 7.0, move || fetched(&fourth));
    Case { octets, goal: Goal::NOTHING, ours, peers: vec![imap_next, imap_codec, io_imap] }
}

/// What is counted is the octets of the text. posta hands it out as it comes; the peers hold all of it.
fn literal() -> Case {
    let text = body(10_000_000);
    let head = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", text.len());
    let wire: Rc<[u8]> = [head.as_bytes(), &text, b")\r\n"].concat().into();
    let (octets, second, third) = (wire.len(), Rc::clone(&wire), Rc::clone(&wire));
    let (mut imap, mut input) = greeted();
    let ours = Contender::ours(move || hear(&mut imap, &mut input, &wire));
    let mut theirs = next_greeted();
    let imap_next =
        Contender::peer("imap-next 0.3.4", 12.0, move || hear_next(&mut theirs, &second));
    let name = "imap-codec 2.0.0-alpha.10 with its Fragmentizer";
    let imap_codec = Contender::peer(name, 12.0, move || fragmented(&third));
    let goal = Goal { allocations: Some(0), peak: Some(64 << 10) };
    Case { octets, goal, ours, peers: vec![imap_next, imap_codec] }
}

fn greeted() -> (Client, Input) {
    let mut imap = Client::new(Config { tls: Tls::Started, ..Config::default() });
    let mut input = Input::new(Limits::INPUT);
    hear(&mut imap, &mut input, GREETING);
    (imap, input)
}

/// Reads all of it, and sums up the UIDs and the flags and the octets of literals.
fn hear(imap: &mut Client, input: &mut Input, wire: &[u8]) -> u64 {
    let mut sum = 0;
    for mut read in wire.chunks(READ) {
        while !read.is_empty() {
            read = &read[input.extend(read)..];
            loop {
                match imap.step(input, Instant::ORIGIN).expect("no fault") {
                    Step::Event(Event::Data { data, .. }) => sum += seen(&data),
                    Step::Event(Event::Chunk(chunk)) => sum += chunk.len() as u64,
                    Step::Event(_) => {}
                    Step::Read(_) | Step::Wait(_) | Step::Closed => break,
                }
            }
        }
    }
    sum
}

/// The same, by a client of its own.
pub(super) fn read_all(wire: &[u8]) -> u64 {
    let (mut imap, mut input) = greeted();
    hear(&mut imap, &mut input, wire)
}

fn next_greeted() -> next::Client {
    let mut imap = next::Client::new(next::Options::default());
    hear_next(&mut imap, GREETING);
    imap
}

fn hear_next(imap: &mut next::Client, wire: &[u8]) -> u64 {
    let mut sum = 0;
    for read in wire.chunks(READ) {
        imap.enqueue_input(read);
        loop {
            match imap.next() {
                Ok(next::Event::DataReceived { data }) => sum += seen_by_codec(&data) + text(&data),
                Ok(_) => {}
                Err(Interrupt::Io(Io::NeedMoreInput)) => break,
                Err(error) => panic!("{error:?}"),
            }
        }
    }
    sum
}

fn fragmented(wire: &[u8]) -> u64 {
    let (mut fragmentizer, codec) = (Fragmentizer::new(100 << 20), ResponseCodec::default());
    let mut sum = 0;
    for read in wire.chunks(READ) {
        fragmentizer.enqueue_bytes(read);
        while fragmentizer.progress().is_some() {
            if fragmentizer.is_message_complete() {
                match fragmentizer.decode_message(&codec) {
                    Ok(Response::Data(data)) => sum += seen_by_codec(&data) + text(&data),
                    other => panic!("{CODEC}: {other:?}"),
                }
            }
        }
    }
    sum
}

/// Asks for the listing, and hears it as the answer.
fn fetched(wire: &[u8]) -> u64 {
    let all = "1:*".try_into().expect("a set");
    let mut fetch = ImapMessageFetch::new(all, Macro::Fast.into(), Default::default());
    let (mut fragmentizer, mut reads) = (Fragmentizer::new(100 << 20), wire.chunks(READ));
    let (end, mut heard) = (OnceCell::new(), None);
    loop {
        match fetch.resume(&mut fragmentizer, heard.take()) {
            ImapCoroutineState::Yielded(ImapYield::WantsWrite(command)) => {
                let tag = command.split(|octet| *octet == b' ').next().expect("a tag");
                end.get_or_init(|| [tag, b" OK done\r\n"].concat());
            }
            ImapCoroutineState::Yielded(ImapYield::WantsRead) => {
                heard = reads.next().or_else(|| end.get().map(Vec::as_slice));
            }
            ImapCoroutineState::Complete(told) => {
                let told = told.expect("no fault");
                return told.values().map(|items| seen_in(items.as_ref())).sum();
            }
        }
    }
}

/// The octets of the message's text.
fn text(data: &Data<'_>) -> u64 {
    let Data::Fetch { items, .. } = data else { return 0 };
    let of = |item: &MessageDataItem<'_>| match item {
        MessageDataItem::BodyExt { data, .. } => {
            data.0.as_ref().map_or(0, |text| AsRef::<[u8]>::as_ref(text).len() as u64)
        }
        _ => 0,
    };
    items.as_ref().iter().map(of).sum()
}

/// The input gives its memory back while nothing is in it.
pub(super) fn idle() -> usize {
    let heap = heap_of(|| {
        let (imap, mut input) = greeted();
        input.release();
        (imap, input)
    });
    heap + size_of::<(Client, Input)>()
}
