//! Mermaid flowcharts, which `import` reads back.

use super::{Drawing, Node, Shape, colour};
use crate::{ops::stage::state::State, pipeline::duration::exact};
use std::{collections::BTreeSet, fmt::Write};

/// The first line of our own drawings: in these a shape says what a stage is, and nobody has to guess from its name.
pub const MARK: &str = "%% drawn by ci-tool stage";

/// Words that mean something at the beginning of a line or in an edge.
const RESERVED: [&str; 12] = [
    "end",
    "graph",
    "flowchart",
    "subgraph",
    "style",
    "class",
    "classdef",
    "click",
    "linkstyle",
    "default",
    "direction",
    "call",
];

/// Draws a flowchart.
pub fn mermaid(drawing: &Drawing) -> String {
    let mut text = format!("{MARK}\n%% {}\nflowchart LR\n", drawing.title.replace(['\n', '\r'], " "));
    // Writing to a string cannot fail.
    let ids: Vec<String> = drawing.nodes.iter().enumerate().map(|(at, node)| id(at, &node.name)).collect();
    for (node, id) in drawing.nodes.iter().zip(&ids) {
        let (open, close) = match node.shape {
            Shape::Work => ("[", "]"),
            Shape::Gate { .. } => ("{", "}"),
            Shape::Approval => ("([", "])"),
        };
        let _ = writeln!(text, "  {id}{open}\"{}\"{close}", label(node));
    }
    for (at, node) in drawing.nodes.iter().enumerate() {
        for &need in drawing.graph.needs(at) {
            let arrow = if node.shape == (Shape::Gate { of: need }) { "-->|override|" } else { "-->" };
            let _ = writeln!(text, "  {} {arrow} {}", ids[need], ids[at]);
        }
    }
    let states: BTreeSet<State> =
        drawing.nodes.iter().map(|node| node.state).filter(|s| *s != State::Waiting).collect();
    for state in states {
        let of = drawing.nodes.iter().zip(&ids).filter(|(node, _)| node.state == state).map(|(_, id)| id.as_str());
        let of = of.collect::<Vec<_>>().join(",");
        let _ = writeln!(text, "  classDef {state:?} fill:{},stroke:#374151\n  class {of} {state:?}", colour(state));
    }
    text
}

/// The name where it can be one in Mermaid, else a made one that is nobody's name.
fn id(at: usize, name: &str) -> String {
    let made = name.strip_prefix('s').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str());
    if plain && !made { name.to_owned() } else { format!("s{at}") }
}

fn label(node: &Node) -> String {
    let mut label = node.name.clone();
    if let Some(title) = &node.title {
        label.push_str("<br/>");
        label.push_str(&escape(title));
    }
    if let Some(expect) = node.expect {
        let _ = write!(label, " ({})", exact(expect));
    }
    label
}

/// What a label cannot hold, as Mermaid's character codes. A bracket in a title is not mistaken for a time.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '#' | '<' | '>' | '&' | '`' | '(' | ';' | '\\' => drop(write!(escaped, "#{};", u32::from(c))),
            // A space at either end would be trimmed.
            c if c.is_whitespace() || c.is_control() => drop(match c {
                ' ' if !escaped.is_empty() && !escaped.ends_with(' ') => write!(escaped, " "),
                c => write!(escaped, "#{};", u32::from(c)),
            }),
            c => escaped.push(c),
        }
    }
    match escaped.strip_suffix(' ') {
        Some(rest) => format!("{rest}#32;"),
        None => escaped,
    }
}
