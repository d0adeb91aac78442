//! Pipelines of the warehouse, wired: the target that a URL names, the log and the dictionaries of a data folder, and what
//! commands do with them.

mod configured;
mod desk;
mod fleet;
mod job;
mod plans;
mod produce;
mod run;
mod supervise;
mod target;
mod targets;
mod tell;
mod topics;

pub(crate) use configured::read_specs;
pub use configured::{PipelinesConfig, TopicsConfig};
pub(crate) use desk::Desk;
pub(crate) use fleet::{DICTIONARIES, Pipelines};
pub use job::{PipelineJob, load_dictionary, load_file, load_files_together};
pub use plans::{PlanFormat, apply_pipeline, read_spec, show_plan, spec_schema};
pub use produce::{Produce, Produced, check_key, produce};
pub use run::{Ran, ReplayFrom, redrive_pipeline, replay_pipeline, run_pipeline};
pub use target::check_url;
pub use tell::{TableRows, pipeline_document, pipeline_lineage, pipeline_rejects, pipeline_rows, pipeline_status};

pub use playhead_warehouse::pipeline::{
    Ancestor, Loaded, LoadedFile, PipelineStatus, RejectedMessage, Role as PipelineRole,
};
pub use playhead_warehouse::spec::Spec;
