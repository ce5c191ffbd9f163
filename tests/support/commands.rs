//! Finds the `ci-tool` command lines in scripts, configurations and help, as a shell would take them apart.

/// The command lines in `text`, each as its words, `ci-tool` first. Values that only a run knows (`$NAME`, `${NAME}`,
/// `$?`, `$(…)`, `${{ … }}`, `%NAME%`) are replaced by `1`, which is a number as well as a name.
pub fn lines(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ").replace("`\n", " ");
    text.lines().filter_map(command_of).collect()
}

fn command_of(line: &str) -> Option<Vec<String>> {
    let trimmed = line.trim_start();
    if ["#", "//", "<!--", "--"].iter().any(|comment| trimmed.starts_with(comment)) {
        return None;
    }
    const NAMES: [&str; 3] = ["ci-tool.exe ", "ci-tool ", "ci-tool\" "];
    let (start, name) = NAMES.iter().filter_map(|name| Some((line.find(name)?, name))).min()?;
    // A word that ends in our name is another program's or a file's, unless it is our path.
    let before = line[..start].chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_') {
        return None;
    }
    let words = words(&with_values(&unescaped(&line[start + name.len()..])));
    // What is no command is a sentence about us.
    let first = words.first()?;
    let names_a_noun = first.starts_with("--") || ci_tool::cli::definitions().find_subcommand(first).is_some();
    names_a_noun.then(|| std::iter::once("ci-tool".to_owned()).chain(words).collect())
}

fn unescaped(text: &str) -> String {
    [("&quot;", "\""), ("&apos;", "'"), ("&gt;", ">"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |t, (a, b)| t.replace(a, b))
}

fn with_values(text: &str) -> String {
    let pattern =
        regex::Regex::new(r"\$\{\{[^}]*\}\}|\$\{[^}]*\}|\$\([^)]*\)|\$env:\w+|\$\w+|\$\?|%\(\w+:\w+\)s|%[A-Za-z_]\w*%")
            .unwrap();
    pattern.replace_all(text, "1").into_owned()
}

/// The words up to where the command ends: a separator, a comment, or a quote that was opened before the command.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => {
                let quoted: String = rest.clone().take_while(|q| *q != c).collect();
                if rest.clone().nth(quoted.chars().count()).is_none() {
                    break;
                }
                rest.nth(quoted.chars().count());
                word.get_or_insert_default().push_str(&quoted);
            }
            ';' | '|' | '&' | '>' | '<' | ')' | '`' => break,
            '#' if word.is_none() => break,
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
