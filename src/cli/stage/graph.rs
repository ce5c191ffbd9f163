//! `ci-tool stage graph`.

use super::{into::IntoArgs, told::told};
use crate::{
    cli::{Session, exit},
    error::Result,
    ops::stage::{
        draw::{Drawing, dot, html, mermaid},
        pipeline::Pipeline,
        plan::{Wish, plan},
        report::Report,
        select::Asked,
    },
};
use jiff::Timestamp;
use std::{collections::BTreeMap, path::Path};

/// Draw a pipeline, or a run as it stands
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool stage graph release/validate-publish.yaml --format mermaid\n  ci-tool stage graph k3v9 --format html --to run.html",
    after_help = "The page holds everything that it needs: it can be attached to a build or sent by mail."
)]
pub struct Args {
    /// A pipeline's file, or a run by the beginning of its id; `latest` is the latest
    #[arg(value_name = "PIPELINE|RUN")]
    what: String,
    /// As what
    #[arg(long, value_enum, default_value = "mermaid")]
    format: Format,
    #[command(flatten)]
    into: IntoArgs,
}

/// How it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A flowchart, which `stage import` reads back
    Mermaid,
    /// For Graphviz
    Dot,
    /// A page of its own: the graph, and the stages on a line of time
    Html,
}

impl Format {
    /// Draws.
    pub fn draw(self, drawing: &Drawing) -> String {
        match self {
            Format::Mermaid => mermaid(drawing),
            Format::Dot => dot(drawing),
            Format::Html => html(drawing),
        }
    }
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let path = Path::new(&args.what);
    // No id has a point or a slash.
    let drawing = if path.exists() || args.what.contains(['.', '/', '\\']) {
        let pipeline = Pipeline::read(path)?;
        let wish = Wish {
            asked: Asked::default(),
            earlier: None,
            profile: pipeline.profile,
            substitutes: BTreeMap::new(),
            what_if: Vec::new(),
        };
        Drawing::planned(&pipeline, &plan(&pipeline, &wish)?)
    } else {
        let (pipeline, run) = told(session, &session.world(true)?, &args.what).await?;
        Drawing::told(&pipeline, &Report::of(&pipeline, &run, Timestamp::now()))
    };
    args.into.put(session, "drawing", &args.format.draw(&drawing))?;
    Ok(exit::DONE)
}
