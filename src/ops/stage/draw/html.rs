//! A page of its own: the stages as a graph, and on a line of time. Nothing is loaded, nothing runs in it.

use super::{Drawing, Node, Shape, colour, layout::layout};
use crate::{ops::stage::state::State, pipeline::duration::show};
use std::{collections::BTreeSet, fmt::Write, time::Duration};

const NODE: (usize, usize) = (230, 44);
const GAP: (usize, usize) = (50, 16);
const EDGE: usize = 12;
/// The letters of a name that fit into a node; all of it is in the tooltip and in the table.
const FITS: usize = 30;
/// The width of the line of time, and of the names before it.
const TIME: (usize, usize) = (900, 280);
const BAR: usize = 22;
const TICKS: u32 = 6;

const STYLE: &str = "\
body{font:14px/1.4 system-ui,sans-serif;margin:1.5rem;color:#111827;background:#fff}\
svg{display:block;max-width:none}.scroll{overflow-x:auto}\
text{font-size:12px;fill:#111827}.state{font-size:11px;fill:#374151}\
.shape{stroke:#374151;stroke-width:1}.critical .shape{stroke-width:3}\
.edge{fill:none;stroke:#6b7280}.gate{stroke-dasharray:4 3}.expected{fill:none;stroke:#6b7280;stroke-dasharray:3 2}\
.tick{stroke:#e5e7eb}ul.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:1rem}\
.swatch{display:inline-block;width:1em;height:1em;border:1px solid #374151;vertical-align:-2px;margin-right:.4em}\
table{border-collapse:collapse}td,th{text-align:left;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #e5e7eb}";

/// Draws a page. Each stage is an element with `data-stage` and `data-state`, each bar of time one with `data-bar`.
pub fn html(drawing: &Drawing) -> String {
    let title = escape(&drawing.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n"
    );
    for line in &drawing.summary {
        page.push_str(&format!("<p>{}</p>\n", escape(line)));
    }
    legend(&mut page, drawing);
    graph(&mut page, drawing);
    gantt(&mut page, drawing);
    table(&mut page, drawing);
    page.push_str("</body>\n</html>\n");
    page
}

// Writing to a string cannot fail: what `write!` returns is dropped throughout.

fn legend(page: &mut String, drawing: &Drawing) {
    let states: BTreeSet<State> = drawing.nodes.iter().map(|node| node.state).collect();
    page.push_str("<ul class=\"legend\" aria-label=\"Legend\">\n");
    for state in states {
        let _ = writeln!(page, "<li><span class=\"swatch\" style=\"background:{}\"></span>{state}</li>", colour(state));
    }
    page.push_str("<li>thick border: critical path</li>\n</ul>\n");
}

fn graph(page: &mut String, drawing: &Drawing) {
    let places = layout(&drawing.graph);
    let x = |at: usize| EDGE + places[at].layer * (NODE.0 + GAP.0);
    let y = |at: usize| EDGE + places[at].row * (NODE.1 + GAP.1);
    let right = (0..places.len()).map(x).max().unwrap_or(0) + NODE.0 + EDGE;
    let bottom = (0..places.len()).map(y).max().unwrap_or(0) + NODE.1 + EDGE;
    let _ = writeln!(
        page,
        "<h2 id=\"graph\">Graph</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"graph\">\n\
         <svg width=\"{right}\" height=\"{bottom}\" role=\"list\" aria-labelledby=\"graph\">"
    );
    page.push_str("<g aria-hidden=\"true\">\n");
    for (at, node) in drawing.nodes.iter().enumerate() {
        for &need in drawing.graph.needs(at) {
            let (from, to) = ((x(need) + NODE.0, y(need) + NODE.1 / 2), (x(at), y(at) + NODE.1 / 2));
            let (middle, gate) =
                ((from.0 + to.0) / 2, if node.shape == (Shape::Gate { of: need }) { " gate" } else { "" });
            let _ = writeln!(
                page,
                "<path class=\"edge{gate}\" d=\"M{} {}C{middle} {} {middle} {} {} {}\"/>",
                from.0, from.1, from.1, to.1, to.0, to.1
            );
        }
    }
    page.push_str("</g>\n");
    for (at, node) in drawing.nodes.iter().enumerate() {
        let says = escape(&says(node));
        let critical = if node.critical { " critical" } else { "" };
        let _ = writeln!(
            page,
            "<g class=\"stage{critical}\" role=\"listitem\" data-stage=\"{}\" data-state=\"{}\" aria-label=\"{says}\" \
             transform=\"translate({} {})\"><title>{says}</title><rect class=\"shape\" width=\"{}\" height=\"{}\" rx=\"{}\" \
             fill=\"{}\"/><text x=\"10\" y=\"18\">{}</text><text class=\"state\" x=\"10\" y=\"35\">{}</text></g>",
            escape(&node.name),
            node.state.as_str(),
            x(at),
            y(at),
            NODE.0,
            NODE.1,
            match node.shape {
                Shape::Work => 4,
                Shape::Gate { .. } => 14,
                Shape::Approval => NODE.1 / 2,
            },
            colour(node.state),
            escape(&short(&node.name)),
            escape(&times(node)),
        );
    }
    page.push_str("</svg>\n</div>\n");
}

fn gantt(page: &mut String, drawing: &Drawing) {
    let end = |node: &Node| node.begins.unwrap_or_default() + node.took.unwrap_or_default();
    let whole = drawing.nodes.iter().map(end).max().unwrap_or_default();
    let mut bars: Vec<&Node> =
        drawing.nodes.iter().filter(|node| node.begins.is_some() && node.took.is_some()).collect();
    if bars.is_empty() || whole.is_zero() {
        return;
    }
    bars.sort_by_key(|node| node.begins);
    let wide = |time: Duration| time.as_secs_f64() / whole.as_secs_f64() * TIME.0 as f64;
    let height = (bars.len() + 1) * BAR;
    // An expectation may reach beyond the end.
    let furthest = bars.iter().map(|node| wide(node.begins.unwrap_or_default() + node.expect.unwrap_or_default()));
    let width = TIME.1 as f64 + furthest.fold(TIME.0 as f64, f64::max).min(3.0 * TIME.0 as f64) + 60.0;
    let _ = writeln!(
        page,
        "<h2 id=\"time\">Time</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"time\">\n\
         <svg width=\"{width:.0}\" height=\"{height}\" role=\"list\" aria-labelledby=\"time\">"
    );
    for tick in 0..=TICKS {
        let time = whole * tick / TICKS;
        let x = TIME.1 as f64 + wide(time);
        let shown = if time.is_zero() { "0".into() } else { show(time) };
        let _ = writeln!(
            page,
            "<g aria-hidden=\"true\"><line class=\"tick\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BAR}\" y2=\"{height}\"/>\
             <text class=\"state\" x=\"{x:.1}\" y=\"14\">{shown}</text></g>"
        );
    }
    for (row, node) in bars.into_iter().enumerate() {
        let (begins, took) = (node.begins.unwrap_or_default(), node.took.unwrap_or_default());
        let (x, y) = (TIME.1 as f64 + wide(begins), (row + 1) * BAR);
        let says = escape(&says(node));
        let critical = if node.critical { " class=\"critical\"" } else { "" };
        let _ = write!(
            page,
            "<g{critical} role=\"listitem\" data-bar=\"{}\" aria-label=\"{says}\"><title>{says}</title>\
             <text x=\"0\" y=\"{}\">{}</text><rect class=\"shape\" x=\"{x:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\" fill=\"{}\"/>",
            escape(&node.name),
            y + 15,
            escape(&short(&node.name)),
            y + 3,
            wide(took).max(1.0),
            BAR - 6,
            colour(node.state),
        );
        if let Some(expect) = node.expect.filter(|expect| *expect != took) {
            let wide = wide(expect).min(3.0 * TIME.0 as f64 - wide(begins));
            let _ = write!(
                page,
                "<rect class=\"expected\" x=\"{x:.1}\" y=\"{}\" width=\"{:.1}\" height=\"{}\"/>",
                y + 1,
                wide.max(1.0),
                BAR - 2
            );
        }
        page.push_str("</g>\n");
    }
    page.push_str("</svg>\n</div>\n");
}

fn table(page: &mut String, drawing: &Drawing) {
    page.push_str(
        "<h2>Stages</h2>\n<table>\n<thead><tr><th scope=\"col\">Stage</th><th scope=\"col\">State</th>\
         <th scope=\"col\">Time</th><th scope=\"col\">Needs</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
    );
    for (at, node) in drawing.nodes.iter().enumerate() {
        let needs: Vec<&str> = drawing.graph.needs(at).iter().map(|&need| drawing.nodes[need].name.as_str()).collect();
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(node.title.as_ref().unwrap_or(&node.name)),
            node.state,
            escape(&time(node)),
            escape(&needs.join(", ")),
            escape(node.why.as_deref().unwrap_or_default()),
        );
    }
    page.push_str("</tbody>\n</table>\n");
}

/// A stage in a sentence.
fn says(node: &Node) -> String {
    let mut says = format!("{}: {}", node.title.as_ref().unwrap_or(&node.name), times(node));
    if node.critical {
        says.push_str(", on the critical path");
    }
    if let Some(why) = &node.why {
        says.push_str(&format!(" ({why})"));
    }
    says
}

fn times(node: &Node) -> String {
    let time = time(node);
    if time.is_empty() { node.state.to_string() } else { format!("{}, {time}", node.state) }
}

fn time(node: &Node) -> String {
    match (node.took, node.expect) {
        (Some(took), Some(expect)) if took != expect => format!("{} of {} expected", show(took), show(expect)),
        (Some(took), _) => show(took),
        (None, Some(expect)) => format!("{} expected", show(expect)),
        (None, None) => String::new(),
    }
}

fn short(name: &str) -> String {
    match name.char_indices().nth(FITS) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // HTML has no place for other control characters, not even escaped.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
