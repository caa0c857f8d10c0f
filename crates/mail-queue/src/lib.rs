//! The spool of an MTA: durable entries, retry schedule, the state of each recipient.
