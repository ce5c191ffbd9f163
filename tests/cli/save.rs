//! `repro save -- COMMAND`: passes on what the command prints and how it ends, and saves when it failed.

use crate::{
    sandbox::{Ran, Sandbox, id_of},
    unprivileged,
};
use serde_json::json;
use std::{fs, os::unix::fs::PermissionsExt};

/// Runs `repro save -- sh -c SCRIPT`.
fn job(sandbox: &Sandbox, script: &str) -> Ran {
    sandbox.repro(["save", "--job", "unit", "--", "sh", "-c", script])
}

#[test]
fn the_exit_code_is_the_commands_own() {
    let sandbox = Sandbox::new();
    let plain = sandbox.write("plain.sh", "echo not executable\n");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    for (command, code, outcome) in [
        (vec!["sh", "-c", "exit 7"], 7, "exit 7"),
        (vec!["sh", "-c", "exit 255"], 255, "exit 255"),
        (vec!["no-such-program-anywhere"], 127, "exit 127"),
        (vec!["./no/such/program"], 127, "exit 127"),
        (vec!["./plain.sh"], 126, "exit 126"),
        (vec!["sh", "-c", "kill -9 $$"], 137, "signal 9"),
        (vec!["sh", "-c", "kill -15 $$"], 143, "signal 15"),
    ] {
        sandbox
            .repro(["save", "--"].iter().chain(&command))
            .code(code)
            .says(&["saved ", "give it back: ci-tool repro restore "]);
        let id = &sandbox.ids()[0];
        sandbox.repro(["show", id]).ok().prints(&[&format!("outcome      {outcome} after ")]);
    }
    sandbox.repro(["save", "--", "sh", "-c", "exit 0"]).ok().says(&["work was not saved: the job succeeded"]);
    assert_eq!(sandbox.ids().len(), 7);
}

#[test]
fn output_passes_through_unchanged_and_is_the_log() {
    let sandbox = Sandbox::new();
    let out: Vec<u8> = (0..=255).cycle().take(150_000).collect();
    let err: Vec<u8> = (0..=255).rev().cycle().take(70_000).collect();
    sandbox.write("out.bin", &out);
    sandbox.write("err.bin", &err);
    let call = sandbox.tool(["-q", "repro", "save", "--", "sh", "-c", "cat out.bin; cat err.bin >&2; exit 3"]);
    let (code, stdout, stderr) = call.spawn().wait_raw();
    assert_eq!(code, Some(3));
    assert!(stdout == out, "standard output is not the command's");
    assert!(stderr == err, "standard error is not the command's");
    let mut log = sandbox.repro(["show", &sandbox.only(), "--log"]).ok().silent().stdout;
    // The two streams are read side by side, so that only what is in the log is certain, not its order.
    let mut both = [out, err].concat();
    both.sort_unstable();
    log.sort_unstable();
    assert!(log == both, "the log is not the output");
}

#[test]
fn streams_that_are_one_keep_their_order_on_the_screen_and_in_the_log() {
    let sandbox = Sandbox::new();
    let alternating = "n=0; while [ $n -lt 100 ]; do echo out $n; echo err $n >&2; n=$((n+1)); done; exit 1";
    sandbox.write("job.sh", alternating);
    let line = format!("{} -q repro save -- sh job.sh 2>&1", env!("CARGO_BIN_EXE_ci-tool"));
    let ran = sandbox.program("sh", ["-c", &line]).run().code(1);
    let expected: String = (0..100).map(|n| format!("out {n}\nerr {n}\n")).collect();
    assert_eq!(ran.text(), expected);
    assert_eq!(sandbox.repro(["show", &sandbox.only(), "--log"]).ok().text(), expected);
}

#[test]
fn one_stream_equals_the_log_byte_for_byte() {
    let sandbox = Sandbox::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(1_500_000).collect();
    sandbox.write("out.bin", &bytes);
    let ran = job(&sandbox, "cat out.bin; exit 1").code(1);
    assert!(ran.stdout == bytes);
    assert!(sandbox.repro(["show", &sandbox.only(), "--log"]).ok().stdout == bytes);
}

#[test]
fn quiet_says_nothing_beside_the_command() {
    let sandbox = Sandbox::new();
    let ran = sandbox.repro(["save", "--quiet", "--", "sh", "-c", "echo out; echo err >&2; exit 1"]).code(1);
    assert_eq!((ran.text().as_str(), ran.stderr.as_str()), ("out\n", "err\n"));
    sandbox.repro(["save", "--quiet", "--exit-code", "1"]).ok().silent().prints(&["saved "]);
}

#[test]
fn the_command_runs_in_the_workspace_with_our_environment_and_standard_input() {
    let sandbox = Sandbox::new();
    let call =
        sandbox.tool(["repro", "save", "-q", "--workspace", "work", "--", "sh", "-c", "pwd; echo $GREETING; cat"]);
    let ran = call.dir(sandbox.path("")).env("GREETING", "hi there").run().ok();
    assert_eq!(ran.text(), format!("{}\nhi there\n", sandbox.work().display()));
}

#[test]
fn what_was_saved_is_told() {
    let sandbox = Sandbox::new();
    let ran = job(&sandbox, "exit 1").code(1);
    let mut redactions = snapbox::Redactions::new();
    redactions.insert("[ID]", sandbox.only()).unwrap();
    redactions.insert("[STORE]", sandbox.store()).unwrap();
    snapbox::Assert::new().redact_with(redactions).eq(
        ran.stderr,
        snapbox::str![[r#"
looking at the machine
walking
saving [..]
saved [ID] (unit, exit 1)
  6 files and folders, 27 B, stored as [..] in [..]
  in [STORE], until 20[..]Z
give it back: ci-tool repro restore [ID]

"#]],
    );
}

#[test]
fn the_command_that_is_printed_gives_it_back() {
    let sandbox = Sandbox::new();
    let store = sandbox.path("other store");
    let ran = sandbox.repro(["save", "--store", store.to_str().unwrap(), "--", "sh", "-c", "exit 1"]).code(1);
    let command = ran.stderr.lines().find_map(|l| l.strip_prefix("give it back: ci-tool ")).unwrap();
    let binary = env!("CARGO_BIN_EXE_ci-tool");
    sandbox.program("sh", ["-c", &format!("{binary} {command} --into ../again")]).run().ok();
    assert_eq!(fs::read(sandbox.path("again/workspace/a.txt")).unwrap(), b"hello\n");
}

#[test]
fn json_goes_to_standard_output_when_there_is_no_command() {
    let sandbox = Sandbox::new();
    let json = sandbox.repro(["save", "--exit-code", "2", "--output", "json", "--quiet"]).ok().silent().json();
    for field in ["bytes", "entries", "stored", "removed", "problems"] {
        assert!(json["totals"][field].is_u64(), "{field}: {json}");
    }
    assert_eq!((&json["outcome"]["exit_code"], json["took_ms"].is_u64()), (&json!(2), true));
    assert_eq!((&json["job"], &json["dry_run"]), (&json!("work"), &json!(false)));
    assert_eq!(json["restore"], format!("ci-tool repro restore {}", json["id"].as_str().unwrap()));
}

#[test]
fn json_goes_to_standard_error_when_standard_output_is_the_commands() {
    let sandbox = Sandbox::new();
    let ran = sandbox.repro(["save", "--output", "json", "--quiet", "--", "sh", "-c", "echo out; exit 2"]).code(2);
    assert_eq!(ran.text(), "out\n");
    let json: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!((&json["schema"], &json["id"]), (&json!(1), &json!(sandbox.only())));
}

#[test]
fn a_dry_run_saves_nothing_and_runs_nothing() {
    let sandbox = Sandbox::new();
    sandbox.save();
    let before = sandbox.snapshot();
    sandbox.repro(["save", "--dry-run"]).ok().prints(&["would save 6 files and folders, 27 B of work into "]);
    let json = sandbox.repro(["save", "--dry-run", "--output", "json"]).ok().json();
    assert_eq!(json["dry_run"], true);
    sandbox.repro(["save", "--dry-run", "--", "touch", "ran"]).fails(2, &["a dry run does not run the command"]);
    assert_eq!(sandbox.snapshot(), before);
    assert!(!sandbox.work().join("ran").exists());
}

#[test]
fn a_post_step_tells_what_happened() {
    let sandbox = Sandbox::new();
    sandbox.write("build.log", "it broke\n");
    let told = ["--log", "build.log", "--exit-code", "-5", "--failed-command", "make 'a b'"];
    sandbox.repro(["save"].iter().chain(&told)).ok();
    let id = sandbox.only();
    sandbox.repro(["show", &id]).ok().prints(&["command      make 'a b'", "outcome      exit -5"]);
    assert_eq!(sandbox.repro(["show", &id, "--log"]).ok().text(), "it broke\n");
    for flags in [["--log", "build.log"], ["--exit-code", "1"], ["--failed-command", "x"]] {
        sandbox.repro(["save"].iter().chain(&flags).chain(&["--", "true"])).code(2).says(&[flags[0]]);
    }
    sandbox.repro(["save", "--exit-code", "0"]).ok().says(&["work was not saved: the job succeeded"]);
    assert_eq!(sandbox.ids().len(), 1);
    sandbox.repro(["save", "--exit-code", "0", "--when", "always"]).ok();
    assert_eq!(sandbox.ids().len(), 2);
}

#[test]
fn a_log_that_cannot_be_read_does_not_lose_the_capture() {
    let sandbox = Sandbox::new();
    for log in ["no.log", "logs"] {
        let ran = sandbox.repro(["save", "--log", log, "--exit-code", "1", "--output", "json"]).code(3).says(&[log]);
        let id = id_of(&ran.json());
        sandbox.repro(["verify", &id]).ok();
        sandbox.repro(["show", &id]).ok().prints(&[log]);
    }
}

#[test]
fn any_exit_code_is_taken_and_an_empty_one_is_unknown() {
    let sandbox = Sandbox::new();
    for (given, outcome) in
        [("-1", "exit -1"), ("2147483647", "exit 2147483647"), ("3221225477", "exit -1073741819"), (" 7 ", "exit 7")]
    {
        let id = id_of(&sandbox.repro(["save", "--exit-code", given, "--output", "json"]).ok().json());
        sandbox.repro(["show", &id]).ok().prints(&[&format!("outcome      {outcome}")]);
    }
    sandbox.repro(["save", "--exit-code", ""]).ok().says(&["warning: --exit-code is empty"]).prints(&["saved "]);
    for wrong in ["x", "1.5", "4294967296"] {
        sandbox.repro(["save", "--exit-code", wrong]).code(2).says(&["an exit code is a number"]);
    }
}

#[test]
fn secrets_in_the_command_line_are_listed_as_removed() {
    let sandbox = Sandbox::new();
    let token = format!("gh{}_{}", 'p', "x1".repeat(18));
    sandbox.repro(["save", "--", "sh", "-c", "exit 1", &token]).code(1);
    let shown = sandbox.repro(["show", &sandbox.only()]).ok().prints(&["command", "a GitHub token"]);
    assert!(!shown.text().contains(&token));
}

#[test]
fn an_address_that_is_none_is_refused_before_the_job_runs() {
    let sandbox = Sandbox::new();
    for store in ["s3://bucket", "az://account", "https://a.blob.core.windows.net/c?sp=r&sig=x", "file://relative"] {
        sandbox.repro(["save", "--store", store, "--", "touch", "ran"]).fails(2, &["store"]);
    }
    assert!(!sandbox.work().join("ran").exists());
}

#[test]
fn a_workspace_that_cannot_be_entered_is_named() {
    let sandbox = Sandbox::new();
    let closed = sandbox.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let ran = unprivileged(&sandbox, "repro save --workspace ../closed -- false").code(126);
    let ran = ran.says(&["entering the directory", "closed", "chmod u+x"]);
    assert!(!ran.stderr.contains("not executable"), "{}", ran.stderr);
}

#[test]
fn a_workspace_that_is_not_there_is_a_mistake_and_nothing_is_run() {
    let sandbox = Sandbox::new();
    let ran = sandbox.repro(["save", "--workspace", "no/such", "--", "touch", "ran"]);
    ran.fails(1, &["no/such", "--workspace"]);
    sandbox.repro(["save", "--workspace", "a.txt"]).fails(2, &["a.txt", "not a directory"]);
    sandbox.repro(["save", "--also", "no/such"]).fails(1, &["no/such", "--also"]);
    assert!(!sandbox.work().join("ran").exists());
    assert_eq!(sandbox.ids(), Vec::<String>::new());
}

#[test]
fn a_save_that_fails_says_so_and_returns_the_commands_code() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("file");
    fs::write(&file, "in the way").unwrap();
    for store in [file.clone(), file.join("below")] {
        let ran = sandbox.repro(["save", "--store", store.to_str().unwrap(), "--", "sh", "-c", "echo ran; exit 7"]);
        let ran = ran.code(7).says(&["warning: work runs, but cannot be saved: ", "error: ", "file", "hint: "]);
        assert_eq!(ran.text(), "ran\n", "{}", ran.stderr);
        let ran = sandbox.repro(["save", "--store", store.to_str().unwrap(), "--", "sh", "-c", "echo fine"]).ok();
        assert_eq!(ran.text(), "fine\n");
    }
    assert_eq!(fs::read(file).unwrap(), b"in the way");
}

#[test]
fn a_failed_save_is_one_json_object_on_standard_error() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("file");
    fs::write(&file, "").unwrap();
    let args = ["save", "--output", "json", "--store", file.to_str().unwrap(), "--", "sh", "-c", "exit 7"];
    let ran = sandbox.repro(args).code(7);
    let line = ran.stderr.lines().find(|l| l.starts_with('{')).unwrap_or_else(|| panic!("{}", ran.stderr));
    let error: serde_json::Value = serde_json::from_str(line).unwrap();
    assert!(error["message"].as_str().unwrap().contains("file"), "{error}");
}

#[test]
fn a_full_disk_is_told_and_leaves_no_capture() {
    if !rustix::process::geteuid().is_root() {
        #[allow(clippy::print_stderr, reason = "a skipped test must be seen")]
        {
            eprintln!("SKIPPED a_full_disk_is_told_and_leaves_no_capture: mounting a small disk needs root");
        }
        return;
    }
    let sandbox = Sandbox::new();
    // Not to be compressed away.
    let noise: Vec<u8> = (0..60_000_u32).flat_map(|n| *blake3::hash(&n.to_le_bytes()).as_bytes()).collect();
    sandbox.write("noise.bin", noise);
    fs::create_dir(sandbox.path("disk")).unwrap();
    let binary = env!("CARGO_BIN_EXE_ci-tool");
    let script = format!(
        "mount -t tmpfs -o size=1m small ../disk && {{ {binary} repro save --store ../disk/store -- sh -c 'exit 7'; \
         code=$?; {binary} repro list --store ../disk/store --output json; {binary} repro gc --store ../disk/store -q >&2; exit $code; }}"
    );
    let ran = sandbox.program("unshare", ["--mount", "sh", "-c", &script]).run();
    let ran = ran.code(7).says(&["No space left on device", "hint: free space on the disk"]);
    assert_eq!(ran.json(), json!({"schema": 1, "captures": []}));
}

#[test]
fn a_local_store_inside_ci_warns_that_it_goes_with_the_agent() {
    let sandbox = Sandbox::new();
    for (name, value) in
        [("GITHUB_ACTIONS", "true"), ("TF_BUILD", "True"), ("JENKINS_URL", "http://ci/"), ("GITLAB_CI", "1")]
    {
        let ran = sandbox.tool(["repro", "save", "--", "sh", "-c", "exit 1"]).env(name, value).run();
        ran.code(1).says(&["warning: ", "--store", "CI_TOOL_STORE"]);
    }
    let ran = job(&sandbox, "exit 1");
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
}
