use super::*;
use crate::ops::stage::{
    attest::{BUILD_TYPE, BuildDefinition, Builder, Dependency, Metadata, Predicate, RunDetails, Subject, public_keys},
    run::Made,
};
use p256::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use proptest::prelude::*;
use serde_json::{Map, json};
use std::collections::BTreeMap;

type Edit<'e> = &'e dyn Fn(&mut Vec<Subject>);

fn ecdsa(seed: u8) -> String {
    let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
    key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn ed25519(seed: u8) -> String {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).to_pkcs8_pem(LineEnding::LF).unwrap().to_string()
}

fn key(pem: &str) -> SigningKey {
    SigningKey::from_pem("a test", pem).unwrap()
}

fn made(path: &str, content: &str) -> Made {
    let sha256 = Subject::document(path, content.as_bytes()).digest["sha256"].clone();
    let (path, size) = (path.to_owned(), content.len() as u64);
    Made { path, size, sha256, container: None, shipping: true, signed_by: None }
}

fn files() -> Vec<Subject> {
    let manifest = Subject::document("1-2.json", b"{}");
    vec![Subject::made(&made("b", "x")), Subject::made(&made("a/c", "y")), manifest]
}

fn statement() -> Statement {
    let external = Map::from_iter([("pipeline".to_owned(), json!("prepare"))]);
    let dependency = Dependency { name: Some("pipeline".into()), ..Dependency::default() };
    Statement::new(
        files(),
        Predicate {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE.into(),
                external_parameters: external,
                internal_parameters: Map::new(),
                resolved_dependencies: vec![dependency],
            },
            run_details: RunDetails {
                builder: Builder { id: "urn:test".into() },
                metadata: Metadata { invocation_id: Some("run".into()), ..Metadata::default() },
            },
        },
    )
}

#[test]
fn what_is_signed_is_that_of_the_protocol() {
    let bytes = pae("http://example.com/HelloWorld", b"hello world");
    assert_eq!(bytes, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

#[test]
fn a_statement_is_written_as_the_specifications_say() {
    let written = serde_json::to_value(statement()).unwrap();
    let sha256 = |content| json!({"sha256": made("", content).sha256});
    let expected = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "1-2.json", "digest": sha256("{}")},
            {"name": "a/c", "digest": sha256("y")},
            {"name": "b", "digest": sha256("x")},
        ],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:ci-tool:stage-run:1",
                "externalParameters": {"pipeline": "prepare"},
                "resolvedDependencies": [{"name": "pipeline"}],
            },
            "runDetails": {"builder": {"id": "urn:test"}, "metadata": {"invocationId": "run"}},
        },
    });
    assert_eq!(written, expected);
}

#[test]
fn what_one_of_the_trusted_keys_signed_is_believed() {
    let (one, other, stranger) = (key(&ecdsa(1)), key(&ed25519(2)), key(&ed25519(3)));
    let trusted = [one.public().clone(), other.public().clone()];
    for signer in [&one, &other] {
        let verified = verify(&sign(&statement(), signer), &trusted).unwrap();
        assert_eq!((verified.statement, verified.by), (statement(), vec![signer.public().id().to_owned()]));
    }
    let mut envelope = sign(&statement(), &stranger);
    envelope.sign_too(&one).unwrap();
    envelope.sign_too(&one).unwrap();
    envelope.sign_too(&other).unwrap();
    assert_eq!(verify(&envelope, &trusted).unwrap().by, [one.public().id(), other.public().id()]);
    // The id is only a hint.
    envelope.signatures = sign(&statement(), &one).signatures;
    envelope.signatures[0].keyid = String::new();
    assert_eq!(verify(&envelope, &trusted).unwrap().by, [one.public().id()]);
}

#[test]
fn what_is_not_as_it_was_signed_is_refused() {
    let signer = key(&ecdsa(1));
    let trusted = [signer.public().clone()];
    let good = sign(&statement(), &signer);
    let text = |edit: &dyn Fn(&mut serde_json::Value)| {
        let mut value = serde_json::to_value(statement()).unwrap();
        edit(&mut value);
        value.to_string()
    };
    // Signed, and yet no statement of the type that is wanted.
    let signed = |payload: String| {
        let signatures = vec![signature(payload.as_bytes(), &signer)];
        Envelope { payload: BASE64.encode(payload), signatures, ..good.clone() }
    };
    let with = |edit: &dyn Fn(&mut Envelope)| {
        let mut envelope = good.clone();
        edit(&mut envelope);
        envelope
    };
    let altered = text(&|v| v["subject"][0]["name"] = "evil".into());
    let other = sign(&statement(), &key(&ecdsa(9))).signatures;
    let cases = [
        (with(&|e| e.payload = BASE64.encode(&altered)), Kind::Corrupt, "does not fit"),
        (with(&|e| e.payload = "%".into()), Kind::Corrupt, "no base64"),
        (with(&|e| e.signatures[0].sig = other[0].sig.clone()), Kind::Corrupt, "does not fit"),
        (with(&|e| e.signatures[0].sig.clear()), Kind::Corrupt, "does not fit"),
        (with(&|e| e.signatures = other.clone()), Kind::Denied, "no known key"),
        (with(&|e| e.signatures.clear()), Kind::Denied, "no known key"),
        (with(&|e| e.payload_type = "text/plain".into()), Kind::Unsupported, "text/plain"),
        (signed("[]".into()), Kind::Corrupt, "no statement"),
        (signed(text(&|v| v["_type"] = "x".into())), Kind::Unsupported, "\"x\""),
        (signed(text(&|v| v["predicateType"] = "y".into())), Kind::Unsupported, "\"y\""),
        (signed(text(&|v| v["predicate"] = json!({}))), Kind::Corrupt, "no statement"),
    ];
    for (envelope, kind, message) in cases {
        let error = verify(&envelope, &trusted).unwrap_err();
        assert!(error.kind() == kind && error.message().contains(message), "{message}: {error:?}");
    }
    assert_eq!(verify(&good, &[]).unwrap_err().kind(), Kind::Denied);
    // One good signature does not cover for a wrong one in a trusted name.
    let second = key(&ed25519(2));
    let mut both = good.clone();
    both.signatures.push(Signature { keyid: second.public().id().into(), sig: good.signatures[0].sig.clone() });
    both.signatures[1].sig.replace_range(..8, "AAAAAAAA");
    let trusted = [signer.public().clone(), second.public().clone()];
    assert_eq!(verify(&both, &trusted).unwrap_err().kind(), Kind::Corrupt);
}

#[test]
fn a_statement_is_about_these_files_and_no_others() {
    let edited = |edit: Edit| {
        let mut files = files();
        edit(&mut files);
        statement().covers(&files)
    };
    assert!(edited(&|files| files.reverse()).is_ok());
    let cases: [(Edit, &str); 5] = [
        (&|files| files[0] = Subject::made(&made("b", "z")), "b has another content"),
        (&|files| drop(files.remove(1)), "a/c is attested and is not there"),
        (&|files| files.push(Subject::made(&made("new", "z"))), "new is not attested"),
        (&|files| files.push(files[0].clone()), "b is not attested, or is there twice"),
        (&|files| files[0].digest = BTreeMap::new(), "b has another content"),
    ];
    for (edit, message) in cases {
        let error = edited(edit).unwrap_err();
        assert!(error.kind() == Kind::Corrupt && error.message().contains(message), "{message}: {error}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_refused_without_being_shown() {
    let secret = "c2VjcmV0".repeat(6);
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\n{secret}\n-----END {kind}-----\n");
    let private = |kind: &str| pem(&format!("{kind}PRIVATE KEY"));
    for (text, kind, message) in [
        (private("ENCRYPTED "), Kind::Unsupported, "is encrypted"),
        (private("EC "), Kind::Unsupported, "PKCS#8"),
        (private("RSA "), Kind::Unsupported, "PKCS#8"),
        (private(""), Kind::Unsupported, "neither ECDSA on P-256 nor Ed25519"),
        (secret.clone(), Kind::Usage, "no private key"),
    ] {
        let error = SigningKey::from_pem("the variable K", &text).unwrap_err();
        assert!(error.kind() == kind && error.message().contains(message), "{message}: {error}");
        assert!(error.message().contains("the variable K"), "{error}");
        assert!(!format!("{error:?}").contains(&secret[..8]), "{error:?}");
    }
    for text in [pem("PUBLIC KEY"), secret.clone()] {
        assert!(PublicKey::from_pem("p", &text).is_err());
    }
    let key = key(&ed25519(5));
    assert_eq!(format!("{key:?}"), format!("SigningKey(of {})", key.public().id()));
}

#[test]
fn keys_come_from_files_and_from_the_environment() {
    use crate::ops::stage::attest::{PRIVATE_KEY, PUBLIC_KEY, signing_key};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.pem");
    let public = |seed| {
        let key = p256::ecdsa::SigningKey::from_slice(&[seed; 32]).unwrap();
        key.verifying_key().to_public_key_pem(LineEnding::CRLF).unwrap()
    };
    std::fs::write(&file, format!("# two keys\n{}{}", public(1), public(2))).unwrap();
    let one_line = |pem: &str| pem.replace("\r\n", "\\n").replace('\n', "\\n");
    let env = |name: &str, pem: &str| BTreeMap::from([(name.to_owned(), one_line(pem))]);
    let keys = public_keys(std::slice::from_ref(&file), &env(PUBLIC_KEY, &(public(2) + &public(3)))).unwrap();
    let ids: Vec<&str> = keys.iter().map(PublicKey::id).collect();
    let own: Vec<SigningKey> = [1, 2, 3].map(|seed| key(&ecdsa(seed))).into();
    assert_eq!(ids, own.iter().map(|key| key.public().id()).collect::<Vec<_>>());
    assert!(public_keys(&[], &BTreeMap::new()).unwrap().is_empty());
    assert_eq!(public_keys(&[dir.path().join("none")], &BTreeMap::new()).unwrap_err().kind(), Kind::NotFound);

    std::fs::write(&file, ecdsa(4)).unwrap();
    let variables = env(PRIVATE_KEY, &ecdsa(5));
    let id =
        |file: Option<&std::path::Path>, env| signing_key(file, env).unwrap().map(|key| key.public().id().to_owned());
    assert_eq!(id(Some(&file), &variables).as_deref(), Some(key(&ecdsa(4)).public().id()));
    assert_eq!(id(None, &variables).as_deref(), Some(key(&ecdsa(5)).public().id()));
    assert_eq!(id(None, &BTreeMap::new()), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bit_of_the_payload_or_the_signature_can_change(at in any::<prop::sample::Index>(), bit in 0u8..8, ed: bool, sig: bool) {
        let signer = key(&if ed { ed25519(1) } else { ecdsa(1) });
        let mut envelope = sign(&statement(), &signer);
        let part = if sig { &mut envelope.signatures[0].sig } else { &mut envelope.payload };
        let mut bytes = BASE64.decode(&*part).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        *part = BASE64.encode(bytes);
        prop_assert!(verify(&envelope, &[signer.public().clone()]).is_err());
    }
}
