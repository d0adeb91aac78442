//! One SELECT over staged rows and what is stored.

use playhead_ports::{Cell, Staged, TargetError};

use crate::cell::cell;
use crate::failure::Failure;
use crate::pool::Unwell;
use crate::session::Session;
use crate::stage;

/// What keeps a question from being answered.
pub(crate) enum Unanswered {
    /// By the server.
    Failed(Failure),
    /// By what is promised: why.
    Refused(String),
}

impl<E: Into<Failure>> From<E> for Unanswered {
    fn from(failure: E) -> Self {
        Self::Failed(failure.into())
    }
}

impl Unwell for Unanswered {
    fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            Self::Refused(_) => None,
        }
    }
}

impl From<Unanswered> for TargetError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Failed(failure) => failure.into(),
            Unanswered::Refused(why) => Self::Refused(why),
        }
    }
}

/// Its rows, in a transaction that changes nothing.
pub(crate) async fn select(
    session: &mut Session,
    staged: &[Staged],
    sql: &str,
    rows_max: usize,
) -> Result<Vec<Vec<Cell>>, Unanswered> {
    stage::make_tables(session, staged).await?;
    let transaction = session.client.build_transaction().read_only(true).start().await?;
    let analyzed = stage::fill(transaction.client(), &session.temp_tables, staged).await?;
    let statement = transaction.prepare(sql).await?;
    if statement.columns().is_empty() {
        return Err(Unanswered::Refused("it gives no columns, so it is no SELECT".to_owned()));
    }
    let portal = transaction.bind(&statement, &[]).await?;
    // One more than may be given, to know that there are more; none would mean all of them.
    let fetched = i32::try_from(rows_max).map_or(i32::MAX, |most| most.saturating_add(1));
    let rows = transaction.query_portal(&portal, fetched).await?;
    if rows.len() > rows_max {
        return Err(Unanswered::Refused(format!("the answer has more than {rows_max} rows")));
    }
    let of_row = |row: &tokio_postgres::Row| (0..row.len()).map(|column| cell(row, column)).collect::<Result<_, _>>();
    let cells = rows.iter().map(of_row).collect::<Result<_, String>>().map_err(Unanswered::Refused)?;
    transaction.commit().await?;
    stage::remember(&mut session.temp_tables, &analyzed);
    Ok(cells)
}
