//! A pushlog that answers no question but a proper one, and lists its pushes as the real one does: as text, in the order of
//! text, so that 100000 comes before 99999.

use crate::http::{Reply, Request, Server};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A push.
#[derive(Debug, Clone)]
pub struct Push {
    pub number: u64,
    /// Unix time in seconds.
    pub date: i64,
    pub user: String,
    /// The tip comes last.
    pub changesets: Vec<Changeset>,
}

/// A changeset.
#[derive(Debug, Clone)]
pub struct Changeset {
    pub node: String,
    pub desc: String,
    pub files: Vec<String>,
}

/// The repository `repo`, without a change.
#[derive(Debug, Clone, Default)]
pub struct Repository {
    pub pushes: Vec<Push>,
    /// By `NODE/PATH`.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Added to the server's clock when it reads a date: it is in another time zone.
    pub zone: i64,
}

impl Repository {
    /// Pushes with these numbers, an hour apart, of one changeset each; `node(N)` is the tip of push N.
    pub fn numbered(numbers: impl IntoIterator<Item = u64>) -> Repository {
        let push = |(at, number): (usize, u64)| Push {
            number,
            date: 1_700_000_000 + 3600 * at as i64,
            user: format!("user{}@example.org", number % 3),
            changesets: vec![Changeset {
                node: node(number),
                desc: format!("change {number}\n\nmore"),
                files: vec![format!("src/{}.rs", number % 5)],
            }],
        };
        Repository { pushes: numbers.into_iter().enumerate().map(push).collect(), ..Repository::default() }
    }

    /// Serves it; the address of the repository is `server.url("/repo")`.
    pub fn serve(self) -> Server {
        Server::start(move |request, _| self.answer(request).unwrap_or_else(|reply| reply))
    }

    fn answer(&self, request: &Request) -> Result<Reply, Reply> {
        if request.method != "GET" || !request.body.is_empty() {
            return Err(Reply::status(405, "method not allowed"));
        }
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path = path.strip_prefix("/repo/").ok_or_else(|| Reply::status(404, "no such repository"))?;
        match path.strip_prefix("raw-file/") {
            Some(file) if query.is_empty() => {
                let body = self.files.get(file).ok_or_else(|| Reply::status(404, "not found in manifest"))?;
                Ok(Reply::Answer(200, String::new(), body.clone()))
            }
            None if path == "json-pushes" => self.json(query),
            _ => Err(Reply::status(400, "no such method")),
        }
    }

    fn json(&self, query: &str) -> Result<Reply, Reply> {
        let refuse = |why: &str| Reply::status(400, why);
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if given.insert(name, value).is_some() {
                return Err(refuse("a parameter is there twice"));
            }
        }
        let mut take = |name: &str| given.remove(name);
        if take("version").as_deref() != Some("2") {
            return Err(refuse("version is not 2"));
        }
        let full = match take("full").as_deref() {
            None => false,
            Some("1") => true,
            Some(_) => return Err(refuse("full is not 1")),
        };
        let (start, end) = (take("startID"), take("endID"));
        let (startdate, enddate) = (take("startdate"), take("enddate"));
        let changeset = take("changeset");
        if !given.is_empty() {
            return Err(refuse(&format!("unknown parameters: {given:?}")));
        }
        let chosen: Vec<&Push> = match (start, end, startdate, enddate, changeset) {
            (Some(start), Some(end), None, None, None) => {
                let number = |text: String| text.parse::<u64>().map_err(|_| refuse("an id is not a number"));
                let (start, end) = (number(start)?, number(end)?);
                self.pushes.iter().filter(|push| push.number > start && push.number <= end).collect()
            }
            (None, None, Some(start), Some(end), None) => {
                let (start, end) = (self.date(&start)?, self.date(&end)?);
                self.pushes.iter().filter(|push| push.date > start && push.date < end).collect()
            }
            (None, None, None, None, Some(changeset)) => {
                let holds = |push: &&Push| push.changesets.iter().any(|c| c.node.starts_with(&changeset));
                let found: Vec<&Push> = self.pushes.iter().filter(holds).collect();
                if found.len() != 1 {
                    return Err(Reply::status(404, &format!("revision not found: {changeset}")));
                }
                found
            }
            _ => return Err(refuse("both bounds, of one kind")),
        };
        let mut pushes = Map::new();
        for push in chosen {
            let changesets: Vec<Value> = push.changesets.iter().map(|changeset| told(changeset, full)).collect();
            let value = json!({ "user": push.user, "date": push.date, "changesets": changesets });
            pushes.insert(push.number.to_string(), value);
        }
        let last = self.pushes.iter().map(|push| push.number).max();
        Ok(Reply::json(&json!({ "lastpushid": last, "pushes": pushes })))
    }

    fn date(&self, text: &str) -> Result<i64, Reply> {
        let time = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text);
        let time = time.map_err(|_| Reply::status(400, &format!("{text:?} is no date")))?;
        Ok(time.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second() + self.zone)
    }
}

/// The tip of the push of a number in [`Repository::numbered`].
pub fn node(number: u64) -> String {
    format!("{:040x}", u128::from(number) * 0x9e37_79b9_7f4a_7c15_f39c)
}

fn told(changeset: &Changeset, full: bool) -> Value {
    if !full {
        return changeset.node.clone().into();
    }
    let Changeset { node, desc, files } = changeset;
    json!({
        "node": node, "desc": desc, "files": files, "author": "A <a@example.org>", "branch": "default",
        "parents": [], "tags": [],
    })
}
