use super::*;
use crate::ops::stage::{
    pipeline::Profile,
    plan::{Wish, plan},
    select::Asked,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

fn drawing(text: &str, skip: &[&str]) -> Drawing {
    let pipeline = Pipeline::parse(Path::new("p.yaml"), text).unwrap();
    let wish = Wish {
        asked: Asked { skip: skip.iter().map(|name| (*name).to_owned()).collect(), ..Asked::default() },
        earlier: None,
        profile: Profile::Test,
        substitutes: BTreeMap::new(),
        what_if: Vec::new(),
    };
    Drawing::planned(&pipeline, &plan(&pipeline, &wish).unwrap())
}

const TEXT: &str = "stages:\n  a: {run: x, expect: 30m, title: '<b>\"A\" & co</b>'}\n  gate: {override: a}\n  \
                    b: {needs: [gate], approval: {}}\n";

#[test]
fn no_two_states_have_one_colour() {
    let colours: BTreeSet<&str> = State::ALL.into_iter().map(colour).collect();
    assert_eq!(colours.len(), State::ALL.len());
}

#[test]
fn mermaid_has_shapes_edges_and_states() {
    let text = mermaid(&drawing(TEXT, &["b"]));
    for line in [
        "  a[\"a<br/>#60;b#62;#34;A#34; #38; co#60;/b#62; (30m)\"]",
        "  gate{\"gate\"}",
        "  b([\"b\"])",
        "  a -->|override| gate",
        "  gate --> b",
        "  class b Skipped",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[test]
fn dot_quotes_what_it_draws() {
    let text = dot(&drawing(TEXT, &[]));
    for part in
        ["\"a\" [label=\"<b>\\\"A\\\" & co</b>\\n30m\", shape=box", "\"a\" -> \"gate\" [style=dashed];", "penwidth=3"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_page_loads_nothing_and_takes_no_text_for_markup() {
    let page = html(&drawing(TEXT, &[]));
    assert!(page.contains("&lt;b&gt;&quot;A&quot; &amp; co&lt;/b&gt;") && !page.contains("<b>"), "{page}");
    for outside in ["http:", "https:", "src=", "@import", "url(", "<script", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert_eq!(page.matches("data-stage=").count(), 3);
    assert_eq!(page.matches("data-bar=").count(), 1, "only what takes time is on the line of time");
}
