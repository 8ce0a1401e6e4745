//! What issuing, deriving, presenting and verifying cost, beside their floor: the bare signature operations, keys at hand. For
//! [`beside`] the floor is this crate's verification of the same text.
//!
//! Pure like the rest: the clock is an argument. Each figure and its floor are measured in turns in one run, so that
//! whatever else the machine does falls on both.

#[cfg(feature = "bbs")]
mod bbs;
mod beside;
mod cases;
mod envelopes;
mod holding;
mod suites;
mod tokens;

pub use beside::{Beside, beside};
pub use cases::{Unprepared, cases};

use std::time::Duration;

/// Something to be measured and its floor. Each call does it once and says whether it went right.
pub struct Case {
    /// `verify/eddsa-jcs-2022`, `issue/ecdsa-sd-2023`…
    pub name: &'static str,
    /// Text in, verdict out, parsing included; or claims in, credential out.
    pub run: Box<Measured>,
    /// The bare signature operations inside.
    pub floor: Box<Measured>,
}

/// What is done once, by as many threads as may be.
pub type Measured = dyn Fn() -> bool + Send + Sync;

/// What was measured, in microseconds for one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// The case's name.
    pub name: &'static str,
    /// The figure.
    pub value_us: f64,
    /// Its floor.
    pub floor_us: f64,
}

impl Measure {
    /// How many times its floor the figure is.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.value_us / self.floor_us
    }
}

/// A case did not go right: nothing was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} did not verify")]
pub struct WentWrong(pub &'static str);

impl Case {
    /// Measures for about so long by a clock that never goes back, and gives the medians.
    ///
    /// # Errors
    /// [`WentWrong`] when the case or its floor fails.
    pub fn measure(&self, budget: Duration, clock: &dyn Fn() -> Duration) -> Result<Measure, WentWrong> {
        const IN_A_ROW: u32 = 20;
        const MICROS: f64 = 1e6;
        let time = |what: &dyn Fn() -> bool| {
            let start = clock();
            let right = (0..IN_A_ROW).all(|_| what());
            let each = clock().saturating_sub(start).as_secs_f64() * MICROS / f64::from(IN_A_ROW);
            if right { Ok(each) } else { Err(WentWrong(self.name)) }
        };
        let (mut values, mut floors) = (Vec::new(), Vec::new());
        let start = clock();
        while values.len() < 5 || clock().saturating_sub(start) < budget {
            values.push(time(&self.run)?);
            floors.push(time(&self.floor)?);
        }
        Ok(Measure { name: self.name, value_us: median(values), floor_us: median(floors) })
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn cases_verify_and_are_measured() {
        let cases = cases(&mut testkit::rng(1)).unwrap();
        let names: Vec<_> = cases.iter().map(|case| case.name).collect();
        assert_eq!(
            names,
            [
                "verify/eddsa-jcs-2022",
                "issue/vc-jwt",
                "present/vc-jwt",
                "verify/vc-jwt",
                "issue/sd-jwt-kb-es256",
                "present/sd-jwt-kb-es256",
                "verify/sd-jwt-kb-es256",
                "issue/sd-jwt-kb-eddsa",
                "present/sd-jwt-kb-eddsa",
                "verify/sd-jwt-kb-eddsa",
                "issue/eddsa-jcs-2022",
                "present/eddsa-jcs-2022",
                "issue/eddsa-rdfc-2022",
                "present/eddsa-rdfc-2022",
                "verify/eddsa-rdfc-2022",
                "issue/ecdsa-rdfc-2019",
                "present/ecdsa-rdfc-2019",
                "verify/ecdsa-rdfc-2019",
                #[cfg(feature = "sm2")]
                "issue/sm2-jcs-2026",
                #[cfg(feature = "sm2")]
                "present/sm2-jcs-2026",
                #[cfg(feature = "sm2")]
                "verify/sm2-jcs-2026",
                "issue/ecdsa-sd-2023",
                "derive/ecdsa-sd-2023",
                "present/ecdsa-sd-2023",
                "verify/ecdsa-sd-2023",
                "issue/mdoc",
                "present/mdoc",
                "verify/mdoc",
                "issue/vc-cose",
                "present/vc-cose",
                "verify/vc-cose",
                #[cfg(feature = "bbs")]
                "issue/bbs-2023",
                #[cfg(feature = "bbs")]
                "derive/bbs-2023",
                #[cfg(feature = "bbs")]
                "present/bbs-2023",
                #[cfg(feature = "bbs")]
                "verify/bbs-2023",
            ]
        );
        // A clock that goes on by 20 µs at each look.
        let time = Cell::new(Duration::ZERO);
        let clock = || {
            time.set(time.get() + Duration::from_micros(20));
            time.get()
        };
        for case in cases {
            let measure = case.measure(Duration::ZERO, &clock).unwrap();
            assert!((measure.value_us - 1.0).abs() < 1e-9 && (measure.ratio() - 1.0).abs() < 1e-9);
        }
        for beside in beside(&mut testkit::rng(2)).unwrap() {
            assert!((beside.ours)(), "{}", beside.name);
            assert!(beside.given["text"].as_str().is_some_and(|text| text.len() > 500), "{}", beside.name);
        }
        let wrong = Case { name: "wrong", run: Box::new(|| false), floor: Box::new(|| true) };
        assert_eq!(wrong.measure(Duration::ZERO, &clock), Err(WentWrong("wrong")));
    }
}
