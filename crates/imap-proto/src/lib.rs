//! IMAP4 without I/O: codec, client machine, server machine.
#![cfg_attr(not(feature = "std"), no_std)]
