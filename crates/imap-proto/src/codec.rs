//! Reading and writing of what client and server say, without any state.
//!
//! A response is read in place: its strings are [`Text`]s and its lists are [`Items`], both of which borrow
//! from it. All of it is checked when it is read; what is in its lists is read again when it is asked for.
//! The same types are written: their lists are then slices. Whatever would not be read as it is, is refused,
//! so that nothing can smuggle in a second line.
//!
//! ```
//! use imap_proto::codec::{Data, Fetch, FetchData, Flag, Items, Response};
//!
//! let line = b"* 23 FETCH (FLAGS (\\Seen) RFC822.SIZE 44827 X-NEW (1 2))";
//! let Response::Data(Data::Fetch(fetch)) = Response::parse(line)? else { panic!() };
//! assert_eq!((fetch.number, fetch.size()), (23, Some(44827)));
//! assert_eq!(fetch.data.iter().nth(2), Some(FetchData::Other { name: b"X-NEW", value: b"(1 2)" }));
//!
//! let flags = [Flag::Seen, Flag::Other("$Junk")];
//! let data = [FetchData::Uid(7), FetchData::Flags(Items::new(&flags))];
//! let mut wire = Vec::new();
//! Response::Data(Data::Fetch(Fetch { number: 1, data: Items::new(&data) })).write(&mut wire)?;
//! assert_eq!(wire, b"* 1 FETCH (UID 7 FLAGS (\\Seen $Junk))\r\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body_structure;
mod capability;
mod code;
mod command;
mod cursor;
mod date;
mod envelope;
mod error;
mod fetch;
mod fetch_item;
mod flag;
mod items;
mod list;
mod mailbox_status;
mod namespace;
mod quirk;
mod range;
mod response;
mod search_key;
mod search_result;
mod section;
mod sequence;
mod store;
mod text;

pub use body_structure::{BodyStructure, Content, Disposition, Message, Parameter, Part};
pub use capability::{Capabilities, Capability};
pub use code::Code;
pub use command::{Command, CommandError, Secret};
pub(crate) use cursor::Cursor;
pub use date::{Date, DateTime};
pub use envelope::{Address, Envelope};
pub use error::{Fault, ParseError};
pub use fetch::{Fetch, FetchData, Place};
pub use fetch_item::FetchItem;
pub use flag::Flag;
pub use items::{Element, Items, Iter};
pub use list::{Attribute, MailboxList};
pub use mailbox_status::{MailboxStatus, StatusData, StatusItem};
pub use namespace::{Namespace, Namespaces};
pub use quirk::{Quirk, Quirks};
pub use range::Range;
pub(crate) use response::read_earlier;
pub use response::{Condition, Data, IdField, Response, Status};
pub use search_key::SearchKey;
pub use search_result::{Esearch, Search, SearchData};
pub use section::{Number, Section, What};
pub use sequence::Sequence;
pub use store::Store;
pub use text::Text;

use crate::Misuse;
use alloc::vec::Vec;

pub(crate) fn put_number(wire: &mut Vec<u8>, number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    wire.extend_from_slice(&digits[at..]);
}

fn put_literal(wire: &mut Vec<u8>, octets: &[u8]) {
    wire.push(b'{');
    put_number(wire, octets.len() as u64);
    wire.extend_from_slice(b"}\r\n");
    wire.extend_from_slice(octets);
}

/// An atom.
pub(crate) fn put_name(name: &str, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    let mut cursor = Cursor::new(name.as_bytes(), Quirks::default());
    if cursor.name().is_err() || !cursor.is_empty() {
        return Err(Misuse::Argument("a name is no atom"));
    }
    wire.extend_from_slice(name.as_bytes());
    Ok(())
}

/// One value of any kind, as it is.
fn put_value(value: &[u8], wire: &mut Vec<u8>) -> Result<(), Misuse> {
    let mut cursor = Cursor::new(value, Quirks::default());
    if cursor.value().is_err() || !cursor.is_empty() {
        return Err(Misuse::Argument("it is not one value"));
    }
    wire.extend_from_slice(value);
    Ok(())
}

/// A space and a set of messages, which must not be empty.
fn put_set(set: &Items<'_, Range>, wire: &mut Vec<u8>) -> Result<(), Misuse> {
    if set.is_empty() {
        return Err(Misuse::Argument("a set of messages is empty"));
    }
    wire.push(b' ');
    set.write_bare(wire)
}
