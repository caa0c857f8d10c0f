//! What the sessions and the queue share.

use crate::{Config, Reach, kept::Kept, session::Role, spool::Spool};
use agent::{Failure, Logins};
use mail_queue::{Recovery, Retry};
use mx_resolve::{CacheLimits, Policy, StubConfig};
use posta_core::disk::fs::Fs;
use posta_net::{
    Clock, Stop,
    dns::Resolver,
    tls::{self, ClientConfig, ServerConfig, Verify},
};
use smtp_proto::server;
use std::sync::Arc;

pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    pub(crate) spool: Spool,
    pub(crate) retry: Retry,
    pub(crate) resolver: Resolver,
    pub(crate) policy: Arc<Policy>,
    pub(crate) logins: Option<Logins>,
    /// What we show to our clients.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// Whom we believe when we are the client.
    pub(crate) trust: Arc<ClientConfig>,
    /// Whom we believe when we log in somewhere.
    pub(crate) trust_known: Arc<ClientConfig>,
    /// Sessions with other hosts that wait for a message.
    pub(crate) kept: Kept,
    pub(crate) clock: Clock,
    pub(crate) stop: Stop,
    mx: Arc<server::Config>,
    submission: Arc<server::Config>,
    submissions: Arc<server::Config>,
}

impl Shared {
    /// With what a former run has left in the spool.
    pub(crate) fn new(config: Config, stop: Stop) -> Result<(Self, Recovery<Fs>), Failure> {
        let config = Arc::new(config);
        let logins = match &config.users {
            Some(path) => Some(Logins::new(agent::users(path)?)?),
            None => None,
        };
        let submits = !config.listen.submission.is_empty() || !config.listen.submissions.is_empty();
        if submits && (config.tls.is_none() || logins.is_none()) {
            return Err(
                "submission needs `users` and `[tls]`: without them anyone could send as anyone"
                    .into(),
            );
        }
        let (mut mx, mut submission) = (smtp(&config, None)?, smtp(&config, logins.as_ref())?);
        let mut submissions = submission.clone();
        (mx.starttls, submission.starttls, submissions.tls) = (config.tls.is_some(), true, true);
        let tls = config.tls.as_ref().map(agent::TlsFiles::read).transpose()?;
        let verify = config.relay.ca.clone().map_or(Verify::None, Verify::Ca);
        let stub = StubConfig { servers: config.dns.servers.clone(), ..StubConfig::default() };
        let (spool, recovery) = Spool::open(&config)?;
        let shared = Self {
            spool,
            retry: config.retry.schedule(),
            resolver: Resolver::new(stub, CacheLimits::default()),
            policy: Arc::new(policy(&config)?),
            trust: tls::client(&verify)?,
            trust_known: tls::client(&config.relay.ca.clone().map_or(Verify::Roots, Verify::Ca))?,
            kept: Kept::default(),
            clock: Clock::start(),
            stop,
            mx: Arc::new(mx),
            submission: Arc::new(submission),
            submissions: Arc::new(submissions),
            logins,
            tls,
            config,
        };
        Ok((shared, recovery))
    }

    /// The machine's configuration for a session, which may begin under TLS.
    pub(crate) fn server_config(&self, role: Role, tls: bool) -> Arc<server::Config> {
        Arc::clone(match (role, tls) {
            (Role::Mx, _) => &self.mx,
            (Role::Submission, false) => &self.submission,
            (Role::Submission, true) => &self.submissions,
        })
    }
}

fn policy(config: &Config) -> Result<Policy, Failure> {
    Ok(Policy {
        // RFC 5321 5.1: mail does not go to a host that is no better than we are.
        own_names: vec![config.hostname.parse()?],
        reach: match config.relay.reach {
            Reach::Any => mx_resolve::Reach::Any,
            Reach::Private => mx_resolve::Reach::Private,
            Reach::Public => mx_resolve::Reach::Public,
        },
        ..Policy::default()
    })
}

fn smtp(config: &Config, logins: Option<&Logins>) -> Result<server::Config, Failure> {
    let mut smtp = server::Config::new(config.hostname.as_str())?;
    if let Some(logins) = logins {
        smtp.require_tls = true;
        smtp.auth = logins.offer(true).into_iter().map(Into::into).collect();
    }
    smtp.limits.message = config.limits.message_size;
    smtp.limits.recipients = config.limits.recipients;
    Ok(smtp)
}
