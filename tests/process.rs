//! Real processes: what comes out of them, how they end, and that nothing of them stays.
#![cfg(unix)]

use ci_tool::{
    error::Kind,
    process::{Command, Exit, Status, Stdin, Stop, StopReason, Tee, run, run_whole, stop_signals},
};
use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, mpsc},
    time::{Duration, Instant},
};

/// The bound of everything that is polled for; far more than anything takes.
const BOUND: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Command {
    Command {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        dir: std::env::temp_dir(),
        env: None,
        timeout: None,
        grace: BOUND,
        stdin: Stdin::Null,
    }
}

/// Adds a variable that nothing else on this machine has, to find the processes again.
fn marked(script: &str, marker: &str) -> Command {
    let mut env: std::collections::BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    env.insert("TEST_MARKER".into(), marker.into());
    Command { env: Some(env), ..sh(script) }
}

/// A value of `TEST_MARKER` that nothing else has. A test that fails leaves nothing that carries it behind.
struct Marker(String);

impl std::ops::Deref for Marker {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

#[cfg(target_os = "linux")]
impl Drop for Marker {
    fn drop(&mut self) {
        for pid in alive(self).into_iter().filter_map(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

fn unique(name: &str) -> Marker {
    Marker(format!("{name}-{}", std::process::id()))
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Outputs {
    stdout: Shared,
    stderr: Shared,
    log: Shared,
}

impl Outputs {
    fn tee(&self) -> Tee {
        Tee {
            stdout: Box::new(self.stdout.clone()),
            stderr: Some(Box::new(self.stderr.clone())),
            log: Some(Box::new(self.log.clone())),
        }
    }
}

async fn quick(cmd: &Command) -> Exit {
    run(cmd, Tee::null(), Stop::never()).await.unwrap()
}

/// The processes whose environment has `TEST_MARKER=marker` and that are not zombies.
#[cfg(target_os = "linux")]
fn alive(marker: &str) -> Vec<i32> {
    let wanted = format!("TEST_MARKER={marker}");
    let has = |pid: &i32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|b| *b == 0).any(|var| var == wanted.as_bytes())
    };
    let names = fs::read_dir("/proc").unwrap().filter_map(|e| e.unwrap().file_name().to_str()?.parse().ok());
    names.filter(has).collect()
}

#[cfg(target_os = "linux")]
async fn until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < BOUND, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn exit_codes_and_signals_follow_the_shell() {
    for (script, status, code) in [
        ("exit 0", Status::Code(0), 0),
        ("exit 7", Status::Code(7), 7),
        ("exit 255", Status::Code(255), 255),
        ("kill -KILL $$", Status::Signal(9), 137),
        ("kill -TERM $$", Status::Signal(15), 143),
    ] {
        let exit = quick(&sh(script)).await;
        assert_eq!((exit.status, exit.code(), exit.stopped), (status, code, None), "{script}");
    }
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &str, mode: u32| {
        use std::os::unix::fs::PermissionsExt;
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.into_os_string()
    };
    let missing = dir.path().join("missing");
    let here = dir.path().to_path_buf();
    for (program, dir, kind, says) in [
        ("no-such-program-here".into(), &here, Kind::NotFound, "no such program"),
        (missing.clone().into_os_string(), &here, Kind::NotFound, "no such program"),
        (script("a", "#!/no/such/interpreter\n", 0o755), &here, Kind::NotFound, "interpreter"),
        (script("b", "#!/bin/sh\n", 0o644), &here, Kind::Denied, "not executable"),
        ("sh".into(), &missing, Kind::Usage, "not a directory"),
    ] {
        let cmd = Command { program: program.clone(), args: vec![], dir: dir.clone(), ..sh("") };
        let error = run(&cmd, Tee::null(), Stop::never()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{program:?}");
        assert!(error.message().contains(says), "{}", error.message());
        assert_eq!(error.hints().len(), 1);
    }
}

#[tokio::test]
async fn binary_output_passes_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    };
    let out: Vec<u8> = (0..1 << 20).map(|_| random()).collect();
    let err: Vec<u8> = (0..1 << 20).map(|_| random()).collect();
    fs::write(dir.path().join("out"), &out).unwrap();
    fs::write(dir.path().join("err"), &err).unwrap();
    let outputs = Outputs::default();
    let cmd = Command { dir: dir.path().into(), ..sh("cat out & cat err >&2; wait") };
    let exit = run(&cmd, outputs.tee(), Stop::never()).await.unwrap();
    assert_eq!(exit.code(), 0);
    assert!(outputs.stdout.bytes() == out && outputs.stderr.bytes() == err);
    assert_eq!(outputs.log.bytes().len(), out.len() + err.len());
}

#[tokio::test]
async fn the_log_has_both_streams_in_their_order() {
    let outputs = Outputs::default();
    // Each line waits until the one before has arrived in the log.
    let dir = tempfile::tempdir().unwrap();
    let cmd = Command {
        dir: dir.path().into(),
        ..sh("echo 1; until [ -e a ]; do :; done; echo 2 >&2; until [ -e b ]; do :; done; echo 3")
    };
    let follow = async {
        for (length, file) in [(2, "a"), (4, "b")] {
            let start = Instant::now();
            while outputs.log.bytes().len() < length {
                assert!(start.elapsed() < BOUND);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            fs::write(dir.path().join(file), "").unwrap();
        }
    };
    let (exit, ()) = tokio::join!(run(&cmd, outputs.tee(), Stop::never()), follow);
    assert_eq!(exit.unwrap().code(), 0);
    assert_eq!(outputs.log.bytes(), b"1\n2\n3\n");
    assert_eq!(outputs.stdout.bytes(), b"1\n3\n");
}

#[tokio::test]
async fn outputs_that_are_one_keep_their_exact_order() {
    let outputs = Outputs::default();
    let tee = Tee { stderr: None, ..outputs.tee() };
    let script = "n=0; while [ $n -lt 100 ]; do echo $n; echo $n >&2; n=$((n+1)); done";
    run(&sh(script), tee, Stop::never()).await.unwrap();
    let expected: String = (0..100).map(|n| format!("{n}\n{n}\n")).collect();
    assert_eq!(String::from_utf8(outputs.stdout.bytes()).unwrap(), expected);
    assert_eq!(outputs.log.bytes(), expected.as_bytes());
    assert_eq!(outputs.stderr.bytes(), b"");
}

#[tokio::test]
async fn a_closed_stdout_neither_ends_the_command_nor_the_log() {
    let outputs = Outputs::default();
    let tee = Tee { stdout: Box::new(Failing(io::ErrorKind::BrokenPipe)), ..outputs.tee() };
    let exit = run(&sh("seq 100000; echo done >&2; exit 3"), tee, Stop::never()).await.unwrap();
    assert_eq!(exit.code(), 3);
    assert!(exit.output_error.is_none());
    assert_eq!(outputs.stderr.bytes(), b"done\n");
    let numbers: usize = (1..=100_000).map(|n: u32| n.to_string().len() + 1).sum();
    assert_eq!(outputs.log.bytes().len(), numbers + "done\n".len());
}

#[tokio::test]
async fn a_log_that_cannot_be_written_is_reported_and_the_command_goes_on() {
    let outputs = Outputs::default();
    let tee = Tee { log: Some(Box::new(Failing(io::ErrorKind::StorageFull))), ..outputs.tee() };
    let exit = run(&sh("echo here"), tee, Stop::never()).await.unwrap();
    assert_eq!(exit.code(), 0);
    assert_eq!(outputs.stdout.bytes(), b"here\n");
    assert!(exit.output_error.unwrap().message().contains("log"));
}

#[tokio::test]
async fn a_given_environment_is_the_whole_environment() {
    let outputs = Outputs::default();
    let env = [("PATH".into(), std::env::var_os("PATH").unwrap()), ("ONLY".into(), "this".into())];
    let cmd = Command { env: Some(env.into()), ..sh("echo ${ONLY-unset} ${HOME-unset}") };
    run(&cmd, outputs.tee(), Stop::never()).await.unwrap();
    assert_eq!(outputs.stdout.bytes(), b"this unset\n");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_time_out_leaves_nothing_of_the_tree_alive() {
    let scripts = [
        "sleep 60 & setsid sleep 60 & wait",
        "(setsid sh -c 'sleep 60 & sleep 60' &) ; sleep 60",
        "(setsid sleep 60 >/dev/null 2>&1 &) ; exec sleep 60",
        "trap '' TERM; (trap '' TERM; setsid sleep 60) & sleep 60; sleep 60",
    ];
    for (index, script) in scripts.iter().enumerate() {
        let marker = unique(&format!("tree-{index}"));
        let cmd = Command {
            timeout: Some(Duration::from_millis(300)),
            grace: Duration::from_millis(100),
            ..marked(script, &marker)
        };
        let (exit, ()) = tokio::join!(quick(&cmd), until("the tree", || alive(&marker).len() >= 2));
        assert_eq!((exit.stopped, exit.code()), (Some(StopReason::Timeout), 124), "{script}");
        assert_eq!(alive(&marker), [0; 0], "{script}");
        assert!(exit.duration < BOUND);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_daemon_that_cleared_its_environment_is_found_when_its_parent_lives() {
    let dir = tempfile::tempdir().unwrap();
    let pid_file = dir.path().join("pid");
    let cmd = Command {
        dir: dir.path().into(),
        ..sh("env -i PATH=\"$PATH\" setsid sh -c 'echo $$ >pid.new; mv pid.new pid; exec sleep 60' & wait")
    };
    let (stopper, stop) = Stop::channel();
    let (exit, ()) = tokio::join!(run(&cmd, Tee::null(), stop), async {
        until("the pid", || pid_file.exists()).await;
        stopper.stop(StopReason::Terminate);
    });
    let exit = exit.unwrap();
    assert_eq!(exit.stopped, Some(StopReason::Terminate));
    assert!(exit.duration < BOUND, "what left the group is asked, too");
    let pid = fs::read_to_string(&pid_file).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn stopping_one_command_leaves_the_other_ones_daemons_alone() {
    let (one, other) = (unique("one"), unique("other"));
    let daemon = "(setsid sleep 60 >/dev/null 2>&1 &) ; exec sleep 60";
    let (cmd_one, cmd_other) = (marked(daemon, &one), marked(daemon, &other));
    let ((stop_one, one_stops), (stop_other, other_stops)) = (Stop::channel(), Stop::channel());
    let first = async {
        until("both trees", || alive(&one).len() == 2 && alive(&other).len() == 2).await;
        stop_one.stop(StopReason::Cancelled);
    };
    let second = async {
        run(&cmd_one, Tee::null(), one_stops).await.unwrap();
        assert_eq!((alive(&one).len(), alive(&other).len()), (0, 2));
        stop_other.stop(StopReason::Cancelled);
    };
    let (exit, ..) = tokio::join!(run(&cmd_other, Tee::null(), other_stops), first, second);
    assert_eq!(exit.unwrap().status, Status::Signal(15));
    assert_eq!(alive(&other), [0; 0]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_ignores_sigterm_is_killed_after_the_grace() {
    let marker = unique("stubborn");
    let grace = Duration::from_millis(200);
    let cmd = Command { grace, ..marked("trap '' TERM; echo ready; while :; do sleep 60; done", &marker) };
    let outputs = Outputs::default();
    let (stopper, stop) = Stop::channel();
    let (exit, ()) = tokio::join!(run(&cmd, outputs.tee(), stop), async {
        until("the trap", || outputs.stdout.bytes() == b"ready\n").await;
        stopper.stop(StopReason::Terminate);
    });
    let exit = exit.unwrap();
    assert_eq!((exit.status, exit.code()), (Status::Signal(9), 137));
    assert!(exit.duration >= grace);
    assert_eq!(alive(&marker), [0; 0]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_interrupt_arrives_as_sigint_and_good_order_is_waited_for() {
    let outputs = Outputs::default();
    let cmd = sh("trap 'echo cleaned; exit 5' INT; sleep 60 & echo ready; while :; do sleep 0.01; done");
    let (stopper, stop) = Stop::channel();
    let (exit, ()) = tokio::join!(run(&cmd, outputs.tee(), stop), async {
        until("the trap", || outputs.stdout.bytes() == b"ready\n").await;
        stopper.stop(StopReason::Interrupt);
    });
    let exit = exit.unwrap();
    assert_eq!((exit.code(), exit.stopped), (5, Some(StopReason::Interrupt)));
    assert_eq!(outputs.stdout.bytes(), b"ready\ncleaned\n");
    assert!(exit.duration < BOUND, "background jobs of sh ignore SIGINT, and must not use up the grace");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_that_ends_by_itself_leaves_its_background_jobs_alone_and_does_not_wait_for_them() {
    let marker = unique("background");
    let outputs = Outputs::default();
    let exit = run(&marked("sleep 60 & echo done", &marker), outputs.tee(), Stop::never()).await.unwrap();
    assert_eq!((exit.code(), outputs.stdout.bytes()), (0, b"done\n".to_vec()));
    assert_eq!(alive(&marker).len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_whole_run_leaves_no_background_jobs() {
    let marker = unique("whole");
    let outputs = Outputs::default();
    let cmd = marked("setsid sleep 60 & sleep 60 & echo done; exit 3", &marker);
    let exit = run_whole(&cmd, outputs.tee(), Stop::never()).await.unwrap();
    assert_eq!((exit.code(), exit.stopped, outputs.stdout.bytes()), (3, None, b"done\n".to_vec()));
    assert_eq!(alive(&marker), [0; 0]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_background_job_that_never_stops_writing_is_not_followed() {
    let marker = unique("writer");
    let cmd = marked("echo first; yes & echo last", &marker);
    let outputs = Outputs::default();
    assert_eq!(run(&cmd, outputs.tee(), Stop::never()).await.unwrap().code(), 0);
    until("the writer's end by SIGPIPE", || alive(&marker).is_empty()).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_dropped_run_kills_its_tree() {
    let marker = unique("dropped");
    let cmd = marked("setsid sleep 60 & wait", &marker);
    tokio::select! {
        _ = quick(&cmd) => unreachable!("nothing stops it"),
        () = until("the tree", || alive(&marker).len() == 2) => {}
    }
    assert_eq!(alive(&marker), [0; 0]);
}

#[tokio::test]
async fn a_reader_that_stands_still_does_not_keep_a_stopped_command() {
    struct Stuck(mpsc::Receiver<()>);
    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (release, stuck) = mpsc::channel();
    let outputs = Outputs::default();
    let tee = Tee { stdout: Box::new(Stuck(stuck)), ..outputs.tee() };
    let (stopper, stop) = Stop::channel();
    let cmd = sh("echo kept; sleep 60");
    let (exit, ()) = tokio::join!(run(&cmd, tee, stop), async {
        while outputs.log.bytes().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        stopper.stop(StopReason::Terminate);
    });
    assert_eq!(exit.unwrap().status, Status::Signal(15));
    assert_eq!(outputs.log.bytes(), b"kept\n");
    drop(release);
}

#[tokio::test]
async fn the_first_signal_stops_and_only_a_second_interrupt_aborts() {
    use rustix::process::{Signal, getpid, kill_process};
    let (aborted, abort) = mpsc::channel();
    let mut stop = stop_signals(move || aborted.send(()).unwrap()).unwrap();
    kill_process(getpid(), Signal::INT).unwrap();
    assert_eq!(stop.requested().await, StopReason::Interrupt);
    kill_process(getpid(), Signal::TERM).unwrap();
    // A listener that comes later sees SIGTERM only after the first one's task could, too.
    let mut later = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).unwrap();
    kill_process(getpid(), Signal::HUP).unwrap();
    later.recv().await;
    assert!(abort.try_recv().is_err());
    let again = || kill_process(getpid(), Signal::INT).unwrap();
    // Right after the first it is the same one.
    again();
    let first = Instant::now();
    let second = tokio::task::spawn_blocking(move || {
        while abort.recv_timeout(Duration::from_millis(5)).is_err() {
            assert!(first.elapsed() < BOUND, "a later one is a second one");
            again();
        }
        first.elapsed()
    });
    // The first came a little before this clock was started.
    assert!(second.await.unwrap() > Duration::from_millis(500));
    assert_eq!(stop.reason(), Some(StopReason::Interrupt));
}
