//! From what is written to what decides.

use super::{
    Finding, Names, Queue, Redirection, RedirectionKind, Rules,
    fields::{self, Field, Origin},
    file::{At, Loaded, Place, QueueFile, RedirectionFile},
};
use crate::pipeline::yaml::Named;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use serde_saphyr::{Location, Spanned};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

/// A definition of a queue and the file it is in.
struct Defined {
    name: At<String>,
    file: QueueFile,
    path: Arc<Path>,
    base: Option<usize>,
}

/// Puts the files together.
pub(super) fn compile(files: Vec<Loaded>, hash: String) -> (Rules, Vec<Finding>) {
    let mut work = Work::default();
    let mut rules = Rules {
        hash,
        files: files.iter().map(|loaded| Arc::clone(&loaded.path)).collect(),
        redirections: Vec::new(),
        queues: Vec::new(),
        exempt: Names::default(),
        standard: None,
        by_name: HashMap::new(),
    };
    let mut exempt = Vec::new();
    let mut defined = Vec::new();
    for Loaded { path, file } in files {
        let at = |value: Spanned<String>| At { place: place(&path, &value.referenced), value: value.value };
        work.subscriptions.extend(file.subscriptions.into_iter().map(|s| s.value));
        exempt.extend(file.exempt.into_iter().map(at));
        if let Some(standard) = file.standard.map(at) {
            match &rules.standard {
                Some(first) => {
                    let message = format!("the standard subscription was named at {} already", first.place);
                    work.error("duplicate", &standard.place, message)
                }
                None => rules.standard = Some(standard),
            }
        }
        for redirection in file.redirections {
            rules.redirections.extend(work.redirection(&path, redirection));
        }
        let Named(queues) = file.queues;
        defined.extend(queues.into_iter().map(|(name, file)| Defined {
            name: At { place: place(&path, &name.referenced), value: name.value },
            file,
            path: Arc::clone(&path),
            base: None,
        }));
    }
    rules.exempt = work.names(exempt);
    work.order(&mut rules.redirections);
    work.queues(&mut rules, defined);
    work.known_subscriptions(&rules);
    (rules, work.findings)
}

fn place(file: &Arc<Path>, location: &Location) -> Place {
    Place { file: Arc::clone(file), line: location.line() }
}

#[derive(Default)]
struct Work {
    findings: Vec<Finding>,
    subscriptions: HashSet<String>,
}

impl Work {
    fn error(&mut self, code: &'static str, place: &Place, message: String) {
        self.findings.push(Finding { error: true, code, place: place.clone(), message });
    }

    fn redirection(&mut self, path: &Arc<Path>, file: Spanned<RedirectionFile>) -> Option<Redirection> {
        let at = |value: Spanned<String>| At { place: place(path, &value.referenced), value: value.value };
        let file = file.value;
        let (name, suffix, subscription) = (at(file.name), at(file.suffix), at(file.subscription));
        let kind = match file.kind.value.as_str() {
            "servicing" => RedirectionKind::Servicing,
            "team" => RedirectionKind::Team,
            other => {
                let message = format!("{other:?} is no kind of redirection: write servicing or team");
                self.error("kind", &place(path, &file.kind.referenced), message);
                return None;
            }
        };
        let good = suffix.value.len() > 1
            && suffix.value.starts_with('.')
            && !suffix.value.ends_with('.')
            && suffix.value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if !good {
            let message = format!("{:?} is no suffix: write a dot and a word, for example .svc", suffix.value);
            self.error("suffix", &suffix.place, message);
            return None;
        }
        if kind == RedirectionKind::Team && file.repositories.is_empty() {
            let message = format!("the team {:?} has no repository: name them in `repositories`", name.value);
            self.error("team", &name.place, message);
            return None;
        }
        if kind == RedirectionKind::Team
            && let Some(branch) = file.also.first().or(file.never.first())
        {
            let message = "a team's redirection is for all branches: `also` and `never` belong to servicing".into();
            self.error("team", &place(path, &branch.referenced), message);
            return None;
        }
        let repositories = self.names(file.repositories.into_iter().map(at).collect());
        let also = self.branches(file.also.into_iter().map(at).collect());
        let never = self.branches(file.never.into_iter().map(at).collect());
        Some(Redirection { name, kind, suffix, subscription, repositories, also, never })
    }

    /// Checks what redirections are to one another, and drops what cannot be used.
    fn order(&mut self, redirections: &mut Vec<Redirection>) {
        let mut team: Option<At<String>> = None;
        let mut seen: Vec<(At<String>, At<String>)> = Vec::new();
        redirections.retain(|r| {
            if let Some((name, _)) = seen.iter().find(|(name, _)| name.value == r.name.value) {
                let message = format!("the redirection {:?} is at {} already", r.name.value, name.place);
                self.error("duplicate", &r.name.place, message);
                return false;
            }
            if let Some((name, _)) = seen.iter().find(|(_, s)| s.value.eq_ignore_ascii_case(&r.suffix.value)) {
                let text = format!("{:?} has the suffix {:?} already", name.value, r.suffix.value);
                self.error("duplicate", &r.suffix.place, text + ": a queue would be the twin of both");
                return false;
            }
            match (r.kind, &team) {
                (RedirectionKind::Servicing, Some(before)) => {
                    let text =
                        format!("{:?} is for servicing and comes after the team {:?}", r.name.value, before.value);
                    self.error("order", &r.name.place, text + ": servicing goes before teams");
                    return false;
                }
                (RedirectionKind::Team, _) => team = Some(r.name.clone()),
                _ => {}
            }
            seen.push((r.name.clone(), r.suffix.clone()));
            true
        });
    }

    fn queues(&mut self, rules: &mut Rules, mut defined: Vec<Defined>) {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut kept = Vec::new();
        for one in defined.drain(..) {
            let name = &one.name;
            let good = super::super::queue_id::QueueId::parse(&name.value).is_ok_and(|id| id.name == name.value);
            let key = name.value.to_ascii_lowercase();
            if !good || key.len() > super::NAME_MAX {
                let message = format!("{:?} is no queue's name", name.value);
                self.error("name", &name.place, message + ": letters, digits, `.`, `_` and `-`, at most 128");
            } else if let Some(first) = numbers.get(&key) {
                let first: &Defined = &kept[*first];
                let message = format!("the queue {:?} is at {} already", name.value, first.name.place);
                self.error("duplicate", &name.place, message);
            } else {
                numbers.insert(key, kept.len());
                kept.push(one);
            }
        }
        for one in &mut kept {
            let Some(base) = &one.file.base else { continue };
            one.base = numbers.get(&base.value.to_ascii_lowercase()).copied();
            if one.base.is_none() {
                let message = format!("the base {:?} of {:?} is no queue", base.value, one.name.value);
                self.error("base", &place(&one.path, &base.referenced), message);
            }
        }
        self.cut_cycles(&mut kept);
        self.resolve(rules, &kept);
    }

    /// Names every cycle once, and cuts it.
    fn cut_cycles(&mut self, defined: &mut [Defined]) {
        let mut ends_well = vec![false; defined.len()];
        for start in 0..defined.len() {
            let (mut path, mut on_path) = (Vec::new(), HashSet::new());
            let mut at = Some(start);
            while let Some(n) = at.filter(|n| !ends_well[*n]) {
                if !on_path.insert(n) {
                    let cycle: Vec<usize> = path.iter().copied().skip_while(|other| *other != n).collect();
                    let names: Vec<&str> = cycle.iter().map(|n| &*defined[*n].name.value).collect();
                    let message = format!("a cycle: {} → {}", names.join(" → "), names[0]);
                    let place = defined[n].name.place.clone();
                    self.error("cycle", &place, message + ": one of them must have no base");
                    defined[n].base = None;
                    break;
                }
                path.push(n);
                at = defined[n].base;
            }
            path.into_iter().for_each(|n| ends_well[n] = true);
        }
    }

    fn resolve(&mut self, rules: &mut Rules, defined: &[Defined]) {
        let numbers = defined.iter().enumerate().map(|(n, one)| (one.name.value.to_ascii_lowercase().into(), n as u32));
        rules.by_name = numbers.collect();
        let twins: Vec<_> = defined
            .iter()
            .map(|one| {
                let (redirection, base) = rules.split_suffix(&one.name.value)?;
                Some((redirection, rules.find(base)))
            })
            .collect();
        let mut done: Vec<Option<Vec<Field>>> = vec![None; defined.len()];
        for number in 0..defined.len() {
            // From the queue that has no base down to this one.
            let mut chain = vec![number];
            while let (None, Some(base)) = (&done[chain[chain.len() - 1]], defined[chain[chain.len() - 1]].base) {
                chain.push(base);
            }
            for n in chain.into_iter().rev() {
                if done[n].is_some() {
                    continue;
                }
                let one = &defined[n];
                let mut fields = fields::own(&one.file, |location| place(&one.path, location));
                if let Some(base) = one.base
                    && let Some(inherited) = &done[base]
                {
                    fields::inherit(&mut fields, &defined[base].name.value, inherited, twins[n].is_some());
                }
                done[n] = Some(fields);
            }
        }
        for ((one, fields), twin_of) in defined.iter().zip(done).zip(twins) {
            let queue = self.queue(rules, one, fields.unwrap_or_default(), twin_of);
            rules.queues.push(queue);
        }
        for number in 0..rules.queues.len() {
            if let Some((redirection, Some(base))) = rules.queues[number].twin_of {
                rules.queues[base as usize].twins[redirection as usize] = Some(number as u32);
            }
        }
    }

    fn queue(
        &mut self,
        rules: &Rules,
        one: &Defined,
        mut fields: Vec<Field>,
        twin_of: Option<(u16, Option<u32>)>,
    ) -> Queue {
        let on_premises = fields.iter().any(|f| f.name == "on_premises" && f.value == true);
        let subscription = fields::text(&fields, "subscription").map(|s| s.value).or_else(|| {
            let redirection = twin_of.map(|(n, _)| &rules.redirections[n as usize].subscription);
            let (found, origin) = match (redirection, &rules.standard) {
                (Some(found), _) => (found, Origin::Redirection(found.place.clone())),
                (None, Some(found)) => (found, Origin::Standard(found.place.clone())),
                (None, None) => return None,
            };
            fields.push(Field { name: "subscription".into(), value: found.value.clone().into(), origin });
            Some(found.value.clone())
        });
        if subscription.is_none() {
            let message = format!("the queue {:?} has no subscription", one.name.value);
            self.error("subscription", &one.name.place, message + ": name one there, or in `standard` for all");
        }
        let mut scale_set = fields::text(&fields, "scale_set").map(|s| s.value);
        if scale_set.is_none() && !on_premises {
            let name = format!("{}-a-scaleset", one.name.value);
            let origin = Origin::Name(one.name.place.clone());
            fields.push(Field { name: "scale_set".into(), value: name.clone().into(), origin });
            scale_set = Some(name);
        }
        let removal = fields::text(&fields, "removal").and_then(|text| match text.value.parse() {
            Ok(value) => Some(At { value, place: text.place }),
            Err(_) => {
                let message = format!("{:?} is no day: write it as 2027-03-31", text.value);
                self.error("removal", &text.place, message);
                None
            }
        });
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        Queue {
            name: one.name.value.clone(),
            place: one.name.place.clone(),
            base: one
                .base
                .zip(one.file.base.as_ref())
                .map(|(n, written)| At { value: n as u32, place: place(&one.path, &written.referenced) }),
            fields,
            subscription: subscription.unwrap_or_default(),
            scale_set,
            on_premises,
            removal,
            twin_of,
            twins: vec![None; rules.redirections.len()],
        }
    }

    /// Where subscriptions are listed, those that are not in the list are mistyped.
    fn known_subscriptions(&mut self, rules: &Rules) {
        if self.subscriptions.is_empty() {
            return;
        }
        let of_queues = rules.queues.iter().flat_map(|q| q.fields.iter()).filter_map(|f| match (&*f.name, &f.origin) {
            ("subscription", Origin::Own(place)) => Some((f.value.as_str()?, place)),
            _ => None,
        });
        let of_redirections = rules.redirections.iter().map(|r| (&*r.subscription.value, &r.subscription.place));
        let standard = rules.standard.iter().map(|s| (&*s.value, &s.place));
        let unknown: Vec<_> = standard
            .chain(of_redirections)
            .chain(of_queues)
            .filter(|(name, _)| !self.subscriptions.contains(*name))
            .map(|(name, place)| (name.to_owned(), place.clone()))
            .collect();
        for (name, place) in unknown {
            let near = self.subscriptions.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &name));
            let near = near.map(|near| format!("; is it {near:?}?")).unwrap_or_default();
            self.error("subscription", &place, format!("{name:?} is not among `subscriptions`{near}"));
        }
    }

    fn names(&mut self, written: Vec<At<String>>) -> Names {
        let mut names = Names::default();
        let mut globs = GlobSetBuilder::new();
        for name in &written {
            let text = name.value.to_ascii_lowercase();
            if !text.contains(['*', '?', '[', '{']) {
                names.exact.insert(text.into());
                continue;
            }
            match GlobBuilder::new(&text).literal_separator(true).build() {
                Ok(glob) => drop(globs.add(glob)),
                Err(e) => self.error("glob", &name.place, e.to_string()),
            }
        }
        names.globs = globs.build().unwrap_or_default();
        names.written = written;
        names
    }

    fn branches(&mut self, written: Vec<At<String>>) -> GlobSet {
        let mut set = GlobSetBuilder::new();
        for branch in written {
            match Glob::new(&branch.value) {
                Ok(glob) => drop(set.add(glob)),
                Err(e) => self.error("glob", &branch.place, e.to_string()),
            }
        }
        set.build().unwrap_or_default()
    }
}
