//! Finding on Linux what left the group of its command (`setsid`, a double fork).
//!
//! While a command runs this process is a *child subreaper*: an orphan anywhere below becomes its child. Walking
//! `/proc` down from there misses nothing. Which of several running trees an orphan belongs to says the variable that
//! marks the tree; where its environment was cleared it belongs to the only tree there is, or to none.

use super::unix::{MARKER, Run, Seen};
use rustix::process::{
    Pid, WaitId, WaitIdOptions, WaitOptions, getpgrp, getpid, set_child_subreaper, test_kill_process_group, waitid,
    waitpid,
};
use std::{collections::HashSet, ffi::OsStr, fs, os::unix::ffi::OsStrExt};

/// A line of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    dead: bool,
    /// In clock ticks since boot.
    start: u64,
}

/// Who looks, what was seen before, and whether a process carries a marker.
struct View<'a> {
    seen: &'a Seen,
    me: i32,
    my_group: i32,
    carries: &'a dyn Fn(i32, &str) -> bool,
}

/// Whether [`living`] can see anything.
pub const SEES: bool = true;

pub fn adopt(on: bool) {
    // Without it (seccomp) only the strays are lost.
    let _ = set_child_subreaper(on.then(getpid));
}

pub fn start_time(pid: Pid) -> u64 {
    read(pid.as_raw_pid()).map_or(0, |process| process.start)
}

/// The processes of a tree that are not dead; what is new among them is added to `seen`. Falls back to the command alone where there is no `/proc`.
pub fn living(run: &Run, runs: &[Run], seen: &mut Seen) -> Vec<Pid> {
    let all = snapshot();
    if all.is_empty() {
        let group_lives = run.leads && test_kill_process_group(run.main).is_ok();
        return group_lives.then_some(run.main).into_iter().collect();
    }
    let view = View { seen, me: getpid().as_raw_pid(), my_group: getpgrp().as_raw_pid(), carries: &carries };
    let members = members(&all, &view, run, runs);
    seen.extend(members.iter().map(|p| (p.pid, p.start)));
    members.into_iter().filter(|p| !p.dead).filter_map(|p| Pid::from_raw(p.pid)).collect()
}

/// Whether this process adopted no orphan, so that there is nothing below one: each of its children is a running command.
/// To look at every process of the system takes many times as long.
pub fn orphanless(runs: &[Run]) -> bool {
    if childless() {
        return true;
    }
    // A list may leave out a child while another one ends (proc_pid_children(5)); then the next one differs.
    let (once, again) = (children(), children());
    let is_command = |pid: &i32| runs.iter().any(|run| run.main.as_raw_pid() == *pid);
    once == again && once.is_some_and(|all| all.iter().all(is_command))
}

/// The children of this process; `None` where the system does not list them, or a thread ended meanwhile.
fn children() -> Option<Vec<i32>> {
    let mut found = Vec::new();
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let listed = fs::read_to_string(thread.ok()?.path().join("children")).ok()?;
        found.extend(listed.split_ascii_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    Some(found)
}

fn childless() -> bool {
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::All, peek), Err(rustix::io::Errno::CHILD))
}

/// Waits for adopted orphans that died, so that they do not pile up as zombies; nobody else does.
/// A child in our own group was started by other code, which waits for it itself.
pub fn reap(runs: &[Run]) {
    let peek = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    if !matches!(waitid(WaitId::All, peek), Ok(Some(_))) || orphanless(runs) {
        return;
    }
    let (me, my_group) = (getpid().as_raw_pid(), getpgrp().as_raw_pid());
    for orphan in snapshot().iter().filter(|p| p.dead && p.parent == me && p.group != my_group && !is_main(p, runs)) {
        let _ = waitpid(Pid::from_raw(orphan.pid), WaitOptions::NOHANG);
    }
}

/// The processes that live and whose environment gives a variable this value, but for this one.
pub fn having(name: &str, value: &OsStr) -> Vec<Pid> {
    let wanted = [name.as_bytes(), b"=", value.as_bytes()].concat();
    let me = getpid().as_raw_pid();
    let all = snapshot().into_iter().filter(|process| !process.dead && process.pid != me);
    all.filter(|process| variables(process.pid).split(|b| *b == 0).any(|var| var == wanted))
        .filter_map(|process| Pid::from_raw(process.pid))
        .collect()
}

fn is_main(process: &Process, runs: &[Run]) -> bool {
    runs.iter().any(|run| run.main.as_raw_pid() == process.pid && run.start == process.start)
}

fn members(all: &[Process], view: &View<'_>, run: &Run, runs: &[Run]) -> Vec<Process> {
    let main = run.main.as_raw_pid();
    let is_root = |p: &Process| {
        if is_main(p, runs) {
            return p.pid == main;
        }
        let in_group = run.leads && p.group == main && p.start >= run.start;
        let unclaimed = || runs.len() == 1 && p.group != view.my_group && p.start >= run.start;
        in_group
            || view.seen.contains(&(p.pid, p.start))
            || (p.parent == view.me && ((view.carries)(p.pid, &run.marker) || unclaimed()))
    };
    let mut pids: HashSet<i32> = all.iter().filter(|p| p.pid != view.me && is_root(p)).map(|p| p.pid).collect();
    loop {
        let before = pids.len();
        pids.extend(all.iter().filter(|p| pids.contains(&p.parent)).map(|p| p.pid).collect::<Vec<_>>());
        if pids.len() == before {
            return all.iter().filter(|p| pids.contains(&p.pid)).copied().collect();
        }
    }
}

fn snapshot() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(read).collect()
}

fn read(pid: i32) -> Option<Process> {
    // A program's name may hold any bytes.
    parse(&String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?))
}

/// Reads `pid (name) state ppid pgrp … starttime …`, proc_pid_stat(5); the name may hold blanks and parentheses.
fn parse(stat: &str) -> Option<Process> {
    const START: usize = 22 - 3;
    let pid = stat.split(' ').next()?.parse().ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    Some(Process {
        pid,
        dead: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start: fields.get(START)?.parse().ok()?,
    })
}

/// The environment that a process was started with; nothing of somebody else's.
fn variables(pid: i32) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/environ")).unwrap_or_default()
}

fn carries(pid: i32, marker: &str) -> bool {
    variables(pid)
        .split(|b| *b == 0)
        .filter_map(|var| var.strip_prefix(MARKER.as_bytes())?.strip_prefix(b"="))
        .any(|trees| trees.split(|b| *b == b':').any(|tree| tree == marker.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, group: i32) -> Process {
        Process { pid, parent, group, dead: false, start: 100 }
    }

    fn run(main: i32) -> Run {
        Run { main: Pid::from_raw(main).unwrap(), leads: true, marker: format!("m{main}"), start: 100 }
    }

    fn found(all: &[Process], runs: &[Run], marked: &[i32], seen: &[i32]) -> Vec<i32> {
        let carries = |pid, marker: &str| marker == "m10" && marked.contains(&pid);
        let view = View { seen: &seen.iter().map(|pid| (*pid, 100)).collect(), me: 1, my_group: 1, carries: &carries };
        members(all, &view, &runs[0], runs).iter().map(|p| p.pid).collect()
    }

    #[test]
    fn a_tree_is_its_descendants_its_group_and_its_orphans() {
        let all = [
            process(1, 0, 1),
            process(10, 1, 10), // the command
            process(11, 10, 10),
            process(12, 11, 12), // left the group, its parent lives
            process(13, 1, 10),  // orphaned in the group
            process(14, 1, 14),  // orphaned outside it
            process(15, 14, 14),
            process(16, 1, 1),  // started by other code of ours
            process(20, 1, 20), // another command
            process(21, 20, 20),
        ];
        let alone = [run(10)];
        assert_eq!(found(&all[..8], &alone, &[], &[]), [10, 11, 12, 13, 14, 15]);
        let both = [run(10), run(20)];
        assert_eq!(found(&all, &both, &[], &[]), [10, 11, 12, 13], "an unmarked orphan could be anyone's");
        assert_eq!(found(&all, &both, &[14, 16], &[]), [10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(found(&all, &both, &[], &[14]), [10, 11, 12, 13, 14, 15]);
    }

    #[test]
    fn an_orphan_older_than_the_command_is_not_its_own() {
        let older = Process { start: 99, ..process(14, 1, 14) };
        assert_eq!(found(&[process(10, 1, 10), older], &[run(10)], &[], &[]), [10]);
    }

    #[test]
    fn a_name_with_blanks_and_parentheses_is_read_over() {
        let stat = "42 (a) Z (b) S 7 9 9 0 -1 1 2 3 4 5 6 7 8 9 20 0 1 0 4711 13 14 15";
        let expected = Process { pid: 42, parent: 7, group: 9, dead: false, start: 4711 };
        assert_eq!(parse(stat), Some(expected));
        assert_eq!(parse("42 (cut"), None);
    }
}
