//! YAML that people write: what is wrong with it, where, and the right form.

mod mistake;
mod named;

pub use named::Named;

use crate::error::{Error, Kind, Result};
use serde::de::DeserializeOwned;

/// Reads YAML. A text without anything but comments is `T`'s default. `what` is what it ought to be; `keys` says where its
/// keys are listed; `form` knows how a key is written whose value is a mapping.
///
/// # Errors
/// `Usage` with line, column and key, and a hint: for an unknown key the one that was probably meant, else the right form.
pub fn parse<T: DeserializeOwned + Default>(
    text: &str,
    what: &str,
    keys: &str,
    form: fn(&str) -> Option<String>,
) -> Result<T> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(T::default());
    }
    serde_saphyr::from_str(text).map_err(|cause| {
        let message = cause.to_string();
        // The first line has the place and the mistake; a picture of the file follows it.
        let line = message.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let key = mistake::place(line).and_then(|(row, column)| mistake::key(text, row, column));
        let hint = suggestion(&message).or_else(|| mistake::hint(line, key.as_deref(), form));
        let line = line.split(", set DuplicateKeyPolicy").next().unwrap_or(line);
        let cause = key.map_or_else(|| line.to_owned(), |key| format!("at {key}: {line}"));
        Error::new(Kind::Usage, format!("it is not a {what}"))
            .hint(hint.unwrap_or_else(|| keys.to_owned()))
            .with_source(Error::new(Kind::Usage, cause))
    })
}

/// For "unknown field `x`, expected one of a, b": the field that was probably meant.
fn suggestion(message: &str) -> Option<String> {
    let rest = message[message.find("unknown field")?..].lines().next()?;
    let unknown = rest.split('`').nth(1)?;
    let (_, known) = rest.split_once("expected ")?;
    let known: Vec<&str> = known.trim_start_matches("one of ").split(", ").map(|name| name.trim_matches('`')).collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(unknown, name), name)).min()?;
    Some(match near.0 <= 3.max(unknown.len() / 3) {
        true => format!("did you mean `{}`?", near.1),
        false => format!("the keys here are {}", known.join(", ")),
    })
}
