//! The door of a command: one object, `session-doors/FINGERPRINT`, that names the session which the command began last. It
//! is changed only by who knows what it said, so that of two that begin the same at once only one does.

use crate::{
    error::{Error, Kind, Result},
    pipeline::id::Id,
    store::{Body, Key, Precondition},
    world::World,
};

/// The door as it was when it was looked at.
#[derive(Debug)]
pub struct Door {
    key: Key,
    seen: Precondition,
}

impl Door {
    /// Looks at a door, and which session went through it last.
    ///
    /// # Errors
    /// `Corrupt` when it names no session; those of the store.
    pub async fn look(world: &World, fingerprint: &str) -> Result<(Door, Option<Id>)> {
        let key = Key::new(format!("session-doors/{fingerprint}"))?;
        let object = match world.store.get(&key, None).await {
            Err(error) if error.kind() == Kind::NotFound => {
                return Ok((Door { key, seen: Precondition::MustNotExist }, None));
            }
            object => object?,
        };
        let seen = Precondition::IfMatch(object.meta.etag.clone());
        let last = id(&key, &object.bytes().await?)?;
        Ok((Door { key, seen }, Some(last)))
    }

    /// The same door, whoever goes through meanwhile.
    pub fn held_open(self) -> Door {
        Door { seen: Precondition::None, ..self }
    }

    /// Goes through with a session.
    ///
    /// # Errors
    /// `Exists`, naming the other session, when another went through since this was looked at; those of the store.
    pub async fn pass(self, world: &World, session: &Id) -> Result<()> {
        let body = Body::Bytes(session.to_string().into());
        let error = match world.store.put(&self.key, body, self.seen).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if !matches!(error.kind(), Kind::Exists | Kind::Precondition) {
            return Err(error);
        }
        let last = id(&self.key, &world.store.get(&self.key, None).await?.bytes().await?)?;
        if last == *session {
            // The answer to an earlier try was lost.
            return Ok(());
        }
        Err(Error::new(Kind::Exists, format!("the same command began the session {last} in another process meanwhile"))
            .hint(format!("follow it: ci-tool trigger watch {last}")))
    }
}

fn id(key: &Key, bytes: &[u8]) -> Result<Id> {
    Id::try_from(String::from_utf8_lossy(bytes).into_owned()).map_err(|error| {
        error.context(format!("reading {key}, which names the last session of a command")).hint("remove that object")
    })
}
