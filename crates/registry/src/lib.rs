//! What the chain says: transactions, state machine, records, proofs, light client. Pure.
