//! Where mail for a domain goes: MX routing over a DNS stub, without I/O.
