use super::*;

fn id(letter: char) -> Id {
    Id::try_from(letter.to_string().repeat(10)).unwrap()
}

fn pack(letter: char) -> String {
    format!("data/{}/pack-00000", id(letter))
}

fn scan(records: &[(char, State, &[char], &[char])]) -> Scan {
    let seen = |(letter, state, needs, bases): &(char, State, &[char], &[char])| {
        let needs = needs.iter().map(|l| pack(*l)).collect();
        (id(*letter), Seen { state: *state, needs, bases: bases.iter().map(|l| id(*l)).collect() })
    };
    records.iter().map(seen).collect()
}

fn objects(letters: &str) -> Vec<(String, u64)> {
    letters.chars().map(|l| (pack(l), 1)).collect()
}

/// The letters of the objects and of the records that go.
fn goes(letters: &str, first: &Scan, second: &Scan) -> (String, String) {
    let plan = decide(&objects(letters), first, second);
    let letter = |id: &Id| id.as_str().chars().next().unwrap();
    let objects = plan.objects.iter().map(|(key, _)| letter(&owner(key).unwrap())).collect();
    (objects, plan.records.iter().map(letter).collect())
}

#[test]
fn what_goes_and_what_stays() {
    use State::*;
    type Records<'a> = &'a [(char, State, &'a [char], &'a [char])];
    type Case<'a> = (&'a str, &'a str, Records<'a>, Records<'a>, (&'a str, &'a str));
    let cases: [Case<'_>; 16] = [
        ("complete stays", "a", &[('a', Complete, &[], &[])], &[('a', Complete, &[], &[])], ("", "")),
        ("retired goes", "a", &[('a', Retiring, &[], &[])], &[('a', Retiring, &[], &[])], ("a", "a")),
        ("just retired stays for a round", "a", &[('a', Complete, &[], &[])], &[('a', Retiring, &[], &[])], ("", "")),
        ("aborted goes", "a", &[('a', Aborted, &[], &[])], &[('a', Aborted, &[], &[])], ("a", "a")),
        ("open stays", "a", &[('a', Open, &[], &[])], &[('a', Open, &[], &[])], ("", "")),
        ("without a record goes", "a", &[], &[], ("a", "")),
        (
            "shared stays, and so does its record",
            "ab",
            &[('a', Retiring, &[], &[]), ('b', Complete, &['a'], &[])],
            &[('a', Retiring, &[], &[]), ('b', Complete, &['a'], &[])],
            ("", ""),
        ),
        (
            "a base of an open save stays",
            "a",
            &[('a', Retiring, &[], &[]), ('b', Open, &[], &['a'])],
            &[('a', Retiring, &[], &[]), ('b', Open, &[], &['a'])],
            ("", ""),
        ),
        (
            "what a base of an open save needs stays",
            "ab",
            &[('a', Retiring, &[], &[]), ('b', Retiring, &['a'], &[]), ('c', Open, &[], &['b'])],
            &[('a', Retiring, &[], &[]), ('b', Retiring, &['a'], &[]), ('c', Open, &[], &['b'])],
            ("", ""),
        ),
        (
            "a save that completed between the scans keeps what it needs",
            "a",
            &[('a', Retiring, &[], &[])],
            &[('a', Retiring, &[], &[]), ('b', Complete, &['a'], &[])],
            ("", ""),
        ),
        (
            "a save that was open in the first scan keeps its base",
            "a",
            &[('a', Retiring, &[], &[]), ('b', Open, &[], &['a'])],
            &[('a', Retiring, &[], &[]), ('b', Aborted, &[], &[])],
            ("", ""),
        ),
        (
            "sharers that are dead let go together",
            "ab",
            &[('a', Retiring, &[], &[]), ('b', Retiring, &['a'], &[])],
            &[('a', Retiring, &[], &[]), ('b', Retiring, &['a'], &[])],
            ("ab", "ab"),
        ),
        (
            "what a capture needs that came and went between the scans stays for a round",
            "a",
            &[('a', Retiring, &[], &[])],
            &[('a', Retiring, &[], &[]), ('b', Retiring, &['a'], &[])],
            ("", ""),
        ),
        (
            "a record just retired stays for a round, without content too",
            "",
            &[('a', Complete, &[], &[])],
            &[('a', Retiring, &[], &[])],
            ("", ""),
        ),
        (
            "what a save has that began after the first scan and was aborted stays for a round",
            "a",
            &[],
            &[('a', Aborted, &[], &[])],
            ("", ""),
        ),
        (
            "a record that an open one names stays, without content too",
            "",
            &[('a', Retiring, &[], &[]), ('b', Open, &[], &['a'])],
            &[('a', Retiring, &[], &[]), ('b', Open, &[], &['a'])],
            ("", ""),
        ),
    ];
    for (name, letters, first, second, (objects, records)) in cases {
        let found = goes(letters, &scan(first), &scan(second));
        assert_eq!(found, (objects.to_owned(), records.to_owned()), "{name}");
    }
}
