//! Values that are too short or too common to be searched for: masking them would destroy what is to be kept.

/// The shortest value that is searched for, in bytes.
pub(super) const MIN_VALUE: usize = 8;

/// Words that people put where a secret is expected, and that occur everywhere.
const WORDS: [&str; 26] = [
    "administrator",
    "anonymous",
    "changeit",
    "changeme",
    "credential",
    "database",
    "debugging",
    "defaults",
    "development",
    "disabled",
    "example.com",
    "external",
    "internal",
    "localhost",
    "password",
    "postgres",
    "postgresql",
    "production",
    "readonly",
    "required",
    "sandbox1",
    "security",
    "staging1",
    "undefined",
    "unlimited",
    "username",
];

/// Why a value is not searched for, or None when it is. `path_exists` tells whether a text is the path of something
/// on this machine.
pub(super) fn not_searched(value: &str, path_exists: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    let value = value.trim();
    if value.len() < MIN_VALUE {
        Some("shorter than 8 bytes")
    } else if value.len() < 16 && value.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        Some("a number")
    } else if WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)) {
        Some("a common word")
    } else if value.bytes().all(|b| b == value.as_bytes()[0]) {
        Some("one repeated character")
    } else if looks_like_path(value) && path_exists(value) {
        Some("the path of something that exists")
    } else {
        None
    }
}

/// Whether a text is written like an absolute path (`/x`, `~/x`, `C:\x`) on one line.
pub(super) fn looks_like_path(value: &str) -> bool {
    let bytes = value.as_bytes();
    let drive = matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    // Base64 may begin with a slash, too.
    let rooted = value.strip_prefix('/').is_some_and(|rest| {
        !rest.contains(['+', '=']) && (rest.len() < 16 || rest.contains(['/', '.', '-', '_', ' ']))
    });
    (drive || rooted || value.starts_with("~/") || value.starts_with("\\\\")) && !value.contains('\n')
}

/// Whether a value says too little to be a secret: a switch, a small count, nothing at all.
pub(super) fn is_switch(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    value.is_empty()
        || matches!(&*value, "0" | "1" | "true" | "false" | "yes" | "no" | "on" | "off" | "none" | "null" | "auto")
}
