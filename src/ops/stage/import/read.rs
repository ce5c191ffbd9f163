//! A Mermaid flowchart as nodes and edges. Pure.

use crate::error::{Error, Kind, Result};
use std::{collections::HashMap, path::Path};

/// Lines that begin with these say nothing of stages.
const DECORATION: [&str; 9] =
    ["end", "direction", "style", "classDef", "class", "click", "linkStyle", "accTitle:", "accDescr:"];

/// The brackets of nodes, the longer first, and what a node in them is.
const BRACKETS: [(&str, &str, Form); 14] = [
    ("(((", ")))", Form::Box),
    ("([", "])", Form::Stadium),
    ("((", "))", Form::Box),
    ("[[", "]]", Form::Box),
    ("[(", ")]", Form::Box),
    ("[/", "/]", Form::Box),
    ("[/", "\\]", Form::Box),
    ("[\\", "\\]", Form::Box),
    ("[\\", "/]", Form::Box),
    ("{{", "}}", Form::Box),
    ("[", "]", Form::Box),
    ("(", ")", Form::Box),
    ("{", "}", Form::Diamond),
    (">", "]", Form::Box),
];

/// How a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Box,
    Diamond,
    Stadium,
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    pub id: String,
    /// As it is written, with its character codes.
    pub label: Option<String>,
    pub form: Form,
    pub line: usize,
}

/// An edge, by the places of its nodes.
#[derive(Debug)]
pub(super) struct Edge {
    pub from: usize,
    pub to: usize,
    pub text: Option<String>,
}

/// A drawing.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

/// Reads a drawing.
///
/// # Errors
/// `Usage` with the line of what cannot be read.
pub(super) fn read(path: &Path, text: &str) -> Result<Drawn> {
    let mut reader = Reader { path, drawn: Drawn::default(), places: HashMap::new(), line: 0 };
    let mut lines = text.lines().enumerate().peekable();
    if lines.peek().is_some_and(|(_, line)| line.trim() == "---") {
        lines.next();
        lines.by_ref().find(|(_, line)| line.trim() == "---");
    }
    let mut begun = false;
    for (at, line) in lines {
        reader.line = at + 1;
        for statement in statements(line) {
            let word = statement.split_whitespace().next().unwrap_or_default();
            match word {
                "graph" | "flowchart" if !begun => begun = true,
                _ if !begun => {
                    return Err(reader.wrong(format!("{word:?} begins no flowchart")).hint("begin with: flowchart LR"));
                }
                "subgraph" => {}
                word if DECORATION.contains(&word) => {}
                _ => reader.chain(statement)?,
            }
        }
    }
    match reader.drawn.nodes.is_empty() {
        true => Err(Error::new(Kind::Usage, format!("{} draws no stages", path.display()))
            .hint("name a Mermaid flowchart: flowchart LR, then a[Build (30m)] --> b[Sign (10m)]")),
        false => Ok(reader.drawn),
    }
}

/// What a line says: without comments, parted at semicolons outside of quotes.
fn statements(line: &str) -> Vec<&str> {
    let line = line.trim();
    if line.starts_with("%%") {
        return Vec::new();
    }
    let mut quoted = false;
    let parts = line.split(|c| {
        quoted ^= c == '"';
        c == ';' && !quoted
    });
    parts.map(str::trim).filter(|part| !part.is_empty()).collect()
}

struct Reader<'a> {
    path: &'a Path,
    drawn: Drawn,
    places: HashMap<String, usize>,
    line: usize,
}

impl Reader<'_> {
    fn wrong(&self, message: impl std::fmt::Display) -> Error {
        Error::new(Kind::Usage, format!("{}:{}: {message}", self.path.display(), self.line))
    }

    /// Reads `a & b --> c -->|text| d`.
    fn chain(&mut self, statement: &str) -> Result<()> {
        let (mut before, mut rest) = self.group(statement)?;
        while !rest.is_empty() {
            let (text, after) = self.arrow(rest)?;
            let (group, after) = self.group(after)?;
            for &to in &group {
                for &from in &before {
                    self.drawn.edges.push(Edge { from, to, text: text.clone() });
                }
            }
            (before, rest) = (group, after);
        }
        Ok(())
    }

    fn group<'t>(&mut self, text: &'t str) -> Result<(Vec<usize>, &'t str)> {
        let (node, mut rest) = self.node(text)?;
        let mut group = vec![node];
        while let Some(more) = rest.strip_prefix('&') {
            let (node, after) = self.node(more)?;
            group.push(node);
            rest = after;
        }
        Ok((group, rest))
    }

    fn node<'t>(&mut self, text: &'t str) -> Result<(usize, &'t str)> {
        let text = text.trim_start();
        let end = id_end(text);
        if end == 0 {
            return Err(self.wrong(format!("here a stage should stand: {text:?}")).hint("write a[Build (30m)] --> b"));
        }
        let (id, mut rest) = text.split_at(end);
        let mut label = None;
        let shapes = BRACKETS.iter().filter_map(|(open, close, form)| Some((rest.strip_prefix(open)?, close, form)));
        let mut bracketed = false;
        for (inside, close, form) in shapes {
            bracketed = true;
            if let Some((content, after)) = content(inside, close) {
                label = Some((content.to_owned(), *form));
                rest = after;
                break;
            }
        }
        if bracketed && label.is_none() {
            return Err(self
                .wrong(format!("the label of {id} does not end"))
                .hint(format!("close it: {id}[\"Build (30m)\"]")));
        }
        if let Some(class) = rest.strip_prefix(":::") {
            rest = &class[id_end(class)..];
        }
        let line = self.line;
        let at = *self.places.entry(id.to_owned()).or_insert_with(|| {
            self.drawn.nodes.push(Node { id: id.to_owned(), label: None, form: Form::Box, line });
            self.drawn.nodes.len() - 1
        });
        if let Some((content, form)) = label {
            let node = &mut self.drawn.nodes[at];
            (node.label, node.form, node.line) = (Some(content), form, line);
        }
        Ok((at, rest.trim_start()))
    }

    /// Reads `-->`, `-->|text|`, `-- text -->`, and the same dotted or thick.
    fn arrow<'t>(&self, text: &'t str) -> Result<(Option<String>, &'t str)> {
        let stem = text.find(|c| !"-=.".contains(c)).unwrap_or(text.len());
        let after = &text[stem..];
        let no_arrow = || {
            let error = self.wrong(format!("this says not what needs what: {text:?}"));
            error.hint("write a --> b, or a -->|text| b")
        };
        if stem < 2 {
            return Err(no_arrow());
        }
        if let Some(after) = after.strip_prefix('>') {
            return Ok(match after.trim_start().strip_prefix('|') {
                Some(labelled) => {
                    let (text, rest) = labelled.split_once('|').ok_or_else(no_arrow)?;
                    (Some(text.trim().trim_matches('"').to_owned()), rest)
                }
                None => (None, after),
            });
        }
        let head = ["->", "=>"].iter().filter_map(|head| after.find(head)).min().ok_or_else(no_arrow)?;
        if after.starts_with(['x', 'o']) {
            return Err(no_arrow());
        }
        let words = after[..head].trim_end_matches(['-', '=', '.']).trim().trim_matches('"');
        Ok((Some(words.to_owned()), &after[head + 2..]))
    }
}

/// Where an id ends: a dash or a point belongs to it when it goes on behind.
fn id_end(text: &str) -> usize {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let goes_on = at > 0 && "-.".contains(c) && chars.peek().is_some_and(|(_, next)| inside(*next));
        if !inside(c) && !goes_on {
            return at;
        }
    }
    text.len()
}

/// What stands before the closing bracket, and what comes behind it.
fn content<'t>(inside: &'t str, close: &str) -> Option<(&'t str, &'t str)> {
    match inside.trim_start().strip_prefix('"') {
        Some(quoted) => {
            let (content, after) = quoted.split_once('"')?;
            Some((content, after.trim_start().strip_prefix(close)?))
        }
        None => {
            let (content, after) = inside.split_once(close)?;
            Some((content.trim(), after))
        }
    }
}
