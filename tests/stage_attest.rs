//! Attestations and SBOMs before programs that are not ours: openssl, securesystemslib, the schema of CycloneDX.

#[path = "support/python.rs"]
mod python;
#[allow(dead_code, reason = "shared with other suites")]
mod support;

use base64::{Engine, prelude::BASE64_STANDARD};
use ci_tool::{
    error::Kind,
    ops::stage::{
        attest::{
            BUILD_TYPE, BuildDefinition, Builder, Envelope, Metadata, Predicate, PublicKey, RunDetails, Signature,
            SigningKey, Statement, Subject, pae, sign, verify,
        },
        run::Made,
        sbom::{Product, sbom},
    },
};
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::{Map, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
};

/// The two kinds of key, and how openssl makes one.
const KINDS: [(&str, &[&str]); 2] =
    [("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), ("ed25519", &["-algorithm", "ed25519"])];

fn main() -> ExitCode {
    let trial = |name: &str, test: fn()| {
        Trial::test(name.to_owned(), move || {
            test();
            Ok(())
        })
    };
    let with_server = vec![
        trial("openssl_and_we_verify_each_other", openssl_and_we_verify_each_other),
        trial("keys_that_openssl_makes_otherwise_are_refused", keys_that_openssl_makes_otherwise_are_refused),
        trial("securesystemslib_and_we_verify_each_other", securesystemslib_and_we_verify_each_other),
        trial("an_sbom_fits_the_official_schema", an_sbom_fits_the_official_schema),
    ];
    support::run(Vec::new(), with_server, || ())
}

fn openssl_and_we_verify_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for (kind, make) in KINDS {
        let (private, public) = keys(dir.path(), kind, make);
        let key = SigningKey::from_pem("openssl", &fs::read_to_string(&private).unwrap()).unwrap();
        let trusted = [PublicKey::from_pem("openssl", &fs::read_to_string(&public).unwrap()).unwrap()];
        let mut envelope = sign(&statement(), &key);
        let payload = BASE64_STANDARD.decode(&envelope.payload).unwrap();
        let (signed, signature) = (at("signed"), at("signature"));
        fs::write(&signed, pae("application/vnd.in-toto+json", &payload)).unwrap();
        fs::write(&signature, BASE64_STANDARD.decode(&envelope.signatures[0].sig).unwrap()).unwrap();
        let check = |signed: &Path| {
            let mut command = openssl();
            match kind {
                "p256" => command.args(["dgst", "-sha256", "-verify"]).arg(&public),
                _ => command.args(["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey"]).arg(&public),
            };
            match kind {
                "p256" => command.arg("-signature").arg(&signature).arg(signed),
                _ => command.arg("-sigfile").arg(&signature).arg("-in").arg(signed),
            };
            command.output().unwrap()
        };
        succeeded(check(&signed));
        assert!(!check(&private).status.success(), "openssl accepts anything");

        let mut theirs = openssl();
        match kind {
            "p256" => theirs.args(["dgst", "-sha256", "-sign"]).arg(&private).arg("-out").arg(&signature).arg(&signed),
            _ => theirs
                .args(["pkeyutl", "-sign", "-rawin", "-inkey"])
                .arg(&private)
                .arg("-out")
                .arg(&signature)
                .arg("-in")
                .arg(&signed),
        };
        succeeded(theirs.output().unwrap());
        let sig = BASE64_STANDARD.encode(fs::read(&signature).unwrap());
        envelope.signatures = vec![Signature { keyid: String::new(), sig }];
        assert_eq!(verify(&envelope, &trusted).unwrap().statement, statement(), "{kind}");

        let der = openssl().args(["pkey", "-pubin", "-outform", "der", "-in"]).arg(&public).output().unwrap();
        let id = Subject::document("", &succeeded(der).stdout).digest["sha256"].clone();
        assert_eq!((key.public().id(), trusted[0].id()), (id.as_str(), id.as_str()));
    }
}

fn keys_that_openssl_makes_otherwise_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (ed25519, _) = keys(dir.path(), "ed25519", KINDS[1].1);
    let (p256, _) = keys(dir.path(), "p256", KINDS[0].1);
    let (ed25519, p256) = (ed25519.to_str().unwrap(), p256.to_str().unwrap());
    let cases: [(&[&str], &str); 4] = [
        (&["pkcs8", "-topk8", "-passout", "pass:word", "-in", ed25519], "is encrypted"),
        (&["ec", "-in", p256], "PKCS#8"),
        (&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "neither"),
        (&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "neither"),
    ];
    for (arguments, message) in cases {
        let pem = String::from_utf8(succeeded(openssl().args(arguments).output().unwrap()).stdout).unwrap();
        let error = SigningKey::from_pem("openssl", &pem).unwrap_err();
        assert!(error.kind() == Kind::Unsupported && error.message().contains(message), "{message}: {error}");
    }
}

fn securesystemslib_and_we_verify_each_other() {
    let python = python::with("securesystemslib[crypto]", "1.6.0");
    let dir = tempfile::tempdir().unwrap();
    for (kind, make) in KINDS {
        let (private, public) = keys(dir.path(), kind, make);
        let (their_private, their_public) = keys(dir.path(), &format!("their-{kind}"), make);
        let key = SigningKey::from_pem("ours", &fs::read_to_string(private).unwrap()).unwrap();
        let named = dir.path().join(format!("{}.pem", key.public().id()));
        fs::rename(public, &named).unwrap();
        let (ours, theirs) = (dir.path().join("ours.json"), dir.path().join("theirs.json"));
        fs::write(&ours, serde_json::to_vec(&sign(&statement(), &key)).unwrap()).unwrap();
        let client = client("dsse_client.py");
        let output = Command::new(&python).args([client, ours, named, their_private, theirs.clone()]).output();
        succeeded(output.unwrap());
        let envelope = Envelope::parse("theirs", &fs::read(theirs).unwrap()).unwrap();
        let trusted = PublicKey::from_pem("theirs", &fs::read_to_string(their_public).unwrap()).unwrap();
        assert_eq!(verify(&envelope, &[trusted]).unwrap().statement, statement(), "{kind}");
        assert_eq!(verify(&envelope, &[key.public().clone()]).unwrap_err().kind(), Kind::Denied);
    }
}

fn an_sbom_fits_the_official_schema() {
    let python = python::with("cyclonedx-python-lib[json-validation]", "11.12.0");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sbom.json");
    for build in [None, Some("2503100")] {
        fs::write(&file, sbom(Product { name: "prepare", build }, &made())).unwrap();
        succeeded(Command::new(&python).arg(client("cyclonedx_client.py")).arg(&file).output().unwrap());
    }
}

fn made() -> Vec<Made> {
    let made = |path: &str, content: &str| Made {
        path: path.into(),
        size: content.len() as u64,
        sha256: Subject::document(path, content.as_bytes()).digest["sha256"].clone(),
        container: Some("nuget".into()),
        shipping: true,
        signed_by: Some("ada".into()),
    };
    vec![made("packages/b.nupkg", "b"), made("packages/ä \"a\".nupkg", "a")]
}

fn statement() -> Statement {
    let manifest = Subject::document("269450-2503100.json", b"{}");
    let subject = made().iter().map(Subject::made).chain([manifest]).collect();
    let build_definition = BuildDefinition {
        build_type: BUILD_TYPE.into(),
        external_parameters: Map::from_iter([("pipeline".to_owned(), json!("prepare"))]),
        internal_parameters: Map::new(),
        resolved_dependencies: Vec::new(),
    };
    let metadata = Metadata { started_on: Some(Timestamp::UNIX_EPOCH), ..Metadata::default() };
    let run_details = RunDetails { builder: Builder { id: "urn:test".into() }, metadata };
    Statement::new(subject, Predicate { build_definition, run_details })
}

/// A key pair of openssl: the private and the public file.
fn keys(dir: &Path, name: &str, make: &[&str]) -> (PathBuf, PathBuf) {
    let (private, public) = (dir.join(format!("{name}.pem")), dir.join(format!("{name}-public.pem")));
    succeeded(openssl().arg("genpkey").args(make).arg("-out").arg(&private).output().unwrap());
    succeeded(openssl().args(["pkey", "-pubout", "-in"]).arg(&private).arg("-out").arg(&public).output().unwrap());
    (private, public)
}

fn openssl() -> Command {
    Command::new("openssl")
}

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

fn succeeded(output: Output) -> Output {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
