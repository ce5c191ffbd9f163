//! Credentials that a command line hands over in the open.

use crate::capture::secrets::SecretValue;
use regex::Regex;
use std::sync::LazyLock;

/// Flags whose value is a credential, joined or in the next word; `-u` and `--user` only with `name:password` (curl(1)).
static FLAGS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?:^|[\s'"])
        (?: (?P<flag>--?(?:password|passwd|passphrase|token|secret|api-?key|access-?key|client-?secret))[=\s]
          | (?P<user>-u|--user|--proxy-user)[=\s]*[^\s:'"]+: )
        ['"]?(?P<value>[^\s'"$;&|)<>]{4,})"#,
    )
    .ok()
});

/// The credentials in a command line: each to be masked there and wherever else it stands.
pub(super) fn secrets<'a>(words: impl IntoIterator<Item = &'a String>) -> Vec<SecretValue> {
    let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
    let line = words.join("\n");
    let Some(flags) = &*FLAGS else { return Vec::new() };
    flags
        .captures_iter(&line)
        .filter_map(|found| {
            let flag = found.name("flag").or(found.name("user"))?.as_str();
            let value = found.name("value")?.as_str().to_owned();
            Some(SecretValue { name: format!("the command's {flag}"), value })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_by_their_flags() {
        let cases: [(&[&str], &[&str]); 9] = [
            (&["curl", "-u", "bob:hunter2hunter2", "https://x"], &["hunter2hunter2"]),
            (&["curl", "--user=bob:hunter2hunter2"], &["hunter2hunter2"]),
            (&["tool", "--password", "correct-horse"], &["correct-horse"]),
            (&["tool", "--token=abcdefgh12"], &["abcdefgh12"]),
            (&["sh", "-c", "tool --api-key 'abcdefgh12' && other --passwd=qwertyuiop"], &["abcdefgh12", "qwertyuiop"]),
            (&["tool", "--password", "$PASSWORD"], &[]),
            (&["docker", "run", "-u", "1000:1000", "x"], &["1000"]),
            (&["sh", "-c", "t --password abcdefgh9; exit 3"], &["abcdefgh9"]),
            (&["sort", "-u", "names.txt"], &[]),
        ];
        for (words, expected) in cases {
            let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            let found: Vec<String> = secrets(&words).into_iter().map(|s| s.value).collect();
            assert_eq!(found, expected, "{words:?}");
        }
    }
}
