//! What to write instead, for the mistakes that the YAML reader words for programmers.

/// The place in `line 2 column 13: …`, both counted from 1.
pub(super) fn place(message: &str) -> Option<(usize, usize)> {
    let mut words = message.strip_prefix("line ")?.split([' ', ':']);
    let row = words.next()?.parse().ok()?;
    Some((row, words.nth(1)?.parse().ok()?))
}

/// The key whose value stands there: the last before it on its line, or the one above that it is indented under.
pub(super) fn key(text: &str, row: usize, column: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let here: String = lines.get(row.checked_sub(1)?)?.chars().take(column.saturating_sub(1)).collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    last_key(&here).or_else(|| {
        let above = lines[..row - 1].iter().rev().filter(|line| !line.trim().is_empty());
        let parent = |line: &&&str| indent(line) <= indent(lines[row - 1]) && line.trim_end().ends_with(':');
        above.take_while(|line| indent(line) <= indent(lines[row - 1])).find(parent).and_then(|line| last_key(line))
    })
}

fn last_key(line: &str) -> Option<String> {
    let before = line.trim_end().trim_end_matches(['[', '{', ' ']);
    let before = &before[..before.rfind(':')?];
    let name = before.rsplit(['{', ',', ' ', '[']).next()?.trim_matches(['"', '\'']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// The right form. `mapping` knows the form of a key whose value is a mapping.
pub(super) fn hint(message: &str, key: Option<&str>, mapping: fn(&str) -> Option<String>) -> Option<String> {
    let shown = key.unwrap_or("KEY");
    let says = |text: &str| message.contains(text);
    if says("unknown anchor") {
        return Some(format!("in YAML * begins a reference: quote what begins with it, for example {shown}: ['*.o']"));
    }
    if says("duplicate mapping key") {
        let twice = message.split("key: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or(shown);
        return Some(format!("write {twice} once, with all that belongs to it"));
    }
    if says("expected sequence start") {
        return Some(format!("write a list, also of one: {shown}: [VALUE]"));
    }
    if says("expected string scalar") {
        return Some(format!("write one text: {shown}: VALUE"));
    }
    if says("expected mapping start") { mapping(shown) } else { None }
}
