//! The names of the metrics that `route` exports, as dashboards and alerts see them: in one place, so that a test holds both
//! to it.

/// Decisions, by `rule` and `reason`: a counter.
pub const DECISIONS: &str = "ci_tool_route_decisions_total";
/// Jobs that should have gone to a queue that does not exist, by `queue` and `rule`: a counter.
pub const MISSING_TWINS: &str = "ci_tool_route_missing_twins_total";
/// Look-ups that told nothing, by `cause` (`timeout`, `refused`, `status`, `nonsense`, `too_large`, `busy`): a counter.
pub const LOOKUP_FAILURES: &str = "ci_tool_route_lookup_failures_total";
/// Seconds from a request's head to its answer, by `endpoint`: a histogram.
pub const REQUEST_SECONDS: &str = "ci_tool_route_request_seconds";
/// Seconds that acquire calls took, by `outcome`: a histogram. With the outcome `late`, it is the time from the call to the
/// end of the work on it, for calls that were accepted early.
pub const ACQUIRE_SECONDS: &str = "ci_tool_route_acquire_seconds";
/// Calls that were accepted early and failed then, by whether the CI system was `told` (`yes`, `no`): a counter.
pub const LATE_FAILURES: &str = "ci_tool_route_late_failures_total";
/// Attempts to take new rules, by `result` (`loaded`, `refused`): a counter.
pub const RELOADS: &str = "ci_tool_route_reloads_total";
/// The rules in force, by `hash`: always 1.
pub const RULES_INFO: &str = "ci_tool_route_rules_info";
/// What the last audit found, by `kind` (`leak`, `missing_twin`, `unused_twin`, `wrong_team`): a gauge, from
/// `route audit --metrics`.
pub const AUDIT_FINDINGS: &str = "ci_tool_route_audit_findings";
/// Records that the decision log could not take: a counter.
pub const LOG_DROPPED: &str = "ci_tool_route_log_dropped_total";

/// All of them.
pub const ALL: [&str; 10] = [
    DECISIONS,
    MISSING_TWINS,
    LOOKUP_FAILURES,
    REQUEST_SECONDS,
    ACQUIRE_SECONDS,
    LATE_FAILURES,
    RELOADS,
    RULES_INFO,
    AUDIT_FINDINGS,
    LOG_DROPPED,
];
