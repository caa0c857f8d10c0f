//! A driver by hand: any machine over any transport. Here an SMTP client hands a message over.

use posta_core::{Input, Instant, Machine, Step};
use smtp_proto::client::{Client, Config, Event, Limits};
use smtp_proto::codec::{MailParams, Path, RcptParams};
use std::io::{ErrorKind::TimedOut, ErrorKind::WouldBlock, Read, Write};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Returns the code of the reply to the message.
pub fn send(stream: impl Read + Write, from: &str, to: &str, mut message: &[u8]) -> Result<u16> {
    let smtp = Client::new(Config::new("a.org")?, Instant::ORIGIN);
    let mut code = None;
    let ended = drive(smtp, stream, Limits::INPUT, |event, smtp| {
        match event {
            Event::Ready if code.is_some() => smtp.quit()?,
            Event::Ready => {
                smtp.mail(Path::new(from)?, &MailParams::default())?;
                smtp.rcpt(Path::new(to)?, &RcptParams::default())?;
                smtp.data()?;
            }
            Event::Body(_) if message.is_empty() => smtp.end()?,
            Event::Body(_) => message = &message[smtp.body(message)?..],
            Event::Done(reply) => code = Some(reply.code),
            _ => {}
        }
        Ok(())
    });
    // A farewell that fails does not change the verdict.
    code.map_or_else(|| ended.and(Err("the server closed the connection".into())), Ok)
}

/// Runs `machine` to its end. `stream` should give up a read after a while, or no deadline is kept.
fn drive<M: Machine<Error: std::error::Error + Send + Sync + 'static>>(
    mut machine: M,
    mut stream: impl Read + Write,
    limit: usize,
    mut answer: impl FnMut(M::Event<'_>, &mut M) -> Result<()>,
) -> Result<()> {
    let (start, mut input) = (std::time::Instant::now(), Input::new(limit));
    loop {
        let step = machine.step(&mut input, Instant::from_origin(start.elapsed()));
        let output = machine.output();
        let said = output.len();
        stream.write_all(output.bytes()).and_then(|()| stream.flush())?;
        output.sent(said);
        match step? {
            Step::Event(event) => answer(event, &mut machine)?,
            Step::Closed => return Ok(()),
            _ if said > 0 => {} // it may have more to say now
            Step::Wait(_) => return Err("no command was given".into()),
            Step::Read(input) => match stream.read(input.space()) {
                Ok(n) => input.filled(n),
                Err(error) if matches!(error.kind(), WouldBlock | TimedOut) => {}
                Err(error) => return Err(error.into()),
            },
        }
    }
}
