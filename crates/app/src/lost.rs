//! What to do where the warehouse was lost or damaged: the commands, with this data folder in them. The engines say what is
//! wrong; they do not know how a backup is made, or where the data folder begins.

use std::path::Path;

use playhead_ports::WarehouseError;
use playhead_watch::ReplayError;

/// The error with what to do, if it is one of the warehouse.
pub(crate) fn with_advice(error: anyhow::Error, data: &Path) -> anyhow::Error {
    let data = data.display();
    let restore = format!("`playhead restore {data}/backups/NAME --data {data} --replace`");
    let rebuild = format!(
        "`playhead rebuild marts --data {data}`: what the log still has is loaded again once the server starts, what is older \
         is gone"
    );
    if let Some(WarehouseError::Broken(_)) = error.downcast_ref() {
        return anyhow::anyhow!(
            "{error:#}. First `mv {data}/warehouse {data}/warehouse.broken`; then, with a backup, {restore}; without one, \
             {rebuild}"
        );
    }
    if let Some(ReplayError::WarehouseLost(_)) = error.downcast_ref() {
        return anyhow::anyhow!("{error:#}. With a backup, {restore}; without one, {rebuild}");
    }
    error
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn an_error_of_the_warehouse_alone_gets_commands() {
        let of = |error: anyhow::Error| format!("{:#}", with_advice(error.context("the warehouse"), Path::new("/d")));
        let broken = of(WarehouseError::Broken("bad bytes".to_owned()).into());
        assert!(
            broken.starts_with("the warehouse: bad bytes. First `mv /d/warehouse /d/warehouse.broken`"),
            "{broken}"
        );
        let lost = of(ReplayError::WarehouseLost("gone".to_owned()).into());
        let restore = "`playhead restore /d/backups/NAME --data /d --replace`";
        let rebuild = "`playhead rebuild marts --data /d`";
        assert!([&broken, &lost].iter().all(|told| told.contains(restore) && told.contains(rebuild)), "{lost}");
        let other: anyhow::Result<()> = Err(WarehouseError::Unavailable("busy".to_owned())).context("x");
        assert!(!of(other.expect_err("it is one")).contains("restore"));
    }
}
