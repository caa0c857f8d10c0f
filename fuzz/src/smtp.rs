//! SMTP and LMTP: commands and replies; the machines are in the files below.

mod client;
mod pair;
mod server;

pub use client::client;
pub use pair::pair;
pub use server::server;

use posta_core::Output;
use smtp_proto::codec::{
    Address, Base64, Capabilities, Command, Mailbox, Params, Path, Reply, Syntax, write_reply,
};
use std::str;

/// A command line: what is read is written as it was, and reads back.
pub fn command(line: &[u8]) {
    for utf8 in [false, true] {
        for space_after_colon in [false, true] {
            let mut syntax = Syntax::default();
            (syntax.utf8, syntax.space_after_colon) = (utf8, space_after_colon);
            match Command::parse_with(line, syntax) {
                Ok(command) => read(line, command, syntax),
                Err(error) => {
                    assert!(error.offset <= line.len(), "{error:?}");
                    let (code, enhanced) = error.reply();
                    assert_eq!(u16::from(enhanced.0), code / 100);
                    let shown = error.show(line).to_string();
                    assert!(shown.lines().count() <= 2 && !shown.contains(['\r', '\0']), "{shown}");
                }
            }
        }
    }
    if let Ok(text) = str::from_utf8(line) {
        words(text);
    }
}

/// What a server says: framed at the same place however much of it is here, and safe to print.
pub fn reply(wire: &[u8]) {
    match Reply::parse(wire) {
        Ok(Some((reply, length))) => {
            assert!((200..600).contains(&reply.code) && length <= wire.len());
            assert!(wire[..length].ends_with(b"\r\n"));
            for n in 0..length {
                assert_eq!(Reply::parse(&wire[..n]), Ok(None), "{n} octets of it");
            }
            assert_eq!(reply.to_buf().as_reply(), reply);
            assert!(reply.to_string().bytes().all(|octet| matches!(octet, b' '..=b'~')));
            let offered = Capabilities::parse(reply);
            for keyword in offered.iter() {
                assert!(offered.has(keyword.name), "{keyword:?}");
            }
            let _ = (reply.enhanced(), reply.text(), offered.auth().count());
        }
        Ok(None) => {}
        Err(error) => assert!(error.offset <= wire.len()),
    }
    forge(&String::from_utf8_lossy(wire));
}

fn read(line: &[u8], command: Command<'_>, syntax: Syntax) {
    let mut out = Output::default();
    if let Err(error) = command.write(&mut out) {
        // A name or a verb beyond ASCII is read, so that it can be refused, and not written.
        let spoken = matches!(
            command,
            Command::Helo(_) | Command::Ehlo(_) | Command::Lhlo(_) | Command::Unknown { .. }
        );
        assert!(spoken && !line.is_ascii(), "{command:?}: {error}");
        return assert!(out.is_empty());
    }
    let written = out.bytes().strip_suffix(b"\r\n").expect("a line");
    assert!(!written.contains(&b'\r') && !written.contains(&b'\n'));
    assert_eq!(Command::parse_with(written, syntax), Ok(command), "{}", line.escape_ascii());
    if let Command::Mail { path, params } | Command::Rcpt { path, params } = command {
        assert!(syntax.utf8 || path.is_ascii());
        if let Some(address) = path.address() {
            words(address.as_str());
        }
        read_params(params);
    }
}

fn read_params(params: Params<'_>) {
    let _ = (params.size(), params.body(), params.ret(), params.smtputf8(), params.notify());
    for text in [params.auth(), params.envid()].into_iter().flatten().flatten() {
        assert!(!text.contains(['\r', '\n', '\0']), "{text:?}");
    }
    if let Ok(Some(orcpt)) = params.orcpt() {
        assert!(!orcpt.address.contains(['\r', '\n', '\0']), "{orcpt:?}");
    }
    assert_eq!(Params::new(params.as_str()), Ok(params));
    for param in params.iter() {
        assert!(params.get(param.name).is_some());
    }
}

fn words(text: &str) {
    if let Ok(address) = Address::new(text) {
        assert_eq!(address.as_str(), text);
        assert_eq!(format!("{}@{}", address.local_part(), address.domain()), text);
        assert_eq!(Mailbox::from(address).as_address(), address);
        assert!(!address.unquoted_local_part().contains(['\r', '\n', '\0']));
        assert_eq!(Path::new(text), Ok(Path::Mailbox(address)));
    }
    if let Some(base64) = Base64::new(text) {
        assert_eq!(base64.as_str(), text);
    }
    if let Ok(params) = Params::new(text) {
        read_params(params);
    }
}

/// No text makes two replies of one.
fn forge(text: &str) {
    let mut out = Output::default();
    write_reply(&mut out, 550, None, text);
    for line in out.bytes().split_inclusive(|octet| *octet == b'\n') {
        assert!(line.starts_with(b"550") && line.ends_with(b"\r\n") && line.len() <= 512);
    }
    let (reply, length) = Reply::parse(out.bytes()).ok().flatten().expect("a reply");
    assert_eq!((reply.code, length), (550, out.len()));
}
