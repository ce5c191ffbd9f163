//! The rules, the queues and the jobs that every engine gets.

use ci_tool::ops::route::job::Job;

/// A job, and what the engines that know no branches are told of it.
pub struct Case {
    pub job: Job,
    /// The short name of the branch that decides.
    pub branch: String,
    pub repository: String,
}

/// Queues, three quarters of which have a twin for servicing and one in four a team's.
pub struct Subject {
    pub queues: Vec<String>,
    pub cases: Vec<Case>,
}

/// Teams: the suffix without its dot, and the repository.
pub const TEAMS: [(&str, &str); 2] = [("runtime", "dotnet/runtime"), ("xaml", "microsoft/microsoft-ui-xaml")];

impl Subject {
    pub fn new(size: usize) -> Subject {
        let queues: Vec<String> = (0..size).map(|n| format!("os{}.v{}.amd64.open", n % 17, n)).collect();
        let branches = ["main", "release/5.0", "release/8.0.1xx", "release/10.0-preview3", "feature/release-notes"];
        let repositories = ["dotnet/runtime", "dotnet/sdk", "microsoft/microsoft-ui-xaml", "dotnet/aspnetcore"];
        let cases = (0..1000)
            .map(|n| {
                // Two numbers without a common factor meet every pair.
                let (branch, repository) = (branches[n % branches.len()], repositories[n % repositories.len()]);
                let pull_request = n % 3 == 0;
                let job = Job {
                    queue: queues[n * 7919 % size].clone(),
                    reason: Some(if pull_request { "PullRequest" } else { "IndividualCI" }.into()),
                    branch: Some(match pull_request {
                        true => "refs/pull/123/merge".into(),
                        false => format!("refs/heads/{branch}"),
                    }),
                    pr_target: pull_request.then(|| branch.to_owned()),
                    repository: Some(repository.into()),
                    ..Job::default()
                };
                Case { job, branch: branch.into(), repository: repository.into() }
            })
            .collect();
        Subject { queues, cases }
    }

    pub fn has_servicing(number: usize) -> bool {
        number % 4 != 3
    }

    pub fn has_team(number: usize, team: usize) -> bool {
        number % 4 == team
    }

    /// The rules as ci-tool reads them.
    pub fn yaml(&self) -> String {
        let mut text = String::from("standard: standard\nredirections:\n");
        text += "- {name: servicing, kind: servicing, suffix: .svc, subscription: servicing}\n";
        for (team, repository) in TEAMS {
            text += &format!(
                "- {{name: {team}, kind: team, suffix: .{team}, subscription: {team}, repositories: [{repository}]}}\n"
            );
        }
        text += "queues:\n";
        for (n, queue) in self.queues.iter().enumerate() {
            text += &format!("  {queue}:\n");
            if Self::has_servicing(n) {
                text += &format!("  {queue}.svc: {{base: {queue}}}\n");
            }
            for (t, (team, _)) in TEAMS.iter().enumerate() {
                if Self::has_team(n, t) {
                    text += &format!("  {queue}.{team}: {{base: {queue}}}\n");
                }
            }
        }
        text
    }
}
