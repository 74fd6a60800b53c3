//! From tables to a contract: references resolved, rules of every situation computed, everything checked.

use std::collections::{BTreeMap, HashMap};

use super::{
    Admit, Contract, Pattern, Row, Rule, Situation, Wanted,
    form::{AdmitTable, SpanTable, Status, Variant},
};

/// What is wrong, and with which table.
pub(super) struct Wrong {
    /// In `[[admit]]` rather than `[[span]]`.
    pub(super) admit: bool,
    pub(super) index: Option<usize>,
    pub(super) text: String,
}

impl Wrong {
    fn span(index: usize, table: &SpanTable, text: &str) -> Self {
        Self { admit: false, index: Some(index), text: format!("span '{}': {text}", table.id) }
    }
}

/// Compiles and checks.
///
/// # Errors
/// The first thing that is wrong.
pub(super) fn contract(
    name: String,
    spans: Vec<SpanTable>,
    admitted: Vec<AdmitTable>,
) -> Result<Contract, Wrong> {
    let whole = |text: &str| Wrong { admit: false, index: None, text: text.to_owned() };
    if name.is_empty() {
        return Err(whole("name is empty; accepted: the name that a scenario's step calls it by"));
    }
    if spans.is_empty() {
        return Err(whole("it has no span; accepted: one [[span]] or more"));
    }
    let ids = ids(&spans)?;
    let rows = spans.iter().enumerate().map(|(index, table)| row(index, table, &ids));
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    if let Some(index) = in_cycle(&rows) {
        let text = "is its own ancestor by parents; accepted: rows that lead up to a root";
        return Err(Wrong::span(index, &spans[index], text));
    }
    if !rows.iter().any(|row| row.root) {
        return Err(whole(
            "no span may be the root; accepted: one without parents, or with root = true",
        ));
    }
    let admits = admitted.iter().enumerate().map(|(index, table)| admit(index, table, &ids));
    let admits = admits.collect::<Result<_, _>>()?;
    let (by_name, by_pattern) = index(&rows);
    Ok(Contract { name, spans, admitted, rows, admits, by_name, by_pattern })
}

type Ids<'a> = HashMap<&'a str, usize>;

fn ids(spans: &[SpanTable]) -> Result<Ids<'_>, Wrong> {
    let mut ids = HashMap::with_capacity(spans.len());
    for (index, table) in spans.iter().enumerate() {
        if ids.insert(table.id.as_str(), index).is_some() {
            let text = "another row has this id too; accepted: an id of its own for each row";
            return Err(Wrong::span(index, table, text));
        }
    }
    Ok(ids)
}

fn known(ids: &Ids<'_>) -> String {
    let mut known: Vec<_> = ids.keys().copied().collect();
    known.sort_unstable();
    known.join(", ")
}

fn row(index: usize, table: &SpanTable, ids: &Ids<'_>) -> Result<Row, Wrong> {
    let parent = |id: &String| {
        ids.get(id.as_str()).copied().ok_or_else(|| {
            let text = format!("parents has '{id}', which no row is; accepted: {}", known(ids));
            Wrong::span(index, table, &text)
        })
    };
    let root = table.root.unwrap_or(table.parents.is_empty());
    if table.parents.is_empty() && !root {
        let text = "it has no parents and root = false; accepted: parents, or root = true";
        return Err(Wrong::span(index, table, text));
    }
    let rules = Situation::all().map(|situation| rule(table, situation));
    Ok(Row {
        service: Pattern::new(&table.service),
        kind: table.kind.into(),
        names: table.name.0.iter().map(|name| Pattern::new(name)).collect(),
        parents: table.parents.iter().map(parent).collect::<Result<_, _>>()?,
        root,
        deferred: table.deferred,
        rules: rules
            .collect::<Result<_, String>>()
            .map_err(|text| Wrong::span(index, table, &text))?,
    })
}

/// What a situation asks; where it is not known whether a key was sent, what either would.
fn rule(table: &SpanTable, situation: Situation) -> Result<Rule, String> {
    if situation.keyed.is_some() {
        return exact_rule(table, situation);
    }
    let with = |keyed| exact_rule(table, Situation { keyed: Some(keyed), ..situation });
    let (keyed, unkeyed) = (with(true)?, with(false)?);
    let status = if keyed.status == unkeyed.status { keyed.status } else { Status::Any };
    let both = |pair: &(String, Wanted)| unkeyed.attributes.contains(pair);
    Ok(Rule {
        min: keyed.min.min(unkeyed.min),
        max: keyed.max.max(unkeyed.max),
        status,
        attributes: keyed.attributes.into_iter().filter(both).collect(),
    })
}

fn exact_rule(table: &SpanTable, situation: Situation) -> Result<Rule, String> {
    let key = if situation.keyed == Some(true) { Variant::Keyed } else { Variant::Unkeyed };
    let variants =
        [Some(situation.answer.variant()), Some(key), situation.root.then_some(Variant::Root)];
    let (mut min, mut max) = (table.min.unwrap_or(1), table.max.unwrap_or(1));
    let mut status = table.status.unwrap_or(Status::Ok);
    let mut attributes = table.attributes.clone();
    let mut names = Vec::new();
    for variant in variants.into_iter().flatten() {
        let Some(change) = table.when.get(&variant) else { continue };
        (min, max) = (change.min.unwrap_or(min), change.max.unwrap_or(max));
        status = change.status.unwrap_or(status);
        attributes.extend(change.attributes.clone());
        names.push(format!(" with when.{}", format!("{variant:?}").to_lowercase()));
    }
    if min > max {
        let when = names.concat();
        return Err(format!("min is {min} and max is {max}{when}; accepted: min up to max"));
    }
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Rule { min: count(min), max: count(max), status, attributes: pairs(&attributes) })
}

fn pairs(attributes: &BTreeMap<String, Wanted>) -> Vec<(String, Wanted)> {
    attributes.iter().map(|(key, wanted)| (key.clone(), wanted.clone())).collect()
}

fn admit(index: usize, table: &AdmitTable, ids: &Ids<'_>) -> Result<Admit, Wrong> {
    let row = |id: &String| {
        ids.get(id.as_str()).copied().ok_or_else(|| {
            let admit = &table.id;
            let text = format!(
                "admit '{admit}': rows has '{id}', which no row is; accepted: {}",
                known(ids)
            );
            Wrong { admit: true, index: Some(index), text }
        })
    };
    let rows = table.rows.as_ref().map(|rows| rows.iter().map(row).collect()).transpose()?;
    Ok(Admit {
        rows,
        status: table.status.unwrap_or(Status::Any),
        attributes: pairs(&table.attributes),
        leaf: table.leaf,
        max: table.max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX)),
    })
}

/// A row that its own parents lead back to.
fn in_cycle(rows: &[Row]) -> Option<usize> {
    /// Rows whose ancestors are all known to end.
    fn ends(rows: &[Row], index: usize, path: &mut Vec<usize>, good: &mut [bool]) -> bool {
        if good[index] {
            return true;
        }
        if path.contains(&index) {
            return false;
        }
        path.push(index);
        let parents = rows[index].parents.iter();
        good[index] = parents.clone().all(|parent| ends(rows, *parent, path, good));
        path.pop();
        good[index]
    }
    let mut good = vec![false; rows.len()];
    (0..rows.len()).find(|index| !ends(rows, *index, &mut Vec::new(), &mut good))
}

fn index(rows: &[Row]) -> (HashMap<String, Vec<usize>>, Vec<usize>) {
    let (mut by_name, mut by_pattern) = (HashMap::<String, Vec<usize>>::new(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        if row.names.iter().all(Pattern::is_exact) {
            for name in &row.names {
                by_name.entry(name.text().to_owned()).or_default().push(index);
            }
        } else {
            by_pattern.push(index);
        }
    }
    (by_name, by_pattern)
}
