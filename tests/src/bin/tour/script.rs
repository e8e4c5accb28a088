//! A script as data.

/// What is said to one server, and what it must say.
///
/// A script is a text. A line begins with what it is: `=` the title, `$` what `$meta` stands for,
/// `#` a step and what it shows, `>` a line to the server, `<` a pattern of a line from it (see
/// [`check`](crate::expect::check)). An indented line goes on with the line before it.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The headline.
    pub(crate) title: String,
    /// What `$meta` stands for in what is sent; shown in full once.
    pub(crate) meta: String,
    /// The steps, in order.
    pub(crate) steps: Vec<Step>,
}

/// Lines to the server, and the lines that must come back: these, in this order, and no other.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What the step shows.
    pub(crate) shows: String,
    /// Sent in order; `$name` stands for what an earlier step captured.
    pub(crate) sends: Vec<String>,
    /// The patterns of what comes back.
    pub(crate) back: Vec<String>,
}

impl Script {
    /// The scripts of the tour, in order.
    pub(crate) fn of_the_tour() -> Result<Vec<Self>, String> {
        [include_str!("2025-11-25.txt"), include_str!("2026-07-28.txt")]
            .into_iter()
            .map(Self::parse)
            .collect()
    }

    /// Reads a script, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut script = Self::default();
        let text = text.replace("\n    ", "");
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = rest.to_owned();
            match (kind, script.steps.last_mut()) {
                ("=", _) => script.title = rest,
                ("$", _) => script.meta = rest,
                ("#", _) => script.steps.push(Step { shows: rest, ..Step::default() }),
                (">", Some(step)) => step.sends.push(rest),
                ("<", Some(step)) => step.back.push(rest),
                _ => return Err(format!("the script does not say what this line is for: {line}")),
            }
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_json_and_every_step_expects_something() {
        let scripts = Script::of_the_tour().unwrap();
        for step in scripts.iter().flat_map(|script| &script.steps) {
            assert!(!step.back.is_empty(), "{}", step.shows);
            for pattern in &step.back {
                let parsed: Result<serde_json::Value, _> = serde_json::from_str(pattern);
                assert!(parsed.is_ok(), "{pattern}");
            }
        }
    }

    #[test]
    fn a_line_of_no_kind_and_a_line_before_the_first_step_are_mistakes() {
        assert!(Script::parse("# a step\nhello").is_err());
        assert!(Script::parse("= a title\n> {}").is_err());
        assert!(Script::parse("= a title\n# a step\n> {}\n    {}\n\n< {}").is_ok());
    }
}
