use crate::{Input, Instant, Machine, Step};
use std::{
    fmt::Debug,
    string::{String, ToString},
    vec::Vec,
};

/// What a machine did with its input: one line an event, bodies joined, and all it sent.
///
/// Two runs over the same bytes must give equal logs, however the bytes were cut.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub struct Log {
    /// A line an event, in the application's words.
    pub events: Vec<String>,
    /// Every byte of output.
    pub sent: Vec<u8>,
    /// Whether the last line is a body that may grow.
    open: bool,
}

impl Log {
    /// Notes an event.
    pub fn event(&mut self, event: impl Debug) {
        self.line(std::format!("{event:?}"));
    }

    /// Notes a line.
    pub fn line(&mut self, line: impl ToString) {
        self.events.push(line.to_string());
        self.open = false;
    }

    /// Notes a piece of a body; pieces that follow one another become one line.
    pub fn chunk(&mut self, bytes: &[u8]) {
        if !self.open {
            self.events.push(String::new());
            self.open = true;
        }
        if let Some(line) = self.events.last_mut() {
            line.push_str(&bytes.escape_ascii().to_string());
        }
    }

    /// What was sent, as text.
    pub fn sent(&self) -> String {
        String::from_utf8_lossy(&self.sent).into_owned()
    }
}

/// Runs a machine over `wire`, given to it `piece` octets at a time and then ended, until it closes,
/// fails, or waits for something that `app` does not give it.
pub fn run<M: Machine>(
    machine: M,
    wire: &[u8],
    piece: usize,
    limit: usize,
    app: impl FnMut(M::Event<'_>, &mut M, &mut Log),
) -> Log
where
    M::Error: Debug,
{
    run_pieces(machine, wire.chunks(piece.max(1)), limit, app)
}

/// The same for a wire that is cut already, anywhere: what a peer says that waits for answers may have to be
/// given line by line. An empty piece is the end.
pub fn run_pieces<'w, M: Machine>(
    mut machine: M,
    pieces: impl IntoIterator<Item = &'w [u8]>,
    limit: usize,
    mut app: impl FnMut(M::Event<'_>, &mut M, &mut Log),
) -> Log
where
    M::Error: Debug,
{
    let mut log = Log::default();
    let mut input = Input::new(limit);
    let mut pieces = pieces.into_iter();
    let mut rest: &[u8] = &[];
    loop {
        let read = match machine.step(&mut input, Instant::ORIGIN) {
            Ok(Step::Event(event)) => {
                app(event, &mut machine, &mut log);
                continue;
            }
            Ok(Step::Read(_)) => true,
            Ok(Step::Wait(_)) => false,
            Ok(Step::Closed) => {
                flush(&mut machine, &mut log);
                log.line("closed");
                return log;
            }
            Err(error) => {
                flush(&mut machine, &mut log);
                log.line(std::format!("error: {error:?}"));
                return log;
            }
        };
        if flush(&mut machine, &mut log) {
            continue;
        }
        if !read {
            log.line("waits");
            return log;
        }
        if input.is_eof() {
            log.line("reads past the end");
            return log;
        }
        if rest.is_empty() {
            rest = pieces.next().unwrap_or_default();
        }
        if rest.is_empty() {
            input.end();
            continue;
        }
        let taken = input.extend(rest);
        if taken == 0 {
            log.line("reads into a full buffer");
            return log;
        }
        rest = &rest[taken..];
    }
}

/// Runs a machine over `wire` whole, octet by octet, and in pieces of every size up to 64 and some
/// beyond, and checks that each run gives the same log, which it returns.
///
/// `make` builds the machine, `limit` is that of its input, `app` answers its events and notes them.
///
/// # Panics
/// If two ways of cutting give different logs.
pub fn every_split<M: Machine>(
    make: impl Fn() -> M,
    wire: &[u8],
    limit: usize,
    mut app: impl FnMut(M::Event<'_>, &mut M, &mut Log),
) -> Log
where
    M::Error: Debug,
{
    let whole = run(make(), wire, wire.len(), limit, &mut app);
    let sizes = (1..=64).chain([100, 127, 128, 129, 511, 512, 513, 1000, 4096]);
    for size in sizes.take_while(|size| *size < wire.len().max(2)) {
        let cut = run(make(), wire, size, limit, &mut app);
        assert_eq!(cut, whole, "cut into pieces of {size}");
    }
    whole
}

fn flush(machine: &mut impl Machine, log: &mut Log) -> bool {
    let output = machine.output();
    log.sent.extend_from_slice(output.bytes());
    let n = output.len();
    output.sent(n);
    n > 0
}
