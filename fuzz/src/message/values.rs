//! Values of fields: what is read can be written, and reads back.

use imf_message::{
    AddressList, ContentType, Date, Disposition, Header, Message, Received, decode_charset,
    decode_words, encode_words, knows_charset, parse_ids, unfold,
};

/// A value, read as everything that a value can be.
pub fn values(data: &[u8]) {
    addresses(data);
    if let Ok(date) = Date::parse(data)
        && let Ok(header) = Header::date("Date", date)
    {
        let read = Message::new(header.as_str().as_bytes()).field("Date").map(|f| f.date());
        assert_eq!(read, Some(Ok(date)));
    }
    let ids = parse_ids(data);
    if let Ok(header) = Header::ids("References", &ids) {
        assert_eq!(parse_ids(value(&header)), ids);
    }
    let text = decode_words(data);
    // Control characters are no text: not even a decoder keeps them.
    if text.contains(char::is_control) {
        return mime(data);
    }
    let words = encode_words(&text);
    assert!(words.iter().all(|word| word.len() <= 75 && word.is_ascii()));
    assert_eq!(decode_words(words.join(" ").as_bytes()), text);
    if let Ok(header) = Header::text("Subject", &text) {
        assert!(header.as_str().lines().all(|line| line.len() <= 998));
        let message = Message::new(header.as_str().as_bytes());
        assert_eq!(message.fields().count(), 1);
        let read = message.field("Subject").expect("one").text();
        assert_eq!(read, text.trim_matches([' ', '\t']));
    }
    let unfolded = unfold(data);
    assert_eq!(unfold(&unfolded), unfolded);
    mime(data);
    let received = Received::parse(data);
    // What cannot stand in a name is replaced when it is written, and then stays as it is.
    if let Ok(header) = received.header() {
        let again = Received::parse(value(&header)).header().expect("what was written");
        assert_eq!(again.as_str(), header.as_str());
    }
}

/// The value of a field as it is written.
fn value(header: &Header) -> &[u8] {
    let line = header.as_str().strip_suffix("\r\n").expect("a line");
    line.split_once(':').map_or(&b""[..], |(_, value)| value.as_bytes())
}

fn addresses(data: &[u8]) {
    let list = AddressList::parse(data);
    let few = AddressList::with_limit(data, 3);
    assert!(few.mailboxes().count() <= 3 && list.addresses.len() >= few.addresses.len());
    if list.addresses.is_empty() {
        return;
    }
    // Some that are read cannot be written: a local part of two words, a domain that is none.
    if let Ok(header) = Header::addresses("To", &list.addresses) {
        let again = AddressList::parse(value(&header));
        assert!(again.sound, "{header:?}");
        assert_eq!(again.addresses, list.addresses, "{header:?}");
    }
}

fn mime(data: &[u8]) {
    if let Some(kind) = ContentType::parse(data) {
        let (media, subtype) = (kind.kind(), kind.subtype());
        // What is beyond ASCII is shown in UTF-8, and was perhaps something else.
        let is_plain = media.is_ascii() && subtype.is_ascii();
        assert!(!is_plain || kind.is(&media, &subtype) && kind.is(&media, "*"));
        for param in kind.params.raw() {
            let name = String::from_utf8_lossy(param.name);
            let _ = (kind.params.get(&name), kind.params.plain(&name));
        }
        if let Some(charset) = kind.params.get("charset") {
            let _ = (knows_charset(&charset), decode_charset(Some(&charset), data));
        }
    }
    if let Some(disposition) = Disposition::parse(data) {
        let _ = (disposition.kind(), disposition.is_attachment(), disposition.file_name());
    }
    for label in ["utf-8", "iso-2022-jp", "gb18030", "utf-16", "windows-1252", "x-unknown"] {
        let _ = decode_charset(Some(label), data);
    }
}
