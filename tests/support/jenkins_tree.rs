//! The `tree=` of Jenkins: what of an object is answered.

use serde_json::{Map, Value};

/// A name with what is asked of it, and the elements that are wanted of an array.
#[derive(Debug, Default)]
pub struct Node {
    pub name: String,
    below: Vec<Node>,
    range: Option<(usize, usize)>,
}

/// Reads a tree.
pub fn parse(text: &str) -> Result<Vec<Node>, String> {
    let mut rest = text;
    let nodes = list(&mut rest)?;
    if rest.is_empty() { Ok(nodes) } else { Err(format!("tree: {rest:?} is left over")) }
}

fn list(rest: &mut &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let mut node = Node { name: rest[..end].to_owned(), ..Node::default() };
        if node.name.is_empty() {
            return Err(format!("tree: a name is missing at {rest:?}"));
        }
        *rest = &rest[end..];
        if let Some(below) = rest.strip_prefix('[') {
            *rest = below;
            node.below = list(rest)?;
            *rest = rest.strip_prefix(']').ok_or("tree: ] is missing")?;
        }
        if let Some(range) = rest.strip_prefix('{') {
            let (range, after) = range.split_once('}').ok_or("tree: } is missing")?;
            let (from, to) = range.split_once(',').ok_or("tree: a range is {M,N}")?;
            let number = |text: &str| text.parse().map_err(|_| format!("tree: {text:?} is no number"));
            node.range = Some((number(from)?, number(to)?));
            *rest = after;
        }
        nodes.push(node);
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Ok(nodes),
        }
    }
}

/// What the nodes name of a value. A name that no object of a Jenkins has is refused, which Jenkins would not do.
pub fn select(value: &Value, nodes: &[Node], known: &[&str]) -> Result<Value, String> {
    if let Some(node) = nodes.iter().find(|node| !known.contains(&node.name.as_str())) {
        return Err(format!("tree: nothing has a field {}", node.name));
    }
    let object = match value {
        Value::Array(all) => {
            return all.iter().map(|each| select(each, nodes, known)).collect::<Result<Vec<_>, _>>().map(Value::Array);
        }
        Value::Object(object) => object,
        scalar => return Ok(scalar.clone()),
    };
    let mut selected: Map<String, Value> = object.iter().filter(|(k, _)| *k == "_class").map(own).collect();
    for node in nodes {
        let Some(value) = object.get(&node.name) else {
            select(&Value::Null, &node.below, known)?;
            continue;
        };
        let ranged = match (value, node.range) {
            (Value::Array(all), Some((from, to))) => {
                Value::Array(all.iter().skip(from).take(to.saturating_sub(from)).cloned().collect())
            }
            (other, _) => other.clone(),
        };
        let texts = matches!(&ranged, Value::Array(all) if all.iter().all(Value::is_string));
        let below = if texts { ranged } else { select(&ranged, &node.below, known)? };
        selected.insert(node.name.clone(), below);
    }
    Ok(Value::Object(selected))
}

fn own((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}
