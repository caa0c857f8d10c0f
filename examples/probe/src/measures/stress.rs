//! V26: ten clients on one mailbox, and whether what each is told makes sense.

use crate::{Kind, Outcome, Peer, Server, Stage, Verdict, Wire, reply, short, talk::reach};
use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

/// How many clients.
const CLIENTS: u64 = 10;

/// Where they meet.
const MAILBOX: &str = "probe-stress";

/// Has ten clients do what they like with one mailbox for so long. Each checks that numbers are in range, that
/// UIDs rise and stay with their messages, and that no message goes while its number is in use; in the end all
/// must see the same.
pub fn stress(server: &Server, time: Duration) -> Outcome {
    let outcome = |verdict, said: String| {
        Outcome::new(
            26,
            server,
            "ten clients at random",
            "APPEND STORE EXPUNGE COPY FETCH SEARCH",
            verdict,
            said,
        )
    };
    if let Err(why) =
        Client::connect(server, 0).and_then(|mut client| client.say(&format!("CREATE {MAILBOX}")))
    {
        return outcome(Verdict::NotReached, why);
    }
    let (end, barrier) = (Instant::now() + time, Barrier::new(CLIENTS as usize));
    let ended: Vec<Result<(usize, Vec<u32>), String>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let done = Client::connect(server, number + 1).and_then(|mut client| {
                        client.work(end)?;
                        Ok(client)
                    });
                    // All come here, whatever has happened: nobody waits for ever.
                    barrier.wait();
                    let mut client = done?;
                    client.say("NOOP")?;
                    client
                        .say("FETCH 1:* (UID)")
                        .or_else(|why| if client.uids.is_empty() { Ok(()) } else { Err(why) })?;
                    Ok((client.commands, client.uids.iter().map(|uid| uid.unwrap_or(0)).collect()))
                })
            })
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| Err("the client panicked".into())))
            .collect()
    });
    // What is left behind is only in the way.
    let _ =
        Client::connect(server, 0).and_then(|mut client| client.say(&format!("DELETE {MAILBOX}")));
    match ended.into_iter().collect::<Result<Vec<_>, _>>() {
        Err(why) => outcome(Verdict::Fails, why),
        Ok(views) if views.windows(2).any(|pair| pair[0].1 != pair[1].1) => {
            outcome(Verdict::Fails, "in the end they do not see the same".to_owned())
        }
        Ok(views) => {
            let commands: usize = views.iter().map(|view| view.0).sum();
            outcome(
                Verdict::Holds,
                format!("{commands} commands, {} messages in the end", views[0].1.len()),
            )
        }
    }
}

struct Client {
    wire: Wire,
    random: u64,
    commands: usize,
    /// The UIDs of the messages, as far as they were told.
    uids: Vec<Option<u32>>,
}

impl Client {
    /// Logs in and, unless it is number 0, selects the mailbox.
    fn connect(server: &Server, number: u64) -> Result<Self, String> {
        let mut wire = server.connect()?;
        reach(&mut wire, server.kind, Stage::LoggedIn, &server.facts)
            .map_err(|why| format!("{why:?}"))?;
        let random = 0x9e37_79b9_7f4a_7c15 ^ (number + 1);
        let mut client = Self { wire, random, commands: 0, uids: Vec::new() };
        if number > 0 {
            client.say(&format!("SELECT {MAILBOX}"))?;
        }
        Ok(client)
    }

    /// The next of a row of numbers that is the same in every run. xorshift64
    fn below(&mut self, most: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % most.max(1) as u64) as usize
    }

    fn work(&mut self, end: Instant) -> Result<(), String> {
        while Instant::now() < end {
            let one = self.below(self.uids.len()) + 1;
            let command = match (self.below(12), self.uids.is_empty()) {
                (0..=2, _) | (_, true) => {
                    self.append()?;
                    continue;
                }
                (3, _) => format!("SELECT {MAILBOX}"),
                (4, _) => "EXPUNGE".to_owned(),
                (5, _) => format!("STORE {one} +FLAGS (\\Deleted)"),
                (6, _) => format!("STORE {one} FLAGS (\\Seen)"),
                (7, _) => format!("COPY {one} {MAILBOX}"),
                (8, _) => "SEARCH 1:*".to_owned(),
                (9, _) => "NOOP".to_owned(),
                _ => "FETCH 1:* (UID FLAGS)".to_owned(),
            };
            self.say(&command)?;
        }
        Ok(())
    }

    fn append(&mut self) -> Result<(), String> {
        let text = "Subject: x\r\n\r\nx\r\n";
        self.exchange(
            &format!("APPEND {MAILBOX} {{{}}}", text.len()),
            &format!("x APPEND {MAILBOX} {{{}}}\r\n", text.len()),
        )?;
        self.exchange("APPEND", &format!("{text}\r\n"))
    }

    fn say(&mut self, command: &str) -> Result<(), String> {
        if command.starts_with("SELECT") {
            self.uids.clear();
        }
        self.exchange(command, &format!("x {command}\r\n"))
    }

    fn exchange(&mut self, command: &str, octets: &str) -> Result<(), String> {
        self.commands += 1;
        self.wire.send(octets.as_bytes());
        let (heard, _) = self.wire.hear(&|heard| reply::is_whole(Kind::Imap, command, heard));
        let heard = String::from_utf8_lossy(&heard).into_owned();
        let wrong = |why: &str, line: &str| Err(format!("{command}: {why}: {}", short(line, 80)));
        for line in heard.lines() {
            if let Err(why) = self.hear(command, line) {
                return wrong(why, line);
            }
        }
        let last = heard.lines().next_back().unwrap_or_default();
        // A message may be gone when its number is used: then NO is right.
        match last.starts_with("x OK") || last.starts_with('+') || last.starts_with("x NO") {
            true => Ok(()),
            false => wrong("no answer", last),
        }
    }

    /// Takes in what a line tells of the mailbox.
    fn hear(&mut self, command: &str, line: &str) -> Result<(), &'static str> {
        let mut words = line.split([' ', '(', ')']).filter(|word| !word.is_empty());
        let (Some("*"), Some(Ok(number))) = (words.next(), words.next().map(str::parse::<usize>))
        else {
            return Ok(());
        };
        match words.next() {
            Some("EXISTS") if number < self.uids.len() => {
                return Err("messages go without EXPUNGE");
            }
            Some("EXISTS") => self.uids.resize(number, None),
            Some("EXPUNGE")
                if ["FETCH", "STORE", "SEARCH"].iter().any(|verb| command.starts_with(verb)) =>
            {
                return Err("a message goes while numbers are in use");
            }
            Some("EXPUNGE") if !(1..=self.uids.len()).contains(&number) => {
                return Err("there is no such message");
            }
            Some("EXPUNGE") => drop(self.uids.remove(number - 1)),
            Some("FETCH") if !(1..=self.uids.len()).contains(&number) => {
                return Err("there is no such message");
            }
            Some("FETCH") => {
                let uid =
                    words.skip_while(|word| *word != "UID").nth(1).and_then(|uid| uid.parse().ok());
                if let Some(uid) = uid {
                    self.learn(number - 1, uid)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn learn(&mut self, at: usize, uid: u32) -> Result<(), &'static str> {
        if self.uids[at].is_some_and(|known| known != uid) {
            return Err("a message has another UID");
        }
        let before = self.uids[..at].iter().rev().find_map(|uid| *uid);
        let after = self.uids[at + 1..].iter().find_map(|uid| *uid);
        if before.is_some_and(|before| before >= uid) || after.is_some_and(|after| after <= uid) {
            return Err("UIDs do not rise");
        }
        self.uids[at] = Some(uid);
        Ok(())
    }
}
