//! Names of mailboxes: which there are, and which LIST and LSUB tell of.

use crate::Error;
use imap_proto::{
    Misuse, Server,
    codec::{Attribute, Code, Data, Items, MailboxList, Namespace, Namespaces, Text},
    server::Pattern,
};
use maildir::{MailboxName, Maildir};
use posta_core::disk::Disk;
use std::collections::{BTreeMap, BTreeSet};

/// What separates the levels of a name, in a Maildir as on the wire.
pub const DELIMITER: u8 = b'.';

/// The mailbox that a client names.
///
/// # Errors
/// No mailbox can be called that: it has an empty level or a `/`, or is not in modified UTF-7.
pub fn mailbox(name: Text<'_>) -> Result<MailboxName, Error> {
    let name = name.bytes();
    let parsed = std::str::from_utf8(&name).ok().and_then(|name| name.parse().ok());
    parsed.ok_or(Error::No(Code::Cannot, "a mailbox cannot be called that"))
}

/// The mailbox in a user's Maildir.
///
/// # Errors
/// There is none of this name, or the disk failed.
pub fn open<D: Disk + Clone>(home: &Maildir<D>, name: Text<'_>) -> Result<Maildir<D>, Error> {
    Ok(match mailbox(name)? {
        MailboxName::Inbox => home.clone(),
        MailboxName::Folder(folder) => home.folder(&folder)?,
    })
}

/// As [`open`], for commands that put something into it: the client is told that it may create it and try
/// again.
///
/// # Errors
/// As for [`open`].
pub fn open_target<D: Disk + Clone>(
    home: &Maildir<D>,
    name: Text<'_>,
) -> Result<Maildir<D>, Error> {
    match open(home, name) {
        Err(Error::Maildir(maildir::Error::NoFolder(_))) => {
            Err(Error::No(Code::TryCreate, "there is no such mailbox"))
        }
        opened => opened,
    }
}

/// Tells what LIST asks for, or with `subscribed` LSUB.
///
/// # Errors
/// The disk failed.
pub fn list<D: Disk + Clone>(
    home: &Maildir<D>,
    (reference, pattern): (Text<'_>, Text<'_>),
    subscribed: bool,
    imap: &mut Server,
) -> Result<(), Error> {
    let asked = Pattern::new(reference, pattern, DELIMITER);
    if pattern.is_empty() && !subscribed {
        // RFC 3501 6.3.8: the delimiter, and the root of the reference.
        return Ok(tell("", &[Attribute::NoSelect], false, imap)?);
    }
    let folders = home.folders()?.into_iter().map(MailboxName::Folder);
    let all: Vec<_> = folders.chain([MailboxName::Inbox]).collect();
    let existing: BTreeSet<_> = all.iter().map(ToString::to_string).collect();
    let names = if subscribed { home.subscriptions()? } else { all };
    for (name, is_one) in matching(names.iter().map(ToString::to_string), &asked) {
        let mut attributes = Vec::new();
        if !is_one || !existing.contains(&name) {
            attributes.push(Attribute::NoSelect);
        }
        let below = format!("{name}{}", char::from(DELIMITER));
        let mut after = existing.range(below.clone()..);
        attributes.push(match after.next().is_some_and(|next| next.starts_with(&below)) {
            true => Attribute::HasChildren,
            false => Attribute::HasNoChildren,
        });
        attributes.extend(special_use(&name));
        tell(&name, &attributes, subscribed, imap)?;
    }
    Ok(())
}

/// Tells what NAMESPACE asks for: all is the user's own.
///
/// # Errors
/// As for [`Server::data`].
pub fn namespace(imap: &mut Server) -> Result<(), Misuse> {
    let own = [Namespace { delimiter: Some(DELIMITER), ..Namespace::default() }];
    let namespaces = Namespaces { personal: Items::new(&own), ..Namespaces::default() };
    imap.data(&Data::Namespace(namespaces))
}

/// The names that are asked for, and levels above such names that are asked for instead: for `%`, there is
/// `a` if there is `a.b`.
fn matching(names: impl Iterator<Item = String>, asked: &Pattern) -> BTreeMap<String, bool> {
    let mut matching = BTreeMap::new();
    for name in names {
        if asked.matches(&name) {
            matching.insert(name, true);
            continue;
        }
        for (at, _) in name.match_indices(char::from(DELIMITER)) {
            if asked.matches(&name[..at]) {
                matching.entry(name[..at].to_owned()).or_insert(false);
            }
        }
    }
    matching
}

fn tell(
    name: &str,
    attributes: &[Attribute<'_>],
    subscribed: bool,
    imap: &mut Server,
) -> Result<(), Misuse> {
    let mailbox = MailboxList {
        attributes: Items::new(attributes),
        delimiter: Some(DELIMITER),
        mailbox: Text::from(name),
        ..MailboxList::default()
    };
    imap.data(&if subscribed { Data::Lsub(mailbox) } else { Data::List(mailbox) })
}

/// What a mailbox is for, by the name that mail programs give it. RFC 6154 2
fn special_use(name: &str) -> Option<Attribute<'static>> {
    let uses = [
        ("Archive", Attribute::Archive),
        ("Drafts", Attribute::Drafts),
        ("Junk", Attribute::Junk),
        ("Sent", Attribute::Sent),
        ("Trash", Attribute::Trash),
    ];
    let found = uses.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, attribute)| attribute)
}
