//! Dates as names of revisions.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The moment that a date means: `2026-11-20` its beginning in UTC, RFC 3339 the moment itself. A revision that a date
/// names is the last one *before* that moment, so that `2026-11-19..2026-11-20` is what came on the 19th.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    // Only whole dates: jiff takes `20261120` too, which may be a hash.
    let is_date = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    if !is_date {
        return None;
    }
    if text.len() == 10 {
        return text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp());
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_dates_are_dates() {
        for (text, expected) in [
            ("2026-11-20", Some("2026-11-20T00:00:00Z")),
            ("2026-11-20T10:11:12Z", Some("2026-11-20T10:11:12Z")),
            ("2026-11-20T10:11:12+02:00", Some("2026-11-20T08:11:12Z")),
            ("2026-11-20 10:11:12Z", Some("2026-11-20T10:11:12Z")),
            ("2026-13-20", None),
            ("2026-11-2", None),
            ("20261120", None),
            ("2026-11-20T10:11:12", None),
            ("2026-11-20x", None),
            ("ééééé-ééé-", None),
            ("", None),
            ("main", None),
        ] {
            assert_eq!(moment(text).map(|moment| moment.to_string()).as_deref(), expected, "{text}");
        }
    }
}
