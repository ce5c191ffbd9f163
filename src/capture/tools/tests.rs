use super::*;
use std::{fs, time::Instant};

#[test]
fn a_version_is_the_first_line_with_a_digit() {
    for (output, expected) in [
        ("git version 2.39.5\n", Some("git version 2.39.5")),
        ("\n----\nGradle 8.5\n----", Some("Gradle 8.5")),
        ("  v20.1.0\r\nmore 1", Some("v20.1.0")),
        ("\x1b[1mApache Maven 3.8.7\x1b[m\n\x1b[0;1", Some("Apache Maven 3.8.7")),
        ("no number", None),
        ("", None),
    ] {
        assert_eq!(version(output.as_bytes()).as_deref(), expected, "{output:?}");
    }
}

#[test]
fn no_tool_is_asked_twice() {
    let mut names: Vec<&str> = DEFAULT.iter().map(|t| t.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DEFAULT.len());
}

/// A directory of programs made of shell lines.
#[cfg(unix)]
fn programs(scripts: &[(&str, String)]) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    for (name, script) in scripts {
        let path = dir.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::write(dir.path().join("text"), "not a program").unwrap();
    dir
}

#[cfg(unix)]
#[tokio::test]
async fn good_bad_and_hanging_tools_are_recorded_and_nothing_survives() {
    let pids = tempfile::tempdir().unwrap();
    let pid = |name: &str| pids.path().join(name);
    let dir = programs(&[
        ("good", "echo noise; echo good 1.2.3".into()),
        ("errs", "echo errs 4 >&2".into()),
        ("fails", "echo fails 5; exit 3".into()),
        (
            "hangs",
            format!("sleep 600 & echo $! > {}; echo $$ > {}; wait", pid("child").display(), pid("leader").display()),
        ),
        ("floods", "while :; do echo 7 7 7 7 7 7; done".into()),
        ("leaves", format!("sleep 600 & echo $! > {}; echo leaves 8", pid("left").display())),
        ("reads", "read line; echo reads 9".into()),
    ]);
    let names = ["hangs", "good", "errs", "absent", "fails", "floods", "leaves", "reads", "text"];
    let table: Vec<ToolSpec<'_>> = names.iter().map(|name| ToolSpec { name, args: &[] }).collect();
    let options = ProbeOptions { timeout: Duration::from_secs(2), at_once: 8, dir: dir.path().to_owned(), pyenv: None };
    let path = std::env::join_paths([Path::new("relative"), dir.path(), Path::new("/usr/bin")]).unwrap();
    let start = Instant::now();
    let tools = probe(&table, &path, &options).await;
    assert!(start.elapsed() < Duration::from_secs(20), "time-outs run side by side");
    let versions: Vec<(&str, Option<&str>)> = tools.iter().map(|t| (&*t.name, t.version.as_deref())).collect();
    let expected = [
        ("hangs", None),
        ("good", Some("good 1.2.3")),
        ("errs", Some("errs 4")),
        ("fails", None),
        ("floods", Some("7 7 7 7 7 7")),
        // Its child holds the pipe open, so that it never ends for who reads.
        ("leaves", None),
        ("reads", Some("reads 9")),
    ];
    assert_eq!(versions, expected);
    assert_eq!(tools[1].path, dir.path().join("good"));
    for name in ["child", "leader", "left"] {
        let id: i32 = fs::read_to_string(pid(name)).unwrap().trim().parse().unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while is_running(id) {
            assert!(Instant::now() < deadline, "{name} still runs");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Whether a process runs; one that has ended and was not waited for does not.
#[cfg(unix)]
fn is_running(id: rustix::process::Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", id.as_raw_nonzero())).unwrap_or_default();
    let is_zombie = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'));
    rustix::process::test_kill_process(id).is_ok() && !is_zombie
}
