//! Commands as text that can be pasted into a shell.

use std::ffi::OsStr;

/// The POSIX shell's reserved words, which mean something else where a program is expected.
const RESERVED: [&str; 15] = [
    "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while", "function", "time",
];

/// A program and its arguments as one line for a POSIX shell. Bytes that are not UTF-8 become `U+FFFD`.
/// Rules: POSIX.1-2017, Shell Command Language, 2.2.2 and 2.4.
pub fn quote_sh<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> String {
    let quote = |(index, arg): (usize, S)| {
        let arg = arg.as_ref().to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+:,./-".contains(c) || (c == '=' && index > 0);
        let reserved = index == 0 && RESERVED.contains(&&*arg);
        if !arg.is_empty() && arg.chars().all(plain) && !reserved {
            arg.into_owned()
        } else {
            format!("'{}'", arg.replace('\'', r"'\''"))
        }
    };
    join(args.into_iter().enumerate().map(quote))
}

/// A program and its arguments as one line for PowerShell, which starts a quoted program only after `&`.
/// Before 7.3 PowerShell itself loses a `"` inside an argument to a program; no quoting helps there.
/// Rules: `about_Quoting_Rules`; the typographic quotation marks count as `'`, too.
pub fn quote_powershell<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> String {
    let quote = |(index, arg): (usize, S)| {
        let arg = arg.as_ref().to_string_lossy();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_/\\".contains(c);
        // A leading digit starts a number (`1kb`), a `-` with `.` or `:` in it is cut in two.
        let word = arg.trim_start_matches('-');
        let text = if word.starts_with(|c: char| c.is_ascii_alphabetic()) && word.chars().all(|c| plain(c) || c == '-')
        {
            arg.into_owned()
        } else {
            let doubled = |c: char| if is_single_quote(c) { vec![c, c] } else { vec![c] };
            format!("'{}'", arg.chars().flat_map(doubled).collect::<String>())
        };
        if index == 0 { format!("& {text}") } else { text }
    };
    join(args.into_iter().enumerate().map(quote))
}

fn is_single_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

fn join(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sh_quotes_only_what_needs_it() {
        for (args, expected) in [
            (vec!["make", "-j4", "CC=clang"], "make -j4 CC=clang"),
            (vec!["A=b", ""], "'A=b' ''"),
            (vec!["if", "if"], "'if' if"),
            (vec!["echo", "it's", "a b", "~", "$x", "#"], r"echo 'it'\''s' 'a b' '~' '$x' '#'"),
        ] {
            assert_eq!(quote_sh(args), expected);
        }
    }

    #[test]
    fn powershell_quotes_what_it_would_change() {
        for (args, expected) in [
            (vec!["cargo", "test", "--all-targets"], "& cargo test --all-targets"),
            (vec!["C:\\a b\\x.exe", "it's", "\u{2019}"], "& 'C:\\a b\\x.exe' 'it''s' '\u{2019}\u{2019}'"),
            (vec!["x", "-a.b", "1kb", "$y", "--%", "", "@z"], "& x '-a.b' '1kb' '$y' '--%' '' '@z'"),
        ] {
            assert_eq!(quote_powershell(args), expected);
        }
    }

    #[cfg(unix)]
    mod round_trip {
        use super::*;
        use proptest::prelude::*;
        use std::process::Command;

        proptest! {
            #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]
            #[test]
            fn a_real_sh_gives_the_arguments_back(args in prop::collection::vec("[^\\x00]{0,12}|[ -~]{0,12}", 1..6)) {
                let line = quote_sh(["printf", "%s\\0"].into_iter().chain(args.iter().map(String::as_str)));
                let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
                prop_assert_eq!(&output.stdout, &args.iter().flat_map(|a| [a.as_bytes(), b"\0"].concat()).collect::<Vec<_>>());
            }
        }
    }
}
