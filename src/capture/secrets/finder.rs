//! Searching for many literals at once, as fast as the processor can.

use aho_corasick::{AhoCorasick, MatchKind, packed};
use std::ops::Range;

/// How many literals one vectorised pass takes; more make it slow.
pub(super) const PACKED: usize = 64;
/// A vectorised pass compares as many bytes of each literal as the shortest has, up to this many, before it looks closer:
/// one that is shorter makes all others of its pass look closer ten times as often.
pub(super) const COMPARED: usize = 4;
/// From how many literals on one automaton is faster than several vectorised passes.
const AUTOMATON: usize = 16 * PACKED;

enum Pass {
    Packed(packed::Searcher),
    Automaton(AhoCorasick),
}

/// Finds where any of a set of literals begins.
pub(super) struct Finder {
    /// Each with the numbers of its literals.
    passes: Vec<(Vec<usize>, Pass)>,
    longest: usize,
}

impl Finder {
    /// Makes a finder of literals, none of them empty.
    pub(super) fn new<L: AsRef<[u8]>>(literals: &[L]) -> Self {
        let group = if literals.len() > AUTOMATON { literals.len() } else { PACKED };
        let literal = |number: &usize| literals[*number].as_ref();
        let (short, long): (Vec<usize>, Vec<usize>) =
            (0..literals.len()).partition(|number| literal(number).len() < COMPARED);
        let groups = short.chunks(group.max(1)).chain(long.chunks(group.max(1)));
        let passes = groups
            .filter_map(|numbers| Some((numbers.to_vec(), pass(&numbers.iter().map(literal).collect::<Vec<_>>())?)));
        let passes = passes.collect();
        Finder { passes, longest: literals.iter().map(|l| l.as_ref().len()).max().unwrap_or(0) }
    }

    /// Calls `hit` with the position and the number of every literal that begins within `window`; of several that
    /// begin at one place the longest of each pass counts.
    pub(super) fn each(&self, text: &[u8], window: Range<usize>, mut hit: impl FnMut(usize, usize, usize)) {
        let end = text.len().min(window.end + self.longest);
        for (numbers, pass) in &self.passes {
            let mut at = window.start;
            while let Some((start, len, number)) = pass.find(text, at..end)
                && start < window.end
            {
                hit(start, len, numbers[number]);
                // From the next byte, not behind the hit: literals may overlap.
                at = start + 1;
            }
        }
    }
}

fn pass<L: AsRef<[u8]>>(literals: &[L]) -> Option<Pass> {
    let mut config = packed::Config::new();
    config.match_kind(packed::MatchKind::LeftmostLongest);
    if literals.len() <= PACKED
        && let Some(searcher) = config.builder().extend(literals).build()
    {
        return Some(Pass::Packed(searcher));
    }
    // Fails only beyond 2^31 states: the values of an environment are far from it.
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(literals).ok().map(Pass::Automaton)
}

impl Pass {
    fn find(&self, text: &[u8], range: Range<usize>) -> Option<(usize, usize, usize)> {
        let found = match self {
            Pass::Packed(searcher) => searcher.find_in(text, range.into()),
            Pass::Automaton(automaton) => automaton.find(aho_corasick::Input::new(text).range(range)),
        }?;
        Some((found.start(), found.len(), found.pattern().as_usize()))
    }
}
