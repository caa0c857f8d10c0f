//! DNS messages written octet by octet, knowing nothing of the code under test.
#![allow(dead_code, unreachable_pub)]

pub const A: u16 = 1;
pub const NS: u16 = 2;
pub const CNAME: u16 = 5;
pub const SOA: u16 = 6;
pub const PTR: u16 = 12;
pub const MX: u16 = 15;
pub const TXT: u16 = 16;
pub const AAAA: u16 = 28;
pub const OPT: u16 = 41;
pub const TLSA: u16 = 52;

/// QR, RD and RA: what a recursive server sets.
pub const OK: u16 = 0x8180;
pub const TC: u16 = 0x0200;
pub const AD: u16 = 0x0020;
pub const FORMERR: u16 = OK | 1;
pub const SERVFAIL: u16 = OK | 2;
pub const NXDOMAIN: u16 = OK | 3;
pub const NOTIMP: u16 = OK | 4;
pub const REFUSED: u16 = OK | 5;

/// A record: owner, type, TTL, data.
pub type Rr = (&'static str, u16, u32, Vec<u8>);

pub fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        bytes.push(label.len() as u8);
        bytes.extend(label.bytes());
    }
    bytes.push(0);
    bytes
}

pub fn mx(preference: u16, host: &str) -> Vec<u8> {
    [&preference.to_be_bytes()[..], &name(host)].concat()
}

/// A zone's SOA with this MINIMUM.
pub fn soa(minimum: u32) -> Vec<u8> {
    let numbers = [1, 2, 3, 4, minimum].map(u32::to_be_bytes).concat();
    [name("ns.example.com"), name("admin.example.com"), numbers].concat()
}

pub fn rr((owner, kind, ttl, data): &Rr) -> Vec<u8> {
    let (kind, ttl, class) = (kind.to_be_bytes(), ttl.to_be_bytes(), 1_u16.to_be_bytes());
    let length = (data.len() as u16).to_be_bytes();
    [&name(owner)[..], &kind, &class, &ttl, &length, data].concat()
}

/// The question section of a query.
pub fn question(query: &[u8]) -> &[u8] {
    let end = query[12..].iter().position(|b| *b == 0).unwrap();
    &query[12..12 + end + 5]
}

pub fn flags(query: &[u8]) -> u16 {
    u16::from_be_bytes([query[2], query[3]])
}

/// Whether a query has an additional record, which is EDNS.
pub fn has_edns(query: &[u8]) -> bool {
    query[10..12] == [0, 1]
}

pub fn message(
    id: &[u8],
    flags: u16,
    question: &[u8],
    answers: &[Rr],
    authority: &[Rr],
) -> Vec<u8> {
    let counts = [u16::from(!question.is_empty()), answers.len() as u16, authority.len() as u16, 0];
    let counts = counts.map(u16::to_be_bytes).concat();
    let records: Vec<u8> = answers.iter().chain(authority).flat_map(rr).collect();
    [id, &flags.to_be_bytes(), &counts, question, &records].concat()
}

/// A response to a query.
pub fn reply(query: &[u8], flags: u16, answers: &[Rr], authority: &[Rr]) -> Vec<u8> {
    message(&query[..2], flags, question(query), answers, authority)
}

/// With its length before it, as on TCP.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}
