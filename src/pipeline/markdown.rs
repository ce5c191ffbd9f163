//! Somebody else's text in Markdown, so that it can neither be markup nor end what it stands in.

/// As plain text on one line.
pub fn text(text: &str) -> String {
    text.chars()
        .flat_map(|c| match c {
            '\n' | '\r' => vec![' '],
            '<' | '>' | '*' | '_' | '`' | '[' | ']' | '|' | '\\' | '#' => vec!['\\', c],
            _ => vec![c],
        })
        .collect()
}

/// As code on one line: between more backticks than it holds (CommonMark 0.31, section 6.1).
pub fn code(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out() {
        assert_eq!(text("a\n# <b> [x](y)"), "a \\# \\<b\\> \\[x\\](y)");
        for (plain, expected) in
            [("ls", "`ls`"), ("a`b", "``a`b``"), ("`x", "`` `x ``"), ("a\nb", "`a b`"), ("", "`  `")]
        {
            assert_eq!(code(plain), expected);
        }
    }
}
