//! Every case at our machines, cut at every split.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Tried, try_in_memory};
use probe::{Case, Kind, Rule, Verdict, cases};
use std::collections::BTreeMap;

/// Sizes of pieces; large cases are cut coarsely.
fn pieces(case: &Case) -> Vec<usize> {
    let octets: usize = case.steps.iter().map(|step| format!("{step:?}").len()).sum();
    match octets {
        0..2_000 => (1..=64).chain([100, 127, 128, 129, 511, 512, 513, 100_000]).collect(),
        2_000..100_000 => vec![1, 7, 512, 4096, 1 << 20],
        _ => vec![509, 4096, 1 << 24],
    }
}

/// How a case may stand with our machines: all hold, but for these.
fn may_be(case: &Case, kind: Kind, verdict: Verdict) -> bool {
    use Verdict::{DiffersButSafe, DoesNotApply, Holds};
    let is = |class: u8, name: &str| case.class == class && case.name.contains(name);
    match verdict {
        Holds => true,
        // A server that answers EHLO before what is behind it has come cannot know of it.
        DiffersButSafe if case.class == 4 => true,
        // Mailboxes may be called so; what is on disk is looked at over sockets.
        DiffersButSafe if case.class == 15 => true,
        // A sender is not run, whatever it is called.
        DiffersButSafe if case.class == 11 => true,
        // The agent counts hops, not the machine.
        DiffersButSafe => {
            case.class == 20 || is(1, "ends no command") && matches!(kind, Kind::Pop3 | Kind::Imap)
        }
        DoesNotApply => false,
        _ => false,
    }
}

/// A client that has heard of the refusal of its DATA may go on: cut there, it is not too early.
fn is_in_time(case: &Case, piece: usize) -> bool {
    case.class == 4
        && case.name.ends_with("DATA that is refused")
        && "DATA\r\n".len().is_multiple_of(piece)
}

/// Whether the events may depend on how the octets are cut: who speaks out of turn is found out only if it
/// comes in time.
fn depends_on_the_cut(case: &Case) -> bool {
    matches!(case.class, 4 | 5) || case.class == 9 && case.name.contains("20,000")
}

#[test]
fn every_case_holds_at_every_split() {
    let (mut wrong, mut tried_classes) = (Vec::new(), BTreeMap::<u8, usize>::new());
    for case in &cases() {
        for kind in case.on {
            *tried_classes.entry(case.class).or_default() += 1;
            let mut whole: Option<Tried> = None;
            for piece in pieces(case).into_iter().rev() {
                let (tried, _) = try_in_memory(*kind, case, piece, || 0);
                let Some(verdict) = tried.verdict else {
                    wrong.push(format!("V{} {kind} {}: {:?}", case.class, case.name, tried.heard));
                    break;
                };
                if !may_be(case, *kind, verdict) && !is_in_time(case, piece) {
                    let said = tried.heard.as_ref().map(|heard| probe::said(*kind, heard));
                    wrong.push(format!(
                        "V{} {kind} {} by {piece}: {verdict:?} {said:?}",
                        case.class, case.name
                    ));
                    break;
                }
                if case.rule == Rule::OneMessage {
                    assert!(
                        tried.taken.len() <= 1,
                        "V{} {kind} {} by {piece}: {:?}",
                        case.class,
                        case.name,
                        tried.taken
                    );
                }
                assert!(
                    !tried.taken.iter().any(|from| from.contains("evil")),
                    "{} {:?}",
                    case.name,
                    tried.taken
                );
                match &whole {
                    None => whole = Some(tried),
                    Some(whole) if !depends_on_the_cut(case) => {
                        assert_eq!(
                            &tried, whole,
                            "V{} {kind} {} by {piece}",
                            case.class, case.name
                        );
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} do not hold:\n{}", wrong.len(), wrong.join("\n"));
    let classes: Vec<u8> = tried_classes.into_keys().collect();
    assert_eq!(classes, [1, 3, 4, 5, 8, 9, 10, 11, 12, 15, 20, 21, 25, 26, 29, 30]);
}
