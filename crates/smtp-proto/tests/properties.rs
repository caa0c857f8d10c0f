//! What holds for any input: what is written reads back, cuts do not matter, nothing panics.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, mua, mx, note, patient, say_yes};
use posta_core::{
    Input, Instant, Machine, Output, Step,
    testing::{Log, run},
};
use proptest::{collection::vec, prelude::*, sample::select};
use smtp_proto::{
    Client, Protocol, Server,
    client::{self, Event},
    codec::{
        Address, Base64, Capabilities, Command, EnhancedCode, MailParams, Mailbox, Notify, Params,
        Path, RcptParams, Reply, Syntax, write_reply,
    },
    server,
};
use std::{collections::VecDeque, time::Duration};

const INPUT: usize = 16 * 1024;

fn domain() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?){0,3}",
        any::<std::net::Ipv4Addr>().prop_map(|ip| format!("[{ip}]")),
        any::<std::net::Ipv6Addr>().prop_map(|ip| format!("[IPv6:{ip}]")),
    ]
}

fn address() -> impl Strategy<Value = String> {
    let local = prop_oneof![
        "[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,10}(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,10}){0,3}",
        "\"([ !#-\\[\\]-~]|\\\\[ -~]){0,20}\"",
        "[a-zéü漢]{1,10}",
    ];
    (local, domain()).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

fn params() -> impl Strategy<Value = String> {
    vec("[A-Z0-9][A-Z0-9-]{0,8}(=[!-<>-~]{1,12})?", 0..6).prop_map(|params| params.join(" "))
}

/// A command that can be written, and what it looks like.
fn written(command: Command<'_>) -> Option<Vec<u8>> {
    let mut out = Output::default();
    command.write(&mut out).ok().map(|()| out.bytes().to_vec())
}

/// Octets that a client might send: some way into a session, then anything, with what
/// matters to the grammar more often than chance would have it.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let start = select(vec![
        "",
        "EHLO a.org\r\n",
        "LHLO a.org\r\n",
        "EHLO a.org\r\nMAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\n",
        "EHLO a.org\r\nMAIL FROM:<ana@a.org>\r\nRCPT TO:<bea@b.com>\r\nDATA\r\n",
        "LHLO a.org\r\nMAIL FROM:<>\r\nRCPT TO:<bea@b.com>\r\nRCPT TO:<c@b.com>\r\nDATA\r\n",
        "EHLO a.org\r\nAUTH LOGIN\r\nAAAA\r\n",
        "EHLO a.org\r\nSTARTTLS\r\n",
    ]);
    let word = select(vec![
        &b"EHLO a.org\r\n"[..],
        b"MAIL FROM:<ana@a.org>\r\n",
        b"MAIL FROM:<> SIZE=1 BODY=8BITMIME SMTPUTF8\r\n",
        b"MAIL FROM: ana@a.org\r\n",
        b"RCPT TO:<bea@b.com>\r\n",
        b"DATA\r\n",
        b"\r\n.\r\n",
        b"AUTH PLAIN AAAA\r\n",
        b"AAAA\r\n",
        b"*\r\n",
        b"STARTTLS\r\n",
        b"RSET\r\n",
        b"NOOP\r\n",
        b"QUIT\r\n",
        b"VRFY x\r\n",
        b"HELP\r\n",
        b"BDAT 1\r\n",
    ]);
    let noise = select(vec![
        &b"\r"[..],
        b"\n",
        b"\r\n",
        b".",
        b"\0",
        b" ",
        b"\xff",
        b"\xc3\xa9",
        b"<>",
        b"RCPT TO:",
        b"SIZE=1",
    ]);
    let piece = prop_oneof![
        12 => word.prop_map(<[u8]>::to_vec),
        2 => noise.prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..20),
    ];
    (start, vec(piece, 0..30))
        .prop_map(|(start, pieces)| [start.as_bytes(), &pieces.concat()].concat())
}

/// A server that answers as it should, but for every so often.
#[derive(Default)]
struct Fickle {
    due: VecDeque<&'static str>,
    in_body: bool,
}

impl Fickle {
    /// What it should have said to what it read.
    fn read(&mut self, output: &[u8]) {
        for line in output.split_inclusive(|b| *b == b'\n') {
            let reply = match line {
                b".\r\n" if self.in_body => "250 queued\r\n",
                _ if self.in_body => continue,
                b"DATA\r\n" => "354 go\r\n",
                b"STARTTLS\r\n" => "220 go\r\n",
                b"*\r\n" => "501 cancelled\r\n",
                [b'A', b'U', b'T', b'H', ..] => "334 AAAA\r\n",
                b"AAAA\r\n" => "235 yes\r\n",
                [b'E' | b'L', b'H', ..] => {
                    "250-x\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
                }
                _ => "250 OK\r\n",
            };
            self.in_body = reply.starts_with("354");
            self.due.push_back(reply);
        }
    }

    fn say(&mut self, choice: u8) -> &'static [u8] {
        let due = self.due.pop_front().unwrap_or("250 OK\r\n").as_bytes();
        match choice {
            0 => b"550 no\r\n",
            1 => b"450 later\r\n",
            2 => b"421 bye\r\n",
            3 => b"220 go\r\n",
            4 => b"334 \r\n",
            5 => b"250 OK\r\n250 OK\r\n",
            6 => b"250-a\r\n251 b\r\n",
            7 => b"25",
            8 => b"\0\r\n",
            9 => b"354 go\r\n",
            10..=15 => b"550-no\r\n550 no\r\n",
            _ => due,
        }
    }
}

/// An application that answers in every way there is, as `choices` say.
fn whim(event: &server::Event<'_>, server: &mut Server, choices: &mut impl Iterator<Item = u8>) {
    if let server::Event::StartTls = event {
        server.tls_started().unwrap();
    }
    // What makes no sense here is refused, which is one of the things to be shown.
    let _ = match choices.next().unwrap_or_default() % 16 {
        0 => server.reject(550, EnhancedCode(5, 0, 0), "no\r\n250 yes"),
        1 => server.reject(421, EnhancedCode(4, 0, 0), "bye"),
        2 => server.challenge("AAAA"),
        3 => server.tls_started(),
        4 => server.accept_with("yes\r\n550 no"),
        _ => server.accept(),
    };
}

/// The same for a client.
fn client_whim(event: &Event<'_>, client: &mut Client, choices: &mut impl Iterator<Item = u8>) {
    let sensible = choices.next().unwrap_or_default() >= 64;
    let _ = match event {
        Event::Body(_) if sensible => client.body(b"x\n.\r\n.\r.\r\n").and_then(|_| client.end()),
        Event::StartTls if sensible => client.tls_started(),
        Event::Challenge(_) if sensible => client.respond("AAAA"),
        _ => match choices.next().unwrap_or_default() % 24 {
            0 => client.noop(),
            1 => client.vrfy("bea"),
            2 => client.rset(),
            3 | 4 => client.starttls(),
            5 => client.tls_started(),
            6 | 7 => client.auth("PLAIN", Some("AAAA")),
            8 => client.respond("AAAA"),
            9 => client.cancel_auth(),
            10 => client.quit(),
            11 => client.end(),
            12 => client.data(),
            13 => client.body(b"Hi\r").map(|_| ()),
            14 => client.mail(Path::Null, &MailParams::default()),
            _ => client
                .mail(Path::Null, &MailParams::default())
                .and_then(|()| client.rcpt(Path::Postmaster, &RcptParams::default()))
                .and_then(|()| client.rcpt(Path::Postmaster, &RcptParams::default()))
                .and_then(|()| client.data()),
        },
    };
}

proptest! {
    #[test]
    fn commands_read_back(
        from in address(), params in params(), name in domain(),
        text in "([!-~]([ -~]{0,30}[!-~])?)?", verb in "X[A-Z]{1,8}",
        base64 in "([A-Za-z0-9+/]{4}){0,10}",
    ) {
        let utf8 = { let mut syntax = Syntax::default(); syntax.utf8 = true; syntax };
        let params = Params::new(&params).unwrap_or_default();
        let path = Path::new(&from).unwrap();
        for command in [
            Command::Helo(&name), Command::Ehlo(&name), Command::Lhlo(&name),
            Command::Mail { path, params }, Command::Rcpt { path, params },
            Command::Mail { path: Path::Null, params },
            Command::Rcpt { path: Path::Postmaster, params },
            Command::Data, Command::Rset, Command::Quit, Command::StartTls,
            Command::Noop(&text), Command::Help(&text), Command::Vrfy(&text), Command::Expn(&text),
            Command::Unknown { verb: &verb, rest: &text },
            Command::Auth { mechanism: "SCRAM-SHA-256", initial: Base64::new(&base64) },
            Command::Auth { mechanism: "LOGIN", initial: None },
        ] {
            let Some(wire) = written(command) else {
                prop_assert!(text.is_empty(), "{:?} cannot be written", command);
                continue;
            };
            let line = wire.strip_suffix(b"\r\n").unwrap();
            prop_assert!(!line.contains(&b'\r') && !line.contains(&b'\n'));
            prop_assert_eq!(Command::parse_with(line, utf8), Ok(command));
        }
    }

    /// Whatever text is put into a command, it stays one line, or is refused.
    #[test]
    fn no_text_makes_two_lines(text in any::<String>()) {
        for command in [
            Command::Helo(&text), Command::Ehlo(&text), Command::Lhlo(&text), Command::Noop(&text),
            Command::Help(&text), Command::Vrfy(&text), Command::Expn(&text),
            Command::Unknown { verb: &text, rest: "" }, Command::Unknown { verb: "X", rest: &text },
            Command::Auth { mechanism: &text, initial: None },
        ] {
            if let Some(wire) = written(command) {
                prop_assert_eq!(wire.iter().filter(|b| matches!(b, b'\r' | b'\n')).count(), 2);
                prop_assert!(wire.ends_with(b"\r\n"));
            }
        }
    }

    #[test]
    fn addresses_are_what_they_were(text in address()) {
        let address = Address::new(&text).unwrap();
        prop_assert_eq!(address.as_str(), &text);
        prop_assert_eq!(&format!("{}@{}", address.local_part(), address.domain()), &text);
        let owned: Mailbox = text.parse().unwrap();
        prop_assert_eq!(owned.as_address(), address);
        prop_assert!(!address.unquoted_local_part().contains(['\r', '\n', '\0']));
    }

    #[test]
    fn params_read_back(
        size in any::<Option<u64>>(), envid in "[ -~]{1,30}", orcpt in "[ -~]{1,30}",
        auth in address(), notify in any::<[bool; 3]>(),
    ) {
        let auth = Path::new(&auth).unwrap();
        prop_assume!(auth.is_ascii());
        let (auth_given, envid_given) = (Some(auth), Some(&envid[..]));
        let mail = MailParams { size, auth: auth_given, envid: envid_given, ..Default::default() };
        let [success, failure, delay] = notify;
        let notify = Notify { success, failure, delay };
        let rcpt = RcptParams { notify: Some(notify), orcpt: Some(("rfc822", &orcpt)) };
        let mut bench = Bench::ready(mua(), &["PIPELINING", "SIZE", "DSN", "AUTH PLAIN"]);
        bench.machine.mail(Path::Null, &mail).unwrap();
        bench.machine.rcpt(Path::Postmaster, &rcpt).unwrap();
        let sent = bench.flush();
        let lines: Vec<_> = sent.split("\r\n").collect();
        prop_assert_eq!(lines.len(), 3);
        let command = Command::parse(lines[0].as_bytes()).unwrap();
        let Command::Mail { params, .. } = command else { panic!() };
        prop_assert_eq!(params.size(), Ok(size));
        prop_assert_eq!(params.envid(), Ok(Some(envid)));
        prop_assert_eq!(params.auth(), Ok(Some(auth.as_str().to_owned())));
        let command = Command::parse(lines[1].as_bytes()).unwrap();
        let Command::Rcpt { params, .. } = command else { panic!() };
        prop_assert_eq!(params.notify(), Ok(Some(notify)));
        prop_assert_eq!(params.orcpt().unwrap().unwrap().address, orcpt);
    }

    #[test]
    fn replies_read_back(
        code in 200u16..600, detail in 0u16..1000, text in "[ -~]{0,300}(\n[ -~]{0,300}){0,3}",
    ) {
        let enhanced = EnhancedCode(u8::try_from(code / 100).unwrap(), 1, detail);
        for enhanced in [Some(enhanced), None] {
            let mut out = Output::default();
            write_reply(&mut out, code, enhanced, &text);
            let (reply, length) = Reply::parse(out.bytes()).unwrap().unwrap();
            prop_assert_eq!((reply.code, length), (code, out.len()));
            let prefix = enhanced.map(|code| format!("{code} ")).unwrap_or_default();
            let lines = reply.lines().map(|line| line.strip_prefix(prefix.as_bytes()).unwrap());
            let joined = lines.collect::<Vec<_>>().concat();
            prop_assert_eq!(joined, text.replace('\n', "").into_bytes());
        }
    }

    #[test]
    fn no_text_forges_a_reply(text in any::<String>()) {
        let mut out = Output::default();
        write_reply(&mut out, 550, Some(EnhancedCode(5, 1, 1)), &text);
        for line in out.bytes().split_inclusive(|b| *b == b'\n') {
            prop_assert!(line.starts_with(b"550") && line.ends_with(b"\r\n") && line.len() <= 512);
            prop_assert!(line[..line.len() - 2].iter().all(|b| matches!(b, b' '..=b'~')));
        }
        prop_assert_eq!(Reply::parse(out.bytes()).unwrap().unwrap().1, out.len());
    }

    #[test]
    fn parsers_never_panic(line in vec(any::<u8>(), 0..80), wire in hostile(), utf8: bool) {
        let mut syntax = Syntax::default();
        syntax.utf8 = utf8;
        for line in [&line[..], &wire, wire.split(|b| *b == b'\r').next().unwrap()] {
            match Command::parse_with(line, syntax) {
                Ok(Command::Mail { params, .. } | Command::Rcpt { params, .. }) => {
                    let _ = (params.size(), params.auth(), params.envid());
                    let _ = (params.orcpt(), params.notify(), params.ret(), params.body());
                }
                Ok(_) => {}
                Err(error) => {
                    prop_assert!(error.offset <= line.len());
                    let _ = error.show(line).to_string();
                }
            }
            if let Ok(Some((reply, length))) = Reply::parse(line) {
                prop_assert!(length <= line.len());
                let offered = Capabilities::parse(reply);
                let _ = (reply.enhanced(), reply.to_string(), offered.iter().count());
            }
            if let Ok(text) = std::str::from_utf8(line) {
                let _ = (Address::new(text), Path::new(text), Params::new(text), Base64::new(text));
            }
        }
    }

    /// Any octets, cut in any way, to a server that does not mind groups: one log.
    ///
    /// Its answer to a peer that does not wait depends on the cut, and must: so no STARTTLS or AUTH.
    #[test]
    fn the_server_hears_the_same_however_it_is_cut(wire in hostile(), piece in 1usize..40) {
        let make = || Server::new(patient(), Instant::ORIGIN);
        let app = |event: server::Event<'_>, server: &mut Server, log: &mut Log| {
            note(&event, log);
            say_yes(&event, server);
        };
        let whole = run(make(), &wire, wire.len(), INPUT, app);
        // A DATA that is refused is followed by nothing, or the peer did not wait.
        prop_assume!(!whole.events.iter().any(|event| event == "error: Pipelining"));
        for piece in [1, piece] {
            let cut = run(make(), &wire, piece, INPUT, app);
            prop_assume!(!cut.events.iter().any(|event| event == "error: Pipelining"));
            prop_assert_eq!(&cut, &whole, "in pieces of {}", piece);
        }
    }

    /// A body with any octets passes from client to server, cut in any way.
    #[test]
    fn messages_arrive(
        body in vec(select(vec![b'.', b'\r', b'\n', b'a', 0, 0xff]), 0..200),
        give in 1usize..50, piece in 1usize..50,
    ) {
        let mut bench = Bench::ready(mua(), &["PIPELINING"]);
        bench.machine.mail(Path::Null, &MailParams::default()).unwrap();
        bench.machine.rcpt(Path::Postmaster, &RcptParams::default()).unwrap();
        bench.machine.data().unwrap();
        bench.flush();
        let mut pieces = body.chunks(give);
        let mut wire = b"EHLO a.org\r\nMAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\nDATA\r\n".to_vec();
        let (mut input, now) = (std::mem::replace(&mut bench.input, Input::new(0)), bench.now);
        input.extend(b"250 OK\r\n250 OK\r\n354 go\r\n");
        while let Step::Event(event) = bench.machine.step(&mut input, now).unwrap() {
            if let Event::Body(_) = event {
                match pieces.next() {
                    Some(piece) => assert_eq!(bench.machine.body(piece), Ok(piece.len())),
                    None => bench.machine.end().unwrap(),
                }
            }
        }
        wire.extend_from_slice(bench.machine.output().bytes());
        wire.extend_from_slice(b"QUIT\r\n");
        let mut got = Vec::new();
        let server = Server::new(patient(), Instant::ORIGIN);
        let log = run(server, &wire, piece, INPUT, |event, server, log| {
            match event {
                server::Event::Chunk(bytes) => got.extend_from_slice(bytes),
                event => log.event(event),
            }
            say_yes(&event, server);
        });
        prop_assert_eq!(&log.events[3..], ["Data", "End", "Quit", "closed"]);
        prop_assert_eq!(got, converted(&body));
    }

    /// Any octets, any answers, any times: no panic, bounded output, an end.
    #[test]
    fn servers_never_panic(
        wire in hostile(), choices in vec(any::<u8>(), 1..40), pieces in vec(1usize..30, 1..20),
        lmtp: bool, flags in any::<[bool; 4]>(),
    ) {
        let mut config = mx();
        config.auth = vec!["PLAIN".into(), "LOGIN".into()];
        (config.starttls, config.auth_in_clear, config.smtputf8) = (true, true, flags[0]);
        config.require_tls = flags[1] && flags[2];
        config.quirks.early_talker = flags[2] || flags[3];
        if lmtp {
            config.protocol = Protocol::Lmtp;
        }
        let mut choices = choices.into_iter().cycle();
        let (mut pieces, mut rest) = (pieces.iter().cycle(), &wire[..]);
        let mut reads = std::iter::from_fn(|| {
            // Mostly a line, as from a client that waits, now and then whatever comes.
            let line = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |n| n + 1);
            let n = match *pieces.next()? {
                n @ 1..8 => rest.len().min(n * n),
                _ => line,
            };
            let (read, behind) = rest.split_at(n);
            rest = behind;
            (!read.is_empty()).then_some(read)
        });
        drive(Server::new(config, Instant::ORIGIN), |_| reads.next(), |event, server| {
            whim(&event, server, &mut choices);
        })?;
    }

    /// The same for clients.
    #[test]
    fn clients_never_panic(
        says in vec(any::<u8>(), 1..60), choices in vec(any::<u8>(), 1..60), lmtp: bool,
    ) {
        let mut config = client::Config::new("a.org").unwrap();
        if lmtp {
            config.protocol = Protocol::Lmtp;
        }
        let mut fickle = Fickle { due: VecDeque::from(["220 x\r\n"]), ..Fickle::default() };
        let (mut says, mut choices) = (says.into_iter(), choices.into_iter().cycle());
        let peer = |output: &[u8]| {
            fickle.read(output);
            says.next().map(|choice| fickle.say(choice))
        };
        drive(Client::new(config, Instant::ORIGIN), peer, |event, client| {
            client_whim(&event, client, &mut choices);
        })?;
    }
}

/// What a client makes of a body under [`posta_core::dot::Bare::Convert`].
fn converted(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match first {
            b'\r' => {
                rest = behind.strip_prefix(b"\n").unwrap_or(behind);
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            octet => out.push(*octet),
        }
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Runs a machine to its end, which must come.
///
/// `peer` is told what the machine said, and says the next thing, if anything.
fn drive<'w, M: Machine>(
    mut machine: M,
    mut peer: impl FnMut(&[u8]) -> Option<&'w [u8]>,
    mut app: impl FnMut(M::Event<'_>, &mut M),
) -> Result<(), TestCaseError> {
    let (mut input, mut now, mut said) = (Input::new(INPUT), Instant::ORIGIN, Vec::new());
    for _ in 0..20_000 {
        let wants = match machine.step(&mut input, now) {
            Ok(Step::Event(event)) => {
                app(event, &mut machine);
                continue;
            }
            Ok(Step::Read(_)) => Some(true),
            Ok(Step::Wait(_)) => Some(false),
            Ok(Step::Closed) => return Ok(()),
            Err(_) => None,
        };
        let Some(wants) = wants else {
            prop_assert!(matches!(machine.step(&mut input, now), Ok(Step::Closed)));
            prop_assert!(machine.deadline().is_some(), "the last words have a deadline");
            return Ok(());
        };
        let n = machine.output().len();
        prop_assert!(n <= 2 * Output::LIMIT + 2048);
        said.extend_from_slice(machine.output().bytes());
        machine.output().sent(n);
        if n > 0 {
            continue;
        }
        if !wants {
            // The application has nothing more to say here, so only the deadline can help.
            let Some(deadline) = machine.deadline() else { return Ok(()) };
            now = deadline + Duration::from_micros(1);
            continue;
        }
        match peer(&std::mem::take(&mut said)) {
            Some(read) => {
                prop_assert_eq!(input.extend(read), read.len(), "it reads into a full buffer")
            }
            None => input.end(),
        }
    }
    Err(TestCaseError::fail("no end"))
}
