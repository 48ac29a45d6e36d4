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
                    {
                        found.push(Self(Kind::Avx512Bf16));
                    }
                }
            }
        }
        found
    }

    /// Whether it multiplies pairs of bfloat16.
    pub(super) fn has_pairs(self) -> bool {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512Bf16 => true,
            _ => false,
        }
    }

    pub(super) fn kind(self) -> Kind {
        self.0
    }
}
