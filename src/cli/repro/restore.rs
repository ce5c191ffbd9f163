//! `ci-tool repro restore`.

use super::lost;
use crate::{
    cli::{Session, exit, global::Change, out},
    error::{Error, Kind, Result},
    ops::repro::{
        restore::{DOCUMENTS, Options, Restored, can_rerun, restore, same_path},
        show::show,
    },
    process::{self, Command, Stdin, exit_at_once, run as run_command, stop_signals},
    world::World,
};
use serde_json::{Value, json};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long the rerun command may take to end in good order when we are told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Give a capture back: its files, and scripts that set the environment and rerun the failure
///
/// DIR/workspace is the tree, exact but for the removals that DIR/REPRO.md lists. A restore that was cut off goes on when
/// the same command is given again. Where DIR holds the capture whole already, --run, --shell and --same-path take it as
/// it is now and write nothing.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Examples:\n  ci-tool repro restore k3v9 --into ../again --run\n  ci-tool repro restore k3v9 --into ../again --seed ."
)]
pub struct Args {
    /// The capture, by the beginning of its id
    id: String,
    /// A directory that is new or empty [default: repro-ID]
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Restore into a directory that is not empty: replace files that are in the way, touch nothing else
    #[arg(long)]
    force: bool,
    /// Take files that are the same in DIR, a checkout or another restored capture, instead of fetching them;
    /// may be given again
    #[arg(long, value_name = "DIR")]
    seed: Vec<PathBuf>,
    /// Then rerun the command that failed, and end with its exit code
    #[arg(long, conflicts_with = "shell")]
    run: bool,
    /// Then open a shell there
    #[arg(long)]
    shell: bool,
    /// Rerun, or with --shell open the shell, with the tree at the path it had (Linux)
    #[arg(long)]
    same_path: bool,
    #[command(flatten)]
    change: Change,
}

/// Runs the verb.
pub(super) async fn run(session: &Session, args: Args) -> Result<u8> {
    let stop = stop_signals(exit_at_once)?;
    let world = session.world_with(args.change.dry_run, stop)?;
    if args.same_path {
        same_path::possible()?;
    }
    if args.shell && !session.out.can_ask() {
        return Err(Error::new(Kind::Usage, "--shell needs a terminal").hint("--run reruns the command without one"));
    }
    let rerun_it = args.run || (args.same_path && !args.shell);
    if rerun_it {
        knows_command(&world, &args.id).await?;
    }
    let id = crate::pipeline::id::normal(&args.id)?;
    let options = Options {
        into: args.into.clone().unwrap_or_else(|| PathBuf::from(format!("repro-{id}"))),
        force: args.force,
        reuse: rerun_it || args.shell,
        seeds: args.seed.clone(),
        ..Options::default()
    };
    let mut asked = world.stop.clone();
    let restored = tokio::select! {
        restored = restore(&world, &args.id, &options) => restored?,
        _ = asked.requested() => return Err(Error::new(Kind::Interrupted, "the restore was interrupted")
            .hint(format!("the same command goes on where it stopped: {}", again(&args.id, &options)))),
    };
    report(session, &world, &restored);
    if world.dry_run {
        return Ok(exit::DONE);
    }
    if let Some((_, error)) = restored.failed.iter().find(|(what, _)| (rerun_it || args.shell) && what == DOCUMENTS) {
        return Err(Error::new(error.kind(), "there is no script to start: the capture's details are damaged")
            .hint("the tree is restored: look there yourself"));
    }
    if rerun_it {
        return rerun(&world, &args, &restored).await;
    }
    if args.shell {
        return shell(&args, &restored);
    }
    let whole = restored.failed.is_empty() && restored.lost.is_empty() && restored.impossible.is_empty();
    Ok(if whole { exit::DONE } else { exit::PARTLY })
}

/// The command that goes on.
fn again(id: &str, options: &Options) -> String {
    let into = process::quote_sh([&options.into]);
    let seeds = options.seeds.iter().map(|seed| format!(" --seed {}", process::quote_sh([seed])));
    format!("ci-tool repro restore {id} --into {into}{}", seeds.collect::<String>())
}

/// Refuses to rerun what nobody knows, before anything is restored.
async fn knows_command(world: &World, id: &str) -> Result<()> {
    let shown = show(world, id).await?;
    if can_rerun(&shown.details) {
        return Ok(());
    }
    let id = &shown.record.id;
    Err(Error::new(Kind::Usage, format!("capture {id} knows no command to rerun: it was saved without one"))
        .hint(format!("open a shell in its directory and environment: ci-tool repro restore {id} --shell")))
}

fn report(session: &Session, world: &World, restored: &Restored) {
    let (out, record) = (&session.out, &restored.shown.record);
    for (path, error) in &restored.failed {
        out.warn(&format!("not restored: {path}: {}", error.message()));
    }
    for lost in &restored.lost {
        out.warn(&format!("not restored: {}", lost.error().message()));
    }
    for path in &restored.impossible {
        out.warn(&format!("the link {path} was not made: links need developer mode or an administrator here"));
    }
    let bytes: u64 = restored.entries.iter().map(|e| e.size).sum();
    let differs: Vec<_> = restored.drift.iter().filter(|row| row.state != crate::capture::drift::State::Same).collect();
    if out.is_json() {
        let failed: Vec<Value> =
            restored.failed.iter().map(|(path, e)| json!({ "path": path, "why": e.message() })).collect();
        return out.json(&json!({
            "schema": 1,
            "dry_run": world.dry_run,
            "id": record.id,
            "into": restored.into,
            "already": restored.already,
            "entries": restored.entries.len(),
            "bytes": bytes,
            "resumed": restored.resumed,
            "seeded": restored.seeded,
            "removed": restored.shown.details.removed.len(),
            "failed": failed,
            "lost": lost::values(&restored.lost),
            "links_not_made": restored.impossible,
            "drift": restored.drift,
        }));
    }
    let what =
        format!("{}, {}", out::count(restored.entries.len(), "file or folder", "files and folders"), out::bytes(bytes));
    let into = restored.into.display();
    if restored.already {
        return out.note(&format!("{} is in {into} already: nothing was restored again", record.id));
    }
    if world.dry_run {
        return out.text(&format!("would restore {what} of {} into {into}", record.id));
    }
    let mut lines = vec![format!("restored {} into {into}: {what}", record.id)];
    if restored.resumed > 0 {
        lines.push(format!(
            "  {} there from a restore that was cut off",
            out::count(restored.resumed, "file was", "files were")
        ));
    }
    if restored.seeded.files > 0 {
        lines.push(format!(
            "  {} taken from seeds, not fetched: {}",
            out::count(restored.seeded.files, "file was", "files were"),
            out::bytes(restored.seeded.bytes)
        ));
    }
    let removed = restored.shown.details.removed.len();
    if removed > 0 {
        let secrets = out::count(removed, "secret was", "secrets were");
        lines.push(format!("  {secrets} removed when it was saved: REPRO.md names what"));
    }
    if !differs.is_empty() {
        let things = out::count(differs.len(), "thing differs", "things differ");
        lines.push(format!("  {things} here from the job's machine: REPRO.md names what"));
    }
    let suffix = if cfg!(windows) { "ps1" } else { "sh" };
    let script = |name: &str| process::quote_sh([restored.into.join(format!("{name}.{suffix}"))]);
    if !restored.failed.iter().any(|(what, _)| what == DOCUMENTS) {
        lines.push(match can_rerun(&restored.shown.details) {
            true => format!("rerun the failure: {}", script("rerun")),
            false => format!("open a shell there: {}", script("enter")),
        });
    }
    out.note(&lines.join("\n"));
}

async fn rerun(world: &World, args: &Args, restored: &Restored) -> Result<u8> {
    let (program, arguments) = script("rerun", args.same_path, restored)?;
    let command = Command {
        program,
        args: arguments,
        dir: restored.into.clone(),
        env: None,
        timeout: None,
        grace: GRACE,
        stdin: Stdin::Inherit,
    };
    let exit = run_command(&command, out::tee(None), world.stop.clone()).await?;
    Ok(u8::try_from(exit.code()).unwrap_or(1))
}

fn shell(args: &Args, restored: &Restored) -> Result<u8> {
    let (program, arguments) = script("enter", args.same_path, restored)?;
    let status = std::process::Command::new(&program).args(arguments).current_dir(&restored.into).status();
    let status = status.map_err(|e| Error::io("starting", Path::new(&program), e))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// How a script is started here.
fn script(name: &str, at_same_path: bool, restored: &Restored) -> Result<(OsString, Vec<OsString>)> {
    if at_same_path {
        return same_path::command(name, restored);
    }
    if cfg!(windows) {
        let path = restored.into.join(format!("{name}.ps1"));
        let fixed = ["-NoProfile", "-ExecutionPolicy", "Bypass", "-File"].map(OsString::from);
        return Ok(("powershell".into(), fixed.into_iter().chain([path.into_os_string()]).collect()));
    }
    Ok(("sh".into(), vec![restored.into.join(format!("{name}.sh")).into_os_string()]))
}
