use super::*;

fn made(path: &str, content: &str) -> Made {
    let content = super::super::content::Content::of(content.as_bytes());
    let (container, signed_by) = (None, None);
    Made { path: path.into(), size: content.size, sha256: content.sha256, container, shipping: true, signed_by }
}

fn handover(files: Vec<Made>) -> Result<Handover> {
    let origin = Origin {
        run: Id::from_random([7; 10]),
        pipeline: "hash".into(),
        at: Timestamp::UNIX_EPOCH,
        inputs: Some("inputs".into()),
    };
    Handover::new(HandoverId { bar_build_id: 1, build_id: 2 }, origin, files)
}

#[test]
fn paths_that_lead_out_or_collide_are_refused() {
    let out = ["", "/a", "a/", "a//b", "..", "../a", "a/../../b", "a/..", "./a", "a\\..\\b", "c:a", "a\0b"];
    for path in out {
        let error = handover(vec![made(path, "x")]).unwrap_err();
        assert!(error.message().contains("leads out"), "{path:?}: {error}");
    }
    for (paths, why) in [
        (vec!["a", "b", "a"], "comes twice"),
        (vec!["a/b", "a"], "is the directory"),
        (vec!["a", "a-b", "a/b/c"], "is the directory"),
        (vec![".ci-tool-lock"], "keeps for itself"),
    ] {
        let error = handover(paths.iter().map(|path| made(path, "x")).collect()).unwrap_err();
        assert!(error.message().contains(why), "{paths:?}: {error}");
    }
    let fine = ["a", "a.b", "..a/b", "d/b...c", "Some File.1.0+2.nupkg"];
    assert!(handover(fine.iter().map(|path| made(path, "x")).collect()).is_ok());
}

#[test]
fn a_manifest_is_read_back_and_a_later_one_refused() {
    let written = handover(vec![made("b", "2"), made("a", "1")]).unwrap();
    assert_eq!(written.files[0].path, "a", "in the order of the paths");
    let mut json = serde_json::to_value(&written).unwrap();
    assert_eq!(json["bar_build_id"], 1);
    json["another"] = "field".into();
    let parse = |json: &serde_json::Value| Handover::parse("it", json.to_string().as_bytes());
    assert_eq!(parse(&json).unwrap(), written);
    json["requires"] = serde_json::json!(["telepathy"]);
    assert_eq!(parse(&json).unwrap_err().kind(), Kind::Unsupported);
    json["requires"] = serde_json::json!([]);
    json["files"][0]["sha256"] = "ABC".into();
    assert_eq!(parse(&json).unwrap_err().kind(), Kind::Corrupt);
    json["schema"] = 2.into();
    assert_eq!(parse(&json).unwrap_err().kind(), Kind::Unsupported);
}
