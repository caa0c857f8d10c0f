//! The access agent: POP3 over Maildirs.
