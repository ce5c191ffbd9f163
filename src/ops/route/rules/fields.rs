//! What is known of a queue, and where each piece comes from.

use super::file::{At, Place, QueueFile};
use serde_json::Value;

/// One thing known of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name; those of settings begin with `settings.`.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The queue's own definition.
    Own(Place),
    /// The definition of a queue that it inherits from.
    Inherited {
        /// That queue's name.
        from: String,
        /// Where it says so.
        place: Place,
    },
    /// The redirection whose twin it is.
    Redirection(Place),
    /// The subscription that the rules name as standard.
    Standard(Place),
    /// The queue's name, and where it is written.
    Name(Place),
}

impl Origin {
    /// The place in a file.
    pub fn place(&self) -> &Place {
        match self {
            Origin::Own(place)
            | Origin::Inherited { place, .. }
            | Origin::Redirection(place)
            | Origin::Standard(place)
            | Origin::Name(place) => place,
        }
    }
}

/// What the name, the scale set and the subscription are not: inherited.
pub(super) const OWN: [&str; 2] = ["subscription", "scale_set"];

/// The fields of a definition, without what it inherits.
pub(super) fn own(file: &QueueFile, at: impl Fn(&serde_saphyr::Location) -> Place) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut add = |name: &str, value: Option<(Value, &serde_saphyr::Location)>| {
        if let Some((value, location)) = value {
            fields.push(Field { name: name.into(), value, origin: Origin::Own(at(location)) });
        }
    };
    let text = |value: &serde_saphyr::Spanned<String>| Value::from(value.value.clone());
    for (name, value) in [
        ("subscription", &file.subscription),
        ("scale_set", &file.scale_set),
        ("os", &file.os),
        ("architecture", &file.architecture),
        ("purpose", &file.purpose),
        ("removal", &file.removal),
    ] {
        add(name, value.as_ref().map(|v| (text(v), &v.referenced)));
    }
    add("on_premises", file.on_premises.as_ref().map(|v| (v.value.into(), &v.referenced)));
    for (name, value) in &file.settings.0 {
        add(&format!("settings.{}", name.value), Some((value.value.clone(), &value.referenced)));
    }
    fields
}

/// Adds what a queue has from its base.
pub(super) fn inherit(fields: &mut Vec<Field>, base_name: &str, base: &[Field], twin: bool) {
    for field in base {
        let kept = twin && OWN.contains(&&*field.name) || field.name == "scale_set";
        if kept || fields.iter().any(|f| f.name == field.name) {
            continue;
        }
        let origin = match &field.origin {
            Origin::Own(place) => Origin::Inherited { from: base_name.into(), place: place.clone() },
            other => other.clone(),
        };
        fields.push(Field { origin, ..field.clone() });
    }
}

/// The value of a field that is a text.
pub(super) fn text(fields: &[Field], name: &str) -> Option<At<String>> {
    let field = fields.iter().find(|f| f.name == name)?;
    Some(At { value: field.value.as_str()?.to_owned(), place: field.origin.place().clone() })
}
