//! Names without a language model.

use crate::{Error, Namer, NamingMember, NamingRequest, NodeName};

/// Most labels of a name on level 1, and above it.
const LABELS_LOW: usize = 2;
const LABELS_HIGH: usize = 3;
/// Most labels of a description.
const LABELS_TOLD: usize = 5;
/// A further label of a name must rank at least this share of the first.
const LEAST_SHARE: f64 = 0.6;
/// Words that begin with the same letters count as the same word.
const STEM: usize = 5;

/// Names a node after its most central and most frequent labels, such as "Honesty and transparency".
///
/// A label ranks by its centrality plus its margin over the nearest other node, times a weight from
/// a half to one that grows with the logarithm of its count. The first label of a name is the best;
/// one more, or two above level 1, follow if they rank nearly as high, share no word with those before
/// (words that begin alike count as one) and, above level 1, come from different children. A name that
/// is taken grows by further labels. A node of which no label may be shown is called "Suppressed
/// labels".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CentralNamer;

impl CentralNamer {
    /// The namer; it has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Namer for CentralNamer {
    fn fingerprint(&self) -> String {
        "central-1".to_owned()
    }

    fn name(&self, request: &NamingRequest<'_>) -> Result<NodeName, Error> {
        let (labels, first) = in_order_of_use(request);
        if labels.is_empty() {
            return Ok(NodeName::new(
                "Suppressed labels",
                "Labels that have not passed the threshold.",
            ));
        }
        let name = (first..=labels.len())
            .map(|count| capitalized(&listed(&labels[..count])))
            .find(|name| !request.is_taken(name))
            .unwrap_or_else(|| capitalized(&listed(&labels[..first])));
        let told = &labels[..LABELS_TOLD.min(labels.len())];
        let description = match told {
            [only] if labels.len() == 1 => format!("The label {only}."),
            _ => format!("Labels such as {}.", listed(told)),
        };
        Ok(NodeName::new(name, description))
    }
}

/// All labels, those that make a good name together first, and how many these are.
fn in_order_of_use<'a>(request: &NamingRequest<'a>) -> (Vec<&'a str>, usize) {
    let most = request.members.iter().map(|m| m.count).max().unwrap_or(0);
    let mut left: Vec<(&NamingMember<'a>, f64)> = request
        .members
        .iter()
        .map(|member| (member, rank(member, most)))
        .collect();
    left.sort_by(|(a, rank_a), (b, rank_b)| {
        rank_b.total_cmp(rank_a).then_with(|| a.label.cmp(b.label))
    });
    let least = left.first().map_or(0.0, |(_, best)| best * LEAST_SHARE);
    let wanted = if request.level > 1 {
        LABELS_HIGH
    } else {
        LABELS_LOW
    };
    let mut chosen: Vec<&NamingMember<'a>> = Vec::new();
    while chosen.len() < wanted {
        let fits = |m: &NamingMember<'_>, rank: f64| {
            chosen.is_empty()
                || rank >= least
                    && chosen.iter().all(|c| {
                        !share_word(c.label, m.label) && (request.level < 2 || c.child != m.child)
                    })
        };
        let Some(next) = left.iter().position(|&(m, rank)| fits(m, rank)) else {
            break;
        };
        chosen.push(left.remove(next).0);
    }
    let first = chosen.len();
    chosen.extend(left.into_iter().map(|(member, _)| member));
    (chosen.into_iter().map(|m| m.label).collect(), first)
}

fn rank(member: &NamingMember<'_>, most: u64) -> f64 {
    let frequency = if most == 0 {
        1.0
    } else {
        (member.count as f64).ln_1p() / (most as f64).ln_1p()
    };
    (member.centrality + member.margin) * (0.5 + 0.5 * frequency)
}

fn share_word(a: &str, b: &str) -> bool {
    stems(a).any(|stem| stems(b).any(|other| stem == other))
}

/// How the words of a label begin that have more than three letters.
fn stems(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '-'])
        .filter(|word| word.chars().nth(3).is_some())
        .map(|word| {
            let end = word.char_indices().nth(STEM);
            end.map_or(word, |(end, _)| &word[..end])
        })
}

fn listed(labels: &[&str]) -> String {
    match labels {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn member(label: &str, count: u64, centrality: f64, child: usize) -> NamingMember<'_> {
        NamingMember {
            label,
            count,
            centrality,
            margin: 0.1,
            child,
        }
    }

    fn name(level: u32, members: &[NamingMember<'_>], taken: &[&str]) -> NodeName {
        let taken: BTreeSet<String> = taken.iter().map(|t| (*t).to_owned()).collect();
        let request = NamingRequest {
            level,
            members,
            outside: &[],
            children: &[],
            hidden: 0,
            taken: &taken,
        };
        CentralNamer::new().name(&request).unwrap()
    }

    #[test]
    fn central_and_frequent_labels_make_the_name() {
        let members = [
            member("radical honesty", 2, 0.9, 0),
            member("honesty", 500, 0.9, 1),
            member("transparency", 300, 0.8, 2),
            member("gossip", 400, 0.1, 3),
        ];
        let named = name(1, &members, &[]);
        assert_eq!(named.name, "Honesty and transparency");
        assert_eq!(
            named.description,
            "Labels such as honesty, transparency, radical honesty and gossip."
        );
    }

    #[test]
    fn labels_that_say_the_same_or_fit_badly_are_no_second_half() {
        let members = [
            member("professionalism", 500, 0.9, 0),
            member("professional competence", 400, 0.9, 1),
            member("gossip", 500, 0.2, 2),
        ];
        assert_eq!(name(1, &members, &[]).name, "Professionalism");
        assert_eq!(
            name(1, &members, &["professionalism"]).name,
            "Professionalism and professional competence"
        );
    }

    #[test]
    fn higher_names_draw_on_different_children() {
        let members = [
            member("honesty", 500, 0.9, 0),
            member("candour", 400, 0.9, 0),
            member("kindness", 100, 0.8, 1),
            member("courage", 100, 0.7, 2),
        ];
        assert_eq!(name(2, &members, &[]).name, "Honesty, kindness and courage");
    }

    #[test]
    fn a_taken_name_grows() {
        let members = [
            member("honesty", 500, 0.9, 0),
            member("candour", 400, 0.9, 0),
            member("courage", 10, 0.5, 2),
        ];
        assert_eq!(
            name(1, &members, &["honesty and candour"]).name,
            "Honesty, candour and courage"
        );
    }

    #[test]
    fn one_label_or_none() {
        let named = name(1, &[member("honesty", 0, 0.0, 0)], &[]);
        assert_eq!(named.name, "Honesty");
        assert_eq!(named.description, "The label honesty.");
        assert_eq!(name(1, &[], &[]).name, "Suppressed labels");
    }
}
