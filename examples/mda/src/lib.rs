//! The delivery agent: LMTP and standard input into Maildirs.
