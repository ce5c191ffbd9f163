//! Which stages run, against the definition told once more and naively: a stage runs if and only if it is not left out, and
//! everything that it needs was skipped, is up to date, succeeded, or was overridden by a person.

use super::{
    advance::{Next, next, next_of},
    graph::Graph,
    pipeline::{Pipeline, Work},
    select::{Asked, Earlier, select},
    state::State,
};
use proptest::{collection::vec, option, prelude::*, sample::select as any_of};
use std::path::Path;

/// How work can end.
const ENDS: [State; 7] = [
    State::Succeeded,
    State::SucceededWithIssues,
    State::Failed,
    State::TimedOut,
    State::Cancelled,
    State::Interrupted,
    State::UpToDate,
];
const MOST: usize = 14;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Work,
    Approval,
    Gate,
}

/// A stage, and what happens to it.
#[derive(Debug, Clone)]
struct Piece {
    kind: Kind,
    /// A bit for each earlier stage.
    needs: u16,
    /// Which earlier stage it is a gate of.
    of: usize,
    end: State,
    /// What a person says when asked; nothing as long as nobody does.
    answer: Option<bool>,
    earlier: Option<State>,
}

/// What the command line names.
#[derive(Debug, Clone)]
struct Flags {
    skip: u16,
    only: u16,
    from: u16,
    until: u16,
    failed: bool,
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let kind = prop_oneof![4 => Just(Kind::Work), 1 => Just(Kind::Approval), 2 => Just(Kind::Gate)];
    let end = prop_oneof![3 => Just(State::Succeeded), 2 => any_of(ENDS.to_vec())];
    let answer = option::weighted(0.8, prop::bool::weighted(0.7));
    let earlier = option::of(any_of(State::ALL.to_vec()));
    let piece = (kind, sparse(), 0..MOST, end, answer, earlier);
    let piece =
        piece.prop_map(|(kind, needs, of, end, answer, earlier)| Piece { kind, needs, of, end, answer, earlier });
    vec(piece, 1..MOST)
}

/// Few bits.
fn sparse() -> impl Strategy<Value = u16> {
    (any::<u16>(), any::<u16>()).prop_map(|(a, b)| a & b)
}

fn flags() -> impl Strategy<Value = Flags> {
    let rarely = || prop_oneof![3 => Just(0), 1 => sparse()];
    (sparse(), rarely(), rarely(), rarely(), any::<bool>()).prop_map(|(skip, only, from, until, failed)| Flags {
        skip,
        only,
        from,
        until,
        failed,
    })
}

/// The needs of each piece; a gate needs what it is a gate of.
fn needs(pieces: &[Piece]) -> Vec<Vec<usize>> {
    let each = pieces.iter().enumerate().map(|(at, piece)| {
        let gate = gate(pieces, at);
        (0..at).filter(|&need| piece.needs >> need & 1 == 1 || gate == Some(need)).collect()
    });
    each.collect()
}

fn gate(pieces: &[Piece], at: usize) -> Option<usize> {
    (pieces[at].kind == Kind::Gate && at > 0).then(|| pieces[at].of % at)
}

/// The pipeline; it begins with the last piece, so that places and needs do not go the same way.
fn text(pieces: &[Piece]) -> String {
    let needs = needs(pieces);
    let stage = |at: usize| {
        let gate = gate(pieces, at);
        let all = needs[at].iter().filter(|&&need| Some(need) != gate).map(|need| format!("s{need}"));
        let all = all.collect::<Vec<_>>().join(", ");
        let does = match (pieces[at].kind, gate) {
            (_, Some(of)) => format!("override: s{of}"),
            (Kind::Approval, _) => "approval: {timeout: 3d}".into(),
            _ => "run: x".into(),
        };
        format!("  s{at}: {{{does}, needs: [{all}]}}\n")
    };
    format!("stages:\n{}", (0..pieces.len()).rev().map(stage).collect::<String>())
}

fn named(bits: u16, count: usize) -> Vec<String> {
    (0..count).filter(|at| bits >> at & 1 == 1).map(|at| format!("s{at}")).collect()
}

/// The definition.
struct Model<'a> {
    pieces: &'a [Piece],
    needs: Vec<Vec<usize>>,
    flags: &'a Flags,
}

impl Model<'_> {
    /// Whether there is a way from a stage to one that it needs, however far.
    fn leads_to(&self, from: usize, to: usize) -> bool {
        from == to || self.needs[from].iter().any(|&need| self.leads_to(need, to))
    }

    fn left_out(&self, at: usize) -> bool {
        let Flags { skip, only, from, until, failed } = *self.flags;
        let all = 0..self.pieces.len();
        let has = |bits: u16, at: usize| bits >> at & 1 == 1;
        let any = |bits: u16| all.clone().any(|at| has(bits, at));
        has(skip, at)
            || any(only) && !has(only, at)
            || any(from) && !all.clone().any(|start| has(from, start) && self.leads_to(at, start))
            || any(until) && !all.clone().any(|end| has(until, end) && self.leads_to(end, at))
            || failed
                && self.pieces[at].earlier.is_some_and(State::satisfies)
                && self.needs[at].iter().all(|&need| self.left_out(need))
    }

    /// Whether it runs, and where it is when nothing goes on any more.
    fn end(&self, at: usize) -> (bool, State) {
        let piece = &self.pieces[at];
        if self.left_out(at) {
            return (false, State::Skipped);
        }
        let gate = gate(self.pieces, at);
        let fine = |&need: &usize| {
            use State::*;
            Some(need) == gate
                || matches!(self.end(need).1, Succeeded | SucceededWithIssues | Skipped | UpToDate | Overridden)
        };
        if !self.needs[at].iter().all(fine) {
            return (false, State::Waiting);
        }
        let asked = |yes: State| match piece.answer {
            Some(true) => yes,
            Some(false) => State::Failed,
            None => State::WaitingForApproval,
        };
        match (gate.map(|of| self.end(of).1), piece.kind) {
            (Some(State::Failed | State::TimedOut | State::Interrupted | State::SucceededWithIssues), _) => {
                (false, asked(State::Overridden))
            }
            (Some(State::Succeeded | State::Skipped | State::UpToDate | State::Overridden), _) => {
                (false, State::Skipped)
            }
            (Some(_), _) => (false, State::Waiting),
            (None, Kind::Approval) => (false, asked(State::Succeeded)),
            (None, _) => (true, piece.end),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_stage_runs_if_and_only_if_the_definition_says_so(
        pieces in pieces(),
        flags in flags(),
        choices in vec(any::<prop::sample::Index>(), 200),
    ) {
        let count = pieces.len();
        let pipeline = Pipeline::parse(Path::new("p.yaml"), &text(&pieces)).unwrap();
        let earlier = pieces.iter().enumerate().filter_map(|(at, piece)| Some((format!("s{at}"), piece.earlier?)));
        let earlier = Earlier { run: "before".into(), states: earlier.collect() };
        let names = |bits| named(bits, count);
        let asked = Asked {
            skip: names(flags.skip),
            only: names(flags.only),
            from: names(flags.from),
            until: names(flags.until),
            failed: flags.failed,
        };
        let model = Model { pieces: &pieces, needs: needs(&pieces), flags: &flags };
        let Ok(left_out) = select(&pipeline, &asked, Some(&earlier)) else {
            prop_assert!((0..count).all(|at| model.left_out(at)), "something is left to do");
            return Ok(());
        };
        let piece_of = |place: usize| count - 1 - place;
        let graph = Graph::new(&pipeline.stages);
        let first = |reason: &Option<_>| if reason.is_some() { State::Skipped } else { State::Waiting };
        let mut states: Vec<State> = left_out.iter().map(first).collect();
        let mut begun = vec![0; count];
        let mut choices = choices.into_iter().cycle();
        loop {
            let all = next(&pipeline.stages, &graph, &states);
            let acts = |place: &usize| {
                let answers = states[*place] == State::WaitingForApproval && pieces[piece_of(*place)].answer.is_some();
                all[*place] != Next::Nothing || states[*place] == State::Running || answers
            };
            let open: Vec<usize> = (0..count).filter(acts).collect();
            if open.is_empty() {
                break;
            }
            // Any of what can happen happens next.
            let place = *choices.next().unwrap().get(&open);
            let piece = &pieces[piece_of(place)];
            states[place] = match (next_of(&pipeline.stages, &graph, &states, place), states[place]) {
                (Next::Begin, _) => {
                    begun[place] += 1;
                    State::Running
                }
                (Next::Ask, _) => State::WaitingForApproval,
                (Next::PassOver, _) => State::Skipped,
                (Next::Nothing, State::Running) => piece.end,
                (Next::Nothing, _) if piece.answer == Some(false) => State::Failed,
                (Next::Nothing, _) => match pipeline.stages[place].work {
                    Work::Gate { .. } => State::Overridden,
                    _ => State::Succeeded,
                },
            };
        }
        for place in 0..count {
            let (runs, end) = model.end(piece_of(place));
            let stage = &pipeline.stages[place].name;
            prop_assert_eq!(begun[place], u32::from(runs), "how often {} was begun", stage);
            prop_assert_eq!(states[place], end, "where {} is", stage);
        }
    }
}
