use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::markdown::{Line, lines};

const HEADING: Style = Style::new().bold();
const CODE: Style = AnsiColor::Cyan.on_default();
const INDENTATION: &str = "    ";

/// Markdown for a terminal of that many columns: headings bold, code indented, prose wrapped.
pub(crate) fn render(markdown: &str, columns: usize) -> String {
    let mut text = String::new();
    for line in lines(markdown) {
        let _ = match line {
            Line::Fence(_) => Ok(()),
            Line::Code("") => writeln!(text),
            Line::Code(code) => writeln!(text, "{INDENTATION}{CODE}{code}{CODE:#}"),
            Line::Heading(_, title) => writeln!(text, "{HEADING}{title}{HEADING:#}"),
            Line::Prose(prose) => writeln!(text, "{}", wrapped(prose, columns)),
        };
    }
    text
}

/// A paragraph or list item in lines of at most that many characters, a longer word alone.
fn wrapped(prose: &str, columns: usize) -> String {
    let marker = prose.split(' ').next().unwrap_or_default();
    let is_marker = marker == "-"
        || marker.strip_suffix('.').is_some_and(|number| number.parse::<u8>().is_ok());
    let hanging = if is_marker { " ".repeat(marker.len() + 1) } else { String::new() };
    let mut text = String::new();
    let mut width = 0;
    for word in prose.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > columns {
            let _ = write!(text, "\n{hanging}");
            width = hanging.len();
        } else if width > 0 {
            text.push(' ');
            width += 1;
        }
        text.push_str(word);
        width += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        let markdown = "# build/failed\n\nOne two three four.\n\n- one two three\n12. one two three\n\n```sh\nnpm run a very long line\n\nls\n```\n";
        let expected = "build/failed\n\nOne two\nthree four.\n\n- one two\n  three\n12. one two\n    three\n\n    npm run a very long line\n\n    ls\n";
        assert_eq!(anstream::adapter::strip_str(&render(markdown, 11)).to_string(), expected);
    }
}
