use brush_parser::{
    ParserOptions, Token, TokenizerError, TokenizerOptions, ast::Program, parse_tokens,
    uncached_tokenize_str,
};

/// Bytes of a command above which it is not read.
const MAXIMUM_SIZE: usize = 64 * 1024;
/// How deep expansions and blocks may stand in each other: the parser recurses.
const MAXIMUM_DEPTH: usize = 32;
/// The same for parentheses and `case`, for each of which the parser doubles its time.
const MAXIMUM_DOUBLING: usize = 8;

/// Why a command was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The parser does not take it for bash.
    Syntax {
        /// The character at which it was refused, where it is known.
        character: Option<usize>,
    },
    /// It is too large or too deep to be read here.
    Limit,
}

/// Parses a script in bounded time and stack.
pub(super) fn parse(text: &str) -> Result<Program, Refusal> {
    if text.len() > MAXIMUM_SIZE || depth_of_text(text) > MAXIMUM_DEPTH {
        return Err(Refusal::Limit);
    }
    // `shopt extglob` is off in scripts.
    let options =
        TokenizerOptions { enable_extended_globbing: false, ..TokenizerOptions::default() };
    let tokens = uncached_tokenize_str(text, &options)
        .map_err(|error| Refusal::Syntax { character: character_of(&error) })?;
    check_depth(&tokens)?;
    let options = ParserOptions { enable_extended_globbing: false, ..ParserOptions::default() };
    parse_tokens(&tokens, &options).map_err(|error| match error {
        brush_parser::ParseError::ParsingNear(position) => {
            Refusal::Syntax { character: Some(position.index) }
        }
        _ => Refusal::Syntax { character: None },
    })
}

fn character_of(error: &TokenizerError) -> Option<usize> {
    match error {
        TokenizerError::UnterminatedAnsiCQuote(position)
        | TokenizerError::UnterminatedSingleQuote(position)
        | TokenizerError::UnterminatedDoubleQuote(position)
        | TokenizerError::UnterminatedBackquote(position) => Some(position.index),
        _ => None,
    }
}

/// How deep parentheses and braces stand in each other, at most.
fn depth_of_text(text: &str) -> usize {
    // The `)` of a `case` closes nothing.
    let closes = !text.contains("case");
    let (mut depth, mut maximum) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'{' => depth += 1,
            b')' | b'}' if closes => depth = depth.saturating_sub(1),
            _ => {}
        }
        maximum = maximum.max(depth);
    }
    maximum
}

fn check_depth(tokens: &[Token]) -> Result<(), Refusal> {
    let (mut blocks, mut parentheses, mut cases) = (0_usize, 0_usize, 0_usize);
    for pair in tokens.windows(2) {
        // The parser panics at the number of a descriptor that is none.
        if let [Token::Word(word, _), Token::Operator(operator, _)] = pair
            && operator.starts_with(['<', '>'])
            && !(1..=9).contains(&word.len())
            && word.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(Refusal::Limit);
        }
    }
    for token in tokens {
        match (token, token.to_str()) {
            (Token::Operator(..), "(") => parentheses += 1,
            (Token::Operator(..), ")") => parentheses = parentheses.saturating_sub(1),
            (Token::Word(..), "if" | "while" | "until" | "for" | "{" | "coproc" | "!") => {
                blocks += 1;
            }
            (Token::Word(..), "fi" | "done" | "}") => blocks = blocks.saturating_sub(1),
            (Token::Word(..), "case") => cases += 1,
            (Token::Word(..), "esac") => cases = cases.saturating_sub(1),
            _ => {}
        }
        let doubling = parentheses.max(cases);
        if doubling > MAXIMUM_DOUBLING || blocks > MAXIMUM_DEPTH {
            return Err(Refusal::Limit);
        }
    }
    Ok(())
}
