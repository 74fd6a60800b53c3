//! The load against servers that stall, hang, close and talk nonsense: what is sent, when, over how many connections, and what is told of it.

mod answers;
mod connections;
mod running;
mod server;
mod slots;
mod stall;
mod stop;
