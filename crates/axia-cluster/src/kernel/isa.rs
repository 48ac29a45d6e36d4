//! Which instructions this processor has.

/// An instruction set that was found on this processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx512Bf16,
}

/// How a filter holds values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Single precision.
    Single,
    /// Pairs of bfloat16.
    Pairs,
    /// Four bytes, of a scale that each row and column has: twice as fast as pairs, and about five times
    /// as coarse.
    Bytes,
}

impl Form {
    /// How many times 32 bits so many values take.
    pub(crate) fn depth(self, dim: usize) -> usize {
        match self {
            Self::Single => dim,
            Self::Pairs => dim.div_ceil(2),
            Self::Bytes => dim.div_ceil(4),
        }
    }
}

impl Isa {
    /// The fastest one.
    pub(crate) fn best() -> Self {
        let available = Self::available();
        available[available.len() - 1]
    }

    /// All of this processor, the slowest first.
    pub(crate) fn available() -> Vec<Self> {
        #[allow(unused_mut)] // on other processors
        let mut found = vec![Self(Kind::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("popcnt")
            {
                found.push(Self(Kind::Avx2));
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                    found.push(Self(Kind::Avx512));
                    if is_x86_feature_detected!("avx512bw")
                        && is_x86_feature_detected!("avx512vl")
                        && is_x86_feature_detected!("avx512bf16")
                        && is_x86_feature_detected!("avx512vnni")
                    {
                        found.push(Self(Kind::Avx512Bf16));
                    }
                }
            }
        }
        found
    }

    /// The form of values that it multiplies fast and rounds little.
    pub(crate) fn form(self) -> Form {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512Bf16 => Form::Pairs,
            _ => Form::Single,
        }
    }

    /// The form that it multiplies fastest, whatever it rounds.
    pub(crate) fn coarsest_form(self, dim: usize) -> Form {
        match self.form() {
            // More products than these could overflow their sum.
            Form::Pairs if dim <= 1 << 14 => Form::Bytes,
            form => form,
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }
}
