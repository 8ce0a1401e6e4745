//! A small rate limiter: so many a minute for each key, in bounded memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::problem::Problem;

/// How many keys are remembered before full buckets are forgotten.
const MAX_KEYS: usize = 10_000;

/// Token buckets by key (a peer's address, an offer's id). One instance a service, kept in memory: a restart forgives.
#[derive(Debug)]
pub struct RateLimiter {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The key used up its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; wait {} s", retry_after.as_secs())]
pub struct Limited {
    /// When the next one will be taken.
    pub retry_after: Duration,
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        Self::too_many_requests(limited.retry_after.as_secs())
    }
}

impl RateLimiter {
    /// `burst` at once, refilled evenly over `period`.
    pub fn new(burst: u32, period: Duration) -> Self {
        let burst = f64::from(burst.max(1));
        Self {
            burst,
            per_second: burst / period.as_secs_f64().max(0.001),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes one for this key.
    pub fn check(&self, key: &str, now: Instant) -> Result<(), Limited> {
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if buckets.len() >= MAX_KEYS && !buckets.contains_key(key) {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.burst);
            if buckets.len() >= MAX_KEYS {
                // Every bucket is in use: a flood from many addresses. Refusing newcomers bounds the memory.
                return Err(Limited { retry_after: Duration::from_secs(1) });
            }
        }
        let bucket = buckets.entry(key.to_owned()).or_insert(Bucket { tokens: self.burst, at: now });
        let tokens = self.filled(*bucket, now);
        self.suffices(tokens)?;
        *bucket = Bucket { tokens: tokens - 1.0, at: now };
        Ok(())
    }

    /// Whether one could be taken for this key, without taking it.
    pub fn look(&self, key: &str, now: Instant) -> Result<(), Limited> {
        let buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        buckets.get(key).map_or(Ok(()), |bucket| self.suffices(self.filled(*bucket, now)))
    }

    fn suffices(&self, tokens: f64) -> Result<(), Limited> {
        if tokens < 1.0 {
            let seconds = ((1.0 - tokens) / self.per_second).ceil().max(1.0);
            return Err(Limited { retry_after: Duration::from_secs_f64(seconds) });
        }
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(bucket.at).as_secs_f64();
        (bucket.tokens + passed * self.per_second).min(self.burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_one_for_each_share_of_the_period() {
        let limiter = RateLimiter::new(3, Duration::from_secs(30));
        let start = Instant::now();
        for _ in 0..3 {
            limiter.check("a", start).expect("within the burst");
        }
        assert_eq!(limiter.check("a", start), Err(Limited { retry_after: Duration::from_secs(10) }));
        limiter.look("a", start).expect_err("nor by looking");
        limiter.check("b", start).expect("another key has its own share");
        limiter.look("b", start).expect("looking takes none");
        limiter.check("a", start + Duration::from_secs(10)).expect("one share later");
        limiter.check("a", start + Duration::from_secs(10)).expect_err("but only one");
    }

    #[test]
    fn memory_stays_bounded_under_many_keys() {
        let limiter = RateLimiter::new(1, Duration::from_secs(60));
        let now = Instant::now();
        for key in 0..MAX_KEYS + 500 {
            _ = limiter.check(&key.to_string(), now);
        }
        assert!(limiter.buckets.lock().expect("lock").len() <= MAX_KEYS);
        limiter.check("new", now + Duration::from_secs(61)).expect("full buckets were forgotten");
    }
}
