//! Roles: one process fills all layers of a pipeline, or one process each of them, with topics between.
//!
//! The role of STG takes messages in and hands each of them on in the transaction that takes it in. The role of the vault takes
//! its messages from there, and hands them on to the role of the marts. A role reads in STG what its rows are derived from, so
//! all of them are of one database.

use std::fmt;
use std::str::FromStr;

use crate::plan::Layer;

/// Which layers a process fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// All of them.
    #[default]
    Whole,
    /// One of them.
    Of(Layer),
}

/// There is no role of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no layer `{0}`: stg, dds or cdm")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let layers = [("stg", Layer::Stg), ("dds", Layer::Dds), ("cdm", Layer::Cdm)];
        let found = layers.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, layer)| Self::Of(layer)).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Of(Layer::Stg) => "stg",
            Self::Of(Layer::Dds) => "dds",
            Self::Of(Layer::Cdm) => "cdm",
        })
    }
}

impl Role {
    /// The layers that it fills.
    pub fn layers(self) -> &'static [Layer] {
        match self {
            Self::Whole => &[Layer::Stg, Layer::Dds, Layer::Cdm],
            Self::Of(Layer::Stg) => &[Layer::Stg],
            Self::Of(Layer::Dds) => &[Layer::Dds],
            Self::Of(Layer::Cdm) => &[Layer::Cdm],
        }
    }

    /// The name of its consumer. Who takes messages in has the name of the pipeline: whoever fills all layers goes on where the
    /// role of STG has got to.
    pub fn consumer(self, pipeline: &str) -> String {
        match self {
            Self::Whole | Self::Of(Layer::Stg) => pipeline.to_owned(),
            Self::Of(_) => format!("{pipeline}.{self}"),
        }
    }

    /// The topic between roles that it reads; none if it takes messages in.
    pub fn reads(self, pipeline: &str) -> Option<String> {
        match self {
            Self::Whole | Self::Of(Layer::Stg) => None,
            Self::Of(Layer::Dds) => Some(format!("stg-service-{pipeline}")),
            Self::Of(Layer::Cdm) => Some(format!("dds-service-{pipeline}")),
        }
    }

    /// The topic between roles that it writes; none if it is the last one.
    pub fn writes(self, pipeline: &str) -> Option<String> {
        match self {
            Self::Of(Layer::Stg) => Self::Of(Layer::Dds).reads(pipeline),
            Self::Of(Layer::Dds) => Self::Of(Layer::Cdm).reads(pipeline),
            Self::Whole | Self::Of(Layer::Cdm) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_reads_what_the_one_before_it_writes() {
        let [stg, dds, cdm] = ["stg", "dds", "cdm"].map(|name| name.parse::<Role>().expect("a role"));
        assert_eq!(stg.writes("orders").as_deref(), Some("stg-service-orders"));
        assert_eq!(dds.reads("orders"), stg.writes("orders"));
        assert_eq!(cdm.reads("orders"), dds.writes("orders"));
        assert_eq!((stg.reads("orders"), cdm.writes("orders")), (None, None));
        assert_eq!([stg, dds, cdm].map(|role| role.consumer("orders")), ["orders", "orders.dds", "orders.cdm"]);
        assert!("mart".parse::<Role>().is_err());
    }
}
