//! UIDs, marks and what changed, in a Maildir that several programs share.

mod common;

use common::{deliver, stamp};
use maildir::{Changes, Error, Flags, Maildir, Numbered, Stamp, Uids};
use posta_core::disk::fs::Fs;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::PathBuf,
    time::{Duration, SystemTime},
};
use tempfile::TempDir;

/// Seconds since 1970 in the stamps of these tests.
const NOW: u64 = 1_790_000_000;

fn mailbox() -> (TempDir, Maildir<Fs>, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("bea");
    (folder, Maildir::create(Fs::new(&path)).expect("made"), path)
}

fn at(seconds: u64) -> Stamp<'static> {
    Stamp { time: Duration::from_secs(seconds), ..stamp(0) }
}

fn uids(numbered: &Numbered) -> Vec<u32> {
    numbered.messages.iter().map(|message| message.uid).collect()
}

#[test]
fn messages_get_uids_in_the_order_of_their_delivery() {
    let (_folder, maildir, path) = mailbox();
    for count in [2, 3, 1] {
        deliver(&maildir, count, "text").expect("delivered");
    }
    let first = maildir.numbered(&at(NOW), false).expect("numbered");
    assert_eq!((uids(&first), first.uid_next), (vec![1, 2, 3], 4));
    assert_eq!(u64::from(first.uid_validity), NOW);
    assert!(first.messages.is_sorted_by_key(|message| message.entry.seconds()));
    let list = fs::read_to_string(path.join("dovecot-uidlist")).expect("written");
    let id = first.messages[0].entry.id();
    assert!(list.starts_with("3 V1790000000 N4 G"), "{list}");
    assert!(list.contains(&format!("\n1 :{id},S=4,W=4\n2 :")), "{list}");
    assert_eq!(list.lines().next().expect("a header").len(), "3 V1790000000 N4 G".len() + 32);

    maildir.remove(&first.messages[1].entry).expect("removed");
    deliver(&maildir, 4, "text").expect("delivered");
    let second = maildir.numbered(&at(NOW + 1), false).expect("numbered");
    assert_eq!((uids(&second), second.uid_next), (vec![1, 3, 4], 5));
    assert_eq!(second.uid_validity, first.uid_validity);
    // The line of the message that is gone went away.
    let list = fs::read_to_string(path.join("dovecot-uidlist")).expect("written");
    assert_eq!(list.lines().count(), 4);
}

#[test]
fn the_last_uid_is_not_given_again() {
    let (_folder, maildir, _) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    maildir.remove(&first.messages[0].entry).expect("removed");
    deliver(&maildir, 2, "two").expect("delivered");
    assert_eq!(uids(&maildir.numbered(&at(NOW), true).expect("numbered")), [2]);
}

#[test]
fn a_message_is_recent_once() {
    let (_folder, maildir, _) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let recent = |adopt| {
        let numbered = maildir.numbered(&at(NOW), adopt).expect("numbered");
        numbered.messages.iter().map(|m| (m.uid, m.recent, m.entry.is_new())).collect::<Vec<_>>()
    };
    assert_eq!(recent(false), [(1, true, true)]);
    assert_eq!(recent(false), [(1, true, true)]);
    assert_eq!(recent(true), [(1, true, false)]);
    assert_eq!(recent(true), [(1, false, false)]);
    deliver(&maildir, 2, "two").expect("delivered");
    assert_eq!(recent(true), [(1, false, false), (2, true, false)]);
    assert_eq!(recent(false), [(1, false, false), (2, false, false)]);
}

#[test]
fn nothing_is_written_if_every_message_has_a_uid() {
    let (_folder, maildir, path) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    let list = path.join("dovecot-uidlist");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
    File::options().write(true).open(&list).expect("there").set_modified(long_ago).expect("set");
    // Even while another program writes.
    fs::write(path.join("dovecot-uidlist.lock"), "").expect("written");
    let second = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!(second.since(&first), Some(Changes::default()));
    assert_eq!(fs::metadata(&list).expect("there").modified().expect("a time"), long_ago);
}

#[test]
fn arrivals_add_lines_to_the_list() {
    let (_folder, maildir, path) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    let list = || fs::read_to_string(path.join("dovecot-uidlist")).expect("there");
    let before = list();
    // One that nobody has looked at gets its UID when somebody does.
    deliver(&maildir, 2, "two").expect("delivered");
    let came = [5, 3].map(|count| deliver(&maildir, count, "text").expect("delivered"));
    let number = || maildir.number_arrivals(&came, &at(NOW)).expect("numbered");
    let uids = Uids { uid_validity: first.uid_validity, uids: vec![2, 3] };
    assert_eq!(number(), uids);
    let [five, three] = came.each_ref().map(maildir::Entry::id);
    let after = format!("{before}2 :{five},S=4,W=4\n3 :{three},S=4,W=4\n");
    assert_eq!(list(), after);
    // They keep what they have.
    assert_eq!(number(), uids);
    assert_eq!(list(), after);
    let listed = maildir.numbered(&at(NOW), true).expect("numbered");
    let told: Vec<_> = listed.messages.iter().map(|m| (m.uid, m.entry.id())).collect();
    assert_eq!(told[1..3], [(2, five), (3, three)]);
    assert_eq!((told[3].0, listed.uid_next), (4, 5));
    assert!(!path.join("dovecot-uidlist.lock").exists());
}

/// Where no line can be added, the list is written anew, and the UIDs stay.
#[test]
fn arrivals_find_a_list_that_takes_no_lines() {
    let ended = |list: &str| list.trim_end().to_owned();
    let id_gone = |list: &str| {
        let (header, lines) = list.split_once('\n').expect("a header");
        format!("{}\n{lines}", header.split(" G").next().expect("fields"))
    };
    let no_text = |list: &str| format!("{list}2 :\u{1}\n");
    for (n, change) in [ended, id_gone, no_text].into_iter().enumerate() {
        let (_folder, maildir, path) = mailbox();
        deliver(&maildir, 1, "one").expect("delivered");
        let first = maildir.numbered(&at(NOW), true).expect("numbered");
        let list = fs::read_to_string(path.join("dovecot-uidlist")).expect("there");
        let mut changed = change(&list).into_bytes();
        // No UTF-8, as other programs may have it.
        changed.iter_mut().filter(|octet| **octet == 1).for_each(|octet| *octet = 0xff);
        fs::write(path.join("dovecot-uidlist"), changed).expect("written");
        let came = deliver(&maildir, 2, "two").expect("delivered");
        let uids = maildir.number_arrivals(&[came], &at(NOW)).expect("numbered");
        assert_eq!(uids.uid_validity, first.uid_validity, "{n}");
        assert!(matches!(uids.uids[..], [2 | 3]), "{n}: {uids:?}");
        let list = fs::read_to_string(path.join("dovecot-uidlist")).expect("UTF-8");
        assert!(list.starts_with(&format!("3 V{NOW} N")) && list.ends_with(",S=3,W=3\n"), "{list}");
        assert_eq!(list.lines().count(), 3, "{list}");
    }
    let (_folder, maildir, _) = mailbox();
    let came = deliver(&maildir, 1, "one").expect("delivered");
    let uids = maildir.number_arrivals(&[came], &at(NOW)).expect("numbered");
    assert_eq!(uids, Uids { uid_validity: NOW as u32, uids: vec![1] });
}

#[test]
fn what_dovecot_wrote_stays() {
    let (_folder, maildir, path) = mailbox();
    let list = "3 V1275660208 N25018 G3085f01b7f11094c501100008c4a11c1 Xmore\n\
                25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394:2,\n\
                25010 :1276528488.M1P1.gone\n\
                25017 W2481 Px :1276533073.M242911P3632.kurkku:2,F\n\
                25030 :1276533074.M242911P3632.kurkku,S=4\n";
    fs::write(path.join("dovecot-uidlist"), list).expect("written");
    for name in [
        "1276533073.M242911P3632.kurkku:2,FS",
        "1276528487.M364837P9451.kurkku,S=1355,W=1394:2,S",
        "1276533074.M242911P3632.kurkku,S=4:2,",
    ] {
        fs::write(path.join("cur").join(name), "text").expect("written");
    }
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!((first.uid_validity, first.uid_next), (1_275_660_208, 25_031));
    assert_eq!(uids(&first), [25_006, 25_017, 25_030]);
    assert_eq!(fs::read_to_string(path.join("dovecot-uidlist")).expect("there"), list);
    deliver(&maildir, 1, "text").expect("delivered");
    let second = maildir.numbered(&at(NOW), true).expect("numbered");
    let id = second.messages[3].entry.id();
    assert_eq!(
        fs::read_to_string(path.join("dovecot-uidlist")).expect("there"),
        format!(
            "3 V1275660208 N25032 G3085f01b7f11094c501100008c4a11c1 Xmore\n\
             25006 :1276528487.M364837P9451.kurkku,S=1355,W=1394\n\
             25017 W2481 Px :1276533073.M242911P3632.kurkku\n\
             25030 :1276533074.M242911P3632.kurkku,S=4\n25031 :{id},S=4,W=4\n"
        )
    );
}

#[test]
fn a_list_of_the_first_version_is_taken_over() {
    let (_folder, maildir, path) = mailbox();
    fs::write(path.join("dovecot-uidlist"), "1 1275660208 9\n8 1.a:2,S\n").expect("written");
    fs::write(path.join("cur/1.a:2,S"), "text").expect("written");
    fs::write(path.join("cur/2.b:2,S"), "text").expect("written");
    let numbered = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!((numbered.uid_validity, uids(&numbered)), (1_275_660_208, vec![8, 9]));
    let list = fs::read_to_string(path.join("dovecot-uidlist")).expect("there");
    assert!(list.starts_with("3 V1275660208 N10 G"), "{list}");
}

/// Whatever damages the list, UIDs mean other messages only under a higher UIDVALIDITY, even where the clock
/// stands still.
#[test]
fn a_damaged_list_is_made_anew() {
    let (_folder, maildir, path) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let mut before = maildir.numbered(&at(NOW), true).expect("numbered").uid_validity;
    let list = path.join("dovecot-uidlist");
    for damage in ["", "x", "3 V1 N", "\0\0\0\0", "4 V1 N1\n", "3 V1790000000 N3 Gx\n1 :b\n1 :c\n"]
    {
        fs::write(&list, damage).expect("written");
        let numbered = maildir.numbered(&at(NOW), true).expect("numbered");
        assert!(numbered.uid_validity > before, "{damage:?}");
        assert_eq!(uids(&numbered), [1]);
        before = numbered.uid_validity;
    }
    fs::remove_file(&list).expect("removed");
    let numbered = maildir.numbered(&at(NOW), true).expect("numbered");
    assert!(numbered.uid_validity > before);
    // One file tells the highest, as Dovecot has it.
    let name = format!("dovecot-uidvalidity.{:08x}", numbered.uid_validity);
    let marks = fs::read_dir(&path).expect("read").filter_map(|entry| {
        let name = entry.expect("read").file_name().into_string().expect("UTF-8");
        name.starts_with("dovecot-uidvalidity").then_some(name)
    });
    assert_eq!(marks.collect::<Vec<_>>(), [name]);
}

/// A file that somebody put there under a name that would end a line, or has none, damages no list.
#[test]
fn no_file_name_damages_the_list() {
    let (_folder, maildir, path) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    for name in ["1.a\n9 :b:2,S", "1.a\r:2,S", ":2,S", ",S=1:2,S", "3 V1 N1", " :a"] {
        fs::write(path.join("cur").join(name), "text").expect("written");
    }
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    // The last two are odd, and names.
    assert_eq!(uids(&first), [1, 2, 3]);
    deliver(&maildir, 2, "two").expect("delivered");
    let second = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!(second.uid_validity, first.uid_validity);
    assert_eq!(second.since(&first).map(|changes| changes.arrived), Some(vec![4]));
}

/// No cut of a list gives a UID to another message than before.
#[test]
fn a_list_cut_anywhere_gives_no_uid_twice() {
    let (_folder, maildir, path) = mailbox();
    for count in 1..=3 {
        deliver(&maildir, count, "text").expect("delivered");
    }
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    let list = path.join("dovecot-uidlist");
    let whole = fs::read(&list).expect("there");
    for end in 0..whole.len() {
        fs::write(&list, &whole[..end]).expect("written");
        let cut = maildir.numbered(&at(NOW), true).expect("numbered");
        assert_eq!(cut.messages.len(), 3);
        let known: BTreeMap<_, _> = first.messages.iter().map(|m| (m.uid, m.entry.id())).collect();
        for message in cut.messages.iter().filter(|_| cut.uid_validity == first.uid_validity) {
            let same = known.get(&message.uid).is_none_or(|id| *id == message.entry.id());
            assert!(same, "cut at {end}");
        }
        assert!(cut.uid_validity > first.uid_validity || cut.uid_next >= first.uid_next);
    }
}

#[test]
fn uids_that_are_used_up_begin_again() {
    let (_folder, maildir, path) = mailbox();
    fs::write(path.join("dovecot-uidlist"), "3 V1790000005 N4294967294 Gab\n7 :1.a\n").expect("w");
    fs::write(path.join("cur/1.a:2,S"), "text").expect("written");
    deliver(&maildir, 1, "one").expect("delivered");
    let numbered = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!((uids(&numbered), numbered.uid_validity), (vec![7, 4_294_967_294], NOW as u32 + 5));
    deliver(&maildir, 2, "two").expect("delivered");
    let numbered = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!((uids(&numbered), numbered.uid_validity), (vec![1, 2, 3], NOW as u32 + 6));
}

#[test]
fn a_folder_that_is_made_again_has_a_higher_uidvalidity() {
    let (_folder, maildir, _) = mailbox();
    let name = "Archive".parse().expect("a name");
    let mut before = 0;
    for _ in 0..3 {
        let folder = maildir.create_folder(&name).expect("made");
        let validity = folder.numbered(&at(NOW), true).expect("numbered").uid_validity;
        assert!(validity > before);
        before = validity;
        maildir.delete_folder(&name).expect("removed");
    }
}

#[test]
fn a_list_that_is_being_written_is_left_alone() {
    let (_folder, maildir, path) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let lock = path.join("dovecot-uidlist.lock");
    let made = |seconds: u64| {
        let file = File::create(&lock).expect("made");
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).expect("set");
    };
    let locked = Err(Error::Locked("dovecot-uidlist".into()));
    for seconds in [NOW, NOW - 120, NOW + 1000] {
        made(seconds);
        assert_eq!(maildir.numbered(&at(NOW), false), locked, "{seconds}");
        assert!(lock.exists());
    }
    // Whoever made it is not there any more.
    made(NOW - 121);
    assert_eq!(uids(&maildir.numbered(&at(NOW), false).expect("numbered")), [1]);
    assert!(!lock.exists());
}

/// Programs that number the same messages at once agree.
#[test]
fn everybody_gives_the_same_uids() {
    let (folder, maildir, _) = mailbox();
    let name = "Archive".parse().expect("a name");
    maildir.create_folder(&name).expect("made");
    let root = folder.path().join("bea");
    let name = &name;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let heard: Vec<(u32, u32, String)> = std::thread::scope(|scope| {
        let thread = |thread: u64| {
            let root = root.clone();
            scope.spawn(move || {
                let maildir = Maildir::create(Fs::new(root)).expect("made");
                let maildir = maildir.folder(name).expect("there");
                let mut heard = Vec::new();
                for n in 0..15 {
                    let came = deliver(&maildir, thread * 100 + n, "text").expect("delivered");
                    let stamp = Stamp { time: now, ..stamp(n) };
                    if n % 3 == 0 {
                        match maildir.number_arrivals(std::slice::from_ref(&came), &stamp) {
                            Err(Error::Locked(_)) => {}
                            uids => {
                                let Uids { uid_validity, uids } = uids.expect("numbered");
                                heard.push((uid_validity, uids[0], came.id().to_owned()));
                            }
                        }
                    }
                    match maildir.numbered(&stamp, n % 2 == 0) {
                        Err(Error::Locked(_)) => {}
                        numbered => {
                            let numbered = numbered.expect("numbered");
                            let validity = numbered.uid_validity;
                            let uid =
                                |m: maildir::Message| (validity, m.uid, m.entry.id().to_owned());
                            heard.extend(numbered.messages.into_iter().map(uid));
                        }
                    }
                }
                heard
            })
        };
        let threads: Vec<_> = (1..=4).map(thread).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let last = maildir.folder(name).expect("there").numbered(&at(now.as_secs()), true);
    let last = last.expect("numbered");
    assert_eq!(uids(&last), (1..=60).collect::<Vec<_>>());
    let known: BTreeMap<_, _> = last.messages.iter().map(|m| (m.uid, m.entry.id())).collect();
    for (validity, uid, id) in heard {
        assert_eq!((validity, known.get(&uid)), (last.uid_validity, Some(&&*id)));
    }
}

#[test]
fn changes_between_two_listings() {
    let (_folder, maildir, _) = mailbox();
    for count in 1..=5 {
        deliver(&maildir, count, "text").expect("delivered");
    }
    let mut first = maildir.numbered(&at(NOW), true).expect("numbered");
    assert_eq!(first.since(&first), Some(Changes::default()));
    assert!(first.since(&first).expect("the same").is_empty());
    let [one, two, _, four, five] = &mut *first.messages else { unreachable!() };
    maildir.remove(&one.entry).expect("removed");
    let mut entry = two.entry.clone();
    maildir.set_flags(&mut entry, Flags::SEEN).expect("set");
    let mut entry = four.entry.clone();
    maildir.set_flags(&mut entry, Flags::FLAGGED).expect("set");
    maildir.remove(&five.entry).expect("removed");
    deliver(&maildir, 6, "text").expect("delivered");
    deliver(&maildir, 7, "text").expect("delivered");
    let second = maildir.numbered(&at(NOW), true).expect("numbered");
    let there = Changes { vanished: vec![1, 5], changed: vec![2, 4], arrived: vec![6, 7] };
    assert_eq!(second.since(&first), Some(there));
    let back = Changes { vanished: vec![6, 7], changed: vec![2, 4], arrived: vec![1, 5] };
    assert_eq!(first.since(&second), Some(back));
    let rebuilt = Numbered { uid_validity: 1, ..second.clone() };
    assert_eq!(rebuilt.since(&second), None);
}

#[test]
fn a_mark_tells_whether_to_look_again() {
    let (_folder, maildir, path) = mailbox();
    deliver(&maildir, 1, "one").expect("delivered");
    let first = maildir.numbered(&at(NOW), true).expect("numbered");
    let settle = || {
        for part in ["new", "cur", "dovecot-uidlist"] {
            let file = File::open(path.join(part)).expect("there");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)).expect("set");
        }
    };
    settle();
    let mark = |now| maildir.mark(now).expect("there");
    assert!(mark(NOW + 9).unchanged_since(&mark(NOW + 2)));
    // What happens in the second in which somebody looks cannot be seen.
    assert!(!mark(NOW + 9).unchanged_since(&mark(NOW + 1)));
    assert!(!mark(NOW + 9).unchanged_since(&mark(NOW)));
    assert!(!mark(NOW + 9).unchanged_since(&mark(NOW - 1000)), "the clock was set back");
    let before = mark(NOW + 2);
    maildir.set_flags(&mut first.messages[0].entry.clone(), Flags::SEEN).expect("set");
    assert!(!mark(NOW + 9).unchanged_since(&before));
    settle();
    deliver(&maildir, 2, "two").expect("delivered");
    assert!(!mark(NOW + 9).unchanged_since(&before));
    settle();
    maildir.add_keyword("$Junk", &at(NOW)).expect("added");
    assert!(!mark(NOW + 9).unchanged_since(&before));
}
