//! Records that hold one list of messages: most formats, under different keys.

use super::parser::Draft;
use crate::json::{
    ChatMessage, Fact, Items, Maybe, MessageList, Missing, Node, Pieces, Text, Time, fields,
    first_text, push_messages,
};
use crate::record_error::Problem;
use crate::{Format, Metadata, Role};

fields! {
    /// A record with the keys of all formats of this kind.
    Chat<'a> {
        id: Text<'a> = "id",
        conversation_id: Text<'a> = "conversation_id" | "conversationId" | "conversation_hash",
        other_id: Text<'a> = "chat_id" | "thread_id" | "session_id" | "custom_id" | "prompt_id" | "uuid",
        model: Text<'a> = "model" | "model_name" | "model_id",
        user: Text<'a> = "user_id" | "userId" | "user" | "hashed_ip",
        language: Text<'a> = "language" | "lang",
        time: Time = "timestamp" | "created_at" | "createdAt" | "create_time" | "created" | "started_at" | "tstamp",
        system: Node<'a> = "system" | "system_prompt" | "system_message" | "instructions",
        messages: MessageList<'a> = "messages",
        conversation: MessageList<'a> = "conversation",
        conversations: MessageList<'a> = "conversations",
        items: MessageList<'a> = "items",
        input: MessageList<'a> = "input",
        output: MessageList<'a> = "output",
        choices: Items<Choice<'a>> = "choices",
        content: Node<'a> = "content",
        request: Maybe<Chat<'a>> = "request" | "body" | "kwargs",
        response: Maybe<Chat<'a>> = "response",
        metadata: Maybe<About<'a>> = "metadata",
        question_id: Fact = "question_id",
        category: Fact = "category",
        winner: Fact = "winner",
        score: Fact = "score",
        turn: Fact = "turn",
        redacted: Fact = "redacted",
        toxic: Fact = "toxic",
    }
}

fields! {
    /// What is used of a record's metadata.
    About<'a> {
        user: Text<'a> = "user_id" | "userId",
    }
}

fields! {
    /// One of the answers of a model.
    Choice<'a> {
        message: Maybe<ChatMessage<'a>> = "message",
    }
}

impl Chat<'_> {
    /// Everything but the messages.
    pub(crate) fn draft(&mut self) -> Draft {
        let mut draft = Draft {
            id: first_text(&[&self.conversation_id, &self.id, &self.other_id]),
            user_id: self.user.to_owned_text().or_else(|| {
                let about = self.metadata.0.as_deref()?;
                about.user.to_owned_text()
            }),
            model: self.model.to_owned_text(),
            language: self.language.to_owned_text(),
            started_at: self.time.0,
            metadata: self.take_facts(),
            ..Draft::default()
        };
        if !self.system.is_blank() {
            let mut pieces = Pieces::new(Role::System, None, &mut draft.messages);
            pieces.node(std::mem::take(&mut self.system));
            pieces.finish();
        }
        draft
    }

    fn take_facts(&mut self) -> Metadata {
        [
            ("question_id", &mut self.question_id),
            ("category", &mut self.category),
            ("winner", &mut self.winner),
            ("score", &mut self.score),
            ("turn", &mut self.turn),
            ("redacted", &mut self.redacted),
            ("toxic", &mut self.toxic),
        ]
        .into_iter()
        .filter_map(|(name, fact)| Some((name.to_owned(), fact.0.take()?)))
        .collect()
    }

    /// The answer of a model, in a log that keeps it beside the request.
    pub(crate) fn push_answer(self, draft: &mut Draft) -> Result<(), Problem> {
        if draft.model.is_none() {
            draft.model = self.model.to_owned_text();
        }
        let answers: Vec<ChatMessage<'_>> = self
            .choices
            .into_vec()
            .into_iter()
            .take(1)
            .filter_map(|choice| choice.message.0)
            .map(|message| message.or_role(Role::Assistant))
            .collect();
        let answered = !answers.is_empty();
        push_messages(answers, &mut draft.messages)?;
        if let Some(pushed) = self.output.push(&mut draft.messages) {
            return pushed;
        }
        if !answered && !self.content.is_blank() {
            let mut pieces = Pieces::new(Role::Assistant, None, &mut draft.messages);
            pieces.node(self.content);
            pieces.finish();
        }
        match (self.response.0, self.request.0) {
            (Some(inner), _) | (None, Some(inner)) => inner.push_answer(draft),
            (None, None) => Ok(()),
        }
    }
}

/// Appends a list of messages that must be there.
pub(crate) fn push_required(
    list: MessageList<'_>,
    draft: &mut Draft,
    format: Format,
    expected: &'static str,
) -> Result<(), Problem> {
    list.push(&mut draft.messages)
        .unwrap_or(Err(Problem::Shape { format, expected }))
}

/// The first list that is there.
pub(crate) fn first_list<'a, const N: usize>(lists: [MessageList<'a>; N]) -> MessageList<'a> {
    lists
        .into_iter()
        .find(|list| !list.is_missing())
        .unwrap_or_default()
}
