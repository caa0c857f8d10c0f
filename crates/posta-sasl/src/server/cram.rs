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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mechanism, ServerConfig};
    use alloc::format;

    /// Not even the digest that fits what stands in for the missing keys.
    #[test]
    fn no_digest_logs_in_a_user_that_does_not_exist() {
        for keys in [None, Some(CramKeys::nobody())] {
            let (nonce, host) = ("1896.697170952xy".into(), "mx1.b.com".into());
            let config = ServerConfig { nonce, host, ..ServerConfig::default() };
            let mut server = Server::new(Mechanism::CramMd5, config).expect("fits");
            assert!(matches!(server.start(None), Ok(Step::Challenge(_))));
            let digest = CramKeys::nobody().digest(server.cram_challenge().as_bytes());
            let response = format!("nobody {}", digest.text().unwrap_or_default());
            assert!(matches!(server.step(response.as_bytes()), Ok(Step::LookupCram { .. })));
            let step = server.answer_cram(keys.as_ref());
            assert_eq!(matches!(step, Ok(Step::Failed)), keys.is_none());
        }
    }
}
