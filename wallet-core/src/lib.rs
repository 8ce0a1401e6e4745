//! The holder's wallet: hold, consent, present, log.
