//! The question that a message answers: "What is your phone number?" makes a number of the digits in the
//! next message.

/// Longest question that is looked at, in bytes.
const LONGEST: usize = 240;

/// How much of the answer is read together with the question.
const ANSWER: usize = 320;

/// The question with which a message ends, if it does.
pub(crate) fn last_question(text: &str) -> Option<&str> {
    let text = text.trim_end_matches(|c: char| c.is_whitespace() || "\"'*_)”’".contains(c));
    let body = text.strip_suffix(['?', '？', '؟', ';'])?;
    // A Greek question mark looks like a semicolon, which ends few English messages and no question.
    if text.ends_with(';') && body.is_ascii() {
        return None;
    }
    let start = body
        .char_indices()
        .rev()
        .take_while(|(at, _)| text.len() - at <= LONGEST)
        .find(|(_, c)| matches!(c, '.' | '!' | '?' | '\n' | '。' | '？'))
        .map_or_else(
            || floor(text, text.len().saturating_sub(LONGEST)),
            |(at, c)| at + c.len_utf8(),
        );
    let question = text.get(start..)?;
    // A placeholder stays whole: without its bracket its name would be a word.
    let question = question.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '[');
    (question.len() > 3).then_some(question)
}

/// The beginning of an answer, up to a space.
pub(crate) fn head(text: &str) -> &str {
    if text.len() <= ANSWER {
        return text;
    }
    let cut = floor(text, ANSWER);
    let head = &text[..cut];
    head.rfind(char::is_whitespace)
        .map_or(head, |at| &head[..at])
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_sentence_counts() {
        let text = "Thanks! Is that all? What is your phone number?\n";
        assert_eq!(last_question(text), Some("What is your phone number?"));
        assert_eq!(
            last_question("**What's your name?**"),
            Some("What's your name?")
        );
        assert_eq!(last_question("What? No."), None);
        assert_eq!(last_question("?"), None);
        assert_eq!(last_question("done;"), None);
        let long = format!("{} é{}?", "x".repeat(50), "é".repeat(200));
        assert!(last_question(&long).is_some_and(|q| q.len() <= LONGEST + 2));
        assert!(head(&"word ".repeat(100)).len() <= ANSWER);
    }
}
