//! What the agents share: configuration files, TLS files, logins, logs, transcripts, a graceful stop.

mod account;
mod channel;
mod config;
mod courier;
mod keys;
mod login;
mod logins;
mod logs;
mod mailboxes;
mod maildrop;
mod run;
mod service;
mod stamps;
mod system;
mod tls;
mod transcript;
mod users;

pub use account::{Account, AccountError, Ports, Security, trust};
pub use channel::Channel;
pub use config::{ConfigError, load};
pub use courier::{Courier, CourierError, Letter};
pub use keys::{MakeKeysError, make_keys, print_keys};
pub use login::{Login, LoginError};
pub use logins::{Exchange, Logins, Verdict};
pub use logs::{HOP, hop, init};
pub use mailboxes::Mailboxes;
pub use maildrop::{Entry, Maildrop, MaildropError};
pub use run::{Failure, run, stop_on_signal};
pub use service::Service;
pub use stamps::Stamps;
pub use system::{now, random};
pub use tls::TlsFiles;
pub use transcript::{TRANSCRIPT, Who, transcript};
pub use users::{UsersError, users};
