//! Where mail goes, zone by zone.
#![allow(clippy::unwrap_used)]

mod common;

use common::{NEGATIVE_TTL, TTL, Zone, notes, relay, route, run, shown};
use mx_resolve::{Answer, Error, Families, Kind, Limits, Misuse, Name, NameError, Note, Outcome};
use mx_resolve::{Policy, Question, Reach, Record, Router, Security, Step};
use posta_core::Instant;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// Destination, zone, and the hosts, or the beginning of the reply.
type Table = [(&'static str, &'static str, &'static str)];

fn check(policy: &Policy, table: &Table) {
    for (destination, zone, want) in table {
        let got = shown(&route(destination, zone, policy));
        let reply = want.starts_with(['4', '5']) && want.as_bytes().get(3) == Some(&b' ');
        let same = if reply { got.starts_with(want) } else { got == *want };
        assert!(same, "{destination} in {zone}\n  want {want}\n  got  {got}");
    }
}

/// Addresses for `mx1` to `mx4` of b.com.
macro_rules! hosts {
    ($zone:literal) => {
        concat!(
            $zone,
            "; mx1.b.com A 192.0.2.1; mx2.b.com A 192.0.2.2; mx3.b.com A 192.0.2.3",
            "; mx4.b.com A 192.0.2.4; mx4.b.com AAAA 2001:db8::4"
        )
    };
}

/// RFC 5321 5.1: lower preference first; equal ones in any order.
#[test]
fn mx_hosts_by_preference() {
    check(
        &relay(),
        &[
            ("b.com", hosts!("b.com MX 10 mx1.b.com"), "10 mx1.b.com 192.0.2.1"),
            ("B.COM", hosts!("b.com MX 10 mx1.b.com"), "10 mx1.b.com 192.0.2.1"),
            ("b.com.", hosts!("b.com MX 10 mx1.b.com"), "10 mx1.b.com 192.0.2.1"),
            ("b.com", hosts!("b.com MX 0 mx1.b.com"), "0 mx1.b.com 192.0.2.1"),
            ("b.com", hosts!("b.com MX 65535 mx1.b.com"), "65535 mx1.b.com 192.0.2.1"),
            (
                "b.com",
                hosts!("b.com MX 20 mx2.b.com; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1; 20 mx2.b.com 192.0.2.2",
            ),
            (
                "b.com",
                hosts!("b.com MX 100 mx3.b.com; b.com MX 20 mx2.b.com; b.com MX 9 mx1.b.com"),
                "9 mx1.b.com 192.0.2.1; 20 mx2.b.com 192.0.2.2; 100 mx3.b.com 192.0.2.3",
            ),
            (
                "b.com",
                hosts!("b.com MX 10 mx2.b.com; b.com MX 10 mx1.b.com; b.com MX 5 mx3.b.com"),
                "5 mx3.b.com 192.0.2.3; 10 mx1.b.com 192.0.2.1; 10 mx2.b.com 192.0.2.2",
            ),
            // The same host twice is one host, at its best preference.
            (
                "b.com",
                hosts!("b.com MX 20 mx1.b.com; b.com MX 10 MX1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            // The domain may be its own mail host.
            ("b.com", "b.com MX 5 b.com; b.com A 192.0.2.7", "5 b.com 192.0.2.7"),
            // Hosts may be anywhere, underscores and single labels too.
            ("b.com", "b.com MX 1 mx_1.b.com; mx_1.b.com A 192.0.2.7", "1 mx_1.b.com 192.0.2.7"),
            ("b.com", "b.com MX 1 mail; mail A 192.0.2.7", "1 mail 192.0.2.7"),
            ("localdomain", "localdomain MX 1 mail; mail A 192.0.2.7", "1 mail 192.0.2.7"),
        ],
    );
}

/// RFC 5321 5.1: MX records there are count, and nothing else does.
#[test]
fn addresses_of_the_domain_do_not_count_beside_mx_records() {
    check(
        &relay(),
        &[
            ("b.com", hosts!("b.com A 192.0.2.9; b.com MX 10 mx1.b.com"), "10 mx1.b.com 192.0.2.1"),
            ("b.com", "b.com A 192.0.2.9; b.com MX 10 mx1.b.com", "550 5.4.4"),
            ("b.com", "b.com A 192.0.2.9; b.com MX 10 gone.b.com; gone.b.com EXISTS", "550 5.4.4"),
            ("b.com", "b.com A 192.0.2.9; b.com MX 10 192.0.2.8", "550 5.4.4"),
            ("b.com", "b.com A 192.0.2.9; b.com MX 10 mx!b.com", "550 5.4.4"),
            ("b.com", "b.com A 192.0.2.9; b.com MX 10 mx1.b.com; mx1.b.com FAIL", "451 4.4.3"),
            ("b.com", "b.com A 192.0.2.9; b.com MX 0 .", "556 5.1.10"),
        ],
    );
}

/// RFC 5321 5.1: the implicit MX stands in for an empty list, and for nothing else.
#[test]
fn the_implicit_mx_only_without_mx_records() {
    check(
        &relay(),
        &[
            ("b.com", "b.com A 192.0.2.7", "implicit 0 b.com 192.0.2.7"),
            ("b.com", "b.com AAAA 2001:db8::7", "implicit 0 b.com 2001:db8::7"),
            (
                "b.com",
                "b.com A 192.0.2.7; b.com AAAA 2001:db8::7",
                "implicit 0 b.com 2001:db8::7 192.0.2.7",
            ),
            ("b.com", "b.com EXISTS", "550 5.4.4"),
            ("b.com", "b.com TXT v=spf1", "550 5.4.4"),
            ("b.com", "", "550 5.1.2"),
            // Nothing is known: the addresses must not be used, and the mail must not come back.
            ("b.com", "b.com A 192.0.2.7; b.com FAIL MX", "451 4.4.3"),
            ("b.com", "b.com A 192.0.2.7; b.com SILENT MX", "451 4.4.3"),
            ("b.com", "b.com A 192.0.2.7; b.com BOGUS MX", "451 4.4.3"),
            // Not even if the servers contradict themselves.
            ("b.com", "b.com A 192.0.2.7; b.com GONE MX", "550 5.1.2"),
            ("b.com", "b.com GONE A; b.com GONE AAAA; b.com TXT x", "550 5.1.2"),
            ("b.com", "b.com GONE A; b.com EXISTS", "550 5.4.4"),
            ("b.com", "b.com FAIL", "451 4.4.3"),
            ("b.com", "b.com SILENT", "451 4.4.3"),
            ("b.com", "b.com BOGUS", "451 4.4.3"),
            // No MX records for sure, and then trouble.
            ("b.com", "b.com FAIL A; b.com FAIL AAAA", "451 4.4.3"),
            ("b.com", "b.com FAIL A", "451 4.4.3"),
            ("b.com", "b.com SILENT AAAA", "451 4.4.3"),
            ("b.com", "b.com A 192.0.2.7; b.com FAIL AAAA", "implicit 0 b.com 192.0.2.7"),
        ],
    );
}

/// RFC 7505. One peer knows a null MX by preference 0 only, one takes any `.` for a null MX, and one
/// wants it to be the only record: each turns away or holds mail that it should not.
#[test]
fn null_mx() {
    check(
        &relay(),
        &[
            ("b.com", "b.com MX 0 .", "556 5.1.10 domain b.com does not accept mail"),
            ("b.com", "b.com MX 10 .", "556 5.1.10"),
            ("b.com", "b.com MX 0 .; b.com MX 10 .", "556 5.1.10"),
            ("b.com", "b.com MX 0 .; b.com A 192.0.2.1", "556 5.1.10"),
            ("www.b.com", "www.b.com CNAME b.com; b.com MX 0 .", "556 5.1.10"),
            ("b.com", hosts!("b.com MX 0 .; b.com MX 10 mx1.b.com"), "10 mx1.b.com 192.0.2.1"),
            ("b.com", hosts!("b.com MX 10 mx1.b.com; b.com MX 20 ."), "10 mx1.b.com 192.0.2.1"),
            ("b.com", "b.com MX 0 .; b.com MX 10 192.0.2.1", "550 5.4.4"),
        ],
    );
}

#[test]
fn aliases_of_the_domain() {
    check(
        &relay(),
        &[
            // "processed as if it were the initial name"
            (
                "www.b.com",
                hosts!("www.b.com CNAME b.com; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            ("www.b.com", "www.b.com CNAME b.com; b.com A 192.0.2.7", "implicit 0 b.com 192.0.2.7"),
            (
                "1.b.com",
                hosts!("1.b.com CNAME 2.b.com; 2.b.com CNAME 3.b.com; 3.b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            ("www.b.com", "www.b.com CNAME b.com", "550 5.1.2 domain b.com does not exist"),
            ("www.b.com", "www.b.com CNAME b.com; b.com EXISTS", "550 5.4.4"),
            ("www.b.com", "www.b.com CNAME b.com; b.com FAIL", "451 4.4.3"),
            ("www.b.com", "www.b.com CNAME b.com; b.com SILENT", "451 4.4.3"),
            ("www.b.com", "www.b.com FAIL", "451 4.4.3"),
            ("b.com", "b.com CNAME .; . EXISTS", "550 5.4.4 no mail host of b.com has an address"),
            ("b.com", "b.com CNAME b.com", "550 5.4.4 aliases of b.com lead in a circle"),
            ("b.com", "b.com CNAME c.com; c.com CNAME b.com", "550 5.4.4"),
            ("b.com", "b.com CNAME c.com; c.com CNAME d.com; d.com CNAME c.com", "550 5.4.4"),
        ],
    );
}

/// RFC 2181 10.3 forbids an MX to an alias; everybody follows it.
#[test]
fn aliases_of_hosts() {
    check(
        &relay(),
        &[
            (
                "b.com",
                "b.com MX 10 mx.b.com; mx.b.com CNAME h.b.com; h.b.com A 192.0.2.7",
                "10 mx.b.com 192.0.2.7",
            ),
            (
                "b.com",
                "b.com MX 10 mx.b.com; mx.b.com CNAME h.b.com; h.b.com CNAME i.b.com; \
                 i.b.com A 192.0.2.7; i.b.com AAAA 2001:db8::7",
                "10 mx.b.com 2001:db8::7 192.0.2.7",
            ),
            ("b.com", "b.com MX 10 mx.b.com; mx.b.com CNAME gone.b.com", "550 5.4.4"),
            ("b.com", "b.com MX 10 mx.b.com; mx.b.com CNAME mx.b.com", "550 5.4.4"),
            (
                "b.com",
                "b.com MX 10 x.b.com; x.b.com CNAME y.b.com; y.b.com CNAME x.b.com",
                "550 5.4.4",
            ),
            ("b.com", "b.com MX 10 x.b.com; x.b.com CNAME y.b.com; y.b.com FAIL", "451 4.4.3"),
            (
                "b.com",
                hosts!("b.com MX 5 x.b.com; x.b.com CNAME x.b.com; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
        ],
    );
}

#[test]
fn hosts_without_addresses_are_left_out() {
    check(
        &relay(),
        &[
            (
                "b.com",
                hosts!("b.com MX 5 gone.b.com; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            (
                "b.com",
                hosts!("b.com MX 5 x.b.com; x.b.com EXISTS; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            (
                "b.com",
                hosts!("b.com MX 5 192.0.2.9; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            ("b.com", hosts!("b.com MX 5 mx!1; b.com MX 10 mx1.b.com"), "10 mx1.b.com 192.0.2.1"),
            (
                "b.com",
                hosts!("b.com MX 5 x.b.com; x.b.com FAIL; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            (
                "b.com",
                hosts!("b.com MX 5 x.b.com; x.b.com SILENT; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            (
                "b.com",
                hosts!("b.com MX 5 x.b.com; x.b.com BOGUS; b.com MX 10 mx1.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            ("b.com", "b.com MX 5 x.b.com; b.com MX 6 y.b.com", "550 5.4.4"),
            // One that may have an address later is reason enough to try again.
            ("b.com", "b.com MX 5 x.b.com; b.com MX 6 y.b.com; y.b.com FAIL A", "451 4.4.3"),
            ("b.com", "b.com MX 5 x.b.com; x.b.com SILENT; b.com MX 6 y.b.com", "451 4.4.3"),
            ("b.com", "b.com MX 5 x.b.com; x.b.com BOGUS A", "451 4.4.3"),
            // Addresses whose signatures are wrong are nobody's.
            ("b.com", "b.com MX 5 x.b.com; x.b.com A 192.0.2.5; x.b.com BOGUS A", "451 4.4.3"),
            ("b.com", "b.com A 192.0.2.5; b.com BOGUS A", "451 4.4.3"),
            ("b.com", hosts!("b.com MX 10 mx1.b.com; b.com BOGUS MX"), "451 4.4.3"),
            (
                "b.com",
                hosts!("b.com MX 10 mx1.b.com; b.com MX 20 mx2.b.com; mx1.b.com BOGUS A"),
                "20 mx2.b.com 192.0.2.2",
            ),
        ],
    );
}

/// RFC 5321 5.1: this host, and all that are no better than it, are cut off. Without the cut a backup
/// MX sends to itself, or in a circle with the other backups.
#[test]
fn own_host_is_cut_off() {
    check(
        &relay(),
        &[
            (
                "b.com",
                hosts!("b.com MX 10 mx1.b.com; b.com MX 20 relay.a.org; b.com MX 30 mx3.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            (
                "b.com",
                hosts!("b.com MX 10 mx1.b.com; b.com MX 20 RELAY.A.ORG.; b.com MX 20 mx2.b.com"),
                "10 mx1.b.com 192.0.2.1",
            ),
            (
                "b.com",
                hosts!("b.com MX 1 mx1.b.com; b.com MX 2 mx2.b.com; b.com MX 3 a.org"),
                "1 mx1.b.com 192.0.2.1; 2 mx2.b.com 192.0.2.2",
            ),
            (
                "b.com",
                "b.com MX 10 relay.a.org",
                "554 5.4.6 mail for b.com loops back to this host",
            ),
            ("b.com", hosts!("b.com MX 10 relay.a.org; b.com MX 20 mx1.b.com"), "554 5.4.6"),
            ("b.com", hosts!("b.com MX 10 relay.a.org; b.com MX 10 mx1.b.com"), "554 5.4.6"),
            ("b.com", hosts!("b.com MX 20 relay.a.org; b.com MX 10 a.org"), "554 5.4.6"),
            ("relay.a.org", "relay.a.org A 192.0.2.98", "554 5.4.6"),
            // By address, when the name is not known.
            ("b.com", "b.com MX 10 x.b.com; x.b.com A 192.0.2.99", "554 5.4.6"),
            (
                "b.com",
                "b.com MX 10 x.b.com; x.b.com A 192.0.2.98; x.b.com A 192.0.2.99",
                "554 5.4.6",
            ),
            ("b.com", "b.com MX 10 x.b.com; x.b.com AAAA 2001:db8::99", "554 5.4.6"),
            ("b.com", "b.com MX 10 x.b.com; x.b.com AAAA ::ffff:192.0.2.99", "554 5.4.6"),
            ("b.com", "b.com A 192.0.2.99", "554 5.4.6"),
            (
                "b.com",
                hosts!(
                    "b.com MX 1 mx1.b.com; b.com MX 2 x.b.com; x.b.com A 192.0.2.99; b.com MX 3 mx3.b.com"
                ),
                "1 mx1.b.com 192.0.2.1",
            ),
            // By the name behind an alias.
            (
                "b.com",
                "b.com MX 10 x.b.com; x.b.com CNAME relay.a.org; relay.a.org A 192.0.2.5",
                "554 5.4.6",
            ),
            // A better host that is out of order for now is no reason to give up, and one that does not
            // exist leaves nobody.
            ("b.com", "b.com MX 1 mx1.b.com; mx1.b.com FAIL; b.com MX 2 relay.a.org", "451 4.4.3"),
            ("b.com", "b.com MX 1 mx1.b.com; b.com MX 2 relay.a.org", "550 5.4.4"),
        ],
    );
}

#[test]
fn own_addresses_and_names_may_be_written_in_any_form() {
    let own_names = vec!["Relay.A.org.".parse().unwrap()];
    let own_addresses = vec!["::ffff:192.0.2.99".parse().unwrap()];
    let policy = Policy { own_names, own_addresses, ..Policy::default() };
    check(
        &policy,
        &[
            ("b.com", "b.com MX 10 x.b.com; x.b.com A 192.0.2.99", "554 5.4.6"),
            ("b.com", "b.com MX 10 x.b.com; x.b.com AAAA ::ffff:192.0.2.99", "554 5.4.6"),
            ("b.com", "b.com MX 10 relay.a.org", "554 5.4.6"),
            ("[192.0.2.99]", "", "554 5.4.6"),
        ],
    );
}

/// RFC 5321 4.1.3.
#[test]
fn address_literals_ask_nothing() {
    check(
        &relay(),
        &[
            ("[192.0.2.7]", "", "0 - 192.0.2.7"),
            ("[192.000.002.007]", "", "0 - 192.0.2.7"),
            ("[IPv6:2001:db8::7]", "", "0 - 2001:db8::7"),
            ("[ipv6:2001:DB8::7]", "", "0 - 2001:db8::7"),
            ("[IPv6:::ffff:192.0.2.7]", "", "0 - 192.0.2.7"),
            ("[192.0.2.99]", "", "554 5.4.6"),
            ("[IPv6:2001:db8::99]", "", "554 5.4.6"),
            ("[IPv6:::ffff:192.0.2.99]", "", "554 5.4.6"),
            ("[127.0.0.1]", "", "550 5.4.4"),
            ("[IPv6:::1]", "", "550 5.4.4"),
            ("[192.0.2]", "", "550 5.1.2"),
            ("[192.0.2.256]", "", "550 5.1.2"),
            ("[2001:db8::7]", "", "550 5.1.2"),
            ("[IPv6:fe80::1%eth0]", "", "550 5.1.2"),
            ("[x400:y]", "", "550 5.1.2"),
            ("[192.0.2.7", "", "550 5.1.2"),
            ("[]", "", "550 5.1.2"),
            ("[", "", "550 5.1.2"),
        ],
    );
    let policy = Arc::new(relay());
    let (_, asked) = run("[192.0.2.7]", &policy, 0, false, &mut |_| Answer::no_data());
    assert_eq!(asked, []);
}

#[test]
fn what_is_no_domain_is_refused_for_good_and_not_asked_for() {
    let long = "a".repeat(64);
    let longer = ["a234567890"; 25].join(".");
    for text in
        ["", ".", "..", ".b.com", "b..com", "b com", "b.com\r\n", "bé.com", "b@c", &long, &longer]
    {
        let policy = Arc::new(relay());
        let (end, asked) = run(text, &policy, 0, false, &mut |_| Answer::no_data());
        assert!(matches!(end, Err(Error::BadDomain(_))), "{text:?}: {end:?}");
        assert!(shown(&end).starts_with("550 5.1.2 not a domain name: "), "{text:?}");
        assert_eq!(asked, [], "{text:?}");
    }
    // An address without brackets is a name as any other: nobody has it.
    check(&relay(), &[("192.0.2.1", "", "550 5.1.2 domain 192.0.2.1 does not exist")]);
}

#[test]
fn addresses_in_the_order_of_the_policy() {
    let zone = "b.com MX 1 x.b.com; x.b.com A 192.0.2.1; x.b.com A 192.0.2.2; x.b.com A 192.0.2.3; \
                x.b.com AAAA 2001:db8::1; x.b.com AAAA 2001:db8::2";
    let table = [
        (Families::Interleave, "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 192.0.2.3"),
        (Families::V6First, "2001:db8::1 2001:db8::2 192.0.2.1 192.0.2.2 192.0.2.3"),
        (Families::V4First, "192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1 2001:db8::2"),
        (Families::V4Only, "192.0.2.1 192.0.2.2 192.0.2.3"),
        (Families::V6Only, "2001:db8::1 2001:db8::2"),
    ];
    for (families, want) in table {
        let policy = Policy { families, ..relay() };
        assert_eq!(shown(&route("b.com", zone, &policy)), format!("1 x.b.com {want}"));
    }
    // A family that is not wanted is not asked for.
    for (families, kind) in [(Families::V4Only, Kind::Aaaa), (Families::V6Only, Kind::A)] {
        let policy = Arc::new(Policy { families, ..relay() });
        let zone = Zone::parse(zone);
        let (_, asked) = run("b.com", &policy, 0, false, &mut |q| zone.answer(q, false));
        assert!(asked.len() == 2 && asked.iter().all(|q| q.kind != kind), "{asked:?}");
    }
    let v4 = Policy { families: Families::V4Only, ..relay() };
    check(&v4, &[("b.com", "b.com AAAA 2001:db8::1", "550 5.4.4")]);
    // The same address twice is tried once.
    check(
        &relay(),
        &[(
            "b.com",
            "b.com A 192.0.2.1; b.com AAAA ::ffff:192.0.2.1",
            "implicit 0 b.com 192.0.2.1",
        )],
    );
}

/// An MX record of a stranger must not make us talk to ourselves or to what stands behind our firewall.
#[test]
fn mail_does_not_go_where_the_policy_does_not_reach() {
    let zone = "b.com MX 1 x.b.com; x.b.com A 127.0.0.1; b.com MX 2 y.b.com; y.b.com A 10.0.0.1; \
                b.com MX 3 z.b.com; z.b.com A 192.0.2.1; z.b.com A 0.0.0.0; z.b.com AAAA ::1; \
                z.b.com AAAA fe80::1; z.b.com AAAA ::ffff:127.0.0.1";
    let table = [
        (Reach::Private, "2 y.b.com 10.0.0.1; 3 z.b.com 192.0.2.1"),
        (Reach::Public, "3 z.b.com 192.0.2.1"),
        (
            Reach::Any,
            "1 x.b.com 127.0.0.1; 2 y.b.com 10.0.0.1; \
             3 z.b.com ::1 192.0.2.1 fe80::1 0.0.0.0 127.0.0.1",
        ),
    ];
    for (reach, want) in table {
        assert_eq!(shown(&route("b.com", zone, &Policy { reach, ..relay() })), want, "{reach:?}");
    }
    check(
        &relay(),
        &[
            ("b.com", "b.com MX 1 x.b.com; x.b.com A 127.0.0.1", "550 5.4.4 every address of"),
            ("b.com", "b.com A 127.0.0.1; b.com AAAA ::1", "550 5.4.4 every address of"),
            ("b.com", "b.com MX 1 x.b.com; x.b.com A 127.0.0.1; x.b.com FAIL AAAA", "451 4.4.3"),
        ],
    );
}

#[test]
fn equal_hosts_are_shuffled_and_the_others_are_not() {
    let zone = Zone::parse(hosts!(
        "b.com MX 10 mx1.b.com; b.com MX 10 mx2.b.com; b.com MX 10 mx3.b.com; b.com MX 5 mx4.b.com"
    ));
    let policy = Arc::new(relay());
    let mut first = std::collections::BTreeMap::<String, usize>::new();
    let mut orders = BTreeSet::new();
    for seed in 0..600 {
        let (end, _) = run("b.com", &policy, seed, false, &mut |q| zone.answer(q, false));
        let names: Vec<String> =
            end.unwrap().hosts.iter().map(|host| host.name.clone().unwrap().to_string()).collect();
        assert_eq!(names[0], "mx4.b.com");
        *first.entry(names[1].clone()).or_default() += 1;
        orders.insert(names);
    }
    assert_eq!(orders.len(), 6);
    // Each of three is first in about a third of 600: seven standard deviations are 81.
    assert!(first.values().all(|n| (119..=281).contains(n)), "{first:?}");
    // The same seed gives the same order.
    let again = |seed| run("b.com", &policy, seed, false, &mut |q| zone.answer(q, false)).0;
    assert_eq!(again(42), again(42));
}

#[test]
fn a_thousand_mx_records_cost_no_more_than_the_limits() {
    let zone: String = (0..1000)
        .map(|n| format!("b.com MX {} h{n}.b.com; h{n}.b.com A 192.0.2.{}; ", 1000 - n, n % 90))
        .collect();
    let zone = Zone::parse(&zone);
    let policy = Arc::new(relay());
    let (end, asked) = run("b.com", &policy, 0, false, &mut |q| zone.answer(q, false));
    let route = end.unwrap();
    assert_eq!((route.hosts.len(), asked.len()), (16, 1 + 2 * 16));
    assert_eq!(route.hosts[0].name.as_ref().unwrap().as_str(), "h999.b.com");
    assert!(route.notes.contains(&Note::HostsLeftOut(984)), "{:?}", route.notes);
}

/// The cut comes before the limit: this host, far down the list, must not be forgotten.
#[test]
fn own_host_is_found_behind_the_limit_of_hosts() {
    let limits = Limits { max_mx: 1, ..Limits::default() };
    let zone = hosts!("b.com MX 1 mx1.b.com; b.com MX 2 mx2.b.com; b.com MX 3 relay.a.org");
    let end = route("b.com", zone, &Policy { limits, ..relay() });
    assert_eq!(shown(&end), "1 mx1.b.com 192.0.2.1");
    let own = Note::OwnHost { host: "relay.a.org".parse().unwrap(), preference: 3 };
    assert_eq!(notes(&end), [own, Note::HostsLeftOut(1)]);
}

#[test]
fn limits_hold_and_are_told() {
    let addresses: String = (1..=20).map(|n| format!("b.com A 192.0.2.{n}; ")).collect();
    let end = route("b.com", &addresses, &relay());
    assert_eq!(end.as_ref().unwrap().hosts[0].addresses.len(), 8);
    assert_eq!(notes(&end), [Note::AddressesLeftOut("b.com".parse().unwrap(), 12)]);

    // Notes themselves are bounded.
    let bad: String = (0..200).map(|n| format!("b.com MX {n} 192.0.2.{n}; ")).collect();
    let end = route("b.com", &(bad + hosts!("b.com MX 300 mx1.b.com")), &relay());
    assert_eq!(notes(&end).len(), Limits::default().max_notes);

    // Sixteen aliases are followed, seventeen are not.
    for (aliases, want) in
        [(16, "implicit 0 n16.b.com 192.0.2.1"), (17, "550 5.4.4 too many aliases")]
    {
        let chain: String =
            (0..aliases).map(|n| format!("n{n}.b.com CNAME n{}.b.com; ", n + 1)).collect();
        let zone = format!("{chain} n{aliases}.b.com A 192.0.2.1");
        let got = shown(&route("n0.b.com", &zone, &relay()));
        assert!(got.starts_with(want), "{got}");
        let got = shown(&route("b.com", &format!("b.com MX 1 n0.b.com; {zone}"), &relay()));
        let want = if aliases == 16 { "1 n0.b.com 192.0.2.1" } else { "550 5.4.4 no mail host" };
        assert!(got.starts_with(want), "{got}");
    }

    // What may not be asked for is unknown, and so for later.
    let limits = Limits { max_asks: 3, ..Limits::default() };
    let policy = Policy { limits, ..relay() };
    let zone = hosts!("b.com MX 1 x.b.com; b.com MX 2 mx2.b.com");
    assert!(
        shown(&route("b.com", zone, &policy)).starts_with("451 4.4.3 lookup of mx2.b.com failed")
    );
    let zone = hosts!("b.com MX 1 mx1.b.com; b.com MX 2 mx2.b.com");
    assert_eq!(shown(&route("b.com", zone, &policy)), "1 mx1.b.com 192.0.2.1");
    // Limits of zero do not make it hang.
    let none =
        Limits { max_mx: 0, max_addresses: 0, max_aliases: 0, max_notes: 0, ..Limits::default() };
    assert_eq!(
        shown(&route("b.com", zone, &Policy { limits: none, ..relay() })),
        "1 mx1.b.com 192.0.2.1"
    );
    let limits = Limits { max_asks: 0, ..none };
    let (end, asked) =
        run("b.com", &Arc::new(Policy { limits, ..relay() }), 0, false, &mut |_| Answer::no_data());
    assert_eq!(asked.len(), 1);
    assert!(shown(&end).starts_with("451 4.4.3"));
}

#[test]
fn what_was_odd_is_told() {
    let name = |text: &str| text.parse::<Name>().unwrap();
    let table: &[(&str, &[Note])] = &[
        (hosts!("b.com MX 1 mx1.b.com"), &[]),
        (hosts!("b.com MX 0 .; b.com MX 1 mx1.b.com"), &[Note::NullMxAmongOthers]),
        (
            hosts!("b.com MX 0 192.0.2.7; b.com MX 1 mx1.b.com"),
            &[Note::AddressTarget(name("192.0.2.7"))],
        ),
        (hosts!("b.com MX 0 a!b; b.com MX 1 mx1.b.com"), &[Note::UnusableTarget("a!b".into())]),
        (
            hosts!("b.com MX 2 relay.a.org; b.com MX 1 mx1.b.com"),
            &[Note::OwnHost { host: name("relay.a.org"), preference: 2 }],
        ),
        (
            hosts!("b.com MX 1 x.b.com; x.b.com CNAME mx1.b.com"),
            &[Note::AliasTarget { host: name("x.b.com"), canonical: name("mx1.b.com") }],
        ),
        (
            hosts!("b.com MX 1 mx1.b.com; mx1.b.com A 127.0.0.1"),
            &[Note::OutOfReach(name("mx1.b.com"), [127, 0, 0, 1].into())],
        ),
        (hosts!("b.com MX 1 mx1.b.com; b.com MX 2 x.b.com"), &[Note::NoAddress(name("x.b.com"))]),
        (
            hosts!("b.com MX 1 mx1.b.com; b.com MX 2 x.b.com; x.b.com FAIL A"),
            &[Note::LookupFailed(name("x.b.com"))],
        ),
    ];
    for (zone, want) in table {
        let end = route("b.com", zone, &relay());
        assert!(end.is_ok(), "{zone}: {end:?}");
        assert_eq!(notes(&end), *want, "{zone}");
    }
}

#[test]
fn a_route_holds_for_as_long_as_all_that_it_is_made_of() {
    let policy = Arc::new(relay());
    let ttl = |zone: &str| {
        let zone = Zone::parse(zone);
        run("b.com", &policy, 0, false, &mut |q| zone.answer(q, false)).0.unwrap().ttl
    };
    assert_eq!(ttl("b.com MX 1 x.b.com; x.b.com A 192.0.2.1; x.b.com AAAA 2001:db8::1"), TTL);
    // The absence of AAAA records holds for a shorter time.
    assert_eq!(ttl("b.com MX 1 x.b.com; x.b.com A 192.0.2.1"), NEGATIVE_TTL);
    // What is unknown now may be known in a moment.
    assert_eq!(ttl("b.com MX 1 x.b.com; x.b.com A 192.0.2.1; x.b.com FAIL AAAA"), Duration::ZERO);
}

#[test]
fn security_is_that_of_the_weakest_part() {
    let policy = Arc::new(relay());
    let levels = [Security::Secure, Security::Insecure, Security::Unknown];
    let zone = Zone::parse(
        "w.b.com CNAME b.com; b.com MX 1 x.b.com; x.b.com A 192.0.2.1; x.b.com AAAA 2001:db8::1",
    );
    for mx in levels {
        for a in levels {
            for aaaa in levels {
                let answer = &mut |question: &Question| {
                    let security = match question.kind {
                        Kind::Mx => mx,
                        Kind::A => a,
                        _ => aaaa,
                    };
                    Answer { security, ..zone.answer(question, true) }
                };
                let route = run("w.b.com", &policy, 0, false, answer).0.unwrap();
                assert_eq!(route.security, mx);
                assert_eq!(route.hosts[0].security, a.and(aaaa));
            }
        }
    }
    assert_eq!(Security::Secure.and(Security::Insecure), Security::Insecure);
    assert_eq!(Security::Bogus.and(Security::Unknown), Security::Bogus);
}

#[test]
fn every_error_has_its_reply() {
    let name: Name = "b.com".parse().unwrap();
    let lookup = |outcome, security| Error::Lookup { name: name.clone(), outcome, security };
    let table = [
        (Error::BadDomain(NameError::Empty), "550 5.1.2 not a domain name: empty label"),
        (Error::BadLiteral, "550 5.1.2 not an address literal that can be sent to"),
        (Error::NoDomain(name.clone()), "550 5.1.2 domain b.com does not exist"),
        (Error::NullMx(name.clone()), "556 5.1.10 domain b.com does not accept mail"),
        (Error::UnusableMx(name.clone()), "550 5.4.4 no MX record of b.com names a host"),
        (Error::NoAddress(name.clone()), "550 5.4.4 no mail host of b.com has an address"),
        (
            Error::OutOfReach("b.com".into()),
            "550 5.4.4 every address of the mail hosts of b.com is out of reach",
        ),
        (Error::AliasLoop(name.clone()), "550 5.4.4 aliases of b.com lead in a circle"),
        (Error::TooManyAliases(name.clone()), "550 5.4.4 too many aliases from b.com"),
        (Error::Loop("b.com".into()), "554 5.4.6 mail for b.com loops back to this host"),
        (
            lookup(Outcome::Timeout, Security::Unknown),
            "451 4.4.3 lookup of b.com failed: no answer in time",
        ),
        (
            lookup(Outcome::ServFail, Security::Unknown),
            "451 4.4.3 lookup of b.com failed: no usable answer",
        ),
        (
            lookup(Outcome::Found, Security::Bogus),
            "451 4.4.3 lookup of b.com failed: its signatures are wrong",
        ),
    ];
    for (error, want) in table {
        let verdict = error.verdict();
        assert_eq!(verdict.to_string(), want);
        assert_eq!(error.is_permanent(), verdict.code >= 500, "{want}");
        assert_eq!(u16::from(want.as_bytes()[0] - b'0'), verdict.status[0], "{want}");
    }
}

#[test]
fn silence_ends_at_the_deadline() {
    let deadline = Limits::default().deadline;
    let late = Instant::ORIGIN + deadline;
    let early = Instant::ORIGIN + (deadline - Duration::from_micros(1));

    // Nothing at all.
    let mut router = Router::new("b.com", Arc::new(relay()), 0);
    let Step::Ask(ask) = router.step(Instant::ORIGIN) else { panic!("asks nothing") };
    assert_eq!(router.step(early), Step::Wait(late));
    let Step::Done(Err(error)) = router.step(late) else { panic!("no end") };
    assert_eq!(error.verdict().code, 451);
    // Late answers, wrong ones too, are no mistake of the driver's.
    assert_eq!(router.answer(ask.id, Answer::nx_domain()), Ok(()));
    assert_eq!(router.step(late), Step::Done(Err(error)));

    // One host answers, one does not: mail goes to the one.
    let zone = Zone::parse(hosts!("b.com MX 1 mx4.b.com; b.com MX 2 mx1.b.com"));
    let mut router = Router::new("b.com", Arc::new(relay()), 0);
    let end = loop {
        match router.step(Instant::ORIGIN) {
            Step::Ask(ask) if ask.question.name.as_str() == "mx1.b.com" => {}
            Step::Ask(ask) => {
                router.answer(ask.id, zone.answer(&ask.question, false)).unwrap();
                assert_eq!(router.answer(ask.id, Answer::no_data()), Err(Misuse::NotAsked));
            }
            Step::Wait(until) => match router.step(until) {
                Step::Done(end) => break end,
                step => panic!("{step:?}"),
            },
            Step::Done(end) => panic!("{end:?}"),
        }
    };
    assert_eq!(shown(&end), "1 mx4.b.com 2001:db8::4 192.0.2.4");
    assert_eq!(end.as_ref().unwrap().ttl, Duration::ZERO);
    assert_eq!(notes(&end), [Note::LookupFailed("mx1.b.com".parse().unwrap())]);

    // Silence for all hosts names the first, and is for later.
    let zone = Zone::parse("b.com MX 1 x.b.com; b.com MX 2 y.b.com");
    let mut router = Router::new("b.com", Arc::new(relay()), 0);
    let Step::Ask(ask) = router.step(Instant::ORIGIN) else { panic!("asks nothing") };
    router.answer(ask.id, zone.answer(&ask.question, false)).unwrap();
    let Step::Done(end) = router.step(late) else { panic!("no end") };
    assert_eq!(shown(&end), "451 4.4.3 lookup of x.b.com failed: no answer in time");
}

#[test]
fn all_hosts_are_asked_for_at_once() {
    let zone = Zone::parse(hosts!("b.com MX 1 mx1.b.com; b.com MX 2 mx2.b.com"));
    let mut router = Router::new("b.com", Arc::new(relay()), 0);
    let Step::Ask(ask) = router.step(Instant::ORIGIN) else { panic!("asks nothing") };
    assert!(matches!(router.step(Instant::ORIGIN), Step::Wait(_)));
    router.answer(ask.id, zone.answer(&ask.question, false)).unwrap();
    let mut asked = Vec::new();
    while let Step::Ask(ask) = router.step(Instant::ORIGIN) {
        asked.push(format!("{} {:?}", ask.question.name, ask.question.kind));
    }
    assert_eq!(asked, ["mx1.b.com Aaaa", "mx1.b.com A", "mx2.b.com Aaaa", "mx2.b.com A"]);
}

/// An answer of the right outcome and the wrong records is a server's fault.
#[test]
fn records_of_another_kind_are_no_answer() {
    let policy = Arc::new(relay());
    let answer = &mut |_: &Question| Answer::found(vec![Record::Txt(b"x".to_vec())], TTL);
    let (end, _) = run("b.com", &policy, 0, false, answer);
    assert!(shown(&end).starts_with("451 4.4.3"), "{end:?}");
    let answer = &mut |question: &Question| match question.kind {
        Kind::Mx => Answer::no_data(),
        _ => Answer::found(vec![Record::Txt(b"x".to_vec())], TTL),
    };
    let (end, _) = run("b.com", &policy, 0, false, answer);
    assert!(shown(&end).starts_with("451 4.4.3"), "{end:?}");
}
