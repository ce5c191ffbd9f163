//! What of the trees is saved: exclusions, further roots, dumps, what cannot be read, what changes meanwhile.

use crate::{
    sandbox::{Sandbox, id_of},
    unprivileged,
};
use std::{
    fs,
    os::unix::fs::symlink,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

fn paths(sandbox: &Sandbox, id: &str) -> Vec<String> {
    let listed = sandbox.repro(["files", id, "--output", "json"]).ok().json();
    listed["files"].as_array().unwrap().iter().map(|f| f["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn excluded_files_are_left_out_by_flag_file_and_configuration() {
    let sandbox = Sandbox::new();
    for name in ["node_modules/x/y.js", "a.o", "keep/b.o", "keep/b.c", "by-config.tmp", ".hidden", "sub/node_modules/z"]
    {
        sandbox.write(name, "x");
    }
    sandbox.write(".gitignore", "keep/\n");
    sandbox.write(".ci-tool-ignore", "*.o\n!keep/b.o\n");
    sandbox.write("ci-tool.yaml", "repro:\n  exclude: ['*.tmp']\n");
    let id = sandbox.save_with(["--exclude", "node_modules/"]);
    let found = paths(&sandbox, &id);
    let has = |name: &str| found.iter().any(|p| p == &format!("workspace/{name}"));
    for kept in ["keep/b.o", "keep/b.c", ".hidden", ".gitignore", ".ci-tool-ignore"] {
        assert!(has(kept), "{kept} is not in {found:?}");
    }
    for left in ["a.o", "node_modules", "node_modules/x/y.js", "sub/node_modules", "by-config.tmp"] {
        assert!(!has(left), "{left} is in {found:?}");
    }
    sandbox.repro(["show", &id]).ok().prints(&["excluded\n", "  node_modules/\n", "  *.tmp\n"]);
}

#[test]
fn further_roots_are_saved_under_names_of_their_own() {
    let sandbox = Sandbox::new();
    for dir in ["one/cache", "two/cache"] {
        fs::create_dir_all(sandbox.path(dir)).unwrap();
        fs::write(sandbox.path(dir).join("f"), dir).unwrap();
    }
    let id = sandbox.save_with(["--also", "../one/cache", "--also", "../two/cache"]);
    let found = paths(&sandbox, &id);
    for name in ["also/cache/f", "also/cache-2/f", "workspace/a.txt"] {
        assert!(found.iter().any(|p| p == name), "{name} is not in {found:?}");
    }
    let ran = sandbox.repro(["get", &id, "also/cache-2/f", "--to", "-"]).ok();
    assert_eq!(ran.text(), "two/cache");
}

#[test]
fn dumps_are_saved_with_how_they_ended() {
    let sandbox = Sandbox::new();
    sandbox.write("ci-tool.yaml", "repro:\n  dump: ['echo packages; echo more >&2', 'exit 4', 'no-such-program']\n");
    let id = sandbox.save();
    let shown = sandbox.repro(["show", &id, "--output", "json"]).ok().json();
    let dumps = shown["details"]["dumps"].as_array().unwrap();
    assert_eq!(dumps[0]["exit_code"], 0);
    let output = dumps[0]["output"].as_str().unwrap();
    assert!(output.contains("packages\n") && output.contains("more\n"), "{output}");
    assert_eq!((&dumps[1]["exit_code"], &dumps[2]["exit_code"]), (&4.into(), &127.into()));
    sandbox.repro(["show", &id]).ok().prints(&[
        "echo-packages-echo-more-2: echo packages; echo more >&2: exit 0, 14 B\n",
        "no-such-program: exit 127, ",
    ]);
}

#[test]
fn a_store_inside_the_workspace_is_not_saved() {
    let sandbox = Sandbox::new();
    let args = ["repro", "save", "--exit-code", "1", "--store", "build/store", "--output", "json"];
    sandbox.write("build/kept", "x");
    sandbox.tool(args).run().ok();
    let id = id_of(&sandbox.tool(args).run().ok().json());
    let listed = sandbox.repro(["files", &id, "--store", "build/store"]).ok().text();
    assert!(listed.contains("build/kept") && !listed.contains("build/store/"), "{listed}");
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_saved() {
    let sandbox = Sandbox::new();
    let secret = sandbox.write("closed", "x");
    fs::set_permissions(secret, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let ran = unprivileged(&sandbox, "repro save --exit-code 1");
    ran.code(3).says(&["not saved: workspace/closed: "]).prints(&["saved "]);
    let id = sandbox.only();
    sandbox.repro(["show", &id]).ok().prints(&["not saved, or not as it was\n", "workspace/closed: unreadable ("]);
    assert_eq!(sandbox.repro(["get", &id, "a.txt", "--to", "-"]).ok().text(), "hello\n");
    sandbox.repro(["verify", &id]).ok();
}

#[test]
fn with_a_command_its_code_counts_even_when_a_file_cannot_be_read() {
    let sandbox = Sandbox::new();
    // A socket cannot be saved by anybody, and is no failure.
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.work().join("socket")).unwrap();
    sandbox.repro(["save", "--", "sh", "-c", "exit 7"]).code(7).says(&["saved "]);
    let id = sandbox.only();
    sandbox.repro(["show", &id]).ok().prints(&["workspace/socket: special ("]);
}

#[test]
fn odd_files_come_back() {
    let sandbox = Sandbox::new();
    let work = sandbox.work();
    symlink("nowhere", work.join("dangling")).unwrap();
    fs::hard_link(work.join("a.txt"), work.join("b.txt")).unwrap();
    fs::create_dir(work.join("empty")).unwrap();
    fs::write(work.join("new\nline"), "x").unwrap();
    let id = sandbox.save();
    let listed = sandbox.repro(["files", &id]).ok().text();
    for text in ["dangling -> nowhere", "b.txt = a.txt", "empty/", "new\\nline"] {
        assert!(listed.contains(text), "{text} is not in {listed}");
    }
}

/// Rewrites, grows, truncates and removes files for as long as it lives.
struct Busy<'a>(&'a AtomicBool);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn files_that_change_or_vanish_while_they_are_read_never_fail_the_save() {
    let sandbox = Sandbox::new();
    let also = sandbox.path("busy");
    fs::create_dir(&also).unwrap();
    let end = AtomicBool::new(false);
    thread::scope(|scope| {
        let _busy = Busy(&end);
        scope.spawn(|| {
            let large = vec![b'x'; 300_000];
            let mut round = 0_u32;
            while !end.load(Ordering::Relaxed) {
                for n in 0..40 {
                    let path = also.join(format!("f{n}"));
                    match (round + n) % 4 {
                        0 => drop(fs::remove_file(&path)),
                        1 => drop(fs::write(&path, &large)),
                        2 => drop(fs::write(&path, "short")),
                        _ => drop(fs::rename(&path, also.join(format!("f{}", (n + 1) % 40)))),
                    }
                }
                round += 1;
            }
        });
        for format in ["zip", "7z", "zip"] {
            let ran = sandbox.repro([
                "save",
                "--exit-code",
                "1",
                "--format",
                format,
                "--also",
                "../busy",
                "--output",
                "json",
            ]);
            let id = id_of(&ran.ok().json());
            sandbox.repro(["verify", &id]).ok();
            sandbox.repro(["restore", &id, "--into", &format!("../again-{id}")]).ok();
        }
    });
}
