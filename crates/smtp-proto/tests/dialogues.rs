//! The RFCs' dialogues, each through the client, through the server, and through both, at every split.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Bench, codes, mua, mx};
use posta_core::{
    Instant,
    testing::{Log, Pair},
};
use smtp_proto::{
    Client, Protocol, Server, client,
    codec::{Address, Command, EnhancedCode, MailParams, Path, RcptParams},
    server,
};

/// RFC 5321 D.1.
const TYPICAL: &str = "\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250 HELP
C: MAIL FROM:<Smith@bar.com>
S: 250 OK
C: RCPT TO:<Jones@foo.com>
S: 250 OK
C: RCPT TO:<Green@foo.com>
S: 550 No such user here
C: RCPT TO:<Brown@foo.com>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: Blah blah blah...
C: ...etc. etc. etc.
C: .
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
";

/// RFC 5321 D.2.
const ABORTED: &str = "\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250 HELP
C: MAIL FROM:<Smith@bar.com>
S: 250 OK
C: RCPT TO:<Jones@foo.com>
S: 250 OK
C: RCPT TO:<Green@foo.com>
S: 550 No such user here
C: RSET
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
";

/// RFC 5321 D.3, step 1.
const SOURCE_TO_RELAY: &str = "\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250 HELP
C: MAIL FROM:<JQP@bar.com>
S: 250 OK
C: RCPT TO:<Jones@XYZ.COM>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: Date: Thu, 21 May 1998 05:33:29 -0700
C: From: John Q. Public <JQP@bar.com>
C: Subject: The Next Meeting of the Board
C: To: Jones@xyz.com
C:
C: Bill:
C: The next meeting of the board of directors will be
C: on Tuesday.
C: John.
C: .
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
";

/// RFC 5321 D.3, step 2.
const RELAY_TO_DESTINATION: &str = "\
S: 220 xyz.com Simple Mail Transfer Service Ready
C: EHLO foo.com
S: 250 xyz.com is on the air
C: MAIL FROM:<JQP@bar.com>
S: 250 OK
C: RCPT TO:<Jones@XYZ.COM>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: Received: from bar.com by foo.com ; Thu, 21 May 1998
C:     05:33:29 -0700
C: Date: Thu, 21 May 1998 05:33:22 -0700
C: From: John Q. Public <JQP@bar.com>
C: Subject:  The Next Meeting of the Board
C: To: Jones@xyz.com
C:
C: Bill:
C: The next meeting of the board of directors will be
C: on Tuesday.
C:                         John.
C: .
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
";

/// RFC 5321 D.4.
const VERIFYING: &str = "\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250-VRFY
S: 250 HELP
C: VRFY Crispin
S: 250 Mark Crispin <Admin.MRC@foo.com>
C: MAIL FROM:<EAK@bar.com>
S: 250 OK
C: RCPT TO:<Admin.MRC@foo.com>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: Blah blah blah...
C: ...etc. etc. etc.
C: .
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
";

/// RFC 2033 4.2: one reply for each accepted recipient.
const LMTP: &str = "\
S: 220 foo.edu LMTP server ready
C: LHLO foo.edu
S: 250-foo.edu
S: 250-PIPELINING
S: 250 SIZE
C: MAIL FROM:<chris@bar.com>
S: 250 OK
C: RCPT TO:<pat@foo.edu>
S: 250 OK
C: RCPT TO:<jones@foo.edu>
S: 550 No such user here
C: RCPT TO:<green@foo.edu>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: Blah blah blah...
C: ...etc. etc. etc.
C: .
S: 250 OK
S: 452 <green@foo.edu> is temporarily over quota
C: QUIT
S: 221 foo.edu closing connection
";

/// RFC 1870 10.
const SIZE: &str = "\
S: 220 sigurd.innosoft.com -- Server SMTP (PMDF V4.2-6 #1992)
C: EHLO ymir.claremont.edu
S: 250-sigurd.innosoft.com
S: 250-EXPN
S: 250-HELP
S: 250 SIZE 1000000
C: MAIL FROM:<ned@thor.innosoft.com> SIZE=500000
S: 250 Address Ok.
C: RCPT TO:<ned@innosoft.com>
S: 250 ned@innosoft.com OK; can accomodate 500000 byte message
C: RCPT TO:<ned@ymir.claremont.edu>
S: 552 Channel size limit exceeded: ned@YMIR.CLAREMONT.EDU
C: RCPT TO:<ned@hmcvax.claremont.edu>
S: 452 Insufficient channel storage: ned@hmcvax.CLAREMONT.EDU
C: DATA
S: 354 Send message, ending in CRLF.CRLF.
C: Hi
C: .
S: 250 Some recipients OK
C: QUIT
S: 221 Goodbye
";

/// RFC 2920 4, the second dialogue: a group is one write, and so are its replies.
const PIPELINED: &str = "\
S: 220 innosoft.com SMTP service ready
C: EHLO dbc.mtview.ca.us
S: 250-innosoft.com
S: 250 PIPELINING
C: MAIL FROM:<mrose@dbc.mtview.ca.us>
C: RCPT TO:<ned@innosoft.com>
C: RCPT TO:<dan@innosoft.com>
C: RCPT TO:<kvc@innosoft.com>
C: DATA
S: 250 sender <mrose@dbc.mtview.ca.us> OK
S: 250 recipient <ned@innosoft.com> OK
S: 250 recipient <dan@innosoft.com> OK
S: 250 recipient <kvc@innosoft.com> OK
S: 354 enter mail, end with line containing only \".\"
C: Hi
C: .
C: QUIT
S: 250 message sent
S: 221 goodbye
";

/// RFC 2920 4, the third: nobody is accepted, and DATA is not either.
const PIPELINED_TO_NOBODY: &str = "\
S: 220 innosoft.com SMTP service ready
C: EHLO dbc.mtview.ca.us
S: 250-innosoft.com
S: 250 PIPELINING
C: MAIL FROM:<mrose@dbc.mtview.ca.us>
C: RCPT TO:<nsb@thumper.bellcore.com>
C: RCPT TO:<galvin@tis.com>
C: DATA
S: 250 sender <mrose@dbc.mtview.ca.us> OK
S: 550 remote mail to <nsb@thumper.bellore.com> not allowed
S: 550 remote mail to <galvin@tis.com> not allowed
S: 554 no valid recipients given
C: QUIT
S: 221 goodbye
";

/// RFC 2920 4, the fourth: nobody is accepted, but DATA is.
const PIPELINED_DATA_TO_NOBODY: &str = "\
S: 220 innosoft.com SMTP service ready
C: EHLO dbc.mtview.ca.us
S: 250-innosoft.com
S: 250 PIPELINING
C: MAIL FROM:<mrose@dbc.mtview.ca.us>
C: RCPT TO:<nsb@thumper.bellcore.com>
C: RCPT TO:<galvin@tis.com>
C: DATA
S: 250 sender <mrose@dbc.mtview.ca.us> OK
S: 550 remote mail to <nsb@thumper.bellore.com> not allowed
S: 550 remote mail to <galvin@tis.com> not allowed
S: 354 enter mail, end with line containing only \".\"
C: .
C: QUIT
S: 554 no valid recipients
S: 221 goodbye
";

/// RFC 2920 4, the first: no extensions, said with HELO, so only for the server.
const HELO: &str = "\
S: 220 Innosoft.com SMTP service ready
C: HELO dbc.mtview.ca.us
S: 250 Innosoft.com
C: MAIL FROM:<mrose@dbc.mtview.ca.us>
S: 250 sender <mrose@dbc.mtview.ca.us> OK
C: RCPT TO:<ned@innosoft.com>
S: 250 recipient <ned@innosoft.com> OK
C: DATA
S: 354 enter mail, end with line containing only \".\"
C: Hi
C: .
S: 250 message sent
C: QUIT
S: 221 goodbye
";

/// The dialogues that both sides can hold.
const ALL: [&str; 8] =
    [TYPICAL, ABORTED, SOURCE_TO_RELAY, RELAY_TO_DESTINATION, VERIFYING, LMTP, SIZE, PIPELINED];

/// What one side says before the other does: who, and the lines with CRLF.
fn turns(dialogue: &str) -> Vec<(char, String)> {
    let mut turns: Vec<(char, String)> = Vec::new();
    for line in dialogue.lines() {
        let (who, text) = line.split_once(':').unwrap();
        let (who, text) = (who.chars().next().unwrap(), text.strip_prefix(' ').unwrap_or(text));
        match turns.last_mut() {
            Some((last, said)) if *last == who => *said += &format!("{text}\r\n"),
            _ => turns.push((who, format!("{text}\r\n"))),
        }
    }
    turns
}

/// All that one side says.
fn says(dialogue: &str, who: char) -> String {
    turns(dialogue).into_iter().filter(|turn| turn.0 == who).map(|turn| turn.1).collect()
}

/// What the client's application wants, taken from what its client says.
struct Plan {
    commands: Vec<String>,
    body: String,
    next: usize,
    /// All of a transaction and QUIT at once, or one command after the other.
    at_once: bool,
}

impl Plan {
    fn of(dialogue: &str) -> Self {
        let (mut commands, mut body, mut within) = (Vec::new(), String::new(), false);
        for line in says(dialogue, 'C').lines().skip(1) {
            match line {
                "." => within = false,
                // RFC 5321 4.5.2: a dot is there for the wire only.
                _ if within => body += &format!("{}\r\n", line.strip_prefix('.').unwrap_or(line)),
                _ => commands.push(line.to_owned()),
            }
            within |= line == "DATA" && dialogue.contains("S: 354 ");
        }
        let at_once =
            dialogue.contains("C: DATA\nS: 250 ") || dialogue.contains("C: DATA\nS: 550 ");
        Self { commands, body, next: 0, at_once }
    }

    fn step(&mut self, event: client::Event<'_>, client: &mut Client) {
        match event {
            client::Event::Ready => {
                while let Some(line) = self.commands.get(self.next) {
                    self.next += 1;
                    give(client, line);
                    if !self.at_once {
                        break;
                    }
                }
            }
            client::Event::Body(_) => {
                client.body(self.body.as_bytes()).unwrap();
                client.end().unwrap();
            }
            _ => {}
        }
    }
}

/// Has the client say what the dialogue says.
fn give(client: &mut Client, line: &str) {
    match Command::parse(line.as_bytes()).unwrap() {
        Command::Mail { path, params } => {
            let params = MailParams { size: params.size().unwrap(), ..MailParams::default() };
            client.mail(path, &params).unwrap();
        }
        Command::Rcpt { path, .. } => client.rcpt(path, &RcptParams::default()).unwrap(),
        Command::Data => client.data().unwrap(),
        Command::Rset => client.rset().unwrap(),
        Command::Vrfy(text) => client.vrfy(text).unwrap(),
        Command::Quit => client.quit().unwrap(),
        command => panic!("{command:?}"),
    }
}

fn protocol(dialogue: &str) -> Protocol {
    if dialogue.contains("C: LHLO") { Protocol::Lmtp } else { Protocol::Smtp }
}

fn client(dialogue: &str) -> Client {
    let hello = says(dialogue, 'C').lines().next().unwrap().to_owned();
    let mut config = client::Config::new(&hello[5..]).unwrap();
    config.protocol = protocol(dialogue);
    assert_eq!(mua().limits, config.limits);
    Client::new(config, Instant::ORIGIN)
}

fn server(dialogue: &str) -> Server {
    let mut config = mx();
    config.protocol = protocol(dialogue);
    Server::new(config, Instant::ORIGIN)
}

/// Lets the server's replies come in pieces of `piece`, and checks that the client says its lines, and
/// says them when it is its turn.
fn client_plays(dialogue: &str, piece: usize) -> Vec<String> {
    let mut bench = Bench::new(client(dialogue));
    let mut plan = Plan::of(dialogue);
    let (mut said, mut expected, mut quit_later) = (String::new(), String::new(), false);
    for (who, text) in turns(dialogue) {
        if who == 'C' {
            expected += &text;
            quit_later = text.ends_with(".\r\nQUIT\r\n");
            continue;
        }
        // A QUIT may be given at once, but waits for the verdict on the message.
        let due = if quit_later { expected.trim_end_matches("QUIT\r\n") } else { &expected };
        assert_eq!(said, due, "in pieces of {piece}");
        for part in text.as_bytes().chunks(piece) {
            said += &bench.feed(part, |event, client, log| {
                if !matches!(event, client::Event::Body(_)) {
                    log.event(event);
                }
                plan.step(event, client);
            });
        }
    }
    assert_eq!(said, expected, "in pieces of {piece}");
    assert!(bench.over);
    bench.events()
}

#[test]
fn the_client_at_every_split() {
    for dialogue in ALL.iter().chain(&[PIPELINED_TO_NOBODY, PIPELINED_DATA_TO_NOBODY]) {
        let whole = client_plays(dialogue, dialogue.len());
        for piece in 1..120 {
            assert_eq!(client_plays(dialogue, piece), whole, "in pieces of {piece}");
        }
    }
}

#[test]
fn the_client_tells_each_recipient_apart() {
    let events = client_plays(TYPICAL, 1000);
    assert_eq!(
        events.iter().filter(|event| *event != "Ready").collect::<Vec<_>>(),
        [
            "Mail(Reply(250 OK))",
            "Rcpt(0, Reply(250 OK))",
            "Rcpt(1, Reply(550 No such user here))",
            "Rcpt(2, Reply(250 OK))",
            "Done(Reply(250 OK))",
        ]
    );
    let events = client_plays(LMTP, 1000);
    assert_eq!(
        events[events.len() - 4..],
        [
            "Delivered(0, Reply(250 OK))",
            "Delivered(2, Reply(452 <green@foo.edu> is temporarily over quota))",
            "Done(Reply(452 <green@foo.edu> is temporarily over quota))",
            "Ready",
        ]
    );
}

/// Says what the dialogue's server says to the n-th question, from 1 (0 is the greeting).
struct Policy<'d> {
    codes: Vec<&'d str>,
    next: usize,
}

impl Policy<'_> {
    fn code(&mut self) -> u16 {
        self.next += 1;
        self.codes[self.next].parse().unwrap()
    }

    fn step(&mut self, event: &server::Event<'_>, server: &mut Server) {
        match event {
            server::Event::Chunk(_) | server::Event::Bad(_) => {}
            server::Event::Quit | server::Event::Rset => self.next += 1,
            server::Event::End if self.codes.get(self.next + 2) == Some(&"452") => {
                self.next += 2;
                server.accept().unwrap();
                server.reject(452, EnhancedCode(4, 2, 2), "Over quota").unwrap();
            }
            server::Event::Vrfy("Crispin") => {
                self.next += 1;
                server.accept_with("Mark Crispin <Admin.MRC@foo.com>").unwrap();
            }
            _ => match self.code() {
                code @ 400.. => {
                    let class = if code < 500 { 4 } else { 5 };
                    server.reject(code, EnhancedCode(class, 0, 0), "No").unwrap();
                }
                _ => server.accept().unwrap(),
            },
        }
    }
}

fn note(event: &server::Event<'_>, log: &mut Log) {
    match event {
        server::Event::Chunk(bytes) => log.chunk(bytes),
        event => log.event(event),
    }
}

/// Lets the client's lines come in pieces of `piece`, and checks that the server gives the same codes,
/// and gives them when it is its turn.
fn server_plays(dialogue: &str, piece: usize) -> Vec<String> {
    let theirs = says(dialogue, 'S');
    let mut policy = Policy { codes: codes(&theirs), next: 0 };
    let mut bench = Bench::new(server(dialogue));
    let mut said = bench.feed("", |_, _, _| {});
    for (who, text) in turns(dialogue) {
        if who == 'S' {
            assert_eq!(codes(&said), codes(&text), "in pieces of {piece}: {said}");
            said.clear();
            continue;
        }
        for part in text.as_bytes().chunks(piece) {
            said += &bench.feed(part, |event, server, log| {
                note(&event, log);
                policy.step(&event, server);
            });
        }
    }
    assert!(bench.over && said.is_empty());
    bench.events()
}

#[test]
fn the_server_at_every_split() {
    for dialogue in ALL.iter().chain(&[HELO]) {
        let whole = server_plays(dialogue, dialogue.len());
        for piece in 1..120 {
            assert_eq!(server_plays(dialogue, piece), whole, "in pieces of {piece}");
        }
    }
}

/// The two machines hold the dialogue by themselves: the client says its lines to the octet, and the
/// message arrives.
#[test]
fn both_at_every_split() {
    for dialogue in ALL {
        let theirs = says(dialogue, 'S');
        let mut expected = None;
        for piece in (1..120).chain([1000, 100_000]) {
            let mut policy = Policy { codes: codes(&theirs), next: 0 };
            let mut plan = Plan::of(dialogue);
            let mut pair = Pair::new(client(dialogue), server(dialogue), 16 * 1024, piece);
            let mut log = Log::default();
            let errors = pair.run(
                |event, client| plan.step(event, client),
                |event, server| {
                    note(&event, &mut log);
                    policy.step(&event, server);
                },
            );
            assert_eq!(errors, (None, None));
            assert_eq!(plan.next, plan.commands.len());
            assert_eq!(log.events.last().unwrap(), "Quit");
            let body = plan.body.escape_default().to_string();
            assert_eq!(log.events.contains(&body), !body.is_empty(), "{log:?}");
            let first = expected.get_or_insert_with(|| log.clone());
            assert_eq!(log, *first, "in pieces of {piece}");
        }
    }
}

/// The same message with and without PIPELINING, to three, of whom one is refused: the same statuses.
#[test]
fn status_per_recipient_with_and_without_pipelining() {
    let path = |text| Path::Mailbox(Address::new(text).unwrap());
    let names = ["bea@b.com", "nobody@b.com", "postmaster@b.com"];
    let mut seen = Vec::new();
    for keyword in ["PIPELINING", "8BITMIME"] {
        let mut bench = Bench::ready(mua(), &[keyword]);
        bench.machine.mail(path("ana@a.org"), &MailParams::default()).unwrap();
        for name in names {
            bench.machine.rcpt(path(name), &RcptParams::default()).unwrap();
        }
        bench.machine.data().unwrap();
        let mut most = 0;
        let mut said = bench.flush();
        for reply in ["250 OK", "250 OK", "550 No", "250 OK", "354 go", "250 queued"] {
            most = most.max(said.lines().count());
            said = bench.feed(format!("{reply}\r\n"), |event, client, log| match event {
                client::Event::Body(_) => client.end().unwrap(),
                event => log.event(event),
            });
        }
        assert_eq!(most, if keyword == "PIPELINING" { 5 } else { 1 });
        seen.push(bench.events());
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(
        seen[0][1..4],
        ["Rcpt(0, Reply(250 OK))", "Rcpt(1, Reply(550 No))", "Rcpt(2, Reply(250 OK))"]
    );
}
