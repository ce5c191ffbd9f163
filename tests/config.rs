//! `ci-tool config show`, by the real binary in an environment of its own.

use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Home {
        let dir = tempfile::tempdir().unwrap();
        // The search upward ends at a repository's root, and so never leaves the sandbox.
        fs::create_dir_all(dir.path().join("work/.git")).unwrap();
        Home { dir }
    }

    fn work(&self) -> std::path::PathBuf {
        self.dir.path().join("work")
    }

    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ci-tool"))
            .args(args)
            .current_dir(self.work())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            // Windows starts no process without it.
            .envs(std::env::var_os("SystemRoot").map(|root| ("SystemRoot", root)))
            .env("HOME", self.dir.path())
            .env("APPDATA", self.dir.path().join("AppData"))
            .envs(env.iter().copied())
            .output()
            .unwrap()
    }

    fn shown(&self, args: &[&str], env: &[(&str, &str)]) -> Vec<(String, String, String)> {
        let output = self.run(&[&["config", "show", "--output", "json"], args].concat(), env);
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "{output:?}");
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(value["schema"], 1);
        let text = |setting: &Value, key: &str| setting[key].as_str().unwrap().to_owned();
        let settings = value["settings"].as_array().unwrap().iter();
        settings
            .map(|s| (text(s, "key"), s["value"].as_str().unwrap_or_default().to_owned(), text(s, "origin")))
            .collect()
    }
}

fn setting<'a>(shown: &'a [(String, String, String)], key: &str) -> (&'a str, &'a str) {
    let found = shown.iter().find(|(name, ..)| name == key).unwrap_or_else(|| panic!("{key} is not in {shown:?}"));
    (&found.1, &found.2)
}

#[test]
fn without_a_file_every_setting_is_a_default() {
    let shown = Home::new().shown(&[], &[]);
    assert_eq!(setting(&shown, "repro.retain"), ("14d", "default"));
    assert!(shown.iter().all(|(_, _, origin)| origin == "default"), "{shown:?}");
}

#[test]
fn each_setting_names_the_strongest_that_sets_it() {
    let home = Home::new();
    fs::write(home.work().join("ci-tool.yaml"), "store: /from-file\nrepro: {retain: 3d, format: 7z}\n").unwrap();
    let shown = home.shown(&[], &[("CI_TOOL_REPRO_FORMAT", "zip")]);
    let (value, origin) = setting(&shown, "store");
    assert_eq!((value, Path::new(origin).file_name().unwrap().to_str()), ("/from-file", Some("ci-tool.yaml")));
    assert_eq!(setting(&shown, "repro.format"), ("zip", "the environment"));
    let variable = [("CI_TOOL_STORE", "/from-variable")];
    assert_eq!(setting(&home.shown(&[], &variable), "store"), ("/from-variable", "CI_TOOL_STORE"));
    assert_eq!(setting(&home.shown(&["--store", "/from-flag"], &variable), "store"), ("/from-flag", "--store"));
}

#[test]
fn the_table_is_a_line_a_setting_and_has_no_header_in_a_pipe() {
    let home = Home::new();
    let output = home.run(&["config", "show"], &[]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), home.shown(&[], &[]).len());
    let retain = text.lines().find(|l| l.starts_with("repro.retain")).unwrap();
    assert_eq!(retain.split_whitespace().collect::<Vec<_>>(), ["repro.retain", "default", "14d"]);
}

#[test]
fn a_secret_in_the_stores_address_is_not_shown() {
    let signature = "s".repeat(44);
    let url = format!("https://a.blob.core.windows.net/c?sv=2024-11-04&sig={signature}");
    let output = Home::new().run(&["config", "show"], &[("CI_TOOL_STORE", &url)]);
    let text = format!("{output:?}");
    assert!(output.status.success() && text.contains("a.blob.core.windows.net/c"), "{text}");
    assert!(!text.contains(&signature), "{text}");
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    let home = Home::new();
    fs::write(home.work().join("ci-tool.yaml"), "repro: {retian: 3d}\n").unwrap();
    let output = home.run(&["config", "show"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{text}");
    assert!(text.contains("did you mean `retain`?"), "{text}");
    // What helps to type commands works even so.
    assert!(home.run(&["completion", "bash"], &[]).status.success());
}
