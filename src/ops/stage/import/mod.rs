//! Mermaid drawings of pipelines as pipeline files. Pure.
//!
//! A drawing tells names, needs, expected times, gates and approvals; what a stage does is for a person to write. In our own
//! drawings shapes say what a stage is; in other ones names do, too: `x_override` is a gate, a sign-off an approval.

mod read;

use super::{draw::MARK, graph::Graph, pipeline::Pipeline};
use crate::{
    error::{Context, Error, Kind, Result},
    pipeline::duration::{self, exact},
};
use read::{Drawn, Form, Node, read};
use std::{collections::HashMap, fmt::Write, path::Path, time::Duration};

/// An id of fewer characters names nothing: the label does.
const SHORT: usize = 3;
/// What follows the name of a stage in that of its gate.
const GATE: &str = "_override";
/// Words for a person who has to say yes.
const APPROVAL: [&str; 5] = ["sign off", "sign_off", "sign-off", "signoff", "approv"];
/// Words for units of time, and what we call them. The longer first.
const UNITS: [(&str, &str); 14] = [
    ("hours", "h"),
    ("hour", "h"),
    ("hrs", "h"),
    ("hr", "h"),
    ("minutes", "m"),
    ("minute", "m"),
    ("mins", "m"),
    ("min", "m"),
    ("seconds", "s"),
    ("second", "s"),
    ("secs", "s"),
    ("sec", "s"),
    ("days", "d"),
    ("day", "d"),
];

/// A stage that was drawn.
struct Stage {
    name: String,
    title: Option<String>,
    expect: Option<Duration>,
    needs: Vec<usize>,
    what: What,
}

enum What {
    Work,
    Gate(usize),
    Approval,
}

/// Makes the text of a pipeline file from a drawing. `path` names the drawing in messages; its stem names the pipeline.
///
/// # Errors
/// `Usage` with the line of what cannot be read, of a circle, of two nodes that would be one stage, and of a gate that could
/// override several stages.
pub fn import(path: &Path, text: &str) -> Result<String> {
    let drawn = read(path, text)?;
    let stages = stages(path, &drawn, text.starts_with(MARK))?;
    if let Some(circle) = Graph::of(stages.iter().map(|stage| stage.needs.clone()).collect()).circle() {
        let way: Vec<&str> = circle.iter().map(|&at| stages[at].name.as_str()).collect();
        let message = format!("these stages need each other in a circle: {}", way.join(" → "));
        return Err(wrong(path, &drawn.nodes[circle[0]], message).hint("take one of these edges away"));
    }
    let name = path.file_stem().map_or_else(|| "pipeline".into(), |stem| stem.to_string_lossy().into_owned());
    let written = write(&name, &stages);
    Pipeline::parse(&path.with_extension("yaml"), &written).context(|| format!("importing {}", path.display()))?;
    Ok(written)
}

fn wrong(path: &Path, node: &Node, message: String) -> Error {
    Error::new(Kind::Usage, format!("{}:{}: {message}", path.display(), node.line))
}

fn stages(path: &Path, drawn: &Drawn, ours: bool) -> Result<Vec<Stage>> {
    let mut stages: Vec<Stage> =
        drawn.nodes.iter().map(|node| if ours { ours_named(node) } else { named(node) }).collect();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, stage) in stages.iter().enumerate() {
        if let Some(other) = places.insert(stage.name.clone(), at) {
            let line = drawn.nodes[other].line;
            let message = format!("this would be the stage {} as the one in line {line} is", stage.name);
            return Err(wrong(path, &drawn.nodes[at], message)
                .hint(format!("give them different ids of {SHORT} characters or more")));
        }
    }
    for edge in &drawn.edges {
        stages[edge.to].needs.push(edge.from);
    }
    for at in 0..stages.len() {
        stages[at].needs.sort_unstable();
        stages[at].needs.dedup();
        let node = &drawn.nodes[at];
        stages[at].what = match (ours, node.form) {
            (_, Form::Stadium) => What::Approval,
            (true, Form::Box) => What::Work,
            (false, _) if !stages[at].name.ends_with(GATE) && is_approval(&stages[at]) => What::Approval,
            (false, Form::Box) if !stages[at].name.ends_with(GATE) || stages[at].needs.is_empty() => What::Work,
            _ => What::Gate(overridden(path, drawn, &stages, &places, at)?),
        };
    }
    Ok(stages)
}

/// The stage that a gate is over: the one whose edge says so, the one with its name, the only one.
fn overridden(
    path: &Path,
    drawn: &Drawn,
    stages: &[Stage],
    places: &HashMap<String, usize>,
    at: usize,
) -> Result<usize> {
    let says = drawn.edges.iter().find(|edge| edge.to == at && edge.text.as_deref() == Some("override"));
    let named = stages[at].name.strip_suffix(GATE).and_then(|name| places.get(name)).copied();
    let named = named.filter(|of| stages[at].needs.contains(of));
    match (says.map(|edge| edge.from).or(named), stages[at].needs.as_slice()) {
        (Some(of), _) | (None, &[of]) => Ok(of),
        (None, needs) => {
            let message = match needs.is_empty() {
                true => format!("the gate {} comes after nothing", stages[at].name),
                false => format!("the gate {} comes after several stages", stages[at].name),
            };
            let hint = format!("say which one it overrides: STAGE -->|override| {}", drawn.nodes[at].id);
            Err(wrong(path, &drawn.nodes[at], message).hint(hint))
        }
    }
}

fn is_approval(stage: &Stage) -> bool {
    let text = format!("{} {}", stage.name, stage.title.as_deref().unwrap_or_default()).to_lowercase();
    APPROVAL.iter().any(|word| text.contains(word))
}

/// A node of our own drawings: its name, after a line break its title, then its time.
fn ours_named(node: &Node) -> Stage {
    let (text, expect) = timed(node.label.as_deref().unwrap_or(&node.id));
    let (name, title) = match text.split_once("<br/>") {
        Some((name, title)) => (name, Some(decode(title))),
        None => (text, None),
    };
    Stage { name: name.to_owned(), title, expect, needs: Vec::new(), what: What::Work }
}

/// A node of somebody else's drawing.
fn named(node: &Node) -> Stage {
    let flat = node.label.as_deref().map(|label| {
        let flat = ["<br/>", "<br />", "<br>"].iter().fold(label.to_owned(), |text, tag| text.replace(tag, " "));
        decode(&flat)
    });
    let (text, expect) = timed(flat.as_deref().unwrap_or_default());
    let words = slug(text);
    let name = if node.id.len() >= SHORT || words.is_empty() { slug_or(&node.id) } else { words };
    let title = (!text.is_empty() && text != name).then(|| text.to_owned());
    Stage { name, title, expect, needs: Vec::new(), what: What::Work }
}

/// An id as a name: as it is where it can be one.
fn slug_or(id: &str) -> String {
    let fine = id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if fine { id.to_owned() } else { slug(id) }
}

/// `VS Insertion` → `vs_insertion`.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("_")
}

/// Parts a label from the time at its end: `Sign (1h 20m)`, `Sign 50m`.
fn timed(label: &str) -> (&str, Option<Duration>) {
    let parts = match label.strip_suffix(')').and_then(|label| label.rsplit_once('(')) {
        Some((text, inside)) => Some((text, inside)),
        None => label.rsplit_once(' '),
    };
    match parts.and_then(|(text, inside)| Some((text, time(inside)?))) {
        Some((text, expect)) => (text.trim_end(), Some(expect)),
        None => (label, None),
    }
}

fn time(text: &str) -> Option<Duration> {
    let text = text.to_lowercase().replace([' ', ','], "");
    let text = UNITS.iter().fold(text, |text, (long, short)| text.replace(long, short));
    duration::parse(&text).ok()
}

/// Turns character codes back: `#40;`, `#quot;`, `&amp;`.
fn decode(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['#', '&']) {
        decoded.push_str(&rest[..at]);
        let code = rest[at + 1..].split_once(';').and_then(|(code, after)| Some((character(code)?, after)));
        match code {
            Some((c, after)) => {
                decoded.push(c);
                rest = after;
            }
            None => {
                decoded.push_str(&rest[at..=at]);
                rest = &rest[at + 1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(code: &str) -> Option<char> {
    match code {
        "quot" => Some('"'),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "nbsp" => Some(' '),
        number => number.trim_start_matches('#').parse().ok().and_then(char::from_u32),
    }
}

fn write(name: &str, stages: &[Stage]) -> String {
    let mut text =
        format!("# Drawn: what each stage does is yet to be written.\npipeline: {}\nstages:\n", quoted(name));
    // Writing to a string cannot fail.
    for stage in stages {
        let _ = writeln!(text, "  {}:", quoted(&stage.name));
        if let Some(title) = &stage.title {
            let _ = writeln!(text, "    title: {}", quoted(title));
        }
        let of = match stage.what {
            What::Gate(of) => Some(of),
            _ => None,
        };
        let needs = stage.needs.iter().filter(|need| Some(**need) != of).map(|&need| quoted(&stages[need].name));
        let needs: Vec<String> = needs.collect();
        if !needs.is_empty() {
            let _ = writeln!(text, "    needs: [{}]", needs.join(", "));
        }
        let _ = match stage.what {
            What::Gate(of) => writeln!(text, "    override: {}", quoted(&stages[of].name)),
            What::Approval => writeln!(text, "    approval: {{}}"),
            // What nobody wrote must not look done.
            What::Work => writeln!(text, "    run: echo {} is yet to be written && exit 1", stage.name),
        };
        if let Some(expect) = stage.expect {
            let _ = writeln!(text, "    expect: {}", exact(expect));
        }
    }
    text
}

/// A text as YAML reads it back: a word that means nothing else as it is, anything else in quotes.
fn quoted(text: &str) -> String {
    const WORDS: [&str; 10] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests;
