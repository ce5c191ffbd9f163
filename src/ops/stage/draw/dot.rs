//! Graphviz.

use super::{Drawing, Shape, colour};
use crate::pipeline::duration::exact;
use std::fmt::Write;

/// Draws a directed graph in Graphviz's language.
pub fn dot(drawing: &Drawing) -> String {
    let mut text = format!("digraph {} {{\n  rankdir=LR;\n  node [style=filled];\n", quoted(&drawing.title));
    for node in &drawing.nodes {
        let shape = match node.shape {
            Shape::Work => "box",
            Shape::Gate { .. } => "diamond",
            Shape::Approval => "ellipse",
        };
        let mut label = node.title.clone().unwrap_or_else(|| node.name.clone());
        if let Some(expect) = node.expect {
            label.push_str(&format!("\n{}", exact(expect)));
        }
        let width = if node.critical { ", penwidth=3" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {} [label={}, shape={shape}, fillcolor=\"{}\", tooltip=\"{}\"{width}];",
            quoted(&node.name),
            quoted(&label),
            colour(node.state),
            node.state,
        );
    }
    for (at, node) in drawing.nodes.iter().enumerate() {
        for &need in drawing.graph.needs(at) {
            let style = if node.shape == (Shape::Gate { of: need }) { " [style=dashed]" } else { "" };
            let _ = writeln!(text, "  {} -> {}{style};", quoted(&drawing.nodes[need].name), quoted(&node.name));
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', ""))
}
