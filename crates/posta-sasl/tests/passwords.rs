//! Password files.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use posta_sasl::{
    Keys, KeysError, ScramHash, Secret,
    passwords::{FileError, LineError, Passwords, UserError},
    prep::PrepError,
};

#[test]
fn keys_of_the_rfc_are_what_another_implementation_derives() {
    let salt = keys().salt().to_vec();
    let derived = Keys::derive(ScramHash::Sha256, &Secret::from("pencil"), &salt, 4096).unwrap();
    assert_eq!(derived.write(), KEYS);
}

#[test]
fn a_file_is_read_and_written() {
    let text = format!("# users\r\n\n  \nuser:{KEYS}\r\nana@a.org:{KEYS}\n#bea:x");
    let file = Passwords::parse(&text).unwrap();
    assert_eq!(file.users().collect::<Vec<_>>(), ["ana@a.org", "user"]);
    assert_eq!(file.write(), format!("ana@a.org:{KEYS}\nuser:{KEYS}\n"));
    assert_eq!(Passwords::parse(&file.write()).unwrap().write(), file.write());
    assert_eq!(Passwords::parse("").unwrap().write(), "");
}

#[test]
fn errors_name_the_line() {
    let long = "x".repeat(256);
    for (line, cause) in [
        ("user".into(), LineError::Syntax),
        ("user:pencil".into(), KeysError::Syntax.into()),
        (format!(" {KEYS}"), KeysError::Syntax.into()),
        (format!(":{KEYS}"), UserError::Prep(PrepError::Empty).into()),
        (format!(" a:{KEYS}"), UserError::Reserved.into()),
        (format!("a :{KEYS}"), UserError::Reserved.into()),
        (format!("a\x07:{KEYS}"), UserError::Prep(PrepError::Prohibited).into()),
        (format!("{long}:{KEYS}"), UserError::Long.into()),
        (format!("user:{KEYS} "), KeysError::Syntax.into()),
        (format!("user:{KEYS}"), LineError::Twice),
    ] {
        let text = format!("# one\nuser:{KEYS}\n{line}\nbad too");
        assert_eq!(Passwords::parse(&text).unwrap_err(), FileError { line: 3, cause }, "{line}");
    }
}

#[test]
fn names_that_would_break_the_file_are_not_inserted() {
    let mut file = Passwords::default();
    for name in ["a:b", "#a", " a", "a ", "", "a\nb:c", "a\r", "\u{a0}a"] {
        assert!(file.insert(name, keys()).is_err(), "{name:?}");
    }
    assert_eq!(file.write(), "");
}

#[test]
fn verify() {
    let mut file = passwords();
    let is = |file: &Passwords, user: &str, password: &str| file.verify(user, &password.into());
    assert!(is(&file, "user", "pencil"));
    // One user, many spellings: SASLprep maps U+00AD to nothing.
    assert!(is(&file, "us\u{ad}er", "pen\u{ad}cil"));
    for (user, password) in [
        ("user", "Pencil"),
        ("user", ""),
        ("user", "pencil\0"),
        ("User", "pencil"),
        ("", "pencil"),
        ("nobody", "pencil"),
        ("nobody", ""),
        ("user\0", "pencil"),
        ("#", "x"),
    ] {
        assert!(!is(&file, user, password), "{user:?} {password:?}");
    }
    assert!(!file.verify("user", &Secret::from(vec![0xff])));
    assert!(!Passwords::default().verify("user", &"pencil".into()));

    let sha1 = Keys::derive(ScramHash::Sha1, &"crayon".into(), b"salt", 5000).unwrap();
    assert_eq!(file.insert("user", sha1.clone()), Ok(None));
    assert_eq!(file.get("user", ScramHash::Sha1), Some(&sha1));
    assert_eq!(file.get("user", ScramHash::Sha512), None);
    assert!(is(&file, "user", "pencil"), "the strongest hash counts");
    assert_eq!(Passwords::parse(&file.write()).unwrap().write(), file.write());
    assert!(file.insert("user", keys()).unwrap().is_some());
    assert!(file.remove("us\u{ad}er") && !file.remove("user"));
    assert!(!is(&file, "user", "pencil"));
}

#[test]
fn a_stranger_costs_what_a_user_costs() {
    let mut file = Passwords::default();
    for (user, iterations) in [("a", 5000), ("b", 6000), ("c", 6000)] {
        let keys = Keys::derive(ScramHash::Sha256, &"x".into(), b"12345678", iterations).unwrap();
        file.insert(user, keys).unwrap();
    }
    let decoy = file.decoy(ScramHash::Sha256, "key".into());
    assert_eq!((decoy.iterations, decoy.salt), (6000, 8));
    let other = file.decoy(ScramHash::Sha1, "key".into());
    assert_eq!((other.iterations, other.salt), (4096, 16));
}
