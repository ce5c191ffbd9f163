//! Durations as people type them: `90m`, `36h`, `14d`, `1d12h`.

use crate::error::{Error, Kind, Result};
use std::time::Duration;

const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Reads `90m`, `36h`, `14d`, `2w`, `45s` or a sum of such parts (`1d12h`).
///
/// # Errors
/// `Usage` when a number has no unit, a unit is unknown, or the sum does not fit.
pub fn parse(text: &str) -> Result<Duration> {
    let bad = || {
        Error::new(Kind::Usage, format!("{text:?} is not a duration"))
            .hint("write a number and a unit: s, m, h, d or w, for example 90m, 36h, 14d")
    };
    let mut seconds: u64 = 0;
    let mut digits = String::new();
    for c in text.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let (_, factor) = UNITS.iter().find(|(unit, _)| *unit == c).ok_or_else(bad)?;
        let part = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(*factor)).ok_or_else(bad)?;
        seconds = seconds.checked_add(part).ok_or_else(bad)?;
        digits.clear();
    }
    // A century is more than any capture is kept, and keeps every later addition to a date in range.
    if !digits.is_empty() || text.trim().is_empty() || seconds > 100 * 366 * 86_400 {
        return Err(bad());
    }
    Ok(Duration::from_secs(seconds))
}

/// Writes a duration with its two largest units: `14d`, `1d 12h`, `3m 20s`, `0.4s`.
pub fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 10 {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, factor) in UNITS.into_iter().skip(1) {
        if rest >= factor {
            parts.push(format!("{}{unit}", rest / factor));
            rest %= factor;
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// Writes whole seconds as [`parse`] reads them, with nothing lost: `1h20m`, `1d12h`, `0s`.
pub fn exact(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut text = String::new();
    for (unit, factor) in UNITS.into_iter().skip(1) {
        if rest >= factor {
            text.push_str(&format!("{}{unit}", rest / factor));
            rest %= factor;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        for (text, seconds) in [
            ("90m", 5400),
            ("36h", 129_600),
            ("14d", 1_209_600),
            ("1d12h", 129_600),
            ("2w", 1_209_600),
            ("45s", 45),
            ("0d", 0),
        ] {
            assert_eq!(parse(text).unwrap().as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "7", "d", "7x", "-1d", "1.5h", "99999999999w", "1d 3", "18446744073709551616s"] {
            assert_eq!(parse(text).unwrap_err().kind(), Kind::Usage, "{text}");
        }
    }

    #[test]
    fn what_is_written_exactly_is_read_back() {
        for (seconds, text) in [(0, "0s"), (80 * 60, "1h20m"), (90_061, "1d1h1m1s"), (50 * 60, "50m")] {
            let duration = Duration::from_secs(seconds);
            assert_eq!((exact(duration).as_str(), parse(text).unwrap()), (text, duration));
        }
    }

    #[test]
    fn shows_two_units_at_most() {
        for (seconds, text) in
            [(14 * 86_400, "14d"), (129_600, "1d 12h"), (200, "3m 20s"), (90_061, "1d 1h"), (86_405, "1d")]
        {
            assert_eq!(show(Duration::from_secs(seconds)), text);
        }
        assert_eq!(show(Duration::from_millis(440)), "0.4s");
    }
}
