//! Sending a request, and finding out about one whose answer was lost.

use super::super::session::{Event, Pen, Record};
use crate::{
    engine::{Engine, Found, Request, Submitted},
    error::{Error, Kind, Result},
    journal::Lasting,
};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How often the engine is asked for a request whose answer was lost, when its lists cannot be read.
const ASKED: usize = 5;

/// A request to be sent.
pub struct Sending {
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// What writes the journal.
    pub pen: Pen,
    /// Bounds what is under way at once.
    pub slots: Arc<Semaphore>,
    /// The item's number.
    pub item: usize,
    /// Which request for it this is.
    pub attempt: usize,
    /// The request.
    pub request: Request,
}

/// What came of it.
pub struct Sent {
    /// The item's number.
    pub item: usize,
    /// What was written.
    pub records: Vec<Record>,
    /// Why the engine did not take it, when that may change.
    pub failure: Option<Error>,
    /// Whether nothing more can be found out about it.
    pub unknowable: bool,
}

impl Sending {
    /// Sends the request. What is about to be done is on the disk before it is done.
    ///
    /// # Errors
    /// Those of the journal: the session is not ours any more, or cannot be written.
    pub async fn send(self) -> Result<Sent> {
        let Sending { engine, pen, slots, item, attempt, request } = self;
        let abilities = engine.abilities();
        // What dies with this process does no harm by being repeated.
        let lasting = if abilities.in_process { Lasting::Written } else { Lasting::Synced };
        let intent = Event::Submitting { item, attempt, key: request.key.clone() };
        // A request that was noted and not sent is looked for after a crash. Only by its key is it found to be absent; where
        // there are no keys it must not be noted before its turn.
        let (noted, slot) = match abilities.carries_keys {
            true => (pen.write(intent, lasting).await?, slots.acquire().await),
            false => {
                let slot = slots.acquire().await;
                (pen.write(intent, lasting).await?, slot)
            }
        };
        let answer = engine.submit(&request).await;
        drop(slot);
        let mut failure = None;
        let event = match answer {
            Ok(Submitted::Run(run)) => Event::Submitted { item, attempt, run, folded: false },
            Ok(Submitted::Folded(run)) => Event::Submitted { item, attempt, run, folded: true },
            Ok(Submitted::Uncertain(why)) => Event::Uncertain { item, attempt, why, candidates: Vec::new() },
            Err(error) => {
                let refused = matches!(error.kind(), Kind::Usage | Kind::NotFound | Kind::Unsupported);
                let why = std::iter::once(error.message().to_owned()).chain(error.causes()).collect::<Vec<_>>();
                failure = Some(error);
                Event::NotTaken { item, attempt, why: why.join(": "), refused }
            }
        };
        let records = vec![noted, pen.write(event, Lasting::Written).await?];
        Ok(Sent { item, records, failure, unknowable: false })
    }

    /// Finds out what became of the request. That it never arrived is believed when the engine's lists say so twice, a while
    /// apart: it may still have been on its way.
    ///
    /// # Errors
    /// As [`Sending::send`].
    pub async fn settle(self) -> Result<Sent> {
        let Sending { engine, pen, item, attempt, request, .. } = self;
        let (mut absent, mut failure) = (0, None);
        for _ in 0..ASKED {
            let event = match engine.find(&request).await {
                Ok(Found::Run(run)) => Event::Submitted { item, attempt, run, folded: false },
                Ok(Found::Absent) if absent > 0 => {
                    Event::NotTaken { item, attempt, why: "it never arrived".into(), refused: false }
                }
                Ok(Found::Absent) => {
                    absent += 1;
                    engine.changed(engine.abilities().poll).await;
                    continue;
                }
                Ok(Found::Unknown(candidates)) => {
                    let why = "the engine keeps no keys, so that nobody can tell whether it arrived".into();
                    let record =
                        pen.write(Event::Uncertain { item, attempt, why, candidates }, Lasting::Written).await?;
                    return Ok(Sent { item, records: vec![record], failure: None, unknowable: true });
                }
                Err(error) => {
                    failure = Some(error);
                    engine.changed(engine.abilities().poll).await;
                    continue;
                }
            };
            let record = pen.write(event, Lasting::Written).await?;
            return Ok(Sent { item, records: vec![record], failure: None, unknowable: false });
        }
        Ok(Sent { item, records: Vec::new(), failure, unknowable: true })
    }
}
