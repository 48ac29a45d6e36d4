//! The question that a message answers: "What is your phone number?" makes a number of the digits in the
//! next message.
//!
//! Where a question begins and how far its answer reaches are measured in what stays of the texts, so both are
//! the same once findings have been replaced.

use std::ops::Range;

/// Longest question that is looked at, in letters and digits.
const LONGEST: usize = 200;

/// How much of the answer is read together with the question, in letters and digits.
const ANSWER: usize = 260;

/// The question with which a message ends, if it does; `gone` are the spans that are replaced, in order.
pub(crate) fn last_question(text: &str, gone: &[Range<usize>]) -> Option<Range<usize>> {
    let stays = |at: &usize| !covered(gone, *at);
    let trailing = |c: char| c.is_whitespace() || "\"'*_)”’".contains(c);
    let mut staying = text.char_indices().rev().filter(|(at, _)| stays(at));
    let (mark, sign) = staying.find(|&(_, c)| !trailing(c))?;
    if !matches!(sign, '?' | '？' | '؟' | ';') {
        return None;
    }
    let (mut start, mut letters, mut foreign) = (0, 0, false);
    for (at, c) in staying {
        letters += usize::from(c.is_alphanumeric());
        if letters > LONGEST || matches!(c, '.' | '!' | '?' | '\n' | '。' | '？') {
            start = at + c.len_utf8();
            break;
        }
        foreign |= !c.is_ascii();
    }
    // A Greek question mark looks like a semicolon, which ends few English messages and no question.
    if letters < 2 || sign == ';' && !foreign {
        return None;
    }
    let end = mark + sign.len_utf8();
    let said = text.get(start..end)?.char_indices();
    let mut said = said.map(|(at, c)| (start + at, c));
    let (start, _) = said.find(|(at, c)| c.is_alphanumeric() && stays(at))?;
    Some(start..end)
}

/// Where the beginning of an answer ends: the last space within reach that stays.
pub(crate) fn head(text: &str, gone: &[Range<usize>]) -> usize {
    let (mut letters, mut space) = (0, None);
    let stay = text.char_indices().filter(|(at, _)| !covered(gone, *at));
    for (at, c) in stay {
        letters += usize::from(c.is_alphanumeric());
        if letters > ANSWER {
            return space.unwrap_or(at);
        }
        if c.is_whitespace() {
            space = Some(at);
        }
    }
    text.len()
}

fn covered(gone: &[Range<usize>], at: usize) -> bool {
    let next = gone.partition_point(|span| span.end <= at);
    gone.get(next).is_some_and(|span| span.start <= at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<&str> {
        last_question(text, &[]).map(|span| &text[span])
    }

    #[test]
    fn only_the_last_sentence_counts() {
        let text = "Thanks! Is that all? What is your phone number?\n";
        assert_eq!(asked(text), Some("What is your phone number?"));
        assert_eq!(asked("**What's your name?**"), Some("What's your name?"));
        assert_eq!(asked("What? No."), None);
        assert_eq!(asked("?"), None);
        assert_eq!(asked("done;"), None);
        assert_eq!(asked("Πώς σε λένε;"), Some("Πώς σε λένε;"));
    }

    #[test]
    fn question_and_answer_are_cut_where_they_are_long() {
        let long = format!("{} é{}?", "x".repeat(50), "é".repeat(300));
        assert!(asked(&long).is_some_and(|q| q.chars().count() == LONGEST + 1));
        let answer = "word ".repeat(100);
        assert_eq!(head(&answer, &[]), ANSWER / 4 * 5 - 1);
        assert_eq!(head("short", &[]), 5);
    }

    #[test]
    fn what_is_replaced_neither_ends_nor_lengthens_anything() {
        let text = "Is ann.b@c.de yours?";
        let without = |text, gone| last_question(text, std::slice::from_ref(&gone));
        assert_eq!(without(text, 3..13), Some(0..text.len()));
        assert_eq!(without("x b@c.de/?", 2..10), None);
        assert_eq!(without("ann? (b) of it?", 0..8), Some(9..15));
        assert_eq!(without("Yours? b@c.de", 7..13), Some(0..6));
        let value = "1".repeat(ANSWER);
        let answer = format!("{value} {}", "word ".repeat(100));
        assert!(head(&answer, std::slice::from_ref(&(0..value.len()))) > ANSWER / 4 * 5);
    }
}
