use alloc::string::String;

use super::{Server, State, Step, identity};
use crate::{CramKeys, Error, Misuse, cram};

impl Server {
    /// Answers [`Step::LookupCram`]: `None` for an unknown user, or one for whom nothing is kept. The
    /// same work is done, and the answer is no.
    ///
    /// # Errors
    /// No such question is open.
    pub fn answer_cram(&mut self, keys: Option<&CramKeys>) -> Result<Step, Misuse> {
        let (identity, digest) = match core::mem::replace(&mut self.state, State::Over) {
            State::LookupCram { identity, digest } => (identity, digest),
            other => return self.not_now(other),
        };
        let challenge = self.cram_challenge();
        let nobody = CramKeys::nobody();
        let right = keys.unwrap_or(&nobody).digest(challenge.as_bytes());
        if (right == digest) & keys.is_some() {
            Ok(self.authorize(identity, None))
        } else {
            Ok(Step::Failed)
        }
    }

    pub(super) fn cram_challenge(&self) -> String {
        cram::challenge(&self.config.nonce, &self.config.host)
    }

    pub(super) fn cram_digest(&mut self, text: &str) -> Result<Step, Error> {
        let (user, digest) = cram::parse(text)?;
        let Ok(identity) = identity(self.named(user)?, None) else { return Ok(Step::Failed) };
        let user = identity.authcid.clone();
        self.state = State::LookupCram { identity, digest };
        Ok(Step::LookupCram { user })
    }
}
