//! IMAP: what a client reads and a server writes here, the machines in their own files.

mod client;
mod server;

use crate::harness::{Bench, Case, Contender, Goal, Growth, Holding};
use imap_codec::{
    CommandCodec, ResponseCodec,
    decode::Decoder,
    encode::Encoder,
    imap_types::{
        body::BodyStructure as CodecStructure,
        fetch::MessageDataItem,
        response::{Data as CodecData, Response as CodecResponse},
    },
};
use imap_proto::codec::{Command, Data, FetchData, Response};
use peer_imap_proto::{AttributeValue, MailboxDatum, Response as PeerResponse};
use std::{hint::black_box, rc::Rc};

const COMMANDS: &[u8] = b"a1 CAPABILITY\r\na2 LOGIN bea secret\r\na3 SELECT INBOX\r\n\
    a4 UID FETCH 1:* (FLAGS UID RFC822.SIZE)\r\na5 UID STORE 7 +FLAGS (\\Seen)\r\n\
    a6 UID SEARCH UNSEEN SINCE 1-Feb-2026\r\na7 LIST \"\" \"*\"\r\na8 LOGOUT\r\n";

/// After the example of RFC 3501 7.4.2, with an attachment.
const STRUCTURE: &[u8] = b"* 12 FETCH (ENVELOPE (\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \
    \"IMAP4rev1 WG mtg summary and minutes\" ((\"Ana\" NIL \"ana\" \"a.org\")) \
    ((\"Ana\" NIL \"ana\" \"a.org\")) ((\"Ana\" NIL \"ana\" \"a.org\")) \
    ((NIL NIL \"bea\" \"b.com\")) ((NIL NIL \"minutes\" \"a.org\")(\"Bea\" NIL \"bea\" \"b.com\")) \
    NIL NIL \"<B27397-0100000@a.org>\") BODYSTRUCTURE ((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") \
    NIL NIL \"7BIT\" 3028 92 NIL NIL NIL NIL)(\"APPLICATION\" \"PDF\" (\"NAME\" \"tea.pdf\") NIL NIL \
    \"BASE64\" 4554 NIL (\"ATTACHMENT\" (\"FILENAME\" \"tea.pdf\")) NIL NIL) \"MIXED\" \
    (\"BOUNDARY\" \"b1\") NIL NIL NIL))\r\n";

const CODEC: &str = "imap-codec 2.0.0-alpha.10";
const DJC: &str = "imap-proto (djc) 0.17.0";

/// Messages in a listing.
const MESSAGES: u32 = 10_000;

pub fn benches(_quick: bool) -> Vec<Bench> {
    let codec = [
        Bench::new("IMAP commands, 8", commands),
        Bench::new("IMAP FETCH of UID and FLAGS, 10,000, one slice", flags),
        Bench::new("IMAP FETCH of ENVELOPE and BODYSTRUCTURE", structure),
        Bench::new("IMAP FETCH of ENVELOPE and BODYSTRUCTURE, written", write_structure),
        Bench::new("IMAP SEARCH, 50,000 numbers", search),
        Bench::new("IMAP LIST, 1,000", list),
    ];
    codec.into_iter().chain(client::benches()).chain(server::benches()).collect()
}

/// What is nested, long, or ends late.
pub fn growth() -> Vec<Growth> {
    vec![
        Growth { name: "IMAP SEARCH", make: searched, read: |wire| search_ours(wire) },
        Growth { name: "IMAP FETCH, quoted, of escapes", make: escapes, read: read_line },
        Growth {
            name: "IMAP FETCH, parentheses in an unknown item",
            make: nested,
            read: read_line,
        },
        Growth {
            name: "IMAP client, a FETCH of many items, cut",
            make: items,
            read: client::read_all,
        },
    ]
}

pub fn holding() -> Vec<Holding> {
    vec![
        Holding { name: "IMAP server, a mailbox selected", most: 1024, octets: server::idle },
        Holding { name: "IMAP client, logged in", most: 1024, octets: client::idle },
    ]
}

fn escapes(octets: usize) -> Vec<u8> {
    [b"* 1 FETCH (BODY[] \"", &*b"\\\"".repeat(octets / 2), b"\")\r\n"].concat()
}

fn nested(octets: usize) -> Vec<u8> {
    [b"* 1 FETCH (X ", &*b"(".repeat(octets / 2), &*b")".repeat(octets / 2), b")\r\n"].concat()
}

fn items(octets: usize) -> Vec<u8> {
    [b"* 1 FETCH (UID 7", &*b" X-NEW (a b c)".repeat(octets / 14), b")\r\n"].concat()
}

fn read_line(wire: &[u8]) -> u64 {
    u64::from(Response::parse(&wire[..wire.len() - 2]).is_ok())
}

/// Lines without their CRLF. The peers find the ends themselves.
fn lines(wire: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    memchr::memchr_iter(b'\n', wire).map(move |end| {
        let line = &wire[at..end - 1];
        at = end + 1;
        line
    })
}

fn with_codec(wire: &[u8], of: impl Fn(CodecResponse<'_>) -> u64) -> u64 {
    let (mut rest, mut sum, codec) = (wire, 0, ResponseCodec::default());
    while let Ok((after, response)) = codec.decode(rest) {
        (rest, sum) = (after, sum + of(response));
    }
    sum
}

fn with_djc(wire: &[u8], of: impl Fn(PeerResponse<'_>) -> u64) -> u64 {
    let (mut rest, mut sum) = (wire, 0);
    while let Ok((after, response)) = PeerResponse::parse(rest) {
        (rest, sum) = (after, sum + of(response));
    }
    sum
}

fn commands() -> Case {
    let ours = Contender::ours(|| {
        lines(COMMANDS).filter(|line| black_box(Command::parse(line)).is_ok()).count() as u64
    });
    let imap_codec = Contender::peer(CODEC, 3.0, || {
        let (mut rest, mut found, codec) = (COMMANDS, 0, CommandCodec::default());
        while let Ok((after, command)) = codec.decode(rest) {
            black_box(command);
            (rest, found) = (after, found + 1);
        }
        found
    });
    Case { octets: COMMANDS.len(), goal: Goal::NOTHING, ours, peers: vec![imap_codec] }
}

/// A listing as a server sends it to who asks for the flags of all messages.
fn listing() -> Vec<u8> {
    let line = |n: u32| format!("* {n} FETCH (UID {} FLAGS (\\Seen \\Answered))\r\n", n + 100_000);
    (1..=MESSAGES).flat_map(|n| line(n).into_bytes()).collect()
}

/// What is found in a FETCH response: its UID and how many flags there are.
fn seen(data: &Data<'_>) -> u64 {
    let Data::Fetch(fetch) = data else { return 0 };
    let of = |item| match item {
        FetchData::Uid(uid) => u64::from(uid),
        FetchData::Flags(flags) => flags.iter().count() as u64,
        _ => 0,
    };
    fetch.data.iter().map(of).sum()
}

fn seen_by_codec(data: &CodecData<'_>) -> u64 {
    let CodecData::Fetch { items, .. } = data else { return 0 };
    seen_in(items.as_ref())
}

fn seen_in(items: &[MessageDataItem<'_>]) -> u64 {
    let of = |item: &MessageDataItem<'_>| match item {
        MessageDataItem::Uid(uid) => u64::from(uid.get()),
        MessageDataItem::Flags(flags) => flags.len() as u64,
        _ => 0,
    };
    items.iter().map(of).sum()
}

fn flags() -> Case {
    let wire: Rc<[u8]> = listing().into();
    let (octets, second, third) = (wire.len(), Rc::clone(&wire), Rc::clone(&wire));
    let ours = Contender::ours(move || {
        let of = |line| match Response::parse(line) {
            Ok(Response::Data(data)) => seen(&data),
            _ => 0,
        };
        lines(&wire).map(of).sum()
    });
    let djc = Contender::peer(DJC, 3.5, move || {
        with_djc(&second, |response| {
            let PeerResponse::Fetch(_, items) = response else { return 0 };
            let of = |item: &AttributeValue<'_>| match item {
                AttributeValue::Uid(uid) => u64::from(*uid),
                AttributeValue::Flags(flags) => flags.len() as u64,
                _ => 0,
            };
            items.iter().map(of).sum()
        })
    });
    let imap_codec = Contender::peer(CODEC, 6.0, move || {
        with_codec(&third, |response| match response {
            CodecResponse::Data(data) => seen_by_codec(&data),
            _ => 0,
        })
    });
    Case { octets, goal: Goal::NOTHING, ours, peers: vec![djc, imap_codec] }
}

/// All of it is read: posta reads lists when they are asked for, so they are.
fn structure() -> Case {
    let ours = Contender::ours(|| {
        let Ok(Response::Data(Data::Fetch(fetch))) =
            Response::parse(&STRUCTURE[..STRUCTURE.len() - 2])
        else {
            return 0;
        };
        let of = |item| match item {
            FetchData::Envelope(envelope) => {
                let lists = [envelope.from, envelope.sender, envelope.reply_to, envelope.to];
                let lists = lists.into_iter().chain([envelope.cc, envelope.bcc]);
                lists.map(|list| list.iter().count() as u64).sum()
            }
            FetchData::BodyStructure(body) => match body.content {
                imap_proto::codec::Content::Parts(parts) => parts.iter().count() as u64,
                imap_proto::codec::Content::Part(_) => 1,
            },
            _ => 0,
        };
        fetch.data.iter().map(of).sum()
    });
    let djc = Contender::peer(DJC, 3.0, || {
        with_djc(STRUCTURE, |response| {
            let PeerResponse::Fetch(_, items) = response else { return 0 };
            let of = |item: &AttributeValue<'_>| match item {
                AttributeValue::Envelope(envelope) => {
                    let lists =
                        [&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to];
                    let lists = lists.into_iter().chain([&envelope.cc, &envelope.bcc]);
                    lists.map(|list| list.as_ref().map_or(0, |list| list.len() as u64)).sum()
                }
                AttributeValue::BodyStructure(peer_imap_proto::BodyStructure::Multipart {
                    bodies,
                    ..
                }) => bodies.len() as u64,
                _ => 0,
            };
            items.iter().map(of).sum()
        })
    });
    let imap_codec = Contender::peer(CODEC, 6.0, || {
        with_codec(STRUCTURE, |response| {
            let CodecResponse::Data(CodecData::Fetch { items, .. }) = response else { return 0 };
            let of = |item: &MessageDataItem<'_>| match item {
                MessageDataItem::Envelope(envelope) => {
                    let lists =
                        [&envelope.from, &envelope.sender, &envelope.reply_to, &envelope.to];
                    let lists = lists.into_iter().chain([&envelope.cc, &envelope.bcc]);
                    lists.map(|list| list.len() as u64).sum()
                }
                MessageDataItem::BodyStructure(CodecStructure::Multi { bodies, .. }) => {
                    bodies.as_ref().len() as u64
                }
                _ => 0,
            };
            items.as_ref().iter().map(of).sum()
        })
    });
    let goal = Goal { allocations: Some(1), peak: None };
    Case { octets: STRUCTURE.len(), goal, ours, peers: vec![djc, imap_codec] }
}

/// What was read is written again, by both as the line that was read. djc's has no writer of responses.
fn write_structure() -> Case {
    let mut wire = Vec::with_capacity(2 * STRUCTURE.len());
    let response = Response::parse(&STRUCTURE[..STRUCTURE.len() - 2]).expect("a response");
    let ours = Contender::ours(move || {
        wire.clear();
        response.write(&mut wire).expect("as it was read");
        u64::from(wire.eq_ignore_ascii_case(STRUCTURE))
    });
    let codec = ResponseCodec::default();
    let (_, response) = codec.decode(STRUCTURE).expect("a response");
    let imap_codec = Contender::peer(CODEC, 4.0, move || {
        let written = codec.encode(&response).dump();
        u64::from(written.eq_ignore_ascii_case(STRUCTURE))
    });
    Case { octets: STRUCTURE.len(), goal: Goal::NOTHING, ours, peers: vec![imap_codec] }
}

/// A SEARCH response of about so many octets.
fn searched(octets: usize) -> Vec<u8> {
    let numbers = (0..octets / 7).flat_map(|n| format!(" {}", 100_000 + n % 900_000).into_bytes());
    b"* SEARCH".iter().copied().chain(numbers).chain(*b"\r\n").collect()
}

fn search_ours(wire: &[u8]) -> u64 {
    match Response::parse(&wire[..wire.len() - 2]) {
        Ok(Response::Data(Data::Search(search))) => search.found.iter().map(u64::from).sum(),
        _ => 0,
    }
}

fn search() -> Case {
    let wire: Rc<[u8]> = searched(50_000 * 7).into();
    let (octets, second, third) = (wire.len(), Rc::clone(&wire), Rc::clone(&wire));
    let ours = Contender::ours(move || search_ours(&wire));
    let djc = Contender::peer(DJC, 3.0, move || {
        with_djc(&second, |response| match response {
            PeerResponse::MailboxData(MailboxDatum::Search(found)) => {
                found.iter().map(|n| u64::from(*n)).sum()
            }
            _ => 0,
        })
    });
    let imap_codec = Contender::peer(CODEC, 3.0, move || {
        with_codec(&third, |response| match response {
            CodecResponse::Data(CodecData::Search(found, _)) => {
                found.iter().map(|n| u64::from(n.get())).sum()
            }
            _ => 0,
        })
    });
    Case { octets, goal: Goal::NOTHING, ours, peers: vec![djc, imap_codec] }
}

fn list() -> Case {
    let line = |n| format!("* LIST (\\HasNoChildren \\Marked) \"/\" \"lists/number {n}\"\r\n");
    let wire: Vec<u8> = (0..1000).flat_map(|n| line(n).into_bytes()).collect();
    let wire: Rc<[u8]> = wire.into();
    let (octets, second, third) = (wire.len(), Rc::clone(&wire), Rc::clone(&wire));
    let ours = Contender::ours(move || {
        let of = |line| match Response::parse(line) {
            Ok(Response::Data(Data::List(mailbox))) => mailbox.attributes.iter().count() as u64,
            _ => 0,
        };
        lines(&wire).map(of).sum()
    });
    let djc = Contender::peer(DJC, 3.0, move || {
        with_djc(&second, |response| match response {
            PeerResponse::MailboxData(MailboxDatum::List(list)) => {
                list.name_attributes.len() as u64
            }
            _ => 0,
        })
    });
    let imap_codec = Contender::peer(CODEC, 3.0, move || {
        with_codec(&third, |response| match response {
            CodecResponse::Data(CodecData::List { items, .. }) => items.len() as u64,
            _ => 0,
        })
    });
    Case { octets, goal: Goal::NOTHING, ours, peers: vec![djc, imap_codec] }
}
