//! How what a manifest has lost is shown.

use crate::{
    capture::tiles::{Loss, Lost},
    pipeline::entry::display,
};
use serde_json::{Value, json};

/// For programs.
pub(super) fn values(lost: &[Lost]) -> Vec<Value> {
    let value = |lost: &Lost| {
        json!({
            "what": if lost.loss == Loss::Entries { "entries" } else { "modes and times" },
            "first": display(&lost.first),
            "before": lost.end.as_ref().map(|end| display(end).into_owned()),
            "entries": lost.entries,
            "object": lost.key.as_str(),
            "why": lost.error().message(),
        })
    };
    lost.iter().map(value).collect()
}
