//! The framing of AUTH (RFC 4954). What the texts mean is for a SASL implementation.

use super::{Client, Exchange, Session, queue::Sent};
use crate::{
    Misuse,
    codec::{Base64, Command},
    limits::COMMAND,
};
use alloc::string::String;
use posta_core::Output;

impl Client {
    /// Begins an authentication with a mechanism that the server offers, and an initial response in
    /// BASE64, perhaps empty, if the mechanism has one. [`Event::Challenge`](super::Event::Challenge) and
    /// [`Event::Auth`](super::Event::Auth) answer.
    ///
    /// An initial response that would make the line longer than 512 octets is kept back until the server
    /// asks for it (RFC 4954 4).
    ///
    /// # Errors
    /// Something is going on, it has succeeded already, the mechanism is not offered, or the response is
    /// not BASE64.
    pub fn auth(&mut self, mechanism: &str, initial: Option<&str>) -> Result<(), Misuse> {
        self.only_ready()?;
        if self.authenticated {
            return Err(Misuse::State);
        }
        if !self.capabilities.has_auth(mechanism) {
            return Err(Misuse::NotOffered("this mechanism"));
        }
        let initial = initial.map(|text| Base64::new(text).ok_or(Misuse::Base64)).transpose()?;
        let length = "AUTH  \r\n".len() + mechanism.len() + initial.map_or(0, |text| text.len());
        let (now, later) = if length > COMMAND { (None, initial) } else { (initial, None) };
        let mut line = Output::default();
        Command::Auth { mechanism, initial: now }.write(&mut line)?;
        self.held = later.map(|text| String::from(text.as_str()));
        self.auth = Exchange::Server;
        self.give(Sent::Auth, |out, _| out.put(line.bytes()));
        Ok(())
    }

    /// Answers a challenge, in BASE64, perhaps with nothing.
    ///
    /// # Errors
    /// There was no challenge, or `response` is not BASE64.
    pub fn respond(&mut self, response: &str) -> Result<(), Misuse> {
        if self.session != Session::Open || self.auth != Exchange::Ours {
            return Err(Misuse::State);
        }
        if Base64::new(response).is_none() {
            return Err(Misuse::Base64);
        }
        self.say_response(response);
        Ok(())
    }

    /// Gives up an authentication instead of answering a challenge: `*`. The server confirms with a
    /// refusal, which comes as [`Event::Auth`](super::Event::Auth).
    ///
    /// # Errors
    /// There was no challenge.
    pub fn cancel_auth(&mut self) -> Result<(), Misuse> {
        if self.session != Session::Open || self.auth != Exchange::Ours {
            return Err(Misuse::State);
        }
        self.say_response("*");
        Ok(())
    }

    pub(super) fn say_response(&mut self, response: &str) {
        self.output.put(response.as_bytes());
        self.output.put(b"\r\n");
        (self.auth, self.deadline) = (Exchange::Server, None);
    }
}
