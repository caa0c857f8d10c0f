use super::{Server, State, Step};
use crate::{
    Error,
    oauth::{self, TokenMessage},
};

impl Server {
    pub(super) fn oauthbearer(&mut self, text: &str) -> Result<Step, Error> {
        // RFC 7628 3.1: valid only once a token has been refused; there is nobody here to be told why.
        if text == "\x01" {
            return Ok(Step::Failed);
        }
        self.token(TokenMessage::parse_oauthbearer(text)?)
    }

    pub(super) fn xoauth2(&mut self, text: &str) -> Result<Step, Error> {
        self.token(TokenMessage::parse_xoauth2(text)?)
    }

    /// RFC 7628 3.2.2
    pub(super) fn refuse_token(&mut self) -> Step {
        self.state = State::Refused;
        Step::Challenge(oauth::refusal(self.mechanism, &self.config.token_hint).into_bytes())
    }

    fn token(&mut self, message: TokenMessage) -> Result<Step, Error> {
        let TokenMessage { user, token, host, port } = message;
        if let Some(user) = &user {
            self.named(user)?;
            self.no_nul(user)?;
        }
        let Some(token) = token else { return Ok(self.refuse_token()) };
        if token.len() > self.config.limits.token {
            return Err(Error::TokenTooLong(self.config.limits.token));
        }
        self.state = State::Identify { authzid: user.clone() };
        Ok(Step::Token { user, token, host, port })
    }
}
