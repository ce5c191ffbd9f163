//! `route serve`.
