//! URLs as CI systems and files hold them, looked at without resolving anything.

use std::ops::Range;

/// The longest user information (`user:password`) looked for in a URL, in bytes.
const MAX_USERINFO: usize = 4096;

/// Where the user information of a URL lies: from after `://` to before the `@`. `authority` is the position just
/// behind `://`. None when the authority holds no `@`.
pub fn userinfo(text: &[u8], authority: usize) -> Option<Range<usize>> {
    let end = text.len().min(authority.saturating_add(MAX_USERINFO));
    let rest = text.get(authority..end)?;
    let stop = rest
        .iter()
        .position(|b| matches!(b, b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\') || *b <= b' ')
        .unwrap_or(rest.len());
    // The last `@` counts: a password typed without escaping may hold one itself.
    let at = rest[..stop].iter().rposition(|b| *b == b'@')?;
    Some(authority..authority + at)
}

/// Where the password of a URL lies (`scheme://user:password@host`), or the whole user information when it has no
/// colon and is long enough (20 characters with a digit) to be a token.
pub fn password(text: &[u8], authority: usize) -> Option<Range<usize>> {
    let info = userinfo(text, authority)?;
    let bytes = &text[info.clone()];
    match bytes.iter().position(|b| *b == b':') {
        Some(colon) if colon + 1 < bytes.len() => Some(info.start + colon + 1..info.end),
        None if bytes.len() >= 20 && bytes.iter().any(u8::is_ascii_digit) => Some(info),
        _ => None,
    }
}

/// The URL without its user information. A lone user name of an `ssh` or `git+ssh` URL stays, as the address is
/// nothing without it; so does everything that is not a URL, `git@host:path` included.
pub fn without_credentials(url: &str) -> String {
    let Some(scheme) = url.find("://") else { return url.to_owned() };
    let Some(info) = userinfo(url.as_bytes(), scheme + 3) else { return url.to_owned() };
    let login_only = url[..scheme].ends_with("ssh") && !url[info.clone()].contains(':');
    if login_only { url.to_owned() } else { format!("{}{}", &url[..info.start], &url[info.end + 1..]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_removed_and_addresses_stay() {
        for (url, expected) in [
            ("https://gitlab-ci-token:abc@gitlab.example.org/g/p.git", "https://gitlab.example.org/g/p.git"),
            ("https://token@github.com/o/r", "https://github.com/o/r"),
            ("https://u:p@ss@host:8080/x?a=b@c", "https://host:8080/x?a=b@c"),
            ("https://host/path@2", "https://host/path@2"),
            ("ssh://git@host/o/r", "ssh://git@host/o/r"),
            ("ssh://git:pw@host/o/r", "ssh://host/o/r"),
            ("git@github.com:o/r.git", "git@github.com:o/r.git"),
            ("/srv/git/r.git", "/srv/git/r.git"),
            ("https://", "https://"),
        ] {
            assert_eq!(without_credentials(url), expected, "{url}");
        }
    }
}
