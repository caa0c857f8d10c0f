//! DNS messages as octets. All that knows of hickory-proto is here.

use crate::{Answer, Kind, Name, Outcome, Question, Record, Security, Tlsa};
use hickory_proto::{
    op::{Edns, Message, MessageType, OpCode, Query, ResponseCode},
    rr::{self, DNSClass, RData, RecordType},
};
use std::time::Duration;

/// The datagram size that we announce: what passes nearly everywhere without fragments
/// (RFC 6891 6.2.5 leaves the choice to us).
pub(crate) const UDP_SIZE: u16 = 1232;

/// The octets before the question (RFC 1035 4.1.1).
const HEADER: usize = 12;

/// The most aliases followed inside one answer; one more is reported, so that the reader sees it.
const CHAIN: usize = 16;

/// What a server said to a query.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    /// That is the answer.
    Answer(Answer),
    /// It did not fit: ask over TCP. What came with it is not used (RFC 2181 9).
    Truncated,
    /// The server may not know EDNS: ask without (RFC 6891 7).
    PlainPlease,
    /// This server cannot help.
    Failed,
}

/// A query for one question.
pub(crate) fn query(id: u16, question: &Question, edns: bool) -> Vec<u8> {
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    // RFC 6840 5.7: asks for the AD bit in the answer.
    message.metadata.authentic_data = true;
    // A `Name` fits into a DNS name: both hold at most 255 octets in labels of at most 63.
    let name = rr::Name::from_labels(question.name.labels()).unwrap_or_default();
    message.add_query(Query::query(name, record_type(question.kind)));
    if edns {
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_SIZE);
        message.set_edns(edns);
    }
    message.to_vec().unwrap_or_default()
}

/// What `bytes` says to the query `sent`; `None` if it is no response to it at all.
///
/// The identifier, the direction, the operation and the question are compared octet by octet, before
/// anything else is looked at (RFC 5452 9.1).
pub(crate) fn reply(bytes: &[u8], sent: &[u8], question: &Question, trust: bool) -> Option<Reply> {
    let header = bytes.get(..HEADER)?;
    // QR and OPCODE: a response to a standard query.
    if header[..2] != *sent.get(..2)? || header[2] & 0xf8 != 0x80 {
        return None;
    }
    let truncated = header[2] & 0x02 != 0;
    let (asked, counts) = (question_of(sent)?, [header[4], header[5]]);
    if counts == [0, 0] && bytes.len() == HEADER && header[3] & 0x0f != 0 {
        // RFC 6891 7: who cannot read a query cannot repeat its question either.
        return Some(plain_or_failed(header[3] & 0x0f == 1));
    }
    let echoed = bytes.get(HEADER..)?.get(..asked.len())?;
    let (name, tail) = asked.split_at(asked.len().saturating_sub(4));
    let (echoed_name, echoed_tail) = echoed.split_at(name.len());
    if counts != [0, 1] || !name.eq_ignore_ascii_case(echoed_name) || tail != echoed_tail {
        return None;
    }
    if truncated {
        return Some(Reply::Truncated);
    }
    // From here on it is the server's answer, and if it is bad, the server's fault.
    let Ok(message) = Message::from_vec(bytes) else {
        return Some(plain_or_failed(header[3] & 0x0f == 1));
    };
    Some(match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => {
            answer(&message, question, trust).map_or(Reply::Failed, Reply::Answer)
        }
        ResponseCode::FormErr | ResponseCode::NotImp => Reply::PlainPlease,
        // The number 16 has two names (RFC 6891 9, RFC 8945 8); we sign nothing, so it is the version.
        ResponseCode::BADVERS | ResponseCode::BADSIG => Reply::PlainPlease,
        _ => Reply::Failed,
    })
}

fn plain_or_failed(plain: bool) -> Reply {
    if plain { Reply::PlainPlease } else { Reply::Failed }
}

/// The question section of a query of ours.
fn question_of(query: &[u8]) -> Option<&[u8]> {
    let body = query.get(HEADER..)?;
    let end = body.iter().position(|b| *b == 0)?; // our names hold no other zero
    body.get(..end + 5)
}

/// The answer in a message with rcode NOERROR or NXDOMAIN; `None` if it makes no sense.
fn answer(message: &Message, question: &Question, trust: bool) -> Option<Answer> {
    let wanted = record_type(question.kind);
    let mut owner = message.queries.first()?.name().clone();
    let mut visited = vec![owner.clone()];
    let mut answer = Answer::no_data();
    let mut ttl = u32::MAX;
    let mut circle = false;
    // The class of an answer is that of the question: IN. Names compare without case.
    let section = || message.answers.iter().filter(|r| r.dns_class == DNSClass::IN);
    while wanted != RecordType::CNAME && answer.aliases.len() <= CHAIN {
        let alias = section().find_map(|record| match &record.data {
            RData::CNAME(target) if record.name == owner => Some((&target.0, record.ttl)),
            _ => None,
        });
        let Some((target, alias_ttl)) = alias else { break };
        answer.aliases.push(host(target)?);
        ttl = ttl.min(sane(alias_ttl));
        circle = visited.contains(target);
        owner = target.clone();
        if circle {
            break;
        }
        visited.push(owner.clone());
    }
    for record in section().filter(|r| r.name == owner && r.record_type() == wanted) {
        answer.records.push(data(&record.data)?);
        ttl = ttl.min(sane(record.ttl));
    }
    let soa = message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) if record.name.zone_of(&owner) => {
            Some(sane(record.ttl).min(sane(soa.minimum)))
        }
        _ => None,
    });
    let referred = message.authorities.iter().any(|r| r.record_type() == RecordType::NS);
    let lame = !message.metadata.recursion_available && !message.metadata.authoritative;
    let missing = message.metadata.response_code == ResponseCode::NXDomain;
    answer.outcome = match (answer.records.is_empty(), missing) {
        _ if circle => Outcome::ServFail,
        (false, false) => Outcome::Found,
        (false, true) => return None, // no such name, and here are its records
        (true, true) => Outcome::NxDomain,
        // RFC 2308 2.2: name servers and no SOA are a referral. A server that neither recurses nor has
        // authority and says nothing does not know: that is not the absence of records.
        (true, false) if soa.is_none() && answer.aliases.is_empty() && (referred || lame) => {
            return None;
        }
        (true, false) => Outcome::NoData,
    };
    if circle {
        answer.records.clear();
    }
    if answer.records.is_empty() {
        // RFC 2308 5: without a SOA a negative answer is not to be kept.
        ttl = ttl.min(soa.unwrap_or(0));
    }
    answer.ttl = Duration::from_secs(ttl.into());
    answer.security = match (trust, message.metadata.authentic_data) {
        (false, _) => Security::Unknown,
        (true, true) => Security::Secure,
        (true, false) => Security::Insecure,
    };
    Some(answer)
}

/// RFC 2181 8: a TTL with the highest bit set counts as zero.
fn sane(ttl: u32) -> u32 {
    if ttl > u32::MAX >> 1 { 0 } else { ttl }
}

fn host(name: &rr::Name) -> Option<Name> {
    Name::from_labels(name.iter()).ok()
}

/// A record that points to a name: ours, if it can be a host's.
fn pointing(name: &rr::Name, record: impl FnOnce(Name) -> Record) -> Record {
    host(name).map_or_else(
        || {
            let labels: Vec<String> = name.iter().map(|l| l.escape_ascii().to_string()).collect();
            Record::Unusable(labels.join("."))
        },
        record,
    )
}

fn data(data: &RData) -> Option<Record> {
    Some(match data {
        RData::A(v4) => Record::A(v4.0),
        RData::AAAA(v6) => Record::Aaaa(v6.0),
        RData::MX(mx) => {
            let preference = mx.preference;
            pointing(&mx.exchange, |exchange| Record::Mx { preference, exchange })
        }
        RData::TXT(txt) => Record::Txt(txt.txt_data.concat()),
        RData::CNAME(target) => pointing(&target.0, Record::Cname),
        RData::PTR(target) => pointing(&target.0, Record::Ptr),
        RData::TLSA(tlsa) => Record::Tlsa(Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: tlsa.cert_data.clone(),
        }),
        _ => return None,
    })
}

fn record_type(kind: Kind) -> RecordType {
    match kind {
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
        Kind::Mx => RecordType::MX,
        Kind::Txt => RecordType::TXT,
        Kind::Cname => RecordType::CNAME,
        Kind::Tlsa => RecordType::TLSA,
        Kind::Ptr => RecordType::PTR,
    }
}
