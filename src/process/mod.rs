//! Spawning commands, passing on and keeping their output, timing them out, killing their whole tree.
