//! Finds many phrases in a text in one pass over its words.
//!
//! A regular expression set over the same cues tells which matched, but not where, and needs Unicode
//! word boundaries, which its fast engine does not have; an automaton over bytes knows neither gaps
//! nor dropped apostrophes. Words are few and a lookup each is enough, so this is both smaller and
//! independent of how many cues there are.

use std::collections::HashMap;

use crate::cue::Piece;

/// A word that no cue contains.
pub(crate) const UNKNOWN: u32 = 0;

/// The words that cues contain, by number.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary(HashMap<String, u32>);

impl Vocabulary {
    pub(crate) fn id(&self, word: &str) -> u32 {
        self.0.get(word).copied().unwrap_or(UNKNOWN)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    fn intern(&mut self, word: &str) -> u32 {
        if let Some(&id) = self.0.get(word) {
            return id;
        }
        let id = u32::try_from(self.0.len()).map_or(UNKNOWN, |n| n.saturating_add(1));
        self.0.insert(word.to_owned(), id);
        id
    }
}

const ROOT: u32 = 0;

#[derive(Debug, Default)]
struct Node {
    /// By word, sorted once all cues are in.
    next: Vec<(u32, u32)>,
    /// After any one word.
    any: Option<u32>,
    /// Without a word: where the ways of a choice meet again.
    join: Vec<u32>,
    targets: Vec<u32>,
}

/// Phrases with the numbers of the cues that they stand for: a tree of words in which the ways of a
/// choice meet again, so that its size is that of the cues as they are written.
#[derive(Debug)]
pub(crate) struct Phrases {
    nodes: Vec<Node>,
    /// Nodes after a first word, by the word's number.
    roots: Vec<Vec<u32>>,
}

/// Builds [`Phrases`] and the vocabulary together.
#[derive(Debug)]
pub(crate) struct Builder {
    nodes: Vec<Node>,
    steps: HashMap<(u32, u32), u32>,
    vocabulary: Vocabulary,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![Node::default()],
            steps: HashMap::new(),
            vocabulary: Vocabulary::default(),
        }
    }

    pub(crate) fn word(&mut self, word: &str) -> u32 {
        self.vocabulary.intern(word)
    }

    pub(crate) fn add(&mut self, cue: &[Piece], target: u32) {
        for end in self.walk(vec![ROOT], cue) {
            self.node(end).targets.push(target);
        }
    }

    /// The nodes at which a sequence ends that begins at any of some nodes.
    fn walk(&mut self, mut from: Vec<u32>, pieces: &[Piece]) -> Vec<u32> {
        for piece in pieces {
            let start = self.meet(&from);
            from = match piece {
                Piece::Word(word) => vec![self.step(start, word)],
                &Piece::Gap(least, most) => {
                    let mut ends = Vec::new();
                    let mut at = start;
                    for n in 0..=most {
                        if n >= least {
                            ends.push(at);
                        }
                        if n < most {
                            at = self.any(at);
                        }
                    }
                    ends
                }
                Piece::Choice { ways, optional } => {
                    let mut ends = Vec::new();
                    for way in ways {
                        ends.append(&mut self.walk(vec![start], way));
                    }
                    if *optional {
                        ends.push(start);
                    }
                    ends.sort_unstable();
                    ends.dedup();
                    ends
                }
            };
        }
        from
    }

    /// One node that stands for several.
    fn meet(&mut self, nodes: &[u32]) -> u32 {
        if let &[only] = nodes {
            return only;
        }
        let meeting = self.push();
        for &node in nodes {
            self.node(node).join.push(meeting);
        }
        meeting
    }

    fn step(&mut self, from: u32, word: &str) -> u32 {
        let word = self.vocabulary.intern(word);
        if let Some(&known) = self.steps.get(&(from, word)) {
            return known;
        }
        let child = self.push();
        self.steps.insert((from, word), child);
        self.node(from).next.push((word, child));
        child
    }

    fn any(&mut self, from: u32) -> u32 {
        if let Some(known) = self.node(from).any {
            return known;
        }
        let child = self.push();
        self.node(from).any = Some(child);
        child
    }

    fn push(&mut self) -> u32 {
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node::default());
        number
    }

    fn node(&mut self, at: u32) -> &mut Node {
        // Every number was given out by `push`.
        &mut self.nodes[at as usize]
    }

    pub(crate) fn build(mut self) -> (Vocabulary, Phrases) {
        for node in &mut self.nodes {
            node.next.sort_unstable();
        }
        let mut roots = vec![Vec::new(); self.vocabulary.len() + 1];
        let mut starts = vec![ROOT];
        while let Some(start) = starts.pop() {
            let node = &self.nodes[start as usize];
            starts.extend(&node.join);
            for &(word, child) in &node.next {
                roots[word as usize].push(child);
            }
        }
        let phrases = Phrases {
            nodes: self.nodes,
            roots,
        };
        (self.vocabulary, phrases)
    }
}

impl Phrases {
    /// Calls `found(first, last, cue)` for every phrase in the words, by the index of its first and
    /// last word. A phrase that a cue allows in several ways may be found several times.
    ///
    /// # Complexity
    ///
    /// Linear in the number of words: each starts at most as many steps as the cues that begin with
    /// it allow.
    pub(crate) fn find(&self, words: &[u32], mut found: impl FnMut(usize, usize, u32)) {
        let mut open = Vec::new();
        for (first, &word) in words.iter().enumerate() {
            let Some(roots) = self.roots.get(word as usize) else {
                continue;
            };
            open.extend(roots.iter().map(|&root| (root, first)));
            while let Some((at, last)) = open.pop() {
                let Some(node) = self.nodes.get(at as usize) else {
                    continue;
                };
                for &cue in &node.targets {
                    found(first, last, cue);
                }
                open.extend(node.join.iter().map(|&meeting| (meeting, last)));
                let Some(&next) = words.get(last + 1) else {
                    continue;
                };
                if let Some(child) = node.any {
                    open.push((child, last + 1));
                }
                if let Ok(i) = node.next.binary_search_by_key(&next, |&(word, _)| word)
                    && let Some(&(_, child)) = node.next.get(i)
                {
                    open.push((child, last + 1));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cue::{parse, sequences};

    fn find(cues: &[&str], text: &str) -> Vec<(usize, usize, u32)> {
        let mut builder = Builder::new();
        for (number, cue) in (0..).zip(cues) {
            builder.add(&parse(cue).unwrap(), number);
        }
        let (vocabulary, phrases) = builder.build();
        let words: Vec<u32> = text.split(' ').map(|w| vocabulary.id(w)).collect();
        let mut hits = Vec::new();
        phrases.find(&words, |first, last, cue| hits.push((first, last, cue)));
        hits.sort_unstable();
        hits.dedup();
        hits
    }

    #[test]
    fn finds_overlapping_phrases_with_gaps() {
        let cues = ["up to you", "to you", "it is ... you", "you"];
        let hits = find(&cues, "it is up to you");
        assert_eq!(hits, [(0, 4, 2), (2, 4, 0), (3, 4, 1), (4, 4, 3)]);
        assert!(find(&cues, "it is not at all up for").is_empty());
    }

    proptest! {
        /// The tree finds what trying every sequence at every place finds.
        #[test]
        fn agrees_with_trying_everything(text in "[abcd]( [abcd]){0,12}") {
            let cues = [
                "a", "a b", "a _ c", "b ... d", "(a|b) (c )?d", "d d d", "(a )?(b )?c",
                "a (b|c d|a _? a) (d|a b)?", "c (a|b|c|d) (a|b) ... c",
            ];
            let words: Vec<&str> = text.split(' ').collect();
            let mut expected = Vec::new();
            for (number, cue) in (0_u32..).zip(cues) {
                for sequence in sequences(&parse(cue).unwrap()) {
                    for (first, window) in words.windows(sequence.len()).enumerate() {
                        let fits = window.iter().zip(&sequence).all(|(w, s)| s == "_" || s == w);
                        if fits {
                            expected.push((first, first + sequence.len() - 1, number));
                        }
                    }
                }
            }
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(find(&cues, &text), expected);
        }
    }
}
