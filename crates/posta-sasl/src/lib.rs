//! SASL mechanisms for SMTP, POP3 and IMAP, both sides, without I/O.
#![cfg_attr(not(feature = "std"), no_std)]
