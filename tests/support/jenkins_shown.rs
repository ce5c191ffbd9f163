//! What it answers: its objects as JSON, with the classes that the core and the git plugin give them.

use super::{ARTIFACT, Build, Item, Job, Left, Options, State, USER, revisions};
use serde_json::{Value, json};

impl State {
    /// An object, complete.
    pub(super) fn object(&self, path: &[&str], tree: &str, base: &str) -> Option<Value> {
        match path {
            [] => Some(json!({ "_class": "hudson.model.Hudson", "jobs": self.folder("", base) })),
            ["whoAmI"] => Some(json!({
                "_class": "hudson.security.WhoAmI", "anonymous": false, "authenticated": true, "name": USER
            })),
            ["me"] => Some(json!({ "_class": "hudson.model.User", "id": USER, "fullName": "Ann" })),
            ["crumbIssuer"] => Some(json!({
                "_class": "hudson.security.csrf.DefaultCrumbIssuer", "crumb": format!("crumb-{}", self.sessions),
                "crumbRequestField": "Jenkins-Crumb"
            })),
            ["queue"] => {
                let waiting = self.items.iter().rev().filter(|item| item.left.is_none());
                let items: Vec<Value> = waiting.map(|item| self.shown_item(item, base)).collect();
                Some(json!({ "_class": "hudson.model.Queue", "items": items }))
            }
            ["queue", "item", id] => {
                let id: u64 = id.parse().ok()?;
                let known = self.items.iter().filter(|item| item.left != Some(Left::Forgotten));
                known.into_iter().find(|item| item.id == id).map(|item| self.shown_item(item, base))
            }
            _ => {
                let (job, rest) = self.job_at(path)?;
                let job = &self.jobs[job];
                match rest {
                    [] => Some(self.shown_job(job, tree.is_empty() || tree.contains("uilds["), base)),
                    [number] => {
                        let number: u64 = number.parse().ok()?;
                        job.builds
                            .iter()
                            .find(|build| build.number == number)
                            .map(|build| shown_build(job, build, base))
                    }
                    _ => None,
                }
            }
        }
    }

    fn folder(&self, name: &str, base: &str) -> Vec<Value> {
        let inside = |job: &&Job| job.name.rsplit_once('/').map_or("", |(folder, _)| folder) == name;
        self.jobs.iter().filter(inside).map(|job| self.shown_job(job, false, base)).collect()
    }

    /// A job, with its builds where they are asked for: there may be thousands.
    fn shown_job(&self, job: &Job, with_builds: bool, base: &str) -> Value {
        let name = job.name.rsplit('/').next().unwrap_or(job.name);
        let mut value = json!({
            "_class": job.class, "name": name, "fullName": job.name, "displayName": name, "url": address(job, base)
        });
        if job.class.ends_with("Folder") || job.class.ends_with("MultiBranchProject") {
            value["jobs"] = self.folder(job.name, base).into();
            return value;
        }
        let definition = |(name, sort, choices): &(&str, &str, &[&str])| {
            let default = match *sort {
                "BooleanParameterDefinition" => json!({ "name": name, "value": false }),
                "FileParameterDefinition" => Value::Null,
                _ => json!({ "name": name, "value": choices.first().unwrap_or(&"") }),
            };
            let class = format!("hudson.model.{sort}");
            let mut value = json!({ "_class": class, "name": name, "type": sort, "defaultParameterValue": default });
            if !choices.is_empty() {
                value["choices"] = json!(choices);
            }
            value
        };
        let mut property = vec![json!({ "_class": "jenkins.model.BuildDiscarderProperty" })];
        if !job.declared.is_empty() {
            let definitions: Vec<Value> = job.declared.iter().map(definition).collect();
            let class = "hudson.model.ParametersDefinitionProperty";
            property.push(json!({ "_class": class, "parameterDefinitions": definitions }));
        }
        let builds = job.builds.iter().rev().filter(|_| with_builds);
        let builds: Vec<Value> = builds.map(|build| shown_build(job, build, base)).collect();
        let good = job.builds.iter().rev().find(|build| build.result.as_deref() == Some("SUCCESS"));
        value["buildable"] = job.buildable.into();
        value["color"] = if job.buildable { "blue" } else { "disabled" }.into();
        value["property"] = property.into();
        value["lastSuccessfulBuild"] = good.map_or(Value::Null, |build| shown_build(job, build, base));
        value["builds"] = builds.iter().take(100).cloned().collect();
        value["allBuilds"] = builds.into();
        if job.class.ends_with("FreeStyleProject") {
            value["scm"] = json!({ "_class": "hudson.plugins.git.GitSCM" });
        }
        value
    }

    fn shown_item(&self, item: &Item, base: &str) -> Value {
        let job = &self.jobs[item.job];
        let name = job.name.rsplit('/').next();
        let class =
            if item.left.is_some() { "hudson.model.Queue$LeftItem" } else { "hudson.model.Queue$BuildableItem" };
        let mut value = json!({
            "_class": class, "id": item.id, "url": format!("queue/item/{}/", item.id), "inQueueSince": item.since,
            "why": "Waiting for next available executor", "blocked": false, "buildable": true, "stuck": false,
            "task": { "_class": job.class, "name": name, "url": address(job, base) },
            "actions": actions(job, &item.values)
        });
        match item.left {
            Some(Left::Cancelled) => value["cancelled"] = true.into(),
            Some(Left::Began(number)) => {
                value["cancelled"] = false.into();
                value["why"] = Value::Null;
                let url = format!("{}{number}/", address(job, base));
                value["executable"] = json!({ "_class": "hudson.model.FreeStyleBuild", "number": number, "url": url });
            }
            _ => {}
        }
        value
    }
}

pub(super) fn without_all_builds(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.remove("allBuilds");
    }
    value
}

pub(super) fn address(job: &Job, base: &str) -> String {
    let levels = job.name.split('/').map(|level| format!("job/{}/", level.replace('%', "%25")));
    format!("{base}/{}", levels.collect::<String>())
}

/// The revision that a build has; nothing where there is no such one. Without one it is the latest.
pub(super) fn checked_out(values: &Options) -> Option<String> {
    match values.get("REVISION").map(String::as_str) {
        None | Some("" | "main") => revisions().pop(),
        Some(asked) => revisions().into_iter().find(|revision| revision == asked),
    }
}

fn actions(job: &Job, values: &Options) -> Value {
    let value = |(name, sort, _): &(&str, &str, &[&str])| {
        let text = values.get(*name).cloned().unwrap_or_default();
        let class = format!("hudson.model.{}", sort.replace("Definition", "Value"));
        match *sort {
            "BooleanParameterDefinition" => json!({ "_class": class, "name": name, "value": text == "true" }),
            "FileParameterDefinition" => json!({ "_class": class, "name": name }),
            _ => json!({ "_class": class, "name": name, "value": text }),
        }
    };
    let causes = json!([{ "_class": "hudson.model.Cause$UserIdCause", "shortDescription": "Started by user Ann" }]);
    json!([
        { "_class": "hudson.model.ParametersAction", "parameters": job.declared.iter().map(value).collect::<Vec<_>>() },
        { "_class": "hudson.model.CauseAction", "causes": causes }
    ])
}

fn shown_build(job: &Job, build: &Build, base: &str) -> Value {
    let mut actions = actions(job, &build.values);
    let actions = actions.as_array_mut().unwrap();
    // An action that exports nothing.
    actions.push(json!({}));
    if let Some(revision) = checked_out(&build.values) {
        let branch = json!([{ "SHA1": revision, "name": "detached" }]);
        actions.push(json!({
            "_class": "hudson.plugins.git.util.BuildData", "lastBuiltRevision": { "SHA1": revision, "branch": branch }
        }));
    }
    if build.result.as_deref() == Some("ABORTED") {
        let class = "jenkins.model.CauseOfInterruption$UserInterruption";
        let causes = json!([{ "_class": class, "shortDescription": "Aborted by Ann" }]);
        actions.push(json!({ "_class": "jenkins.model.InterruptedBuildAction", "causes": causes }));
    }
    let over = build.result.is_some();
    let made = json!([{ "displayPath": "report.txt", "fileName": "report.txt", "relativePath": ARTIFACT }]);
    json!({
        "_class": job.class.replace("Project", "Build").replace("WorkflowJob", "WorkflowRun"), "number": build.number,
        "id": build.number.to_string(), "displayName": format!("#{}", build.number), "queueId": build.item,
        "url": format!("{}{}/", address(job, base), build.number), "building": !over, "result": build.result,
        "timestamp": build.began, "duration": if over { 5 } else { 0 }, "actions": actions,
        "artifacts": if over { made } else { json!([]) }
    })
}

pub(super) fn log(build: &Build) -> String {
    let mut log = String::from("Started by user Ann\n");
    build.values.iter().for_each(|(name, value)| log.push_str(&format!("{name}={value}\n")));
    match &build.result {
        _ if checked_out(&build.values).is_none() => log.push_str("ERROR: Couldn't find any revision to build\n"),
        Some(result) => log.push_str(&format!("Finished: {result}\n")),
        None => {}
    }
    log
}
