//! Whether a process is in a container, which, and the line that starts one like it.

use super::field;
use crate::pipeline::env::{EnvMap, text};
use serde::{Deserialize, Serialize};

/// Variables that name the image a job runs in: GitLab, Buildkite's docker plugin, common conventions.
const IMAGES: [&str; 4] = ["CI_JOB_IMAGE", "BUILDKITE_PLUGIN_DOCKER_IMAGE", "CONTAINER_IMAGE", "DOCKER_IMAGE"];

/// A container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// What runs it: `docker`, `podman`, `kubernetes`, `lxc`, …
    pub kind: String,
    /// Its image, where anything names it. A digest is not known from the inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}

/// Tells from the environment and from files (`read_file` gives their text) whether this is a container.
pub fn container(env: &EnvMap, read_file: &dyn Fn(&str) -> Option<String>) -> Option<Container> {
    let podman = read_file("/run/.containerenv");
    let image = IMAGES
        .iter()
        .find_map(|name| text(env, name))
        .map(str::to_owned)
        .or_else(|| field(podman.as_deref()?, "image"));
    let cgroup = read_file("/proc/1/cgroup").unwrap_or_default();
    let kind = if podman.is_some() {
        "podman"
    } else if env.contains_key("KUBERNETES_SERVICE_HOST") || cgroup.contains("kubepods") {
        "kubernetes"
    } else if read_file("/.dockerenv").is_some() || cgroup.contains("/docker") {
        "docker"
    } else if let Some(kind) = text(env, "container") {
        kind
    } else if cgroup.contains("/lxc") {
        "lxc"
    } else {
        return None;
    };
    Some(Container { kind: kind.to_owned(), image })
}

/// The line for a shell that starts the image with the current directory mounted at `workdir`.
pub fn docker_run(image: &str, workdir: &str) -> String {
    let mount = format!("\"$PWD\":{}", quoted(workdir));
    format!("docker run --rm -it -v {mount} -w {} {} bash", quoted(workdir), quoted(image))
}

/// A word as a POSIX shell takes it literally.
fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-:@+=".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_told_by_their_marks() {
        for (variables, files, expected) in [
            (vec![], vec![], None),
            (vec![], vec![("/.dockerenv", "")], Some(("docker", None))),
            (vec![("CI_JOB_IMAGE", "debian:12")], vec![("/.dockerenv", "")], Some(("docker", Some("debian:12")))),
            (
                vec![],
                vec![("/run/.containerenv", "name=\"x\"\nimage=\"quay.io/a\"\n")],
                Some(("podman", Some("quay.io/a"))),
            ),
            (vec![], vec![("/proc/1/cgroup", "0::/kubepods/x")], Some(("kubernetes", None))),
            (vec![("container", "oci")], vec![], Some(("oci", None))),
            (vec![("CI_JOB_IMAGE", "debian:12")], vec![("/proc/1/cgroup", "0::/init.scope")], None),
        ] {
            let env = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            let read = |path: &str| files.iter().find(|(p, _)| *p == path).map(|(_, text)| (*text).to_owned());
            let found = container(&env, &read);
            let found = found.as_ref().map(|c| (&*c.kind, c.image.as_deref()));
            assert_eq!(found, expected, "{variables:?} {files:?}");
        }
    }

    #[test]
    fn the_docker_line_can_be_pasted() {
        assert_eq!(
            docker_run("debian:12", "/builds/g/p"),
            r#"docker run --rm -it -v "$PWD":/builds/g/p -w /builds/g/p debian:12 bash"#
        );
        assert_eq!(
            docker_run("a;b", "/it's here"),
            r#"docker run --rm -it -v "$PWD":'/it'\''s here' -w '/it'\''s here' 'a;b' bash"#
        );
    }
}
