//! What an IMAP server says of a message: ENVELOPE, BODYSTRUCTURE, sections, and whether it matches a search
//! (RFC 3501).
//!
//! Sizes, lines and sections are those of the bytes as they are handed in. A server speaks of messages with
//! CRLF line ends: where they are stored with LF, give [`Message::new`](crate::Message::new) what
//! [`to_crlf`](crate::to_crlf) makes of them, and take RFC822.SIZE from that, too.
//!
//! Everything written is grammatical, whatever the message is: text goes as a quoted string where it is short
//! printable ASCII and else as a literal, 8-bit octets are kept in literals, and NUL, which IMAP cannot carry, is
//! never written. Nothing recurses, and all is linear in the message.
//!
//! ```
//! use imf_message::{Message, imap};
//!
//! let message = Message::new(
//!     b"From: Ana <ana@a.org>\r\nSubject: Tea\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
//!       --b\r\n\r\nAt four?\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\n--b--\r\n",
//! );
//! let mut out = Vec::new();
//! imap::envelope(&message, &mut out);
//! let ana = r#"(("Ana" NIL "ana" "a.org"))"#;
//! assert_eq!(out, format!(r#"(NIL "Tea" {ana} {ana} {ana} NIL NIL NIL NIL NIL)"#).as_bytes());
//!
//! out.clear();
//! imap::body_structure(&message, false, &mut out);
//! let text = r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7BIT" 8 1)"#;
//! let image = r#"("image" "png" NIL NIL NIL "base64" 4)"#;
//! assert_eq!(out, format!(r#"({text}{image} "mixed")"#).as_bytes());
//!
//! let octets = imap::section(&message, &[1], &imap::Text::All).expect("there");
//! assert_eq!(imap::partial(&octets, 3, 100), b"four?");
//! assert!(imap::header_contains(&message, "Subject", "tea"));
//! assert!(imap::body_contains(&message, "at FOUR"));
//! ```

mod envelope;
mod inside;
mod search;
mod section;
mod string;
mod structure;

pub use envelope::envelope;
pub use search::{body_contains, header_contains, text_contains};
pub use section::{Text, partial, section};
pub use structure::body_structure;
