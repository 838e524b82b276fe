//! SIP messages: our own types and parser. (stub)
