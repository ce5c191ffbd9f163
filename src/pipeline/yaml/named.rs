//! Mappings in the order in which they were written.

use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_saphyr::Spanned;
use std::{fmt, marker::PhantomData};

/// A mapping whose keys keep their order and their places.
#[derive(Debug, Clone)]
pub struct Named<T>(
    /// The entries.
    pub Vec<(Spanned<String>, T)>,
);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Vec<(Spanned<String>, T)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Vec::new())
            }
        }
        deserializer.deserialize_map(Entries(PhantomData)).map(Named)
    }
}
