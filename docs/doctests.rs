//! Compiles and runs the code in the README and the guide. Nothing else is here: the root package
//! has no library of its own.

#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    struct Readme;

    #[doc = include_str!("anonymization.md")]
    struct Anonymization;

    #[doc = include_str!("formats.md")]
    struct Formats;

    #[doc = include_str!("language-models.md")]
    struct LanguageModels;

    #[doc = include_str!("statistics.md")]
    struct Statistics;

    #[doc = include_str!("taxonomy.md")]
    struct Taxonomies;
}
