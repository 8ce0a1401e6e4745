//! For tests only: fixed clock, seeded randomness, synthetic people and companies.
