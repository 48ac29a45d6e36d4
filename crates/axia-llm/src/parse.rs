//! Reads the JSON out of what a model wrote.

use serde_json::Value;

/// How many braces are tried as the start of an object in running text.
const MOST_STARTS: usize = 64;

/// The JSON value that a model's text states: the text itself, or what is left of it without
/// thinking tags, code fences, and prose around one object.
///
/// # Errors
///
/// If there is no value, or if it cannot be told which of several is meant. The reason shows no text.
///
/// # Example
///
/// ```
/// use serde_json::json;
///
/// let text = "<think>They want JSON.</think>\nHere it is:\n```json\n{\"planet\": \"Mars\"}\n```";
/// assert_eq!(axia_llm::read_json(text), Ok(json!({"planet": "Mars"})));
/// assert!(axia_llm::read_json("It is Mars.").is_err());
/// ```
pub fn read_json(text: &str) -> Result<Value, &'static str> {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let text = without_thinking(text)?;
    if text.is_empty() {
        return Err("there is no text");
    }
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    let mut fenced = fenced_blocks(text).filter_map(|block| serde_json::from_str(block).ok());
    if let Some(value) = fenced.next() {
        return match fenced.next() {
            None => Ok(value),
            Some(_) => Err("there is more than one block of JSON"),
        };
    }
    only_object(text)
}

/// What follows the thinking of a reasoning model.
fn without_thinking(text: &str) -> Result<&str, &'static str> {
    for (open, close) in [
        ("<think>", "</think>"),
        ("<thinking>", "</thinking>"),
        ("<reasoning>", "</reasoning>"),
    ] {
        // Some templates put the opening tag into the prompt, so that only the closing one is seen.
        if let Some((_, rest)) = text.rsplit_once(close) {
            return Ok(rest.trim());
        }
        if text.starts_with(open) {
            return Err("the text ends within the model's thinking");
        }
    }
    Ok(text)
}

fn fenced_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```").skip(1).step_by(2).map(|block| {
        // The first line may name the language.
        match block.split_once('\n') {
            Some((first, rest)) if !first.contains(['{', '[']) => rest.trim(),
            _ => block.trim(),
        }
    })
}

fn only_object(text: &str) -> Result<Value, &'static str> {
    let mut found = None;
    let mut rest = text;
    for _ in 0..MOST_STARTS {
        let Some(start) = rest.find('{') else {
            return found.ok_or("there is no JSON object");
        };
        rest = &rest[start..];
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                if found.replace(value).is_some() {
                    return Err("there is more than one JSON object");
                }
                rest = &rest[values.byte_offset()..];
            }
            _ => rest = &rest[1..],
        }
    }
    Err("there is no JSON object that can be told from the text around it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_models_write() {
        let a = json!({"a": 1});
        for text in [
            r#"{"a": 1}"#,
            " \n{\"a\": 1}\n",
            "```json\n{\"a\": 1}\n```",
            "```\n{\"a\": 1}\n```",
            "```{\"a\": 1}```",
            "Sure!\n```json\n{\"a\": 1}\n```\nAnything else?",
            "Here you are: {\"a\": 1}. Done.",
            "<think>{\"a\": 2}?</think>{\"a\": 1}",
            "hm {\"a\": 2}</think>\n{\"a\": 1}",
            "<thinking>\nhm\n</thinking>\n```json\n{\"a\": 1}\n```",
            "a set {x} and {\"a\": 1}",
        ] {
            assert_eq!(read_json(text), Ok(a.clone()), "{text}");
        }
        assert_eq!(read_json("[1]"), Ok(json!([1])));
    }

    #[test]
    fn takes_nothing_wrong() {
        for text in [
            "",
            "no",
            "{\"a\": 1",
            "<think>{\"a\": 1}",
            "{\"a\": 1} or {\"a\": 2}",
            "```\n{\"a\": 1}\n```\n```\n{\"a\": 2}\n```",
            "{{{{{{",
        ] {
            assert!(read_json(text).is_err(), "{text}");
        }
    }

    #[test]
    fn many_braces_take_no_time() {
        let text = "{".repeat(1_000_000);
        assert!(read_json(&text).is_err());
    }
}
