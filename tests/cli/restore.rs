//! `repro restore`: the exact tree, scripts that work wherever it lies, and the failure again.

use crate::sandbox::{Ran, Sandbox, tree, until};
use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{
        ffi::OsStrExt,
        fs::{FileExt, PermissionsExt, symlink},
    },
    path::Path,
    time::{Duration, SystemTime},
};

/// A tree with everything that is easily lost.
fn odd_tree(sandbox: &Sandbox) {
    let work = sandbox.work();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&sandbox.write("run.sh", "#!/bin/sh\necho hi\n"), 0o755);
    mode(&sandbox.write("read-only/f", "x"), 0o444);
    sandbox.write("empty.txt", "");
    fs::create_dir(work.join("empty")).unwrap();
    symlink("a.txt", work.join("relative")).unwrap();
    symlink("/etc/hostname", work.join("absolute")).unwrap();
    symlink("../../nowhere", work.join("dangling")).unwrap();
    symlink("logs", work.join("to-directory")).unwrap();
    fs::hard_link(work.join("a.txt"), work.join("logs/hard")).unwrap();
    fs::write(work.join(OsStr::from_bytes(b"not-utf8-\xff\xfe")), "x").unwrap();
    fs::write(work.join("new\nline"), "x").unwrap();
    fs::write(work.join("trailing space "), "x").unwrap();
    sandbox.write(&format!("{0}/{0}/{0}/f", "long".repeat(40)), "x");
    let sparse = File::create(work.join("sparse")).unwrap();
    sparse.set_len(40 << 20).unwrap();
    sparse.write_at(b"end", 39 << 20).unwrap();
    let times = |path: &str, nanos| {
        let time = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, nanos);
        File::open(work.join(path)).unwrap().set_modified(time).unwrap();
    };
    times("logs/test.log", 123_456_789);
    times("logs/deep", 1);
    times("empty", 999_999_999);
    mode(&work.join("read-only"), 0o555);
}

fn exact(sandbox: &Sandbox, into: &str) {
    let (old, new) = (sandbox.work(), sandbox.path(into).join("workspace"));
    let ran =
        sandbox.program("diff", ["-r".as_ref(), "--no-dereference".as_ref(), old.as_os_str(), new.as_os_str()]).run();
    assert_eq!((ran.code, ran.text().as_str(), ran.stderr.as_str()), (Some(0), "", ""));
    // The other tool also compares modes, times to the nanosecond, link targets and hard links.
    assert!(
        std::process::Command::new("rsync").arg("--version").output().is_ok_and(|o| o.status.success()),
        "this test compares trees with rsync: install the package rsync"
    );
    let flags = ["-naHc", "--delete", "--itemize-changes", "--modify-window=-1"];
    let ends = [format!("{}/", old.display()), format!("{}/", new.display())];
    let ran = sandbox.program("rsync", flags.iter().map(OsStr::new).chain(ends.iter().map(OsStr::new))).run().ok();
    assert_eq!(ran.text(), "");
}

/// Saves what `sh -c SCRIPT` does and returns the capture's id.
fn job(sandbox: &Sandbox, script: &str, env: &[(&str, &str)]) -> String {
    let ran = sandbox.tool(["repro", "save", "--job", "unit", "--", "sh", "-c", script]).envs(env).run();
    assert_ne!(ran.code, Some(0), "{}", ran.stderr);
    sandbox.ids()[0].clone()
}

#[test]
fn the_tree_is_exact() {
    let sandbox = Sandbox::new();
    odd_tree(&sandbox);
    for format in ["chunks", "zip", "7z"] {
        let id = sandbox.save_with(["--format", format]);
        sandbox.repro(["restore", &id, "--into", &format!("../{format}"), "--quiet"]).ok().silent();
        exact(&sandbox, format);
    }
    let sparse = std::os::unix::fs::MetadataExt::blocks(&fs::metadata(sandbox.path("zip/workspace/sparse")).unwrap());
    assert!(sparse * 512 < 20 << 20, "the sparse file takes {sparse} blocks");
}

#[test]
fn the_default_directory_is_named_after_the_capture() {
    let sandbox = Sandbox::new();
    let id = sandbox.save_with(["--failed-command", "make"]);
    let ran = sandbox.tool(["repro", "restore", &id]).dir(sandbox.path("home")).run().ok();
    assert_eq!(ran.text(), "");
    ran.says(&[&format!("restored {id} into "), "rerun the failure: ", "rerun.sh"]);
    let into = sandbox.path(&format!("home/repro-{id}"));
    for name in ["REPRO.md", "enter.sh", "enter.ps1", "rerun.sh", "rerun.ps1", "workspace/a.txt"] {
        assert!(into.join(name).is_file(), "{name}");
    }
}

#[test]
fn json_says_what_was_restored() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let json =
        sandbox.repro(["restore", &id, "--into", "../again", "--output", "json", "--quiet"]).ok().silent().json();
    assert_eq!((&json["id"], &json["entries"], &json["bytes"]), (&id.into(), &6.into(), &27.into()));
    assert_eq!((&json["resumed"], &json["failed"]), (&0.into(), &serde_json::json!([])));
    assert_eq!(json["into"], sandbox.path("again").to_str().unwrap());
    assert!(json["drift"].as_array().is_some_and(|rows| !rows.is_empty()));
}

#[test]
fn a_dry_run_checks_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let before = sandbox.snapshot();
    sandbox
        .repro(["restore", &id, "--into", "../again", "--dry-run"])
        .ok()
        .prints(&["would restore 6 files and folders"]);
    assert!(!sandbox.path("again").exists());
    sandbox.repro(["restore", &id, "--into", ".", "--dry-run"]).fails(1, &["is not empty"]);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn run_reproduces_the_exit_code_and_the_output() {
    let sandbox = Sandbox::new();
    let script = "cat a.txt; echo $FLAVOUR; echo problem >&2; exit 42";
    let id = job(&sandbox, script, &[("FLAVOUR", "it's \"sweet\" $HOME")]);
    fs::remove_dir_all(sandbox.work()).unwrap();
    fs::create_dir(sandbox.work()).unwrap();
    let ran = sandbox.repro(["restore", &id, "--into", "../again", "--run", "--quiet"]).code(42);
    assert_eq!((ran.text().as_str(), ran.stderr.as_str()), ("hello\nit's \"sweet\" $HOME\n", "problem\n"));
    let killed = job(&sandbox, "kill -9 $$", &[]);
    sandbox.repro(["restore", &killed, "--into", "../killed", "--run"]).code(137);
}

#[test]
fn values_that_name_the_old_workspace_name_the_new_one_wherever_it_is_moved() {
    let sandbox = Sandbox::new();
    let work = sandbox.work().display().to_string();
    let env = [("PLACES", &*format!("{work}/bin:/usr/bin:{work}")), ("NEIGHBOUR", &*format!("{work}-old/x"))];
    let id = job(&sandbox, "pwd; echo $PLACES; echo $NEIGHBOUR; exit 3", &env);
    sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    let readme = fs::read_to_string(sandbox.path("again/REPRO.md")).unwrap();
    assert!(readme.contains("Rewritten to this directory: ") && readme.contains("`PLACES`"), "{readme}");
    fs::rename(sandbox.path("again"), sandbox.path("moved it's away")).unwrap();
    let moved = sandbox.path("moved it's away/workspace").display().to_string();
    let expected = format!("{moved}\n{moved}/bin:/usr/bin:{moved}\n{work}-old/x\n");
    for shell in ["dash", "bash"] {
        let script = sandbox.path("moved it's away/rerun.sh");
        let ran = sandbox.program(shell, [&script]).dir("/").run().code(3);
        assert_eq!(ran.text(), expected, "{shell}");
    }
    for shell in ["dash", "bash"] {
        let enter = format!(
            "echo 'pwd; echo $PLACES; exit 5' | {shell} \"{}/enter.sh\"",
            sandbox.path("moved it's away").display()
        );
        let ran = sandbox.program("sh", ["-c", &enter]).env("SHELL", format!("/bin/{shell}")).run().code(5);
        assert_eq!(ran.text(), format!("{moved}\n{moved}/bin:/usr/bin:{moved}\n"), "{shell}");
        ran.says(&["rerun.sh runs the command that failed"]);
    }
}

#[test]
fn a_directory_that_is_not_empty_is_refused_or_with_force_only_overwritten() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    fs::create_dir_all(sandbox.path("again/workspace/logs")).unwrap();
    fs::write(sandbox.path("again/mine"), "mine").unwrap();
    fs::write(sandbox.path("again/workspace/mine"), "mine").unwrap();
    fs::write(sandbox.path("again/workspace/a.txt"), "in the way").unwrap();
    let before = tree(&sandbox.path("again"));
    sandbox.repro(["restore", &id, "--into", "../again"]).fails(1, &["is not empty", "--force"]);
    assert_eq!(tree(&sandbox.path("again")), before);
    sandbox.repro(["restore", &id, "--into", "../again", "--force"]).ok();
    let read = |name: &str| fs::read_to_string(sandbox.path("again").join(name)).unwrap();
    assert_eq!((read("mine"), read("workspace/mine")), ("mine".into(), "mine".into()));
    assert_eq!(read("workspace/a.txt"), "hello\n");
    // What is restored already is not restored again over somebody's work.
    sandbox.repro(["restore", &id, "--into", "../again"]).fails(1, &["is in ../again already", "--run", "--force"]);
    fs::write(sandbox.path("file"), "").unwrap();
    sandbox.repro(["restore", &id, "--into", "../file"]).fails(1, &["file", "--into"]);
}

#[test]
fn a_link_in_the_way_is_not_followed() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    let outside = sandbox.path("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::write(outside.join("a.txt"), "theirs").unwrap();
    fs::create_dir_all(sandbox.path("again/workspace")).unwrap();
    symlink(outside.join("a.txt"), sandbox.path("again/workspace/a.txt")).unwrap();
    symlink(&outside, sandbox.path("again/workspace/logs")).unwrap();
    let before = tree(&outside);
    sandbox.repro(["restore", &id, "--into", "../again", "--force"]);
    assert_eq!(tree(&outside), before);
}

#[test]
fn a_restore_that_was_killed_goes_on_and_says_how_much_was_there() {
    let sandbox = Sandbox::new();
    // More than one read of the archive takes, and not to be compressed.
    for n in 0..10_u8 {
        let mut noise = vec![0; 2 << 20];
        blake3::Hasher::new().update(&[n]).finalize_xof().fill(&mut noise);
        sandbox.write(&format!("noise-{n}.bin"), noise);
    }
    let id = sandbox.save();
    let (mut killed, mut found_some) = (0, 0);
    for k in 1.. {
        let into = format!("again-{k}");
        let there = format!("../{into}");
        let args = ["repro", "restore", &id, "--into", &there];
        let ran = sandbox.tool(args).env("CI_TOOL_FAULTS", format!("kill-at={k}")).run();
        if ran.code == Some(0) {
            break;
        }
        assert_eq!(ran.code, None, "{}", ran.stderr);
        killed += 1;
        let ran = sandbox.tool(args).run().ok();
        found_some += usize::from(ran.stderr.contains(" files were there from a restore that was cut off"));
        exact(&sandbox, &into);
    }
    assert!(killed > 5, "it was killed {killed} times only");
    assert!(found_some > 0, "no restore found anything of {killed} that were killed");
}

#[test]
fn an_interrupted_restore_says_how_to_go_on() {
    let sandbox = Sandbox::new();
    for n in 0..3000 {
        sandbox.write(&format!("many/{n}"), format!("file {n}"));
    }
    let id = sandbox.save();
    let running = sandbox.tool(["repro", "restore", &id, "--into", "../again"]).spawn();
    until("it has begun", || sandbox.path("again/.ci-tool/restore.ndjson").exists());
    let pid = rustix::process::Pid::from_raw(running.id() as i32).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
    let ran = running.wait();
    // It may have been quicker than the signal.
    if ran.code != Some(0) {
        ran.fails(130, &["the restore was interrupted", "../again"]);
        sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    }
    exact(&sandbox, "again");
}

#[test]
fn same_path_reruns_with_the_tree_where_it_was() {
    let sandbox = Sandbox::new();
    let allowed = sandbox.program("unshare", ["--user", "--map-root-user", "--mount", "true"]).run().code == Some(0);
    let id = job(&sandbox, "pwd; cat a.txt; ls /tmp > /dev/null; echo $PWD; exit 6", &[]);
    let old = sandbox.work();
    fs::write(old.join("a.txt"), "later\n").unwrap();
    let ran = sandbox.repro(["restore", &id, "--into", "../again", "--same-path", "--run", "--quiet"]);
    if !allowed {
        ran.fails(1, &["--same-path cannot work here"]);
        #[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
        {
            eprintln!("SKIPPED same_path_reruns_with_the_tree_where_it_was: user namespaces are not allowed here");
        }
        return;
    }
    let ran: Ran = ran.code(6);
    assert_eq!(ran.text(), format!("{0}\nhello\n{0}\n", old.display()));
    assert_eq!(fs::read(old.join("a.txt")).unwrap(), b"later\n", "nothing outside changes");
}

#[test]
fn a_shell_needs_a_terminal() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    sandbox.repro(["restore", &id, "--into", "../again", "--shell"]).fails(2, &["--shell needs a terminal"]);
    assert!(!sandbox.path("again").exists());
    sandbox.repro(["restore", &id, "--shell", "--run"]).code(2);
}

#[test]
fn the_readme_says_what_failed_what_was_removed_and_what_differs() {
    let sandbox = Sandbox::new();
    let tool = |dir: &str, name: &str, version: &str| {
        let path = sandbox.path(dir).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("#!/bin/sh\necho '{version}'\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    tool("then", "make", "GNU Make 9.9");
    tool("now", "make", "GNU Make 9.8");
    let path = |dir: &str| format!("{}:{}", sandbox.path(dir).display(), std::env::var("PATH").unwrap());
    let secret = "pa55".repeat(5);
    sandbox.write("embeds.txt", format!("built in {}\n", sandbox.work().display()));
    sandbox.write(".npmrc", format!("//r.example.org/:_authToken={secret}\n"));
    let call = sandbox.tool(["repro", "save", "--owner", "ada", "--exclude", "*.o", "--", "sh", "-c", "exit 1"]);
    call.env("PATH", path("then")).env("DEPLOY_TOKEN", &secret).run().code(1);
    let id = sandbox.only();
    sandbox.tool(["repro", "restore", &id, "--into", "../again"]).env("PATH", path("now")).run().ok();
    let readme = fs::read_to_string(sandbox.path("again/REPRO.md")).unwrap();
    for text in [
        "# work: exit 1\n",
        &format!("- Capture: `{id}`\n"),
        "- Command: `sh -c 'exit 1'`\n",
        "- Owner: `ada`\n",
        "- Output: `job.log`\n",
        "- `./rerun.sh` runs the command that failed\n",
        "- environment `DEPLOY_TOKEN` removed: its name says token\n",
        "- file `workspace/.npmrc` redacted: ",
        "1 file holds the old path ",
        "- `workspace/embeds.txt`\n",
        "- `*.o`\n",
        "| GNU Make 9.9 | GNU Make 9.8 |\n",
    ] {
        assert!(readme.contains(text), "{text} is not in:\n{readme}");
    }
    assert!(!readme.contains(&secret));
    let script = fs::read_to_string(sandbox.path("again/env.sh")).unwrap();
    assert!(script.contains("# DEPLOY_TOKEN was removed when it was saved"), "{script}");
}

#[test]
fn the_jobs_own_commands_become_scripts() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "ci-tool.yaml",
        "repro:\n  ready:\n    'nightly-*': { test: 'echo wrong' }\n    'un*': { test: 'echo tested $FLAVOUR', setup: 'echo set up' }\n",
    );
    let id = job(&sandbox, "exit 1", &[("FLAVOUR", "sweet")]);
    sandbox.repro(["restore", &id, "--into", "../again"]).ok();
    assert_eq!(sandbox.program("sh", ["../again/test.sh"]).run().ok().text(), "tested sweet\n");
    assert_eq!(sandbox.program("sh", ["../again/setup.sh"]).run().ok().text(), "set up\n");
}

#[test]
fn what_seeds_hold_is_taken_from_them_and_counted() {
    let sandbox = Sandbox::new();
    let id = sandbox.save();
    sandbox.repro(["restore", &id, "--into", "../plain"]).ok();
    sandbox.write("a.txt", "HELLO\n");
    let restore = ["restore", &id, "--into"];
    let ran = sandbox.repro(restore.iter().chain(&["../one", "--seed", "."])).ok();
    ran.says(&["  2 files were taken from seeds, not fetched: 21 B\n"]);
    let both = ["../two", "--seed", ".", "--seed", "../plain", "--output", "json"];
    let json = sandbox.repro(restore.iter().chain(&both)).ok().json();
    assert_eq!(json["seeded"], serde_json::json!({ "files": 3, "bytes": 27 }));
    // As it was saved, to the byte and the nanosecond.
    fs::remove_dir_all(sandbox.work()).unwrap();
    sandbox.program("cp", ["-a", "plain/workspace", "work"]).dir(sandbox.path("")).run().ok();
    exact(&sandbox, "one");
    exact(&sandbox, "two");
    let refused = ["../three", "--seed", "a.txt"];
    sandbox.repro(restore.iter().chain(&refused)).fails(2, &["the seed a.txt is no directory", "--seed names"]);
    assert!(!sandbox.path("three").exists());
    let inside = ["../two", "--force", "--seed", "../two/workspace"];
    sandbox.repro(restore.iter().chain(&inside)).fails(2, &["lies in it", "--into DIR"]);
}

#[test]
fn what_is_restored_already_is_rerun_as_it_is_now() {
    let sandbox = Sandbox::new();
    let id = job(&sandbox, "cat a.txt; exit 7", &[]);
    let other = job(&sandbox, "exit 1", &[]);
    let into = ["--into", "../again"];
    sandbox.repro(["restore", &id].iter().chain(&into)).ok();
    fs::write(sandbox.path("again/workspace/a.txt"), "mended\n").unwrap();
    let ran = sandbox.repro(["restore", &id, "--run"].iter().chain(&into)).code(7).says(&["is in ", "again already"]);
    assert_eq!(ran.text(), "mended\n");
    sandbox.repro(["restore", &other, "--run"].iter().chain(&into)).fails(1, &["is not empty"]);
    sandbox.repro(["restore", &id, "--force"].iter().chain(&into)).ok();
    assert_eq!(fs::read_to_string(sandbox.path("again/workspace/a.txt")).unwrap(), "hello\n");
}

#[test]
fn a_capture_without_a_command_has_nothing_to_rerun() {
    let sandbox = Sandbox::new();
    let ran = sandbox.repro(["save", "--job", "unit", "--output", "json"]).ok();
    let id = crate::sandbox::id_of(&ran.json());
    let args = ["restore", &id, "--into", "../again"];
    sandbox.repro(args.iter().chain(&["--run"])).fails(2, &["knows no command to rerun", "--shell"]);
    assert!(!sandbox.path("again").exists());
    sandbox.repro(args).ok().says(&["open a shell there: "]);
    assert!(!sandbox.path("again/rerun.sh").exists() && !sandbox.path("again/rerun.ps1").exists());
    let readme = fs::read_to_string(sandbox.path("again/REPRO.md")).unwrap();
    assert!(readme.starts_with("# unit: saved by hand\n") && !readme.contains("rerun"), "{readme}");
}
