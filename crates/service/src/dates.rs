//! Dates and times as people write them in each language. Times are China's: one zone, UTC+8.

use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use jiff::{Timestamp, Zoned};
use registry::UnixMillis;

use crate::lang::Lang;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day: "2026年3月3日", "3 March 2026".
pub fn day(lang: Lang, date: Date) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match lang {
        Lang::Zh => format!("{year}年{month}月{day}日"),
        Lang::En => {
            let name = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"");
            format!("{day} {name} {year}")
        }
    }
}

/// A day written `YYYY-MM-DD`; text of another form is given back as it is ("长期").
pub fn day_text(lang: Lang, text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |date| day(lang, date))
}

/// A time to the minute: "2026年3月3日 10:21", "3 March 2026, 10:21".
pub fn moment(lang: Lang, time: UnixMillis) -> String {
    let local = local(time);
    let clock = format!("{:02}:{:02}", local.hour(), local.minute());
    match lang {
        Lang::Zh => format!("{} {clock}", day(lang, local.date())),
        Lang::En => format!("{}, {clock}", day(lang, local.date())),
    }
}

/// The day of a time.
pub fn day_of(lang: Lang, time: UnixMillis) -> String {
    day(lang, local(time).date())
}

fn local(time: UnixMillis) -> Zoned {
    let milliseconds = i64::try_from(time.0).unwrap_or(i64::MAX);
    let time = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX);
    time.to_zoned(TimeZone::fixed(offset(8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_has_its_own_form() {
        let time: UnixMillis = "2026-03-02T18:05:00Z".parse().expect("a time");
        assert_eq!(moment(Lang::Zh, time), "2026年3月3日 02:05");
        assert_eq!(moment(Lang::En, time), "3 March 2026, 02:05");
        assert_eq!(day_of(Lang::En, time), "3 March 2026");
        assert_eq!(day_text(Lang::Zh, "2036-12-01"), "2036年12月1日");
        assert_eq!(day_text(Lang::Zh, "长期"), "长期");
        assert!(moment(Lang::En, UnixMillis(u64::MAX)).contains("9999"));
    }
}
