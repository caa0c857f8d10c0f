#![allow(clippy::unwrap_used)]

use super::*;

const NOW: Duration = Duration::from_secs(1_790_000_000);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn id(n: u32) -> Id {
    Id::new(NOW, n)
}

/// So many seconds later.
fn at(seconds: u64) -> Duration {
    NOW + Duration::from_secs(seconds)
}

fn again(seconds: u64) -> Due {
    Due { at: at(seconds), deadline: NOW + DAY, new: false }
}

fn new(seconds: u64) -> Due {
    Due { new: true, ..again(seconds) }
}

/// Takes all that can be taken.
fn all(schedule: &mut Schedule, now: Duration) -> Vec<Attempt> {
    std::iter::from_fn(|| schedule.take(now)).collect()
}

fn ids(attempts: &[Attempt]) -> Vec<Id> {
    attempts.iter().map(|attempt| attempt.id).collect()
}

#[test]
fn who_has_waited_for_longest_comes_first() {
    let mut schedule = Schedule::default();
    for (n, seconds) in [(1, 30), (2, 20), (3, 20)] {
        schedule.insert(id(n), again(seconds), ["b.com"]);
    }
    assert_eq!((schedule.next(), schedule.take(at(19))), (Some(at(20)), None));
    schedule.insert(id(1), again(10), ["b.com", "b.com"]);
    assert_eq!(ids(&all(&mut schedule, at(20))), [id(1), id(2), id(3)]);
    assert_eq!((schedule.len(), schedule.next()), (3, None));
    for n in 1..=3 {
        schedule.done(&id(n), again(0), [""; 0]);
    }
    assert!(schedule.is_empty() && schedule.names.is_empty() && schedule.destinations.is_empty());
    assert_eq!(schedule.running, [0, 0]);
}

#[test]
fn what_is_inserted_again_is_there_once() {
    let mut schedule = Schedule::default();
    schedule.insert(id(1), new(0), ["b.com"]);
    assert_eq!(schedule.take(NOW).unwrap().destinations, ["b.com"]);
    schedule.insert(id(1), again(5), ["a.org"]);
    schedule.done(&id(1), again(0), ["b.com"]);
    assert_eq!((schedule.take(at(4)), schedule.len()), (None, 1));
    assert_eq!(schedule.take(at(5)).unwrap().destinations, ["a.org"]);
}

#[test]
fn what_is_removed_is_gone() {
    let mut schedule = Schedule::default();
    (0..2).for_each(|n| schedule.insert(id(n), new(0), ["b.com"]));
    schedule.take(NOW).unwrap();
    (0..3).for_each(|n| schedule.remove(&id(n)));
    assert!(schedule.is_empty() && schedule.destinations.is_empty());
    assert_eq!((schedule.next(), schedule.running), (None, [0, 0]));
}

#[test]
fn only_so_many_at_once_to_one_destination_and_in_all() {
    let limits = Limits { attempts: 8, start: 3, ..Limits::default() };
    let mut schedule = Schedule::new(limits);
    (0..10).for_each(|n| schedule.insert(id(n), again(0), ["b.com"]));
    (10..20).for_each(|n| schedule.insert(id(n), again(1), [format!("{n}.example")]));
    let taken = all(&mut schedule, at(1));
    // Three of the first line, then others, up to three quarters of all.
    assert_eq!(ids(&taken), [0, 1, 2, 10, 11, 12].map(id));
    assert_eq!(schedule.next(), None);
    // The last quarter is for what is new.
    (20..30).for_each(|n| schedule.insert(id(n), new(1), [format!("{n}.example")]));
    assert_eq!(ids(&all(&mut schedule, at(1))), [20, 21].map(id));
    schedule.report(&id(0), "b.com", true, at(1));
    schedule.report(&id(0), "b.com", true, at(1));
    assert_eq!(ids(&all(&mut schedule, at(1))), [id(22)]);
    schedule.done(&id(10), again(0), [""; 0]);
    assert_eq!(ids(&all(&mut schedule, at(1))), [id(23)]);
}

#[test]
fn at_one_destination_the_new_and_the_others_take_turns() {
    let mut schedule = Schedule::new(Limits { start: 4, ..Limits::default() });
    (0..9).for_each(|n| schedule.insert(id(n), again(0), ["b.com"]));
    (10..19).for_each(|n| schedule.insert(id(n), new(9), ["b.com"]));
    assert_eq!(ids(&all(&mut schedule, at(9))), [10, 0, 11, 1].map(id));
}

#[test]
fn success_makes_room_and_failure_takes_it() {
    let mut schedule = Schedule::new(Limits { start: 2, most: 3, ..Limits::default() });
    (0..20).for_each(|n| schedule.insert(id(n), again(0), ["b.com"]));
    let mut under_way = all(&mut schedule, NOW);
    let mut end = |reached, wanted| {
        let attempt = under_way.remove(0);
        schedule.report(&attempt.id, "b.com", reached, NOW);
        schedule.done(&attempt.id, again(500), (!reached).then_some("b.com"));
        under_way.extend(all(&mut schedule, NOW));
        assert_eq!(under_way.len(), wanted);
    };
    for (reached, wanted) in [
        (true, 2),
        (true, 3), // two in a row
        (true, 3),
        (true, 3),
        (true, 3), // not more than three
        (false, 2),
        (false, 1),
        (false, 0), // it pauses
    ] {
        end(reached, wanted);
    }
    assert_eq!(schedule.next(), Some(at(300)));
}

#[test]
fn a_destination_that_cannot_be_reached_pauses_longer_and_longer() {
    let mut schedule = Schedule::new(Limits { start: 1, ..Limits::default() });
    (0..9).for_each(|n| schedule.insert(id(n), again(0), ["b.com"]));
    let mut now = NOW;
    for pause in [300, 600, 1200, 2400, 4000, 4000] {
        let taken = all(&mut schedule, now);
        assert_eq!(taken.len(), 1, "one attempt to see whether it is back");
        schedule.report(&taken[0].id, "b.com", false, now);
        schedule.done(&taken[0].id, again(80_000), ["b.com"]);
        now += Duration::from_secs(pause);
        assert_eq!(schedule.next(), Some(now));
        assert_eq!(schedule.take(now - Duration::from_secs(1)), None);
    }
    let taken = all(&mut schedule, now);
    schedule.report(&taken[0].id, "b.com", true, now);
    assert_eq!(all(&mut schedule, now).len(), 1, "it is back, and begins as in the beginning");
}

/// Whoever had begun before the destination paused says nothing about how long it should.
#[test]
fn failures_of_the_same_time_count_once() {
    let mut schedule = Schedule::new(Limits { start: 3, ..Limits::default() });
    (0..9).for_each(|n| schedule.insert(id(n), again(0), ["b.com"]));
    for attempt in all(&mut schedule, NOW) {
        schedule.report(&attempt.id, "b.com", true, NOW);
    }
    for _ in 0..4 {
        for attempt in all(&mut schedule, NOW) {
            schedule.report(&attempt.id, "b.com", false, NOW);
            schedule.put_off(&attempt.id, at(5));
        }
    }
    assert_eq!(schedule.next(), Some(at(300)));
}

#[test]
fn a_destination_that_pauses_does_not_hold_up_the_others_of_a_message() {
    let mut schedule = Schedule::new(Limits { start: 1, ..Limits::default() });
    schedule.insert(id(1), new(0), ["dead.example"]);
    let taken = schedule.take(NOW).unwrap();
    schedule.report(&taken.id, "dead.example", false, NOW);
    schedule.done(&taken.id, again(900), ["dead.example"]);
    schedule.insert(id(2), new(1), ["dead.example", "b.com"]);
    assert_eq!(schedule.take(at(1)).unwrap().destinations, ["b.com"]);
    assert_eq!(schedule.next(), Some(at(900)), "the second message is under way");
    schedule.report(&id(2), "b.com", false, at(2));
    schedule.done(&id(2), again(400), ["dead.example", "b.com"]);
    // Where it was not tried it is due as before, once the pause is over.
    assert_eq!(schedule.next(), Some(at(300)));
    assert_eq!(schedule.take(at(300)).unwrap().destinations, ["dead.example"]);
}

/// Nobody waits for ever for a destination that pauses: the sender must be told in time.
#[test]
fn a_deadline_is_met_even_if_the_destination_pauses() {
    let mut schedule = Schedule::new(Limits { start: 1, ..Limits::default() });
    let due = |seconds, deadline| Due { deadline: at(deadline), ..again(seconds) };
    (0..3).for_each(|n| schedule.insert(id(n), due(0, 50 + u64::from(n)), ["b.com"]));
    let taken = schedule.take(NOW).unwrap();
    schedule.report(&taken.id, "b.com", false, NOW);
    schedule.done(&taken.id, due(900, 50), ["b.com"]);
    assert_eq!((schedule.next(), schedule.take(at(50))), (Some(at(51)), None));
    let nothing = Attempt { id: id(1), destinations: Vec::new() };
    assert_eq!(schedule.take(at(51)), Some(nothing));
    // Not at once again, even if it is late by now.
    schedule.put_off(&id(1), at(60));
    assert_eq!(schedule.next(), Some(at(52)));
    schedule.take(at(52)).unwrap();
    schedule.done(&id(2), due(0, 999), [""; 0]);
    assert_eq!((schedule.next(), schedule.running), (Some(at(60)), [0, 0]));
}

/// A message to a thousand domains is sent in parts, and what is put off elsewhere stays put off.
#[test]
fn a_message_for_many_is_tried_in_parts() {
    let mut schedule = Schedule::new(Limits { attempts: 40, ..Limits::default() });
    let names: Vec<String> = (0..100).map(|n| format!("{n}.example")).collect();
    schedule.insert(id(1), new(0), &names);
    let (mut left, mut now) = (names.clone(), NOW);
    let mut parts = Vec::new();
    while let Some(attempt) = schedule.take(now) {
        parts.push(attempt.destinations.len());
        for name in &attempt.destinations {
            let reached = name != "7.example";
            schedule.report(&attempt.id, name, reached, now);
            left.retain(|one| one != name || !reached);
        }
        schedule.done(&attempt.id, again(300), &left);
        now += Duration::from_secs(1);
    }
    assert_eq!((parts, &left[..]), (vec![30, 30, 30, 10], &["7.example".to_owned()][..]));
    assert_eq!(schedule.next(), Some(at(300)));
}
