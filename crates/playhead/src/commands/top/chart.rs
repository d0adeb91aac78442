//! Films as a bar chart of text.

use super::{By, Film};

/// The widest bar, in characters.
const BAR_CHARS: usize = 24;
const TITLE_CHARS_MAX: usize = 44;
/// Eighths of a character, so that bars differ by less than a character.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A line a film: place, title, bar, numbers.
pub(super) fn draw(films: &[Film], by: By, days: Option<u16>, colours: bool) -> String {
    let when = match days {
        None => "of all time".to_owned(),
        Some(1) => "today (UTC)".to_owned(),
        Some(days) => format!("in the last {days} days (UTC)"),
    };
    let what = match by {
        By::Viewers => "viewers",
        By::Watched => "hours watched",
        By::Plays => "plays",
    };
    let mut text = format!("Most watched {when}, by {what}\n\n");
    if films.is_empty() {
        text.push_str("Nothing was watched. `playhead import` brings history, `playhead load` makes some.\n");
        return text;
    }
    let most = films.iter().map(|film| measure(film, by)).fold(0.0, f64::max);
    let titles: Vec<String> = films.iter().map(title).collect();
    let widest = titles.iter().map(|title| title.chars().count()).max().unwrap_or(0);
    let gap = " ".repeat(widest + BAR_CHARS + 6);
    text.push_str(&format!("{gap}{:>9}{:>9}{:>12}{:>9}\n", "viewers", "plays", "watched", "reached"));
    for (place, (film, title)) in films.iter().zip(&titles).enumerate() {
        let bar = bar(measure(film, by), most);
        let space = " ".repeat(BAR_CHARS.saturating_sub(bar.chars().count()));
        let bar = if colours { format!("\u{1b}[36m{bar}\u{1b}[0m") } else { bar };
        let reached = film.share_reached.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0));
        text.push_str(&format!(
            "{:>3} {title:<widest$}  {bar}{space}{:>9}{:>9}{:>10.1} h{reached:>9}\n",
            place + 1,
            film.viewers,
            film.plays,
            film.watched_hours,
        ));
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
fn measure(film: &Film, by: By) -> f64 {
    match by {
        By::Viewers => film.viewers as f64,
        By::Watched => film.watched_hours,
        By::Plays => film.plays as f64,
    }
}

fn title(film: &Film) -> String {
    let title = film.title.as_deref().unwrap_or(&film.video_id);
    if title.chars().count() <= TITLE_CHARS_MAX {
        return title.to_owned();
    }
    title.chars().take(TITLE_CHARS_MAX - 1).chain(['…']).collect()
}

fn bar(value: f64, most: f64) -> String {
    if most <= 0.0 {
        return String::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of characters")]
    let eighths = (value / most * (BAR_CHARS * 8) as f64).round().max(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a handful of characters")]
    let eighths = eighths as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(title: &str, viewers: u64) -> Film {
        Film {
            video_id: "v".to_owned(),
            title: Some(title.to_owned()),
            viewers,
            plays: viewers,
            watched_hours: 1.5,
            share_reached: Some(0.755),
        }
    }

    #[test]
    fn bars_are_as_long_as_their_measures() {
        assert_eq!(bar(100.0, 100.0), "█".repeat(24));
        assert_eq!(bar(50.0, 100.0), "█".repeat(12));
        assert_eq!(bar(1.0, 192.0), "▏");
        assert_eq!(bar(0.0, 0.0), "");
    }

    #[test]
    fn a_chart_without_colours_has_only_text() {
        let text = draw(&[film("Körkarlen (1921)", 200), film("Goha", 100)], By::Viewers, None, false);
        assert!(!text.contains('\u{1b}'));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "Most watched of all time, by viewers");
        assert!(lines[2].ends_with("viewers    plays     watched  reached"), "{text}");
        let by_watched = draw(&[film("Goha", 100)], By::Watched, Some(7), false);
        assert!(by_watched.starts_with("Most watched in the last 7 days (UTC), by hours watched\n"), "{by_watched}");
        let full = "█".repeat(24);
        assert_eq!(lines[3], format!("  1 Körkarlen (1921)  {full}      200      200       1.5 h     76 %"));
        let half = format!("{:<24}", "█".repeat(12));
        assert_eq!(lines[4], format!("  2 Goha              {half}      100      100       1.5 h     76 %"));
    }

    #[test]
    fn nothing_watched_says_what_to_do() {
        assert!(draw(&[], By::Plays, Some(7), false).contains("playhead import"));
    }
}
