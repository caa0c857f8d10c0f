//! What the application answers.

#[cfg(doc)]
use super::Event;
use super::{Ask, Hello, Server, State};
use crate::{
    Misuse, Protocol,
    codec::{EnhancedCode, write_reply},
};
use alloc::string::String;
use core::fmt::Write;
use posta_core::dot::Decoder;

/// Room for the reply to EHLO, which mostly is shorter.
const OFFER: usize = 256;

impl Server {
    /// Says yes to what the last event asked, in the server's own words.
    ///
    /// # Errors
    /// Nothing was asked.
    pub fn accept(&mut self) -> Result<(), Misuse> {
        self.settle(None)
    }

    /// Says yes in the application's words: a queue id after [`Event::End`], a mailbox after
    /// [`Event::Vrfy`], a welcome after [`Event::Helo`]. Several lines are separated by LF; what is not
    /// printable ASCII becomes `?`.
    ///
    /// # Errors
    /// Nothing was asked.
    pub fn accept_with(&mut self, text: &str) -> Result<(), Misuse> {
        self.settle(Some(text))
    }

    /// Says no. Several lines are separated by LF; what is not printable ASCII becomes `?`. 421 also
    /// closes the connection (RFC 5321 3.8).
    ///
    /// # Errors
    /// Nothing was asked, the code is not 4yz or 5yz, or the enhanced code is of another class.
    pub fn reject(&mut self, code: u16, enhanced: EnhancedCode, text: &str) -> Result<(), Misuse> {
        let State::Verdict(ask) = self.state else { return Err(Misuse::State) };
        if !matches!(code, 400..=599) || code / 100 != u16::from(enhanced.0) {
            return Err(Misuse::Code);
        }
        self.say(code, enhanced, text);
        self.state = State::Command;
        match ask {
            Ask::End { left } => self.next_recipient(left),
            Ask::Data => self.data_refused = true,
            Ask::Auth => self.errors += 1,
            Ask::Hello(_) | Ask::Mail { .. } | Ask::Rcpt | Ask::Vrfy => {}
        }
        if code == 421 {
            self.close(None);
        }
        Ok(())
    }

    /// Asks the client for more after [`Event::Auth`] or [`Event::AuthResponse`]: 334 with the
    /// challenge, in BASE64, perhaps empty.
    ///
    /// # Errors
    /// No AUTH is going on, or `challenge` is not BASE64.
    pub fn challenge(&mut self, challenge: &str) -> Result<(), Misuse> {
        if self.state != State::Verdict(Ask::Auth) {
            return Err(Misuse::State);
        }
        if !posta_core::is_base64(challenge.as_bytes()) {
            return Err(Misuse::Base64);
        }
        // RFC 4954 4: the space stays if nothing follows.
        self.output.put(b"334 ");
        self.output.put(challenge.as_bytes());
        self.output.put(b"\r\n");
        self.state = State::Auth;
        Ok(())
    }

    /// The driver has put the connection under TLS: all that was said before is forgotten, and the client
    /// begins with EHLO again (RFC 3207 4.2).
    ///
    /// # Errors
    /// Nobody asked for TLS.
    pub fn tls_started(&mut self) -> Result<(), Misuse> {
        if self.state != State::Tls {
            return Err(Misuse::State);
        }
        self.reset();
        (self.state, self.deadline) = (State::Command, None);
        (self.tls, self.greeted, self.authenticated) = (true, false, false);
        Ok(())
    }

    /// Says 421 and closes, whatever is going on: the server is stopping. A message that was not accepted
    /// yet is not accepted any more.
    pub fn shutdown(&mut self) {
        if self.state != State::Closed {
            self.say(421, EnhancedCode(4, 3, 2), "Shutting down, try again later");
            self.close(None);
        }
    }

    fn settle(&mut self, text: Option<&str>) -> Result<(), Misuse> {
        let State::Verdict(ask) = self.state else { return Err(Misuse::State) };
        self.state = State::Command;
        let ok = |text| (250, text);
        let ((code, default), subject, detail) = match ask {
            Ask::Hello(hello) => {
                self.reset();
                self.greeted = true;
                self.offer(hello, text);
                return Ok(());
            }
            Ask::Mail { utf8 } => {
                (self.mail, self.utf8) = (true, utf8);
                (ok("Sender OK"), 1, 0)
            }
            Ask::Rcpt => {
                self.recipients += 1;
                (ok("Recipient OK"), 1, 5)
            }
            Ask::Data => {
                self.state = State::Body;
                self.decoder = Decoder::new(self.config.bare);
                let text = text.unwrap_or("End the message with a line that holds only a dot");
                // RFC 2034 3: no enhanced code in 3yz.
                write_reply(&mut self.output, 354, None, text);
                return Ok(());
            }
            Ask::End { left } => {
                self.next_recipient(left);
                (ok("Message accepted"), 0, 0)
            }
            Ask::Auth => {
                self.authenticated = true;
                ((235, "Authenticated"), 7, 0)
            }
            // RFC 5321 3.5.3
            Ask::Vrfy if text.is_some() => (ok(""), 1, 5),
            Ask::Vrfy => ((252, "Cannot tell, but will try to deliver"), 1, 5),
        };
        self.say(code, EnhancedCode(2, subject, detail), text.unwrap_or(default));
        Ok(())
    }

    /// One verdict on the message has been given.
    fn next_recipient(&mut self, left: usize) {
        match left {
            0 | 1 => self.reset(),
            // RFC 2033 4.2: one reply for each accepted recipient, in order.
            _ => self.state = State::Verdict(Ask::End { left: left - 1 }),
        }
    }

    /// The reply to HELO, EHLO and LHLO (RFC 5321 4.1.1.1): no enhanced codes (RFC 2034 3).
    fn offer(&mut self, hello: Hello, text: Option<&str>) {
        let config = &*self.config;
        let welcome = text.unwrap_or("at your service").lines().next().unwrap_or_default();
        let mut text = String::with_capacity(OFFER);
        // Writing into a String cannot fail.
        let _ = write!(text, "{} {welcome}", config.hostname());
        if hello != Hello::Helo {
            text.push_str("\nPIPELINING\nENHANCEDSTATUSCODES\n8BITMIME");
            // RFC 1870 3
            let _ = write!(text, "\nSIZE {}", config.limits.message);
            if config.smtputf8 {
                text.push_str("\nSMTPUTF8");
            }
            if config.dsn {
                text.push_str("\nDSN");
            }
            // RFC 3207 4.2: not under TLS.
            if config.starttls && !self.tls {
                text.push_str("\nSTARTTLS");
            }
            if !config.auth.is_empty() && (self.tls || config.auth_in_clear) {
                text.push_str("\nAUTH");
                for mechanism in &config.auth {
                    text.push(' ');
                    text.push_str(mechanism);
                }
            }
        }
        write_reply(&mut self.output, 250, None, &text);
    }

    /// How many verdicts the end of a message needs.
    pub(super) fn verdicts(&self) -> usize {
        match self.config.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => self.recipients,
        }
    }
}
