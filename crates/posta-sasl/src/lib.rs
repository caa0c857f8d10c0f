//! SASL mechanisms for SMTP, POP3 and IMAP, both sides, without I/O.
//!
//! **In scope**: computing and checking what the two sides say (PLAIN, LOGIN, SCRAM with and without
//! channel binding, APOP beside them), choosing a mechanism, base64 as the protocols want it, password
//! files. **Out of scope**: the commands that carry it (`AUTH`, `AUTHENTICATE`: smtp-proto, pop3-proto
//! and imap-proto frame them and look into none), TLS, security layers, random numbers, files, and the
//! decision who may act as whom.
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
//!           |                         Verify ..... accept, reject     |
//!           |                         Lookup ..... answer ------------+
//!           |                         Authorize .. accept, reject ----+
//!           v                                        |
//!         finish <-------- the verdict ----------- Done, Failed
//! ```
//!
//! A `Verify`, `Lookup` or `Authorize` is a question to the application; its answer gives the next
//! step, like a response of the client.
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
//! # What is promised
//!
//! - An unknown user and a wrong password give the same octets and take the same work ([`Decoy`],
//!   [`passwords::Passwords::verify`]), if all users' keys have the same hash, iterations and length of
//!   salt; which of the two it was is in no [`Step`] and no [`Error`].
//! - Who asks to act as another fails, unless [`ServerConfig::allow_authzid`] is set and the
//!   application then says yes.
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
//! - RFC 4013, RFC 3454: SASLprep, with two differences that [`prep`] names
//! - RFC 4422: SASL
//! - RFC 4616: PLAIN
//! - RFC 4648 4, RFC 4954 4, RFC 5034 4, RFC 4959 3: base64 and empty initial responses
//! - RFC 5802, RFC 7677: SCRAM-SHA-1 and SCRAM-SHA-256, with `-PLUS`; SCRAM-SHA-512 alike
//! - RFC 5803: keys as text
//! - RFC 5929 4, RFC 9266: `tls-server-end-point`, `tls-exporter`
//!
//! Not offered: DIGEST-MD5 (historic by RFC 6331), and CRAM-MD5 (RFC 2195), for which a server would
//! have to keep the passwords themselves.
//!
//! # Limits
//!
//! | Limit | Default | From |
//! | --- | --- | --- |
//! | [`Limits::message`] | 9216 octets | RFC 4954 4: 12288 of base64 |
//! | [`Limits::name`] | 255 octets | RFC 4616 2 |
//! | [`Limits::password`] | 1024 octets | RFC 4616 2 demands 255 |
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
