//! SASL mechanisms for SMTP, POP3 and IMAP, both sides, without I/O.
//!
//! **In scope**: computing and checking what the two sides say, choosing a mechanism, base64 as the
//! protocols want it, password files. **Out of scope**: the commands that carry it (`AUTH`,
//! `AUTHENTICATE`: smtp-proto, pop3-proto and imap-proto frame them and look into none), TLS, security
//! layers, random numbers, files, getting and checking tokens, and the decision who may act as whom.
//!
//! | Mechanism | What the client has | What the server needs | Allowed by [`Policy`] |
//! | --- | --- | --- | --- |
//! | `EXTERNAL` | shown elsewhere who it is | to know from where | `external` |
//! | `SCRAM-SHA-512-PLUS`, `-256-PLUS`, `-1-PLUS` | a password, a TLS connection | [`Keys`], the same connection | `channel_binding` |
//! | `SCRAM-SHA-512`, `-256`, `-1` | a password | [`Keys`] | by default |
//! | `OAUTHBEARER`, `XOAUTH2` | a token | somebody to check it | `tokens`, under TLS |
//! | `CRAM-MD5` | a password | [`CramKeys`], as good as the password | `cram_md5` |
//! | `PLAIN`, `LOGIN` | a password | [`Keys`], or any other way to check it | under TLS |
//! | `ANONYMOUS` | nothing | nothing | `anonymous` |
//!
//! The best comes first. [`apop`] stands beside them, for POP3 alone.
//!
//! ```text
//! Client                                          Server
//!
//! new --> initial, if there is room  ------------> start
//!           |                                        |
//!           v                                        v
//!         step <---------- challenge ------------- Challenge <--------+
//!           |                                        |                |
//!           +------------- response -------------> step               |
//!           |                                        |                |
//!           |                        Verify ...... accept, reject     |
//!           |                        LookupCram .. answer_cram        |
//!           |                        External .... identify, reject   |
//!           |                        Anonymous ... identify, reject   |
//!           |                        Token ....... identify, reject --+
//!           |                        Lookup ...... answer ------------+
//!           |                        Authorize ... accept, reject ----+
//!           v                                        |
//!         finish <-------- the verdict ----------- Done, Failed
//! ```
//!
//! All between `Challenge` and `Done` are questions to the application; its answer gives the next step,
//! like a response of the client. Which of them come up depends on the mechanism. This crate knows no
//! users: whose a password, a token or a certificate is, and what nobody in particular is called, the
//! application says.
//!
//! # A whole session
//!
//! ```
//! use posta_sasl::{
//!     Client, ClientConfig, Credentials, Decoy, ITERATIONS, Keys, Policy, ScramHash, Secret, Server,
//!     ServerConfig, Step, base64, passwords::Passwords,
//! };
//!
//! // Once: a password file. Salts, nonces and keys are 16 or more random octets; here they are not.
//! let keys = Keys::derive(ScramHash::Sha256, &Secret::from("pencil"), &[1; 16], ITERATIONS)?;
//! let mut passwords = Passwords::default();
//! passwords.insert("ana", keys)?;
//! let passwords = Passwords::parse(&passwords.write())?;
//!
//! // The client: what the server offers, and what it can do itself.
//! let policy = Policy { tls: true, ..Policy::default() };
//! let mechanism = policy.choose(["LOGIN", "PLAIN", "SCRAM-SHA-256"])?;
//! let credentials = Credentials::password("ana", "pencil");
//! let config = ClientConfig { nonce: base64::encode(&[2; 18]), ..ClientConfig::default() };
//! let mut client = Client::new(mechanism, credentials, config)?;
//! // C: AUTH SCRAM-SHA-256 biwsbj1hbmEscj0…
//! let initial = client.initial(400).map(|response| base64::encode_initial(&response));
//!
//! // The server.
//! let config = ServerConfig {
//!     nonce: base64::encode(&[3; 18]),
//!     decoy: passwords.decoy(ScramHash::Sha256, Secret::from("the server's own")),
//!     ..ServerConfig::default()
//! };
//! let mut server = Server::new(mechanism, config)?;
//! let initial = initial.map(|text| base64::decode_initial(text.expose())).transpose()?;
//! let mut step = server.start(initial.as_ref().map(Secret::expose))?;
//! let identity = loop {
//!     step = match passwords.answer(&mut server, step)? {
//!         // S: 334 cj1BZ0lD…            C: Yz1iaXdz…
//!         Step::Challenge(challenge) => {
//!             let response = client.step(&challenge)?;
//!             server.step(response.expose())?
//!         }
//!         Step::Done(identity) => break identity, // S: 235
//!         _ => panic!("535"),
//!     };
//! };
//! client.finish()?; // or the 235 was a lie
//! assert_eq!(identity.acts_as(), "ana");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! With a token the client has less to say, and the server asks another question:
//!
//! ```
//! use posta_sasl::{
//!     Client, ClientConfig, Credentials, Mechanism, Misuse, Secret, Server, ServerConfig, Step,
//! };
//!
//! let token = Credentials::token("ana@a.org", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
//! let mut client = Client::new(Mechanism::OAuthBearer, token, ClientConfig::default())?;
//! let mut server = Server::new(Mechanism::OAuthBearer, ServerConfig::default())?;
//! let step = server.start(client.initial(400).as_ref().map(Secret::expose))?;
//! # let whose = |token: Secret| Some("ana@a.org");
//! let step = match step {
//!     Step::Token { token, .. } => match whose(token) {
//!         Some(user) => server.identify(user)?,
//!         None => server.reject()?,
//!     },
//!     step => step,
//! };
//! assert!(matches!(step, Step::Done(identity) if identity.acts_as() == "ana@a.org"));
//! client.finish()?;
//! # Ok::<(), posta_sasl::Error>(())
//! ```
//!
//! # What is promised
//!
//! - An unknown user and a wrong password give the same octets and take the same work ([`Decoy`],
//!   [`passwords::Passwords::verify`]), if all users' keys have the same hash, iterations and length of
//!   salt; which of the two it was is in no [`Step`] and no [`Error`].
//! - Who asks to act as another fails, unless [`ServerConfig::allow_authzid`] is set and the
//!   application then says yes.
//! - A token, a certificate or a name lets in only whom the application [identifies](Server::identify):
//!   that the token is good does not mean that its owner is whom the client names.
//! - A client does not take the server's word: [`Client::finish`] fails if SCRAM's last message, the
//!   server's proof, never came.
//! - Secrets are compared in constant time, wiped when dropped and never shown by `Debug`. The buffers
//!   of protocol, TLS and system are not ours to wipe, nor the inner state of the hash functions.
//! - Names and passwords are prepared, so that each has one spelling. Letters that only look alike stay
//!   different.
//!
//! # Standards
//!
//! - RFC 1939 7: APOP
//! - RFC 2195, RFC 2104: CRAM-MD5
//! - RFC 4013, RFC 3454: SASLprep, with two differences that [`prep`] names
//! - RFC 4422: SASL, and EXTERNAL in its appendix A
//! - RFC 4505: ANONYMOUS, and what its [trace](prep::trace) may be
//! - RFC 4616: PLAIN
//! - RFC 4648 4, RFC 4954 4, RFC 5034 4, RFC 4959 3: base64 and empty initial responses
//! - RFC 5802, RFC 7677: SCRAM-SHA-1 and SCRAM-SHA-256, with `-PLUS`; SCRAM-SHA-512 alike
//! - RFC 5803: keys as text
//! - RFC 5929 4, RFC 9266: `tls-server-end-point`, `tls-exporter`
//! - RFC 7628, RFC 6750 2.1: OAUTHBEARER; XOAUTH2 as Google and Microsoft describe it
//!
//! Not offered: DIGEST-MD5 (historic by RFC 6331), OAUTH10A of RFC 7628, GSSAPI, NTLM.
//!
//! # Limits
//!
//! | Limit | Default | From |
//! | --- | --- | --- |
//! | [`Limits::message`] | 9216 octets | RFC 4954 4: 12288 of base64 |
//! | [`Limits::name`] | 255 octets | RFC 4616 2 |
//! | [`Limits::password`] | 1024 octets | RFC 4616 2 demands 255 |
//! | [`Limits::token`] | 8192 octets | ours: what a message holds beside the longest name |
//! | trace of ANONYMOUS | 255 characters, 320 octets if an address | RFC 4505 2, RFC 5321 4.5.3.1 |
//! | [`Limits::min_iterations`] | 4096 | RFC 5802 5.1, RFC 7677 4 |
//! | [`Limits::max_iterations`] | 1,000,000 | ours: bounds the work that a server can ask for |
//! | [`ITERATIONS`] to [`MAX_ITERATIONS`] | 4096 to 10,000,000 | keys in files |
//! | salt of [`Keys`] | 1 to 64 octets | ours |
//! | [`passwords::MAX_USER`] | 255 octets | RFC 4616 2 |
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod apop;
pub mod base64;
mod client;
mod cram;
mod error;
mod hash;
mod keys;
mod mechanism;
mod oauth;
pub mod passwords;
pub mod prep;
mod scram;
mod secret;
mod server;

pub use client::{Client, ClientConfig, Credentials};
pub use cram::{CramKeys, NotCramKeys};
pub use error::{Error, Limits, Misuse};
pub use hash::ScramHash;
pub use keys::{Decoy, ITERATIONS, Keys, KeysError, MAX_ITERATIONS, SALT};
pub use mechanism::{BindingKind, ChannelBinding, ChooseError, Mechanism, Policy};
pub use oauth::TokenHint;
pub use secret::Secret;
pub use server::{Identity, Server, ServerConfig, Step};
