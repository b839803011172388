//! The `deployfix` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(deployfix::commands::main(std::env::args_os()).code())
}
