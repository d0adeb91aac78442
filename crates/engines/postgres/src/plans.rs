//! Prepared statements of a session.
//!
//! The server plans a statement without parameters once and keeps that plan, however the sizes of tables change: what was right
//! for ten staged rows is hopeless for a million. So a statement is prepared for each order of size by itself, and anew after
//! 1, 2, 4, 8 ... uses, for the tables that grow meanwhile.

use std::collections::HashMap;

use tokio_postgres::{Client, Statement};

use crate::failure::Failure;

/// More than a plan's own statements; what is beyond them was asked but once.
const PLANS_MAX: usize = 4_096;
/// After this many uses a statement is prepared anew each time that so many more have gone by.
const USES_MAX: u64 = 256;

/// Prepared statements.
#[derive(Default)]
pub(crate) struct Plans {
    of: HashMap<(u32, String), Plan>,
}

struct Plan {
    statement: Statement,
    uses: u64,
}

impl Plans {
    /// The statement, prepared for batches of about so many rows.
    pub(crate) async fn prepared(&mut self, client: &Client, sql: &str, rows: usize) -> Result<Statement, Failure> {
        let key = (order_of(rows), sql.to_owned());
        if let Some(plan) = self.of.get_mut(&key) {
            plan.uses += 1;
            if !is_due(plan.uses) {
                return Ok(plan.statement.clone());
            }
            plan.statement = client.prepare(sql).await?;
            return Ok(plan.statement.clone());
        }
        if self.of.len() >= PLANS_MAX {
            self.of.clear();
        }
        let statement = client.prepare(sql).await?;
        self.of.insert(key, Plan { statement: statement.clone(), uses: 0 });
        Ok(statement)
    }
}

/// Eight times as many rows are another order.
fn order_of(rows: usize) -> u32 {
    (usize::BITS - rows.leading_zeros()) / 3
}

fn is_due(uses: u64) -> bool {
    uses.is_power_of_two() || uses.is_multiple_of(USES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_renewed_less_and_less_often_but_for_ever() {
        let due: Vec<u64> = (1..1_030).filter(|uses| is_due(*uses)).collect();
        assert_eq!(due, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1_024]);
    }

    #[test]
    fn a_hundred_rows_and_half_a_million_are_planned_apart() {
        assert_ne!(order_of(100), order_of(500_000));
        assert_eq!(order_of(4_100), order_of(4_900));
    }
}
