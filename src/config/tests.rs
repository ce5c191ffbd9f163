use super::*;

fn load(flags: &Flags, env: &[(&str, &str)], directory: &Path) -> Result<Config> {
    let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::load(flags, &env, directory)
}

fn origin(config: &Config, key: &str) -> (String, String) {
    let shown = config.shown().iter().find(|s| s.key == key).unwrap();
    (shown.value.as_str().unwrap_or("-").to_owned(), shown.origin.clone())
}

#[test]
fn the_stronger_layer_wins_and_is_named() {
    let home = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("ci-tool")).unwrap();
    std::fs::create_dir_all(work.path().join("a/b")).unwrap();
    std::fs::write(
        home.path().join("ci-tool/config.yaml"),
        "store: /home-store\nrepro: {retain: 3d, format: 7z, owner: me}\n",
    )
    .unwrap();
    std::fs::write(work.path().join(FILE), "store: /project-store\nrepro:\n  retain: 5d\n  format: 7z\n").unwrap();
    let xdg = home.path().to_str().unwrap();
    let env = [("XDG_CONFIG_HOME", xdg), ("CI_TOOL_REPRO_FORMAT", "zip")];
    let config = load(&Flags::default(), &env, &work.path().join("a/b")).unwrap();
    assert_eq!(config.store.as_deref(), Some("/project-store"));
    assert_eq!(config.repro.retain, Duration::from_secs(5 * 86_400));
    assert_eq!(config.repro.format, Format::Zip);
    assert_eq!(config.repro.owner.as_deref(), Some("me"));
    assert_eq!(origin(&config, "repro.format"), ("zip".into(), "the environment".into()));
    assert!(origin(&config, "repro.owner").1.ends_with("config.yaml"));
    assert_eq!(origin(&config, "repro.when"), ("-".into(), "default".into()));
    let flagged = load(&Flags { file: None, store: Some("/flag".into()) }, &env, work.path()).unwrap();
    assert_eq!(origin(&flagged, "store"), ("/flag".into(), "--store".into()));
}

#[test]
fn the_search_upward_ends_at_the_repository() {
    let work = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(work.path().join("repo/.git")).unwrap();
    std::fs::write(work.path().join(FILE), "store: /outside\n").unwrap();
    assert_eq!(load(&Flags::default(), &[], &work.path().join("repo")).unwrap().store, None);
}

#[test]
fn mistakes_are_named_with_their_place_and_a_suggestion() {
    let cases = [
        ("repro:\n  retian: 5d\n", "retian", "did you mean `retain`?"),
        ("stores: x\n", "stores", "did you mean `store`?"),
        ("repro: {ready: {unit: {biuld: make}}}", "biuld", "did you mean `build`?"),
        ("repro: [", "", ""),
    ];
    for (text, name, hint) in cases {
        let error = FileConfig::parse(text).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.causes().join(" ").contains(name), "{:?}", error.causes());
        assert!(error.hints().join(" ").contains(hint), "{:?}", error.hints());
    }
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join(FILE), "repro: {retain: soon}\n").unwrap();
    let error = load(&Flags::default(), &[], work.path()).unwrap_err();
    assert!(error.message().contains("repro.retain") && error.message().contains(FILE), "{}", error.message());
}

#[test]
fn a_number_of_captures_is_read_from_files_and_variables() {
    let work = tempfile::tempdir().unwrap();
    let keep = |env: &[(&str, &str)]| load(&Flags::default(), env, work.path()).map(|c| c.repro.keep_per_signature);
    assert_eq!(keep(&[]).unwrap(), "3".parse().unwrap());
    for (text, expected) in [("5", "5"), ("'5'", "5"), ("all", "all")] {
        std::fs::write(work.path().join(FILE), format!("repro: {{keep_per_signature: {text}}}\n")).unwrap();
        assert_eq!(keep(&[]).unwrap(), expected.parse().unwrap(), "{text}");
    }
    assert_eq!(keep(&[("CI_TOOL_REPRO_KEEP_PER_SIGNATURE", "2")]).unwrap(), "2".parse().unwrap());
    std::fs::write(work.path().join(FILE), "repro: {keep_per_signature: 0}\n").unwrap();
    assert!(keep(&[]).unwrap_err().message().contains("repro.keep_per_signature"));
}

#[test]
fn globs_keep_their_order() {
    let text = "repro:\n  ready:\n    unit-*: {test: one}\n    '*': {test: two, build: all, prerequisites: {cmake: '3', gcc: }}\n";
    let parsed = FileConfig::parse(text).unwrap().repro.unwrap().ready.unwrap();
    assert_eq!(parsed.0.iter().map(|(g, _)| g.as_str()).collect::<Vec<_>>(), ["unit-*", "*"]);
    assert_eq!(parsed.0[1].1.prerequisites["gcc"], None);
}
