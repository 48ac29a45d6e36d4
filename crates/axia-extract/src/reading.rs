//! Reads the messages of a conversation, sentence by sentence, into a tally.

use axia_conversation::{Conversation, Message, Role};

use crate::EvidenceSpan;
use crate::compiled::{Compiled, Frame, Move, Target};
use crate::lexicon::Side;
use crate::phrases::UNKNOWN;
use crate::tally::{AVOWED, ENDORSED, PLAIN, Tally, WEAK};
use crate::text::{self, Passages, Walk, Word};

/// How many words may stand between a frame ("I care about") and the name of a value.
const FRAME_REACH: usize = 6;
/// How many words before a name or a cue a negator is looked for.
const NEGATION_REACH: usize = 3;
/// How much of a message tells its language.
const LANGUAGE_SAMPLE: usize = 4096;
/// How many items make a list.
const LIST_ITEMS: usize = 3;
/// How much more a task cue weighs in the user's first message.
const FIRST_MESSAGE: f32 = 1.5;

pub(crate) fn read(compiled: &Compiled, conversation: &Conversation) -> Tally {
    let mut reader = Reader {
        compiled,
        tally: Tally::new(compiled),
        words: Vec::new(),
        ids: Vec::new(),
        quoted: Vec::new(),
        hits: Vec::new(),
    };
    for (index, message) in conversation.messages.iter().enumerate() {
        match message.role {
            Role::User => reader.message(index, message, Side::User),
            Role::Assistant => reader.message(index, message, Side::Assistant),
            _ => {}
        }
    }
    reader.tally
}

struct Reader<'c> {
    compiled: &'c Compiled,
    tally: Tally,
    words: Vec<Word>,
    ids: Vec<u32>,
    /// For each word, whether it stands in a quotation.
    quoted: Vec<bool>,
    hits: Vec<Hit>,
}

#[derive(Clone, Copy)]
struct Hit {
    first: usize,
    last: usize,
    cue: u32,
    target: Target,
}

/// One sentence under way.
#[derive(Clone, Copy)]
struct Sentence<'t> {
    text: &'t str,
    message: usize,
    side: Side,
    question: bool,
    topic: bool,
}

/// How a frame holds a value.
#[derive(Clone, Copy)]
struct Held {
    against: bool,
    weight: f32,
    /// The word after the frame, if the frame stands ahead of the name.
    end: usize,
}

impl Reader<'_> {
    fn message(&mut self, index: usize, message: &Message, side: Side) {
        let text = message.text.as_str();
        if self.is_foreign(text) {
            self.tally.foreign += 1;
            return;
        }
        self.tally.read += 1;
        let passages = Passages::of(text);
        self.tally.code |= !passages.code.is_empty();
        match side {
            Side::User => self.tally.user_messages += 1,
            Side::Assistant => {
                let (numbered, bulleted) = text::list_items(text);
                self.tally.numbered_list |= numbered >= LIST_ITEMS;
                self.tally.bulleted_list |= bulleted >= LIST_ITEMS;
            }
        }
        let mut in_quote = Walk::new(&passages.quoted);
        let mut in_code = Walk::new(&passages.code);
        for range in text::sentences(text) {
            let sentence = text.get(range.clone()).unwrap_or_default();
            let question = text::is_question(sentence);
            let mut at = range.start;
            while at < range.end {
                self.words.clear();
                at = text::words(
                    text,
                    at..range.end,
                    &self.compiled.vocabulary,
                    &mut self.words,
                );
                self.mark(&mut in_quote, &mut in_code);
                self.sentence(Sentence {
                    text,
                    message: index,
                    side,
                    question,
                    topic: false,
                });
            }
        }
    }

    /// Notes which words are quoted, and makes those in code unknown.
    fn mark(&mut self, in_quote: &mut Walk<'_>, in_code: &mut Walk<'_>) {
        self.ids.clear();
        self.quoted.clear();
        for word in &self.words {
            let code = in_code.contains(word.start);
            self.ids.push(if code { UNKNOWN } else { word.id });
            self.quoted.push(in_quote.contains(word.start));
        }
    }

    fn sentence(&mut self, mut sentence: Sentence<'_>) {
        let words = self.words.len();
        match sentence.side {
            Side::User => {
                self.tally.user_words += words;
                self.tally.user_asks |= sentence.question;
            }
            Side::Assistant => self.tally.assistant_words += words,
        }
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        self.compiled.phrases.find(&self.ids, |first, last, cue| {
            let again = |hit: &Hit| hit.cue == cue && hit.last == last;
            let known = hits
                .iter()
                .rev()
                .take_while(|hit| hit.first == first)
                .any(again);
            if !known && let Some(&target) = self.compiled.targets.get(cue as usize) {
                hits.push(Hit {
                    first,
                    last,
                    cue,
                    target,
                });
            }
        });
        sentence.topic = hits.iter().any(|hit| hit.target == Target::Topic);
        for hit in &hits {
            self.hit(sentence, &hits, hit);
        }
        self.hits = hits;
    }

    fn hit(&mut self, sentence: Sentence<'_>, hits: &[Hit], hit: &Hit) {
        let quoted = self.quoted.get(hit.first).copied().unwrap_or(false);
        match hit.target {
            Target::Shows { value, side, weak } => {
                if side == sentence.side && !quoted && !self.negated(sentence, hits, hit, 0) {
                    self.shows(sentence, hit, value, weak);
                }
            }
            Target::Names {
                value,
                noun,
                opposite,
            } => {
                if !within_longer_name(hits, hit) {
                    self.names(sentence, hits, hit, quoted, (value, noun, opposite));
                }
            }
            Target::Task { task, weight } => {
                if sentence.side == Side::User && self.tally.first_time(hit.cue) {
                    let first = self.tally.user_messages == 1;
                    if let Some(sum) = self.tally.tasks.get_mut(task) {
                        *sum += if first {
                            weight * FIRST_MESSAGE
                        } else {
                            weight
                        };
                    }
                }
            }
            Target::Level {
                side,
                level,
                weight,
            } => {
                let own = side == Side::User || !quoted;
                if side == sentence.side && own && self.tally.first_time(hit.cue) {
                    let slot = usize::from(level.number()) - 1;
                    if let Some(sum) = self.tally.levels.get_mut(slot) {
                        *sum += weight;
                    }
                }
            }
            Target::Move(kind) => {
                if sentence.side == Side::Assistant && !quoted && self.tally.first_time(hit.cue) {
                    if let Some(count) = self.tally.moves.get_mut(kind as usize) {
                        *count += 1;
                    }
                    if kind == Move::Refusal && self.tally.refusal.is_none() {
                        self.tally.refusal = self.evidence(sentence, hit);
                    }
                }
            }
            Target::Personal => {
                if sentence.side == Side::User && !quoted {
                    self.tally.personal += 1;
                }
            }
            Target::Frame(_) | Target::Negator | Target::Topic => {}
        }
    }

    fn shows(&mut self, sentence: Sentence<'_>, hit: &Hit, value: usize, weak: bool) {
        if !self.tally.first_time(hit.cue) {
            return;
        }
        let evidence = self.evidence(sentence, hit);
        let undesirable = self
            .compiled
            .values
            .get(value)
            .is_some_and(|v| v.undesirable);
        // What users ask for they state; that they want to deceive, they hardly ever do.
        let explicit = sentence.side == Side::User && !undesirable;
        let tally = match sentence.side {
            Side::User => self.tally.user.get_mut(value),
            Side::Assistant => self.tally.assistant.get_mut(value),
        };
        if let Some(tally) = tally {
            tally
                .upholds
                .add(if weak { WEAK } else { PLAIN }, explicit, evidence);
        }
    }

    fn names(
        &mut self,
        sentence: Sentence<'_>,
        hits: &[Hit],
        hit: &Hit,
        quoted: bool,
        (value, noun, opposite): (usize, bool, bool),
    ) {
        let evidence = self.evidence(sentence, hit);
        let frame = (!quoted)
            .then(|| self.frame(sentence, hits, hit, noun))
            .flatten();
        let undesirable = self
            .compiled
            .values
            .get(value)
            .is_some_and(|v| v.undesirable);
        let topic = sentence.question || sentence.topic || quoted;
        if let Some(frame) = frame {
            // The negator of "I don't care about" belongs to the frame, not to the name.
            let negated = self.negated(sentence, hits, hit, frame.end);
            // Each of the three turns the meaning round.
            let upholds = !(frame.against ^ opposite ^ negated);
            if self.tally.first_time(hit.cue)
                && let Some(tally) = self.side(sentence.side, value)
            {
                let strength = if upholds {
                    &mut tally.upholds
                } else {
                    &mut tally.opposes
                };
                strength.add(frame.weight, true, evidence);
            }
        } else if noun {
            let negated = self.negated(sentence, hits, hit, 0);
            if negated && undesirable && !topic {
                if self.tally.first_time(hit.cue)
                    && let Some(tally) = self.side(sentence.side, value)
                {
                    tally.opposes.add(PLAIN, true, evidence);
                }
            } else if let Some(tally) = self.side(sentence.side, value) {
                if topic {
                    tally.discussed = tally.discussed.or(evidence);
                } else if !negated {
                    tally.named = tally.named.or(evidence);
                }
            }
        }
    }

    fn side(&mut self, side: Side, value: usize) -> Option<&mut crate::tally::ValueTally> {
        match side {
            Side::User => self.tally.user.get_mut(value),
            Side::Assistant => self.tally.assistant.get_mut(value),
        }
    }

    /// The nearest frame around a name.
    fn frame(&self, sentence: Sentence<'_>, hits: &[Hit], name: &Hit, noun: bool) -> Option<Held> {
        let mut nearest: Option<(usize, Held)> = None;
        let user = sentence.side == Side::User;
        for hit in hits {
            let Target::Frame(kind) = hit.target else {
                continue;
            };
            if self.quoted.get(hit.first).copied().unwrap_or(false) {
                continue;
            }
            let ahead = hit.last < name.first;
            let distance = if ahead {
                name.first - hit.last
            } else if name.last < hit.first {
                hit.first - name.last
            } else {
                continue;
            };
            let weight = match kind {
                Frame::Before if ahead => AVOWED,
                Frame::After if !ahead => AVOWED,
                Frame::Against if ahead && user => AVOWED,
                Frame::Norm if noun && !user => ENDORSED,
                _ => continue,
            };
            if distance > FRAME_REACH || nearest.is_some_and(|(near, _)| near <= distance) {
                continue;
            }
            let against = kind == Frame::Against;
            let held = Held {
                against: against ^ (!against && self.negated(sentence, hits, hit, 0)),
                weight,
                end: if ahead { hit.last + 1 } else { 0 },
            };
            nearest = Some((distance, held));
        }
        nearest.map(|(_, held)| held)
    }

    /// Whether a negator stands shortly before a phrase, with no sign between them and not before
    /// the word `from`.
    fn negated(&self, sentence: Sentence<'_>, hits: &[Hit], hit: &Hit, from: usize) -> bool {
        let mut next = hit.first;
        for _ in 0..NEGATION_REACH {
            let Some(before) = next.checked_sub(1).filter(|&before| before >= from) else {
                return false;
            };
            let (Some(word), Some(following)) = (self.words.get(before), self.words.get(next))
            else {
                return false;
            };
            let between = sentence
                .text
                .get(word.end..following.start)
                .unwrap_or_default();
            if between
                .chars()
                .any(|c| !c.is_whitespace() && c != '-' && c != '*' && c != '"')
            {
                return false;
            }
            let negator = |h: &Hit| h.target == Target::Negator && h.last == before;
            if hits.iter().any(negator) {
                return true;
            }
            next = before;
        }
        false
    }

    fn evidence(&self, sentence: Sentence<'_>, hit: &Hit) -> Option<EvidenceSpan> {
        let (first, last) = (self.words.get(hit.first)?, self.words.get(hit.last)?);
        Some(EvidenceSpan::new(sentence.message, first.start, last.end))
    }

    /// Whether the frequent words of a message are those of other languages.
    fn is_foreign(&mut self, text: &str) -> bool {
        let mut end = text.len().min(LANGUAGE_SAMPLE);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (mut home, mut abroad, mut other_script) = (0, 0, 0);
        let mut at = 0;
        let mut all = 0;
        while at < end {
            self.words.clear();
            at = text::words(text, at..end, &self.compiled.vocabulary, &mut self.words);
            all += self.words.len();
            for &Word { id, start, .. } in &self.words {
                match self.compiled.tongue.get(id as usize) {
                    Some(1) => home += 1,
                    Some(-1) => abroad += 1,
                    _ => {}
                }
                let first = text.get(start..).and_then(|rest| rest.chars().next());
                other_script += usize::from(first.is_some_and(|c| c as u32 >= 0x250));
            }
        }
        abroad >= 2 && abroad > home || other_script * 2 > all
    }
}

/// Whether another name covers this one and more, as "intellectual honesty" covers "honesty".
fn within_longer_name(hits: &[Hit], hit: &Hit) -> bool {
    hits.iter().any(|other| {
        let longer = other.last - other.first > hit.last - hit.first;
        let covers = other.first <= hit.first && hit.last <= other.last;
        longer && covers && matches!(other.target, Target::Names { .. })
    })
}
