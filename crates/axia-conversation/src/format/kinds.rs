//! The list of formats and their names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::parser::{Parser, Settings, Stateless};
use super::{
    arena, axia, chatgpt, claude, docent, hh_rlhf, langfuse, lmsys, openai, openassistant,
    opentelemetry, sharegpt, table,
};
use crate::Error;
use crate::error::ErrorKind;

/// A format that conversations come in.
///
/// Readers find it by looking at the data; name it with
/// [`ReaderParams::format`](crate::ReaderParams::format) where you know better. `Display` and
/// `FromStr` use stable names.
///
/// # Example
///
/// ```
/// use axia_conversation::Format;
///
/// assert_eq!("wildchat".parse::<Format>()?, Format::WildChat);
/// assert_eq!(Format::ChatGpt.to_string(), "chatgpt");
/// # Ok::<(), axia_conversation::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Format {
    /// `axia`: Axia's own JSON Lines, as [`ConversationWriter`](crate::ConversationWriter) writes them.
    Axia,
    /// `openai`: chat messages as for fine-tuning, and logs of requests with or without answers.
    #[serde(rename = "openai")]
    OpenAi,
    /// `anthropic`: requests of the Messages API, with `system` and content blocks.
    Anthropic,
    /// `chatgpt`: the export of ChatGPT.
    #[serde(rename = "chatgpt")]
    ChatGpt,
    /// `claude`: the export of Claude.ai.
    Claude,
    /// `sharegpt`: `conversations` of `from` and `value`; also OpenChat's `items`.
    #[serde(rename = "sharegpt")]
    ShareGpt,
    /// `wildchat`: the three editions of WildChat.
    #[serde(rename = "wildchat")]
    WildChat,
    /// `lmsys-chat`: LMSYS-Chat-1M.
    #[serde(rename = "lmsys-chat")]
    LmsysChat,
    /// `openassistant`: trees of messages, or the messages one by one.
    #[serde(rename = "openassistant")]
    OpenAssistant,
    /// `hh-rlhf`: pairs of a chosen and a rejected dialogue.
    HhRlhf,
    /// `arena`: battles of two models, and what FastChat logs.
    Arena,
    /// `langfuse`: observations exported from Langfuse.
    Langfuse,
    /// `opentelemetry`: spans with the conventions for generative AI, or those of OpenInference.
    #[serde(rename = "opentelemetry")]
    OpenTelemetry,
    /// `ui-messages`: messages with `parts`, as the AI SDK of Vercel keeps them.
    UiMessages,
    /// `docent`: agent runs with `transcripts`.
    Docent,
    /// `table`: rows of a table, CSV or JSON; see [`ColumnMap`](crate::ColumnMap).
    Table,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Axia,
        Self::OpenAi,
        Self::Anthropic,
        Self::ChatGpt,
        Self::Claude,
        Self::ShareGpt,
        Self::WildChat,
        Self::LmsysChat,
        Self::OpenAssistant,
        Self::HhRlhf,
        Self::Arena,
        Self::Langfuse,
        Self::OpenTelemetry,
        Self::UiMessages,
        Self::Docent,
        Self::Table,
    ];

    /// The name, as `Display` writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Axia => "axia",
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::ChatGpt => "chatgpt",
            Self::Claude => "claude",
            Self::ShareGpt => "sharegpt",
            Self::WildChat => "wildchat",
            Self::LmsysChat => "lmsys-chat",
            Self::OpenAssistant => "openassistant",
            Self::HhRlhf => "hh-rlhf",
            Self::Arena => "arena",
            Self::Langfuse => "langfuse",
            Self::OpenTelemetry => "opentelemetry",
            Self::UiMessages => "ui-messages",
            Self::Docent => "docent",
            Self::Table => "table",
        }
    }

    /// All names, for messages.
    pub(crate) fn list() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// Whether the records of a conversation may stand anywhere in the file.
    pub(crate) fn needs_two_passes(self) -> bool {
        matches!(self, Self::Langfuse | Self::OpenTelemetry)
    }

    pub(crate) fn parser(self, settings: &Settings) -> Box<dyn Parser> {
        let stateless = |parse| -> Box<dyn Parser> {
            Box::new(Stateless {
                parse,
                settings: settings.clone(),
            })
        };
        match self {
            Self::Axia => stateless(axia::parse),
            Self::OpenAi => stateless(openai::parse_openai),
            Self::Anthropic => stateless(openai::parse_anthropic),
            Self::UiMessages => stateless(openai::parse_ui_messages),
            Self::ChatGpt => stateless(chatgpt::parse),
            Self::Claude => stateless(claude::parse),
            Self::ShareGpt => stateless(sharegpt::parse),
            Self::WildChat => stateless(lmsys::parse_wildchat),
            Self::LmsysChat => stateless(lmsys::parse_lmsys_chat),
            Self::HhRlhf => stateless(hh_rlhf::parse),
            Self::Arena => stateless(arena::parse),
            Self::Docent => stateless(docent::parse),
            Self::OpenAssistant => Box::new(openassistant::OpenAssistant::new(settings)),
            Self::Langfuse => Box::new(langfuse::parser()),
            Self::OpenTelemetry => Box::new(opentelemetry::parser()),
            Self::Table => Box::new(table::Rows::new(settings)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| ErrorKind::FormatName.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_in_every_way() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse::<Format>().unwrap(), format);
            let json = serde_json::to_string(&format).unwrap();
            assert_eq!(json, format!("\"{format}\""));
        }
        assert!(
            "nothing"
                .parse::<Format>()
                .unwrap_err()
                .is_invalid_parameter()
        );
    }
}
