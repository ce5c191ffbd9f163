//! What a person at a terminal sees.

use crate::sandbox::Sandbox;

/// Runs `ci-tool repro ARGS` on a terminal of its own and returns all that appeared there.
fn on_terminal(sandbox: &Sandbox, args: &str, code: i32) -> String {
    let command = format!("{} repro {args}", env!("CARGO_BIN_EXE_ci-tool"));
    let ran = sandbox.program("script", ["-qec", &command, "/dev/null"]).env("TERM", "xterm").run();
    ran.code(code).text()
}

#[test]
fn no_bar_is_drawn_over_what_follows_an_operation() {
    let sandbox = Sandbox::new();
    // Longer than two ticks of a bar.
    let job = "sh -c 'echo begins; sleep 0.5; echo ends; exit 3'";
    let seen = on_terminal(&sandbox, &format!("save -- {job}"), 3);
    let (before, after) = seen.split_once("saved ").unwrap();
    assert!(before.contains("saving ") && !after.contains("saving "), "{seen:?}");

    let seen = on_terminal(&sandbox, &format!("restore {} --into ../again --run", sandbox.only()), 3);
    let (before, after) = seen.split_once("begins").unwrap();
    assert!(before.contains("restoring"), "a terminal shows bars: {seen:?}");
    assert!(after.contains("ends") && !after.contains("restoring"), "{seen:?}");
}
