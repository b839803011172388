//! The library behind the `deployfix` command, room by room.

pub mod mask;
