//! A queue's id: `(Alias)Queue@docker.image/name:tag`, of which only the queue decides where a job runs.

use crate::error::{Error, Kind, Result};
use std::fmt;

/// The parts of a queue's id, as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueId<'a> {
    /// What the queue is called in reports.
    pub alias: Option<&'a str>,
    /// The queue.
    pub name: &'a str,
    /// The image of the container that the job runs in.
    pub image: Option<&'a str>,
}

impl<'a> QueueId<'a> {
    /// Reads an id.
    ///
    /// # Errors
    /// `Usage`, saying which part is wrong.
    pub fn parse(text: &'a str) -> Result<QueueId<'a>> {
        let bad = |what: &str| {
            Error::new(Kind::Usage, format!("{text:?} is no queue's id: {what}"))
                .hint("an id is QUEUE, (ALIAS)QUEUE, QUEUE@IMAGE or (ALIAS)QUEUE@IMAGE")
        };
        let (alias, rest) = match text.strip_prefix('(') {
            Some(rest) => match rest.split_once(')') {
                Some((alias, rest)) => (Some(alias), rest),
                None => return Err(bad("its alias has no end")),
            },
            None => (None, text),
        };
        let (name, image) = match rest.split_once('@') {
            Some((name, image)) => (name, Some(image)),
            None => (rest, None),
        };
        let space = |text: &str| text.chars().any(|c| c.is_whitespace() || c.is_control());
        if alias.is_some_and(|alias| alias.is_empty() || alias.contains('(') || space(alias)) {
            return Err(bad("its alias is empty, or has a parenthesis or a space in it"));
        }
        if name.is_empty() {
            return Err(bad("it names no queue"));
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
            return Err(bad("a queue's name has letters, digits, `.`, `_` and `-`"));
        }
        if image.is_some_and(|image| image.is_empty() || space(image)) {
            return Err(bad("its image is empty or has a space in it"));
        }
        Ok(QueueId { alias, name, image })
    }

    /// The same id with another queue.
    pub fn with_name<'b>(self, name: &'b str) -> QueueId<'b>
    where
        'a: 'b,
    {
        QueueId { name, ..self }
    }
}

impl fmt::Display for QueueId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(alias) = self.alias {
            write!(f, "({alias})")?;
        }
        f.write_str(self.name)?;
        self.image.map_or(Ok(()), |image| write!(f, "@{image}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_and_written() {
        for (text, alias, name, image) in [
            ("windows.10.amd64", None, "windows.10.amd64", None),
            ("(Alpine.Open)Ubuntu.Open@mcr.io/a/b:c-1", Some("Alpine.Open"), "Ubuntu.Open", Some("mcr.io/a/b:c-1")),
            ("q@img@sha256:aa", None, "q", Some("img@sha256:aa")),
            ("(a)q", Some("a"), "q", None),
        ] {
            let id = QueueId::parse(text).unwrap();
            assert_eq!((id.alias, id.name, id.image), (alias, name, image));
            assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_id_is_refused_with_its_fault() {
        for (text, fault) in [
            ("", "no queue"),
            ("(a", "no end"),
            ("()q", "alias"),
            ("(a(b)q", "alias"),
            ("(a)", "no queue"),
            ("@image", "no queue"),
            ("q@", "image"),
            ("q @i", "letters"),
            ("q/../x", "letters"),
            ("q@i j", "image"),
            ("q\n", "letters"),
        ] {
            let error = QueueId::parse(text).unwrap_err();
            assert!(error.message().contains(fault), "{text:?}: {error}");
        }
    }
}
