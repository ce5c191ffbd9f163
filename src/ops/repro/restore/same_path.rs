//! Rerunning with the tree at the path it had (Linux).
