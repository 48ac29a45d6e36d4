//! Battles of two models, answers to benchmark questions, and the logs of FastChat.

use std::borrow::Cow;
use std::mem::take;

use super::parser::{Draft, Output, Settings};
use crate::json::{
    Fact, Items, Maybe, MessageList, Missing, Node, Number, Pieces, Text, Time, fields, first_text,
    parse as parse_json,
};
use crate::record_error::{Place, Problem};
use crate::{Format, Message, Metadata, Role};

fields! {
    /// A record of any of these kinds.
    Battle<'a> {
        question_id: Text<'a> = "question_id" | "conversation_id" | "id",
        conv_id: Text<'a> = "conv_id",
        answer_id: Text<'a> = "answer_id",
        model: Text<'a> = "model" | "model_id",
        models: Items<Text<'a>> = "models",
        model_a: Text<'a> = "model_a",
        model_b: Text<'a> = "model_b",
        conversation_a: MessageList<'a> = "conversation_a",
        conversation_b: MessageList<'a> = "conversation_b",
        choices: Items<Answer<'a>> = "choices",
        state: Maybe<State<'a>> = "state",
        states: Items<State<'a>> = "states",
        judge: Text<'a> = "judge",
        user: Text<'a> = "user_id",
        language: Text<'a> = "language",
        time: Time = "tstamp" | "timestamp",
        winner: Fact = "winner",
        turn: Fact = "turn",
        category: Fact = "category",
    }
}

fields! {
    /// An answer of MT-bench: the model's turns.
    Answer<'a> {
        turns: Items<Node<'a>> = "turns",
    }
}

fields! {
    /// The conversation of a FastChat log: pairs of role and text.
    State<'a> {
        conv_id: Text<'a> = "conv_id",
        model: Text<'a> = "model_name",
        system: Node<'a> = "system_message" | "system",
        roles: Items<Text<'a>> = "roles",
        messages: Items<Items<Node<'a>>> = "messages",
        offset: Number = "offset",
    }
}

pub(super) fn parse(
    text: &str,
    place: Place,
    _: &Settings,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut battle: Battle<'_> = parse_json(text)?;
    let drafts = if !battle.conversation_a.is_missing() || !battle.conversation_b.is_missing() {
        battles(&mut battle)?
    } else if !battle.choices.is_missing() {
        answers(&mut battle)
    } else if battle.state.0.is_some() || !battle.states.is_missing() {
        logged(&mut battle)?
    } else {
        return Err(Problem::Shape {
            format: Format::Arena,
            expected: "none of `conversation_a`, `choices` with `turns`, and `state` is there",
        });
    };
    for draft in drafts {
        out.push(place, Ok(draft));
    }
    Ok(())
}

/// What the conversations of a record have in common.
fn common(battle: &Battle<'_>) -> Draft {
    // In the arena the judge is the user; elsewhere a judge is somebody who read along.
    let judge = battle
        .judge
        .to_owned_text()
        .filter(|judge| judge.starts_with("arena_user"));
    let mut metadata = Metadata::new();
    let facts = [
        ("winner", &battle.winner),
        ("turn", &battle.turn),
        ("category", &battle.category),
    ];
    for (name, fact) in facts {
        if let Some(value) = &fact.0 {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(question) = battle.question_id.to_owned_text().filter(|q| q.len() <= 64) {
        metadata.insert("question_id".to_owned(), question.into());
    }
    Draft {
        user_id: battle.user.to_owned_text().or(judge),
        language: battle.language.to_owned_text(),
        started_at: battle.time.0,
        metadata,
        ..Draft::default()
    }
}

fn battles(battle: &mut Battle<'_>) -> Result<Vec<Draft>, Problem> {
    let mut drafts = Vec::new();
    let sides = [
        (
            "a",
            take(&mut battle.conversation_a),
            take(&mut battle.model_a),
        ),
        (
            "b",
            take(&mut battle.conversation_b),
            take(&mut battle.model_b),
        ),
    ];
    for (side, list, model) in sides {
        let mut draft = common(battle);
        draft.id = battle
            .question_id
            .get()
            .map(|question| format!("{question}/{side}"));
        draft.model = model.to_owned_text();
        draft.metadata.insert("side".to_owned(), side.into());
        if let Some(pushed) = list.push(&mut draft.messages) {
            pushed?;
            drafts.push(draft);
        }
    }
    Ok(drafts)
}

fn answers(battle: &mut Battle<'_>) -> Vec<Draft> {
    let model = battle.model.to_owned_text();
    let mut drafts = Vec::new();
    for (index, answer) in take(&mut battle.choices).into_vec().into_iter().enumerate() {
        let mut draft = common(battle);
        draft.id = battle.question_id.get().map(|question| {
            let mut id = format!("{question}/{}", model.as_deref().unwrap_or("answer"));
            if index > 0 {
                id.push_str(&format!("/{index}"));
            }
            id
        });
        if draft.id.is_none() {
            draft.id = first_text(&[&battle.answer_id]).filter(|_| index == 0);
        }
        draft.model.clone_from(&model);
        for turn in answer.turns.into_vec() {
            push(Role::Assistant, turn, &mut draft.messages);
        }
        drafts.push(draft);
    }
    drafts
}

fn logged(battle: &mut Battle<'_>) -> Result<Vec<Draft>, Problem> {
    let states = take(&mut battle.state.0)
        .map(|state| *state)
        .into_iter()
        .chain(take(&mut battle.states).into_vec());
    let models = take(&mut battle.models).into_vec();
    let mut drafts = Vec::new();
    for (index, state) in states.enumerate() {
        let mut draft = common(battle);
        draft.id = first_text(&[&state.conv_id, &battle.conv_id, &battle.question_id]);
        let listed = models.get(index).and_then(Text::to_owned_text);
        draft.model = first_text(&[&state.model, &battle.model]).or(listed);
        if !state.system.is_blank() {
            push(Role::System, state.system, &mut draft.messages);
        }
        // The first `offset` messages are examples of the prompt, not of this conversation.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let offset = state.offset.0.unwrap_or(0.0).max(0.0) as usize;
        let pairs = state.messages.into_vec().into_iter().skip(offset);
        for (number, pair) in pairs.enumerate() {
            let mut pair = pair.into_vec().into_iter();
            let name = match pair.next() {
                Some(Node::Text(name)) => name,
                _ => Cow::Borrowed(""),
            };
            let role = role(&name, &state.roles).ok_or(Problem::Role {
                message: number + 1,
                missing: name.is_empty(),
            })?;
            push(role, pair.next().unwrap_or_default(), &mut draft.messages);
        }
        drafts.push(draft);
    }
    Ok(drafts)
}

/// Templates name the two roles as they like: the first one is the user.
fn role(name: &str, roles: &Items<Text<'_>>) -> Option<Role> {
    let bare = name.trim_matches(|c: char| !c.is_alphanumeric());
    Role::parse(bare).or_else(|| {
        let sides = [Role::User, Role::Assistant];
        let mut named = roles.iter().zip(sides);
        named.find_map(|(role, side)| (role.get() == Some(name)).then_some(side))
    })
}

fn push(role: Role, node: Node<'_>, out: &mut Vec<Message>) {
    let mut pieces = Pieces::new(role, None, out);
    pieces.node(node);
    pieces.finish();
}
