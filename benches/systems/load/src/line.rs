//! A connection that is read by lines.

use crate::{Failure, Who};
use socket2::{Domain, Socket, Type};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    time::Duration,
};

/// The longest that a server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Clients at one address: servers limit them.
const PER_ADDRESS: usize = 40;

/// A connection to a server.
pub struct Connection {
    stream: BufReader<TcpStream>,
    line: String,
    tag: usize,
}

impl Connection {
    /// Connects from the client's own address of the loopback network.
    pub fn open(server: SocketAddr, who: Who) -> Result<Self, Failure> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        let host = 2 + u8::try_from(who.client / PER_ADDRESS)?;
        socket
            .bind(&SocketAddr::from(SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0)).into())?;
        socket.connect(&server.into())?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), line: String::new(), tag: 0 })
    }

    /// Sends a text with its CRLF.
    pub fn send(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.stream.get_mut().write_all(format!("{text}\r\n").as_bytes())?)
    }

    /// Reads a line, which must begin like this.
    pub fn expect(&mut self, beginning: &str) -> Result<&str, Failure> {
        self.read()?;
        if self.line.starts_with(beginning) {
            Ok(&self.line)
        } else {
            Err(format!("the server said {:?}, not {beginning:?}", self.line).into())
        }
    }

    /// POP3: a command, and `+OK`.
    pub fn pop3(&mut self, command: &str) -> Result<&str, Failure> {
        self.send(command)?;
        self.expect("+OK")
    }

    /// POP3: the lines up to the dot; their octets.
    pub fn lines(&mut self) -> Result<usize, Failure> {
        let mut octets = 0;
        loop {
            self.read()?;
            if self.line == ".\r\n" {
                return Ok(octets);
            }
            octets += self.line.len();
        }
    }

    /// IMAP: a command, and all that is said up to its `OK`; the octets of the literals in between.
    pub fn imap(&mut self, command: &str) -> Result<usize, Failure> {
        self.tag += 1;
        self.send(&format!("a{} {command}", self.tag))?;
        self.until_ok()
    }

    /// IMAP: a command that ends with a literal.
    pub fn imap_literal(&mut self, command: &str, literal: &str) -> Result<(), Failure> {
        self.tag += 1;
        self.send(&format!("a{} {command} {{{}}}", self.tag, literal.len()))?;
        self.expect("+")?;
        self.send(literal)?;
        self.until_ok().map(drop)
    }

    /// IMAP: begins to idle.
    pub fn begin_idle(&mut self) -> Result<(), Failure> {
        self.send("idle IDLE")?;
        self.expect("+").map(drop)
    }

    fn until_ok(&mut self) -> Result<usize, Failure> {
        let ok = format!("a{} OK", self.tag);
        let mut octets = 0;
        loop {
            self.read()?;
            if self.line.starts_with('*') || self.line.starts_with([')', ' ']) {
                if let Some(literal) = literal(&self.line) {
                    self.skip(literal)?;
                    octets += literal;
                }
            } else if self.line.starts_with(&ok) {
                return Ok(octets);
            } else {
                return Err(format!("the server said {:?}, not {ok:?}", self.line).into());
            }
        }
    }

    fn read(&mut self) -> Result<(), Failure> {
        self.line.clear();
        if self.stream.read_line(&mut self.line)? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }

    fn skip(&mut self, octets: usize) -> Result<(), Failure> {
        let skipped =
            std::io::copy(&mut self.stream.by_ref().take(octets as u64), &mut std::io::sink())?;
        if skipped == octets as u64 {
            Ok(())
        } else {
            Err("the server closed the connection".into())
        }
    }
}

/// The octets of the literal that follows this line.
fn literal(line: &str) -> Option<usize> {
    line.trim_end().strip_suffix('}')?.rsplit_once('{')?.1.parse().ok()
}
