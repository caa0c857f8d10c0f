use alloc::format;

use super::{Identity, Server, State, Step, identity};
use crate::{
    BindingKind, Error, Keys, Mechanism, Misuse, ScramHash, Secret, base64,
    scram::{self, ClientFinal, ClientFirst, Flag},
};

impl Server {
    /// Answers [`Step::Lookup`]: `None` for an unknown user, or one without keys for this hash (keys
    /// for another hash count as none). The client cannot tell: it gets a salt, and fails in the end.
    ///
    /// # Errors
    /// No lookup is open.
    pub fn answer(&mut self, keys: Option<Keys>) -> Result<Step, Misuse> {
        let (first, identity) = match core::mem::replace(&mut self.state, State::Over) {
            State::Lookup { first, identity } => (first, identity),
            other => return self.not_now(other),
        };
        let (Mechanism::Scram(hash) | Mechanism::ScramPlus(hash)) = self.mechanism else {
            return Err(Misuse::NotNow);
        };
        // The decoy is made for known users too, so that its time tells nothing.
        let decoy = self.config.decoy.keys(hash, &identity.authcid);
        let found = keys.filter(|keys| keys.hash == hash);
        let known = found.is_some();
        let keys = found.unwrap_or(decoy);
        let server_first = format!(
            "r={}{},s={},i={}",
            first.nonce,
            self.config.nonce,
            base64::encode(&keys.salt),
            keys.iterations
        );
        let challenge = server_first.clone().into_bytes();
        self.state = State::ScramFinal { first, identity, server_first, keys, known };
        Ok(Step::Challenge(challenge))
    }

    pub(super) fn scram_first(
        &mut self,
        text: &str,
        hash: ScramHash,
        plus: bool,
    ) -> Result<Step, Error> {
        let first = ClientFirst::parse(text)?;
        let supported = !self.config.channel_bindings.is_empty();
        // RFC 5802 6
        match first.flag {
            Flag::Unable if !plus => {}
            // Someone took `-PLUS` out of the list that the client saw.
            Flag::Able if !plus && !supported => {}
            Flag::Bound(Some(kind)) if plus && self.binding(kind).is_some() => {}
            _ => return Err(Error::ChannelBinding),
        }
        self.named(&first.user)?;
        first.authzid.as_deref().map_or(Ok(""), |authzid| self.named(authzid))?;
        let Ok(identity) = identity(&first.user, first.authzid.as_deref()) else {
            return Ok(Step::Failed);
        };
        let user = identity.authcid.clone();
        self.state = State::Lookup { first, identity };
        Ok(Step::Lookup { user, hash })
    }

    pub(super) fn scram_final(
        &mut self,
        text: &str,
        first: &ClientFirst,
        identity: Identity,
        server_first: &str,
        keys: &Keys,
        known: bool,
    ) -> Result<Step, Error> {
        let last = ClientFinal::parse(text)?;
        // RFC 5802 5.1: the nonce is the client's and ours.
        if last.nonce.strip_prefix(first.nonce.as_str()) != Some(&self.config.nonce) {
            return Err(Error::Nonce);
        }
        let bound = match first.flag {
            Flag::Bound(Some(kind)) => self.binding(kind),
            _ => None,
        };
        let bound = bound.map_or(&b""[..], Secret::expose);
        if last.binding != Secret::concat(&[first.gs2.as_bytes(), bound]) {
            return Err(Error::ChannelBinding);
        }
        let auth = scram::auth_message(&first.bare, server_first, last.without_proof);
        let client_key = scram::masked(keys.hash, &last.proof, &keys.stored, &auth);
        // `masked` stops with the shorter of the two, so the proof's length counts as well.
        let proven = (keys.hash.digest(client_key.expose()) == keys.stored)
            & (last.proof.len() == keys.hash.size());
        // No proof fits a decoy; that it fails does not rest on that alone.
        if !(proven & known) {
            return Ok(Step::Failed);
        }
        let signature = keys.hash.hmac(keys.server.expose(), auth.as_bytes());
        let verifier = format!("v={}", base64::encode(signature.expose()));
        Ok(self.authorize(identity, Some(verifier.into_bytes())))
    }

    fn binding(&self, kind: BindingKind) -> Option<&Secret> {
        let found = self.config.channel_bindings.iter().find(|binding| binding.kind == kind);
        found.map(|binding| &binding.data)
    }
}
